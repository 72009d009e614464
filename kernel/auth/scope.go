package auth

import (
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go"

	"touyan.dev/touyan/kernel/fault"
)

// Columns says where a list keeps the attributes of its resources. An empty
// expression means the list has none; a policy that reads it is then an error,
// which Covers finds when the program starts. All of it is SQL written by the
// list's own package, never input.
type Columns struct {
	Type       string // as Resource.Type
	Unit       string // "m.unit"
	Office     string
	Originator string
	Named      string
	Kind       string
	Class      string
	Parties    Members
	Need       Members
	Sealed     Members
	Apart      Members
}

// Members maps a set: Of is the column to look for, From selects the resources
// up to the column that holds the element. With Of "m.id" and From "SELECT
// matter FROM matter_party WHERE person", Scope writes
//
//	m.id IN (SELECT matter FROM matter_party WHERE person = ?)
type Members struct{ Of, From string }

func (c *Columns) scalar(a attr) string {
	switch a {
	case attrUnit:
		return c.Unit
	case attrOffice:
		return c.Office
	case attrOriginator:
		return c.Originator
	case attrNamed:
		return c.Named
	case attrKind:
		return c.Kind
	case attrClass:
		return c.Class
	}
	return ""
}

func (c *Columns) members(a attr) Members {
	switch a {
	case attrParties:
		return c.Parties
	case attrSealed:
		return c.Sealed
	case attrApart:
		return c.Apart
	}
	return c.Need
}

// Disjunct is one predicate that an index can answer; what a principal may see
// is the union of its disjuncts. Args fit the ? marks in order. Set is given when
// the predicate says, before Rest, no more than that the resource belongs to this
// set, so that a list may walk along the set instead: where it finds Member, and
// Rest holds. Rest is what the forbids leave, " AND NOT (…)" or nothing.
type Disjunct struct {
	SQL      string
	Args     []any
	Set      Members
	Member   []any
	Rest     string
	RestArgs []any
}

// maxDisjuncts bounds how far conditions are multiplied out; a policy beyond
// it becomes one nested predicate.
const maxDisjuncts = 16

// Scope gives the predicates of the resources on which who may do the action:
// the same policies as Require. No disjuncts means nothing is visible.
func (r *Rules) Scope(d *Directory, who Principal, action string, cols Columns) ([]Disjunct, error) {
	p, err := d.known(who)
	if err != nil {
		return nil, err
	}
	b := r.bucket(action)
	if err := b.covered(&cols); err != nil {
		return nil, err
	}
	own, never := b.except(p, &cols, nil)
	if never {
		return nil, nil
	}
	out := b.permitted(nil, p, &cols, residue{op: opTrue}, own)
	for _, h := range d.hatsOf(d.people[who.Person]) {
		except, never := b.except(h.giver, &cols, own)
		if !never {
			except, never = b.except(h.principal, &cols, except)
		}
		if never {
			continue
		}
		out = b.permitted(out, h.principal, &cols, h.reach(), except)
	}
	return out, nil
}

// except adds the conditions of the forbids that are left for a principal; never
// reports that one rules whatever the resource.
func (b *bucket) except(p *principal, cols *Columns, to []Disjunct) (list []Disjunct, never bool) {
	list = slices.Clone(to)
	for _, policy := range b.policies {
		if !policy.forbid {
			continue
		}
		left := p.bind(policy.cond, cedar.EntityType(cols.Type))
		if left.op == opTrue {
			return nil, true
		}
		if left.op == opFalse {
			continue
		}
		one := left.sql(cols)
		if !slices.ContainsFunc(list, one.same) {
			list = append(list, one)
		}
	}
	return list, false
}

func (o Disjunct) same(s Disjunct) bool { return o.SQL == s.SQL && slices.Equal(o.Args, s.Args) }

// permitted adds the disjuncts of the permits for a principal, within reach.
func (b *bucket) permitted(out []Disjunct, p *principal, cols *Columns, reach residue, except []Disjunct) []Disjunct {
	for _, policy := range b.policies {
		if policy.forbid {
			continue
		}
		left := joined(opAnd, p.bind(policy.cond, cedar.EntityType(cols.Type)), reach)
		if left.op == opFalse {
			continue
		}
		for _, one := range left.disjuncts() {
			s := one.sql(cols)
			if one.op == opOr {
				s.SQL = "(" + s.SQL + ")"
			}
			s.Member = s.Args
			for _, not := range except {
				s.Rest += " AND NOT (" + not.SQL + ")"
				s.RestArgs = append(s.RestArgs, not.Args...)
			}
			s.SQL += s.Rest
			s.Args = append(slices.Clone(s.Args), s.RestArgs...)
			if !slices.ContainsFunc(out, s.same) {
				out = append(out, s)
			}
		}
	}
	return out
}

