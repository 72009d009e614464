// Package arch holds the rules of the architecture as tests: who may import
// whom, that every package says what it is for, and how large a file may grow.
// It contains no code of the program.
package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "touyan.dev/touyan/"

// may lists, for each package or tree of packages ("/…"), which packages of ours
// it may import. A package that is not listed may import nothing of ours.
var may = map[string][]string{
	"kernel/fault":           {},
	"kernel/clock":           {},
	"kernel/privacy":         {"kernel/fault"},
	"kernel/paper":           {"kernel/fault"},
	"kernel/calendar":        {"kernel/clock", "kernel/fault"},
	"kernel/form":            {"kernel/fault"},
	"kernel/store":           {"kernel/fault"},
	"kernel/store/storetest": {"kernel/store", "kernel/fault"},
	"kernel/event":           {"kernel/store", "kernel/fault", "kernel/privacy"},
	"kernel/audit":           {"kernel/event", "kernel/store", "kernel/fault", "kernel/clock"},
	"kernel/bus":             {"kernel/event", "kernel/store", "kernel/fault", "kernel/clock", "kernel/privacy"},
	"kernel/auth":            {"kernel/event", "kernel/store", "kernel/fault", "kernel/clock"},
	"kernel/notice":          {"kernel/bus", "kernel/event", "kernel/auth", "kernel/privacy", "kernel/store", "kernel/fault", "kernel/clock"},
	"kernel/serial":          {"kernel/store", "kernel/fault"},
	"kernel/link":            {"kernel/store", "kernel/fault"},
	"kernel/matter/flow":     {"kernel/calendar", "kernel/form", "kernel/fault"},
	"kernel/matter": {
		"kernel/matter/flow", "kernel/audit", "kernel/auth", "kernel/calendar", "kernel/clock", "kernel/erase", "kernel/event", "kernel/fault", "kernel/link", "kernel/serial", "kernel/store",
	},
	"kernel/act":           {"kernel/audit", "kernel/auth", "kernel/calendar", "kernel/clock", "kernel/event", "kernel/fault", "kernel/store"},
	"kernel/auth/oidc":     {"kernel/auth", "kernel/clock", "kernel/fault"},
	"kernel/web":           {"kernel/auth", "kernel/auth/oidc", "kernel/clock", "kernel/event", "kernel/fault", "kernel/notice", "kernel/privacy"},
	"kernel/attach":        {"kernel/erase", "kernel/audit", "kernel/auth", "kernel/clock", "kernel/event", "kernel/fault", "kernel/privacy", "kernel/store"},
	"kernel/erase":         {"kernel/audit", "kernel/calendar", "kernel/clock", "kernel/event", "kernel/fault", "kernel/store"},
	"kernel/web/webtest":   {"kernel/web"},
	"web":                  {},
	"docket/report":        {"kernel/fault"},
	"docket/similar":       {},
	"docket/alike":         {},
	"docket/repeat":        {},
	"docket/process":       {"kernel/calendar", "kernel/fault", "kernel/matter/flow"},
	"docket":               {"kernel/…", "docket/alike", "docket/process", "docket/repeat", "docket/report", "docket/similar"},
	"observatory/panel":    {"kernel/fault"},
	"observatory/forecast": {},
	"observatory/effect":   {"kernel/fault"},
	"observatory/fact":     {"kernel/fault", "observatory/panel"},
	"observatory/quality":  {"kernel/fault", "observatory/panel"},
	"observatory/claim":    {"kernel/fault", "observatory/panel"},
	"observatory/sheet":    {"kernel/fault", "observatory/panel"},
	"observatory": {
		"kernel/act", "kernel/attach", "kernel/audit", "kernel/auth", "kernel/calendar", "kernel/clock", "kernel/erase", "kernel/event", "kernel/fault", "kernel/link", "kernel/notice", "kernel/paper", "kernel/privacy", "kernel/store", "kernel/web",
		"observatory/claim", "observatory/effect", "observatory/fact", "observatory/forecast", "observatory/panel", "observatory/quality", "observatory/sheet",
	},
	"demo":            {"kernel/…", "demo/statistics", "docket", "docket/report", "observatory", "observatory/effect", "observatory/fact"},
	"demo/statistics": {"kernel/fault", "observatory/panel"},
	"bench/floor":     {},
	"bench":           {"kernel/…", "bench/floor", "observatory/effect", "observatory/fact", "observatory/forecast", "observatory/panel"},
	"cmd/touyan":      {"kernel/…", "docket", "docket/process", "docket/report", "observatory", "observatory/claim", "observatory/effect", "observatory/fact", "observatory/forecast", "observatory/panel", "observatory/quality", "demo", "bench", "bench/floor", "web"},
	"arch":            {},
	"e2e/oidc":        {},
	"e2e/watch":       {"demo/statistics"},
}

