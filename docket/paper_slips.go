package docket

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"touyan.dev/touyan/kernel/paper"
)

// The slips of the docket: a table under a heading, with room to write on.

func label(text string) paper.Cell { return paper.Cell{Text: text, Label: true} }

func cell(text string, span int) paper.Cell { return paper.Cell{Text: text, Span: span} }

func space(text string, span, lines int) paper.Cell {
	return paper.Cell{Text: text, Span: span, Tall: lines}
}

// instructed gives the leader's words as a slip shows them.
func instructed(d Detail) string {
	var out []string
	if i := d.Instruction; i != nil {
		text := "“" + i.Verbatim + "”\n" + i.Leader.Name + "，" + day(i.Received)
		if i.EnteredBy.ID != i.Leader.ID {
			text += "（" + i.EnteredBy.Name + "代录"
			if i.Confirmed == "" {
				text += "，尚未确认"
			}
			text += "）"
		}
		out = append(out, text)
	}
	for _, e := range d.Timeline {
		for _, f := range e.Fields {
			if f.Name == "words" && f.Display.ZH != "" && e.Act != "open" {
				who := e.Actor.Name
				if e.Behalf != nil {
					who = e.Behalf.Name + "（" + e.Actor.Name + "代录）"
					if e.Giver != nil && e.Giver.ID == e.Behalf.ID { // not written down for him: decided for him
						who = e.Behalf.Name + "（" + e.Actor.Name + "代）"
					}
				}
				out = append(out, "“"+f.Display.ZH+"”\n"+who+"，"+day(e.Recorded))
			}
		}
	}
	return strings.Join(out, "\n")
}

// slipOf is the follow-up slip (督办单).
func slipOf(d Detail, a Around) paper.Document {
	t := &paper.Table{Widths: []int{20, 30, 19, 31}}
	row := func(cells ...paper.Cell) { t.Rows = append(t.Rows, cells) }
	row(label("督办编号"), cell(cmp.Or(d.Number, fmt.Sprintf("登记号%d", d.ID)), 1), label("交办日期"), cell(day(d.Opened), 1))
	row(label("事项名称"), cell(d.Title, 3))
	row(label("来　　源"), cell(cmp.Or(value(d, "source"), d.Originator.Name), 1), label("类　　别"), cell(d.KindName.ZH, 1))
	if text := value(d, "content", "matter", "request"); text != "" {
		row(label("任务内容"), cell(text, 3))
	}
	if text := instructed(d); text != "" {
		row(label("领导批示"), cell(text, 3))
	}
	if text := value(d, "opinion"); text != "" {
		row(label("拟办意见"), cell(text, 3))
	}
	units(t, d)
	if text := value(d, "note"); text != "" {
		row(label("办理要求"), cell(text, 3))
	}
	row(label("办理情况"), space(joined(results(d)), 3, 6))
	row(label("承办单位\n负责人签字"), space("", 1, 2), label("日　　期"), space("", 1, 2))
	row(label("督办人"), cell(a.Person, 1), label("要求反馈"), cell(cmp.Or(paper.DateText(a.ReplyBy), day(d.Due)), 1))
	return paper.Document{Form: paper.Slip, Title: "督办单", Number: d.Number, Body: []paper.Block{{Table: t}}}
}

// units adds the rows of the units' parts to a table of four columns.
func units(t *paper.Table, d Detail) {
	all := partsOf(d)
	if len(all) == 0 {
		return
	}
	t.Rows = append(t.Rows, []paper.Cell{label("承办单位"), label("具体要求"), label("时　　限"), label("进　　展")})
	for _, p := range all {
		name := p.unit
		if p.role != "" {
			name += "\n（" + p.role + "）"
		}
		stage := p.stage
		if p.late {
			stage += "\n" + p.left
		}
		t.Rows = append(t.Rows, []paper.Cell{{Text: name, Mid: true}, cell(p.task, 1), {Text: p.due, Mid: true}, cell(stage, 1)})
	}
}

// joined puts results under one another.
func joined(all []result) string {
	lines := make([]string, len(all))
	for i, r := range all {
		lines[i] = r.text + "（" + r.who + "，" + r.at + "）"
	}
	return strings.Join(lines, "\n")
}

// processOf is the slip that goes with a document through the office
// (文件处理单): it shows whatever form the matter began with.
func processOf(d Detail, a Around) paper.Document {
	t := &paper.Table{Widths: []int{20, 30, 19, 31}}
	row := func(cells ...paper.Cell) { t.Rows = append(t.Rows, cells) }
	row(label("收文编号"), cell(cmp.Or(d.Number, fmt.Sprintf("登记号%d", d.ID)), 1), label("收文日期"), cell(day(d.Opened), 1))
	row(label("标　　题"), cell(d.Title, 3))
	pair := []paper.Cell{}
	for _, f := range given(d) {
		text := strings.TrimSpace(f.Display.ZH)
		if text == "" || text == strings.TrimSpace(d.Title) || hiddenField(f) {
			continue
		}
		if len([]rune(text)) > 24 || strings.Contains(text, "\n") || len([]rune(f.Label.ZH)) > 8 {
			row(label(cut(f.Label.ZH, 16)), cell(text, 3))
			continue
		}
		if pair = append(pair, label(f.Label.ZH), cell(text, 1)); len(pair) == 4 {
			row(pair...)
			pair = []paper.Cell{}
		}
	}
	if len(pair) > 0 {
		pair[1].Span = 3
		row(pair...)
	}
	row(label("拟办意见"), space(value(d, "opinion"), 3, 4))
	row(label("领导批示"), space(instructed(d), 3, 6))
	if len(d.Kids) > 0 {
		units(t, d)
	} else {
		row(label("承办单位"), space("", 3, 2))
	}
	row(label("办理结果"), space(joined(results(d)), 3, 4))
	row(label("当前环节"), cell(cmp.Or(d.StageName.ZH, d.StatusName.ZH), 1), label("办理时限"), cell(day(d.Due), 1))
	return paper.Document{Form: paper.Slip, Title: "文件处理单", Number: d.Number, Body: []paper.Block{{Table: t}}}
}

