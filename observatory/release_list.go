package observatory

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/web"
	"touyan.dev/touyan/observatory/fact"
	"touyan.dev/touyan/observatory/panel"
)

// Lists are told by the page: a page that has several shows the first of each.
const pageSize = 50

// Paged is a page of a list.
type Paged[T any] struct {
	Rows  []T `json:"rows"`
	Total int `json:"total"`
	Page  int `json:"page" doc:"from 1"`
	Pages int `json:"pages"`
}

// pageOf gives a page without its rows, the first by default and the last beyond it.
func pageOf[T any](total, page, size int) Paged[T] {
	p := Paged[T]{Rows: []T{}, Total: total, Pages: max(1, (total+size-1)/size)}
	p.Page = min(max(page, 1), p.Pages)
	return p
}

// paged gives a page of a list.
func paged[T any](all []T, page, size int) Paged[T] {
	p := pageOf[T](len(all), page, size)
	p.Rows = append(p.Rows, all[(p.Page-1)*size:min(p.Page*size, len(all))]...)
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
	web.Register(s, get("/releases/{id}/facts", "release-facts", "Facts that a release brought, took back or confirmed, a page of 50, the best first"), read(d, func(ctx context.Context, in *struct {
		ByID
		PageOf
		Of string `query:"of" enum:"found,retracted,lapsed,confirmed" required:"true"`
	}) (*Paged[FactRow], error) {
		r, n, err := d.open(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		if in.Of == "found" {
			return d.factPaged(ctx, n, FactFilter{Release: in.ID}, in.Page, pageSize)
		}
		return d.heldTo(ctx, n, []Release{r}, in.Of, in.Page)
	}))
	web.Register(s, get("/releases/{id}/changed", "release-changed", "Told facts that a release made read differently, a page of 50"), read(d, func(ctx context.Context, in *struct {
		ByID
		PageOf
	}) (*Paged[ChangedRow], error) {
		r, n, err := d.open(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return d.changedBy(ctx, n, []Release{r}, in.Page)
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
	return n.revisions(r.Freq, list, page), err
}

func (n *naming) revisions(f panel.Freq, list []Revision, page int) *Paged[RevisionRow] {
	p := told(paged(list, page, pageSize), func(x Revision) RevisionRow { return n.revision(f, x) })
	return &p
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

// factPaged gives a page of told facts.
func (d *Desk) factPaged(ctx context.Context, n *naming, f FactFilter, page, size int) (*Paged[FactRow], error) {
	list, err := d.factsAt(ctx, f, page, size)
	p := told(list, n.fact)
	return &p, err
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
	add(was.Rules != is.Rules, "按调整后的认定规则重新核对", "held to the rules as they are now")
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
