package observatory

import (
	"context"
	"encoding/json"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/web"
	"touyan.dev/touyan/observatory/effect"
	"touyan.dev/touyan/observatory/panel"
)

// EvaluationRow is an evaluation in a list.
type EvaluationRow struct {
	ID       int64       `json:"id"`
	Title    string      `json:"title"`
	Treated  Coded       `json:"treated"`
	Outcome  Coded       `json:"outcome"`
	From     string      `json:"from"`
	Method   string      `json:"method" enum:"sc,sdid,did"`
	Frozen   string      `json:"frozen"`
	FrozenBy person      `json:"frozen_by"`
	Computed string      `json:"computed" doc:"empty while nobody has seen a result"`
	Grade    string      `json:"grade" enum:"evidence,insufficient,opposite,"`
	Verdict  *fault.Text `json:"verdict"`
}

// EvaluationPage is an evaluation with its protocol and, once computed, its
// result.
type EvaluationPage struct {
	EvaluationRow
	Question Question          `json:"question"`
	Digest   string            `json:"protocol_sha256"`
	Unit     fault.Text        `json:"unit"`
	Names    map[string]string `json:"names" doc:"of the units, by code"`
	Result   *effect.Result    `json:"-"`
	Answer   json.RawMessage   `json:"result" doc:"null before it is computed"`
	Percent  *float64          `json:"percent" doc:"the effect in per cent of what would have been"`
	History  []HistoryRow      `json:"history"`
	May      bool              `json:"may_work"`
}

type questionInput struct {
	Title     string   `json:"title" maxLength:"100"`
	Freq      int      `json:"freq,omitempty" enum:"0,1,4,12" doc:"0 for outcomes in a file"`
	Indicator string   `json:"indicator,omitempty" maxLength:"60"`
	File      string   `json:"file,omitempty" maxLength:"64" doc:"digest of an uploaded CSV with the outcomes"`
	FileName  string   `json:"file_name,omitempty" maxLength:"400"`
	UnitCol   string   `json:"unit_column,omitempty" maxLength:"100"`
	TimeCol   string   `json:"time_column,omitempty" maxLength:"100"`
	ValueCol  string   `json:"value_column,omitempty" maxLength:"100"`
	Peers     string   `json:"peers,omitempty" maxLength:"60"`
	Vintage   string   `json:"vintage,omitempty" maxLength:"10"`
	Method    string   `json:"method" enum:"sc,sdid,did"`
	Basis     int64    `json:"basis,omitempty" doc:"the matter of the measure"`
	Why       string   `json:"why" maxLength:"1000" doc:"the hypothesis"`
	Treated   string   `json:"treated" maxLength:"60"`
	From      string   `json:"from" maxLength:"20"`
	Since     string   `json:"since,omitempty" maxLength:"20"`
	Until     string   `json:"until,omitempty" maxLength:"20"`
	Donors    []string `json:"donors,omitempty" maxItems:"500"`
	Exclude   []string `json:"exclude,omitempty" maxItems:"500"`
	Expect    string   `json:"expect" enum:"rise,fall,change"`
}

