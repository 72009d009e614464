package matter

import (
	"encoding/json"
	"slices"
	"strconv"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/link"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/serial"
	"touyan.dev/touyan/kernel/store"
)

// opening is the change that begins a matter.
type opening struct {
	work
	in Opening
}

// Load implements store.Change.
func (c *opening) Load(g *store.Group) {
	c.load(g)
	if sign, ok := c.e.series[c.in.Kind]; ok {
		serial.Load(g, serial.Series{Sign: sign, Year: c.now.Year()})
	}
}

// Decide implements store.Change.
func (c *opening) Decide(g *store.Group) error {
	c.kind, c.behalf, c.occurred = c.in.Kind+"/open", c.in.Behalf, c.in.Occurred
	if again, err := c.begin(g); again || err != nil {
		return err
	}
	def := c.e.Definitions().Latest(c.in.Kind)
	if def == nil {
		return fault.At("matter.Open", "kind", "没有这类事项。", "There is no such kind of matter.")
	}
	if _, ok := c.dir.Unit(c.in.Office); !ok {
		return fault.At("matter.Open", "office", "没有这个办公室。", "There is no such office.")
	}
	if c.in.Behalf != 0 && c.in.Behalf != c.in.Originator {
		return fault.At("matter.Open", "behalf", "只能代交办人登记。", "An entry can be made only for the originator.")
	}
	v, err := c.mayOpen(def)
	if err != nil {
		return err
	}
	c.by(v)
	m := Matter{
		Kind: c.in.Kind, Def: def.Hash(), Source: c.in.Source, Title: c.in.Title,
		Office: c.in.Office, Unit: c.in.Unit, Originator: c.in.Originator,
	}
	if m.Unit == 0 {
		m.Unit = m.Office
	}
	if err := c.open(g, &m, def, c.in.Given); err != nil {
		return err
	}
	if m.Source != 0 {
		link.Add(g, link.Edge{Source: m.Source, Rel: link.TurnInto, Target: m.ID}, m.ID)
	}
	return nil
}

// mayOpen lets in the office's secretaries and supervisors, and whom the kind
// lets raise a matter from a unit: he is then the one who is owed the answer.
func (c *opening) mayOpen(def *flow.Def) (auth.Verdict, error) {
	res := auth.Resource{
		Type: "Matter", Kind: c.in.Kind, Office: c.in.Office, Unit: c.in.Office,
		Need: []string{auth.Need(auth.Secretary, c.in.Office), auth.Need(auth.Supervisor, c.in.Office)},
	}
	v, err := c.e.rules.Require(c.dir, c.who, "matter.open", res)
	if err == nil || def.Open == nil || !fault.Is(err, fault.Forbidden) {
		return v, err
	}
	if _, ok := c.dir.Unit(c.in.Unit); !ok {
		return v, fault.At("matter.Open", "unit", "请选择您所在的单位。", "Choose the unit that you belong to.")
	}
	need, _ := c.e.needs(&Matter{Office: c.in.Office, Unit: c.in.Unit}, def.Opens(), nil)
	res.Unit, res.Need = c.in.Unit, append(res.Need, need...)
	if v, err = c.e.rules.Require(c.dir, c.who, "matter.open", res); err != nil {
		return v, err
	}
	if c.in.Originator != 0 && c.in.Originator != c.who.Person {
		return v, fault.At("matter.Open", "originator", "由单位提出的事项，以提出人为交办人。", "A matter raised by a unit is owed to the person who raises it.")
	}
	c.in.Originator = c.who.Person
	return v, nil
}

// open begins a matter whose identity is filled in, and settles it.
func (w *work) open(g *store.Group, m *Matter, def *flow.Def, given map[string]any) error {
	st, fx, err := def.Begin(given)
	if err != nil {
		return err
	}
	body := Body{Open: &Opened{
		Def: m.Def, Parent: m.Parent, Part: m.Part, Root: m.Root, Source: m.Source, Number: m.Number,
		Title: m.Title, Office: m.Office, Unit: m.Unit, Originator: m.Originator,
	}}
	if body.Input, err = json.Marshal(given); err != nil {
		return fault.Wrap("matter.open", err)
	}
	m.ID = event.Next(g)
	m.Opened = w.now.UnixMicro()
	if m.Root == 0 {
		m.Root = m.ID
	}
	w.join(g, m, w.who.Person)
	w.join(g, m, w.giver)
	if err := w.startWhole(m, def, st); err != nil {
		return err
	}
	return w.settle(g, m, st, fx, m.Kind+"/open", body, fresh)
}

