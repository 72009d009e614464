package flow

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// plan is a definition under construction: the generator's own picture of it,
// which mutations change and render turns into YAML.
type plan struct {
	kind   string
	whole  string
	do     []*part
	pause  string // the body of the pause interrupt, "" for none
	run    string // kind of sub-matters
	until  string // the step that ends the seal, "" for none
	nextID int
	steps  int // still allowed
}

// part is one block.
type part struct {
	sort  string // step choice joint each end
	id    string
	limit string
	apart string
	acts  []*deed
	ifs   []string
	arms  [][]*part // the last of a choice is its else
	need  int
}

type deed struct {
	id, back, end, cond, form, most string
	number                          bool
}

// generate makes a sound definition of at most 8 steps, but for its limit.
func generate(rng *rand.Rand, kind, run string) *plan {
	p := &plan{kind: kind, whole: "9999wd", run: run, steps: 1 + rng.IntN(8)}
	if rng.IntN(12) == 0 {
		p.loopRoundJoint(rng)
		return p
	}
	want := p.steps
	p.do = p.seq(rng, 0, nil, false)
	if p.steps == want {
		p.do = append(p.do, p.step(rng, nil, false))
	}
	if rng.IntN(2) == 0 {
		p.pause = fmt.Sprintf("who: {duty: head}, at_most: %d, limit: 30wd", 1+rng.IntN(2))
	}
	p.seal(rng)
	return p
}

// seal keeps a quarter of the definitions sealed until some step that only goes
// on; about half of them then draw a number somewhere.
func (p *plan) seal(rng *rand.Rand) {
	var ends []*part
	for _, s := range p.all("step") {
		if !slices.ContainsFunc(s.acts, func(a *deed) bool { return a.back != "" || a.end != "" }) {
			ends = append(ends, s)
		}
	}
	s, ok := pick(rng, ends)
	if !ok || rng.IntN(4) > 0 {
		return
	}
	p.until = s.id
	if draws, ok := pick(rng, p.all("step")); ok && rng.IntN(2) == 0 {
		draws.acts[0].number = true
	}
}

// loopRoundJoint makes the case that is hardest to measure and rare by chance:
// a joint with returns in its branches, inside a return.
func (p *plan) loopRoundJoint(rng *rand.Rand) {
	back := func(s, to *part) {
		s.acts = append(s.acts, &deed{id: "back", back: to.id, most: fmt.Sprint(1 + rng.IntN(3)/2), form: "g"})
	}
	first := p.step(rng, nil, false)
	j := &part{sort: "joint", id: p.id("j"), need: rng.IntN(3)}
	for range 2 {
		branch := []*part{p.step(rng, nil, true), p.step(rng, nil, true)}
		back(branch[1], branch[0])
		j.arms = append(j.arms, branch)
	}
	last := p.step(rng, nil, false)
	back(last, first)
	p.do = []*part{first, j, last}
}

func (p *plan) id(prefix string) string {
	p.nextID++
	return fmt.Sprintf("%s%d", prefix, p.nextID)
}

// seq makes a sequence; before holds the steps of enclosing sequences of the
// same slot which a return may lead to.
func (p *plan) seq(rng *rand.Rand, depth int, before []string, inJoint bool) []*part {
	var out []*part
	before = append([]string(nil), before...)
	for n := 1 + rng.IntN(4); n > 0 && p.steps > 0; n-- {
		switch k := rng.IntN(10); {
		case k < 2 && depth < 3 && p.steps >= 2:
			out = append(out, p.joint(rng, depth))
		case k < 4 && depth < 3:
			out = append(out, p.choice(rng, depth, before, inJoint))
		case k == 4 && p.run != "":
			e := &part{sort: "each", id: p.id("e"), need: rng.IntN(3)}
			if rng.IntN(3) == 0 {
				e.limit = "77wd"
			}
			out = append(out, e)
		default:
			s := p.step(rng, before, inJoint)
			out = append(out, s)
			before = append(before, s.id)
		}
	}
	return out
}

func (p *plan) joint(rng *rand.Rand, depth int) *part {
	j := &part{sort: "joint", id: p.id("j")}
	for n := 2 + rng.IntN(4)/3; n > 0; n-- { // mostly two
		if branch := p.seq(rng, depth+1, nil, true); len(branch) > 0 && works(branch) {
			j.arms = append(j.arms, branch)
		} else {
			p.steps++ // a branch needs work even when the budget is spent
			j.arms = append(j.arms, []*part{p.step(rng, nil, true)})
		}
	}
	j.need = rng.IntN(len(j.arms) + 1)
	return j
}

