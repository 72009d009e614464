package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"touyan.dev/touyan/demo/statistics"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory"
	"touyan.dev/touyan/observatory/effect"
	"touyan.dev/touyan/observatory/fact"
)

// watched is how far the statistics of the story have come, as the database says.
type watched struct {
	october    int64 // the release of step 1, once it was published
	first      observatory.Fact
	note       int64 // the speech whose figures were checked
	december   int64 // the release that revises October
	evaluation int64 // of the pilot, once computed
}

// reference enters what is observed, and all that was published before the city
// was set up.
func (s *seeding) reference(ctx context.Context) error {
	tang := s.who["tang"]
	for _, t := range []struct {
		sort observatory.Sort
		data []byte
	}{{observatory.Subjects, statistics.Subjects()}, {observatory.Indicators, statistics.Indicators()}, {observatory.Peers, statistics.PeerTable()}} {
		if _, err := s.Watch.Enter(ctx, tang, t.sort, t.data, "demo/reference/"+string(t.sort)); err != nil {
			return err
		}
	}
	shape, err := statistics.Map()
	if err != nil {
		return err
	}
	if _, err := s.Watch.EnterMap(ctx, tang, shape, "demo/reference/map"); err != nil {
		return err
	}
	for _, f := range statistics.History() {
		at, err := time.ParseInLocation(time.DateOnly, f.Vintage, clock.Shanghai())
		if err != nil {
			return err
		}
		do := func(ctx context.Context) error {
			_, err := s.publish(ctx, f)
			return err
		}
		if at.Before(Founded()) {
			if err := do(ctx); err != nil {
				return err
			}
			continue
		}
		s.put("release/"+f.Vintage, later(s.Desk.Calendar(), at, 60), do)
	}
	return nil
}

// publish brings a file in as the office does, decides that what the gate holds
// stays out until the bureau has answered, and publishes it.
func (t *town) publish(ctx context.Context, f statistics.File) (int64, error) {
	tang := t.who["tang"]
	up, err := t.Files.Upload(ctx, tang, f.Name, f.Data)
	if err != nil {
		return 0, err
	}
	key := "demo/release/" + f.Name
	done, err := t.Watch.Bring(ctx, tang, observatory.Import{Digest: up.Digest, Name: f.Name, Vintage: f.Vintage, First: f.First}, key)
	if err != nil {
		return 0, err
	}
	doubts, err := t.Watch.Doubts(ctx, done.ID)
	if err != nil {
		return 0, err
	}
	for i, x := range doubts {
		if x.State != observatory.DoubtWaiting {
			continue
		}
		in := observatory.Decision{Indicator: x.Indicator, Subject: x.Subject, Period: x.Period, Reason: "与前后期和增速对不上，已请市统计局核对，答复前不使用。"}
		if _, err := t.Watch.Decide(ctx, tang, done.ID, in, fmt.Sprintf("%s/decide/%d", key, i)); err != nil {
			return 0, err
		}
	}
	_, err = t.Watch.Publish(ctx, tang, done.ID, key+"/publish")
	return done.ID, err
}

// watches finds how far the statistics of the story have come.
func (s *Story) watches(ctx context.Context) (w watched, err error) {
	list, err := s.Watch.Releases(ctx, observatory.Published, 0)
	if err != nil {
		return w, err
	}
	for _, r := range list {
		switch {
		case r.Name == s.october.Name:
			w.october = r.ID
		case r.Name == s.december.Name:
			w.december = r.ID
		}
	}
	if w.october == 0 {
		return w, nil
	}
	found, err := s.Watch.Facts(ctx, observatory.FactFilter{Release: w.october, Subject: statistics.Home})
	if err != nil {
		return w, err
	}
	for _, f := range found {
		if (f.Told.Kind == fact.FirstTopSince.String() || f.Told.Kind == fact.FirstTopOnRecord.String()) && f.Told.P1 == 1 && f.Told.Form == "level" {
			w.first = f
			break
		}
	}
	return w, s.written(ctx, &w)
}

// written finds the note and the evaluation.
func (s *Story) written(ctx context.Context, w *watched) error {
	notes, err := s.Watch.Notes(ctx)
	if err != nil {
		return err
	}
	for _, n := range notes {
		for _, id := range n.Quotes() {
			if id == w.first.ID {
				w.note = n.ID
			}
		}
	}
	done, err := s.Watch.Evaluations(ctx)
	for _, e := range done {
		if e.Computed != 0 {
			w.evaluation = e.ID
		}
	}
	return err
}

// release is step 1: the October bulletin is brought in, its slips stay at the
// gate, and it is published.
func (s *Story) release(ctx context.Context) error {
	_, err := s.publish(ctx, s.october)
	return err
}

