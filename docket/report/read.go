package report

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"touyan.dev/touyan/kernel/fault"
)

// The limits of what Read takes. A work report is some 60 kB of text.
const (
	maxFile  = 32 << 20 // bytes given
	maxPlain = 64 << 20 // bytes after unpacking
	maxLine  = 8 << 20  // bytes of one line of JSON
	maxText  = 4 << 20  // bytes of one document's text
)

// Read gives the documents of a file: plain text in UTF-8, UTF-16 with a byte
// order mark, or GB18030; Word .docx; JSON lines (title, content, year; also
// gzipped). The kind is told by content, and by name only where content
// cannot tell. Errors are fault errors of kind Invalid or TooMuch and name
// the line or the part of the file.
func Read(name string, data []byte) ([]Document, error) {
	const op = "report.Read"
	switch {
	case len(data) > maxFile:
		return nil, fault.New(fault.TooMuch, op, "文件超过32 MB，请拆分后再导入。", "The file exceeds 32 MB; split it first.")
	case len(bytes.TrimSpace(data)) == 0:
		return nil, fault.New(fault.Invalid, op, "文件是空的。", "The file is empty.")
	case bytes.HasPrefix(data, []byte("\x1f\x8b")):
		return readGzip(name, data)
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return readDocx(name, data)
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")):
		return nil, fault.New(fault.Invalid, op, "这是旧版Word文档（.doc），请另存为.docx后再导入。", "This is an old Word document (.doc); save it as .docx first.")
	case bytes.HasPrefix(data, []byte("%PDF")):
		return nil, fault.New(fault.Invalid, op, "不支持PDF，请导入Word文档（.docx）或纯文本。", "PDF is not supported; use .docx or plain text.")
	case strings.EqualFold(path.Ext(name), ".jsonl"):
		return readLines(name, bytes.NewReader(data))
	}
	text, err := decode(data)
	if err != nil {
		return nil, err
	}
	if len(text) > maxText {
		return nil, tooLong(op)
	}
	return []Document{NewDocument(name, "", 0, text)}, nil
}

// Pick gives the document that plans a year; with year 0 the only one there is.
func Pick(docs []Document, year int) (Document, error) {
	const op = "report.Pick"
	var years []string
	for _, d := range docs {
		if d.Year == year || year == 0 && len(docs) == 1 {
			return d, nil
		}
		years = append(years, strconv.Itoa(d.Year))
	}
	have := strings.Join(years, " ")
	if year == 0 {
		return Document{}, fault.At(op, "year", fmt.Sprintf("文件含%d份报告，请指定年份，每次导入一份：%s。", len(docs), have),
			fmt.Sprintf("The file holds %d reports; name the year and bring in one at a time: %s.", len(docs), have))
	}
	return Document{}, fault.At(op, "year", "文件里没有这一年的报告，现有："+have+"。", "The file holds no report for that year; it has "+have+".")
}

func tooLong(op string) error {
	return fault.New(fault.TooMuch, op, "文字超过4 MB，请拆分后再导入。", "The text exceeds 4 MB; split it first.")
}

// NewDocument makes a document of a text that is at hand. An empty title is
// taken from the first line; a year of 0 is told from the text if it can be.
func NewDocument(name, title string, year int, text string) Document {
	text = strings.ToValidUTF8(text, "\ufffd")
	sum := sha256.Sum256([]byte(text))
	d := Document{Name: name, Title: title, Year: year, Text: text, Hash: hex.EncodeToString(sum[:6])}
	if d.Title == "" {
		d.Title = firstLine(text)
	}
	if d.Year == 0 {
		d.Year = yearOf(d)
	}
	return d
}

func firstLine(text string) string {
	for l := range strings.Lines(text) {
		if p := []rune(plain(l)); len(p) > 0 {
			return string(p[:min(len(p), 60)])
		}
	}
	return ""
}

// yearOf tells the year planned: from a heading that plans ("2025年重点工作"),
// the title, one that looks back (the year after), the day of the session, or
// the file's name. 0 if none says.
func yearOf(d Document) int {
	planned, reviewed, dated := 0, 0, 0
	for i, l := range lines(d) {
		if len(l.text) > 60 {
			continue
		}
		text := string(l.text)
		for k := range l.text {
			y, end, ok := calendarYear(l.text, k)
			if !ok || follows(l.text, end, "远景") {
				continue
			}
			switch {
			case containsAny(string(l.text[end:]), "任务", "重点工作", "部署", "总体要求", "工作安排", "工作的建议", "基本方针", "预期目标"):
				planned = max(planned, y)
			case strings.Contains(text, "回顾"):
				reviewed = max(reviewed, y)
			case dated == 0 && i < 8 && (month3(l.text, end) || strings.Contains(text, "政府工作报告")):
				dated = y
			}
		}
	}
	switch {
	case planned > 0:
		return planned
	case dated > 0:
		return dated
	case reviewed > 0:
		return reviewed + 1
	}
	for _, s := range []string{d.Title, d.Name} {
		rs := []rune(plain(s))
		for k := range rs {
			if y, _, ok := calendarYear(rs, k); ok {
				return y
			}
		}
	}
	return 0
}

