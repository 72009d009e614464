package statistics

import (
	"math"
	"strconv"

	"touyan.dev/touyan/kernel/fault"
)

// lastBook is the last year of the yearbook.
const lastBook = 2025

// line is a subject's year in the yearbook; NaN where it publishes nothing.
type line struct {
	first, second, third, rate  float64
	industry, industryRate      float64
	investment, retail, revenue float64
	exports, people, income     float64
}

// What a line of the yearbook's history and its peers would not make likely, for the
// tests of the unusual to find: from 2021 on more newcomers settled in Chengchuan, a
// part more a year; and 2025 was the year of the storm in a city by the sea, which
// cost it a part of its retail sales.
const (
	settled  = 2021
	settling = .015
	stormy   = "990500"
	storm    = .11
)

// book is a subject's years from 1998 on.
type book [lastBook - firstYear + 1]line

// yearbook writes the yearly figures of all subjects that have any.
func yearbook(all []*industry) File {
	s := newLines("code", "name", "year", "status", "gdp", "gdp_rate", "va_primary", "va_secondary", "va_tertiary", "va_industry", "va_industry_rate", "investment", "retail", "revenue", "exports", "population", "income")
	write := func(code, name string, b *book) {
		for y, l := range b {
			if math.IsNaN(l.first) {
				continue // it did not publish yet
			}
			one := func(v float64, decimals int) string {
				if math.IsNaN(v) {
					return ""
				}
				return number(v, decimals)
			}
			gdp := round(l.first, 1) + round(l.second, 1) + round(l.third, 1)
			s.line(code, name, strconv.Itoa(firstYear+y), final, one(gdp, 1), one(l.rate, 1), one(l.first, 1), one(l.second, 1), one(l.third, 1),
				one(l.industry, 1), one(l.industryRate, 1), one(l.investment, 1), one(l.retail, 1), one(l.revenue, 1), one(l.exports, 1), one(l.people, 1), one(l.income, 0))
		}
	}
	var whole book
	for i, c := range cities() {
		b := c.book(all[i])
		write(c.code, c.name, b)
		whole.add(b)
	}
	whole.settle()
	write("990000", "澜江省", &whole)
	for _, e := range elsewhere() {
		write(e.code, e.name, e.book())
	}
	return File{Name: "lanjiang-yearbook-2026_2026-09-25.csv", Data: s.bytes(), Dataset: Yearly, Vintage: "2026-09-25",
		Note: fault.T("统计年鉴，最终核实数。", "The yearbook; final figures.")}
}

// book makes the years of a city from its industry: the sectors by their shares,
// which drift, and what depends on the whole.
func (c city) book(x *industry) *book {
	r, out := random("yearbook "+c.code), &book{}
	span := float64(len(out) - 1)
	price := prices()
	save, spend, tax := .30+.02*r.NormFloat64(), .36+.015*r.NormFloat64(), .07+.006*r.NormFloat64()
	wage := .42 + .02*r.NormFloat64()
	var before float64
	for y := range out {
		l, share := &out[y], float64(y)/span
		year := firstYear + y
		between := func(pair [2]float64) float64 { return pair[0] + (pair[1]-pair[0])*share }
		l.second = x.comparable[y][12] * (1.17 - .05*share)
		gdp := l.second / (between(c.second) * math.Exp(.003*r.NormFloat64()))
		l.first = gdp * c.first[0] * math.Pow(c.first[1]/c.first[0], share) * math.Exp(.003*r.NormFloat64())
		l.third = gdp - l.first - l.second
		l.rate = math.NaN()
		if y > 0 {
			l.rate = 100 * (gdp/before/(1+price[y]/100) - 1)
		}
		before = gdp
		l.industry, l.industryRate = x.level(year, 12), math.NaN()
		if y > 0 {
			l.industryRate = x.growth(year, 12)
		}
		l.investment = gdp * (save + .22*math.Sin(math.Pi*share)) * math.Exp(.02*r.NormFloat64())
		l.retail = gdp * (spend + .03*share) * math.Exp(.008*r.NormFloat64())
		l.revenue = gdp * (tax + .03*math.Sin(math.Pi*share*.8)) * math.Exp(.012*r.NormFloat64())
		l.exports = gdp * c.abroad * (.55 + .6*math.Sin(math.Pi*min(1, .2+share))) * math.Exp(.04*r.NormFloat64())
		l.people = between(c.people) * math.Exp(.001*r.NormFloat64())
		if c.code == Home {
			l.people *= math.Pow(1+settling, -min(float64(lastBook-year), lastBook-settled+1))
		}
		if c.code == stormy && year == lastBook {
			l.retail *= 1 - storm
		}
		l.income = 1e4 * gdp / l.people * (wage + .1*share) * math.Exp(.005*r.NormFloat64())
	}
	return out
}

