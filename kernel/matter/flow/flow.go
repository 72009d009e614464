// Package flow is the language in which the procedures of the office are
// written, and the pure machine that runs them.
//
// A procedure (办理流程) is a block-structured definition in YAML: steps one
// after another, choices with a default, joint branches of which all or k must
// finish (会签), sub-matters for each item of a list (分办), returns with a
// bound (退回), and interrupts of the whole matter (暂停 撤回 改派 延期 催办).
// Because blocks nest and every return is counted, what a definition can do is
// decided before the first matter runs on it: Check proves that every step can
// be reached, that every path ends, that data is read only after it was
// written, and that the limits of the steps add up to no more than the limit
// the law sets for the whole (法定时限).
//
// A definition also says who besides the office may raise a matter (open), who
// must stay off a step because of what he is or did (回避, apart), from which
// unit the matter is kept until when (保密, sealed), and how long its texts are
// kept once it has ended (保存期限, keep).
//
// The machine is a set of pure functions from (definition, state, input) to
// (state, effects). It knows no database, no person and no clock: whoever acts
// was let in before, and limits leave it as texts in effects. Guards are CEL
// expressions over the data of the matter; numbers in it are doubles, as in
// JSON.
//
// It never decides who may act, never counts time, and never looks at a
// definition's version other than the one it was handed: a matter stays with
// the version it began with.
package flow

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/fault"
)

// Def is one version of one procedure. It is immutable once Parse returned it
// and safe for concurrent use.
type Def struct {
	File       string                    `json:"-"`
	Kind       string                    `json:"kind"`
	Version    int                       `json:"version"`
	Name       fault.Text                `json:"name"`
	Basis      []Basis                   `json:"basis,omitempty"`
	Limit      *Whole                    `json:"limit,omitempty"`
	Keep       *Keep                     `json:"keep,omitempty"`   // how long its texts are kept once it has ended
	Given      string                    `json:"given,omitempty"`  // form of what the matter begins with
	Open       *Who                      `json:"open,omitempty"`   // who may raise one, besides the office's secretaries and supervisors
	Sealed     *Seal                     `json:"sealed,omitempty"` // from whom it is kept, and until when
	Forms      map[string]*Form          `json:"forms,omitempty"`
	Do         []Block                   `json:"do"`
	Outcomes   map[string]fault.Text     `json:"outcomes,omitempty"` // their names
	Interrupts []Interrupt               `json:"interrupts,omitempty"`
	hash       string                    // of the canonical form
	nodes      map[string]*node          // every block by id
	order      []*node                   // every block in reading order
	main       *seq                      // the outermost sequence
	problems   []Problem                 // what linking found; part of what Check reports
	watched    map[string]bool           // steps whose actors some step or field is kept apart from
	oracle     func(*Guard, *State) bool // replaces guards in tests that explore every path
}

// Basis is where a rule comes from: a law, regulation or paper and its article.
type Basis struct {
	Source  string `json:"source"`
	Article string `json:"article,omitempty"`
}

// Whole is the limit of the whole matter, usually set by law.
type Whole struct {
	Of    calendar.Limit `json:"of"`
	Data  Path           `json:"data,omitempty"` // a shorter limit of this matter, if it gives one
	Basis *Basis         `json:"basis,omitempty"`
	Line  int            `json:"-"`
}

// Keep is how long the texts of an ended matter are kept (保存期限), with its whole
// tree; then they are erased.
type Keep struct {
	Of    calendar.Period `json:"of"`
	Set   string          `json:"set"` // who sets it: SetByLaw, or SetByOffice where the law names none
	Basis []Basis         `json:"basis"`
	Line  int             `json:"-"`
}

// Who sets a period of keeping.
const (
	SetByLaw    = "law"
	SetByOffice = "office"
)

