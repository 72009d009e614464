package statistics

import (
	"encoding/json"
	"math"
	"testing"
)

// TestMap: thirteen outlines against the clock, none of which crosses another:
// inner borders are shared point by point, by two cities each, and together they
// cover the land once.
func TestMap(t *testing.T) {
	data, err := Map()
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Features []struct {
			Properties map[string]string
			Geometry   struct {
				Type        string
				Coordinates [][][2]float64
			}
		}
	}
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	type border [2][2]float64
	sides, area := map[border]int{}, 0.0
	for _, f := range got.Features {
		ring := f.Geometry.Coordinates[0]
		if f.Properties["code"] == "" || f.Properties["name"] == "" || f.Properties["name_en"] == "" || f.Geometry.Type != "Polygon" || ring[0] != ring[len(ring)-1] {
			t.Errorf("%+v", f.Properties)
		}
		own := 0.0
		for i := range ring[:len(ring)-1] {
			a, b := ring[i], ring[i+1]
			own += (a[0]*b[1] - b[0]*a[1]) / 2
			sides[border{a, b}]++
			if math.Min(a[0], a[1]) < -.2 || math.Max(a[0], a[1]) > 8.2 {
				t.Errorf("%v lies outside of the plane", a)
			}
		}
		if own <= .5 {
			t.Errorf("%s has %.2f of land", f.Properties["name"], own)
		}
		area += own
	}
	if len(got.Features) != 13 {
		t.Errorf("%d cities", len(got.Features))
	}
	inner, outer, coast := 0, 0, 0.0
	for side, n := range sides {
		if n != 1 {
			t.Errorf("%v is the border of %d cities on one side", side, n)
		}
		if sides[border{side[1], side[0]}] == 1 {
			inner++
			continue
		}
		outer++
		coast += (side[0][0]*side[1][1] - side[1][0]*side[0][1]) / 2
	}
	if inner < 200 || outer < 100 || math.Abs(coast-area) > 1e-9 {
		t.Errorf("%d inner and %d outer borders; land of %.4f within a coast of %.4f", inner, outer, area, coast)
	}
}
