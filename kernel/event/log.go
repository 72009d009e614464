package event

import (
	"context"
	"database/sql"
	"errors"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

const columns = "pos, recorded, occurred, kind, subject, actor, behalf, unit, digest, salt, body"

func scan(row store.Scanner) (Event, error) {
	var e Event
	var body []byte
	err := row.Scan(&e.Pos, &e.Recorded, &e.Occurred, &e.Kind, &e.Subject, &e.Actor, &e.Behalf, &e.Unit, &e.Digest, &e.Salt, &body)
	e.Body = body
	e.Erased = len(e.Salt) == 0
	return e, err
}

// Size gives the number of events in the log.
func Size(ctx context.Context, r store.Reader) (int64, error) {
	var size int64
	err := r.QueryRow(ctx, "SELECT size FROM log_head WHERE id = 1").Scan(&size)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return size, fault.Wrap("event.Size", err)
}

// At gives the event at a position.
func At(ctx context.Context, r store.Reader, pos int64) (Event, error) {
	e, err := scan(r.QueryRow(ctx, "SELECT "+columns+" FROM event WHERE pos = ?", pos))
	if errors.Is(err, sql.ErrNoRows) {
		return e, fault.New(fault.NotFound, "event.At", "没有这一条记录。", "There is no such event.")
	}
	return e, fault.Wrap("event.At", err)
}

// After gives up to limit events from position pos on, in order.
func After(ctx context.Context, r store.Reader, pos int64, limit int) ([]Event, error) {
	return store.Collect(ctx, r, scan, "SELECT "+columns+" FROM event WHERE pos >= ? ORDER BY pos LIMIT ?", pos, limit)
}

// Of gives the events of one subject in order.
func Of(ctx context.Context, r store.Reader, subject int64) ([]Event, error) {
	return store.Collect(ctx, r, scan, "SELECT "+columns+" FROM event WHERE subject = ? ORDER BY pos", subject)
}

// Find gives the event written under (actor, key), if any.
func Find(ctx context.Context, r store.Reader, o Once) (Event, bool, error) {
	e, err := scan(r.QueryRow(ctx, "SELECT "+columns+" FROM event WHERE actor = ? AND idem = ?", o.Actor, o.Key[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return e, false, nil
	}
	return e, err == nil, fault.Wrap("event.Find", err)
}
