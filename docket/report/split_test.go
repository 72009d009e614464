package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type piece struct {
	Part     Part
	Headings string
	Text     string
}

func pieces(text string, year int) []piece {
	var out []piece
	for _, s := range Split(NewDocument("t", "t", year, text)) {
		out = append(out, piece{s.Part, strings.Join(s.Headings, "/"), s.Text})
	}
	return out
}

func TestSplit(t *testing.T) {
	text := "各位代表：\n我作报告。\n一、2025年工作回顾\n投资增长。就业稳定！\n二、2026年重点任务\n（一）扩大投资\n抓好项目。开工三座桥梁。\n第一，修路。要新建道路。\n三、结束语\n谢谢。\n"
	want := []piece{
		{Preamble, "", "各位代表："},
		{Preamble, "", "我作报告。"},
		{Retrospect, "一、2025年工作回顾", "一、2025年工作回顾"},
		{Retrospect, "一、2025年工作回顾/投资增长", "投资增长。"},
		{Retrospect, "一、2025年工作回顾/投资增长", "就业稳定！"},
		{Plan, "二、2026年重点任务", "二、2026年重点任务"},
		{Plan, "二、2026年重点任务/（一）扩大投资", "（一）扩大投资"},
		{Plan, "二、2026年重点任务/（一）扩大投资/抓好项目", "抓好项目。"},
		{Plan, "二、2026年重点任务/（一）扩大投资/抓好项目", "开工三座桥梁。"},
		{Plan, "二、2026年重点任务/（一）扩大投资/第一，修路", "第一，修路。"},
		{Plan, "二、2026年重点任务/（一）扩大投资/第一，修路", "要新建道路。"},
		{Closing, "三、结束语", "三、结束语"},
		{Closing, "三、结束语", "谢谢。"},
	}
	if diff := cmp.Diff(want, pieces(text, 2026)); diff != "" {
		t.Error(diff)
	}
}

func TestPartsOfOddReports(t *testing.T) {
	cases := []struct {
		name, text string
		year       int
		want       map[string]Part // by the beginning of a sentence
	}{
		{"no headings at all", "新建学校3所。", 2026, map[string]Part{"新建": Plan}},
		{"nothing looks back", "为做好工作，制定清单。\n一、加强教育\n新建学校3所。", 2026, map[string]Part{"为做": Plan, "新建": Plan}},
		{"both ways in one heading", "一、1993年工作的回顾和1994年的基本方针\n过去的一年，增长百分之八。\n各位代表！今年工作的总体要求是稳。今年增长百分之九。\n二、发展农业\n扩种。", 1994,
			map[string]Part{"过去": Retrospect, "今年增长": Plan, "扩种": Plan}},
		{"a period behind and one ahead", "一、“十三五”时期成就和“十四五”时期目标\n五年来，建成学校。\n“十四五”时期，新建学校9所。", 2021,
			map[string]Part{"五年来": Retrospect, "“十四五”时期，": Plan}},
		{"retrospect inside the plan", "一、去年工作回顾\n好。\n二、关于规划纲要的说明和主要任务\n（一）“十五”期间经济社会发展主要情况\n增长9%。\n（二）今后五年主要任务\n增长7%。", 2006,
			map[string]Part{"增长9": Retrospect, "增长7": Plan}},
		{"unnumbered heading", "首先报告2001年的工作\n增长7%。\n一、扩大内需\n再增长7%。", 2002, map[string]Part{"增长": Retrospect, "再增长": Plan}},
		{"this year begins a paragraph", "一、去年工作回顾\n好。\n今年再建学校9所。", 0, map[string]Part{"好": Retrospect, "今年": Plan}},
		{"five years of achievement", "一、取得伟大成就的五年\n增长9%。\n二、再上新台阶\n增长8%。", 1993, map[string]Part{"增长9": Retrospect, "增长8": Plan}},
	}
	for _, c := range cases {
		for start, want := range c.want {
			found := false
			for _, p := range pieces(c.text, c.year) {
				if strings.HasPrefix(p.Text, start) {
					found = true
					if p.Part != want {
						t.Errorf("%s: %q is %s, want %s", c.name, p.Text, p.Part, want)
					}
				}
			}
			if !found {
				t.Errorf("%s: no sentence begins with %q", c.name, start)
			}
		}
	}
}

