package auth

import (
	"slices"
	"strings"
	"time"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/store"
)

// Delegation (委托) lets one person, the taker, act with a post of another, the
// giver, or with all of them, for some time and perhaps only for some kinds of
// matters. A standing one (AB角) counts only while the giver is absent. What is
// done by it bears both names. It cannot be handed on: only posts of one's own
// are ever delegated.
type Delegation struct {
	ID       int64
	Giver    int64
	Taker    int64
	Post     int64    // 0: all the giver's posts, and what waits for him by name
	Kinds    []string // kinds of matters; none means all
	Since    int64    // µs, included
	Until    int64    // µs, not included; 0 has no end
	Standing bool
	Reason   string
	Ended    int64 // µs: when it was revoked; 0 for never
}

// during reports whether the instant (µs) lies in the time of the delegation.
func (g *Delegation) during(at int64) bool {
	return g.Ended == 0 && g.Since <= at && (g.Until == 0 || at < g.Until)
}

// overlaps reports whether two delegations that have not ended share an instant.
func (g *Delegation) overlaps(o *Delegation) bool {
	return g.Ended == 0 && o.Ended == 0 && (o.Until == 0 || g.Since < o.Until) && (g.Until == 0 || o.Since < g.Until)
}

// Absence (不在岗) is when a person is away.
type Absence struct {
	ID     int64
	Person int64
	Since  int64 // µs, included
	Until  int64 // µs, not included
	Reason string
	Ended  int64 // µs: when it was called off; 0 for never
}

func (a *Absence) during(at int64) bool { return a.Ended == 0 && a.Since <= at && at < a.Until }

// Acting is a delegation in force: whom a person acts for, with which posts.
type Acting struct {
	Delegation
	Posts []Post
}

// ActsFor lists the delegations in force by which a person acts for others.
func (d *Directory) ActsFor(person int64) []Acting {
	var out []Acting
	for i := range d.borrowed[person] {
		g := d.borrowed[person][i]
		if posts := d.conveyed(&g); len(posts) > 0 {
			out = append(out, Acting{g, posts})
		}
	}
	return out
}

// ActedFor lists the delegations in force by which others act for a person.
func (d *Directory) ActedFor(person int64) []Acting {
	var out []Acting
	for i := range d.delegations {
		if g := d.delegations[i]; g.Giver == person {
			if posts := d.conveyed(&g); len(posts) > 0 {
				out = append(out, Acting{g, posts})
			}
		}
	}
	return out
}

// Delegations lists all delegations, also those that have ended or are to come.
// The slice is shared: do not change it.
func (d *Directory) Delegations() []Delegation { return d.delegations }

// Delegation finds a delegation by its id.
func (d *Directory) Delegation(id int64) (Delegation, bool) {
	i := slices.IndexFunc(d.delegations, func(g Delegation) bool { return g.ID == id })
	if i < 0 {
		return Delegation{}, false
	}
	return d.delegations[i], true
}

// Absences lists all absences. The slice is shared: do not change it.
func (d *Directory) Absences() []Absence { return d.absences }

// Absent gives the absence of a person at the snapshot's instant.
func (d *Directory) Absent(person int64) (Absence, bool) {
	i := slices.IndexFunc(d.absences, func(a Absence) bool { return a.Person == person && a.during(d.at) })
	if i < 0 {
		return Absence{}, false
	}
	return d.absences[i], true
}

// conveyed gives the posts with which the taker may act now; none when the
// delegation is not in force.
func (d *Directory) conveyed(g *Delegation) []Post {
	giver, taker := d.people[g.Giver], d.people[g.Taker]
	if !g.during(d.at) || giver == nil || taker == nil || giver.Status != Active || taker.Status != Active {
		return nil
	}
	if g.Standing {
		if _, away := d.Absent(g.Giver); !away {
			return nil
		}
	}
	var out []Post
	for _, p := range giver.posts {
		if p.On(d.day) && (g.Post == 0 || g.Post == p.ID) && !d.unfit(g.Taker, p.Duty) {
			out = append(out, p)
		}
	}
	return out
}

// unfit reports whether a person must not act with a duty because of one of his
// own: who audits neither acts nor administers, and the reverse.
func (d *Directory) unfit(person int64, duty Duty) bool {
	return slices.ContainsFunc(d.people[person].posts, func(p Post) bool { return p.On(d.day) && apart(p.Duty, duty) })
}

// apart reports duties that one person must not have together (不相容职务).
func apart(a, b Duty) bool { return (a == Auditor) != (b == Auditor) }

// hat is what a person may know himself to be by a delegation: the attributes
// that policies see in place of his own, and which resources it reaches.
type hat struct {
	*principal
	giver      *principal // what is forbidden to the giver is forbidden by delegation too
	delegation int64
	kinds      []string // of matters; none means all
	within     []int64  // units of the resource; none means all
}

// covers reports whether the delegation reaches a resource.
func (h *hat) covers(res *Resource) bool {
	return (len(h.kinds) == 0 || slices.Contains(h.kinds, res.Kind)) && (len(h.within) == 0 || slices.Contains(h.within, res.Unit))
}

// nobody is a person that no resource names.
const nobody int64 = -1

