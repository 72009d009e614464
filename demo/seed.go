package demo

import (
	"context"
	"fmt"
	"time"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
)

// Year is the year in which the story plays.
const Year = 2026

// Founded is when the clock of a new demo stands: the first working day of the
// year, on which the city is set up.
func Founded() time.Time { return time.Date(Year, 1, 4, 9, 0, 0, 0, clock.Shanghai()) }

// Begin is when the story begins unless told otherwise: a Monday.
func Begin() time.Time { return time.Date(Year, 11, 23, 8, 30, 0, 0, clock.Shanghai()) }

// playable refuses a beginning for which the history does not fit the year.
func playable(begin time.Time) error {
	first, last := Begin().AddDate(0, 0, -21), time.Date(Year, 12, 31, 18, 0, 0, 0, clock.Shanghai())
	if begin.Before(first) || begin.After(last) {
		return fault.At("demo.Seed", "now", "演示的开始时间应在2026年11月2日至12月31日之间。", "The demo begins between 2 November and 31 December 2026.")
	}
	return nil
}

// Prepare empties a directory for a new demo and marks it as one, before its
// database is made: a build that is cut off is then known as such.
func Prepare(dir string, begin time.Time) error {
	if err := playable(begin); err != nil {
		return err
	}
	if err := Clear(dir); err != nil {
		return err
	}
	return Record{Begin: begin, Now: Founded()}.write(dir)
}

// Seed builds the city in an empty database whose clock stands at Founded, and
// lets the year pass until the story begins.
func Seed(ctx context.Context, p Parts, begin time.Time) error {
	if err := playable(begin); err != nil {
		return err
	}
	if needs, err := p.Accounts.NeedsSetup(ctx); err != nil || !needs {
		if err == nil {
			err = fault.New(fault.Conflict, "demo.Seed", "数据库不是空的，不能播种演示城市。", "The database is not empty, so the demo city cannot be built in it.")
		}
		return err
	}
	r := Record{Begin: begin, Now: p.Clock.Now()}
	if err := r.write(p.Dir); err != nil {
		return err
	}
	if err := p.found(ctx); err != nil {
		return err
	}
	t, err := p.open()
	if err != nil {
		return err
	}
	h, err := readHistory()
	if err != nil {
		return err
	}
	s := &seeding{agenda: newAgenda(t), history: h, begin: begin}
	if err := s.schedule(); err != nil {
		return err
	}
	if err := s.reference(ctx); err != nil {
		return err
	}
	if err := s.errands(ctx); err != nil {
		return err
	}
	if err := s.run(ctx, begin, nil); err != nil {
		return err
	}
	if err := s.advance(ctx, begin); err != nil {
		return err
	}
	if r.Seeded, _, err = event.Head(ctx, p.DB); err != nil {
		return err
	}
	r.Ready, r.Now = true, p.Clock.Now()
	return r.write(p.Dir)
}

// seeding is the year before the story.
type seeding struct {
	*agenda
	history *history
	begin   time.Time
}

// schedule puts on the agenda what sets everything else going: the instructions
// and the work report.
func (s *seeding) schedule() error {
	cal := s.Desk.Calendar()
	brisk := 0
	for _, a := range s.history.Cases {
		p, err := a.plan()
		if err != nil {
			return err
		}
		day := cal.AddWorkdays(calendar.DayOf(s.begin), -a.Ago)
		minutes := 10 + pick(90, "enter", a.N)
		if p.brisk {
			minutes = 5 + 60*brisk // so that the numbers are drawn in the order of entry
			brisk++
		}
		s.put(fmt.Sprintf("enter/%d", a.N), later(cal, day.Start(), minutes), s.entering(a, p))
	}
	last := cal.AddWorkdays(calendar.DayOf(s.begin), -1)
	s.put("waiting", last.Start().Add(16*time.Hour+45*time.Minute), s.waiting)
	brought := cal.AddWorkdays(calendar.DayOf(Founded()), s.history.Report.Day)
	s.put("report", brought.Start().Add(9*time.Hour+15*time.Minute), s.report)
	return nil
}

