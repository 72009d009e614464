// Package matter is the engine on which every procedure of the product runs.
//
// A matter (事项) is one thing that has one owner, one date and an originator
// who is owed an answer. Every change of its state goes through Engine.Act (or
// Open, which begins one): the definition it is pinned to says what may be done
// (kernel/matter/flow, pure), the rules say who may do it (kernel/auth), the
// calendar says until when, and the act writes its rows and one event in one
// commit. Sub-matters (分办事项) are matters of their own which report to their
// parent in the same commit in which they end.
//
// Clocks: each open step has a limit of its own, or shares the limit of the
// whole matter. At 70, 100 and 120 % of a limit the engine writes an escalation;
// the timers lie in the rows, so a restart forgets none, and the legal due time
// is never moved by being late. A pause stops the clocks; an extension names
// who granted it; a deadline that runs into a year without a holiday notice is
// provisional and is computed again when the notice comes.
//
// Domains hold definitions, rules registered by name, read models and screens.
// They never write a matter's row.
package matter

import (
	"cmp"
	"context"
	"embed"
	"io/fs"
	"sync/atomic"
	"time"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/store"
)

// Engine runs matters. Make one with New; it is safe for concurrent use.
type Engine struct {
	db     *store.DB
	clock  clock.Clock
	book   *auth.Book
	rules  *auth.Rules
	key    *audit.Key
	series map[string]string
	checks map[string]InputCheck
	span   int64 // of one search of titles
	most   int   // of matters that are few
	held   atomic.Pointer[held]
}

// Config is what an Engine is built from.
type Config struct {
	DB     *store.DB
	Clock  clock.Clock
	Book   *auth.Book
	Rules  *auth.Rules
	Key    *audit.Key
	Series map[string]string     // kind of matter → sign of its numbers: docket.followup → 澄政督
	Defs   *flow.Set             // the latest of each kind, and every version still pinned
	Checks map[string]InputCheck // the rules that forms name as x-check

	Few        int   // how many matters lists look at one by one; 0 means 2,000
	SearchSpan int64 // how many positions of the log one search of titles covers; 0 means 50,000
}

// New builds an engine and reads late holiday notices. Publish must have run
// for the definitions, so that every version stands in the log.
func New(ctx context.Context, c Config) (*Engine, error) {
	if err := c.Rules.Covers("matter.read", readColumns()); err != nil {
		return nil, fault.Wrap("matter.New", err)
	}
	e := &Engine{db: c.DB, clock: c.Clock, book: c.Book, rules: c.Rules, key: c.Key, series: c.Series, checks: c.Checks, span: cmp.Or(c.SearchSpan, searchSpan), most: cmp.Or(c.Few, fewMatters)}
	days, last, err := loadCalendar(ctx, c.DB)
	if err != nil {
		return nil, fault.Wrap("matter.New", err)
	}
	e.held.Store(&held{defs: c.Defs, days: days, last: last})
	return e, nil
}

// Calendar is the calendar in force.
func (e *Engine) Calendar() *calendar.Calendar { return e.held.Load().days }

// Definitions is the set of definitions in force.
func (e *Engine) Definitions() *flow.Set { return e.held.Load().defs }

// Status says whether a matter runs.
type Status string

// The states of a matter as lists show them; where it stands inside is the
// definition's business.
const (
	Open   Status = "open"   // 办理中
	Paused Status = "paused" // 暂停
	Ended  Status = "ended"  // 已办结
)

// Matter is a matter as its row holds it.
type Matter struct {
	ID         int64
	Kind       string
	Def        string // hash of the definition it is pinned to
	Parent     int64  // 0 for a matter of its own
	Part       string // the parent's each-block and index: "units/3/0"
	Root       int64  // itself, or the topmost parent
	Source     int64  // the object it came from, such as an instruction; 0 for none
	Number     string // 澄政督〔2026〕47号; "" before it is drawn
	Title      string
	Office     int64 // the office that runs it
	Unit       int64 // the unit that handles it
	Originator int64 // the person who is owed the answer; 0 for none
	Opened     int64 // µs
	Updated    int64 // µs
	Last       int64 // position of its latest event
	State      []byte
	Clocks     Clocks
	Status     Status
	Outcome    string
	Stage      string // the main slot's step or each-block
}

// Slot is an open step with its holder and clock, as the matter's row keeps it.
type Slot struct {
	Slot        string `json:"slot,omitempty"`
	Step        string `json:"step"`
	N           int    `json:"n"`
	Unit        int64  `json:"unit,omitempty"`
	Duty        string `json:"duty,omitempty"`
	Person      int64  `json:"person,omitempty"`
	Since       int64  `json:"since"`           // µs
	Limit       string `json:"limit,omitempty"` // "" shares the matter's clock
	Extra       string `json:"extra,omitempty"` // granted extension
	Due         int64  `json:"due,omitempty"`   // µs; 0 for none, or while paused
	Provisional bool   `json:"provisional,omitempty"`
	Mark        int    `json:"mark,omitempty"` // the last escalation: 70, 100 or 120
	Next        int64  `json:"next,omitempty"` // µs of the next escalation, or of the end of a pause
	Urged       int    `json:"urged,omitempty"`
}

