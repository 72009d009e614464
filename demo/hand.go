package demo

import (
	"fmt"
	"strings"
	"time"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/matter/flow"
)

// hand does what the people of the city would do: for an open step it knows who
// acts, when, and with which words. It reads nothing but the plan, the directory
// and where the matter stands, so it can be asked again after an interruption.
type hand struct{ *town }

// deed is one act, ready to be done, with what goes before it.
type deed struct {
	who    auth.Principal
	act    matter.Act
	brings *sheet // enclosed in the act's form
	letter bool   // an urging letter goes out with it
	away   bool   // whoever would do it is away: the deputy does
}

// sheet is a file that somebody brings.
type sheet struct {
	Name string `yaml:"name"`
	Text string `yaml:"text"`
}

// opening is an open step of a matter with what is needed to judge it.
type opening struct {
	plan *plan
	m    matter.Matter
	slot matter.Slot
	st   flow.State
	unit string // key of the matter's unit; "" for the office
}

func (h *hand) opening(p *plan, m matter.Matter, s matter.Slot) (opening, error) {
	st, err := flow.DecodeState(m.State)
	o := opening{plan: p, m: m, slot: s, st: st}
	if u, ok := h.Book.Now().Unit(m.Unit); ok {
		o.unit = u.DutyKey
	}
	return o, err
}

// used tells how often a bounded act was taken.
func (o opening) used(key string) int {
	for _, c := range o.st.Used {
		if c.Key == key {
			return c.N
		}
	}
	return 0
}

// pick gives chance that follows from the plan, the unit and the opening.
func (o opening) pick(n int, words ...any) int {
	return pick(n, append([]any{o.plan.name, o.unit, o.m.Part, o.slot.Step, o.slot.N}, words...)...)
}

// interrupts names the interrupts that the plan holds for this step, with when they
// come.
func (h *hand) interrupts(o opening) map[string]time.Time {
	out := map[string]time.Time{}
	if o.slot.Step != "report" {
		return out
	}
	cal := h.Desk.Calendar()
	since, due := dayOf(o.slot.Since), dayOf(o.slot.Due)
	if o.plan.has("urge", o.unit) && o.slot.Due != 0 {
		out[flow.IntUrge] = cal.AddWorkdays(due, 1).Start().Add(9*time.Hour + 20*time.Minute)
	}
	if o.plan.has("extend", o.unit) && o.used(flow.IntExtend) == 0 && o.slot.Due != 0 {
		out[flow.IntExtend] = cal.AddWorkdays(due, -2).Start().Add(15*time.Hour + 5*time.Minute)
	}
	if o.plan.has("pause", o.unit) && o.used(flow.IntPause) == 0 {
		out[flow.IntPause] = cal.AddWorkdays(since, 6).Start().Add(10*time.Hour + 40*time.Minute)
	}
	return out
}

// interrupt gives the act of an interrupt.
func (h *hand) interrupt(o opening, name string) deed {
	d := deed{who: h.standIn(h.reader()), act: matter.Act{Act: name}}
	switch name {
	case flow.IntUrge:
		d.letter = o.plan.has("letter", o.unit)
		d.act.Input = reason("已逾期，请于两个工作日内报送办理情况，并说明原因。")
	case flow.IntExtend:
		d.act.Input = reason("管线迁改须与供电检修同步，情况属实，准予延期一次。")
	case flow.IntPause:
		d.act.Input = reason("须待雨季末一次实测后方可验收，中止计时。")
	case flow.IntWithdraw:
		d.who = auth.Principal{Person: o.m.Originator}
		d.act.Input = reason("活动今年不再举办，此件撤销。")
	}
	if name == flow.IntUrge || name == flow.IntExtend {
		d.act.Slot, d.act.Step = o.slot.Slot, o.slot.Step
	}
	return d
}

func reason(text string) map[string]any { return map[string]any{"reason": text} }

// pace is how long a step usually takes, in minutes of working time.
func pace(step string) (least, most int) {
	switch step {
	case "propose", "review":
		return 50, 220
	case "approve", "direct", "present":
		return 30, 200
	case "assign", "split":
		return 20, 120
	case "handle":
		return 900, 1500
	case "answer":
		return 60, 700
	}
	return 20, 180
}

