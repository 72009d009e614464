package fact

import "touyan.dev/touyan/observatory/panel"

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
