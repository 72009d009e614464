// Package effect finds out what a policy did: what happened, less what would have
// happened without it, with how sure one may be.
//
// For one treated unit: synthetic control on outcomes alone (Abadie, Diamond,
// Hainmueller, JASA 105, 2010), synthetic difference in differences (Arkhangelsky,
// Athey, Hirshberg, Imbens, Wager, AER 111, 2021) and plain difference in
// differences. Weights are the exact solution of their problem, with a certificate
// that says so, and not where a descent happened to stop. Every donor is taken as
// treated in turn, so that a standard error and a p-value need no random numbers;
// every donor is left out in turn; and the measure is moved to a time before it was
// taken, where it must show nothing.
//
// For measures that began at different times: Callaway and Sant'Anna (Journal of
// Econometrics 225, 2021), the decomposition of Goodman-Bacon (the same, 225,
// 2021), two-way fixed effects and an event study with clustered errors.
//
// A protocol says before anything is seen what is asked, and has a hash. The
// verdict follows from protocol and result by one rule that takes no other
// argument. The package knows no database, no network and no clock.
package effect

import (
	"fmt"
	"math"
	"slices"

	"touyan.dev/touyan/kernel/fault"
)

// Placebo is a unit on which the measure had no bearing, taken as if it had.
type Placebo struct {
	Unit      string    `json:"unit"`
	Estimate  float64   `json:"estimate"`
	PreRMSPE  float64   `json:"pre_rmspe"`
	Ratio     float64   `json:"rmspe_ratio"`
	Certified bool      `json:"certified"`     // the certificates of its weights hold
	Gap       []float64 `json:"gap,omitempty"` // by period, as the path's
}

// Left is the estimate without one donor.
type Left struct {
	Unit     string  `json:"unit"`
	Estimate float64 `json:"estimate"`
}

// Moved is the estimate for a time at which nothing was done yet, from what was
// known before the measure.
type Moved struct {
	From     string  `json:"from"`
	Estimate float64 `json:"estimate"`
	P        float64 `json:"p"`
}

// Point is one period of the path.
type Point struct {
	Time      string  `json:"time"`
	Observed  float64 `json:"observed"`
	Synthetic float64 `json:"synthetic"`
	Gap       float64 `json:"gap"`
}

// Unused is a unit that could be no donor, and why.
type Unused struct {
	Unit    string `json:"unit"`
	Reason  string `json:"reason"` // excluded or incomplete
	Missing int    `json:"missing_cells,omitempty"`
}

// Result is what one method gives under a protocol.
type Result struct {
	Protocol      Protocol           `json:"protocol"`
	Hash          string             `json:"protocol_hash"`
	Method        Method             `json:"method"`
	Estimate      float64            `json:"estimate"`
	SE            *float64           `json:"standard_error"` // of the placebos; null with fewer than two
	P             float64            `json:"p"`
	PRule         string             `json:"p_rule"` // rmspe_ratio_rank or estimate_rank
	LeastP        float64            `json:"smallest_possible_p"`
	Rank          int                `json:"rmspe_rank"`
	Of            int                `json:"rmspe_rank_of"`
	PreRMSPE      float64            `json:"pre_rmspe"`
	PostRMSPE     float64            `json:"post_rmspe"`
	Ratio         float64            `json:"rmspe_ratio"`
	KKT           float64            `json:"kkt_residual"`
	Weights       map[string]float64 `json:"weights"`      // of donors, without those of 0
	TimeWeights   map[string]float64 `json:"time_weights"` // of periods before; empty for sc
	UnitProof     Certificate        `json:"certificate"`
	TimeProof     *Certificate       `json:"time_certificate,omitempty"`
	PrePeriods    int                `json:"pre_periods"`
	PostPeriods   int                `json:"post_periods"`
	Donors        int                `json:"donors"`
	NoiseSigma    float64            `json:"noise_sigma"`
	Path          []Point            `json:"path"`
	Placebos      []Placebo          `json:"placebos"`
	LeftOut       []Left             `json:"leave_one_out"`
	InTime        *Moved             `json:"in_time_placebo"` // null with fewer than four periods before
	Unused        []Unused           `json:"unused_units"`
	UnusedPeriods []string           `json:"unused_periods"` // in which the treated unit was not observed yet, or no longer
}

