package flow

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/fault"
)

// Input is one act of a person. For pause, resume and withdraw Slot and Step
// stay empty; transfer, extend and urge name the open step they concern.
type Input struct {
	Slot string
	Step string
	Act  string
	Data map[string]any // what the act's form asks for
}

// Child reports the end of a sub-matter: the Each, N and Index of its Spawn.
type Child struct {
	Each    string
	N       int
	Index   int
	Outcome string
}

// EffectKind says what an effect tells the engine to do.
type EffectKind string

// The effects, in the order in which one act can cause them.
const (
	Closed         EffectKind = "closed"      // Slot Step N Act Link; Act is "" when the step was swept away
	Number         EffectKind = "number"      // Slot Step N Act: draw the number of the document
	CancelChildren EffectKind = "cancel"      // Each N
	Opened         EffectKind = "opened"      // Slot Step N Who Limit
	Spawn          EffectKind = "spawn"       // Slot Each N Index Run Item Limit
	GuardFailed    EffectKind = "guard"       // Step (a choice) Index (its arm): not evaluable, taken as false
	Paused         EffectKind = "paused"      // Limit: how long it may stand
	Resumed        EffectKind = "resumed"     //
	Extended       EffectKind = "extended"    // Slot Step N By
	Transferred    EffectKind = "transferred" // Slot Step N
	Urged          EffectKind = "urged"       // Slot Step N
	Recused        EffectKind = "recused"     // Person Instead
	Ended          EffectKind = "ended"       // Outcome
)

// Effect is one consequence of an act.
type Effect struct {
	Kind    EffectKind     `json:"kind"`
	Slot    string         `json:"slot,omitempty"`
	Step    string         `json:"step,omitempty"`
	N       int            `json:"n,omitempty"`
	Act     string         `json:"act,omitempty"`
	Link    string         `json:"link,omitempty"`
	Who     []Party        `json:"who,omitempty"`
	Limit   calendar.Limit `json:"limit,omitzero"`
	Each    string         `json:"each,omitempty"`
	Index   int            `json:"index,omitempty"`
	Run     string         `json:"run,omitempty"`
	Item    map[string]any `json:"item,omitempty"`
	By      calendar.Limit `json:"by,omitzero"`
	Outcome string         `json:"outcome,omitempty"`
	Person  string         `json:"person,omitempty"`
	Instead string         `json:"instead,omitempty"`
}

// run is one transition being made; s is its own copy.
type run struct {
	d  *Def
	s  State
	fx []Effect
	// fail is a mistake in the definition met on the way; Check finds all of
	// them, so this only guards against unchecked definitions.
	fail error
}

// Begin starts a matter. given is what it begins with (data.given): the item
// of the list for a sub-matter, whatever its intake collected otherwise.
func (d *Def) Begin(given map[string]any) (State, []Effect, error) {
	const op = "flow.Begin"
	if d.Given != "" {
		form := d.Forms[d.Given]
		if form == nil {
			return State{}, nil, broken(op)
		}
		var err error
		if given, err = form.check(given); err != nil {
			return State{}, nil, err
		}
	}
	r := run{d: d, fx: make([]Effect, 0, 2)}
	if given != nil {
		text, err := appendMap(nil, given)
		if err != nil {
			return State{}, nil, fault.Wrap(op, err)
		}
		r.s.put("given", text)
	}
	r.advance(d.main, 0)
	return r.result(op)
}

// Apply makes one act. It does not change s. Errors: Conflict when the matter
// has moved on, the bound is used up or the condition does not hold; Invalid
// for an unknown act or a form that is not filled in.
func (d *Def) Apply(s State, in Input) (State, []Effect, error) {
	const op = "flow.Apply"
	if s.Over() {
		return s, nil, fault.New(fault.Conflict, op, "事项已办结，不能再办理。", "The matter has ended; nothing more can be done.")
	}
	if reservedAct(in.Act) {
		return d.interrupt(s, in)
	}
	n := d.nodes[in.Step]
	if n == nil || n.block.Step == nil {
		return s, nil, fault.At(op, "step", "没有这个环节。", "There is no such step.")
	}
	t := s.token(in.Step)
	if t == nil || t.Slot != in.Slot {
		return s, nil, d.movedOn(op, &s)
	}
	if s.Paused {
		return s, nil, fault.New(fault.Conflict, op, "事项已中止计时，恢复后再办理。", "The matter is paused; resume it first.")
	}
	i := actIndex(n.block.Step, in.Act)
	if i < 0 {
		return s, nil, fault.At(op, "act", "本环节没有这个办理动作。", "The step has no such act.")
	}
	if err := d.allowed(op, &s, n, i); err != nil {
		return s, nil, err
	}
	text, err := d.input(op, n.acts[i].form, in.Data)
	if err != nil {
		return s, nil, err
	}
	r := run{d: d, s: s, fx: make([]Effect, 0, 3)}
	r.act(n, i, *t, text)
	out, fx, err := r.result(op)
	if err != nil {
		return s, nil, err
	}
	return out, fx, nil
}

