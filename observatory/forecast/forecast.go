// Package forecast tells how a series goes on, how far off such forecasts were
// before, and how likely a level or a rank is.
//
// A series is tested for a season and freed of it (classical decomposition, as in
// the Naïve2 of the M3 and M4 competitions). Five small methods then go on from
// it: simple exponential smoothing, Holt's trend, the damped trend (Gardner and
// McKenzie, Management Science 31, 1985), Theta (Assimakopoulos and Nikolopoulos,
// International Journal of Forecasting 16, 2000, in the form of Hyndman and Billah,
// the same 19, 2003) and Theta with its weight estimated (Fiorucci and others, the
// same 32, 2016). The forecast is their median, period by period, so no one method
// that goes astray carries it away; which one is trusted is not learned from any
// data.
//
// Intervals are conformal (Vovk, Gammerman, Shafer, Algorithmic Learning in a
// Random World, 2005): the same procedure is run from earlier points of the
// series, and how far it was off there, in units of each series' own noise, says
// how wide an interval must be. Series of one frequency that are forecast together
// lend each other what they learned. The package knows no database, no network and
// no clock, and draws no random numbers.
package forecast

import (
	"math"
	"runtime"
	"slices"
	"sync"
)

// Series is what is to be continued: values in order, without gaps.
type Series struct {
	ID      string
	Period  int // values to a season: 1, 4, 12
	Values  []float64
	Horizon int // how many values to forecast
}

// Backtest is how the procedure did from earlier points of the series.
type Backtest struct {
	Origins int     `json:"origins"`
	SMAPE   float64 `json:"smape"` // per cent, 0 to 200
	MASE    float64 `json:"mase"`  // 1: as far off as the step from value to value, or season to season
}

// Forecast is the continuation of a series.
type Forecast struct {
	ID       string               `json:"id"`
	Period   int                  `json:"period"`
	Horizon  int                  `json:"horizon"`
	Method   string               `json:"method"` // median, or last for fewer than four values
	Seasonal bool                 `json:"seasonal"`
	Point    []float64            `json:"point"`
	Lower80  []float64            `json:"lower_80"` // null without any back-test
	Upper80  []float64            `json:"upper_80"`
	Lower95  []float64            `json:"lower_95"`
	Upper95  []float64            `json:"upper_95"`
	Backtest *Backtest            `json:"backtest"` // null for a series too short for one
	Methods  map[string][]float64 `json:"methods"`

	noise float64 // of the series, in its unit
	floor bool    // all values were above 0
	pool  *pool
	place int // in the pool
}

// shortest is how many values the methods need.
const shortest = 4

// Run continues all series. Those of one period share what their back-tests say.
func Run(all []Series) []*Forecast {
	out := make([]*Forecast, len(all))
	tests := make([][]miss, len(all))
	inParallel(len(all), func(i int) {
		out[i], tests[i] = one(all[i])
	})
	pools := map[int]*pool{}
	for i, f := range out {
		if pools[f.Period] == nil {
			pools[f.Period] = &pool{}
		}
		f.pool = pools[f.Period]
		f.place = f.pool.series
		f.pool.series++
		for _, m := range tests[i] {
			m.series = f.place
			f.pool.misses = append(f.pool.misses, m)
		}
		if f.Backtest != nil {
			f.pool.origins += f.Backtest.Origins
		}
	}
	for _, p := range pools {
		p.calibrate()
	}
	for _, f := range out {
		f.widen()
	}
	return out
}

// inParallel calls do for each index, on all processors.
func inParallel(n int, do func(int)) {
	workers := runtime.GOMAXPROCS(0)
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			for i := w; i < n; i += workers {
				do(i)
			}
		})
	}
	wait.Wait()
}

