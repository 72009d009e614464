package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"touyan.dev/touyan/kernel/fault"
)

// refusal is an error with the status it has on the wire; 0 means its kind's own.
type refusal struct {
	err    *fault.Error
	status int
}

// checkURL refuses a path or query that is not UTF-8 or holds control characters.
func checkURL(u *url.URL) *refusal {
	if at := badText(u.Path); at >= 0 {
		return garbled("path", at)
	}
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(rawName)
		if err != nil || badText(name) >= 0 {
			return garbled("query", max(badText(name), 0))
		}
		// The name may be anything somebody typed: only one that reads like a
		// parameter's is repeated.
		at := "query"
		if isParameter(name) {
			at = "query/" + name
		}
		value, err := url.QueryUnescape(rawValue)
		if err != nil {
			return &refusal{err: fault.At("web.url", at, "百分号编码有误。", "The percent-encoding is malformed.")}
		}
		if bad := badText(value); bad >= 0 {
			return garbled(at, bad)
		}
	}
	return nil
}

// isParameter reports a short lower-case word.
func isParameter(name string) bool {
	return name != "" && len(name) <= 24 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") == ""
}

func garbled(where string, at int) *refusal {
	return &refusal{err: fault.At("web.url", where,
		fmt.Sprintf("第 %d 字节处不是 UTF-8 文字，请以 UTF-8 编码提交。", at),
		fmt.Sprintf("Byte %d is not UTF-8 text; send UTF-8.", at))}
}

// badText gives the offset of the first byte that is not UTF-8 or is a control
// character, or -1.
func badText(s string) int {
	if at := invalidAt([]byte(s)); at >= 0 {
		return at
	}
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f })
}

// byteOrderMark may stand before a JSON text that some editors write.
const byteOrderMark = "\xef\xbb\xbf"

// checkBody reads the body of an unsafe request, up to the operation's limit,
// and refuses what is not one JSON text in UTF-8. huma then reads it from memory.
func (s *Server) checkBody(w http.ResponseWriter, r *http.Request, q *request) *refusal {
	if !q.route.unsafe || r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	limit := q.route.op.MaxBody
	if r.ContentLength > limit {
		return &refusal{tooLarge(limit), http.StatusRequestEntityTooLarge}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		return &refusal{tooLarge(limit), http.StatusRequestEntityTooLarge}
	}
	if err != nil {
		return &refusal{fault.New(fault.Busy, "web.body", "接收内容时连接中断，请重试。", "The connection broke while the content arrived; try again."), http.StatusRequestTimeout}
	}
	if q.route.op.Binary {
		if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/octet-stream" {
			return &refusal{notBytes(), http.StatusUnsupportedMediaType}
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		return nil
	}
	if len(body) > 0 && !isJSON(r.Header.Get("Content-Type")) {
		return &refusal{notJSON(), http.StatusUnsupportedMediaType}
	}
	body = bytes.TrimPrefix(body, []byte(byteOrderMark))
	if at := invalidAt(body); at >= 0 {
		return &refusal{err: fault.At("web.body", "body",
			fmt.Sprintf("正文第 %d 字节处不是 UTF-8(可能是 GB18030 或 GBK),请以 UTF-8 编码提交。", at),
			fmt.Sprintf("Byte %d of the body is not UTF-8 (perhaps it is GB18030 or GBK); send UTF-8.", at))}
	}
	if len(body) > 0 {
		if f := scanJSON(body); f != nil {
			return &refusal{err: fault.At("web.body", "body", f.text.ZH, f.text.EN)}
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength = int64(len(body))
	return nil
}

func notBytes() *fault.Error {
	return fault.New(fault.Invalid, "web.body", "文件须以 application/octet-stream 提交。", "Send the file as application/octet-stream.")
}

func isJSON(contentType string) bool {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil || media != "application/json" {
		return false
	}
	charset := params["charset"]
	return charset == "" || strings.EqualFold(charset, "utf-8")
}
