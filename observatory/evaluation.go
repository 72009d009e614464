package observatory

import (
	"context"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"touyan.dev/touyan/kernel/attach"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/link"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/observatory/effect"
	"touyan.dev/touyan/observatory/panel"
)

// The kinds of the events of evaluations. Their subject is the evaluation.
const (
	EventFrozen   = "observatory.evaluation/freeze"
	EventComputed = "observatory.evaluation/compute"
)

// Question is what an evaluation asks, fixed before an answer is seen. The outcome
// is an indicator of the panel, by subjects' codes, or, where Freq is 0, a column
// of a file that goes with the evaluation, by the units that it names.
type Question struct {
	Freq      panel.Freq      `json:"freq"`
	Indicator string          `json:"indicator"`
	Peers     string          `json:"peers"`   // set that the donors come from
	Vintage   string          `json:"vintage"` // the figures as known on this day
	Method    effect.Method   `json:"method"`
	File      *Outcomes       `json:"file,omitempty"`  // in place of freq, indicator, peers and vintage
	Basis     int64           `json:"basis,omitempty"` // matter or document of the measure
	Why       string          `json:"why"`
	Protocol  effect.Protocol `json:"protocol"`
}

// Outcomes is a file with a line for each unit and period.
type Outcomes struct {
	Digest  string `json:"sha256"`
	Name    string `json:"name"`
	Unit    string `json:"unit"` // columns
	Time    string `json:"time"`
	Outcome string `json:"outcome"`
}

// Evaluation (政策评估) is a question, frozen, and its answer, if it was computed.
type Evaluation struct {
	ID       int64
	Title    string
	Question Question
	Digest   string // of the protocol
	Frozen   int64
	FrozenBy int64
	Computed int64  // µs; 0 while nobody has seen a result
	Result   string // effect.Result as JSON
}