// reach is hat.covers as a condition.
func (h *hat) reach() residue {
	out := residue{op: opTrue}
	if len(h.kinds) > 0 {
		out = joined(opAnd, out, residue{op: opMeets, attr: attrKind, args: anys(h.kinds)})
	}
	if len(h.within) > 0 {
		out = joined(opAnd, out, residue{op: opMeets, attr: attrUnit, args: anys(h.within)})
	}
	return out
}

// Except gives, in Rest, what the forbids of the action leave to who, whatever a
// permit may say: for lists and counts that find their rows in another way
// than by a permit, and must still show nothing that is kept from the reader.
func (r *Rules) Except(d *Directory, who Principal, action string, cols Columns) (Disjunct, error) {
	p, err := d.known(who)
	if err != nil {
		return Disjunct{}, err
	}
	forbids := r.bucket(action).prohibits
	if err := forbids.covered(&cols); err != nil {
		return Disjunct{}, err
	}
	list, never := forbids.except(p, &cols, nil)
	if never {
		list = []Disjunct{{SQL: "1 = 1"}}
	}
	var out Disjunct
	for _, not := range list {
		out.Rest += " AND NOT (" + not.SQL + ")"
		out.RestArgs = append(out.RestArgs, not.Args...)
	}
	return out, nil
}

// Covers reports, as Internal, an attribute that a policy of the action reads
// and the list has no column for. Call it where the list is set up.
func (r *Rules) Covers(action string, cols Columns) error { return r.bucket(action).covered(&cols) }

func (b *bucket) covered(cols *Columns) error {
	names := attributes()
	for _, a := range b.attrs {
		if names[a].set && (cols.members(a).Of == "" || cols.members(a).From == "") || !names[a].set && cols.scalar(a) == "" {
			return fault.New(fault.Internal, "auth.Scope", "程序缺陷：列表缺少权限策略所需的列。",
				"A defect: the list has no column for attribute "+string(names[a].name)+", which a policy reads.")
		}
	}
	return nil
}

// residue is what is left of a condition once the principal is known: only
// attributes of the resource.
type residue struct {
	op   operator // opTrue, opFalse, opAnd, opOr, opMeets, opHas
	kids []residue
	neg  bool // of opMeets and opHas
	attr attr
	with attr  // opMeets of two attributes
	both bool  // with is set
	args []any // opMeets with values
}

// bind works out what depends on the principal and the type alone. Negations
// end at the leaves.
func (p *principal) bind(e *expr, kind cedar.EntityType) residue { return p.bound(e, kind, false) }

func (p *principal) bound(e *expr, kind cedar.EntityType, neg bool) residue {
	switch e.op {
	case opTrue, opFalse:
		return truth((e.op == opTrue) != neg)
	case opIs:
		return truth((e.kind == kind) != neg)
	case opNot:
		return p.bound(e.kids[0], kind, !neg)
	case opAnd, opOr:
		op := e.op
		if neg {
			op = map[operator]operator{opAnd: opOr, opOr: opAnd}[op]
		}
		return joined(op, p.bound(e.kids[0], kind, neg), p.bound(e.kids[1], kind, neg))
	case opHas:
		return residue{op: opHas, attr: e.left.attr, neg: neg}
	}
	if e.left.place == inResource && e.right.place == inResource {
		return residue{op: opMeets, attr: e.left.attr, with: e.right.attr, both: true, neg: neg}
	}
	right := p.values(e.right)
	if e.left.place == inResource {
		if len(right) == 0 {
			return truth(neg)
		}
		return residue{op: opMeets, attr: e.left.attr, args: right, neg: neg}
	}
	common := slices.ContainsFunc(p.values(e.left), func(v any) bool { return slices.Contains(right, v) })
	return truth(common != neg)
}

func truth(b bool) residue {
	if b {
		return residue{op: opTrue}
	}
	return residue{op: opFalse}
}

