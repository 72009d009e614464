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

// Head gives the number of events in the log and the epoch of its signatures.
func Head(ctx context.Context, r store.Reader) (size, epoch int64, err error) {
	err = r.QueryRow(ctx, "SELECT size, epoch FROM log_head WHERE id = 1").Scan(&size, &epoch)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 1, nil
	}
	return size, epoch, fault.Wrap("event.Head", err)
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

// Row is an event with the stored hashes of its row.
type Row struct {
	Event
	Hashes []byte
}

// RowsAfter is After with the stored hashes, for whoever checks the tree.
func RowsAfter(ctx context.Context, r store.Reader, pos int64, limit int) ([]Row, error) {
	return store.Collect(ctx, r, func(row store.Scanner) (Row, error) {
		var out Row
		var body []byte
		err := row.Scan(&out.Pos, &out.Recorded, &out.Occurred, &out.Kind, &out.Subject, &out.Actor, &out.Behalf, &out.Unit, &out.Digest, &out.Salt, &body, &out.Hashes)
		out.Body = body
		out.Erased = len(out.Salt) == 0
		return out, err
	}, "SELECT "+columns+", hashes FROM event WHERE pos >= ? ORDER BY pos LIMIT ?", pos, limit)
}
