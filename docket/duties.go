package docket

import (
	"context"
	"fmt"
	"slices"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/web"
)

// DutyMap is the responsibility map (职责清单): what each step of each kind of
// work asks for, who holds that really, where two hold what one is meant to hold,
// and where nobody does.
type DutyMap struct {
	Day      string     `json:"day"`
	Kinds    []DutyKind `json:"kinds"`
	Seats    []DutySeat `json:"seats" doc:"the duties that steps ask for, by unit, with who holds them"`
	Overlaps []DutySeat `json:"overlaps"`
	Gaps     []DutySeat `json:"gaps"`
	Orphans  []Orphan   `json:"orphans" doc:"open steps that name somebody who can no longer do them"`
}

// DutyKind is a kind of work with its steps.
type DutyKind struct {
	Kind  string     `json:"kind"`
	Name  fault.Text `json:"name"`
	Basis []source   `json:"basis"`
	Steps []DutyStep `json:"steps"`
}

type source struct {
	Source  string `json:"source"`
	Article string `json:"article"`
}

// DutyStep is a step with whom it is for.
type DutyStep struct {
	Step  string      `json:"step"`
	Name  fault.Text  `json:"name"`
	Basis source      `json:"basis" doc:"the step's own, else the kind's"`
	Who   []DutyParty `json:"who"`
}

// DutyParty is one answer to who a step is for.
type DutyParty struct {
	Duty auth.Duty  `json:"duty,omitempty"`
	Of   string     `json:"of,omitempty" enum:"office,unit,section," doc:"of which units; empty for a person that the matter names"`
	Name fault.Text `json:"name"`
}

// DutySeat is a duty in a unit and who holds it.
type DutySeat struct {
	Unit     int64        `json:"unit"`
	UnitName fault.Text   `json:"unit_name"`
	Duty     auth.Duty    `json:"duty"`
	DutyName fault.Text   `json:"duty_name"`
	Holders  []DutyHolder `json:"holders"`
	Why      fault.Text   `json:"why,omitzero"`
	Steps    []string     `json:"steps" doc:"kind/step that ask for it"`
	Basis    string       `json:"basis" doc:"source and article of the first of them"`

	of string
}

// DutyHolder is who holds a duty, whether he is away, and who stands in.
type DutyHolder struct {
	Person int64    `json:"person"`
	Name   string   `json:"name"`
	Away   string   `json:"away,omitempty"`
	By     []string `json:"by,omitempty"`
}

// Orphan is an open step that names somebody who cannot do it.
type Orphan struct {
	Matter int64      `json:"matter,omitempty" doc:"0 if the one who asks may not see it"`
	Title  string     `json:"title,omitempty"`
	Person string     `json:"person"`
	Why    fault.Text `json:"why"`
}

// single reports duties of which a unit has one holder: whoever answers for all
// of it. Deputies, heads in charge, secretaries, officers and clerks may be many.
func single(d auth.Duty) bool { return d == auth.Leader || d == auth.Liaison || d == auth.Section }

func (p *people) registerDuties(s *web.Server) {
	web.Register(s, get("/api/duties", "duties", "Who answers for each step of each kind of work; overlaps and gaps"), func(ctx context.Context, _ *struct{}) (*out[DutyMap], error) {
		if err := p.staffOnly(web.Who(ctx)); err != nil {
			return nil, err
		}
		return reply(p.Duties(ctx, web.Who(ctx)))
	})
}

// Duties computes the responsibility map as of now. Nobody (the zero principal)
// sees no matter by name.
func (o *Office) Duties(ctx context.Context, who auth.Principal) (DutyMap, error) {
	v := o.view(who)
	m := DutyMap{Day: v.dir.Day(), Kinds: []DutyKind{}, Seats: []DutySeat{}, Overlaps: []DutySeat{}, Gaps: []DutySeat{}}
	asked := map[[2]string][]string{} // duty and of → steps
	basis := map[[2]string]string{}
	seen := map[string]bool{}
	for _, d := range o.Desk.Definitions().All() {
		if seen[d.Kind] {
			continue
		}
		seen[d.Kind] = true
		k := dutyKind(o.Desk.Definitions().Latest(d.Kind))
		m.Kinds = append(m.Kinds, k)
		for _, s := range k.Steps {
			for _, p := range s.Who {
				if p.Of == "" {
					continue
				}
				key := [2]string{string(p.Duty), p.Of}
				asked[key] = append(asked[key], k.Kind+"/"+s.Step)
				if basis[key] == "" {
					basis[key] = s.Basis.Source + s.Basis.Article
				}
			}
		}
	}
	for _, u := range v.dir.Units() {
		for _, duty := range auth.Duties() {
			key := [2]string{string(duty), unitRole(u)}
			if steps := asked[key]; len(steps) > 0 {
				seat := v.seat(u, duty)
				seat.Steps, seat.Basis = steps, basis[key]
				m.Seats = append(m.Seats, seat)
			}
		}
	}
	for _, s := range m.Seats {
		v.judge(s, &m)
	}
	var err error
	m.Orphans, err = o.orphans(ctx, v)
	return m, err
}

