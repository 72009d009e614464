package web

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
)

// readRow is one reading.
type readRow struct {
	At      string     `json:"at"`
	Person  int64      `json:"person"`
	Name    string     `json:"name"`
	As      fault.Text `json:"as" doc:"the unit and duty by which the reader was there"`
	Session int64      `json:"session"`
	Kind    string     `json:"kind" doc:"matter, tree, provenance, print, receipt, instruction, import, attachment, export, people or matters (searches)"`
	Object  int64      `json:"object" doc:"0: none"`
	Detail  string     `json:"detail" doc:"what was searched for, masked"`
}

type readPage struct {
	Items []readRow `json:"items"`
	Next  string    `json:"next" doc:"cursor of the next page; empty: this was the last"`
}

// ReadFilter is the filters of the log of reads, as they stand in the address.
type ReadFilter struct {
	Kind   string `query:"kind" maxLength:"20"`
	Object int64  `query:"object" minimum:"0"`
	From   string `query:"from" maxLength:"10" doc:"first day, YYYY-MM-DD"`
	To     string `query:"to" maxLength:"10" doc:"last day"`
	Cursor string `query:"cursor" maxLength:"50"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

func (f ReadFilter) query() (auth.ReadQuery, error) {
	q := auth.ReadQuery{Kind: f.Kind, Object: f.Object, Limit: f.Limit}
	for _, d := range []struct {
		path, text string
		to         *time.Time
		more       int
	}{{"query/from", f.From, &q.From, 0}, {"query/to", f.To, &q.To, 1}} {
		if d.text == "" {
			continue
		}
		day, err := time.ParseInLocation(time.DateOnly, d.text, clock.Shanghai())
		if err != nil {
			return q, fault.At("web.reads", d.path, "日期应写作 2026-11-23。", "A day is written 2026-11-23.")
		}
		*d.to = day.AddDate(0, 0, d.more)
	}
	if f.Cursor != "" {
		moment, nonce, _ := strings.Cut(f.Cursor, "-")
		var err1, err2 error
		q.Before.Moment, err1 = strconv.ParseInt(moment, 10, 64)
		q.Before.Nonce, err2 = strconv.ParseInt(nonce, 10, 64)
		if err1 != nil || err2 != nil {
			return q, fault.At("web.reads", "query/cursor", "翻页位置有误，请从第一页看起。", "The cursor is none of ours; begin at the first page.")
		}
	}
	return q, nil
}

func (y *Security) registerReads(s *Server) {
	Register(s, own("GET", "/api/account/reads", "own-reads", "What the caller has read"), func(ctx context.Context, in *struct{ ReadFilter }) (*reply[readPage], error) {
		q, err := in.query()
		if err != nil {
			return nil, err
		}
		q.Person = Who(ctx).Person
		return replied(y.reads(ctx, q))
	})
	Register(s, Op{Method: "GET", Path: "/api/reads", ID: "reads", Summary: "Who read what, for auditors", Tag: "security"}, func(ctx context.Context, in *struct {
		ReadFilter
		Person int64 `query:"person" minimum:"0"`
	}) (*reply[readPage], error) {
		if !y.Book.Now().Audits(Who(ctx).Person) {
			return nil, &fault.Error{Kind: fault.Forbidden, Op: "web.reads", Policy: "reads.auditor", Text: fault.T("查阅日志只供审计员查看；自己的查阅记录在“我的”中。", "The log of reads is for auditors; your own is on your account page.")}
		}
		q, err := in.query()
		if err != nil {
			return nil, err
		}
		q.Person = in.Person
		return replied(y.reads(ctx, q))
	})
}

func (y *Security) reads(ctx context.Context, q auth.ReadQuery) (readPage, error) {
	// What waits to be written is a reader's business too.
	if err := y.Reads.Flush(ctx); err != nil && !fault.Is(err, fault.Unavailable) && !fault.Is(err, fault.Busy) {
		return readPage{}, err
	}
	list, next, err := y.Reads.List(ctx, q)
	got := readPage{Items: []readRow{}}
	if err != nil {
		return got, err
	}
	dir := y.Book.Now()
	for _, r := range list {
		p, _ := dir.Person(r.Person)
		got.Items = append(got.Items, readRow{written(r.At), r.Person, p.Name.ZH, capacity(dir, r.Duty), r.Session, r.Kind, r.Object, r.Detail})
	}
	if next != (auth.ReadMark{}) {
		got.Next = fmt.Sprintf("%d-%d", next.Moment, next.Nonce)
	}
	return got, nil
}

// capacity puts "supervisor@12" into words.
func capacity(dir *auth.Directory, duty string) fault.Text {
	name, at, _ := strings.Cut(duty, "@")
	id, _ := strconv.ParseInt(at, 10, 64)
	u, ok := dir.Unit(id)
	d := auth.Duty(name).Name()
	if !ok {
		return d
	}
	return fault.Text{ZH: u.Name.ZH + "·" + d.ZH, EN: u.Name.EN + ": " + d.EN}
}
