package paper

import (
	"bytes"
	"encoding/xml"
	"image"
	"image/draw"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// pdfWord is a word as pdftotext -bbox gives it, in points from the upper left.
type pdfWord struct {
	XMin float64 `xml:"xMin,attr"`
	XMax float64 `xml:"xMax,attr"`
	YMin float64 `xml:"yMin,attr"`
	YMax float64 `xml:"yMax,attr"`
	Text string  `xml:",chardata"`
}

type pdfPage struct {
	Width  float64   `xml:"width,attr"`
	Height float64   `xml:"height,attr"`
	Words  []pdfWord `xml:"word"`
}

const mm = 72 / 25.4

// render converts a document with LibreOffice and gives the words of its pages.
// Without LibreOffice and pdftotext the test is skipped, and says so. With
// PAPER_OUT the files are kept there.
func render(t *testing.T, name string, d Document) (pages []pdfPage, pdf string) {
	t.Helper()
	for _, tool := range []string{"soffice", "pdftotext"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not here: the rendered page is not measured (apt-get install libreoffice-writer-nogui poppler-utils)")
		}
	}
	data, err := Docx(d)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if out := os.Getenv("PAPER_OUT"); out != "" {
		dir = out
	}
	file := filepath.Join(dir, name+".docx")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	office := exec.Command("soffice", "-env:UserInstallation=file://"+t.TempDir(), "--headless", "--convert-to", "pdf", "--outdir", dir, file)
	if out, err := office.CombinedOutput(); err != nil {
		t.Fatalf("soffice: %v: %s", err, out)
	}
	pdf = filepath.Join(dir, name+".pdf")
	return readPDF(t, pdf), pdf
}

func readPDF(t *testing.T, file string) []pdfPage {
	t.Helper()
	out, err := exec.Command("pdftotext", "-bbox", file, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Pages []pdfPage `xml:"body>doc>page"`
	}
	dec := xml.NewDecoder(bytes.NewReader(out))
	dec.Strict = false
	dec.AutoClose, dec.Entity = xml.HTMLAutoClose, xml.HTMLEntity
	if err := dec.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	return doc.Pages
}

// line is the words of one line.
type line struct {
	text             string
	left, right, mid float64 // pt
}

func (p pdfPage) lines() []line {
	var out []line
	for _, w := range p.Words {
		mid := (w.YMin + w.YMax) / 2
		if n := len(out); n > 0 && math.Abs(out[n-1].mid-mid) < 6 {
			out[n-1].text += w.Text
			out[n-1].right = max(out[n-1].right, w.XMax)
			out[n-1].left = min(out[n-1].left, w.XMin)
			continue
		}
		out = append(out, line{w.Text, w.XMin, w.XMax, mid})
	}
	return out
}

// grid measures a page that is full of body text: its lines without the page
// number, characters of full lines, the pitch and the edges in mm.
type grid struct {
	Lines, Chars       int
	Pitch, Left, Right float64
}

func measure(p pdfPage) grid {
	var body []line
	for _, l := range p.lines() {
		if !strings.HasPrefix(l.text, "—") {
			body = append(body, l)
		}
	}
	g := grid{Lines: len(body), Left: 1e9}
	for _, l := range body {
		g.Chars = max(g.Chars, utf8.RuneCountInString(l.text))
		g.Left = min(g.Left, l.left/mm)
		g.Right = max(g.Right, l.right/mm)
	}
	first, last := body[0], body[len(body)-1]
	g.Pitch = (last.mid - first.mid) / float64(len(body)-1) / mm
	return g
}

func sample(form Form) Document {
	long := strings.Repeat("各有关单位要切实提高政治站位明确责任分工细化工作举措按照时间节点扎实推进各项任务落地见效", 12)
	d := Document{
		Form: form, Type: "通知", Issuer: "澄川市人民政府办公室", Number: "澄政办函〔2026〕12号", Title: "关于做好新市民社保转移等事项办理工作的通知",
		To: []string{"市人力资源和社会保障局", "市教育局", "市公安局"}, Back: "http://10.0.0.1:8080/papers/12345",
		Body:    []Block{P("根据市政府领导批示要求，现就有关事项通知如下。"), H(1, "总体要求"), P(long), H(2, "工作目标。"+long), H(3, "按时办结"), H(4, "逐项反馈"), H(1, "有关要求"), P(long)},
		Annexes: []string{"任务分工表", "联络员名单及有关材料报送要求"}, By: "澄川市人民政府办公室", Date: "2026-11-23", Sealed: true,
		Note:   "联系人：林岑，电话：0000-0000000",
		Copies: []string{"市委办公室", "市人大常委会办公室", "市政协办公室"}, Printer: "澄川市人民政府办公室", Printed: "2026-11-24",
	}
	switch form {
	case File:
		d.Urgency, d.Serial = "特急", "000001"
	case Letter:
		d.Type, d.Title = "函", "关于请尽快反馈新市民社保转移事项办理情况的函"
	case Brief:
		d.Issuer, d.Number, d.Editor = "督查周报", "第48期", "市政府办公室督查室"
		d.By, d.To = "", nil
	}
	return d
}

