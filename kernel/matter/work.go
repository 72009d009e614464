package matter

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/link"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/serial"
	"touyan.dev/touyan/kernel/store"
)

// work is what every change of the engine carries: who, when, under which key,
// and what comes back.
type work struct {
	e        *Engine
	who      auth.Principal
	behalf   int64
	giver    int64 // for whom it is done by delegation
	lent     int64 // the delegation
	now      time.Time
	occurred time.Time
	once     event.Once
	dir      *auth.Directory

	deep    bool // load the sub-matters too: the act may end them
	events  int  // events written so far, for their keys
	kind    string
	subject int64
	again   bool
	place   event.Place
	number  string
}

func (e *Engine) work(who auth.Principal, key string) work {
	return work{e: e, who: who, now: e.clock.Now(), once: event.Once{Actor: who.Person, Key: event.KeyOf(key)}}
}

// load names what every change needs.
func (w *work) load(g *store.Group) {
	event.Load(g, w.once)
	auth.LoadVersion(g)
	store.Want(g, &editions, editionID)
}

// begin starts a Decide: it resets what an earlier try left, checks that the
// directory and the calendar are the newest, and reports a repeated key.
func (w *work) begin(g *store.Group) (again bool, err error) {
	w.events, w.again, w.number, w.giver, w.lent = 0, false, "", 0, 0
	if pos, ok := event.Seen(g, w.once); ok {
		w.again, w.place = true, event.Place{Event: event.Event{Envelope: event.Envelope{Pos: pos}}}
		return true, nil
	}
	if last, _ := store.Get(g, &editions, editionID); last > w.e.held.Load().last {
		return false, errBehind
	}
	return false, auth.Current(g, w.dir)
}

// by notes a verdict that rests on a delegation: the act then bears both names.
// One that is entered for the originator bears his, and the body says the rest.
func (w *work) by(v auth.Verdict) {
	if w.giver, w.lent = v.Behalf, v.Delegation; w.behalf == 0 {
		w.behalf = v.Behalf
	}
}

// Body is the body of an event of a matter. With the definition it explains the
// whole state: check folds bodies and compares the result with the rows.
type Body struct {
	Slot    string          `json:"slot,omitempty"`
	Step    string          `json:"step,omitempty"`
	N       int             `json:"n,omitempty"`
	Act     string          `json:"act,omitempty"`
	Input   json.RawMessage `json:"input,omitempty"`
	Child   *ChildEnd       `json:"child,omitempty"`
	Open    *Opened         `json:"open,omitempty"`
	Mark    int             `json:"mark,omitempty"`
	Late    int64           `json:"late,omitempty"` // µs between when a timer was due and when it fired
	Number  string          `json:"number,omitempty"`
	Outcome string          `json:"outcome,omitempty"`
	Lent    int64           `json:"lent,omitempty"` // the delegation by which alone it was allowed
	Heir    *Heir           `json:"heir,omitempty"` // of a handover
	Clocks  Clocks          `json:"clocks"`         // after the act, without Kids
}

// Opened is the part of an opening event that later acts never change.
type Opened struct {
	Def        string `json:"def"`
	Parent     int64  `json:"parent,omitempty"`
	Part       string `json:"part,omitempty"`
	Root       int64  `json:"root,omitempty"` // 0: itself
	Source     int64  `json:"source,omitempty"`
	Number     string `json:"number,omitempty"`
	Title      string `json:"title"`
	Office     int64  `json:"office"`
	Unit       int64  `json:"unit"`
	Originator int64  `json:"originator,omitempty"`
}

// ChildEnd reports a sub-matter's end to its parent.
type ChildEnd struct {
	ID      int64  `json:"id"`
	Each    string `json:"each"`
	N       int    `json:"n"`
	Index   int    `json:"index"`
	Outcome string `json:"outcome"`
}

// mode says how a transition is settled.
type mode int

