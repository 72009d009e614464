package paper

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

// editionDigests are the digests of the samples in this edition. When one
// changes, issued papers can no longer be written again: raise Edition.
var editionDigests = map[Form]string{
	File:   "0d30be853127217256ded398838ba8fa6c43589a195fd3ebbc5099f2a1ee625f",
	Letter: "da64b67b52f92a46ecbf12e3b33286a43edd0a62a784c1c168b1ef97edf9f29d",
	Brief:  "b47cd4d5f774862e496050192b5d58699a4848ba4096a49ec078af1ff4cc1409",
}

func TestSameBytes(t *testing.T) {
	if Edition != 1 {
		t.Fatal("a new edition: renew the digests")
	}
	for form, want := range editionDigests {
		a, err := Docx(sample(form))
		if err != nil {
			t.Fatal(err)
		}
		b, err := Docx(sample(form))
		if err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s: the same document gave other bytes (%v)", form, err)
		}
		sum := sha256.Sum256(a)
		if got := hex.EncodeToString(sum[:]); got != want {
			t.Errorf("%s: digest %s, want %s: the bytes have changed, so raise Edition and renew the digests", form, got, want)
		}
	}
}

// parts reads an archive and holds every part of it to be well-formed XML.
func parts(t testing.TB, data []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(text)
		if strings.HasSuffix(f.Name, ".png") {
			continue
		}
		dec := xml.NewDecoder(bytes.NewReader(text))
		for {
			if _, err := dec.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
		}
	}
	return out
}

// textOf gives what the runs of a part say.
func textOf(t testing.TB, part string) string {
	t.Helper()
	var b strings.Builder
	dec := xml.NewDecoder(strings.NewReader(part))
	in := false
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := tok.(type) {
		case xml.StartElement:
			in = e.Name.Local == "t"
		case xml.EndElement:
			in = false
		case xml.CharData:
			if in {
				b.Write(e)
			}
		}
	}
}

func TestDocxParts(t *testing.T) {
	data, err := Docx(sample(File))
	if err != nil {
		t.Fatal(err)
	}
	got := parts(t, data)
	doc := got["word/document.xml"]
	for _, want := range []string{
		`w:line="579" w:lineRule="exact"`, `<w:spacing w:val="-5"/>`, `<w:sz w:val="32"/>`, `w:eastAsia="仿宋_GB2312"`, `w:eastAsia="黑体"`, `w:eastAsia="楷体_GB2312"`,
		`w:eastAsia="方正小标宋简体"`, `<w:pgMar w:top="2098" w:right="1474" w:bottom="1984" w:left="1587"`, `<w:color w:val="FF0000"/>`, `r:embed="rId8"`,
	} {
		if !strings.Contains(doc, want) {
			t.Errorf("document.xml lacks %s", want)
		}
	}
	if strings.Contains(doc, "asciiTheme") || strings.Contains(got["word/styles.xml"], "Theme") {
		t.Error("a font of a theme is named")
	}
	if text := textOf(t, doc); !strings.Contains(text, "一、总体要求") || !strings.Contains(text, "（一）工作目标。") || !strings.Contains(text, "1.按时办结") || !strings.Contains(text, "（1）逐项反馈") {
		t.Errorf("levels: %.300s", text)
	}
	plain := sample(File)
	plain.Fonts = Plain
	data, err = Docx(plain)
	if err != nil {
		t.Fatal(err)
	}
	if doc := parts(t, data)["word/document.xml"]; strings.Contains(doc, "_GB2312") || strings.Contains(doc, "方正") {
		t.Error("plain fonts name one of GB 2312")
	}
}

// TestRareCharacters: what a font of GB 2312 does not hold is set in one that does.
func TestRareCharacters(t *testing.T) {
	d := Document{Form: Letter, Title: "关于喆镕𬭚的函", Issuer: "澄川市人民政府办公室", Body: []Block{P("李喆、𬭚三人：“引号”——破折号")}}
	data, err := Docx(d)
	if err != nil {
		t.Fatal(err)
	}
	doc := parts(t, data)["word/document.xml"]
	for _, c := range []struct{ font, text string }{
		{"仿宋", "喆"}, {"SimSun-ExtB", "𬭚"}, {"宋体", "喆镕"}, {"仿宋_GB2312", "三人：“引号”——破折号"},
	} {
		want := `w:eastAsia="` + c.font + `"`
		i := strings.Index(doc, ">"+c.text+"<")
		if i < 0 || !strings.Contains(doc[strings.LastIndex(doc[:i], "<w:rFonts"):i], want) {
			t.Errorf("%s is not set in %s", c.text, c.font)
		}
	}
}

