package docket_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"text/template"
)

var updateSupervisions = flag.Bool("supervisions", false, "write the definitions of the kinds of supervision anew")

// supervision is in what one kind of supervision (Decree 733, art. 14) differs from
// the others. Everyday follow-up, the fifth, is a procedure of its own.
type supervision struct {
	Kind, ZH, EN, What   string
	Plan, Visit, Inspect string // limits
	Times, Days          int    // visits, and days on site, at most (art. 15)
	Asks                 []asked
	Keep                 string // how long the texts are kept, of the kind that holds what citizens say
}

type asked struct{ ID, ZH, EN string }

func supervisions() []supervision {
	return []supervision{
		{Kind: "overall", ZH: "综合督查", EN: "General supervision", What: "of the whole work of a unit.", Plan: "5wd", Visit: "10wd", Inspect: "20wd", Times: 3, Days: 10},
		{Kind: "special", ZH: "专项督查", EN: "Special supervision", What: "of how one task is carried out.", Plan: "3wd", Visit: "5wd", Inspect: "10wd", Times: 2, Days: 5},
		{Kind: "event", ZH: "事件调查", EN: "Inquiry into an event", What: "what happened, why, and who answers for it.", Plan: "1wd", Visit: "3wd", Inspect: "15wd", Times: 3, Days: 10,
			Asks: []asked{{"event", "事件经过（时间、地点、影响）", "What happened (when, where, effects)"}}},
		{Kind: "clue", ZH: "线索核查", EN: "Check of a clue", What: "whether a clue is true.", Plan: "1wd", Visit: "3wd", Inspect: "5wd", Times: 1, Days: 3,
			Asks: []asked{{"clue", "线索内容", "The clue"}}, Keep: "10y"},
	}
}

// TestSupervisionsAreOne holds the definitions of the kinds of supervision against
// the one text that they are written from.
func TestSupervisionsAreOne(t *testing.T) {
	text, err := template.ParseFiles(filepath.Join("definitions", "supervision.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range supervisions() {
		var b bytes.Buffer
		if err := text.Execute(&b, s); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("definitions", s.Kind+".yaml")
		if *updateSupervisions {
			if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, b.Bytes()) {
			t.Errorf("%s is not what supervision.tmpl makes of it (%v); go test ./docket -run TestSupervisions -supervisions writes it", file, err)
		}
	}
}
