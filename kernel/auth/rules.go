package auth

import (
	"iter"
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go"

	"touyan.dev/touyan/kernel/fault"
)

// Source is one file of policies.
type Source struct{ Name, Text string }

// Rules are the policies of all domains, checked and ready. They do not change.
type Rules struct {
	buckets map[string]*bucket
	common  *bucket // policies for every action
}

// bucket is the policies that bear on one action.
type bucket struct {
	policies []*policy
	attrs    []attr // attributes of the resource that they read
	denied   fault.Text

	prohibits *bucket // the forbids alone
}

// All implements cedar.PolicyIterator: the policies in the order of their files.
func (b *bucket) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) {
		for _, p := range b.policies {
			if !yield(cedar.PolicyID(p.id), p.cedar) {
				return
			}
		}
	}
}

// NewRules reads policies. Anything outside the supported subset, a missing or
// repeated @id, and a policy that names a person are refused as Invalid with
// file, policy and line.
func NewRules(sources ...Source) (*Rules, error) {
	var all []*policy
	seen := map[string]bool{}
	for _, source := range sources {
		list, err := cedar.NewPolicyListFromBytes(source.Name, []byte(source.Text))
		if err != nil {
			return nil, problem(source.Name, "", 1, err)
		}
		for _, parsed := range list {
			p, err := readPolicy(source.Name, parsed)
			if err == nil && seen[p.id] {
				err = refuse("@id 与另一条策略重复。", "Another policy has the same @id.")
			}
			if err != nil {
				return nil, problem(source.Name, p.id, parsed.Position().Line, err)
			}
			seen[p.id] = true
			all = append(all, p)
		}
	}
	r := &Rules{buckets: map[string]*bucket{}}
	r.common = newBucket(all, "")
	for _, p := range all {
		for _, action := range p.actions {
			if r.buckets[action] == nil {
				r.buckets[action] = newBucket(all, action)
			}
		}
	}
	return r, nil
}

// newBucket gathers the policies for an action.
func newBucket(all []*policy, action string) *bucket {
	b := &bucket{}
	used := [attrCount]bool{attrKind: true, attrUnit: true} // a delegation may be limited to them
	var zh, en []string
	for _, p := range all {
		if p.actions != nil && !slices.Contains(p.actions, action) {
			continue
		}
		b.policies = append(b.policies, p)
		p.cond.attrs(&used)
		if !p.forbid {
			zh, en = append(zh, p.text.ZH), append(en, p.text.EN)
		}
	}
	b.attrs = listed(used)
	b.denied = fault.T("您没有办理此项的权限。可办理的是："+strings.Join(zh, "；")+"。", "You may not do this. Those who may: "+strings.Join(en, "; ")+".")
	b.prohibits = &bucket{}
	used = [attrCount]bool{}
	for _, p := range b.policies {
		if p.forbid {
			b.prohibits.policies = append(b.prohibits.policies, p)
			p.cond.attrs(&used)
		}
	}
	b.prohibits.attrs = listed(used)
	if len(zh) == 0 {
		b.denied = fault.T("此项操作未授权任何人办理。", "Nobody is allowed to do this.")
	}
	return b
}

func listed(used [attrCount]bool) (out []attr) {
	for a, on := range used {
		if on {
			out = append(out, attr(a))
		}
	}
	return out
}

// Actions lists the actions that policies name.
func (r *Rules) Actions() []string {
	out := make([]string, 0, len(r.buckets))
	for a := range r.buckets {
		out = append(out, a)
	}
	slices.Sort(out)
	return out
}

func (r *Rules) bucket(action string) *bucket {
	if b, ok := r.buckets[action]; ok {
		return b
	}
	return r.common
}

// Resource is what an action touches, in the words policies use. Zero values
// mean "not set": they equal nothing a principal has.
type Resource struct {
	Type       string // "Matter"; policies may say `resource is Matter`
	ID         int64  // for records of the verdict; policies cannot name it
	Unit       int64  // the unit that has it in hand
	Office     int64  // the office that runs it
	Originator int64  // the person who raised it
	Parties    []int64
	Kind       string
	Class      string
	Need       []string // "duty@unit": holders of any may act
	Named      int64    // the one person named to act
	Sealed     []int64  // units from which it is kept
	Apart      []int64  // people who must stay off it
}

// Verdict is the answer of the rules, with the policy that ruled and why.
type Verdict struct {
	Allowed bool
	Policy  string     // @id; DefaultDeny when no policy spoke
	Reason  fault.Text // permit: who may; otherwise what is missing

	Delegation int64 // by which alone it is allowed; 0 when the person's own right suffices
	Behalf     int64 // who gave the delegation: the act is done for this person
}

// DefaultDeny stands for the policy when none allowed, and Inactive when the
// person's account is suspended.
const (
	DefaultDeny = "default-deny"
	Inactive    = "person-suspended"
)

// facts hands cedar-go what a request is about: the principal, and each
// attribute of the resource as an entity of its own. A record costs more to
// build than a policy to evaluate, so those of units and people are made once
// for each snapshot, and no record of all attributes is made at all.
type facts struct {
	dir       *Directory
	principal *cedar.Entity
	resource  *Resource
	made      [attrCount]bool
	records   [attrCount]cedar.Record
}

const (
	factType cedar.EntityType = "Fact"
	factAttr cedar.String     = "is"
)

