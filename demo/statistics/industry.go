package statistics

import (
	"fmt"
	"math"
)

// The years of the model. Months are published from firstMonths on; the year
// before is needed for growth.
const (
	firstYear   = 1998
	lastYear    = 2026
	firstMonths = 1999
	years       = lastYear - firstYear + 1
	october     = 10
)

// city is one city of the province as the model has it.
type city struct {
	code, name string
	anchors    [9]float64 // industry in the years of anchorYears, 100 million yuan
	rate       float64    // growth of January to October 2026 at constant prices, per cent
	turn       float64    // how much higher growth was in January than in October, points; a good half of it fell or rose in October
	second     [2]float64 // share of the secondary sector in 1998 and 2025
	first      [2]float64 // and of the primary, which falls by the same part each year
	people     [2]float64 // ten thousand persons
	abroad     float64    // exports as a part of the gross product
}

// anchorYears are the years in which a city's industry is given; between them it
// goes on evenly.
func anchorYears() [9]int { return [9]int{1998, 1999, 2000, 2004, 2008, 2012, 2016, 2020, 2025} }

// cities are those of the province, in the order of their codes.
func cities() []city {
	return []city{
		{Home, "澄川市", [9]float64{60, 66.5, 69, 141, 284, 560, 940, 1440, 2084}, 7.3, -2.6, [2]float64{.56, .475}, [2]float64{.085, .02}, [2]float64{512, 688}, .34},
		{Rival, "宁州市", [9]float64{57, 62.5, 74, 172, 420, 790, 1190, 1570, 2160}, 3.3, 2, [2]float64{.50, .355}, [2]float64{.07, .017}, [2]float64{604, 942}, .22},
		{"990300", "临澜市", [9]float64{48, 53, 60, 150, 375, 690, 1010, 1275, 1685}, 5.4, .3, [2]float64{.55, .47}, [2]float64{.12, .03}, [2]float64{548, 702}, .41},
		{"990400", "桐浦市", [9]float64{50, 55, 61, 148, 330, 590, 822, 1105, 1460}, 6.2, -.2, [2]float64{.57, .49}, [2]float64{.11, .028}, [2]float64{437, 531}, .38},
		{"990500", "沧屿市", [9]float64{36, 40, 45, 105, 250, 470, 700, 930, 1225}, 6.6, .4, [2]float64{.49, .42}, [2]float64{.14, .045}, [2]float64{386, 462}, .55},
		{"990600", "云堰市", [9]float64{22, 24, 27, 66, 170, 350, 540, 720, 940}, 8.1, -.5, [2]float64{.52, .48}, [2]float64{.17, .05}, [2]float64{402, 441}, .16},
		{"990700", "青栾市", [9]float64{30, 32, 35, 72, 165, 300, 430, 570, 765}, 7.6, .2, [2]float64{.51, .46}, [2]float64{.18, .06}, [2]float64{458, 452}, .12},
		{"990800", "和汀市", [9]float64{18, 20, 23, 52, 130, 250, 370, 490, 640}, 6.9, -.3, [2]float64{.46, .43}, [2]float64{.19, .055}, [2]float64{361, 372}, .14},
		{"990900", "枫泽市", [9]float64{20, 22, 25, 54, 125, 220, 310, 405, 525}, 5.8, .1, [2]float64{.45, .42}, [2]float64{.21, .07}, [2]float64{342, 331}, .11},
		{"991000", "溪陵市", [9]float64{9, 10, 11, 25, 62, 115, 165, 210, 262}, 4.9, .5, [2]float64{.44, .39}, [2]float64{.24, .1}, [2]float64{288, 262}, .05},
		{"991100", "石埠市", [9]float64{13, 14, 16, 36, 90, 170, 250, 330, 430}, 6.4, -.1, [2]float64{.48, .45}, [2]float64{.2, .07}, [2]float64{301, 297}, .13},
		{"991200", "安澜市", [9]float64{12, 13, 14.5, 31, 74, 135, 195, 255, 332}, 7.0, .2, [2]float64{.42, .4}, [2]float64{.25, .095}, [2]float64{334, 309}, .07},
		{"991300", "白渚市", [9]float64{6, 6.6, 7.4, 17, 43, 82, 120, 152, 190}, 5.1, .3, [2]float64{.36, .35}, [2]float64{.32, .15}, [2]float64{247, 214}, .04},
	}
}

// pinned are the figures the story tells, of January to October 2026.
func pinned() map[string]float64 { return map[string]float64{Home: 1862.4, Rival: 1855.1} }

