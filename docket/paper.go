package docket

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/paper"
)

// Papers are composed from what a reader may see of a matter, by pure functions:
// the same page of a matter, day and address give the same Document, and that
// the same bytes. They know no kind of matter: they read its given form, the
// fields that its steps filled in, its parts and its timeline.

// Sort is one of the printed things of the docket.
type Sort string

// The sorts.
const (
	FollowSlip  Sort = "slip"      // 督办单
	AssignNote  Sort = "notice"    // 督办通知, as a file
	UrgeLetter  Sort = "urge"      // 催办函, as a letter
	ResultPaper Sort = "report"    // 办理情况报告, upward
	ProcessSlip Sort = "process"   // 文件处理单
	CircleSlip  Sort = "circulate" // 传阅单
	RecordPaper Sort = "record"    // 办理记录
	WeekBrief   Sort = "brief"     // 督查周报, of an office's week
)

// Name is the sort's name for people.
func (s Sort) Name() fault.Text {
	switch s {
	case FollowSlip:
		return fault.T("督办单", "Follow-up slip")
	case AssignNote:
		return fault.T("督办通知", "Assignment notice")
	case UrgeLetter:
		return fault.T("催办函", "Urging letter")
	case ResultPaper:
		return fault.T("办理情况报告", "Report of results")
	case ProcessSlip:
		return fault.T("文件处理单", "Processing slip")
	case CircleSlip:
		return fault.T("传阅单", "Circulation slip")
	case RecordPaper:
		return fault.T("办理记录", "Record of handling")
	case WeekBrief:
		return fault.T("督查周报", "Weekly brief")
	}
	return fault.Text{}
}

// sorts lists what can be made of a matter.
func sorts() []Sort {
	return []Sort{FollowSlip, AssignNote, UrgeLetter, ProcessSlip, CircleSlip, ResultPaper, RecordPaper}
}

// fits reports whether a sort makes sense for a matter, and why not.
func (s Sort) fits(d Detail) (fault.Text, bool) {
	switch {
	case s == UrgeLetter && d.Status != "open":
		return fault.T("事项已不在办理中，无需催办。", "The matter is no longer open: there is nothing to urge."), false
	case s == UrgeLetter && len(recipients(d)) == 0:
		return fault.T("尚未交办到单位，没有可催办的对象。", "No unit has it yet: there is nobody to urge."), false
	case s == AssignNote && (d.Parent != 0 || len(d.Kids) == 0):
		return fault.T("尚未交办到单位，不能发督办通知。", "No unit has it yet: there is nobody to notify."), false
	case s == ResultPaper && len(results(d)) == 0:
		return fault.T("还没有办理情况，不能起草报告。", "Nothing has been reported yet."), false
	case s == CircleSlip && d.Parent != 0:
		return fault.T("分办事项不传阅。", "A part of a matter is not circulated."), false
	}
	return fault.Text{}, true
}

// Around is what a paper needs beside the matter itself.
type Around struct {
	Office  string   // full name of the office, as its mark: 澄川市人民政府办公室
	City    string   // 澄川市
	Leaders []string // who signs upward documents, and who circulates
	Person  string   // who makes the paper
	Day     string   // YYYY-MM-DD
	ReplyBy string   // YYYY-MM-DD: until when an answer is asked for
	Words   string   // a paragraph of one's own
	Number  string   // drawn when issued; "" before
	Back    string   // where the QR code leads
	Fonts   paper.Fonts
	Draft   bool // not issued
}

// Compose makes a paper of a sort from a matter's page.
func Compose(s Sort, d Detail, a Around) paper.Document {
	var doc paper.Document
	switch s {
	case AssignNote:
		doc = noticeOf(d, a)
	case UrgeLetter:
		doc = urgingOf(d, a)
	case ResultPaper:
		doc = reportOf(d, a)
	case ProcessSlip:
		doc = processOf(d, a)
	case CircleSlip:
		doc = circulationOf(d, a)
	case RecordPaper:
		doc = recordOf(d, a)
	default:
		doc = slipOf(d, a)
	}
	doc.Back, doc.Fonts = a.Back, a.Fonts
	if doc.Form == paper.Slip {
		doc.Issuer = a.Office
		doc.Foot = fmt.Sprintf("%s制，%s。扫描右上角二维码查看事项、核验凭证。", a.Person, paper.DateText(a.Day))
		if a.Draft {
			doc.Foot = "样稿，尚未印发。" + doc.Foot
		}
	}
	return doc
}

// shortTitle is the length up to which a title stands in another title.
const shortTitle = 26

