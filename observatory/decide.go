package observatory

import (
	"context"
	"strings"
	"unicode/utf8"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Decision is a person's word on a cell that the gate noticed.
type Decision struct {
	Indicator string
	Subject   string
	Period    int
	Keep      bool   // it is right as it is; else it stays out of every fact
	Reason    string // with whom it was checked, and how
}

// Decide records what a person found out about a doubtful cell, as long as its
// release waits at the gate.
func (d *Desk) Decide(ctx context.Context, who auth.Principal, release int64, in Decision, key string) (Done, error) {
	const op = "observatory.Decide"
	in.Reason = strings.TrimSpace(in.Reason)
	if n := utf8.RuneCountInString(in.Reason); n < 2 || n > 500 {
		return Done{}, fault.At(op, "reason", "请写明核实情况（2至500字），如“已与统计局综合科核对原始报表”。", "Say how it was checked (2 to 500 characters), as “compared with the bureau's own form”.")
	}
	found, err := d.Doubts(ctx, release)
	if err != nil {
		return Done{}, err
	}
	for _, x := range found {
		if x.Indicator == in.Indicator && x.Subject == in.Subject && x.Period == in.Period {
			c := &deciding{write: d.write(who, key), release: release, doubt: x.remark(), in: in}
			return d.do(ctx, &c.write, EventDecided, c)
		}
	}
	return Done{}, fault.New(fault.NotFound, op, "质量把关没有提示这个数。", "The gate has not noticed this cell.")
}

type deciding struct {
	write
	release int64
	doubt   remark
	in      Decision
}

// Load implements store.Change.
func (c *deciding) Load(g *store.Group) {
	c.Prepare(g)
	store.Want(g, &releases, c.release)
	store.Want(g, &doubts, c.doubt)
}

// Decide implements store.Change.
func (c *deciding) Decide(g *store.Group) error {
	if again, err := c.begin(g); again || err != nil {
		return err
	}
	r, _ := store.Get(g, &releases, c.release)
	if r.State != Waiting {
		return notWaiting(r.State)
	}
	x, _ := store.Get(g, &doubts, c.doubt)
	if x.State == DoubtBreak || x.State == DoubtNoted {
		return fault.New(fault.Conflict, "observatory.Decide", "这一条只是提示，不影响使用，无需核定。", "This is only noted and keeps nothing out; there is nothing to decide.")
	}
	if x.State = DoubtHeld; c.in.Keep {
		x.State = DoubtKept
	}
	x.Reason, x.Decided, x.DecidedBy = c.in.Reason, c.Now.UnixMicro(), c.Who.Person
	store.Put(g, &doubts, c.doubt, x)
	_, err := c.log(g, EventDecided, c.release, struct {
		Indicator string     `json:"indicator"`
		Subject   string     `json:"subject"`
		Period    int        `json:"period"`
		Cell      int64      `json:"cell_release"`
		State     DoubtState `json:"state"`
		Reason    string     `json:"reason"`
	}{x.Indicator, x.Subject, x.Period, x.Release, x.State, x.Reason})
	return err
}

func notWaiting(s State) error {
	name := s.Name()
	return fault.New(fault.Conflict, "observatory", "这批数据"+name.ZH+"，不能再改；如有更正，请导入更正后的文件。", "The release is no longer waiting ("+strings.ToLower(name.EN)+"); bring in a corrected file.")
}

// Drop puts a waiting release aside for good, with the reason.
func (d *Desk) Drop(ctx context.Context, who auth.Principal, release int64, reason, key string) (Done, error) {
	reason = strings.TrimSpace(reason)
	if n := utf8.RuneCountInString(reason); n < 2 || n > 500 {
		return Done{}, fault.At("observatory.Drop", "reason", "请写明不采用的原因（2至500字）。", "Say why it is not used (2 to 500 characters).")
	}
	if _, err := d.Release(ctx, release); err != nil {
		return Done{}, err
	}
	found, err := d.Doubts(ctx, release)
	if err != nil {
		return Done{}, err
	}
	c := &dropping{write: d.write(who, key), release: release, reason: reason}
	for _, x := range found {
		c.doubts = append(c.doubts, x.remark())
	}
	return d.do(ctx, &c.write, EventDropped, c)
}

type dropping struct {
	write
	release int64
	reason  string
	doubts  []remark
}

// Load implements store.Change.
func (c *dropping) Load(g *store.Group) {
	c.Prepare(g)
	store.Want(g, &releases, c.release)
	for _, x := range c.doubts {
		store.Want(g, &doubts, x)
	}
}

// Decide implements store.Change. What the release made the gate notice of earlier
// cells goes with it.
func (c *dropping) Decide(g *store.Group) error {
	if again, err := c.begin(g); again || err != nil {
		return err
	}
	r, _ := store.Get(g, &releases, c.release)
	if r.State != Waiting {
		return notWaiting(r.State)
	}
	r.State = Dropped
	store.Put(g, &releases, r.ID, r)
	for _, x := range c.doubts {
		if _, ok := store.Get(g, &doubts, x); ok && x.release != c.release {
			store.Delete(g, &doubts, x)
		}
	}
	_, err := c.log(g, EventDropped, c.release, struct {
		Reason string `json:"reason"`
	}{c.reason})
	return err
}
