package docket

import (
	"context"
	"net/http"
	"slices"
	"time"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/web"
)

// delegationRow is a delegation as its giver, its taker or an administrator sees
// it.
type delegationRow struct {
	ID        int64        `json:"id"`
	Giver     named        `json:"giver"`
	Taker     named        `json:"taker"`
	Post      fault.Text   `json:"post" doc:"empty: all posts"`
	Kinds     []fault.Text `json:"kinds" doc:"empty: all kinds"`
	Since     string       `json:"since"`
	Until     string       `json:"until" doc:"the instant from which it no longer counts; empty for none"`
	Standing  bool         `json:"standing"`
	Reason    string       `json:"reason"`
	State     string       `json:"state" enum:"in_force,waiting,over" doc:"waiting: it has not begun, or its holder is not away"`
	Endable   bool         `json:"endable" doc:"the one who asks may end it"`
	EndedFrom string       `json:"ended" doc:"when it was revoked"`
}

type absenceRow struct {
	ID      int64  `json:"id"`
	Person  named  `json:"person"`
	Since   string `json:"since"`
	Until   string `json:"until"`
	Reason  string `json:"reason"`
	Now     bool   `json:"now"`
	Endable bool   `json:"endable"`
}

// delegationPage is who acts for whom, as far as it concerns the one who asks.
type delegationPage struct {
	Posts    []postChoice    `json:"posts" doc:"of the one who asks, to choose from"`
	Kinds    []kindName      `json:"kinds"`
	Given    []delegationRow `json:"given"`
	Received []delegationRow `json:"received"`
	Others   []delegationRow `json:"others" doc:"of the units that the one who asks administers"`
	Absences []absenceRow    `json:"absences"`
	AsOf     string          `json:"as_of"`
}

type postChoice struct {
	ID   int64      `json:"id"`
	Name fault.Text `json:"name"`
}

type attested struct {
	ID      int64       `json:"id"`
	Pos     int64       `json:"pos"`
	Receipt receiptBody `json:"receipt"`
}

type newDelegation struct {
	Giver    int64    `json:"giver,omitempty" doc:"an administrator names a deputy for this person"`
	Taker    int64    `json:"taker"`
	Post     int64    `json:"post,omitempty" doc:"0: all posts"`
	Kinds    []string `json:"kinds,omitempty" maxItems:"50"`
	Since    string   `json:"since,omitempty" maxLength:"40" doc:"day or instant; now if left out"`
	Until    string   `json:"until,omitempty" maxLength:"40" doc:"the last day, or the instant at which it ends"`
	Standing bool     `json:"standing,omitempty"`
	Reason   string   `json:"reason" maxLength:"400"`
}

type newAbsence struct {
	Person int64  `json:"person,omitempty"`
	Since  string `json:"since,omitempty" maxLength:"40"`
	Until  string `json:"until" maxLength:"40" doc:"the last day away, or the instant of return"`
	Reason string `json:"reason" maxLength:"400"`
}

