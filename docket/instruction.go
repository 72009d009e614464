package docket

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"touyan.dev/touyan/kernel/act"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Medium is how a leader gave an instruction.
type Medium string

// The media.
const (
	Paper   Medium = "paper"   // 书面批示
	Phone   Medium = "phone"   // 电话
	Meeting Medium = "meeting" // 会议口头
)

// Instruction (批示) is what a leader said, word for word. One entered for a
// leader (代录) is marked so until he has confirmed it.
type Instruction struct {
	ID        int64
	Office    int64
	Leader    int64
	Verbatim  string
	Medium    Medium
	Title     string
	Received  int64 // µs: when the leader gave it
	Entered   int64 // µs
	EnteredBy int64
	Confirmed int64 // µs; 0 while the leader has not confirmed
}

// Entry is what a secretary enters for a leader.
type Entry struct {
	Office   int64
	Leader   int64
	Verbatim string
	Medium   Medium
	Title    string
	Received time.Time
	Key      string
}

// Validate checks what can be checked without the directory.
func (in Entry) Validate() error {
	const op = "docket.Enter"
	switch n := utf8.RuneCountInString(strings.TrimSpace(in.Verbatim)); {
	case n < 2:
		return fault.At(op, "verbatim", "请照录批示原文，至少2个字。", "Enter the instruction word for word, two characters at least.")
	case n > 4000:
		return fault.At(op, "verbatim", "批示原文超过4000字，请以附件登记。", "The instruction exceeds 4,000 characters.")
	}
	if n := utf8.RuneCountInString(in.Title); n > 120 {
		return fault.At(op, "title", "事项名称超过120字。", "The title exceeds 120 characters.")
	}
	switch in.Medium {
	case Paper, Phone, Meeting:
		return nil
	}
	return fault.At(op, "medium", "批示方式应为书面、电话或会议。", "The medium is paper, phone or meeting.")
}

