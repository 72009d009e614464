package matter

import (
	"io/fs"
	"testing"

	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// entering puts notices into their table, as programs before this one did.
type entering []string

func (c entering) Load(*store.Group) {}

func (c entering) Decide(g *store.Group) error {
	for i, text := range c {
		store.Insert(g, &notices, int64(10+i), text)
	}
	return nil
}

// TestBuiltInSince: a notice that was entered, and that this program has built
// in since, does not stop its start; the built-in text counts.
func TestBuiltInSince(t *testing.T) {
	storetest.Each(t, []fs.FS{event.Migrations(), Migrations()}, func(t *testing.T, db *store.DB) {
		err := db.Write(t.Context(), entering{
			"notice 2026\nnumber 甲〔2025〕1号\noff 06-01..06-30 长假\n",
			"notice 2027\nnumber 甲〔2026〕1号\noff 06-01..06-02 儿童节\n",
		})
		if err != nil {
			t.Fatal(err)
		}
		days, last, err := loadCalendar(t.Context(), db)
		if err != nil || last != 11 || !days.Holds(2027, 1) {
			t.Fatalf("up to %d: %v", last, err)
		}
		for day, off := range map[string]bool{"2026-06-03": false, "2027-06-01": true, "2027-06-03": false} {
			d, err := calendar.ParseDay(day)
			if err != nil {
				t.Fatal(err)
			}
			if days.IsWorkday(d) == off {
				t.Errorf("%s: off is %v", day, !off)
			}
		}
	})
}
