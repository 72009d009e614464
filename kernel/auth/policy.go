package auth

import (
	"fmt"
	"strconv"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/ast"
	xast "github.com/cedar-policy/cedar-go/x/exp/ast"

	"touyan.dev/touyan/kernel/fault"
)

// The subset of Cedar that rules may use is small enough to be both evaluated
// and turned into SQL: comparisons of attributes of the resource with each
// other, with literals and with attributes of the principal, joined by &&, ||
// and !. Each policy is read into an expr; what cedar-go evaluates and what
// Scope writes are both derived from it.

// typ is the type of a term.
type typ uint8

const (
	aUnit typ = iota + 1
	aPerson
	aString
)

// attr is one attribute of the resource.
type attr uint8

const (
	attrUnit attr = iota
	attrOffice
	attrOriginator
	attrNamed
	attrKind
	attrClass
	attrParties
	attrNeed
	attrSealed
	attrApart
	attrCount
)

// attribute describes an attribute of the resource to the policy reader.
type attribute struct {
	name cedar.String
	of   typ
	set  bool
}

func attributes() [attrCount]attribute {
	return [attrCount]attribute{
		attrUnit:       {"unit", aUnit, false},
		attrOffice:     {"office", aUnit, false},
		attrOriginator: {"originator", aPerson, false},
		attrNamed:      {"named", aPerson, false},
		attrKind:       {"kind", aString, false},
		attrClass:      {"class", aString, false},
		attrParties:    {"parties", aPerson, true},
		attrNeed:       {"need", aString, true},
		attrSealed:     {"sealed", aUnit, true},
		attrApart:      {"apart", aPerson, true},
	}
}

// place says where a term's value is found.
type place uint8

const (
	inPrincipal place = iota + 1 // name "" is the person itself, else one of its sets
	inResource
	inText // literals
)

// term is an operand of a comparison.
type term struct {
	place place
	of    typ
	set   bool
	name  cedar.String // attribute of the principal
	attr  attr         // attribute of the resource
	ids   []int64      // literal units
	words []string     // literal strings
}

type operator uint8

const (
	opTrue operator = iota + 1
	opFalse
	opAnd
	opOr
	opNot
	opMeets // left and right have an element in common; a scalar counts as a set of one
	opHas   // left, a scalar of the resource, is set
	opIs    // the resource is of the type named
)

// expr is a condition of a policy.
type expr struct {
	op          operator
	kids        []*expr
	left, right term
	kind        cedar.EntityType // opIs
}

// policy is one policy as loaded.
type policy struct {
	id      string
	file    string
	forbid  bool
	text    fault.Text // permit: who may; forbid: why not
	actions []string   // nil: every action
	cond    *expr
	cedar   *cedar.Policy
}

// refused is why a policy cannot be loaded, in Chinese and English.
type refused struct{ text fault.Text }

func (r refused) Error() string { return r.text.EN }

func refuse(zh, en string) error { return refused{fault.T(zh, en)} }

// readPolicy checks one parsed policy and prepares it for both uses.
func readPolicy(file string, parsed *cedar.Policy) (*policy, error) {
	p := &policy{file: file, forbid: parsed.Effect() == cedar.Forbid}
	notes := parsed.Annotations()
	p.id, p.text = string(notes["id"]), fault.T(string(notes["zh"]), string(notes["en"]))
	if p.id == "" || p.text.ZH == "" || p.text.EN == "" {
		return p, refuse("策略须有 @id、@zh、@en 三个注解。", "A policy needs the annotations @id, @zh and @en.")
	}
	source := (*xast.Policy)(parsed.AST())
	var err error
	if p.actions, err = readActions(source.Action); err != nil {
		return p, err
	}
	p.cond = &expr{op: opTrue}
	switch scope := source.Principal.(type) {
	case xast.ScopeTypeAll:
	case xast.ScopeTypeIs:
		if scope.Type != personType {
			return p, refuse("主体只能是 Person。", "A principal is always a Person.")
		}
	default:
		return p, refuse("策略不得点名授权；授权以任职记录为准。", "A policy must not name a principal; grants are posts.")
	}
	switch scope := source.Resource.(type) {
	case xast.ScopeTypeAll:
	case xast.ScopeTypeIs:
		p.cond = &expr{op: opIs, kind: scope.Type}
	default:
		return p, refuse("策略不得点名客体，只能限定类型。", "A policy must not name one resource, only a type.")
	}
	for _, c := range source.Conditions {
		e, err := readExpr(c.Body)
		if err != nil {
			return p, err
		}
		if c.Condition == xast.ConditionUnless {
			e = &expr{op: opNot, kids: []*expr{e}}
		}
		p.cond = &expr{op: opAnd, kids: []*expr{p.cond, e}}
	}
	effect := ast.Permit()
	if p.forbid {
		effect = ast.Forbid()
	}
	p.cedar = cedar.NewPolicyFromAST(effect.When(p.cond.cedar()))
	return p, nil
}

