package docket

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/store"
)

// The leaders' page compares the last twenty working days with the twenty before,
// so that a holiday does not look like a change.
const (
	leadDays = 20
	fewOf    = 5 // below it a share is not shown, only its counts
)

// leadPage is what a leader needs on one screen.
type leadPage struct {
	AsOf       string       `json:"as_of"`
	Days       int          `json:"days" doc:"working days in each of the two periods"`
	From       string       `json:"from"`
	Before     string       `json:"before" doc:"first day of the period before"`
	Numbers    []leadNumber `json:"numbers"`
	Open       int          `json:"open" doc:"matters under way, counted up to 999"`
	Late       int          `json:"late" doc:"of them, late ones"`
	Exceptions []exception  `json:"exceptions"`
}

// leadNumber is one of the six. A share carries its counts.
type leadNumber struct {
	ID        string     `json:"id" enum:"opened,ended,in_time,returned,solved,overdue"`
	Name      fault.Text `json:"name"`
	What      fault.Text `json:"what" doc:"how it is counted"`
	Share     bool       `json:"share" doc:"per cent of the count of"`
	Value     int        `json:"value" doc:"the number, or the share in per cent"`
	N         int        `json:"n"`
	Of        int        `json:"of"`
	Few       bool       `json:"few" doc:"too few for a share: show the counts"`
	Previous  int        `json:"previous"`
	PrevN     int        `json:"previous_n"`
	PrevOf    int        `json:"previous_of"`
	PrevFew   bool       `json:"previous_few"`
	Direction string     `json:"direction" enum:"up,down,same,none" doc:"none: nothing to compare with"`
	Good      string     `json:"good" enum:"good,bad,plain" doc:"whether that direction is wanted"`
}

// exception is one matter out of order, and what can be done about it.
type exception struct {
	Matter    int64          `json:"matter" doc:"where to look: the part that is late"`
	Number    string         `json:"number"`
	Title     string         `json:"title"`
	StepName  fault.Text     `json:"step_name"`
	UnitName  fault.Text     `json:"unit_name"`
	Remaining *remaining     `json:"remaining"`
	Why       fault.Text     `json:"why"`
	Can       []exceptionCan `json:"can"`
}

type exceptionCan struct {
	Act    string     `json:"act"`
	Name   fault.Text `json:"name"`
	Who    fault.Text `json:"who"`
	Mine   bool       `json:"mine"`
	Matter int64      `json:"matter"`
}

func (o *Office) lead(ctx context.Context, who auth.Principal) (leadPage, error) {
	office, err := o.insight(who)
	if err != nil {
		return leadPage{}, err
	}
	cal, today := o.Desk.Calendar(), calendar.DayOf(o.Clock.Now())
	from := cal.AddWorkdays(today+1, -leadDays)
	before := cal.AddWorkdays(from, -leadDays)
	got := leadPage{Days: leadDays, From: from.String(), Before: before.String()}
	if got.AsOf, err = o.recordAsOf(ctx); err != nil {
		return got, err
	}
	now, err := o.sum(ctx, office, from, today)
	if err != nil {
		return got, err
	}
	then, err := o.sum(ctx, office, before, from-1)
	if err != nil {
		return got, err
	}
	got.Numbers = sixNumbers(now, then)
	if got.Open, err = o.Desk.CountMatters(ctx, who, matter.Filter{Status: matter.Open, Top: true}, countMost); err != nil {
		return got, err
	}
	if got.Late, err = o.Desk.CountMatters(ctx, who, matter.Filter{Late: true, Top: true}, countMost); err != nil {
		return got, err
	}
	got.Exceptions, err = o.exceptions(ctx, who)
	return got, err
}

// sum adds up the record of an office over days: one walk along its key.
func (o *Office) sum(ctx context.Context, office int64, first, last calendar.Day) (tally, error) {
	var total tally
	_, err := store.Collect(ctx, o.DB, func(row store.Scanner) (struct{}, error) {
		_, t, err := scanRecord(row, nil)
		total.add(t)
		return struct{}{}, err
	}, "SELECT "+recordColumns+" FROM record WHERE office = ? AND day >= ? AND day <= ?", office, first.String(), last.String())
	return total, fault.Wrap("docket.sum", err)
}

// sixNumbers compares two periods.
func sixNumbers(now, then tally) []leadNumber {
	count := func(id, zh, en, what, whatEN string, n, m int64, more string) leadNumber {
		x := leadNumber{ID: id, Name: fault.T(zh, en), What: fault.T(what, whatEN), Value: int(n), N: int(n), Previous: int(m), PrevN: int(m)}
		x.Direction, x.Good = direction(x.Value, x.Previous, more)
		return x
	}
	share := func(id, zh, en, what, whatEN string, n, of, m, mOf int64, more string) leadNumber {
		x := leadNumber{
			ID: id, Name: fault.T(zh, en), What: fault.T(what, whatEN), Share: true, N: int(n), Of: int(of), PrevN: int(m), PrevOf: int(mOf),
			Value: proportion(int(n), int(of)), Previous: proportion(int(m), int(mOf)), Few: of < fewOf, PrevFew: mOf < fewOf, Direction: "none", Good: "plain",
		}
		if !x.Few && !x.PrevFew {
			x.Direction, x.Good = direction(x.Value, x.Previous, more)
		}
		return x
	}
	return []leadNumber{
		count("opened", "新立事项", "Opened", "本期登记的事项，不含各单位的分办。", "Matters registered in the period, without the units' parts.", now.opened, then.opened, "plain"),
		count("ended", "办结事项", "Closed", "本期办结的事项，不含撤销和不予立项。", "Matters closed in the period, without those withdrawn or not opened.", now.ended, then.ended, "good"),
		share("in_time", "按期报送", "In time", "本期办结的分办中，单位按期报送的占比；办公室审核的时间不算在内。", "Of the units' parts closed in the period, those handed in by their date; the office's review does not count.", now.inTime, now.dated, then.inTime, then.dated, "good"),
		share("returned", "退回补充", "Returned", "本期办结的分办中，被办公室退回过的占比。", "Of the units' parts closed in the period, those that the office sent back.", now.returned, now.parts, then.returned, then.parts, "bad"),
		share("solved", "交办人认可", "Settled by the giver", "本期交办人首次答复的分办中，同意销号、没有新批示的占比。办结不等于解决。", "Of the parts on which the giver had his first word in the period, those he called settled. Closed is not solved.", now.solved, now.answered, then.solved, then.answered, "good"),
		count("overdue", "新逾期环节", "Newly overdue", "本期超过时限的环节。", "Steps that passed their date in the period.", now.overdue, then.overdue, "bad"),
	}
}

