package docket

import (
	"context"
	"encoding/json"
	"strings"

	"touyan.dev/touyan/kernel/act"
	"touyan.dev/touyan/kernel/attach"
	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/web"
)

// verdict is the outcome of verifying a receipt.
type verdict struct {
	OK        bool           `json:"ok"`
	Checks    []audit.Check  `json:"checks"`
	Envelope  event.Envelope `json:"envelope"`
	KindName  fault.Text     `json:"kind_name"`
	ActorName string         `json:"actor_name" doc:"empty for guests, and for a receipt that does not verify"`
}

type checkpointOf struct {
	Text string `json:"text"`
	Key  string `json:"key"`
}

func (o *Office) registerProof(s *web.Server) {
	web.Register(s, reads(get("/api/receipts/{pos}", "receipt", "The receipt of an event of a matter"), "receipt"), func(ctx context.Context, in *struct {
		Pos int64 `path:"pos" minimum:"0"`
	}) (*out[audit.Issued], error) {
		return reply(o.receipt(ctx, web.Who(ctx), in.Pos))
	})
	verify := post("/api/verify", "verify", "Verify a receipt against this installation's keys and log")
	verify.Open, verify.Keyless = true, true
	web.Register(s, verify, func(ctx context.Context, in *struct {
		Body struct {
			Receipt json.RawMessage `json:"receipt" doc:"as it was given, with log and key or without"`
		}
	}) (*out[verdict], error) {
		return reply(o.verify(ctx, web.Who(ctx), in.Body.Receipt))
	})
	latest := get("/api/checkpoint", "checkpoint", "The signed checkpoint of the log as it stands")
	latest.Open = true
	web.Register(s, latest, func(ctx context.Context, _ *struct{}) (*out[checkpointOf], error) {
		signed, _, err := o.Key.Sign(ctx, o.DB)
		return reply(checkpointOf{string(signed), o.Key.Public}, err)
	})
	web.Register(s, get("/api/definitions", "definitions", "The kinds of matters and their procedures"), func(ctx context.Context, _ *struct{}) (*out[[]DefRow], error) {
		return reply(o.definitions(ctx, web.Who(ctx)))
	})
	web.Register(s, get("/api/definitions/{kind}", "definition", "A procedure, drawn"), func(ctx context.Context, in *struct {
		Kind string `path:"kind" maxLength:"60"`
	}) (*out[defPage], error) {
		return reply(o.definition(ctx, web.Who(ctx), in.Kind))
	})
	o.registerExport(s)
}

// receipt gives an event's receipt to whoever may see what it concerns, with
// the body, so that the holder can check that too.
func (o *Office) receipt(ctx context.Context, who auth.Principal, pos int64) (audit.Issued, error) {
	r, e, err := o.Key.ReceiptAt(ctx, o.DB, pos)
	if err == nil {
		err = o.maySee(ctx, who, e)
	}
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Forbidden) { // which of the two must not show
		err = errNoReceipt()
	}
	if err != nil {
		return audit.Issued{}, err
	}
	if !o.personal(e) && e.Kind != event.EventSpill {
		r = r.With(e) // else it proves the event without what it says
	}
	return audit.Issued{Receipt: r, Log: o.Key.Name, Key: o.Key.Public}, nil
}

func errNoReceipt() error {
	return fault.New(fault.NotFound, "docket.receipt", "没有这条记录的凭证，或您无权查看。", "There is no such receipt, or it is not for you to see.")
}

// maySee asks whether who may see the object of an event of the docket or of a
// matter; events of other kinds are not shown here.
func (o *Office) maySee(ctx context.Context, who auth.Principal, e event.Event) error {
	kind, _, _ := strings.Cut(e.Kind, "/")
	if _, ok, err := o.thing(ctx, who, e); ok || err != nil {
		return err
	}
	var err error
	switch {
	case kind == "docket.instruction":
		_, err = o.Instruction(ctx, who, e.Subject)
	case kind == paperKind:
		_, _, err = o.paper(ctx, who, e.Subject)
	case kind == "docket.intake":
		_, _, err = o.Intake(ctx, who, e.Subject)
	case e.Kind == act.EventExported && (e.Actor == who.Person || o.Book.Now().Audits(who.Person)):
	case event.Erases(e.Kind), e.Kind == attach.EventAdd, e.Kind == matter.EventHold, e.Kind == matter.EventRelease, o.Desk.Definitions().Latest(kind) != nil:
		_, err = o.Desk.Get(ctx, who, e.Subject)
	default:
		err = errNoReceipt()
	}
	return err
}

