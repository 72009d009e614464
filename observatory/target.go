package observatory

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/link"
	"touyan.dev/touyan/kernel/privacy"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/observatory/fact"
	"touyan.dev/touyan/observatory/forecast"
	"touyan.dev/touyan/observatory/panel"
)

// The kinds of the events of targets. Their subject is the target.
const (
	EventTargetSet       = "observatory.target/set"
	EventTargetWithdrawn = "observatory.target/withdraw"
)

// Target is what an indicator of a subject is to reach by a period (目标), as a
// work report or a measure has set it.
type Target struct {
	ID        int64
	Freq      panel.Freq
	Indicator string
	Subject   string
	By        int     // period
	Growth    bool    // Value is growth against the year before, in per cent
	Value     float64 // else of the indicator, in its unit
	Source    string  // the sentence that sets it, and where it stands
	Matter    int64   // that carries it; 0 for none
	Set       int64   // µs
	SetBy     int64
	Withdrawn int64 // µs; 0 while it is in force
}

const targetColumns = "id, freq, indicator, subject, by_period, growth, value, source, matter, set_at, set_by, withdrawn"

func scanTarget(row store.Scanner) (Target, error) { return scanTargetWith(row) }

func scanTargetWith(row store.Scanner, more ...any) (t Target, err error) {
	err = row.Scan(append([]any{&t.ID, &t.Freq, &t.Indicator, &t.Subject, &t.By, &t.Growth, &t.Value, &t.Source, &t.Matter, &t.Set, &t.SetBy, &t.Withdrawn}, more...)...)
	return t, err
}

