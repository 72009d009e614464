package docket

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/web"
)

// Register adds the docket's operations to the server: the desk, matters,
// instructions, intake, directory and proofs.
func (o *Office) Register(s *web.Server, registry *auth.Registry) {
	o.registerDesk(s)
	o.registerMatter(s)
	o.registerKeep(s)
	o.registerAttachments(s)
	o.registerRegister(s)
	o.registerAlike(s)
	o.registerReveal(s)
	o.registerSlip(s)
	o.registerInstructions(s)
	o.registerSupervision(s)
	o.registerIntake(s)
	o.registerProof(s)
	o.registerProcess(s)
	o.registerRecord(s)
	o.registerHelp(s)
	o.registerProcedures(s)
	o.registerPapers(s)
	(&people{Office: o, registry: registry}).register(s)
}

// out wraps an answer's body.
type out[T any] struct{ Body T }

func reply[T any](body T, err error) (*out[T], error) {
	if err != nil {
		return nil, err
	}
	return &out[T]{Body: body}, nil
}

func get(path, id, summary string) web.Op {
	return web.Op{Method: http.MethodGet, Path: path, ID: id, Summary: summary, Tag: "docket"}
}

// reads marks an operation by which somebody reads one object.
func reads(op web.Op, what string) web.Op {
	op.Reads = what
	return op
}

func post(path, id, summary string) web.Op {
	return web.Op{Method: http.MethodPost, Path: path, ID: id, Summary: summary, Tag: "docket"}
}

// The sizes of what one answer lists.
const (
	inboxSize  = 200
	columnSize = 20
	countMost  = 999
	boardMost  = 5000
)

func (o *Office) registerDesk(s *web.Server) {
	web.Register(s, get("/api/inbox", "inbox", "What waits for the one who asks"), func(ctx context.Context, in *struct {
		Group string `query:"group" enum:"mine,unit,watch" default:"mine"`
	}) (*out[inbox], error) {
		return reply(o.inbox(ctx, web.Who(ctx), matter.Group(in.Group)))
	})
	web.Register(s, sought(get("/api/matters", "matters", "Matters the one who asks may see, newest first"), "matters"), func(ctx context.Context, in *listQuery) (*out[page], error) {
		return reply(o.list(ctx, web.Who(ctx), in))
	})
	web.Register(s, get("/api/board", "board", "Open matters of a kind by the step they stand at"), func(ctx context.Context, in *struct {
		Kind string `query:"kind" maxLength:"60"`
		Unit int64  `query:"unit"`
	}) (*out[board], error) {
		return reply(o.board(ctx, web.Who(ctx), in.Kind, in.Unit))
	})
}

// inbox is what waits for a person.
type inbox struct {
	AsOf   string      `json:"as_of"`
	Counts inboxCounts `json:"counts"`
	Items  []task      `json:"items"`
}

type inboxCounts struct {
	Mine      int `json:"mine"`
	DueToday  int `json:"due_today"`
	Overdue   int `json:"overdue"`
	Unit      int `json:"unit"`
	Watch     int `json:"watch"`
	ToConfirm int `json:"to_confirm"`
}

func (o *Office) inbox(ctx context.Context, who auth.Principal, group matter.Group) (inbox, error) {
	v := o.view(who)
	got := inbox{AsOf: calendar.FormatInstant(v.now), Items: []task{}}
	tasks, err := o.Desk.Inbox(ctx, who, group, inboxSize)
	if err != nil {
		return got, err
	}
	for _, t := range tasks {
		offers, err := o.Desk.Offers(who, t.Matter)
		if err != nil {
			return got, err
		}
		got.Items = append(got.Items, v.task(t.Matter, t.Slot, offers))
	}
	now, midnight := v.now.UnixMicro(), calendar.DayOf(v.now).End().UnixMicro()+1
	for _, c := range []struct {
		to     *int
		group  matter.Group
		before int64
	}{
		{&got.Counts.Mine, matter.Mine, 0}, {&got.Counts.Overdue, matter.Mine, now}, {&got.Counts.DueToday, matter.Mine, midnight},
		{&got.Counts.Unit, matter.Ours, 0}, {&got.Counts.Watch, matter.Watch, 0},
	} {
		if *c.to, err = o.Desk.Count(ctx, who, c.group, c.before, countMost); err != nil {
			return got, err
		}
	}
	got.Counts.DueToday -= got.Counts.Overdue
	waiting, err := o.Instructions(ctx, who, true, countMost)
	got.Counts.ToConfirm = len(waiting)
	return got, err
}

