package auth

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Kinds of the events of delegations and absences.
const (
	EventDelegated   = "auth/delegation.given"
	EventUndelegated = "auth/delegation.ended"
	EventAbsent      = "auth/absence.marked"
	EventBack        = "auth/absence.ended"
)

// NewDelegation is a delegation to be given, or a standing deputy to be named.
type NewDelegation struct {
	Key      string
	Giver    int64 // 0: who asks
	Taker    int64
	Post     int64     // 0: all the giver's posts
	Kinds    []string  // kinds of matters; none means all
	Since    time.Time // zero: now
	Until    time.Time // the first instant at which it no longer counts; zero only for a standing one
	Standing bool
	Reason   string
}

// NewAbsence marks a person as away.
type NewAbsence struct {
	Key    string
	Person int64     // 0: who asks
	Since  time.Time // zero: now
	Until  time.Time // the first instant at which the person is back
	Reason string
}

// longest bounds delegations and absences: whoever is away for longer is
// succeeded, not represented.
const longest = 366 * 24 * time.Hour

// Delegate lets another act with a post of the giver, or with all of them, and
// gives the delegation's id. A delegation is given by whoever has the posts; a
// standing deputy is named by him or an administrator of the post's unit.
func (r *Registry) Delegate(ctx context.Context, who Principal, in NewDelegation) (int64, error) {
	if in.Giver == 0 {
		in.Giver = who.Person
	}
	return r.write(ctx, who, in.Key, func(o order) (store.Change, *order) {
		c := &delegate{order: o, in: in}
		return c, &c.order
	})
}

type delegate struct {
	order
	in NewDelegation
}

func (c *delegate) Decide(g *store.Group) error {
	action := "directory.delegate"
	if c.in.Standing {
		action = "directory.deputize"
	}
	if done, err := c.beginFor(g, action, c.in.Giver, c.units()...); done || err != nil {
		return err
	}
	d := Delegation{
		Giver: c.in.Giver, Taker: c.in.Taker, Post: c.in.Post, Kinds: distinct(slices.Clone(c.in.Kinds)),
		Since: c.at.UnixMicro(), Standing: c.in.Standing, Reason: strings.TrimSpace(c.in.Reason),
	}
	if !c.in.Since.IsZero() {
		d.Since = c.in.Since.UnixMicro()
	}
	if !c.in.Until.IsZero() {
		d.Until = c.in.Until.UnixMicro()
	}
	if err := d.check(c.dir, c.at.UnixMicro()); err != nil {
		return err
	}
	if err := c.record(g, EventDelegated, event.NewSubject, d.body()); err != nil {
		return err
	}
	d.ID = c.id
	store.Insert(g, &delegations, d.ID, d)
	return nil
}

// units names the units whose administrators may speak for the giver.
func (c *delegate) units() []int64 {
	if p, ok := c.dir.Post(c.in.Post); ok {
		return []int64{p.Unit}
	}
	return c.dir.AnswersFor(c.in.Giver)
}

func (g *Delegation) body() any {
	type body struct {
		Giver    int64    `json:"giver"`
		Taker    int64    `json:"taker"`
		Post     int64    `json:"post,omitempty"`
		Kinds    []string `json:"kinds,omitempty"`
		Since    int64    `json:"since"`
		Until    int64    `json:"until,omitempty"`
		Standing bool     `json:"standing,omitempty"`
		Reason   string   `json:"reason"`
	}
	return body{g.Giver, g.Taker, g.Post, g.Kinds, g.Since, g.Until, g.Standing, g.Reason}
}

func kindForm() *regexp.Regexp { return regexp.MustCompile(`^[a-z]+\.[a-z_]+$`) }

// check refuses a delegation that must not be.
func (g *Delegation) check(d *Directory, now int64) error {
	const op = "auth.Delegate"
	if err := reasoned(op, g.Reason); err != nil {
		return err
	}
	taker, ok := d.Person(g.Taker)
	switch {
	case !ok || taker.Status != Active || len(d.PostsOf(g.Taker, d.day)) == 0:
		return fault.At(op, "taker", "受托人须是在岗且账号未停用的工作人员，请重新选择。", "The delegate must be on the staff, with an account that is not suspended; choose again.")
	case g.Taker == g.Giver:
		return fault.At(op, "taker", "不能委托给本人。", "Nobody delegates to himself.")
	case slices.ContainsFunc(g.Kinds, func(k string) bool { return !kindForm().MatchString(k) }) || len(g.Kinds) > 50:
		return fault.At(op, "kinds", "事项类别有误，请从列表中选择。", "A kind of matters is wrong; choose from the list.")
	}
	if g.Until == 0 && !g.Standing {
		return fault.At(op, "until", "请写明委托到哪一天为止。", "Say until when it is delegated.")
	}
	if err := between(op, g.Since, g.Until, now, g.Standing); err != nil {
		return err
	}
	posts := g.over(d, now)
	if len(posts) == 0 {
		return fault.At(op, "post", "委托人在此期间不担任该职务，请重新选择。", "The post is not the giver's in that time; choose again.")
	}
	return g.fits(d, posts)
}

