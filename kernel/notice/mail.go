package notice

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"mime"
	"net/mail"
	"strings"
	"time"

	"touyan.dev/touyan/kernel/fault"
)

// compose writes a letter as a message of RFC 5322 and MIME: plain text and HTML,
// both Chinese before English, without pictures, styles of others or anything that
// reports that it was opened.
func (m *Mail) compose(l Letter) []byte {
	subject := l.Text.ZH
	if l.Number != "" {
		subject = l.Number + " " + subject
	}
	const bound = "touyan-letter" // no line of base64 holds a hyphen
	var b bytes.Buffer
	head := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }
	head("From", (&mail.Address{Name: m.Name, Address: m.From}).String())
	head("To", (&mail.Address{Address: l.To}).String())
	head("Subject", mime.BEncoding.Encode("utf-8", oneLine("【头雁】"+subject)))
	head("Date", m.Clock.Now().Format(time.RFC1123Z))
	head("Message-ID", m.messageID(l))
	head("Auto-Submitted", "auto-generated") // no out-of-office answers (RFC 3834)
	head("MIME-Version", "1.0")
	head("Content-Type", `multipart/alternative; boundary="`+bound+`"`)
	for _, part := range []struct{ kind, text string }{{"text/plain", plain(l)}, {"text/html", rich(l)}} {
		fmt.Fprintf(&b, "\r\n--%s\r\nContent-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n", bound, part.kind)
		text := base64.StdEncoding.EncodeToString([]byte(part.text))
		for len(text) > 76 {
			b.WriteString(text[:76] + "\r\n")
			text = text[76:]
		}
		b.WriteString(text + "\r\n")
	}
	fmt.Fprintf(&b, "\r\n--%s--\r\n", bound)
	return b.Bytes()
}

// oneLine keeps a header from becoming two.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func signature() fault.Text {
	return fault.T("本邮件由系统自动发出，请勿回复。提醒方式可在“我的—提醒方式”中更改。", "Sent by the system; please do not reply. Change how you are told on your account page.")
}

// lines are what a letter says, one line after the other.
func (l Letter) lines() []fault.Text {
	out := []fault.Text{l.Text}
	if l.Number != "" {
		out = append(out, fault.T("事项编号："+l.Number, "Matter: "+l.Number))
	}
	if l.Title != "" {
		out = append(out, fault.T("事项名称："+l.Title, "Title: "+l.Title))
	}
	at := l.At.Format("2006-01-02 15:04")
	return append(out, fault.T("时间："+at, "Time: "+at))
}

func plain(l Letter) string {
	var zh, en []string
	for _, t := range l.lines() {
		zh, en = append(zh, t.ZH), append(en, t.EN)
	}
	s := signature()
	return strings.Join(zh, "\r\n") + "\r\n\r\n打开办理 Open: " + l.Link + "\r\n\r\n" + strings.Join(en, "\r\n") + "\r\n\r\n-- \r\n" + s.ZH + "\r\n" + s.EN + "\r\n"
}

func rich(l Letter) string {
	var b strings.Builder
	b.WriteString(`<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>头雁</title></head>` +
		`<body style="margin:0;padding:16px;background:#f4f6f9;font:16px/1.7 'PingFang SC','Microsoft YaHei',sans-serif;color:#1c2430">` +
		`<table role="presentation" style="max-width:560px;width:100%;margin:0 auto;background:#fff;border:1px solid #d8dee8;border-radius:8px"><tr><td style="padding:20px 24px">`)
	lines := l.lines()
	fmt.Fprintf(&b, `<p style="margin:0 0 8px;font-size:20px;font-weight:600">%s</p>`, html.EscapeString(lines[0].ZH))
	for _, t := range lines[1:] {
		fmt.Fprintf(&b, `<p style="margin:0">%s</p>`, html.EscapeString(t.ZH))
	}
	fmt.Fprintf(&b, `<p style="margin:20px 0"><a href="%s" style="display:inline-block;padding:10px 22px;background:#1456b8;color:#fff;border-radius:6px;text-decoration:none">打开办理 Open</a></p>`, html.EscapeString(l.Link))
	b.WriteString(`<p lang="en" style="margin:0;color:#5b6270;font-size:14px">`)
	for i, t := range lines {
		if i > 0 {
			b.WriteString("<br>")
		}
		b.WriteString(html.EscapeString(t.EN))
	}
	s := signature()
	fmt.Fprintf(&b, `</p></td></tr></table><p style="max-width:560px;margin:12px auto 0;color:#5b6270;font-size:12px">%s<br><span lang="en">%s</span></p></body></html>`, s.ZH, s.EN)
	return b.String()
}
