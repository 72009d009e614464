package demo

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"sync"
	"time"

	"touyan.dev/touyan/demo/statistics"
	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/link"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/store"
)

//go:embed story.yaml
var storyText []byte

// script is the file story.yaml.
type script struct {
	Steps       []scene `yaml:"steps"`
	Instruction struct {
		Brief string `yaml:"brief"`
		Title string `yaml:"title"`
		Words string `yaml:"words"`
		Copy  sheet  `yaml:"copy"`
	} `yaml:"instruction"`
	Speech struct {
		Title string `yaml:"title"`
		Draft string `yaml:"draft"` // as it came, to be checked
		Body  string `yaml:"body"`  // as it went out
	} `yaml:"speech"`
	Pilot struct {
		Title string `yaml:"title"`
		Why   string `yaml:"why"`
	} `yaml:"pilot"`
	Units  []string `yaml:"units"`
	Twist  string   `yaml:"twist"`
	Result string   `yaml:"result"`
	Extra  string   `yaml:"extra"`
	Visits sheet    `yaml:"visits"`
}

// scene is one of the twelve steps as written.
type scene struct {
	N      int    `yaml:"n"`
	Time   string `yaml:"time"`
	Domain string `yaml:"domain"`
	Built  bool   `yaml:"built"`
	Who    string `yaml:"who"`
	Login  string `yaml:"login"`
	Title  words  `yaml:"title"`
	Text   words  `yaml:"text"`
}

// Story tells the twelve steps. It is safe for concurrent use; one change of
// time or of the story runs at once.
type Story struct {
	*town
	script *script
	plan   *plan

	october, december statistics.File // the releases of steps 1 and 11

	mu   sync.Mutex // one change of time or story at a time
	last string     // the idempotency key of the latest change

	recordMu sync.Mutex
	record   Record

	ringMu sync.Mutex
	ring   ring // as of ring.size events
}

// storyPlan names the plan of the story's own matter.
const storyPlan = "story"

// Open opens the story of a seeded city. The clock must stand where the record
// says; Open moves it on to the log's last event, should the process have been
// killed between an act and the writing of the record.
func Open(ctx context.Context, p Parts) (*Story, error) {
	r, found, err := ReadRecord(p.Dir)
	if err != nil {
		return nil, err
	}
	if !found || !r.Ready {
		return nil, fault.New(fault.Conflict, "demo.Open", "演示城市尚未建好，请用 --fresh 重建。", "The demo city was not finished; build it anew with --fresh.")
	}
	t, err := p.open()
	if err != nil {
		return nil, err
	}
	s := &Story{town: t, script: &script{}, record: r}
	if err := decode(ctx, "story.yaml", storyText, s.script); err != nil {
		return nil, err
	}
	a := affair{Units: s.script.Units, Result: s.script.Result, Twist: s.script.Twist}
	if s.plan, err = a.plan(); err != nil {
		return nil, err
	}
	s.december = statistics.December()
	if s.october, err = statistics.October(); err != nil {
		return nil, err
	}
	s.plan.name, s.plan.extra, s.plan.visits, s.plan.brisk = storyPlan, s.script.Extra, &s.script.Visits, false
	latest, err := latestEvent(ctx, p.DB)
	if err != nil {
		return nil, err
	}
	p.Clock.Set(latest)
	return s, nil
}

// latestEvent gives when the last event was recorded.
func latestEvent(ctx context.Context, r store.Reader) (time.Time, error) {
	size, _, err := event.Head(ctx, r)
	if err != nil || size == 0 {
		return time.Time{}, err
	}
	e, err := event.At(ctx, r, size-1)
	return time.UnixMicro(e.Recorded), err
}

// standing is where the story's matter stands, as the database says.
type standing struct {
	instruction docket.Instruction
	attempt     int   // how many instructions were entered since the story began
	matter      int64 // 0 before it is registered
	family      []matter.Matter
	watched     watched
}

// root is the follow-up itself.
func (s *standing) root() *matter.Matter {
	if len(s.family) == 0 {
		return nil
	}
	return &s.family[0]
}

