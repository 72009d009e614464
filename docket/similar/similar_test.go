package similar_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"touyan.dev/touyan/docket/similar"
)

// TestFind: the text about the same thing comes first, with the words that say so.
func TestFind(t *testing.T) {
	var x similar.Index
	x.Add(1, "春节前农民工工资支付情况检查，人社局牵头。")
	x.Add(2, "主城区供水管网爆管后的隐患排查，请水务局牵头。")
	x.Add(3, "户外作业高温津贴落实，请人社局看看。")
	hits := x.Find("农民工工资拖欠的隐患，请人社局牵头 A1", 3)
	if len(hits) != 3 || hits[0].ID != 1 || hits[0].Words[0] != "农民工工资" {
		t.Fatalf("%+v", hits)
	}
	if got := x.Find("飞船", 3); len(got) != 0 {
		t.Errorf("%+v for what nothing is about", got)
	}
	if got := x.Find("", 3); len(got) != 0 {
		t.Errorf("%+v for nothing", got)
	}
}

// TestLaws: scores lie between 0 and 1, fall, and are those of the formula written
// down plainly; every word shown stands in both texts.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{"供", "水", "管", "网", "学", "校", "，", "AB12", " "}), 0, 14), func(s []string) string { return strings.Join(s, "") })
		docs := rapid.SliceOfN(text, 0, 6).Draw(t, "docs")
		query := text.Draw(t, "query")
		var x similar.Index
		for i, d := range docs {
			x.Add(int64(i), d)
		}
		hits := x.Find(query, len(docs))
		want := plain(docs, query)
		for i, h := range hits {
			if h.Score <= 0 || h.Score > 1 || math.Abs(h.Score-want[h.ID]) > 1e-9 || i > 0 && h.Score > hits[i-1].Score {
				t.Fatalf("%+v, want %v", hits, want)
			}
			for _, w := range h.Words {
				if !strings.Contains(strings.ToLower(query), w) {
					t.Fatalf("%q is no word of %q", w, query)
				}
			}
			delete(want, h.ID)
		}
		for id, s := range want {
			if s > 0 {
				t.Fatalf("%d is missing", id)
			}
		}
	})
}

// plain is BM25 as it stands in the book.
func plain(docs []string, query string) map[int64]float64 {
	cut := func(s string) (out []string) {
		rs := []rune(strings.ToLower(s))
		word := ""
		for i, r := range rs {
			if r < 128 && r != ' ' {
				word += string(r)
				continue
			}
			if len(word) > 1 {
				out = append(out, word)
			}
			word = ""
			if i+1 < len(rs) && r > 0x4e00 && r < 0xa000 && rs[i+1] > 0x4e00 && rs[i+1] < 0xa000 {
				out = append(out, string(rs[i:i+2]))
			}
		}
		if len(word) > 1 {
			out = append(out, word)
		}
		return out
	}
	total := 0
	for _, d := range docs {
		total += len(cut(d))
	}
	out := map[int64]float64{}
	terms := cut(query)
	slices.Sort(terms)
	terms = slices.Compact(terms)
	most := 0.0
	for _, q := range terms {
		n := 0
		for _, d := range docs {
			if slices.Contains(cut(d), q) {
				n++
			}
		}
		idf := math.Log(1 + (float64(len(docs)-n)+0.5)/(float64(n)+0.5))
		most += idf * 2.2
		for i, d := range docs {
			f, size := 0.0, float64(len(cut(d)))
			for _, g := range cut(d) {
				if g == q {
					f++
				}
			}
			if f > 0 {
				out[int64(i)] += idf * f * 2.2 / (f + 1.2*(0.25+0.75*size*float64(len(docs))/float64(total)))
			}
		}
	}
	for i := range out {
		out[i] /= most
	}
	return out
}
