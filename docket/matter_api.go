package docket

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"touyan.dev/touyan/kernel/attach"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/erase"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/web"
)

// ByID is the path parameter of a matter. It is exported because huma fills only
// embedded structs whose names are.
type ByID struct {
	ID int64 `path:"id" minimum:"0"`
}

func (o *Office) registerMatter(s *web.Server) {
	web.Register(s, reads(get("/api/matters/{id}", "matter", "A matter with all that the one who asks may see and do"), "matter"), func(ctx context.Context, in *ByID) (*out[Detail], error) {
		return reply(o.detail(ctx, web.Who(ctx), in.ID))
	})
	web.Register(s, post("/api/matters/{id}/acts", "matter-act", "Do one act on a matter"), func(ctx context.Context, in *actInput) (*out[acted], error) {
		return reply(o.act(ctx, web.Who(ctx), in, web.Key(ctx)))
	})
	web.Register(s, reads(get("/api/matters/{id}/tree", "matter-tree", "The whole tree of a matter, and where it is stuck"), "tree"), func(ctx context.Context, in *ByID) (*out[node], error) {
		return reply(o.tree(ctx, web.Who(ctx), in.ID))
	})
	web.Register(s, reads(get("/api/matters/{id}/provenance", "matter-provenance", "What a matter came from and what it led to"), "provenance"), func(ctx context.Context, in *ByID) (*out[provenance], error) {
		return reply(o.provenance(ctx, web.Who(ctx), in.ID))
	})
}

// Detail is the page of a matter.
type Detail struct {
	Row
	Def         defRef       `json:"def"`
	Originator  named        `json:"originator"`
	Outcome     string       `json:"outcome"`
	OutcomeName fault.Text   `json:"outcome_name"`
	Tasks       []task       `json:"tasks"`
	Offers      []actOffer   `json:"offers"`
	Data        []stepData   `json:"data"`
	Timeline    []entry      `json:"timeline"`
	Kids        []Row        `json:"children_rows"`
	ParentRow   *Row         `json:"parent_row"`
	Clocks      []clockInfo  `json:"clocks"`
	Instruction *instruction `json:"instruction"`
	Files       []attachment `json:"files"`
	Sealed      []fault.Text `json:"sealed" doc:"the units from which it is kept until it is disclosed"`
	Keep        keeping      `json:"keep" doc:"how long its texts are kept, who holds them, or that they were erased"`
	Approval    *approval    `json:"approval" doc:"what to look at before a supervision is approved"`
}

type defRef struct {
	Kind    string `json:"kind"`
	Version int    `json:"version"`
	Hash    string `json:"hash"`
}

type stepData struct {
	Step   string     `json:"step"`
	Name   fault.Text `json:"step_name"`
	Fields []shown    `json:"fields"`
}

// entry is one event of a matter, in words.
type entry struct {
	Pos      int64      `json:"pos"`
	Recorded string     `json:"recorded"`
	Occurred string     `json:"occurred"`
	Actor    named      `json:"actor"`
	Behalf   *named     `json:"behalf"`
	Giver    *named     `json:"giver" doc:"who delegated the right to do this; as a rule the same as behalf"`
	UnitName fault.Text `json:"unit_name"`
	Act      string     `json:"act"`
	ActName  fault.Text `json:"act_name"`
	Step     string     `json:"step"`
	StepName fault.Text `json:"step_name"`
	Text     fault.Text `json:"text"`
	Fields   []shown    `json:"fields"`
	Receipt  bool       `json:"receipt"`
	Erased   bool       `json:"erased"`
}

// clockInfo is the clock of one open step.
type clockInfo struct {
	Slot        string      `json:"slot"`
	Step        string      `json:"step"`
	StepName    fault.Text  `json:"step_name"`
	LimitText   fault.Text  `json:"limit_text"`
	Basis       fault.Text  `json:"basis"`
	Started     string      `json:"started"`
	Due         string      `json:"due"`
	Provisional bool        `json:"provisional"`
	Mark        int         `json:"mark"`
	Paused      []stopInfo  `json:"paused"`
	Extended    []extension `json:"extended"`
}

type stopInfo struct {
	From string `json:"from"`
	To   string `json:"to"`
}

type extension struct {
	By  string `json:"by"`
	Who string `json:"who"`
	At  string `json:"at"`
}

