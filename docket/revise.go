package docket

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/link"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/store"
)

// Revision is what a person decides about one proposal. Nil fields stay.
type Revision struct {
	Act    string // confirm, drop, restore, edit, merge, split
	Title  *string
	Lead   *int64
	Assist *[]int64
	Limit  *string
	With   []int    // merge: the proposals that go into this one
	Parts  []string // split: titles of the parts
	Key    string
}

// Revise confirms, drops, restores, edits, merges or splits a proposal.
func (o *Office) Revise(ctx context.Context, who auth.Principal, intake int64, n int, in Revision) (Done, error) {
	c := &revising{write: o.write(who, in.Key), intake: intake, n: n, in: in}
	return o.do(ctx, &c.write, "docket.intake/"+in.Act, c)
}

type revising struct {
	write
	intake int64
	n      int
	in     Revision
}

// Load implements store.Change.
func (c *revising) Load(g *store.Group) {
	c.Prepare(g)
	store.Want(g, &intakes, c.intake)
	for _, n := range append([]int{c.n}, c.in.With...) {
		store.Want(g, &proposals, proposalKey{c.intake, int64(n)})
	}
}

// Decide implements store.Change.
func (c *revising) Decide(g *store.Group) error {
	if again, err := c.Begin(g); again || err != nil {
		return err
	}
	in, ok := store.Get(g, &intakes, c.intake)
	if !ok {
		return errNoIntake()
	}
	if err := c.Allow("docket.intake", auth.Resource{Type: "Docket", Office: in.Office, Need: staff(in.Office)}); err != nil {
		return err
	}
	p, ok := store.Get(g, &proposals, proposalKey{c.intake, int64(c.n)})
	if !ok {
		return fault.New(fault.NotFound, "docket.Revise", "没有这一条。", "There is no such proposal.")
	}
	if p.State == Dispatched {
		return fault.New(fault.Conflict, "docket.Revise", "该条已交办，请在事项中办理。", "This one has been dispatched; act on its matter.")
	}
	if err := c.edit(&p); err != nil {
		return err
	}
	if err := c.decide(g, &in, &p); err != nil {
		return err
	}
	store.Put(g, &proposals, proposalKey{c.intake, int64(c.n)}, p)
	return c.log(g, "docket.intake/"+c.in.Act, in.ID, 0, in.Office, map[string]any{
		"n": c.n, "with": c.in.With, "parts": c.in.Parts, "title": p.Title, "lead": p.Lead, "assist": p.Assist, "limit": p.Limit,
	})
}

// edit takes over the fields that were given.
func (c *revising) edit(p *Proposal) error {
	const op = "docket.Revise"
	if c.in.Title != nil {
		t := strings.TrimSpace(*c.in.Title)
		if n := utf8.RuneCountInString(t); n < 2 || n > 200 {
			return fault.At(op, "title", "任务名称应为2至200字。", "A title has 2 to 200 characters.")
		}
		p.Title = t
	}
	if c.in.Lead != nil {
		if _, ok := c.Dir.Unit(*c.in.Lead); !ok {
			return fault.At(op, "lead", "没有这个单位。", "There is no such unit.")
		}
		if *c.in.Lead != p.Lead {
			p.Lead, p.Why = *c.in.Lead, nil // the words pointed to another unit
		}
	}
	if c.in.Assist != nil {
		for i, id := range *c.in.Assist {
			if _, ok := c.Dir.Unit(id); !ok || id == p.Lead {
				return fault.At(op, fmt.Sprintf("assist/%d", i), "没有这个单位，或它已是牵头单位。", "There is no such unit, or it leads already.")
			}
		}
		p.Assist = *c.in.Assist
	}
	if c.in.Limit != nil {
		l, err := calendar.ParseLimit(*c.in.Limit)
		if err != nil || l.Unit != calendar.WorkingDays || l.N > longestLimit {
			return fault.At(op, "limit", fmt.Sprintf("时限应为1至%d个工作日，如 20wd。", longestLimit), fmt.Sprintf("The limit is 1 to %d working days, as in 20wd.", longestLimit))
		}
		p.Limit = l.String()
	}
	return nil
}