// readActions gives the actions a policy names; nil means all.
func readActions(scope xast.IsActionScopeNode) ([]string, error) {
	var list []cedar.EntityUID
	switch s := scope.(type) {
	case xast.ScopeTypeAll:
		return nil, nil
	case xast.ScopeTypeEq:
		list = []cedar.EntityUID{s.Entity}
	case xast.ScopeTypeInSet:
		list = s.Entities
	default:
		return nil, refuse("操作须逐一列出，不支持操作组。", "Actions must be listed one by one; groups are not supported.")
	}
	out := []string{}
	for _, a := range list {
		if a.Type != "Action" || a.ID == "" {
			return nil, refuse("操作须写作 Action::\"名称\"。", `An action must be written Action::"name".`)
		}
		out = append(out, string(a.ID))
	}
	return distinct(out), nil
}

// readExpr reads a condition.
func readExpr(n xast.IsNode) (*expr, error) {
	switch n := n.(type) {
	case xast.NodeValue:
		switch n.Value {
		case cedar.True:
			return &expr{op: opTrue}, nil
		case cedar.False:
			return &expr{op: opFalse}, nil
		}
	case xast.NodeTypeAnd:
		return readJoined(opAnd, n.Left, n.Right)
	case xast.NodeTypeOr:
		return readJoined(opOr, n.Left, n.Right)
	case xast.NodeTypeNot:
		return readJoined(opNot, n.Arg)
	case xast.NodeTypeEquals:
		return readMeets(n.Left, n.Right, false, false)
	case xast.NodeTypeNotEquals:
		e, err := readMeets(n.Left, n.Right, false, false)
		return &expr{op: opNot, kids: []*expr{e}}, err
	case xast.NodeTypeIn:
		e, err := readMeets(n.Left, n.Right, false, true)
		if err == nil && e.left.of == aString {
			err = refuse("in 只用于单位和人员；文字请用 contains。", "`in` is for units and people; use contains for text.")
		}
		return e, err
	case xast.NodeTypeContains:
		return readMeets(n.Left, n.Right, true, false)
	case xast.NodeTypeContainsAny:
		return readMeets(n.Left, n.Right, true, true)
	case xast.NodeTypeHas:
		return readHas(n)
	case xast.NodeTypeIs:
		if v, ok := n.Left.(xast.NodeTypeVariable); ok && v.Name == "resource" {
			return &expr{op: opIs, kind: n.EntityType}, nil
		}
	}
	return nil, refuse("条件中用了不支持的写法；可用 == != in contains containsAny has is && || !。",
		"The condition uses what is not supported; use == != in contains containsAny has is && || !.")
}

func readJoined(op operator, parts ...xast.IsNode) (*expr, error) {
	e := &expr{op: op}
	for _, part := range parts {
		kid, err := readExpr(part)
		if err != nil {
			return nil, err
		}
		e.kids = append(e.kids, kid)
	}
	return e, nil
}