func (o *Office) detail(ctx context.Context, who auth.Principal, id int64) (Detail, error) {
	m, err := o.Desk.Get(ctx, who, id)
	if err != nil {
		return Detail{}, err
	}
	v := o.view(who)
	d := v.def(m.Def)
	if d == nil {
		return Detail{}, fault.New(fault.Internal, "docket.detail", "事项所依据的流程缺失。", "The matter's procedure is missing.")
	}
	rows, err := o.rows(ctx, v, []matter.Matter{m})
	if err != nil {
		return Detail{}, err
	}
	got := Detail{
		Row: rows[0], Def: defRef{d.Kind, d.Version, d.Hash()}, Originator: named{m.Originator, v.person(m.Originator)},
		Outcome: m.Outcome, OutcomeName: outcomeName(d, m.Outcome), Tasks: []task{}, Kids: []Row{}, Clocks: []clockInfo{},
	}
	offers, err := o.Desk.Offers(who, m)
	if err != nil {
		return got, err
	}
	got.Offers = v.offers(m, offers)
	got.Sealed = []fault.Text{}
	for _, unit := range m.Clocks.Sealed {
		got.Sealed = append(got.Sealed, v.unit(unit))
	}
	if got.Approval, err = o.approvalOf(ctx, who, m); err != nil {
		return got, err
	}
	if got.Keep, err = v.keeping(ctx, m); err != nil {
		return got, err
	}
	for _, s := range m.Clocks.Slots {
		got.Tasks = append(got.Tasks, v.task(m, s, offers))
	}
	events, err := o.Desk.History(ctx, m)
	if err != nil {
		return got, err
	}
	got.Timeline, got.Data = v.timeline(d, events)
	got.Returns = returns(d, events)
	for _, s := range m.Clocks.Slots {
		got.Clocks = append(got.Clocks, v.clock(d, m, s, got.Timeline))
	}
	list, err := o.attachmentList(ctx, who, m.ID)
	if err != nil {
		return got, err
	}
	got.Files = list.Items
	return got, o.around(ctx, v, m, &got)
}

