package docket

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"touyan.dev/touyan/docket/report"
	"touyan.dev/touyan/kernel/attach"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/privacy"
	"touyan.dev/touyan/kernel/store"
)

// Intake is a report or list brought in, out of which tasks are proposed.
type Intake struct {
	ID        int64
	Office    int64
	Kind      string // report or list
	Name      string
	Title     string
	Hash      string
	Entered   int64
	EnteredBy int64
	Proposals int64
}

// State says what a person has decided about a proposal.
type State string

// The states of a proposal. Only a confirmed one can be dispatched.
const (
	Proposed   State = "proposed"
	Confirmed  State = "confirmed"
	Dropped    State = "dropped"
	Merged     State = "merged"
	Dispatched State = "dispatched"
)

// steps are the only ways from one state to another.
func (s State) steps() []State {
	switch s {
	case Proposed:
		return []State{Confirmed, Dropped, Merged}
	case Confirmed:
		return []State{Proposed, Dropped, Merged, Dispatched}
	case Dropped, Merged:
		return []State{Proposed}
	}
	return nil
}

// can reports whether a proposal may go from s to t.
func (s State) can(t State) bool {
	for _, k := range s.steps() {
		if k == t {
			return true
		}
	}
	return false
}

// Proposal is one task as proposed and as a person has changed it. The source
// sentence never changes.
type Proposal struct {
	N          int               `json:"n"`
	State      State             `json:"-"`
	Title      string            `json:"title"`
	Clause     string            `json:"clause"`
	Source     Quote             `json:"source"`
	Quantities []report.Quantity `json:"quantities,omitempty"`
	Deadline   report.Deadline   `json:"deadline"`
	Strength   report.Strength   `json:"strength,omitempty"`
	Lead       int64             `json:"lead"`
	Why        []string          `json:"why,omitempty"` // the duty words that point to the lead unit
	Assist     []int64           `json:"assist,omitempty"`
	Limit      string            `json:"limit"`
	Into       int               `json:"into,omitempty"` // merged into this one
	From       int               `json:"from,omitempty"` // split off this one
	Confirm    int64             `json:"-"`              // the event that confirmed it: what its matter came from
	Matter     int64             `json:"-"`
}

// Quote is where a proposal stands in its source.
type Quote struct {
	Paragraph int      `json:"paragraph"`
	Sentence  int      `json:"sentence"`
	Start     int      `json:"start"` // bytes of the document
	End       int      `json:"end"`
	Text      string   `json:"text"`
	Headings  []string `json:"headings,omitempty"`
}

// The limits of tasks: the default where the text gives no date, and the
// longest that the procedure allows.
const (
	defaultLimit = 20
	longestLimit = 250
)

