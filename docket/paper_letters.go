package docket

import (
	"fmt"
	"strings"

	"touyan.dev/touyan/kernel/paper"
)

// The official documents of the docket: they follow GB/T 9704 and pass its lint.

// urgingOf is a letter to the units that still owe an answer (催办函).
func urgingOf(d Detail, a Around) paper.Document {
	doc := letterOf(a)
	doc.Form, doc.Type, doc.Number = paper.Letter, "函", a.Number
	doc.Title = "关于请尽快反馈" + briefly(d) + "办理情况的函"
	doc.To = recipients(d)
	you := "你单位"
	if len(doc.To) > 1 {
		you = "你们"
	}
	open := openParts(d)
	doc.Body = append(doc.Body, paper.P(fmt.Sprintf("%s已交%s办理。截至%s，办理情况如下。", cited(d), you, paper.DateText(a.Day))))
	for i, p := range open {
		text := p.unit + "：现处于“" + p.stage + "”环节"
		switch {
		case p.late:
			text += "，办理时限为" + p.due + "，已" + p.left + "。"
		case p.due != "":
			text += "，办理时限为" + p.due + "。"
		default:
			text += "。"
		}
		if len(open) > 1 { // a list of short items needs no headings
			text = fmt.Sprintf("%d.%s", i+1, text)
		}
		doc.Body = append(doc.Body, paper.P(text))
	}
	ask := "请抓紧办理并书面反馈办理情况；暂时不能办结的，请说明原因、下一步安排和预计办结时间。"
	if a.ReplyBy != "" {
		ask = "请抓紧办理，并于" + paper.DateText(a.ReplyBy) + "前书面反馈办理情况；暂时不能办结的，请说明原因、下一步安排和预计办结时间。"
	}
	doc.Body = append(doc.Body, paper.P(ask))
	if a.Words != "" {
		doc.Body = append(doc.Body, paper.P(a.Words))
	}
	doc.Body = append(doc.Body, paper.P("特此函告。"))
	return doc
}

func openParts(d Detail) []part {
	var out []part
	for i, p := range partsOf(d) {
		if d.Parent != 0 || d.Kids[i].Status == "open" || d.Kids[i].Status == "paused" {
			out = append(out, p)
		}
	}
	return out
}

// letterOf is what all official documents of an office share.
func letterOf(a Around) paper.Document {
	return paper.Document{Issuer: a.Office, By: a.Office, Date: a.Day, Sealed: true, Note: "联系人：" + a.Person}
}

// noticeOf tells the units what they have been assigned (督办通知). Its number is
// the matter's.
func noticeOf(d Detail, a Around) paper.Document {
	doc := letterOf(a)
	doc.Form, doc.Type, doc.Number = paper.File, "通知", d.Number
	doc.Title = "关于做好" + briefly(d) + "办理工作的通知"
	var units []string
	for _, k := range d.Kids {
		units = append(units, k.UnitName.ZH)
	}
	doc.To = units
	doc.Printer, doc.Printed = a.Office, a.Day
	content := value(d, "content")
	if d.Instruction != nil && strings.TrimSpace(d.Instruction.Verbatim) == content {
		content = "" // what the leader said goes to nobody but by a slip
	}
	doc.Body = append(doc.Body, paper.P(fmt.Sprintf("根据工作安排，现将%s交你们办理，有关事项通知如下。", cited(d))))
	if content != "" {
		doc.Body = append(doc.Body, paper.H(1, "办理事项"), paper.P(content))
	}
	doc.Body = append(doc.Body, paper.H(1, "责任分工"))
	for _, p := range partsOf(d) {
		text := p.unit
		if p.role != "" {
			text += "（" + p.role + "）"
		}
		text += "。"
		if p.task != "" {
			text += strings.TrimRight(p.task, "。") + "。"
		}
		if p.due != "" {
			text += "办理时限：" + p.due + "。"
		}
		doc.Body = append(doc.Body, paper.H(2, text))
	}
	doc.Body = append(doc.Body, paper.H(1, "工作要求"))
	note := value(d, "note")
	if note != "" {
		doc.Body = append(doc.Body, paper.P(note))
	}
	ask := "请牵头单位会同协办单位按时限办理，办结后书面反馈；涉及多个单位的，由牵头单位汇总。"
	if a.ReplyBy != "" {
		ask += "办理情况请于" + paper.DateText(a.ReplyBy) + "前反馈。"
	}
	if a.Words != "" {
		doc.Body = append(doc.Body, paper.P(a.Words))
	}
	doc.Body = append(doc.Body, paper.P(ask))
	return doc
}

// reportOf tells the government above what came of a matter (办理情况报告).
func reportOf(d Detail, a Around) paper.Document {
	doc := letterOf(a)
	doc.Form, doc.Type, doc.Number, doc.Upward = paper.File, "报告", a.Number, true
	doc.Title = "关于" + briefly(d) + "办理情况的报告"
	doc.To = []string{a.City + "人民政府"}
	if len(a.Leaders) > 0 {
		doc.Signers = a.Leaders[:1]
	}
	doc.Printer, doc.Printed = a.Office, a.Day
	doc.Body = append(doc.Body, paper.P(fmt.Sprintf("现将%s的办理情况报告如下。", cited(d))))
	doc.Body = append(doc.Body, paper.H(1, "交办情况"))
	text := "该事项于" + day(d.Opened) + "登记"
	if len(d.Kids) > 0 {
		var units []string
		for _, p := range partsOf(d) {
			name := p.unit
			if p.role != "" {
				name += "（" + p.role + "）"
			}
			units = append(units, name)
		}
		text += "，交" + strings.Join(units, "、") + "办理"
	}
	doc.Body = append(doc.Body, paper.P(text+"。"))
	doc.Body = append(doc.Body, paper.H(1, "办理情况"))
	found := results(d)
	for _, r := range found {
		head := strings.TrimRight(r.text, "。") + "。"
		if r.who != "" {
			head = r.who + "（" + r.at + "）。" + head
		}
		doc.Body = append(doc.Body, paper.H(2, head))
	}
	if a.Words != "" {
		doc.Body = append(doc.Body, paper.H(1, "下一步安排"), paper.P(a.Words))
	}
	doc.Body = append(doc.Body, paper.P("特此报告。"))
	return doc
}
