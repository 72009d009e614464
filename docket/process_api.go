package docket

import (
	"context"
	"fmt"
	"strings"
	"time"

	"touyan.dev/touyan/docket/process"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/web"
)

func (o *Office) registerProcess(s *web.Server) {
	web.Register(s, get("/api/process/{kind}", "process", "How the matters of a kind really ran: counts and working time on the lines of the procedure's drawing, variants, the bottleneck"), func(ctx context.Context, in *struct {
		Kind string `path:"kind" maxLength:"60"`
		From string `query:"from" maxLength:"10" doc:"first day of opening; a year ago if empty"`
		To   string `query:"to" maxLength:"10" doc:"last day of opening; today if empty"`
	}) (*out[processPage], error) {
		return reply(o.process(ctx, web.Who(ctx), in.Kind, in.From, in.To))
	})
}

// processPage is how a kind really ran.
type processPage struct {
	Kind       string          `json:"kind"`
	Name       fault.Text      `json:"name"`
	Version    int             `json:"version"`
	AsOf       string          `json:"as_of"`
	From       string          `json:"from"`
	To         string          `json:"to"`
	Most       int             `json:"most" doc:"no more than the newest so many are looked at"`
	More       bool            `json:"more" doc:"there are older ones in the period"`
	Runs       int             `json:"runs"`
	Ended      int             `json:"ended"`
	Unread     int             `json:"unread" doc:"matters whose record was erased in part"`
	Returned   int             `json:"returned" doc:"matters that were returned at least once"`
	Returns    int             `json:"returns"`
	Late       int             `json:"late" doc:"matters with a late step"`
	Forced     int             `json:"forced" doc:"matters ended by an interrupt"`
	Reopened   int             `json:"reopened" doc:"visits of steps that the matter had passed before"`
	Median     fault.Text      `json:"median" doc:"working time of an ended matter, half take less"`
	Bottleneck *bottleneck     `json:"bottleneck"`
	Steps      []processStep   `json:"steps"`
	Lines      []processLine   `json:"lines" doc:"one for each line of the procedure's drawing, in its order"`
	Variants   []processWay    `json:"variants"`
	Ways       int             `json:"ways" doc:"how many variants there are"`
	Interrupts []processCounts `json:"interrupts"`
}

// bottleneck is the step at which most of the working time was waited.
type bottleneck struct {
	Step     string     `json:"step"`
	StepName fault.Text `json:"step_name"`
	Share    int        `json:"share" doc:"per cent of all the working time waited"`
	Visits   int        `json:"visits"`
	Median   fault.Text `json:"median"`
	Text     fault.Text `json:"text"`
}

type processStep struct {
	Step     string     `json:"step"`
	StepName fault.Text `json:"step_name"`
	Units    bool       `json:"units" doc:"a wait for units, whose own procedure has its own page"`
	Runs     string     `json:"runs" doc:"the kind of the units' part"`
	Visits   int        `json:"visits"`
	Open     int        `json:"open"`
	Late     int        `json:"late"`
	Again    int        `json:"again"`
	Skipped  int        `json:"skipped"`
	Share    int        `json:"share" doc:"per cent of all the working time waited; 0 for a wait for units"`
	Total    fault.Text `json:"total"`
	Median   fault.Text `json:"median"`
}

type processLine struct {
	Count int        `json:"count"`
	Time  fault.Text `json:"time" doc:"mean working time waited before it; empty where nothing waits"`
}

type processWay struct {
	Count int          `json:"count"`
	Share int          `json:"share"`
	Acts  []fault.Text `json:"acts"`
}

type processCounts struct {
	Act   string     `json:"act"`
	Name  fault.Text `json:"name"`
	Count int        `json:"count"`
}

// period reads the days of a query; empty ends are so many days back, and today.
func (o *Office) period(op, from, to string, back int) (first, last calendar.Day, err error) {
	last = calendar.DayOf(o.Clock.Now())
	if to != "" {
		if last, err = calendar.ParseDay(to); err != nil {
			return 0, 0, fault.At(op, "to", "日期应为 YYYY-MM-DD。", "A date is written YYYY-MM-DD.")
		}
	}
	first = last - calendar.Day(back)
	if from != "" {
		if first, err = calendar.ParseDay(from); err != nil {
			return 0, 0, fault.At(op, "from", "日期应为 YYYY-MM-DD。", "A date is written YYYY-MM-DD.")
		}
	}
	if first > last {
		return 0, 0, fault.At(op, "from", "起始日期不能晚于截止日期。", "The first day cannot lie after the last.")
	}
	return first, last, nil
}

