package report

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"touyan.dev/touyan/kernel/fault"
)

const sample = "2026年政府工作报告\n新建学校9所。\n"

func TestReadEncodings(t *testing.T) {
	gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	utf16 := []byte{0xff, 0xfe}
	for _, r := range sample {
		utf16 = append(utf16, byte(r), byte(r>>8))
	}
	for name, data := range map[string][]byte{
		"plain": []byte(sample), "bom": []byte("\ufeff" + sample), "gb18030": gb, "utf16": utf16, "gzip": zipped(t, []byte(sample)),
	} {
		docs, err := Read("a.txt", data)
		if err != nil || len(docs) != 1 || docs[0].Text != sample {
			t.Errorf("%s: %v %+v", name, err, docs)
			continue
		}
		if docs[0].Year != 2026 || docs[0].Title != "2026年政府工作报告" {
			t.Errorf("%s: year %d, title %q", name, docs[0].Year, docs[0].Title)
		}
	}
}

func zipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestYearIsTold(t *testing.T) {
	for text, want := range map[string]int{
		"一、2025年工作回顾\n好。\n二、2026年重点任务\n干。":  2026,
		"一、2025年工作回顾\n好。\n二、今年任务\n干。":       2026,
		"报告\n——2026年1月5日在会议上\n一、去年工作回顾\n好。": 2026,
		"2026年工作任务清单":                      2026,
		"到2035年基本实现现代化。":                   0,
		"一、“十四五”规划和2035年远景目标\n2026年重点工作\n": 2026,
	} {
		if got := NewDocument("x", "x", 0, text).Year; got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
	if got := NewDocument("澄江市2026年报告.txt", "", 0, "新建学校。").Year; got != 2026 {
		t.Errorf("the file's name tells 2026, got %d", got)
	}
}

func TestReadLines(t *testing.T) {
	docs, err := Read("c.jsonl", []byte(`{"title":"甲","content":"新建。","year":"2025"}`+"\n\n"+`{"title":"乙","content":"改建。","year":2024,"source":"s"}`+"\n"))
	if err != nil || len(docs) != 2 || docs[0].Year != 2025 || docs[1].Year != 2024 || docs[1].Title != "乙" {
		t.Fatalf("%v %+v", err, docs)
	}
	good := `{"content":"新建。"}` + "\n"
	for name, text := range map[string]string{
		"line 2": good + "{oops\n", "line 3": good + "\n" + `{"title":"x"}`, "line 1": `{"content":"x","year":"later"}`,
	} {
		_, err := Read("c.jsonl", []byte(text))
		if !fault.Is(err, fault.Invalid) || fault.Of(err).Fields[0].Path != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		data []byte
		kind fault.Kind
		says string
	}{
		"empty":        {"a.txt", []byte(" \n"), fault.Invalid, "空"},
		"old word":     {"a.doc", []byte("\xd0\xcf\x11\xe0rest"), fault.Invalid, ".docx"},
		"pdf":          {"a.pdf", []byte("%PDF-1.7"), fault.Invalid, "PDF"},
		"binary":       {"a.txt", []byte("好\n\x00\x01"), fault.Invalid, "提示"},
		"bad bytes":    {"a.txt", []byte("ok\n\xff\xff\xff"), fault.Invalid, "提示"},
		"broken gzip":  {"a.gz", []byte("\x1f\x8bnonsense"), fault.Invalid, "损坏"},
		"nested gzip":  {"a.gz", zipped(t, zipped(t, []byte("x"))), fault.Invalid, "压缩包"},
		"gzip bomb":    {"a.txt.gz", zipped(t, make([]byte, maxText+2)), fault.TooMuch, "4 MB"},
		"no documents": {"a.jsonl", []byte("\n \n{}"), fault.Invalid, "提示"},
		"long text":    {"a.txt", []byte(strings.Repeat("好", maxText/3+1)), fault.TooMuch, "4 MB"},
		"huge file":    {"a.txt", make([]byte, maxFile+1), fault.TooMuch, "32 MB"},
		"broken docx":  {"a.docx", []byte("PK\x03\x04nonsense"), fault.Invalid, "提示"},
	} {
		_, err := Read(c.file, c.data)
		if !fault.Is(err, c.kind) || !strings.Contains(fault.Of(err).Text.ZH, c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := Read("a.txt", []byte("甲\n乙\n\x00"))
	if f := fault.Of(err).Fields; len(f) != 1 || f[0].Path != "line 3" {
		t.Errorf("the line is not named: %+v", f)
	}
}

const wordHead = `<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:body>`

func docx(t testing.TB, body string) []byte {
	return archive(t, "word/document.xml", wordHead+body+"</w:body></w:document>")
}

func archive(t testing.TB, name, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, part := range [][2]string{{"[Content_Types].xml", "<Types/>"}, {name, content}} {
		w, err := z.Create(part[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(part[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReadDocx(t *testing.T) {
	body := `<w:p><w:pPr><w:pStyle w:val="1"/></w:pPr><w:r><w:t>2025年成绩</w:t></w:r></w:p>` +
		`<w:p><w:r><w:t>新建</w:t></w:r><w:r><w:t xml:space="preserve"> 9所</w:t></w:r><w:del><w:r><w:delText>作废</w:delText></w:r></w:del><w:r><w:instrText>PAGE</w:instrText><w:t>。</w:t></w:r><w:moveFrom><w:r><w:t>移走</w:t></w:r></w:moveFrom><w:r><w:drawing><w:p><w:r><w:t>图注</w:t></w:r></w:p></w:drawing></w:r></w:p>` +
		`<w:p><w:pPr><w:pStyle w:val="Heading2"/></w:pPr><w:r><w:t>教育</w:t></w:r></w:p>` +
		`<w:tbl><w:tr><w:tc><w:p><w:r><w:t>任务</w:t></w:r></w:p><w:p><w:r><w:t>甲</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>年底前</w:t></w:r></w:p></w:tc></w:tr></w:tbl>` +
		`<mc:AlternateContent><mc:Choice><w:p><w:r><w:t>一</w:t><w:br/><w:t>二</w:t></w:r></w:p></mc:Choice><mc:Fallback><w:p><w:r><w:t>重复</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent>`
	docs, err := Read("a.docx", docx(t, body))
	if err != nil {
		t.Fatal(err)
	}
	if want := "2025年成绩\n新建 9所。\n教育\n任务甲\t年底前\n一\n二\n"; docs[0].Text != want {
		t.Errorf("%q, want %q", docs[0].Text, want)
	}
	levels := map[string]int{}
	for _, m := range docs[0].marks {
		levels[docs[0].Text[m.at:m.at+6]] = m.level
	}
	if levels["教育"] != 2 || levels["2025年"[:6]] != 1 {
		t.Errorf("marks %+v", docs[0].marks)
	}
	ss := Split(docs[0])
	if ss[0].Part != Retrospect || !ss[0].Heading {
		t.Errorf("a heading known by its style alone is missed: %+v", ss[0])
	}
}

func TestDocxRefuses(t *testing.T) {
	deep := strings.Repeat("<w:p>", maxDepth+5) + "<w:t>新建</w:t>" + strings.Repeat("</w:p>", maxDepth+5)
	for name, c := range map[string]struct {
		data []byte
		part string
		kind fault.Kind
	}{
		"no document": {archive(t, "word/other.xml", "<x/>"), "word/document.xml", fault.Invalid},
		"bad xml":     {archive(t, "word/document.xml", wordHead+"<w:p>"), "word/document.xml", fault.Invalid},
		"no text":     {docx(t, "<w:p/>"), "word/document.xml", fault.Invalid},
		"deep":        {docx(t, deep), "word/document.xml", fault.Invalid},
		"bomb":        {archive(t, "word/document.xml", wordHead+strings.Repeat(" ", maxBody)), "", fault.TooMuch},
		"much text":   {docx(t, "<w:p><w:r>"+strings.Repeat("<w:t>好好好好好好好好好好好好好好好好好好好好好好好好好好好好好好好</w:t>", maxText/60)+"</w:r></w:p>"), "", fault.TooMuch},
	} {
		_, err := Read("a.docx", c.data)
		if !fault.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if f := fault.Of(err).Fields; c.part != "" && (len(f) != 1 || f[0].Path != c.part) {
			t.Errorf("%s: the part is not named: %+v", name, f)
		}
	}
}

func FuzzReadDocx(f *testing.F) {
	f.Add("<w:p><w:r><w:t>新建学校9所。</w:t></w:r></w:p>")
	f.Add("<w:tbl><w:tr><w:tc><w:p/></w:tc><w:tc/></w:tr></w:tbl>")
	f.Add("</w:tr></w:tc><w:br/>")
	f.Add("<!DOCTYPE x [<!ENTITY a 'b'>]><w:t>&a;</w:t>")
	f.Fuzz(func(t *testing.T, body string) {
		docs, err := Read("f.docx", docx(t, body))
		if err != nil {
			if fault.Of(err).Kind == fault.Internal {
				t.Errorf("an internal error for a bad file: %v", err)
			}
			return
		}
		for _, d := range docs {
			checkSpans(t, d, Split(d))
		}
		if _, err := Read("f.docx", []byte("PK\x03\x04"+body)); err == nil {
			t.Error("nonsense was read as an archive")
		}
	})
}

func TestPick(t *testing.T) {
	one, other := Document{Year: 2024, Hash: "a"}, Document{Year: 2025, Hash: "b"}
	for _, c := range []struct {
		docs []Document
		year int
		want string // hash, or a part of the error
	}{
		{[]Document{one}, 0, "a"},
		{[]Document{one, other}, 2025, "b"},
		{[]Document{one, other}, 0, "2024 2025"},
		{[]Document{one}, 2025, "2024"},
	} {
		got, err := Pick(c.docs, c.year)
		if err == nil && got.Hash != c.want || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%d of %d: %+v, %v", c.year, len(c.docs), got, err)
		}
	}
}