// works reports whether a sequence has a step or an each in it.
func works(q []*part) bool {
	for _, b := range q {
		if b.sort == "step" || b.sort == "each" {
			return true
		}
		for _, arm := range b.arms {
			if works(arm) {
				return true
			}
		}
	}
	return false
}

func (p *plan) choice(rng *rand.Rand, depth int, before []string, inJoint bool) *part {
	c := &part{sort: "choice", id: p.id("c")}
	for n := 1 + rng.IntN(2); n > 0; n-- {
		arm := p.seq(rng, depth+1, before, inJoint)
		if !inJoint && len(arm) > 0 && rng.IntN(6) == 0 && p.goesOn(arm) {
			arm = append(arm, &part{sort: "end", id: p.id("out")})
		}
		c.arms = append(c.arms, arm)
		cond := "data.given.a == 1"
		if len(before) > 0 && rng.IntN(2) == 0 {
			cond = "data." + before[rng.IntN(len(before))] + ".x == 1"
		}
		c.ifs = append(c.ifs, cond)
	}
	var other []*part
	if rng.IntN(2) == 0 {
		other = p.seq(rng, depth+1, before, inJoint)
	}
	c.arms = append(c.arms, other)
	return c
}

// goesOn is a rough answer to "can the end of this be reached", good enough
// not to put an end behind an end.
func (p *plan) goesOn(q []*part) bool { return len(q) == 0 || q[len(q)-1].sort == "step" }

func (p *plan) step(rng *rand.Rand, before []string, inJoint bool) *part {
	p.steps--
	s := &part{sort: "step", id: p.id("s"), limit: fmt.Sprintf("%dwd", 1+rng.IntN(9))}
	switch rng.IntN(8) {
	case 0:
		s.limit = ""
	case 1:
		s.limit = "{data: given.limit, most: " + s.limit + "}"
	}
	if len(before) > 0 && rng.IntN(4) == 0 {
		s.apart = before[rng.IntN(len(before))] + ".p"
	}
	s.acts = append(s.acts, &deed{id: "go", form: "f"})
	if rng.IntN(5) == 0 {
		s.acts = append(s.acts, &deed{id: "also", form: "f", cond: "data.given.a > 2"})
	}
	if len(before) > 0 && rng.IntN(2) == 0 {
		most := 1 + rng.IntN(4)/3 // mostly once, or brute force takes for ever
		s.acts = append(s.acts, &deed{id: "back", back: before[rng.IntN(len(before))], most: fmt.Sprint(most), form: "g"})
		if rng.IntN(8) == 0 {
			s.acts = append(s.acts, &deed{id: "back2", back: before[rng.IntN(len(before))], most: "1"})
		}
	}
	if !inJoint && rng.IntN(8) == 0 {
		s.acts = append(s.acts, &deed{id: "drop", end: p.id("out")})
	}
	return s
}

// render writes the plan as YAML, in flow style but for the blocks.
func (p *plan) render() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "kind: %s\nversion: 1\nname: {zh: 样, en: sample}\n", p.kind)
	if p.whole != "" {
		fmt.Fprintf(&b, "limit: {of: %s}\n", p.whole)
	}
	if p.until != "" {
		fmt.Fprintf(&b, "sealed: {from: given.u, until: %s}\n", p.until)
	}
	b.WriteString("forms:\n")
	b.WriteString("  f: {type: object, required: [x], properties: {x: {type: integer, x-zh: 甲, x-en: x}, p: {type: string, x-zh: 乙, x-en: p}}}\n")
	b.WriteString("  g: {type: object, properties: {y: {type: integer, x-zh: 丙, x-en: y}}}\n")
	b.WriteString("do:\n")
	p.renderSeq(&b, p.do, "  ")
	if p.pause != "" {
		fmt.Fprintf(&b, "interrupts:\n  pause: {%s}\n  withdraw: {who: {duty: head}}\n", p.pause)
	}
	return []byte(b.String())
}

func (p *plan) renderSeq(b *strings.Builder, q []*part, in string) {
	for _, s := range q {
		switch s.sort {
		case "step":
			p.renderStep(b, s, in)
		case "choice":
			fmt.Fprintf(b, "%s- choice: %s\n%s  when:\n", in, s.id, in)
			for i, cond := range s.ifs {
				fmt.Fprintf(b, "%s    - if: %q\n%s      do:%s\n", in, cond, in, emptyMark(s.arms[i]))
				p.renderSeq(b, s.arms[i], in+"        ")
			}
			last := s.arms[len(s.arms)-1]
			fmt.Fprintf(b, "%s  else:%s\n", in, emptyMark(last))
			p.renderSeq(b, last, in+"    ")
		case "joint":
			fmt.Fprintf(b, "%s- joint: %s\n%s  need: %s\n%s  branches:\n", in, s.id, in, needWord(s.need), in)
			for _, arm := range s.arms {
				fmt.Fprintf(b, "%s    -\n", in)
				p.renderSeq(b, arm, in+"      ")
			}
		case "each":
			fmt.Fprintf(b, "%s- {each: %s, in: given.l, run: %s, need: %s%s}\n", in, s.id, p.run, needWord(s.need), limitKey(s.limit))
		case "end":
			fmt.Fprintf(b, "%s- end: %s\n", in, s.id)
		}
	}
}

