package docket

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/notice"
	"touyan.dev/touyan/kernel/store"
)

// The sentences of notices. Each has a place for the name of the step.
const (
	saysTask      = "task"
	saysReturn    = "return"
	saysUrge      = "urge"
	saysSoon      = "soon"
	saysDue       = "due"
	saysLate      = "late"
	saysAnswer    = "answer"
	saysEnd       = "end"
	saysIssue     = "issue"
	saysDelegated = "delegated"
	saysHanded    = "handed"
)

// sentence gives a sentence; the step's name is added where it ends in a colon.
func sentence(text string) fault.Text {
	switch text {
	case saysTask:
		return fault.T("待您办理：", "In your hands: ")
	case saysReturn:
		return fault.T("退回，请重新办理：", "Returned, please do again: ")
	case saysUrge:
		return fault.T("催办：", "Urged: ")
	case saysSoon:
		return fault.T("时限已过七成：", "70% of the time is over: ")
	case saysDue:
		return fault.T("时限已到：", "Time is up: ")
	case saysLate:
		return fault.T("已超期两成：", "A fifth over time: ")
	case saysAnswer:
		return fault.T("已有答复，请您评价：", "Answered, your word is asked: ")
	case saysEnd:
		return fault.T("已了结：", "Ended: ")
	case saysIssue:
		return fault.T("有新的办理流程施行", "A procedure is in force")
	case saysDelegated:
		return fault.T("有工作委托您代为办理", "Work is delegated to you")
	case saysHanded:
		return fault.T("有工作移交给您办理", "Work is handed over to you")
	}
	return fault.T("有与您有关的新情况", "There is news")
}

// Told implements notice.Domain. Who is told what:
//
//	a step is opened, or comes back   whoever holds it, by name or duty, and who acts for him
//	a step is urged                   the same
//	70 % of its time is over          the same
//	100 %                             the same, the unit's head, the office's supervisors
//	120 %                             the same, the office's leaders
//	the answer waits for a word       whoever gave the matter
//	a matter ends                     whoever gave it, and who took part
//	work is delegated, handed over    whoever takes it
//	a procedure is put into force     the office's secretaries and supervisors, and who drafted it
//
// Nobody is told of what he did himself.
func (o *Office) Told(ctx context.Context, e event.Event) ([]notice.Told, error) {
	switch e.Kind {
	case auth.EventDelegated:
		return toldOfTaker(e, "taker", saysDelegated)
	case matter.EventHandover:
		return toldOfTaker(e, "to", saysHanded)
	}
	kind, _, _ := strings.Cut(e.Kind, "/")
	if o.Desk.Definitions().Latest(kind) == nil {
		return nil, nil
	}
	t := telling{o: o, e: e, dir: o.Book.Now()}
	if err := json.Unmarshal(e.Body, &t.body); err != nil {
		return nil, fault.Wrap("docket.Told", err)
	}
	if t.body.Heir != nil { // told of once, by the handover as a whole
		return nil, nil
	}
	before, known, err := event.Before(ctx, o.DB, e.Subject, e.Pos)
	if err != nil || known && before.Erased {
		return nil, err
	}
	if known {
		if err := json.Unmarshal(before.Body, &t.before); err != nil {
			return nil, fault.Wrap("docket.Told", err)
		}
	}
	if ok, err := t.read(ctx); err != nil || !ok {
		return nil, err
	}
	t.steps()
	t.escalation()
	t.ending()
	return t.visible(ctx)
}

// toldOfTaker tells whoever takes work over, named in a field of the body.
func toldOfTaker(e event.Event, field, text string) ([]notice.Told, error) {
	var body map[string]json.RawMessage
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return nil, fault.Wrap("docket.Told", err)
	}
	var person int64
	if err := json.Unmarshal(body[field], &person); err != nil {
		return nil, fault.Wrap("docket.Told", err)
	}
	if person == e.Actor {
		return nil, nil
	}
	return []notice.Told{{Person: person, Class: notice.Duty, Text: text}}, nil
}

// telling works out who is told of one event of a matter.
type telling struct {
	o            *Office
	e            event.Event
	dir          *auth.Directory
	body, before matter.Body
	def          *flow.Def
	m            belonging
	originator   int64
	out          []notice.Told
}