// ChildDone records that a sub-matter has ended and goes on when enough have.
// A report that comes twice, or after enough have ended, is a Conflict and
// may be dropped. It is accepted during a pause: the pause holds the parent's
// clocks, not what others finish.
func (d *Def) ChildDone(s State, c Child) (State, []Effect, error) {
	const op = "flow.ChildDone"
	n, t := d.nodes[c.Each], s.token(c.Each)
	if s.Over() || n == nil || n.block.Each == nil || t == nil || t.N != c.N || c.Index < 0 || c.Index >= t.Of {
		return s, nil, fault.New(fault.Conflict, op, "主事项已不再等待这个分办事项。", "The matter no longer waits for this sub-matter.")
	}
	if _, seen := slices.BinarySearch(t.Done, c.Index); seen {
		return s, nil, fault.New(fault.Conflict, op, "这个分办事项已经报结。", "This sub-matter has already reported its end.")
	}
	r := run{d: d, s: s}
	next := *t
	next.Done = inserted(t.Done, c.Index)
	next.Out = counted(t.Out, c.Outcome)
	if len(next.Done) < enough(n.block.Each.Need, t.Of) {
		r.replace(next)
		return r.result(op)
	}
	r.remove(c.Each)
	r.s.put(c.Each, next.summary())
	if len(next.Done) < t.Of {
		r.fx = append(r.fx, Effect{Kind: CancelChildren, Each: c.Each, N: t.N})
	}
	r.advance(n.seq, n.pos+1)
	return r.result(op)
}

// enough turns need (0 = all) into a count that total can reach.
func enough(need, total int) int {
	if need == 0 || need > total {
		return total
	}
	return need
}

// summary is the data an each leaves behind.
func (t *Token) summary() []byte {
	b := appendInt([]byte(`{"done":`), len(t.Done))
	b = appendInt(append(b, `,"items":`...), t.Of)
	if len(t.Out) == 0 {
		return append(b, `,"outcomes":{}}`...)
	}
	return append(appendCounts(b, `,"outcomes":`, t.Out), '}')
}

func inserted(list []int, v int) []int {
	at, _ := slices.BinarySearch(list, v)
	return slices.Insert(slices.Clone(list), at, v)
}

func actIndex(s *Step, id string) int {
	for i := range s.Acts {
		if s.Acts[i].ID == id {
			return i
		}
	}
	return -1
}

func broken(op string) error {
	return fault.Wrap(op, errors.New("the definition was not checked: a name in it leads nowhere"))
}

// movedOn says where the matter is now.
func (d *Def) movedOn(op string, s *State) error {
	var zh, en []string
	for i := range s.At {
		if st := d.Step(s.At[i].ID); st != nil {
			zh, en = append(zh, st.Name.ZH), append(en, st.Name.EN)
		}
	}
	if len(zh) == 0 {
		return fault.New(fault.Conflict, op, "事项正在等待分办事项办结，请刷新后再看。", "The matter is waiting for its sub-matters; reload and look again.")
	}
	return fault.New(fault.Conflict, op,
		"事项已到“"+strings.Join(zh, "”“")+"”环节，请刷新后再办理。",
		"The matter has moved on to \""+strings.Join(en, "\", \"")+"\"; reload and look again.")
}