// The ceilings of the house style.
const (
	maxFile     = 600 // lines of a file
	maxFunction = 120 // lines of a function
)

// source is one parsed Go file that is not a test.
type source struct {
	pkg, path string
	file      *ast.File
	set       *token.FileSet
}

func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && d.Name() != "..") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		rel := filepath.ToSlash(strings.TrimPrefix(filepath.Dir(path), "../"))
		out = append(out, source{pkg: rel, path: path, file: f, set: set})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 50 {
		t.Fatalf("only %d files were found", len(out))
	}
	return out
}

// TestImports holds every import of ours against the table.
func TestImports(t *testing.T) {
	for _, s := range sources(t) {
		allowed, listed := may[s.pkg]
		if !listed {
			t.Errorf("%s: the package is not in the import table", s.pkg)
			continue
		}
		for _, imp := range s.file.Imports {
			name, ours := strings.CutPrefix(strings.Trim(imp.Path.Value, `"`), module)
			if ours && !slices.ContainsFunc(allowed, func(a string) bool {
				tree, whole := strings.CutSuffix(a, "…")
				return a == name || whole && strings.HasPrefix(name, tree)
			}) {
				t.Errorf("%s imports %s, which the table does not allow", s.path, name)
			}
		}
	}
}

// TestPackageDocs wants each package to say what it is for.
func TestPackageDocs(t *testing.T) {
	said := map[string]bool{}
	for _, s := range sources(t) {
		said[s.pkg] = said[s.pkg] || s.file.Doc != nil && len(s.file.Doc.Text()) > 60
	}
	for pkg, ok := range said {
		if !ok {
			t.Errorf("%s has no package doc", pkg)
		}
	}
}

// TestCeilings bounds files and functions, and forbids init functions and the
// machine's clock outside kernel/clock, the server, the commands and the
// measurements.
func TestCeilings(t *testing.T) {
	for _, s := range sources(t) {
		if n := s.set.File(s.file.Pos()).LineCount(); n > maxFile {
			t.Errorf("%s has %d lines, more than %d", s.path, n, maxFile)
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := s.set.Position(f.End()).Line - s.set.Position(f.Pos()).Line + 1; n > maxFunction {
				t.Errorf("%s: %s has %d lines, more than %d", s.path, f.Name.Name, n, maxFunction)
			}
			if f.Name.Name == "init" {
				t.Errorf("%s has an init function", s.path)
			}
		}
		// Deadlines of sockets and durations of requests are the machine's.
		if s.pkg == "kernel/clock" || s.pkg == "kernel/web" || s.pkg == "cmd/touyan" || strings.HasPrefix(s.pkg, "bench") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Now" {
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" {
					t.Errorf("%s: time.Now outside kernel/clock", s.set.Position(n.Pos()))
				}
			}
			return true
		})
	}
}

// TestModules bounds the direct dependencies and pins SQLite to the libc it was
// built for.
func TestModules(t *testing.T) {
	text, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	direct := 0
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "\t") && !strings.Contains(line, "// indirect") {
			direct++
		}
	}
	if direct == 0 || direct > 40 {
		t.Errorf("%d direct dependencies, at most 40", direct)
	}
	for _, pin := range []string{"modernc.org/sqlite v1.61.1", "modernc.org/libc v1.79.0", "module touyan.dev/touyan"} {
		if !strings.Contains(string(text), pin) {
			t.Errorf("go.mod does not hold %q: never raise modernc.org/libc alone", pin)
		}
	}
}
