// Package demo is the fictional city of Chengchuan (澄川市) and one Monday of it
// (design: the story), for showing the product and for testing it end to end.
//
// Seed builds the city and lets a year of office work happen on a clock that is
// moved by hand: each act goes through the same engine, rights and calendar as
// on any other day, so receipts, escalations and deadlines are real. The same
// seed makes the same log, up to the salts of its bodies. Story tells the twelve
// steps. A step whose domain exists is carried out by real acts of the right
// people, and what it shows is computed from the database; a step whose domain
// does not exist is listed by name as not built, and nothing is faked.
//
// Whatever can be cut off can be gone on with: where the story stands is read
// from the database, never counted, and the demo's clock is kept in a file.
//
// City, province, units, people, region codes and all figures are made up.
package demo

import (
	"context"
	_ "embed"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/attach"
	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/observatory"
)

// Parts is what the demo works with: the parts of a running program, on a clock
// that is moved by hand.
type Parts struct {
	DB       *store.DB
	File     string // the SQLite file of DB
	Dir      string // where the demo keeps its clock and its altered copy
	Clock    *clock.Manual
	Key      *audit.Key
	Book     *auth.Book
	Rules    *auth.Rules
	Accounts *auth.Accounts
	Registry *auth.Registry
	Desk     *matter.Engine
	Docket   *docket.Office
	Watch    *observatory.Desk
	Files    *attach.Cabinet
}

// town is the city as the demo's people find their way in it.
type town struct {
	Parts
	city   *city
	office int64
	who    map[string]auth.Principal // by login
}

// open finds the people and the office in the directory.
func (p Parts) open() (*town, error) {
	c, err := readCity()
	if err != nil {
		return nil, err
	}
	t := &town{Parts: p, city: c, who: map[string]auth.Principal{}}
	dir := p.Book.Now()
	for _, u := range dir.Units() {
		if u.Kind == auth.Office && u.Parent == dir.Root() {
			t.office = u.ID
		}
	}
	for _, person := range dir.People() {
		t.who[person.Login] = auth.Principal{Person: person.ID, Name: person.Name.ZH, NameEN: person.Name.EN}
	}
	for _, named := range c.People {
		if _, ok := t.who[named.Login]; !ok || t.office == 0 {
			return nil, fault.New(fault.Conflict, "demo.open", "这里没有完整的演示城市，请用 --fresh 重建。", "There is no whole demo city here; build it anew with --fresh.")
		}
	}
	return t, nil
}

// unit finds a unit by its key; "office" is the office itself, and KEY/N the
// N-th section of a unit.
func (t *town) unit(key string) (auth.Unit, error) {
	dir := t.Book.Now()
	key, section, sub := strings.Cut(key, "/")
	u, ok := dir.UnitByKey(key)
	if key == "office" {
		u, ok = dir.Unit(t.office)
	}
	if sub && ok {
		n, _ := strconv.Atoi(section)
		sections := t.sections(u.ID)
		if ok = n >= 1 && n <= len(sections); ok {
			u = sections[n-1]
		}
	}
	if !ok {
		return u, fmt.Errorf("demo: no unit %q", key)
	}
	return u, nil
}

// sections lists the sections directly below a unit, oldest first.
func (t *town) sections(unit int64) []auth.Unit {
	var out []auth.Unit
	for _, u := range t.Book.Now().Units() {
		if u.Parent == unit && u.Kind == auth.Sector {
			out = append(out, u)
		}
	}
	return out
}

// holder gives whoever holds a duty in a unit, the longest there first.
func (t *town) holder(duty auth.Duty, unit int64) (auth.Principal, bool) {
	posts := t.Book.Now().Holders(duty, unit)
	if len(posts) == 0 {
		return auth.Principal{}, false
	}
	return auth.Principal{Person: posts[0].Person}, true
}

// clerkOf gives the clerk on whose desk the office's reading happens: the
// supervision officer, who may see every matter of the office.
func (t *town) reader() auth.Principal { return t.who["lin"] }

// pick gives a number from 0 up to but without n that follows from the words
// alone: the seed's only source of chance.
func pick(n int, words ...any) int {
	h := fnv.New64a()
	fmt.Fprintln(h, words...)
	// The low bits of FNV of similar words are similar; fold the high ones in.
	x := h.Sum64()
	x ^= x >> 29
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 32
	return int(x % uint64(n))
}

// decode reads an embedded YAML file; an unknown field is an error.
func decode(ctx context.Context, name string, text []byte, into any) error {
	if err := yaml.UnmarshalContext(ctx, text, into, yaml.Strict()); err != nil {
		return fmt.Errorf("demo: %s: %w", name, err)
	}
	return nil
}
