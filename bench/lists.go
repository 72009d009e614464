package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/matter"
)

// The bars of Lists.
const (
	listMost  = 200.0 // ms, p95 of every view
	listRatio = 2.0   // p95 with many matters, of that with few
	actMost   = 10.0  // ms, p95 of an act at 100 acts a second
	fewStored = 10_000
	columnMax = 20 // of a board, as the screens ask
	countMax  = 999
	boardMost = 5000
	// Ratios of views that take less than this are noise of the clock.
	tooQuick = 2.0 // ms
)

// View is one thing that screens ask for, timed with few and with many matters
// stored.
type View struct {
	Name  string  `json:"view"`
	Few   float64 `json:"p95_ms_few"`
	P50   float64 `json:"p50_ms"`
	P95   float64 `json:"p95_ms"`
	Ratio float64 `json:"ratio"`
	OK    bool    `json:"ok"`
}

// ListsResult is what Lists found.
type ListsResult struct {
	Matters int     `json:"matters"`
	Few     int     `json:"few"`
	Events  int64   `json:"events"`
	Views   []View  `json:"views"`
	ActP50  float64 `json:"act_p50_ms"`
	ActP95  float64 `json:"act_p95_ms"`
	ActP99  float64 `json:"act_p99_ms"`
	ActRate float64 `json:"acts_per_s"`
	FillS   float64 `json:"fill_s"`
	Spread  string  `json:"distribution"`
	OK      bool    `json:"ok"`
}

// ListsConfig says how much to store and how long to look.
type ListsConfig struct {
	Dir     string
	Matters int
	Rounds  int           // how often each view is asked
	Acts    time.Duration // how long acts come in, 100 a second
}

// Lists stores c.Matters matters, and times views and acts.
func Lists(ctx context.Context, c ListsConfig) (ListsResult, error) {
	out := ListsResult{Matters: c.Matters, Few: min(fewStored, c.Matters), OK: true, Spread: fmt.Sprintf(
		"%d bureaus, %d weeks, about %d open of which %d %% among the newest %d, others anywhere; stages even; overdue ones escalated", fillBureaus, fillWeeks, fillOpen, openNewest, fewStored)}
	now := clock.System{}.Now()
	few, err := Fill(ctx, filepath.Join(c.Dir, "few"), out.Few, now)
	if err != nil {
		return out, err
	}
	defer few.DB.Close()
	begun := time.Now()
	many, err := Fill(ctx, filepath.Join(c.Dir, "many"), c.Matters, now)
	if err != nil {
		return out, err
	}
	defer many.DB.Close()
	out.FillS = time.Since(begun).Seconds()
	before, err := few.views(ctx, c.Rounds)
	if err != nil {
		return out, err
	}
	after, err := many.views(ctx, c.Rounds)
	if err != nil {
		return out, err
	}
	for i, v := range after {
		row := View{Name: v.name, Few: millis(percentile(before[i].took, 0.95)), P50: millis(percentile(v.took, 0.5)), P95: millis(percentile(v.took, 0.95))}
		row.Ratio = row.P95 / row.Few
		row.OK = row.P95 <= listMost && (row.Ratio <= listRatio || row.P95 <= tooQuick)
		out.OK = out.OK && row.OK
		out.Views = append(out.Views, row)
	}
	took, err := many.steady(ctx, c.Acts)
	if err != nil {
		return out, err
	}
	out.ActP50, out.ActP95, out.ActP99 = millis(percentile(took, 0.5)), millis(percentile(took, 0.95)), millis(percentile(took, 0.99))
	out.ActRate = float64(len(took)) / c.Acts.Seconds()
	out.OK = out.OK && out.ActP95 <= actMost
	out.Events, err = many.size(ctx)
	return out, err
}

// timed is a view with its times, sorted.
type timed struct {
	name string
	took []time.Duration
}

// ask is one view: a name and how it is asked for the n-th time.
type ask struct {
	name string
	do   func(n int) error
}

// views times every view. They take turns, so that none has the cache to itself.
func (t *Town) views(ctx context.Context, rounds int) ([]timed, error) {
	asks := t.asks(ctx)
	out := make([]timed, len(asks))
	for n := -2; n < rounds; n++ { // two rounds warm up
		for i, a := range asks {
			begun := time.Now()
			if err := a.do(max(n, 0)); err != nil {
				return nil, fmt.Errorf("%s: %w", a.name, err)
			}
			if out[i].name = a.name; n >= 0 {
				out[i].took = append(out[i].took, time.Since(begun))
			}
		}
	}
	for i := range out {
		slices.Sort(out[i].took)
	}
	return out, nil
}