// prices gives the change of industrial prices in each year from 1998 on, per cent.
func prices() [years]float64 {
	return [years]float64{-.8, -.6, .9, .3, -.2, .8, 1.9, 1.4, .9, 1.3, 2.1, -1.6, 1.7, 1.8, .2, .3, -.4, -1.1, .1, 1.5, 1.1, .2, -.5, 2, 1.2, -.3, -.2, .4, 1.4}
}

// weather gives how far above its path everybody's industry stood in each year
// from 1998 on, as a part.
func weather() [years]float64 {
	return [years]float64{0, 0, 0, -.01, -.005, 0, 0, .005, .01, .02, .005, -.035, -.01, .005, 0, .005, 0, -.01, -.01, 0, .005, 0, -.025, .015, 0, -.005, 0, 0, 0}
}

// months gives what part of a year's industry is done by the end of each month.
func months() [13]float64 {
	return [13]float64{0, .071, .139, .226, .308, .392, .480, .561, .643, .729, .815, .906, 1}
}

// industry is the value added of industry above designated size of one city:
// comparable[y][m] from January to month m, as if counted as today, and rate in
// per cent at constant prices.
type industry struct {
	comparable, rate [years][13]float64
}

// path gives a city's industry of each whole year up to 2025: anchors joined
// evenly in logarithms, the weather, and a strayness that is 0 at the anchors.
func (c city) path() [years]float64 {
	r := random("industry path " + c.code)
	at, sky := anchorYears(), weather()
	var out [years]float64
	stray := 0.0
	for y := range years - 1 {
		k := 0
		for k+2 < len(at) && at[k+1] <= firstYear+y {
			k++
		}
		share := float64(firstYear+y-at[k]) / float64(at[k+1]-at[k])
		stray = .6*stray + .012*r.NormFloat64()
		out[y] = math.Exp((1-share)*math.Log(c.anchors[k])+share*math.Log(c.anchors[k+1])) * math.Exp(sky[y]+4*stray*share*(1-share))
	}
	return out
}

// industry makes the months of a city.
func (c city) industry() *industry {
	x, r := &industry{}, random("industry months "+c.code)
	whole, part, price := c.path(), months(), prices()
	for y := range years - 1 {
		tilt := .012 * r.NormFloat64()
		for m := 1; m <= 12; m++ {
			// The first months stray most; a whole year is what it is.
			stray := tilt*float64(12-m)/12 + .002*r.NormFloat64()*float64(min(1, 12-m))
			x.comparable[y][m] = whole[y] * part[m] * math.Exp(stray)
		}
	}
	last := years - 1
	fixed, is := pinned()[c.code]
	for m := 1; m <= 12; m++ {
		rate := c.rate
		if m != october {
			rate += c.turn*(.55+.45*float64(october-1-m)/8) + .12*r.NormFloat64()
		}
		x.comparable[last][m] = x.comparable[last-1][m] * (1 + rate/100) * (1 + price[last]/100)
		x.rate[last][m] = rate
	}
	if is {
		by := fixed / x.comparable[last][october]
		for m := 1; m <= 12; m++ {
			x.comparable[last][m] *= by
		}
	}
	for y := 1; y < last; y++ {
		own := .3 * r.NormFloat64() // prices of what this city makes
		for m := 1; m <= 12; m++ {
			x.rate[y][m] = 100*(x.comparable[y][m]/x.comparable[y-1][m]/(1+(price[y]+own)/100)-1) + .05*r.NormFloat64()
		}
	}
	return x
}

// counted turns comparable value added into what was published by the definition
// of the year: more enterprises counted before 2007 and before 2011.
func counted(year int) float64 {
	switch {
	case year < 2007:
		return 1.06
	case year < 2011:
		return 1.03
	}
	return 1
}

// level gives a published figure, 100 million yuan with one decimal.
func (x *industry) level(year, month int) float64 {
	return round(x.comparable[year-firstYear][month]*counted(year), 1)
}

func (x *industry) growth(year, month int) float64 { return round(x.rate[year-firstYear][month], 1) }

func round(v float64, decimals int) float64 {
	by := math.Pow(10, float64(decimals))
	return math.Round(v*by) / by
}

// revised gives, for each city, by what part of it the figures that were first
// published until a month stood off. The mean of their sizes is the usual revision.
func revised(year, month int) map[string]float64 {
	r, list := random(fmt.Sprint("revisions ", year, month)), cities()
	out, size, mean := map[string]float64{}, 0.0, 0.0
	for _, c := range list {
		out[c.code] = r.NormFloat64()
		mean += out[c.code] / float64(len(list))
	}
	for code := range out {
		out[code] -= mean
	}
	for _, c := range list {
		size += math.Abs(out[c.code]) / float64(len(list))
	}
	for code := range out {
		out[code] *= usualRevision / size
	}
	return out
}

// usualRevision is how far a first figure stands off on average, as a part.
const usualRevision = .006