// verify checks a receipt as it was given: its body is hashed byte for byte, so
// it is never taken apart and put together again. Who acted is named to people of
// this installation only, and only once it is sure that they did.
func (o *Office) verify(ctx context.Context, who auth.Principal, given json.RawMessage) (verdict, error) {
	report, err := audit.Confirm(ctx, o.DB, given, o.Key.Keys())
	if fault.Is(err, fault.Invalid) {
		text := fault.Of(err).Text
		return verdict{}, fault.At("docket.verify", "receipt", text.ZH, text.EN)
	}
	if err != nil {
		return verdict{}, err
	}
	got := verdict{OK: report.OK, Checks: report.Checks, Envelope: report.Envelope}
	if got.OK && who.Person != 0 {
		got.ActorName = o.view(who).person(report.Envelope.Actor)
	}
	kind, _, _ := strings.Cut(report.Envelope.Kind, "/")
	if kind == paperKind {
		got.KindName = fault.T("印发文件", "A paper was issued")
	}
	if d := o.Desk.Definitions().Latest(kind); d != nil {
		step, act := actOf(report.Envelope.Kind)
		name, name2 := d.Name, actName(d, step, act)
		got.KindName = fault.T(name.ZH+"·"+name2.ZH, name.EN+": "+name2.EN)
	}
	return got, nil
}

// DefRow is a kind of matter in a list.
type DefRow struct {
	Kind      string       `json:"kind"`
	Name      fault.Text   `json:"name"`
	Version   int          `json:"version"`
	Hash      string       `json:"hash"`
	Basis     []flow.Basis `json:"basis"`
	Steps     int          `json:"steps"`
	LimitText fault.Text   `json:"limit_text"`
	Keep      *keepTerm    `json:"keep" doc:"how long the texts of an ended matter are kept; null when nothing says so"`
	Running   int          `json:"running" doc:"those not ended that the one who asks may see, counted up to 999 in each state"`
}

// defPage is a procedure with its drawing.
type defPage struct {
	DefRow
	Source   string         `json:"source"`
	Diagram  diagrams       `json:"diagram"`
	Problems []flow.Problem `json:"problems"`
	Given    map[string]any `json:"given" nullable:"true" doc:"the form that a matter of this kind begins with"`
}

type diagrams struct {
	ZH flow.Diagram `json:"zh"`
	EN flow.Diagram `json:"en"`
}

func (o *Office) definitions(ctx context.Context, who auth.Principal) ([]DefRow, error) {
	got := []DefRow{}
	seen := map[string]bool{}
	for _, d := range o.Desk.Definitions().All() {
		if seen[d.Kind] {
			continue
		}
		seen[d.Kind] = true
		r, err := o.defRow(ctx, who, o.Desk.Definitions().Latest(d.Kind))
		if err != nil {
			return got, err
		}
		got = append(got, r)
	}
	return got, nil
}

func (o *Office) defRow(ctx context.Context, who auth.Principal, d *flow.Def) (DefRow, error) {
	r := DefRow{Kind: d.Kind, Name: d.Name, Version: d.Version, Hash: d.Hash(), Basis: d.Basis}
	if r.Basis == nil {
		r.Basis = []flow.Basis{}
	}
	for _, stage := range d.Stages() {
		if d.Step(stage) != nil {
			r.Steps++
		}
	}
	r.Keep = termOf(d.Keep)
	if d.Limit != nil {
		r.LimitText = d.Limit.Of.Text()
	}
	for _, status := range []matter.Status{matter.Open, matter.Paused} {
		n, err := o.Desk.CountMatters(ctx, who, matter.Filter{Kind: d.Kind, Status: status}, countMost)
		if err != nil {
			return r, err
		}
		r.Running += n
	}
	return r, nil
}

func (o *Office) definition(ctx context.Context, who auth.Principal, kind string) (defPage, error) {
	d := o.Desk.Definitions().Latest(kind)
	if d == nil {
		return defPage{}, fault.New(fault.NotFound, "docket.definition", "没有这类事项。", "There is no such kind of matter.")
	}
	r, err := o.defRow(ctx, who, d)
	if err != nil {
		return defPage{}, err
	}
	got := defPage{DefRow: r, Problems: []flow.Problem{}, Diagram: diagrams{d.Diagram("zh"), d.Diagram("en")}}
	if f := d.Form(d.Given); f != nil {
		got.Given = ordered(f)
	}
	err = o.DB.QueryRow(ctx, "SELECT source FROM definition WHERE hash = ?", d.Hash()).Scan(&got.Source)
	return got, fault.Wrap("docket.definition", err)
}