// readMeets reads a comparison whose sides are wanted as sets or scalars.
func readMeets(left, right xast.IsNode, leftSet, rightSet bool) (*expr, error) {
	l, err := readTerm(left)
	if err != nil {
		return nil, err
	}
	r, err := readTerm(right)
	if err != nil {
		return nil, err
	}
	if l.set != leftSet || r.set != rightSet {
		return nil, refuse("比较的一方须是集合而另一方是单值，请核对 ==、in、contains、containsAny。",
			"One side is a set where a single value is wanted, or the reverse: see ==, in, contains, containsAny.")
	}
	if l.of != r.of {
		return nil, refuse("比较的两方类型不同（单位、人员、文字）。", "The two sides differ in type (unit, person, text).")
	}
	if l.place == inResource && r.place == inResource && (l.set || r.set) {
		return nil, refuse("客体的集合不能与客体自身的属性比较。", "A set of the resource cannot be compared with the resource's own attributes.")
	}
	if l.place != inResource && r.place == inResource {
		l, r = r, l
	}
	return &expr{op: opMeets, left: l, right: r}, nil
}

func readHas(n xast.NodeTypeHas) (*expr, error) {
	if v, ok := n.Arg.(xast.NodeTypeVariable); ok && v.Name == "resource" {
		t, err := resourceTerm(n.Value)
		if err != nil {
			return nil, err
		}
		if !t.set {
			return &expr{op: opHas, left: t}, nil
		}
	}
	return nil, refuse("has 只能用于 resource 的单值属性。", "has may be asked of single-valued attributes of resource only.")
}

// readTerm reads an operand.
func readTerm(n xast.IsNode) (term, error) {
	switch n := n.(type) {
	case xast.NodeTypeVariable:
		if n.Name == "principal" {
			return term{place: inPrincipal, of: aPerson}, nil
		}
	case xast.NodeTypeAccess:
		v, ok := n.Arg.(xast.NodeTypeVariable)
		if ok && v.Name == "resource" {
			return resourceTerm(n.Value)
		}
		if ok && v.Name == "principal" {
			return principalTerm(n.Value)
		}
	case xast.NodeValue:
		if set, ok := n.Value.(cedar.Set); ok {
			return literalSet(set.Slice())
		}
		return literal(n.Value)
	case xast.NodeTypeSet:
		values := make([]cedar.Value, len(n.Elements))
		for i, element := range n.Elements {
			v, ok := element.(xast.NodeValue)
			if !ok {
				return term{}, refuse("集合中只能写字面值。", "A set may hold literals only.")
			}
			values[i] = v.Value
		}
		return literalSet(values)
	}
	return term{}, refuse("条件中的操作数不支持；可用 principal、principal.属性、resource.属性和字面值。",
		"An operand is not supported; use principal, principal.attribute, resource.attribute and literals.")
}

func resourceTerm(name cedar.String) (term, error) {
	for i, a := range attributes() {
		if a.name == name {
			return term{place: inResource, of: a.of, set: a.set, attr: attr(i)}, nil
		}
	}
	return term{}, refuse("resource 没有此属性。", "resource has no attribute of this name.")
}

func principalTerm(name cedar.String) (term, error) {
	switch name {
	case "posts", "duties", "by":
		return term{place: inPrincipal, of: aString, set: true, name: name}, nil
	case "units", "within", "leads", "offices", "administers":
		return term{place: inPrincipal, of: aUnit, set: true, name: name}, nil
	}
	return term{}, refuse("principal 没有此属性。", "principal has no attribute of this name.")
}

// literal reads one literal: text, Unit::"12" or Person::"12".
func literal(v cedar.Value) (term, error) {
	switch v := v.(type) {
	case cedar.String:
		return term{place: inText, of: aString, words: []string{string(v)}}, nil
	case cedar.EntityUID:
		if v.Type == personType {
			return term{}, refuse("策略不得点名授权；授权以任职记录为准。", "A policy must not name a person; grants are posts.")
		}
		id, err := strconv.ParseInt(string(v.ID), 10, 64)
		if v.Type != unitType || err != nil || id < 1 || strconv.FormatInt(id, 10) != string(v.ID) {
			return term{}, refuse(`字面实体须写作 Unit::"编号"。`, `A literal entity is written Unit::"id".`)
		}
		return term{place: inText, of: aUnit, ids: []int64{id}}, nil
	}
	return term{}, refuse("只支持文字和单位的字面值。", "Only literals of text and of units are supported.")
}

