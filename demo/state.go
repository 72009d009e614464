package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/attach"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/matter/flow"
)

// Progress says whether a step has happened.
type Progress string

// The progress of a step.
const (
	StepDone    Progress = "done"
	StepNext    Progress = "next"
	StepWaiting Progress = "waiting"
	StepMissing Progress = "missing" // its domain is not built
)

// Step is one of the twelve steps as it stands now.
type Step struct {
	N      int        `json:"n"`
	Title  fault.Text `json:"title"`
	Domain string     `json:"domain"`
	Built  bool       `json:"built"`
	State  Progress   `json:"state"`
	At     string     `json:"at" doc:"when it happened, RFC 3339; before that the story's own time, as in 1:35"`
	Who    string     `json:"who"`
	Login  string     `json:"login"`
	Href   string     `json:"href" doc:"where to look in the console"`
	Text   fault.Text `json:"text"`
}

// Login is a person whom a visitor of the demo can be.
type Login struct {
	Login    string     `json:"login"`
	Name     string     `json:"name"`
	Role     fault.Text `json:"role"`
	Password string     `json:"password"`
}

// State is the story as the database tells it.
type State struct {
	Now    string  `json:"now"`
	Steps  []Step  `json:"steps"`
	Logins []Login `json:"logins"`
	Draft  string  `json:"draft" doc:"the speech whose figures step 2 checks"`
}

// logins lists the people of the story.
func (t *town) logins() []Login {
	out := make([]Login, 0, len(t.city.People)+1)
	for _, p := range append(append([]person{}, t.city.People...), t.city.Administrator) {
		out = append(out, Login{Login: p.Login, Name: p.ZH, Role: p.Role.text(), Password: Password})
	}
	return out
}

// State computes where the story stands.
func (s *Story) State(ctx context.Context) (State, error) {
	at, err := s.stands(ctx)
	if err != nil {
		return State{}, err
	}
	happened, next, err := s.progress(ctx, at)
	if err != nil {
		return State{}, err
	}
	out := State{Now: stamp(s.Clock.Now()), Logins: s.logins(), Draft: strings.TrimSpace(s.script.Speech.Draft)}
	for _, sc := range s.script.Steps {
		step := Step{
			N: sc.N, Title: sc.Title.text(), Domain: sc.Domain, Built: sc.Built, State: StepMissing,
			At: sc.Time, Who: sc.Who, Login: sc.Login, Text: sc.Text.text(),
		}
		if sc.Built {
			if err := s.fill(ctx, &step, at, next, happened[sc.N]); err != nil {
				return State{}, err
			}
		} else {
			step.Text = fault.T(
				fmt.Sprintf("第%d步：%s，尚未建成。", sc.N, sc.Title.ZH), fmt.Sprintf("Step %d (%s) is not built yet.", sc.N, sc.Domain))
		}
		out.Steps = append(out.Steps, step)
	}
	return out, nil
}

func stamp(t time.Time) string { return t.Format(time.RFC3339) }

// fill says how far a built step is and, once it is done, what came of it.
func (s *Story) fill(ctx context.Context, step *Step, at standing, next int, done bool) error {
	switch {
	case done:
		step.State = StepDone
	case step.N == next:
		step.State = StepNext
	default:
		step.State = StepWaiting
	}
	step.Href = s.href(step.N, at)
	if step.State != StepDone {
		return nil
	}
	m := at.root()
	var result fault.Text
	switch step.N {
	case stepReleased, stepChecked:
		var err error
		if result, err = s.watchText(ctx, step.N, at.watched); err != nil {
			return err
		}
		if step.At, err = s.watchedAt(ctx, step.N, at.watched); err != nil {
			return err
		}
	case stepEntered:
		step.At = stamp(time.UnixMicro(assignedAt(at)).In(clock.Shanghai()))
		result = s.unitsText(at)
	case stepHandled:
		last := int64(0)
		for _, kid := range at.family[1:] {
			last = max(last, kid.Updated)
		}
		if last == 0 {
			last = m.Updated
		}
		step.At = stamp(time.UnixMicro(last).In(clock.Shanghai()))
		h, err := s.handling(ctx, at)
		if err != nil {
			return err
		}
		result = h.text()
	case stepClosed:
		step.At = stamp(time.UnixMicro(m.Updated).In(clock.Shanghai()))
		result = s.closedText(m)
		if at.watched.december == 0 {
			break
		}
		told, err := s.watchText(ctx, step.N, at.watched)
		if err != nil {
			return err
		}
		result = fault.T(result.ZH+told.ZH, result.EN+" "+told.EN)
	case stepVerified:
		r, err := s.proveRing(ctx, at)
		if err != nil {
			return err
		}
		result = fault.T(fmt.Sprintf("%d步凭证，%d步通过验证。", r.steps, r.proved), fmt.Sprintf("%d of %d receipts verify.", r.proved, r.steps))
		if a := s.altered(); a != nil {
			result = fault.T(result.ZH+a.Text.ZH, result.EN+" "+a.Text.EN)
		}
	}
	step.Text = fault.T(step.Text.ZH+result.ZH, step.Text.EN+" "+result.EN)
	return nil
}

