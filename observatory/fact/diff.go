package fact

import (
	"maps"
	"slices"

	"touyan.dev/touyan/observatory/panel"
)

// Change is one fact that a release or a revision altered. Old and New are the
// facts before and after; a new one has no Old, a retracted one no New.
type Change struct {
	Key      string
	Old, New *Fact
}

// Changes is what lies between two minings.
type Changes struct {
	New, Changed, Retracted []Change
}

// Compare gives the difference of two minings by the key of facts. A fact has
// changed when it claims something else under the same key: another rank, length
// or earlier period; another figure behind the same words is no change.
func Compare(before *panel.Panel, old []Fact, after *panel.Panel, now []Fact) Changes {
	was, is := byKey(before, old), byKey(after, now)
	var out Changes
	for _, key := range slices.Sorted(maps.Keys(is)) {
		f, known := was[key]
		g := is[key]
		switch {
		case !known:
			out.New = append(out.New, Change{Key: key, New: &g})
		case claim(before, f) != claim(after, g):
			out.Changed = append(out.Changed, Change{Key: key, Old: &f, New: &g})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(was)) {
		if _, still := is[key]; !still {
			f := was[key]
			out.Retracted = append(out.Retracted, Change{Key: key, Old: &f})
		}
	}
	return out
}

func byKey(p *panel.Panel, facts []Fact) map[string]Fact {
	out := make(map[string]Fact, len(facts))
	for _, f := range facts {
		out[f.Key(p)] = f
	}
	return out
}

// claimed is what a fact says beside its key, in words that two panels share.
type claimed struct {
	p1, p2 int32
	since  string
	flags  Flags
}

func claim(p *panel.Panel, f Fact) claimed {
	c := claimed{p1: f.P1, p2: f.P2, flags: f.Flags & (Complete | Tied | DefinitionMove)}
	switch {
	case f.Kind == Driver || f.Kind.Inferential():
		c.p1, c.p2 = 0, 0 // indices and counts, not claims
	case f.Kind == Target:
		c.p2 = 0
	}
	switch {
	case f.Kind == Break || f.Kind == Target:
		c.since = p.Axis.Label(int(f.Period))
	case f.Since >= 0:
		c.since = p.Axis.Label(int(f.Since))
	}
	return c
}

// Hold gives, by key, those of the facts told of an indicator that are true in a
// panel, with what they claim there and the weights that they were told with. It
// leaves nothing out: what is missing in the answer is true no longer.
func Hold(p *panel.Panel, indicator int, o Options, told []Told) map[string]Fact {
	type place struct {
		kind            Kind
		form            Form
		subject, period int32
	}
	named, forms := map[string]Kind{}, map[string]Form{}
	for k := range kinds {
		named[k.String()] = k
	}
	for f := Level; f <= PerHead; f++ {
		forms[f.String()] = f
	}
	was, wanted := map[string]Told{}, map[place]bool{}
	// Only what the told facts speak of is mined: their subjects, forms and periods.
	ofForm, heads := map[Form]bool{}, o.PerHead
	o.Watch, o.From, o.PerHead = []int{}, p.Axis.Len, ""
	for _, t := range told {
		subject := None
		if t.Subject != "" {
			if subject, _ = p.Subject(t.Subject); subject >= 0 {
				o.Watch = append(o.Watch, subject)
			}
		}
		_, period, _ := panel.ParsePeriod(t.Time)
		col, ok := p.Axis.Col(period)
		if ok {
			o.From = min(o.From, col)
		}
		was[t.Key] = t
		wanted[place{named[t.Kind], forms[t.Form], int32(subject), int32(col)}], ofForm[forms[t.Form]] = true, true
	}
	if o.Growth = o.Growth && ofForm[Growth]; ofForm[PerHead] {
		o.PerHead = heads
	}
	out := map[string]Fact{}
	m := newMiner(p, o)
	m.sink = func(f Fact) {
		if !wanted[place{f.Kind, f.Form, f.Subject, f.Period}] {
			return
		}
		key := f.Key(p)
		t, ok := was[key]
		if !ok {
			return
		}
		m.qualify(&f, f.Form)
		f.Rarity, f.Importance, f.Novelty, f.Score = t.Rarity, t.Importance, t.Novelty, t.Score
		if t.Robustness != nil {
			f.Robust, f.Flags = *t.Robustness, f.Flags|Known
		}
		out[key] = f
	}
	m.mineIndicator(indicator, &Result{})
	return out
}
