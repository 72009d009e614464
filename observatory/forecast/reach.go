package forecast

import (
	"math"
	"sort"
)

// Reach gives the chance that the value so many periods ahead is at or above a
// level; ok is false where no back-test says anything about chances.
func (f *Forecast) Reach(ahead int, level float64) (chance float64, ok bool) {
	if ahead < 1 || ahead > f.Horizon || len(f.pool.scores) == 0 {
		return 0, false
	}
	width := f.width(ahead) * f.pool.wider(middling)
	if width == 0 { // the series never moved
		if f.Point[ahead-1] >= level {
			return 1, true
		}
		return 0, true
	}
	x := (level - f.Point[ahead-1]) / width
	n := len(f.pool.scores)
	above := n - sort.SearchFloat64s(f.pool.scores, x)
	// The one to come may fall anywhere among those that were: no chance is 0 or 1.
	return (float64(above) + 0.5) / float64(n+1), true
}

// width is the unit of the scores so far ahead, in that of the series.
func (f *Forecast) width(ahead int) float64 {
	return f.noise * f.pool.own[f.place] * f.pool.typical(ahead)
}

// middling is the band by which chances are stretched for want of back-tests.
const middling = 0.8

// quantiles is into how many equally likely values a forecast is divided when
// chances are added up.
const quantiles = 199

// Rank gives the chance that so many periods ahead at most rank−1 of the rivals
// have a greater value (or a smaller one, where smaller is better). Series are
// taken to go astray independently of each other: for each of its own likely
// values, the number of rivals beyond it is a sum of independent chances, whose
// distribution is computed and not simulated.
func (f *Forecast) Rank(rivals []*Forecast, ahead, rank int, smaller bool) (chance float64, ok bool) {
	if rank < 1 || ahead < 1 || ahead > f.Horizon || len(f.pool.scores) == 0 {
		return 0, false
	}
	for i := range quantiles {
		value := f.likely(ahead, (float64(i)+0.5)/quantiles)
		beyond := make([]float64, min(rank, len(rivals))+1) // chance that so many are; the last: or more
		beyond[0] = 1
		for _, r := range rivals {
			p, ok := r.Reach(ahead, value)
			if !ok {
				return 0, false
			}
			if smaller {
				p = 1 - p
			}
			for k := len(beyond) - 1; k >= 0; k-- {
				stay := 1 - p
				if k == len(beyond)-1 {
					stay = 1
				}
				beyond[k] *= stay
				if k > 0 {
					beyond[k] += beyond[k-1] * p
				}
			}
		}
		for k := range beyond {
			if k < rank {
				chance += beyond[k] / quantiles
			}
		}
	}
	return min(1, chance), true
}

// likely gives the value below which a share of chance lies.
func (f *Forecast) likely(ahead int, share float64) float64 {
	scores := f.pool.scores
	at := share * float64(len(scores)-1)
	i := int(math.Floor(at))
	s := scores[i]
	if i+1 < len(scores) {
		s += (at - float64(i)) * (scores[i+1] - s)
	}
	return f.Point[ahead-1] + s*f.width(ahead)*f.pool.wider(middling)
}
