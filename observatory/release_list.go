package observatory

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/web"
	"touyan.dev/touyan/observatory/fact"
)

// The lists of a release are told by the page: its page shows the first of each.
const (
	pageSize = 50
	partMost = 20_000 // rows of one list that are looked through
)

// Paged is a page of a list.
type Paged[T any] struct {
	Rows  []T `json:"rows"`
	Total int `json:"total"`
	Page  int `json:"page" doc:"from 1"`
	Pages int `json:"pages"`
}

// paged gives a page of a list, the first by default and the last beyond it.
func paged[T any](all []T, page, size int) Paged[T] {
	p := Paged[T]{Total: len(all), Pages: max(1, (len(all)+size-1)/size)}
	p.Page = min(max(page, 1), p.Pages)
	p.Rows = append([]T{}, all[(p.Page-1)*size:min(p.Page*size, len(all))]...)
	return p
}

// told gives another form to the rows of a page.
func told[A, B any](p Paged[A], form func(A) B) Paged[B] {
	out := Paged[B]{Rows: []B{}, Total: p.Total, Page: p.Page, Pages: p.Pages}
	for _, x := range p.Rows {
		out.Rows = append(out.Rows, form(x))
	}
	return out
}

// PagedDoubts is a page of what the gate noticed, with how many there are in each
// state.
type PagedDoubts struct {
	Paged[DoubtRow]
	States map[DoubtState]int `json:"states"`
}

// ChangedRow is a told fact that a release made read differently.
type ChangedRow struct {
	Fact FactRow      `json:"fact" doc:"as it stands now"`
	Was  fault.Text   `json:"was"`
	Is   fault.Text   `json:"is" doc:"as the release left it"`
	Why  []fault.Text `json:"why"`
}

// PageOf asks for a page of a list; huma fills only embedded structs that are
// exported.
type PageOf struct {
	Page int `query:"page" minimum:"0" maximum:"100000" doc:"from 1"`
}

