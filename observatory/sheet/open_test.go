package sheet

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"touyan.dev/touyan/kernel/fault"
)

func TestA1(t *testing.T) {
	for want, at := range map[string][2]int{"A1": {0, 0}, "B7": {6, 1}, "Z10": {9, 25}, "AA1": {0, 26}, "AZ2": {1, 51}, "BA3": {2, 52}, "ZZ1": {0, 701}, "AAA1": {0, 702}} {
		if got := A1(at[0], at[1]); got != want {
			t.Errorf("%v is %s, not %s", at, got, want)
		}
	}
}

func TestOpenText(t *testing.T) {
	gb := func(s string) []byte {
		out, err := simplifiedchinese.GB18030.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return []byte(out)
	}
	for _, c := range []struct {
		name string
		data []byte
		want string // rows parted by /, cells by |
	}{
		{"commas", []byte("a,b\n1,2\n"), "a|b/1|2"},
		{"a mark of order", []byte("\xef\xbb\xbfa,b\r\n1,2\r\n"), "a|b/1|2"},
		{"semicolons", []byte("a;b\n1,5;2\n"), "a|b/1,5|2"},
		{"tabs and thousands", []byte("a,x\tb\n1,234\t2,345\n"), "a,x|b/1,234|2,345"},
		{"quotes", []byte("a,\"b,\nc\"\n1,2\n"), "a|b,\nc/1|2"},
		{"GB18030", gb("地区,地区生产总值（亿元）\n澄川市,1\n㐂县,2\n"), "地区|地区生产总值（亿元）/澄川市|1/㐂县|2"},
		{"lines of unequal length", []byte("title\na,b,c\n1,2\n"), "title||/a|b|c/1|2|"},
		{"an empty line keeps its place", []byte("a,b\n\n1,2\n,\n"), "a|b/|/1|2"},
		{"separators in quotes do not count", []byte("\"x;y\",b\n\"1;2\",3\n"), "x;y|b/1;2|3"},
	} {
		grids, err := Open("t.csv", c.data)
		if err != nil || len(grids) != 1 || grids[0].Name != "t.csv" {
			t.Errorf("%s: %v %v", c.name, grids, err)
			continue
		}
		if got := lay(grids[0]); got != c.want {
			t.Errorf("%s: %q, not %q", c.name, got, c.want)
		}
	}
}

func lay(g Grid) string {
	var rows []string
	for _, row := range g.Rows {
		rows = append(rows, strings.Join(row, "|"))
	}
	return strings.Join(rows, "/")
}

func TestOpenRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		kind fault.Kind
		want string
	}{
		{"nothing", nil, fault.Invalid, "holds nothing"},
		{"blanks", []byte(" ,\n\u3000,\u200b\n"), fault.Invalid, "holds nothing"},
		{"a quote", []byte("a,b\n\"s3cret,2\n"), fault.Invalid, "line 2: A quote is not closed"},
		{"bytes of no encoding", []byte("a,b\n\xff\xff\xff,2\n"), fault.Invalid, "encoding"},
		{"no text", []byte("a\x00b"), fault.Invalid, "no text"},
		{"an old workbook", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1xx"), fault.Invalid, ".xlsx"},
		{"a broken workbook", []byte("PK\x03\x04xxxx"), fault.Invalid, "damaged"},
		{"too many columns", []byte(strings.Repeat("1,", maxColumns+1)), fault.TooMuch, "split it"},
		{"too large", make([]byte, maxFile+1), fault.TooMuch, "32 MB"},
	} {
		_, err := Open("s3cret.csv", c.data)
		if !fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// book writes a workbook of sheets by their cells.
func workbook(t testing.TB, fill func(f *excelize.File) []error) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for _, err := range fill(f) {
		if err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// bulletin is a monthly bulletin as a workbook: merged title and header cells,
// per cents and months by their formats, a hidden and an empty sheet.
func bulletin(t testing.TB) []byte {
	return workbook(t, func(f *excelize.File) []error {
		const s = "Sheet1"
		percent, err1 := f.NewStyle(&excelize.Style{NumFmt: 10})
		month := `yyyy"年"m"月"`
		date, err2 := f.NewStyle(&excelize.Style{CustomNumFmt: &month})
		rounded := "0.0"
		short, err3 := f.NewStyle(&excelize.Style{CustomNumFmt: &rounded})
		_, err4 := f.NewSheet("底稿")
		_, err5 := f.NewSheet("空表")
		_, err6 := f.NewSheet("月度")
		errs := []error{err1, err2, err3, err4, err5, err6,
			f.MergeCell(s, "A1", "E1"), f.SetCellValue(s, "A1", "2026年1—10月全省各市主要经济指标"),
			f.SetCellValue(s, "E2", "单位：亿元、%"),
			f.MergeCell(s, "A3", "A4"), f.SetCellValue(s, "A3", "地区"),
			f.MergeCell(s, "B3", "C3"), f.SetCellValue(s, "B3", "规模以上工业增加值"), f.SetSheetRow(s, "B4", &[]any{"总量", "增速"}),
			f.MergeCell(s, "D3", "E3"), f.SetCellValue(s, "D3", "社会消费品零售总额"), f.SetSheetRow(s, "D4", &[]any{"总量", "增速"}),
			f.SetSheetRow(s, "A5", &[]any{"澄川市", 186.24, 0.064, 0.3, 0.049}),
			f.SetSheetRow(s, "A6", &[]any{"宁州市", 185.51, -0.0005, nil, 0.12}),
			f.SetCellStyle(s, "C5", "C6", percent), f.SetCellStyle(s, "E5", "E6", percent), f.SetCellStyle(s, "B5", "B6", short),
			f.SetCellFormula(s, "D6", "=SUM(B5:B6)"),
			f.SetSheetRow(s, "A7", &[]any{"云浦市", 7, 0.01, 3, 0.02}), f.SetSheetRow(s, "A8", &[]any{"东屏区", nil, 0.01, 3, 0.02}), f.MergeCell(s, "B7", "B8"),
			f.SetCellStyle(s, "C7", "C8", percent), f.SetCellStyle(s, "E7", "E8", percent),
			f.MergeCell(s, "A9", "E9"), f.SetCellValue(s, "A9", "注：本表为快报数。"),
			f.SetCellValue("底稿", "A1", "x"), f.SetSheetVisible("底稿", false),
			f.SetSheetRow("月度", "A1", &[]any{"月份", "地区", "固定资产投资（亿元）"}), f.SetSheetRow("月度", "A2", &[]any{46296, "澄川市", 12}),
			f.SetCellStyle("月度", "A2", "A2", date),
		}
		return errs
	})
}

func TestOpenWorkbook(t *testing.T) {
	grids, err := Open("b.xlsx", bulletin(t))
	if err != nil || len(grids) != 2 {
		t.Fatalf("%d sheets: %v", len(grids), err)
	}
	if got, want := lay(grids[1]), "月份|地区|固定资产投资（亿元）/2026-10|澄川市|12"; got != want || grids[1].Name != "月度" {
		t.Errorf("%q, not %q", got, want)
	}
	want := "2026年1—10月全省各市主要经济指标|2026年1—10月全省各市主要经济指标|2026年1—10月全省各市主要经济指标|2026年1—10月全省各市主要经济指标|2026年1—10月全省各市主要经济指标/" +
		"||||单位：亿元、%/地区|规模以上工业增加值|规模以上工业增加值|社会消费品零售总额|社会消费品零售总额/地区|总量|增速|总量|增速/" +
		"澄川市|186.24|6.4%|0.3|4.9%/宁州市|185.51|-0.05%|=SUM(B5:B6)|12%/云浦市|7|1%|3|2%/东屏区|7|1%|3|2%"
	if got := lay(grids[0]); !strings.HasPrefix(got, want+"/注：") {
		t.Errorf("\n%s, not\n%s", got, want)
	}
	s, notes := Guess(grids[0], lanjiang())
	if len(notes) > 0 || s.Layout != Cross || s.Period != "2026-10" || s.First != 4 || s.Last != 8 {
		t.Errorf("%+v %v", s, notes)
	}
	compare(t, "result", show(Read(grids[0], s, lanjiang())), []string{
		"990100 va_industry 2026-10 186.24 sum", "990100 va_industry_index 2026-10 106.4 sum", "990100 retail 2026-10 0.3 sum", "990100 retail_growth 2026-10 4.9 sum",
		"990200 va_industry 2026-10 185.51 sum", "990200 va_industry_index 2026-10 99.95 sum", "990200 retail_growth 2026-10 12 sum",
		"990300 va_industry_index 2026-10 101 sum", "990300 retail 2026-10 3 sum", "990300 retail_growth 2026-10 2 sum",
		"990102 va_industry_index 2026-10 101 sum", "990102 retail 2026-10 3 sum", "990102 retail_growth 2026-10 2 sum",
		"wrong D6 The formula has no saved value; open and save the file in a spreadsheet program, or write the value.",
		"wrong B7 This value stands in a merged cell, and it cannot be told which place it belongs to; unmerge it and write one value in each.",
		"wrong B8 This value stands in a merged cell, and it cannot be told which place it belongs to; unmerge it and write one value in each.",
	})
	s, _ = Guess(grids[1], lanjiang())
	compare(t, "by month", show(Read(grids[1], s, lanjiang())), []string{"990100 investment 2026-10 12"})
}

// TestTextsAndDays: digits written as text stay as they are whatever the format;
// days are counted from the year the workbook says.
func TestTextsAndDays(t *testing.T) {
	for from1904, want := range map[bool]string{false: "0.5|2026-10-01|50%|-3", true: "0.5|2030-10-02|50%|-3"} {
		data := workbook(t, func(f *excelize.File) []error {
			percent, err1 := f.NewStyle(&excelize.Style{NumFmt: 9})
			day, err2 := f.NewStyle(&excelize.Style{NumFmt: 14})
			return []error{err1, err2, f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &from1904}),
				f.SetCellStr("Sheet1", "A1", "0.5"), f.SetCellValue("Sheet1", "B1", 46296), f.SetCellValue("Sheet1", "C1", 0.5), f.SetCellValue("Sheet1", "D1", -3),
				f.SetCellStyle("Sheet1", "A1", "A1", percent), f.SetCellStyle("Sheet1", "B1", "B1", day), f.SetCellStyle("Sheet1", "C1", "C1", percent), f.SetCellStyle("Sheet1", "D1", "D1", day),
			}
		})
		grids, err := Open("t.xlsx", data)
		if err != nil {
			t.Fatal(err)
		}
		if got := lay(grids[0]); got != want {
			t.Errorf("from 1904 %v: %s, not %s", from1904, got, want)
		}
	}
}

// TestYearsAsDates: a year kept as a date is a year, by its format or by the head of
// its column, and yes or no is no number.
func TestYearsAsDates(t *testing.T) {
	data := workbook(t, func(f *excelize.File) []error {
		year := "yyyy"
		years, err1 := f.NewStyle(&excelize.Style{CustomNumFmt: &year})
		day, err2 := f.NewStyle(&excelize.Style{NumFmt: 14})
		out := []error{err1, err2}
		for i, row := range [][]any{{"地区", "年份", "地区生产总值"}, {"澄川市", 45292, 100}, {"宁州市", 45292, 90}, {"澄川市", 45657, 110}, {"宁州市", 45657, true}} {
			out = append(out, f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row))
		}
		return append(out, f.SetCellStyle("Sheet1", "B2", "B3", years), f.SetCellStyle("Sheet1", "B4", "B5", day), f.SetCellValue("Sheet1", "B4", 46023), f.SetCellValue("Sheet1", "B5", 46023))
	})
	grids, err := Open("t.xlsx", data)
	if err != nil {
		t.Fatal(err)
	}
	s, _ := Guess(grids[0], lanjiang())
	compare(t, "years", show(Read(grids[0], s, lanjiang())), []string{
		"990100 gdp 2024 100", "990200 gdp 2024 90", "990100 gdp 2026 110",
		"wrong C5 “TRUE” is no number; leave it empty when there is none.",
	})
}

