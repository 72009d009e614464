package web

import (
	"fmt"
	"strings"
)

// The types of the documents that are handed out.
const (
	TypeXlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	TypeDocx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
)

// Download is an answer that is saved as a file.
type Download struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

// Export is a workbook that left the house with its receipt.
type Export struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Number      string `header:"X-Export-Number" doc:"stands in the file and in its receipt"`
	Rows        string `header:"X-Export-Rows"`
	Receipt     string `header:"X-Receipt" doc:"position of the receipt"`
	Body        []byte
}

// SaveAs says under which name an answer is saved (RFC 8187); plain is for programs
// that read no other letters than ASCII.
func SaveAs(plain, name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return fmt.Sprintf("attachment; filename=%q; filename*=UTF-8''%s", plain, b.String())
}
