package serial

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"testing"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// drawing draws a number and then fails, or not.
type drawing struct {
	series  Series
	subject int64
	fails   error
	got     Number
}

func (c *drawing) Load(g *store.Group) { Load(g, c.series) }

func (c *drawing) Decide(g *store.Group) error {
	c.got = Draw(g, c.series, c.subject)
	return c.fails
}

// TestGapless draws from two series by two programs at once, among acts that
// fail after they have drawn: each series comes out as 1, 2, 3, … without a gap,
// and every row names the subject that was told its number.
func TestGapless(t *testing.T) {
	const programs, people, each = 2, 8, 12
	for _, engine := range []store.Engine{store.SQLite, store.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			ctx, dsn := t.Context(), storetest.DSN(t, engine)
			if err := store.Migrate(ctx, dsn, Migrations()); err != nil {
				t.Fatal(err)
			}
			dbs := [programs]*store.DB{open(t, dsn), open(t, dsn)}
			series := [...]Series{{"澄政督", 2026}, {"澄政督", 2027}}
			refused := errors.New("refused")
			var mu sync.Mutex
			var wg sync.WaitGroup
			told := map[Number]int64{}
			for i := range programs * people {
				wg.Go(func() {
					for n := range each {
						c := &drawing{series: series[n%2], subject: int64(1 + i*each + n)}
						if n%3 == 2 {
							c.fails = refused
						}
						err := dbs[i%programs].Write(ctx, c)
						if !errors.Is(err, c.fails) {
							t.Errorf("drawing: %v", err)
						}
						if c.fails == nil {
							mu.Lock()
							if other, twice := told[c.got]; twice {
								t.Errorf("%v was given to %d and %d", c.got, other, c.subject)
							}
							told[c.got] = c.subject
							mu.Unlock()
						}
					}
				})
			}
			wg.Wait()
			for _, s := range series {
				want := programs * people * each / 3
				for n := int64(1); n <= int64(want); n++ {
					if told[Number{s, n}] == 0 {
						t.Errorf("%v was given to nobody", Number{s, n})
					}
				}
				if row := rowOf(t, dbs[0], Number{s, int64(want)}); row.subject != told[Number{s, int64(want)}] || row.void != "" {
					t.Errorf("the last of %d: %+v", s.Year, row)
				}
			}
			var kept int
			if err := dbs[1].QueryRow(ctx, "SELECT COUNT(*) FROM serial_number").Scan(&kept); err != nil || kept != len(told) {
				t.Errorf("%d numbers are kept, %d were told: %v", kept, len(told), err)
			}
		})
	}
}

func open(t *testing.T, dsn string) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), dsn, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func rowOf(t *testing.T, db *store.DB, n Number) (g given) {
	t.Helper()
	if err := db.QueryRow(t.Context(), "SELECT subject, void FROM serial_number WHERE series = ? AND year = ? AND n = ?", n.Sign, n.Year, n.N).Scan(&g.subject, &g.void); err != nil {
		t.Fatalf("%v: %v", n, err)
	}
	return g
}

// voiding marks a number as void.
type voiding struct {
	number Number
	reason string
}

func (c *voiding) Load(g *store.Group)         { LoadNumber(g, c.number) }
func (c *voiding) Decide(g *store.Group) error { return Void(g, c.number, c.reason) }

// TestVoid: a void number keeps its subject and its reason, and is not drawn
// again; one that was never drawn cannot be void.
func TestVoid(t *testing.T) {
	storetest.Each(t, []fs.FS{Migrations()}, func(t *testing.T, db *store.DB) {
		s := Series{"澄政督", 2026}
		first := &drawing{series: s, subject: 7}
		if err := db.Write(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		if err := db.Write(t.Context(), &voiding{first.got, "withdrawn"}); err != nil {
			t.Fatal(err)
		}
		if row := rowOf(t, db, first.got); row != (given{7, "withdrawn"}) {
			t.Errorf("the void number: %+v", row)
		}
		next := &drawing{series: s, subject: 8}
		if err := db.Write(t.Context(), next); err != nil || next.got.N != 2 {
			t.Errorf("after a void number comes %v: %v", next.got, err)
		}
		if err := db.Write(t.Context(), &voiding{Number{s, 3}, "withdrawn"}); !fault.Is(err, fault.NotFound) {
			t.Errorf("a number nobody has drawn: %v", err)
		}
	})
}

func TestNumber(t *testing.T) {
	if got := fmt.Sprint(Number{Series{"澄政督", 2026}, 47}); got != "澄政督〔2026〕47号" {
		t.Errorf("printed as %s", got)
	}
	for text, want := range map[string]Number{
		"澄政督〔2026〕47号": {Series{"澄政督", 2026}, 47}, "市〔2027〕1号": {Series{"市", 2027}, 1},
		"": {}, "澄政督〔2026〕47": {}, "〔2026〕47号": {}, "澄政督〔2026〕0号": {}, "澄政督〔2026〕-1号": {}, "澄政督〔2026〕047号": {}, "澄政督〔+2026〕47号": {},
		"澄政督[2026]47号": {}, "澄政督〔2026〕47号-1": {}, "澄政督〔〕47号": {},
	} {
		got, err := Parse(text)
		if got != want || (want == Number{}) != fault.Is(err, fault.Invalid) {
			t.Errorf("%q is read as %+v, %v", text, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("澄政督〔2026〕47号")
	f.Add("澄政督〔2026〕047号")
	f.Fuzz(func(t *testing.T, text string) {
		if n, err := Parse(text); err == nil && n.String() != text {
			t.Errorf("%q is read as %q", text, n)
		}
	})
}