// TestFormats: which formats of numbers are per cents and dates.
func TestFormats(t *testing.T) {
	for _, c := range []struct {
		id   int
		code string
		want form
	}{
		{0, "", asNumber}, {2, "", asNumber}, {9, "", asPercent}, {10, "", asPercent}, {14, "", asDay}, {17, "", asMonth}, {57, "", asMonth}, {31, "", asDay},
		{0, "0.0%", asPercent}, {0, `0.0"%"`, asNumber}, {0, "yyyy-mm-dd", asDay}, {0, `yyyy"年"m"月"`, asMonth}, {0, `[Red]#,##0.00`, asNumber}, {0, "yyyy", asYear}, {0, `yyyy"年"`, asYear}, {0, "[$-804]yyyy\"年\"m\"月\"d\"日\"", asDay},
	} {
		if got := formOf(c.id, c.code); got != c.want {
			t.Errorf("%d %s is %d, not %d", c.id, c.code, got, c.want)
		}
	}
	for in, want := range map[string]string{"0.064": "6.4", "-0.0005": "-0.05", "1": "100", "0": "0", "1.2345": "123.45", "0.1": "10", "-1.5": "-150"} {
		if got := shiftTwo(in); got != want {
			t.Errorf("%s × 100 is %s, not %s", in, got, want)
		}
	}
}

