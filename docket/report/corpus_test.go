package report

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// shared gives a file of the read-only material, or skips the test.
func shared(t testing.TB, name string) []byte {
	t.Helper()
	root := os.Getenv("TOUYAN_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Skip("shared material is absent: " + name)
	}
	return data
}

func corpus(t testing.TB) []Document {
	t.Helper()
	docs, err := Read("govreports.national.jsonl.gz", shared(t, "policy/corpus/govreports.national.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

// TestCorpusLaws checks what must hold of every real report.
func TestCorpusLaws(t *testing.T) {
	docs := corpus(t)
	if len(docs) != 28 {
		t.Fatalf("%d documents, want 28", len(docs))
	}
	r := rules(t)
	for _, d := range docs {
		ss := Split(d)
		ps := Propose(d, r)
		checkSpans(t, d, ss)
		checkProposals(t, d, ps)
		parts := map[Part]int{}
		for _, s := range ss {
			parts[s.Part] += len([]rune(s.Text))
		}
		if parts[Plan] < 6000 || parts[Retrospect] < 1000 || parts[Closing] == 0 {
			t.Errorf("%d: parts %v", d.Year, parts)
		}
		if len(ps) < 4 || len(ps) > 120 {
			t.Errorf("%d: %d proposals", d.Year, len(ps))
		}
		covered := map[int]bool{}
		for _, p := range ps {
			covered[p.Sentence.Span.Start] = true
		}
		for _, s := range ss {
			if s.Part == Plan && !covered[s.Span.Start] && promises(s.Text) {
				t.Errorf("%d: not proposed: %s", d.Year, s.Text)
			}
		}
	}
}

// promises is a second, coarser reading of what a commitment with a number or
// a date is, written with patterns only, so that a hole in the first shows.
func promises(text string) bool {
	number := regexp.MustCompile(`[0-9.]+(多|余)?[万亿千]*(元|美元|人|人次|%|公里|亩|公顷|吨|套|户|辆|千瓦|个百分点|斤|万以上)|百分之[一-十]`)
	date := regexp.MustCompile(`(年底|年内|[0-9]月底|上半年|本世纪末|明年)[^，。]{0,3}`)
	ahead := regexp.MustCompile(`今年.{0,12}(安排|增加|发行|完成|再|新增|实现|减少)|拟|力争|争取到|预期目标|到20[0-9]{2}年|要.{0,30}(达到|控制在|不低于|提高到)|再(减少|完成|增加|新增|解决|提高)`)
	past := regexp.MustCompile(`(过去|年来|去年|目前|已经|以来|[^为除]了|有2.9亿|已达|占我国)`)
	names := regexp.MustCompile(`《[^》]*》`)
	text = names.ReplaceAllString(text, "")
	comparison := regexp.MustCompile(`(比|较|从)(去年|上年)`)
	rest := comparison.ReplaceAllString(text, "")
	return (number.MatchString(text) || date.MatchString(text)) && ahead.MatchString(text) && !past.MatchString(rest)
}

// TestGoldSlots compares numbers, bounds and dates with clauses that a person
// has labelled. Units of weight stay as written here, so 斤 is converted.
func TestGoldSlots(t *testing.T) {
	type slot struct {
		Cmp   string  `json:"cmp"`
		Value float64 `json:"value"`
		Unit  string  `json:"unit"`
	}
	clauses, numbers, right, dates, dated := 0, 0, 0, 0, 0
	for _, line := range bytes.Split(bytes.TrimSpace(shared(t, "policy/obligations-dev.jsonl")), []byte("\n")) {
		var g struct {
			Text, Issued string
			Quantities   []slot
			Deadline     *string
		}
		if err := json.Unmarshal(line, &g); err != nil {
			t.Fatal(err)
		}
		clauses++
		year, err := strconv.Atoi(g.Issued[:4])
		if err != nil {
			t.Fatal(err)
		}
		rs := []rune(plain(g.Text))
		ds := deadlines(rs, year)
		qs := quantities(rs, ds)
		for _, want := range g.Quantities {
			numbers++
			for _, q := range qs {
				v := q.Value
				if want.Unit == "ton" {
					v /= 2000
				}
				if math.Abs(v-want.Value) < 0.01*want.Value && string(q.Relation) == want.Cmp {
					right++
					break
				}
			}
		}
		if g.Deadline != nil {
			dates++
			if d, _ := best(ds); d.Date == *g.Deadline {
				dated++
			} else {
				t.Logf("date %q, labelled %s: %s", d.Date, *g.Deadline, g.Text)
			}
		}
	}
	t.Logf("%d clauses: %d of %d numbers with their bound, %d of %d dates", clauses, right, numbers, dated, dates)
	if right*10 < numbers*8 || dated*10 < dates*8 {
		t.Errorf("fewer than eight in ten agree with the labels")
	}
}

func BenchmarkPropose(b *testing.B) {
	r := rules(b)
	for _, d := range corpus(b) {
		if d.Year != 2017 {
			continue
		}
		b.ReportMetric(float64(len([]rune(d.Text))), "runes")
		for b.Loop() {
			Propose(d, r)
		}
	}
}
