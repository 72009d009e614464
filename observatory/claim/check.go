package claim

import (
	"fmt"
	"math"
	"strings"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/panel"
)

// Options say what a text leaves unsaid.
type Options struct {
	Terms Dictionary
	Peers string // attribute whose values group the subjects that ranks are among; "" for all
	Home  string // code of the subject that a text means when it names none
}

// Checker checks texts against one vintage of a panel. It keeps nothing between
// texts.
type Checker struct {
	panel *panel.Panel
	opts  Options
	words *scanner
	units map[string]panel.Unit
}

// New makes a checker.
func New(p *panel.Panel, o Options) *Checker {
	return &Checker{panel: p, opts: o, words: newScanner(p, o.Terms), units: panel.Units()}
}

// Check finds the claims of a text, line by line, and gives each its verdict.
func (c *Checker) Check(lines []string) []Finding {
	r := &reader{scanner: c.words, known: c.units, terms: c.opts.Terms, groups: c.groups(), subject: c.opts.Home, home: c.opts.Home}
	for i, text := range lines {
		r.line(i+1, text)
	}
	out := make([]Finding, 0, len(r.out))
	for _, k := range r.out {
		out = append(out, c.judge(k))
	}
	return out
}

func (c *Checker) groups() map[string]string {
	out := map[string]string{}
	for _, s := range c.panel.Subjects {
		out[s.Code] = s.Attrs[c.opts.Peers]
	}
	return out
}

// judge gives a claim its verdict. The readings come with the usual one first.
func (c *Checker) judge(k claim) Finding {
	f := Finding{Line: k.line, Text: k.text, Start: k.start, End: k.end, Kind: k.kind, Verdict: NoData, Evidence: []Cell{}}
	s, ok := c.panel.Subject(k.subject)
	switch {
	case !ok:
		f.Why = fault.T("没有写明是哪个地区，或数据中没有这个地区。", "It does not say of which subject, or the data have none of this name.")
		return f
	case len(k.indicators) == 0:
		f.Why = fault.T("没有写明是哪个指标。", "It does not say of which indicator.")
		return f
	}
	var first, other outcome
	lacking := false // the month alone, of which there is no growth
	for i, r := range c.readings(k) {
		j := judgement{Checker: c, claim: k, subject: s, reading: r}
		o := j.outcome()
		o.name = r.name
		if o.verdict == NoData {
			lacking = lacking || r.less > 0
			if first.why.ZH == "" {
				first = o
			}
			continue
		}
		if first.verdict == "" || first.verdict == NoData {
			first = o
			if i == 0 && o.verdict == Agrees && r.usual {
				break
			}
		} else if o.verdict != first.verdict {
			other = o
		}
	}
	if lacking && other.verdict == "" && first.verdict == Disagrees {
		first.verdict = NoData
		first.why = fault.T("没有当期的数；按累计："+first.why.ZH, "There is no figure of the period alone; cumulative: "+first.why.EN)
	}
	f.Verdict, f.Why = first.verdict, first.why
	f.Evidence = append(f.Evidence, first.cells...)
	if other.verdict != "" {
		f.Verdict = Ambiguous
		f.Why = fault.T(
			fmt.Sprintf("按%s：%s按%s：%s请写明口径。", first.name.ZH, first.why.ZH, other.name.ZH, other.why.ZH),
			fmt.Sprintf("By %s: %s By %s: %s Say which is meant.", first.name.EN, first.why.EN, other.name.EN, other.why.EN))
		f.Evidence = append(f.Evidence, other.cells...)
	}
	if f.Verdict == "" {
		f.Verdict = NoData
		f.Why = fault.T("数据中没有这个指标。", "The data do not have this indicator.")
	}
	return f
}

// outcome is what one reading says of a claim.
type outcome struct {
	verdict Verdict
	why     fault.Text
	cells   []Cell
	name    fault.Text
}

// judgement is a claim under one reading.
type judgement struct {
	*Checker
	claim
	subject int
	reading
	cells []Cell
}