func (c *revising) decide(g *store.Group, in *Intake, p *Proposal) error {
	switch c.in.Act {
	case "edit":
		return nil
	case "confirm":
		if p.Lead == 0 {
			return fault.At("docket.Revise", "lead", "请先选定牵头单位。", "Choose the lead unit first.")
		}
		p.Confirm = event.Next(g)
		return p.become(Confirmed)
	case "drop":
		return p.become(Dropped)
	case "restore":
		p.Into = 0
		return p.become(Proposed)
	case "merge":
		return c.merge(g, p)
	case "split":
		return c.split(g, in, p)
	}
	return fault.At("docket.Revise", "act", "操作应为 confirm、drop、restore、edit、merge 或 split。", "The act is confirm, drop, restore, edit, merge or split.")
}

// become moves a proposal to a state that it may take.
func (p *Proposal) become(to State) error {
	if p.State == to {
		return nil
	}
	if !p.State.can(to) {
		return fault.New(fault.Conflict, "docket.Revise", "该条的状态已变，请刷新后再试。", "The proposal has changed; reload and try again.")
	}
	p.State = to
	return nil
}

func (c *revising) merge(g *store.Group, p *Proposal) error {
	if len(c.in.With) == 0 {
		return fault.At("docket.Revise", "with", "请选择要并入的条目。", "Choose the proposals to merge in.")
	}
	for _, n := range c.in.With {
		other, ok := store.Get(g, &proposals, proposalKey{c.intake, int64(n)})
		if !ok || n == c.n || other.State == Dispatched {
			return fault.At("docket.Revise", "with", "所选条目不存在、已交办或就是本条。", "A chosen proposal does not exist, is dispatched, or is this one.")
		}
		if err := other.become(Merged); err != nil {
			return err
		}
		other.Into = c.n
		if other.Lead != 0 && other.Lead != p.Lead && !contains(p.Assist, other.Lead) {
			p.Assist = append(append([]int64{}, p.Assist...), other.Lead)
		}
		store.Put(g, &proposals, proposalKey{c.intake, int64(n)}, other)
	}
	return nil
}

func contains(list []int64, id int64) bool {
	for _, v := range list {
		if v == id {
			return true
		}
	}
	return false
}

// split makes one proposal of each part; the first keeps this number.
func (c *revising) split(g *store.Group, in *Intake, p *Proposal) error {
	if len(c.in.Parts) < 2 || len(c.in.Parts) > 20 {
		return fault.At("docket.Revise", "parts", "请写出2至20个分项的名称。", "Name 2 to 20 parts.")
	}
	for i, title := range c.in.Parts {
		title = strings.TrimSpace(title)
		if n := utf8.RuneCountInString(title); n < 2 || n > 200 {
			return fault.At("docket.Revise", fmt.Sprintf("parts/%d", i), "分项名称应为2至200字。", "A part's title has 2 to 200 characters.")
		}
		if i == 0 {
			p.Title = title
			continue
		}
		in.Proposals++
		part := *p
		part.N, part.Title, part.State, part.From, part.Confirm = int(in.Proposals), title, Proposed, c.n, 0
		store.Insert(g, &proposals, proposalKey{c.intake, in.Proposals}, part)
	}
	store.Put(g, &intakes, in.ID, *in)
	return p.become(Proposed)
}

