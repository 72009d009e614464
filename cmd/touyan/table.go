package main

import (
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/width"
)

// table prints rows in columns that line up where Chinese characters are two
// columns wide, as terminals draw them.
type table struct {
	head []string
	rows [][]string
}

// maxColumn bounds a column's width but the last's, which runs on.
const maxColumn = 44

func (t table) print(w io.Writer) {
	all := append([][]string{t.head}, t.rows...)
	wide := make([]int, len(t.head))
	for _, row := range all {
		for i, cell := range row {
			wide[i] = min(maxColumn, max(wide[i], columns(cell)))
		}
	}
	for _, row := range all {
		var b strings.Builder
		for i, cell := range row {
			if i == len(row)-1 {
				b.WriteString(cell)
				break
			}
			cell = clip(cell, maxColumn)
			b.WriteString(cell + strings.Repeat(" ", wide[i]-columns(cell)+2))
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}

// columns gives how many columns of a terminal a text takes.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth, width.EastAsianAmbiguous:
		return 2
	}
	return 1
}

// clip shortens a text to so many columns.
func clip(s string, most int) string {
	if columns(s) <= most {
		return s
	}
	n := 0
	for i, r := range s {
		if n += runeColumns(r); n > most-2 {
			return s[:i] + "…"
		}
	}
	return s
}