// entering enters one instruction for its leader, registers it and lets it run.
func (s *seeding) entering(a affair, p *plan) func(context.Context) error {
	return func(ctx context.Context) error {
		key := fmt.Sprintf("demo/affair/%d", a.N)
		leader, err := s.as(a.By)
		if err != nil {
			return err
		}
		media := []docket.Medium{docket.Paper, docket.Paper, docket.Phone, docket.Meeting}
		entered, err := s.Docket.Enter(ctx, s.who["tang"], docket.Entry{
			Office: s.office, Leader: leader.Person, Verbatim: a.Words, Medium: media[pick(len(media), "medium", a.N)], Title: a.Title,
			Received: s.Clock.Now().Add(-time.Duration(5+pick(40, "received", a.N)) * time.Minute), Key: key,
		})
		if err != nil {
			return err
		}
		cal, now := s.Desk.Calendar(), s.Clock.Now()
		wait, confirm := 10+pick(50, "register", a.N), 30+pick(500, "confirm", a.N)
		if p.brisk {
			wait, confirm = wait/6, confirm/6
		}
		s.put(key+"/confirm", later(cal, now, confirm), func(ctx context.Context) error {
			_, err := s.Docket.Confirm(ctx, leader, entered.ID, key+"/confirm")
			return err
		})
		s.put(key+"/open", later(cal, now, wait), func(ctx context.Context) error {
			opened, err := s.Desk.Open(ctx, s.who["tang"], matter.Opening{
				Kind: docket.FollowUp, Title: a.Title, Office: s.office, Originator: leader.Person, Source: entered.ID, Behalf: leader.Person,
				Given: map[string]any{"title": a.Title, "content": a.Words}, Key: key + "/open",
			})
			if err != nil {
				return err
			}
			s.plans[opened.Matter] = p
			return s.follow(ctx, opened.Matter)
		})
		return nil
	}
}

// waiting enters the instruction that its leader has not confirmed.
func (s *seeding) waiting(ctx context.Context) error {
	w := s.history.Waiting
	leader, err := s.as(w.By)
	if err != nil {
		return err
	}
	_, err = s.Docket.Enter(ctx, s.who["tang"], docket.Entry{
		Office: s.office, Leader: leader.Person, Verbatim: w.Words, Medium: docket.Phone, Title: w.Title,
		Received: s.Clock.Now().Add(-20 * time.Minute), Key: "demo/waiting",
	})
	return err
}

// report brings in the work report; its proposals are gone through and the
// confirmed ones dispatched on the same day, from which their limits count.
func (s *seeding) report(ctx context.Context) error {
	done, faults, err := s.Docket.Import(ctx, s.who["tang"], docket.Bring{
		Office: s.office, Name: s.history.Report.Name, Data: reportText, Key: "demo/report",
	})
	if err != nil || len(faults) > 0 {
		return fmt.Errorf("demo: the report cannot be brought in: %v %w", faults, err)
	}
	cal, now := s.Desk.Calendar(), s.Clock.Now()
	for i, t := range s.history.Report.Tasks {
		s.put(fmt.Sprintf("task/%d", t.N), later(cal, now, 60+6*i), func(ctx context.Context) error { return s.revise(ctx, done.ID, t) })
	}
	s.put("dispatch", later(cal, now, 240), func(ctx context.Context) error { return s.dispatch(ctx, done.ID) })
	return nil
}

// revise decides about one proposal.
func (s *seeding) revise(ctx context.Context, intake int64, t task) error {
	in := docket.Revision{Act: t.Do, Key: fmt.Sprintf("demo/task/%d", t.N)}
	if t.Lead != "" {
		u, err := s.unit(t.Lead)
		if err != nil {
			return err
		}
		in.Lead, in.Assist = &u.ID, &[]int64{}
	}
	if len(t.Assist) > 0 {
		var assist []int64
		for _, key := range t.Assist {
			u, err := s.unit(key)
			if err != nil {
				return err
			}
			assist = append(assist, u.ID)
		}
		in.Assist = &assist
	}
	if t.Limit != "" {
		in.Limit = &t.Limit
	}
	if len(t.With) > 0 {
		merge := docket.Revision{Act: "merge", With: t.With, Key: in.Key + "/merge"}
		if _, err := s.Docket.Revise(ctx, s.who["lin"], intake, t.N, merge); err != nil {
			return err
		}
	}
	_, err := s.Docket.Revise(ctx, s.who["lin"], intake, t.N, in)
	return err
}

// dispatch opens a matter for each confirmed proposal and lets it run.
func (s *seeding) dispatch(ctx context.Context, intake int64) error {
	if _, err := s.Docket.Dispatch(ctx, s.who["lin"], intake, 0); err != nil {
		return err
	}
	_, all, err := s.Docket.Intake(ctx, s.who["lin"], intake)
	if err != nil {
		return err
	}
	for _, proposal := range all {
		if proposal.State != docket.Dispatched {
			continue
		}
		p := &plan{name: fmt.Sprintf("task/%d", proposal.N)}
		for _, t := range s.history.Report.Tasks {
			if t.N == proposal.N {
				p.result = t.Result
				if p.twists, err = parseTwists(t.Twist); err != nil {
					return err
				}
			}
		}
		s.plans[proposal.Matter] = p
		if err := s.follow(ctx, proposal.Matter); err != nil {
			return err
		}
	}
	return nil
}
