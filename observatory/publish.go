package observatory

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/link"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/observatory/fact"
	"touyan.dev/touyan/observatory/panel"
)

// The kinds of the events of facts. Their subject is the fact.
const (
	EventFound     = "observatory.fact/find"
	EventChanged   = "observatory.fact/change"
	EventRetracted = "observatory.fact/retract"
	EventConfirmed = "observatory.fact/confirm" // holds by rules that are newer than it
	EventLapsed    = "observatory.fact/lapse"   // is no fact by them, or its target was withdrawn
)

// How many facts a release tells at most: of one indicator, and in all.
const (
	factsEach = 40
	factsMost = 400
)

// revisionsLearned is how many earlier vintages the usual revision of an
// indicator is learned from.
const revisionsLearned = 6

// Publish lets a release into the panel, finds what it says, and retracts what it
// broke. Cells that wait at the gate stay out; they may be decided later by
// bringing in a corrected file.
func (d *Desk) Publish(ctx context.Context, who auth.Principal, release int64, key string) (Done, error) {
	if err := d.works(who); err != nil {
		return Done{}, err
	}
	d.publishing.Lock()
	defer d.publishing.Unlock()
	for range 5 {
		c, err := d.mine(ctx, release)
		if err != nil {
			return Done{}, err
		}
		c.write = d.write(who, key)
		done, err := d.do(ctx, &c.write, EventPublished, c)
		if !errors.Is(err, errMovedOn) {
			return done, err
		}
	}
	return Done{}, fault.New(fault.Busy, "observatory.Publish", "其他数据正在发布，请稍后再试。", "Other releases are being published; try again shortly.")
}

// errMovedOn says that another release was published while this one was mined.
var errMovedOn = errors.New("observatory: another release was published meanwhile")

// changed is a told fact that reads differently, or is no longer true, now.
type changed struct {
	fact Fact
	told fact.Told // as it reads now; of no use when it is retracted
}

// publishing is the change that publishes a release with its facts.
type publishing struct {
	write
	release   int64
	freq      panel.Freq
	head      int64 // what the facts were compared with
	digest    string
	out       int // cells that are kept out
	found     []fact.Told
	differ    []changed
	retracted []changed
	confirmed []changed       // told by other rules, and true by these
	lapsed    []changed       // told by other rules, and not true by these on the figures there were
	tested    int             // claims behind the inferential facts
	unruled   map[string]bool // keys of what these rules deny on the figures there were
}

// mine compares what is true with a release to what was true without it, for the
// indicators that it speaks of.
func (d *Desk) mine(ctx context.Context, release int64) (*publishing, error) {
	r, err := d.Release(ctx, release)
	if err != nil {
		return nil, err
	}
	fresh, err := d.cellsOf(ctx, release)
	if err != nil {
		return nil, err
	}
	touched := indicatorsOf(fresh)
	var after *vintage
	var told map[string][]Fact
	var unread error
	together(func() {
		after, err = d.build(ctx, through{freq: r.Freq, with: release, only: touched, kin: true})
	}, func() {
		told, unread = d.standing(ctx, r.Freq, touched)
	})
	if err := errors.Join(err, unread); err != nil {
		return nil, err
	}
	c := &publishing{release: release, freq: r.Freq, head: after.last, digest: digestOf(fresh)}
	for _, x := range fresh {
		if after.doubts[spot{x.Indicator, x.Subject, x.Period}].State.out() {
			c.out++
		}
	}
	o := fact.Product(after.panel.Axis)
	if err := d.rulesDeny(ctx, c, touched, told); err != nil {
		return nil, err
	}
	indicators := make([]int, len(touched))
	for k, code := range touched {
		i, ok := after.panel.Indicator(code)
		if !ok {
			return nil, fault.At("observatory.Publish", "indicator", "指标表中没有这个指标："+code, "The table of indicators has none of this code: "+code)
		}
		indicators[k] = i
	}
	if err := c.compare(after, o, indicators, told); err != nil {
		return nil, err
	}
	if err := d.track(ctx, c, after, o, touched, told); err != nil {
		return nil, err
	}
	slices.SortStableFunc(c.found, func(a, b fact.Told) int { return cmp.Compare(b.Score, a.Score) })
	c.found = c.found[:min(len(c.found), factsMost)]
	return c, nil
}

// indicatorsOf gives the indicators that cells are of, in their order.
func indicatorsOf(cells []Cell) []string {
	var out []string
	seen := map[string]bool{}
	for _, c := range cells {
		if !seen[c.Indicator] {
			seen[c.Indicator] = true
			out = append(out, c.Indicator)
		}
	}
	return out
}

