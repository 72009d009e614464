package fact

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/panel"
)

// shared gives a file of the test data, which are not part of the repository.
func shared(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../../shared/observatory", name))
	if err != nil {
		t.Skip("the test data are not here: ../shared/observatory/" + name)
	}
	return data
}

// cities gives the panel of cities with their provinces as peer sets.
func cities(t testing.TB, indicators ...string) *panel.Panel {
	t.Helper()
	p, err := panel.ReadCSV(shared(t, "panels/cn_cities.csv"), panel.Reading{File: "cn_cities.csv", Layout: panel.Wide, SubjectCol: "city_code", TimeCol: "year", Indicators: indicators})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Describe(shared(t, "panels/cn_cities_meta.csv"), "city_code", ""); err != nil {
		t.Fatal(err)
	}
	p.GroupBy("province", 5)
	return p
}

func mechanical(t testing.TB, p *panel.Panel) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteMechanical(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestGolden: the answer key, byte for byte, its order too.
func TestGolden(t *testing.T) {
	key := string(shared(t, "panels/golden_facts_province.csv"))
	got := mechanical(t, cities(t, "gdp", "va_secondary"))
	if got == key {
		return
	}
	want, have := map[string]bool{}, map[string]bool{}
	for line := range strings.Lines(key) {
		want[line] = true
	}
	wrong := 0
	for line := range strings.Lines(got) {
		have[line] = true
		if !want[line] {
			wrong++
			t.Logf("not in the key: %s", line)
		}
	}
	for line := range want {
		if !have[line] {
			wrong++
			t.Logf("only in the key: %s", line)
		}
	}
	t.Errorf("%d lines differ", wrong)
}

// TestMechanicalEverywhere holds the miner against the definitions written down
// once more by brute force, over every indicator of the cities: negative values,
// gaps, ties.
func TestMechanicalEverywhere(t *testing.T) {
	p := cities(t)
	sameFacts(t, brute(p), mechanical(t, p))
}

// TestMechanicalRandom does so over random panels of few values, so that ties,
// gaps, zeros and negative values are common.
func TestMechanicalRandom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, periods := rapid.IntRange(1, 14).Draw(t, "subjects"), rapid.IntRange(1, 22).Draw(t, "periods")
		spread, missing := rapid.IntRange(1, 9).Draw(t, "spread"), rapid.IntRange(0, 3).Draw(t, "missing")
		rising := rapid.Bool().Draw(t, "rising")
		subjects := make([]panel.Subject, n)
		for i := range subjects {
			subjects[i] = panel.Subject{Code: fmt.Sprintf("s%02d", i), Attrs: map[string]string{"g": strconv.Itoa(rapid.IntRange(0, 1).Draw(t, "group"))}}
		}
		p := panel.New(panel.Axis{Freq: panel.Yearly, First: 2000, Len: periods}, subjects, []panel.Indicator{{Code: "x", Name: fault.T("x", "x")}})
		for s := range n {
			for c := range periods {
				if rapid.IntRange(0, 9).Draw(t, "there") >= missing {
					v := float64(rapid.IntRange(-spread, spread).Draw(t, "value"))
					if rising {
						v += 3 * float64(c)
					}
					p.Slabs[0].Set(s, c, v)
				}
			}
		}
		p.GroupBy("g", rapid.IntRange(1, 5).Draw(t, "least"))
		var b bytes.Buffer
		if err := WriteMechanical(&b, p); err != nil {
			t.Fatal(err)
		}
		sameFacts(t, brute(p), b.String())
	})
}

func sameFacts(t interface {
	Errorf(string, ...any)
	Fatal(...any)
}, want map[string]bool, text string) {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	wrong := 0
	report := func(what, line string) {
		if wrong++; wrong < 10 {
			t.Errorf("%s: %s", what, line)
		}
	}
	have := map[string]bool{}
	for _, r := range rows[1:] {
		line := strings.Join(r, ",")
		if have[line] {
			report("twice", line)
		}
		have[line] = true
		if !want[line] {
			report("wrong", line)
		}
	}
	for _, line := range slices.Sorted(maps.Keys(want)) {
		if !have[line] {
			report("missed", line)
		}
	}
}

