package docket

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"touyan.dev/touyan/docket/report"
	"touyan.dev/touyan/docket/similar"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/matter/flow"
)

// The bundled help (辅助) proposes from the office's own earlier matters: similar
// ones, the unit that is likely to lead, and how it may be handled. It is local
// and has no model; it says how often it would have been right; it is off by a
// switch; and it never acts: a person takes a suggestion over into a form, and
// sends the form.

// The sizes and weights of the help.
const (
	helpMost    = 600  // earlier matters that are looked at, the newest
	helpNear    = 7    // neighbours that have a say in the unit
	helpShown   = 3    // similar matters shown
	helpLeast   = 0.04 // a lower likeness is chance
	helpPrior   = 0.25 // weight of the duty words beside a likeness of 1
	helpWarm    = 5    // earlier matters without which nothing is tried
	helpStale   = 7    // days after which a measurement is made again
	limitOfNone = "10wd"
)

// EnoughTrials is how many trials a percentage needs.
const EnoughTrials = 30

// precedent is an earlier matter with what was decided about it.
type precedent struct {
	id      int64
	text    string
	opinion string
	shares  []decided // the lead first; empty while nothing is decided
}

// decided is one unit's share as it was proposed or assigned.
type decided struct {
	Unit  string `json:"unit"`
	Role  string `json:"role"`
	Limit string `json:"limit"`
}

// precedentOf reads a matter: its words, and the units last named for it.
func precedentOf(m matter.Matter) (precedent, bool) {
	st, err := flow.DecodeState(m.State)
	if err != nil {
		return precedent{}, false
	}
	p := precedent{id: m.ID, text: m.Title}
	for _, field := range []string{"content", "words", "description"} {
		if v, ok := st.Get(flow.Path("given." + field)); ok {
			if text, ok := v.(string); ok && text != m.Title {
				p.text += "\n" + text
			}
		}
	}
	if v, ok := st.Get("propose.opinion"); ok {
		p.opinion, _ = v.(string)
	}
	for _, at := range []flow.Path{"assign.units", "propose.units"} {
		v, ok := st.Get(at)
		if !ok {
			continue
		}
		text, err := json.Marshal(v)
		if err != nil || json.Unmarshal(text, &p.shares) != nil {
			p.shares = nil
		}
		if len(p.shares) > 0 {
			break
		}
	}
	slices.SortStableFunc(p.shares, func(a, b decided) int {
		return cmp.Compare(strconv.FormatBool(b.Role == "lead"), strconv.FormatBool(a.Role == "lead"))
	})
	return p, true
}

// precedents gives the newest matters before one that who may read, oldest first.
func (o *Office) precedents(ctx context.Context, who auth.Principal, before int64) ([]precedent, error) {
	var out []precedent
	f := matter.Filter{Top: true, Limit: 200, Before: before}
	for seen := 0; seen < helpMost; {
		page, err := o.Desk.List(ctx, who, f)
		if err != nil {
			return nil, err
		}
		for _, m := range page.Matters {
			if p, ok := precedentOf(m); ok && !unhandled(m.Outcome) {
				out = append(out, p)
			}
		}
		seen += len(page.Matters)
		if f.Before = page.Next; page.Next == 0 {
			break
		}
	}
	slices.Reverse(out)
	return out, nil
}

// helper holds what is known when a suggestion is made.
type helper struct {
	index  similar.Index
	known  map[int64]precedent
	points func(string) []report.UnitProposal
	unitOf func(key string) (string, bool) // a duty key as this city's unit
}

func (o *Office) helper() *helper {
	dir := o.Book.Now()
	return &helper{known: map[int64]precedent{}, points: o.Units.Pointer(), unitOf: func(key string) (string, bool) {
		u, ok := dir.UnitByKey(key)
		return strconv.FormatInt(u.ID, 10), ok
	}}
}

func (h *helper) learn(p precedent) {
	if len(p.shares) > 0 {
		h.index.Add(p.id, p.text)
		h.known[p.id] = p
	}
}

// likely is a unit with why it is proposed.
type likely struct {
	unit  string
	score float64
	words []string // duty words of the text
	from  []int64  // earlier matters that it led or assisted
}

// guess is what the help would say about a text.
type guess struct {
	hits   []similar.Hit
	units  []likely  // best first
	shares []decided // a proposed handling; empty without a precedent
	from   int64     // the precedent it follows
}

