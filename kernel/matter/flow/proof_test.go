package flow

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/calendar"
)

// trial is one definition, or a mutation of one, put before both judges.
type trial struct {
	child  *Def
	childL int
}

// judged runs Check and gives its codes, with one sentence each.
func (tr trial) judged(t *testing.T, d *Def) map[Code]string {
	t.Helper()
	set, err := NewSet(d, tr.child)
	if err != nil {
		t.Fatal(err)
	}
	out := map[Code]string{}
	for _, p := range Check(set, Known{Duties: []string{"clerk", "head"}}) {
		out[p.Code] = p.String()
	}
	return out
}

// tally counts what the proof has covered.
type tally struct {
	defs, mutated, judgements, refused, skipped, exact int
	feature, verdict                                   map[string]int
}

// TestCheckerAgreesWithExplorer is the proof of Check: on random definitions
// and their mutations, brute force finds exactly the faults Check reports, and
// the longest path is the very number from which on the limit is accepted.
func TestCheckerAgreesWithExplorer(t *testing.T) {
	began := time.Now()
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // brute force makes much garbage and keeps little
	workers := runtime.GOMAXPROCS(0)
	parts := make([]*tally, workers)
	var wait sync.WaitGroup
	for w := range workers {
		parts[w] = &tally{feature: map[string]int{}, verdict: map[string]int{}}
		wait.Go(func() {
			for i := w; i < definitions && !t.Failed(); i += workers {
				parts[w].try(t, i)
			}
		})
	}
	wait.Wait()
	for _, c := range parts[1:] {
		parts[0].join(c)
	}
	if !t.Failed() {
		parts[0].report(t, time.Since(began))
	}
}

// try generates definition i and judges it and one mutation of it.
func (c *tally) try(t *testing.T, i int) {
	rng := rand.New(rand.NewPCG(20261123, uint64(i)))
	child, childL := childDef(t, rng)
	p := generate(rng, "r.main", "r.child")
	c.defs++
	c.count(p)
	c.judge(t, p, trial{child: child, childL: childL}, "as generated")
	muts := mutations()
	for k := range muts { // the first that finds something to change
		m := muts[(i+k)%len(muts)]
		if q := copyOf(p); m.do(rng, q) {
			c.mutated++
			c.judge(t, q, trial{child: child, childL: childL}, m.name)
			return
		}
	}
}

func (c *tally) join(o *tally) {
	c.defs += o.defs
	c.mutated += o.mutated
	c.judgements += o.judgements
	c.refused += o.refused
	c.skipped += o.skipped
	c.exact += o.exact
	for k, n := range o.feature {
		c.feature[k] += n
	}
	for k, n := range o.verdict {
		c.verdict[k] += n
	}
}

// childDef is the kind that an each runs; every definition has its own.
func childDef(t *testing.T, rng *rand.Rand) (*Def, int) {
	t.Helper()
	n, m := 1+rng.IntN(9), 1+rng.IntN(3)
	p := &plan{kind: "r.child", do: []*part{
		{sort: "step", id: "sign", limit: "1wd", acts: []*deed{{id: "go"}}},
		{sort: "step", id: "work", limit: fmt.Sprintf("%dwd", n), acts: []*deed{{id: "go"}, {id: "redo", back: "sign", most: fmt.Sprint(m)}}},
	}}
	d, err := Parse("child", p.render())
	if err != nil {
		t.Fatal(err)
	}
	return d, newExplorer(d, 0).longest()
}

func copyOf(p *plan) *plan {
	q := *p
	q.do = copySeq(p.do)
	return &q
}

func copySeq(q []*part) []*part {
	var out []*part
	for _, s := range q {
		c := *s
		c.acts, c.arms = nil, nil
		for _, a := range s.acts {
			d := *a
			c.acts = append(c.acts, &d)
		}
		for _, arm := range s.arms {
			c.arms = append(c.arms, copySeq(arm))
		}
		c.ifs = append([]string(nil), s.ifs...)
		out = append(out, &c)
	}
	return out
}

func (c *tally) count(p *plan) {
	has := map[string]bool{"sealed": p.until != "", "joint": len(p.all("joint")) > 0, "pause": p.pause != "", "choice": len(p.all("choice")) > 0, "each": len(p.all("each")) > 0}
	for _, s := range p.all("step") {
		has["apart"] = has["apart"] || s.apart != ""
		for _, a := range s.acts {
			has["return"] = has["return"] || a.back != ""
		}
	}
	for _, j := range p.all("joint") {
		has["k of n"] = has["k of n"] || j.need > 0 && j.need < len(j.arms)
	}
	has["joint and return"] = has["joint"] && has["return"]
	for name, is := range has {
		if is {
			c.feature[name]++
		}
	}
}

