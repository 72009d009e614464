package docket

import (
	"context"
	"embed"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/web"
)

//go:embed templates/*.yaml
var templates embed.FS

// Template is a procedure to begin from.
type Template struct {
	Name string     `json:"name"`
	Of   fault.Text `json:"of"`
	Text string     `json:"text"`
}

// Trial is a draft with what was tried on it so far.
type Trial struct {
	Text  string         `json:"text" maxLength:"60000"`
	Given map[string]any `json:"given,omitempty" doc:"what the trial matter begins with; none: the draft is only checked and drawn"`
	Moves []TrialMove    `json:"moves,omitempty" maxItems:"200" doc:"what was done since, in order"`
}

// TrialMove is an act of a trial, or the end of one of its sub-matters.
type TrialMove struct {
	Slot    string         `json:"slot,omitempty" maxLength:"200"`
	Step    string         `json:"step,omitempty" maxLength:"60"`
	Act     string         `json:"act,omitempty" maxLength:"60"`
	Input   map[string]any `json:"input,omitempty"`
	Each    string         `json:"each,omitempty" maxLength:"60" doc:"the block whose sub-matter ends"`
	N       int            `json:"n,omitempty"`
	Index   int            `json:"index,omitempty"`
	Outcome string         `json:"outcome,omitempty" maxLength:"60"`
}

// draftPage is what a draft is and does.
type draftPage struct {
	Kind     string         `json:"kind"`
	Name     fault.Text     `json:"name"`
	Problems []flow.Problem `json:"problems"`
	Diagram  *diagrams      `json:"diagram"`
	Keep     *keepTerm      `json:"keep"`
	Given    map[string]any `json:"given" nullable:"true"`
	Trial    *trialOf       `json:"trial"`
}

// trialOf is a matter tried in memory: nothing of it is stored.
type trialOf struct {
	Refused  *refusal     `json:"refused" doc:"why the last move was not made"`
	Open     []trialStep  `json:"open"`
	Children []trialChild `json:"children"`
	Past     []fault.Text `json:"past"`
	Made     int          `json:"made" doc:"how many of the moves were made"`
	Ended    fault.Text   `json:"ended"`
	Over     bool         `json:"over"`
}

type refusal struct {
	Text   fault.Text    `json:"text"`
	Fields []fault.Field `json:"fields"`
}

// trialStep is an open step of a trial with what can be done at it; without Step
// it is the acts on the whole matter.
type trialStep struct {
	Slot  string     `json:"slot"`
	Step  string     `json:"step"`
	Name  fault.Text `json:"name"`
	Limit fault.Text `json:"limit"`
	Acts  []trialAct `json:"acts"`
}

type trialAct struct {
	Act  string         `json:"act"`
	Name fault.Text     `json:"name"`
	Form map[string]any `json:"form" nullable:"true"`
	Left int            `json:"left" doc:"how often it may still be done; 0 without bound"`
}

// trialChild is a sub-matter that a trial waits for.
type trialChild struct {
	Each     string     `json:"each"`
	N        int        `json:"n"`
	Index    int        `json:"index"`
	Name     fault.Text `json:"name"`
	Outcomes []outcome  `json:"outcomes"`
}

type outcome struct {
	ID   string     `json:"id"`
	Name fault.Text `json:"name"`
}

func (o *Office) registerProcedures(s *web.Server) {
	web.Register(s, get("/api/procedures/templates", "procedure-templates", "Procedures to begin a draft from"), func(context.Context, *struct{}) (*out[[]Template], error) {
		return reply(ProcedureTemplates())
	})
	try := post("/api/procedures/try", "procedure-try", "Check, draw and try a draft; nothing is stored")
	try.Keyless = true
	web.Register(s, try, func(_ context.Context, in *struct{ Body Trial }) (*out[draftPage], error) {
		return reply(o.Try(in.Body))
	})
}

// ProcedureTemplates reads the templates by their files' names.
func ProcedureTemplates() ([]Template, error) {
	names, err := fs.Glob(templates, "templates/*.yaml")
	if err != nil {
		return nil, fault.Wrap("docket.ProcedureTemplates", err)
	}
	var got []Template
	for _, name := range names {
		text, err := templates.ReadFile(name)
		if err != nil {
			return nil, fault.Wrap("docket.ProcedureTemplates", err)
		}
		d, err := flow.Parse(name, text)
		if err != nil {
			return nil, err
		}
		got = append(got, Template{Name: strings.TrimSuffix(path.Base(name), ".yaml"), Of: d.Name, Text: string(text)})
	}
	return got, nil
}