// read finds what never changes of the matter. ok is false when there is none, or
// its definition is gone.
func (t *telling) read(ctx context.Context) (ok bool, err error) {
	found, err := store.Collect(ctx, t.o.DB, func(row store.Scanner) (b belonging, err error) {
		err = row.Scan(&b.id, &b.office, &b.unit, &b.parent, &b.kind, &t.originator)
		return b, err
	}, "SELECT id, office, unit, parent, kind, originator FROM matter WHERE id = ?", t.e.Subject)
	if err != nil || len(found) == 0 {
		return false, fault.Wrap("docket.Told", err)
	}
	t.m = found[0]
	opened := t.body.Open
	if opened == nil { // a matter's id is the position of its first event
		first, err := event.At(ctx, t.o.DB, t.e.Subject)
		if err != nil || first.Erased {
			return false, err
		}
		var body matter.Body
		if err := json.Unmarshal(first.Body, &body); err != nil || body.Open == nil {
			return false, fault.Wrap("docket.Told", err)
		}
		opened = body.Open
	}
	t.def = t.o.Desk.Definitions().ByHash(opened.Def)
	return t.def != nil, nil
}

func (t *telling) say(person int64, class notice.Class, text, step string) {
	if person != 0 && person != t.e.Actor {
		t.out = append(t.out, notice.Told{Person: person, Class: class, Text: text, Step: step})
	}
}

// holder tells whoever holds a step, and who may do it for him now.
func (t *telling) holder(s matter.Slot, class notice.Class, text string) {
	t.seat(s.Person, auth.Duty(s.Duty), s.Unit, class, text, s.Step)
}

func (t *telling) seat(person int64, duty auth.Duty, unit int64, class notice.Class, text, step string) {
	people := []int64{person}
	if person == 0 {
		people = nil
		for _, p := range t.dir.Holders(duty, unit) {
			people = append(people, p.Person)
		}
	}
	for _, id := range people {
		t.say(id, class, text, step)
		for _, a := range t.dir.ActedFor(id) {
			reaches := slices.ContainsFunc(t.dir.Seats(a.Taker), func(s auth.Seat) bool {
				return person == 0 && s.For == id && s.Duty == duty && s.Unit == unit && s.Reaches(t.m.kind)
			}) || slices.ContainsFunc(t.dir.StandsFor(a.Taker), func(n auth.Namesake) bool {
				return person != 0 && n.Person == id && n.Reaches(t.m.kind, t.m.unit)
			})
			if reaches {
				t.say(a.Taker, class, text, step)
			}
		}
	}
}

// steps tells of steps that were opened, given to others, or urged.
func (t *telling) steps() {
	act := t.def.StepAct(t.body.Step, t.body.Act)
	for _, s := range t.body.Clocks.Slots {
		i := slices.IndexFunc(t.before.Clocks.Slots, func(b matter.Slot) bool { return b.Slot == s.Slot && b.N == s.N })
		if i >= 0 {
			b := t.before.Clocks.Slots[i]
			switch {
			case b.Person != s.Person || b.Unit != s.Unit || b.Duty != s.Duty:
				t.holder(s, notice.Task, saysTask)
			case s.Urged > b.Urged:
				t.holder(s, notice.Urge, saysUrge)
			}
			continue
		}
		step := t.def.Step(s.Step)
		switch {
		case act != nil && act.Back != "":
			t.holder(s, notice.Return, saysReturn)
		case t.body.Open == nil && step != nil && step.Who.Person == flow.Originator && s.Person == t.originator:
			t.holder(s, notice.Answer, saysAnswer)
		default:
			t.holder(s, notice.Task, saysTask)
		}
	}
}

// escalation tells of time that is over.
func (t *telling) escalation() {
	i := slices.IndexFunc(t.body.Clocks.Slots, func(s matter.Slot) bool { return s.Slot == t.body.Slot })
	if t.body.Mark == 0 || i < 0 {
		return
	}
	s := t.body.Clocks.Slots[i]
	class, text := notice.Overdue, saysLate
	switch {
	case t.body.Mark < 100:
		class, text = notice.Soon, saysSoon
	case t.body.Mark < 120:
		text = saysDue
	}
	t.holder(s, class, text)
	if t.body.Mark >= 100 {
		t.seat(0, auth.Head, t.m.unit, class, text, s.Step)
		t.seat(0, auth.Supervisor, t.m.office, class, text, s.Step)
	}
	if t.body.Mark >= 120 {
		t.seat(0, auth.Leader, t.m.office, class, text, s.Step)
		t.seat(0, auth.Deputy, t.m.office, class, text, s.Step)
	}
}