const (
	running mode = iota // a matter that exists
	fresh               // a matter being opened by this transition
	silent              // a sub-matter ended by its parent, which needs no report
)

// settling gathers what the effects of one transition ask for beyond the
// matter's own row.
type settling struct {
	def     *flow.Def
	st      flow.State
	spawns  []flow.Effect
	cancels []flow.Effect
	ended   bool
	links   []link.Edge
	draw    bool
}

// settle carries out the effects of a transition of m: clocks, holders, number,
// event, rows, sub-matters, and the report to the parent. It writes one event
// for m, and one for each matter that moves with it.
func (w *work) settle(g *store.Group, m *Matter, st flow.State, fx []flow.Effect, kind string, body Body, how mode) error {
	before := m.Clocks.Slots
	def, err := w.e.pinned(m.Def)
	if err != nil {
		return err
	}
	s := settling{def: def, st: st}
	if err := w.effects(g, m, fx, &s); err != nil {
		return err
	}
	if err := w.seal(g, m, def, st); err != nil {
		return err
	}
	if s.draw && m.Number == "" {
		sign, ok := w.e.series[m.Kind]
		if !ok {
			return fault.New(fault.Internal, "matter.settle", "这类事项没有配置文号。", "No series of numbers is configured for this kind of matter.")
		}
		m.Number = serial.Draw(g, serial.Series{Sign: sign, Year: w.now.Year()}, m.ID).String()
		body.Number = m.Number
	}
	m.State = st.AppendJSON(make([]byte, 0, 512))
	m.Stage = stage(st)
	m.Status = statusOf(st)
	m.Outcome = st.Ended
	body.Outcome = st.Ended
	place, err := w.append(g, m, kind, body, how)
	if err != nil {
		return err
	}
	if s.ended {
		if err := w.void(g, m); err != nil {
			return err
		}
	}
	for _, edge := range s.links {
		edge.Target = place.Event.Pos
		link.Add(g, edge, place.Event.Pos)
	}
	if err := w.spawn(g, m, s.spawns); err != nil {
		return err
	}
	w.putTasks(g, m, before)
	if m.keeps() {
		store.Insert(g, &keeping, m.ID, kept{m.Kind, m.Updated})
	}
	if how == fresh {
		store.Insert(g, &matters, m.ID, *m)
	} else {
		store.Put(g, &matters, m.ID, *m)
	}
	if err := w.cancel(g, m, s.cancels); err != nil {
		return err
	}
	if s.ended && m.Parent != 0 && how != silent {
		return w.report(g, m)
	}
	return nil
}

// append writes m's event. The first event of the change is the one the caller
// is answered with.
func (w *work) append(g *store.Group, m *Matter, kind string, body Body, how mode) (event.Place, error) {
	body.Clocks = m.Clocks
	body.Clocks.Kids = nil
	body.Lent = w.lent
	d := event.Draft{
		Kind: kind, Subject: m.ID, Actor: w.who.Person, Behalf: w.behalf, Unit: m.Unit,
		Key: w.once.Key, Recorded: w.now, Occurred: w.occurred, Body: body,
	}
	if w.events > 0 {
		d.Key = w.once.Key.Sub(w.events)
	}
	if how == fresh {
		d.Subject = event.NewSubject
	}
	place, err := event.Append(g, d)
	if err != nil {
		return place, err
	}
	if w.events == 0 {
		w.place, w.number = place, m.Number
	}
	w.events++
	m.Last, m.Updated = place.Event.Pos, w.now.UnixMicro()
	return place, nil
}

// putTasks brings the rows of open steps in line with the matter's slots.
func (w *work) putTasks(g *store.Group, m *Matter, before []Slot) {
	for _, old := range before {
		if m.Clocks.slot(old.Slot) == nil {
			store.Delete(g, &tasks, taskKey{m.ID, old.Slot})
		}
	}
	for _, s := range m.Clocks.Slots {
		store.Insert(g, &tasks, taskKey{m.ID, s.Slot}, taskRow{Slot: s, Office: m.Office})
	}
}

