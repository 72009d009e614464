package fact

import (
	"math"

	"touyan.dev/touyan/observatory/panel"
)

// Cell is a value a fact rests on, and where it can be looked up.
type Cell struct {
	Indicator string       `json:"indicator"`
	Subject   string       `json:"subject"`
	Time      string       `json:"time"`
	Value     float64      `json:"value"`
	Source    panel.Source `json:"source"`
}

// Told is a fact as programs read it.
type Told struct {
	Key         string   `json:"key"`
	ZH          string   `json:"zh"`
	EN          string   `json:"en"`
	Kind        string   `json:"kind"`
	Class       string   `json:"class"` // enumerative, inferential, target
	Indicator   string   `json:"indicator"`
	Form        string   `json:"form"`
	Subject     string   `json:"subject,omitempty"`
	Peers       string   `json:"peers,omitempty"`
	Time        string   `json:"time"`
	Since       string   `json:"since,omitempty"`
	RecordStart string   `json:"record_start,omitempty"`
	Rival       string   `json:"rival,omitempty"`
	P1          int32    `json:"p1"`
	P2          int32    `json:"p2"`
	Value       float64  `json:"value"`
	Margin      *float64 `json:"margin,omitempty"` // to the nearest rival, in per cent of the value
	Observed    uint16   `json:"observed,omitempty"`
	Members     uint16   `json:"members,omitempty"`
	Complete    bool     `json:"complete"`
	Tied        bool     `json:"tied"`
	Provisional bool     `json:"provisional"`
	Vintage     string   `json:"vintage,omitempty"`
	Rules       int      `json:"rules"` // version of the rules it was found by
	Definition  string   `json:"definition,omitempty"`
	Quality     string   `json:"quality"` // "passed": cells the gate holds back are in no fact
	Q           *float64 `json:"q,omitempty"`
	Tested      int      `json:"tested,omitempty"` // over how many claims the false discovery rate is held
	Rarity      float32  `json:"rarity"`           // bits
	Importance  float32  `json:"importance"`
	Robustness  *float32 `json:"robustness"` // null when no revision of the indicator is known
	Novelty     float32  `json:"novelty"`
	Score       float32  `json:"score"`
	Evidence    []Cell   `json:"evidence"`
}

// inferential is the class of facts that rest on a test.
const inferential = "inferential"

// Tell gives a fact with its sentences and the cells it rests on.
func Tell(p *panel.Panel, o Options, f Fact) Told {
	text := Say(p, o, f)
	out := Told{
		Key: f.Key(p), ZH: text.ZH, EN: text.EN, Kind: f.Kind.String(), Class: "enumerative", Indicator: p.Indicators[f.Indicator].Code, Form: f.Form.String(),
		Time: p.Axis.Label(int(f.Period)), P1: f.P1, P2: f.P2, Value: f.Value, Observed: f.Observed, Members: f.Members,
		Complete: f.Flags&Complete != 0 || f.Observed == f.Members, Tied: f.Flags&Tied != 0, Provisional: f.Flags&Provisional != 0, Vintage: p.Vintage, Rules: Rules, Quality: "passed",
		Rarity: f.Rarity, Importance: f.Importance, Novelty: f.Novelty, Score: f.Score, Evidence: evidence(p, f),
	}
	if f.Subject >= 0 {
		out.Subject = p.Subjects[f.Subject].Code
		out.Definition = p.Slabs[f.Indicator].ClassOf(int(f.Subject), int(f.Period)).Definition
	}
	if f.Peers >= 0 {
		out.Peers = p.Peers[f.Peers].Code
	}
	if f.Rival >= 0 {
		out.Rival = p.Subjects[f.Rival].Code
	}
	if f.Since >= 0 {
		out.Since = p.Axis.Label(int(f.Since))
	}
	switch f.Kind {
	case FirstTopOnRecord, FirstTopSince, BestRank, WorstRank, Record, HighestSince, LowestOnRecord, LowestSince, Overtake, Overtaken:
		out.RecordStart = p.Axis.Label(int(f.First))
	}
	if f.Kind.Inferential() || f.Kind == Target {
		out.Q = &f.Q
	}
	if f.Kind.Inferential() {
		out.Class, out.Tested = inferential, int(f.P2)
	}
	if f.Kind == Target {
		out.Class = "target"
	}
	if f.Flags&Known != 0 {
		out.Robustness = &f.Robust
	}
	if m, ok := margin(p, f); ok {
		out.Margin = &m
	}
	return out
}

// margin gives how far the fact is from not being true: to the rival, or to the
// nearest peer in rank, in per cent of the value.
func margin(p *panel.Panel, f Fact) (float64, bool) {
	if f.Value == 0 || f.Form != Level && f.Rival < 0 {
		return 0, false
	}
	if f.Rival >= 0 {
		return 100 * math.Abs((f.Value-f.Ref)/f.Value), true
	}
	near := neighbours(p, f)
	best, ok := 0.0, false
	for _, s := range near {
		v, _ := p.Slabs[f.Indicator].At(s, int(f.Period))
		if d := 100 * math.Abs((v-f.Value)/f.Value); !ok || d < best {
			best, ok = d, true
		}
	}
	return best, ok
}

// neighbours gives the next above and the next below of a ranked fact.
func neighbours(p *panel.Panel, f Fact) []int {
	if f.Peers < 0 || f.Subject < 0 || f.Form != Level || f.Kind > WorstRank {
		return nil
	}
	x, above, below := p.Slabs[f.Indicator], -1, -1
	var up, down float64
	for _, s := range p.Peers[f.Peers].Members {
		v, ok := x.At(s, int(f.Period))
		switch {
		case !ok || s == int(f.Subject):
		case v >= f.Value && (above < 0 || v < up):
			above, up = s, v
		case v < f.Value && (below < 0 || v > down):
			below, down = s, v
		}
	}
	var out []int
	for _, s := range []int{above, below} {
		if s >= 0 {
			out = append(out, s)
		}
	}
	return out
}

// evidence gives the cells that a person would look up to check a fact.
func evidence(p *panel.Panel, f Fact) []Cell {
	out := []Cell{}
	add := func(indicator, s, t int) {
		if s < 0 || t < 0 || t >= p.Axis.Len {
			return
		}
		if v, ok := p.Slabs[indicator].At(s, t); ok {
			out = append(out, Cell{p.Indicators[indicator].Code, p.Subjects[s].Code, p.Axis.Label(t), v, p.Slabs[indicator].Source(s, t)})
		}
	}
	i, s, t, rival := int(f.Indicator), int(f.Subject), int(f.Period), int(f.Rival)
	lag := 1
	if f.Form == Growth || p.Indicators[i].Form == panel.Cumulative {
		lag = int(p.Axis.Freq)
	}
	add(i, s, t)
	if f.Form == Growth || f.Kind == Overtake || f.Kind == Overtaken || f.Kind == RiseBroken || f.Kind == FallBroken {
		add(i, s, t-lag)
	}
	add(i, rival, t)
	if f.Kind == Overtake || f.Kind == Overtaken {
		add(i, rival, t-lag)
	}
	if f.Since >= 0 {
		add(i, s, int(f.Since))
	}
	for _, n := range neighbours(p, f) {
		add(i, n, t)
	}
	if f.Kind == Driver {
		add(int(f.P1), s, t)
		add(int(f.P1), s, int(f.Since))
	}
	return out
}
