package docket

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"

	"touyan.dev/touyan/docket/report"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/web"
)

// IntakeRow is an intake in a list.
type IntakeRow struct {
	ID     int64        `json:"id"`
	Name   string       `json:"name"`
	Kind   string       `json:"kind" enum:"report,list"`
	Title  string       `json:"title"`
	Status string       `json:"status" enum:"open,done"`
	Counts intakeCounts `json:"counts"`
	At     string       `json:"at"`
}

type intakeCounts struct {
	Proposed   int `json:"proposed"`
	Confirmed  int `json:"confirmed"`
	Dropped    int `json:"dropped"`
	Dispatched int `json:"dispatched"`
}

// IntakePage is an intake with its proposals.
type IntakePage struct {
	IntakeRow
	Proposals []proposalRow `json:"proposals"`
}

// proposalRow is a proposal as screens show it.
type proposalRow struct {
	N          int             `json:"n"`
	State      State           `json:"state"`
	Title      string          `json:"title"`
	Clause     string          `json:"clause"`
	Source     sourceRow       `json:"source"`
	Quantities []quantityRow   `json:"quantities"`
	Deadline   *deadlineRow    `json:"deadline"`
	Strength   report.Strength `json:"strength"`
	Lead       *leadRow        `json:"lead"`
	Assist     []int64         `json:"assist"`
	Limit      string          `json:"limit"`
	Due        string          `json:"due"`
	Into       int             `json:"into"`
	From       int             `json:"from"`
	Matter     int64           `json:"matter"`
}

type sourceRow struct {
	Paragraph int    `json:"paragraph"`
	Sentence  int    `json:"sentence"`
	Text      string `json:"text"`
	Heading   string `json:"heading"`
	Start     int    `json:"start"`
	End       int    `json:"end"`
}

type quantityRow struct {
	Text    string `json:"text"`
	Subject string `json:"subject"`
}

type deadlineRow struct {
	Text string `json:"text"`
	Date string `json:"date"`
}

type leadRow struct {
	Unit     int64      `json:"unit"`
	UnitName fault.Text `json:"unit_name"`
	Why      fault.Text `json:"why"`
}

// bringInput is a file or pasted text.
type bringInput struct {
	Name    string `json:"name" maxLength:"200"`
	Content string `json:"content_base64,omitempty" contentEncoding:"base64" doc:"the file, in base64"`
	Text    string `json:"text,omitempty" doc:"pasted lines, one task each; or the text of a report"`
	As      string `json:"as,omitempty" enum:"report,list," doc:"what pasted text is; a list by default"`
}

// brought is the answer to an import; with errors nothing was stored.
type brought struct {
	ID        int64             `json:"id"`
	Kind      string            `json:"kind"`
	Title     string            `json:"title"`
	Proposals int               `json:"proposals"`
	Errors    []report.RowError `json:"errors"`
	Receipt   *receiptBody      `json:"receipt,omitempty"`
}

type revisionInput struct {
	ID   int64 `path:"id"`
	N    int   `path:"n"`
	Body struct {
		Act    string   `json:"act" enum:"confirm,drop,restore,edit,merge,split"`
		Title  *string  `json:"title,omitempty" maxLength:"200"`
		Lead   *int64   `json:"lead,omitempty"`
		Assist *[]int64 `json:"assist,omitempty" maxItems:"20"`
		Limit  *string  `json:"limit,omitempty" maxLength:"20"`
		With   []int    `json:"with,omitempty" maxItems:"50"`
		Parts  []string `json:"parts,omitempty" maxItems:"20"`
	}
}

// revised is the answer to a decision about a proposal: the page as it is now,
// and what proves the decision.
type revised struct {
	IntakePage
	Receipt receiptBody `json:"receipt"`
}

// dispatched is the answer to a dispatch.
type dispatched struct {
	Matters  []int64       `json:"matters"`
	Receipts []receiptBody `json:"receipts"`
}

func (o *Office) registerIntake(s *web.Server) {
	bring := post("/api/imports", "import", "Bring in a report or a list; nothing is dispatched")
	bring.MaxBody, bring.Status = web.ImportBody, http.StatusCreated
	web.Register(s, bring, func(ctx context.Context, in *struct{ Body bringInput }) (*out[brought], error) {
		return reply(o.bring(ctx, web.Who(ctx), in.Body, web.Key(ctx)))
	})
	web.Register(s, get("/api/imports", "imports", "The newest imports"), func(ctx context.Context, _ *struct{}) (*out[[]IntakeRow], error) {
		return reply(o.intakeList(ctx, web.Who(ctx)))
	})
	web.Register(s, reads(get("/api/imports/{id}", "import-page", "An import with its proposals"), "import"), func(ctx context.Context, in *ByID) (*out[IntakePage], error) {
		return reply(o.intakePage(ctx, web.Who(ctx), in.ID))
	})
	web.Register(s, post("/api/imports/{id}/proposals/{n}", "import-revise", "Confirm, drop, restore, edit, merge or split a proposal"), func(ctx context.Context, in *revisionInput) (*out[revised], error) {
		b := in.Body
		done, err := o.Revise(ctx, web.Who(ctx), in.ID, in.N, Revision{
			Act: b.Act, Title: b.Title, Lead: b.Lead, Assist: b.Assist, Limit: b.Limit, With: b.With, Parts: b.Parts, Key: web.Key(ctx),
		})
		if err != nil {
			return nil, err
		}
		page, err := o.intakePage(ctx, web.Who(ctx), in.ID)
		return reply(revised{page, done.Receipt}, err)
	})
	web.Register(s, post("/api/imports/{id}/dispatch", "import-dispatch", "Open and assign a matter for each confirmed proposal"), func(ctx context.Context, in *struct {
		ByID
		Body struct {
			Leader int64 `json:"leader,omitempty" doc:"who is owed the answers; the office's leader by default"`
		}
	}) (*out[dispatched], error) {
		done, err := o.Dispatch(ctx, web.Who(ctx), in.ID, in.Body.Leader)
		got := dispatched{Matters: []int64{}, Receipts: []receiptBody{}}
		for _, d := range done {
			got.Matters, got.Receipts = append(got.Matters, d.Matter), append(got.Receipts, d.Receipt)
		}
		return reply(got, err)
	})
	web.Register(s, get("/api/imports/template.xlsx", "import-template", "The template of a task list"), func(context.Context, *struct{}) (*web.Download, error) {
		data, err := report.Template()
		return &web.Download{Type: web.TypeXlsx, Disposition: web.SaveAs("touyan.xlsx", "头雁任务清单模板.xlsx"), Body: data}, err
	})
}