// add puts a city's years to those of the province.
func (b *book) add(c *book) {
	for y := range b {
		l, m := &b[y], c[y]
		for _, p := range []struct {
			to   *float64
			from float64
		}{{&l.first, m.first}, {&l.second, m.second}, {&l.third, m.third}, {&l.industry, m.industry}, {&l.investment, m.investment}, {&l.retail, m.retail},
			{&l.revenue, m.revenue}, {&l.exports, m.exports}, {&l.people, m.people}} {
			*p.to += round(p.from, 1)
		}
		l.income += m.income * m.people
	}
}

// settle gives the province what is no sum.
func (b *book) settle() {
	price := prices()
	for y := range b {
		l := &b[y]
		l.income /= l.people
		l.rate, l.industryRate = math.NaN(), math.NaN()
		if y > 0 {
			before := b[y-1]
			l.rate = 100 * ((l.first+l.second+l.third)/(before.first+before.second+before.third)/(1+price[y]/100) - 1)
			was, is := before.industry/counted(firstYear+y-1), l.industry/counted(firstYear+y)
			l.industryRate = 100 * (is/was/(1+price[y]/100) - 1)
		}
	}
}

// stranger is a subject outside the province: it publishes less.
type stranger struct {
	code, name string
	gdp        [2]float64 // in 1998 and 2025, 100 million yuan
	people     [2]float64
	since      int  // first year published
	few        bool // product and people only
}