// compare finds what is true of some indicators now, and holds what was told to it;
// neither waits for the other. How firm a fact is costs hundreds of draws, so it is
// found out for those alone that are worth telling; one that reads differently keeps
// what was said of it. The family over which the false discovery rate is held is all
// that the indicators were tested for: the newest periods of every subject, every
// series, and what was told of them earlier.
func (c *publishing) compare(after *vintage, o fact.Options, indicators []int, told map[string][]Fact) (err error) {
	o.Most = factsEach
	var codes []string
	best, holds, unusual := make([][]fact.Fact, len(indicators)), make([]map[string]fact.Fact, len(indicators)), fact.Inferred{}
	certain, tested := make([][]Fact, len(indicators)), inferential(told)
	for k, i := range indicators {
		codes = append(codes, after.panel.Indicators[i].Code)
		certain[k] = enumerative(told[codes[k]])
	}
	firm := o
	together(func() {
		if firm.Revisions, err = after.revisions(codes); err != nil {
			return
		}
		for k, i := range indicators {
			best[k] = fact.MineIndicator(after.panel, i, firm).Facts
		}
	}, func() {
		for k, i := range indicators {
			holds[k] = fact.Hold(after.panel, i, o, toldOf(certain[k]))
		}
		unusual = fact.Infer(after.panel, indicators, o, toldOf(tested))
	})
	if err != nil {
		return err
	}
	for k := range indicators {
		c.settle(after, firm, certain[k], best[k], holds[k])
	}
	c.tested = unusual.Tested
	c.settle(after, firm, tested, unusual.Found, unusual.Holds)
	return nil
}

// together runs two functions at once. A panic of either is the caller's.
func together(here, beside func()) {
	ended := make(chan any)
	go func() {
		defer func() { ended <- recover() }()
		beside()
	}()
	defer func() {
		if p := <-ended; p != nil {
			panic(p)
		}
	}()
	here()
}

// settle sorts what was told and what is worth telling now into what is new, reads
// differently and is true no longer.
func (c *publishing) settle(after *vintage, o fact.Options, told []Fact, best []fact.Fact, holds map[string]fact.Fact) {
	worth := map[string]fact.Fact{}
	for _, f := range best {
		worth[f.Key(after.panel)] = f
	}
	known := map[string]bool{}
	for _, was := range told {
		key := was.Told.Key
		known[key] = true
		f, still := holds[key]
		switch {
		case !still && c.unruled[key]:
			c.lapsed = append(c.lapsed, changed{fact: was})
			continue
		case !still:
			c.retracted = append(c.retracted, changed{fact: was})
			continue
		}
		if again, ok := worth[key]; ok {
			f = again
		}
		switch now := after.tell(o, f); {
		case claimOf(now) != claimOf(was.Told):
			c.differ = append(c.differ, changed{was, now})
		case now.Rules != was.Told.Rules:
			c.confirmed = append(c.confirmed, changed{was, now})
		}
	}
	for _, f := range best {
		if !known[f.Key(after.panel)] {
			c.found = append(c.found, after.tell(o, f))
		}
	}
}

// claimOf is what a fact says beside its key; another figure behind the same words
// is no change.
func claimOf(t fact.Told) string {
	p1, p2, since := t.P1, t.P2, t.Since
	switch t.Kind {
	case fact.Driver.String():
		p1, p2 = 0, 0 // places in a panel, not claims
	case fact.Outlier.String():
		p2 = 0 // claims tested
	case fact.Break.String():
		p2, since = 0, t.Time
	case fact.Target.String():
		since = t.Time
	}
	return fmt.Sprint(p1, p2, since, t.Complete, t.Tied, t.Provisional)
}

// tell words a fact and names the cells of the releases that it rests on.
func (v *vintage) tell(o fact.Options, f fact.Fact) fact.Told {
	t := fact.Tell(v.panel, o, f)
	for i, e := range t.Evidence {
		t.Evidence[i].Source = v.source(e.Indicator, e.Subject, e.Time)
	}
	return t
}

// revisions learns how the figures of indicators were revised, from what the last
// vintages said and what is known now.
func (v *vintage) revisions(codes []string) (map[string]*fact.Revisions, error) {
	var days []string
	for _, r := range slices.Backward(v.list) {
		if !slices.Contains(days, r.Vintage) && r.Vintage < v.panel.Vintage && len(days) < revisionsLearned {
			days = append(days, r.Vintage)
		}
	}
	out := map[string]*fact.Revisions{}
	for _, asOf := range days {
		then, err := v.as(asOf)
		if err != nil {
			return nil, err
		}
		for _, code := range codes {
			learned := fact.LearnRevisions(then.panel, v.panel, code, nil)
			switch have := out[code]; {
			case learned == nil || len(learned.Paths) == 0:
			case have == nil:
				out[code] = learned
			default:
				have.Paths = append(have.Paths, learned.Paths...)
			}
		}
	}
	return out, nil
}

