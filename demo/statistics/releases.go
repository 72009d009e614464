package statistics

import (
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"

	"touyan.dev/touyan/kernel/fault"
)

// lines writes a table of text, lines ended as spreadsheets end them.
type lines struct {
	text strings.Builder
	csv  *csv.Writer
}

func newLines(head ...string) *lines {
	s := &lines{}
	s.csv = csv.NewWriter(&s.text)
	s.csv.UseCRLF = true
	s.line(head...)
	return s
}

func (s *lines) line(cells ...string) {
	// A strings.Builder never fails.
	_ = s.csv.Write(cells)
}

func (s *lines) bytes() []byte {
	s.csv.Flush()
	return []byte(s.text.String())
}

func number(v float64, decimals int) string { return strconv.FormatFloat(v, 'f', decimals, 64) }

// The words a table has for how sure its figures are.
const (
	provisional = "初步数"
	final       = "最终数"
)

// release is one monthly publication of the months of some years.
type release struct {
	day         string
	from, until [2]int // year and month
	first       bool   // its figures are as far off from what they became as first ones are
	note        fault.Text
}

// releases lists what was published of the months until September 2026. A year's
// figures are revised with each release, and for good in March. Those of 2026 are
// the model's own, as nobody knows yet what they become.
func releases() []release {
	first := fault.T("初步数。", "Provisional.")
	again := fault.T("初步数，同时修订当年前几个月。", "Provisional; the earlier months of the year are revised.")
	done := fault.T("年报核实后的最终数。", "Final, as the annual reports have it.")
	return []release{
		{"2024-03-29", [2]int{1999, 1}, [2]int{2023, 12}, false, done},
		{"2024-11-20", [2]int{2024, 1}, [2]int{2024, 10}, true, first},
		{"2024-12-20", [2]int{2024, 1}, [2]int{2024, 11}, true, again},
		{"2025-03-28", [2]int{2024, 1}, [2]int{2024, 12}, false, done},
		{"2025-11-20", [2]int{2025, 1}, [2]int{2025, 10}, true, first},
		{"2025-12-19", [2]int{2025, 1}, [2]int{2025, 11}, true, again},
		{"2026-03-27", [2]int{2025, 1}, [2]int{2025, 12}, false, done},
		{"2026-10-20", [2]int{2026, 1}, [2]int{2026, 9}, false, first},
	}
}

// line writes a city's month, off by a part of what it became.
func (x *industry) line(s *lines, c city, year, month int, status string, off float64) {
	s.line(c.code, c.name, fmt.Sprintf("%d-%02d", year, month), status, number(x.level(year, month)*(1+off), 1), number(x.growth(year, month)+100*off, 1))
}

// whole reports whether the release gives its years for good.
func (r release) whole() bool { return r.until[1] == 12 }

func (r release) status() string {
	if r.whole() {
		return final
	}
	return provisional
}

// file writes one release.
func (r release) file(all []*industry) File {
	s := newLines("code", "name", "month", "status", "va_industry", "va_industry_rate")
	off := revised(r.until[0], r.until[1])
	for i, c := range cities() {
		for y := r.from[0]; y <= r.until[0]; y++ {
			for m := 1; m <= 12 && (y < r.until[0] || m <= r.until[1]); m++ {
				by := 0.0
				if r.first {
					by = off[c.code]
				}
				all[i].line(s, c, y, m, r.status(), by)
			}
		}
	}
	name := fmt.Sprintf("lanjiang-industry-%d-%02d_%s.csv", r.until[0], r.until[1], r.day)
	return File{Name: name, Data: s.bytes(), Dataset: Monthly, Vintage: r.day, First: !r.whole(), Note: r.note}
}

// History gives all that was published until September 2026, in the order of its
// days: the releases of months, and the yearbook.
func History() []File {
	all := industries()
	var out []File
	for _, r := range releases() {
		out = append(out, r.file(all))
	}
	return append(out[:len(out)-1:len(out)-1], yearbook(all), out[len(out)-1])
}

func industries() []*industry {
	var out []*industry
	for _, c := range cities() {
		out = append(out, c.industry())
	}
	return out
}

// December is the release of 21 December 2026: January to November, and the
// October figures revised, by which the rival is ahead after all. The slips of
// the October bulletin are mended in it.
func December() File {
	s := newLines("code", "name", "month", "status", "va_industry", "va_industry_rate")
	off := revised(lastYear, october+1)
	// What the story needs of the two: revised by −0.04 % and by +0.78 %.
	off[Home], off[Rival] = -.0004, .0078
	list := cities()
	for i, x := range industries() {
		for _, m := range []int{october, october + 1} {
			x.line(s, list[i], lastYear, m, provisional, off[list[i].code])
		}
	}
	return File{Name: "lanjiang-industry-2026-11_2026-12-21.csv", Data: s.bytes(), Dataset: Monthly, Vintage: "2026-12-21", First: true,
		Note: fault.T("初步数；同时修订2026年1—10月数据。", "Provisional; January to October 2026 is revised.")}
}