// brute writes the definitions of the answer keys down as they are read, with
// maps and loops and nothing of the miner.
func brute(p *panel.Panel) map[string]bool {
	out := map[string]bool{}
	for i, about := range p.Indicators {
		for _, set := range p.Peers {
			value := map[int]map[int]float64{} // subject → year → value
			for _, s := range set.Members {
				value[s] = map[int]float64{}
				for c := range p.Axis.Len {
					if v, ok := p.Slabs[i].At(s, c); ok {
						value[s][p.Axis.First+c] = v
					}
				}
			}
			for _, s := range set.Members {
				say := func(year int, kind, p1, p2, since, complete string) {
					out[strings.Join([]string{about.Code, set.Code, p.Subjects[s].Code, strconv.Itoa(year), kind, p1, p2, since, complete}, ",")] = true
				}
				bruteSubject(value, s, say)
				for _, r := range set.Members {
					for y, v := range value[s] {
						before, ok1 := value[s][y-1]
						other, ok2 := value[r][y]
						otherBefore, ok3 := value[r][y-1]
						if ok1 && ok2 && ok3 && before < otherBefore && v > other {
							say(y, "OVERTAKE", p.Subjects[r].Code, "", "", "")
						}
					}
				}
			}
		}
	}
	return out
}

func bruteSubject(value map[int]map[int]float64, s int, say func(year int, kind, p1, p2, since, complete string)) {
	years := slices.Sorted(maps.Keys(value[s]))
	rank := func(y int) int {
		r := 1
		for _, other := range value {
			if v, ok := other[y]; ok && v > value[s][y] {
				r++
			}
		}
		return r
	}
	complete := func(from, to int) string {
		for _, other := range value {
			for y := from; y <= to; y++ {
				if _, ok := other[y]; !ok {
					return "0"
				}
			}
		}
		return "1"
	}
	num := strconv.Itoa
	for i, y := range years {
		if i == 0 {
			continue
		}
		v := value[s][y]
		if years[i-1] == y-1 && rank(y) != rank(y-1) {
			say(y, "RANK_CHANGE", num(rank(y-1)), num(rank(y)), "", "")
		}
		for _, k := range []int{1, 3} {
			if rank(y) > k {
				continue
			}
			kind, since := "ON_RECORD", years[0]
			for _, e := range years[:i] {
				if rank(e) <= k {
					kind, since = "SINCE", e
				}
			}
			if y-since >= 5 {
				say(y, fmt.Sprintf("FIRST_TOP%d_%s", k, kind), num(rank(y)), "", num(since), complete(since, y))
			}
		}
		high, low := -1, -1
		for _, e := range years[:i] {
			if value[s][e] >= v {
				high = e
			}
			if value[s][e] <= v {
				low = e
			}
		}
		if high >= 0 && y-high >= 5 {
			say(y, "HIGHEST_SINCE", "", "", num(high), "")
		}
		if low >= 0 && y-low >= 5 {
			say(y, "LOWEST_SINCE", "", "", num(low), "")
		}
		if low < 0 && y-years[0] >= 5 {
			say(y, "LOWEST_ON_RECORD", "", "", num(years[0]), "")
		}
		if before, ok := value[s][y-1]; ok && v <= before {
			n := 0
			for {
				a, ok1 := value[s][y-1-n]
				b, ok2 := value[s][y-2-n]
				if !ok1 || !ok2 || a <= b {
					break
				}
				n++
			}
			if n >= 8 {
				say(y, "GROWTH_STREAK_BROKEN", num(n), "", num(y-1-n), "")
			}
		}
	}
}