// suggest asks the nearest earlier matters, each with a vote of its likeness (a
// lead counts whole, an assisting unit a third), and the duty words of the text.
func (h *helper) suggest(text string) guess {
	var g guess
	for _, hit := range h.index.Find(text, helpNear) {
		if hit.Score >= helpLeast {
			g.hits = append(g.hits, hit)
		}
	}
	votes := map[string]*likely{}
	vote := func(unit string, by float64) *likely {
		if votes[unit] == nil {
			votes[unit] = &likely{unit: unit}
		}
		votes[unit].score += by
		return votes[unit]
	}
	for _, hit := range g.hits {
		for i, s := range h.known[hit.ID].shares {
			by := hit.Score
			if i > 0 {
				by /= 3
			}
			v := vote(s.Unit, by)
			v.from = append(v.from, hit.ID)
		}
	}
	for _, p := range h.points(text) {
		if unit, ok := h.unitOf(p.Unit); ok {
			v := vote(unit, helpPrior*p.Score)
			v.words = p.Words
		}
	}
	for _, v := range votes {
		g.units = append(g.units, *v)
	}
	slices.SortFunc(g.units, func(a, b likely) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.unit, b.unit)) })
	h.handling(&g)
	return g
}

// handling proposes a lead, assisting units and limits: those of the nearest
// earlier matter with the likely lead, if there is one, else the likely units.
func (h *helper) handling(g *guess) {
	if len(g.units) == 0 {
		return
	}
	lead := g.units[0].unit
	for _, hit := range g.hits {
		if p := h.known[hit.ID]; p.shares[0].Unit == lead {
			g.shares, g.from = p.shares, p.id
			return
		}
	}
	g.shares = []decided{{Unit: lead, Role: "lead", Limit: limitOfNone}}
	for _, u := range g.units[1:] {
		if u.score >= g.units[0].score/2 && len(g.shares) < 4 {
			g.shares = append(g.shares, decided{Unit: u.unit, Role: "assist", Limit: limitOfNone})
		}
	}
}

// trial says which parts of a guess were right, once it is known what was decided.
func (g *guess) trial(h *helper, p precedent) (first, three, handling, near bool) {
	lead := p.shares[0].Unit
	for i, u := range g.units[:min(len(g.units), 3)] {
		three = three || u.unit == lead
		first = first || i == 0 && u.unit == lead
	}
	for _, hit := range g.hits[:min(len(g.hits), helpShown)] {
		near = near || h.known[hit.ID].shares[0].Unit == lead
	}
	both, all := 0, len(p.shares)
	for _, s := range g.shares {
		if slices.ContainsFunc(p.shares, func(d decided) bool { return d.Unit == s.Unit }) {
			both++
		} else {
			all++
		}
	}
	return first, three, len(g.shares) > 0 && g.shares[0].Unit == lead && 2*both >= all, near
}

// Accuracy is how well the help would have done: of n matters, each proposed
// from the earlier ones alone.
type Accuracy struct {
	Measured  int64 // µs
	N         int
	UnitFirst int // the likely unit was the lead
	UnitThree int // one of the three likely units was
	Handling  int // the lead was right and at least half of all units named were
	Similar   int // one of the three similar matters had the same lead
}

// Measure tries the help on the history that who may read, in its order.
func (o *Office) Measure(ctx context.Context, who auth.Principal) (Accuracy, error) {
	all, err := o.precedents(ctx, who, 0)
	if err != nil {
		return Accuracy{}, err
	}
	got := Accuracy{Measured: o.Clock.Now().UnixMicro()}
	h := o.helper()
	for _, p := range all {
		if len(p.shares) == 0 {
			continue
		}
		if h.index.Len() >= helpWarm {
			g := h.suggest(p.text)
			first, three, handling, near := g.trial(h, p)
			got.N++
			for _, c := range []struct {
				right bool
				to    *int
			}{{first, &got.UnitFirst}, {three, &got.UnitThree}, {handling, &got.Handling}, {near, &got.Similar}} {
				if c.right {
					*c.to++
				}
			}
		}
		h.learn(p)
	}
	return got, nil
}

// opinion composes the opinion that goes with a proposed handling.
func (v view) opinion(shares []decided) string {
	var names []string
	for _, s := range shares {
		if id, err := strconv.ParseInt(s.Unit, 10, 64); err == nil {
			names = append(names, v.unit(id).ZH)
		}
	}
	if len(names) < 2 {
		return "建议由" + strings.Join(names, "") + "办理。"
	}
	return "建议由" + names[0] + "牵头，" + strings.Join(names[1:], "、") + "协办。"
}

// label says how well one part of the help does; it gives no percentage of too
// few trials.
func (a Accuracy) label(right int) fault.Text {
	day := calendar.DayOf(time.UnixMicro(a.Measured)).String()
	if a.N < EnoughTrials {
		n := strconv.Itoa(a.N)
		return fault.T("可供检验的往事只有 "+n+" 件，太少，不给准确率（"+day+"）", "only "+n+" earlier matters to try it on, too few for a percentage ("+day+")")
	}
	n, share := strconv.Itoa(a.N), strconv.Itoa(proportion(right, a.N))
	return fault.T("在本办公室 "+n+" 件往事上检验，"+share+"% 正确（"+day+"）", "tried on "+n+" earlier matters of this office: "+share+" % right ("+day+")")
}