func literalSet(values []cedar.Value) (term, error) {
	out := term{place: inText, set: true}
	for _, v := range values {
		one, err := literal(v)
		if err != nil {
			return out, err
		}
		if out.of != 0 && out.of != one.of {
			return out, refuse("集合中的字面值须同一类型。", "The literals of a set must be of one type.")
		}
		out.of = one.of
		out.ids, out.words = append(out.ids, one.ids...), append(out.words, one.words...)
	}
	if out.of == 0 {
		return out, refuse("集合不得为空。", "A set must not be empty.")
	}
	out.ids, out.words = distinct(out.ids), distinct(out.words)
	return out, nil
}

// cedar writes the condition for cedar-go. Attributes of the resource are read
// from facts; membership is written with contains, which looks an entity up
// where `in` would copy the whole set: units and people have no parents in
// Cedar, so the two mean the same.
func (e *expr) cedar() ast.Node {
	switch e.op {
	case opTrue:
		return ast.True()
	case opFalse:
		return ast.False()
	case opAnd:
		return e.kids[0].cedar().And(e.kids[1].cedar())
	case opOr:
		return e.kids[0].cedar().Or(e.kids[1].cedar())
	case opNot:
		return ast.Not(e.kids[0].cedar())
	case opIs:
		return ast.Resource().Is(e.kind)
	case opHas:
		return e.left.cedar().NotEqual(none(e.left.of))
	}
	left, right := e.left.cedar(), e.right.cedar()
	switch {
	case e.left.set && e.right.set:
		return right.ContainsAny(left) // the resource's set, on the left, is the small one that is walked
	case e.left.set:
		return left.Contains(right)
	case e.right.set:
		return right.Contains(left)
	}
	return left.Equal(right)
}

// none is the value of an attribute that is not set.
func none(of typ) ast.Node {
	switch of {
	case aUnit:
		return ast.Value(entityOf(unitType, 0))
	case aPerson:
		return ast.Value(entityOf(personType, 0))
	}
	return ast.String("")
}

func (t term) cedar() ast.Node {
	switch t.place {
	case inResource:
		return ast.Value(factOf(t.attr)).Access(factAttr)
	case inPrincipal:
		if t.name == "" {
			return ast.Principal()
		}
		return ast.Principal().Access(t.name)
	}
	var values []cedar.Value
	for _, id := range t.ids {
		values = append(values, entityOf(unitType, id))
	}
	for _, w := range t.words {
		values = append(values, cedar.String(w))
	}
	if t.set {
		return ast.Value(cedar.NewSet(values...))
	}
	return ast.Value(values[0])
}

// attrs marks the attributes of the resource that the condition reads.
func (e *expr) attrs(used *[attrCount]bool) {
	for _, k := range e.kids {
		k.attrs(used)
	}
	if e.op == opMeets || e.op == opHas {
		for _, t := range []term{e.left, e.right} {
			if t.place == inResource {
				used[t.attr] = true
			}
		}
	}
}

// problem turns why a policy was refused into the error that NewRules gives.
func problem(file, id string, line int, err error) error {
	where := file
	if id != "" {
		where += " @id(" + id + ")"
	}
	r, ok := err.(refused)
	if !ok {
		r = refused{fault.T("策略文本无法解析。", "The policy text cannot be parsed.")}
	}
	return &fault.Error{
		Kind: fault.Invalid, Op: "auth.NewRules", Err: err,
		Text:   fault.T("权限策略有误，程序不能启动。", "A policy is wrong; the program cannot start."),
		Fields: []fault.Field{{Path: fmt.Sprintf("%s line %d", where, line), Text: r.text}},
	}
}