func (p *people) registerDelegations(s *web.Server) {
	web.Register(s, get("/api/delegations", "delegations", "For whom the one who asks acts, who acts for him, and who is away"), func(ctx context.Context, _ *struct{}) (*out[delegationPage], error) {
		return reply(p.delegations(web.Who(ctx)))
	})
	web.Register(s, created("/api/delegations", "delegation-give", "Delegate posts, or name a standing deputy; delegating everything needs a fresh proof"), func(ctx context.Context, in *struct{ Body newDelegation }) (*out[attested], error) {
		return reply(p.delegate(ctx, web.Who(ctx), in.Body, web.Key(ctx)))
	})
	web.Register(s, web.Op{Method: http.MethodDelete, Path: "/api/delegations/{id}", ID: "delegation-end", Summary: "End a delegation now", Tag: "docket"}, func(ctx context.Context, in *ByID) (*out[attested], error) {
		return reply(p.attest(ctx, web.Who(ctx), web.Key(ctx), p.registry.Undelegate(ctx, web.Who(ctx), web.Key(ctx), in.ID)))
	})
	web.Register(s, created("/api/absences", "absence-mark", "Mark a person as away"), func(ctx context.Context, in *struct{ Body newAbsence }) (*out[attested], error) {
		return reply(p.absent(ctx, web.Who(ctx), in.Body, web.Key(ctx)))
	})
	web.Register(s, web.Op{Method: http.MethodDelete, Path: "/api/absences/{id}", ID: "absence-end", Summary: "Mark a person as back", Tag: "docket"}, func(ctx context.Context, in *ByID) (*out[attested], error) {
		return reply(p.attest(ctx, web.Who(ctx), web.Key(ctx), p.registry.EndAbsence(ctx, web.Who(ctx), web.Key(ctx), in.ID)))
	})
	web.Register(s, get("/api/people/{id}/hands", "hands", "What is in a person's hands, to be handed over"), func(ctx context.Context, in *ByID) (*out[handsPage], error) {
		return reply(p.hands(ctx, web.Who(ctx), in.ID))
	})
	web.Register(s, proven(post("/api/people/{id}/handover", "handover", "Hand over all that is in a person's hands")), func(ctx context.Context, in *struct {
		ByID
		Body struct {
			To     int64  `json:"to"`
			Reason string `json:"reason" maxLength:"400"`
		}
	}) (*out[handedOver], error) {
		return reply(p.handOver(ctx, web.Who(ctx), in.ID, in.Body.To, in.Body.Reason, web.Key(ctx)))
	})
}

// lastOf reads the end of a time: a day is included whole.
func lastOf(op, field, text string) (time.Time, error) {
	t, err := instantOf(op, field, text)
	if err == nil && len(text) == len("2006-01-02") {
		t = t.AddDate(0, 0, 1)
	}
	return t, err
}

// firstOf reads the beginning of a time. Today begins now: what was done before
// stays what it was.
func firstOf(op, field, text string, now time.Time) (time.Time, error) {
	t, err := instantOf(op, field, text)
	if err == nil && len(text) == len("2006-01-02") && calendar.DayOf(t) == calendar.DayOf(now) {
		return now, nil
	}
	return t, err
}

// attest adds its receipt to what was done under a key.
func (p *people) attest(ctx context.Context, who auth.Principal, key string, err error) (attested, error) {
	if err != nil {
		return attested{}, err
	}
	e, ok, err := event.Find(ctx, p.DB, event.Once{Actor: who.Person, Key: event.KeyOf(key)})
	if err == nil && !ok {
		err = fault.New(fault.Internal, "docket.attest", "没有找到操作记录，请运行 touyan check。", "The act's event was not found; run touyan check.")
	}
	if err != nil {
		return attested{}, err
	}
	r, _, err := p.Key.ReceiptAt(ctx, p.DB, e.Pos)
	return attested{ID: e.Subject, Pos: e.Pos, Receipt: r}, err
}

func (p *people) delegate(ctx context.Context, who auth.Principal, in newDelegation, key string) (attested, error) {
	const op = "docket.delegate"
	since, err := firstOf(op, "since", in.Since, p.Clock.Now())
	if err != nil {
		return attested{}, err
	}
	until, err := lastOf(op, "until", in.Until)
	if err != nil {
		return attested{}, err
	}
	for _, k := range in.Kinds {
		if p.Desk.Definitions().Latest(k) == nil {
			return attested{}, fault.At(op, "kinds", "没有这类事项，请从列表中选择。", "There is no such kind of matter; choose from the list.")
		}
	}
	if in.Post == 0 && len(in.Kinds) == 0 { // all that he may do
		if err := web.NeedProof(ctx); err != nil {
			return attested{}, err
		}
	}
	_, err = p.registry.Delegate(ctx, who, auth.NewDelegation{
		Key: key, Giver: in.Giver, Taker: in.Taker, Post: in.Post, Kinds: in.Kinds, Since: since, Until: until, Standing: in.Standing, Reason: in.Reason,
	})
	return p.attest(ctx, who, key, err)
}

