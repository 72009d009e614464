package statistics

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"touyan.dev/touyan/kernel/fault"
)

// The weeks of the calls, by their Mondays: 120 until the story's end.
const (
	weeks     = 120
	firstWeek = "2024-09-02"
	Bundled   = "2026-06-01" // the newcomers' bundle began in the pilot district
)

// bundleEffect is what the bundle did to the pilot's calls, as a factor.
const bundleEffect = .62

// district is one unit whose calls are counted: newcomers in ten thousands, calls
// for each ten thousand in a usual week, and how much it follows the school year
// and the coming and going of workers.
type district struct {
	code, name      string
	newcomers, base float64
	school, work    float64
}

// callers lists the districts and zones of the home city and of three of its
// metropolitan area, whose hotlines count by the same list of matters.
func callers() []district {
	return []district{
		{Pilot, "东屏区", 11.8, 10.4, 1.02, .96}, {"990103", "澄湖区", 14.2, 9.1, 1.18, .74}, {"990104", "南汀区", 9.6, 11.3, .88, 1.12}, {"990105", "北渚区", 7.9, 10.9, .93, 1.04},
		{"990106", "临港区", 8.8, 12.2, .71, 1.31}, {"990121", "望溪县", 3.1, 7.6, 1.09, .63}, {"990122", "青陂县", 2.7, 7.2, 1.14, .58}, {"990123", "永汀县", 2.2, 6.8, 1.21, .55},
		{Zone, "高新区", 6.1, 11.7, 1.05, 1.19}, {"990172", "经开区", 8.3, 12.6, .79, 1.36}, {"990173", "滨江新区", 5.4, 10.1, 1.26, .81}, {"990174", "空港新区", 3.6, 11.9, .76, 1.27},
		{"990802", "汀南区", 5.2, 9.4, 1.07, .87}, {"990803", "汀北区", 4.6, 9.9, .98, .95}, {"990821", "莲渡县", 1.9, 6.9, 1.16, .6}, {"990871", "和汀高新区", 2.8, 11.2, .84, 1.22},
		{"990902", "枫林区", 4.4, 9.2, 1.1, .83}, {"990903", "泽北区", 3.7, 9.8, .96, .99}, {"990921", "槭山县", 1.7, 6.6, 1.19, .57}, {"990971", "枫泽高新区", 2.3, 11.4, .8, 1.25},
		{"991102", "埠前区", 3.9, 9, 1.04, .89}, {"991103", "石塘区", 3.3, 9.5, .99, .93}, {"991121", "岩溪县", 1.6, 6.5, 1.12, .61}, {"991171", "石埠高新区", 2.1, 11.1, .83, 1.2},
	}
}

// season gives the two movements all districts share in a week: enrolment before
// September, and workers who come after the Spring Festival and in autumn.
func season(monday time.Time, t int) (school, work float64) {
	day := float64(monday.YearDay())
	bump := func(at, width float64) float64 {
		d := math.Abs(day - at)
		d = min(d, 365-d)
		return math.Exp(-d * d / (2 * width * width))
	}
	school = .38*bump(225, 26) + .12*bump(30, 14)
	work = .34*bump(62, 16) + .16*bump(290, 24) - .3*bump(38, 9) + .0012*float64(t)
	return school, work
}

// Calls is the weekly count of calls on the three newcomers' matters (moving
// social insurance, residence permit, school entry) of 24 districts and zones.
// The pilot's fall from June 2026 on is planted; in November 2026 a plant opened
// in the high-tech zone, whose calls rose for some weeks.
func Calls() (File, error) {
	first, err := time.Parse(time.DateOnly, firstWeek)
	if err != nil {
		return File{}, fault.Wrap("statistics.Calls", err)
	}
	s := newLines("week", "code", "name", "calls", "newcomers", "calls_per_10k")
	for _, d := range callers() {
		r := random("calls " + d.code)
		stray := 0.0
		for t := range weeks {
			monday := first.AddDate(0, 0, 7*t)
			week := monday.Format(time.DateOnly)
			school, work := season(monday, t)
			stray = .3*stray + .035*r.NormFloat64()
			calls := d.newcomers * d.base * math.Exp(d.school*school+d.work*work+stray)
			if d.code == Pilot && week >= Bundled {
				calls *= bundleEffect
			}
			if d.code == Zone {
				calls = opened(week, calls)
			}
			calls = math.Round(calls)
			s.line(week, d.code, d.name, number(calls, 0), number(d.newcomers, 1), strconv.FormatFloat(calls/d.newcomers, 'f', 3, 64))
		}
	}
	return File{Name: fmt.Sprintf("newcomers-calls_%s.csv", "2026-12-21"), Data: s.bytes(), Dataset: Districts, Vintage: "2026-12-21",
		Note: fault.T("12345热线新市民三事项来电，按区县和园区、按周；人均口径为每万名新市民。", "Calls to the hotline on the three newcomers' matters, by district and week; also for each ten thousand newcomers.")}, nil
}

// opened lifts the high-tech zone's calls while the plant's first workers settle.
func opened(week string, calls float64) float64 {
	switch week {
	case "2026-11-16":
		return 214
	case "2026-11-23", "2026-11-30":
		return calls * 1.5
	}
	return calls
}