// handling counts what happened while a matter was with its units.
type handling struct{ units, returned, urged, deputized, files, letters int }

func (s *Story) handling(ctx context.Context, at standing) (handling, error) {
	h := handling{units: len(at.family) - 1}
	events, err := s.events(ctx, at.instruction.ID, at.family)
	if err != nil {
		return h, err
	}
	for _, e := range events {
		switch _, what, _ := strings.Cut(e.Kind, "/"); {
		case what == "review.return" || what == "signoff.return":
			h.returned++
		case strings.HasSuffix(what, "."+flow.IntUrge):
			h.urged++
		case e.Kind == attach.EventAdd:
			h.files++
		}
		if e.Behalf != 0 && e.Subject != at.instruction.ID && e.Subject != at.matter { // what was entered for the leader is not done by a deputy
			h.deputized++
		}
	}
	err = s.DB.QueryRow(ctx, "SELECT count(*) FROM paper p JOIN matter m ON m.id = p.matter WHERE p.sort <> ? AND (m.id = ? OR m.parent = ?)", string(docket.ResultPaper), at.matter, at.matter).Scan(&h.letters)
	return h, fault.Wrap("demo.handling", err)
}

func (h handling) text() fault.Text {
	return fault.T(
		fmt.Sprintf("%d个单位办结；退回%d次，催办%d次，代为办理%d次；附件%d个，印发文件%d件。", h.units, h.returned, h.urged, h.deputized, h.files, h.letters),
		fmt.Sprintf("Units finished: %d; returned %d×, urged %d×, done by a deputy %d×; files: %d, papers issued: %d.", h.units, h.returned, h.urged, h.deputized, h.files, h.letters))
}

// href names the page of the console on which a step can be seen.
func (s *Story) href(step int, at standing) string {
	switch {
	case step == stepReleased || step == stepChecked:
		return hrefWatch(step, at.watched)
	case at.matter == 0 && step == stepEntered:
		return "/enter"
	case at.matter == 0:
		return "/"
	case step == stepHandled && at.assigned() && !at.handled() && len(at.family) > 1:
		return fmt.Sprintf("/matters/%d", at.family[1].ID)
	case step == stepHandled && at.assigned():
		return fmt.Sprintf("/tree/%d", at.matter)
	}
	return fmt.Sprintf("/matters/%d", at.matter)
}

// assignedAt gives when the units were given their parts, or the matter's last
// change if the office handles it itself.
func assignedAt(at standing) int64 {
	if len(at.family) > 1 {
		return at.family[1].Opened
	}
	return at.root().Updated
}

// unitsText names the number and the units.
func (s *Story) unitsText(at standing) fault.Text {
	dir := s.Book.Now()
	var zh, en []string
	for _, kid := range at.family[1:] {
		u, _ := dir.Unit(kid.Unit)
		zh, en = append(zh, u.Name.ZH), append(en, u.Name.EN)
	}
	m := at.root()
	if len(zh) == 0 {
		return fault.T(m.Number+"。", m.Number+".")
	}
	return fault.T(m.Number+"："+strings.Join(zh, "、")+"。", m.Number+": "+strings.Join(en, ", ")+".")
}

// closedText counts the working days from the opening to the end, and those for
// which the clock stood.
func (s *Story) closedText(m *matter.Matter) fault.Text {
	cal := s.Desk.Calendar()
	days := cal.WorkdaysBetween(dayOf(m.Opened), dayOf(m.Updated))
	stood := 0
	for _, stop := range m.Clocks.Stops {
		if stop.To != 0 {
			stood += cal.WorkdaysBetween(dayOf(stop.From), dayOf(stop.To))
		}
	}
	return fault.T(fmt.Sprintf("%s已销号：历时%d个工作日，其中中止计时%d个。", m.Number, days, stood),
		fmt.Sprintf("%s is closed after %d working days, for %d of which the clock stood.", m.Number, days, stood))
}

// Summary counts what the city holds. Sub-matters count with their parents.
type Summary struct {
	Units, People, Matters, Open, Late int
	Events                             int64
}

// Summary counts.
func (s *Story) Summary(ctx context.Context) (Summary, error) {
	dir := s.Book.Now()
	out := Summary{Units: len(dir.Units()), People: len(dir.People())}
	// The city's sub-matters have none of their own: a parent is the top.
	err := s.DB.QueryRow(ctx, `SELECT count(*), sum(CASE WHEN status <> 'ended' THEN 1 ELSE 0 END),
		(SELECT count(DISTINCT CASE m.parent WHEN 0 THEN m.id ELSE m.parent END) FROM task t JOIN matter m ON m.id = t.matter WHERE t.due <> 0 AND t.due < ?)
		FROM matter WHERE parent = 0`, s.Clock.Now().UnixMicro()).Scan(&out.Matters, &out.Open, &out.Late)
	if err != nil {
		return out, fault.Wrap("demo.Summary", err)
	}
	out.Events, _, err = event.Head(ctx, s.DB)
	return out, err
}
