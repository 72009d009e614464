package observatory

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/observatory/fact"
	"touyan.dev/touyan/observatory/panel"
)

// FactState says whether a told fact still stands.
type FactState string

// The states of a fact.
const (
	FactStands    FactState = "stands"
	FactRetracted FactState = "retracted" // a revision broke it (撤回)
	FactLapsed    FactState = "lapsed"    // no revision broke it: the rules changed, or its target was withdrawn (失效)
)

// Name says a state of a fact.
func (s FactState) Name() fault.Text {
	switch s {
	case FactRetracted:
		return fault.T("已撤回", "Retracted")
	case FactLapsed:
		return fault.T("已失效", "Lapsed")
	}
	return fault.T("成立", "Stands")
}

// Fact is a fact that was told: with an id, so that matters and notes can rest on
// it.
type Fact struct {
	ID      int64
	Freq    panel.Freq
	Release int64 // that brought it
	State   FactState
	Ended   int64 // the release that broke it, or at which it lapsed; 0 without one
	Told    fact.Told
}

const factColumns = "id, freq, release, state, ended, told"

func scanFact(row store.Scanner) (Fact, error) { return scanFactWith(row) }

func scanFactWith(row store.Scanner, more ...any) (f Fact, err error) {
	var told string
	if err = row.Scan(append([]any{&f.ID, &f.Freq, &f.Release, &f.State, &f.Ended, &told}, more...)...); err != nil {
		return f, err
	}
	return f, json.Unmarshal([]byte(told), &f.Told)
}

// facts are found by what follows told, which is in it too.
var facts = store.Table[int64, Fact]{
	Name: "told_fact", Key: []string{"id"}, KeyType: []string{"BIGINT"},
	Cols:    []string{"freq", "release", "state", "ended", "told", "indicator", "subject", "score"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args: func(f Fact) []any {
		told, _ := encode(f.Told) // numbers, texts and no cycle
		return []any{int64(f.Freq), f.Release, string(f.State), f.Ended, told, f.Told.Indicator, f.Told.Subject, float64(f.Told.Score)}
	},
	Scan: func(row store.Scanner, rev *int64) (int64, Fact, error) {
		var indicator, subject string
		var score float64
		f, err := scanFactWith(row, &indicator, &subject, &score, rev)
		return f.ID, f, err
	},
}

// standing gives the told facts of indicators that still stand, by indicator.
func (d *Desk) standing(ctx context.Context, freq panel.Freq, indicators []string) (map[string][]Fact, error) {
	out := map[string][]Fact{}
	for _, code := range indicators {
		list, err := store.Collect(ctx, d.DB, scanFact, "SELECT "+factColumns+" FROM told_fact WHERE freq = ? AND indicator = ? AND state = ? ORDER BY id", int64(freq), code, string(FactStands))
		if err != nil {
			return nil, fault.Wrap("observatory.standing", err)
		}
		out[code] = list
	}
	return out, nil
}

// Fact gives a told fact.
func (d *Desk) Fact(ctx context.Context, id int64) (Fact, error) {
	return one(ctx, d, "observatory.Fact", fault.T("没有这条事实。", "There is no such fact."), scanFact, "SELECT "+factColumns+" FROM told_fact WHERE id = ?", id)
}

// FactFilter says which facts are wanted; empty fields ask for all.
type FactFilter struct {
	Release   int64
	Freq      panel.Freq
	Ended     []int64 // broken by one of these releases, or lapsed at it
	Subject   string
	Indicator string
	State     FactState
	Words     string // all of them in its sentence, in either language
}

// where gives the filter as a condition; Words are not in it.
func (f FactFilter) where() (string, []any) {
	var where []string
	var args []any
	add := func(clause string, wanted bool, more ...any) {
		if wanted {
			where, args = append(where, clause), append(args, more...)
		}
	}
	add("release = ?", f.Release != 0, f.Release)
	add("freq = ?", f.Freq != 0, int64(f.Freq))
	add("subject = ?", f.Subject != "", f.Subject)
	add("indicator = ?", f.Indicator != "", f.Indicator)
	add("state = ?", f.State != "", string(f.State))
	if len(f.Ended) > 0 {
		var ids []any
		for _, id := range f.Ended {
			ids = append(ids, id)
		}
		add("ended IN ("+strings.TrimSuffix(strings.Repeat("?, ", len(ids)), ", ")+")", true, ids...)
	}
	if len(where) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(where, " AND "), args
}

// says reports whether a fact's sentences have all of some words, in lower case.
func says(t fact.Told, words []string) bool {
	text := strings.ToLower(t.ZH + "\n" + t.EN)
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
}

// Facts gives told facts: those of the newest releases first, the best of each
// first.
func (d *Desk) Facts(ctx context.Context, f FactFilter) ([]Fact, error) {
	where, args := f.where()
	list, err := store.Collect(ctx, d.DB, scanFact, "SELECT "+factColumns+" FROM told_fact"+where+factOrder, args...)
	if words := strings.Fields(strings.ToLower(f.Words)); len(words) > 0 {
		list = slices.DeleteFunc(list, func(x Fact) bool { return !says(x.Told, words) })
	}
	return list, fault.Wrap("observatory.Facts", err)
}

const factOrder = " ORDER BY release DESC, score DESC, id"

// factsAt gives a page of told facts. Only who looks for words reads all of them.
func (d *Desk) factsAt(ctx context.Context, f FactFilter, page, size int) (Paged[Fact], error) {
	if f.Words != "" {
		list, err := d.Facts(ctx, f)
		return paged(list, page, size), err
	}
	where, args := f.where()
	var total int
	if err := d.DB.QueryRow(ctx, "SELECT COUNT(*) FROM told_fact"+where, args...).Scan(&total); err != nil {
		return Paged[Fact]{}, fault.Wrap("observatory.factsAt", err)
	}
	p := pageOf[Fact](total, page, size)
	list, err := store.Collect(ctx, d.DB, scanFact, "SELECT "+factColumns+" FROM told_fact"+where+factOrder+" LIMIT ? OFFSET ?", append(args, size, (p.Page-1)*size)...)
	p.Rows = append(p.Rows, list...)
	return p, fault.Wrap("observatory.factsAt", err)
}
