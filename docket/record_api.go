package docket

import (
	"context"
	"slices"
	"time"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/bus"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/web"
)

func (o *Office) registerRecord(s *web.Server) {
	web.Register(s, get("/api/record", "record", "The units' own record: in time, returned, solved by the word of who gave it. A unit sees its own; the office all, in the directory's order"), func(ctx context.Context, in *struct {
		Months int `query:"months" minimum:"1" maximum:"36" default:"12"`
	}) (*out[recordPage], error) {
		return reply(o.recordPage(ctx, web.Who(ctx), in.Months))
	})
	web.Register(s, get("/api/lead", "lead", "The leaders' page: six numbers with their direction, and what is out of order"), func(ctx context.Context, _ *struct{}) (*out[leadPage], error) {
		return reply(o.lead(ctx, web.Who(ctx)))
	})
}

// recordPage is the record of one unit or of all.
type recordPage struct {
	AsOf   string       `json:"as_of"`
	Office bool         `json:"office" doc:"the one who asks is of the office, and sees all units"`
	Months []string     `json:"months" doc:"YYYY-MM, oldest first"`
	Units  []unitRecord `json:"units" doc:"in the directory's order, never by their figures"`
	None   int          `json:"none" doc:"units of which nothing is recorded in these months"`
}

type unitRecord struct {
	Unit   int64         `json:"unit"`
	Name   fault.Text    `json:"name"`
	Total  RecordFigures `json:"total"`
	Months []monthRecord `json:"months"`
}

type monthRecord struct {
	Month string `json:"month"`
	RecordFigures
}

// RecordFigures are counts; shares are left to whoever shows them, with the
// counts beside.
type RecordFigures struct {
	Parts    int64 `json:"parts" doc:"parts that were handled"`
	Dated    int64 `json:"dated" doc:"of them, those with a date"`
	InTime   int64 `json:"in_time" doc:"of those, handed in by their date"`
	Returned int64 `json:"returned" doc:"parts that the office sent back at least once"`
	Answered int64 `json:"answered" doc:"parts of matters on whose outcome their giver has had his first word"`
	Solved   int64 `json:"solved" doc:"of them, those he called settled"`
}

func (t tally) figures() RecordFigures {
	return RecordFigures{t.parts, t.dated, t.inTime, t.returned, t.answered, t.solved}
}

// recordAsOf says until when the record has followed the log.
func (o *Office) recordAsOf(ctx context.Context) (string, error) {
	pos, err := bus.Position(ctx, o.DB, recordFollower)
	if err != nil {
		return "", err
	}
	size, _, err := event.Head(ctx, o.DB)
	switch {
	case err != nil:
		return "", err
	case pos >= size:
		return calendar.FormatInstant(o.Clock.Now()), nil
	case pos == 0:
		return "", nil
	}
	return o.recordedAt(ctx, pos-1)
}

// recordUnits gives whose records somebody sees: all but sections for the staff
// of the office, his own for who answers for a unit.
func (o *Office) recordUnits(who auth.Principal) (units []auth.Unit, office int64, err error) {
	dir := o.Book.Now()
	if office, err = o.insight(who); err == nil {
		for _, u := range dir.Units() {
			if u.Kind != auth.Sector && u.Kind != auth.Office && u.ID != dir.Root() {
				units = append(units, u)
			}
		}
		return units, office, nil
	}
	for _, u := range dir.Units() {
		if u.Kind == auth.Sector || u.ID == dir.Root() {
			continue
		}
		if !slices.ContainsFunc(dir.PostsOf(who.Person, dir.Day()), func(p auth.Post) bool { return p.Unit == u.ID }) {
			continue
		}
		if _, no := o.Rules.Require(dir, who, "docket.record", auth.Resource{Type: "Docket", Unit: u.ID}); no == nil {
			units = append(units, u)
		}
	}
	if len(units) == 0 {
		return nil, 0, fault.New(fault.Forbidden, "docket.record", "工作实绩只供办公室和本单位的负责人、联络员查看。", "The record is for the office, and for a unit's own head and liaison officers.")
	}
	return units, 0, nil
}

// recordPage reads a range of the record's days: for the office along its own
// key, for a unit along the index of units, some hundred rows a month.
func (o *Office) recordPage(ctx context.Context, who auth.Principal, months int) (recordPage, error) {
	got := recordPage{Months: []string{}, Units: []unitRecord{}}
	units, office, err := o.recordUnits(who)
	if err != nil {
		return got, err
	}
	got.Office = office != 0
	if got.AsOf, err = o.recordAsOf(ctx); err != nil {
		return got, err
	}
	now := o.Clock.Now()
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, now.Location()).AddDate(0, 1-months, 0)
	for at := first; !at.After(now); at = at.AddDate(0, 1, 0) {
		got.Months = append(got.Months, at.Format("2006-01"))
	}
	from := calendar.DayOf(first).String()
	sums := map[int64]map[string]tally{}
	read := func(where string, args ...any) error {
		_, err := store.Collect(ctx, o.DB, func(row store.Scanner) (struct{}, error) {
			k, t, err := scanRecord(row, nil)
			if sums[k.unit] == nil {
				sums[k.unit] = map[string]tally{}
			}
			sum := sums[k.unit][k.day[:min(7, len(k.day))]]
			sum.add(t)
			sums[k.unit][k.day[:min(7, len(k.day))]] = sum
			return struct{}{}, err
		}, "SELECT "+recordColumns+" FROM record WHERE "+where, args...)
		return err
	}
	if got.Office {
		err = read("office = ? AND day >= ? AND parts + answered > 0", office, from)
	} else {
		for _, u := range units {
			if err == nil {
				err = read("unit = ? AND day >= ? AND parts + answered > 0", u.ID, from)
			}
		}
	}
	if err != nil {
		return got, fault.Wrap("docket.recordPage", err)
	}
	for _, u := range units {
		if got.Office && sums[u.ID] == nil {
			got.None++
			continue
		}
		r := unitRecord{Unit: u.ID, Name: u.Name, Months: []monthRecord{}}
		var total tally
		for _, m := range got.Months {
			total.add(sums[u.ID][m])
			r.Months = append(r.Months, monthRecord{m, sums[u.ID][m].figures()})
		}
		r.Total = total.figures()
		got.Units = append(got.Units, r)
	}
	return got, nil
}
