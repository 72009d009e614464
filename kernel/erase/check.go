package erase

import (
	"context"
	"fmt"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Check wants, for every body that is gone, an erasure that says so, and for
// every erasure its event: otherwise emptying a body would be a way to change
// what a log says. It gives up to limit findings, and how many bodies are gone.
func Check(ctx context.Context, r store.Reader, limit int) (found []audit.Finding, gone int, err error) {
	erased, err := event.Erased(ctx, r)
	if err != nil {
		return nil, 0, err
	}
	add := func(table, row string, pos int64, zh, en string) {
		if len(found) < limit {
			found = append(found, audit.Finding{Table: table, Row: row, Pos: pos, Text: fault.T(zh, en)})
		}
	}
	for id, pos := range erased {
		e, err := event.At(ctx, r, pos)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return found, gone, err
		}
		if err != nil || !event.Erases(e.Kind) {
			add("erasure", fmt.Sprintf("id=%d", id), pos, "清除登记没有对应的记录", "the entry names no event that says so")
		}
	}
	type body struct{ pos, subject int64 }
	empty, err := store.Collect(ctx, r, func(row store.Scanner) (b body, err error) {
		err = row.Scan(&b.pos, &b.subject)
		return b, err
	}, "SELECT pos, subject FROM event WHERE LENGTH(body) < 16 ORDER BY pos")
	if err != nil {
		return found, gone, fault.Wrap("erase.Check", err)
	}
	for _, b := range empty {
		_, single := erased[b.pos]
		if by, whole := erased[b.subject]; !single && (!whole || by <= b.pos) {
			add("event", fmt.Sprintf("pos=%d", b.pos), b.pos, fmt.Sprintf("第%d条的正文不在，而没有清除记录", b.pos), fmt.Sprintf("the body of event %d is gone and no erasure says so", b.pos))
		}
	}
	return found, len(empty), nil
}