// column gives the period that a year means: of a year without more the last that
// a cumulative series has.
func (j *judgement) column(year int) (int, bool) {
	axis := j.panel.Axis
	if year == 0 {
		for t := axis.Len - 1; t >= 0; t-- {
			if _, ok := j.slab.At(j.subject, t); ok {
				year = axis.Year(t)
				if axis.Freq != panel.Yearly && j.part == "" {
					return t, true
				}
				break
			}
		}
	}
	return j.partColumn(year, j.part)
}

// partColumn gives the column of a part of a year.
func (j *judgement) partColumn(year int, part string) (int, bool) {
	axis := j.panel.Axis
	if part == "" {
		return axis.Col(year*int(axis.Freq) + int(axis.Freq) - 1)
	}
	if axis.Freq == panel.Yearly {
		return 0, false
	}
	f, period, ok := panel.ParsePeriod(fmt.Sprintf("%d年%s", year, strings.TrimSuffix(strings.ReplaceAll(part, " ", ""), "份")))
	if !ok {
		return 0, false
	}
	if f != axis.Freq { // a quarter of a monthly series
		period = period*int(axis.Freq)/int(f) + int(axis.Freq)/int(f) - 1
	}
	return axis.Col(period)
}

// earlier gives the column of the same part of an earlier year: base, or the one
// before.
func (j *judgement) earlier(t int) (int, bool) {
	axis := j.panel.Axis
	if j.basePart != "" {
		at, ok := j.partColumn(axis.Year(t), j.basePart)
		return at, ok && at < t
	}
	back := 1
	if j.base != 0 {
		back = axis.Year(t) - j.base
	}
	if back <= 0 {
		return 0, false
	}
	at := t - back*int(axis.Freq)
	return at, at >= 0
}

// cell reads a value and keeps it as evidence.
func (j *judgement) cell(s, t int) (float64, bool) {
	v, ok := j.slab.At(s, t)
	if ok {
		j.cells = append(j.cells, j.evidence(j.slab, j.index, s, t, v))
	}
	return v, ok
}

func (j *judgement) evidence(slab *panel.Slab, index, s, t int, v float64) Cell {
	at := slab.Source(s, t)
	source := ""
	if at.File != "" {
		source = fmt.Sprintf("%s:%d:%s", at.File, at.Line, at.Column)
	}
	return Cell{j.panel.Indicators[index].Code, j.panel.Subjects[s].Code, j.panel.Axis.Label(t), v, source}
}

// measured gives the reading's number of a subject in a period.
func (j *judgement) measured(s, t int, keep bool) (float64, bool) {
	at := func(t int) (float64, bool) {
		if keep {
			return j.cell(s, t)
		}
		return j.slab.At(s, t)
	}
	v, ok := at(t)
	if j.less > 0 {
		back := t - j.less*int(j.panel.Axis.Freq)/12
		if j.mode != levels || back < 0 || j.panel.Axis.Year(back) != j.panel.Axis.Year(t) {
			return 0, false // growth of the part alone is not to be had
		}
		old, there := at(back)
		return v - old, ok && there
	}
	switch {
	case !ok:
		return 0, false
	case j.mode == indexGrowth:
		return v - 100, true
	case j.mode != growths:
		return v, true
	}
	before := t - int(j.panel.Axis.Freq)
	if before < 0 {
		return 0, false
	}
	old, ok := at(before)
	return (v/old - 1) * 100, ok && old > 0
}

func missing(zh, en string) outcome { return outcome{verdict: NoData, why: fault.T(zh, en)} }

// outcome judges the period that is meant and, where the text says 连续, those
// before it.
func (j *judgement) outcome() outcome {
	t, ok := j.column(j.year)
	if !ok {
		return missing("数据中没有这一时期。", "The data do not have this period.")
	}
	o := j.at(t)
	if o.verdict == Disagrees && j.ranged { // 2011—2015年年均: 2011 may be the first year that grew
		was := *j
		j.base, j.cells = j.base-1, nil
		if again := j.at(t); again.verdict == Agrees {
			return again
		}
		*j = was
	}
	freq := int(j.panel.Axis.Freq)
	for n := 1; n < j.run && o.verdict == Agrees; n++ {
		back := t - n*freq/j.runOf
		if freq%j.runOf != 0 || back < 0 {
			return outcome{verdict: NoData, why: fault.T("数据不够长，看不出连续了多久。", "The data are too short to see for how long."), cells: j.cells}
		}
		if o = j.at(back); o.verdict == Disagrees {
			when := j.panel.Axis.Label(back)
			o.why = fault.T(when+"："+o.why.ZH, when+": "+o.why.EN)
		}
	}
	return o
}