func (p *people) absent(ctx context.Context, who auth.Principal, in newAbsence, key string) (attested, error) {
	const op = "docket.absent"
	since, err := firstOf(op, "since", in.Since, p.Clock.Now())
	if err != nil {
		return attested{}, err
	}
	until, err := lastOf(op, "until", in.Until)
	if err != nil {
		return attested{}, err
	}
	_, err = p.registry.MarkAbsent(ctx, who, auth.NewAbsence{Key: key, Person: in.Person, Since: since, Until: until, Reason: in.Reason})
	return p.attest(ctx, who, key, err)
}

// delegations lists what concerns the one who asks.
func (p *people) delegations(who auth.Principal) (delegationPage, error) {
	if err := p.staffOnly(who); err != nil {
		return delegationPage{}, err
	}
	v := p.view(who)
	got := delegationPage{
		Posts: []postChoice{}, Kinds: []kindName{}, Given: []delegationRow{}, Received: []delegationRow{}, Others: []delegationRow{}, Absences: []absenceRow{},
		AsOf: calendar.FormatInstant(v.now),
	}
	for _, post := range v.dir.PostsOf(who.Person, v.dir.Day()) {
		got.Posts = append(got.Posts, postChoice{post.ID, v.post(post)})
	}
	for _, k := range p.Desk.Definitions().All() {
		if !slices.ContainsFunc(got.Kinds, func(o kindName) bool { return o.Kind == k.Kind }) {
			got.Kinds = append(got.Kinds, kindName{k.Kind, v.kindName(k.Kind)})
		}
	}
	for _, g := range slices.Backward(v.dir.Delegations()) {
		row, endable := v.delegation(g), p.mayEnd(v, g.Giver, g.Post)
		row.Endable = endable && row.State != "over"
		switch {
		case g.Giver == who.Person:
			got.Given = append(got.Given, row)
		case g.Taker == who.Person:
			got.Received = append(got.Received, row)
		case endable && row.State != "over":
			got.Others = append(got.Others, row)
		}
	}
	for _, a := range slices.Backward(v.dir.Absences()) {
		over := a.Ended != 0 || a.Until <= v.now.UnixMicro()
		endable := p.mayEnd(v, a.Person, 0)
		if !over && (a.Person == who.Person || endable) {
			now, _ := v.dir.Absent(a.Person)
			got.Absences = append(got.Absences, absenceRow{a.ID, named{a.Person, v.person(a.Person)}, at(a.Since), at(a.Until), a.Reason, now.ID == a.ID, endable})
		}
	}
	return got, nil
}

// mayEnd asks whether the reader may end what concerns a person's post.
func (p *people) mayEnd(v view, person, post int64) bool {
	units := v.dir.AnswersFor(person)
	if held, ok := v.dir.Post(post); ok {
		units = []int64{held.Unit}
	}
	for _, unit := range units {
		if _, err := p.Rules.Require(v.dir, v.who, "directory.undelegate", auth.Resource{Type: "Unit", ID: unit, Unit: unit, Named: person}); err != nil {
			return false
		}
	}
	return true
}

func (v view) post(post auth.Post) fault.Text {
	unit := v.unit(post.Unit)
	return fault.T(unit.ZH+post.Title.ZH, post.Title.EN+", "+unit.EN)
}

func (v view) delegation(g auth.Delegation) delegationRow {
	r := delegationRow{
		ID: g.ID, Giver: named{g.Giver, v.person(g.Giver)}, Taker: named{g.Taker, v.person(g.Taker)}, Kinds: []fault.Text{},
		Since: at(g.Since), Until: at(g.Until), Standing: g.Standing, Reason: g.Reason, State: "waiting", EndedFrom: at(g.Ended),
	}
	if post, ok := v.dir.Post(g.Post); ok {
		r.Post = v.post(post)
	}
	for _, k := range g.Kinds {
		r.Kinds = append(r.Kinds, v.kindName(k))
	}
	now := v.now.UnixMicro()
	switch {
	case g.Ended != 0 || g.Until != 0 && g.Until <= now:
		r.State = "over"
	case slices.ContainsFunc(v.dir.ActsFor(g.Taker), func(a auth.Acting) bool { return a.ID == g.ID }):
		r.State = "in_force"
	}
	return r
}

