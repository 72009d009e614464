package docket

import (
	"context"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/privacy"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/web"
)

// masked hides a value as its field's x-mask asks.
func masked(prop map[string]any, text string) string {
	switch prop["x-mask"] {
	case "name":
		return privacy.Name(text)
	case "phone":
		return privacy.Mobile(text)
	case "identity":
		return privacy.Identity(text)
	}
	return strings.Repeat("*", utf8.RuneCountInString(text))
}

// personal reports whether an event's body holds a value that screens mask. One
// that cannot be read is taken to hold one.
func (o *Office) personal(e event.Event) bool {
	kind, _, _ := strings.Cut(e.Kind, "/")
	if o.Desk.Definitions().Latest(kind) == nil || e.Erased {
		return false
	}
	var b matter.Body
	var input map[string]any
	if err := json.Unmarshal(e.Body, &b); err != nil || len(b.Input) > 0 && json.Unmarshal(b.Input, &input) != nil {
		return true
	}
	step, act := actOf(e.Kind)
	for _, d := range o.Desk.Definitions().All() {
		if d.Kind != kind {
			continue
		}
		form := formOf(d, step, act)
		for name := range input {
			if form != nil && maskOf(form, name) != nil {
				return true
			}
		}
	}
	return false
}

// maskOf gives a field that is masked, or nil.
func maskOf(f *flow.Form, name string) map[string]any {
	props, _ := f.Schema["properties"].(map[string]any)
	if prop, _ := props[name].(map[string]any); prop["x-mask"] != nil {
		return prop
	}
	return nil
}

// revealInput asks for one masked value, and says what it is needed for.
type revealInput struct {
	Field   string `json:"field" maxLength:"60"`
	Purpose string `json:"purpose" minLength:"2" maxLength:"200" doc:"what it is needed for; recorded"`
}

// revealed is a personal value, and the receipt of its release.
type revealed struct {
	Value   string      `json:"value"`
	Pos     int64       `json:"pos"`
	Receipt receiptBody `json:"receipt"`
}

func (o *Office) registerReveal(s *web.Server) {
	web.Register(s, post("/api/matters/{id}/reveal", "matter-reveal", "Show one masked value of a matter; who, why and when are recorded first"), func(ctx context.Context, in *struct {
		ByID
		Body revealInput
	}) (*out[revealed], error) {
		return reply(o.reveal(ctx, web.Who(ctx), in.ID, in.Body, web.Key(ctx)))
	})
}

// reveal shows a masked value that a matter began with to the office's staff. The
// release is recorded before the value is given; the value is in no record of it.
func (o *Office) reveal(ctx context.Context, who auth.Principal, id int64, in revealInput, key string) (revealed, error) {
	m, err := o.Desk.Get(ctx, who, id)
	if err != nil {
		return revealed{}, err
	}
	d := o.Desk.Definitions().ByHash(m.Def)
	if d == nil || d.Form(d.Given) == nil || maskOf(d.Form(d.Given), in.Field) == nil {
		return revealed{}, fault.At("docket.reveal", "field", "没有这个受保护的字段。", "There is no such masked field.")
	}
	st, err := flow.DecodeState(m.State)
	if err != nil {
		return revealed{}, fault.Wrap("docket.reveal", err)
	}
	v, _ := st.Get(flow.Path("given." + in.Field))
	value, _ := v.(string)
	c := &revealing{write: o.write(who, key), matter: m.ID, office: m.Office, in: in}
	done, err := o.do(ctx, &c.write, "docket.reveal/show", c)
	if err != nil {
		return revealed{}, err
	}
	return revealed{Value: value, Pos: done.Pos, Receipt: done.Receipt}, nil
}

// revealing records that a masked value was shown.
type revealing struct {
	write
	matter, office int64
	in             revealInput
}

// Load implements store.Change.
func (c *revealing) Load(g *store.Group) { c.Prepare(g) }

// Decide implements store.Change.
func (c *revealing) Decide(g *store.Group) error {
	if again, err := c.Begin(g); again || err != nil {
		return err
	}
	if _, err := c.o.Rules.Require(c.Dir, c.Who, "docket.enter", auth.Resource{Type: "Docket", Office: c.office, Need: staff(c.office)}); err != nil {
		return err
	}
	return c.log(g, "docket.reveal/show", event.NewSubject, 0, c.office, map[string]any{"matter": c.matter, "field": c.in.Field, "purpose": c.in.Purpose})
}