// judge puts one plan before both judges.
func (c *tally) judge(t *testing.T, p *plan, tr trial, what string) {
	t.Helper()
	src := p.render()
	d, err := Parse("random", src)
	if err != nil {
		t.Errorf("%s: %v\n%s", what, err, src)
		return
	}
	e := newExplorer(d, tr.childL)
	e.explore()
	if e.states > tooMany {
		c.skipped++
		return
	}
	c.judgements++
	got := tr.judged(t, d)
	if len(e.found) > 0 {
		c.refused++
	}
	if agree := sameFaults(got, e.found); !agree {
		t.Errorf("%s:\nchecker  %v\nexplorer %v\n%s", what, got, e.found, src)
		return
	}
	for code := range e.found {
		c.verdict[string(code)]++
	}
	if len(e.found) == 0 {
		c.verdict["sound"]++
		c.sharp(t, d, tr, e, what, src)
	}
}

// sameFaults compares the two lists. A stray return changes what else can be
// reached, so beside it nothing else is compared; an end inside a joint cuts
// off the other branches, so beside it reachability is not.
func sameFaults(checker, explorer map[Code]string) bool {
	if checker[CodeBack] != "" || explorer[CodeBack] != "" {
		return checker[CodeBack] != "" && explorer[CodeBack] != ""
	}
	if checker[CodeEnd] != "" && explorer[CodeEnd] != "" {
		delete(checker, CodeReach)
		delete(explorer, CodeReach)
		delete(checker, CodeSeal)
		delete(explorer, CodeSeal)
	}
	for code := range explorer {
		if checker[code] == "" {
			return false
		}
	}
	for code := range checker {
		if explorer[code] == "" {
			return false
		}
	}
	return true
}

// sharp checks the longest path: a limit of exactly that length is accepted,
// one day less is refused, and the printed path adds up to it.
func (c *tally) sharp(t *testing.T, d *Def, tr trial, e *explorer, what string, src []byte) {
	t.Helper()
	length := e.longest()
	if length < 2 {
		return
	}
	c.exact++
	c.judgements += 2
	for _, n := range []int{length, length - 1} {
		limited := *d
		limited.Limit = &Whole{Of: calendar.Limit{N: n, Unit: calendar.WorkingDays}}
		set, err := NewSet(&limited, tr.child)
		if err != nil {
			t.Fatal(err)
		}
		problems := Check(set, Known{})
		if n == length && len(problems) > 0 {
			t.Errorf("%s: longest path is %d, yet refused: %v\n%s", what, length, problems, src)
		}
		if n < length && (len(problems) != 1 || problems[0].Code != CodeClock) {
			t.Errorf("%s: longest path is %d, yet %d is not refused: %v\n%s", what, length, n, problems, src)
			return
		}
		if n < length {
			if legs := problems[0].Trace; legs[len(legs)-1].Sum != length {
				t.Errorf("%s: the path shown adds up to %v, not %d\n%s", what, legs, length, src)
			}
		}
	}
}

func (c *tally) report(t *testing.T, took time.Duration) {
	t.Helper()
	t.Logf("%d definitions and %d mutations, %d judgements agree (%d refused for their structure, %d longest paths exact to the day, %d left out as too big) in %v",
		c.defs, c.mutated, c.judgements, c.refused, c.exact, c.skipped, took.Round(time.Millisecond))
	for _, shares := range []map[string]int{c.feature, c.verdict} {
		var out []string
		for name, n := range shares {
			out = append(out, fmt.Sprintf("%s %d", name, n))
		}
		sort.Strings(out)
		t.Log(strings.Join(out, ", "))
	}
	for _, name := range []string{"joint", "return", "pause"} {
		if share := float64(c.feature[name]) / float64(c.defs); share < 0.3 {
			t.Errorf("only %.0f %% of definitions have a %s", 100*share, name)
		}
	}
	if c.skipped*100 > c.defs+c.mutated {
		t.Errorf("%d trials were too big for brute force", c.skipped)
	}
	for _, code := range []Code{CodeReach, CodeStuck, CodeBack, CodeNeed, CodeBound, CodeEnd, CodeUnit, CodeData, CodeSeal} {
		if c.verdict[string(code)] == 0 {
			t.Errorf("no trial broke the rule %q", code)
		}
	}
}