// over lists the giver's posts that the delegation would convey.
func (g *Delegation) over(d *Directory, now int64) []Post {
	first, last := dayOf(max(g.Since, now)), "9999-12-31"
	if g.Until != 0 {
		last = dayOf(g.Until - 1)
	}
	var out []Post
	for _, p := range d.PostsOf(g.Giver, "") {
		if (g.Post == 0 || g.Post == p.ID) && p.From <= last && (p.To == "" || p.To >= first) {
			out = append(out, p)
		}
	}
	return out
}

// fits refuses duties that must not meet in one person, and a second delegation
// of the same.
func (g *Delegation) fits(d *Directory, posts []Post) error {
	const op = "auth.Delegate"
	var mine []Duty // what the taker has or is lent in that time
	for _, p := range d.PostsOf(g.Taker, "") {
		if p.To == "" || p.To >= d.day {
			mine = append(mine, p.Duty)
		}
	}
	for i := range d.delegations {
		o := &d.delegations[i]
		if o.Taker != g.Taker || !o.overlaps(g) {
			continue
		}
		if o.Giver == g.Giver && o.Post == g.Post && o.Standing == g.Standing && slices.Equal(o.Kinds, g.Kinds) {
			return fault.New(fault.Conflict, op, "此期间已有同样的委托，不必重复。", "The same is delegated for that time already.")
		}
		for _, p := range d.PostsOf(o.Giver, "") {
			if o.Post == 0 || o.Post == p.ID {
				mine = append(mine, p.Duty)
			}
		}
	}
	for _, p := range posts {
		if slices.ContainsFunc(mine, func(x Duty) bool { return apart(x, p.Duty) }) {
			return fault.At(op, "taker", "审计与办理、管理职务不相容，不能由一人兼任或代行，请另选受托人。", "Auditing goes with no other duty, not even by delegation; choose another delegate.")
		}
	}
	return nil
}

// reasoned bounds the reason of a delegation or an absence.
func reasoned(op, reason string) error {
	if n := utf8.RuneCountInString(reason); n < 2 || n > 200 || !utf8.ValidString(reason) || strings.ContainsFunc(reason, func(r rune) bool { return r < ' ' }) {
		return fault.At(op, "reason", "请写明事由，2至200个字。", "Give the reason, in 2 to 200 characters.")
	}
	return nil
}

// between refuses a time that is over, turned round or too long.
func between(op string, since, until, now int64, open bool) error {
	switch {
	case since < now-24*time.Hour.Microseconds():
		return fault.At(op, "since", "起始时间不能早于今天。", "It cannot begin before today.")
	case until == 0 && open:
		return nil
	case until <= since:
		return fault.At(op, "until", "截止时间须晚于起始时间。", "The end must be after the beginning.")
	case until <= now:
		return fault.At(op, "until", "截止时间已过。", "The end has passed.")
	case until-since > longest.Microseconds() && !open:
		return fault.At(op, "until", "期限不得超过一年；更久的请办理移交。", "It lasts a year at most; for longer, hand the work over.")
	}
	return nil
}

// Undelegate ends a delegation now: its giver may, or an administrator.
func (r *Registry) Undelegate(ctx context.Context, who Principal, key string, id int64) error {
	_, err := r.write(ctx, who, key, func(o order) (store.Change, *order) {
		c := &undelegate{order: o, delegation: id}
		return c, &c.order
	})
	return err
}

type undelegate struct {
	order
	delegation int64
}

func (c *undelegate) Load(g *store.Group) {
	c.order.Load(g)
	store.Want(g, &delegations, c.delegation)
}