var evaluations = store.Table[int64, Evaluation]{
	Name: "evaluation", Key: []string{"id"}, KeyType: []string{"BIGINT"},
	Cols:    []string{"title", "protocol", "digest", "frozen", "frozen_by", "computed", "result"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args: func(e Evaluation) []any {
		question, _ := json.Marshal(e.Question) // numbers and texts
		return []any{e.Title, string(question), e.Digest, e.Frozen, e.FrozenBy, e.Computed, e.Result}
	},
	Scan: func(row store.Scanner, rev *int64) (int64, Evaluation, error) {
		e, err := scanEvaluationWith(row, rev)
		return e.ID, e, err
	},
}

const evaluationColumns = "id, title, protocol, digest, frozen, frozen_by, computed, result"

func scanEvaluation(row store.Scanner) (Evaluation, error) { return scanEvaluationWith(row) }

func scanEvaluationWith(row store.Scanner, more ...any) (e Evaluation, err error) {
	var question string
	if err = row.Scan(append([]any{&e.ID, &e.Title, &question, &e.Digest, &e.Frozen, &e.FrozenBy, &e.Computed, &e.Result}, more...)...); err != nil {
		return e, err
	}
	return e, json.Unmarshal([]byte(question), &e.Question)
}

// Freeze writes the question of an evaluation down for good. It computes nothing:
// a protocol that could be changed after a look at the result proves nothing.
func (d *Desk) Freeze(ctx context.Context, who auth.Principal, title string, q Question, key string) (Done, error) {
	const op = "observatory.Freeze"
	if err := d.works(who); err != nil {
		return Done{}, err
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(title)); n < 2 || n > 100 {
		return Done{}, fault.At(op, "title", "名称应为2至100字。", "The name has 2 to 100 characters.")
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(q.Why)); n < 2 || n > 1000 {
		return Done{}, fault.At(op, "why", "请写明评估的假设：措施怎样影响结果（2至1000字）。", "State the hypothesis: how the measure acts on the outcome (2 to 1,000 characters).")
	}
	if q.Vintage == "" {
		q.Vintage = d.Book.Now().Day()
	}
	if _, ok := day(q.Vintage); !ok {
		return Done{}, fault.At(op, "vintage", "日期应写作 2026-11-20。", "A day is written 2026-11-20.")
	}
	q.Protocol.Outcome = q.Indicator
	if q.File != nil {
		q.Freq, q.Indicator, q.Peers, q.Vintage, q.Protocol.Outcome = 0, "", "", "", q.File.Outcome
	}
	q.Protocol = q.Protocol.Normal()
	var files []attach.Digest
	if q.File != nil {
		digest, ok := attach.ParseDigest(q.File.Digest)
		if !ok {
			return Done{}, fault.At(op, "file", "请先选择文件。", "Choose a file first.")
		}
		files = append(files, digest)
		if err := d.Files.Ready(ctx, who, files); err != nil {
			return Done{}, err
		}
	}
	if err := d.askable(ctx, q); err != nil {
		return Done{}, err
	}
	c := &freezing{write: d.write(who, key), made: Evaluation{Title: strings.TrimSpace(title), Question: q, Digest: q.Protocol.Hash()}}
	done, err := d.do(ctx, &c.write, EventFrozen, c)
	if err == nil && len(files) > 0 {
		_, err = d.Files.Add(ctx, who, done.ID, files, key+"/file")
	}
	return done, err
}

// askable refuses a question that the figures cannot answer, without answering it:
// the subjects, the periods and the method must be there.
func (d *Desk) askable(ctx context.Context, q Question) error {
	const op = "observatory.Freeze"
	switch q.Method {
	case effect.SC, effect.SDID, effect.DiD:
	default:
		return fault.At(op, "method", "方法只有合成控制、合成双重差分、双重差分。", "The methods are sc, sdid and did.")
	}
	switch q.Protocol.Expect {
	case effect.Rise, effect.Fall, effect.Change:
	default:
		return fault.At(op, "expect", "请写明预期：上升、下降或有变化。", "Say what is expected: rise, fall or change.")
	}
	if q.File != nil {
		return d.askableOf(ctx, q)
	}
	v, err := d.build(ctx, through{freq: q.Freq, asOf: q.Vintage, only: []string{q.Indicator}})
	if err != nil {
		return err
	}
	if _, ok := v.panel.Indicator(q.Indicator); !ok {
		return fault.At(op, "indicator", "所选日期还没有发布这个指标的数据。", "No figure of this indicator was published by that day.")
	}
	if _, ok := v.panel.Subject(q.Protocol.Treated); !ok {
		return fault.At(op, "treated", "数据里没有实施措施的对象。", "The figures have no such subject.")
	}
	f, period, ok := panel.ParsePeriod(q.Protocol.From)
	col, within := v.panel.Axis.Col(period)
	if !ok || f != q.Freq || !within || col < 2 {
		return fault.At(op, "from", "开始时间应在数据之内，且之前至少有两期。", "The measure begins within the figures, after at least two periods.")
	}
	if _, ok := v.set(q.Peers); q.Peers != "" && !ok {
		return fault.At(op, "peers", "没有这个分组。", "There is no such peer set.")
	}
	return nil
}

// askableOf is askable for outcomes in a file.
func (d *Desk) askableOf(ctx context.Context, q Question) error {
	const op = "observatory.Freeze"
	cells, err := d.outcomes(ctx, q)
	if err != nil {
		return err
	}
	from, ok := effect.ParsePeriod(q.Protocol.From)
	before := map[string]bool{}
	treated, after := false, false
	for _, c := range cells {
		treated = treated || effect.UnitName(c.Unit) == q.Protocol.Treated
		if t, read := effect.ParsePeriod(c.Time); ok && read {
			if t.Order < from.Order {
				before[c.Time] = true
			} else {
				after = true
			}
		}
	}
	if !treated {
		return fault.At(op, "treated", "文件里没有实施措施的对象。", "The file has no such unit.")
	}
	if !ok || len(before) < 2 || !after {
		return fault.At(op, "from", "开始时间应在数据之内，且之前至少有两期。", "The measure begins within the figures, after at least two periods.")
	}
	return nil
}

// outcomes gives the cells that a question is about.
func (d *Desk) outcomes(ctx context.Context, q Question) ([]effect.Cell, error) {
	if q.File == nil {
		v, err := d.build(ctx, through{freq: q.Freq, asOf: q.Vintage, only: []string{q.Indicator}})
		if err != nil {
			return nil, err
		}
		return v.outcome(q), nil
	}
	digest, ok := attach.ParseDigest(q.File.Digest)
	if !ok {
		return nil, fault.At("observatory.outcomes", "file", "请先选择文件。", "Choose a file first.")
	}
	data, err := attach.Content(ctx, d.DB, digest)
	if err != nil {
		return nil, err
	}
	t, err := panel.NewTable(data)
	if err != nil {
		return nil, err
	}
	var at [3]int
	for i, name := range []string{q.File.Unit, q.File.Time, q.File.Outcome} {
		if at[i], err = t.Column(name); err != nil {
			return nil, err
		}
	}
	var out []effect.Cell
	for row, err := range t.Rows() {
		if err != nil {
			return nil, err
		}
		y, missing, ok := panel.ParseNumber(row[at[2]])
		if missing {
			continue
		}
		if !ok {
			return nil, t.Wrong(q.File.Outcome, "不是数字；没有数据请留空。", "It is not a number; leave it empty when there is none.")
		}
		out = append(out, effect.Cell{Unit: row[at[0]], Time: row[at[1]], Value: y, Line: t.Line})
	}
	return out, nil
}

// set gives a peer set by its code.
func (v *vintage) set(code string) (panel.PeerSet, bool) {
	for _, p := range v.panel.Peers {
		if p.Code == code {
			return p, true
		}
	}
	return panel.PeerSet{}, false
}

type freezing struct {
	write
	made Evaluation
}

// Load implements store.Change.
func (c *freezing) Load(g *store.Group) { c.Prepare(g) }

// Decide implements store.Change.
func (c *freezing) Decide(g *store.Group) error {
	if again, err := c.begin(g); again || err != nil {
		return err
	}
	e := c.made
	e.ID, e.Frozen, e.FrozenBy = event.Next(g), c.Now.UnixMicro(), c.Who.Person
	store.Insert(g, &evaluations, e.ID, e)
	place, err := c.log(g, EventFrozen, event.NewSubject, struct {
		Title    string   `json:"title"`
		Question Question `json:"question"`
		Digest   string   `json:"protocol_sha256"`
	}{e.Title, e.Question, e.Digest})
	if basis := e.Question.Basis; err == nil && basis != 0 {
		link.Add(g, link.Edge{Source: basis, Rel: link.Evaluate, Target: e.ID}, place.Event.Pos)
	}
	return err
}

// Compute answers a frozen question, once. Whoever asks again gets the same
// answer.
func (d *Desk) Compute(ctx context.Context, who auth.Principal, id int64, key string) (Done, error) {
	if err := d.works(who); err != nil {
		return Done{}, err
	}
	e, err := d.Evaluation(ctx, id)
	if err != nil {
		return Done{}, err
	}
	c := &computing{write: d.write(who, key), id: id}
	if e.Computed == 0 {
		r, err := d.evaluate(ctx, e.Question)
		if err != nil {
			return Done{}, err
		}
		text, err := json.Marshal(r)
		if err != nil {
			return Done{}, fault.Wrap("observatory.Compute", err)
		}
		c.result, c.grade = string(text), r.Verdict().Grade
	}
	return d.do(ctx, &c.write, EventComputed, c)
}

// evaluate answers a question from the figures as they were known.
func (d *Desk) evaluate(ctx context.Context, q Question) (*effect.Result, error) {
	cells, err := d.outcomes(ctx, q)
	if err != nil {
		return nil, err
	}
	p, err := effect.NewPanel(cells)
	if err != nil {
		return nil, err
	}
	return effect.Evaluate(p, q.Protocol, q.Method)
}

// outcome gives the cells that a question is about, those that wait at the gate
// left out.
func (v *vintage) outcome(q Question) []effect.Cell {
	x := v.panel.Slab(q.Indicator)
	if x == nil {
		return nil
	}
	in := map[int]bool{}
	set, grouped := v.set(q.Peers)
	for _, s := range set.Members {
		in[s] = true
	}
	var out []effect.Cell
	for s, about := range v.panel.Subjects {
		if grouped && !in[s] && about.Code != q.Protocol.Treated {
			continue
		}
		for t := range v.panel.Axis.Len {
			if y, ok := x.At(s, t); ok {
				out = append(out, effect.Cell{Unit: about.Code, Time: v.panel.Axis.Label(t), Value: y})
			}
		}
	}
	return out
}

type computing struct {
	write
	id     int64
	result string
	grade  effect.Grade
}

// Load implements store.Change.
func (c *computing) Load(g *store.Group) {
	c.Prepare(g)
	store.Want(g, &evaluations, c.id)
}

// Decide implements store.Change.
func (c *computing) Decide(g *store.Group) error {
	if again, err := c.begin(g); again || err != nil {
		return err
	}
	e, _ := store.Get(g, &evaluations, c.id)
	if e.Computed != 0 {
		return fault.New(fault.Conflict, "observatory.Compute", "评估结果已经得出，不能重算；如需另作评估，请另行固定方案。", "The result is there and is not computed again; freeze another protocol for another question.")
	}
	e.Computed, e.Result = c.Now.UnixMicro(), c.result
	store.Put(g, &evaluations, e.ID, e)
	_, err := c.log(g, EventComputed, e.ID, struct {
		Digest string          `json:"protocol_sha256"`
		Grade  effect.Grade    `json:"grade"`
		Result json.RawMessage `json:"result"`
	}{e.Digest, c.grade, json.RawMessage(c.result)})
	return err
}

// Evaluation gives an evaluation.
func (d *Desk) Evaluation(ctx context.Context, id int64) (Evaluation, error) {
	return one(ctx, d, "observatory.Evaluation", fault.T("没有这项评估。", "There is no such evaluation."), scanEvaluation, "SELECT "+evaluationColumns+" FROM evaluation WHERE id = ?", id)
}

// Evaluations gives the evaluations, those frozen last first.
func (d *Desk) Evaluations(ctx context.Context) ([]Evaluation, error) {
	list, err := store.Collect(ctx, d.DB, scanEvaluation, "SELECT "+evaluationColumns+" FROM evaluation ORDER BY id DESC")
	return list, fault.Wrap("observatory.Evaluations", err)
}