// briefly is how a title names the matter: by its own title if that is short,
// and by its number otherwise.
func briefly(d Detail) string {
	title := strings.TrimRight(strings.TrimSpace(d.Title), "。")
	if d.Number != "" && len([]rune(title)) > shortTitle {
		return d.Number + "督办事项"
	}
	return "“" + strings.NewReplacer("“", "‘", "”", "’").Replace(cut(title, 60)) + "”"
}

// cited names the matter in full with its number.
func cited(d Detail) string {
	title := "“" + strings.NewReplacer("“", "‘", "”", "’").Replace(strings.TrimRight(d.Title, "。")) + "”"
	if d.Number != "" {
		return title + "（" + d.Number + "）"
	}
	return title
}

// value gives the words of the first field of that name that the matter's steps
// or its given form filled in; later steps first.
func value(d Detail, names ...string) string {
	for i := len(d.Data) - 1; i >= 0; i-- {
		for _, f := range d.Data[i].Fields {
			if slices.Contains(names, f.Name) {
				if text := strings.TrimSpace(f.Display.ZH); text != "" {
					return text
				}
			}
		}
	}
	return ""
}

// given gives the fields of the form that the matter began with.
func given(d Detail) []shown {
	for _, part := range d.Data {
		if part.Step == "given" {
			return part.Fields
		}
	}
	return nil
}

// part is what one unit has of a matter.
type part struct {
	unit, role, task, due, stage string
	late                         bool
	left                         string
}

// partsOf gives the units' parts of a matter: who, as what, what is asked, until
// when, and where it stands. A part's own page has one.
func partsOf(d Detail) []part {
	asked := map[string]map[string]any{}
	for _, step := range d.Data {
		for _, f := range step.Fields {
			list, _ := f.Value.([]any)
			for _, item := range list {
				if m, ok := item.(map[string]any); ok {
					if unit, ok := m["unit"].(string); ok {
						asked[unit] = m
					}
				}
			}
		}
	}
	kids := d.Kids
	if d.Parent != 0 && len(kids) == 0 {
		kids = []Row{d.Row}
	}
	out := make([]part, 0, len(kids))
	for _, k := range kids {
		p := part{unit: k.UnitName.ZH, due: day(k.Due), stage: cmp.Or(k.StageName.ZH, k.StatusName.ZH)}
		if m := asked[fmt.Sprint(k.Unit)]; m != nil {
			role, _ := m["role"].(string)
			p.role = choice(role).ZH
			p.task, _ = m["task"].(string)
			limit, _ := m["limit"].(string)
			if l, err := calendar.ParseLimit(limit); p.due == "" && err == nil {
				p.due = l.Text().ZH
			}
		}
		if d.Parent != 0 {
			p.task = cmp.Or(p.task, value(d, "task"))
			p.role = cmp.Or(p.role, value(d, "role"))
		}
		if k.Remaining != nil && (k.Status == "open") {
			p.late, p.left = k.Remaining.Late, over(k.Remaining)
		}
		if k.Status == "closed" || k.Status == "withdrawn" {
			p.stage, p.due = k.StatusName.ZH, ""
		}
		out = append(out, p)
	}
	return out
}

// over says by how much a limit has passed, as documents do.
func over(r *remaining) string {
	if r.Days > 0 && r.Unit == "wd" {
		return fmt.Sprintf("超过时限%d个工作日", r.Days)
	}
	return "超过时限"
}

// day gives the day of an instant as documents write it.
func day(at string) string {
	if len(at) < len("2006-01-02") {
		return ""
	}
	return paper.DateText(at[:len("2006-01-02")])
}

// recipients are the units that still owe an answer.
func recipients(d Detail) []string {
	if d.Parent != 0 {
		return []string{d.UnitName.ZH}
	}
	var out []string
	for _, k := range d.Kids {
		if (k.Status == "open" || k.Status == "paused") && !slices.Contains(out, k.UnitName.ZH) {
			out = append(out, k.UnitName.ZH)
		}
	}
	return out
}

// result is what somebody reported about a matter.
type result struct{ who, at, text string }

// results gives what was reported, in order.
func results(d Detail) []result {
	var out []result
	for _, e := range d.Timeline {
		for _, f := range e.Fields {
			if (f.Name == "result" || f.Name == "summary") && strings.TrimSpace(f.Display.ZH) != "" {
				out = append(out, result{cmp.Or(e.UnitName.ZH, e.Actor.Name), day(e.Recorded), strings.TrimSpace(f.Display.ZH)})
			}
		}
	}
	return out
}