// standIns says until when the holder of a post is away, and who acts for him
// with it.
func (v view) standIns(post auth.Post) (away string, by []string) {
	by = []string{}
	if a, ok := v.dir.Absent(post.Person); ok {
		away = at(a.Until)
	}
	for _, a := range v.dir.ActedFor(post.Person) {
		if slices.ContainsFunc(a.Posts, func(p auth.Post) bool { return p.ID == post.ID }) {
			by = append(by, v.person(a.Taker))
		}
	}
	return away, by
}

// handsPage is what a person would leave behind.
type handsPage struct {
	Person      named           `json:"person"`
	Steps       []task          `json:"steps"`
	Parties     []Row           `json:"parties"`
	Hidden      int             `json:"hidden" doc:"further matters that the one who asks may not see"`
	Duties      []dutyWork      `json:"duties" doc:"steps that wait for a post which nobody else holds; they pass with the post"`
	Delegations []delegationRow `json:"delegations" doc:"they end with the handover"`
}

type dutyWork struct {
	Post fault.Text `json:"post"`
	Open int        `json:"open"`
}

type handedOver struct {
	Steps       int         `json:"steps"`
	Parties     int         `json:"parties"`
	Delegations int         `json:"delegations"`
	Pos         int64       `json:"pos"`
	Receipt     receiptBody `json:"receipt"`
}

// mayHandOver lets in the person himself and his administrators.
func (p *people) mayHandOver(dir *auth.Directory, who auth.Principal, person int64) error {
	if _, ok := dir.Person(person); !ok {
		return fault.New(fault.NotFound, "docket.hands", "没有此人，或您无权查看。", "There is no such person, or it is not for you to see.")
	}
	for _, unit := range dir.AnswersFor(person) {
		if _, err := p.Rules.Require(dir, who, "directory.handover", auth.Resource{Type: "Unit", ID: unit, Unit: unit, Named: person}); err != nil {
			return err
		}
	}
	return nil
}

func (p *people) hands(ctx context.Context, who auth.Principal, person int64) (handsPage, error) {
	v := p.view(who)
	got := handsPage{Person: named{person, v.person(person)}, Steps: []task{}, Parties: []Row{}, Duties: []dutyWork{}, Delegations: []delegationRow{}}
	if err := p.mayHandOver(v.dir, who, person); err != nil {
		return handsPage{}, err
	}
	h, err := p.Desk.InHands(ctx, person)
	if err != nil {
		return got, err
	}
	// An administrator need not see what a matter is about to have it handed over.
	for _, t := range h.Steps {
		shown := v.task(t.Matter, t.Slot, nil)
		if !p.Desk.May(who, t.Matter) {
			shown = task{Due: shown.Due, Remaining: shown.Remaining, Mark: shown.Mark, Acts: []ShortOffer{}}
		}
		got.Steps = append(got.Steps, shown)
	}
	for _, m := range h.Parties {
		if p.Desk.May(who, m) {
			got.Parties = append(got.Parties, v.row(m))
		} else {
			got.Hidden++
		}
	}
	for _, d := range h.Duties {
		got.Duties = append(got.Duties, dutyWork{v.post(d.Post), d.Open})
	}
	for _, g := range v.dir.Delegations() {
		if row := v.delegation(g); (g.Giver == person || g.Taker == person) && row.State != "over" {
			got.Delegations = append(got.Delegations, row)
		}
	}
	return got, nil
}

func (p *people) handOver(ctx context.Context, who auth.Principal, from, to int64, reason, key string) (handedOver, error) {
	done, err := p.Desk.HandOver(ctx, who, matter.Handover{From: from, To: to, Reason: reason, Key: key})
	if err != nil {
		return handedOver{}, err
	}
	return handedOver{done.Steps, done.Parties, done.Delegations, done.Pos, audit.Receipt(done.Receipt)}, p.Book.Refresh(ctx)
}