// Dispatch opens a matter for every confirmed proposal of an intake and assigns
// it to its units. The keys of its acts follow from the confirmation, so a
// dispatch that was cut off can be sent again and does nothing twice.
func (o *Office) Dispatch(ctx context.Context, who auth.Principal, id, leader int64) ([]matter.Done, error) {
	in, all, err := o.Intake(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if leader == 0 {
		if posts := o.Book.Now().Holders(auth.Leader, in.Office); len(posts) > 0 {
			leader = posts[0].Person
		}
	}
	var out []matter.Done
	for _, p := range all {
		if p.State != Confirmed {
			continue
		}
		done, err := o.dispatchOne(ctx, who, in, p, leader, fmt.Sprintf("dispatch/%d", p.Confirm))
		if err != nil {
			return out, fault.Wrap("docket.Dispatch", err)
		}
		out = append(out, done)
	}
	if len(out) == 0 {
		return nil, fault.New(fault.Conflict, "docket.Dispatch", "没有已确认、待交办的条目。", "No proposal is confirmed and waiting to be dispatched.")
	}
	return out, nil
}

func (o *Office) dispatchOne(ctx context.Context, who auth.Principal, in Intake, p Proposal, leader int64, key string) (matter.Done, error) {
	given := map[string]any{"title": p.Title, "content": p.Clause, "source": cut(fmt.Sprintf("%s，第%d段", in.Title, p.Source.Paragraph), 400)}
	if p.Deadline.Text != "" {
		given["deadline"] = cut(p.Deadline.Text, 40)
	}
	id, err := o.openedFrom(ctx, p.Confirm)
	if err != nil {
		return matter.Done{}, err
	}
	if id == 0 {
		opened, err := o.Desk.Open(ctx, who, matter.Opening{
			Kind: Commitment, Title: p.Title, Office: in.Office, Originator: leader, Source: p.Confirm, Given: given, Key: key + "/open",
		})
		if err != nil {
			return opened, err
		}
		id = opened.Matter
	}
	units := []any{map[string]any{"unit": fmt.Sprint(p.Lead), "role": "lead", "limit": p.Limit, "task": cut(p.Clause, 1000)}}
	for _, id := range p.Assist {
		units = append(units, map[string]any{"unit": fmt.Sprint(id), "role": "assist", "limit": p.Limit})
	}
	done, err := o.Desk.Act(ctx, who, id, matter.Act{Step: "assign", Act: "assign", Input: map[string]any{"units": units}, Key: key + "/assign"})
	if err != nil {
		return done, err
	}
	c := &sending{write: o.write(who, key+"/sent"), key: proposalKey{in.ID, int64(p.N)}, matter: id}
	_, err = o.do(ctx, &c.write, "docket.intake/dispatch", c)
	return done, err
}

// openedFrom gives the matter that a confirmation has led to already; 0 for
// none. Somebody else may have begun the same dispatch.
func (o *Office) openedFrom(ctx context.Context, confirm int64) (int64, error) {
	made, err := link.Trace(ctx, o.DB, confirm, 1, 10)
	if err != nil {
		return 0, err
	}
	for _, m := range made {
		if m.Source == confirm && m.Rel == link.TurnInto {
			return m.Target, nil
		}
	}
	return 0, nil
}

// sending marks a proposal as dispatched.
type sending struct {
	write
	key    proposalKey
	matter int64
}

// Load implements store.Change.
func (c *sending) Load(g *store.Group) {
	c.Prepare(g)
	store.Want(g, &proposals, c.key)
}

// Decide implements store.Change.
func (c *sending) Decide(g *store.Group) error {
	if again, err := c.Begin(g); again || err != nil {
		return err
	}
	p, ok := store.Get(g, &proposals, c.key)
	if !ok {
		return errNoIntake()
	}
	if err := p.become(Dispatched); err != nil {
		return err
	}
	p.Matter = c.matter
	store.Put(g, &proposals, c.key, p)
	return c.log(g, "docket.intake/dispatch", c.key.Intake, 0, 0, map[string]any{"n": c.key.N, "matter": c.matter})
}

// Intake gives an intake and its proposals, in the order of the source.
func (o *Office) Intake(ctx context.Context, who auth.Principal, id int64) (Intake, []Proposal, error) {
	found, err := store.Collect(ctx, o.DB, func(row store.Scanner) (Intake, error) { return scanIntake(row) },
		"SELECT "+intakeColumns+" FROM intake WHERE id = ?", id)
	if err != nil {
		return Intake{}, nil, fault.Wrap("docket.Intake", err)
	}
	if len(found) == 0 || !o.mayRead(who, found[0].Office, 0) {
		return Intake{}, nil, errNoIntake()
	}
	all, err := store.Collect(ctx, o.DB, func(row store.Scanner) (Proposal, error) {
		var k proposalKey
		return scanProposal(row, &k)
	}, "SELECT "+proposalColumns+" FROM proposal WHERE intake = ? ORDER BY n", id)
	return found[0], all, fault.Wrap("docket.Intake", err)
}

// Intakes lists the newest intakes who may read.
func (o *Office) Intakes(ctx context.Context, who auth.Principal, limit int) ([]Intake, error) {
	all, err := store.Collect(ctx, o.DB, func(row store.Scanner) (Intake, error) { return scanIntake(row) },
		"SELECT "+intakeColumns+" FROM intake ORDER BY id DESC LIMIT ?", limit)
	if err != nil {
		return nil, fault.Wrap("docket.Intakes", err)
	}
	out := all[:0]
	for _, in := range all {
		if o.mayRead(who, in.Office, 0) {
			out = append(out, in)
		}
	}
	return out, nil
}

func errNoIntake() error {
	return fault.New(fault.NotFound, "docket", "没有这份材料，或您无权查看。", "There is no such intake, or it is not for you to see.")
}