// study is a protocol applied to a panel.
type study struct {
	protocol Protocol
	method   Method
	block    block
	names    []string // by row of the block
	times    []Period
	treated  int
	donors   []int
	noise    float64
	unused   []Unused
	skipped  []string
}

// Evaluate answers a protocol by a method.
func Evaluate(p *Panel, protocol Protocol, m Method) (*Result, error) {
	if m != SC && m != SDID && m != DiD {
		return nil, fault.At("effect.Evaluate", "method", "方法只能是 sc、sdid 或 did。", "The method must be sc, sdid or did.")
	}
	s, err := newStudy(p, protocol, m)
	if err != nil {
		return nil, err
	}
	r, main := s.estimate()
	s.leaveOut(r, main)
	s.moveBack(r)
	return r, nil
}

// Placebos is Evaluate without its checks of robustness: the estimate, and every
// donor taken as treated. It is too little for a verdict.
func Placebos(p *Panel, protocol Protocol, m Method) (*Result, error) {
	s, err := newStudy(p, protocol, m)
	if err != nil {
		return nil, err
	}
	r, _ := s.estimate()
	return r, nil
}

// estimate gives the fit, what it says, and its placebos.
func (s *study) estimate() (*Result, fit) {
	s.noise = s.block.noise(s.donors)
	main := s.block.fit(s.method, s.treated, s.donors, s.noise, nil)
	r := s.describe(main)
	s.placebos(r, main)
	return r, main
}

// describe gives what the fit itself says.
func (s *study) describe(f fit) *Result {
	r := &Result{
		Protocol: s.protocol, Hash: s.protocol.Hash(), Method: s.method, Estimate: f.estimate,
		PreRMSPE: f.preRMSPE, PostRMSPE: rms(f.gap[s.block.pre:]), Ratio: f.ratio, KKT: max(f.unit.KKT, f.time.KKT),
		Weights: map[string]float64{}, TimeWeights: map[string]float64{}, UnitProof: f.unit,
		PrePeriods: s.block.pre, PostPeriods: len(s.times) - s.block.pre, Donors: len(s.donors), NoiseSigma: s.noise,
		Placebos: []Placebo{}, LeftOut: []Left{}, Unused: s.unused, UnusedPeriods: s.skipped,
	}
	for i, j := range s.donors {
		if f.weights[i] != 0 {
			r.Weights[s.names[j]] = f.weights[i]
		}
	}
	if s.method != SC {
		for t, w := range f.times {
			if w != 0 {
				r.TimeWeights[s.times[t].Label] = w
			}
		}
	}
	if s.method == SDID {
		r.TimeProof = &f.time
	}
	for t, y := range s.block.y[s.treated] {
		r.Path = append(r.Path, Point{s.times[t].Label, y, y - f.gap[t], f.gap[t]})
	}
	return r
}

// placebos takes every donor as treated, with the others as its donors, and ranks
// the treated unit among them. The ridge stays that of the real fit, as in
// synthdid.
func (s *study) placebos(r *Result, main fit) {
	fits := s.block.placebos(s.method, s.donors, s.noise, main)
	estimates := make([]float64, len(fits))
	r.Rank, r.Of = 1, len(fits)+1
	asFar := 1
	for i, f := range fits {
		estimates[i] = f.estimate
		if f.ratio >= main.ratio {
			r.Rank++
		}
		if math.Abs(f.estimate) >= math.Abs(main.estimate) {
			asFar++
		}
		r.Placebos = append(r.Placebos, Placebo{
			Unit: s.names[s.donors[i]], Estimate: f.estimate, PreRMSPE: f.preRMSPE, Ratio: f.ratio,
			Certified: f.unit.Holds() && f.time.Holds(), Gap: f.gap,
		})
	}
	if len(fits) > 1 {
		se := deviation(estimates)
		r.SE = &se
	}
	// A synthetic control is judged by how far it goes astray against how well it
	// fitted; the other two take levels off, so their estimates are comparable.
	r.PRule, r.P = "estimate_rank", float64(asFar)/float64(r.Of)
	if s.method == SC {
		r.PRule, r.P = "rmspe_ratio_rank", float64(r.Rank)/float64(r.Of)
	}
	r.LeastP = 1 / float64(r.Of)
}