// speak is step 2: the draft's figures are held to the panel, the wrong sentence
// is corrected, and the speech quotes the fact.
func (s *Story) speak(ctx context.Context, w watched) error {
	tang := s.who["tang"]
	if err := s.wait(ctx, 5); err != nil {
		return err
	}
	body := strings.ReplaceAll(s.script.Speech.Body, "{{first}}", fmt.Sprintf("{{fact %d}}", w.first.ID))
	_, err := s.Watch.WriteNote(ctx, tang, observatory.Note{Title: s.script.Speech.Title, Body: body}, fmt.Sprintf("demo/note/%d", w.first.ID))
	return err
}

// revise is what step 11 tells of figures: the December release takes the first
// place back, and the pilot is evaluated under a protocol frozen beforehand.
func (s *Story) revise(ctx context.Context, w watched) error {
	if w.december == 0 {
		if err := s.until(ctx, s.december.Vintage); err != nil {
			return err
		}
		if _, err := s.publish(ctx, s.december); err != nil {
			return err
		}
	}
	if w.evaluation != 0 {
		return nil
	}
	f, err := statistics.Calls()
	if err != nil {
		return err
	}
	if err := s.until(ctx, f.Vintage); err != nil {
		return err
	}
	lin := s.who["lin"]
	up, err := s.Files.Upload(ctx, lin, f.Name, f.Data)
	if err != nil {
		return err
	}
	done, err := s.Watch.Freeze(ctx, lin, s.script.Pilot.Title, observatory.Question{
		File:   &observatory.Outcomes{Digest: up.Digest.String(), Name: f.Name, Unit: "code", Time: "week", Outcome: "calls_per_10k"},
		Method: effect.SDID, Why: s.script.Pilot.Why,
		Protocol: effect.Protocol{Treated: statistics.Pilot, From: statistics.Bundled, Exclude: []string{statistics.Zone}, Expect: effect.Fall},
	}, "demo/evaluation/freeze")
	if err != nil {
		return err
	}
	_, err = s.Watch.Compute(ctx, lin, done.ID, "demo/evaluation/compute")
	return err
}

// until lets time pass to the morning of a day, unless it has passed already.
func (s *Story) until(ctx context.Context, day string) error {
	d, err := calendar.ParseDay(day)
	if err != nil {
		return err
	}
	at := later(s.Desk.Calendar(), d.Start(), 30)
	if !s.Clock.Now().Before(at) {
		return nil
	}
	return s.agenda(0).advance(ctx, at)
}

// watchText says what came of step 1, of step 2, and of the figures of step 11.
func (s *Story) watchText(ctx context.Context, step int, w watched) (fault.Text, error) {
	switch step {
	case stepReleased:
		text := fault.T(w.first.Told.ZH, w.first.Told.EN)
		if w.first.State == observatory.FactRetracted {
			text = fault.T(text.ZH+"（已撤回）", text.EN+" (Retracted.)")
		}
		return text, nil
	case stepChecked:
		n, err := s.Watch.NotePage(ctx, s.reader(), w.note)
		if err != nil {
			return fault.Text{}, err
		}
		return fault.T(fmt.Sprintf("《%s》引用的事实中，%d条已撤回。", n.Title, n.Broken), fmt.Sprintf("Of the facts that the speech quotes, %d are retracted.", n.Broken)), nil
	}
	r, err := s.Watch.Release(ctx, w.december)
	if err != nil {
		return fault.Text{}, err
	}
	e, err := s.Watch.EvaluationPage(ctx, s.reader(), w.evaluation)
	if err != nil {
		return fault.Text{}, err
	}
	return fault.T(
		fmt.Sprintf("十二月数据撤回%d条事实。东屏区试点后来电%+.0f%%（%s）。", r.Retracted, *e.Percent, e.Verdict.ZH),
		fmt.Sprintf("The December release retracts %d facts. Calls in Dongping after the pilot: %+.0f%% (%s).", r.Retracted, *e.Percent, e.Verdict.EN)), nil
}

// hrefWatch names the page on which a step of the figures can be seen.
func hrefWatch(step int, w watched) string {
	switch {
	case step == stepReleased && w.first.ID != 0:
		return fmt.Sprintf("/observatory/facts/%d", w.first.ID)
	case step == stepReleased:
		return "/observatory/releases"
	case w.note != 0:
		return fmt.Sprintf("/observatory/notes/%d", w.note)
	}
	return "/observatory/claims"
}

// watchedAt tells when a step of the figures happened.
func (s *Story) watchedAt(ctx context.Context, step int, w watched) (string, error) {
	if step == stepChecked {
		n, err := s.Watch.Note(ctx, w.note)
		return stamp(time.UnixMicro(n.Written).In(clock.Shanghai())), err
	}
	r, err := s.Watch.Release(ctx, w.october)
	return stamp(time.UnixMicro(r.Published).In(clock.Shanghai())), err
}
