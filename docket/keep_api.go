package docket

import (
	"context"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/web"
)

// keepTerm is how long the texts of a kind of matter are kept.
type keepTerm struct {
	Text  fault.Text   `json:"text"`
	Set   string       `json:"set" enum:"law,office" doc:"who sets it: the law, or the office where the law names no term"`
	Basis []flow.Basis `json:"basis"`
}

// keeping is how long a matter is kept, and who holds it.
type keeping struct {
	Term    *keepTerm `json:"term" doc:"null when nothing says how long"`
	Until   string    `json:"until" doc:"the last day; empty while the matter has not ended"`
	Over    bool      `json:"over" doc:"that day is past: the texts go in the coming night, unless they are held"`
	Held    *heldBy   `json:"held"`
	MayHold bool      `json:"may_hold" doc:"whether the one who asks may hold the erasure, or end that"`
	Erased  *erasedBy `json:"erased"`
}

// heldBy is who holds back an erasure; a part of a matter shows only since when.
type heldBy struct {
	Pos    int64  `json:"pos"`
	At     string `json:"at"`
	By     *named `json:"by"`
	Why    string `json:"why" enum:"litigation,complaint,audit,other"`
	Words  string `json:"words"`
	Review string `json:"review"`
}

// erasedBy is the event that says that a matter was erased.
type erasedBy struct {
	Pos int64      `json:"pos"`
	At  string     `json:"at"`
	How string     `json:"how" enum:"term,order,again"`
	Why fault.Text `json:"why"`
}

// holdInput is a hold as it is sent.
type holdInput struct {
	ByID
	Body struct {
		Why    string `json:"why" enum:"litigation,complaint,audit,other"`
		Words  string `json:"words" minLength:"2" maxLength:"400" doc:"the case and its number"`
		Review string `json:"review" maxLength:"10" doc:"the day on which to look at it again"`
	}
}

// releaseInput is the end of a hold as it is sent.
type releaseInput struct {
	ByID
	Body struct {
		Words string `json:"words" minLength:"2" maxLength:"400" doc:"why it ends"`
	}
}

func (o *Office) registerKeep(s *web.Server) {
	web.Register(s, post("/api/matters/{id}/hold", "matter-hold", "Hold back the erasure of a matter"), func(ctx context.Context, in *holdInput) (*out[acted], error) {
		return reply(o.hold(ctx, web.Who(ctx), in.ID, func(who auth.Principal) (matter.Done, error) {
			return o.Desk.Hold(ctx, who, in.ID, matter.Hold{Why: in.Body.Why, Words: in.Body.Words, Review: in.Body.Review}, web.Key(ctx))
		}))
	})
	web.Register(s, post("/api/matters/{id}/release", "matter-release", "End the hold of a matter"), func(ctx context.Context, in *releaseInput) (*out[acted], error) {
		return reply(o.hold(ctx, web.Who(ctx), in.ID, func(who auth.Principal) (matter.Done, error) {
			return o.Desk.Release(ctx, who, in.ID, in.Body.Words, web.Key(ctx))
		}))
	})
}

// hold begins or ends a hold for one who may see the matter.
func (o *Office) hold(ctx context.Context, who auth.Principal, id int64, do func(auth.Principal) (matter.Done, error)) (acted, error) {
	if _, err := o.Desk.Get(ctx, who, id); err != nil {
		return acted{}, err
	}
	done, err := do(who)
	if err != nil {
		return acted{}, err
	}
	return o.answer(ctx, who, done)
}

func termOf(k *flow.Keep) *keepTerm {
	if k == nil {
		return nil
	}
	return &keepTerm{Text: k.Of.Text(), Set: k.Set, Basis: k.Basis}
}

// keeping gives how long a matter is kept.
func (v view) keeping(ctx context.Context, m matter.Matter) (keeping, error) {
	k, err := v.o.Desk.Keeping(ctx, m)
	if err != nil {
		return keeping{}, err
	}
	got := keeping{Term: termOf(k.Keep), MayHold: v.o.Desk.MayHold(v.who, m, k.Hold != nil)}
	if !k.Until.IsZero() {
		got.Until, got.Over = calendar.DayOf(k.Until).String(), v.now.After(k.Until)
	}
	if h := k.Hold; h != nil {
		got.Held = &heldBy{Pos: h.Pos, At: at(h.Recorded), Why: h.Why}
		if m.Parent == 0 {
			got.Held.By, got.Held.Words, got.Held.Review = &named{h.Actor, v.person(h.Actor)}, h.Words, h.Review
		}
	}
	if g := k.Gone; g != nil {
		got.Erased = &erasedBy{Pos: g.Pos, At: at(g.Recorded), How: "order"}
		switch g.Kind {
		case event.EventTerm:
			got.Erased.How, got.Erased.Why = "term", g.Why
		case event.EventAgain:
			got.Erased.How = "again"
		}
	}
	return got, nil
}
