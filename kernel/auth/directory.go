package auth

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/cedar-policy/cedar-go"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
)

// Unit (单位) is one node of the tree of units.
type Unit struct {
	ID      int64
	Parent  int64 // 0 for the root
	Level   Level
	Kind    Kind
	DutyKey string // stable key such as "renshe", by which imports find the unit; "" for none
	Name    fault.Text
}

// Status says whether a person may sign in and act.
type Status string

// The states of a person.
const (
	Active    Status = "active"
	Suspended Status = "suspended" // 停用
)

// Person is one natural person. Name and login are personal data: they are
// shown to people and never logged.
type Person struct {
	ID     int64
	Login  string
	Name   fault.Text
	Status Status
}

// Post (任职) gives a person a duty in a unit. Days are YYYY-MM-DD in Shanghai;
// both ends are included, and an empty To has no end.
type Post struct {
	ID     int64
	Person int64
	Unit   int64
	Duty   Duty
	Title  fault.Text
	From   string
	To     string
}

// On reports whether the post is held on a day.
func (p Post) On(day string) bool { return p.From <= day && (p.To == "" || day <= p.To) }

// Directory is all units, people, posts and delegations as one version at one
// instant. It does not change and may be read by any number of goroutines.
type Directory struct {
	version int64
	day     string
	units   map[int64]*unitNode
	people  map[int64]*personNode
	keys    map[string]int64 // DutyKey → unit
	order   []int64          // units, parents first
	roster  []int64          // people by id
	holders map[seat][]Post
	root    int64
	rows    rows         // as given, for a later snapshot
	nothing cedar.Record // an empty set, as an attribute of a resource

	at, from, until int64 // µs: the snapshot's instant, and from which to which (not included) it is true
	delegations     []Delegation
	absences        []Absence
	borrowed        map[int64][]Delegation // by taker: those whose time it is
}

// rows are what a snapshot is made of.
type rows struct {
	units       []Unit
	people      []Person
	posts       []Post
	delegations []Delegation
	absences    []Absence
}

type seat struct {
	unit int64
	duty Duty
}

type unitNode struct {
	Unit
	children []int64
	value    cedar.Value  // the unit as policies see it
	record   cedar.Record // value as an attribute of a resource
}

type personNode struct {
	Person
	posts  []Post // all, by From
	value  cedar.Value
	record cedar.Record
	cache  atomic.Pointer[principal]
	hats   atomic.Pointer[[]hat]
}

// NewDirectory builds a snapshot without delegations as of a day (YYYY-MM-DD). It
// refuses, as Internal, ids below 1, a tree with a cycle or two roots, and a post
// without its person or unit.
func NewDirectory(version int64, day string, units []Unit, people []Person, posts []Post) (*Directory, error) {
	at, err := time.ParseInLocation(dayForm, day, clock.Shanghai())
	if err != nil {
		return nil, broken("the day of the snapshot cannot be read")
	}
	return newDirectory(version, at, rows{units: units, people: people, posts: posts})
}

// newDirectory builds a snapshot as of an instant.
func newDirectory(version int64, at time.Time, in rows) (*Directory, error) {
	units, people, posts := in.units, in.people, in.posts
	d := &Directory{
		version: version, rows: in, at: at.UnixMicro(), day: at.In(clock.Shanghai()).Format(dayForm),
		units:       make(map[int64]*unitNode, len(units)),
		people:      make(map[int64]*personNode, len(people)),
		keys:        map[string]int64{},
		holders:     make(map[seat][]Post, len(posts)),
		delegations: in.delegations, absences: in.absences, borrowed: map[int64][]Delegation{},
		nothing: factRecord(cedar.NewSet()),
	}
	d.span(at)
	for _, u := range units {
		value := entityOf(unitType, u.ID)
		d.units[u.ID] = &unitNode{Unit: u, value: value, record: factRecord(value)}
		if u.DutyKey != "" {
			d.keys[u.DutyKey] = u.ID
		}
	}
	if err := d.plant(units); err != nil {
		return nil, err
	}
	for _, p := range people {
		if p.ID < 1 {
			return nil, broken("a person has no id")
		}
		value := entityOf(personType, p.ID)
		d.people[p.ID] = &personNode{Person: p, value: value, record: factRecord(value)}
		d.roster = append(d.roster, p.ID)
	}
	slices.Sort(d.roster)
	for _, post := range posts {
		if err := d.seat(post); err != nil {
			return nil, err
		}
	}
	for _, p := range d.people {
		slices.SortFunc(p.posts, func(a, b Post) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.ID, b.ID)) })
	}
	for _, posts := range d.holders {
		slices.SortFunc(posts, func(a, b Post) int { return cmp.Compare(a.ID, b.ID) })
	}
	return d, nil
}

