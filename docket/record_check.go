package docket

import (
	"context"
	"errors"
	"fmt"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/bus"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// recordBatch is how many events are counted at once.
const recordBatch = 500

// CheckRecord counts the log again as far as the record has followed it, and
// compares row by row, up to limit findings. What hangs on an erased event is
// left out: it was counted when it could still be read.
func (o *Office) CheckRecord(ctx context.Context, limit int) ([]audit.Finding, error) {
	pos, rows, err := o.readRecord(ctx)
	if err != nil {
		return nil, err
	}
	r := o.reckoner()
	for at := int64(0); at < pos; {
		events, err := event.After(ctx, o.DB, at, int(min(recordBatch, pos-at)))
		if err != nil || len(events) == 0 {
			return nil, err
		}
		for _, e := range events {
			if err := r.take(ctx, e); err != nil {
				return nil, err
			}
		}
		at = events[len(events)-1].Pos + 1
	}
	var found []audit.Finding
	add := func(k recordKey) {
		if len(found) < limit && !r.blurred[k] {
			found = append(found, audit.Finding{Table: "record", Row: fmt.Sprintf("office=%d day=%s unit=%d kind=%s", k.office, k.day, k.unit, k.kind), Pos: pos,
				Text: fault.T("统计与记录不符，可用 touyan rebuild record 重算。", "the sums are not what the log says; touyan rebuild record counts again")})
		}
	}
	for k, t := range rows {
		if r.sums[k] != t {
			add(k)
		}
	}
	for k, t := range r.sums {
		if _, ok := rows[k]; !ok && t != (tally{}) {
			add(k)
		}
	}
	return found, nil
}

// readRecord reads the whole record and how far it has followed the log.
func (o *Office) readRecord(ctx context.Context) (int64, map[recordKey]tally, error) {
	pos, err := bus.Position(ctx, o.DB, recordFollower)
	if err != nil {
		return 0, nil, err
	}
	rows := map[recordKey]tally{}
	_, err = store.Collect(ctx, o.DB, func(row store.Scanner) (struct{}, error) {
		k, t, err := scanRecord(row, nil)
		rows[k] = t
		return struct{}{}, err
	}, "SELECT "+recordColumns+" FROM record")
	if err != nil {
		return 0, nil, fault.Wrap("docket.readRecord", err)
	}
	again, err := bus.Position(ctx, o.DB, recordFollower)
	if err == nil && again != pos { // the server has added to it meanwhile
		return o.readRecord(ctx)
	}
	return pos, rows, err
}

// RebuildRecord throws the record away and counts the whole log again; it gives
// how many events it counted. The server may run meanwhile: whoever comes first
// counts a batch, and it counts once.
func (o *Office) RebuildRecord(ctx context.Context) (int64, error) {
	for {
		pos, rows, err := o.readRecord(ctx)
		if err != nil {
			return 0, err
		}
		err = o.DB.Write(ctx, &rewinding{pos: pos, rows: rows})
		if err == nil {
			break
		}
		if !errors.Is(err, bus.ErrMoved) {
			return 0, err
		}
	}
	return o.CatchUpRecord(ctx)
}

// CatchUpRecord counts what the record has not followed yet, and gives how far
// the log reaches.
func (o *Office) CatchUpRecord(ctx context.Context) (int64, error) {
	for {
		pos, err := bus.Position(ctx, o.DB, recordFollower)
		if err != nil {
			return 0, err
		}
		events, err := event.After(ctx, o.DB, pos, recordBatch)
		if err != nil || len(events) == 0 {
			return pos, err
		}
		if err := o.record(ctx, events); err != nil && !errors.Is(err, bus.ErrMoved) {
			return pos, err
		}
	}
}

type rewinding struct {
	pos  int64
	rows map[recordKey]tally
}

// Load implements store.Change.
func (c *rewinding) Load(g *store.Group) {
	bus.Load(g, recordFollower)
	for k := range c.rows {
		store.Want(g, &records, k)
	}
}

// Decide implements store.Change.
func (c *rewinding) Decide(g *store.Group) error {
	if err := bus.Rewind(g, recordFollower, c.pos); err != nil {
		return err
	}
	for k := range c.rows {
		store.Delete(g, &records, k)
	}
	return nil
}