// when tells when the step is done; false if the plan lets it stand.
func (h *hand) when(o opening) (time.Time, bool) {
	step, cal, since := o.slot.Step, h.Desk.Calendar(), time.UnixMicro(o.slot.Since).In(clock.Shanghai())
	if o.plan.does("stop", o.unit, step) {
		return time.Time{}, false
	}
	if o.plan.does("late", o.unit, step) && o.slot.Due != 0 && o.used("review.return") == 0 {
		day := cal.AddWorkdays(dayOf(o.slot.Due), 2+o.pick(3))
		return later(cal, day.Start(), 40+o.pick(300)), true
	}
	least, most := pace(step)
	if o.plan.brisk {
		least, most = least/4, most/4
	}
	soon := later(cal, since, least+o.pick(most-least))
	if step != "report" || o.plan.brisk || o.used("review.return")+o.used("signoff.return") > 0 {
		return soon, true
	}
	limit, err := calendar.ParseLimit(o.m.Clocks.Limit)
	days := o.plan.days("at", o.unit)
	if days == 0 && err == nil {
		days = limit.N * (35 + o.pick(30)) / 100
	}
	day := cal.AddWorkdays(dayOf(o.m.Opened), days)
	if at := later(cal, day.Start(), 30+o.pick(300)); at.After(soon) {
		return at, true
	}
	return soon, true
}

// step gives the act that is done at an open step.
func (h *hand) step(o opening) (deed, error) {
	who, err := h.actor(o)
	if err != nil {
		return deed{}, err
	}
	act, input, err := h.input(o)
	d := deed{who: who, act: matter.Act{Slot: o.slot.Slot, Step: o.slot.Step, Act: act, Input: input}}
	switch again := o.used("review.return") > 0; {
	case o.slot.Step == "review":
		d.away = again && o.plan.has("away", o.unit)
	case o.slot.Step == "report" && again && o.leads():
		d.brings = o.plan.visits
	}
	return d, err
}

// leads reports whether the unit leads the matter.
func (o opening) leads() bool {
	role, _ := o.st.Get("given.role")
	return role == "lead"
}

// standIn gives who acts for a person that is away, or the person.
func (h *hand) standIn(who auth.Principal) auth.Principal {
	dir := h.Book.Now()
	if _, away := dir.Absent(who.Person); away {
		for _, g := range dir.ActedFor(who.Person) {
			return auth.Principal{Person: g.Taker}
		}
	}
	return who
}

// actor is who does the step: who is named, whose instruction it is, or the
// holder of the duty.
func (h *hand) actor(o opening) (auth.Principal, error) {
	dir := h.Book.Now()
	switch {
	case o.slot.Person != 0:
		return auth.Principal{Person: o.slot.Person}, nil
	case o.slot.Step == "approve" && (dir.Holds(o.m.Originator, auth.Leader, o.m.Office) || dir.Holds(o.m.Originator, auth.Deputy, o.m.Office)):
		return auth.Principal{Person: o.m.Originator}, nil
	}
	who, ok := h.holder(auth.Duty(o.slot.Duty), o.slot.Unit)
	if !ok {
		return who, fault.New(fault.Conflict, "demo.actor", "该环节的职务目前无人担任，演示无法继续。", "Nobody holds the duty of this step at present, so the demo cannot go on.")
	}
	return h.standIn(who), nil
}

// input gives the act and its words.
func (h *hand) input(o opening) (string, map[string]any, error) {
	switch o.slot.Step {
	case "propose", "approve", "assign", "handle", "present", "answer":
		return h.officeInput(o)
	case "sign":
		if o.plan.has("object", o.unit) || o.plan.has("uphold", o.unit) {
			return "object", reason("经核对职责清单，该事项主要环节不在我单位职责范围内，建议另行明确。"), nil
		}
		return "sign", map[string]any{}, nil
	case "ruling":
		if o.plan.has("uphold", o.unit) {
			return "uphold", reason("异议理由成立，改由主办单位会同有关单位办理。"), nil
		}
		return "designate", reason("该环节确需你单位配合，指定承办，不再退回。"), nil
	case "signoff":
		if o.plan.has("back", o.unit) && o.used("signoff.return") == 0 {
			return "return", reason("数字与上周专报不一致，请核实后再报。"), nil
		}
		return "sign", map[string]any{}, nil
	case "review":
		if o.plan.has("return", o.unit) && o.used("review.return") == 0 {
			return "return", reason("请补充完成时间和群众反映情况。"), nil
		}
		return "accept", map[string]any{}, nil
	}
	return h.unitInput(o)
}