// elsewhere lists the parks, the cities and provinces of others, and countries.
func elsewhere() []stranger {
	out := []stranger{
		{"980100", "岚城市", [2]float64{196, 7420}, [2]float64{598, 871}, firstYear, false}, {"980200", "鸥汀市", [2]float64{171, 5080}, [2]float64{421, 540}, firstYear, false},
		{"980300", "渔浦市", [2]float64{118, 3660}, [2]float64{402, 468}, firstYear, false}, {"980400", "潮平市", [2]float64{96, 2890}, [2]float64{377, 405}, firstYear, false},
		{"980500", "碧屿市", [2]float64{61, 1720}, [2]float64{268, 276}, firstYear, false}, {"980600", "帆港市", [2]float64{49, 1610}, [2]float64{214, 243}, firstYear, false},
		{"970100", "朔野市", [2]float64{188, 5210}, [2]float64{641, 803}, firstYear, false}, {"970200", "雁碛市", [2]float64{152, 3140}, [2]float64{452, 431}, firstYear, false},
		{"970300", "苍岭市", [2]float64{104, 2350}, [2]float64{436, 418}, firstYear, false}, {"970400", "驼泉市", [2]float64{58, 1240}, [2]float64{263, 239}, firstYear, false},
		{"970500", "北垣市", [2]float64{46, 980}, [2]float64{281, 250}, firstYear, false}, {"970600", "霜林市", [2]float64{37, 640}, [2]float64{224, 181}, firstYear, false},
		{"960100", "泽安市", [2]float64{174, 6330}, [2]float64{663, 934}, firstYear, false}, {"960200", "菱湖市", [2]float64{112, 3980}, [2]float64{431, 479}, firstYear, false},
		{"960300", "稻浦市", [2]float64{88, 2740}, [2]float64{402, 412}, firstYear, false}, {"960400", "竹陂市", [2]float64{71, 2080}, [2]float64{358, 341}, firstYear, false},
		{"960500", "荷川市", [2]float64{52, 1430}, [2]float64{317, 294}, firstYear, false}, {"960600", "楚汀市", [2]float64{44, 1120}, [2]float64{305, 268}, firstYear, false},
		{"980000", "岚海省", [2]float64{980, 30100}, [2]float64{3310, 3980}, firstYear, true}, {"970000", "朔原省", [2]float64{870, 19400}, [2]float64{3460, 3290}, firstYear, true},
		{"960000", "云泽省", [2]float64{760, 24300}, [2]float64{3520, 3780}, firstYear, true},
		{"XA", "天澜国", [2]float64{29800, 982000}, [2]float64{98400, 104100}, firstYear, true}, {"XB", "望洋国", [2]float64{71200, 1240000}, [2]float64{26100, 29800}, firstYear, true},
		{"XC", "赤原国", [2]float64{21400, 396000}, [2]float64{51300, 68900}, firstYear, true}, {"XD", "银松国", [2]float64{18700, 261000}, [2]float64{8420, 8650}, firstYear, true},
		{"XE", "双湾国", [2]float64{9300, 214000}, [2]float64{5210, 6080}, firstYear, true}, {"XF", "高穗国", [2]float64{14100, 187000}, [2]float64{14700, 21300}, firstYear, true},
	}
	return append(out, []stranger{
		{"990171", "高新区", [2]float64{14, 1128}, [2]float64{9, 61}, 2010, true}, {"990271", "宁州高新区", [2]float64{19, 1196}, [2]float64{12, 66}, 2010, true},
		{"990371", "临澜高新区", [2]float64{11, 742}, [2]float64{8, 39}, 2010, true}, {"990471", "桐浦高新区", [2]float64{10, 655}, [2]float64{7, 34}, 2010, true},
		{"990571", "沧屿高新区", [2]float64{8, 508}, [2]float64{6, 28}, 2010, true}, {"990671", "云堰高新区", [2]float64{5, 431}, [2]float64{4, 22}, 2010, true},
		{"990871", "和汀高新区", [2]float64{4, 262}, [2]float64{3, 16}, 2010, true}, {"990971", "枫泽高新区", [2]float64{3, 198}, [2]float64{3, 13}, 2010, true},
		{"991171", "石埠高新区", [2]float64{2.4, 171}, [2]float64{2, 11}, 2010, true},
	}...)
}

// book makes a stranger's years: growth that slows, with the weather of all.
func (e stranger) book() *book {
	r, out := random("yearbook "+e.code), &book{}
	span, sky, price := float64(len(out)-1), weather(), prices()
	ratio := math.Log(e.gdp[1] / e.gdp[0])
	none := math.NaN()
	second, first := .5+.03*r.NormFloat64(), .14+.03*r.NormFloat64()
	stray, before := 0.0, none
	for y := range out {
		share := float64(y) / span
		stray = .7*stray + .015*r.NormFloat64()
		gdp := e.gdp[0] * math.Exp(ratio*(1.45*share-.45*share*share)+sky[y]+4*stray*share*(1-share))
		l := line{rate: none, industry: none, industryRate: none, investment: none, retail: none, revenue: none, exports: none, income: none}
		l.second = gdp * (second - .07*share)
		l.first = gdp * max(.015, first*(1-.75*share))
		l.third = gdp - l.first - l.second
		if y > 0 {
			l.rate = 100 * (gdp/before/(1+price[y]/100) - 1)
		}
		before = gdp
		l.people = e.people[0] + (e.people[1]-e.people[0])*share
		if !e.few {
			l.industry = l.second * .82 * counted(firstYear+y)
			l.investment, l.retail = gdp*(.32+.2*math.Sin(math.Pi*share)), gdp*(.36+.03*share)*math.Exp(.008*r.NormFloat64())
			l.revenue, l.exports = gdp*.078*math.Exp(.012*r.NormFloat64()), gdp*.2*math.Exp(.05*r.NormFloat64())
			l.income = 1e4 * gdp / l.people * (.42 + .1*share)
		}
		if firstYear+y < e.since {
			l = line{none, none, none, none, none, none, none, none, none, none, none, none}
		}
		out[y] = l
	}
	return out
}