// acting is the change of one act.
type acting struct {
	work
	id int64
	in Act
}

// Load implements store.Change: the matter, everything above it, and below it
// what the act may reach.
func (c *acting) Load(g *store.Group) {
	c.load(g)
	loadMatter(g, c.e, c.id, c.deep, c.now.Year())
}

// loadMatter wants a matter, its chain of parents, the number it may draw or
// void, and, if deep, everything below it.
func loadMatter(g *store.Group, e *Engine, id int64, deep bool, year int) {
	store.Want(g, &matters, id)
	if !store.Have(g, &matters, id) {
		return
	}
	m, ok := store.Get(g, &matters, id)
	if !ok {
		return
	}
	if sign, ok := e.series[m.Kind]; ok {
		serial.Load(g, serial.Series{Sign: sign, Year: year})
		if n, err := serial.Parse(m.Number); err == nil {
			serial.LoadNumber(g, n)
		}
	}
	if deep {
		loadBelow(g, m)
	}
	if m.Parent > 0 {
		loadMatter(g, e, m.Parent, deep, year)
	}
}

func loadBelow(g *store.Group, m Matter) {
	for _, kids := range m.Clocks.Kids {
		for _, id := range kids {
			store.Want(g, &matters, id)
			if !store.Have(g, &matters, id) {
				continue
			}
			if kid, ok := store.Get(g, &matters, id); ok {
				loadBelow(g, kid)
			}
		}
	}
}

// Decide implements store.Change.
func (c *acting) Decide(g *store.Group) error {
	c.subject, c.behalf, c.occurred = c.id, c.in.Behalf, c.in.Occurred
	m, ok := store.Get(g, &matters, c.id)
	c.kind = m.Kind + "/" + c.in.Step + "." + c.in.Act
	if again, err := c.begin(g); again || err != nil {
		return err
	}
	if !ok {
		return errNotFound()
	}
	def, err := c.e.pinned(m.Def)
	if err != nil {
		return err
	}
	st, err := flow.DecodeState(m.State)
	if err != nil {
		return fault.Wrap("matter.Act", err)
	}
	if err := c.admit(def, st, &m); err != nil {
		return err
	}
	if act := def.StepAct(c.in.Step, c.in.Act); act != nil {
		if err := c.e.check(def.Form(act.Form), st, c.in.Input); err != nil {
			return err
		}
	}
	next, fx, err := def.Apply(st, flow.Input{Slot: c.in.Slot, Step: c.in.Step, Act: c.in.Act, Data: c.in.Input})
	if err != nil {
		return err
	}
	body := Body{Slot: c.in.Slot, Step: c.in.Step, Act: c.in.Act}
	if slot := m.Clocks.slot(c.in.Slot); slot != nil && slot.Step == c.in.Step {
		body.N = slot.N
	}
	if len(c.in.Input) > 0 {
		if body.Input, err = json.Marshal(c.in.Input); err != nil {
			return fault.Wrap("matter.Act", err)
		}
	}
	if err := c.chosen(def, st, next, &m); err != nil {
		return err
	}
	if def.Watched(c.in.Step) {
		m.Clocks.acted(c.in.Step, c.who.Person)
		m.Clocks.acted(c.in.Step, c.behalf)
		m.Clocks.acted(c.in.Step, c.giver)
	}
	c.join(g, &m, c.who.Person)
	c.join(g, &m, c.giver)
	return c.settle(g, &m, next, fx, c.kind, body, running)
}

