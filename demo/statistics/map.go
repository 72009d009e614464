package statistics

import (
	"cmp"
	"encoding/json"
	"maps"
	"math"
	"slices"

	"touyan.dev/touyan/kernel/fault"
)

// point is a place in the made-up plane, in thousandths of a degree so that equal
// places are equal numbers.
type point struct{ x, y int }

// seats gives where each city lies, by code.
func seats() map[string]point {
	return map[string]point{
		Home: {3900, 3050}, Rival: {2650, 1750}, "990300": {4350, 1500}, "990400": {5750, 2150}, "990500": {7050, 2900}, "990600": {2250, 3350}, "990700": {900, 2700},
		"990800": {5200, 3600}, "990900": {3550, 4350}, "991000": {1750, 4900}, "991100": {5100, 4950}, "991200": {6650, 4450}, "991300": {3450, 5700},
	}
}

// land is the outline of the province, against the clock: borders of land in the
// west and north, the sea in the east.
func land() []point {
	return []point{{300, 1500}, {1300, 700}, {2700, 450}, {4100, 550}, {5400, 800}, {6500, 1350}, {7500, 2100}, {7900, 3050}, {7800, 4050}, {7300, 4950}, {6400, 5650}, {5100, 6150}, {3700, 6400}, {2300, 6100}, {1100, 5300}, {400, 4100}, {150, 2800}}
}

// Map is the map of the province's cities as GeoJSON: one polygon for each, in a
// plane that is nowhere (degrees from 0 to 8), with code, name and name_en.
// Neighbours share their borders point by point.
func Map() ([]byte, error) {
	names, err := table(subjects)
	if err != nil {
		return nil, err
	}
	type geometry struct {
		Type        string         `json:"type"`
		Coordinates [][][2]float64 `json:"coordinates"`
	}
	type feature struct {
		Type       string            `json:"type"`
		Properties map[string]string `json:"properties"`
		Geometry   geometry          `json:"geometry"`
	}
	out := struct {
		Type     string    `json:"type"`
		Features []feature `json:"features"`
	}{Type: "FeatureCollection"}
	at := seats()
	for _, s := range names {
		if _, ok := at[s["code"]]; !ok {
			continue
		}
		ring := [][2]float64{}
		for _, p := range cell(s["code"], at) {
			ring = append(ring, [2]float64{float64(p.x) / 1000, float64(p.y) / 1000})
		}
		out.Features = append(out.Features, feature{"Feature", map[string]string{"code": s["code"], "name": s["name"], "name_en": s["name_en"]}, geometry{"Polygon", [][][2]float64{append(ring, ring[0])}}})
	}
	data, err := json.Marshal(out)
	return data, fault.Wrap("statistics.Map", err)
}

// cell gives a city's outline: all land that is nearer to it than to any other
// (its Voronoi cell), with borders that wind.
func cell(code string, at map[string]point) []point {
	type real struct{ x, y float64 }
	var ring []real
	for _, p := range land() {
		ring = append(ring, real{float64(p.x), float64(p.y)})
	}
	me := at[code]
	for _, other := range slices.Sorted(maps.Keys(at)) {
		o := at[other]
		if other == code {
			continue
		}
		// Positive on this city's side of the line half way to the other.
		side := func(p real) float64 {
			return (float64(me.x+o.x)/2-p.x)*float64(o.x-me.x) + (float64(me.y+o.y)/2-p.y)*float64(o.y-me.y)
		}
		var kept []real
		for i, p := range ring {
			q := ring[(i+1)%len(ring)]
			a, b := side(p), side(q)
			if a >= 0 {
				kept = append(kept, p)
			}
			if a*b < 0 {
				s := a / (a - b)
				kept = append(kept, real{p.x + s*(q.x-p.x), p.y + s*(q.y-p.y)})
			}
		}
		ring = kept
	}
	var corners []point
	for _, p := range ring {
		if c := (point{int(math.Round(p.x)), int(math.Round(p.y))}); len(corners) == 0 || corners[len(corners)-1] != c {
			corners = append(corners, c)
		}
	}
	if len(corners) > 1 && corners[0] == corners[len(corners)-1] {
		corners = corners[1:]
	}
	var out []point
	for i, p := range corners {
		out = append(out, winding(p, corners[(i+1)%len(corners)])...)
	}
	return out
}

// winding gives the points of a border from one corner up to the next, without
// it. Either side of a border gets the same points: they are made from its lower
// corner on.
func winding(p, q point) []point {
	ends := []point{p, q}
	lower := func(a, b point) int { return cmp.Or(cmp.Compare(a.x, b.x), cmp.Compare(a.y, b.y)) }
	slices.SortFunc(ends, lower)
	line := ends
	for range 3 {
		var finer []point
		for i, a := range line[:len(line)-1] {
			b := line[i+1]
			// A part of the length to one side, by a number of the place itself.
			h := uint32(a.x*73856093) ^ uint32(a.y*19349663) ^ uint32(b.x*83492791) ^ uint32(b.y*2654435)
			h ^= h >> 15
			h *= 2246822519
			h ^= h >> 13
			off := (float64(h%1000)/1000 - .5) * .22
			finer = append(finer, a, point{(a.x+b.x)/2 + int(off*float64(a.y-b.y)), (a.y+b.y)/2 + int(off*float64(b.x-a.x))})
		}
		line = append(finer, line[len(line)-1])
	}
	if lower(p, q) > 0 {
		line = slices.Clone(line)
		slices.Reverse(line)
	}
	return line[:len(line)-1]
}
