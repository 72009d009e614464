package flow

import (
	"cmp"
	"fmt"
	"slices"
	"sort"

	"touyan.dev/touyan/kernel/fault"
)

// Known is what Check is told about the installation.
type Known struct {
	Duties []string // nil: duties are not checked
}

// Check holds every definition of the set against the rules (see Code).
// Guards are nondeterministic for it: each may be true or false whenever it is
// asked. No problem means: on whatever path, every matter begun on these
// definitions ends, and within the limit of the whole when each step keeps its
// own. Time in which the clocks stand still (pause) is not counted, and a step
// without a limit counts nothing.
func Check(s *Set, known Known) []Problem {
	c := &checking{set: s, known: known}
	sound := make(map[*Def]bool)
	for _, d := range s.defs {
		before := len(c.problems)
		c.problems = append(c.problems, d.problems...)
		c.texts(d)
		c.structure(d)
		c.bounds(d)
		sound[d] = !slices.ContainsFunc(c.problems[before:], func(p Problem) bool { return p.Code.structural() })
		c.words(d)
		c.keeping(d)
		c.recusal(d)
		c.data(d)
	}
	if c.kinds(sound) {
		c.clocks(sound)
	}
	slices.SortStableFunc(c.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return c.problems
}

// structural reports rules without which a longest path has no meaning.
func (c Code) structural() bool {
	switch c {
	case CodeID, CodeBack, CodeBound, CodeReach, CodeStuck, CodeNeed, CodeEnd:
		return true
	}
	return false
}

type checking struct {
	set      *Set
	known    Known
	problems []Problem
}

func (c *checking) add(d *Def, code Code, line int, path, zh, en string) *Problem {
	c.problems = append(c.problems, Problem{File: d.File, Line: line, Path: path, Code: code, Text: fault.T(zh, en)})
	return &c.problems[len(c.problems)-1]
}

// texts checks the forms and the names of outcomes.
func (c *checking) texts(d *Def) {
	for _, id := range sortedKeys(d.Outcomes) {
		if !d.endsWith(id) {
			c.add(d, CodeText, 1, "outcomes/"+id, "没有哪条路径有这个办理结果。", "No path has this outcome.")
		}
	}
	for _, name := range sortedKeys(d.Forms) {
		f := d.Forms[name]
		path := "forms/" + name
		if f.flaw != "" {
			c.add(d, CodeForm, f.Line, path, "表单不是有效的 JSON Schema:"+f.flaw, "The form is no valid JSON Schema: "+f.flaw)
			continue
		}
		if f.Schema["type"] != "object" {
			c.add(d, CodeForm, f.Line, path, "表单的类型须为 object。", "The form's type must be object.")
		}
		c.titles(d, f.src, path, f.Schema)
	}
}

// endsWith reports whether some way through the definition has the outcome.
func (d *Def) endsWith(outcome string) bool {
	for _, n := range d.order {
		if e := n.block.End; e != nil && e.Outcome == outcome {
			return true
		}
		if s := n.block.Step; s != nil && slices.ContainsFunc(s.Acts, func(a Act) bool { return a.End == outcome }) {
			return true
		}
	}
	withdraw := d.Interrupt(IntWithdraw)
	return outcome == OutcomeDone || withdraw != nil && withdraw.Outcome == outcome
}

// titles demands x-zh and x-en on every field, in nested objects and lists too.
func (c *checking) titles(d *Def, src *value, path string, schema map[string]any) {
	if items, ok := schema["items"].(map[string]any); ok {
		c.titles(d, src.get("items"), path+"/items", items)
	}
	props, _ := schema["properties"].(map[string]any)
	for _, name := range sortedKeys(props) {
		field, _ := props[name].(map[string]any)
		zh, _ := field["x-zh"].(string)
		en, _ := field["x-en"].(string)
		if zh == "" || en == "" {
			c.add(d, CodeText, src.get("properties").get(name).line, path+"/properties/"+name, "字段缺少 x-zh 或 x-en。", "The field lacks x-zh or x-en.")
		}
		c.titles(d, src.get("properties").get(name), path+"/properties/"+name, field)
	}
}

// structure checks that every block can be reached and every step left.
func (c *checking) structure(d *Def) {
	c.reach(d, d.main, false)
}

// reach walks a sequence that can be entered and reports whether its end can
// be reached. Only the first block that cannot be reached is reported.
func (c *checking) reach(d *Def, q *seq, inJoint bool) bool {
	for _, n := range q.nodes {
		if c.goesOn(d, n, inJoint) {
			continue
		}
		if next := n.pos + 1; next < len(q.nodes) {
			b := q.nodes[next].block
			c.add(d, CodeReach, b.Line, b.Path, "无论怎样办理都到不了这里。", "No path leads here.")
		}
		return false
	}
	return true
}

// goesOn checks one reachable block and reports whether what follows it can
// be reached.
func (c *checking) goesOn(d *Def, n *node, inJoint bool) bool {
	b := n.block
	switch {
	case b.Step != nil:
		return c.leaves(d, b, inJoint)
	case b.Choice != nil:
		on := false
		for _, arm := range n.arms {
			if c.reach(d, arm, inJoint) {
				on = true
			}
		}
		return on
	case b.Joint != nil:
		return c.joins(d, n)
	case b.End != nil:
		if inJoint {
			c.add(d, CodeEnd, b.Line, b.Path, "并行分支之内不能办结整个事项；请在分支会合之后再作选择。", "A branch of a joint cannot end the matter; choose after the joint.")
		}
		return false
	}
	return true
}

func (c *checking) leaves(d *Def, b *Block, inJoint bool) bool {
	forwards, free := false, false
	for i := range b.Step.Acts {
		a := &b.Step.Acts[i]
		if a.Back == "" && a.If == nil && !a.Past {
			free = true
		}
		if a.Back == "" && a.End == "" {
			forwards = true
		}
		if a.End != "" && inJoint {
			c.add(d, CodeEnd, a.Line, b.Path+"/acts/"+a.ID, "并行分支之内不能办结整个事项；请在分支会合之后再作选择。", "A branch of a joint cannot end the matter; choose after the joint.")
		}
	}
	if !free {
		c.add(d, CodeStuck, b.Line, b.Path, "退回次数用完或条件不具备时，本环节无法办理；至少要有一个不带条件的向前或办结动作。",
			"When returns are used up or conditions fail, the step cannot be left; it needs one unconditional act that goes on or ends.")
	}
	return forwards
}

func (c *checking) joins(d *Def, n *node) bool {
	over := 0
	for i, branch := range n.arms {
		if !hasWork(branch) {
			c.add(d, CodeReach, n.block.Line, fmt.Sprintf("%s/branches/%d", n.block.Path, i), "这个并行分支没有任何环节。", "This branch has no step at all.")
		}
		if c.reach(d, branch, true) {
			over++
		}
	}
	need := n.block.Joint.Need
	if need > len(n.arms) {
		c.add(d, CodeNeed, n.block.Line, n.block.Path, "须办完的分支数超过了分支总数。", "More branches are needed than there are.")
		return false
	}
	if need == 0 {
		need = len(n.arms)
	}
	return over >= need
}

// hasWork reports whether a sequence holds a step or an each anywhere.
func hasWork(q *seq) bool {
	for _, n := range q.nodes {
		if n.block.Step != nil || n.block.Each != nil || slices.ContainsFunc(n.arms, hasWork) {
			return true
		}
	}
	return false
}

// bounds checks that nothing can be repeated without end.
func (c *checking) bounds(d *Def) {
	for _, n := range d.order {
		if n.block.Step == nil {
			continue
		}
		for _, a := range n.block.Step.Acts {
			if a.Back != "" && a.AtMost == 0 {
				c.add(d, CodeBound, a.Line, n.block.Path+"/acts/"+a.ID, "退回须写明最多次数（at_most）。", "A return needs its bound (at_most).")
			}
		}
	}
	for _, in := range d.Interrupts {
		path := "interrupts/" + in.ID
		if (in.ID == IntPause || in.ID == IntExtend) && in.AtMost == 0 {
			c.add(d, CodeBound, in.Line, path, "须写明最多次数（at_most）。", "The bound (at_most) is missing.")
		}
		if in.ID == IntPause && in.Limit.IsZero() {
			c.add(d, CodeBound, in.Line, path, "须写明最长中止多久（limit）。", "How long a pause may stand (limit) is missing.")
		}
	}
}

// words checks duties.
func (c *checking) words(d *Def) {
	if c.known.Duties == nil {
		return
	}
	var walk func(w *Who, path string)
	walk = func(w *Who, path string) {
		if w.Duty != "" && !slices.Contains(c.known.Duties, w.Duty) {
			c.add(d, CodeDuty, w.Line, path, "职责未登记："+w.Duty, "Unknown duty: "+w.Duty)
		}
		for i := range w.Or {
			walk(&w.Or[i], path)
		}
	}
	d.eachWho(walk)
}

// keeping checks the basis of a period of keeping.
func (c *checking) keeping(d *Def) {
	if d.Keep == nil || d.Keep.Set != SetByLaw {
		return
	}
	for i, b := range d.Keep.Basis {
		if b.Article == "" {
			c.add(d, CodeKeep, d.Keep.Line, fmt.Sprintf("keep/basis/%d", i), "法律规定的保存期限须写明条款（article）；法律未定期限的，写 set: office。", "A period set by law names its article; where the law names none, write set: office.")
		}
	}
}

// eachWho visits every Who of the definition.
func (d *Def) eachWho(visit func(w *Who, path string)) {
	if d.Open != nil {
		visit(d.Open, "open")
	}
	for _, n := range d.order {
		if n.block.Step == nil {
			continue
		}
		visit(&n.block.Step.Who, n.block.Path+"/who")
		for i := range n.block.Step.Acts {
			if a := &n.block.Step.Acts[i]; a.Who != nil {
				visit(a.Who, n.block.Path+"/acts/"+a.ID+"/who")
			}
		}
	}
	for i := range d.Interrupts {
		visit(&d.Interrupts[i].Who, "interrupts/"+d.Interrupts[i].ID+"/who")
	}
}

// kinds checks that sub-matters are of known kinds and that no kind runs
// itself, at whatever depth. It reports whether that is so.
func (c *checking) kinds(sound map[*Def]bool) bool {
	before := len(c.problems)
	done := make(map[*Def]int) // 1 = being walked, 2 = walked
	var walk func(d *Def) bool
	walk = func(d *Def) bool {
		done[d] = 1
		for _, n := range d.order {
			e := n.block.Each
			if e == nil {
				continue
			}
			child := c.set.latest[e.Run]
			switch {
			case child == nil:
				c.add(d, CodeKind, n.block.Line, n.block.Path, "没有这一类别的流程定义："+e.Run, "No definition of this kind: "+e.Run)
				sound[d] = false
			case child.Sealed != nil:
				c.add(d, CodeSeal, n.block.Line, n.block.Path, "分办事项不能是保密的流程："+e.Run, "A sub-matter cannot be of a sealed kind: "+e.Run)
			case child.Keep != nil:
				c.add(d, CodeKeep, n.block.Line, n.block.Path, "分办事项随主事项一并保存，不能另定期限："+e.Run, "A sub-matter is kept as long as its parent and has no period of its own: "+e.Run)
			case done[child] == 1 || child.Kind == d.Kind:
				c.add(d, CodeKind, n.block.Line, n.block.Path, "分办形成循环，事项永远办不完："+e.Run, "Sub-matters run in a circle and never end: "+e.Run)
				return false
			case done[child] == 0 && !walk(child):
				return false
			}
		}
		done[d] = 2
		return true
	}
	for _, d := range c.set.defs {
		if done[d] == 0 && !walk(d) {
			return false
		}
	}
	return len(c.problems) == before || !slices.ContainsFunc(c.problems[before:], func(p Problem) bool { return p.Code == CodeKind })
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
