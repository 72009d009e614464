package docket

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/matter/flow"
)

// view turns what the kernel keeps (ids, microseconds) into what screens show
// (names, RFC 3339), for one reader at one moment.
type view struct {
	o   *Office
	dir *auth.Directory
	who auth.Principal
	now time.Time
}

func (o *Office) view(who auth.Principal) view {
	return view{o: o, dir: o.Book.Now(), who: who, now: o.Clock.Now()}
}

// named is a person or thing by id and name.
type named struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// remaining is the time left to a limit.
type remaining struct {
	Days int        `json:"days" doc:"working days left, or overdue when late"`
	Unit string     `json:"unit" enum:"wd,d,h"`
	Late bool       `json:"late"`
	Text fault.Text `json:"text"`
}

// counts says how a matter's sub-matters stand.
type counts struct {
	Total  int `json:"total"`
	Done   int `json:"done"`
	Late   int `json:"late"`
	Paused int `json:"paused"`
}

// Row is a matter in a list.
type Row struct {
	ID          int64        `json:"id"`
	Number      string       `json:"number"`
	Title       string       `json:"title"`
	Kind        string       `json:"kind"`
	KindName    fault.Text   `json:"kind_name"`
	Status      string       `json:"status" enum:"open,paused,closed,withdrawn"`
	StatusName  fault.Text   `json:"status_name"`
	Stage       string       `json:"stage"`
	StageName   fault.Text   `json:"stage_name"`
	Unit        int64        `json:"unit"`
	UnitName    fault.Text   `json:"unit_name"`
	Office      int64        `json:"office"`
	Lead        int64        `json:"lead"`
	HolderName  string       `json:"holder_name"`
	WaitsFor    []fault.Text `json:"waits_for" doc:"the units whose parts are still open, if nobody else holds it"`
	Opened      string       `json:"opened"`
	Updated     string       `json:"updated"`
	Due         string       `json:"due"`
	Provisional bool         `json:"provisional"`
	Remaining   *remaining   `json:"remaining"`
	Mark        int          `json:"mark"`
	Parent      int64        `json:"parent"`
	Children    counts       `json:"children"`
	Returns     int          `json:"returns"`
}

// task is an open step in an inbox or on a matter's page.
type task struct {
	Matter      int64        `json:"matter"`
	Number      string       `json:"number"`
	Title       string       `json:"title"`
	Kind        string       `json:"kind"`
	KindName    fault.Text   `json:"kind_name"`
	Slot        string       `json:"slot"`
	Step        string       `json:"step"`
	N           int          `json:"n" doc:"which opening of a step of the matter this is"`
	StepName    fault.Text   `json:"step_name"`
	Unit        int64        `json:"unit"`
	UnitName    fault.Text   `json:"unit_name"`
	Person      int64        `json:"person"`
	PersonName  string       `json:"person_name"`
	Duty        string       `json:"duty"`
	DutyName    fault.Text   `json:"duty_name"`
	Since       string       `json:"since"`
	Due         string       `json:"due"`
	Provisional bool         `json:"provisional"`
	Remaining   *remaining   `json:"remaining"`
	Mark        int          `json:"mark"`
	Parent      int64        `json:"parent"`
	Urged       int          `json:"urged"`
	For         *named       `json:"for" doc:"the person for whom the reader would act here, by delegation"`
	Acts        []ShortOffer `json:"acts"`
}

// ShortOffer is an act as a button.
type ShortOffer struct {
	Slot string     `json:"slot"`
	Step string     `json:"step"`
	Act  string     `json:"act"`
	Name fault.Text `json:"name"`
	Tone string     `json:"tone" enum:"primary,plain,danger"`
}

// actOffer is an act with its form.
type actOffer struct {
	ShortOffer
	Form      map[string]any `json:"form" nullable:"true"`
	Who       fault.Text     `json:"who"`
	Interrupt bool           `json:"interrupt"`
}

func at(us int64) string {
	if us == 0 {
		return ""
	}
	return calendar.FormatInstant(time.UnixMicro(us))
}

func (v view) person(id int64) string {
	if p, ok := v.dir.Person(id); ok {
		return p.Name.ZH
	}
	return ""
}

func (v view) unit(id int64) fault.Text {
	if u, ok := v.dir.Unit(id); ok {
		return u.Name
	}
	return fault.Text{}
}

