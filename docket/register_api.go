package docket

import (
	"context"
	"net/http"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/web"
)

// Openable is a kind that the one who asks may register, with the form that a
// matter of it begins with.
type Openable struct {
	Kind  string         `json:"kind"`
	Name  fault.Text     `json:"name"`
	Basis []flow.Basis   `json:"basis"`
	First fault.Text     `json:"first" doc:"the step it begins with"`
	Asks  bool           `json:"asks" doc:"it is answered to a leader, whom whoever registers it names"`
	Given map[string]any `json:"given"`
}

func (o *Office) registerRegister(s *web.Server) {
	web.Register(s, get("/api/docket/kinds", "kinds", "The kinds of matters that the one who asks may register"), func(ctx context.Context, _ *struct{}) (*out[[]Openable], error) {
		return reply(o.openable(web.Who(ctx)))
	})
	open := post("/api/docket/matters", "docket-open", "Register a matter")
	open.Status = http.StatusCreated
	web.Register(s, open, func(ctx context.Context, in *struct{ Body openInput }) (*out[acted], error) {
		return reply(o.open(ctx, web.Who(ctx), in.Body, web.Key(ctx)))
	})
}

// openable lists the kinds, by their files' names, that may be registered: those
// that begin with a form and are no part of another kind.
func (o *Office) openable(who auth.Principal) ([]Openable, error) {
	got := []Openable{}
	office, err := o.officeOf(who, 0)
	if fault.Is(err, fault.Forbidden) {
		return got, nil
	}
	if err != nil {
		return got, err
	}
	parts := map[string]bool{}
	for _, d := range o.Desk.Definitions().All() {
		walkBlocks(d.Do, func(b flow.Block) {
			if b.Each != nil {
				parts[b.Each.Run] = true
			}
		})
	}
	seen := map[string]bool{}
	for _, d := range o.Desk.Definitions().All() {
		if seen[d.Kind] || parts[d.Kind] {
			continue
		}
		seen[d.Kind] = true
		latest := o.Desk.Definitions().Latest(d.Kind)
		form := latest.Form(latest.Given)
		if form == nil || !o.mayOpen(who, d.Kind, office) {
			continue
		}
		k := Openable{Kind: d.Kind, Name: latest.Name, Basis: latest.Basis, Asks: asksLeader(latest), Given: ordered(form)}
		if k.Basis == nil {
			k.Basis = []flow.Basis{}
		}
		if stages := latest.Stages(); len(stages) > 0 {
			k.First = latest.StageName(stages[0])
		}
		got = append(got, k)
	}
	return got, nil
}

// mayOpen asks the rule that the engine will ask again.
func (o *Office) mayOpen(who auth.Principal, kind string, office int64) bool {
	_, err := o.Rules.Require(o.Book.Now(), who, "matter.open", auth.Resource{Type: "Matter", Kind: kind, Office: office, Unit: office, Need: staff(office)})
	return err == nil
}

// asksLeader reports whether some step of a procedure is its originator's: then
// somebody must be named when it is registered.
func asksLeader(d *flow.Def) bool {
	asks := false
	var look func(w flow.Who)
	look = func(w flow.Who) {
		asks = asks || w.Person == flow.Originator
		for _, other := range w.Or {
			look(other)
		}
	}
	walkBlocks(d.Do, func(b flow.Block) {
		if b.Step != nil {
			look(b.Step.Who)
		}
	})
	return asks
}

// walkBlocks visits every block of a procedure, outer ones first.
func walkBlocks(blocks []flow.Block, visit func(flow.Block)) {
	for _, b := range blocks {
		visit(b)
		if b.Choice != nil {
			for _, arm := range b.Choice.When {
				walkBlocks(arm.Do, visit)
			}
			walkBlocks(b.Choice.Else, visit)
		}
		if b.Joint != nil {
			for _, branch := range b.Joint.Branches {
				walkBlocks(branch, visit)
			}
		}
	}
}

// openInput registers a matter.
type openInput struct {
	Kind       string         `json:"kind" maxLength:"60"`
	Title      string         `json:"title" minLength:"2" maxLength:"200"`
	Office     int64          `json:"office,omitempty"`
	Originator int64          `json:"originator,omitempty"`
	Source     int64          `json:"source,omitempty" doc:"the instruction it comes from"`
	Given      map[string]any `json:"given,omitempty" doc:"the form that the kind begins with"`
}

func (o *Office) open(ctx context.Context, who auth.Principal, in openInput, key string) (acted, error) {
	office, err := o.officeOf(who, in.Office)
	if err != nil {
		return acted{}, err
	}
	opening := matter.Opening{Kind: in.Kind, Title: in.Title, Office: office, Originator: in.Originator, Source: in.Source, Given: in.Given, Key: key}
	if in.Source != 0 {
		i, err := o.Instruction(ctx, who, in.Source)
		if err != nil {
			return acted{}, err
		}
		opening.Originator, opening.Office = i.Leader, i.Office
	}
	if opening.Given == nil {
		opening.Given = map[string]any{"title": in.Title, "content": in.Title}
	}
	done, err := o.Desk.Open(ctx, who, opening)
	if err != nil {
		return acted{}, err
	}
	return o.answer(ctx, who, done)
}

// officeOf gives the office that a person works for, or the one he names.
func (o *Office) officeOf(who auth.Principal, named int64) (int64, error) {
	if named != 0 {
		return named, nil
	}
	dir := o.Book.Now()
	for _, p := range dir.Seats(who.Person) {
		if office := dir.OfficeOf(p.Unit); office != 0 {
			return office, nil
		}
	}
	return 0, fault.New(fault.Forbidden, "docket.officeOf", "只有办公室的工作人员可以登记。", "Only the staff of an office can register this.")
}