var targets = store.Table[int64, Target]{
	Name: "target", Key: []string{"id"}, KeyType: []string{"BIGINT"},
	Cols:    []string{"freq", "indicator", "subject", "by_period", "growth", "value", "source", "matter", "set_at", "set_by", "withdrawn"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args: func(t Target) []any {
		return []any{int64(t.Freq), t.Indicator, t.Subject, int64(t.By), t.Growth, t.Value, t.Source, t.Matter, t.Set, t.SetBy, t.Withdrawn}
	},
	Scan: func(row store.Scanner, rev *int64) (int64, Target, error) {
		t, err := scanTargetWith(row, rev)
		return t.ID, t, err
	},
}

// purpose is what a target is for; one at a time is in force for it.
type purpose struct {
	freq               panel.Freq
	indicator, subject string
	by                 int
	form               fact.Form
}

func (t Target) purpose() purpose {
	p := purpose{freq: t.Freq, indicator: t.Indicator, subject: t.Subject, by: t.By}
	if t.Growth {
		p.form = fact.Growth
	}
	return p
}

// inForce gives the target in force for a purpose; 0 when it was withdrawn.
var inForce = store.Table[purpose, int64]{
	Name: "target_aim", Key: []string{"freq", "indicator", "subject", "by_period", "form"}, KeyType: []string{"BIGINT", "TEXT", "TEXT", "BIGINT", "TEXT"}, Cols: []string{"target"},
	KeyArgs: func(p purpose) []any {
		return []any{int64(p.freq), p.indicator, p.subject, int64(p.by), p.form.String()}
	},
	Args: func(target int64) []any { return []any{target} },
	Scan: func(row store.Scanner, rev *int64) (p purpose, target int64, err error) {
		var form string
		err = row.Scan(&p.freq, &p.indicator, &p.subject, &p.by, &form, &target, rev)
		if form == fact.Growth.String() {
			p.form = fact.Growth
		}
		return p, target, err
	},
}

// targetsFarthest is how many years ahead a target may lie.
const targetsFarthest = 10

// SetTarget enters a target. Each release from then on tells how it stands.
func (d *Desk) SetTarget(ctx context.Context, who auth.Principal, t Target, key string) (Done, error) {
	const op = "observatory.SetTarget"
	if err := d.works(who); err != nil {
		return Done{}, err
	}
	t.Source = strings.TrimSpace(t.Source)
	if n := utf8.RuneCountInString(t.Source); n < 4 || n > 500 {
		return Done{}, fault.At(op, "source", "请抄录提出目标的原句及出处（4至500字），如“2026年政府工作报告：规上工业增加值增长7%以上”。", "Copy the sentence that sets the target, with where it stands (4 to 500 characters).")
	}
	if privacy.Marked(t.Source) {
		return Done{}, privacy.Refused(op, "source")
	}
	c := &aiming{write: d.write(who, key), target: t}
	if _, again, err := event.Find(ctx, d.DB, event.Once{Actor: who.Person, Key: event.KeyOf(key)}); again || err != nil {
		if err != nil {
			return Done{}, err
		}
		return d.do(ctx, &c.write, EventTargetSet, c)
	}
	v, err := d.of(ctx, t.Freq, "", t.Indicator)
	if err != nil {
		return Done{}, err
	}
	if err := v.targetable(t); err != nil {
		return Done{}, err
	}
	if t.Matter != 0 {
		if err := d.Matter(ctx, who, t.Matter); fault.Is(err, fault.NotFound) {
			return Done{}, fault.At(op, "matter", "没有这个事项，或者您无权查看；请重新选择承载目标的事项。", "There is no such matter, or it is not yours to see; choose the matter that carries the target again.")
		} else if err != nil {
			return Done{}, err
		}
	}
	done, err := d.do(ctx, &c.write, EventTargetSet, c)
	if errors.Is(err, errAimed) {
		return Done{}, d.aimed(ctx, v, t, err)
	}
	return done, err
}

// errAimed says that a target is in force for the purpose.
var errAimed = errors.New("observatory: a target is in force")

// aimed names the target that stands in the way of another.
func (d *Desk) aimed(ctx context.Context, v *vintage, t Target, err error) error {
	const op = "observatory.SetTarget"
	list, failed := d.targetsOf(ctx, t.Freq, t.Indicator)
	if failed != nil {
		return failed
	}
	n := v.ref.naming(d.Book.Now())
	for _, x := range list {
		if x.purpose() == t.purpose() {
			zh, en := x.goal(n)
			return fault.New(fault.Conflict, op, "已有目标："+zh+"。要改，请先撤销它。", "There is a target already: "+en+". Withdraw it first to change it.")
		}
	}
	return fault.Wrap(op, err) // withdrawn meanwhile
}

// goal says what a target sets, without its sentence.
func (t Target) goal(n *naming) (zh, en string) {
	who, what, by := n.subject(t.Subject).Name, n.indicator(t.Indicator).Name, label(t.Freq, t.By)
	if t.Growth {
		return fmt.Sprintf("%s%s（%s）增长%v%%", who.ZH, what.ZH, by, t.Value), fmt.Sprintf("%s, %s (%s), growth of %v%%", who.EN, what.EN, by, t.Value)
	}
	goal := fact.Figure(t.Value, n.unit(t.Indicator))
	return fmt.Sprintf("%s%s（%s）达到%s", who.ZH, what.ZH, by, goal.ZH), fmt.Sprintf("%s, %s (%s), %s", who.EN, what.EN, by, goal.EN)
}

// targetable refuses a target that the figures can never be held to.
func (v *vintage) targetable(t Target) error {
	const op = "observatory.SetTarget"
	i, ok := v.panel.Indicator(t.Indicator)
	if !ok {
		return fault.At(op, "indicator", "没有这个指标的数据。", "There are no figures of this indicator.")
	}
	s, ok := v.panel.Subject(t.Subject)
	if !ok {
		return fault.At(op, "subject", "没有这个对象的数据。", "There are no figures of this subject.")
	}
	a, freq := v.panel.Axis, int(t.Freq)
	last := v.lastOf(i, s)
	switch {
	case math.IsNaN(t.Value) || math.IsInf(t.Value, 0) || t.Growth && t.Value <= -100:
		return fault.At(op, "value", "目标值应是一个数；增速写作 7 表示增长7%。", "The goal is a number; growth of 7 % is written 7.")
	case t.Growth && v.panel.Indicators[i].Rate:
		return fault.At(op, "growth", "这个指标本身是比率，请按指标值填写目标。", "The indicator is a rate itself; give the goal as its value.")
	case t.By-a.First <= last:
		return fault.At(op, "by", "这一期的数据已经公布，请填写以后的时间。", "The figures of this period are published; name a later one.")
	case t.By-a.First > last+targetsFarthest*freq:
		return fault.At(op, "by", fmt.Sprintf("目标最远为%d年之后。", targetsFarthest), fmt.Sprintf("A target lies at most %d years ahead.", targetsFarthest))
	}
	if _, known := v.figure(i, s, t.By-a.First-freq); t.Growth && !known {
		return fault.At(op, "by", "基期（上年同期）的数还没有公布，暂不能按增速设定目标。", "The figure of the year before is not published yet, so growth cannot be measured.")
	}
	return nil
}

type aiming struct {
	write
	target Target
}

// Load implements store.Change.
func (c *aiming) Load(g *store.Group) {
	c.Prepare(g)
	store.Want(g, &inForce, c.target.purpose())
}

// Decide implements store.Change.
func (c *aiming) Decide(g *store.Group) error {
	if again, err := c.begin(g); again || err != nil {
		return err
	}
	t := c.target
	if _, ok := store.Get(g, &inForce, t.purpose()); ok {
		return errAimed
	}
	t.ID, t.Set, t.SetBy, t.Withdrawn = event.Next(g), c.Now.UnixMicro(), c.Who.Person, 0
	store.Insert(g, &targets, t.ID, t)
	store.Put(g, &inForce, t.purpose(), t.ID)
	place, err := c.log(g, EventTargetSet, event.NewSubject, struct {
		Freq      panel.Freq `json:"freq"`
		Indicator string     `json:"indicator"`
		Subject   string     `json:"subject"`
		By        string     `json:"by"`
		Growth    bool       `json:"growth"`
		Value     float64    `json:"value"`
		Source    string     `json:"source"`
	}{t.Freq, t.Indicator, t.Subject, label(t.Freq, t.By), t.Growth, t.Value, t.Source})
	if err == nil && t.Matter != 0 {
		link.Add(g, link.Edge{Source: t.Matter, Rel: link.Basis, Target: t.ID}, place.Event.Pos)
	}
	return err
}

// WithdrawTarget takes a target out of force. What was told of it lapses.
func (d *Desk) WithdrawTarget(ctx context.Context, who auth.Principal, id int64, reason, key string) (Done, error) {
	const op = "observatory.WithdrawTarget"
	if err := d.works(who); err != nil {
		return Done{}, err
	}
	reason = strings.TrimSpace(reason)
	if n := utf8.RuneCountInString(reason); n < 2 || n > 500 {
		return Done{}, fault.At(op, "reason", "请写明撤销的原因（2至500字）。", "Say why it is withdrawn (2 to 500 characters).")
	}
	t, err := d.Target(ctx, id)
	if err != nil {
		return Done{}, err
	}
	told, err := d.standing(ctx, t.Freq, []string{t.Indicator})
	if err != nil {
		return Done{}, err
	}
	c := &unaiming{write: d.write(who, key), target: t, reason: reason}
	for _, f := range told[t.Indicator] {
		if t.speaks(f.Told) {
			c.told = append(c.told, f.ID)
		}
	}
	return d.do(ctx, &c.write, EventTargetWithdrawn, c)
}

// speaks reports whether a told fact is of the target.
func (t Target) speaks(f fact.Told) bool {
	return f.Kind == fact.Target.String() && f.Subject == t.Subject && (f.Form == fact.Growth.String()) == t.Growth && strings.HasSuffix(f.Key, "|"+label(t.Freq, t.By))
}

type unaiming struct {
	write
	target Target
	reason string
	told   []int64
}

// Load implements store.Change.
func (c *unaiming) Load(g *store.Group) {
	c.Prepare(g)
	store.Want(g, &targets, c.target.ID)
	store.Want(g, &inForce, c.target.purpose())
	for _, id := range c.told {
		store.Want(g, &facts, id)
	}
}

// Decide implements store.Change.
func (c *unaiming) Decide(g *store.Group) error {
	if again, err := c.begin(g); again || err != nil {
		return err
	}
	t, _ := store.Get(g, &targets, c.target.ID)
	if t.Withdrawn != 0 {
		return fault.New(fault.Conflict, "observatory.WithdrawTarget", "这个目标已经撤销。", "The target is withdrawn already.")
	}
	t.Withdrawn = c.Now.UnixMicro()
	store.Put(g, &targets, t.ID, t)
	store.Delete(g, &inForce, t.purpose())
	if _, err := c.log(g, EventTargetWithdrawn, t.ID, struct {
		Reason string `json:"reason"`
	}{c.reason}); err != nil {
		return err
	}
	for _, id := range c.told {
		if f, _ := store.Get(g, &facts, id); f.State != FactStands {
			continue
		}
		if err := c.end(g, id, FactLapsed, 0, EventLapsed); err != nil {
			return err
		}
	}
	return nil
}

// Target gives a target.
func (d *Desk) Target(ctx context.Context, id int64) (Target, error) {
	return one(ctx, d, "observatory.Target", fault.T("没有这个目标。", "There is no such target."), scanTarget, "SELECT "+targetColumns+" FROM target WHERE id = ?", id)
}

// targetsOf gives the targets in force for an indicator.
func (d *Desk) targetsOf(ctx context.Context, freq panel.Freq, indicator string) ([]Target, error) {
	list, err := store.Collect(ctx, d.DB, scanTarget, "SELECT "+targetColumns+" FROM target WHERE freq = ? AND indicator = ? AND withdrawn = 0 ORDER BY subject, by_period, growth", int64(freq), indicator)
	return list, fault.Wrap("observatory.targetsOf", err)
}

// aim puts a target into the panel's terms, with the forecast of its period; ok is
// false where the figures say nothing of it.
func (v *vintage) aim(t Target) (aim fact.Aim, ok bool) {
	i, ok1 := v.panel.Indicator(t.Indicator)
	s, ok2 := v.panel.Subject(t.Subject)
	if !ok1 || !ok2 {
		return aim, false
	}
	aim = fact.Aim{Indicator: i, Subject: s, By: t.By - v.panel.Axis.First, Value: t.Value}
	if t.Growth {
		base, ok := v.figure(i, s, aim.By-int(t.Freq))
		if !ok {
			return aim, false
		}
		aim.Growth, aim.Value = &t.Value, base*(1+t.Value/100)
	}
	last := v.lastOf(i, s)
	h := aim.By - last
	if last < 0 || h <= 0 {
		return aim, last >= 0
	}
	run, own := v.forecasts(i, s, v.peersOf(s, "", &IndicatorPage{}), last, h)
	if own < 0 || run[own].Backtest == nil {
		return aim, false
	}
	f := run[own]
	chance, ok := f.Reach(h, aim.Value)
	if v.panel.Indicators[i].Polarity == panel.SmallerBetter {
		chance = 1 - chance
	}
	aim.Expected, aim.Chance, aim.Off = f.Point[h-1], chance, f.Backtest.SMAPE
	return aim, ok
}

// figure gives a figure of a period that may lie beyond the panel.
func (v *vintage) figure(i, s, t int) (float64, bool) {
	if t < 0 || t >= v.panel.Axis.Len {
		return 0, false
	}
	return v.panel.Slabs[i].At(s, t)
}

// lastOf gives the last period a subject has a figure of; -1 for none.
func (v *vintage) lastOf(i, s int) int {
	for t := v.panel.Axis.Len - 1; t >= 0; t-- {
		if _, ok := v.panel.Slabs[i].At(s, t); ok {
			return t
		}
	}
	return -1
}

// forecasts continues the series of a subject and its peers from a period on; own
// is -1 when the subject's is too short.
func (v *vintage) forecasts(i, s int, set panel.PeerSet, end, h int) (run []*forecast.Forecast, own int) {
	x := v.panel.Slabs[i]
	var all []forecast.Series
	own = -1
	for _, m := range set.Members {
		series := forecast.Series{ID: v.panel.Subjects[m].Code, Period: int(v.panel.Axis.Freq), Horizon: h}
		for t := end; t >= 0; t-- {
			y, ok := x.At(m, t)
			if !ok || t < end && x.ClassID(m, t) != x.ClassID(m, t+1) {
				break
			}
			series.Values = append(series.Values, y)
		}
		slices.Reverse(series.Values)
		if len(series.Values) < 8 {
			continue
		}
		if m == s {
			own = len(all)
		}
		all = append(all, series)
	}
	if own < 0 {
		return nil, -1
	}
	return forecast.Run(all), own
}

// track tells how the targets of the release's indicators stand.
func (d *Desk) track(ctx context.Context, c *publishing, after *vintage, o fact.Options, touched []string, told map[string][]Fact) error {
	var was []Fact
	for _, code := range touched {
		list, err := d.targetsOf(ctx, c.freq, code)
		if err != nil {
			return err
		}
		for _, t := range list {
			if aim, ok := after.aim(t); ok {
				o.Targets = append(o.Targets, aim)
			}
		}
		for _, f := range told[code] {
			if f.Told.Class == "target" {
				was = append(was, f)
			}
		}
	}
	best := fact.Aims(after.panel, o)
	holds := map[string]fact.Fact{}
	for _, f := range best {
		holds[f.Key(after.panel)] = f
	}
	c.settle(after, o, was, best, holds)
	return nil
}