// at judges one period.
func (j *judgement) at(t int) outcome {
	var good, known bool
	var zh, en string
	switch j.kind {
	case Value, Growth, Difference, Multiple, Share:
		var v float64
		if v, known = j.number(t); known {
			if good, zh, en = j.fits(v); good && j.fresh {
				good, zh, en = j.unreached(t)
			}
		}
	case Rank:
		good, known, zh, en = j.ranked(t)
	case RankChange:
		good, known, zh, en = j.rankMoved(t)
	case First:
		good, known, zh, en = j.firstTime(t)
	case Extreme:
		good, known, zh, en = j.extreme(t)
	case Comparison:
		good, known, zh, en = j.compared(t)
	}
	if !known {
		return outcome{verdict: NoData, why: fault.T("数据中缺少所需的数值。", "The data lack a value that this takes."), cells: j.cells}
	}
	o := outcome{verdict: Disagrees, why: fault.T(zh, en), cells: j.cells}
	if good {
		o.verdict = Agrees
	}
	return o
}

// number computes what a number in the text should be, in the unit it has there.
func (j *judgement) number(t int) (float64, bool) {
	switch j.kind {
	case Value:
		read := j.cell
		if j.less > 0 {
			read = j.measuredFor
		}
		v, ok := read(j.subject, t)
		return j.inUnit(v), ok
	case Growth:
		if j.less > 0 {
			return 0, false
		}
		v, ok := j.rate(t)
		return v / j.hundredth(), ok
	case Share:
		v, ok := j.portion(t)
		return v / j.hundredth(), ok
	}
	if j.share {
		at, before := j.earlier(t)
		if !before {
			return 0, false
		}
		v, a := j.portion(t)
		old, b := j.portion(at)
		return v - old, a && b
	}
	v, ok := j.measuredFor(j.subject, t)
	if !ok {
		return 0, false
	}
	var old float64
	if o, other := j.panel.Subject(j.other); other {
		old, ok = j.measuredFor(o, t)
	} else if at, before := j.earlier(t); before {
		old, ok = j.measuredFor(j.subject, at)
	} else {
		return 0, false
	}
	if j.kind == Multiple {
		return v / old, ok && old > 0
	}
	if j.mode == levels {
		return j.inUnit(v - old), ok
	}
	return v - old, ok
}

// hundredth gives how many per cent one of the text's unit is: 100 for 倍, 0.1 for ‰.
func (j *judgement) hundredth() float64 {
	switch j.unit {
	case "倍":
		return 100
	case "‰":
		return 0.1
	}
	return 1
}

// unreached holds 首次突破 to the years before.
func (j *judgement) unreached(t int) (good bool, zh, en string) {
	for at := t - int(j.panel.Axis.Freq); at >= 0; at -= int(j.panel.Axis.Freq) {
		if v, ok := j.slab.At(j.subject, at); ok && (j.relation == over && j.inUnit(v) >= j.value || j.relation == under && j.inUnit(v) < j.value) {
			j.cell(j.subject, at)
			year := j.panel.Axis.Year(at)
			return false, fmt.Sprintf("%d年已为%.2f%s，不是首次。", year, j.inUnit(v), j.unit), fmt.Sprintf("It was %.2f (%s) in %d already.", j.inUnit(v), j.unit, year)
		}
	}
	v, _ := j.slab.At(j.subject, t)
	return true, fmt.Sprintf("数据为%.2f%s，此前没有过。", j.inUnit(v), j.unit), fmt.Sprintf("The data give %.2f (%s), for the first time.", j.inUnit(v), j.unit)
}