// around fills in what stands above, below and before the matter.
func (o *Office) around(ctx context.Context, v view, m matter.Matter, got *Detail) error {
	kids, err := o.Desk.Kids(ctx, v.who, m)
	if err != nil {
		return err
	}
	if got.Kids, err = o.rows(ctx, v, kids); err != nil {
		return err
	}
	if m.Parent != 0 {
		if parent, err := o.Desk.Get(ctx, v.who, m.Parent); err == nil {
			r := v.row(parent)
			got.ParentRow = &r
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	if m.Source != 0 && m.Parent == 0 {
		if i, err := o.Instruction(ctx, v.who, m.Source); err == nil {
			shown := v.instruction(i)
			got.Instruction = &shown
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	return nil
}

// returns counts how often the matter was sent back.
func returns(d *flow.Def, events []event.Event) int {
	n := 0
	for _, e := range events {
		step, act := actOf(e.Kind)
		if a := d.StepAct(step, act); a != nil && a.Back != "" {
			n++
		}
	}
	return n
}

// actOf reads step and act from an event's kind: "docket.unit/review.return".
func actOf(kind string) (step, act string) {
	_, rest, _ := strings.Cut(kind, "/")
	step, act, found := strings.Cut(rest, ".")
	if !found {
		return "", step
	}
	return step, act
}

// timeline puts a matter's events into words, and gathers the last input of
// each step.
func (v view) timeline(d *flow.Def, events []event.Event) ([]entry, []stepData) {
	entries := []entry{}
	last := map[string]int{}
	data := []stepData{}
	for _, e := range events {
		t := v.entry(d, e)
		entries = append(entries, t)
		key := t.Step
		if t.Act == "open" {
			key = "given"
		}
		if len(t.Fields) == 0 || key == "" {
			continue
		}
		sd := stepData{Step: key, Name: t.StepName, Fields: t.Fields}
		if t.Act == "open" {
			sd.Name = t.ActName
		}
		if i, again := last[key]; again {
			data[i] = sd
			continue
		}
		last[key] = len(data)
		data = append(data, sd)
	}
	return entries, data
}

func (v view) entry(d *flow.Def, e event.Event) entry {
	step, act := actOf(e.Kind)
	t := entry{
		Pos: e.Pos, Recorded: at(e.Recorded), Occurred: at(e.Occurred), Actor: named{e.Actor, v.actor(e.Actor)}, UnitName: v.unit(e.Unit),
		Act: act, ActName: actName(d, step, act), Step: step, StepName: stepName(d, step), Fields: []shown{}, Receipt: true, Erased: e.Erased,
	}
	if step == "" {
		t.StepName = fault.Text{}
	}
	if e.Behalf != 0 {
		t.Behalf = &named{e.Behalf, v.person(e.Behalf)}
	}
	if foreign(&t, e) {
		return t
	}
	var b matter.Body
	if !e.Erased && json.Unmarshal(e.Body, &b) == nil {
		var input map[string]any
		if len(b.Input) > 0 && json.Unmarshal(b.Input, &input) == nil {
			t.Fields = v.fields(formOf(d, step, act), input)
		}
		t.Text = v.words(d, t, b)
		if g, ok := v.dir.Delegation(b.Lent); ok {
			t.Giver = &named{g.Giver, v.person(g.Giver)}
		}
	}
	return t
}

// foreign fills in an event that moved nothing in the matter: a file bound to it, a
// hold, or its erasure.
func foreign(t *entry, e event.Event) bool {
	switch {
	case e.Kind == attach.EventAdd:
		t.ActName = fault.T("添加附件", "File added")
		var b attach.Body
		if !e.Erased && json.Unmarshal(e.Body, &b) == nil {
			t.Text = fault.T(b.Name, b.Name)
		}
	case event.Erases(e.Kind):
		t.ActName = fault.T("内容清除", "Content erased")
		var b erase.Body
		if e.Kind == event.EventTerm && json.Unmarshal(e.Body, &b) == nil { // the reason of an order is not for everybody
			t.Text = b.Why
		}
	case e.Kind == matter.EventHold:
		t.ActName = fault.T("暂缓清除", "Erasure held")
		t.Text = holdWords(e)
	case e.Kind == matter.EventRelease:
		t.ActName = fault.T("解除暂缓清除", "Hold ended")
		t.Text = holdWords(e)
	default:
		return false
	}
	return true
}

// holdWords gives what was said when a hold began or ended.
func holdWords(e event.Event) fault.Text {
	var h matter.Hold
	if e.Erased || json.Unmarshal(e.Body, &h) != nil {
		return fault.Text{}
	}
	return fault.T(h.Words, h.Words)
}

func (v view) actor(id int64) string {
	if id == 0 {
		return "系统"
	}
	return v.person(id)
}

func formOf(d *flow.Def, step, act string) *flow.Form {
	if act == "open" && step == "" {
		return d.Form(d.Given)
	}
	if a := d.StepAct(step, act); a != nil {
		return d.Form(a.Form)
	}
	if in := d.Interrupt(act); in != nil {
		return d.Form(in.Form)
	}
	return nil
}

func actName(d *flow.Def, step, act string) fault.Text {
	if a := d.StepAct(step, act); a != nil {
		return a.Name
	}
	if in := d.Interrupt(act); in != nil && act != flow.IntResume {
		return in.Name
	}
	switch act {
	case "open":
		return fault.T("登记", "Register")
	case flow.IntResume:
		return fault.T("恢复办理", "Resume")
	case "escalate":
		return fault.T("时限提醒", "Escalation")
	case "part":
		return fault.T("承办单位办结", "A unit has finished")
	case "cancel":
		return fault.T("随主事项终止", "Ended with its parent")
	case "handover":
		return fault.T("移交", "Handed over")
	case "reclock":
		return fault.T("时限重算", "Deadlines computed again")
	}
	return fault.T(act, act)
}

// words says in one sentence what an event did.
func (v view) words(d *flow.Def, t entry, b matter.Body) fault.Text {
	switch {
	case b.Mark > 0:
		name := stepName(d, b.Step)
		return fault.T(fmt.Sprintf("“%s”环节时限已过%d%%", name.ZH, b.Mark), fmt.Sprintf("%d %% of the limit of \"%s\" has passed", b.Mark, name.EN))
	case b.Child != nil:
		name := outcomeName(v.childDef(d, b.Child.Each), b.Child.Outcome)
		return fault.T("分办事项："+name.ZH, "a sub-matter has ended: "+name.EN)
	case b.Heir != nil:
		from, to := v.person(b.Heir.From), v.person(b.Heir.To)
		return fault.T(from+"的承办工作移交给"+to, "the work of "+from+" was handed over to "+to)
	case b.Number != "":
		return fault.T("编号"+b.Number, "numbered "+b.Number)
	}
	for _, f := range t.Fields {
		switch f.Name {
		case "opinion", "reason", "result", "summary", "words", "note", "content":
			return f.Display
		}
	}
	return fault.Text{}
}

// childDef gives the newest definition of the sub-matters of an each-block.
func (v view) childDef(d *flow.Def, each string) *flow.Def {
	return v.o.Desk.Definitions().Latest(d.Runs(each))
}

func (v view) clock(d *flow.Def, m matter.Matter, s matter.Slot, timeline []entry) clockInfo {
	c := clockInfo{
		Slot: s.Slot, Step: s.Step, StepName: stepName(d, s.Step), Started: at(s.Since), Due: at(s.Due), Provisional: s.Provisional, Mark: s.Mark,
		Paused: []stopInfo{}, Extended: []extension{},
	}
	limit, extra := s.Limit, s.Extra
	if limit == "" {
		limit, extra, c.Started = m.Clocks.Limit, m.Clocks.Extra, at(m.Opened)
	}
	if l, err := calendar.ParseLimit(limit); err == nil {
		c.LimitText = l.Text()
	}
	if step := d.Step(s.Step); step != nil && step.Basis != nil {
		c.Basis = fault.T(step.Basis.Source+step.Basis.Article, step.Basis.Source+" "+step.Basis.Article)
	}
	for _, stop := range m.Clocks.Stops {
		c.Paused = append(c.Paused, stopInfo{at(stop.From), at(stop.To)})
	}
	if extra != "" {
		for _, t := range timeline {
			if t.Act == flow.IntExtend {
				c.Extended = append(c.Extended, extension{By: extra, Who: t.Actor.Name, At: t.Recorded})
			}
		}
	}
	return c
}

// actInput is one act as it is sent.
type actInput struct {
	ByID
	Body struct {
		Slot     string         `json:"slot,omitempty" maxLength:"200"`
		Step     string         `json:"step,omitempty" maxLength:"60"`
		Act      string         `json:"act" maxLength:"60"`
		N        int            `json:"n,omitempty" minimum:"0" doc:"the opening of the step that the reader saw, from the task; if it has been opened anew since, the act is refused"`
		Input    map[string]any `json:"input,omitempty"`
		Behalf   int64          `json:"behalf,omitempty" doc:"the leader for whom the act is entered"`
		Occurred string         `json:"occurred,omitempty" maxLength:"40" doc:"when it happened, if earlier"`
	}
}

// acted is the answer to an act: complete and provable at once.
type acted struct {
	Matter  int64       `json:"matter"`
	Pos     int64       `json:"pos"`
	Number  string      `json:"number,omitempty"`
	Receipt receiptBody `json:"receipt"`
	Again   bool        `json:"again" doc:"the act had been done before under the same key"`
	Now     *Detail     `json:"matter_now"`
}

func instantOf(op, field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := calendar.ParseInstant(text)
	if err != nil {
		return t, fault.At(op, field, "时间应为 YYYY-MM-DDThh:mm。", "A time is written YYYY-MM-DDThh:mm.")
	}
	return t, nil
}

func (o *Office) act(ctx context.Context, who auth.Principal, in *actInput, key string) (acted, error) {
	occurred, err := instantOf("docket.act", "occurred", in.Body.Occurred)
	if err != nil {
		return acted{}, err
	}
	// A reader who may not see the matter is told that it does not exist.
	m, err := o.Desk.Get(ctx, who, in.ID)
	if err != nil {
		return acted{}, err
	}
	if in.Body.Act == "approve" && m.Stage == "approve" && supervised(m) != 0 {
		o.approvals.Lock()
		defer o.approvals.Unlock()
		if err := o.withinCap(ctx, who, m, in.Body.Input); err != nil {
			return acted{}, err
		}
	}
	if d := o.Desk.Definitions().ByHash(m.Def); d != nil { // the files first: an act must not name what is not there
		if files := filesIn(formOf(d, in.Body.Step, in.Body.Act), in.Body.Input); len(files) > 0 {
			if _, err := o.Files.Bind(ctx, who, in.ID, files, key+"/files"); err != nil {
				return acted{}, err
			}
		}
	}
	done, err := o.Desk.Act(ctx, who, in.ID, matter.Act{
		Slot: in.Body.Slot, Step: in.Body.Step, Act: in.Body.Act, N: in.Body.N, Input: in.Body.Input, Behalf: in.Body.Behalf, Occurred: occurred, Key: key,
	})
	if err != nil {
		return acted{}, err
	}
	return o.answer(ctx, who, done)
}

// answer adds to an act what the matter looks like now, for a reader who still
// may see it.
func (o *Office) answer(ctx context.Context, who auth.Principal, done matter.Done) (acted, error) {
	got := acted{Matter: done.Matter, Pos: done.Pos, Number: done.Number, Receipt: done.Receipt, Again: done.Again}
	now, err := o.detail(ctx, who, done.Matter)
	if fault.Is(err, fault.NotFound) {
		return got, nil
	}
	if err != nil {
		return got, err
	}
	got.Now = &now
	return got, nil
}
