package observatory

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/fact"
)

// Shifts are what releases made of facts told before them: the first page of each
// list.
type Shifts struct {
	Broken    *Paged[FactRow]    `json:"broken" doc:"facts that were retracted"`
	Lapsed    *Paged[FactRow]    `json:"lapsed" doc:"facts that lapsed: no figure of theirs changed, but the rules did"`
	Confirmed *Paged[FactRow]    `json:"confirmed" doc:"facts told by earlier rules that hold by the new ones"`
	Differ    *Paged[ChangedRow] `json:"differ" doc:"told facts that read differently since"`
}

// confirmed names the list of facts that newer rules confirmed; the others are
// named by the state that facts have in them.
const confirmed = "confirmed"

func (d *Desk) shifts(ctx context.Context, n *naming, releases []Release) (s Shifts, err error) {
	for of, list := range map[string]**Paged[FactRow]{string(FactRetracted): &s.Broken, string(FactLapsed): &s.Lapsed, confirmed: &s.Confirmed} {
		if *list, err = d.heldTo(ctx, n, releases, of, 1); err != nil {
			return s, err
		}
	}
	s.Differ, err = d.changedBy(ctx, n, releases, 1)
	return s, err
}

// heldTo gives the told facts that releases took back, let lapse or confirmed.
func (d *Desk) heldTo(ctx context.Context, n *naming, releases []Release, of string, page int) (*Paged[FactRow], error) {
	if len(releases) == 0 {
		p := paged([]FactRow{}, 1, pageSize)
		return &p, nil
	}
	if of != confirmed {
		f := FactFilter{State: FactState(of)}
		for _, r := range releases {
			f.Ended = append(f.Ended, r.ID)
		}
		return d.factPaged(ctx, n, f, page, pageSize)
	}
	list, err := d.toldBy(ctx, releases, EventConfirmed)
	if err != nil {
		return nil, err
	}
	at := paged(list, page, pageSize)
	out := told(at, func(event.Event) FactRow { return FactRow{} })
	for i, e := range at.Rows {
		f, err := d.Fact(ctx, e.Subject)
		if err != nil {
			return nil, err
		}
		out.Rows[i] = n.fact(f)
	}
	return &out, nil
}

// changedBy gives the told facts that releases made read differently, with what
// they said before: the log holds both, side by side with each publishing.
func (d *Desk) changedBy(ctx context.Context, n *naming, releases []Release, page int) (*Paged[ChangedRow], error) {
	const op = "observatory.changedBy"
	list, err := d.toldBy(ctx, releases, EventChanged)
	if err != nil {
		return nil, err
	}
	at := paged(list, page, pageSize)
	out := told(at, func(event.Event) ChangedRow { return ChangedRow{} })
	for i, e := range at.Rows {
		f, err := d.Fact(ctx, e.Subject)
		if err != nil {
			return nil, err
		}
		before, ok, err := event.Before(ctx, d.DB, e.Subject, e.Pos)
		if err != nil || !ok {
			return nil, fault.Wrap(op, err)
		}
		var was, is fact.Told
		if err := json.Unmarshal(before.Body, &was); err != nil {
			return nil, fault.Wrap(op, err)
		}
		if err := json.Unmarshal(e.Body, &is); err != nil {
			return nil, fault.Wrap(op, err)
		}
		out.Rows[i] = ChangedRow{Fact: n.fact(f), Was: fault.T(was.ZH, was.EN), Is: fault.T(is.ZH, is.EN), Why: n.whyChanged(was, is)}
	}
	return &out, nil
}

// toldBy gives the events of a kind by which the publishing of releases spoke of
// facts told before, the release published last first.
func (d *Desk) toldBy(ctx context.Context, releases []Release, kind string) ([]event.Event, error) {
	var out []event.Event
	for _, r := range slices.Backward(releases) {
		list, err := d.publishedWith(ctx, r, kind)
		if err != nil {
			return nil, fault.Wrap("observatory.toldBy", err)
		}
		out = append(out, list...)
	}
	return out, nil
}

// publishedWith gives the events of a kind of one release's publishing, which
// stand behind it in the log.
func (d *Desk) publishedWith(ctx context.Context, r Release, kind string) ([]event.Event, error) {
	of, err := event.Of(ctx, d.DB, r.ID)
	i := slices.IndexFunc(of, func(e event.Event) bool { return e.Kind == EventPublished })
	if err != nil || i < 0 {
		return nil, err
	}
	var count struct {
		Changed   int `json:"facts_changed"`
		Confirmed int `json:"facts_confirmed"`
	}
	if err := json.Unmarshal(of[i].Body, &count); err != nil {
		return nil, err
	}
	want := map[string]int{EventChanged: count.Changed, EventConfirmed: count.Confirmed}[kind]
	var out []event.Event
	const chunk = 500
	for pos := of[i].Pos + 1; len(out) < want; pos += chunk {
		list, err := event.After(ctx, d.DB, pos, chunk)
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			if !strings.HasPrefix(e.Kind, "observatory.fact/") || len(out) == want {
				return out, nil
			}
			if e.Kind == kind {
				out = append(out, e)
			}
		}
		if len(list) < chunk {
			return out, nil
		}
	}
	return out, nil
}