// listQuery is the list's filters, as they stand in the address.
type listQuery struct {
	Q      string `query:"q" maxLength:"100"`
	Kind   string `query:"kind" maxLength:"60"`
	Unit   int64  `query:"unit"`
	Status string `query:"status" enum:"open,paused,ended," default:""`
	Stage  string `query:"stage" maxLength:"60"`
	Late   string `query:"late" enum:"1,0," default:""`
	Holder string `query:"holder" maxLength:"20"`
	From   string `query:"from" maxLength:"40"`
	To     string `query:"to" maxLength:"40"`
	Parent int64  `query:"parent"`
	All    string `query:"all" enum:"1,0," default:"" doc:"1: sub-matters too"`
	Cursor string `query:"cursor" maxLength:"20"`
	Limit  int    `query:"limit" minimum:"0" maximum:"200" default:"50"`
}

// filter reads the query for one who asks.
func (q *listQuery) filter(who auth.Principal) (matter.Filter, error) {
	const op = "docket.list"
	f := matter.Filter{
		Query: q.Q, Kind: q.Kind, Unit: q.Unit, Stage: q.Stage, Late: q.Late == "1", Parent: q.Parent, Limit: q.Limit,
		Top: q.All != "1" && q.Unit == 0 && q.Holder == "" && q.Q == "" && q.Kind == "",
	}
	switch q.Status {
	case "open", "paused":
		f.Status = matter.Status(q.Status)
	case "ended":
		f.Status = matter.Ended
	}
	switch {
	case q.Holder == "me":
		f.Holder = who.Person
	case q.Holder != "":
		id, err := strconv.ParseInt(q.Holder, 10, 64)
		if err != nil {
			return f, fault.At(op, "holder", "承办人应为 me 或人员编号。", "The holder is me or a person's id.")
		}
		f.Holder = id
	}
	for _, d := range []struct {
		text, name string
		to         *int64
		end        bool
	}{{q.From, "from", &f.From, false}, {q.To, "to", &f.To, true}} {
		if d.text == "" {
			continue
		}
		t, err := calendar.ParseInstant(d.text)
		if err != nil {
			return f, fault.At(op, d.name, "日期应为 YYYY-MM-DD。", "A date is written YYYY-MM-DD.")
		}
		if d.end && len(d.text) == len("2006-01-02") {
			t = t.Add(24 * time.Hour)
		}
		*d.to = t.UnixMicro()
	}
	if q.Cursor != "" {
		id, err := strconv.ParseInt(q.Cursor, 10, 64)
		if err != nil {
			return f, fault.At(op, "cursor", "翻页标记有误，请从第一页重新查看。", "The page mark is wrong; start from the first page.")
		}
		f.Before = id
	}
	return f, nil
}

// page is one page of a list.
type page struct {
	Items     []Row  `json:"items"`
	Next      string `json:"next" doc:"the cursor of the next page; empty on the last"`
	AsOf      string `json:"as_of"`
	TotalHint int    `json:"total_hint" doc:"how many there are, counted up to 999; in a search of titles, how many in the newest stretch"`

	SearchedTo string `json:"searched_to" doc:"how far back a search of titles has looked, if not to the beginning; next goes on from there"`
}

// recordedAt gives the time of an event; "" for position 0.
func (o *Office) recordedAt(ctx context.Context, pos int64) (string, error) {
	if pos == 0 {
		return "", nil
	}
	e, err := event.At(ctx, o.DB, pos)
	return at(e.Recorded), err
}