// allowed checks the act's bound and guard.
func (d *Def) allowed(op string, s *State, n *node, i int) error {
	a := &n.block.Step.Acts[i]
	if err := bounded(op, s, n.acts[i].key, a.AtMost, a.Name); err != nil {
		return err
	}
	if a.If == nil {
		return nil
	}
	if ok, _ := d.holds(a.If, s, make(lens, 2)); !ok {
		return fault.New(fault.Conflict, op, "“"+a.Name.ZH+"”的条件现在不具备。", "The condition of \""+a.Name.EN+"\" is not met now.")
	}
	return nil
}

func bounded(op string, s *State, key string, most int, name fault.Text) error {
	if most == 0 || count(s.Used, key) < most {
		return nil
	}
	times := strconv.Itoa(most)
	return fault.New(fault.Conflict, op, "“"+name.ZH+"”最多 "+times+" 次，已用完。", "\""+name.EN+"\" is allowed at most "+times+" times, all used.")
}

// input checks the form and gives what was filled in as JSON text.
func (d *Def) input(op string, form *Form, data map[string]any) ([]byte, error) {
	if form == nil {
		if len(data) > 0 {
			return nil, fault.At(op, "data", "这个动作不填写内容。", "This act takes no input.")
		}
		return []byte("{}"), nil
	}
	data, err := form.check(data)
	if err != nil {
		return nil, err
	}
	text, err := appendMap(make([]byte, 0, 128), data)
	return text, fault.Wrap(op, err)
}

func (r *run) result(op string) (State, []Effect, error) {
	if r.fail != nil {
		return State{}, nil, fault.Wrap(op, r.fail)
	}
	return r.s, r.fx, nil
}

// act closes the step and follows the act.
func (r *run) act(n *node, i int, t Token, text []byte) {
	a, l := &n.block.Step.Acts[i], &n.acts[i]
	r.fx = append(r.fx, Effect{Kind: Closed, Slot: t.Slot, Step: t.ID, N: t.N, Act: a.ID, Link: a.Link})
	if a.Number {
		r.fx = append(r.fx, Effect{Kind: Number, Slot: t.Slot, Step: t.ID, N: t.N, Act: a.ID})
	}
	if a.AtMost > 0 {
		r.s.Used = counted(r.s.Used, l.key)
	}
	r.remove(t.ID)
	r.s.put(t.ID, text)
	switch {
	case a.End != "":
		r.end(a.End)
	case a.Back != "" && l.back == nil:
		r.fail = broken("flow.act")
	case a.Back != "":
		r.enter(l.back)
	default:
		r.advance(n.seq, n.pos+1)
	}
}

// remove takes the block's token away, in a new list.
func (r *run) remove(id string) {
	at := make([]Token, 0, len(r.s.At)+1)
	for i := range r.s.At {
		if r.s.At[i].ID != id {
			at = append(at, r.s.At[i])
		}
	}
	r.s.At = at
}

// replace puts a token in the place of the one of the same block.
func (r *run) replace(t Token) {
	r.s.At = slices.Clone(r.s.At)
	*r.s.token(t.ID) = t
}

// add puts a new token at its place: by slot, then by opening.
func (r *run) add(n *node) Token {
	r.s.Seq++
	t := Token{Slot: n.slot, ID: n.id, N: r.s.Seq}
	at := 0
	for at < len(r.s.At) && r.s.At[at].Slot <= t.Slot {
		at++
	}
	tokens := make([]Token, 0, len(r.s.At)+2)
	tokens = append(tokens, r.s.At[:at]...)
	tokens = append(tokens, t)
	r.s.At = append(tokens, r.s.At[at:]...)
	return t
}

// advance goes on in a sequence at pos, or leaves it when it is over.
func (r *run) advance(q *seq, pos int) {
	if r.s.Over() || r.fail != nil {
		return
	}
	switch {
	case pos < len(q.nodes):
		r.enter(q.nodes[pos])
	case q.owner == nil:
		r.end(OutcomeDone)
	case q.owner.block.Joint != nil:
		r.branchOver(q.owner, q.index)
	default:
		r.advance(q.owner.seq, q.owner.pos+1)
	}
}

func (r *run) enter(n *node) {
	b := n.block
	switch {
	case b.Step != nil:
		t := r.add(n)
		r.fx = append(r.fx, Effect{Kind: Opened, Slot: t.Slot, Step: t.ID, N: t.N, Who: n.who.parties(&r.s), Limit: r.s.limit(b.Step.Limit)})
	case b.Choice != nil:
		r.advance(n.arms[r.choose(n)], 0)
	case b.Joint != nil:
		r.fork(n)
	case b.Each != nil:
		r.spawn(n)
	case b.End != nil:
		r.end(b.End.Outcome)
	}
}

