package claim

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"touyan.dev/touyan/observatory/panel"
)

// cities is the panel of Chinese cities, which is not in the repository.
func cities(t *testing.T) *panel.Panel {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "shared", "observatory", "panels")
	data, err := os.ReadFile(filepath.Join(dir, "cn_cities.csv"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the panel of cities is not here: ../shared/observatory")
	}
	meta, err2 := os.ReadFile(filepath.Join(dir, "cn_cities_meta.csv"))
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	p, err := panel.ReadCSV(data, panel.Reading{File: "cn_cities.csv", Layout: panel.Wide, SubjectCol: "city_code", TimeCol: "year"})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(p.Describe(meta, "city_code", "city"), p.DescribeIndicators(panel.Dictionary())); err != nil {
		t.Fatal(err)
	}
	return p
}

// writer writes sentences as work reports do, from the panel, with one figure
// changed where false ones are wanted. What is true it works out by itself.
type writer struct {
	*panel.Panel
	*rand.Rand
	t *testing.T
}

func (w *writer) at(code string, s, year int) (float64, bool) {
	t, ok := w.Axis.Col(year)
	if !ok {
		return 0, false
	}
	return w.Slab(code).At(s, t)
}

func (w *writer) rank(code string, s, year int) int {
	v, ok := w.at(code, s, year)
	if !ok {
		return 0
	}
	rank := 1
	for o := range w.Subjects {
		if x, ok := w.at(code, o, year); ok && w.Subjects[o].Attrs["province"] == w.Subjects[s].Attrs["province"] && x > v {
			rank++
		}
	}
	return rank
}

// pick gives a city and a year in which every one of the indicators is known,
// and was in the year before.
func (w *writer) pick(codes ...string) (s, year int) {
	for {
		s, year = w.IntN(len(w.Subjects)), 2001+w.IntN(20)
		if strings.HasSuffix(w.Subjects[s].Attrs["province"], "市") {
			continue
		}
		ok := true
		for _, c := range codes {
			_, a := w.at(c, s, year)
			_, b := w.at(c, s, year-1)
			ok = ok && a && b
		}
		if ok {
			return s, year
		}
	}
}

func (w *writer) city(s int) string { return w.Subjects[s].Name.ZH }

