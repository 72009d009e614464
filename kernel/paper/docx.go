package paper

import (
	"archive/zip"
	"bytes"
	"fmt"

	"rsc.io/qr"

	"touyan.dev/touyan/kernel/fault"
)

// The page, in twentieths of a point: A4 with a text area of 156 × 225 mm.
const (
	pageWide, pageHigh                       = 11906, 16838
	marginTop, marginRight                   = 2098, 1474 // 37, 26 mm
	marginBottom, marginLeft                 = 1984, 1587 // 35, 28 mm
	areaWide                                 = pageWide - marginLeft - marginRight
	slipTop, slipRight, slipBottom, slipLeft = 1134, 1134, 1134, 1134 // 20 mm: a slip is no text page
	slipWide                                 = pageWide - slipLeft - slipRight
	lineHigh                                 = 579  // 28.95 pt: 22 lines are 224.7 mm
	closer                                   = -5   // 0.25 pt: 28 characters are 155.6 mm
	footerFrom                               = 1446 // of the page's edge: the dashes stand 7 mm below the text area
)

// Docx writes a document as OOXML (ECMA-376, transitional), for Word, WPS and
// LibreOffice. The same document gives the same bytes.
func Docx(d Document) ([]byte, error) {
	const op = "paper.Docx"
	w := &writer{d: d, l: Lay(d), wide: areaWide}
	if d.Form == Slip {
		w.wide = slipWide
	}
	var picture []byte
	if d.Back != "" {
		code, err := qr.Encode(d.Back, qr.M)
		if err != nil {
			return nil, fault.At(op, "back", "二维码的网址过长。", "The address of the code is too long.")
		}
		picture = code.PNG()
	}
	parts := []part{
		{"[Content_Types].xml", w.types()},
		{"_rels/.rels", relations(relation{"rId1", typeDocument, "word/document.xml"}, relation{"rId2", typeCore, "docProps/core.xml"})},
		{"docProps/core.xml", w.core()},
		{"word/document.xml", w.document()},
		{"word/styles.xml", w.styles()},
		{"word/settings.xml", settings},
		{"word/header1.xml", w.firstHeader()},
		{"word/header2.xml", header},
		{"word/footer1.xml", w.pageNumber("right")},
		{"word/footer2.xml", w.pageNumber("left")},
		{"word/footer3.xml", w.firstFooter()},
		{"word/_rels/document.xml.rels", w.relations()},
	}
	if picture != nil {
		parts = append(parts, part{"word/media/qr.png", string(picture)})
	}
	return pack(op, parts)
}

// part is a file of the archive.
type part struct{ name, text string }

// pack stores the parts in their order, each with the first date that an archive
// can hold. They are not compressed: another version of Go may compress
// differently, and the digest of an issued paper must last.
func pack(op string, parts []part) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range parts {
		//lint:ignore SA1019 Modified would add a field with the time; this is the plain date of 1980
		f, err := z.CreateHeader(&zip.FileHeader{Name: p.name, Method: zip.Store, ModifiedDate: 1<<5 | 1})
		if err != nil {
			return nil, fault.Wrap(op, err)
		}
		if _, err := f.Write([]byte(p.text)); err != nil {
			return nil, fault.Wrap(op, err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fault.Wrap(op, err)
	}
	return b.Bytes(), nil
}

// The types of parts and relations.
const (
	office       = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
	typeDocument = office + "officeDocument"
	typeCore     = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
	prolog       = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	spaces       = ` xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"`
	header       = prolog + `<w:hdr` + spaces + `><w:p><w:pPr><w:spacing w:line="20" w:lineRule="exact"/></w:pPr></w:p></w:hdr>`

	// No compression of punctuation and no space between Han and digits: both
	// would move the grid. Odd and even pages have their own numbers.
	settings = prolog + `<w:settings` + spaces + `><w:zoom w:percent="100"/><w:bordersDoNotSurroundHeader/><w:bordersDoNotSurroundFooter/><w:defaultTabStop w:val="420"/><w:evenAndOddHeaders/><w:characterSpacingControl w:val="doNotCompress"/><w:compat><w:doNotExpandShiftReturn/><w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat><w:themeFontLang w:val="en-US" w:eastAsia="zh-CN"/></w:settings>`
)

type relation struct{ id, kind, target string }

func relations(all ...relation) string {
	out := prolog + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
	for _, r := range all {
		out += fmt.Sprintf(`<Relationship Id="%s" Type="%s" Target="%s"/>`, r.id, r.kind, r.target)
	}
	return out + `</Relationships>`
}

func (w *writer) relations() string {
	all := []relation{
		{"rId1", office + "styles", "styles.xml"}, {"rId2", office + "settings", "settings.xml"},
		{"rId3", office + "header", "header1.xml"}, {"rId4", office + "header", "header2.xml"},
		{"rId5", office + "footer", "footer1.xml"}, {"rId6", office + "footer", "footer2.xml"}, {"rId7", office + "footer", "footer3.xml"},
	}
	if w.d.Back != "" {
		all = append(all, relation{"rId8", office + "image", "media/qr.png"})
	}
	return relations(all...)
}

func (w *writer) types() string {
	const main = "application/vnd.openxmlformats-officedocument.wordprocessingml."
	out := prolog + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>`
	for _, p := range [][2]string{
		{"word/document.xml", main + "document.main+xml"}, {"word/styles.xml", main + "styles+xml"}, {"word/settings.xml", main + "settings+xml"},
		{"word/header1.xml", main + "header+xml"}, {"word/header2.xml", main + "header+xml"},
		{"word/footer1.xml", main + "footer+xml"}, {"word/footer2.xml", main + "footer+xml"}, {"word/footer3.xml", main + "footer+xml"},
		{"docProps/core.xml", "application/vnd.openxmlformats-package.core-properties+xml"},
	} {
		out += fmt.Sprintf(`<Override PartName="/%s" ContentType="%s"/>`, p[0], p[1])
	}
	return out + `</Types>`
}

// core holds the title and nothing that would differ from one writing to the next.
func (w *writer) core() string {
	return prolog + `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>` +
		escape(w.l.Title) + `</dc:title><dc:language>zh-CN</dc:language></cp:coreProperties>`
}