// Clocks is the part of a matter that time moves.
type Clocks struct {
	Slots   []Slot             `json:"slots,omitempty"`
	Limit   string             `json:"limit,omitempty"` // of the whole matter
	Extra   string             `json:"extra,omitempty"`
	Due     int64              `json:"due,omitempty"` // of the whole matter
	Stops   []Stop             `json:"stops,omitempty"`
	Kids    map[string][]int64 `json:"kids,omitempty"`    // sub-matters by their each-block
	Parties []int64            `json:"parties,omitempty"` // people who take part, in the order they joined
	Sealed  []int64            `json:"sealed,omitempty"`  // units from which it is kept
	Acted   []Acted            `json:"acted,omitempty"`   // who acted in the steps that others must stand apart from
	Recused []Recusal          `json:"recused,omitempty"` // people taken off it
	Heirs   []Heir             `json:"heirs,omitempty"`   // what names one person is another's
}

// Acted says that a person acted in a step.
type Acted struct {
	Step   string `json:"step"`
	Person int64  `json:"person"`
}

// Recusal is a person who was taken off a matter (回避), and who stands in for
// him where the data names him; 0 for nobody.
type Recusal struct {
	Person  int64 `json:"person"`
	Instead int64 `json:"instead,omitempty"`
}

// Stop is a pause of all clocks; To is 0 while it lasts.
type Stop struct {
	From int64 `json:"from"`
	To   int64 `json:"to,omitempty"`
}

// Act is one act of a person on a matter.
type Act struct {
	Slot     string
	Step     string
	Act      string
	N        int // which opening of the step was seen, by its Slot.N; 0: whichever stands open
	Input    map[string]any
	Key      string    // idempotency key, chosen by the client
	Behalf   int64     // the person acted for, when an act is entered for a leader
	Occurred time.Time // when it happened, if earlier than now
}

// Opening begins a matter.
type Opening struct {
	Kind       string
	Title      string
	Office     int64
	Unit       int64 // 0: the office itself; the opener's own, if the kind lets him open it from there
	Originator int64
	Source     int64
	Given      map[string]any
	Key        string
	Behalf     int64
	Occurred   time.Time
}

// Done is the answer to an act: complete and provable at once.
type Done struct {
	Matter  int64
	Pos     int64
	Number  string
	Receipt audit.Receipt
	Again   bool // the act had been done before under the same key
}

// Open begins a matter of a kind.
func (e *Engine) Open(ctx context.Context, who auth.Principal, in Opening) (Done, error) {
	c := &opening{work: e.work(who, in.Key), in: in}
	return e.write(ctx, &c.work, c)
}

// Act does one act on a matter.
func (e *Engine) Act(ctx context.Context, who auth.Principal, id int64, in Act) (Done, error) {
	c := &acting{work: e.work(who, in.Key), id: id, in: in}
	return e.write(ctx, &c.work, c)
}

// write sends a change through the group writer and composes its answer.
func (e *Engine) write(ctx context.Context, w *work, c store.Change) (Done, error) {
	if err := e.send(ctx, w, c); err != nil {
		return Done{}, err
	}
	if w.again {
		return e.first(ctx, w)
	}
	receipt, err := e.key.Receipt(w.place.Event, w.place.Tree)
	if err != nil {
		return Done{}, err
	}
	return Done{Matter: w.place.Event.Subject, Pos: w.place.Event.Pos, Number: w.number, Receipt: receipt.With(w.place.Event)}, nil
}

// first gives a retry the answer that the first call got.
func (e *Engine) first(ctx context.Context, w *work) (Done, error) {
	receipt, first, err := e.key.ReceiptAt(ctx, e.db, w.place.Event.Pos)
	if err != nil {
		return Done{}, err
	}
	if first.Kind != w.kind || w.subject != 0 && first.Subject != w.subject {
		return Done{}, fault.New(fault.Conflict, "matter.Act", "这个操作号已用于另一项操作，请换一个操作号。",
			"This idempotency key was used for another act; choose another key.")
	}
	number, err := e.numberAt(ctx, first.Subject, first.Pos)
	if err != nil {
		return Done{}, err
	}
	return Done{Matter: first.Subject, Pos: first.Pos, Number: number, Receipt: receipt.With(first), Again: true}, nil
}

// Receipt gives the receipt of any event, without its body.
func (e *Engine) Receipt(ctx context.Context, pos int64) (audit.Receipt, event.Event, error) {
	return e.key.ReceiptAt(ctx, e.db, pos)
}

//go:embed migrations/*.sql
var migrations embed.FS

//go:embed policies/matter.cedar
var policies string

// Migrations gives the tables of the engine.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic("matter: " + err.Error())
	}
	return sub
}

// Policies gives the rules for matters, for auth.NewRules.
func Policies() auth.Source {
	return auth.Source{Name: "kernel/matter/policies/matter.cedar", Text: policies}
}
