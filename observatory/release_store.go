package observatory

import (
	"context"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/observatory/panel"
)

const releaseColumns = "id, freq, vintage, name, digest, reading, state, cells, newest, brought, brought_by, published, published_by, found, changed, retracted"

func (r *Release) dest() []any {
	return []any{&r.ID, &r.Freq, &r.Vintage, &r.Name, &r.Digest, &r.Reading, &r.State, &r.Cells, &r.Newest, &r.Brought, &r.BroughtBy, &r.Published, &r.PublishedBy, &r.Found, &r.Changed, &r.Retracted}
}

func scanRelease(row store.Scanner) (r Release, err error) {
	err = row.Scan(r.dest()...)
	return r, err
}

var releases = store.Table[int64, Release]{
	Name: "release", Key: []string{"id"}, KeyType: []string{"BIGINT"},
	Cols:    []string{"freq", "vintage", "name", "digest", "reading", "state", "cells", "newest", "brought", "brought_by", "published", "published_by", "found", "changed", "retracted"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args: func(r Release) []any {
		return []any{int64(r.Freq), r.Vintage, r.Name, r.Digest, r.Reading, string(r.State), r.Cells, r.Newest, r.Brought, r.BroughtBy, r.Published, r.PublishedBy, r.Found, r.Changed, r.Retracted}
	},
	Scan: func(row store.Scanner, rev *int64) (int64, Release, error) {
		var r Release
		err := row.Scan(append(r.dest(), rev)...)
		return r.ID, r, err
	},
}

// place names a cell of one release.
type place struct {
	release            int64
	indicator, subject string
	period             int
}

func (p place) args() []any { return []any{p.release, p.indicator, p.subject, int64(p.period)} }

const doubtColumns = "found, release, indicator, subject, period, rule, value, expected, state, reason, decided, decided_by"

func (d *Doubt) dest() []any {
	return []any{&d.Found, &d.Release, &d.Indicator, &d.Subject, &d.Period, &d.Rule, &d.Value, &d.Expected, &d.State, &d.Reason, &d.Decided, &d.DecidedBy}
}

// remark names what one release made the gate notice of a cell.
type remark struct {
	found int64
	place
}

func (r remark) args() []any { return append([]any{r.found}, r.place.args()...) }

func (d Doubt) remark() remark {
	return remark{d.Found, place{d.Release, d.Indicator, d.Subject, d.Period}}
}

func scanDoubt(row store.Scanner) (d Doubt, err error) {
	err = row.Scan(d.dest()...)
	return d, err
}

var doubts = store.Table[remark, Doubt]{
	Name: "doubt", Key: []string{"found", "release", "indicator", "subject", "period"}, KeyType: []string{"BIGINT", "BIGINT", "TEXT", "TEXT", "BIGINT"},
	Cols:    []string{"rule", "value", "expected", "state", "reason", "decided", "decided_by"},
	KeyArgs: remark.args,
	Args: func(d Doubt) []any {
		return []any{d.Rule, d.Value, d.Expected, string(d.State), d.Reason, d.Decided, d.DecidedBy}
	},
	Scan: func(row store.Scanner, rev *int64) (remark, Doubt, error) {
		var d Doubt
		err := row.Scan(append(d.dest(), rev)...)
		return d.remark(), d, err
	},
}

// heads gives the newest published release of a frequency.
var heads = store.Table[int64, int64]{
	Name: "release_head", Key: []string{"freq"}, KeyType: []string{"BIGINT"}, Cols: []string{"release"},
	KeyArgs: func(freq int64) []any { return []any{freq} },
	Args:    func(release int64) []any { return []any{release} },
	Scan: func(row store.Scanner, rev *int64) (freq, release int64, err error) {
		err = row.Scan(&freq, &release, rev)
		return freq, release, err
	},
}

// Release gives a release.
func (d *Desk) Release(ctx context.Context, id int64) (Release, error) {
	return one(ctx, d, "observatory.Release", fault.T("没有这批数据。", "There is no such release."), scanRelease, "SELECT "+releaseColumns+" FROM release WHERE id = ? AND state <> ?", id, string(Loading))
}

// Releases gives releases of a state and frequency (all without): those that wait
// first, the newest of each first.
func (d *Desk) Releases(ctx context.Context, state State, freq panel.Freq) ([]Release, error) {
	all, err := store.Collect(ctx, d.DB, scanRelease, "SELECT "+releaseColumns+" FROM release WHERE state <> ? AND (? = '' OR state = ?) AND (? = 0 OR freq = ?) ORDER BY CASE WHEN state = ? THEN 0 ELSE 1 END, id DESC",
		string(Loading), string(state), string(state), int64(freq), int64(freq), string(Waiting))
	return all, fault.Wrap("observatory.Releases", err)
}

// published gives the published releases of a frequency known on a day ("" for
// now), in the order in which they stand over each other.
func (d *Desk) published(ctx context.Context, freq panel.Freq, asOf string) ([]Release, error) {
	if asOf == "" {
		asOf = "9999-12-31"
	}
	all, err := store.Collect(ctx, d.DB, scanRelease, "SELECT "+releaseColumns+" FROM release WHERE state = ? AND freq = ? AND vintage <= ? ORDER BY vintage, id", string(Published), int64(freq), asOf)
	return all, fault.Wrap("observatory.published", err)
}

// Doubts gives what the gate noticed when a release came.
func (d *Desk) Doubts(ctx context.Context, release int64) ([]Doubt, error) {
	all, err := store.Collect(ctx, d.DB, scanDoubt, "SELECT "+doubtColumns+" FROM doubt WHERE found = ? ORDER BY indicator, subject, period", release)
	return all, fault.Wrap("observatory.Doubts", err)
}