// choose gives the arm whose guard is the first to hold, else the last.
func (r *run) choose(n *node) int {
	when := n.block.Choice.When
	data := make(lens, 2)
	for i := range when {
		ok, err := r.d.holds(&when[i].If, &r.s, data)
		if err != nil {
			r.fx = append(r.fx, Effect{Kind: GuardFailed, Slot: n.slot, Step: n.id, Index: i})
		}
		if ok {
			return i
		}
	}
	return len(when)
}

// fork opens a joint's branches one by one. Branches can be over at once, so
// the joint may be over before its last branch was opened.
func (r *run) fork(n *node) {
	t := r.add(n)
	for _, branch := range n.arms {
		if now := r.s.token(n.id); now == nil || now.N != t.N || r.s.Over() {
			return
		}
		r.advance(branch, 0)
	}
}

func (r *run) branchOver(n *node, branch int) {
	t := r.s.token(n.id)
	if t == nil {
		r.fail = broken("flow.joint")
		return
	}
	next := *t
	next.Done = inserted(t.Done, branch)
	need := n.block.Joint.Need
	if need == 0 {
		need = len(n.arms)
	}
	if len(next.Done) < need {
		r.replace(next)
		return
	}
	r.remove(n.id)
	r.sweep(branchSlot(n.slot, n.id, 0))
	r.advance(n.seq, n.pos+1)
}

// sweep closes whatever is still open in the branches of the joint whose
// first branch has the given slot; "" sweeps everything.
func (r *run) sweep(first string) {
	prefix := strings.TrimSuffix(first, "0")
	keep := make([]Token, 0, len(r.s.At)+1)
	for _, t := range r.s.At {
		if first != "" && !strings.HasPrefix(t.Slot, prefix) {
			keep = append(keep, t)
			continue
		}
		switch b := r.d.nodes[t.ID]; {
		case b == nil:
		case b.block.Step != nil:
			r.fx = append(r.fx, Effect{Kind: Closed, Slot: t.Slot, Step: t.ID, N: t.N})
		case b.block.Each != nil:
			r.fx = append(r.fx, Effect{Kind: CancelChildren, Each: t.ID, N: t.N})
		}
	}
	r.s.At = keep
}

// spawn begins one sub-matter per item; no items means the each is over.
func (r *run) spawn(n *node) {
	e := n.block.Each
	v, _ := r.s.Get(e.In)
	items, _ := v.([]any)
	if len(items) > maxItems {
		r.fail = fault.New(fault.TooMuch, "flow.each", "分办对象过多，请分批办理。", "There are too many items to hand out; do it in batches.")
		return
	}
	if len(items) == 0 {
		r.s.put(n.id, (&Token{}).summary())
		r.advance(n.seq, n.pos+1)
		return
	}
	t := r.add(n)
	t.Of = len(items)
	r.replace(t)
	limit := r.s.limit(e.Limit)
	for i, item := range items {
		m, ok := item.(map[string]any)
		if !ok {
			r.fail = broken("flow.each")
			return
		}
		r.fx = append(r.fx, Effect{Kind: Spawn, Slot: t.Slot, Each: t.ID, N: t.N, Index: i, Run: e.Run, Item: m, Limit: limit})
	}
}

func (r *run) end(outcome string) {
	r.sweep("")
	r.s.At, r.s.Ended, r.s.Paused = nil, outcome, false
	r.fx = append(r.fx, Effect{Kind: Ended, Outcome: outcome})
}

// limit reads a clock: the fixed limit, or the one in data but never above
// its most. A limit that is absent, malformed or in another unit gives most.
func (s *State) limit(c *Clock) calendar.Limit {
	if c == nil {
		return calendar.Limit{}
	}
	if c.Data == "" {
		return c.Fixed
	}
	v, _ := s.Get(c.Data)
	text, _ := v.(string)
	l, err := calendar.ParseLimit(text)
	if err != nil || l.Unit != c.Most.Unit || l.Roll != c.Most.Roll || l.N > c.Most.N {
		return c.Most
	}
	return l
}