var intakes = store.Table[int64, Intake]{
	Name: "intake", Key: []string{"id"}, KeyType: []string{"BIGINT"},
	Cols:    []string{"office", "kind", "name", "title", "hash", "entered", "entered_by", "proposals"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args: func(i Intake) []any {
		return []any{i.Office, i.Kind, i.Name, i.Title, i.Hash, i.Entered, i.EnteredBy, i.Proposals}
	},
	Scan: func(row store.Scanner, rev *int64) (int64, Intake, error) {
		i, err := scanIntake(row, rev)
		return i.ID, i, err
	},
}

const intakeColumns = "id, office, kind, name, title, hash, entered, entered_by, proposals"

func scanIntake(row store.Scanner, more ...any) (i Intake, err error) {
	err = row.Scan(append([]any{&i.ID, &i.Office, &i.Kind, &i.Name, &i.Title, &i.Hash, &i.Entered, &i.EnteredBy, &i.Proposals}, more...)...)
	return i, err
}

type proposalKey struct {
	Intake int64
	N      int64
}

var proposals = store.Table[proposalKey, Proposal]{
	Name: "proposal", Key: []string{"intake", "n"}, KeyType: []string{"BIGINT", "BIGINT"}, Cols: []string{"state", "body", "source", "matter"},
	KeyArgs: func(k proposalKey) []any { return []any{k.Intake, k.N} },
	Args: func(p Proposal) []any {
		body, err := json.Marshal(p)
		if err != nil { // plain data
			panic("docket: " + err.Error())
		}
		return []any{string(p.State), string(body), p.Confirm, p.Matter}
	},
	Scan: func(row store.Scanner, rev *int64) (proposalKey, Proposal, error) {
		var k proposalKey
		p, err := scanProposal(row, &k, rev)
		return k, p, err
	},
}

const proposalColumns = "intake, n, state, body, source, matter"

func scanProposal(row store.Scanner, k *proposalKey, more ...any) (p Proposal, err error) {
	var body string
	var state State
	var confirm, matter int64
	if err = row.Scan(append([]any{&k.Intake, &k.N, &state, &body, &confirm, &matter}, more...)...); err != nil {
		return p, err
	}
	err = json.Unmarshal([]byte(body), &p)
	p.State, p.Confirm, p.Matter = state, confirm, matter
	return p, err
}

// RowErrors is the error of a list that was refused as a whole.
type RowErrors []report.RowError

// Read turns a file or pasted text into proposals, without storing anything. A
// report gives what report.Propose finds; a list gives its rows, or the errors
// of its rows and nothing else.
func (o *Office) Read(in Bring) (kind, title string, out []Proposal, faults []report.RowError, err error) {
	if report.IsSheet(in.Name) || in.List {
		year := in.Year
		if year == 0 {
			year = o.Clock.Now().Year()
		}
		rows, faults, err := report.ReadList(in.Name, in.Data, year)
		if err != nil {
			return "list", in.Name, nil, nil, err
		}
		out, unknown := o.fromRows(rows)
		if faults = append(faults, unknown...); len(faults) > 0 { // all at once, or the list goes to and fro
			sort.SliceStable(faults, func(i, k int) bool { return faults[i].Row < faults[k].Row })
			return "list", in.Name, nil, faults, nil
		}
		return "list", in.Name, out, nil, nil
	}
	docs, err := report.Read(in.Name, in.Data)
	if err != nil {
		return "", "", nil, nil, err
	}
	doc, err := report.Pick(docs, in.Year)
	if err != nil {
		return "", "", nil, nil, err
	}
	found, err := report.Commitments(doc, o.Units)
	if err != nil {
		return "", "", nil, nil, err
	}
	for i, p := range found {
		out = append(out, o.fromReport(i+1, p))
	}
	return "report", doc.Title, out, nil, nil
}

func (o *Office) fromReport(n int, p report.Proposal) Proposal {
	out := Proposal{
		N: n, State: Proposed, Title: p.Title, Clause: p.Clause, Quantities: p.Quantities, Deadline: p.Deadline, Strength: p.Strength,
		Source: Quote{
			Paragraph: p.Sentence.Paragraph, Sentence: p.Sentence.Number, Start: p.Sentence.Span.Start, End: p.Sentence.Span.End,
			Text: p.Sentence.Text, Headings: p.Sentence.Headings,
		},
		Limit: o.limitUntil(p.Deadline),
	}
	dir := o.Book.Now()
	if id := o.dutyUnit(dir, p.Lead.Unit); id != 0 {
		out.Lead, out.Why = id, p.Lead.Words
	}
	for _, a := range p.Assist {
		if id := o.dutyUnit(dir, a.Unit); id != 0 && id != out.Lead {
			out.Assist = append(out.Assist, id)
		}
	}
	return out
}

// dutyUnit finds the city's unit for an entry of the table of duties: by the
// key, or, as units entered by hand have none, by the names that texts use. 0
// stands for none.
func (o *Office) dutyUnit(dir *auth.Directory, key string) int64 {
	if key == "" {
		return 0
	}
	if u, ok := dir.UnitByKey(key); ok {
		return u.ID
	}
	for _, duty := range o.Units.Units {
		if duty.Key != key {
			continue
		}
		for _, name := range duty.Names {
			if id := unitByName(dir, name); id != 0 {
				return id
			}
		}
	}
	return 0
}

// limitUntil turns a deadline into a limit in working days from today; a
// deadline that has passed or cannot be told gives the default.
func (o *Office) limitUntil(d report.Deadline) string {
	days := defaultLimit
	if last, err := calendar.ParseDay(d.Date); err == nil && d.Date != "" && !d.Start {
		cal := o.Desk.Calendar()
		if n := cal.WorkdaysBetween(calendar.DayOf(o.Clock.Now()), last); n >= 1 {
			days = min(n, longestLimit)
		}
	}
	return fmt.Sprintf("%dwd", days)
}

// fromRows turns the rows of a list into proposals; a unit that the directory
// does not know is an error of its row.
func (o *Office) fromRows(rows []report.Row) (out []Proposal, faults []report.RowError) {
	dir := o.Book.Now()
	find := func(row report.Row, column, name string) int64 {
		if id := unitByName(dir, name); id != 0 {
			return id
		}
		faults = append(faults, report.RowError{Row: row.Row, Column: column, Text: fault.T("目录中没有这个单位，请写单位全称。", "The directory has no such unit; write its full name.")})
		return 0
	}
	for i, row := range rows {
		p := Proposal{
			N: i + 1, State: Proposed, Title: cut(row.Task, 60), Clause: row.Task, Deadline: row.Due, Limit: o.limitUntil(row.Due),
			Source: Quote{Paragraph: row.Row, Sentence: 1, Text: row.Task},
		}
		if row.Lead != "" {
			p.Lead = find(row, "牵头单位", row.Lead)
		}
		for _, name := range row.Assist {
			if id := find(row, "协办单位", name); id != 0 && id != p.Lead {
				p.Assist = append(p.Assist, id)
			}
		}
		out = append(out, p)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return out, nil
}

// unitByName finds a unit by its Chinese name, with or without 市 in front; 0
// for none or for several.
func unitByName(dir *auth.Directory, name string) int64 {
	found := int64(0)
	short := strings.TrimPrefix(strings.TrimSpace(name), "市")
	for _, u := range dir.Units() {
		if u.Kind == auth.Sector {
			continue
		}
		if strings.TrimPrefix(u.Name.ZH, "市") == short || strings.HasSuffix(u.Name.ZH, "市"+short) {
			if found != 0 {
				return 0
			}
			found = u.ID
		}
	}
	return found
}

func cut(s string, runes int) string {
	if r := []rune(s); len(r) > runes {
		return string(r[:runes-1]) + "…"
	}
	return s
}

// Bring is a report or list to be taken in.
type Bring struct {
	Office int64 // 0: the office that the person works for
	Name   string
	Data   []byte
	List   bool // pasted lines rather than the text of a report
	Year   int  // of several reports the one for this year, 0 when there is one; of a list, what 今年 means, 0 for the present
	Key    string
}

// Import reads a report or list and stores its proposals. Row errors come back
// with nothing stored.
func (o *Office) Import(ctx context.Context, who auth.Principal, in Bring) (Done, []report.RowError, error) {
	office, err := o.officeOf(who, in.Office)
	if err != nil {
		return Done{}, nil, err
	}
	// The text itself is not stored, but its head may carry what its tasks do not.
	if text := attach.Text(in.Name, in.Data); privacy.MarkedName(in.Name) || privacy.Marked(text) {
		return Done{}, nil, privacy.Refused("docket.Import", "text")
	}
	kind, title, found, faults, err := o.Read(in)
	if err != nil || len(faults) > 0 {
		return Done{}, faults, err
	}
	sum := sha256.Sum256(in.Data)
	c := &importing{write: o.write(who, in.Key), proposals: found, intake: Intake{
		Office: office, Kind: kind, Name: cut(in.Name, 200), Title: cut(title, 200), Hash: hex.EncodeToString(sum[:]), Proposals: int64(len(found)),
	}}
	done, err := o.do(ctx, &c.write, "docket.intake/import", c)
	return done, nil, err
}

type importing struct {
	write
	intake    Intake
	proposals []Proposal
}

// Load implements store.Change.
func (c *importing) Load(g *store.Group) { c.Prepare(g) }

// Decide implements store.Change.
func (c *importing) Decide(g *store.Group) error {
	if again, err := c.Begin(g); again || err != nil {
		return err
	}
	office := c.intake.Office
	if err := c.Allow("docket.intake", auth.Resource{Type: "Docket", Office: office, Need: staff(office)}); err != nil {
		return err
	}
	in := c.intake
	in.ID, in.Entered, in.EnteredBy = event.Next(g), c.Now.UnixMicro(), c.Who.Person
	store.Insert(g, &intakes, in.ID, in)
	for _, p := range c.proposals {
		store.Insert(g, &proposals, proposalKey{in.ID, int64(p.N)}, p)
	}
	return c.log(g, "docket.intake/import", event.NewSubject, 0, office, map[string]any{
		"kind": in.Kind, "name": in.Name, "title": in.Title, "hash": in.Hash, "proposals": c.proposals,
	})
}