// joined builds a conjunction or disjunction without constants.
func joined(op operator, parts ...residue) residue {
	ends, drops := opFalse, opTrue
	if op == opOr {
		ends, drops = opTrue, opFalse
	}
	out := residue{op: op}
	for _, part := range parts {
		switch part.op {
		case ends:
			return part
		case drops:
		case op:
			out.kids = append(out.kids, part.kids...)
		default:
			out.kids = append(out.kids, part)
		}
	}
	switch len(out.kids) {
	case 0:
		return residue{op: drops}
	case 1:
		return out.kids[0]
	}
	return out
}

// values gives a term of the principal or the text as SQL arguments.
func (p *principal) values(t term) []any {
	if t.place == inText {
		if t.of == aString {
			return anys(t.words)
		}
		return anys(t.ids)
	}
	switch t.name {
	case "posts":
		return anys(p.posts)
	case "duties":
		return anys(p.duties)
	case "by":
		return anys(p.by)
	case "units":
		return anys(p.units)
	case "within":
		return anys(p.within)
	case "leads":
		return anys(p.leads)
	case "offices":
		return anys(p.offices)
	case "administers":
		return anys(p.administers)
	}
	return []any{p.person}
}

func anys[T any](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
	}
	return out
}

// disjuncts multiplies the condition out into conjunctions, or gives it whole
// when they would be too many. A column that may have one of several values makes
// one for each: an index gives each in order, but not their union.
func (r residue) disjuncts() []residue {
	parts, ok := r.normal()
	if !ok {
		return []residue{r}
	}
	var out []residue
	for _, part := range parts {
		if part.op != opMeets || part.neg || part.both || len(part.args) > maxDisjuncts {
			out = append(out, part)
			continue
		}
		for _, arg := range part.args {
			one := part
			one.args = []any{arg}
			out = append(out, one)
		}
	}
	return out
}

func (r residue) normal() ([]residue, bool) {
	switch r.op {
	case opOr:
		var out []residue
		for _, k := range r.kids {
			part, ok := k.normal()
			if !ok || len(out)+len(part) > maxDisjuncts {
				return nil, false
			}
			out = append(out, part...)
		}
		return out, true
	case opAnd:
		out := []residue{{op: opTrue}}
		for _, k := range r.kids {
			part, ok := k.normal()
			if !ok || len(out)*len(part) > maxDisjuncts {
				return nil, false
			}
			var next []residue
			for _, a := range out {
				for _, b := range part {
					next = append(next, joined(opAnd, a, b))
				}
			}
			out = next
		}
		return out, true
	}
	return []residue{r}, true
}

// sql writes the condition.
func (r residue) sql(cols *Columns) Disjunct {
	switch r.op {
	case opTrue:
		return Disjunct{SQL: "1 = 1"}
	case opFalse:
		return Disjunct{SQL: "1 = 0"}
	case opAnd, opOr:
		var out Disjunct
		word := map[operator]string{opAnd: " AND ", opOr: " OR "}[r.op]
		for i, k := range r.kids {
			part := k.sql(cols)
			if k.op == opOr || k.op == opAnd {
				part.SQL = "(" + part.SQL + ")"
			}
			if i > 0 {
				out.SQL += word
			}
			out.SQL += part.SQL
			out.Args = append(out.Args, part.Args...)
		}
		return out
	case opHas:
		unset, sign := "0", " <> "
		if attributes()[r.attr].of == aString {
			unset = "''"
		}
		if r.neg {
			sign = " = "
		}
		return Disjunct{SQL: cols.scalar(r.attr) + sign + unset}
	}
	return r.compare(cols)
}

func (r residue) compare(cols *Columns) Disjunct {
	equal, in := " = ", " IN "
	if r.neg {
		equal, in = " <> ", " NOT IN "
	}
	if r.both {
		return Disjunct{SQL: cols.scalar(r.attr) + equal + cols.scalar(r.with)}
	}
	if attributes()[r.attr].set {
		m := cols.members(r.attr)
		d := Disjunct{SQL: m.Of + in + "(" + oneOf(m.From, " = ", " IN ", len(r.args)) + ")", Args: r.args}
		if !r.neg && len(r.args) == 1 {
			d.Set = m
		}
		return d
	}
	return Disjunct{SQL: oneOf(cols.scalar(r.attr), equal, in, len(r.args)), Args: r.args}
}

// oneOf compares a column with n values.
func oneOf(column, equal, in string, n int) string {
	if n == 1 {
		return column + equal + "?"
	}
	return column + in + "(" + strings.TrimSuffix(strings.Repeat("?, ", n), ", ") + ")"
}