func (d *Desk) registerEvaluations(s *web.Server) {
	web.Register(s, get("/evaluations", "evaluations", "Evaluations of measures, a page of 50, the newest first"), read(d, func(ctx context.Context, in *PageOf) (*Paged[EvaluationRow], error) {
		list, err := d.Evaluations(ctx)
		if err != nil {
			return nil, err
		}
		n, err := d.naming(ctx)
		if err != nil {
			return nil, err
		}
		at := paged(list, in.Page, pageSize)
		rows := told(at, func(Evaluation) EvaluationRow { return EvaluationRow{} })
		for i, e := range at.Rows {
			if rows.Rows[i], _, err = n.evaluation(e); err != nil {
				return nil, err
			}
		}
		return &rows, nil
	}))
	web.Register(s, get("/evaluations/{id}", "evaluation", "An evaluation with its protocol and result"), read(d, func(ctx context.Context, in *ByID) (*EvaluationPage, error) {
		return d.EvaluationPage(ctx, web.Who(ctx), in.ID)
	}))
	web.Register(s, created("/evaluations", "freeze", "Freeze the protocol of an evaluation; nothing is computed"), func(ctx context.Context, in *struct{ Body questionInput }) (*out[acted], error) {
		b := in.Body
		q := Question{Freq: panel.Freq(b.Freq), Indicator: b.Indicator, Peers: b.Peers, Vintage: b.Vintage, Method: effect.Method(b.Method), Basis: b.Basis, Why: b.Why, Protocol: effect.Protocol{
			Treated: b.Treated, From: b.From, Since: b.Since, Until: b.Until, Donors: b.Donors, Exclude: b.Exclude, Expect: effect.Expectation(b.Expect),
		}}
		if b.File != "" {
			q.File = &Outcomes{Digest: b.File, Name: b.FileName, Unit: b.UnitCol, Time: b.TimeCol, Outcome: b.ValueCol}
		}
		return answer(d.Freeze(ctx, web.Who(ctx), b.Title, q, web.Key(ctx)))
	})
	web.Register(s, post("/evaluations/{id}/compute", "compute", "Answer a frozen protocol, once"), func(ctx context.Context, in *ByID) (*out[acted], error) {
		return answer(d.Compute(ctx, web.Who(ctx), in.ID, web.Key(ctx)))
	})
}

func (n *naming) evaluation(e Evaluation) (EvaluationRow, *effect.Result, error) {
	row := EvaluationRow{
		ID: e.ID, Title: e.Title, Treated: n.subject(e.Question.Protocol.Treated), Outcome: n.indicator(e.Question.Indicator), From: e.Question.Protocol.From, Method: string(e.Question.Method),
		Frozen: at(e.Frozen), FrozenBy: n.person(e.FrozenBy), Computed: at(e.Computed),
	}
	if f := e.Question.File; f != nil {
		row.Outcome = Coded{f.Outcome, fault.T(f.Outcome, f.Outcome)}
	}
	if e.Computed == 0 {
		return row, nil, nil
	}
	r := &effect.Result{}
	if err := json.Unmarshal([]byte(e.Result), r); err != nil {
		return row, nil, fault.Wrap("observatory.evaluation", err)
	}
	v := r.Verdict()
	row.Grade, row.Verdict = string(v.Grade), &fault.Text{ZH: v.ZH, EN: v.EN}
	return row, r, nil
}

// EvaluationPage gives an evaluation as who sees it.
func (d *Desk) EvaluationPage(ctx context.Context, who auth.Principal, id int64) (*EvaluationPage, error) {
	e, err := d.Evaluation(ctx, id)
	if err != nil {
		return nil, err
	}
	n, err := d.naming(ctx)
	if err != nil {
		return nil, err
	}
	p := &EvaluationPage{Question: e.Question, Digest: e.Digest, Unit: n.unit(e.Question.Indicator), Names: map[string]string{}}
	if p.EvaluationRow, p.Result, err = n.evaluation(e); err != nil {
		return nil, err
	}
	p.May = d.works(who) == nil
	for code, name := range n.subjects {
		p.Names[code] = name.ZH
	}
	if p.Result != nil {
		p.Answer = json.RawMessage(e.Result)
		p.Percent = percent(p.Result)
	}
	p.History, err = d.history(ctx, n, id)
	return p, err
}

// percent gives the mean effect over the periods with the measure, in per cent of
// what would have been without it.
func percent(r *effect.Result) *float64 {
	var without float64
	n := 0
	for _, p := range r.Path[min(len(r.Path), r.PrePeriods):] {
		without += p.Observed
		n++
	}
	if n == 0 {
		return nil
	}
	if without = without/float64(n) - r.Estimate; without == 0 {
		return nil
	}
	share := 100 * r.Estimate / without
	return &share
}