// stands finds the story's matter: the first instruction that was entered since
// the story began, by whomever, and what became of it. One that was withdrawn or
// not opened is passed over.
func (s *Story) stands(ctx context.Context) (standing, error) {
	var out standing
	var err error
	if out.watched, err = s.watches(ctx); err != nil {
		return out, err
	}
	all, err := s.Docket.Instructions(ctx, s.reader(), false, 200)
	if err != nil {
		return out, err
	}
	seeded := s.read().Seeded
	slices.Reverse(all) // oldest first
	for _, i := range all {
		if i.ID < seeded {
			continue
		}
		out.attempt++
		id, err := s.becameMatter(ctx, i.ID)
		if err != nil {
			return out, err
		}
		var family []matter.Matter
		if id != 0 {
			if family, err = s.family(ctx, id); err != nil {
				return out, err
			}
			if o := family[0].Outcome; o == "withdrawn" || o == "voided" {
				continue
			}
		}
		out.instruction, out.matter, out.family = i, id, family
		return out, nil
	}
	return out, nil
}

// becameMatter gives the matter that an instruction turned into, or 0.
func (t *town) becameMatter(ctx context.Context, instruction int64) (int64, error) {
	edges, err := link.Trace(ctx, t.DB, instruction, 1, 100)
	if err != nil {
		return 0, err
	}
	for _, e := range edges {
		if e.Source == instruction && e.Rel == link.TurnInto {
			return e.Target, nil
		}
	}
	return 0, nil
}

// The built steps of the story.
const (
	stepReleased = 1
	stepChecked  = 2
	stepEntered  = 4
	stepHandled  = 6
	stepClosed   = 11
	stepVerified = 12
)

// assigned, handled, presented and closed report how far the matter has come.
func (s *standing) assigned() bool {
	m := s.root()
	return m != nil && m.Number != "" && !slices.Contains([]string{"propose", "approve", "assign"}, m.Stage)
}

func (s *standing) handled() bool {
	return s.assigned() && !slices.Contains([]string{"units", "handle"}, s.root().Stage)
}

func (s *standing) presented() bool {
	return s.handled() && (s.root().Stage == "answer" || s.root().Status == matter.Ended)
}

func (s *standing) closed() bool {
	return s.handled() && s.root().Status == matter.Ended && s.instruction.Confirmed != 0
}

// verified reports whether the auditor's step is done: the ring is closed, every
// receipt holds, and an altered copy was found out.
func (s *Story) verified(ctx context.Context, at standing) (bool, error) {
	if !at.closed() || s.altered() == nil {
		return false, nil
	}
	r, err := s.proveRing(ctx, at)
	return err == nil && r.holds(), err
}

// progress tells which of the built steps have happened, and which comes next: the
// one after the last that has happened; 0 when none is left. Whoever goes ahead by
// hand may leave the figures out; then they are not asked for at the end.
func (s *Story) progress(ctx context.Context, at standing) (done map[int]bool, next int, err error) {
	verified, err := s.verified(ctx, at)
	w := at.watched
	told := w.october == 0 || w.december != 0 && w.evaluation != 0
	steps := []int{stepReleased, stepChecked, stepEntered, stepHandled, stepClosed, stepVerified}
	done = map[int]bool{stepReleased: w.october != 0, stepChecked: w.note != 0, stepEntered: at.assigned(), stepHandled: at.handled(), stepClosed: at.closed() && told, stepVerified: verified}
	for i := len(steps) - 1; i >= 0 && !done[steps[i]]; i-- {
		next = steps[i]
	}
	return done, next, err
}

// Next carries out the story's next built step by the acts of the right people.
// A key that was just used does nothing again.
func (s *Story) Next(ctx context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if key != "" && key == s.last {
		return nil
	}
	at, err := s.stands(ctx)
	if err != nil {
		return err
	}
	_, step, err := s.progress(ctx, at)
	if err != nil {
		return err
	}
	switch step {
	case stepReleased:
		err = s.release(ctx)
	case stepChecked:
		err = s.speak(ctx, at.watched)
	case stepEntered:
		err = s.enter(ctx, at)
	case stepHandled:
		err = s.handle(ctx, at)
	case stepClosed:
		if err = s.close(ctx, at); err == nil && at.watched.october != 0 {
			err = s.revise(ctx, at.watched)
		}
	case stepVerified:
		_, err = s.tamper(ctx)
	default:
		return fault.New(fault.Conflict, "demo.Next", "已建成的各步都已走完。可继续自由操作，或用 --fresh 重新开始。", "Every built step is done. Go on freely, or begin anew with --fresh.")
	}
	if err != nil {
		return fault.Wrap("demo.Next", err)
	}
	s.last = key
	return s.keep(s.Clock.Now())
}