func FuzzDocx(f *testing.F) {
	f.Add("标题<&>", "正文\x00\x1f]]>\r\n第二段\t", "单元格=1+1", "http://x/1")
	f.Add("", "", "", "")
	f.Add(strings.Repeat("长", 90), "\u2028𬭚\ufffe\xff", "一、", "back")
	f.Fuzz(func(t *testing.T, title, text, cell, back string) {
		if len(back) > 300 {
			back = back[:300]
		}
		d := Document{
			Form: File, Title: title, Issuer: cell, Number: cell, To: []string{text}, By: cell, Date: back, Back: back, Copies: []string{text}, Printer: cell, Annexes: []string{cell, text},
			Body: []Block{P(text), H(1, text), H(2, cell), {Table: &Table{Widths: []int{1, 2}, Rows: [][]Cell{{{Text: cell, Label: true}, {Text: text}}, {{Text: text, Span: 2}}, {{Text: "", Span: 9}}}}}},
		}
		for _, form := range []Form{File, Letter, Brief, Slip} {
			d.Form = form
			data, err := Docx(d)
			if err != nil {
				t.Fatal(err)
			}
			got := parts(t, data)
			if strings.Contains(textOf(t, got["word/document.xml"]), "\x00") {
				t.Error("a character that XML cannot hold")
			}
		}
		Lint(d)
		if data, err := Xlsx(Sheet{Name: title, Title: title, Head: []string{cell}, Rows: [][]string{{text}}}); err != nil {
			t.Fatal(err)
		} else {
			parts(t, data)
		}
	})
}

func TestTitleLines(t *testing.T) {
	for title, want := range map[string][]string{
		"关于报送材料的通知":                     {"关于报送材料的通知"},
		"关于做好新市民社保转移等事项办理工作的通知":         {"关于做好新市民社保转移等", "事项办理工作的通知"},
		"关于请尽快反馈新市民社保转移事项办理情况的函":        {"关于请尽快反馈新市民", "社保转移事项办理情况的函"},
		"关于印发《澄川市2026年优化营商环境重点任务清单》的通知": {"关于印发《澄川市2026年优化", "营商环境重点任务清单》的通知"},
		"手工\n断行的标题":                     {"手工", "断行的标题"},
	} {
		got := titleLines(title)
		if !cmp.Equal(got, want) {
			t.Errorf("%s: %q", title, got)
		}
	}
	for _, title := range []string{strings.Repeat("办理", 60), strings.Repeat("（", 50), strings.Repeat("1", 200)} {
		got := titleLines(title)
		if strings.Join(got, "") != title {
			t.Errorf("a title lost characters: %q", got)
		}
		for _, l := range got {
			if widthOf(l) > titleMost {
				t.Errorf("a line of %v characters", widthOf(l))
			}
		}
	}
}

