package event

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"strconv"
	"strings"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

const columns = "pos, subject, actor, envelope, body, proof"

// scan reads an event. A row whose envelope is not the one form in which they
// are written, or says another place, subject or actor than its columns, was
// changed: it gets the kind of a broken one, and check names it.
func scan(row store.Scanner) (Event, error) {
	r, err := scanRow(row)
	return r.Event, err
}

func scanRow(row store.Scanner) (Row, error) {
	var r Row
	var pos, subject, actor int64
	var envelope string
	var sealed, proof []byte
	if err := row.Scan(&pos, &subject, &actor, &envelope, &sealed, &proof); err != nil {
		return r, err
	}
	var ok bool
	if r.Envelope, ok = parseEnvelope(envelope); !ok || r.Pos != pos || r.Subject != subject || r.Actor != actor {
		r.Envelope = Envelope{Pos: pos, Subject: subject, Actor: actor, Kind: Broken}
	}
	if len(proof) >= sha256.Size {
		r.Digest, r.Hashes = proof[:sha256.Size:sha256.Size], proof[sha256.Size:]
	}
	if r.Erased = len(sealed) < saltSize; !r.Erased {
		r.Salt, r.Body = sealed[:saltSize:saltSize], sealed[saltSize:]
	}
	return r, nil
}

// Broken is the kind given to an event whose row was changed so that its
// envelope can no longer be believed.
const Broken = "log/broken"

// parseEnvelope reads what Bytes wrote, and nothing else.
func parseEnvelope(text string) (Envelope, bool) {
	var e Envelope
	rest, ok := text, true
	num := func(name string, to *int64) {
		var digits string
		if rest, ok = cut(rest, name, ok); ok {
			n := 0
			for n < len(rest) && (rest[n] == '-' || rest[n] >= '0' && rest[n] <= '9') {
				n++
			}
			digits, rest = rest[:n], rest[n:]
			var err error
			*to, err = strconv.ParseInt(digits, 10, 64)
			ok = err == nil
		}
	}
	num(`{"pos":`, &e.Pos)
	num(`,"recorded":`, &e.Recorded)
	num(`,"occurred":`, &e.Occurred)
	if rest, ok = cut(rest, `,"kind":`, ok); ok {
		quoted, err := strconv.QuotedPrefix(rest)
		if ok = err == nil; ok {
			e.Kind, err = strconv.Unquote(quoted)
			ok, rest = err == nil, rest[len(quoted):]
		}
	}
	num(`,"subject":`, &e.Subject)
	num(`,"actor":`, &e.Actor)
	num(`,"behalf":`, &e.Behalf)
	num(`,"unit":`, &e.Unit)
	return e, ok && rest == "}" && string(e.Bytes()) == text
}

func cut(text, prefix string, ok bool) (string, bool) {
	if !ok {
		return text, false
	}
	return strings.CutPrefix(text, prefix)
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

// Since gives the position of the first event recorded at or after an instant
// (µs), by halving; the log's size if there is none. Events written by one group
// may lie a moment out of order: who needs each of them begins a little earlier.
func Since(ctx context.Context, r store.Reader, micros int64) (int64, error) {
	size, _, err := Head(ctx, r)
	if err != nil {
		return 0, err
	}
	low, high := int64(0), size
	for low < high {
		mid := low + (high-low)/2
		e, err := At(ctx, r, mid)
		if err != nil {
			return 0, err
		}
		if e.Recorded < micros {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low, nil
}

// After gives up to limit events from position pos on, in order.
func After(ctx context.Context, r store.Reader, pos int64, limit int) ([]Event, error) {
	return store.Collect(ctx, r, scan, "SELECT "+columns+" FROM event WHERE pos >= ? ORDER BY pos LIMIT ?", pos, limit)
}

// Of gives the events of one subject in order.
func Of(ctx context.Context, r store.Reader, subject int64) ([]Event, error) {
	return store.Collect(ctx, r, scan, "SELECT "+columns+" FROM event WHERE subject = ? ORDER BY pos", subject)
}

// Before gives the last event of a subject before a position, if there is one.
func Before(ctx context.Context, r store.Reader, subject, pos int64) (Event, bool, error) {
	e, err := scan(r.QueryRow(ctx, "SELECT "+columns+" FROM event WHERE subject = ? AND pos < ? ORDER BY pos DESC LIMIT 1", subject, pos))
	if errors.Is(err, sql.ErrNoRows) {
		return e, false, nil
	}
	return e, err == nil, fault.Wrap("event.Before", err)
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
	return store.Collect(ctx, r, scanRow, "SELECT "+columns+" FROM event WHERE pos >= ? ORDER BY pos LIMIT ?", pos, limit)
}
