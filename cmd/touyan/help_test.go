package main

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"unicode"

	"github.com/alecthomas/kong"
)

// TestHelp holds every command and flag to what a newcomer needs: words in
// Chinese and English, and an example that its command line accepts.
func TestHelp(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"report.txt", "report.docx", "govreports.jsonl.gz", "tasks.txt", "tasks.xlsx", "2027.txt", "receipt.json", "city.backup"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var c cli
	parser, err := c.parser(context.Background(), streams{strings.NewReader(""), io.Discard, io.Discard}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	leaves := 0
	var walk func(n *kong.Node)
	walk = func(n *kong.Node) {
		path := strings.TrimSpace(strings.TrimPrefix(n.FullPath(), "touyan"))
		bothLanguages(t, path, n.Help)
		for _, f := range n.Flags {
			if f.Name != "help" && !f.Hidden {
				bothLanguages(t, path+" --"+f.Name, f.Help)
			}
		}
		for _, a := range n.Positional {
			bothLanguages(t, path+" "+a.Name, a.Help)
		}
		for _, child := range n.Children {
			walk(child)
		}
		if n.Leaf() {
			leaves++
			examples(t, path, n.Detail)
		}
	}
	walk(parser.Model.Node)
	if leaves < 15 {
		t.Errorf("only %d commands were found", leaves)
	}
}

// bothLanguages wants Chinese first, then English, parted by one space.
func bothLanguages(t *testing.T, what, help string) {
	t.Helper()
	zh, en, ok := strings.Cut(help, "。 ")
	if !ok || !strings.ContainsFunc(zh, func(r rune) bool { return unicode.Is(unicode.Han, r) }) || !strings.HasSuffix(en, ".") {
		t.Errorf("%s: the help is not one text in Chinese and one in English: %q", what, help)
	}
}

// examples parses the lines of a command's help that show how it is typed.
func examples(t *testing.T, path, detail string) {
	t.Helper()
	found := 0
	for line := range strings.Lines(detail) {
		if !strings.HasPrefix(line, "  ") {
			continue
		}
		if _, piped, ok := strings.Cut(line, " | "); ok {
			line = piped
		}
		args, ok := strings.CutPrefix(strings.TrimSpace(line), "touyan ")
		if !ok {
			continue // a line of a file
		}
		var c cli
		parser, err := c.parser(context.Background(), streams{}, func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(strings.Fields(args)); err != nil {
			t.Errorf("%s: the example %q: %v", path, args, err)
		}
		if strings.HasPrefix(args, path) {
			found++
		}
	}
	if found == 0 {
		t.Errorf("touyan %s --help shows no example", path)
	}
}