// unitRole says as what a unit meets the steps of procedures.
func unitRole(u auth.Unit) string {
	switch u.Kind {
	case auth.Office:
		return "office"
	case auth.Bureau, auth.District, auth.Street:
		return "unit"
	case auth.Sector:
		return "section"
	}
	return ""
}

func dutyKind(d *flow.Def) DutyKind {
	k := DutyKind{Kind: d.Kind, Name: d.Name, Basis: []source{}, Steps: []DutyStep{}}
	for _, b := range d.Basis {
		k.Basis = append(k.Basis, source{b.Source, b.Article})
	}
	for _, s := range d.Steps() {
		step := DutyStep{Step: s.ID, Name: s.Name, Who: parties(nil, s.Who)}
		for _, a := range s.Acts {
			if a.Who != nil {
				step.Who = parties(step.Who, *a.Who)
			}
		}
		switch {
		case s.Basis != nil:
			step.Basis = source{s.Basis.Source, s.Basis.Article}
		case len(k.Basis) > 0:
			step.Basis = k.Basis[0]
		}
		k.Steps = append(k.Steps, step)
	}
	return k
}

// parties adds whom a step is for, each once.
func parties(to []DutyParty, w flow.Who) []DutyParty {
	p := DutyParty{Duty: auth.Duty(w.Duty)}
	name := p.Duty.Name()
	switch {
	case w.Person == flow.Originator:
		p.Name = fault.T("交办领导本人", "the leader who gave it")
	case w.Person != "":
		p.Name = fault.T("事项中指定的人员", "the person that the matter names")
	case w.Of == flow.OfOffice:
		p.Of, p.Name = "office", fault.T("办公室"+name.ZH, name.EN+" of the office")
	case w.Of == flow.OfUnit:
		p.Of, p.Name = "unit", fault.T("承办单位"+name.ZH, name.EN+" of the unit")
	default:
		p.Of, p.Name = "section", fault.T("指定科室"+name.ZH, name.EN+" of the section chosen")
	}
	if !slices.Contains(to, p) {
		to = append(to, p)
	}
	for _, or := range w.Or {
		to = parties(to, or)
	}
	return to
}

// seat gives who holds a duty in a unit.
func (v view) seat(u auth.Unit, duty auth.Duty) DutySeat {
	s := DutySeat{Unit: u.ID, UnitName: u.Name, Duty: duty, DutyName: duty.Name(), Holders: []DutyHolder{}, of: unitRole(u)}
	for _, post := range v.dir.Holders(duty, u.ID) {
		h := DutyHolder{Person: post.Person, Name: v.person(post.Person)}
		h.Away, h.By = v.standIns(post)
		s.Holders = append(s.Holders, h)
	}
	return s
}

// judge finds what is wrong with a seat.
func (v view) judge(s DutySeat, m *DutyMap) {
	here := slices.ContainsFunc(s.Holders, func(h DutyHolder) bool { return h.Away == "" || len(h.By) > 0 })
	switch {
	case len(s.Holders) == 0 && s.of == "section" && s.Duty != auth.Section && s.Duty != auth.Clerk:
		return // a section answers by its head and its clerks
	case len(s.Holders) == 0:
		s.Why = fault.T("无人担任", "Nobody holds it")
		m.Gaps = append(m.Gaps, s)
	case !here:
		s.Why = fault.T("任职人员不在岗，且没有AB角或受托人代行", "Its holder is away and nobody stands in")
		m.Gaps = append(m.Gaps, s)
	case len(s.Holders) > 1 && single(s.Duty):
		s.Why = fault.T(fmt.Sprintf("应由一人担任，现有%d人", len(s.Holders)), fmt.Sprintf("One is meant to hold it; %d do", len(s.Holders)))
		m.Overlaps = append(m.Overlaps, s)
	}
}

// orphans finds open steps that name somebody suspended or without a post.
func (o *Office) orphans(ctx context.Context, v view) ([]Orphan, error) {
	out := []Orphan{}
	held, err := store.Collect(ctx, o.DB, func(row store.Scanner) (r [2]int64, err error) {
		err = row.Scan(&r[0], &r[1])
		return r, err
	}, "SELECT matter, person FROM task WHERE person <> 0 ORDER BY person, matter")
	if err != nil {
		return nil, fault.Wrap("docket.Duties", err)
	}
	for _, r := range held {
		p, ok := v.dir.Person(r[1])
		why := fault.T("账号已停用", "the account is suspended")
		switch {
		case !ok:
			why = fault.T("人员已不在目录", "no longer in the directory")
		case p.Status == auth.Active && len(v.dir.PostsOf(p.ID, v.dir.Day())) > 0:
			continue
		case p.Status == auth.Active:
			why = fault.T("已无任职", "holds no post any more")
		}
		one := Orphan{Person: p.Name.ZH, Why: why}
		if v.who.Person != 0 {
			if m, err := o.Desk.Get(ctx, v.who, r[0]); err == nil {
				one.Matter, one.Title = m.ID, m.Title
			} else if !fault.Is(err, fault.NotFound) {
				return nil, err
			}
		}
		out = append(out, one)
	}
	return out, nil
}