// join makes a person a party of the matter.
func (w *work) join(g *store.Group, m *Matter, person int64) {
	if person == 0 || slices.Contains(m.Clocks.Parties, person) {
		return
	}
	m.Clocks.Parties = append(m.Clocks.Parties[:len(m.Clocks.Parties):len(m.Clocks.Parties)], person)
	store.Insert(g, &parties, party{person, m.ID}, struct{}{})
}

// slot gives the open step of a slot, or nil.
func (c *Clocks) slot(name string) *Slot {
	for i := range c.Slots {
		if c.Slots[i].Slot == name {
			return &c.Slots[i]
		}
	}
	return nil
}

// stage names where the main sequence stands.
func stage(st flow.State) string {
	if len(st.At) == 0 {
		return ""
	}
	return st.At[0].ID
}

func statusOf(st flow.State) Status {
	switch {
	case st.Over():
		return Ended
	case st.Paused:
		return Paused
	}
	return Open
}

// effects applies the effects that concern the matter alone and gathers the
// others.
func (w *work) effects(g *store.Group, m *Matter, fx []flow.Effect, s *settling) error {
	slots := make([]Slot, len(m.Clocks.Slots), len(m.Clocks.Slots)+2)
	copy(slots, m.Clocks.Slots)
	m.Clocks.Slots = slots
	for i := range fx {
		f := &fx[i]
		switch f.Kind {
		case flow.Closed:
			m.Clocks.drop(f.Slot)
			if f.Link != "" && m.Source != 0 {
				s.links = append(s.links, link.Edge{Source: m.Source, Rel: link.Rel(f.Link)})
			}
		case flow.Opened:
			slot, err := w.openSlot(m, f, s)
			if err != nil {
				return err
			}
			m.Clocks.Slots = append(m.Clocks.Slots, slot)
			w.join(g, m, slot.Person)
		case flow.Number:
			s.draw = true
		case flow.Spawn:
			s.spawns = append(s.spawns, *f)
		case flow.CancelChildren:
			s.cancels = append(s.cancels, *f)
		case flow.Paused:
			w.pause(m, f)
		case flow.Resumed:
			w.resume(m)
		case flow.Extended:
			if err := w.extend(m, f); err != nil {
				return err
			}
		case flow.Urged:
			if slot := m.Clocks.slot(f.Slot); slot != nil {
				slot.Urged++
			}
		case flow.Recused:
			if err := w.recuse(g, m, s.def, s.st, f); err != nil {
				return err
			}
		case flow.Ended:
			s.ended = true
		}
	}
	return nil
}

func (c *Clocks) drop(name string) {
	for i := range c.Slots {
		if c.Slots[i].Slot == name {
			c.Slots = append(c.Slots[:i], c.Slots[i+1:]...)
			return
		}
	}
}

// openSlot resolves who holds a step and when it is due.
func (w *work) openSlot(m *Matter, f *flow.Effect, in *settling) (Slot, error) {
	s := Slot{Slot: f.Slot, Step: f.Step, N: f.N, Since: w.now.UnixMicro()}
	if !f.Limit.IsZero() {
		s.Limit = f.Limit.String()
	}
	h, err := w.holder(m, in.def, in.st, f.Step, f.Who)
	if err != nil {
		return s, err
	}
	s.Unit, s.Duty, s.Person = h.unit, h.duty, h.person
	// A notice may have come since the matter was opened which moved no open
	// step, and so did not have the whole counted again.
	if len(m.Clocks.Stops) == 0 || m.Clocks.Stops[len(m.Clocks.Stops)-1].To != 0 {
		if err := w.e.reckonWhole(m); err != nil {
			return s, err
		}
	}
	w.e.reckon(m, &s)
	return s, nil
}