func (p *plan) renderStep(b *strings.Builder, s *part, in string) {
	fmt.Fprintf(b, "%s- step: %s\n%s  name: {zh: 环节, en: step}\n%s  who: {duty: clerk}\n", in, s.id, in, in)
	if s.limit != "" {
		fmt.Fprintf(b, "%s  limit: %s\n", in, s.limit)
	}
	if s.apart != "" {
		fmt.Fprintf(b, "%s  apart: [%s]\n", in, s.apart)
	}
	fmt.Fprintf(b, "%s  acts:\n", in)
	for _, a := range s.acts {
		fmt.Fprintf(b, "%s    %s: {name: {zh: 动作, en: act}", in, a.id)
		for _, kv := range [][2]string{{"form", a.form}, {"back", a.back}, {"end", a.end}, {"if", quoted(a.cond)}, {"at_most", a.most}} {
			if kv[1] != "" {
				fmt.Fprintf(b, ", %s: %s", kv[0], kv[1])
			}
		}
		if a.number {
			b.WriteString(", number: true")
		}
		b.WriteString("}\n")
	}
}

func quoted(s string) string {
	if s == "" {
		return ""
	}
	return fmt.Sprintf("%q", s)
}

func limitKey(s string) string {
	if s == "" {
		return ""
	}
	return ", limit: " + s
}

func needWord(n int) string {
	if n == 0 {
		return "all"
	}
	return fmt.Sprint(n)
}

func emptyMark(q []*part) string {
	if len(q) == 0 {
		return " []"
	}
	return ""
}

// every visits all blocks with the sequence they stand in.
func every(q *[]*part, visit func(q *[]*part, i int)) {
	for i := 0; i < len(*q); i++ {
		visit(q, i)
		for k := range (*q)[i].arms {
			every(&(*q)[i].arms[k], visit)
		}
	}
}

func (p *plan) all(sort string) []*part {
	var out []*part
	every(&p.do, func(q *[]*part, i int) {
		if (*q)[i].sort == sort {
			out = append(out, (*q)[i])
		}
	})
	return out
}

// mutation damages a plan, or may: it reports false when it found nothing to
// change.
type mutation struct {
	name string
	do   func(rng *rand.Rand, p *plan) bool
}

func pick[T any](rng *rand.Rand, list []T) (T, bool) {
	if len(list) == 0 {
		var none T
		return none, false
	}
	return list[rng.IntN(len(list))], true
}

