package observatory

import (
	"context"
	"encoding/json"
	"fmt"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/notice"
)

// The sentences of the observatory's notices.
const (
	saysRelease   = "observatory.release"
	saysRetracted = "observatory.retracted"
	saysLapsed    = "observatory.lapsed"
)

// Told implements notice.Domain. A release that was published is told to the
// office's leaders, secretaries and supervisors; a fact that was retracted or
// lapsed to the author of each note that quotes it, and to whoever made a matter of
// it.
func (d *Desk) Told(ctx context.Context, e event.Event) ([]notice.Told, error) {
	switch e.Kind {
	case EventPublished:
		return d.tellOffice(e)
	case EventRetracted:
		return d.tellQuoting(ctx, e, saysRetracted)
	case EventLapsed:
		return d.tellQuoting(ctx, e, saysLapsed)
	}
	return nil, nil
}

func (d *Desk) tellOffice(e event.Event) ([]notice.Told, error) {
	var body struct {
		Found     int64 `json:"facts_found"`
		Retracted int64 `json:"facts_retracted"`
	}
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return nil, fault.Wrap("observatory.Told", err)
	}
	if body.Found+body.Retracted == 0 {
		return nil, nil
	}
	dir := d.Book.Now()
	at := office(dir)
	var out []notice.Told
	for _, p := range dir.People() {
		for _, duty := range []auth.Duty{auth.Leader, auth.Deputy, auth.Secretary, auth.Supervisor} {
			if p.ID != e.Actor && dir.Holds(p.ID, duty, at) {
				out = append(out, notice.Told{Person: p.ID, Class: notice.Issue, Text: saysRelease})
				break
			}
		}
	}
	return out, nil
}

func (d *Desk) tellQuoting(ctx context.Context, e event.Event, says string) ([]notice.Told, error) {
	list, err := d.quoting(ctx, e.Subject)
	if err != nil {
		return nil, err
	}
	var out []notice.Told
	told := map[int64]bool{}
	tell := func(person int64) {
		if person != 0 && !told[person] {
			told[person] = true
			out = append(out, notice.Told{Person: person, Class: notice.Return, Text: says})
		}
	}
	for _, n := range list {
		tell(n.Author)
	}
	opened, err := d.opened(ctx, e.Subject)
	for _, m := range opened {
		tell(m.Actor)
	}
	return out, err
}

// Words implements notice.Domain. Statistics are for everybody here to read.
func (d *Desk) Words(ctx context.Context, _ int64, list []notice.Notice) (map[int64]notice.Words, error) {
	out := map[int64]notice.Words{}
	for _, n := range list {
		switch n.Text {
		case saysRelease:
			r, err := d.Release(ctx, n.Subject)
			if fault.Is(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return nil, err
			}
			text := fault.T(fmt.Sprintf("新数据发布：%s，新增事实%d条，撤回%d条", r.Name, r.Found, r.Retracted), fmt.Sprintf("A release was published: %s; %d new facts, %d retracted", r.Name, r.Found, r.Retracted))
			out[n.Pos] = notice.Words{Text: text, Plain: fault.T("有新数据发布", "A release was published"), Title: r.Name, Link: fmt.Sprintf("/observatory/releases/%d", r.ID)}
		case saysRetracted, saysLapsed:
			f, err := d.Fact(ctx, n.Subject)
			if fault.Is(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return nil, err
			}
			text, plain := fault.T("您引用的事实已被修订推翻，请改稿："+f.Told.ZH, "A fact that you quoted was broken by a revision; mend the text: "+f.Told.EN), fault.T("您引用的一条事实已撤回", "A fact that you quoted was retracted")
			if n.Text == saysLapsed {
				text, plain = fault.T("您引用的事实已失效（数据未变，是认定规则调整或目标撤销），请核对："+f.Told.ZH, "A fact that you quoted has lapsed; no figure changed, but the rules or its target did. Check: "+f.Told.EN), fault.T("您引用的一条事实已失效", "A fact that you quoted has lapsed")
			}
			out[n.Pos] = notice.Words{Text: text, Plain: plain, Title: f.Told.ZH, Link: fmt.Sprintf("/observatory/facts/%d", f.ID)}
		}
	}
	return out, nil
}