// ending tells of a matter's end. Parts end for their parent alone, which then
// goes on.
func (t *telling) ending() {
	if t.body.Outcome == "" || t.m.parent != 0 {
		return
	}
	class, text := notice.End, saysEnd
	if t.m.kind == Procedure && t.body.Outcome == "published" {
		class, text = notice.Issue, saysIssue
		t.seat(0, auth.Secretary, t.m.office, class, text, "")
		t.seat(0, auth.Supervisor, t.m.office, class, text, "")
	}
	for _, id := range append([]int64{t.originator}, t.body.Clocks.Parties...) {
		t.say(id, class, text, "="+t.body.Outcome)
	}
}

// visible leaves out whoever may not read the matter: the rule that keeps it from
// him on screens keeps it from him here.
func (t *telling) visible(ctx context.Context) ([]notice.Told, error) {
	may := map[int64]bool{}
	for _, told := range t.out {
		if _, asked := may[told.Person]; asked {
			continue
		}
		_, err := t.o.Desk.Get(ctx, auth.Principal{Person: told.Person}, t.e.Subject)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		may[told.Person] = err == nil
	}
	return slices.DeleteFunc(t.out, func(told notice.Told) bool { return !may[told.Person] }), nil
}

// Words implements notice.Domain.
func (o *Office) Words(ctx context.Context, person int64, list []notice.Notice) (map[int64]notice.Words, error) {
	out := map[int64]notice.Words{}
	known := map[int64]*matter.Matter{}
	dir := o.Book.Now()
	if p, ok := dir.Person(person); !ok || p.Status != auth.Active {
		return out, nil
	}
	for _, n := range list {
		if n.Class == notice.Duty {
			out[n.Pos] = o.dutyWords(dir, n)
			continue
		}
		m, asked := known[n.Subject]
		if !asked {
			got, err := o.Desk.Get(ctx, auth.Principal{Person: person}, n.Subject)
			if err != nil && !fault.Is(err, fault.NotFound) {
				return nil, err
			}
			if err == nil {
				m = &got
			}
			known[n.Subject] = m
		}
		if m != nil {
			out[n.Pos] = o.matterWords(m, n)
		}
	}
	return out, nil
}

// dutyWords says that work passes to another; from whom only on the screen.
func (o *Office) dutyWords(dir *auth.Directory, n notice.Notice) notice.Words {
	w := notice.Words{Text: sentence(n.Text), Link: "/"}
	w.Plain = w.Text
	giver := n.Subject // of a handover
	if n.Text == saysDelegated {
		d, _ := dir.Delegation(n.Subject)
		giver = d.Giver
	}
	if p, ok := dir.Person(giver); ok {
		w.Title = p.Name.ZH
	}
	return w
}

// matterWords puts a notice of a matter into words. What is kept from somebody
// leaves the house without number and step: mail passes through other hands.
func (o *Office) matterWords(m *matter.Matter, n notice.Notice) notice.Words {
	text := sentence(n.Text)
	w := notice.Words{Number: m.Number, Title: m.Title, Link: "/matters/" + strconv.FormatInt(m.ID, 10)}
	bare := fault.T(strings.TrimSuffix(text.ZH, "："), strings.TrimSuffix(text.EN, ": "))
	name := fault.Text{}
	def := o.Desk.Definitions().ByHash(m.Def)
	if outcome, ended := strings.CutPrefix(n.Step, "="); ended && n.Text == saysEnd {
		name = outcomeName(def, outcome)
	} else if n.Step != "" && !ended {
		name = stepName(def, n.Step)
	}
	w.Text = bare
	if name.ZH != "" && bare != text {
		w.Text = fault.T(text.ZH+name.ZH, text.EN+name.EN)
	}
	w.Plain = w.Text
	if len(m.Clocks.Sealed) > 0 {
		w.Plain, w.Sealed = bare, true
	}
	return w
}