func (c *undelegate) Decide(g *store.Group) error {
	d, ok := store.Get(g, &delegations, c.delegation)
	if !ok {
		return fault.New(fault.NotFound, "auth.Undelegate", "没有这一委托。", "There is no such delegation.")
	}
	units := c.dir.AnswersFor(d.Giver)
	if p, ok := c.dir.Post(d.Post); ok {
		units = []int64{p.Unit}
	}
	if done, err := c.beginFor(g, "directory.undelegate", d.Giver, units...); done || err != nil {
		return err
	}
	return c.end(g, d)
}

// end ends a delegation, within the change that does.
func (o *order) end(g *store.Group, d Delegation) error {
	if d.Ended != 0 || d.Until != 0 && d.Until <= o.at.UnixMicro() {
		return fault.New(fault.Conflict, "auth.Undelegate", "该委托已经终止。", "The delegation has ended already.")
	}
	d.Ended = o.at.UnixMicro()
	if err := o.record(g, EventUndelegated, d.ID, struct{}{}); err != nil {
		return err
	}
	store.Put(g, &delegations, d.ID, d)
	return nil
}

// MarkAbsent marks a person as away and gives the absence's id; the standing
// deputies of his posts act for him meanwhile.
func (r *Registry) MarkAbsent(ctx context.Context, who Principal, in NewAbsence) (int64, error) {
	if in.Person == 0 {
		in.Person = who.Person
	}
	return r.write(ctx, who, in.Key, func(o order) (store.Change, *order) {
		c := &markAbsent{order: o, in: in}
		return c, &c.order
	})
}

type markAbsent struct {
	order
	in NewAbsence
}

func (c *markAbsent) Decide(g *store.Group) error {
	const op = "auth.MarkAbsent"
	if done, err := c.beginFor(g, "directory.absent", c.in.Person, c.dir.AnswersFor(c.in.Person)...); done || err != nil {
		return err
	}
	a := Absence{Person: c.in.Person, Since: c.at.UnixMicro(), Until: c.in.Until.UnixMicro(), Reason: strings.TrimSpace(c.in.Reason)}
	if !c.in.Since.IsZero() {
		a.Since = c.in.Since.UnixMicro()
	}
	if _, ok := c.dir.Person(a.Person); !ok {
		return noPerson()
	}
	if err := reasoned(op, a.Reason); err != nil {
		return err
	}
	if c.in.Until.IsZero() {
		return fault.At(op, "until", "请写明哪一天回来。", "Say until when.")
	}
	if err := between(op, a.Since, a.Until, c.at.UnixMicro(), false); err != nil {
		return err
	}
	for _, o := range c.dir.absences {
		if o.Person == a.Person && o.Ended == 0 && o.Since < a.Until && a.Since < o.Until {
			return fault.New(fault.Conflict, op, "此期间已标明不在岗；如有变化，请先销假再标明。", "The person is marked away in that time already; end that first.")
		}
	}
	if err := c.record(g, EventAbsent, event.NewSubject, map[string]any{"person": a.Person, "since": a.Since, "until": a.Until, "reason": a.Reason}); err != nil {
		return err
	}
	a.ID = c.id
	store.Insert(g, &absences, a.ID, a)
	return nil
}

// EndAbsence marks a person as back (销假).
func (r *Registry) EndAbsence(ctx context.Context, who Principal, key string, id int64) error {
	_, err := r.write(ctx, who, key, func(o order) (store.Change, *order) {
		c := &endAbsence{order: o, absence: id}
		return c, &c.order
	})
	return err
}

type endAbsence struct {
	order
	absence int64
}

func (c *endAbsence) Load(g *store.Group) {
	c.order.Load(g)
	store.Want(g, &absences, c.absence)
}

func (c *endAbsence) Decide(g *store.Group) error {
	const op = "auth.EndAbsence"
	a, ok := store.Get(g, &absences, c.absence)
	if !ok {
		return fault.New(fault.NotFound, op, "没有这一不在岗记录。", "There is no such absence.")
	}
	if done, err := c.beginFor(g, "directory.absent", a.Person, c.dir.AnswersFor(a.Person)...); done || err != nil {
		return err
	}
	if a.Ended != 0 || a.Until <= c.at.UnixMicro() {
		return fault.New(fault.Conflict, op, "该不在岗记录已经结束。", "This absence is over already.")
	}
	a.Ended = c.at.UnixMicro()
	if err := c.record(g, EventBack, a.ID, struct{}{}); err != nil {
		return err
	}
	store.Put(g, &absences, a.ID, a)
	return nil
}
