package paper

import (
	"encoding/xml"
	"fmt"
	"math"
	"strings"
)

// writer writes the parts of one document.
type writer struct {
	d    Document
	l    Laid
	wide int // of the text area, twips
}

// shape says how a style is set: size in half points, exact line in twips.
type shape struct {
	size, line int
	colour     string
	tight      bool // in the grid: characters stand closer
}

func (w *writer) shape(p Para) shape {
	switch p.Style {
	case Mark:
		return shape{size: int(p.Size * 2), line: int(p.Size * 20), colour: "FF0000"}
	case Heading:
		return shape{size: 44, line: 700}
	case Caption:
		return shape{size: 44, line: 800}
	case CC, Print:
		return shape{size: 28, line: 480}
	case Small:
		return shape{size: 24, line: 440}
	}
	return shape{size: 32, line: lineHigh, tight: true}
}

// em is the advance of a character of a shape, in twips.
func (s shape) em() float64 {
	if s.tight {
		return float64(s.size*10 + closer)
	}
	return float64(s.size * 10)
}

func twips(v float64) int { return int(math.Round(v)) }

// escape writes text for XML. What XML cannot hold becomes U+FFFD; line ends and
// tabs have been dealt with and become spaces.
func escape(text string) string {
	var b strings.Builder
	text = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == '\t' {
			return ' '
		}
		return r
	}, text)
	_ = xml.EscapeText(&b, []byte(text)) // a Builder never fails
	return b.String()
}

// run writes text of one face, divided by the fonts it needs. All four names are
// given, so that quotation marks and dashes are never taken from a Latin font.
func (w *writer) run(text string, face Face, s shape) string {
	var b strings.Builder
	for _, part := range stretches(text) {
		font := w.d.Fonts.name(face, part.rare, part.far)
		fmt.Fprintf(&b, `<w:r><w:rPr><w:rFonts w:ascii="%[1]s" w:hAnsi="%[1]s" w:eastAsia="%[1]s" w:cs="%[1]s" w:hint="eastAsia"/>`, font)
		if s.colour != "" {
			fmt.Fprintf(&b, `<w:color w:val="%s"/>`, s.colour)
		}
		if s.tight {
			fmt.Fprintf(&b, `<w:spacing w:val="%d"/>`, closer)
		}
		fmt.Fprintf(&b, `<w:sz w:val="%[1]d"/><w:szCs w:val="%[1]d"/></w:rPr><w:t xml:space="preserve">%[2]s</w:t></w:r>`, s.size, escape(part.text))
	}
	return b.String()
}

// para writes a paragraph. more goes into its properties, before the indents.
func (w *writer) para(p Para, more string) string {
	s := w.shape(p)
	var b strings.Builder
	b.WriteString(`<w:p><w:pPr>`)
	if p.Keep || p.Style == Heading || p.Style == Caption || p.Style == Mark {
		b.WriteString(`<w:keepNext/>`)
	}
	b.WriteString(more + `<w:widowControl w:val="0"/>`)
	if p.Rule {
		fmt.Fprintf(&b, `<w:pBdr><w:bottom w:val="single" w:sz="12" w:space="%d" w:color="FF0000"/></w:pBdr>`, ruleBelow)
	}
	if len(p.Far) > 0 {
		fmt.Fprintf(&b, `<w:tabs><w:tab w:val="right" w:pos="%d"/></w:tabs>`, w.wide-twips(p.Right*s.em()))
	}
	fmt.Fprintf(&b, onGrid+`<w:spacing w:before="%d" w:line="%d" w:lineRule="exact"/>`, twips(p.Before*lineHigh), s.line)
	b.WriteString(w.indent(p, s))
	if p.Align != "" {
		fmt.Fprintf(&b, `<w:jc w:val="%s"/>`, p.Align)
	} else if len(p.Far) > 0 {
		b.WriteString(`<w:jc w:val="left"/>`)
	}
	b.WriteString(`</w:pPr>`)
	if p.QR {
		b.WriteString(w.code())
	}
	if len(p.Far) > 0 && p.Rule && p.Left > 0 { // the rule is as wide as the area, so the indent is a space
		b.WriteString(w.run(strings.Repeat("　", int(p.Left)), Fang, s))
	}
	for _, r := range p.Runs {
		b.WriteString(w.run(r.Text, r.Face, s))
	}
	if len(p.Far) > 0 {
		b.WriteString(`<w:r><w:tab/></w:r>`)
	}
	for _, r := range p.Far {
		b.WriteString(w.run(r.Text, r.Face, s))
	}
	b.WriteString(`</w:p>`)
	return b.String()
}

