package arch

import (
	"encoding/csv"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter/flow"
)

// said is one text as a screen shows it, in both languages, and where it stands.
type said struct {
	zh, en, at string
	term       bool // it names something of the work, so docs/terms.csv must hold it
}

// maxTerm is the length above which a text is a sentence and not a name.
const maxTerm = 8

// isName tells a name from a sentence: Han characters only, and few.
func isName(zh string) bool {
	n := utf8.RuneCountInString(zh)
	return n > 0 && n <= maxTerm && !strings.ContainsFunc(zh, func(r rune) bool { return !unicode.Is(unicode.Han, r) })
}

// named lists the keys of web/texts whose texts name things of the work. The
// others are buttons, hints and sentences of the screens themselves.
var named = []string{
	"nav.", "status.", "choice.", "duty.", "kind.", "proposal.state.", "enter.medium.", "diagram.kind.", "col.",
	"today.mine", "today.unit", "today.watch", "form.leadUnit", "form.assistUnit", "matter.tab.", "prov.title", "tree.title", "tree.stuck", "receipt.title",
}

// TestTerms holds every name that a screen shows against docs/terms.csv: it must
// be there, and wherever a screen says a term in Chinese, it says it in English
// as the table does. A term may have several English forms, divided by " / ":
// 交办 is the act "Assign" and the link "was assigned as".
//
// A screen's name is: the name of a kind, step, act, block, outcome or interrupt
// of a procedure; a text of eight Han characters or fewer that the program puts
// into words itself (fault.T); and such a text of web/texts under a key of named.
func TestTerms(t *testing.T) {
	forms := readTerms(t)
	texts := slices.Concat(procedureTexts(t), programTexts(t), screenTexts(t))
	if len(texts) < 500 {
		t.Fatalf("only %d texts were found: the test looks in the wrong places", len(texts))
	}
	for _, s := range texts {
		known, ok := forms[s.zh]
		switch {
		case !ok && s.term:
			t.Errorf("%s: %s (%s) is not in docs/terms.csv", s.at, s.zh, s.en)
		case ok && !slices.ContainsFunc(known, func(en string) bool { return strings.EqualFold(en, s.en) }):
			t.Errorf("%s: %s is called %q here and %q in docs/terms.csv", s.at, s.zh, s.en, strings.Join(known, " / "))
		}
	}
	screens := allScreens(texts)
	for zh := range forms {
		if !strings.Contains(screens, zh) {
			t.Errorf("docs/terms.csv: no screen says %s", zh)
		}
	}
}

// allScreens joins the Chinese of all texts.
func allScreens(texts []said) string {
	var b strings.Builder
	for _, s := range texts {
		b.WriteString(s.zh)
		b.WriteByte('\n')
	}
	return b.String()
}

// readTerms reads the table: zh, en, definition, source.
func readTerms(t *testing.T) map[string][]string {
	t.Helper()
	f, err := os.Open("../docs/terms.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(rows[0], ","); got != "zh,en,definition,source" {
		t.Fatalf("docs/terms.csv begins with %s", got)
	}
	forms := map[string][]string{}
	for i, row := range rows[1:] {
		for _, cell := range row {
			if cell == "" || cell != strings.TrimSpace(cell) {
				t.Errorf("docs/terms.csv:%d: an empty cell, or one with spaces around it", i+2)
			}
		}
		if forms[row[0]] != nil {
			t.Errorf("docs/terms.csv:%d: %s is there twice", i+2, row[0])
		}
		forms[row[0]] = strings.Split(row[1], " / ")
	}
	return forms
}