// holder is who a step is for.
type holder struct {
	unit   int64
	duty   string
	person int64
}

// holder takes the first party of a step as its holder, or who stands in for him.
// A unit or person read from data must exist, belong to the matter's unit, and not
// be one who must stay off the step.
func (w *work) holder(m *Matter, def *flow.Def, st flow.State, step string, who []flow.Party) (holder, error) {
	if len(who) == 0 {
		return holder{}, fault.New(fault.Invalid, "matter.holder", "下一环节没有落实到单位或人员，请补齐。", "The next step has nobody to do it; fill in the unit or person.")
	}
	p := who[0]
	switch {
	case p.Originator:
		id := m.Clocks.stands(m.Originator)
		if id == 0 { // nobody gave it, or he stands aside: the office's leader answers
			return w.holder(m, def, st, step, who[1:])
		}
		return holder{person: id}, nil
	case p.Person != "":
		id, ok := number(p.Person)
		if id = m.Clocks.stands(id); ok && id == 0 {
			return w.holder(m, def, st, step, who[1:])
		}
		person, found := w.dir.Person(id)
		if !ok || !found || person.Status != auth.Active || !w.belongs(id, m.Unit) {
			return holder{}, fault.New(fault.Invalid, "matter.holder", "所选人员不存在、已停用或不在本单位，请重新选择。", "The person chosen does not exist, is suspended or is not of this unit; choose again.")
		}
		if name := def.StageName(step); slices.Contains(apart(def, st, m, step), id) {
			return holder{}, fault.New(fault.Invalid, "matter.holder", "所选人员应当回避“"+name.ZH+"”环节，请另选。", "The person chosen must stand aside from \""+name.EN+"\"; choose another.")
		}
		return holder{unit: m.Unit, person: id}, nil
	case p.Of == flow.OfOffice:
		return holder{unit: m.Office, duty: p.Duty}, nil
	case p.Of == flow.OfUnit:
		return holder{unit: m.Unit, duty: p.Duty}, nil
	}
	id, ok := number(p.Unit)
	if _, found := w.dir.Unit(id); !ok || !found || !w.within(id, m.Unit) {
		return holder{}, fault.New(fault.Invalid, "matter.holder", "所选科室不存在或不属于本单位，请重新选择。", "The section chosen does not exist or is not of this unit; choose again.")
	}
	return holder{unit: id, duty: p.Duty}, nil
}

func number(text string) (int64, bool) {
	id, err := strconv.ParseInt(text, 10, 64)
	return id, err == nil
}

// within reports whether a unit is the other or lies below it.
func (w *work) within(unit, top int64) bool {
	for _, id := range w.dir.Ancestors(unit) {
		if id == top {
			return true
		}
	}
	return false
}

// belongs reports whether a person holds a post in the unit or below it.
func (w *work) belongs(person, unit int64) bool {
	for _, post := range w.dir.PostsOf(person, w.dir.Day()) {
		if w.within(post.Unit, unit) {
			return true
		}
	}
	return false
}

// spawn begins the sub-matters that an each-block asks for.
func (w *work) spawn(g *store.Group, m *Matter, spawns []flow.Effect) error {
	for i := range spawns {
		f := &spawns[i]
		def := w.e.Definitions().Latest(f.Run)
		if def == nil {
			return fault.New(fault.Internal, "matter.spawn", "分办流程没有定义。", "The sub-matter's kind has no definition.")
		}
		text, _ := f.Item["unit"].(string)
		unit, ok := number(text)
		if _, found := w.dir.Unit(unit); !ok || !found {
			return fault.At("matter.spawn", fmt.Sprintf("units/%d/unit", f.Index), "没有这个单位。", "There is no such unit.")
		}
		kid := Matter{
			Kind: f.Run, Def: def.Hash(), Parent: m.ID, Part: fmt.Sprintf("%s/%d/%d", f.Each, f.N, f.Index), Root: m.Root,
			Source: m.ID, Title: m.Title, Office: m.Office, Unit: unit, Originator: m.Originator,
		}
		if m.Number != "" {
			kid.Number = fmt.Sprintf("%s-%d", m.Number, len(m.Clocks.Kids[f.Each])+1)
		}
		if err := w.open(g, &kid, def, f.Item); err != nil {
			return err
		}
		if m.Clocks.Kids == nil {
			m.Clocks.Kids = map[string][]int64{}
		}
		m.Clocks.Kids[f.Each] = append(m.Clocks.Kids[f.Each], kid.ID)
		link.Add(g, link.Edge{Source: m.ID, Rel: link.Assign, Target: kid.ID}, kid.ID)
	}
	return nil
}