func (v view) left(due int64) *remaining {
	if due == 0 {
		return nil
	}
	l := v.o.Desk.Calendar().Remaining(v.now, time.UnixMicro(due))
	return &remaining{Days: l.Workdays, Unit: "wd", Late: l.Late, Text: l.Text()}
}

func (v view) def(hash string) *flow.Def { return v.o.Desk.Definitions().ByHash(hash) }

func (v view) kindName(kind string) fault.Text {
	if d := v.o.Desk.Definitions().Latest(kind); d != nil {
		return d.Name
	}
	return fault.T(kind, kind)
}

// stepName names a step, or the waiting for sub-matters.
func stepName(d *flow.Def, id string) fault.Text {
	if d == nil || id == "" {
		return fault.Text{}
	}
	return d.StageName(id)
}

// standing gives the status as screens know it: a matter that ended without
// being handled is withdrawn.
func standing(d *flow.Def, m matter.Matter) (string, fault.Text) {
	switch {
	case m.Status == matter.Paused:
		return "paused", fault.T("已暂停", "Paused")
	case m.Status == matter.Open:
		return "open", fault.T("办理中", "Open")
	case unhandled(m.Outcome):
		return "withdrawn", outcomeName(d, m.Outcome)
	}
	return "closed", outcomeName(d, m.Outcome)
}

// outcomeName names how a matter ended; nothing for one that has not.
func outcomeName(d *flow.Def, outcome string) fault.Text {
	if d == nil || outcome == "" {
		return fault.Text{}
	}
	return d.OutcomeName(outcome)
}

// unhandled reports an outcome that gave up the matter instead of handling it.
func unhandled(outcome string) bool {
	switch outcome {
	case "withdrawn", "voided", "denied", "taken_back", flow.OutcomeCancelled:
		return true
	}
	return false
}

// row gives a matter as a list shows it; counts are filled in by rows.
func (v view) row(m matter.Matter) Row {
	d := v.def(m.Def)
	r := Row{
		ID: m.ID, Number: m.Number, Title: m.Title, Kind: m.Kind, KindName: v.kindName(m.Kind), Stage: m.Stage, StageName: stepName(d, m.Stage),
		Unit: m.Unit, UnitName: v.unit(m.Unit), Office: m.Office, Lead: m.Unit, Opened: at(m.Opened), Updated: at(m.Updated), Parent: m.Parent, WaitsFor: []fault.Text{},
	}
	r.Status, r.StatusName = standing(d, m)
	if m.Status == matter.Ended {
		return r
	}
	due := m.Clocks.Due
	var holders []string
	for _, s := range m.Clocks.Slots {
		if s.Due != 0 && (due == 0 || s.Due < due) {
			due = s.Due
		}
		r.Provisional = r.Provisional || s.Provisional
		r.Mark = max(r.Mark, s.Mark)
		if name := v.holder(s).ZH; !slices.Contains(holders, name) {
			holders = append(holders, name)
		}
	}
	r.HolderName = strings.Join(holders, "、")
	r.Due, r.Remaining = at(due), v.left(due)
	return r
}

// holder says who holds a step: a person, or the people of a duty in a unit.
func (v view) holder(s matter.Slot) fault.Text {
	if s.Person != 0 {
		if p, ok := v.dir.Person(s.Person); ok {
			return p.Name
		}
		return fault.T("人员已不在目录", "no longer in the directory")
	}
	posts := v.dir.Holders(auth.Duty(s.Duty), s.Unit)
	unit, duty := v.unit(s.Unit), auth.Duty(s.Duty).Name()
	if len(posts) == 1 {
		if p, ok := v.dir.Person(posts[0].Person); ok {
			return p.Name
		}
	}
	return fault.T(unit.ZH+duty.ZH, duty.EN+", "+unit.EN)
}