// Block is one element of a sequence; exactly one of its pointers is set.
type Block struct {
	Step   *Step   `json:"step,omitempty"`
	Choice *Choice `json:"choice,omitempty"`
	Joint  *Joint  `json:"joint,omitempty"`
	Each   *Each   `json:"each,omitempty"`
	End    *End    `json:"end,omitempty"`
	Line   int     `json:"-"` // in the file, from 1
	Path   string  `json:"-"` // in the file: do/2/when/0/do/1
}

// Step is work for someone: one opening, one or more possible acts.
type Step struct {
	ID    string     `json:"id"`
	Name  fault.Text `json:"name"`
	Who   Who        `json:"who"`
	Limit *Clock     `json:"limit,omitempty"`
	Basis *Basis     `json:"basis,omitempty"` // article of the clock
	Acts  []Act      `json:"acts"`
	Slot  string     `json:"slot,omitempty"`  // the branch it always opens in
	Apart []string   `json:"apart,omitempty"` // data paths and steps: whoever is named there or acted there stays off
	line  int        // of apart
}

// Act is one way to leave a step. Without Back and End it goes on to what
// follows the step.
type Act struct {
	ID     string     `json:"id"`
	Name   fault.Text `json:"name"`
	Form   string     `json:"form,omitempty"`
	Back   string     `json:"back,omitempty"`   // an earlier step
	End    string     `json:"end,omitempty"`    // outcome; ends the matter
	AtMost int        `json:"atMost,omitempty"` // bound of Back, per matter in total
	If     *Guard     `json:"if,omitempty"`
	Who    *Who       `json:"who,omitempty"`    // instead of the step's
	Number bool       `json:"number,omitempty"` // draws the number of the document
	InTime bool       `json:"inTime,omitempty"` // possible only until the step is due
	Past   bool       `json:"past,omitempty"`   // possible only once it is
	Link   string     `json:"link,omitempty"`   // relation written between the matter and its source
	Line   int        `json:"-"`
}

// Choice takes the first arm whose guard is true, else Else.
type Choice struct {
	ID   string     `json:"id"`
	Name fault.Text `json:"name,omitzero"`
	When []Arm      `json:"when"`
	Else []Block    `json:"else"`
}

// Arm is one guarded alternative of a choice.
type Arm struct {
	Name fault.Text `json:"name,omitzero"` // the case in words, for the diagram
	If   Guard      `json:"if"`
	Do   []Block    `json:"do"`
}

// Joint runs branches side by side; it is over when Need of them are.
type Joint struct {
	ID       string     `json:"id"`
	Name     fault.Text `json:"name,omitzero"`
	Need     int        `json:"need"` // 0 = all
	Branches [][]Block  `json:"branches"`
}

// Each runs one sub-matter of kind Run for every item of the list at In; it is
// over when Need of them have ended, however they ended. Afterwards its id
// holds data: items, done, and outcomes as counts by outcome.
type Each struct {
	ID    string     `json:"id"`
	Name  fault.Text `json:"name,omitzero"`
	In    Path       `json:"in"`
	Run   string     `json:"run"`
	Need  int        `json:"need"`            // 0 = all
	Limit *Clock     `json:"limit,omitempty"` // of all of them together
}

// End ends the matter with an outcome.
type End struct {
	Outcome string `json:"outcome"`
}

// Clock is a limit: fixed, or read from data but never above Most.
type Clock struct {
	Fixed calendar.Limit `json:"fixed,omitzero"`
	Data  Path           `json:"data,omitempty"`
	Most  calendar.Limit `json:"most,omitzero"`
	Line  int            `json:"-"`
}

// Bound is the longest the clock can ever be.
func (c *Clock) Bound() calendar.Limit {
	if c.Data != "" {
		return c.Most
	}
	return c.Fixed
}

// Path names a place in the data of a matter, without the leading "data.":
// "allot.section" is the field section of the last input of step allot.
type Path string

// Who says who may act: a duty of some unit, or one person, or any of Or.
type Who struct {
	Duty   string `json:"duty,omitempty"`
	Of     string `json:"of,omitempty"`     // OfOffice, OfUnit, or a Path
	Person string `json:"person,omitempty"` // Originator, or a Path
	Or     []Who  `json:"or,omitempty"`
	Line   int    `json:"-"`
}