// Try checks and draws a draft and makes the moves of its trial in memory.
func (o *Office) Try(in Trial) (draftPage, error) {
	d, problems, err := judge(o.Desk.Definitions(), in.Text)
	if err != nil {
		return draftPage{}, err
	}
	got := draftPage{Problems: problems}
	if got.Problems == nil {
		got.Problems = []flow.Problem{}
	}
	if d == nil {
		return got, nil
	}
	got.Kind, got.Name, got.Diagram = d.Kind, d.Name, &diagrams{d.Diagram("zh"), d.Diagram("en")}
	got.Keep = termOf(d.Keep)
	if f := d.Form(d.Given); f != nil {
		got.Given = ordered(f)
	}
	if in.Given != nil && len(problems) == 0 {
		got.Trial = o.run(d, in)
	}
	return got, nil
}

// run makes the moves one after another, up to the first that is refused.
func (o *Office) run(d *flow.Def, in Trial) *trialOf {
	t := &trialOf{Open: []trialStep{}, Children: []trialChild{}, Past: []fault.Text{}}
	st, fx, err := d.Begin(in.Given)
	if err != nil {
		t.Refused = refused(err)
		return t
	}
	limits := map[string]fault.Text{}
	t.follow(d, fx, limits)
	for _, m := range in.Moves {
		if m.Each != "" {
			st, fx, err = d.ChildDone(st, flow.Child{Each: m.Each, N: m.N, Index: m.Index, Outcome: m.Outcome})
		} else {
			st, fx, err = d.Apply(st, flow.Input{Slot: m.Slot, Step: m.Step, Act: m.Act, Data: m.Input})
		}
		if err != nil {
			t.Refused = refused(err)
			break
		}
		t.Made++
		t.Past = append(t.Past, moved(d, m))
		t.follow(d, fx, limits)
	}
	o.offer(t, d, st, limits)
	return t
}

// follow notes the limits of the steps that were opened.
func (t *trialOf) follow(d *flow.Def, fx []flow.Effect, limits map[string]fault.Text) {
	for _, e := range fx {
		switch e.Kind {
		case flow.Opened:
			limits[e.Step] = e.Limit.Text()
		case flow.Ended:
			t.Over, t.Ended = true, d.OutcomeName(e.Outcome)
		}
	}
}

// offer says what can be done now.
func (o *Office) offer(t *trialOf, d *flow.Def, st flow.State, limits map[string]fault.Text) {
	for _, of := range d.Offers(st) {
		at := slices.IndexFunc(t.Open, func(s trialStep) bool { return s.Slot == of.Slot && s.Step == of.Step })
		if at < 0 {
			at = len(t.Open)
			t.Open = append(t.Open, trialStep{Slot: of.Slot, Step: of.Step, Name: stepName(d, of.Step), Limit: limits[of.Step], Acts: []trialAct{}})
		}
		a := trialAct{Act: of.Act, Name: of.Name, Left: of.Left}
		if f := d.Form(of.Form); f != nil {
			a.Form = ordered(f)
		}
		t.Open[at].Acts = append(t.Open[at].Acts, a)
	}
	for _, token := range st.At {
		each := eachOf(d, token.ID)
		if each == nil {
			continue
		}
		for i := range token.Of {
			if _, done := slices.BinarySearch(token.Done, i); done {
				continue
			}
			c := trialChild{Each: token.ID, N: token.N, Index: i, Name: d.StageName(token.ID), Outcomes: []outcome{}}
			if run := o.Desk.Definitions().Latest(each.Run); run != nil {
				for _, id := range slices.Sorted(maps.Keys(run.Outcomes)) {
					c.Outcomes = append(c.Outcomes, outcome{id, run.OutcomeName(id)})
				}
			}
			t.Children = append(t.Children, c)
		}
	}
}

// eachOf gives the each-block with an id, or nil.
func eachOf(d *flow.Def, id string) (found *flow.Each) {
	walkBlocks(d.Do, func(b flow.Block) {
		if b.Each != nil && b.Each.ID == id {
			found = b.Each
		}
	})
	return found
}

// moved says a move in words.
func moved(d *flow.Def, m TrialMove) fault.Text {
	if m.Each != "" {
		name := d.StageName(m.Each)
		return fault.T(name.ZH+"：第"+strconv.Itoa(m.Index+1)+"件办结", name.EN+": part "+strconv.Itoa(m.Index+1)+" ended")
	}
	name := actName(d, m.Step, m.Act)
	if m.Step == "" {
		return name
	}
	step := stepName(d, m.Step)
	return fault.T(step.ZH+"："+name.ZH, step.EN+": "+name.EN)
}

func refused(err error) *refusal {
	e := fault.Of(err)
	r := &refusal{Text: e.Text, Fields: e.Fields}
	if r.Fields == nil {
		r.Fields = []fault.Field{}
	}
	return r
}