// sentence writes one of a kind; false alters one number, rank or year.
func (w *writer) sentence(kind int, truth bool) string {
	zh := []string{"一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二", "十三", "十四", "十五", "十六", "十七", "十八", "十九", "二十", "二十一", "二十二", "二十三", "二十四", "二十五", "二十六"}
	off := func(v float64) float64 {
		if truth {
			return v
		}
		return v * (1.07 + 0.2*w.Float64())
	}
	other := func(n int) int {
		if truth {
			return n
		}
		return n + 1 + w.IntN(3)
	}
	sector := []struct{ code, name string }{{"va_primary", "第一产业增加值"}, {"va_secondary", "第二产业增加值"}, {"va_tertiary", "第三产业增加值"}}[w.IntN(3)]
	switch kind {
	case 0:
		s, y := w.pick("gdp")
		v, _ := w.at("gdp", s, y)
		return fmt.Sprintf("%d年，%s实现地区生产总值%.2f亿元，综合实力再上新台阶。", y, w.city(s), off(v))
	case 1:
		s, y := w.pick(sector.code)
		v, _ := w.at(sector.code, s, y)
		return fmt.Sprintf("过去的%d年，%s产业结构持续优化，%s达到%.1f亿元。", y, w.city(s), sector.name, off(v))
	case 2:
		s, y := w.pick("gdp")
		return fmt.Sprintf("%d年%s经济总量稳居全省第%d位。", y, w.city(s), other(w.rank("gdp", s, y)))
	case 3:
		s, y := w.pick("va_secondary")
		return fmt.Sprintf("%s坚持工业强市，%d年第二产业增加值位列全省第%s。", w.city(s), y, zh[other(w.rank("va_secondary", s, y))-1])
	case 4:
		for {
			s, y := w.pick("gdp")
			a, b := w.rank("gdp", s, y-1), w.rank("gdp", s, y)
			if a == b {
				continue
			}
			verb := "升至"
			if b > a {
				verb = "降至"
			}
			return fmt.Sprintf("%d年，%s地区生产总值在全省的位次由上年的第%d位%s第%d位。", y, w.city(s), a, verb, other(b))
		}
	case 5:
		s, y := w.pick(sector.code)
		v, _ := w.at(sector.code, s, y)
		old, _ := w.at(sector.code, s, y-1)
		g := (v/old - 1) * 100
		if !truth {
			g += 1.3 + 3*w.Float64()
		}
		word := "增长"
		if g < 0 {
			word = "下降"
		}
		return fmt.Sprintf("%d年，%s%s比上年%s%.1f%%，发展动能进一步增强。", y, w.city(s), sector.name, word, math.Abs(g))
	case 6:
		for {
			s, y := w.pick("gdp")
			k := w.rank("gdp", s, y)
			first, last := 0, 0
			for at := 1996; at < y; at++ {
				if r := w.rank("gdp", s, at); r > 0 {
					if first == 0 {
						first = at
					}
					if r <= k {
						last = at
					}
				}
			}
			if k > 3 || first == 0 || last == y-1 {
				continue
			}
			since := last
			if last == 0 {
				since = first
			}
			if !truth {
				since += []int{-2, -1, 1, 2}[w.IntN(4)]
			}
			return fmt.Sprintf("%d年，%s地区生产总值自%d年以来首次居全省第%d位。", y, w.city(s), since, k)
		}
	case 7:
		s, y := w.pick("gdp", sector.code)
		v, _ := w.at(sector.code, s, y)
		whole, _ := w.at("gdp", s, y)
		return fmt.Sprintf("%d年%s%s占地区生产总值的比重为%.1f%%。", y, w.city(s), sector.name, off(v/whole*100))
	case 8:
		for {
			s, y := w.pick("gdp")
			o := w.IntN(len(w.Subjects))
			theirs, ok := w.at("gdp", o, y)
			mine, _ := w.at("gdp", s, y)
			if !ok || o == s || mine == theirs || strings.Contains(w.city(o), w.city(s)) {
				continue
			}
			word := "高于"
			if (mine < theirs) == truth {
				word = "低于"
			}
			return fmt.Sprintf("%d年%s地区生产总值%s%s。", y, w.city(s), word, w.city(o))
		}
	default:
		s, y := w.pick("population")
		v, _ := w.at("population", s, y)
		return fmt.Sprintf("%d年末%s常住人口%.2f万人。", y, w.city(s), off(v))
	}
}

// TestSentences: a hundred sentences in the style of work reports, half of them
// with one figure altered, and as many again from each of further seeds. Each
// right verdict stands on a cell with its source.
func TestSentences(t *testing.T) {
	p := cities(t)
	terms, err := BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	c := New(p, Options{Terms: terms, Peers: "province"})
	right, all := 0, 0
	for seed := range uint64(4) {
		w := &writer{p, rand.New(rand.NewPCG(seed, 9)), t}
		for i := range 100 {
			truth := i%2 == 0
			text := w.sentence(i/2%10, truth)
			want := Disagrees
			if truth {
				want = Agrees
			}
			got := c.Check([]string{text})
			all++
			if len(got) == 1 && got[0].Verdict == want && len(got[0].Evidence) > 0 && !slices.ContainsFunc(got[0].Evidence, func(e Cell) bool { return e.Source == "" }) {
				right++
				continue
			}
			if seed == 0 || all-right < 12 {
				t.Logf("%s: want %s, got %+v", text, want, got)
			}
		}
	}
	t.Logf("%d of %d right: %.2f %%", right, all, 100*float64(right)/float64(all))
	if float64(right) < 0.98*float64(all) {
		t.Errorf("%d of %d right", right, all)
	}
}
