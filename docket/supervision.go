package docket

import (
	"context"
	"fmt"
	"slices"
	"time"

	"touyan.dev/touyan/docket/repeat"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/web"
)

// Supervision (督查) by Decree 733: four of its five kinds; the fifth, everyday
// follow-up (日常督办), is a procedure of its own.
func supervisionKinds() []string {
	return []string{"docket.overall", "docket.special", "docket.event", "docket.clue"}
}

// MonthlyCap is how many supervisions of one town may be approved in a month, if
// the installation says nothing else (art. 15: frequency is to be strictly limited;
// the number is the office's own rule).
const MonthlyCap = 2

// supervised gives the object of a supervision.
func supervised(m matter.Matter) int64 {
	if !slices.Contains(supervisionKinds(), m.Kind) {
		return 0
	}
	st, err := flow.DecodeState(m.State)
	if err != nil {
		return 0
	}
	v, _ := st.Get("given.object")
	text, _ := v.(string)
	id, _ := idOf(text)
	return id
}

// supervisionsSince gives the supervisions opened since a time, or those that still
// run, that who may see.
func (o *Office) supervisionsSince(ctx context.Context, who auth.Principal, filters ...matter.Filter) ([]matter.Matter, error) {
	var out []matter.Matter
	for _, kind := range supervisionKinds() {
		for _, f := range filters {
			f.Kind, f.Limit = kind, 200
			for {
				found, err := o.Desk.List(ctx, who, f)
				if err != nil {
					return nil, err
				}
				out = append(out, found.Matters...)
				if f.Before = found.Next; found.Next == 0 {
					break
				}
			}
		}
	}
	return out, nil
}

// near is a running supervision that should be looked at before another is
// approved.
type near struct {
	Row
	Object  fault.Text `json:"object"`
	Repeats bool       `json:"repeats" doc:"it is likely about the same thing"`
	Share   int        `json:"share" doc:"how much the titles have in common, in percent"`
}

// similarTo finds the running supervisions of an object, or of units above or below
// it.
func (o *Office) similarTo(ctx context.Context, who auth.Principal, of repeat.Case) ([]near, error) {
	running, err := o.supervisionsSince(ctx, who, matter.Filter{Status: matter.Open}, matter.Filter{Status: matter.Paused})
	if err != nil {
		return nil, err
	}
	v := o.view(who)
	byID := map[int64]matter.Matter{}
	cases := make([]repeat.Case, len(running))
	for i, m := range running {
		cases[i] = repeat.Case{ID: m.ID, Title: m.Title, Object: supervised(m)}
		byID[m.ID] = m
	}
	got := []near{}
	for _, h := range repeat.Near(of, cases, v.kin) {
		got = append(got, near{Row: v.row(byID[h.ID]), Object: v.unit(h.Object), Repeats: h.Repeats(), Share: int(h.Share*100 + 0.5)})
	}
	return got, nil
}

// kin says how two units stand to each other; 0 is no unit.
func (v view) kin(a, b int64) repeat.Kin {
	switch {
	case a == 0 || b == 0:
		return repeat.Strangers
	case a == b:
		return repeat.Same
	case slices.Contains(v.dir.Ancestors(a), b) || slices.Contains(v.dir.Ancestors(b), a):
		return repeat.Related
	}
	return repeat.Strangers
}

// townOf gives the town or street to which a unit belongs; 0 for none.
func townOf(dir *auth.Directory, unit int64) int64 {
	for _, id := range dir.Ancestors(unit) {
		if u, _ := dir.Unit(id); u.Kind == auth.Street {
			return id
		}
	}
	return 0
}

// frequency is how often a town has been supervised this month.
type frequency struct {
	Town  fault.Text `json:"town"`
	Count int        `json:"count" doc:"supervisions of the town approved this month"`
	Most  int        `json:"most"`
}

// frequencyOf counts the supervisions of an object's town that were approved in the
// month of now; nil if the object belongs to no town.
func (o *Office) frequencyOf(ctx context.Context, who auth.Principal, object int64, now time.Time) (*frequency, error) {
	v := o.view(who)
	town := townOf(v.dir, object)
	if town == 0 {
		return nil, nil
	}
	day := now.In(clock.Shanghai())
	begun := time.Date(day.Year(), day.Month(), 1, 0, 0, 0, 0, clock.Shanghai())
	all, err := o.supervisionsSince(ctx, who, matter.Filter{From: begun.AddDate(-1, 0, 0).UnixMicro()})
	if err != nil {
		return nil, err
	}
	got := &frequency{Town: v.unit(town), Most: o.monthlyCap()}
	for _, m := range all {
		if townOf(v.dir, supervised(m)) != town {
			continue
		}
		events, err := o.Desk.History(ctx, m)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(events, func(e event.Event) bool {
			return e.Kind == m.Kind+"/approve.approve" && e.Recorded >= begun.UnixMicro() && e.Recorded < begun.AddDate(0, 1, 0).UnixMicro()
		}) {
			got.Count++
		}
	}
	return got, nil
}

func (o *Office) monthlyCap() int {
	if o.Cap == 0 {
		return MonthlyCap
	}
	return o.Cap
}

func (o *Office) registerSupervision(s *web.Server) {
	web.Register(s, get("/api/docket/repeat", "similar", "Running supervisions of an object, and how often its town was supervised this month"), func(ctx context.Context, in *struct {
		Title  string `query:"title" maxLength:"200"`
		Object int64  `query:"object"`
	}) (*out[approval], error) {
		return reply(o.approvalFor(ctx, web.Who(ctx), repeat.Case{ID: -1, Title: in.Title, Object: in.Object}))
	})
}

// approval is what should be looked at before a supervision is approved.
type approval struct {
	AsOf      string     `json:"as_of"`
	Similar   []near     `json:"similar"`
	Frequency *frequency `json:"frequency"`
}

// approvalOf gives it for a supervision that is not approved yet; nil otherwise.
func (o *Office) approvalOf(ctx context.Context, who auth.Principal, m matter.Matter) (*approval, error) {
	object := supervised(m)
	if object == 0 || m.Status == matter.Ended || m.Stage != "plan" && m.Stage != "approve" {
		return nil, nil
	}
	got, err := o.approvalFor(ctx, who, repeat.Case{ID: m.ID, Title: m.Title, Object: object})
	return &got, err
}

func (o *Office) approvalFor(ctx context.Context, who auth.Principal, of repeat.Case) (got approval, err error) {
	now := o.Clock.Now()
	got.AsOf = calendar.FormatInstant(now)
	if got.Similar, err = o.similarTo(ctx, who, of); err != nil {
		return got, err
	}
	got.Frequency, err = o.frequencyOf(ctx, who, of.Object, now)
	return got, err
}

// withinCap refuses to approve one more supervision of a town than the cap of the
// month allows, unless the approver says why: his reason is recorded with the act.
func (o *Office) withinCap(ctx context.Context, who auth.Principal, m matter.Matter, input map[string]any) error {
	object := supervised(m)
	if why, _ := input["over"].(string); object == 0 || why != "" {
		return nil
	}
	f, err := o.frequencyOf(ctx, who, object, o.Clock.Now())
	if err != nil || f == nil || f.Count < f.Most {
		return err
	}
	return fault.At("docket.act", "over", fmt.Sprintf("本月对%s的督查已批准%d次，达到上限（%d次）；确需开展的，请写明理由。", f.Town.ZH, f.Count, f.Most),
		fmt.Sprintf("%d supervisions of %s were approved this month, the cap is %d; if this one is needed, say why.", f.Count, f.Town.EN, f.Most))
}