// onGrid keeps a paragraph's characters on the grid: no punctuation outside the
// text area, no space between Han and digits. LibreOffice takes it from the
// paragraph only, not from its style.
const onGrid = `<w:overflowPunct w:val="0"/><w:autoSpaceDE w:val="0"/><w:autoSpaceDN w:val="0"/><w:adjustRightInd w:val="0"/><w:snapToGrid w:val="0"/>`

// ruleBelow is how far the red rule lies below its line, in pt: the line holds
// some 4 pt under its characters, and 4 mm are asked for (7.2.7).
const ruleBelow = 8

func (w *writer) indent(p Para, s shape) string {
	left, right, first := p.Left, p.Right, p.First
	if len(p.Far) > 0 {
		right = 0
		if p.Rule {
			left = 0
		}
	}
	if left == 0 && right == 0 && first == 0 {
		return ""
	}
	out := fmt.Sprintf(`<w:ind w:left="%d" w:right="%d"`, twips(left*s.em()), twips(right*s.em()))
	switch {
	case first > 0:
		out += fmt.Sprintf(` w:firstLine="%d"`, twips(first*s.em()))
	case first < 0:
		out += fmt.Sprintf(` w:hanging="%d"`, twips(-first*s.em()))
	}
	return out + `/>`
}

// code places the QR code at the left edge, beside its paragraph, or for a slip
// in the upper right corner.
func (w *writer) code() string {
	const mm = 36000
	side := 20 * mm
	across, down := `<wp:posOffset>0</wp:posOffset>`, `<wp:positionV relativeFrom="paragraph"><wp:posOffset>0</wp:posOffset></wp:positionV>`
	if w.d.Form == Slip {
		across = `<wp:align>right</wp:align>`
		down = `<wp:positionV relativeFrom="paragraph"><wp:posOffset>300000</wp:posOffset></wp:positionV>`
	}
	return fmt.Sprintf(`<w:r><w:drawing><wp:anchor distT="0" distB="0" distL="0" distR="0" simplePos="0" relativeHeight="1" behindDoc="1" locked="0" layoutInCell="1" allowOverlap="1"><wp:simplePos x="0" y="0"/><wp:positionH relativeFrom="margin">%[2]s</wp:positionH>%[3]s<wp:extent cx="%[1]d" cy="%[1]d"/><wp:wrapNone/><wp:docPr id="1" name="qr" descr="二维码"/><wp:cNvGraphicFramePr/><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr><pic:cNvPr id="1" name="qr.png"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="rId8"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="%[1]d" cy="%[1]d"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:anchor></w:drawing></w:r>`, side, across, down)
}

func (w *writer) document() string {
	var b strings.Builder
	b.WriteString(prolog + `<w:document` + spaces + `><w:body>`)
	for _, p := range w.l.Body {
		if p.Table != nil {
			b.WriteString(w.table(p.Table))
			continue
		}
		b.WriteString(w.para(p, ""))
	}
	b.WriteString(w.footBlock())
	b.WriteString(w.section())
	b.WriteString(`</w:body></w:document>`)
	return b.String()
}

func (w *writer) section() string {
	top, right, bottom, left, head, foot := marginTop, marginRight, marginBottom, marginLeft, 851, footerFrom
	first := ""
	switch w.d.Form {
	case Letter:
		head, foot, first = letterTop, letterFoot, `<w:titlePg/>`
	case Slip:
		top, right, bottom, left, head, foot = slipTop, slipRight, slipBottom, slipLeft, 567, 567
	}
	return fmt.Sprintf(`<w:sectPr><w:headerReference w:type="default" r:id="rId4"/><w:headerReference w:type="even" r:id="rId4"/><w:headerReference w:type="first" r:id="rId3"/><w:footerReference w:type="default" r:id="rId5"/><w:footerReference w:type="even" r:id="rId6"/><w:footerReference w:type="first" r:id="rId7"/><w:pgSz w:w="%d" w:h="%d"/><w:pgMar w:top="%d" w:right="%d" w:bottom="%d" w:left="%d" w:header="%d" w:footer="%d" w:gutter="0"/>%s</w:sectPr>`,
		pageWide, pageHigh, top, right, bottom, left, head, foot, first)
}