// FuzzRead: whatever the bytes, and whatever shape a person gives, an answer.
func FuzzRead(f *testing.F) {
	f.Add([]byte("地区,地区生产总值（亿元）,增速\n澄川市,1,2%\n"), 0, 1, 2, 0)
	f.Add([]byte("2026年1—10月\n指标\t单位\t1—10月\nGDP\t万元\t1e9\n注：\n"), 1, 2, 3, -1)
	f.Add([]byte("城市,2023年,2024—2025年\n澄川,=A1,*\n"), 5, 3, 1, 9)
	f.Add([]byte("2026年\n年份\t月份\t澄川市\t宁州市\n单位\t\t万元\t%\n2025\t1-2\t1\t2\n\t3\t3\t①\n"), 1, 3, 4, 1)
	f.Add([]byte("各市地区生产总值\n指标,澄川市,,宁州市,\n,总量,增速,2024,2025\nGDP,1,2,3,4\n"), 1, 3, 4, 1)
	f.Add(bulletin(f), 0, 0, 0, 0)
	k := lanjiang()
	f.Fuzz(func(t *testing.T, data []byte, head, first, last, col int) {
		grids, err := Open("f.csv", data)
		if err != nil {
			if fault.Is(err, fault.Internal) {
				t.Fatal(err)
			}
			return
		}
		for _, g := range grids {
			s, _ := Guess(g, k)
			r := Read(g, s, k)
			for _, c := range r.Cells {
				if c.Row < s.First || c.Row >= s.Last || c.Missing && c.Value != 0 {
					t.Fatalf("%+v of %+v", c, s)
				}
			}
			if again, _ := Guess(g, k); fmt.Sprint(again) != fmt.Sprint(s) || fmt.Sprint(Read(g, again, k)) != fmt.Sprint(r) {
				t.Fatal("another answer the second time")
			}
			s.Head, s.First, s.Last, s.SubjectCol, s.ValueCol = head, first, last, col, col
			Read(g, s, k)
		}
	})
}
