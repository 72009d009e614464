package statistics

import (
	"fmt"

	"github.com/xuri/excelize/v2"

	"touyan.dev/touyan/kernel/fault"
)

// The slips of the October bulletin: one city's total lost its point, which would
// make it the first of the province, and two cities' rows were taken for each
// other. The story does not rest on any of the three.
const (
	slipped    = "990800" // 和汀市
	swapped    = "990900" // 枫泽市, whose figures stand in the row of
	swappedFor = "991000" // 溪陵市
)

// Slips gives the codes of the cities whose figures in the October bulletin are
// wrong, and which figures: both of those that were swapped, the total alone of
// the other.
func Slips() map[string][]string {
	both := []string{"va_industry", "va_industry_rate"}
	return map[string][]string{slipped: {"va_industry"}, swapped: both, swappedFor: both}
}

// row is a line of the bulletin.
type row struct {
	name        string
	level, rate float64
}

// rows gives the bulletin's lines as they were printed: the province, then the
// cities in the order of their codes. The province's total is right, so the
// lines do not add up to it.
func rows() []row {
	all, list := industries(), cities()
	out := []row{{name: "全省"}}
	at := map[string]int{}
	var before float64
	for i, c := range list {
		at[c.code] = len(out)
		level := all[i].level(lastYear, october)
		out = append(out, row{c.name, level, all[i].growth(lastYear, october)})
		out[0].level += level
		before += all[i].level(lastYear-1, october)
	}
	out[0].rate = round(100*(out[0].level/before/(1+prices()[years-1]/100)-1), 1)
	out[at[slipped]].level = round(10*out[at[slipped]].level, 0)
	a, b := &out[at[swapped]], &out[at[swappedFor]]
	a.level, a.rate, b.level, b.rate = b.level, b.rate, a.level, a.rate
	return out
}

// October is the bulletin of 20 November 2026, laid out as such tables are: a
// title, the unit, a head of two lines with merged cells, the province above its
// cities, notes below. All figures are provisional.
func October() (File, error) {
	f := excelize.NewFile()
	defer f.Close() // a workbook in memory has nothing to close
	const name = "规模以上工业"
	s := &writing{f: f, sheet: name}
	s.try(f.SetSheetName("Sheet1", name))
	s.put("A1", "2026年1—10月澜江省各市规模以上工业增加值（初步统计）")
	s.put("C2", "单位：亿元、%")
	s.put("A3", "地  区")
	s.put("B3", "规模以上工业增加值")
	s.put("B4", "总量")
	s.put("C4", "增速")
	for _, m := range [][2]string{{"A1", "C1"}, {"A3", "A4"}, {"B3", "C3"}} {
		s.try(f.MergeCell(name, m[0], m[1]))
	}
	line := 5
	for _, r := range rows() {
		s.put(fmt.Sprintf("A%d", line), r.name)
		s.put(fmt.Sprintf("B%d", line), r.level)
		s.put(fmt.Sprintf("C%d", line), r.rate)
		line++
	}
	for _, note := range []string{
		"注：1.本表数据为初步数，以年报核实数为准。",
		"2.规模以上工业为年主营业务收入2000万元及以上的工业法人单位。",
		"3.总量按现价计算，增速按可比价格计算，均为1—10月累计。",
		"澜江省统计局　2026年11月20日",
	} {
		s.put(fmt.Sprintf("A%d", line), note)
		s.try(f.MergeCell(name, fmt.Sprintf("A%d", line), fmt.Sprintf("C%d", line)))
		line++
	}
	s.try(f.SetColWidth(name, "A", "C", 18))
	s.style(line)
	if s.err != nil {
		return File{}, fault.Wrap("statistics.October", s.err)
	}
	data, err := f.WriteToBuffer()
	if err != nil {
		return File{}, fault.Wrap("statistics.October", err)
	}
	return File{Name: "lanjiang-industry-2026-10_2026-11-20.xlsx", Data: data.Bytes(), Dataset: Monthly, Vintage: "2026-11-20", First: true,
		Note: fault.T("初步数。", "Provisional.")}, nil
}

// writing fills a sheet and keeps the first error.
type writing struct {
	f     *excelize.File
	sheet string
	err   error
}

func (s *writing) try(err error) {
	if s.err == nil {
		s.err = err
	}
}

func (s *writing) put(cell string, value any) { s.try(s.f.SetCellValue(s.sheet, cell, value)) }

// style sets title and head in bold and centred, and one decimal.
func (s *writing) style(line int) {
	head, err := s.f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{Horizontal: "center", Vertical: "center"}})
	s.try(err)
	s.try(s.f.SetCellStyle(s.sheet, "A1", "C1", head))
	s.try(s.f.SetCellStyle(s.sheet, "A3", "C4", head))
	form := "0.0"
	decimal, err := s.f.NewStyle(&excelize.Style{CustomNumFmt: &form})
	s.try(err)
	s.try(s.f.SetCellStyle(s.sheet, "B5", fmt.Sprintf("C%d", line), decimal))
}
