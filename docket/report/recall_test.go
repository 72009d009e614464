package report

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestRecall holds the proposals of three real reports against the lists that a
// reader made who had not seen this program (docs/import-recall). A listed
// commitment is found when a proposal's clause covers the listed number or
// deadline at its place in the text. Rows marked [repeat] restate another row.
func TestRecall(t *testing.T) {
	corpus := os.Getenv("TOUYAN_SHARED")
	if corpus == "" {
		corpus = "../../../shared"
	}
	data, err := os.ReadFile(filepath.Join(corpus, "policy/corpus/govreports.national.jsonl.gz"))
	if err != nil {
		t.Skip("the corpus of work reports is not here: ", err)
	}
	docs, err := Read("govreports.national.jsonl.gz", data)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := DefaultRules()
	if err != nil {
		t.Fatal(err)
	}
	listed, found := 0, 0
	for _, year := range []int{2005, 2019, 2025} {
		var doc Document
		for _, d := range docs {
			if d.Year == year {
				doc = d
			}
		}
		proposals := Propose(doc, rules)
		of, hit := 0, 0
		for _, row := range keyRows(t, year) {
			at := locate(doc.Text, row)
			if at < 0 {
				t.Errorf("%d: paragraph %d does not hold its token", year, row.paragraph)
				continue
			}
			of++
			covered := false
			for _, p := range proposals {
				covered = covered || p.Span.Start <= at && at+len(row.token) <= p.Span.End
			}
			if covered {
				hit++
			} else {
				t.Logf("%d: missed %q in paragraph %d: %s", year, row.token, row.paragraph, row.gloss)
			}
		}
		t.Logf("%d: %d of %d found among %d proposals", year, hit, of, len(proposals))
		listed, found = listed+of, found+hit
	}
	recall := float64(found) / float64(listed)
	t.Logf("recall %.3f (%d of %d)", recall, found, listed)
	if recall < 0.95 {
		t.Errorf("recall %.3f is below 0.95", recall)
	}
}

// keyRow is one commitment of the reader's list.
type keyRow struct {
	paragraph, occurrence int
	token, gloss          string
}

func keyRows(t *testing.T, year int) []keyRow {
	t.Helper()
	f, err := os.Open(filepath.Join("../../docs/import-recall", strconv.Itoa(year)+".tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows []keyRow
	for s := bufio.NewScanner(f); s.Scan(); {
		cells := strings.Split(s.Text(), "\t")
		p, err := strconv.Atoi(cells[0])
		if err != nil {
			continue // the line of headings
		}
		n, err := strconv.Atoi(cells[2])
		if err != nil || len(cells) < 4 {
			t.Fatalf("%d: row %q", year, s.Text())
		}
		rows = append(rows, keyRow{p, n, cells[1], cells[3]})
	}
	return rows
}

// locate gives the byte offset of a row's token, or -1.
func locate(text string, row keyRow) int {
	paragraph, start := 0, 0
	for _, line := range strings.SplitAfter(text, "\n") {
		if strings.TrimSpace(line) != "" {
			paragraph++
		}
		if paragraph == row.paragraph && strings.TrimSpace(line) != "" {
			at := 0
			for n := 1; ; n++ {
				i := strings.Index(line[at:], row.token)
				if i < 0 {
					return -1
				}
				if n == row.occurrence {
					return start + at + i
				}
				at += i + len(row.token)
			}
		}
		start += len(line)
	}
	return -1
}