// one continues one series and looks back.
func one(s Series) (*Forecast, []miss) {
	period := max(1, s.Period)
	f := &Forecast{ID: s.ID, Period: period, Horizon: s.Horizon, Method: "median", floor: positive(s.Values)}
	a := adjust(s.Values, period)
	f.Seasonal = a.index != nil
	p := fit(a.values, nil)
	f.noise = p.noise
	f.Methods = map[string][]float64{}
	paths := p.paths(s.Horizon)
	f.Point = a.restore(median(paths))
	if f.floor { // what was always above 0 does not fall below
		for h, v := range f.Point {
			f.Point[h] = max(0, v)
		}
	}
	for i, name := range names(len(paths)) {
		f.Methods[name] = a.restore(paths[i])
	}
	if len(paths) == 1 {
		f.Method = names(1)[0]
	}
	var misses []miss
	f.Backtest, misses = lookBack(s, period, p)
	return f, misses
}

// adjusted is a series without its season.
type adjusted struct {
	values []float64
	index  []float64 // by place in the season; nil where there is none
	ratio  bool
}

// adjust takes the season off, where there is one.
func adjust(y []float64, period int) adjusted {
	if !seasonal(y, period) {
		return adjusted{values: y}
	}
	a := adjusted{values: slices.Clone(y), ratio: positive(y)}
	a.index = indices(y, period, a.ratio)
	for t := range a.values {
		if i := a.index[t%period]; a.ratio {
			a.values[t] /= i
		} else {
			a.values[t] -= i
		}
	}
	return a
}

// restore gives what follows the series its season, in place.
func (a adjusted) restore(f []float64) []float64 {
	if a.index == nil {
		return f
	}
	for h := range f {
		if i := a.index[(len(a.values)+h)%len(a.index)]; a.ratio {
			f[h] *= i
		} else {
			f[h] += i
		}
	}
	return f
}

// The names of the methods, in the order of paths.
func names(n int) []string {
	if n == 1 {
		return []string{"last"}
	}
	return []string{"ses", "holt", "damped", "theta", "optimised_theta"}
}

// fitted is the five methods on one series; noise is the typical error one step
// ahead.
type fitted struct {
	last             float64
	short            bool
	ses, trend, flat model
	line             theta
	free             theta
	noise            float64
}

// fit fits all methods. near, if not nil, is a fit of nearly the same values, near
// which the best parameters are looked for.
func fit(y []float64, near *fitted) fitted {
	f := fitted{last: y[len(y)-1], short: len(y) < shortest}
	if f.short {
		for t := 1; t < len(y); t++ {
			f.noise += math.Abs(y[t]-y[t-1]) / float64(len(y)-1)
		}
		return f
	}
	if near == nil {
		near = &fitted{}
	}
	f.ses = simple(y, near.ses)
	f.trend = trended(y, near.trend, 1, 1)
	f.flat = trended(y, near.flat, strongest, weakest)
	f.line = newTheta(y, f.ses)
	f.free = freeTheta(y, near.free)
	n := float64(len(y))
	f.noise = math.Sqrt(min(f.ses.sse, f.free.sse) / n)
	return f
}

// paths gives each method's forecast.
func (f fitted) paths(horizon int) [][]float64 {
	if f.short {
		out := make([]float64, horizon)
		for i := range out {
			out[i] = f.last
		}
		return [][]float64{out}
	}
	all := make([]float64, 5*horizon)
	out := make([][]float64, 5)
	for i := range out {
		out[i] = all[i*horizon : (i+1)*horizon : (i+1)*horizon]
	}
	f.ses.ahead(out[0])
	f.trend.ahead(out[1])
	f.flat.ahead(out[2])
	f.line.ahead(out[3])
	f.free.ahead(out[4])
	return out
}

// median gives the middle of the paths, period by period.
func median(paths [][]float64) []float64 {
	out := make([]float64, len(paths[0]))
	v := make([]float64, len(paths))
	for h := range out {
		for i, p := range paths {
			v[i] = p[h]
		}
		slices.Sort(v)
		out[h] = v[len(v)/2]
	}
	return out
}