// read gives the record.
func (s *Story) read() Record {
	s.recordMu.Lock()
	defer s.recordMu.Unlock()
	return s.record
}

// keep writes the clock to the record.
func (s *Story) keep(now time.Time) error {
	s.recordMu.Lock()
	defer s.recordMu.Unlock()
	s.record.Now = now
	return s.record.write(s.Dir)
}

// agenda makes an agenda that writes down how far the clock has come.
func (s *Story) agenda(root int64) *agenda {
	a := newAgenda(s.town)
	a.moved = s.keep
	if root != 0 {
		a.plans[root] = s.plan
	}
	return a
}

// wait lets so many minutes of working time pass.
func (s *Story) wait(ctx context.Context, minutes int) error {
	return s.agenda(0).advance(ctx, later(s.Desk.Calendar(), s.Clock.Now(), minutes))
}

// enter is step 4: the instruction is entered and registered, then the office
// and its leader do their parts up to the assignment.
func (s *Story) enter(ctx context.Context, at standing) error {
	zhou, tang := s.who["zhou"], s.who["tang"]
	key := fmt.Sprintf("demo/story/%d", at.attempt)
	if at.instruction.ID == 0 {
		if err := s.wait(ctx, 10); err != nil {
			return err
		}
		done, err := s.Docket.Enter(ctx, tang, docket.Entry{
			Office: s.office, Leader: zhou.Person, Verbatim: s.script.Instruction.Words, Medium: docket.Paper,
			Title: s.script.Instruction.Title, Received: s.Clock.Now().Add(-25 * time.Minute), Key: key,
		})
		if err != nil {
			return err
		}
		if at.instruction, err = s.Docket.Instruction(ctx, tang, done.ID); err != nil {
			return err
		}
	}
	if at.instruction.Verbatim == s.script.Instruction.Words {
		if _, err := s.bring(ctx, tang, at.instruction.ID, s.script.Instruction.Copy, key+"/copy"); err != nil {
			return err
		}
	}
	if at.matter == 0 {
		if err := s.register(ctx, &at, key+"/open"); err != nil {
			return err
		}
	}
	return s.let(ctx, at, (*standing).assigned)
}

// handle is step 6: the units are notified by a paper, unless one has signed for
// its part already, and do their parts.
func (s *Story) handle(ctx context.Context, at standing) error {
	fresh := func(m matter.Matter) bool { return m.Stage == "sign" }
	if kids := at.family[1:]; len(kids) > 0 && !slices.ContainsFunc(kids, func(m matter.Matter) bool { return !fresh(m) }) {
		if err := s.wait(ctx, 6); err != nil {
			return err
		}
		if err := s.issue(ctx, s.reader(), at.matter, docket.AssignNote); err != nil {
			return err
		}
	}
	return s.let(ctx, at, (*standing).handled)
}

// register makes a follow-up of the instruction.
func (s *Story) register(ctx context.Context, at *standing, key string) error {
	if err := s.wait(ctx, 4); err != nil {
		return err
	}
	i := at.instruction
	title := i.Title
	if title == "" {
		title = s.script.Instruction.Title
	}
	done, err := s.Desk.Open(ctx, s.who["tang"], matter.Opening{
		Kind: docket.FollowUp, Title: title, Office: i.Office, Originator: i.Leader, Behalf: i.Leader, Source: i.ID, Key: key,
		Given: map[string]any{"title": title, "content": i.Verbatim, "source": s.script.Instruction.Brief},
	})
	at.matter = done.Matter
	return err
}

// let lets everybody go on with the story's matter until it has come far enough.
func (s *Story) let(ctx context.Context, at standing, enough func(*standing) bool) error {
	a := s.agenda(at.matter)
	a.plans[at.matter] = s.paceOf(at)
	if err := a.follow(ctx, at.matter); err != nil {
		return err
	}
	far := func() (bool, error) {
		now, err := s.stands(ctx)
		return enough(&now), err
	}
	if err := a.run(ctx, s.Clock.Now().AddDate(0, 6, 0), far); err != nil {
		return err
	}
	if done, err := far(); err != nil || done {
		return err
	}
	return fault.New(fault.Conflict, "demo.let", "事项停在一处，演示无法自动继续（可能已暂停）；请在事项页办理后再试。", "The matter stands still where the demo cannot go on by itself (it may be paused); act on its page and try again.")
}

