package paper

import (
	"fmt"
	"strings"
)

// The set of cells: 12 pt on lines of 20 pt, in a slip as in a body.
const (
	cellSize = 24
	cellLine = 400
)

// longCell is the length from which a row may be divided between two pages.
const longCell = 160

// table writes a table with thin black rules. Rows stay whole on a page unless
// they are long, and head rows are repeated.
func (w *writer) table(t *Table) string {
	widths := t.spread(w.wide)
	var b strings.Builder
	fmt.Fprintf(&b, `<w:tbl><w:tblPr><w:tblW w:w="%d" w:type="dxa"/><w:jc w:val="center"/><w:tblBorders>`, w.wide)
	for _, side := range []string{"top", "left", "bottom", "right", "insideH", "insideV"} {
		fmt.Fprintf(&b, `<w:%s w:val="single" w:sz="4" w:space="0" w:color="000000"/>`, side)
	}
	b.WriteString(`</w:tblBorders><w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>`)
	for _, width := range widths {
		fmt.Fprintf(&b, `<w:gridCol w:w="%d"/>`, width)
	}
	b.WriteString(`</w:tblGrid>`)
	for i, row := range t.Rows {
		b.WriteString(w.row(row, widths, i < t.Head))
	}
	b.WriteString(`</w:tbl>`)
	return b.String()
}

// spread divides a width by the table's shares, to the last twip.
func (t *Table) spread(wide int) []int {
	sum := 0
	for _, share := range t.Widths {
		sum += share
	}
	out, before, from := make([]int, len(t.Widths)), 0, 0
	for i, share := range t.Widths {
		before += share
		to := wide * before / max(1, sum)
		out[i], from = to-from, to
	}
	return out
}

func (w *writer) row(row []Cell, widths []int, head bool) string {
	var b strings.Builder
	b.WriteString(`<w:tr><w:trPr>`)
	long, tall := false, 1
	for _, c := range row {
		long = long || len([]rune(c.Text)) > longCell
		tall = max(tall, c.Tall)
	}
	if !long {
		b.WriteString(`<w:cantSplit/>`)
	}
	fmt.Fprintf(&b, `<w:trHeight w:val="%d" w:hRule="atLeast"/>`, tall*cellLine+160)
	if head {
		b.WriteString(`<w:tblHeader/>`)
	}
	b.WriteString(`</w:trPr>`)
	col := 0
	for _, c := range row {
		span := min(max(1, c.Span), len(widths)-col)
		if span < 1 {
			break
		}
		wide := 0
		for _, n := range widths[col : col+span] {
			wide += n
		}
		col += span
		b.WriteString(w.cell(c, wide, span))
	}
	b.WriteString(`</w:tr>`)
	return b.String()
}

func (w *writer) cell(c Cell, wide, span int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/>`, wide)
	if span > 1 {
		fmt.Fprintf(&b, `<w:gridSpan w:val="%d"/>`, span)
	}
	b.WriteString(`<w:tcMar><w:top w:w="60" w:type="dxa"/><w:bottom w:w="60" w:type="dxa"/></w:tcMar>`)
	face, align := Fang, "left"
	if c.Label {
		face = Hei
	}
	if c.Label || c.Mid {
		align = "center"
	}
	if c.Label || c.Mid || c.Tall <= 1 {
		b.WriteString(`<w:vAlign w:val="center"/>`)
	}
	b.WriteString(`</w:tcPr>`)
	s := shape{size: cellSize, line: cellLine}
	for _, line := range lines(c.Text) {
		fmt.Fprintf(&b, `<w:p><w:pPr>`+onGrid+`<w:spacing w:line="%d" w:lineRule="exact"/><w:jc w:val="%s"/></w:pPr>%s</w:p>`, s.line, align, w.run(line, face, s))
	}
	b.WriteString(`</w:tc>`)
	return b.String()
}

// footFrame puts paragraphs on the lower edge of the text area of the page they
// come to stand on.
const footFrame = `<w:framePr w:w="%d" w:wrap="around" w:vAnchor="margin" w:hAnchor="margin" w:xAlign="left" w:yAlign="bottom"/>`

// footBlock writes the foot (版记): rules of 0.35 mm above and below it and of
// 0.25 mm between, as wide as the text area, the last on its lower edge (7.4.1).
// A letter's has no rules. It is one frame, because LibreOffice floats no table
// as wide as the area; the rules are lines of that height, filled, because the
// borders of a paragraph begin at its indent and divide the frame.
func (w *writer) footBlock() string {
	if len(w.l.Foot) == 0 {
		return ""
	}
	frame := fmt.Sprintf(footFrame, w.wide)
	rule := func(high int) string {
		if w.d.Form == Letter {
			return ""
		}
		return fmt.Sprintf(`<w:p><w:pPr>%s<w:shd w:val="clear" w:color="auto" w:fill="000000"/><w:spacing w:line="%d" w:lineRule="exact"/></w:pPr></w:p>`, frame, high)
	}
	const thick, thin = 20, 14 // 0.35 and 0.25 mm in twips
	var b strings.Builder
	for i, p := range w.l.Foot {
		if i == 0 {
			b.WriteString(rule(thick))
		} else {
			b.WriteString(rule(thin))
		}
		b.WriteString(w.para(p, frame))
	}
	b.WriteString(rule(thick))
	b.WriteString(`<w:p><w:pPr><w:spacing w:line="20" w:lineRule="exact"/></w:pPr></w:p>`)
	return b.String()
}