// admit asks whether this person may do this act now.
func (c *acting) admit(def *flow.Def, st flow.State, m *Matter) error {
	voices := def.Voices(st, c.in.Step, c.in.Act)
	need, named := c.e.needs(m, voices, askers(c.dir, c.who, m))
	if c.in.Act == flow.IntRecuse && c.in.Input["person"] == strconv.FormatInt(c.who.Person, 10) && c.e.concerns(c.dir, c.who, m) {
		named = c.who.Person // anybody may stand aside himself
	}
	res := auth.Resource{
		Type: "Matter", ID: m.ID, Kind: m.Kind, Unit: m.Unit, Office: m.Office, Originator: m.Originator,
		Need: need, Named: named, Sealed: m.Clocks.Sealed, Apart: apart(def, st, m, c.in.Step),
	}
	v, err := c.e.rules.Require(c.dir, c.who, "matter.act", res)
	if err != nil {
		return err
	}
	c.by(v)
	if slices.Contains(res.Apart, c.in.Behalf) {
		return fault.At("matter.Act", "behalf", "交办人应当回避，不能代其办理本环节。", "The originator must stand aside from this step; nobody may act for him in it.")
	}
	if c.in.Behalf != 0 && c.in.Behalf != m.Originator {
		return fault.At("matter.Act", "behalf", "只能代交办人办理。", "An act can be entered only for the originator.")
	}
	if c.in.Occurred.After(c.now) {
		return fault.At("matter.Act", "occurred", "发生时间不能晚于现在。", "The time it happened cannot lie ahead.")
	}
	act, slot := def.StepAct(c.in.Step, c.in.Act), m.Clocks.slot(c.in.Slot)
	if c.in.N != 0 && slot != nil && slot.Step == c.in.Step && slot.N != c.in.N {
		return fault.New(fault.Conflict, "matter.Act", "您查看之后，本环节已办理过并重新开启，请核对新的内容后再办理。",
			"Since you looked, this step was done and opened again; check what is new before you act.")
	}
	if act != nil && act.Past && slot != nil && (slot.Due == 0 || c.now.UnixMicro() <= slot.Due) {
		return fault.New(fault.Conflict, "matter.Act", "“"+act.Name.ZH+"”须在时限届满之后办理。", "\""+act.Name.EN+"\" is possible only once the limit has passed.")
	}
	if act != nil && act.InTime && slot != nil && slot.Due != 0 && c.now.UnixMicro() > slot.Due {
		return fault.New(fault.Conflict, "matter.Act", "“"+act.Name.ZH+"”须在时限内提出，时限已过。", "\""+act.Name.EN+"\" must be made within the limit, which has passed.")
	}
	return nil
}

// needs turns the parties of a step into what the policies compare: duties in
// units, and the person named (the one who asks, or for whom he acts, if there
// is such a one among them).
func (e *Engine) needs(m *Matter, who []flow.Party, asker []int64) (need []string, named int64) {
	rank := len(asker) + 1
	name := func(id int64) {
		if id = m.Clocks.stands(id); id == 0 {
			return
		}
		at := slices.Index(asker, id)
		if at < 0 {
			at = len(asker)
		}
		if at < rank {
			named, rank = id, at
		}
	}
	for _, p := range who {
		switch {
		case p.Originator:
			name(m.Originator)
		case p.Person != "":
			if id, ok := number(p.Person); ok {
				name(id)
			}
		case p.Of == flow.OfOffice:
			need = append(need, auth.Need(auth.Duty(p.Duty), m.Office))
		case p.Of == flow.OfUnit:
			need = append(need, auth.Need(auth.Duty(p.Duty), m.Unit))
		default:
			if id, ok := number(p.Unit); ok {
				need = append(need, auth.Need(auth.Duty(p.Duty), id))
			}
		}
	}
	return need, named
}

// askers lists who asks and then those for whom he may do what waits for them by
// name in the matter.
func askers(dir *auth.Directory, who auth.Principal, m *Matter) []int64 {
	out := []int64{who.Person}
	for _, n := range dir.StandsFor(who.Person) {
		if n.Reaches(m.Kind, m.Unit) {
			out = append(out, n.Person)
		}
	}
	return out
}

func errNotFound() error {
	return fault.New(fault.NotFound, "matter.Act", "没有这个事项，或您无权查看。", "There is no such matter, or it is not for you to see.")
}