func (j *judgement) measuredFor(s, t int) (float64, bool) { return j.measured(s, t, true) }

// inUnit turns a value of the panel into the unit of the text.
func (j *judgement) inUnit(v float64) float64 {
	have, want := j.counted(j.panel.Indicators[j.index].Code), j.units[j.unit].Factor
	if have == 0 || want == 0 {
		return v
	}
	return v * have / want
}

// counted gives how many of the smallest unit one of an indicator's is; 0 when it
// has none.
func (j *judgement) counted(code string) float64 { return j.units[j.opts.Terms[code].Unit.ZH].Factor }

// rate computes growth since the year before, since another year, or on average.
func (j *judgement) rate(t int) (float64, bool) {
	freq := int(j.panel.Axis.Freq)
	at, ok := j.earlier(t)
	if j.mode != growths && (!ok && j.base == 0 || at == t-freq) {
		return j.measured(j.subject, t, true)
	} else if !ok {
		return 0, false
	}
	n := (t - at) / freq
	if j.mode != growths {
		product := 1.0
		for k := at + freq; k <= t; k += freq {
			g, ok := j.measured(j.subject, k, true)
			if !ok {
				return 0, false
			}
			product *= 1 + g/100
		}
		return j.spread(product, n), true
	}
	v, a := j.cell(j.subject, t)
	old, b := j.cell(j.subject, at)
	return j.spread(v/old, n), a && b && old > 0
}

// spread gives growth over n years, or its yearly mean when the text says so.
func (j *judgement) spread(ratio float64, n int) float64 {
	if j.yearly {
		ratio = math.Pow(ratio, 1/float64(n))
	}
	return (ratio - 1) * 100
}

// portion computes a share of another indicator, of another subject, or of the sum
// of the peers.
func (j *judgement) portion(t int) (float64, bool) {
	v, ok := j.cell(j.subject, t)
	if !ok {
		return 0, false
	}
	if len(j.whole) > 0 {
		for _, code := range j.whole {
			if i, known := j.panel.Indicator(code); known {
				whole, ok := j.panel.Slabs[i].At(j.subject, t)
				if ok {
					j.cells = append(j.cells, j.evidence(j.panel.Slabs[i], i, j.subject, t, whole))
				}
				a, b := j.counted(j.panel.Indicators[j.index].Code), j.counted(code)
				if a == 0 || b == 0 {
					a, b = 1, 1
				}
				return 100 * v * a / (whole * b), ok && whole != 0
			}
		}
		return 0, false
	}
	if o, named := j.panel.Subject(j.other); named {
		whole, ok := j.cell(o, t)
		return 100 * v / whole, ok && whole != 0
	}
	sum := 0.0
	for _, s := range j.peers() {
		x, ok := j.slab.At(s, t)
		if !ok {
			return 0, false // a part of the whole is missing
		}
		sum += x
	}
	return 100 * v / sum, sum != 0
}

// fits holds a number to the digits of the text.
func (j *judgement) fits(v float64) (good bool, zh, en string) {
	rounding := 1e-9 * math.Max(1, math.Abs(v))
	slack := 0.5*math.Pow10(-j.decimals) + rounding
	size, said := v, j.value // of a fall, how far it goes
	if said < 0 || j.falls {
		size, said = -v, -said
	}
	switch j.relation {
	case over:
		good = size >= said-rounding && (said == 0 && size > rounding || size < 2*said || j.run > 1)
	case under:
		good = size < said
	case nearly:
		good = size <= said+rounding && size >= 0.9*said
	case about:
		good = math.Abs(v-j.value) <= math.Max(slack, 0.05*math.Abs(j.value))
	default:
		good = math.Abs(v-j.value) <= slack
	}
	digits := max(j.decimals, 2)
	if j.unit == "" {
		j.unit = "%"
	}
	zh = fmt.Sprintf("数据为%.*f%s。", digits, v, j.unit)
	en = fmt.Sprintf("The data give %.*f (%s).", digits, v, j.unit)
	return good, zh, en
}
