package attach

import (
	"archive/zip"
	"bytes"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/gabriel-vasile/mimetype"
	"golang.org/x/text/encoding/simplifiedchinese"

	"touyan.dev/touyan/kernel/fault"
)

// reading is how the text of a kind is found.
type reading int

const (
	opaque  reading = iota // none: pictures, and the old formats of Office and WPS
	plain                  // the file itself
	ooxml                  // the parts of an Office Open XML package
	pdfText                // the pages of a PDF
)

// kind is a kind of file that is taken.
type kind struct {
	endings []string
	media   string   // as it is stored and served
	content []string // what the content may be found to be
	reading reading
}

const ole = "application/x-ole-storage"

func kinds() []kind {
	return []kind{
		{[]string{"pdf"}, "application/pdf", []string{"application/pdf"}, pdfText},
		{[]string{"docx"}, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", nil, ooxml},
		{[]string{"xlsx"}, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", nil, ooxml},
		{[]string{"pptx"}, "application/vnd.openxmlformats-officedocument.presentationml.presentation", nil, ooxml},
		{[]string{"doc"}, "application/msword", []string{"application/msword", ole}, opaque},
		{[]string{"xls"}, "application/vnd.ms-excel", []string{"application/vnd.ms-excel", ole}, opaque},
		{[]string{"wps", "et"}, "application/vnd.ms-works", []string{"application/msword", "application/vnd.ms-excel", "application/vnd.ms-works", ole}, opaque},
		{[]string{"png"}, "image/png", []string{"image/png"}, opaque},
		{[]string{"jpg", "jpeg"}, "image/jpeg", []string{"image/jpeg"}, opaque},
		{[]string{"heic", "heif"}, "image/heic", []string{"image/heic", "image/heif", "image/heic-sequence", "image/heif-sequence"}, opaque},
		{[]string{"txt"}, "text/plain", nil, plain},
		{[]string{"csv"}, "text/csv", nil, plain},
	}
}

// Accept lists the endings that are taken, as a browser's file dialog wants them.
func Accept() string {
	var all []string
	for _, k := range kinds() {
		for _, e := range k.endings {
			all = append(all, "."+e)
		}
	}
	return strings.Join(all, ",")
}

// kindOf finds what a file is by its content, and holds its name's ending
// against that.
func kindOf(name string, data []byte) (kind, error) {
	ending := strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
	var k kind
	for _, known := range kinds() {
		for _, e := range known.endings {
			if e == ending {
				k = known
			}
		}
	}
	if k.media == "" {
		return k, refused("不接收这种文件。可用：pdf、docx、xlsx、pptx、doc、xls、wps、et、png、jpg、heic、txt、csv；压缩包请解开后分别上传。",
			"Files of this kind are not taken. Use pdf, docx, xlsx, pptx, doc, xls, wps, et, png, jpg, heic, txt or csv; unpack an archive and send its files.")
	}
	misfit := refused("文件内容与扩展名“."+ending+"”不符，请确认后以正确的格式另存。", "The content is not what its ending ."+ending+" says; save it in the right format.")
	switch {
	case k.reading == plain:
		if _, ok := plainText(data); !ok {
			return k, misfit
		}
	case k.reading == ooxml:
		return k, checkPackage(ending, data, misfit)
	default:
		found := mimetype.Detect(data)
		fits := false
		for _, media := range k.content {
			fits = fits || found.Is(media)
		}
		if !fits {
			return k, misfit
		}
		if k.reading == opaque && bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")) && hasMacros(data) {
			return k, errMacros()
		}
		if k.reading == pdfText && bytes.Contains(data, []byte("/JavaScript")) {
			return k, refused("PDF 含有脚本，不予接收；请另存为不含脚本的文件。", "The PDF holds a script and is not taken; save it without.")
		}
	}
	return k, nil
}

func refused(zh, en string) error { return fault.At("attach.Upload", "file", zh, en) }

func errMacros() error {
	return refused("文件含有宏，不予接收；请另存为不含宏的 docx、xlsx 或 pptx。", "The file holds macros and is not taken; save it as docx, xlsx or pptx without.")
}

// hasMacros looks for the storage of VBA projects among the names of an OLE file,
// which are UTF-16.
func hasMacros(data []byte) bool {
	for _, name := range []string{"_VBA_PROJECT", "Macros", "VBA"} {
		wide := make([]byte, 0, 2*len(name)+2)
		for _, c := range []byte(name) {
			wide = append(wide, c, 0)
		}
		if bytes.Contains(data, append(wide, 0, 0)) {
			return true
		}
	}
	return false
}

// Bounds of a package, far beyond any document of 20 MB.
const (
	maxMembers  = 5000
	maxUnpacked = 256 << 20 // as its directory says
	maxRatio    = 200
)

// checkPackage looks at the directory of an Office Open XML package.
func checkPackage(ending string, data []byte, misfit error) error {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return misfit
	}
	main := map[string]string{"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "pptx": "ppt/presentation.xml"}[ending]
	var unpacked uint64
	there := map[string]bool{}
	for _, f := range z.File {
		unpacked += f.UncompressedSize64
		name := strings.ToLower(f.Name)
		there[name] = true
		if strings.Contains(name, "vbaproject") || strings.HasSuffix(name, ".bin") && strings.Contains(name, "macro") || strings.Contains(name, "/activex/") {
			return errMacros()
		}
	}
	if len(z.File) > maxMembers || unpacked > maxUnpacked || unpacked/maxRatio > uint64(len(data)) {
		return refused("文件展开后过大，不予接收；请拆分或压缩其中的图片。", "The file unpacks to too much and is not taken; split it, or reduce its pictures.")
	}
	if !there["[content_types].xml"] || !there[main] {
		return misfit
	}
	return nil
}

// plainText decodes UTF-8, UTF-16 with a mark, or GB18030.
func plainText(data []byte) (string, bool) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return utf16Text(data)
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return "", false
	}
	if utf8.Valid(data) {
		return string(data), true
	}
	text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data)
	if err != nil || bytes.Contains(text, []byte("\uFFFD")) {
		return "", false
	}
	return string(text), true
}

func utf16Text(data []byte) (string, bool) {
	if len(data)%2 != 0 {
		return "", false
	}
	big := data[0] == 0xfe
	var b strings.Builder
	units := make([]uint16, 0, len(data)/2)
	for i := 2; i+1 < len(data); i += 2 {
		if big {
			units = append(units, uint16(data[i])<<8|uint16(data[i+1]))
		} else {
			units = append(units, uint16(data[i+1])<<8|uint16(data[i]))
		}
	}
	for _, r := range decode16(units) {
		if r == 0 || r == utf8.RuneError {
			return "", false
		}
		b.WriteRune(r)
	}
	return b.String(), true
}
