package observatory

import (
	"slices"
	"testing"
)

// TestPacked: cells come out as they went in, and a row that is not one of ours
// is an error, never other figures.
func TestPacked(t *testing.T) {
	list := []Cell{
		{7, "gdp", "110000", 2024, 49843.1, false, 3, 2}, {7, "gdp", "120000", 2023, -0.5, true, 4, 2}, {7, "gdp", "110000", 2025, 0, false, 5, 300},
	}
	data := pack(list)
	got, err := unpack(list[:1:1], 7, "gdp", data)
	if err != nil || !slices.Equal(got, append(list[:1:1], list...)) {
		t.Errorf("%v, %v", got, err)
	}
	for n := range data {
		if got, err := unpack(nil, 7, "gdp", data[:n]); err == nil {
			t.Errorf("the first %d bytes of %d gave %v", n, len(data), got)
		}
	}
}