// procedureTexts gives the names in the procedures, and the titles of their
// forms' fields, which need be no terms but must call a term by its name.
func procedureTexts(t *testing.T) []said {
	t.Helper()
	sources, err := docket.Definitions()
	if err != nil {
		t.Fatal(err)
	}
	var out []said
	field := regexp.MustCompile(`x-zh: ([^,}\n]+?),? *\n? *x-en: ([^,}\n]+)`)
	for _, s := range sources {
		d, err := flow.Parse(s.File, []byte(s.Text))
		if err != nil {
			t.Fatal(err)
		}
		add := func(text fault.Text, line int) {
			if text.ZH != "" {
				out = append(out, said{text.ZH, text.EN, fmt.Sprintf("%s:%d", s.File, line), isName(text.ZH)})
			}
		}
		add(d.Name, 1)
		for _, name := range d.Outcomes {
			add(name, 1)
		}
		for _, in := range d.Interrupts {
			add(in.Name, in.Line)
		}
		blockNames(d.Do, add)
		for _, m := range field.FindAllStringSubmatch(s.Text, -1) {
			out = append(out, said{zh: strings.TrimSpace(m[1]), en: strings.TrimSpace(m[2]), at: s.File})
		}
	}
	return out
}

func blockNames(blocks []flow.Block, add func(fault.Text, int)) {
	for _, b := range blocks {
		switch {
		case b.Step != nil:
			add(b.Step.Name, b.Line)
			for _, a := range b.Step.Acts {
				add(a.Name, a.Line)
			}
		case b.Choice != nil:
			add(b.Choice.Name, b.Line)
			for _, arm := range b.Choice.When {
				add(arm.Name, b.Line)
				blockNames(arm.Do, add)
			}
			blockNames(b.Choice.Else, add)
		case b.Joint != nil:
			add(b.Joint.Name, b.Line)
			for _, branch := range b.Joint.Branches {
				blockNames(branch, add)
			}
		case b.Each != nil:
			add(b.Each.Name, b.Line)
		}
	}
}

// programTexts gives what the program puts into words itself: every fault.T of
// two literals outside of tests, the demo's city and its story.
func programTexts(t *testing.T) []said {
	t.Helper()
	var out []said
	for _, pattern := range []string{"../docket/*.go", "../kernel/*/*.go", "../kernel/*/*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) != 2 {
					return true
				}
				if sel, ok := call.Fun.(*ast.SelectorExpr); !ok || sel.Sel.Name != "T" {
					return true
				}
				zh, okZH := literal(call.Args[0])
				en, okEN := literal(call.Args[1])
				if okZH && okEN {
					at := strings.TrimPrefix(set.Position(call.Pos()).String(), "../")
					out = append(out, said{zh, en, at, isName(zh) && !strings.HasPrefix(at, "kernel/form/") && !strings.HasPrefix(at, "kernel/audit/receipt.go")})
				}
				return true
			})
		}
	}
	return out
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// screenTexts gives every text of the screens.
func screenTexts(t *testing.T) []said {
	t.Helper()
	files, err := filepath.Glob("../web/texts/*.ts")
	if err != nil {
		t.Fatal(err)
	}
	entry := regexp.MustCompile(`^\s*'([^']+)': \['((?:[^'\\]|\\.)*)', '((?:[^'\\]|\\.)*)'\],?$`)
	var out []said
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			m := entry.FindStringSubmatch(line)
			if m == nil {
				if strings.Contains(line, "': [") {
					t.Errorf("%s:%d: not one text on one line", path, i+1)
				}
				continue
			}
			term := isName(m[2]) && m[1] != "nav.label" && slices.ContainsFunc(named, func(key string) bool { return strings.HasPrefix(m[1], key) })
			out = append(out, said{m[2], strings.ReplaceAll(m[3], `\'`, `'`), fmt.Sprintf("%s:%d", strings.TrimPrefix(path, "../"), i+1), term})
		}
	}
	return out
}

