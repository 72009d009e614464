package bench

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"touyan.dev/touyan/observatory/effect"
	"touyan.dev/touyan/observatory/forecast"
)

// The bars of Effect and Forecast.
const (
	statesMost   = 50.0 // ms of processor, SDID with 38 placebos
	citiesMost   = 3.0  // s, one policy on 300 cities, three methods, everything
	forecastMost = 60.0 // s of processor, 150,000 annual series: 30 s on two idle cores
)

// EffectResult is what Effect found.
type EffectResult struct {
	StatesCPU   float64 `json:"states_sdid_cpu_ms" doc:"39 states over 31 years, synthetic difference in differences with all 38 placebos"`
	CitiesWall  float64 `json:"cities_s" doc:"300 cities over 24 years: three methods, all placebos, every donor left out, a placebo in time"`
	CitiesCPU   float64 `json:"cities_cpu_s"`
	KKT         float64 `json:"worst_kkt_residual"`
	Uncertified int     `json:"fits_without_certificate"`
	Met         bool    `json:"met"`
}

// Effect times the evaluation of one measure on generated panels of the size of
// Prop 99 and of the cities of a country. Rounds are averaged.
func Effect(rounds int) (*EffectResult, error) {
	out := &EffectResult{}
	states, cities := drifting(39, 31), drifting(300, 24)
	before := cpu()
	for range rounds {
		fits, err := effect.Placebos(states, effect.Protocol{Treated: "u1007", From: "19"}, effect.SDID)
		if err != nil {
			return nil, err
		}
		out.judge(fits)
	}
	out.StatesCPU = (cpu() - before).Seconds() * 1000 / float64(rounds)
	before = cpu()
	start := time.Now()
	for range rounds {
		for _, m := range []effect.Method{effect.SC, effect.SDID, effect.DiD} {
			r, err := effect.Evaluate(cities, effect.Protocol{Treated: "u1007", From: "16"}, m)
			if err != nil {
				return nil, err
			}
			out.judge(r)
		}
	}
	out.CitiesCPU = (cpu() - before).Seconds() / float64(rounds)
	out.CitiesWall = time.Since(start).Seconds() / float64(rounds)
	out.Met = out.StatesCPU <= statesMost && out.CitiesWall <= citiesMost && out.Uncertified == 0
	return out, nil
}

// judge counts what is not proven.
func (out *EffectResult) judge(r *effect.Result) {
	out.KKT = max(out.KKT, r.KKT)
	for _, p := range r.Placebos {
		if !p.Certified {
			out.Uncertified++
		}
	}
}

// drifting is a panel of random walks with trends of their own.
func drifting(units, periods int) *effect.Panel {
	random := rand.New(rand.NewPCG(99, uint64(units)))
	var cells []effect.Cell
	for u := range units {
		y, drift := 100+20*random.NormFloat64(), random.NormFloat64()
		for t := range periods {
			y += drift + 4*random.NormFloat64()
			cells = append(cells, effect.Cell{Unit: fmt.Sprintf("u%d", 1000+u), Time: fmt.Sprint(t), Value: y, Line: len(cells) + 2})
		}
	}
	p, err := effect.NewPanel(cells)
	if err != nil {
		panic("bench: a generated panel is in order: " + err.Error())
	}
	return p
}

// ForecastResult is what Forecast found.
type ForecastResult struct {
	Series int     `json:"series"`
	Length int     `json:"values_each"`
	Ahead  int     `json:"horizon"`
	Wall   float64 `json:"wall_s"`
	CPU    float64 `json:"cpu_s"`
	Each   float64 `json:"cpu_ms_each"`
	Met    bool    `json:"met"`
}

// Forecast times annual series of 30 values, six years ahead, with back-tests and
// intervals.
func Forecast(series int) *ForecastResult {
	const length, ahead = 30, 6
	random := rand.New(rand.NewPCG(3, 3))
	in := make([]forecast.Series, series)
	for i := range in {
		y, drift := 5.0, 0.03+0.03*random.NormFloat64()
		v := make([]float64, length)
		for t := range v {
			y += drift + 0.05*random.NormFloat64()
			v[t] = math.Exp(y)
		}
		in[i] = forecast.Series{Period: 1, Values: v, Horizon: ahead}
	}
	before, start := cpu(), time.Now()
	forecast.Run(in)
	out := &ForecastResult{Series: series, Length: length, Ahead: ahead, Wall: time.Since(start).Seconds(), CPU: (cpu() - before).Seconds()}
	out.Each = out.CPU * 1000 / float64(series)
	out.Met = out.CPU <= forecastMost*float64(series)/150_000
	return out
}