// factOf names the entity that stands for an attribute of the resource.
func factOf(a attr) cedar.EntityUID {
	return cedar.EntityUID{Type: factType, ID: cedar.String('0' + rune(a))}
}

func factRecord(v cedar.Value) cedar.Record { return cedar.NewRecord(cedar.RecordMap{factAttr: v}) }

// Get implements cedar.EntityGetter.
func (f *facts) Get(uid cedar.EntityUID) (cedar.Entity, bool) {
	if uid.Type == factType {
		a := uid.ID[0] - '0'
		if !f.made[a] {
			f.made[a], f.records[a] = true, f.record(attr(a))
		}
		return cedar.Entity{Attributes: f.records[a]}, true
	}
	if uid == f.principal.UID {
		return *f.principal, true
	}
	return cedar.Entity{}, false
}

// record gives one attribute of the resource.
func (f *facts) record(a attr) cedar.Record {
	switch a {
	case attrUnit:
		return f.dir.unitRecord(f.resource.Unit)
	case attrOffice:
		return f.dir.unitRecord(f.resource.Office)
	case attrOriginator:
		return f.dir.personRecord(f.resource.Originator)
	case attrNamed:
		return f.dir.personRecord(f.resource.Named)
	case attrKind:
		return factRecord(cedar.String(f.resource.Kind))
	case attrClass:
		return factRecord(cedar.String(f.resource.Class))
	case attrNeed:
		return factRecord(stringSet(f.resource.Need))
	}
	if a == attrSealed {
		if len(f.resource.Sealed) == 0 {
			return f.dir.nothing
		}
		return factRecord(unitSet(f.resource.Sealed))
	}
	people := f.resource.Parties
	if a == attrApart {
		people = f.resource.Apart
	}
	if len(people) == 0 {
		return f.dir.nothing
	}
	values := make([]cedar.Value, len(people))
	for i, id := range people {
		values[i] = f.dir.personValue(id)
	}
	return factRecord(cedar.NewSet(values...))
}

// Require asks whether who may do the action on the resource, by the posts the
// directory shows, else by a delegation in force, which the verdict then names. A refusal is a fault: Unauthenticated for nobody known,
// Forbidden with the policy otherwise.
func (r *Rules) Require(d *Directory, who Principal, action string, res Resource) (Verdict, error) {
	p, err := d.known(who)
	if err != nil {
		return Verdict{Policy: fault.Of(err).Policy, Reason: fault.Of(err).Text}, err
	}
	b := r.bucket(action)
	v, forbids, err := b.ask(d, p, action, &res)
	if err != nil || v.Allowed {
		return v, err
	}
	for _, h := range d.hatsOf(d.people[who.Person]) {
		if forbids { // no delegation lifts what is forbidden to the person himself
			break
		}
		if !h.covers(&res) {
			continue
		}
		if _, never, err := b.prohibits.ask(d, h.giver, action, &res); never || err != nil {
			continue
		}
		by, _, err := b.ask(d, h.principal, action, &res)
		if err == nil && by.Allowed {
			by.Delegation, by.Behalf = h.delegation, h.owner
			return by, nil
		}
	}
	return v, forbidden(v)
}

// ask evaluates the policies of a bucket for one principal; forbids reports that
// the answer is no because a policy forbids it.
func (b *bucket) ask(d *Directory, p *principal, action string, res *Resource) (v Verdict, forbids bool, err error) {
	f := facts{dir: d, principal: &p.entity, resource: res}
	decision, diag := cedar.Authorize(b, &f, cedar.Request{
		Principal: p.entity.UID, Action: cedar.EntityUID{Type: "Action", ID: cedar.String(action)},
		Resource: cedar.EntityUID{Type: cedar.EntityType(res.Type), ID: "this"},
	})
	if len(diag.Errors) > 0 { // a checked policy over complete attributes cannot fail
		return Verdict{}, false, &fault.Error{Kind: fault.Internal, Op: "auth.Require", Policy: string(diag.Errors[0].PolicyID),
			Text: fault.T("权限策略求值出错，已按不许可处理。", "A policy failed while evaluated; the answer is no.")}
	}
	v = Verdict{Allowed: decision == cedar.Allow, Policy: DefaultDeny, Reason: b.denied}
	if len(diag.Reasons) > 0 {
		v.Policy = string(diag.Reasons[0].PolicyID)
		v.Reason = b.text(v.Policy)
	}
	return v, !v.Allowed && len(diag.Reasons) > 0, nil
}

func forbidden(v Verdict) error {
	return &fault.Error{Kind: fault.Forbidden, Op: "auth.Require", Policy: v.Policy, Text: v.Reason}
}

// known gives the attributes of who, or why there are none.
func (d *Directory) known(who Principal) (*principal, error) {
	n := d.people[who.Person]
	if n == nil || who.Person <= 0 {
		return nil, fault.New(fault.Unauthenticated, "auth.Require", "请先登录。", "Sign in first.")
	}
	if n.Status != Active {
		return nil, forbidden(Verdict{Policy: Inactive, Reason: suspended()})
	}
	return d.principalOf(n), nil
}

func (b *bucket) text(id string) fault.Text {
	for _, p := range b.policies {
		if p.id == id {
			return p.text
		}
	}
	return fault.Text{}
}
