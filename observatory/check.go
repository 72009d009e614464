package observatory

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Check holds every published release against the digest of its cells in the log,
// and every told fact against its events, up to limit findings. It gives how many
// rows it looked at.
func (d *Desk) Check(ctx context.Context, limit int) (found []audit.Finding, looked int, err error) {
	list, err := store.Collect(ctx, d.DB, scanRelease, "SELECT "+releaseColumns+" FROM release WHERE state = ? ORDER BY id", string(Published))
	if err != nil {
		return nil, 0, fault.Wrap("observatory.Check", err)
	}
	for _, r := range list {
		if len(found) >= limit {
			return found, looked, nil
		}
		looked++
		bad, err := d.checkRelease(ctx, r)
		if err != nil {
			return nil, looked, err
		}
		found = append(found, bad...)
	}
	told, err := store.Collect(ctx, d.DB, scanFact, "SELECT "+factColumns+" FROM told_fact ORDER BY id")
	if err != nil {
		return nil, looked, fault.Wrap("observatory.Check", err)
	}
	for _, f := range told {
		if len(found) >= limit {
			break
		}
		looked++
		bad, err := d.checkFact(ctx, f)
		if err != nil {
			return nil, looked, err
		}
		found = append(found, bad...)
	}
	return found, looked, nil
}

func finding(table string, id int64, zh, en string) []audit.Finding {
	return []audit.Finding{{Table: table, Row: fmt.Sprint(id), Text: fault.T(zh, en)}}
}

func (d *Desk) checkRelease(ctx context.Context, r Release) ([]audit.Finding, error) {
	events, err := event.Of(ctx, d.DB, r.ID)
	if err != nil {
		return nil, err
	}
	cells, err := d.cellsOf(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	for _, e := range slices.Backward(events) {
		if e.Kind != EventPublished {
			continue
		}
		var body struct {
			Digest string `json:"cells_sha256"`
		}
		if err := json.Unmarshal(e.Body, &body); err != nil || body.Digest != digestOf(cells) {
			return finding("release_series", r.ID, "数据与发布时的摘要不符", "the figures are not those that were published"), nil
		}
		return nil, nil
	}
	return finding("release", r.ID, "没有发布的记录", "no event says that it was published"), nil
}

func (d *Desk) checkFact(ctx context.Context, f Fact) ([]audit.Finding, error) {
	events, err := event.Of(ctx, d.DB, f.ID)
	if err != nil {
		return nil, err
	}
	want, state := "", FactStands
	for _, e := range events {
		switch e.Kind {
		case EventFound, EventChanged, EventConfirmed:
			want = string(e.Body)
		case EventRetracted:
			state = FactRetracted
		case EventLapsed:
			state = FactLapsed
		}
	}
	text, err := encode(f.Told)
	if err != nil {
		return nil, err
	}
	if text != want || state != f.State {
		return finding("told_fact", f.ID, "事实与其记录不符", "the fact is not what its events say"), nil
	}
	return nil, nil
}