// hiddenField reports a field that says nothing on paper: the ids of attached files.
func hiddenField(f shown) bool {
	list, ok := f.Value.([]any)
	return ok && len(list) > 0 && !slices.ContainsFunc(list, func(v any) bool { _, obj := v.(map[string]any); return obj })
}

// blankLines is how many empty lines a circulation slip keeps at least.
const blankLines = 6

// circulationOf is the slip on which each reader signs (传阅单): those who have
// it before them, those who have read it, and room for more.
func circulationOf(d Detail, a Around) paper.Document {
	t := &paper.Table{Widths: []int{18, 22, 22, 38}, Head: 3}
	row := func(cells ...paper.Cell) { t.Rows = append(t.Rows, cells) }
	row(label("标　　题"), cell(d.Title, 3))
	row(label("编　　号"), cell(cmp.Or(d.Number, fmt.Sprintf("登记号%d", d.ID)), 1), label("登记日期"), cell(day(d.Opened), 1))
	row(label("传阅人"), label("送阅时间"), label("阅毕时间"), label("意见、签名"))
	seen := map[string]bool{}
	for _, e := range d.Timeline {
		if e.Step == "" || e.Actor.Name == "" || e.Actor.ID == 0 {
			continue
		}
		name := e.Actor.Name
		if e.Behalf != nil {
			name = e.Behalf.Name + "（" + name + "代）"
		}
		seen[e.Actor.Name] = true
		row(paper.Cell{Text: name, Mid: true}, paper.Cell{}, paper.Cell{Text: moment(e.Recorded), Mid: true}, cell(strings.TrimSpace(e.ActName.ZH+"\n"+e.Text.ZH), 1))
	}
	for _, s := range d.Tasks {
		seen[s.PersonName] = true
		row(paper.Cell{Text: s.PersonName, Mid: true}, paper.Cell{Text: moment(s.Since), Mid: true}, paper.Cell{}, space("", 1, 2))
	}
	for _, name := range a.Leaders {
		if !seen[name] {
			row(paper.Cell{Text: name, Mid: true}, paper.Cell{}, paper.Cell{}, space("", 1, 2))
		}
	}
	for range max(0, blankLines-len(d.Tasks)) {
		row(paper.Cell{}, paper.Cell{}, paper.Cell{}, space("", 1, 2))
	}
	return paper.Document{Form: paper.Slip, Title: "文件传阅单", Number: d.Number, Body: []paper.Block{{Table: t}}}
}

// moment writes an instant for a narrow column.
func moment(at string) string {
	if len(at) < len("2006-01-02T15:04") {
		return ""
	}
	return at[:10] + "\n" + at[11:16]
}

// recordOf is the whole record of a matter (办理记录): its data, its parts and
// its course, each entry with its place in the log.
func recordOf(d Detail, a Around) paper.Document {
	facts := &paper.Table{Widths: []int{20, 30, 19, 31}}
	row := func(cells ...paper.Cell) { facts.Rows = append(facts.Rows, cells) }
	row(label("编　　号"), cell(cmp.Or(d.Number, fmt.Sprintf("登记号%d", d.ID)), 1), label("类　　别"), cell(d.KindName.ZH, 1))
	row(label("事项名称"), cell(d.Title, 3))
	row(label("来源人"), cell(d.Originator.Name, 1), label("登记时间"), cell(strings.ReplaceAll(moment(d.Opened), "\n", " "), 1))
	row(label("状　　态"), cell(strings.TrimSpace(d.StatusName.ZH+" "+d.StageName.ZH), 1), label("时　　限"), cell(cmp.Or(day(d.Due), "无"), 1))
	row(label("当前承办"), cell(cmp.Or(d.holders(), "无"), 3))
	if text := instructed(d); text != "" {
		row(label("领导批示"), cell(text, 3))
	}
	for _, part := range d.Data {
		row(paper.Cell{Text: cmp.Or(part.Name.ZH, part.Step), Label: true, Span: 4})
		for _, f := range part.Fields {
			if !hiddenField(f) {
				row(label(cut(f.Label.ZH, 20)), cell(f.Display.ZH, 3))
			}
		}
	}
	units(facts, d)
	course := &paper.Table{Widths: []int{18, 18, 16, 38, 10}, Head: 1}
	course.Rows = append(course.Rows, []paper.Cell{label("时间"), label("办理"), label("办理人"), label("内容"), label("记录号")})
	for _, e := range d.Timeline {
		who := e.Actor.Name
		if e.Behalf != nil {
			who = e.Behalf.Name + "（" + who + "代）"
		}
		text := e.Text.ZH
		if e.Erased {
			text = "（内容已依法抹除）"
		}
		course.Rows = append(course.Rows, []paper.Cell{{Text: moment(e.Recorded), Mid: true}, cell(e.ActName.ZH, 1), {Text: who, Mid: true}, cell(text, 1), {Text: fmt.Sprint(e.Pos), Mid: true}})
	}
	return paper.Document{Form: paper.Slip, Title: "事项办理记录", Number: d.Number, Body: []paper.Block{{Table: facts}, paper.P(""), {Table: course}}}
}