// TestRendered measures pages as LibreOffice renders them: 22 lines of 28
// characters with margins within 1 mm, and the places of head, rules, foot and
// number within 1 mm of the standard's.
func TestRendered(t *testing.T) {
	for _, form := range []Form{File, Letter, Brief} {
		t.Run(string(form), func(t *testing.T) {
			pages, file := render(t, string(form), sample(form))
			if len(pages) < 3 {
				t.Fatalf("%d pages", len(pages))
			}
			g := measure(pages[1])
			t.Logf("%s, page 2 of %d: %d lines × %d characters, pitch %.2f mm, left %.1f, right %.1f mm",
				form, len(pages), g.Lines, g.Chars, g.Pitch, g.Left, g.Right)
			if g.Lines != 22 || g.Chars != 28 {
				t.Errorf("%d lines × %d characters, want 22 × 28", g.Lines, g.Chars)
			}
			near := func(what string, got, want float64) {
				t.Helper()
				t.Logf("%s: %.1f mm, asked %.1f", what, got, want)
				if math.Abs(got-want) > 1 {
					t.Errorf("%s: %.1f mm, want %.1f ± 1", what, got, want)
				}
			}
			near("page width", pages[1].Width/mm, 210)
			near("page height", pages[1].Height/mm, 297)
			near("left edge of the text", g.Left, 28)
			near("right edge of the text", g.Right, 184)
			first, last := raster(t, file, 1), raster(t, file, len(pages))
			full := raster(t, file, 2).bands(isInk)
			full = full[:len(full)-1] // the number
			top, bottom := full[0], full[len(full)-1]
			t.Logf("ink of a full page from %.1f to %.1f mm, text area 37 to 262", top.top, bottom.bottom)
			if top.top < 37 || top.top > 37+10.21 || bottom.bottom > 262 || bottom.bottom < 262-10.21 {
				t.Errorf("text from %.1f to %.1f mm leaves the text area", top.top, bottom.bottom)
			}
			reds := first.bands(isRed)
			switch form {
			case File:
				near("mark below the page's edge", reds[0].top, 72)
				near("rule below the number's line", reds[1].top-first.above(reds[1].top), 4)
				near("length of the rule", reds[1].right-reds[1].left, 156)
			case Letter:
				near("mark below the page's edge", reds[0].top, 30)
				near("double rule below the mark", reds[1].top-reds[0].bottom, 4)
				near("length of the double rule", reds[1].right-reds[1].left, 170)
				near("its left end", reds[1].left, 20)
				near("second double rule above the page's edge", 297-reds[len(reds)-1].bottom, 20)
			}
			if form != Letter {
				foot := last.bands(isInk)
				near("last rule of the foot", foot[len(foot)-2].bottom, 262)
				near("length of the rule", foot[len(foot)-2].right-foot[len(foot)-2].left, 156)
				near("number's dash below the text area", last.dash()-262, 7)
			}
		})
	}
}

// picture is a page at five pixels to the millimetre.
type picture struct{ *image.RGBA }

const dots = 5

func raster(t *testing.T, file string, page int) picture {
	t.Helper()
	n := strconv.Itoa(page)
	out, err := exec.Command("pdftoppm", "-r", "127", "-f", n, "-l", n, "-png", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	plain := image.NewRGBA(img.Bounds())
	draw.Draw(plain, plain.Bounds(), img, image.Point{}, draw.Src)
	return picture{plain}
}

// band is a stretch of rows that hold ink, in mm.
type band struct{ top, bottom, left, right float64 }

// bands gives the stretches of rows with ink, less than 2 mm apart taken as one.
func (p picture) bands(ink func(r, g, b uint8) bool) []band {
	var out []band
	for y := range p.Bounds().Dy() {
		left, right := -1, -1
		for x := range p.Bounds().Dx() {
			if i := p.PixOffset(x, y); ink(p.Pix[i], p.Pix[i+1], p.Pix[i+2]) {
				if left < 0 {
					left = x
				}
				right = x
			}
		}
		if left < 0 {
			continue
		}
		at, l, r := float64(y)/dots, float64(left)/dots, float64(right)/dots
		if n := len(out); n > 0 && at-out[n-1].bottom < 2 {
			b := &out[n-1]
			b.bottom, b.left, b.right = at, min(b.left, l), max(b.right, r)
			continue
		}
		out = append(out, band{at, at, l, r})
	}
	return out
}

// above gives the lower edge of the black ink above a height.
func (p picture) above(y float64) (bottom float64) {
	for _, b := range p.bands(isInk) {
		if b.bottom < y-0.5 {
			bottom = b.bottom
		}
	}
	return bottom
}

// dash gives the height of the dash of the page's number: the lowest row that
// holds a stroke of 3 mm.
func (p picture) dash() (at float64) {
	for y := range p.Bounds().Dy() {
		run := 0
		for x := range p.Bounds().Dx() {
			if i := p.PixOffset(x, y); isInk(p.Pix[i], p.Pix[i+1], p.Pix[i+2]) {
				run++
			} else {
				if run > 3*dots && run < 6*dots {
					at = float64(y) / dots
				}
				run = 0
			}
		}
	}
	return at
}

func isRed(r, g, b uint8) bool { return r > 180 && g < 120 && b < 120 }
func isInk(r, g, b uint8) bool { return r < 120 && g < 120 && b < 120 }
