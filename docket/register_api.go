package docket

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"touyan.dev/touyan/kernel/attach"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
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
	From  bool           `json:"from" doc:"it is raised by a unit, which the office names when it registers it for one"`
	Units []named        `json:"units" doc:"the units of the one who asks that may raise it; none for the office's staff"`
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
	v := o.view(who)
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
		from, may := o.mayOpen(v, latest)
		if form == nil || !may {
			continue
		}
		k := Openable{Kind: d.Kind, Name: latest.Name, Basis: latest.Basis, Asks: asksLeader(latest), From: latest.Open != nil, Units: []named{}, Given: ordered(form)}
		for _, unit := range from {
			k.Units = append(k.Units, named{unit, v.unit(unit).ZH})
		}
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

// mayOpen asks the rule that the engine will ask again: may who open the kind as
// staff of an office, or from which of his units.
func (o *Office) mayOpen(v view, d *flow.Def) (from []int64, may bool) {
	office := v.office()
	ask := func(unit int64, need ...string) bool {
		_, err := o.Rules.Require(v.dir, v.who, "matter.open", auth.Resource{Type: "Matter", Kind: d.Kind, Office: office, Unit: unit, Need: need})
		return err == nil
	}
	if ask(office, staff(office)...) {
		return nil, true
	}
	for _, post := range v.dir.PostsOf(v.who.Person, v.dir.Day()) {
		var need []string
		for _, p := range d.Opens() {
			switch p.Of {
			case flow.OfUnit:
				need = append(need, auth.Need(auth.Duty(p.Duty), post.Unit))
			case flow.OfOffice:
				need = append(need, auth.Need(auth.Duty(p.Duty), office))
			}
		}
		if !slices.Contains(from, post.Unit) && len(need) > 0 && ask(post.Unit, need...) {
			from = append(from, post.Unit)
		}
	}
	return from, len(from) > 0
}

// office gives the office that a reader works for, or, for somebody of another
// unit, the city's first.
func (v view) office() int64 {
	for _, p := range v.dir.PostsOf(v.who.Person, v.dir.Day()) {
		if office := v.dir.OfficeOf(p.Unit); office != 0 {
			return office
		}
	}
	for _, u := range v.dir.Units() {
		if u.Kind == auth.Office {
			return u.ID
		}
	}
	return 0
}

// asksLeader reports whether some step of a procedure is its originator's: then
// somebody must be named when it is registered. What a unit raises is answered to
// whoever raised it.
func asksLeader(d *flow.Def) bool {
	asks := false
	if d.Open != nil {
		return false
	}
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
	Unit       int64          `json:"unit,omitempty" doc:"the unit that raises it"`
	Originator int64          `json:"originator,omitempty"`
	Source     int64          `json:"source,omitempty" doc:"the instruction, fact or development it comes from"`
	Given      map[string]any `json:"given,omitempty" doc:"the form that the kind begins with"`
}

func (o *Office) open(ctx context.Context, who auth.Principal, in openInput, key string) (acted, error) {
	v := o.view(who)
	opening := matter.Opening{Kind: in.Kind, Title: in.Title, Office: cmp.Or(in.Office, v.office()), Unit: in.Unit, Originator: in.Originator, Source: in.Source, Given: in.Given, Key: key}
	if err := o.from(ctx, who, &opening); err != nil {
		return acted{}, err
	}
	if opening.Given == nil {
		opening.Given = map[string]any{"title": in.Title, "content": in.Title}
	}
	var files []attach.Digest
	if d := o.Desk.Definitions().Latest(in.Kind); d != nil {
		if err := v.raisedBy(d, &opening); err != nil {
			return acted{}, err
		}
		files = filesIn(d.Form(d.Given), opening.Given)
	}
	if err := o.Files.Ready(ctx, who, files); err != nil {
		return acted{}, err
	}
	if err := o.answered(ctx, who, in, key); err != nil {
		return acted{}, err
	}
	done, err := o.Desk.Open(ctx, who, opening)
	if err != nil {
		return acted{}, err
	}
	if _, err := o.Files.Add(ctx, who, done.Matter, files, key+"/files"); err != nil {
		return acted{}, err
	}
	return o.answer(ctx, who, done)
}

// from looks at what a matter comes from. One that comes from an instruction is
// answered to its leader; one that comes from a fact or the like to whoever is
// named.
func (o *Office) from(ctx context.Context, who auth.Principal, in *matter.Opening) error {
	if in.Source == 0 {
		return nil
	}
	e, err := event.At(ctx, o.DB, in.Source)
	if fault.Is(err, fault.NotFound) {
		return fault.At("docket.open", "source", "所依据的记录不存在，请从它的页面重新发起。", "What it comes from does not exist; start again from its page.")
	}
	if err != nil {
		return err
	}
	if _, ok, err := o.thing(ctx, who, e); ok || err != nil {
		return err
	}
	i, err := o.Instruction(ctx, who, in.Source)
	in.Originator, in.Office = i.Leader, i.Office
	return err
}

// raisedBy fills in the unit that a matter is opened for: the field that the form
// names as x-unit, or, of a kind that units raise, the only unit of who raises it.
func (v view) raisedBy(d *flow.Def, in *matter.Opening) error {
	const op = "docket.open"
	form := d.Form(d.Given)
	if form != nil {
		if field, ok := form.Schema["x-unit"].(string); ok {
			text, _ := in.Given[field].(string)
			if id, ok := idOf(text); ok {
				in.Unit = id
			}
		}
	}
	if from, may := v.o.mayOpen(v, d); d.Open != nil && may && in.Unit == 0 {
		switch len(from) {
		case 0:
			return fault.At(op, "unit", "请选择提出单位，办理结果要回到它那里。", "Choose the unit that raises it; the answer goes back to it.")
		case 1:
			in.Unit = from[0]
		default:
			return fault.At(op, "unit", "您在几个单位任职，请选择由哪个单位提出。", "You hold posts in several units; choose which one raises it.")
		}
	}
	if _, ok := v.dir.Unit(in.Unit); in.Unit != 0 && !ok {
		return fault.At(op, "unit", "没有这个单位。", "There is no such unit.")
	}
	return nil
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
