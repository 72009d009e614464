package report

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// rowsOnly compares rows without the inner places of a deadline.
func rowsOnly() cmp.Option { return cmpopts.IgnoreUnexported(Deadline{}) }

func TestParseList(t *testing.T) {
	due := Deadline{Text: "6月底前", Kind: ByMonth, Date: "2026-06-30"}
	full := Row{Task: "新建幼儿园8所", Lead: "市教育局", Assist: []string{"市财政局", "市住建局"}, Due: due}
	cases := []struct {
		name, text string
		want       []Row
	}{
		{"tabs", "新建幼儿园8所\t市教育局\t市财政局、市住建局\t6月底前", []Row{full}},
		{"bars", "| 新建幼儿园8所 | 市教育局 | 市财政局、市住建局 | 6月底前 |", []Row{full}},
		{"commas", "新建幼儿园8所,市教育局,市财政局、市住建局,6月底前", []Row{full}},
		{"quotes", `"新建幼儿园8所",市教育局,"市财政局,市住建局",6月底前`, []Row{full}},
		{"numbered", "1. 新建幼儿园8所\t市教育局\t市财政局、市住建局\t6月底前", []Row{full}},
		{"headings", "序号\t时限\t任务\t牵头单位\t配合单位\n1\t6月底前\t新建幼儿园8所\t市教育局\t市财政局 市住建局", []Row{{Task: "新建幼儿园8所", Lead: "市教育局", Assist: []string{"市财政局 市住建局"}, Due: due}}},
		{"markdown", "|任务|牵头单位|\n|---|:--|\n|新建幼儿园8所|市教育局|", []Row{{Task: "新建幼儿园8所", Lead: "市教育局", Assist: []string{}}}},
		{"tasks only", "新建幼儿园8所\n\n（2）改造小区", []Row{{Task: "新建幼儿园8所", Assist: []string{}}, {Task: "改造小区", Assist: []string{}}}},
		{"commas in numbers and Chinese commas", "减负1,200万元，惠及企业", []Row{{Task: "减负1,200万元，惠及企业", Assist: []string{}}}},
		{"several leads", "任务甲\t市教育局、市财政局", []Row{{Task: "任务甲", Lead: "市教育局", Assist: []string{"市财政局"}}}},
	}
	for _, c := range cases {
		rows, bad := ParseList(c.text, 2026)
		if len(bad) > 0 {
			t.Errorf("%s: %+v", c.name, bad)
			continue
		}
		for i := range rows {
			rows[i].Row = 0
		}
		if diff := cmp.Diff(c.want, rows, rowsOnly()); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestParseListFaults(t *testing.T) {
	cases := []struct {
		name, text string
		row        int
		column     string
	}{
		{"empty", "\n \n", 0, ""},
		{"no task", "任务甲\n\t市教育局", 2, colTask},
		{"bad date", "任务甲\n任务乙\t市教育局\t\t尽快", 2, colDue},
		{"a start is no limit", "任务甲\t\t\t2026年7月1日起", 1, colDue},
		{"long", strings.Repeat("长", maxCell+1), 1, colTask},
		{"too many columns", "甲\t乙\t\t\t\t多余", 1, ""},
		{"unknown heading", "任务\t资金来源\n甲\t乙", 1, ""},
		{"heading twice", "任务\t任务\n甲\t乙", 1, colTask},
		{"too many rows", strings.Repeat("任务\t\n", 1) + strings.Repeat("任务甲\n", maxRows+1), 0, ""},
		{"not text", "任务\xff", 0, ""},
	}
	for _, c := range cases {
		_, bad := ParseList(c.text, 2026)
		if len(bad) != 1 || bad[0].Row != c.row || bad[0].Column != c.column || bad[0].Text.ZH == "" || bad[0].Text.EN == "" {
			t.Errorf("%s: %+v", c.name, bad)
		}
	}
	_, bad := ParseList("\t甲\n任务\t\t\t身份证340101200001010000", 2026)
	for _, b := range bad {
		if strings.Contains(b.Text.ZH+b.Text.EN, "3401") {
			t.Error("a fault repeats what was typed")
		}
	}
	if len(bad) != 2 {
		t.Errorf("every faulty line must be told: %+v", bad)
	}
}

func FuzzList(f *testing.F) {
	f.Add("1. 任务\t单位\t单位、单位\t6月底前\n", 2026)
	f.Add("|任务|时限|\n|--|--|\n|甲|年底|", 2026)
	f.Add("\"a\"\"b\",c,1,234", 0)
	f.Fuzz(func(t *testing.T, text string, year int) {
		rows, bad := ParseList(text, year)
		if len(rows) == 0 && len(bad) == 0 {
			t.Error("neither a row nor a fault")
		}
		for _, r := range rows {
			if r.Task == "" || utf8.RuneCountInString(r.Task) > maxCell || r.Row < 1 {
				t.Errorf("bad row %+v", r)
			}
		}
		for _, b := range bad {
			if b.Text.ZH == "" || b.Text.EN == "" {
				t.Errorf("a fault without a sentence: %+v", b)
			}
		}
	})
}
