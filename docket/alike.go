package docket

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"touyan.dev/touyan/docket/alike"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/web"
)

// How far back a look for what is alike goes, and how much it shows.
const (
	alikeSpan = 400 * 24 * time.Hour
	alikeMost = 5000 // documents compared
	alikeShow = 8
)

// likeness is an earlier matter that what is being registered resembles.
type likeness struct {
	Row    Row        `json:"row"`
	Number bool       `json:"number" doc:"its number is the same"`
	Share  float64    `json:"share" doc:"how much of the texts is the same, 0 to 1"`
	Why    fault.Text `json:"why"`
}

type alikeList struct {
	Items []likeness `json:"items"`
}

func (o *Office) registerAlike(s *web.Server) {
	look := post("/api/docket/alike", "alike", "Earlier matters that what is being registered resembles, by number and by content")
	look.Keyless = true
	web.Register(s, look, func(ctx context.Context, in *struct {
		Body struct {
			Kind  string         `json:"kind" maxLength:"60"`
			Given map[string]any `json:"given"`
		}
	}) (*out[alikeList], error) {
		found, err := o.resembles(ctx, web.Who(ctx), in.Body.Kind, in.Body.Given)
		return reply(alikeList{found}, err)
	})
}

// comparison says which fields of a form tell that two matters are the same: its
// keyword x-alike.
type comparison struct {
	number string
	texts  []string
}

func comparisonOf(d *flow.Def) (comparison, bool) {
	if d == nil || d.Form(d.Given) == nil {
		return comparison{}, false
	}
	said, ok := d.Form(d.Given).Schema["x-alike"].(map[string]any)
	if !ok {
		return comparison{}, false
	}
	var c comparison
	c.number, _ = said["number"].(string)
	texts, _ := said["texts"].([]any)
	for _, t := range texts {
		if name, ok := t.(string); ok {
			c.texts = append(c.texts, name)
		}
	}
	return c, true
}

// of gives the number and the shingles of what a matter begins with.
func (c comparison) of(given map[string]any) (string, alike.Set) {
	number, _ := given[c.number].(string)
	var texts []string
	for _, name := range c.texts {
		if text, ok := given[name].(string); ok {
			texts = append(texts, text)
		}
	}
	return alike.Number(number), alike.Of(texts...)
}

// resembles looks through the newest matters of the kind that who may see, and
// gives the most alike first.
func (o *Office) resembles(ctx context.Context, who auth.Principal, kind string, given map[string]any) ([]likeness, error) {
	got := []likeness{}
	c, ok := comparisonOf(o.Desk.Definitions().Latest(kind))
	if !ok {
		return got, nil
	}
	number, set := c.of(given)
	v := o.view(who)
	f := matter.Filter{Kind: kind, From: v.now.Add(-alikeSpan).UnixMicro(), Limit: 200}
	for seen := 0; seen < alikeMost; seen += f.Limit {
		page, err := o.Desk.List(ctx, who, f)
		if err != nil {
			return got, err
		}
		for _, m := range page.Matters {
			if l, ok := c.like(v, m, number, set); ok {
				got = append(got, l)
			}
		}
		if f.Before = page.Next; page.Next == 0 {
			break
		}
	}
	slices.SortStableFunc(got, func(a, b likeness) int {
		if a.Number != b.Number {
			if a.Number {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.Share, a.Share)
	})
	return got[:min(len(got), alikeShow)], nil
}

// like compares one earlier matter.
func (c comparison) like(v view, m matter.Matter, number string, set alike.Set) (likeness, bool) {
	st, err := flow.DecodeState(m.State)
	if err != nil {
		return likeness{}, false // check reports it
	}
	data, _ := st.Get("given")
	earlier, _ := data.(map[string]any)
	n, s := c.of(earlier)
	l := likeness{Number: n != "" && n == number, Share: set.Likeness(s)}
	if !l.Number && l.Share < alike.Enough {
		return l, false
	}
	l.Row = v.row(m)
	percent := int(l.Share*100 + 0.5)
	switch {
	case l.Number && l.Share >= alike.Enough:
		l.Why = fault.T(fmt.Sprintf("文号相同，内容%d%%相同", percent), fmt.Sprintf("same number, %d %% of the text", percent))
	case l.Number:
		l.Why = fault.T("文号相同，内容不同", "same number, another text")
	default:
		l.Why = fault.T(fmt.Sprintf("内容%d%%相同", percent), fmt.Sprintf("%d %% of the text is the same", percent))
	}
	return l, true
}

// answered refuses to register what resembles an earlier matter until whoever
// registers it has said how the two are related. It never blocks: any answer will do.
func (o *Office) answered(ctx context.Context, who auth.Principal, in openInput, key string) error {
	c, ok := comparisonOf(o.Desk.Definitions().Latest(in.Kind))
	if said, _ := in.Given["alike"].(string); !ok || said != "" || c.number == "" {
		return nil
	}
	// A retry of what was registered already resembles itself.
	if _, again, err := event.Find(ctx, o.DB, event.Once{Actor: who.Person, Key: event.KeyOf(key)}); err != nil || again {
		return err
	}
	found, err := o.resembles(ctx, who, in.Kind, in.Given)
	if err != nil || len(found) == 0 {
		return err
	}
	first := found[0]
	name := cmp.Or(first.Row.Number, first.Row.Title)
	return fault.At("docket.open", "alike", "与已登记的“"+name+"”相似（"+first.Why.ZH+"），请选择二者的关系后再登记。",
		"It resembles \""+name+"\" ("+first.Why.EN+"); say how the two are related, then register it.")
}