// month3 reports whether a month follows, as in the line under the title:
// 2025年1月15日在市第十六届人民代表大会……
func month3(rs []rune, i int) bool {
	n, ok := readNumber(rs, i)
	return ok && n.value >= 1 && n.value <= 12 && follows(rs, n.end, "月")
}

// decode gives text as UTF-8 and refuses what is no text.
func decode(data []byte) (string, error) {
	const op = "report.Read"
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		out, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(data)
		if err != nil {
			return "", badBytes(op, data, len(data))
		}
		return string(out), textOnly(op, out)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if utf8.Valid(data) {
		return string(data), textOnly(op, data)
	}
	out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data)
	if err != nil {
		return "", badBytes(op, data, len(data))
	}
	if at := bytes.Index(out, []byte("\ufffd")); at >= 0 {
		return "", badBytes(op, out, at)
	}
	return string(out), textOnly(op, out)
}

// textOnly refuses control bytes, which no text holds.
func textOnly(op string, data []byte) error {
	if at := bytes.IndexFunc(data, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' && r != '\v'
	}); at >= 0 {
		return badBytes(op, data, at)
	}
	return nil
}

func badBytes(op string, data []byte, at int) error {
	n := bytes.Count(data[:min(at, len(data))], []byte("\n")) + 1
	return fault.At(op, fmt.Sprintf("line %d", n),
		fmt.Sprintf("第%d行有无法识别的字符；请用UTF-8或GB18030编码的纯文本。", n),
		fmt.Sprintf("Line %d has bytes that are no text; use plain text in UTF-8 or GB18030.", n))
}

func readGzip(name string, data []byte) ([]Document, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, badGzip(err)
	}
	inner := strings.TrimSuffix(name, ".gz")
	if strings.EqualFold(path.Ext(inner), ".jsonl") {
		return readLines(inner, z)
	}
	out, err := io.ReadAll(io.LimitReader(z, maxText+1))
	if err != nil {
		return nil, badGzip(err)
	}
	if len(out) > maxText {
		return nil, tooLong("report.Read")
	}
	if bytes.HasPrefix(out, []byte("\x1f\x8b")) {
		return nil, fault.New(fault.Invalid, "report.Read", "压缩包里还是压缩包，请先解压。", "The archive holds another archive; unpack it first.")
	}
	return Read(inner, out)
}

func badGzip(err error) error {
	return &fault.Error{Kind: fault.Invalid, Op: "report.Read", Err: err,
		Text: fault.T("压缩文件已损坏。", "The compressed file is damaged.")}
}

// record is one line of a corpus.
type record struct {
	Title   string          `json:"title"`
	Content string          `json:"content"`
	Year    json.RawMessage `json:"year"` // 2025 or "2025"
}

func readLines(name string, r io.Reader) ([]Document, error) {
	const op = "report.Read"
	in := bufio.NewScanner(io.LimitReader(r, maxPlain+1))
	in.Buffer(make([]byte, 0, 1<<16), maxLine)
	var out []Document
	total, n := 0, 0
	for in.Scan() {
		n++
		total += len(in.Bytes()) + 1
		if total > maxPlain {
			return nil, fault.New(fault.TooMuch, op, "解压后超过64 MB。", "The file exceeds 64 MB when unpacked.")
		}
		raw := bytes.TrimSpace(bytes.TrimPrefix(in.Bytes(), []byte("\xef\xbb\xbf")))
		if len(raw) == 0 {
			continue
		}
		var rec record
		if err := json.Unmarshal(raw, &rec); err != nil {
			return nil, lineFault(op, n, "不是有效的JSON对象", "is no valid JSON object")
		}
		if strings.TrimSpace(rec.Content) == "" {
			return nil, lineFault(op, n, "缺少正文（content）", "lacks a text (content)")
		}
		if len(rec.Content) > maxText {
			return nil, lineFault(op, n, "正文超过4 MB", "has a text above 4 MB")
		}
		year, ok := yearField(rec.Year)
		if !ok {
			return nil, lineFault(op, n, "年份（year）无效", "has no valid year")
		}
		out = append(out, NewDocument(name, rec.Title, year, rec.Content))
	}
	if err := in.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			return nil, lineFault(op, n+1, "超过8 MB", "exceeds 8 MB")
		}
		return nil, badGzip(err)
	}
	if len(out) == 0 {
		return nil, fault.New(fault.Invalid, op, "文件里没有文档。", "The file holds no document.")
	}
	return out, nil
}

func lineFault(op string, n int, zh, en string) error {
	return fault.At(op, fmt.Sprintf("line %d", n), fmt.Sprintf("第%d行%s。", n, zh), fmt.Sprintf("Line %d %s.", n, en))
}

// yearField reads a year given as number or text; absent is 0.
func yearField(raw json.RawMessage) (int, bool) {
	s := strings.Trim(string(raw), `" `)
	if s == "" || s == "null" {
		return 0, true
	}
	y, err := strconv.Atoi(s)
	return y, err == nil && y >= 1949 && y <= 2100
}