// plant links parents and children and lists the units parents first.
func (d *Directory) plant(units []Unit) error {
	sorted := slices.Clone(units)
	slices.SortFunc(sorted, func(a, b Unit) int { return cmp.Compare(a.ID, b.ID) })
	for _, u := range sorted {
		if u.ID < 1 { // 0 means "none" wherever a unit is named
			return broken("a unit has no id")
		}
		if u.Parent == 0 {
			if d.root != 0 {
				return broken(fmt.Sprintf("units %d and %d have no parent", d.root, u.ID))
			}
			d.root = u.ID
			continue
		}
		parent, ok := d.units[u.Parent]
		if !ok {
			return broken(fmt.Sprintf("unit %d has no parent %d", u.ID, u.Parent))
		}
		parent.children = append(parent.children, u.ID)
	}
	if d.root != 0 {
		d.order = d.Descendants(d.root)
	}
	if len(d.order) != len(units) {
		return broken("the tree of units has a cycle")
	}
	return nil
}

// seat enters a post under its person and, if held today by someone active,
// under its unit.
func (d *Directory) seat(post Post) error {
	person, ok := d.people[post.Person]
	if !ok || d.units[post.Unit] == nil {
		return broken(fmt.Sprintf("post %d lacks its person or unit", post.ID))
	}
	person.posts = append(person.posts, post)
	if post.On(d.day) && person.Status == Active {
		s := seat{post.Unit, post.Duty}
		d.holders[s] = append(d.holders[s], post)
	}
	return nil
}

func broken(what string) error {
	return &fault.Error{Kind: fault.Internal, Op: "auth.NewDirectory", Err: fmt.Errorf("%s", what),
		Text: fault.T("组织目录自相矛盾，请运行 touyan check。", "The directory contradicts itself; run touyan check.")}
}

// Version is the version of the directory this snapshot shows.
func (d *Directory) Version() int64 { return d.version }

// Day is the day (YYYY-MM-DD) as of which posts count as held.
func (d *Directory) Day() string { return d.day }

// span finds how long the snapshot is true: to the end of the day, or to the
// next instant at which a delegation or an absence begins or ends.
func (d *Directory) span(at time.Time) {
	year, month, day := at.In(clock.Shanghai()).Date()
	midnight := time.Date(year, month, day, 0, 0, 0, 0, clock.Shanghai())
	d.from, d.until = midnight.UnixMicro(), midnight.AddDate(0, 0, 1).UnixMicro()
	bound := func(instants ...int64) {
		for _, us := range instants {
			if us <= d.at {
				d.from = max(d.from, us)
			} else {
				d.until = min(d.until, us)
			}
		}
	}
	for i := range d.delegations {
		g := &d.delegations[i]
		bound(g.Since, g.Until)
		if g.during(d.at) {
			d.borrowed[g.Taker] = append(d.borrowed[g.Taker], *g)
		}
	}
	for i := range d.absences {
		bound(d.absences[i].Since, d.absences[i].Until)
	}
}

// holds reports whether the snapshot is true at an instant.
func (d *Directory) holds(at time.Time) bool {
	us := at.UnixMicro()
	return d.from <= us && us < d.until
}

// on gives the same version as of another instant.
func (d *Directory) on(at time.Time) (*Directory, error) { return newDirectory(d.version, at, d.rows) }

// Unit gives a unit.
func (d *Directory) Unit(id int64) (Unit, bool) {
	if n, ok := d.units[id]; ok {
		return n.Unit, true
	}
	return Unit{}, false
}

