package report

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"touyan.dev/touyan/kernel/fault"
)

// workbook writes rows to the first sheet and lets edit change it.
func workbook(t testing.TB, rows [][]any, edit func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, r := range rows {
		axis, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.SetSheetRow("Sheet1", axis, &r); err != nil {
			t.Fatal(err)
		}
	}
	if edit != nil {
		edit(f)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func heads() []any {
	return []any{"序号", "任务", "牵头单位", "协办单位", "时限", "备注"}
}

func TestParseSheet(t *testing.T) {
	data := workbook(t, [][]any{
		{"2026年重点任务清单"},
		heads(),
		{1, "新建幼儿园8所", "市教育局", "市财政局、市住建局", "6月底前", "民生"},
		{},
		{2, "改造小区60个", "市住建局", "", 46387, ""},
		{3, "植树20万株", "市林业局", "", 2026},
		{4},
	}, func(f *excelize.File) {
		if err := f.MergeCell("Sheet1", "A1", "F1"); err != nil {
			t.Fatal(err)
		}
	})
	rows, bad, err := ParseSheet(data, 2026)
	if err != nil || len(bad) > 0 {
		t.Fatal(err, bad)
	}
	want := []Row{
		{Row: 3, Task: "新建幼儿园8所", Lead: "市教育局", Assist: []string{"市财政局", "市住建局"}, Due: Deadline{Text: "6月底前", Kind: ByMonth, Date: "2026-06-30"}, Note: "民生"},
		{Row: 5, Task: "改造小区60个", Lead: "市住建局", Assist: []string{}, Due: Deadline{Text: "2026-12-31", Kind: ByDay, Date: "2026-12-31"}},
		{Row: 6, Task: "植树20万株", Lead: "市林业局", Assist: []string{}, Due: Deadline{Text: "2026年底前", Kind: ByYearEnd, Date: "2026-12-31"}},
	}
	if diff := cmp.Diff(want, rows, rowsOnly()); diff != "" {
		t.Error(diff)
	}
}

func TestMergedCells(t *testing.T) {
	data := workbook(t, [][]any{heads(), {1, "甲任务", "市教育局"}, {2, "乙任务"}, {3, "丙任务"}, {4, "丁任务", "市水利局"}}, func(f *excelize.File) {
		if err := f.MergeCell("Sheet1", "C2", "C4"); err != nil {
			t.Fatal(err)
		}
	})
	rows, bad, err := ParseSheet(data, 2026)
	if err != nil || len(bad) > 0 || len(rows) != 4 {
		t.Fatal(err, bad, rows)
	}
	for i, want := range []string{"市教育局", "市教育局", "市教育局", "市水利局"} {
		if rows[i].Lead != want {
			t.Errorf("row %d: lead %q, want %q", i, rows[i].Lead, want)
		}
	}
	data = workbook(t, [][]any{heads(), {1, "甲任务", "市教育局"}, {2, "", "市财政局"}}, func(f *excelize.File) {
		if err := f.MergeCell("Sheet1", "B2", "B3"); err != nil {
			t.Fatal(err)
		}
	})
	_, bad, err = ParseSheet(data, 2026)
	if err != nil || len(bad) != 1 || bad[0].Row != 3 || bad[0].Column != colTask {
		t.Errorf("a task merged over rows: %v %+v", err, bad)
	}
}

func TestFormulasAreNotRun(t *testing.T) {
	data := workbook(t, [][]any{heads(), {1, "甲任务", "市教育局"}, {2, "乙任务", "市财政局"}}, func(f *excelize.File) {
		if err := f.SetCellValue("Sheet1", "E3", 46387); err != nil {
			t.Fatal(err)
		}
		if err := f.SetCellFormula("Sheet1", "E3", "DATE(2030,1,1)"); err != nil {
			t.Fatal(err)
		}
		if err := f.SetCellValue("Sheet1", "D2", "=SUM(1,2)"); err != nil {
			t.Fatal(err)
		}
	})
	rows, bad, err := ParseSheet(data, 2026)
	if err != nil || len(bad) > 0 || len(rows) != 2 {
		t.Fatal(err, bad, rows)
	}
	if rows[1].Due.Date != "2026-12-31" {
		t.Errorf("the formula was run, or its saved value is lost: %q", rows[1].Due.Date)
	}
	if len(rows[0].Assist) == 0 || rows[0].Assist[0][0] != '=' {
		t.Errorf("text that looks like a formula must stay text: %q", rows[0].Assist)
	}
	data = workbook(t, [][]any{heads(), {1}}, func(f *excelize.File) {
		if err := f.SetCellFormula("Sheet1", "B2", `"a"&"b"`); err != nil {
			t.Fatal(err)
		}
	})
	_, bad, err = ParseSheet(data, 2026)
	if err != nil || len(bad) != 1 || bad[0].Row != 2 || bad[0].Column != colTask {
		t.Errorf("a formula without a value: %v %+v", err, bad)
	}
}

func TestSheetFaultsAreAllTold(t *testing.T) {
	data := workbook(t, [][]any{heads(), {1, "甲任务", "市教育局", "", "尽快"}, {2, "", "市教育局"}, {3, "丙任务", "", "", "", "", "多出的一列"}}, nil)
	_, bad, err := ParseSheet(data, 2026)
	if err != nil {
		t.Fatal(err)
	}
	var got [][2]any
	for _, b := range bad {
		got = append(got, [2]any{b.Row, b.Column})
	}
	if diff := cmp.Diff([][2]any{{2, colDue}, {3, colTask}, {4, ""}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseSheetRefuses(t *testing.T) {
	many := [][]any{heads()}
	for range maxRows + 20 {
		many = append(many, []any{1, "任务"})
	}
	for name, c := range map[string]struct {
		data []byte
		kind fault.Kind
	}{
		"no workbook": {[]byte("PK\x03\x04x"), fault.Invalid},
		"text":        {[]byte("任务,单位"), fault.Invalid},
		"no headings": {workbook(t, [][]any{{"甲"}, {"乙"}}, nil), fault.Invalid},
		"too large":   {make([]byte, maxFile+1), fault.TooMuch},
		"many rows":   {workbook(t, many, nil), fault.TooMuch},
	} {
		if _, _, err := ParseSheet(c.data, 2026); !fault.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, bad, err := ParseSheet(workbook(t, [][]any{heads()}, nil), 2026); err != nil || len(bad) != 1 {
		t.Errorf("an empty list: %v %+v", err, bad)
	}
	if _, bad, err := ParseSheet(workbook(t, [][]any{{"任务", "资金"}, {"甲", "1"}}, nil), 2026); err != nil || len(bad) != 1 || bad[0].Row != 1 {
		t.Errorf("an unknown column: %v %+v", err, bad)
	}
}

func TestTemplateCanBeFilledIn(t *testing.T) {
	data, err := Template()
	if err != nil {
		t.Fatal(err)
	}
	if _, bad, err := ParseSheet(data, 2026); err != nil || len(bad) != 1 || bad[0].Column != colTask {
		t.Errorf("the blank template holds no task: %v %+v", err, bad)
	}
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if diff := cmp.Diff([]string{"任务清单", "填写说明"}, f.GetSheetList()); diff != "" {
		t.Error(diff)
	}
	if err := f.SetSheetRow("任务清单", "A2", &[]any{1, "新建学校", "市教育局", "", "2026-06-30"}); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	rows, bad, err := ParseSheet(b.Bytes(), 2026)
	if err != nil || len(bad) > 0 || len(rows) != 1 || rows[0].Due.Date != "2026-06-30" {
		t.Errorf("%v %+v %+v", err, bad, rows)
	}
	// What the guide gives as examples must be read.
	for _, example := range []string{"2026-06-30", "6月底前", "二季度", "上半年", "年底前", "长期"} {
		if _, ok := ParseDeadline(example, 2026); !ok {
			t.Errorf("the guide's example %q is not read", example)
		}
	}
}

func FuzzSheet(f *testing.F) {
	f.Add(workbook(f, [][]any{heads(), {1, "甲任务", "市教育局", "", 46203}}, nil))
	f.Add(workbook(f, [][]any{{"任务"}, {"甲"}}, func(x *excelize.File) { _ = x.MergeCell("Sheet1", "A2", "A4") }))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, bad, err := ParseSheet(data, 2026)
		if err != nil {
			if fault.Of(err).Kind == fault.Internal {
				t.Errorf("an internal error for a bad file: %v", err)
			}
			return
		}
		if len(rows) == 0 && len(bad) == 0 {
			t.Error("neither a row nor a fault")
		}
	})
}