// TestCommands runs what README, CONTRIBUTING and the guides tell a reader to
// type: every line of every block fenced as sh, a page at a time and in its
// order, in a directory with a report, a task list and a notice. A make line
// must name a target; a server is not started, but each of its flags must
// exist; go test must name packages and tests that exist; everything else is
// run and must succeed.
func TestCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the program: run without -short")
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	r := reader{root: root, touyan: filepath.Join(t.TempDir(), "touyan"), makefile: makefile}
	if out, err := r.run(t, root, "go", "build", "-o", r.touyan, "./cmd/touyan"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ran := map[string][]string{}
	for _, page := range []string{"README.md", "README.zh.md", "CONTRIBUTING.md", "SECURITY.md", "docs/architecture.md", "docs/operations.md"} {
		r.dir = t.TempDir()
		for name, text := range filesOfReader() {
			if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, line := range shellLines(t, filepath.Join(root, page)) {
			if out, err := r.types(t, line); err != nil {
				t.Errorf("%s: %s: %v\n%s", page, line, err, out)
			}
			ran[page] = append(ran[page], line)
		}
	}
	if len(ran["README.md"]) < 12 {
		t.Errorf("only %d commands were found in README.md", len(ran["README.md"]))
	}
	if !slices.Equal(ran["README.md"], ran["README.zh.md"]) {
		t.Errorf("README.zh.md is not README.md's twin: it has %q, not %q", ran["README.zh.md"], ran["README.md"])
	}
}

// filesOfReader are the files that a reader of the pages has at hand.
func filesOfReader() map[string]string {
	return map[string]string{
		"report.txt": "2026年政府工作报告\n一、2025年工作回顾\n去年新建学校5所。\n二、2026年重点工作\n6月底前新建学校9所。\n",
		"tasks.txt":  "任务,牵头单位,时限\n修订会议制度,市政府办公室,6月底前\n",
		"2027.txt":   "notice 2027\nnumber 国办发明电〔2026〕9号\noff 01-01..01-03 元旦\n",
	}
}

// reader is somebody who types what a page says.
type reader struct {
	root, touyan, dir string
	makefile          []byte
}

func (r reader) run(t *testing.T, in, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = in
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// types does one line.
func (r reader) types(t *testing.T, line string) (out string, err error) {
	words := strings.Fields(line)
	switch {
	case words[0] == "make":
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(words[1]) + `:`).Match(r.makefile) {
			err = fmt.Errorf("no such target")
		}
	case words[0] == "touyan" && (words[1] == "serve" || words[1] == "demo"):
		out, err = r.run(t, r.dir, r.touyan, words[1], "--help")
		for _, w := range words[2:] {
			if strings.HasPrefix(w, "--") && !strings.Contains(out, w+"=") && !strings.Contains(out, w+" ") {
				err = fmt.Errorf("no flag %s", w)
			}
		}
	case words[0] == "touyan":
		out, err = r.run(t, r.dir, r.touyan, words[1:]...)
	case words[0] == "go" && words[1] == "test":
		out, err = r.run(t, r.root, "go", append([]string{"test", "-list"}, testPattern(words[2:])...)...)
		if err == nil && !strings.Contains(out, "Test") {
			err = fmt.Errorf("no such test")
		}
	case words[0] == "go" && words[1] == "build":
		out, err = r.run(t, r.root, "go", "list", words[len(words)-1])
	default:
		err = fmt.Errorf("this test does not know how to run it")
	}
	return out, err
}

// testPattern turns "./pkg -run Name" into the arguments of go test -list.
func testPattern(words []string) []string {
	pattern, rest := ".", []string{}
	for i := 0; i < len(words); i++ {
		if words[i] == "-run" && i+1 < len(words) {
			pattern = words[i+1]
			i++
			continue
		}
		rest = append(rest, words[i])
	}
	return append([]string{pattern}, rest...)
}

// shellLines gives the commands of a page's sh blocks, without their comments.
func shellLines(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	inside := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "```sh":
			inside = true
		case strings.HasPrefix(line, "```"):
			inside = false
		case inside:
			command, _, _ := strings.Cut(line, " #")
			if command = strings.TrimSpace(command); command != "" && !strings.HasPrefix(command, "#") {
				out = append(out, command)
			}
		}
	}
	return out
}

// TestExample holds the procedure printed in CONTRIBUTING against the checker.
func TestExample(t *testing.T) {
	text, err := os.ReadFile("../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "```yaml\n")
	example, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatal("CONTRIBUTING.md shows no procedure")
	}
	def, err := flow.Parse("CONTRIBUTING.md", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	set, err := flow.NewSet(def)
	if err != nil {
		t.Fatal(err)
	}
	var known flow.Known
	for _, d := range auth.Duties() {
		known.Duties = append(known.Duties, string(d))
	}
	for _, p := range flow.Check(set, known) {
		t.Errorf("%+v", p)
	}
}