// insight lets in the staff of an office, and gives the office.
func (o *Office) insight(who auth.Principal) (int64, error) {
	office, err := o.officeOf(who, 0)
	if err == nil {
		_, err = o.Rules.Require(o.Book.Now(), who, "docket.insight", auth.Resource{Type: "Docket", Office: office})
	}
	return office, err
}

func (o *Office) process(ctx context.Context, who auth.Principal, kind, from, to string) (processPage, error) {
	if _, err := o.insight(who); err != nil {
		return processPage{}, err
	}
	first, last, err := o.period("docket.process", from, to, 365)
	if err != nil {
		return processPage{}, err
	}
	r, err := o.Ran(ctx, who, kind, first.Start(), last.End().Add(time.Microsecond))
	if err != nil {
		return processPage{}, err
	}
	got := processPage{
		Kind: r.def.Kind, Name: r.def.Name, Version: r.def.Version, AsOf: calendar.FormatInstant(o.Clock.Now()), From: first.String(), To: last.String(),
		Most: processMost, More: r.more, Runs: r.Runs, Ended: r.Ended, Unread: r.unread, Returned: r.Returned, Returns: r.Returns, Late: r.Late, Forced: r.Forced,
		Median: workText(r.Median), Steps: []processStep{}, Lines: []processLine{}, Variants: []processWay{}, Ways: r.Map.Variants, Interrupts: []processCounts{},
	}
	r.steps(&got)
	for _, l := range process.Draw(r.def.Diagram("zh"), r.Moves, func(outcome string) string { return r.def.OutcomeName(outcome).ZH }) {
		line := processLine{Count: l.Count}
		if l.Worked > 0 {
			line.Time = workText(l.Worked)
		}
		got.Lines = append(got.Lines, line)
	}
	for _, v := range r.Map.Top[:min(len(r.Map.Top), 10)] {
		way := processWay{Count: v.Count, Share: proportion(v.Count, r.Map.Cases), Acts: []fault.Text{}}
		for _, act := range v.Trace {
			way.Acts = append(way.Acts, r.actName(act))
		}
		got.Variants = append(got.Variants, way)
	}
	for _, in := range r.def.Interrupts {
		if n := r.Interrupts[in.ID]; n > 0 {
			got.Interrupts = append(got.Interrupts, processCounts{in.ID, in.Name, n})
		}
	}
	return got, nil
}

// steps fills in the steps and names the bottleneck.
func (r *ran) steps(got *processPage) {
	for _, s := range r.Stays {
		runs := r.def.Runs(s.Step)
		step := processStep{
			Step: s.Step, StepName: stepName(r.def, s.Step), Units: runs != "", Runs: runs, Visits: s.Visits, Open: s.Open, Late: s.Late, Again: s.Again, Skipped: s.Skipped,
			Total: workText(s.Worked), Median: workText(s.Median),
		}
		if runs == "" {
			step.Share = proportion(int(s.Worked/time.Second), int(r.Worked/time.Second))
		}
		got.Reopened += s.Again
		got.Steps = append(got.Steps, step)
	}
	s, share, ok := r.Bottleneck()
	if !ok {
		return
	}
	name, median, pct := stepName(r.def, s.Step), workText(s.Median), int(share*100+0.5)
	got.Bottleneck = &bottleneck{
		Step: s.Step, StepName: name, Share: pct, Visits: s.Visits, Median: median,
		Text: fault.T(fmt.Sprintf("等待最久的是“%s”：占各环节工作时间的 %d%%，共 %d 次，半数在 %s以内。", name.ZH, pct, s.Visits, median.ZH),
			fmt.Sprintf("Most of the waiting is at \"%s\": %d %% of the working time of all steps, %d times, half of them within %s.", name.EN, pct, s.Visits, median.EN)),
	}
}

// actName names "step.act" or an interrupt.
func (r *ran) actName(act string) fault.Text {
	step, name, found := strings.Cut(act, ".")
	if !found {
		return actName(r.def, "", act)
	}
	n, s := actName(r.def, step, name), stepName(r.def, step)
	if n == s {
		return n
	}
	return fault.T(s.ZH+"·"+n.ZH, s.EN+": "+n.EN)
}

// proportion rounds a share to whole per cent; 0 of nothing.
func proportion(n, of int) int {
	if of == 0 {
		return 0
	}
	return (200*n + of) / (2 * of)
}