func mutations() []mutation {
	return []mutation{
		{"end in the middle", func(rng *rand.Rand, p *plan) bool {
			type place struct {
				q *[]*part
				i int
			}
			var places []place
			every(&p.do, func(q *[]*part, i int) { places = append(places, place{q, i}) })
			at, ok := pick(rng, places)
			if ok {
				rest := append([]*part{{sort: "end", id: p.id("out")}}, (*at.q)[at.i:]...)
				*at.q = append((*at.q)[:at.i:at.i], rest...)
			}
			return ok
		}},
		{"no way on", func(rng *rand.Rand, p *plan) bool {
			s, ok := pick(rng, p.all("step"))
			if ok {
				s.acts = []*deed{{id: "drop", end: p.id("out")}}
			}
			return ok
		}},
		{"no way but back", func(rng *rand.Rand, p *plan) bool {
			var some []*part
			for _, s := range p.all("step") {
				for _, a := range s.acts {
					if a.back != "" {
						some = append(some, s)
					}
				}
			}
			s, ok := pick(rng, some)
			if ok {
				s.acts = slices.DeleteFunc(s.acts, func(a *deed) bool { return a.back == "" })
			}
			return ok
		}},
		{"only under a condition", func(rng *rand.Rand, p *plan) bool {
			s, ok := pick(rng, p.all("step"))
			if ok {
				for _, a := range s.acts {
					if a.back == "" {
						a.cond = "data.given.a == 3"
					}
				}
			}
			return ok
		}},
		{"raised limit", func(rng *rand.Rand, p *plan) bool {
			s, ok := pick(rng, p.all("step"))
			if ok {
				s.limit = fmt.Sprintf("%dwd", 5+rng.IntN(60))
			}
			return ok
		}},
		{"another unit", func(rng *rand.Rand, p *plan) bool {
			s, ok := pick(rng, p.all("step"))
			if ok {
				s.limit = []string{"3d", "24h", "5d+roll"}[rng.IntN(3)]
			}
			return ok
		}},
		{"return to anywhere", func(rng *rand.Rand, p *plan) bool {
			s, _ := pick(rng, p.all("step"))
			to, ok := pick(rng, p.all("step"))
			if ok {
				s.acts = append(s.acts, &deed{id: "stray", back: to.id, most: "1"})
			}
			return ok
		}},
		{"need too many", func(rng *rand.Rand, p *plan) bool {
			j, ok := pick(rng, p.all("joint"))
			if ok {
				j.need = len(j.arms) + 1
			}
			return ok
		}},
		{"unbounded return", func(rng *rand.Rand, p *plan) bool {
			var backs []*deed
			for _, s := range p.all("step") {
				for _, a := range s.acts {
					if a.back != "" {
						backs = append(backs, a)
					}
				}
			}
			a, ok := pick(rng, backs)
			if ok {
				a.most = ""
			}
			return ok
		}},
		{"unbounded pause", func(rng *rand.Rand, p *plan) bool {
			p.pause = []string{"who: {duty: head}, limit: 5wd", "who: {duty: head}, at_most: 1"}[rng.IntN(2)]
			return true
		}},
		{"end in a branch", func(rng *rand.Rand, p *plan) bool {
			j, ok := pick(rng, p.all("joint"))
			if !ok {
				return false
			}
			arm := &j.arms[rng.IntN(len(j.arms))]
			*arm = append(*arm, &part{sort: "end", id: p.id("out")})
			return true
		}},
		{"guard over any step", func(rng *rand.Rand, p *plan) bool {
			c, ok := pick(rng, p.all("choice"))
			to, some := pick(rng, p.all("step"))
			if ok && some {
				c.ifs[0] = "data." + to.id + ".x == 1"
			}
			return ok && some
		}},
		{"guard over a branch", func(rng *rand.Rand, p *plan) bool {
			return guardBranch(rng, p)
		}},
		{"apart from any step", func(rng *rand.Rand, p *plan) bool {
			s, _ := pick(rng, p.all("step"))
			from, ok := pick(rng, p.all("step"))
			if ok {
				s.apart = from.id + ".p"
			}
			return ok
		}},
		{"sealed until any step", func(rng *rand.Rand, p *plan) bool {
			until, _ := pick(rng, p.all("step"))
			draws, ok := pick(rng, p.all("step"))
			if ok {
				p.until, draws.acts[0].number = until.id, true
			}
			return ok
		}},
		{"need fewer", func(rng *rand.Rand, p *plan) bool {
			j, ok := pick(rng, p.all("joint"))
			if ok {
				j.need = 1
			}
			return ok
		}},
		{"one more return", func(rng *rand.Rand, p *plan) bool {
			return addReturn(rng, p)
		}},
	}
}

// addReturn gives some step behind another of the same sequence a return.
func addReturn(rng *rand.Rand, p *plan) bool {
	type pair struct{ from, to *part }
	var pairs []pair
	every(&p.do, func(q *[]*part, i int) {
		for k := 0; k < i; k++ {
			if (*q)[k].sort == "step" && (*q)[i].sort == "step" {
				pairs = append(pairs, pair{(*q)[i], (*q)[k]})
			}
		}
	})
	at, ok := pick(rng, pairs)
	if ok {
		at.from.acts = append(at.from.acts, &deed{id: "again", back: at.to.id, most: fmt.Sprint(1 + rng.IntN(3))})
	}
	return ok
}

// guardBranch puts a choice behind some joint that asks for what a step in a
// branch wrote: sound only if that branch must finish and always writes it.
func guardBranch(rng *rand.Rand, p *plan) bool {
	done := false
	every(&p.do, func(q *[]*part, i int) {
		if done || (*q)[i].sort != "joint" {
			return
		}
		var steps []*part
		for k := range (*q)[i].arms {
			every(&(*q)[i].arms[k], func(q *[]*part, i int) {
				if (*q)[i].sort == "step" {
					steps = append(steps, (*q)[i])
				}
			})
		}
		s, ok := pick(rng, steps)
		if !ok {
			return
		}
		c := &part{sort: "choice", id: p.id("c"), ifs: []string{"data." + s.id + ".x == 1"}}
		c.arms = [][]*part{{{sort: "step", id: p.id("s"), acts: []*deed{{id: "go", form: "f"}}}}, nil}
		*q = slices.Insert(slices.Clone(*q), i+1, c)
		done = true
	})
	return done
}