func TestSignature(t *testing.T) {
	for _, c := range []struct {
		by        string
		sealed    bool
		name, day float64 // right indents
	}{
		{"市教育局", true, 5.5, 4},
		{"澄川市人力资源和社会保障局办公室综合科", true, 0, 6},
		{"澄川市人民政府办公室", false, 2, 3},
		{"市教育局", false, 7, 2},
		{"澄川市人力资源和社会保障局办公室综合科", false, 2, 12},
	} {
		l := Lay(Document{Form: Letter, Issuer: c.by, By: c.by, Date: "2026-11-23", Sealed: c.sealed, Title: "函"})
		n := len(l.Body)
		name, day := l.Body[n-2], l.Body[n-1]
		if name.Right != c.name || day.Right != c.day {
			t.Errorf("%s sealed %v: name %v, date %v from the right", c.by, c.sealed, name.Right, day.Right)
		}
	}
	if got := DateText("2026-01-05"); got != "2026年1月5日" {
		t.Error(got)
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int]string{1: "一", 9: "九", 10: "十", 11: "十一", 20: "二十", 34: "三十四", 99: "九十九", 100: "100"} {
		if got := han(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	var c counter
	var got []string
	for _, level := range []int{1, 2, 2, 3, 4, 4, 1, 2} {
		got = append(got, c.next(level))
	}
	if want := []string{"一、", "（一）", "（二）", "1.", "（1）", "（2）", "二、", "（一）"}; !cmp.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestLint(t *testing.T) {
	good := sample(File)
	good.Body = []Block{P("现就有关事项通知如下。"), H(1, "要求"), H(2, "按时办结。")}
	if flaws := Lint(good); len(flaws) > 0 {
		t.Fatalf("a sound document: %+v", flaws)
	}
	report := good
	report.Type, report.Title, report.Upward, report.Signers, report.To = "报告", "关于办理情况的报告", true, []string{"周望山"}, []string{"市人民政府"}
	ask := report
	ask.Type, ask.Title, ask.Copies, ask.Note = "请示", "关于开展试点的请示", nil, "联系人：林岑"
	for _, d := range []Document{report, ask} {
		if flaws := Lint(d); len(flaws) > 0 {
			t.Fatalf("a sound %s: %+v", d.Type, flaws)
		}
	}
	for _, c := range []struct {
		name, field string
		from        Document
		spoil       func(*Document)
	}{
		{"unknown type", "type", good, func(d *Document) { d.Type = "简报" }},
		{"title without type", "title", good, func(d *Document) { d.Title = "关于要求" }},
		{"square brackets", "number", good, func(d *Document) { d.Number = "澄政办[2026]12号" }},
		{"padded order", "number", good, func(d *Document) { d.Number = "澄政办〔2026〕012号" }},
		{"with 第", "number", good, func(d *Document) { d.Number = "澄政办〔2026〕第12号" }},
		{"short serial", "serial", good, func(d *Document) { d.Serial = "12" }},
		{"urgency", "urgency", good, func(d *Document) { d.Urgency = "很急" }},
		{"no mark", "issuer", good, func(d *Document) { d.Issuer = "" }},
		{"no recipient", "to", good, func(d *Document) { d.To = nil }},
		{"signers downward", "signers", good, func(d *Document) { d.Signers = []string{"周望山"} }},
		{"no signature", "by", good, func(d *Document) { d.By = "" }},
		{"no such day", "date", good, func(d *Document) { d.Date = "2026-02-30" }},
		{"printed before", "printed", good, func(d *Document) { d.Printed = "2026-11-01" }},
		{"annex with stop", "annexes/0", good, func(d *Document) { d.Annexes = []string{"清单。"} }},
		{"brackets in text", "body/0", good, func(d *Document) { d.Body = []Block{P("根据国办发[2026]3号文件")} }},
		{"padding in text", "body/0", good, func(d *Document) { d.Body = []Block{P("根据国办发〔2026〕03号文件")} }},
		{"padded day in text", "body/0", good, func(d *Document) { d.Body = []Block{P("于2026年01月05日前")} }},
		{"no text on this page", "body/0", good, func(d *Document) { d.Body = []Block{P("（此页无正文）")} }},
		{"level left out", "body/1", good, func(d *Document) { d.Body = []Block{H(1, "要求"), H(3, "一")} }},
		{"request in a report", "body", report, func(d *Document) { d.Body = []Block{P("以上意见妥否，请批示。")} }},
		{"report downward", "type", report, func(d *Document) { d.Upward, d.Signers = false, nil }},
		{"report without signer", "signers", report, func(d *Document) { d.Signers = nil }},
		{"request to two", "to", ask, func(d *Document) { d.To = []string{"市人民政府", "市委"} }},
		{"request copied", "copies", ask, func(d *Document) { d.Copies = []string{"各区"} }},
		{"request without contact", "note", ask, func(d *Document) { d.Note = "" }},
		{"two matters", "title", ask, func(d *Document) { d.Title = "关于开展试点和关于增加编制的请示" }},
	} {
		d := c.from
		c.spoil(&d)
		if flaws := Lint(d); !slices.ContainsFunc(flaws, func(f Flaw) bool { return f.Field == c.field }) {
			t.Errorf("%s is not found: %+v", c.name, flaws)
		}
	}
}

// TestXlsxNumbers: decimals of a column of numbers are numbers, whatever else stands
// there is text, and so is a decimal elsewhere.
func TestXlsxNumbers(t *testing.T) {
	numbers := map[string]string{"12.5": "12.5", "-7.1": "-7.1", "0": "0", "1.2.3": "", "=1": "", "-": "", "1e5": "", "+1": "", "": "", "<v>": "", "007": "7"}
	var rows [][]string
	for text := range numbers {
		rows = append(rows, []string{text, text})
	}
	data, err := Xlsx(Sheet{Name: "x", Head: []string{"文", "数"}, Numbers: []bool{false, true}, Rows: rows})
	if err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for i, row := range rows {
		for c, want := range []string{"", numbers[row[1]]} {
			axis, _ := excelize.CoordinatesToCellName(c+1, i+4)
			kind, err := f.GetCellType("x", axis)
			if number := kind != excelize.CellTypeInlineString; err != nil || number != (want != "") {
				t.Errorf("%q in %s is of type %v: %v", row[c], axis, kind, err)
			}
			if value, _ := f.GetCellValue("x", axis); want != "" && value != want {
				t.Errorf("%q became %q", row[c], value)
			}
		}
	}
}

func TestXlsx(t *testing.T) {
	data, err := Xlsx(Sheet{Name: "台账", Title: "督办事项台账", Under: "截至2026年11月23日", Head: []string{"编号", "事项"}, Widths: []float64{20, 40},
		Rows: [][]string{{"澄政督〔2026〕47号", "=HYPERLINK(\"http://x\")"}, {"+1", "第一行\n第二行"}}})
	if err != nil {
		t.Fatal(err)
	}
	parts(t, data)
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows("台账")
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"督办事项台账"}, {"截至2026年11月23日"}, {"编号", "事项"}, {"澄政督〔2026〕47号", "'=HYPERLINK(\"http://x\")"}, {"'+1", "第一行\n第二行"}}
	if !cmp.Equal(rows, want) {
		t.Error(cmp.Diff(want, rows))
	}
	if formula, err := f.GetCellFormula("台账", "B4"); err != nil || formula != "" {
		t.Errorf("a cell became the formula %q (%v)", formula, err)
	}
}