var instructions = store.Table[int64, Instruction]{
	Name: "instruction", Key: []string{"id"}, KeyType: []string{"BIGINT"},
	Cols:    []string{"office", "leader", "verbatim", "medium", "title", "received", "entered", "entered_by", "confirmed"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args: func(i Instruction) []any {
		return []any{i.Office, i.Leader, i.Verbatim, string(i.Medium), i.Title, i.Received, i.Entered, i.EnteredBy, i.Confirmed}
	},
	Scan: func(row store.Scanner, rev *int64) (int64, Instruction, error) {
		i, err := scanInstruction(row, rev)
		return i.ID, i, err
	},
}

const instructionColumns = "id, office, leader, verbatim, medium, title, received, entered, entered_by, confirmed"

func scanInstruction(row store.Scanner, more ...any) (i Instruction, err error) {
	err = row.Scan(append([]any{&i.ID, &i.Office, &i.Leader, &i.Verbatim, &i.Medium, &i.Title, &i.Received, &i.Entered, &i.EnteredBy, &i.Confirmed}, more...)...)
	return i, err
}

// write is what every change of the docket carries.
type write struct {
	o *Office
	act.Write
}

func (o *Office) write(who auth.Principal, key string) write {
	return write{o, o.acts().Write(who, key)}
}

func (o *Office) acts() act.Acts {
	return act.Acts{DB: o.DB, Clock: o.Clock, Book: o.Book, Rules: o.Rules, Key: o.Key}
}

// log writes the change's event. What is entered for a leader bears his name;
// anything else that of the person acted for by delegation.
func (w *write) log(g *store.Group, kind string, subject, behalf, unit int64, body any) error {
	_, err := w.Log(g, event.Draft{Kind: kind, Subject: subject, Behalf: behalf, Unit: unit, Body: body})
	return err
}

// Done is the answer to an act of the docket.
type Done = act.Done

// do sends a change to the writer and answers with its receipt.
func (o *Office) do(ctx context.Context, w *write, kind string, c store.Change) (Done, error) {
	return o.acts().Do(ctx, &w.Write, kind, c)
}

// Enter records an instruction for a leader. It is marked as entered for him
// until Confirm.
func (o *Office) Enter(ctx context.Context, who auth.Principal, in Entry) (Done, error) {
	if err := in.Validate(); err != nil {
		return Done{}, err
	}
	c := &entering{write: o.write(who, in.Key), in: in}
	return o.do(ctx, &c.write, "docket.instruction/enter", c)
}

type entering struct {
	write
	in Entry
}

// Load implements store.Change.
func (c *entering) Load(g *store.Group) { c.Prepare(g) }

// Decide implements store.Change.
func (c *entering) Decide(g *store.Group) error {
	if again, err := c.Begin(g); again || err != nil {
		return err
	}
	const op = "docket.Enter"
	office := c.in.Office
	if err := c.Allow("docket.enter", auth.Resource{Type: "Docket", Office: office, Need: staff(office)}); err != nil {
		return err
	}
	if p, ok := c.Dir.Person(c.in.Leader); !ok || p.Status != auth.Active || !leads(c.Dir, c.in.Leader, office) {
		return fault.At(op, "leader", "请选择本办公室的责任领导或分管领导。", "Choose a leader of this office.")
	}
	if c.in.Received.After(c.Now) {
		return fault.At(op, "received", "批示时间不能晚于现在。", "The time of the instruction cannot lie ahead.")
	}
	i := Instruction{
		Office: office, Leader: c.in.Leader, Verbatim: strings.TrimSpace(c.in.Verbatim), Medium: c.in.Medium, Title: strings.TrimSpace(c.in.Title),
		Received: c.in.Received.UnixMicro(), Entered: c.Now.UnixMicro(), EnteredBy: c.Who.Person,
	}
	if c.in.Received.IsZero() {
		i.Received = i.Entered
	}
	if c.Who.Person == c.in.Leader {
		i.Confirmed = i.Entered
	}
	i.ID = event.Next(g)
	store.Insert(g, &instructions, i.ID, i)
	body := map[string]any{"verbatim": i.Verbatim, "medium": i.Medium, "title": i.Title, "received": i.Received}
	if c.Giver != 0 { // the envelope names the leader
		body["for"] = c.Giver
	}
	return c.log(g, "docket.instruction/enter", event.NewSubject, c.in.Leader, office, body)
}

// staff names the duties that enter things for an office.
func staff(office int64) []string {
	return []string{auth.Need(auth.Secretary, office), auth.Need(auth.Supervisor, office)}
}

// leads reports whether a person leads an office.
func leads(dir *auth.Directory, person, office int64) bool {
	return dir.Holds(person, auth.Leader, office) || dir.Holds(person, auth.Deputy, office)
}

// Confirm records that a leader has confirmed, in one tap, what was entered for
// him.
func (o *Office) Confirm(ctx context.Context, who auth.Principal, id int64, key string) (Done, error) {
	c := &confirming{write: o.write(who, key), id: id}
	return o.do(ctx, &c.write, "docket.instruction/confirm", c)
}

type confirming struct {
	write
	id int64
}

// Load implements store.Change.
func (c *confirming) Load(g *store.Group) {
	c.Prepare(g)
	store.Want(g, &instructions, c.id)
}

// Decide implements store.Change.
func (c *confirming) Decide(g *store.Group) error {
	if again, err := c.Begin(g); again || err != nil {
		return err
	}
	i, ok := store.Get(g, &instructions, c.id)
	if !ok {
		return errNoInstruction()
	}
	if err := c.Allow("docket.confirm", auth.Resource{Type: "Docket", Office: i.Office, Named: i.Leader}); err != nil {
		return err
	}
	if i.Confirmed != 0 {
		return fault.New(fault.Conflict, "docket.Confirm", "该批示已确认。", "This instruction has been confirmed already.")
	}
	i.Confirmed = c.Now.UnixMicro()
	store.Put(g, &instructions, i.ID, i)
	return c.log(g, "docket.instruction/confirm", i.ID, 0, i.Office, map[string]any{})
}

func errNoInstruction() error {
	return fault.New(fault.NotFound, "docket", "没有这条批示，或您无权查看。", "There is no such instruction, or it is not for you to see.")
}

// Instruction gives an instruction that who may read.
func (o *Office) Instruction(ctx context.Context, who auth.Principal, id int64) (Instruction, error) {
	found, err := store.Collect(ctx, o.DB, func(row store.Scanner) (Instruction, error) { return scanInstruction(row) },
		"SELECT "+instructionColumns+" FROM instruction WHERE id = ?", id)
	if err != nil {
		return Instruction{}, fault.Wrap("docket.Instruction", err)
	}
	if len(found) == 0 || !o.mayRead(who, found[0].Office, found[0].Leader) {
		return Instruction{}, errNoInstruction()
	}
	return found[0], nil
}

func (o *Office) mayRead(who auth.Principal, office, leader int64) bool {
	_, err := o.Rules.Require(o.Book.Now(), who, "docket.read", auth.Resource{Type: "Docket", Office: office, Named: leader})
	return err == nil
}

// Instructions lists the newest instructions who may read; with unconfirmed set
// only those that wait for his own confirmation.
func (o *Office) Instructions(ctx context.Context, who auth.Principal, unconfirmed bool, limit int) ([]Instruction, error) {
	query := "SELECT " + instructionColumns + " FROM instruction ORDER BY id DESC LIMIT ?"
	args := []any{limit}
	if unconfirmed {
		query = "SELECT " + instructionColumns + " FROM instruction WHERE leader = ? AND confirmed = 0 ORDER BY id DESC LIMIT ?"
		args = []any{who.Person, limit}
	}
	all, err := store.Collect(ctx, o.DB, func(row store.Scanner) (Instruction, error) { return scanInstruction(row) }, query, args...)
	if err != nil {
		return nil, fault.Wrap("docket.Instructions", err)
	}
	out := all[:0]
	for _, i := range all {
		if o.mayRead(who, i.Office, i.Leader) {
			out = append(out, i)
		}
	}
	return out, nil
}
