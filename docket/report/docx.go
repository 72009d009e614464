package report

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"touyan.dev/touyan/kernel/fault"
)

// The limits of a .docx: it is an archive, and an archive can be a bomb.
const (
	maxParts = 4000     // files in the archive
	maxBody  = 48 << 20 // bytes of word/document.xml, unpacked
	maxDepth = 200      // nested elements
)

// readDocx reads the body of a Word document (ECMA-376, WordprocessingML): one
// line for each paragraph, and one for each table row with tabs between cells.
// Deleted and moved text, pictures and their boxes, and the second form of
// alternate content are left out. Heading styles are kept as marks.
func readDocx(name string, data []byte) ([]Document, error) {
	const op = "report.Read"
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, docxFault(op, "document", "文件已损坏，不是有效的Word文档。", "The file is damaged and no valid Word document.", err)
	}
	if len(z.File) > maxParts {
		return nil, fault.New(fault.TooMuch, op, "Word文档里的部件过多。", "The Word document holds too many parts.")
	}
	var body *zip.File
	for _, f := range z.File {
		if f.Name == "word/document.xml" {
			body = f
		}
	}
	if body == nil {
		return nil, docxFault(op, "word/document.xml", "缺少正文部件；请确认文件是Word文档（.docx）。", "The part with the text is missing; make sure that the file is a .docx.", nil)
	}
	if body.UncompressedSize64 > maxBody {
		return nil, tooLong(op)
	}
	r, err := body.Open()
	if err != nil {
		return nil, docxFault(op, body.Name, "正文部件无法读取。", "The part with the text cannot be read.", err)
	}
	defer r.Close()
	w := &wordReader{limit: &io.LimitedReader{R: r, N: maxBody + 1}}
	if err := w.read(); err != nil {
		if fault.Is(err, fault.TooMuch) {
			return nil, err
		}
		return nil, docxFault(op, body.Name, "正文部件不是有效的XML。", "The part with the text is no valid XML.", err)
	}
	doc := NewDocument(name, "", 0, w.out.String())
	if strings.TrimSpace(doc.Text) == "" {
		return nil, docxFault(op, body.Name, "文档里没有文字（可能是图片扫描件）。", "The document holds no text (perhaps it is a scan).", nil)
	}
	doc.marks = w.marks
	return []Document{doc}, nil
}

func docxFault(op, part, zh, en string, err error) error {
	f := fault.At(op, part, zh, en)
	f.Err = err
	return f
}

// wordReader walks document.xml once.
type wordReader struct {
	limit *io.LimitedReader
	out   strings.Builder
	marks []mark
	depth int
	rows  int // depth of table rows
	cells int // cells seen in the outermost row
	inT   bool
	level int // heading level of the present paragraph
	start int // where the present line began
}

func (w *wordReader) read() error {
	d := xml.NewDecoder(w.limit)
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if w.limit.N <= 0 || w.out.Len() > maxText {
			return tooLong("report.Read")
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if skipped(t.Name.Local) {
				if err := d.Skip(); err != nil {
					return err
				}
				continue
			}
			if w.depth++; w.depth > maxDepth {
				return errors.New("elements nest too deeply")
			}
			w.open(t)
		case xml.EndElement:
			w.depth--
			w.close(t.Name.Local)
		case xml.CharData:
			if w.inT {
				w.write(string(t))
			}
		}
	}
}

// skipped names the elements whose content is no part of the present text.
func skipped(name string) bool {
	switch name {
	case "del", "moveFrom", "Fallback", "drawing", "pict":
		return true
	}
	return false
}

func (w *wordReader) open(t xml.StartElement) {
	switch t.Name.Local {
	case "t":
		w.inT = true
	case "tab":
		if w.rows == 0 && w.out.Len() > w.start {
			w.write(" ")
		}
	case "br", "cr":
		w.write("\n")
	case "noBreakHyphen":
		w.write("-")
	case "tr":
		if w.rows++; w.rows == 1 {
			w.cells = 0
		}
	case "tc":
		if w.rows == 1 {
			if w.cells++; w.cells > 1 {
				w.out.WriteString("\t")
			}
		}
	case "pStyle":
		w.level = max(w.level, styleLevel(attribute(t, "val")))
	case "outlineLvl":
		if n, err := strconv.Atoi(attribute(t, "val")); err == nil && n >= 0 && n < 3 {
			w.level = n + 1
		}
	}
}

func (w *wordReader) close(name string) {
	switch name {
	case "t":
		w.inT = false
	case "p":
		if w.rows > 0 {
			w.level = 0
			return // a row is one line
		}
		w.endLine()
	case "tr":
		if w.rows--; w.rows == 0 {
			w.endLine()
		}
	}
}

// write adds text; inside a row a line break would tear the row apart.
func (w *wordReader) write(s string) {
	if w.rows > 0 {
		s = strings.NewReplacer("\n", " ", "\t", " ").Replace(s)
	}
	w.out.WriteString(s)
}

func (w *wordReader) endLine() {
	if w.level > 0 && w.out.Len() > w.start {
		w.marks = append(w.marks, mark{w.start, w.level})
	}
	w.out.WriteString("\n")
	w.start, w.level = w.out.Len(), 0
}

// styleLevel reads the usual ids of heading styles: Heading1, and plain 1 in
// documents made by a Chinese Word.
func styleLevel(id string) int {
	id = strings.TrimPrefix(strings.ToLower(strings.ReplaceAll(id, " ", "")), "heading")
	switch id {
	case "1":
		return 1
	case "2":
		return 2
	case "3":
		return 3
	}
	return 0
}

func attribute(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
