package docket

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/web"
)

func (o *Office) registerHelp(s *web.Server) {
	web.Register(s, get("/api/matters/{id}/help", "help", "What the bundled help proposes for a matter: similar earlier ones, the likely unit, a handling; each with its measured accuracy"), func(ctx context.Context, in *ByID) (*out[helpPage], error) {
		return reply(o.help(ctx, web.Who(ctx), in.ID))
	})
	take := post("/api/matters/{id}/help", "help-take", "Record that a suggestion was taken over into a form")
	web.Register(s, take, func(ctx context.Context, in *struct {
		ByID
		Body struct {
			What string `json:"what" enum:"unit,handling"`
			From int64  `json:"from,omitempty" doc:"the earlier matter it follows"`
		}
	}) (*out[acted], error) {
		done, err := o.TakeHelp(ctx, web.Who(ctx), in.ID, in.Body.What, in.Body.From, web.Key(ctx))
		return reply(acted{Matter: in.ID, Pos: done.Pos, Receipt: done.Receipt}, err)
	})
	web.Register(s, get("/api/help", "help-state", "Whether the bundled help is on"), func(ctx context.Context, _ *struct{}) (*out[helpState], error) {
		return reply(o.helpState(ctx, web.Who(ctx)))
	})
	set := post("/api/help", "help-switch", "Turn the bundled help on or off, for oneself or, as an administrator, for all")
	set.Status = http.StatusNoContent
	web.Register(s, set, func(ctx context.Context, in *struct {
		Body struct {
			All bool `json:"all,omitempty"`
			On  bool `json:"on"`
		}
	}) (*struct{}, error) {
		return nil, o.SwitchHelp(ctx, web.Who(ctx), in.Body.All, !in.Body.On, web.Key(ctx))
	})
}

// helpState is the switches.
type helpState struct {
	All  bool `json:"all" doc:"on for the installation"`
	Mine bool `json:"mine" doc:"on for the one who asks"`
	May  bool `json:"may" doc:"the one who asks may switch it for the installation"`
}

// helpPage is what the help proposes. Nothing follows from it.
type helpPage struct {
	On       bool          `json:"on"`
	Similar  []helpMatter  `json:"similar"`
	Units    []helpUnit    `json:"units"`
	Handling *helpHandling `json:"handling"`
	Labels   helpLabels    `json:"labels"`
}

// helpLabels say how well each part does, with the date and the number of trials.
type helpLabels struct {
	Similar  fault.Text `json:"similar"`
	Unit     fault.Text `json:"unit"`
	Handling fault.Text `json:"handling"`
}

type helpMatter struct {
	ID         int64        `json:"id"`
	Number     string       `json:"number"`
	Title      string       `json:"title"`
	StatusName fault.Text   `json:"status_name"`
	Likeness   int          `json:"likeness" doc:"per cent"`
	Words      []string     `json:"words" doc:"what both have in common"`
	Units      []fault.Text `json:"units" doc:"the lead first"`
}

type helpUnit struct {
	Unit int64      `json:"unit"`
	Name fault.Text `json:"name"`
	Why  fault.Text `json:"why"`
}

type helpHandling struct {
	Opinion string    `json:"opinion"`
	Units   []decided `json:"units"`
	From    int64     `json:"from" doc:"the earlier matter it follows; 0 for none"`
	Number  string    `json:"number"`
	Title   string    `json:"title"`
}

func (o *Office) helpState(ctx context.Context, who auth.Principal) (helpState, error) {
	all, mine, err := o.helpOff(ctx, who.Person)
	return helpState{All: !all, Mine: !mine, May: o.view(who).administers()}, err
}

func (o *Office) help(ctx context.Context, who auth.Principal, id int64) (helpPage, error) {
	got := helpPage{Similar: []helpMatter{}, Units: []helpUnit{}}
	m, err := o.Desk.Get(ctx, who, id)
	if err != nil {
		return got, err
	}
	office, err := o.insight(who)
	if err != nil {
		return got, err
	}
	all, mine, err := o.helpOff(ctx, who.Person)
	if err != nil || all || mine || m.Parent != 0 || m.Status == matter.Ended {
		return got, err
	}
	p, ok := precedentOf(m)
	if !ok {
		return got, nil
	}
	got.On = true
	earlier, err := o.precedents(ctx, who, id)
	if err != nil {
		return got, err
	}
	h := o.helper()
	for _, e := range earlier {
		h.learn(e)
	}
	g := h.suggest(p.text)
	v := o.view(who)
	for _, hit := range g.hits[:min(len(g.hits), helpShown)] {
		s, err := o.Desk.Get(ctx, who, hit.ID)
		if err != nil {
			return got, err
		}
		_, status := standing(v.def(s.Def), s)
		row := helpMatter{ID: s.ID, Number: s.Number, Title: s.Title, StatusName: status, Likeness: proportion(int(hit.Score*1000), 1000), Words: hit.Words, Units: []fault.Text{}}
		for _, share := range h.known[hit.ID].shares {
			row.Units = append(row.Units, v.unitOf(share.Unit))
		}
		got.Similar = append(got.Similar, row)
	}
	for _, u := range g.units[:min(len(g.units), helpShown)] {
		unit, _ := strconv.ParseInt(u.unit, 10, 64)
		got.Units = append(got.Units, helpUnit{Unit: unit, Name: v.unitOf(u.unit), Why: u.why()})
	}
	if len(g.shares) > 0 {
		got.Handling = &helpHandling{Opinion: v.opinion(g.shares), Units: g.shares, From: g.from}
		if g.from != 0 {
			if s, err := o.Desk.Get(ctx, who, g.from); err == nil {
				got.Handling.Number, got.Handling.Title = s.Number, s.Title
			}
		}
	}
	got.Labels, err = o.helpLabels(ctx, who, office)
	return got, err
}

// helpLabels gives the labels by the last measurement, made again when it is
// older than a week.
func (o *Office) helpLabels(ctx context.Context, who auth.Principal, office int64) (helpLabels, error) {
	a, err := o.accuracy(ctx, office)
	if err != nil {
		return helpLabels{}, err
	}
	if a.Measured < o.Clock.Now().Add(-helpStale*24*time.Hour).UnixMicro() {
		if a, err = o.Measure(ctx, who); err != nil {
			return helpLabels{}, err
		}
		if err := o.keepMeasure(ctx, office, a); err != nil {
			return helpLabels{}, err
		}
	}
	return helpLabels{Similar: a.label(a.Similar), Unit: a.label(a.UnitFirst), Handling: a.label(a.Handling)}, nil
}

// unitOf names a unit by the text of its id.
func (v view) unitOf(text string) fault.Text {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fault.Text{}
	}
	return v.unit(id)
}

// why says what speaks for a unit.
func (u likely) why() fault.Text {
	var zh, en []string
	if len(u.words) > 0 {
		list := strings.Join(u.words, "、")
		zh, en = append(zh, "职责词："+list), append(en, "duty words: "+list)
	}
	if n := len(u.from); n > 0 {
		zh, en = append(zh, "办过 "+strconv.Itoa(n)+" 件相近事项"), append(en, "had a part in "+strconv.Itoa(n)+" similar matters")
	}
	return fault.T(strings.Join(zh, "；"), strings.Join(en, "; "))
}