// placebos fits each donor by the other donors. None is left where there is but one.
func (b block) placebos(m Method, donors []int, noise float64, main fit) []fit {
	if len(donors) < 2 {
		return nil
	}
	fits := make([]fit, len(donors))
	start := support(main.weights)
	for i := range donors {
		others, begin := without(donors, i), shifted(start, i)
		fits[i] = b.fit(m, donors[i], others, noise, begin)
	}
	return fits
}

// leaveOut fits without each donor in turn.
func (s *study) leaveOut(r *Result, main fit) {
	if len(s.donors) < 2 {
		return
	}
	start := support(main.weights)
	for i, j := range s.donors {
		estimate := main.estimate
		// A synthetic control without a donor of no weight is the same.
		if s.method != SC || main.weights[i] != 0 {
			estimate = s.block.fit(s.method, s.treated, without(s.donors, i), s.noise, shifted(start, i)).estimate
		}
		r.LeftOut = append(r.LeftOut, Left{s.names[j], estimate})
	}
}

// moveBack takes the measure to have begun in the middle of what went before it.
func (s *study) moveBack(r *Result) {
	if s.block.pre < 4 {
		return
	}
	b := block{pre: s.block.pre / 2}
	for _, row := range s.block.y {
		b.y = append(b.y, row[:s.block.pre])
	}
	noise := b.noise(s.donors)
	main := b.fit(s.method, s.treated, s.donors, noise, nil)
	asFar := 1
	fits := b.placebos(s.method, s.donors, noise, main)
	for _, f := range fits {
		if s.method == SC && f.ratio >= main.ratio || s.method != SC && math.Abs(f.estimate) >= math.Abs(main.estimate) {
			asFar++
		}
	}
	r.InTime = &Moved{s.times[b.pre].Label, main.estimate, float64(asFar) / float64(len(fits)+1)}
}

func without(donors []int, i int) []int { return slices.Delete(slices.Clone(donors), i, i+1) }

// shifted gives places among donors as places among the donors without the ith.
func shifted(places []int, i int) []int {
	out := make([]int, 0, len(places))
	for _, p := range places {
		if p < i {
			out = append(out, p)
		} else if p > i {
			out = append(out, p-1)
		}
	}
	return out
}

// newStudy cuts the window out of the panel and picks the donors.
func newStudy(p *Panel, protocol Protocol, m Method) (*study, error) {
	protocol = protocol.Normal()
	s := &study{protocol: protocol, method: m, unused: []Unused{}, skipped: []string{}}
	treated, err := p.unit(protocol.Treated, "treated")
	if err != nil {
		return nil, err
	}
	window, first, err := p.window(protocol)
	if err != nil {
		return nil, err
	}
	// What the treated unit has before its first and after its last observation is
	// outside; a hole between them is an error, as no method may bridge it unsaid.
	for len(window) > 0 && math.IsNaN(p.Y[treated][window[0]]) {
		s.skipped, window = append(s.skipped, p.Times[window[0]].Label), window[1:]
	}
	for len(window) > 0 && math.IsNaN(p.Y[treated][window[len(window)-1]]) {
		s.skipped, window = append(s.skipped, p.Times[window[len(window)-1]].Label), window[:len(window)-1]
	}
	row := make([]float64, len(window))
	for i, t := range window {
		if row[i] = p.Y[treated][t]; math.IsNaN(row[i]) {
			return nil, fault.At("effect.Evaluate", "outcome", fmt.Sprintf("被评估单元在 %s 没有数据。", p.Times[t].Label), fmt.Sprintf("The treated unit has no value in %s.", p.Times[t].Label))
		}
		s.times = append(s.times, p.Times[t])
		if p.Times[t].Order < first.Order {
			s.block.pre++
		}
	}
	switch {
	case s.block.pre == 0:
		return nil, fault.At("effect.Evaluate", "from", "起始时间之前没有数据，无从比较。", "There is no period before the measure, so nothing to compare with.")
	case s.block.pre == len(window):
		return nil, fault.At("effect.Evaluate", "from", "起始时间及之后没有数据。", "There is no period at or after the measure.")
	}
	s.names, s.block.y = []string{p.Units[treated]}, [][]float64{row}
	return s, s.pick(p, treated, window)
}

