package demo

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/matter"
)

//go:embed kinds.yaml
var kindsText []byte

// errand is one matter of a kind that the story does not tell of.
type errand struct {
	Kind   string         `yaml:"kind"`
	Ago    int            `yaml:"ago"`    // working days before the story
	By     string         `yaml:"by"`     // the leader who is owed the answer
	Opener string         `yaml:"opener"` // tang, unless a unit raises it
	Unit   string         `yaml:"unit"`
	Given  map[string]any `yaml:"given"`
	Deeds  [][]any        `yaml:"deeds"`
}

// task of an errand: what is done when, by whom, on which part.
type chore struct {
	after     int // working days
	who       string
	part      int
	step, act string
	input     map[string]any
}

// errands puts the other kinds of work on the agenda.
func (s *seeding) errands(ctx context.Context) error {
	var all struct {
		Matters []errand `yaml:"matters"`
	}
	if err := decode(ctx, "kinds.yaml", kindsText, &all); err != nil {
		return err
	}
	cal := s.Desk.Calendar()
	for i, e := range all.Matters {
		chores, err := e.chores()
		if err != nil {
			return err
		}
		at := later(cal, cal.AddWorkdays(calendar.DayOf(s.begin), -e.Ago).Start(), 25+pick(120, "errand", i))
		s.put(fmt.Sprintf("errand/%d", i), at, func(ctx context.Context) error { return s.begins(ctx, i, e, chores) })
	}
	return nil
}

// begins opens an errand's matter and puts its chores on the agenda.
func (s *seeding) begins(ctx context.Context, i int, e errand, chores []chore) error {
	given, err := s.filled(e.Given)
	if err != nil {
		return err
	}
	key := fmt.Sprintf("demo/errand/%d", i)
	in := matter.Opening{Kind: e.Kind, Title: fmt.Sprint(e.Given["title"]), Office: s.office, Given: given.(map[string]any), Key: key}
	if e.Unit != "" {
		u, err := s.unit(e.Unit)
		if err != nil {
			return err
		}
		in.Unit = u.ID
	}
	opener := s.who["tang"]
	if e.Opener != "" {
		opener = s.who[e.Opener]
	}
	if e.By != "" {
		in.Originator = s.who[e.By].Person
	}
	opened, err := s.Desk.Open(ctx, opener, in)
	if err != nil {
		return fmt.Errorf("demo: errand %d: %w", i, err)
	}
	cal, at := s.Desk.Calendar(), s.Clock.Now()
	for n, c := range chores {
		if c.after > 0 {
			at = cal.AddWorkdays(calendar.DayOf(at), c.after).Start().Add(morning)
		}
		at = later(cal, at, 15+pick(70, "chore", i, n))
		if !at.Before(s.begin) {
			break // the story has begun
		}
		s.put(fmt.Sprintf("%s/%d", key, n), at, func(ctx context.Context) error { return s.chore(ctx, opened.Matter, c, fmt.Sprintf("%s/%d", key, n)) })
	}
	return nil
}

// chore does one act of an errand.
func (s *seeding) chore(ctx context.Context, id int64, c chore, key string) error {
	m, err := s.Desk.Get(ctx, s.reader(), id)
	if err != nil {
		return err
	}
	if c.part > 0 {
		kids, err := s.Desk.Kids(ctx, s.reader(), m)
		if err != nil || len(kids) < c.part {
			return fmt.Errorf("demo: %s: matter %d has no part %d: %w", key, id, c.part, err)
		}
		m = kids[c.part-1]
	}
	k := slices.IndexFunc(m.Clocks.Slots, func(slot matter.Slot) bool { return slot.Step == c.step })
	if k < 0 {
		return fmt.Errorf("demo: %s: %s stands at %q, not at %q", key, m.Kind, m.Stage, c.step)
	}
	input, err := s.filled(c.input)
	if err != nil {
		return err
	}
	data, _ := input.(map[string]any)
	who, err := s.as(c.who)
	if err != nil {
		return err
	}
	if _, err := s.Desk.Act(ctx, who, m.ID, matter.Act{Slot: m.Clocks.Slots[k].Slot, Step: c.step, Act: c.act, Input: data, Key: key}); err != nil {
		return fmt.Errorf("demo: %s at %s.%s: %w", key, c.step, c.act, err)
	}
	return nil
}

