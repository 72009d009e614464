// Package paper puts official documents (公文) and printed slips on A4 by GB/T
// 9704-2012: 22 lines of 28 characters on a page of body text, size 3 (16 pt),
// margins of 37, 35, 28 and 26 mm.
//
// A Document says what a paper says, and nothing of how it looks. Lay turns it
// into paragraphs of named styles, which both hands set alike: Docx, which
// writes OOXML with archive/zip and encoding/xml alone, and the print page of
// the screens. The grid of 22 × 28 comes from lines of exactly 28.95 pt and
// characters set 0.25 pt closer, because 28 × 16 pt is 158 mm and the text area
// is 156 mm wide.
//
// The same Document gives the same bytes, on every machine and with every
// version of Go: parts are stored, not compressed, in one order and with one
// date. Edition names the way of writing; it rises whenever the bytes change.
//
// Lint holds a Document against the rules of the standard and of the
// regulations on official documents (党政机关公文处理工作条例). The package
// embeds no font: it names those that offices have.
package paper

import (
	"strconv"
	"strings"
)

// Edition is the way in which this version writes a Document. A digest of bytes
// is comparable within one edition.
const Edition = 1

// Form is one of the shapes of a paper.
type Form string

// The forms.
const (
	File   Form = "file"   // 文件格式: issuer's mark with 文件, number, red rule
	Letter Form = "letter" // 信函格式 (10.1): mark and double rules, no number on page 1
	Brief  Form = "brief"  // 简报: a head of its own, body and foot as a file's
	Slip   Form = "slip"   // 单: a table under a heading
)

// Fonts says which names of fonts a paper asks for.
type Fonts string

// The sets of fonts. Offices without the fonts of GB 2312 use the plain ones,
// which also hold rarer characters.
const (
	GB    Fonts = ""      // 仿宋_GB2312, 楷体_GB2312, 黑体, 方正小标宋简体
	Plain Fonts = "plain" // 仿宋, 楷体, 黑体, 宋体
)

// Document is what a paper says.
type Document struct {
	Form    Form     `json:"form"`
	Type    Type     `json:"type,omitempty"` // 文种
	Fonts   Fonts    `json:"fonts,omitempty"`
	Serial  string   `json:"serial,omitempty"`  // 份号: six digits
	Urgency string   `json:"urgency,omitempty"` // 特急, 加急
	Issuer  string   `json:"issuer,omitempty"`  // 发文机关标志
	Number  string   `json:"number,omitempty"`  // 发文字号; for a brief its issue (期号)
	Signers []string `json:"signers,omitempty"` // 签发人: upward documents only
	Editor  string   `json:"editor,omitempty"`  // 编发单位: briefs only
	Upward  bool     `json:"upward,omitempty"`  // 上行文

	Title   string   `json:"title"`
	To      []string `json:"to,omitempty"` // 主送
	Body    []Block  `json:"body"`
	Annexes []string `json:"annexes,omitempty"`
	By      string   `json:"by,omitempty"`   // 署名
	Date    string   `json:"date,omitempty"` // 成文日期: YYYY-MM-DD
	Sealed  bool     `json:"sealed,omitempty"`
	Note    string   `json:"note,omitempty"`    // 附注, without its brackets
	Copies  []string `json:"copies,omitempty"`  // 抄送
	Printer string   `json:"printer,omitempty"` // 印发机关
	Printed string   `json:"printed,omitempty"` // 印发日期: YYYY-MM-DD

	Back string `json:"back,omitempty"` // where the QR code leads
	Foot string `json:"foot,omitempty"` // the small line under a slip
}

// Block is a paragraph, a heading or a table of the body.
type Block struct {
	Level int    `json:"level,omitempty"` // 1 to 4 is numbered 一、（一）1.（1）
	Text  string `json:"text,omitempty"`
	Table *Table `json:"table,omitempty"`
}

// Table is a table of the body. Widths are shares of the text area.
type Table struct {
	Widths []int    `json:"widths"`
	Head   int      `json:"head,omitempty"` // rows repeated on each page
	Rows   [][]Cell `json:"rows"`
}

// Cell is a cell of a table.
type Cell struct {
	Text  string `json:"text"`
	Label bool   `json:"label,omitempty"` // names what stands beside or below it
	Span  int    `json:"span,omitempty"`  // columns; 0 is 1
	Mid   bool   `json:"mid,omitempty"`   // centred
	Tall  int    `json:"tall,omitempty"`  // lines kept free at least, to write on
}

// P makes a paragraph of text.
func P(text string) Block { return Block{Text: text} }

// H makes a numbered heading or item of a level from 1 to 4.
func H(level int, text string) Block { return Block{Level: level, Text: text} }

// Type is a sort of official document (文种).
type Type string

// Types are the fifteen of the regulations, article 8.
func Types() []Type {
	return []Type{"决议", "决定", "命令", "公报", "公告", "通告", "意见", "通知", "通报", "报告", "请示", "批复", "议案", "函", "纪要"}
}

// DateText writes YYYY-MM-DD as documents do: 2026年1月5日 (7.3.5.4).
func DateText(day string) string {
	part := strings.Split(day, "-")
	if len(part) != 3 {
		return day
	}
	for i, p := range part {
		n, err := strconv.Atoi(p)
		if err != nil {
			return day
		}
		part[i] = strconv.Itoa(n)
	}
	return part[0] + "年" + part[1] + "月" + part[2] + "日"
}
