package report

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite golden files")

func rules(t testing.TB) Rules {
	t.Helper()
	r, err := DefaultRules()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// summary is what the golden file holds of a proposal.
type summary struct {
	Source     string   `json:"source"` // paragraph.sentence
	Title      string   `json:"title"`
	Clause     string   `json:"clause"`
	Verbs      []string `json:"verbs"`
	Quantities []string `json:"quantities"`
	Deadline   string   `json:"deadline"`
	Strength   Strength `json:"strength"`
	Lead       string   `json:"lead"`
	Assist     []string `json:"assist"`
	Headings   []string `json:"headings"`
}

func TestProposeGolden(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "city.txt"))
	if err != nil {
		t.Fatal(err)
	}
	docs, err := Read("city.txt", data)
	if err != nil {
		t.Fatal(err)
	}
	if docs[0].Year != 2026 {
		t.Fatalf("year %d, want 2026", docs[0].Year)
	}
	var got []summary
	for _, p := range Propose(docs[0], rules(t)) {
		got = append(got, short(p))
	}
	out, err := json.MarshalIndent(got, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "city.golden.json")
	if *update {
		if err := os.WriteFile(golden, append(out, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(out)+"\n"); diff != "" {
		t.Errorf("proposals changed (-want +got); if they should, run with -update:\n%s", diff)
	}
}

func short(p Proposal) summary {
	b := summary{
		Source: place(p), Title: p.Title, Clause: p.Clause, Verbs: p.Verbs, Strength: p.Strength,
		Lead: p.Lead.Unit, Headings: p.Sentence.Headings, Quantities: []string{}, Assist: []string{},
	}
	for _, q := range p.Quantities {
		line, _ := json.Marshal(struct {
			S string
			R Relation
			V float64
			H float64 `json:",omitempty"`
			U string
			B bool `json:",omitempty"`
		}{q.Subject, q.Relation, q.Value, q.High, q.Unit, q.Base})
		b.Quantities = append(b.Quantities, string(line))
	}
	if d := p.Deadline; d.Text != "" {
		b.Deadline = d.Text + " " + string(d.Kind) + " " + d.Date
		if d.Start {
			b.Deadline += " start"
		}
	}
	for _, a := range p.Assist {
		b.Assist = append(b.Assist, a.Unit)
	}
	return b
}

func place(p Proposal) string {
	out, _ := json.Marshal([2]int{p.Sentence.Paragraph, p.Sentence.Number})
	return string(out)
}

// one proposes from a bare text of 2026 and wants n proposals.
func one(t *testing.T, text string, n int) []Proposal {
	t.Helper()
	ps := Propose(NewDocument("t", "t", 2026, text), rules(t))
	if len(ps) != n {
		var got []string
		for _, p := range ps {
			got = append(got, p.Clause)
		}
		t.Fatalf("%q: %d proposals, want %d: %q", text, len(ps), n, got)
	}
	return ps
}

func TestHistoryIsNotProposed(t *testing.T) {
	for _, text := range []string{
		"过去五年，新增就业20万人。",
		"去年完成投资300亿元，增长8%。",
		"近年来，全市累计改造老旧小区400个。",
		"五年来建成公园30座。财政收入突破100亿元。",
		"目前全市60岁以上老人已达31万人。",
		"2024年建成了三条快速路。",
		"我们建成了12所学校。",
		"《国家中长期教育改革和发展规划纲要（2010—2020年）》是指导文件。",
		"坚持两个毫不动摇，深入实施安全生产治本攻坚三年行动。",
		"推动5G规模应用，办好第15届运动会。",
		"今年是“十五五”开局之年，任务十分繁重。",
	} {
		one(t, text, 0)
	}
}

func TestHistoryEndsWherePlanBegins(t *testing.T) {
	ps := one(t, "过去一年，我们建成学校12所。投资增长8%。今年要再建学校9所。", 1)
	if ps[0].Quantities[0].Value != 9 {
		t.Errorf("wrong sentence proposed: %q", ps[0].Clause)
	}
	one(t, "今年赤字率按3%安排，这是由于前几年连续减少了赤字。", 1)
}

func TestClausesSplit(t *testing.T) {
	cases := []struct {
		text string
		want []string // titles
	}{
		{"新建农村公路20公里，改造危房300户。", []string{"新建农村公路20公里", "改造危房300户"}},
		{"赤字率拟按4%左右安排、比上年提高1个百分点。", []string{"赤字率拟按4%左右安排"}},
		{"严禁拖欠工资，春节前全部清零。", []string{"严禁拖欠工资，春节前全部清零"}},
		{"常住人口城镇化率达到60%、户籍人口城镇化率达到45%。", []string{"常住人口城镇化率达到60%", "户籍人口城镇化率达到45%"}},
		{"到2027年，先进制造业比重大幅提升，劳动生产率提高到12万元。", []string{"先进制造业比重大幅提升", "劳动生产率提高到12万元"}},
		{"新增学位2000个，年底前完成。", []string{"新增学位2000个"}},
		{"今年要建成公园两座；明年启动博物馆建设。", []string{"建成公园两座", "启动博物馆建设"}},
		{"今年主要目标是：粮食产量50万吨；就业1万人。", []string{"粮食产量50万吨", "就业1万人"}},
		{"今年教育投入，由10亿元增加到12亿元。", []string{"教育投入，由10亿元增加到12亿元"}},
		{"新建幼儿园8所，增加2400个学位。", []string{"新建幼儿园8所", "增加2400个学位"}},
		{"收入90亿元，增加5亿元。", []string{"收入90亿元"}},
		{"两年内基本取消省界收费站。", []string{"基本取消省界收费站"}},
		{"自2026年7月1日起施行新标准。", []string{"施行新标准"}},
	}
	for _, c := range cases {
		var got []string
		for _, p := range one(t, c.text, len(c.want)) {
			got = append(got, p.Title)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%q: %s", c.text, diff)
		}
	}
}

func TestDeadlineReachesOn(t *testing.T) {
	ps := one(t, "到2028年，建成公园5座，新增停车位3000个。", 2)
	for _, p := range ps {
		if p.Deadline.Date != "2028-12-31" {
			t.Errorf("%q: date %q", p.Clause, p.Deadline.Date)
		}
	}
	ps = one(t, "6月底前建成公园5座，年底前新增停车位3000个。", 2)
	if ps[0].Deadline.Date != "2026-06-30" || ps[1].Deadline.Date != "2026-12-31" {
		t.Errorf("dates %q, %q", ps[0].Deadline.Date, ps[1].Deadline.Date)
	}
	if d := one(t, "新增学位2000个，9月底前完成。", 1)[0].Deadline.Date; d != "2026-09-30" {
		t.Errorf("a date that follows is lost: %q", d)
	}
}

// TestAnnouncedDateReachesTheList: the announcement may be a paragraph of its
// own.
func TestAnnouncedDateReachesTheList(t *testing.T) {
	ps := one(t, "今年的主要目标是：\n经济增长5%左右；新增就业3万人。\n新建学校9所。", 3)
	if ps[0].Deadline.Date != "2026-12-31" || ps[1].Deadline.Date != "2026-12-31" || ps[2].Deadline.Date != "" {
		t.Errorf("%q %q %q", ps[0].Deadline.Date, ps[1].Deadline.Date, ps[2].Deadline.Date)
	}
}

func TestStrength(t *testing.T) {
	for text, want := range map[string]Strength{
		"确保粮食产量50万吨。":       Must,
		"必须在6月底前完成整改。":      Must,
		"要新增就业3万人。":         Should,
		"新增就业3万人。":          Should,
		"力争新增就业3万人。":        Strive,
		"努力确保新增就业3万人。":      Strive,
		"鼓励社会力量新增床位300张。":   Encourage,
		"支持企业改造生产线40条。":     Encourage,
		"新增床位300张，并支持企业参与。": Should,
	} {
		if got := one(t, text, 1)[0].Strength; got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestSubjects(t *testing.T) {
	cases := []struct {
		text string
		want []string
	}{
		{"诉求按时办结率、群众满意率分别达到98%和95%以上。", []string{"诉求按时办结率", "群众满意率"}},
		{"城镇调查失业率控制在5.5%以内。", []string{"城镇调查失业率"}},
		{"今年改造1000户棚户区。", []string{"改造"}},
		{"低保标准由每月720元提高到760元。", []string{"低保标准", "低保标准提高"}},
		{"一律按不低于5%的幅度压减支出。", []string{"一律"}},
	}
	for _, c := range cases {
		var got []string
		for _, q := range one(t, c.text, 1)[0].Quantities {
			got = append(got, q.Subject)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%q: %s", c.text, diff)
		}
	}
}

func TestLeadUnits(t *testing.T) {
	for text, want := range map[string]string{
		"新建幼儿园8所。":              "jiaoyu",
		"城镇新增就业3万人。":            "renshe",
		"地区生产总值增长5%左右。":         "fagai",
		"财政赤字控制在3亿元以内。":         "caizheng",
		"改造老旧小区60个。":            "zhujian",
		"新建农村公路200公里。":          "jiaotong",
		"新增高标准农田5万亩。":           "nongye",
		"细颗粒物浓度下降3%。":           "shengtai",
		"森林覆盖率达到42%。":           "linye",
		"居民医保财政补助标准提高30元。":      "yibao",
		"一般公共预算收入增长4%。":         "caizheng",
		"普惠小微企业贷款增长20%以上。":      "jinrong",
		"社会消费品零售总额增长6%。":        "shangwu",
		"规模以上工业增加值增长7%。":        "gongxin",
		"新增发明专利800件。":           "shichang",
		"6月底前化解信访积案120件。":       "xinfang",
		"政务服务事项年底前全部一网通办。":      "zhengwu",
		"完成病险水库加固30座。":          "shuiwu",
		"新增养老床位500张。":           "minzheng",
		"开展审计项目40个。":            "shenji",
		"年底前完成国有企业公司制改革。":       "guozi",
		"新增托位2000个。":            "weijian",
		"6月底前开放公共数据目录300项。":     "shuju",
		"扑灭时间缩短1小时，森林防火无重特大事故。": "yingji",
	} {
		ps := one(t, text, 1)
		if ps[0].Lead.Unit != want {
			t.Errorf("%q: lead %q (%v), want %q", text, ps[0].Lead.Unit, ps[0].Lead.Words, want)
		}
	}
}

func TestNamedLeadComesFirst(t *testing.T) {
	p := one(t, "新建幼儿园8所。（市住建局牵头，市财政局配合）", 1)[0]
	if p.Lead.Unit != "zhujian" || !p.Lead.Named || len(p.Assist) == 0 || p.Assist[0].Unit != "caizheng" {
		t.Errorf("lead %+v, assist %+v", p.Lead, p.Assist)
	}
	p = one(t, "新增球场8片。", 1)[0]
	if p.Lead.Unit != "" || !strings.Contains(p.Reason.ZH, "请人工确定") {
		t.Errorf("a lead out of nothing: %+v %s", p.Lead, p.Reason.ZH)
	}
}

func TestTasksOnlyWhenAsked(t *testing.T) {
	text := "出台支持青年创业的若干措施。加快健全社会信用体系。"
	doc := NewDocument("t", "t", 2026, text)
	r := rules(t)
	if ps := Propose(doc, r); len(ps) != 0 {
		t.Errorf("proposed without being asked: %q", ps[0].Clause)
	}
	r.Tasks = true
	if ps := Propose(doc, r); len(ps) != 1 || !strings.HasPrefix(ps[0].Clause, "出台") {
		t.Errorf("want the one deliverable, got %d", len(ps))
	}
}

func TestIDsAreStableAndDistinct(t *testing.T) {
	text := "新增学位2000个，新建公园3座。新增学位2000个。"
	a := Propose(NewDocument("a", "", 2026, text), rules(t))
	b := Propose(NewDocument("b", "", 2026, text), rules(t))
	seen := map[string]bool{}
	for i := range a {
		if a[i].ID != b[i].ID {
			t.Errorf("id depends on the file's name")
		}
		if seen[a[i].ID] {
			t.Errorf("id %s twice", a[i].ID)
		}
		seen[a[i].ID] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d ids, want 3", len(seen))
	}
}

// TestProposeLaws holds for any text put together from pieces of reports.
func TestProposeLaws(t *testing.T) {
	r := rules(t)
	pieces := []string{"一、2025年工作回顾\n", "二、2026年重点任务\n", "（一）扩大投资\n", "今年", "力争", "到2027年，", "新增就业", "3.5万人以上", "，", "、", "；", "。", "\n", "\n\n", "“十五五”", "期间", "百分之五", "两成", "《规划（2030年）》", "（", "）", "：", "2026年6月底前", "比上年", "增长", "了", "过去一年，", "分别", "和", "1", "２", "亿元", "\u200b", "\t"}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 60).Draw(t, "pieces"), "")
		doc := NewDocument("x", "", 2026, text)
		checkProposals(t, doc, Propose(doc, r))
	})
}

