package docket

import (
	"context"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/web"
)

// Slip is everything that stands on a processing slip (文件处理单): what came, who
// proposed, instructed or circled and in which words, who has read it, and what
// each unit did.
type Slip struct {
	Matter int64      `json:"matter"`
	Number string     `json:"number"`
	Title  string     `json:"title"`
	Kind   fault.Text `json:"kind"`
	AsOf   string     `json:"as_of"`
	Opened string     `json:"opened"`
	By     string     `json:"by" doc:"who registered it"`
	Status fault.Text `json:"status"`
	Given  []shown    `json:"given"`
	Lines  []SlipLine `json:"lines" doc:"what was written on it, in order: proposals, instructions, circles, answers"`
	Parts  []SlipPart `json:"parts" doc:"its readers and its units, in order"`
	Urged  int        `json:"urged"`
}

// SlipLine is one entry on the slip.
type SlipLine struct {
	Step    string     `json:"step"`
	Name    fault.Text `json:"name"`
	Act     fault.Text `json:"act"`
	Who     string     `json:"who"`
	Behalf  string     `json:"behalf" doc:"for whom it was entered; empty if in person"`
	Unit    fault.Text `json:"unit"`
	At      string     `json:"at"`
	Fields  []shown    `json:"fields"`
	Receipt int64      `json:"receipt"`
}

// SlipPart is one reader or one unit.
type SlipPart struct {
	Kind   string     `json:"kind"`
	Unit   fault.Text `json:"unit"`
	Person string     `json:"person" doc:"the reader; empty for a unit"`
	Status fault.Text `json:"status"`
	Due    string     `json:"due"`
	Ended  string     `json:"ended" doc:"when it was read or reported; empty while it is open"`
	Given  []shown    `json:"given"`
	Lines  []SlipLine `json:"lines"`
}

func (o *Office) registerSlip(s *web.Server) {
	web.Register(s, get("/api/matters/{id}/slip", "matter-slip", "Everything on the processing slip of a matter"), func(ctx context.Context, in *ByID) (*out[Slip], error) {
		return reply(o.Slip(ctx, web.Who(ctx), in.ID))
	})
}

// Slip gives the processing slip of a matter that who may read.
func (o *Office) Slip(ctx context.Context, who auth.Principal, id int64) (Slip, error) {
	m, err := o.Desk.Get(ctx, who, id)
	if err != nil {
		return Slip{}, err
	}
	v := o.view(who)
	row := v.row(m)
	s := Slip{
		Matter: m.ID, Number: m.Number, Title: m.Title, Kind: row.KindName, AsOf: calendar.FormatInstant(v.now), Opened: row.Opened, Status: row.StatusName,
		Given: []shown{}, Parts: []SlipPart{},
	}
	var opened []entry
	if opened, s.Lines, s.Urged, err = o.slipLines(ctx, v, m); err != nil {
		return s, err
	}
	if len(opened) > 0 {
		s.Given, s.By = opened[0].Fields, opened[0].Actor.Name
	}
	kids, err := o.Desk.Kids(ctx, who, m)
	if err != nil {
		return s, err
	}
	for _, kid := range kids {
		r := v.row(kid)
		p := SlipPart{Kind: kid.Kind, Unit: r.UnitName, Status: r.StatusName, Due: r.Due, Given: []shown{}}
		if kid.Status == matter.Ended {
			p.Ended = r.Updated
		}
		var begun []entry
		var urged int
		if begun, p.Lines, urged, err = o.slipLines(ctx, v, kid); err != nil {
			return s, err
		}
		s.Urged += urged
		if len(begun) > 0 {
			p.Given = begun[0].Fields
		}
		for _, f := range p.Given {
			if f.Name == "person" {
				p.Person = f.Display.ZH
			}
		}
		s.Parts = append(s.Parts, p)
	}
	return s, nil
}

// slipLines parts a matter's events: how it was opened, what people wrote at its
// steps, and how often somebody was urged. What the engine did by itself is left out.
func (o *Office) slipLines(ctx context.Context, v view, m matter.Matter) (opened []entry, lines []SlipLine, urged int, err error) {
	lines = []SlipLine{}
	d := v.def(m.Def)
	events, err := o.Desk.History(ctx, m)
	if err != nil || d == nil {
		return nil, lines, 0, err
	}
	all, _ := v.timeline(d, events)
	for _, e := range all {
		switch {
		case e.Act == "open" && e.Step == "":
			opened = append(opened, e)
		case e.Act == flow.IntUrge:
			urged++
		case e.Step != "":
			l := SlipLine{Step: e.Step, Name: e.StepName, Act: e.ActName, Who: e.Actor.Name, Unit: e.UnitName, At: e.Recorded, Fields: e.Fields, Receipt: e.Pos}
			if e.Behalf != nil {
				l.Behalf = e.Behalf.Name
			}
			lines = append(lines, l)
		}
	}
	return opened, lines, urged, nil
}