func (o *Office) list(ctx context.Context, who auth.Principal, q *listQuery) (page, error) {
	v := o.view(who)
	got := page{AsOf: calendar.FormatInstant(v.now), Items: []Row{}}
	f, err := q.filter(who)
	if err != nil {
		return got, err
	}
	found, err := o.Desk.List(ctx, who, f)
	if err != nil {
		return got, err
	}
	if got.Items, err = o.rows(ctx, v, found.Matters); err != nil {
		return got, err
	}
	if found.Next != 0 {
		got.Next = strconv.FormatInt(found.Next, 10)
	}
	if got.SearchedTo, err = o.recordedAt(ctx, found.Since); err != nil {
		return got, err
	}
	f.Before = 0
	got.TotalHint, err = o.Desk.CountMatters(ctx, who, f, countMost)
	return got, err
}

// rows gives matters as a list shows them, with how their sub-matters stand.
func (o *Office) rows(ctx context.Context, v view, ms []matter.Matter) ([]Row, error) {
	tallies, err := o.Desk.Tally(ctx, ms)
	if err != nil {
		return nil, err
	}
	rows := make([]Row, len(ms))
	for i, m := range ms {
		rows[i] = v.row(m)
		t := tallies[m.ID]
		rows[i].Children = counts{t.Total, t.Done, t.Late, t.Paused}
		if m.Status == matter.Open {
			v.waiting(&rows[i], t)
		}
	}
	return rows, nil
}

// waiting says of a matter that waits for its units which they are, and the
// first of their dates.
func (v view) waiting(r *Row, t matter.Tally) {
	if r.Due == "" {
		r.Due, r.Remaining = at(t.Due), v.left(t.Due)
	}
	if r.HolderName != "" {
		return
	}
	for _, unit := range t.Units {
		r.WaitsFor = append(r.WaitsFor, v.unit(unit))
	}
}

// holders says in one line who holds a matter.
func (r Row) holders() string {
	if r.HolderName != "" {
		return r.HolderName
	}
	names := make([]string, len(r.WaitsFor))
	for i, unit := range r.WaitsFor {
		names[i] = unit.ZH
	}
	return strings.Join(names, "、")
}

// board is the open matters of a kind in columns.
type board struct {
	Kind    string     `json:"kind"`
	AsOf    string     `json:"as_of"`
	Columns []column   `json:"columns"`
	Kinds   []kindName `json:"kinds"`
}

type column struct {
	Step  string     `json:"step"`
	Name  fault.Text `json:"step_name"`
	Count int        `json:"count" doc:"counted up to 999"`
	Late  int        `json:"late"`
	Items []Row      `json:"items"`
}

type kindName struct {
	Kind string     `json:"kind"`
	Name fault.Text `json:"name"`
}

func (o *Office) board(ctx context.Context, who auth.Principal, kind string, unit int64) (board, error) {
	v := o.view(who)
	if kind == "" {
		kind = FollowUp
	}
	got := board{Kind: kind, AsOf: calendar.FormatInstant(v.now), Columns: []column{}, Kinds: []kindName{}}
	seen := map[string]bool{}
	for _, d := range o.Desk.Definitions().All() {
		if !seen[d.Kind] {
			seen[d.Kind] = true
			got.Kinds = append(got.Kinds, kindName{d.Kind, v.kindName(d.Kind)})
		}
	}
	def := o.Desk.Definitions().Latest(kind)
	if def == nil {
		return got, fault.At("docket.board", "kind", "没有这类事项。", "There is no such kind of matter.")
	}
	stands, err := o.Desk.Board(ctx, who, kind, unit, boardMost)
	if err != nil {
		return got, err
	}
	for _, stage := range def.Stages() {
		f := matter.Filter{Kind: kind, Stage: stage, Unit: unit, Limit: columnSize}
		found, err := o.Desk.List(ctx, who, f)
		if err != nil {
			return got, err
		}
		c := column{Step: stage, Name: stepName(def, stage)}
		if c.Items, err = o.rows(ctx, v, found.Matters); err != nil {
			return got, err
		}
		c.Count, c.Late = min(stands[stage].Count, countMost), min(stands[stage].Late, countMost)
		got.Columns = append(got.Columns, c)
	}
	return got, nil
}

// receiptBody is the receipt in an answer.
type receiptBody = audit.Receipt
