package auth

import (
	"slices"

	"github.com/cedar-policy/cedar-go"
)

// Principal is who acts. Its rights are not in it: they follow from the posts
// that the directory shows for Person.
type Principal struct {
	Person  int64
	Name    string // for screens, never for logs
	NameEN  string
	Session int64 // the session's id; 0 for acts without one, such as imports by the program
}

// principal is what policies may know about a person on a day.
type principal struct {
	person      int64
	owner       int64    // whose posts they are
	by          []string // bySelf or byDelegation
	posts       []string // "duty@unit"
	duties      []string
	units       []int64 // of all posts
	within      []int64 // units of all posts, also borrowed ones, and all above them
	leads       []int64 // units the person answers for, with all below them
	offices     []int64 // offices whose staff the person belongs to
	administers []int64 // units the person administers, with all below them
	entity      cedar.Entity
}

// How a principal has its rights, as policies may ask: principal.by.
const (
	bySelf       = "self"
	byDelegation = "delegation"
)

// principalOf gives a person's attributes by his own posts, worked out once for
// each snapshot.
func (d *Directory) principalOf(n *personNode) *principal {
	if p := n.cache.Load(); p != nil {
		return p
	}
	var held []Post
	for _, post := range n.posts {
		if post.On(d.day) {
			held = append(held, post)
		}
	}
	var borrowed []Post
	for _, a := range d.ActsFor(n.ID) {
		borrowed = append(borrowed, a.Posts...)
	}
	p := d.standing(n.ID, n.ID, held, borrowed, bySelf)
	n.cache.Store(p)
	return p
}

// standing gives what policies see of somebody who has the posts. owner is whose
// they are. The borrowed ones only count for where he belongs.
func (d *Directory) standing(person, owner int64, held, borrowed []Post, by string) *principal {
	p := &principal{person: person, owner: owner, by: []string{by}}
	for _, post := range borrowed {
		p.within = append(p.within, d.Ancestors(post.Unit)...)
	}
	for _, post := range held {
		p.posts = append(p.posts, Need(post.Duty, post.Unit))
		p.duties = append(p.duties, string(post.Duty))
		p.units = append(p.units, post.Unit)
		p.within = append(p.within, d.Ancestors(post.Unit)...)
		if post.Duty.leads() {
			p.leads = append(p.leads, d.Descendants(post.Unit)...)
		}
		if office := d.OfficeOf(post.Unit); office != 0 && post.Duty.serves() {
			p.offices = append(p.offices, office)
		}
		if post.Duty == Admin {
			p.administers = append(p.administers, d.Descendants(post.Unit)...)
		}
	}
	p.posts, p.duties = distinct(p.posts), distinct(p.duties)
	p.units, p.within, p.leads, p.offices, p.administers = distinct(p.units), distinct(p.within), distinct(p.leads), distinct(p.offices), distinct(p.administers)
	p.entity = cedar.Entity{
		UID: d.personValue(person).(cedar.EntityUID),
		Attributes: cedar.NewRecord(cedar.RecordMap{
			"posts": stringSet(p.posts), "duties": stringSet(p.duties), "units": unitSet(p.units), "by": stringSet(p.by), "within": unitSet(p.within),
			"leads": unitSet(p.leads), "offices": unitSet(p.offices), "administers": unitSet(p.administers),
		}),
	}
	return p
}

func distinct[T int64 | string](list []T) []T {
	slices.Sort(list)
	return slices.Compact(list)
}

func stringSet(list []string) cedar.Set {
	values := make([]cedar.Value, len(list))
	for i, s := range list {
		values[i] = cedar.String(s)
	}
	return cedar.NewSet(values...)
}

func unitSet(list []int64) cedar.Set {
	values := make([]cedar.Value, len(list))
	for i, id := range list {
		values[i] = entityOf(unitType, id)
	}
	return cedar.NewSet(values...)
}
