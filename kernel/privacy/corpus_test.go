package privacy

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestMarkedOnRealTexts counts false alarms on published laws, measures and work
// reports, none of which is secret: every text of theirs, as a whole and article
// by article.
func TestMarkedOnRealTexts(t *testing.T) {
	texts, words, alarms := 0, 0, 0
	look := func(s string) {
		texts++
		if mayMark(s) {
			words++
		}
		if Marked(s) {
			alarms++
			t.Errorf("a false alarm: %.80q", s)
		}
	}
	for _, name := range []string{"docs.jsonl.gz", "govreports.national.jsonl.gz"} {
		root := os.Getenv("TOUYAN_SHARED")
		if root == "" {
			root = filepath.Join("..", "..", "..", "shared")
		}
		f, err := os.Open(filepath.Join(root, "policy", "corpus", name))
		if err != nil {
			t.Skip("shared material is absent: " + name)
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewReaderSize(z, 1<<20); ; {
			line, err := lines.ReadBytes('\n')
			if len(line) > 0 {
				var v any
				if json.Unmarshal(line, &v) == nil {
					whole := ""
					each(v, func(s string) { look(s); whole += s + "\n" })
					look(whole)
				}
			}
			if err != nil {
				break
			}
		}
	}
	t.Logf("%d texts, %d with 密 in them, %d false alarms", texts, words, alarms)
	if words < 100 {
		t.Error("the corpus hardly has the words: the measure says nothing")
	}
}

func each(v any, f func(string)) {
	switch v := v.(type) {
	case string:
		f(v)
	case []any:
		for _, x := range v {
			each(x, f)
		}
	case map[string]any:
		for _, x := range v {
			each(x, f)
		}
	}
}