// officeInput gives the acts of the office and its leaders.
func (h *hand) officeInput(o opening) (string, map[string]any, error) {
	switch o.slot.Step {
	case "propose":
		units, opinion, err := h.shares(o.plan)
		return "submit", map[string]any{"opinion": opinion, "units": units}, err
	case "approve":
		if o.plan.has("refuse", "") && o.used("approve.refuse") == 0 {
			return "refuse", reason("协办单位还不全，请补充后再报。"), nil
		}
		return "approve", map[string]any{}, nil
	case "assign":
		if o.plan.has("self", "") {
			return "assign", map[string]any{"mode": "self", "units": []any{}}, nil
		}
		units, ok := o.st.Get("propose.units")
		if !ok {
			return "", nil, fmt.Errorf("demo: matter %d has no proposed units", o.m.ID)
		}
		return "assign", map[string]any{"mode": "transfer", "units": units, "note": "请按时限签收、办理并反馈。"}, nil
	case "handle":
		return "report", map[string]any{"summary": o.plan.result}, nil
	case "present":
		return "present", map[string]any{"summary": "各承办单位均已办结。" + o.plan.result}, nil
	}
	if o.plan.has("instruct", "") && o.used("answer.instruct") == 0 {
		return "instruct", map[string]any{"words": "已拨的要有人用。请再核一遍仍停用的电梯，逐台说明原因。"}, nil
	}
	return "settle", map[string]any{"words": "无新批示。"}, nil
}

// shares gives the units of a plan as the forms want them, and the opinion that
// goes with them.
func (h *hand) shares(p *plan) ([]any, string, error) {
	var units []any
	var names []string
	for i, s := range p.shares {
		u, err := h.unit(s.unit)
		if err != nil {
			return nil, "", err
		}
		role := "assist"
		if i == 0 {
			role = "lead"
		}
		units = append(units, map[string]any{"unit": fmt.Sprint(u.ID), "role": role, "limit": s.limit})
		names = append(names, u.Name.ZH)
	}
	if len(names) == 0 {
		return nil, "", fmt.Errorf("demo: plan %s names no unit", p.name)
	}
	opinion := "建议由" + names[0] + "办理。"
	if len(names) > 1 {
		opinion = "建议由" + names[0] + "牵头，" + strings.Join(names[1:], "、") + "协办。"
	}
	return units, opinion, nil
}

// unitInput gives the acts inside a unit.
func (h *hand) unitInput(o opening) (string, map[string]any, error) {
	dir := h.Book.Now()
	switch o.slot.Step {
	case "split":
		head, ok := h.holder(auth.Head, o.m.Unit)
		if !ok {
			return "", nil, fault.New(fault.Conflict, "demo.split", "该单位目前没有负责人，演示无法继续。", "The unit has no head at present, so the demo cannot go on.")
		}
		return "split", map[string]any{"head": fmt.Sprint(head.Person)}, nil
	case "direct":
		section := o.m.Unit
		if all := h.sections(o.m.Unit); len(all) > 0 {
			section = all[pick(len(all), o.plan.name, o.unit)].ID
			if o.plan.name == storyPlan {
				section = all[0].ID
			}
		}
		return "direct", map[string]any{"section": fmt.Sprint(section)}, nil
	case "allot":
		clerk, ok := h.holder(auth.Clerk, o.slot.Unit)
		if !ok {
			clerk, ok = h.actorOr(o)
		}
		if !ok {
			return "", nil, fault.New(fault.Conflict, "demo.allot", "该科室目前没有承办人，演示无法继续。", "The section has no case officer at present, so the demo cannot go on.")
		}
		return "allot", map[string]any{"clerk": fmt.Sprint(clerk.Person)}, nil
	case "report":
		return "report", map[string]any{"result": h.result(o), "solved": "yes"}, nil
	}
	unit, _ := dir.Unit(o.m.Unit)
	return "", nil, fmt.Errorf("demo: nobody knows what to do at %s of %s", o.slot.Step, unit.Name.ZH)
}

// actorOr gives whoever acts at the step itself.
func (h *hand) actorOr(o opening) (auth.Principal, bool) {
	who, err := h.actor(o)
	return who, err == nil
}

// result is what a unit reports: the plan's words for the lead unit, and for the
// others one of a few sentences.
func (h *hand) result(o opening) string {
	if o.leads() && o.plan.result != "" {
		if o.used("review.return") > 0 {
			return o.plan.result + o.plan.extra
		}
		return o.plan.result
	}
	return [...]string{
		"已按分工提供有关数据和材料，并参加现场办理。",
		"已安排专人配合牵头单位办理，涉及我单位的事项均已落实。",
		"已对照职责逐项核对，有关问题已整改，材料报牵头单位汇总。",
		"已完成本单位承担的任务，后续按月向牵头单位通报进展。",
	}[o.pick(4, "result")]
}