// hatsOf gives the hats of a person, worked out once for each snapshot. A
// delegation of one post makes two: the post without the person, and the person
// without a post, where what waits for him by name belongs to the post's unit or
// one above it. That of all posts is the giver's whole standing.
func (d *Directory) hatsOf(n *personNode) []hat {
	if len(d.borrowed[n.ID]) == 0 {
		return nil
	}
	if list := n.hats.Load(); list != nil {
		return *list
	}
	list := []hat{}
	for _, a := range d.ActsFor(n.ID) {
		h := hat{giver: d.principalOf(d.people[a.Giver]), delegation: a.ID, kinds: a.Kinds}
		if a.Post == 0 {
			h.principal = d.standing(a.Giver, a.Giver, a.Posts, nil, byDelegation)
			list = append(list, h)
			continue
		}
		person := h
		h.principal = d.standing(nobody, a.Giver, a.Posts, nil, byDelegation)
		person.principal = d.standing(a.Giver, a.Giver, nil, nil, byDelegation)
		person.within = d.Ancestors(a.Posts[0].Unit)
		list = append(list, h, person)
	}
	n.hats.Store(&list)
	return list
}

// Seat is a duty in a unit that a person may act with, and for whom.
type Seat struct {
	Post
	For   int64    // the giver of the delegation; 0 for a post of one's own
	Kinds []string // to which the delegation is limited
}

// Seats lists the posts with which a person may act now: his own, oldest first,
// then those delegated to him.
func (d *Directory) Seats(person int64) []Seat {
	var out []Seat
	for _, p := range d.PostsOf(person, d.day) {
		out = append(out, Seat{Post: p})
	}
	for _, a := range d.ActsFor(person) {
		for _, p := range a.Posts {
			out = append(out, Seat{p, a.Giver, a.Kinds})
		}
	}
	return out
}

// Reaches reports whether the post may be used for matters of a kind.
func (s *Seat) Reaches(kind string) bool { return len(s.Kinds) == 0 || slices.Contains(s.Kinds, kind) }

// Namesake is a person whose named work somebody may do by delegation.
type Namesake struct {
	Person int64
	Kinds  []string
	Within []int64 // units of the matters; none means all
}

// Reaches reports whether that holds for matters of a kind in a unit.
func (n *Namesake) Reaches(kind string, unit int64) bool {
	return (len(n.Kinds) == 0 || slices.Contains(n.Kinds, kind)) && (len(n.Within) == 0 || slices.Contains(n.Within, unit))
}

// StandsFor lists the people for whom a person may do what waits for them by name.
func (d *Directory) StandsFor(person int64) []Namesake {
	n := d.people[person]
	if n == nil || n.Status != Active {
		return nil
	}
	var out []Namesake
	for _, h := range d.hatsOf(n) {
		if h.person != nobody {
			out = append(out, Namesake{h.person, h.kinds, h.within})
		}
	}
	return out
}

var delegations = store.Table[int64, Delegation]{
	Name: "delegation", Key: []string{"id"}, KeyType: []string{"BIGINT"},
	Cols:    []string{"giver", "taker", "post", "kinds", "since", "until", "standing", "reason", "ended"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args: func(g Delegation) []any {
		return []any{g.Giver, g.Taker, g.Post, strings.Join(g.Kinds, " "), g.Since, g.Until, g.Standing, g.Reason, g.Ended}
	},
	Scan: func(row store.Scanner, rev *int64) (int64, Delegation, error) {
		g, err := scanDelegation(row, rev)
		return g.ID, g, err
	},
}

func scanDelegation(row store.Scanner, more ...any) (g Delegation, err error) {
	var kinds string
	err = row.Scan(append([]any{&g.ID, &g.Giver, &g.Taker, &g.Post, &kinds, &g.Since, &g.Until, &g.Standing, &g.Reason, &g.Ended}, more...)...)
	g.Kinds = strings.Fields(kinds)
	return g, err
}

var absences = store.Table[int64, Absence]{
	Name: "absence", Key: []string{"id"}, KeyType: []string{"BIGINT"},
	Cols:    []string{"person", "since", "until", "reason", "ended"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args:    func(a Absence) []any { return []any{a.Person, a.Since, a.Until, a.Reason, a.Ended} },
	Scan: func(row store.Scanner, rev *int64) (int64, Absence, error) {
		a, err := scanAbsence(row, rev)
		return a.ID, a, err
	},
}

func scanAbsence(row store.Scanner, more ...any) (a Absence, err error) {
	err = row.Scan(append([]any{&a.ID, &a.Person, &a.Since, &a.Until, &a.Reason, &a.Ended}, more...)...)
	return a, err
}

// dayOf gives the day of an instant (µs).
func dayOf(us int64) string { return time.UnixMicro(us).In(clock.Shanghai()).Format(dayForm) }

// LoadDelegations names the delegations that EndDelegations may end.
func LoadDelegations(g *store.Group, d *Directory, person int64) {
	for i := range d.delegations {
		if o := &d.delegations[i]; o.Giver == person || o.Taker == person {
			store.Want(g, &delegations, o.ID)
		}
	}
}

// EndDelegations ends all that a person gave and was given, within a change that
// writes an event about it, and gives their ids.
func EndDelegations(g *store.Group, d *Directory, person int64, at time.Time) []int64 {
	ended := []int64{}
	for i := range d.delegations {
		o := d.delegations[i]
		if o.Giver != person && o.Taker != person || o.Ended != 0 || o.Until != 0 && o.Until <= at.UnixMicro() {
			continue
		}
		o.Ended = at.UnixMicro()
		store.Put(g, &delegations, o.ID, o)
		ended = append(ended, o.ID)
	}
	if len(ended) > 0 {
		advance(g)
	}
	return ended
}