// digestOf is the SHA-256 of the cells in their order, which the log keeps.
func digestOf(list []Cell) string {
	h := sha256.New()
	for _, c := range list {
		fmt.Fprintf(h, "%s\t%s\t%d\t%v\t%t\t%d\t%d\n", c.Indicator, c.Subject, c.Period, c.Value, c.Provisional, c.Line, c.Col)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Load implements store.Change.
func (c *publishing) Load(g *store.Group) {
	c.Prepare(g)
	store.Want(g, &releases, c.release)
	store.Want(g, &heads, int64(c.freq))
	for _, list := range [][]changed{c.differ, c.confirmed, c.retracted, c.lapsed} {
		for _, x := range list {
			store.Want(g, &facts, x.fact.ID)
		}
	}
}

// Decide implements store.Change.
func (c *publishing) Decide(g *store.Group) error {
	if again, err := c.begin(g); again || err != nil {
		return err
	}
	r, _ := store.Get(g, &releases, c.release)
	if r.State != Waiting {
		return notWaiting(r.State)
	}
	if head, _ := store.Get(g, &heads, int64(c.freq)); head != c.head {
		return errMovedOn
	}
	store.Put(g, &heads, int64(c.freq), c.release)
	r.State, r.Published, r.PublishedBy = Published, c.Now.UnixMicro(), c.Who.Person
	r.Found, r.Changed, r.Retracted = int64(len(c.found)), int64(len(c.differ)), int64(len(c.retracted))
	store.Put(g, &releases, r.ID, r)
	_, err := c.log(g, EventPublished, c.release, struct {
		Digest    string `json:"cells_sha256"`
		Out       int    `json:"kept_out"`
		Found     int64  `json:"facts_found"`
		Changed   int64  `json:"facts_changed"`
		Retracted int64  `json:"facts_retracted"`
		Confirmed int    `json:"facts_confirmed,omitempty"`
		Lapsed    int    `json:"facts_lapsed,omitempty"`
		Tested    int    `json:"claims_tested"`
	}{c.digest, c.out, r.Found, r.Changed, r.Retracted, len(c.confirmed), len(c.lapsed), c.tested})
	if err != nil {
		return err
	}
	return c.tellAll(g)
}

// tellAll writes the facts that are new, that read differently, and that are no
// longer true, each with its event.
func (c *publishing) tellAll(g *store.Group) error {
	for _, t := range c.found {
		f := Fact{ID: event.Next(g), Freq: c.freq, Release: c.release, State: FactStands, Told: t}
		store.Insert(g, &facts, f.ID, f)
		p, err := c.log(g, EventFound, event.NewSubject, t)
		if err != nil {
			return err
		}
		link.Add(g, link.Edge{Source: c.release, Rel: link.Basis, Target: f.ID}, p.Event.Pos)
	}
	for _, x := range c.differ {
		if err := c.reword(g, x, EventChanged); err != nil {
			return err
		}
	}
	for _, x := range c.confirmed {
		if err := c.reword(g, x, EventConfirmed); err != nil {
			return err
		}
	}
	for _, x := range c.retracted {
		if err := c.end(g, x.fact.ID, FactRetracted, c.release, EventRetracted); err != nil {
			return err
		}
	}
	for _, x := range c.lapsed {
		if err := c.end(g, x.fact.ID, FactLapsed, c.release, EventLapsed); err != nil {
			return err
		}
	}
	return nil
}

// reword keeps what a told fact says now.
func (c *publishing) reword(g *store.Group, x changed, kind string) error {
	f, _ := store.Get(g, &facts, x.fact.ID)
	f.Told = x.told
	store.Put(g, &facts, f.ID, f)
	_, err := c.log(g, kind, f.ID, x.told)
	return err
}

// end takes a told fact out of what stands.
func (w *write) end(g *store.Group, id int64, state FactState, release int64, kind string) error {
	f, _ := store.Get(g, &facts, id)
	f.State, f.Ended = state, release
	store.Put(g, &facts, f.ID, f)
	_, err := w.log(g, kind, f.ID, struct {
		Release int64  `json:"release,omitempty"`
		Rules   int    `json:"rules"`
		ZH      string `json:"was_zh"`
	}{release, fact.Rules, f.Told.ZH})
	return err
}

func encode(t fact.Told) (string, error) {
	text, err := json.Marshal(t)
	return string(text), fault.Wrap("observatory.encode", err)
}
