package process

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"touyan.dev/touyan/kernel/calendar"
)

// Run is how one matter went through its definition.
type Run struct {
	Visits  []Visit
	Moves   []Move
	Acts    []string // "step.act" or an interrupt, in order
	Pauses  []Span
	Ended   int64  // µs; 0 while it runs
	Outcome string // "" while it runs
	Forced  string // the interrupt that ended it: withdraw, cancel
}

// Visit is one stay at a step, or one wait for sub-matters.
type Visit struct {
	Step     string
	From, To int64 // µs; To is 0 while it lasts
	Due      int64 // µs; 0 without a limit
	Act      string
	Back     bool // the act that ended it was a return
}

// Move is one way from a block to another: From is "start", a step, an each or
// joint block, or a joint's closing bar; To is one of them, or "end" with the
// matter's outcome.
type Move struct {
	From, To string
	Act      string
	Back     bool
	Visit    int // index of the visit that it ended; -1 for none
}

// Stay sums the visits of one step.
type Stay struct {
	Step    string
	Visits  int
	Open    int           // visits that last
	Late    int           // visits that ended, or stand, after their due time
	Again   int           // visits of matters that had been there before
	Worked  time.Duration // in all
	Median  time.Duration // of one visit
	Skipped int           // matters that ended by an interrupt while they stood here
}

// Summary is how a procedure ran in a period.
type Summary struct {
	Runs, Ended int
	Returned    int    // matters that were returned at least once
	Returns     int    // returns in all
	Late        int    // matters with a late step
	Forced      int    // matters ended by an interrupt
	Stays       []Stay // longest wait in all first
	Moves       []Walk
	Map         Map            // of acts by their order: its durations mean nothing
	Interrupts  map[string]int // how often each was used
	Median      time.Duration  // working time of an ended matter
	Worked      time.Duration  // waited in all, at every step
}

// Walk sums the moves between two blocks by one act.
type Walk struct {
	From, To, Act string
	Back          bool
	Count         int
	Worked        time.Duration // in all
}

// Bottleneck is the step at which most of the working time was waited, and its
// share of all; nothing if nothing was waited.
func (s *Summary) Bottleneck() (Stay, float64, bool) {
	if len(s.Stays) == 0 || s.Worked == 0 {
		return Stay{}, 0, false
	}
	return s.Stays[0], float64(s.Stays[0].Worked) / float64(s.Worked), true
}

// Summarise adds up runs as of an instant (µs). each names the blocks that wait
// for sub-matters: what is waited there is the units' own procedure, so it takes
// part in nothing but its own line.
func Summarise(cal *calendar.Calendar, runs []Run, now int64, each func(step string) bool) Summary {
	s := Summary{Runs: len(runs), Interrupts: map[string]int{}}
	stays, times := map[string]*Stay{}, map[string][]time.Duration{}
	walks := map[Walk]*Walk{}
	log := Log{cases: names{list: make([]string, len(runs))}} // cases are numbered as runs
	var whole []time.Duration
	for i := range runs {
		r := &runs[i]
		s.take(cal, r, now, stays, times)
		for _, m := range r.Moves {
			key := Walk{From: m.From, To: m.To, Act: m.Act, Back: m.Back}
			if walks[key] == nil {
				w := key
				walks[key] = &w
			}
			walks[key].Count++
			if m.Visit >= 0 {
				walks[key].Worked += Worked(cal, r.Visits[m.Visit].From, r.Visits[m.Visit].To, r.Pauses)
			}
		}
		for k, act := range r.Acts {
			log.add(int32(i), log.names.of([]byte(act)), int64(k))
		}
		if r.Ended != 0 && len(r.Visits) > 0 {
			s.Ended++
			whole = append(whole, Worked(cal, r.Visits[0].From, r.Ended, r.Pauses))
		}
	}
	for step, stay := range stays {
		stay.Median = median(times[step])
		s.Stays = append(s.Stays, *stay)
		if !each(step) {
			s.Worked += stay.Worked
		}
	}
	slices.SortFunc(s.Stays, func(a, b Stay) int {
		if ea, eb := each(a.Step), each(b.Step); ea != eb { // waits for units come last
			if ea {
				return 1
			}
			return -1
		}
		return cmp.Or(cmp.Compare(b.Worked, a.Worked), cmp.Compare(a.Step, b.Step))
	})
	for _, w := range walks {
		s.Moves = append(s.Moves, *w)
	}
	slices.SortFunc(s.Moves, func(a, b Walk) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Act, b.Act))
	})
	s.Median, s.Map = median(whole), log.Map()
	return s
}

// take adds one matter's visits.
func (s *Summary) take(cal *calendar.Calendar, r *Run, now int64, stays map[string]*Stay, times map[string][]time.Duration) {
	seen := map[string]bool{}
	late, returned := false, false
	for _, v := range r.Visits {
		stay := stays[v.Step]
		if stay == nil {
			stay = &Stay{Step: v.Step}
			stays[v.Step] = stay
		}
		stay.Visits++
		end := v.To
		if end == 0 {
			stay.Open++
			end = now
		}
		if v.Due != 0 && end > v.Due {
			stay.Late++
			late = true
		}
		if seen[v.Step] {
			stay.Again++
		}
		seen[v.Step] = true
		if v.Back {
			s.Returns++
			returned = true
		}
		if r.Forced != "" && v.To == r.Ended && v.Act == "" {
			stay.Skipped++
		}
		waited := Worked(cal, v.From, end, r.Pauses)
		stay.Worked += waited
		times[v.Step] = append(times[v.Step], waited)
	}
	for _, act := range r.Acts {
		if !strings.Contains(act, ".") {
			s.Interrupts[act]++
		}
	}
	if late {
		s.Late++
	}
	if returned {
		s.Returned++
	}
	if r.Forced != "" {
		s.Forced++
	}
}

func median(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	mid := len(all) / 2
	if len(all)%2 == 0 {
		return (all[mid-1] + all[mid]) / 2
	}
	return all[mid]
}