func (v view) task(m matter.Matter, s matter.Slot, offers []matter.Offered) task {
	d := v.def(m.Def)
	t := task{
		Matter: m.ID, Number: m.Number, Title: m.Title, Kind: m.Kind, KindName: v.kindName(m.Kind), Slot: s.Slot, Step: s.Step, N: s.N, StepName: stepName(d, s.Step),
		Unit: s.Unit, UnitName: v.unit(s.Unit), Person: s.Person, PersonName: v.holder(s).ZH, Duty: s.Duty, DutyName: auth.Duty(s.Duty).Name(),
		Since: at(s.Since), Due: at(s.Due), Provisional: s.Provisional, Remaining: v.left(s.Due), Mark: s.Mark, Parent: m.Parent, Urged: s.Urged,
		Acts: []ShortOffer{},
	}
	if giver := v.o.Desk.For(v.who, m, s); giver != 0 {
		t.For = &named{giver, v.person(giver)}
	}
	for _, o := range offers {
		if o.Mine && o.Slot == s.Slot && o.Step == s.Step && !o.Interrupt {
			t.Acts = append(t.Acts, short(o))
		}
	}
	return t
}

// short gives an offer as a button; going back or ending is not the main act.
func short(o matter.Offered) ShortOffer {
	tone := "primary"
	switch {
	case o.End != "" && unhandled(o.End) || o.Act == flow.IntWithdraw:
		tone = "danger"
	case o.Back != "" || o.Interrupt || o.Act == "object":
		tone = "plain"
	}
	return ShortOffer{Slot: o.Slot, Step: o.Step, Act: o.Act, Name: o.Name, Tone: tone}
}

func (v view) offers(m matter.Matter, all []matter.Offered) []actOffer {
	d := v.def(m.Def)
	out := []actOffer{}
	for _, o := range all {
		if !o.Mine {
			continue
		}
		a := actOffer{ShortOffer: short(o), Interrupt: o.Interrupt, Who: v.audience(m, o.Who)}
		if f := d.Form(o.Form); f != nil {
			a.Form = ordered(f)
		}
		out = append(out, a)
	}
	return out
}

// ordered adds the order of the fields, which JSON objects lose.
func ordered(f *flow.Form) map[string]any {
	out := make(map[string]any, len(f.Schema)+1)
	for k, v := range f.Schema {
		out[k] = v
	}
	out["x-order"] = f.Fields
	return out
}

// audience says for whom a step is, in words.
func (v view) audience(m matter.Matter, who []flow.Party) fault.Text {
	var zh, en []string
	for _, p := range who {
		switch {
		case p.Originator:
			zh, en = append(zh, "交办领导"), append(en, "the leader who gave it")
		case p.Person != "":
			zh, en = append(zh, "指定人员"), append(en, "the person named")
		default:
			unit := v.unit(m.Unit)
			if p.Of == flow.OfOffice {
				unit = v.unit(m.Office)
			}
			duty := auth.Duty(p.Duty).Name()
			zh, en = append(zh, unit.ZH+duty.ZH), append(en, duty.EN+", "+unit.EN)
		}
	}
	return fault.T(strings.Join(zh, "或"), strings.Join(en, " or "))
}

// shown is one field of a form with its value in words.
type shown struct {
	Name    string     `json:"name"`
	Label   fault.Text `json:"label"`
	Value   any        `json:"value"`
	Display fault.Text `json:"display"`
	Masked  bool       `json:"masked" doc:"personal data: masked, and shown by an act of its own"`
}

// fields gives what was filled into a form, in the form's order.
func (v view) fields(f *flow.Form, input map[string]any) []shown {
	out := []shown{}
	if f == nil {
		return out
	}
	props, _ := f.Schema["properties"].(map[string]any)
	names := f.Fields
	if len(names) == 0 {
		for name := range props {
			names = append(names, name)
		}
		sort.Strings(names)
	}
	for _, name := range names {
		value, ok := input[name]
		if !ok {
			continue
		}
		prop, _ := props[name].(map[string]any)
		s := shown{Name: name, Label: titleOf(prop, name), Value: value, Display: v.display(prop, value)}
		if list, ok := value.([]any); ok && prop["x-widget"] == "files" { // their names stand where they were added
			s.Display = fault.T(fmt.Sprintf("%d个", len(list)), fmt.Sprint(len(list)))
		}
		if text, ok := value.(string); ok && prop["x-mask"] != nil {
			text = masked(prop, text)
			s.Value, s.Display, s.Masked = text, fault.T(text, text), true
		}
		out = append(out, s)
	}
	return out
}

func titleOf(prop map[string]any, name string) fault.Text {
	zh, _ := prop["x-zh"].(string)
	en, _ := prop["x-en"].(string)
	if zh == "" {
		return fault.T(name, name)
	}
	return fault.T(zh, en)
}
