package paper

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Sheet is a ledger (台账) as a workbook of one sheet.
type Sheet struct {
	Name    string     // of the tab
	Title   string     // above the table
	Under   string     // below the title: what is listed, and as of when
	Head    []string   // names of the columns
	Widths  []float64  // of the columns, in characters
	Numbers []bool     // columns whose decimals are numbers to reckon with; the others hold text
	Rows    [][]string // text
	Foot    string     // on each printed page
}

// Xlsx writes a sheet as OOXML: A4 across, its head repeated on each page. Every
// cell is text but the decimals of Numbers, so nothing that people typed can become
// a formula; what begins like one also gets an apostrophe, for whoever saves it as
// CSV. The same sheet gives the same bytes.
func Xlsx(s Sheet) ([]byte, error) {
	const main = "application/vnd.openxmlformats-officedocument.spreadsheetml."
	types := prolog + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="` + main + `sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="` + main + `worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="` + main + `styles+xml"/></Types>`
	return pack("paper.Xlsx", []part{
		{"[Content_Types].xml", types},
		{"_rels/.rels", relations(relation{"rId1", typeDocument, "xl/workbook.xml"})},
		{"xl/workbook.xml", s.workbook()},
		{"xl/worksheets/sheet1.xml", s.sheet()},
		{"xl/styles.xml", sheetStyles},
		{"xl/_rels/workbook.xml.rels", relations(relation{"rId1", office + "worksheet", "worksheets/sheet1.xml"}, relation{"rId2", office + "styles", "styles.xml"})},
	})
}

// sheetSpaces are the names of the parts' elements.
const sheetSpaces = ` xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`

// headRow is the row of the columns' names, below title and its line.
const headRow = 3

func (s Sheet) workbook() string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`[]:*?/\'`, r) {
			return -1
		}
		return r
	}, s.Name)
	if name == "" {
		name = "台账"
	}
	if utf8.RuneCountInString(name) > 31 {
		name = string([]rune(name)[:31])
	}
	return prolog + `<workbook` + sheetSpaces + `><sheets><sheet name="` + escape(name) + `" sheetId="1" r:id="rId1"/></sheets><definedNames><definedName name="_xlnm.Print_Titles" localSheetId="0">` +
		escape(fmt.Sprintf("'%s'!$%d:$%d", name, headRow, headRow)) + `</definedName></definedNames></workbook>`
}

func (s Sheet) sheet() string {
	var b strings.Builder
	b.WriteString(prolog + `<worksheet` + sheetSpaces + `><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><sheetViews><sheetView workbookViewId="0">`)
	fmt.Fprintf(&b, `<pane ySplit="%d" topLeftCell="A%d" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="18"/><cols>`, headRow, headRow+1)
	for i := range s.Head {
		wide := 14.0
		if i < len(s.Widths) {
			wide = s.Widths[i]
		}
		fmt.Fprintf(&b, `<col min="%[1]d" max="%[1]d" width="%.1[2]f" customWidth="1"/>`, i+1, wide)
	}
	b.WriteString(`</cols><sheetData>`)
	writeRow(&b, 1, []string{s.Title}, 1, nil)
	writeRow(&b, 2, []string{s.Under}, 2, nil)
	writeRow(&b, headRow, s.Head, 3, nil)
	for i, row := range s.Rows {
		writeRow(&b, headRow+1+i, row, 4, s.Numbers)
	}
	last := column(max(1, len(s.Head)) - 1)
	fmt.Fprintf(&b, `</sheetData><mergeCells count="2"><mergeCell ref="A1:%[1]s1"/><mergeCell ref="A2:%[1]s2"/></mergeCells>`, last)
	b.WriteString(`<pageMargins left="0.5" right="0.5" top="0.6" bottom="0.6" header="0.3" footer="0.3"/><pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/>`)
	// & begins a code in footers, which hold 255 characters.
	foot := []rune("&8" + strings.ReplaceAll(s.Foot, "&", "&&"))
	fmt.Fprintf(&b, `<headerFooter><oddFooter>%s</oddFooter></headerFooter></worksheet>`, escape("&R&8— &P —&L"+string(foot[:min(len(foot), 230)])))
	return b.String()
}

func writeRow(b *strings.Builder, n int, cells []string, style int, numbers []bool) {
	fmt.Fprintf(b, `<row r="%d">`, n)
	for i, text := range cells {
		if i < len(numbers) && numbers[i] && decimal.MatchString(text) {
			fmt.Fprintf(b, `<c r="%s%d" s="%d"><v>%s</v></c>`, column(i), n, numberStyle, text)
			continue
		}
		fmt.Fprintf(b, `<c r="%s%d" s="%d" t="inlineStr"><is><t xml:space="preserve">%s</t></is></c>`, column(i), n, style, cellText(text))
	}
	b.WriteString(`</row>`)
}

// decimal is what a number of a column of numbers looks like.
var decimal = regexp.MustCompile(`^-?\d{1,300}(\.\d{1,300})?$`)

// cellMost is how many characters a cell may hold.
const cellMost = 32_767

// formulaStarts are the characters by which a spreadsheet program may take text
// for a formula after a round trip through CSV, in half and in full width.
const formulaStarts = "=+-@\t\r\n|%＝＋－＠"

// cellText writes a cell: its line ends are kept.
func cellText(text string) string {
	// Blanks before its first character do not make a formula harmless.
	first, size := utf8.DecodeRuneInString(strings.TrimLeft(text, " \u00a0\u3000\u200b\ufeff"))
	if size > 0 && strings.ContainsRune(formulaStarts, first) {
		text = "'" + text
	}
	if utf8.RuneCountInString(text) > cellMost {
		text = string([]rune(text)[:cellMost])
	}
	parts := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, p := range parts {
		parts[i] = escape(p)
	}
	return strings.Join(parts, "\n")
}

// column names a column: A, B, … Z, AA.
func column(i int) string {
	name := ""
	for i++; i > 0; i = (i - 1) / 26 {
		name = string(rune('A'+(i-1)%26)) + name
	}
	return name
}

// numberStyle is the style of a cell that holds a number.
const numberStyle = 5

// sheetStyles holds the styles of title, line, head, cell and number: 1 to 5.
const sheetStyles = prolog + `<styleSheet` + sheetSpaces + `><fonts count="4"><font><sz val="11"/><name val="宋体"/></font><font><sz val="18"/><name val="方正小标宋简体"/></font><font><sz val="11"/><name val="黑体"/></font><font><sz val="11"/><name val="仿宋"/></font></fonts>` +
	`<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid"><fgColor rgb="FFF2F2F2"/></patternFill></fill></fills>` +
	`<borders count="2"><border/><border><left style="thin"/><right style="thin"/><top style="thin"/><bottom style="thin"/></border></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="6"><xf/>` +
	`<xf fontId="1" applyFont="1" applyAlignment="1"><alignment horizontal="center" vertical="center"/></xf><xf fontId="3" applyFont="1" applyAlignment="1"><alignment horizontal="left"/></xf>` +
	`<xf fontId="2" fillId="2" borderId="1" applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1"><alignment horizontal="center" vertical="center" wrapText="1"/></xf>` +
	`<xf numFmtId="49" fontId="3" borderId="1" applyNumberFormat="1" applyFont="1" applyBorder="1" applyAlignment="1"><alignment vertical="center" wrapText="1"/></xf>` +
	`<xf fontId="3" borderId="1" applyFont="1" applyBorder="1" applyAlignment="1"><alignment horizontal="right" vertical="center"/></xf></cellXfs></styleSheet>`