// cancel ends the open sub-matters of an each-block that no longer waits.
func (w *work) cancel(g *store.Group, m *Matter, cancels []flow.Effect) error {
	for _, f := range cancels {
		for _, id := range m.Clocks.Kids[f.Each] {
			if err := w.cancelOne(g, id); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *work) cancelOne(g *store.Group, id int64) error {
	if !store.Have(g, &matters, id) {
		w.deep = true // load what lies below, and decide again
		return store.ErrAgain
	}
	kid, ok := store.Get(g, &matters, id)
	if !ok || kid.Status == Ended {
		return nil
	}
	def, err := w.e.pinned(kid.Def)
	if err != nil {
		return err
	}
	st, err := flow.DecodeState(kid.State)
	if err != nil {
		return err
	}
	st, fx := def.Cancel(st)
	return w.settle(g, &kid, st, fx, kid.Kind+"/cancel", Body{Act: "cancel"}, silent)
}

// report tells the parent that a sub-matter has ended.
func (w *work) report(g *store.Group, kid *Matter) error {
	parent, ok := store.Get(g, &matters, kid.Parent)
	if !ok || parent.Status == Ended {
		return nil
	}
	def, err := w.e.pinned(parent.Def)
	if err != nil {
		return err
	}
	st, err := flow.DecodeState(parent.State)
	if err != nil {
		return err
	}
	each, n, index := parsePart(kid.Part)
	st, fx, err := def.ChildDone(st, flow.Child{Each: each, N: n, Index: index, Outcome: kid.Outcome})
	if fault.Is(err, fault.Conflict) {
		return nil // the parent has gone on without it
	}
	if err != nil {
		return err
	}
	end := &ChildEnd{ID: kid.ID, Each: each, N: n, Index: index, Outcome: kid.Outcome}
	return w.settle(g, &parent, st, fx, parent.Kind+"/part", Body{Child: end}, running)
}

func parsePart(part string) (each string, n, index int) {
	fields := splitLast(part, 2)
	if len(fields) != 3 {
		return part, 0, 0
	}
	n, _ = strconv.Atoi(fields[1])
	index, _ = strconv.Atoi(fields[2])
	return fields[0], n, index
}

// splitLast cuts a text at its last n slashes.
func splitLast(text string, n int) []string {
	var tail []string
	for i := len(text) - 1; i >= 0 && n > 0; i-- {
		if text[i] == '/' {
			tail = append([]string{text[i+1:]}, tail...)
			text = text[:i]
			n--
		}
	}
	return append([]string{text}, tail...)
}

// void marks the number of a matter that ended without being handled.
func (w *work) void(g *store.Group, m *Matter) error {
	if m.Number == "" || m.Parent != 0 || m.Outcome != "withdrawn" && m.Outcome != "voided" {
		return nil
	}
	n, err := serial.Parse(m.Number)
	if err != nil {
		return err
	}
	return serial.Void(g, n, m.Outcome)
}

func errDefinition() error {
	return fault.New(fault.Internal, "matter", "事项所依据的流程版本缺失，请运行 touyan check。", "The version of the procedure that the matter is pinned to is missing; run touyan check.")
}
