package flow

import (
	"errors"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// guardCost bounds one evaluation in CEL's units; reading a field costs one.
const guardCost = 20_000

// celEnv knows one variable: data, the inputs of the steps by their ids.
var celEnv = sync.OnceValue(func() *cel.Env {
	env, err := cel.NewEnv(
		cel.Variable("data", cel.MapType(cel.StringType, cel.DynType)),
		cel.Macros(cel.GlobalMacro("has", 1, hasWhole)),
		cel.ParserRecursionLimit(60),
		cel.ParserExpressionSizeLimit(2000),
	)
	if err != nil {
		panic("flow: the expression language cannot be set up: " + err.Error())
	}
	return env
})

// hasWhole makes has(data.review.decision) ask for every part of its path. CEL's
// own asks for the last and fails where one before is missing, and a step that
// was never come to is missing whole.
func hasWhole(factory cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	at := args[0]
	if at.Kind() != ast.SelectKind {
		return nil, factory.NewError(at.ID(), "has() asks for a field, as in has(data.step.field)")
	}
	whole := factory.NewPresenceTest(factory.Copy(at.AsSelect().Operand()), at.AsSelect().FieldName())
	for at = at.AsSelect().Operand(); at.Kind() == ast.SelectKind; at = at.AsSelect().Operand() {
		part := factory.NewPresenceTest(factory.Copy(at.AsSelect().Operand()), at.AsSelect().FieldName())
		whole = factory.NewCall(operators.LogicalAnd, part, whole)
	}
	return whole, nil
}

// program is a compiled guard.
type program struct {
	run   cel.Program
	reads []read
	roots []string // the ids of steps it reads
}

// read is one place in data that a guard looks at.
type read struct {
	path   Path
	tested bool // inside has(), or somewhere in the guard has() asks for it
}

func compileGuard(text string) (*program, error) {
	compiled, issues := celEnv().Compile(text)
	if issues.Err() != nil {
		var all []string
		for _, e := range issues.Errors() {
			all = append(all, e.Message)
		}
		return nil, errors.New(strings.Join(all, "; "))
	}
	if !compiled.OutputType().IsExactType(cel.BoolType) {
		return nil, errors.New("the result is not surely true or false; compare it, as in data.step.field == true")
	}
	p := &program{}
	if err := p.collect(compiled.NativeRep()); err != nil {
		return nil, err
	}
	var err error
	p.run, err = celEnv().Program(compiled, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(guardCost))
	return p, err
}

// collect finds what the guard reads. Reading data in any other way than by
// names would hide it from Check, so that is refused.
func (p *program) collect(tree *ast.AST) error {
	tested := make(map[Path]bool)
	for _, e := range ast.MatchDescendants(ast.NavigateAST(tree), ast.AllMatcher()) {
		parent, inside := e.Parent()
		if inside && parent.Kind() == ast.SelectKind {
			continue // part of a longer path
		}
		names, test, ok := dataPath(e)
		if !ok {
			continue
		}
		if len(names) == 0 {
			return errors.New("data is read as data.step.field only")
		}
		path := Path(strings.Join(names, "."))
		p.reads = append(p.reads, read{path: path, tested: test})
		if test {
			for i := range names {
				tested[Path(strings.Join(names[:i+1], "."))] = true
			}
		}
		p.root(names[0])
	}
	for i := range p.reads {
		r := &p.reads[i]
		for at := r.path; ; at = at[:strings.LastIndexByte(string(at), '.')] {
			r.tested = r.tested || tested[at]
			if !strings.Contains(string(at), ".") {
				break
			}
		}
	}
	return nil
}

func (p *program) root(id string) {
	for _, r := range p.roots {
		if r == id {
			return
		}
	}
	p.roots = append(p.roots, id)
}

// dataPath gives the names selected from the variable data.
func dataPath(e ast.Expr) (names []string, test, ok bool) {
	test = e.Kind() == ast.SelectKind && e.AsSelect().IsTestOnly()
	for e.Kind() == ast.SelectKind {
		names = append(names, e.AsSelect().FieldName())
		e = e.AsSelect().Operand()
	}
	if e.Kind() != ast.IdentKind || e.AsIdent() != "data" {
		return nil, false, false
	}
	for i, j := 0, len(names)-1; i < j; i, j = i+1, j-1 {
		names[i], names[j] = names[j], names[i]
	}
	return names, test, true
}

// lens is data decoded for guards, each root once.
type lens map[string]any

// holds evaluates the guard over the state's data. An error (a field that is
// not there, a wrong type, too much work) means that it does not hold.
func (d *Def) holds(g *Guard, s *State, data lens) (bool, error) {
	if d.oracle != nil {
		return d.oracle(g, s), nil
	}
	if g.prog == nil {
		return false, errors.New("the guard does not compile")
	}
	for _, id := range g.prog.roots {
		if _, ok := data[id]; ok {
			continue
		}
		if v, ok := s.Get(Path(id)); ok {
			data[id] = v
		}
	}
	out, _, err := g.prog.run.Eval(map[string]any{"data": map[string]any(data)})
	if err != nil {
		return false, err
	}
	b, ok := out.Value().(bool)
	return ok && b, nil
}