// direction compares; more says whether more is good, bad or neither.
func direction(now, then int, more string) (string, string) {
	switch {
	case now == then:
		return "same", "plain"
	case more == "plain":
	case (now > then) == (more == "good"):
		more = "good"
	default:
		more = "bad"
	}
	if now > then {
		return "up", more
	}
	return "down", more
}

// exceptionsMost is how many are shown, and looked is among how many they are
// found.
const (
	exceptionsMost   = 3
	exceptionsLooked = 60
)

// exceptions gives the three matters that are most out of order: the longest
// overdue, one of each matter, first what has been urged in vain.
func (o *Office) exceptions(ctx context.Context, who auth.Principal) ([]exception, error) {
	v := o.view(who)
	tasks, err := o.Desk.Inbox(ctx, who, matter.Watch, exceptionsLooked)
	if err != nil {
		return nil, err
	}
	if len(tasks) < exceptionsMost { // a secretary watches nothing; a leader only what has run far over
		late, err := o.Desk.List(ctx, who, matter.Filter{Late: true, Limit: exceptionsLooked})
		if err != nil {
			return nil, err
		}
		for _, m := range late.Matters {
			for _, s := range m.Clocks.Slots {
				if s.Mark >= 100 {
					tasks = append(tasks, matter.Task{Matter: m, Slot: s})
				}
			}
		}
	}
	slices.SortStableFunc(tasks, func(a, b matter.Task) int {
		return cmp.Or(cmp.Compare(min(b.Slot.Urged, 1), min(a.Slot.Urged, 1)), cmp.Compare(a.Slot.Due, b.Slot.Due))
	})
	out, seen := []exception{}, map[int64]bool{}
	for _, t := range tasks {
		if len(out) == exceptionsMost {
			break
		}
		if seen[t.Matter.Root] || t.Slot.Due == 0 {
			continue
		}
		seen[t.Matter.Root] = true
		x, err := o.exception(ctx, v, t)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// exception puts one late step into words, with the interrupts that the
// procedures of the part and of the whole matter know, and who may use them.
func (o *Office) exception(ctx context.Context, v view, t matter.Task) (exception, error) {
	d, left := v.def(t.Matter.Def), v.left(t.Slot.Due)
	step, unit := stepName(d, t.Slot.Step), v.unit(t.Slot.Unit)
	x := exception{Matter: t.Matter.ID, Number: t.Matter.Number, Title: t.Matter.Title, StepName: step, UnitName: unit, Remaining: left, Can: []exceptionCan{}}
	urged := fault.T(fmt.Sprintf("已催办 %d 次", t.Slot.Urged), fmt.Sprintf("urged %d times", t.Slot.Urged))
	x.Why = fault.T(fmt.Sprintf("%s“%s”%s，%s。", unit.ZH, step.ZH, left.Text.ZH, urged.ZH), fmt.Sprintf("\"%s\" at %s is %s, %s.", step.EN, unit.EN, left.Text.EN, urged.EN))
	above := []matter.Matter{t.Matter}
	if t.Matter.Parent != 0 {
		if m, err := o.Desk.Get(ctx, v.who, t.Matter.Parent); err == nil {
			above = append(above, m)
		} else if !fault.Is(err, fault.NotFound) {
			return x, err
		}
	}
	for _, m := range above {
		offers, err := o.Desk.Offers(v.who, m)
		if err != nil {
			return x, err
		}
		for _, of := range offers {
			if !of.Interrupt || of.Act == flow.IntPause || of.Act == flow.IntTransfer || slices.ContainsFunc(x.Can, func(c exceptionCan) bool { return c.Act == of.Act }) {
				continue
			}
			x.Can = append(x.Can, exceptionCan{Act: of.Act, Name: of.Name, Who: v.audience(m, of.Who), Mine: of.Mine, Matter: m.ID})
		}
	}
	// The mildest first: nobody ends a matter because it is late.
	order := []string{flow.IntUrge, flow.IntExtend}
	slices.SortStableFunc(x.Can, func(a, b exceptionCan) int {
		rank := func(c exceptionCan) int {
			if i := slices.Index(order, c.Act); i >= 0 {
				return i
			}
			return len(order)
		}
		return cmp.Compare(rank(a), rank(b))
	})
	return x, nil
}
