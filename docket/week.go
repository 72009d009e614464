package docket

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/paper"
)

// Week is what an office's week came to, counted from the event log alone. Units
// stand in the order of the directory: it is no ranking, and no person is named.
type Week struct {
	From     calendar.Day // Monday
	To       calendar.Day // Sunday
	AsOf     time.Time
	LogSize  int64
	Opened   []weekItem
	Closed   []weekItem
	Overdue  []weekItem
	Returned []weekItem
	Unusual  []weekItem
	Units    []unitWeek
	Subjects []int64 // the matters that are named, in the order of their ids
	Erased   int     // events whose content has been erased, and that could not be counted by it
}

// weekItem is one thing that happened to a matter.
type weekItem struct {
	Number, Title, Unit, Day, Text string
}

// unitWeek is one unit's week: parts given to it, accepted, past their limit, and
// sent back.
type unitWeek struct {
	Unit                              int64
	Name                              string
	Assigned, Done, Overdue, Returned int
}

// weekOf gives the Monday of a day's week.
func weekOf(d calendar.Day) calendar.Day {
	return d - calendar.Day((int(d.Weekday())+6)%7)
}

// slack is how many events around the ends of a week are read to be sure of those
// that lie a moment out of order.
const slack = 512

// week counts an office's week as far as who may see its matters.
func (o *Office) week(ctx context.Context, who auth.Principal, office int64, monday calendar.Day) (Week, error) {
	w := Week{From: monday, To: monday + 6, AsOf: o.Clock.Now()}
	var err error
	if w.LogSize, _, err = event.Head(ctx, o.DB); err != nil {
		return w, err
	}
	start, end := monday.Start().UnixMicro(), (monday + 7).Start().UnixMicro()
	from, err := event.Since(ctx, o.DB, start)
	if err != nil {
		return w, err
	}
	to, err := event.Since(ctx, o.DB, end)
	if err != nil {
		return w, err
	}
	c := counting{o: o, v: o.view(who), who: who, office: office, w: &w, known: map[int64]*matter.Matter{}, late: map[string]bool{}, units: map[int64]*unitWeek{}}
	for pos := max(0, from-slack); pos < min(w.LogSize, to+slack); {
		events, err := event.After(ctx, o.DB, pos, 500)
		if err != nil {
			return w, err
		}
		if len(events) == 0 {
			break
		}
		for _, e := range events {
			pos = e.Pos + 1
			if e.Recorded < start || e.Recorded >= end || e.Pos >= w.LogSize {
				continue
			}
			if err := c.count(ctx, e); err != nil {
				return w, err
			}
		}
	}
	for _, u := range c.v.dir.Units() {
		if row := c.units[u.ID]; row != nil {
			w.Units = append(w.Units, *row)
		}
	}
	return w, nil
}

// counting goes through the events of a week.
type counting struct {
	o      *Office
	v      view
	who    auth.Principal
	office int64
	w      *Week
	known  map[int64]*matter.Matter
	late   map[string]bool
	units  map[int64]*unitWeek
}

