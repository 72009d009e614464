package paper

import (
	"math"
	"strconv"
	"strings"
)

// Style names what a paragraph is. Docx and the print page each have one way to
// set it.
type Style string

// The styles.
const (
	Copy    Style = "copy"    // 份号、紧急程度
	Mark    Style = "mark"    // 发文机关标志
	Ref     Style = "ref"     // 发文字号, with what stands at the other end of its line
	Heading Style = "title"   // 标题
	Address Style = "to"      // 主送
	Text    Style = "text"    // 正文
	Annex   Style = "annex"   // 附件说明
	Sign    Style = "sign"    // 署名、成文日期
	Remark  Style = "note"    // 附注
	Grid    Style = "table"   // a table
	Proof   Style = "proof"   // the QR code with its words
	CC      Style = "cc"      // 版记: 抄送
	Print   Style = "print"   // 版记: 印发
	Small   Style = "small"   // the line under a slip
	Caption Style = "caption" // the heading of a slip
)

// Face is one of the founts of a paper.
type Face string

// The faces.
const (
	Fang Face = "fang" // 仿宋
	Kai  Face = "kai"  // 楷体
	Hei  Face = "hei"  // 黑体
	Biao Face = "biao" // 小标宋
	Song Face = "song" // 宋体
)

// Run is text of one face.
type Run struct {
	Text string `json:"text"`
	Face Face   `json:"face"`
}

// Para is a paragraph as it is set. Lengths are in characters of its own size,
// Before in lines of body text.
type Para struct {
	Style  Style   `json:"style"`
	Runs   []Run   `json:"runs,omitempty"`
	Far    []Run   `json:"far,omitempty"` // at the right end of the same line
	Before float64 `json:"before,omitempty"`
	Left   float64 `json:"left,omitempty"`
	Right  float64 `json:"right,omitempty"`
	First  float64 `json:"first,omitempty"` // of the first line; below 0 it hangs out
	Align  string  `json:"align,omitempty"` // center, right; justified otherwise
	Size   float64 `json:"size,omitempty"`  // pt, of the mark only
	Rule   bool    `json:"rule,omitempty"`  // the red rule below
	Keep   bool    `json:"keep,omitempty"`  // on one page with what follows
	QR     bool    `json:"qr,omitempty"`    // the code stands at the left of this line and those below it
	Table  *Table  `json:"table,omitempty"`
}

// Laid is a document as paragraphs.
type Laid struct {
	Form  Form   `json:"form"`
	Title string `json:"title"`
	Top   []Para `json:"top"` // a letter's head: above the text area of page 1
	Body  []Para `json:"body"`
	Foot  []Para `json:"foot"` // 版记, on the lower edge of the last page
}

// Lay sets a document as paragraphs.
func Lay(d Document) Laid {
	l := Laid{Form: d.Form, Title: strings.ReplaceAll(d.Title, "\n", ""), Top: []Para{}, Body: []Para{}, Foot: []Para{}}
	switch d.Form {
	case Letter:
		l.letterHead(d)
	case Slip:
		l.slipHead(d)
	default:
		l.fileHead(d)
	}
	if len(d.To) > 0 {
		l.add(Para{Style: Address, Before: 1, Runs: fang(strings.Join(d.To, "，") + "：")})
	}
	begun := len(l.Body)
	l.body(d)
	if len(d.To) == 0 && d.Form != Slip && len(l.Body) > begun {
		l.Body[begun].Before++
	}
	l.annexes(d.Annexes)
	l.signature(d)
	if d.Note != "" {
		l.add(Para{Style: Remark, First: 2, Runs: fang("（" + d.Note + "）")})
	}
	if d.Back != "" && d.By == "" && d.Form != Slip {
		l.add(Para{Style: Proof, Before: 0.4, QR: true, Keep: true})
		l.add(Para{Style: Proof, Left: 4.5, Runs: fang("扫描二维码核验本件。")})
	}
	if d.Foot != "" {
		l.add(Para{Style: Small, Runs: fang(d.Foot)})
	}
	l.foot(d)
	return l
}

func (l *Laid) add(p Para) { l.Body = append(l.Body, p) }

func fang(text string) []Run { return []Run{{text, Fang}} }