func (o *Office) bring(ctx context.Context, who auth.Principal, in bringInput, key string) (brought, error) {
	data := []byte(in.Text)
	if in.Content != "" {
		var err error
		if data, err = base64.StdEncoding.DecodeString(in.Content); err != nil {
			return brought{}, fault.At("docket.bring", "content_base64", "文件内容不是有效的 base64。", "The content is not valid base64.")
		}
	}
	if len(data) == 0 {
		return brought{}, fault.At("docket.bring", "text", "请选择文件或粘贴文字。", "Choose a file or paste text.")
	}
	name := in.Name
	if in.Content == "" && !strings.HasSuffix(name, ".txt") {
		name += ".txt"
	}
	done, faults, err := o.Import(ctx, who, Bring{Name: name, Data: data, List: in.Content == "" && in.As != "report", Key: key})
	if err != nil || len(faults) > 0 {
		return brought{Kind: "list", Errors: faults}, err
	}
	page, all, err := o.Intake(ctx, who, done.ID)
	return brought{ID: page.ID, Kind: page.Kind, Title: page.Title, Proposals: len(all), Errors: []report.RowError{}, Receipt: &done.Receipt}, err
}

func (o *Office) intakeList(ctx context.Context, who auth.Principal) ([]IntakeRow, error) {
	all, err := o.Intakes(ctx, who, 50)
	got := []IntakeRow{}
	for _, in := range all {
		_, found, err := o.Intake(ctx, who, in.ID)
		if err != nil {
			return got, err
		}
		got = append(got, intakeRowOf(in, found))
	}
	return got, err
}

func intakeRowOf(in Intake, all []Proposal) IntakeRow {
	r := IntakeRow{ID: in.ID, Name: in.Name, Kind: in.Kind, Title: in.Title, Status: "open", At: at(in.Entered)}
	for _, p := range all {
		switch p.State {
		case Proposed:
			r.Counts.Proposed++
		case Confirmed:
			r.Counts.Confirmed++
		case Dispatched:
			r.Counts.Dispatched++
		default:
			r.Counts.Dropped++
		}
	}
	if r.Counts.Proposed+r.Counts.Confirmed == 0 {
		r.Status = "done"
	}
	return r
}

func (o *Office) intakePage(ctx context.Context, who auth.Principal, id int64) (IntakePage, error) {
	in, all, err := o.Intake(ctx, who, id)
	if err != nil {
		return IntakePage{}, err
	}
	v := o.view(who)
	got := IntakePage{IntakeRow: intakeRowOf(in, all), Proposals: []proposalRow{}}
	for _, p := range all {
		got.Proposals = append(got.Proposals, v.proposal(p))
	}
	return got, nil
}

func (v view) proposal(p Proposal) proposalRow {
	r := proposalRow{
		N: p.N, State: p.State, Title: p.Title, Clause: p.Clause, Strength: p.Strength, Assist: p.Assist, Limit: p.Limit, Into: p.Into, From: p.From, Matter: p.Matter,
		Source:     sourceRow{p.Source.Paragraph, p.Source.Sentence, p.Source.Text, strings.Join(p.Source.Headings, " › "), p.Source.Start, p.Source.End},
		Quantities: []quantityRow{},
	}
	if r.Assist == nil {
		r.Assist = []int64{}
	}
	for _, q := range p.Quantities {
		r.Quantities = append(r.Quantities, quantityRow{q.Text, q.Subject})
	}
	if p.Deadline.Text != "" {
		r.Deadline = &deadlineRow{p.Deadline.Text, p.Deadline.Date}
	}
	if p.Lead != 0 {
		r.Lead = &leadRow{Unit: p.Lead, UnitName: v.unit(p.Lead)}
		if len(p.Why) > 0 {
			words := strings.Join(p.Why, "、")
			r.Lead.Why = fault.T("职责词："+words, "duty words: "+words)
		}
	}
	if l, err := calendar.ParseLimit(p.Limit); err == nil {
		due, _ := v.o.Desk.Calendar().DueAt(v.now, l, nil)
		r.Due = calendar.FormatInstant(due)
	}
	return r
}