// filled puts ids in the place of @KEY and @@LOGIN.
func (s *seeding) filled(v any) (any, error) {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for name, item := range x {
			got, err := s.filled(item)
			if err != nil {
				return nil, err
			}
			out[name] = got
		}
		return out, nil
	case []any:
		out := make([]any, len(x))
		for i, item := range x {
			got, err := s.filled(item)
			if err != nil {
				return nil, err
			}
			out[i] = got
		}
		return out, nil
	case uint64:
		return float64(x), nil
	case time.Time:
		return x.Format(time.DateOnly), nil
	case string:
		if login, ok := strings.CutPrefix(x, "@@"); ok {
			who, err := s.as(login)
			return fmt.Sprint(who.Person), err
		}
		if key, ok := strings.CutPrefix(x, "@"); ok {
			u, err := s.unit(key)
			return fmt.Sprint(u.ID), err
		}
	}
	return v, nil
}

// chores reads the deeds of an errand; a part's whole way is written as one word.
func (e errand) chores() ([]chore, error) {
	var out []chore
	for i, d := range e.Deeds {
		bad := fmt.Errorf("demo: kinds.yaml: %s, deed %d is not understood", e.Kind, i)
		if len(d) < 4 {
			return nil, bad
		}
		after, ok1 := d[0].(uint64)
		who, ok2 := d[1].(string)
		part, ok3 := d[2].(uint64)
		what, ok4 := d[3].(string)
		if !ok1 || !ok2 || !ok3 || !ok4 {
			return nil, bad
		}
		if way := inside(who, int(part), what, d[4:]); way != nil {
			way[0].after = int(after)
			out = append(out, way...)
			continue
		}
		c := chore{after: int(after), who: who, part: int(part)}
		c.step, c.act, _ = strings.Cut(what, ".")
		if len(d) > 4 {
			if c.input, ok1 = d[4].(map[string]any); !ok1 {
				return nil, bad
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// inside gives the way of a part through the human-resources bureau: handled as by
// docket.unit, within days, or answered as a proposal; nil for any other word.
func inside(word string, part int, text string, more []any) []chore {
	none := map[string]any{}
	do := func(after int, who, step, act string, input map[string]any) chore {
		return chore{after, who, part, step, act, input}
	}
	switch word {
	case "unit":
		return []chore{
			do(0, "shen", "sign", "sign", none), do(0, "shen", "split", "split", map[string]any{"head": "@@he"}), do(0, "he", "direct", "direct", map[string]any{"section": "@renshe/1"}),
			do(1, "song", "allot", "allot", map[string]any{"clerk": "@@wu"}), do(3, "wu", "report", "report", map[string]any{"result": text, "solved": "yes"}),
			do(0, "he", "signoff", "sign", none), do(1, "lin", "review", "accept", none),
		}
	case "within":
		return []chore{
			do(0, "shen", "sign", "sign", none), do(2, "shen", "report", "report", map[string]any{"text": text, "solved": "yes"}), do(0, "he", "signoff", "sign", none),
		}
	case "reply":
		class := fmt.Sprint(more[0])
		reply := map[string]any{"class": class, "text": text}
		if class == "b" {
			reply["by"] = "2026-12-25"
		}
		return []chore{
			do(0, "shen", "sign", "sign", none), do(1, "shen", "allot", "allot", map[string]any{"clerk": "@@wu"}),
			do(5, "wu", "talk", "talk", map[string]any{"talked": "2026-09-01", "way": "visit", "result": "当面听取意见，就办理思路达成一致。"}),
			do(4, "wu", "draft", "draft", reply), do(1, "he", "signoff", "sign", none), do(2, "lin", "review", "accept", none),
			do(1, "wu", "issue", "issue", map[string]any{"ref": "澄人社函〔2026〕58号", "sent": "2026-09-08"}),
		}
	}
	return nil
}