// letterTop is the distance of the letter's head from the page's upper edge: the
// ink of the mark begins 30 mm below it.
const letterTop = 1735

// The double rules of a letter are 170 mm long and stand in the page's middle,
// so they begin 8 mm left of the text area and end 6 mm right of it (10.1).
const doubleRule = `<w:ind w:left="-454" w:right="-340"/>`

// firstHeader holds a letter's mark and first double rule.
func (w *writer) firstHeader() string {
	out := prolog + `<w:hdr` + spaces + `>`
	for _, p := range w.l.Top {
		out += w.para(p, "")
	}
	if len(w.l.Top) > 0 {
		out += `<w:p><w:pPr><w:pBdr><w:top w:val="thickThinMediumGap" w:sz="18" w:space="0" w:color="FF0000"/></w:pBdr><w:spacing w:before="125" w:line="240" w:lineRule="exact"/>` + doubleRule + `</w:pPr></w:p>`
	} else {
		out += `<w:p/>`
	}
	return out + `</w:hdr>`
}

// firstFooter holds a letter's second double rule, 20 mm above the page's lower
// edge, in place of a number.
func (w *writer) firstFooter() string {
	out := prolog + `<w:ftr` + spaces + `>`
	if w.d.Form == Letter {
		out += `<w:p><w:pPr><w:pBdr><w:top w:val="thinThickMediumGap" w:sz="18" w:space="0" w:color="FF0000"/></w:pBdr><w:spacing w:line="20" w:lineRule="exact"/>` + doubleRule + `</w:pPr></w:p>`
	} else {
		out += `<w:p/>`
	}
	return out + `</w:ftr>`
}

// pageNumber writes — 1 — in size 4 of Song, one character from the edge (7.5).
func (w *writer) pageNumber(side string) string {
	s := shape{size: 28, line: 320}
	rpr := `<w:rPr><w:rFonts w:ascii="宋体" w:hAnsi="宋体" w:eastAsia="宋体" w:cs="宋体" w:hint="eastAsia"/><w:sz w:val="28"/><w:szCs w:val="28"/></w:rPr>`
	field := func(kind string) string { return `<w:r>` + rpr + `<w:fldChar w:fldCharType="` + kind + `"/></w:r>` }
	return prolog + `<w:ftr` + spaces + `><w:p><w:pPr>` + fmt.Sprintf(`<w:spacing w:line="%d" w:lineRule="exact"/><w:ind w:left="280" w:right="280"/><w:jc w:val="%s"/></w:pPr>`, s.line, side) +
		w.run("— ", Song, s) + field("begin") + `<w:r>` + rpr + `<w:instrText xml:space="preserve"> PAGE </w:instrText></w:r>` + field("separate") + w.run("1", Song, s) + field("end") +
		w.run(" —", Song, s) + `</w:p>` + w.underNumber() + `</w:ftr>`
}

// letterFoot is the distance of a letter's lower double rule from the page's
// edge. Its later pages' numbers stand as high as any, over a line that fills the
// difference.
const letterFoot = 1134

func (w *writer) underNumber() string {
	if w.d.Form != Letter {
		return ""
	}
	return fmt.Sprintf(`<w:p><w:pPr><w:spacing w:line="%d" w:lineRule="exact"/></w:pPr></w:p>`, footerFrom-letterFoot)
}

// styles gives the one style that all paragraphs begin with: nothing of a theme,
// no space that is not asked for, no lines kept together, no punctuation outside
// the text area.
func (w *writer) styles() string {
	font := w.d.Fonts.name(Fang, false, false)
	return prolog + `<w:styles` + spaces + `><w:docDefaults><w:rPrDefault><w:rPr>` +
		fmt.Sprintf(`<w:rFonts w:ascii="%[1]s" w:hAnsi="%[1]s" w:eastAsia="%[1]s" w:cs="%[1]s"/><w:sz w:val="32"/><w:szCs w:val="32"/><w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/>`, font) +
		`</w:rPr></w:rPrDefault><w:pPrDefault/></w:docDefaults><w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:pPr><w:widowControl w:val="0"/>` + onGrid + `<w:spacing w:before="0" w:after="0"/><w:jc w:val="both"/></w:pPr></w:style>` +
		`<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/><w:tblCellMar><w:top w:w="0" w:type="dxa"/><w:left w:w="80" w:type="dxa"/><w:bottom w:w="0" w:type="dxa"/><w:right w:w="80" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style></w:styles>`
}