// TestHardBreaksAreUndone: pages copied from the web break lines at links.
func TestHardBreaksAreUndone(t *testing.T) {
	long := strings.Repeat("坚持稳中求进工作总基调，", 5) + "推动发展。"
	text := long + "\n\n" + long + "\n\n" + long + "\n\n今年广义货币M\n2\n增长12%左右。要落实《\n教育法\n》和规划，稳\n\u200b\n定就业１\u3000０万人。\n\n一是\n新建学校９所。\n"
	var got []string
	for _, p := range pieces(text, 2026)[3:] {
		got = append(got, p.Text)
	}
	want := []string{"今年广义货币M2增长12%左右。", "要落实《教育法》和规划，稳定就业10万人。", "一是新建学校9所。"}
	if diff := cmp.Diff(want, got[len(got)-3:]); diff != "" {
		t.Error(diff)
	}
}

// TestTornTitlesAreMended: a title torn from its brackets is one sentence even
// where each line is a paragraph.
func TestTornTitlesAreMended(t *testing.T) {
	got := pieces("落实《\n教育法\n》规定。\n新建学校3所", 2026)
	if len(got) != 2 || got[0].Text != "落实《教育法》规定。" {
		t.Errorf("%+v", got)
	}
}

// TestLinesOfAPlainListStay: in a list each line is a task.
func TestLinesOfAPlainListStay(t *testing.T) {
	got := pieces("新建学校3所\n改造小区9个\n植树20万株", 2026)
	if len(got) != 3 {
		t.Errorf("%d sentences, want 3: %v", len(got), got)
	}
}

func TestSentenceEnds(t *testing.T) {
	cases := map[string][]string{
		"我们说：“好。”再干。":                            {"我们说：“好。”", "再干。"},
		"《新时代。新征程》发布。完":                          {"《新时代。新征程》发布。", "完"},
		"建成学校9所。（市教育局牵头）再建。":                     {"建成学校9所。（市教育局牵头）", "再建。"},
		"建成学校9所。（含改建）再建。":                        {"建成学校9所。", "（含改建）再建。"},
		"什么？！好。":                                 {"什么？！", "好。"},
		"增长3.5%。增长4%。":                           {"增长3.5%。", "增长4%。"},
		"发展《" + strings.Repeat("长", 250) + "。完。": {"发展《" + strings.Repeat("长", 250) + "。", "完。"},
	}
	for text, want := range cases {
		var got []string
		for _, p := range pieces(text, 2026) {
			got = append(got, p.Text)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

// checkSpans checks that sentences cover the document in order and that each
// is the exact text of its span.
func checkSpans(t failer, doc Document, ss []Sentence) {
	t.Helper()
	end := 0
	for _, s := range ss {
		if s.Span.Start < end || s.Span.End <= s.Span.Start || s.Span.End > len(doc.Text) {
			t.Errorf("span %v after %d of %d", s.Span, end, len(doc.Text))
			return
		}
		if doc.Text[s.Span.Start:s.Span.End] != s.Source {
			t.Errorf("source of %v is not its text", s.Span)
		}
		if want, got := squeeze(s.Source), squeeze(s.Text); want != got {
			t.Errorf("text %q is not that of %q", got, want)
		}
		if len(s.at) != len([]rune(s.Text)) {
			t.Errorf("%d offsets for %q", len(s.at), s.Text)
		}
		if gap := squeeze(doc.Text[end:s.Span.Start]); gap != "" {
			t.Errorf("text lost before %v: %q", s.Span, gap)
		}
		end = s.Span.End
	}
	if gap := squeeze(doc.Text[end:]); gap != "" {
		t.Errorf("text lost at the end: %q", gap)
	}
}

// squeeze drops spaces and what has no width, and makes punctuation of one
// width, so that the source and the normalised text can be compared without
// the code under test.
func squeeze(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r <= ' ' || r == 0x7f || r == '\u00a0' || r == '\u00ad' || r == '\u3000' || r == '\ufeff' || r == '\u2060' || r >= '\u2000' && r <= '\u200f' || r >= '\u2028' && r <= '\u202f':
			continue
		case r >= '！' && r <= '～':
			r -= 0xFEE0
		case r == '﹪':
			r = '%'
		}
		b.WriteRune(r)
	}
	return b.String()
}

func FuzzSplit(f *testing.F) {
	f.Add("一、2025年工作回顾\n增长5%。\n二、2026年任务\n新建９所。（市教育局牵头）", 2026)
	f.Add("稳\n\u200b\n定\t《》（））“”。！？", 0)
	f.Add("\xff\xfe一，、", 1994)
	r, err := DefaultRules()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string, year int) {
		doc := NewDocument("f", "f", year, text)
		checkSpans(t, doc, Split(doc))
		checkProposals(t, doc, Propose(doc, r))
	})
}