// markSize gives the mark's size in pt: as wide as fits into 150 mm, and no
// higher than most (7.2.4 leaves it to the office within limits).
func markSize(text string, most float64) float64 {
	n := max(1, widthOf(text))
	return math.Floor(2*min(most, 150/25.4*72/n)) / 2
}

// copies gives the lines above the mark, in the order of 7.2.3.
func copies(d Document) []Para {
	var out []Para
	if d.Serial != "" {
		out = append(out, Para{Style: Copy, Runs: fang(d.Serial)})
	}
	if d.Urgency != "" {
		out = append(out, Para{Style: Copy, Runs: []Run{{d.Urgency, Hei}}})
	}
	return out
}

// fileHead sets the head of a file (7.2) or of a brief.
func (l *Laid) fileHead(d Document) {
	above := copies(d)
	if len(above) == 0 {
		above = []Para{{Style: Copy}} // the first line stays free
	}
	l.Body = append(l.Body, above...)
	mark := d.Issuer
	if d.Form == File {
		mark += "文件"
	}
	// The mark's upper edge stands 35 mm below that of the text area.
	l.add(Para{Style: Mark, Align: "center", Size: markSize(mark, 60), Before: max(0, markTop-float64(len(above))), Runs: []Run{{mark, Biao}}})
	switch {
	case d.Form == Brief:
		l.add(Para{Style: Ref, Before: 1, Align: "center", Runs: fang(d.Number)})
		l.add(Para{Style: Ref, Rule: true, Left: 1, Right: 1, Runs: fang(d.Editor), Far: fang(DateText(d.Date))})
	case d.Upward && len(d.Signers) > 0:
		l.signers(d)
	default:
		l.add(Para{Style: Ref, Before: 2, Align: "center", Rule: true, Runs: fang(d.Number)})
	}
	l.title(d.Title, 2)
}

// markTop is 35 mm in lines of the body, and the half millimetre by which ink
// stands above its line.
const markTop = 35.5 / (28.95 / 72 * 25.4)

// signers sets number and signers of an upward document: two names to a line,
// the number beside the last (7.2.6).
func (l *Laid) signers(d Document) {
	for i := 0; i < len(d.Signers); i += 2 {
		names := strings.Join(d.Signers[i:min(i+2, len(d.Signers))], "　")
		label := "签发人："
		if i > 0 {
			label = "　　　　"
		}
		p := Para{Style: Ref, Left: 1, Right: 1, Far: []Run{{label, Fang}, {names, Kai}}}
		if i == 0 {
			p.Before = 2
		}
		if i+2 >= len(d.Signers) {
			p.Rule, p.Runs = true, fang(d.Number)
		}
		l.add(p)
	}
}

// letterHead sets the head of a letter (10.1): the mark above the text area, the
// number under the double rule.
func (l *Laid) letterHead(d Document) {
	l.Top = append(l.Top, Para{Style: Mark, Align: "center", Size: markSize(d.Issuer, 46), Runs: []Run{{d.Issuer, Biao}}})
	above := copies(d)
	first := Para{Style: Ref, Far: fang(d.Number)}
	if len(above) > 0 {
		first.Runs = above[0].Runs
		above = above[1:]
	}
	l.add(first)
	l.Body = append(l.Body, above...)
	l.title(d.Title, 2)
}

func (l *Laid) slipHead(d Document) {
	l.add(Para{Style: Small, Runs: fang(d.Issuer), Far: fang(d.Number), QR: d.Back != ""})
	for _, line := range titleLines(d.Title) {
		l.add(Para{Style: Caption, Align: "center", Runs: []Run{{line, Biao}}})
	}
	l.add(Para{Style: Small}) // the code reaches as far
}

func (l *Laid) title(title string, before float64) {
	for i, line := range titleLines(title) {
		p := Para{Style: Heading, Align: "center", Runs: []Run{{line, Biao}}}
		if i == 0 {
			p.Before = before
		}
		l.add(p)
	}
}