// of gives the matter of an event, if it is the office's and the reader's. What is
// kept from somebody is in no brief, because a brief goes out.
func (c *counting) of(ctx context.Context, id int64) (*matter.Matter, error) {
	if m, known := c.known[id]; known {
		return m, nil
	}
	m, err := c.o.Desk.Get(ctx, c.who, id)
	if fault.Is(err, fault.NotFound) {
		c.known[id] = nil
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c.known[id] = nil
	if m.Office == c.office && len(m.Clocks.Sealed) == 0 {
		c.known[id] = &m
	}
	return c.known[id], nil
}

func (c *counting) unit(id int64) *unitWeek {
	if c.units[id] == nil {
		c.units[id] = &unitWeek{Unit: id, Name: c.v.unit(id).ZH}
	}
	return c.units[id]
}

func (c *counting) count(ctx context.Context, e event.Event) error {
	kind, _, _ := strings.Cut(e.Kind, "/")
	if c.o.Desk.Definitions().Latest(kind) == nil {
		return nil
	}
	m, err := c.of(ctx, e.Subject)
	if err != nil || m == nil {
		return err
	}
	def := c.v.def(m.Def)
	if def == nil {
		return nil
	}
	step, act := actOf(e.Kind)
	var b matter.Body
	if e.Erased {
		c.w.Erased++
	} else if err := json.Unmarshal(e.Body, &b); err != nil {
		return fault.Wrap("docket.week", err)
	}
	item := weekItem{Number: m.Number, Title: m.Title, Unit: c.v.unit(m.Unit).ZH, Day: calendar.DayOf(time.UnixMicro(e.Recorded)).String()}
	part := m.Parent != 0
	add := func(to *[]weekItem, text string) {
		item.Text = text
		*to = append(*to, item)
		c.named(m.ID)
	}
	if act == "open" && step == "" {
		if part {
			c.unit(m.Unit).Assigned++
		} else {
			add(&c.w.Opened, "")
		}
	}
	if a := def.StepAct(step, act); a != nil && a.Back != "" {
		add(&c.w.Returned, a.Name.ZH)
		if part {
			c.unit(m.Unit).Returned++
		}
	}
	if in := def.Interrupt(act); in != nil && step == "" && act != "urge" {
		add(&c.w.Unusual, actName(def, step, act).ZH)
	}
	if act == "object" {
		add(&c.w.Unusual, actName(def, step, act).ZH)
	}
	if b.Mark == 100 {
		c.overdue(m, def, b, item)
	}
	if b.Outcome != "" {
		switch name := outcomeName(def, b.Outcome).ZH; {
		case unhandled(b.Outcome) && b.Outcome != flow.OutcomeCancelled:
			add(&c.w.Unusual, name)
		case unhandled(b.Outcome):
		case part:
			c.unit(m.Unit).Done++
		default:
			add(&c.w.Closed, name)
		}
	}
	return nil
}

// named notes that the brief names a matter.
func (c *counting) named(id int64) {
	if i, known := slices.BinarySearch(c.w.Subjects, id); !known {
		c.w.Subjects = slices.Insert(c.w.Subjects, i, id)
	}
}

// overdue counts a step that passed its limit, once for each time it is entered.
func (c *counting) overdue(m *matter.Matter, def *flow.Def, b matter.Body, item weekItem) {
	key := fmt.Sprintf("%d %s %s %d", m.ID, b.Slot, b.Step, b.N)
	if c.late[key] {
		return
	}
	c.late[key] = true
	item.Text = stepName(def, b.Step).ZH
	c.w.Overdue = append(c.w.Overdue, item)
	c.named(m.ID)
	if m.Parent != 0 {
		c.unit(m.Unit).Overdue++
	}
}

// briefOf is the weekly supervision brief (督查周报).
func briefOf(w Week, a Around) paper.Document {
	_, number := w.From.Start().ISOWeek()
	year, _ := w.From.Start().ISOWeek()
	asOf := w.AsOf.In(w.From.Start().Location())
	stamp := fmt.Sprintf("截至%s%d时%02d分", paper.DateText(asOf.Format("2006-01-02")), asOf.Hour(), asOf.Minute())
	doc := paper.Document{
		Form: paper.Brief, Issuer: "督查周报", Number: fmt.Sprintf("%d年第%d期", year, number), Editor: a.Office, Date: a.Day,
		Title: "督查工作周报\n（" + span(w) + "）", Printer: a.Office, Printed: a.Day, Back: a.Back, Fonts: a.Fonts,
	}
	add := func(b ...paper.Block) { doc.Body = append(doc.Body, b...) }
	add(paper.P(fmt.Sprintf("本期统计时段为%s，各项数字由事项记录逐条计算（%s，记录至第%d条）。", span(w), stamp, w.LogSize)))
	add(paper.H(1, "总体情况"))
	add(paper.P(fmt.Sprintf("%s，本周新立事项%d件，办结%d件；有%d个环节超过时限，退回修改%d次，暂停、延期、异议、撤销等情况%d件次。",
		stamp, len(w.Opened), len(w.Closed), len(w.Overdue), len(w.Returned), len(w.Unusual))))
	if w.Erased > 0 {
		add(paper.P(fmt.Sprintf("另有%d条记录的内容已依法抹除，按其类别计入。", w.Erased)))
	}
	add(paper.H(1, "各单位办理情况"))
	if len(w.Units) == 0 {
		add(paper.P("本周各单位无新交办、办结、超时限和退回情况。"))
	} else {
		add(paper.P(fmt.Sprintf("%s，本周各单位情况如下（按机构目录顺序排列，不作排名）。", stamp)))
		t := &paper.Table{Widths: []int{36, 16, 16, 16, 16}, Head: 1, Rows: [][]paper.Cell{{label("单位"), label("新交办"), label("办结"), label("超过时限"), label("退回修改")}}}
		for _, u := range w.Units {
			row := []paper.Cell{{Text: u.Name}}
			for _, n := range []int{u.Assigned, u.Done, u.Overdue, u.Returned} {
				row = append(row, paper.Cell{Text: fmt.Sprint(n), Mid: true})
			}
			t.Rows = append(t.Rows, row)
		}
		add(paper.Block{Table: t})
	}
	for _, part := range []struct {
		head, said string
		items      []weekItem
	}{
		{"新立事项", "登记", w.Opened}, {"办结事项", "结果", w.Closed}, {"超过时限的环节", "环节", w.Overdue}, {"退回修改", "处理", w.Returned}, {"其他情况", "情况", w.Unusual},
	} {
		add(paper.H(1, part.head))
		if len(part.items) == 0 {
			add(paper.P("本周无。"))
			continue
		}
		add(paper.Block{Table: itemTable(part.said, part.items)})
	}
	return doc
}

// span writes the days of a week: 2026年11月16日至22日.
func span(w Week) string {
	from, to := paper.DateText(w.From.String()), paper.DateText(w.To.String())
	year, month := strings.Index(from, "年")+len("年"), strings.Index(from, "月")+len("月")
	switch {
	case strings.HasPrefix(to, from[:month]):
		return from + "至" + to[month:]
	case strings.HasPrefix(to, from[:year]):
		return from + "至" + to[year:]
	}
	return from + "至" + to
}

func itemTable(said string, items []weekItem) *paper.Table {
	t := &paper.Table{Widths: []int{24, 40, 20, 16}, Head: 1, Rows: [][]paper.Cell{{label("编号"), label("事项"), label("单位"), label(said)}}}
	for _, i := range items {
		text := i.Text
		if text == "" {
			text = i.Day[5:]
		} else {
			text += "\n" + i.Day[5:]
		}
		t.Rows = append(t.Rows, []paper.Cell{{Text: i.Number}, {Text: i.Title}, {Text: i.Unit}, {Text: text, Mid: true}})
	}
	return t
}
