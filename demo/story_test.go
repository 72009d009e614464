package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
)

// chapter is what the golden file holds of the story after one press of ⏩.
type chapter struct {
	Now    string   `json:"now"`
	Events int64    `json:"events"`
	Steps  []string `json:"steps"`
	Texts  []string `json:"texts"` // of the steps that are done
}

func (s *Story) chapter(t *testing.T) chapter {
	t.Helper()
	state, err := s.State(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	size, _, err := event.Head(context.Background(), s.DB)
	if err != nil {
		t.Fatal(err)
	}
	c := chapter{Now: state.Now, Events: size}
	for _, step := range state.Steps {
		c.Steps = append(c.Steps, fmt.Sprintf("%d %s", step.N, step.State))
		if step.State == StepDone {
			c.Texts = append(c.Texts, fmt.Sprintf("%d %s %s %s | %s", step.N, step.At, step.Href, step.Text.ZH, step.Text.EN))
		}
	}
	return c
}

func (s *Story) mustNext(t *testing.T, key string) {
	t.Helper()
	if err := s.Next(context.Background(), key); err != nil {
		t.Fatal(err)
	}
}

// TestStory pins every figure of the story. All are computed from the seeded
// data by the same code that serves any other day.
func TestStory(t *testing.T) {
	s := seeded(t)
	seedLog := s.envelopes(t)
	var told struct {
		Seeded   figures   `json:"seeded"`
		Chapters []chapter `json:"chapters"`
		Ring     string    `json:"ring"`
		Altered  Altered   `json:"altered"`
		Ended    figures   `json:"ended"`
	}
	told.Seeded = s.figures(t)
	sound(t, s)
	told.Chapters = append(told.Chapters, s.chapter(t))
	for i := range 6 {
		key := fmt.Sprintf("press-%d", i)
		s.mustNext(t, key)
		told.Chapters = append(told.Chapters, s.chapter(t))
		s.mustNext(t, key) // the same press again does nothing
		if size, _, err := event.Head(context.Background(), s.DB); err != nil || size != told.Chapters[i+1].Events {
			t.Fatalf("the press %s was told twice: %d events, %v", key, size, err)
		}
	}
	if err := s.Next(context.Background(), "more"); !fault.Is(err, fault.Conflict) {
		t.Errorf("after the end: %v", err)
	}
	told.Ring = fmt.Sprintf("%d steps, %d proved, %d of %d units ended, turned %t, answered %t",
		s.ring.steps, s.ring.proved, s.ring.ended, s.ring.units, s.ring.turned, s.ring.answered)
	told.Altered = *s.altered()
	if told.Altered.Pos != told.Altered.Changed || told.Altered.Step != alteredStep {
		t.Errorf("the check named event %d (step %d), not event %d", told.Altered.Pos, told.Altered.Step, told.Altered.Changed)
	}
	told.Ended = s.figures(t)
	sound(t, s) // the original is untouched
	text, err := json.MarshalIndent(told, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "story.golden.json", append(text, '\n'))

	t.Run("the same seed makes the same log", func(t *testing.T) {
		if diff := cmp.Diff(seedLog, fresh(t, t.TempDir()).envelopes(t)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestNumbersFollowTheCases demands that the N-th instruction got the N-th
// number: the file history.yaml then reads as the year's register.
func TestNumbersFollowTheCases(t *testing.T) {
	s := seeded(t)
	h, err := readHistory()
	if err != nil {
		t.Fatal(err)
	}
	titles := s.texts(t, "SELECT m.title FROM serial_number n JOIN matter m ON m.id = n.subject WHERE n.series = ? ORDER BY n.n", "澄政督")
	for i, a := range h.Cases {
		if i >= len(titles) || titles[i] != a.Title {
			t.Errorf("number %d went to another matter than %s", a.N, a.Title)
		}
	}
}

// logged is an event without what chance gives it: salt, and so digest.
type logged struct {
	Envelope event.Envelope
	Body     string
}

// envelopes gives the log as two runs must agree on it.
func (s *Story) envelopes(t *testing.T) []logged {
	t.Helper()
	all, err := event.After(context.Background(), s.DB, 0, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]logged, len(all))
	for i, e := range all {
		out[i] = logged{e.Envelope, string(e.Body)}
	}
	return out
}

func TestTimePasses(t *testing.T) {
	s := seeded(t)
	ctx := context.Background()
	before := s.figures(t)
	for _, bad := range []int{0, -1, 91} {
		if err := s.Days(ctx, bad, ""); !fault.Is(err, fault.Invalid) {
			t.Errorf("%d days: %v", bad, err)
		}
	}
	for range 2 { // the same press twice is one press
		if err := s.Days(ctx, 7, "week"); err != nil {
			t.Fatal(err)
		}
	}
	after := s.figures(t) // which demands that every escalation came in time
	if want := stamp(Begin().AddDate(0, 0, 7)); after.Now != want {
		t.Errorf("the clock shows %s, not %s", after.Now, want)
	}
	if after.Marks["120"] <= before.Marks["120"] || after.Late <= before.Late {
		t.Errorf("a week passed and nothing escalated: %v, then %v", before.Marks, after.Marks)
	}
	sound(t, s)
	again, err := Open(ctx, s.Parts)
	if err != nil {
		t.Fatal(err)
	}
	if !again.read().Now.Equal(s.Clock.Now()) {
		t.Errorf("the record says %s, the clock %s", again.read().Now, s.Clock.Now())
	}
}

// TestPeopleMayGoAhead lets people act by themselves before ⏩ is pressed: the
// story goes on from where the matter stands.
func TestPeopleMayGoAhead(t *testing.T) {
	s := seeded(t)
	ctx := context.Background()
	for range 3 { // the figures, the speech, the instruction
		s.mustNext(t, "")
	}
	at, err := s.stands(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if n := at.root().Number; n != "澄政督〔2026〕47号" || len(at.family) != 5 {
		t.Fatalf("%s with %d units", n, len(at.family)-1)
	}
	kid := at.family[1]
	if err := s.act(ctx, s.who["shen"], kid.ID, act("sign", "sign", nil)); err != nil {
		t.Fatal(err)
	}
	if err := s.act(ctx, s.who["shen"], kid.ID, act("split", "split", map[string]any{"head": fmt.Sprint(s.who["he"].Person)})); err != nil {
		t.Fatal(err)
	}
	s.mustNext(t, "")
	if at, err = s.stands(ctx); err != nil || !at.handled() {
		t.Fatalf("not handled: %v", err)
	}
	signs := 0
	for _, e := range s.envelopes(t) {
		if e.Envelope.Subject == kid.ID && e.Envelope.Kind == "docket.unit/sign.sign" {
			signs++
		}
	}
	if signs != 1 {
		t.Errorf("signed for %d times", signs)
	}
	// The leader gives a new instruction instead of closing: it goes round again.
	lin := s.reader()
	if err := s.act(ctx, lin, at.matter, act("present", "present", map[string]any{"summary": "各单位均已办结。"})); err != nil {
		t.Fatal(err)
	}
	if err := s.act(ctx, s.who["zhou"], at.matter, act("answer", "instruct", map[string]any{"words": "再听一次群众意见。"})); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		s.mustNext(t, "")
	}
	if at, err = s.stands(ctx); err != nil || !at.closed() || len(at.family) != 9 {
		t.Fatalf("%v, %d units", err, len(at.family)-1)
	}
	sound(t, s)
}

// TestStoryOverAnother withdraws the story's matter: ⏩ begins again with the
// next number.
func TestStoryOverAnother(t *testing.T) {
	s := seeded(t)
	ctx := context.Background()
	for range 3 {
		s.mustNext(t, "")
	}
	at, err := s.stands(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.act(ctx, s.who["zhou"], at.matter, act("", "withdraw", reason("重新部署。"))); err != nil {
		t.Fatal(err)
	}
	s.mustNext(t, "")
	if at, err = s.stands(ctx); err != nil || at.root().Number != "澄政督〔2026〕48号" || at.attempt != 2 {
		t.Fatalf("%v %+v", err, at.root())
	}
}

func TestSeedRefuses(t *testing.T) {
	ctx := context.Background()
	p, err := build(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer p.DB.Close()
	if err := Seed(ctx, p, Begin().AddDate(0, -2, 0)); !fault.Is(err, fault.Invalid) {
		t.Errorf("a story in September: %v", err)
	}
	if _, err := Open(ctx, p); !fault.Is(err, fault.Conflict) {
		t.Errorf("opened without a city: %v", err)
	}
	if err := p.found(ctx); err != nil {
		t.Fatal(err)
	}
	if err := Seed(ctx, p, Begin()); !fault.Is(err, fault.Conflict) {
		t.Errorf("seeded over another city: %v", err)
	}
	if err := Clear(p.Dir); !fault.Is(err, fault.Conflict) {
		t.Errorf("cleared a directory that is no demo's: %v", err)
	}
}

func TestTwists(t *testing.T) {
	for _, bad := range []string{"late", "late renshe", "self renshe", "at renshe 3 4", "vanish renshe", "stop"} {
		if _, err := parseTwists(bad); err == nil {
			t.Errorf("%q was understood", bad)
		}
	}
	h, err := readHistory()
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range h.Cases {
		p, err := a.plan()
		if err != nil || a.N != i+1 || len(p.shares) == 0 {
			t.Errorf("case %d: %v", i+1, err)
		}
	}
}

// act is an act on a matter.
func act(step, name string, input map[string]any) matter.Act {
	return matter.Act{Step: step, Act: name, Input: input}
}