// asks lists the views: lists by each reason for seeing a matter, with each
// filter and at depth; inboxes; counters; the board.
func (t *Town) asks(ctx context.Context) []ask {
	var out []ask
	last, _ := t.size(ctx) // an error shows in the first view
	week, month := time.Now().AddDate(0, 0, -7).UnixMicro(), time.Now().AddDate(0, 0, -21).UnixMicro()
	people := []struct {
		name string
		who  func(n int) auth.Principal
	}{
		{"supervisor", func(int) auth.Principal { return t.Supervisor }},
		{"leader", func(int) auth.Principal { return t.Leader }},
		{"liaison", func(n int) auth.Principal { return t.Bureaus[n%len(t.Bureaus)].Liaison }},
		{"head", func(n int) auth.Principal { return t.Bureaus[n%len(t.Bureaus)].Head }},
	}
	filters := []struct {
		name   string
		filter func(n int) matter.Filter
	}{
		{"newest", func(int) matter.Filter { return matter.Filter{} }},
		{"top", func(int) matter.Filter { return matter.Filter{Kind: Kind, Top: true} }},
		{"open", func(int) matter.Filter { return matter.Filter{Status: matter.Open} }},
		{"ended", func(int) matter.Filter { return matter.Filter{Status: matter.Ended} }},
		{"late", func(int) matter.Filter { return matter.Filter{Late: true} }},
		{"stage", func(n int) matter.Filter { return matter.Filter{Kind: Kind, Stage: life()[n%Acts()].step} }},
		{"this week", func(int) matter.Filter { return matter.Filter{From: week} }},
		{"one bureau", func(n int) matter.Filter { return matter.Filter{Unit: t.Bureaus[n%len(t.Bureaus)].Unit} }},
		{"page in the middle", func(n int) matter.Filter { return matter.Filter{Before: last/2 + int64(n)} }},
		{"last pages", func(n int) matter.Filter { return matter.Filter{Before: last/50 + int64(n)} }},
		{"open, page in the middle", func(n int) matter.Filter { return matter.Filter{Status: matter.Open, Before: last / 2} }},
		{"until three weeks ago", func(int) matter.Filter { return matter.Filter{To: month} }},
		{"a kind with none", func(int) matter.Filter { return matter.Filter{Kind: "bench.none"} }},
		{"words in every title", func(int) matter.Filter { return matter.Filter{Query: "新市民"} }},
		{"words in no title", func(int) matter.Filter { return matter.Filter{Query: "飞船"} }},
		{"a number", func(n int) matter.Filter { return matter.Filter{Query: fmt.Sprintf("澄政督〔2026〕%d号", n+1)} }},
	}
	for _, p := range people {
		for _, f := range filters {
			out = append(out, ask{"list/" + p.name + "/" + f.name, func(n int) error {
				_, err := t.Desk.List(ctx, p.who(n), f.filter(n))
				return err
			}})
		}
		for _, g := range []matter.Group{matter.Mine, matter.Ours, matter.Watch} {
			out = append(out, ask{"inbox/" + p.name + "/" + string(g), func(n int) error {
				_, err := t.Desk.Inbox(ctx, p.who(n), g, 50)
				return err
			}}, ask{"count/" + p.name + "/" + string(g), func(n int) error {
				_, err := t.Desk.Count(ctx, p.who(n), g, week, countMax)
				return err
			}})
		}
		out = append(out, ask{"board/" + p.name, func(n int) error { return t.board(ctx, p.who(n)) }})
	}
	return append(out, ask{"open by unit", func(int) error {
		_, err := t.Desk.OpenByUnit(ctx, t.Supervisor)
		return err
	}})
}

// board asks for what the board shows: the counts, and a column for each stage.
func (t *Town) board(ctx context.Context, who auth.Principal) error {
	if _, err := t.Desk.Board(ctx, who, Kind, 0, boardMost); err != nil {
		return err
	}
	for _, s := range life() {
		if _, err := t.Desk.List(ctx, who, matter.Filter{Kind: Kind, Stage: s.step, Limit: columnMax}); err != nil {
			return err
		}
	}
	return nil
}

// steady opens matters and acts on them, 100 changes a second on a fixed plan,
// and gives how long each took from when it was due.
func (t *Town) steady(ctx context.Context, d time.Duration) ([]time.Duration, error) {
	const every = 10 * time.Millisecond
	total := int(d / every)
	lives := Acts() + 1
	took, errs := make([]time.Duration, total), make([]error, total)
	begun := time.Now()
	var group sync.WaitGroup
	for k := 0; k < total/lives; k++ { // matter k makes its n-th change at (n·total/lives + k)·every
		group.Go(func() {
			b, key := &t.Bureaus[k%len(t.Bureaus)], fmt.Sprintf("steady/%d", k)
			var id int64
			for n := range lives {
				at := n*(total/lives) + k
				due := begun.Add(time.Duration(at) * every)
				if errs[at] = (clock.System{}).Wait(ctx, due); errs[at] != nil {
					return
				}
				if n == 0 {
					var done matter.Done
					done, errs[at] = t.Open(ctx, b, key)
					id = done.Matter
				} else {
					_, errs[at] = t.Act(ctx, b, id, n-1, fmt.Sprintf("%s/%d", key, n))
				}
				if took[at] = time.Since(due); errs[at] != nil {
					return
				}
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	took = took[:total/lives*lives]
	slices.Sort(took)
	return took, nil
}
