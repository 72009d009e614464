package demo

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

//go:embed history.yaml
var historyText []byte

//go:embed report.txt
var reportText []byte

// history is the file history.yaml.
type history struct {
	Cases   []affair `yaml:"cases"`
	Waiting struct {
		By    string `yaml:"by"`
		Title string `yaml:"title"`
		Words string `yaml:"words"`
	} `yaml:"waiting"`
	Report struct {
		Name  string `yaml:"name"`
		Day   int    `yaml:"day"`
		Tasks []task `yaml:"tasks"`
	} `yaml:"report"`
}

// affair is one instruction and what became of it.
type affair struct {
	N      int      `yaml:"n"`
	Ago    int      `yaml:"ago"` // working days before the story
	By     string   `yaml:"by"`  // login of the leader
	Units  []string `yaml:"units"`
	Title  string   `yaml:"title"`
	Words  string   `yaml:"words"`
	Result string   `yaml:"result"`
	Twist  string   `yaml:"twist"`
}

// task is what was decided about one proposal of the work report.
type task struct {
	N      int      `yaml:"n"`
	Do     string   `yaml:"do"`
	Lead   string   `yaml:"lead"`
	Assist []string `yaml:"assist"`
	Limit  string   `yaml:"limit"`
	With   []int    `yaml:"with"`
	Twist  string   `yaml:"twist"`
	Result string   `yaml:"result"`
}

func readHistory() (*history, error) {
	var h history
	err := decode(context.Background(), "history.yaml", historyText, &h)
	return &h, err
}

// share is one unit's part of an affair.
type share struct{ unit, limit string }

// plan says how one matter and its sub-matters go; everything it leaves open
// follows from its name.
type plan struct {
	name   string
	shares []share
	result string // of the lead unit
	extra  string // what the lead unit adds when its report comes back
	visits *sheet // what the lead unit encloses when its report comes back
	twists []twist
	brisk  bool // all in one day
}

// twist is one departure from the straight way.
type twist struct{ what, unit, arg string }

func (a affair) plan() (*plan, error) {
	p := &plan{name: fmt.Sprintf("affair/%d", a.N), result: a.Result, brisk: a.Ago <= 1}
	for _, text := range a.Units {
		unit, limit, ok := strings.Cut(text, " ")
		if !ok {
			return nil, fmt.Errorf("demo: affair %d: unit %q has no limit", a.N, text)
		}
		p.shares = append(p.shares, share{unit, limit})
	}
	var err error
	p.twists, err = parseTwists(a.Twist)
	return p, err
}

// parseTwists reads "late zhujian report; stop zhujian allot; self".
func parseTwists(text string) ([]twist, error) {
	var out []twist
	for part := range strings.SplitSeq(text, ";") {
		f := strings.Fields(part)
		if len(f) == 0 {
			continue
		}
		t := twist{what: f[0]}
		n := len(f)
		switch {
		case slices.Contains([]string{"self", "refuse", "instruct"}, f[0]) && n == 1:
		case slices.Contains([]string{"stop", "withdraw"}, f[0]) && n == 2:
			t.arg = f[1]
		case slices.Contains([]string{"object", "uphold", "back", "return", "urge", "letter", "away", "extend", "pause"}, f[0]) && n == 2:
			t.unit = f[1]
		case slices.Contains([]string{"late", "at", "stop"}, f[0]) && n == 3:
			t.unit, t.arg = f[1], f[2]
		default:
			return nil, fmt.Errorf("demo: twist %q is not understood", strings.TrimSpace(part))
		}
		out = append(out, t)
	}
	return out, nil
}

// has reports a twist of a unit; unit is "" for the affair as a whole.
func (p *plan) has(what, unit string) bool {
	return slices.ContainsFunc(p.twists, func(t twist) bool { return t.what == what && t.unit == unit })
}

// does reports a twist of a unit at a step.
func (p *plan) does(what, unit, step string) bool {
	return slices.Contains(p.twists, twist{what, unit, step})
}

// days gives the number of working days that a twist names, or 0.
func (p *plan) days(what, unit string) int {
	for _, t := range p.twists {
		if t.what == what && t.unit == unit {
			n, _ := strconv.Atoi(t.arg)
			return n
		}
	}
	return 0
}