// body sets paragraphs and numbered headings (7.3.3). A heading of the second
// level that is followed by text in its own paragraph ends with its first full
// stop: only what stands before it takes the heading's face.
func (l *Laid) body(d Document) {
	var count counter
	for _, b := range d.Body {
		switch {
		case b.Table != nil:
			l.add(Para{Style: Grid, Table: b.Table})
		case b.Level == 0:
			for _, line := range lines(b.Text) {
				l.add(Para{Style: Text, First: 2, Runs: fang(line)})
			}
		default:
			for i, line := range lines(b.Text) {
				if i > 0 {
					l.add(Para{Style: Text, First: 2, Runs: fang(line)})
					continue
				}
				runs := headed(b.Level, count.next(b.Level)+line)
				// A heading alone never ends a page.
				l.add(Para{Style: Text, First: 2, Runs: runs, Keep: len(runs) == 1 && runs[0].Face != Fang})
			}
		}
	}
}

// headed gives the runs of a numbered paragraph: its first sentence in the face
// of its level, what follows as text.
func headed(level int, text string) []Run {
	face := [...]Face{Fang, Hei, Kai, Fang, Fang}[level]
	if face == Fang {
		return fang(text)
	}
	head, rest, cut := strings.Cut(text, "。")
	if !cut || rest == "" {
		return []Run{{text, face}}
	}
	return []Run{{head + "。", face}, {rest, Fang}}
}

// lines divides a text at its line ends; empty lines fall away.
func lines(text string) []string {
	var out []string
	for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' }) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	if len(out) == 0 {
		return []string{""}
	}
	return out
}

// annexes sets the note of annexes (7.3.4): names without an end mark.
func (l *Laid) annexes(names []string) {
	for i, name := range names {
		p := Para{Style: Annex}
		label := "附件："
		if i > 0 {
			label = ""
		} else {
			p.Before = 1
		}
		number := ""
		if len(names) > 1 {
			number = strconv.Itoa(i+1) + "."
		}
		p.Left = 5 + widthOf(number)
		p.First = -widthOf(label + number)
		p.Runs = fang(label + number + name)
		l.add(p)
	}
}

// length is how many characters a paragraph has; a table is long.
func (p Para) length() (n float64) {
	if p.Table != nil {
		return 1e6
	}
	for _, r := range p.Runs {
		n += widthOf(r.Text)
	}
	return n
}

// signature sets who issues it and when (7.3.5). Under a seal the date stands
// four characters from the right and the name centred above it; without, the
// name stands two from the right and the date begins two further right than it.
func (l *Laid) signature(d Document) {
	if d.By == "" {
		return
	}
	// A signature does not stand alone on a page (7.3.5.5). A long paragraph is not
	// kept with it, because LibreOffice would move the whole of it.
	if n := len(l.Body); n > 0 && l.Body[n-1].length() <= 3*28 {
		l.Body[n-1].Keep = true
	}
	date := DateText(d.Date)
	name := Para{Style: Sign, Align: "right", Runs: fang(d.By), Keep: true}
	day := Para{Style: Sign, Align: "right", Runs: fang(date), Keep: d.Note != ""}
	wName, wDate := widthOf(d.By), widthOf(date)
	if d.Sealed {
		l.add(Para{Style: Sign, Keep: true})
		day.Right = 4
		name.Right = day.Right + (wDate-wName)/2
		if name.Right < 0 { // a long name reaches the edge: the date stays centred under it
			day.Right -= name.Right
			name.Right = 0
		}
	} else {
		name.Right = 2
		day.Right = 2 + wName - 2 - wDate
		if day.Right < 2 { // a longer date stands two from the right, and the name moves left
			name.Right += 2 - day.Right
			day.Right = 2
		}
	}
	l.add(Para{Style: Sign, QR: d.Back != "", Keep: true}) // the code stands beside this line and the two below
	l.add(name)
	l.add(day)
}

// foot sets what stands at the lower edge of the last page (7.4). A letter's has
// no printer and no rules (10.1).
func (l *Laid) foot(d Document) {
	if len(d.Copies) > 0 {
		l.Foot = append(l.Foot, Para{Style: CC, Left: 4, First: -3, Right: 1, Runs: fang("抄送：" + strings.Join(d.Copies, "，") + "。")})
	}
	if d.Printer != "" && d.Form != Letter {
		l.Foot = append(l.Foot, Para{Style: Print, Left: 1, Right: 1, Runs: fang(d.Printer), Far: fang(DateText(d.Printed) + "印发")})
	}
}