// paceOf gives the plan for where the matter stands: before it is assigned,
// everything happens within the hour, as on the morning of the story.
func (s *Story) paceOf(at standing) *plan {
	p := *s.plan
	p.brisk = !at.assigned()
	return &p
}

// pauseDays is how long the effect is measured before the leader is told.
const pauseDays = 30

// close is step 11: the clock is stopped for a month of measurement, then the
// matter is presented, the leader confirms what was entered for him, and the
// number is closed.
func (s *Story) close(ctx context.Context, at standing) error {
	lin, m := s.reader(), at.root()
	if m.Stage == "present" && m.Status == matter.Open && len(m.Clocks.Stops) == 0 {
		if err := s.wait(ctx, 20); err != nil {
			return err
		}
		if err := s.act(ctx, lin, m.ID, matter.Act{Act: "pause", Input: reason("办法已施行，须有一个月实测结果方可呈报，中止计时。")}); err != nil {
			return err
		}
	}
	if err := s.measure(ctx, m.ID); err != nil {
		return err
	}
	if at.instruction.Confirmed == 0 {
		leader := auth.Principal{Person: at.instruction.Leader}
		if _, err := s.Docket.Confirm(ctx, leader, at.instruction.ID, fmt.Sprintf("demo/confirm/%d", at.instruction.ID)); err != nil {
			return err
		}
	}
	if m.Status == matter.Ended {
		return nil
	}
	if err := s.let(ctx, at, (*standing).presented); err != nil {
		return err
	}
	if err := s.issue(ctx, lin, m.ID, docket.ResultPaper); err != nil {
		return err
	}
	return s.let(ctx, at, (*standing).closed)
}

// measure waits for the end of the month, if the matter is paused, and lets its
// clock run again.
func (s *Story) measure(ctx context.Context, id int64) error {
	m, err := s.Desk.Get(ctx, s.reader(), id)
	if err != nil || m.Status != matter.Paused {
		return err
	}
	from := time.UnixMicro(m.Clocks.Stops[len(m.Clocks.Stops)-1].From).In(clock.Shanghai())
	cal := s.Desk.Calendar()
	if err := s.agenda(0).advance(ctx, later(cal, calendar.DayOf(from.AddDate(0, 0, pauseDays)).Start(), 15)); err != nil {
		return err
	}
	// The pause may have ended by itself: it has a limit of its own.
	if m, err = s.Desk.Get(ctx, s.reader(), id); err != nil || m.Status != matter.Paused {
		return err
	}
	return s.act(ctx, s.reader(), id, matter.Act{Act: "resume"})
}

// act does one act under a key that says where the matter stands.
func (s *Story) act(ctx context.Context, who auth.Principal, id int64, act matter.Act) error {
	m, err := s.Desk.Get(ctx, s.reader(), id)
	if err != nil {
		return err
	}
	act.Key = fmt.Sprintf("demo/%d/%d/%s.%s", id, m.Last, act.Step, act.Act)
	_, err = s.Desk.Act(ctx, who, id, act)
	return err
}

// Days lets days pass; every timer fires when it comes due. A key that was just
// used does nothing again.
func (s *Story) Days(ctx context.Context, n int, key string) error {
	if n < 1 || n > 90 {
		return fault.At("demo.Days", "days", "天数应为1至90。", "The number of days is 1 to 90.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if key != "" && key == s.last {
		return nil
	}
	if err := s.agenda(0).advance(ctx, s.Clock.Now().AddDate(0, 0, n)); err != nil {
		return fault.Wrap("demo.Days", err)
	}
	s.last = key
	return nil
}

// Tick moves the demo's clock on as the machine's goes, so that people who work
// in the demo do not all act in one moment, until ctx ends.
func (s *Story) Tick(ctx context.Context, machine clock.Clock) error {
	for n, at := 1, machine.Now(); ; n++ {
		if machine.Wait(ctx, at.Add(time.Second)) != nil {
			return nil
		}
		passed := machine.Now().Sub(at)
		at = at.Add(passed)
		if err := s.tick(passed, n%15 == 0); err != nil {
			return err
		}
	}
}

func (s *Story) tick(passed time.Duration, keep bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Clock.Advance(passed)
	if !keep {
		return nil
	}
	return s.keep(s.Clock.Now())
}

// City names the demo's city.
func (s *Story) City() fault.Text { return s.city.City.text() }

// Office names the office that runs the demo.
func (s *Story) Office() fault.Text { return s.city.Office.text() }