// The words that stand in Who where otherwise a data path stands.
const (
	OfOffice   = "office"     // the office that runs the procedure
	OfUnit     = "unit"       // the unit the matter belongs to
	Originator = "originator" // who raised the matter
)

// Seal keeps a matter from the units named in its data, and from everybody who
// holds a post in them or below, until a step has been done: an unannounced
// visit (暗访) is not known to its object before.
type Seal struct {
	From  Path   `json:"from"`         // a unit, or a list of units
	If    *Guard `json:"if,omitempty"` // only while this holds
	Until string `json:"until"`        // the step whose act ends it
	Line  int    `json:"-"`
}

// Guard is a CEL expression over data. It is nondeterministic for Check.
type Guard struct {
	Text  string `json:"text"`
	Line  int    `json:"-"`
	where string // path in the file
	prog  *program
}

// Interrupt is an act on the whole matter, possible at any open step.
type Interrupt struct {
	ID      string         `json:"id"` // one of the Int… names
	Name    fault.Text     `json:"name"`
	Who     Who            `json:"who"`
	Form    string         `json:"form,omitempty"`
	AtMost  int            `json:"atMost,omitempty"`
	Limit   calendar.Limit `json:"limit,omitzero"`    // pause: how long it may stand
	Outcome string         `json:"outcome,omitempty"` // withdraw
	By      calendar.Limit `json:"by,omitzero"`       // extend
	Line    int            `json:"-"`
}

// The acts of interrupts. No step may use these names.
const (
	IntPause    = "pause"    // stops all clocks (暂停)
	IntResume   = "resume"   // the other half of pause (恢复)
	IntWithdraw = "withdraw" // ends the matter (撤回)
	IntTransfer = "transfer" // changes the holder of an open step (改派)
	IntExtend   = "extend"   // moves the limit of an open step (延期)
	IntUrge     = "urge"     // reminds the holder of an open step (催办)
	IntRecuse   = "recuse"   // takes a person off the matter (回避)
)

// OutcomeDone is the outcome of a matter that ran past its last block.
const OutcomeDone = "done"

// Hash is the SHA-256 of the definition's canonical form in hexadecimal.
// Comments, layout and the file's name do not change it.
func (d *Def) Hash() string { return d.hash }

func (d *Def) sum() string {
	text, err := json.Marshal(d)
	if err != nil { // a Def holds only plain values, so this is a mistake in this package
		panic("flow: definition cannot be encoded: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Step gives the step with this id, or nil.
func (d *Def) Step(id string) *Step {
	if n := d.nodes[id]; n != nil {
		return n.block.Step
	}
	return nil
}

// Form gives the form with this name, or nil.
func (d *Def) Form(name string) *Form { return d.Forms[name] }

// Interrupt gives the interrupt with this id, or nil; "resume" is that of
// "pause".
func (d *Def) Interrupt(id string) *Interrupt {
	if id == IntResume {
		id = IntPause
	}
	for i := range d.Interrupts {
		if d.Interrupts[i].ID == id {
			return &d.Interrupts[i]
		}
	}
	return nil
}

// OutcomeName says an outcome to a person: the name the definition gives it,
// the usual one, or the bare id.
func (d *Def) OutcomeName(id string) fault.Text {
	if t, ok := d.Outcomes[id]; ok {
		return t
	}
	switch id {
	case OutcomeDone, "closed":
		return fault.T("办结", "Closed")
	case "withdrawn":
		return fault.T("撤回", "Withdrawn")
	case OutcomeCancelled:
		return fault.T("随主事项终止", "Ended with its parent")
	case "voided":
		return fault.T("作废", "Voided")
	case OutcomeErased:
		return fault.T("已清除", "Erased")
	}
	return fault.T(id, id)
}

// Act gives the step's act with this id, or nil.
func (s *Step) Act(id string) *Act {
	for i := range s.Acts {
		if s.Acts[i].ID == id {
			return &s.Acts[i]
		}
	}
	return nil
}