func (d *Desk) registerReleaseLists(s *web.Server) {
	web.Register(s, get("/releases/{id}/doubts", "release-doubts", "What the gate noticed of a release, a page of 50, what waits first"), read(d, func(ctx context.Context, in *struct {
		ByID
		PageOf
		State DoubtState `query:"state" enum:"waiting,held,kept,break,noted,"`
	}) (*PagedDoubts, error) {
		r, n, err := d.open(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return d.doubtPage(ctx, n, r, in.State, in.Page)
	}))
	web.Register(s, get("/releases/{id}/facts", "release-facts", "Facts that a release brought or took back, a page of 50, the best first"), read(d, func(ctx context.Context, in *struct {
		ByID
		PageOf
		Of string `query:"of" enum:"found,retracted,lapsed" required:"true"`
	}) (*Paged[FactRow], error) {
		_, n, err := d.open(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		f := FactFilter{Release: in.ID}
		if in.Of != "found" {
			f = FactFilter{Ended: in.ID, State: FactState(in.Of)}
		}
		return d.factPaged(ctx, n, f, in.Page)
	}))
	web.Register(s, get("/releases/{id}/changed", "release-changed", "Told facts that a release made read differently, a page of 50"), read(d, func(ctx context.Context, in *struct {
		ByID
		PageOf
	}) (*Paged[ChangedRow], error) {
		r, n, err := d.open(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return d.changedBy(ctx, n, r, in.Page)
	}))
	web.Register(s, get("/releases/{id}/revised", "release-revised", "Published figures that a release changes, a page of 50, the largest changes first"), read(d, func(ctx context.Context, in *struct {
		ByID
		PageOf
	}) (*Paged[RevisionRow], error) {
		r, n, err := d.open(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return d.revisedPage(ctx, n, r, in.Page)
	}))
}

// open gives a release with the names for its rows.
func (d *Desk) open(ctx context.Context, id int64) (Release, *naming, error) {
	r, err := d.Release(ctx, id)
	if err != nil {
		return r, nil, err
	}
	n, err := d.naming(ctx)
	return r, n, err
}

// revisedPage gives the published figures that a release changes.
func (d *Desk) revisedPage(ctx context.Context, n *naming, r Release, page int) (*Paged[RevisionRow], error) {
	list, err := d.revisedBy(ctx, r)
	p := told(paged(list, page, pageSize), func(x Revision) RevisionRow { return n.revision(r.Freq, x) })
	return &p, err
}

// doubtOrder puts first what somebody has to decide.
var doubtOrder = []DoubtState{DoubtWaiting, DoubtHeld, DoubtKept, DoubtBreak, DoubtNoted}

// doubtPage gives what the gate noticed of a release, what waits first.
func (d *Desk) doubtPage(ctx context.Context, n *naming, r Release, state DoubtState, page int) (*PagedDoubts, error) {
	all, err := d.Doubts(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	p := &PagedDoubts{States: map[DoubtState]int{}}
	for _, x := range all {
		p.States[x.State]++
	}
	if state != "" {
		all = slices.DeleteFunc(all, func(x Doubt) bool { return x.State != state })
	}
	slices.SortStableFunc(all, func(a, b Doubt) int {
		return cmp.Compare(slices.Index(doubtOrder, a.State), slices.Index(doubtOrder, b.State))
	})
	rows := paged(all, page, pageSize)
	codes := []string{}
	for _, x := range rows.Rows {
		codes = append(codes, x.Indicator)
	}
	v, err := d.build(ctx, through{freq: r.Freq, with: r.ID, only: codes})
	if err != nil {
		return nil, err
	}
	p.Paged = told(rows, func(x Doubt) DoubtRow { return n.doubt(v, x) })
	return p, nil
}

// factPaged gives facts that a release brought or ended.
func (d *Desk) factPaged(ctx context.Context, n *naming, f FactFilter, page int) (*Paged[FactRow], error) {
	f.Limit = partMost
	list, err := d.Facts(ctx, f)
	p := told(paged(list, page, pageSize), n.fact)
	return &p, err
}

// changedBy gives the told facts that a release made read differently, with what
// they said before: the log holds both, side by side with its publishing.
func (d *Desk) changedBy(ctx context.Context, n *naming, r Release, page int) (*Paged[ChangedRow], error) {
	const op = "observatory.changedBy"
	list, err := d.changesOf(ctx, r)
	if err != nil {
		return nil, fault.Wrap(op, err)
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

// changesOf gives the events of a release's publishing by which told facts came to
// read differently.
func (d *Desk) changesOf(ctx context.Context, r Release) ([]event.Event, error) {
	var out []event.Event
	if r.Changed == 0 {
		return out, nil
	}
	of, err := event.Of(ctx, d.DB, r.ID)
	i := slices.IndexFunc(of, func(e event.Event) bool { return e.Kind == EventPublished })
	if err != nil || i < 0 {
		return nil, err
	}
	const chunk = 500
	for pos := of[i].Pos + 1; ; pos += chunk {
		list, err := event.After(ctx, d.DB, pos, chunk)
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			if !strings.HasPrefix(e.Kind, "observatory.fact/") || int64(len(out)) == r.Changed {
				return out, nil
			}
			if e.Kind == EventChanged {
				out = append(out, e)
			}
		}
		if len(list) < chunk {
			return out, nil
		}
	}
}

// whyMost is how many revised figures are named as a reason.
const whyMost = 3

// whyChanged says in words why a told fact reads differently: what of it changed,
// and which figures behind it were revised.
func (n *naming) whyChanged(was, is fact.Told) []fault.Text {
	out := []fault.Text{}
	add := func(when bool, zh, en string) {
		if when {
			out = append(out, fault.T(zh, en))
		}
	}
	add(was.Provisional && !is.Provisional, "初步数已转为最终数", "the preliminary figure became final")
	add(!was.Provisional && is.Provisional, "所依据的数改为初步数", "a figure behind it is preliminary again")
	add(was.Since != is.Since && is.Since != "" && was.Since != "", fmt.Sprintf("起算时间由%s变为%s", was.Since, is.Since), fmt.Sprintf("counted since %s, before since %s", is.Since, was.Since))
	add(!was.Complete && is.Complete, "组内缺的数已补齐", "figures of peers that were missing have come")
	add(was.Complete && !is.Complete, "组内有数暂缺", "figures of some peers are missing now")
	add(!was.Tied && is.Tied, "变为并列", "it is a tie now")
	add(was.Tied && !is.Tied, "不再并列", "it is no tie any more")
	revised := 0
	for _, x := range is.Evidence {
		i := slices.IndexFunc(was.Evidence, func(y fact.Cell) bool {
			return y.Indicator == x.Indicator && y.Subject == x.Subject && y.Time == x.Time && y.Value != x.Value
		})
		if i < 0 {
			continue
		}
		if revised++; revised <= whyMost {
			who, what := n.subject(x.Subject).Name, n.indicator(x.Indicator).Name
			out = append(out, fault.T(fmt.Sprintf("%s%s%s由%v修订为%v", who.ZH, x.Time, what.ZH, was.Evidence[i].Value, x.Value), fmt.Sprintf("%s, %s, %s: revised from %v to %v", who.EN, x.Time, what.EN, was.Evidence[i].Value, x.Value)))
		}
	}
	add(len(out) == 0, "组内其他数有修订或补充", "other figures of the peers were revised or added")
	return out
}