// UnitByKey finds a unit by its stable key.
func (d *Directory) UnitByKey(key string) (Unit, bool) { return d.Unit(d.keys[key]) }

// Root is the id of the root of the tree, or 0 in an empty directory.
func (d *Directory) Root() int64 { return d.root }

// Units lists all units, parents before children.
func (d *Directory) Units() []Unit {
	out := make([]Unit, len(d.order))
	for i, id := range d.order {
		out[i] = d.units[id].Unit
	}
	return out
}

// Person gives a person.
func (d *Directory) Person(id int64) (Person, bool) {
	if n, ok := d.people[id]; ok {
		return n.Person, true
	}
	return Person{}, false
}

// People lists all people by id.
func (d *Directory) People() []Person {
	out := make([]Person, len(d.roster))
	for i, id := range d.roster {
		out[i] = d.people[id].Person
	}
	return out
}

// Descendants lists a unit and all units below it, parents first; nothing for
// an unknown unit.
func (d *Directory) Descendants(unit int64) []int64 {
	if d.units[unit] == nil {
		return nil
	}
	out := []int64{unit}
	for i := 0; i < len(out); i++ {
		out = append(out, d.units[out[i]].children...)
	}
	return out
}

// Ancestors lists a unit and all units above it, up to the root.
func (d *Directory) Ancestors(unit int64) []int64 {
	var out []int64
	for n := d.units[unit]; n != nil; n = d.units[n.Parent] {
		out = append(out, n.ID)
	}
	return out
}

// Enclosing gives the unit itself, or the nearest above it that is not a
// section: the bureau to which a section belongs. 0 for an unknown unit.
func (d *Directory) Enclosing(unit int64) int64 {
	for n := d.units[unit]; n != nil; n = d.units[n.Parent] {
		if n.Kind != Sector {
			return n.ID
		}
	}
	return 0
}

// OfficeOf gives the unit itself or the nearest above it that is an office; 0
// when there is none.
func (d *Directory) OfficeOf(unit int64) int64 {
	for n := d.units[unit]; n != nil; n = d.units[n.Parent] {
		if n.Kind == Office {
			return n.ID
		}
	}
	return 0
}

// PostsOf lists the posts a person holds on a day, oldest first. An empty day
// means every post, past and future.
func (d *Directory) PostsOf(person int64, day string) []Post {
	n, ok := d.people[person]
	if !ok {
		return nil
	}
	var out []Post
	for _, p := range n.posts {
		if day == "" || p.On(day) {
			out = append(out, p)
		}
	}
	return out
}

// Post finds a post by its id.
func (d *Directory) Post(id int64) (Post, bool) {
	for _, p := range d.rows.posts {
		if p.ID == id {
			return p, true
		}
	}
	return Post{}, false
}

// Holders lists the posts by which active people hold a duty in a unit on the
// snapshot's day, oldest post first. The slice is shared: do not change it.
func (d *Directory) Holders(duty Duty, unit int64) []Post { return d.holders[seat{unit, duty}] }

// Holds reports whether a person holds a duty in a unit on the snapshot's day.
func (d *Directory) Holds(person int64, duty Duty, unit int64) bool {
	for _, p := range d.holders[seat{unit, duty}] {
		if p.Person == person {
			return true
		}
	}
	return false
}

const (
	unitType   cedar.EntityType = "Unit"
	personType cedar.EntityType = "Person"
)

// entityOf gives a unit or a person as policies see it.
func entityOf(kind cedar.EntityType, id int64) cedar.Value {
	return cedar.NewEntityUID(kind, cedar.String(strconv.FormatInt(id, 10)))
}

// unitRecord, personRecord and personValue give what policies see of an id,
// made once for those in the directory.
func (d *Directory) unitRecord(id int64) cedar.Record {
	if n, ok := d.units[id]; ok {
		return n.record
	}
	return factRecord(entityOf(unitType, id))
}

func (d *Directory) personRecord(id int64) cedar.Record {
	if n, ok := d.people[id]; ok {
		return n.record
	}
	return factRecord(d.personValue(id))
}

func (d *Directory) personValue(id int64) cedar.Value {
	if n, ok := d.people[id]; ok {
		return n.value
	}
	return entityOf(personType, id)
}
