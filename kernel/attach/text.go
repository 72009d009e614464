package attach

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"sort"
	"strings"
	"unicode/utf16"

	"github.com/ledongthuc/pdf"
)

func decode16(units []uint16) []rune { return utf16.Decode(units) }

// Bounds of what is read of one file.
const (
	maxPart  = 64 << 20 // bytes of one part of a package
	maxParts = 1000
	maxText  = 8 << 20 // bytes of text
	maxPages = 2000
)

// textOf gives the text of a file, for the search for marks and for previews. Of
// an opaque kind there is none; of a PDF made of pictures there is none either,
// and neither marks nor a preview can be found in it.
func textOf(k kind, data []byte) (string, error) {
	switch k.reading {
	case plain:
		text, _ := plainText(data)
		return text, nil
	case ooxml:
		return packageText(data)
	case pdfText:
		return pagesText(data)
	}
	return "", nil
}

// Text gives the text of a file by its name and content; "" where it is of a kind
// that has none or cannot be read.
func Text(name string, data []byte) string {
	k, err := kindOf(name, data)
	if err != nil {
		return ""
	}
	text, _ := textOf(k, data)
	return text
}

func unreadable() error {
	return refused("文件已损坏或已加密，无法检查其内容；请另存后重传，加密的请先解密。", "The file is damaged or encrypted, so its content cannot be looked at; save it again, without a password.")
}

// packageText gathers the texts of a package: headers and footers first, because
// there stand the marks, then the body. Words of a paragraph are joined as they
// are read; paragraphs, cells and shapes are lines.
func packageText(data []byte) (string, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return "", unreadable()
	}
	var parts []*zip.File
	for _, f := range z.File {
		if rank(f.Name) < 9 {
			parts = append(parts, f)
		}
	}
	sort.SliceStable(parts, func(i, k int) bool { return rank(parts[i].Name) < rank(parts[k].Name) })
	if len(parts) > maxParts {
		parts = parts[:maxParts]
	}
	var b strings.Builder
	for _, f := range parts {
		if err := partText(f, &b); err != nil {
			return "", unreadable()
		}
		if b.Len() > maxText {
			break
		}
	}
	return b.String(), nil
}

// rank orders the parts that hold text; 9 for those that hold none.
func rank(name string) int {
	name = strings.ToLower(name)
	if !strings.HasSuffix(name, ".xml") {
		return 9
	}
	switch {
	case strings.HasPrefix(name, "word/header"), strings.HasPrefix(name, "word/footer"):
		return 0
	case name == "word/document.xml", name == "xl/sharedstrings.xml", strings.HasPrefix(name, "ppt/slides/slide"), name == "xl/workbook.xml":
		return 1
	case strings.HasPrefix(name, "xl/worksheets/"), strings.HasPrefix(name, "ppt/notesslides/"), strings.HasPrefix(name, "ppt/slidemasters/"), strings.HasPrefix(name, "ppt/slidelayouts/"):
		return 2
	case strings.HasPrefix(name, "word/footnotes"), strings.HasPrefix(name, "word/endnotes"), strings.HasPrefix(name, "word/comments"), strings.HasPrefix(name, "xl/comments"),
		strings.HasPrefix(name, "xl/drawings/"), strings.Contains(name, "/diagrams/data"), strings.Contains(name, "/charts/"):
		return 3
	case name == "docprops/core.xml", name == "docprops/custom.xml", name == "docprops/app.xml":
		return 4
	}
	return 9
}

// partText reads one part.
func partText(f *zip.File, b *strings.Builder) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	dec := xml.NewDecoder(io.LimitReader(r, maxPart))
	dec.Strict = false
	dec.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errMalformed }
	var inside []string
	for b.Len() <= maxText {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			inside = append(inside, t.Name.Local)
			switch t.Name.Local {
			case "tab":
				b.WriteByte(' ')
			case "br", "cr":
				b.WriteByte('\n')
			case "sheet":
				for _, a := range t.Attr {
					if a.Name.Local == "name" {
						b.WriteString(a.Value + "\n")
					}
				}
			}
		case xml.EndElement:
			if len(inside) > 0 {
				inside = inside[:len(inside)-1]
			}
			switch t.Name.Local {
			case "p", "si", "row", "tc", "is", "oddHeader", "oddFooter", "evenHeader", "firstHeader", "title", "subject", "keywords", "description", "lpwstr", "txbxContent", "comment":
				b.WriteByte('\n')
			}
		case xml.CharData:
			if len(inside) == 0 {
				continue
			}
			switch inside[len(inside)-1] {
			case "t", "delText", "oddHeader", "oddFooter", "evenHeader", "firstHeader", "title", "subject", "keywords", "description", "lpwstr":
				b.WriteString(headerWords(inside[len(inside)-1], string(t)))
			}
		}
	}
	b.WriteByte('\n')
	return nil
}

// headerWords takes the layout codes (&L, &C, &R, &"font", &12) out of a sheet's
// header, each part on a line.
func headerWords(element, text string) string {
	if !strings.HasSuffix(element, "Header") && !strings.HasSuffix(element, "Footer") {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '&' || i+1 == len(text) {
			b.WriteByte(text[i])
			continue
		}
		i++
		switch c := text[i]; {
		case c == 'L' || c == 'C' || c == 'R':
			b.WriteByte('\n')
		case c == '"':
			if end := strings.IndexByte(text[i+1:], '"'); end >= 0 {
				i += end + 1
			}
		case c >= '0' && c <= '9':
			for i+1 < len(text) && text[i+1] >= '0' && text[i+1] <= '9' {
				i++
			}
		case c == '&':
			b.WriteByte('&')
		}
	}
	return b.String()
}

// pagesText reads the text of a PDF, line by line. A reader that panics on a
// broken file is a file that cannot be read.
func pagesText(data []byte) (text string, err error) {
	defer func() {
		if recover() != nil {
			text, err = "", unreadable()
		}
	}()
	r, err := pdf.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return "", unreadable()
	}
	var b strings.Builder
	for n := 1; n <= min(r.NumPage(), maxPages) && b.Len() < maxText; n++ {
		page := r.Page(n)
		if page.V.IsNull() {
			continue
		}
		b.WriteString(pageLines(page))
		b.WriteByte('\n')
	}
	return b.String(), nil
}

// pageLines puts the pieces of a page that lie at one height into one line, from
// the left.
func pageLines(page pdf.Page) string {
	pieces := page.Content().Text
	sort.SliceStable(pieces, func(i, k int) bool {
		a, b := pieces[i], pieces[k]
		if d := a.Y - b.Y; d > 2 || d < -2 {
			return a.Y > b.Y
		}
		return a.X < b.X
	})
	var b strings.Builder
	for i, p := range pieces {
		if i > 0 {
			if d := pieces[i-1].Y - p.Y; d > 2 || d < -2 {
				b.WriteByte('\n')
			}
		}
		b.WriteString(p.S)
	}
	return b.String()
}