type failer interface {
	Errorf(format string, args ...any)
	Helper()
}

// checkProposals checks what must hold of every proposal.
func checkProposals(t failer, doc Document, ps []Proposal) {
	t.Helper()
	seen := map[string]bool{}
	for _, p := range ps {
		switch {
		case p.Sentence.Part != Plan:
			t.Errorf("proposed from %s: %q", p.Sentence.Part, p.Clause)
		case seen[p.ID]:
			t.Errorf("id %s twice", p.ID)
		case p.Span.Start < p.Sentence.Span.Start || p.Span.End > p.Sentence.Span.End || p.Span.Start >= p.Span.End:
			t.Errorf("clause %v outside its sentence %v", p.Span, p.Sentence.Span)
		case plain(doc.Text[p.Span.Start:p.Span.End]) == "" || p.Title == "":
			t.Errorf("empty clause or title: %q", p.Clause)
		case len(p.Quantities) == 0 && p.Deadline.Text == "":
			t.Errorf("neither number nor date: %q", p.Clause)
		case p.Reason.ZH == "" || p.Reason.EN == "":
			t.Errorf("no reason: %q", p.Clause)
		}
		for _, q := range p.Quantities {
			if !strings.Contains(p.Clause, q.Text) {
				t.Errorf("quantity %q is not in %q", q.Text, p.Clause)
			}
		}
		seen[p.ID] = true
	}
}