// pick takes as donors the units that are complete in the window.
func (s *study) pick(p *Panel, treated int, window []int) error {
	wanted, err := p.chosen(s.protocol.Donors, "donors")
	if err != nil {
		return err
	}
	barred, err := p.chosen(s.protocol.Exclude, "exclude")
	if err != nil {
		return err
	}
	if wanted[treated] || barred[treated] {
		return fault.At("effect.Evaluate", "treated", "被评估单元不能又是对照单元或被排除单元。", "The treated unit cannot be a donor, nor be excluded.")
	}
	for u, name := range p.Units {
		if u == treated || len(wanted) > 0 && !wanted[u] {
			continue
		}
		if barred[u] {
			s.unused = append(s.unused, Unused{name, "excluded", 0})
			continue
		}
		row, missing := make([]float64, len(window)), 0
		for i, t := range window {
			if row[i] = p.Y[u][t]; math.IsNaN(row[i]) {
				missing++
			}
		}
		if missing > 0 {
			s.unused = append(s.unused, Unused{name, "incomplete", missing})
			continue
		}
		s.donors = append(s.donors, len(s.names))
		s.names, s.block.y = append(s.names, name), append(s.block.y, row)
	}
	if len(s.donors) == 0 {
		return fault.At("effect.Evaluate", "donors", "没有可用的对照单元：其余单元或被排除，或在评估期内缺数据。", "No donor is left: every other unit is excluded or has missing cells in the window.")
	}
	return nil
}

// unit gives the index of a unit.
func (p *Panel) unit(name, field string) (int, error) {
	i, ok := slices.BinarySearch(p.Units, UnitName(name))
	if !ok {
		return 0, fault.At("effect.Evaluate", field, "数据中没有这个单元，请核对名称或代码。", "The panel has no such unit; check its name or code.")
	}
	return i, nil
}

func (p *Panel) chosen(names []string, field string) (map[int]bool, error) {
	out := map[int]bool{}
	for i, name := range names {
		u, err := p.unit(name, fmt.Sprintf("%s/%d", field, i))
		if err != nil {
			return nil, err
		}
		out[u] = true
	}
	return out, nil
}

// window gives the indices of the periods of a protocol, and when the measure began.
func (p *Panel) window(protocol Protocol) (window []int, first Period, err error) {
	bound := func(text, field string, none float64) (Period, error) {
		if text == "" {
			return Period{Order: none}, nil
		}
		t, ok := ParsePeriod(text)
		if !ok {
			return t, fault.At("effect.Evaluate", field, "时间无法识别，请写成数据中的样子。", "The time cannot be read; write it as the panel does.")
		}
		return t, nil
	}
	if first, err = bound(protocol.From, "from", math.NaN()); err != nil {
		return nil, first, err
	}
	if math.IsNaN(first.Order) {
		return nil, first, fault.At("effect.Evaluate", "from", "请写明政策开始的时间。", "Say when the measure began.")
	}
	since, err := bound(protocol.Since, "since", math.Inf(-1))
	if err != nil {
		return nil, first, err
	}
	until, err := bound(protocol.Until, "until", math.Inf(1))
	if err != nil {
		return nil, first, err
	}
	for t, period := range p.Times {
		if period.Order >= since.Order && period.Order <= until.Order {
			window = append(window, t)
		}
	}
	return window, first, nil
}
