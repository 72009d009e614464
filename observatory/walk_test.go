package observatory_test

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/attach"
	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/bus"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/link"
	"touyan.dev/touyan/kernel/notice"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
	"touyan.dev/touyan/observatory"
)

// desk is an office of statistics with one secretary, one leader and a bureau.
type desk struct {
	*observatory.Desk
	t      *testing.T
	clock  *clock.Manual
	keys   int
	people map[string]auth.Principal
}

func migrations() []fs.FS {
	return []fs.FS{event.Migrations(), bus.Migrations(), auth.Migrations(), link.Migrations(), attach.Migrations(), observatory.Migrations()}
}

func newDesk(t *testing.T, db *store.DB) *desk {
	t.Helper()
	ctx := context.Background()
	w := &desk{t: t, clock: clock.NewManual(time.Date(2026, 11, 23, 8, 30, 0, 0, clock.Shanghai())), people: map[string]auth.Principal{}}
	key, err := audit.OpenKey(t.TempDir(), "test")
	w.must(err)
	rules, err := auth.NewRules(auth.Policies(), observatory.Policies())
	w.must(err)
	book, err := auth.OpenBook(ctx, db, w.clock)
	w.must(err)
	accounts, err := auth.NewAccounts(book, auth.Options{})
	w.must(err)
	token, err := accounts.SetupToken(ctx)
	w.must(err)
	made, err := accounts.Setup(ctx, auth.Setup{
		Token: token, City: fault.T("澄川市", "Chengchuan"), Office: fault.T("市政府办公室", "General Office"),
		Login: "admin", Password: "Meadow-2026-river", Name: fault.T("管理员", "Admin"),
	})
	w.must(err)
	admin := auth.Principal{Person: made.Person}
	registry := auth.NewRegistry(book, rules, accounts)
	bureau, err := registry.AddUnit(ctx, admin, auth.NewUnit{Key: w.next(), Parent: made.City, Kind: auth.Bureau, Name: fault.T("市统计局", "Bureau")})
	w.must(err)
	for _, p := range []struct {
		login string
		unit  int64
		duty  auth.Duty
	}{{"tang", made.Office, auth.Secretary}, {"zhou", made.Office, auth.Leader}, {"bo", made.Office, auth.Secretary}, {"shen", bureau, auth.Liaison}} {
		id, err := registry.AddPerson(ctx, admin, auth.NewPerson{Key: w.next(), Login: p.login, Name: fault.T(p.login, p.login), Password: "Meadow-2026-river"})
		w.must(err)
		_, err = registry.AddPost(ctx, admin, auth.NewPost{Key: w.next(), Person: id, Unit: p.unit, Duty: p.duty})
		w.must(err)
		w.people[p.login] = auth.Principal{Person: id}
	}
	files := &attach.Cabinet{DB: db, Clock: w.clock}
	w.Desk = &observatory.Desk{DB: db, Clock: w.clock, Book: book, Rules: rules, Key: key, Files: files}
	files.May = func(ctx context.Context, who auth.Principal, subject int64, add bool) error {
		_, err := w.MayFile(ctx, who, subject, add)
		return err
	}
	w.must(second(w.Enter(ctx, w.people["tang"], observatory.Subjects, []byte(subjects), w.next())))
	w.must(second(w.Enter(ctx, w.people["tang"], observatory.Indicators, []byte(indicators), w.next())))
	w.must(second(w.Enter(ctx, w.people["tang"], observatory.Peers, []byte(peers), w.next())))
	return w
}

func second(_ observatory.Done, err error) error { return err }

func (w *desk) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *desk) next() string {
	w.keys++
	return fmt.Sprintf("key-%d", w.keys)
}

const subjects = `code,name,name_en,province,home,spellings
991100,澄川市,Chengchuan,澜江省,yes,澄川
991200,宁州市,Ningzhou,澜江省,,
991300,禾浦市,Hepu,澜江省,,
991400,云泽市,Yunze,澜江省,,
991500,沧岭市,Cangling,澜江省,,
991600,鹿川市,Luchuan,澜江省,,
`

const indicators = `code,name,name_en,unit,unit_en,polarity,price,additive,synonyms
va,规模以上工业增加值,Industrial value added,亿元,100 million yuan,larger,current,yes,规上工业增加值|工业增加值
`

const peers = `code,name,name_en,kind,members
lanjiang,澜江省,Lanjiang,province,991100 991200 991300 991400 991500 991600
`

// figure is the value added of a city in a year: Chengchuan was ahead of Ningzhou
// until 1999, and not again before 2025.
func figure(city, year int) float64 {
	base := []float64{100, 95, 60, 50, 40, 30}[city]
	v := base * (1 + 0.05*float64(year-1995)) * (1 + 0.004*float64((year*7+city*5)%11))
	if city == 1 && year > 1999 {
		v *= 1.12
	}
	return float64(int(v*100)) / 100
}

// table writes the years of all cities, in the words of a bureau.
func table(from, to int, change func(city, year int, v float64) float64) []byte {
	var b strings.Builder
	b.WriteString("城市,年份,规模以上工业增加值（亿元）\n")
	for year := from; year <= to; year++ {
		for city, name := range []string{"澄川市", "宁州市", "禾浦市", "云泽市", "沧岭市", "鹿川市"} {
			fmt.Fprintf(&b, "%s,%d年,%.2f\n", name, year, change(city, year, figure(city, year)))
		}
	}
	return []byte(b.String())
}

func as(_, _ int, v float64) float64 { return v }

// bring uploads a file and brings it in.
func (w *desk) bring(name, vintage string, data []byte, first bool) (observatory.Done, error) {
	w.t.Helper()
	ctx := context.Background()
	up, err := w.Files.Upload(ctx, w.people["tang"], name, data)
	w.must(err)
	return w.Bring(ctx, w.people["tang"], observatory.Import{Digest: up.Digest, Name: name, Vintage: vintage, First: first}, w.next())
}

// publish brings a file in and publishes it.
func (w *desk) publish(name, vintage string, data []byte, first bool) observatory.Release {
	w.t.Helper()
	done, err := w.bring(name, vintage, data, first)
	w.must(err)
	w.must(second(w.Publish(context.Background(), w.people["tang"], done.ID, w.next())))
	r, err := w.Release(context.Background(), done.ID)
	w.must(err)
	return r
}

// chengchuanFirst is the release of 2025 in which Chengchuan overtakes Ningzhou by
// little, and Yunze's figure has a slip of a digit.
func chengchuanFirst(city, year int, v float64) float64 {
	switch {
	case city == 0 && year == 2025:
		return 300.50
	case city == 1 && year == 2025:
		return 299.40
	case city == 3 && year == 2025:
		return v * 10
	}
	return v
}

// TestRelease walks a release from its file to a note, and a revision back to it.
func TestRelease(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newDesk(t, db)
		w.publish("历年数据.csv", "2025-03-01", table(1995, 2024, as), false)

		// The release of 2025: its slip waits at the gate.
		done, err := w.bring("2025年.csv", "2026-03-01", table(2025, 2025, chengchuanFirst), true)
		w.must(err)
		page, err := w.ReleasePage(ctx, w.people["tang"], done.ID)
		w.must(err)
		if page.Undecided != 1 || page.Doubts.Rows[0].Subject.Code != "991400" || page.Cells != 6 {
			t.Fatalf("at the gate: %d undecided, %d cells, %+v", page.Undecided, page.Cells, page.Doubts)
		}
		if rows := w.facts(observatory.FactFilter{Release: done.ID}); len(rows) != 0 {
			t.Fatalf("%d facts before it was published", len(rows))
		}
		w.must(second(w.Decide(ctx, w.people["tang"], done.ID, observatory.Decision{Indicator: "va", Subject: "991400", Period: 2025, Reason: "与原表不符，待更正"}, w.next())))
		published, err := w.Publish(ctx, w.people["tang"], done.ID, w.next())
		w.must(err)

		// What it says: first for the first time since 1999, with little margin.
		first := w.find("991100", "FIRST_TOP_SINCE")
		if first.Told.Since != "1999" || !first.Told.Provisional || first.Told.Margin == nil || *first.Told.Margin > 0.5 {
			t.Errorf("%+v", first.Told)
		}
		for _, e := range first.Told.Evidence {
			if e.Source.File == "" || e.Source.Line == 0 || e.Source.Column == "" {
				t.Errorf("%s %s has no source: %+v", e.Subject, e.Time, e.Source)
			}
		}
		for _, f := range w.facts(observatory.FactFilter{Subject: "991400"}) {
			if f.Told.Time == "2025" {
				t.Errorf("a fact rests on a figure that is kept out: %s", f.Told.ZH)
			}
		}
		told, err := w.Told(ctx, w.event(published.Pos))
		w.must(err)
		if len(told) != 2 { // zhou and bo; tang did it himself
			t.Errorf("told of the release: %+v", told)
		}

		// A note quotes it; the claim check agrees.
		note, err := w.WriteNote(ctx, w.people["bo"], observatory.Note{Title: "十月形势", Body: fmt.Sprintf("总的看：{{fact %d}}请予关注。", first.ID)}, w.next())
		w.must(err)
		claims, err := w.Claims(ctx, []string{"2025年，澄川市规模以上工业增加值300.5亿元，居全省第一位。", "2025年，宁州市规模以上工业增加值居全省第一位。"}, "province")
		w.must(err)
		if claims.Counts["agrees"] != 2 || claims.Counts["disagrees"] != 1 {
			t.Errorf("claims: %+v", claims.Counts)
		}

		// The revision takes the first place back: the fact is retracted, and the
		// author of the note is told.
		w.clock.Advance(24 * time.Hour)
		revised := w.publish("2025年修订.csv", "2026-11-01", table(2025, 2025, func(city, year int, v float64) float64 {
			if v = chengchuanFirst(city, year, v); city == 1 {
				return 302.10
			}
			if city == 3 {
				return v / 10
			}
			return v
		}), false)
		broken, err := w.Fact(ctx, first.ID)
		w.must(err)
		if broken.State != observatory.FactRetracted || broken.Ended != revised.ID {
			t.Fatalf("the fact stands: %+v", broken)
		}
		told, err = w.Told(ctx, w.last(observatory.EventRetracted, first.ID))
		w.must(err)
		if len(told) != 1 || told[0].Person != w.people["bo"].Person || told[0].Class != notice.Return {
			t.Errorf("told of the retraction: %+v", told)
		}
		shown, err := w.NotePage(ctx, w.people["bo"], note.ID)
		w.must(err)
		if shown.Broken != 1 || len(shown.Pieces) != 3 || shown.Pieces[1].Fact.State != observatory.FactRetracted {
			t.Errorf("the note: %+v", shown)
		}

		// What reads differently is listed with what it said and why: the first
		// figures of 2025 are final now, one of them is another.
		page, err = w.ReleasePage(ctx, w.people["tang"], revised.ID)
		w.must(err)
		if revised.Changed == 0 || int64(page.Differ.Total) != revised.Changed || len(page.Differ.Rows) != min(page.Differ.Total, 50) || page.Broken.Total != int(revised.Retracted) || page.Revised.Total == 0 {
			t.Errorf("%d of %d changed, %d of %d retracted, %d figures", page.Differ.Total, revised.Changed, page.Broken.Total, revised.Retracted, page.Revised.Total)
		}
		final := 0
		for _, row := range page.Differ.Rows {
			if len(row.Why) == 0 || row.Is.ZH == "" || row.Was.ZH == row.Is.ZH && len(row.Why) == 0 {
				t.Errorf("%+v", row)
			}
			if strings.Contains(fmt.Sprint(row.Why), "初步数已转为最终数") && strings.Contains(row.Was.ZH, "初步") && !strings.Contains(row.Is.ZH, "初步") {
				final++
			}
		}
		if final == 0 {
			t.Errorf("no fact became final: %+v", page.Differ.Rows[:min(3, len(page.Differ.Rows))])
		}

		// As of the day before, everything is as it was.
		then, err := w.IndicatorPage(ctx, w.people["zhou"], 1, "va", "991100", "", "2026-03-02")
		w.must(err)
		now, err := w.IndicatorPage(ctx, w.people["zhou"], 1, "va", "991100", "", "")
		w.must(err)
		if last := len(then.Ranks) - 1; *then.Ranks[last] != 1 || *now.Ranks[last] != 2 || then.Series[3].Values[last] != nil || now.Series[3].Values[last] == nil {
			t.Errorf("as of: rank %d and %d", *then.Ranks[last], *now.Ranks[last])
		}
		if _, err := w.IndicatorPage(ctx, w.people["zhou"], 1, "va", "991100", "elsewhere", ""); !fault.Is(err, fault.Invalid) || fault.Of(err).Fields[0].Path != "peers" {
			t.Errorf("a peer set that there is not: %v", err)
		}
		if len(now.Revisions) != 1 || len(now.Revisions[0].Steps) != 2 || now.Forecast == nil {
			t.Errorf("revisions %+v, forecast %v", now.Revisions, now.Forecast)
		}
		w.checked()
	})
}

// TestBringRefuses: what is wrong with a file is said, and nothing is kept.
func TestBringRefuses(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newDesk(t, db)
		w.publish("历年数据.csv", "2025-03-01", table(1995, 2024, as), false)
		for _, c := range []struct {
			name string
			data string
			kind fault.Kind
			says string
		}{
			{"same.csv", string(table(1995, 2024, as)), fault.Conflict, "完全一致"},
			{"bad.csv", "城市,年份,规模以上工业增加值（亿元）\n澄川市,2025年,三百\n宁州市,2025年,299.4\n", fault.Invalid, "C2"},
			{"none.csv", "甲,乙\n一,二\n", fault.Invalid, "A1"},
		} {
			t.Run(c.name, func(t *testing.T) {
				_, err := w.bring(c.name, "2026-03-01", []byte(c.data), false)
				if !fault.Is(err, c.kind) || !strings.Contains(fmt.Sprint(fault.Of(err).Text.ZH, fault.Of(err).Fields), c.says) {
					t.Errorf("%v, want %v with %s", err, c.kind, c.says)
				}
			})
		}
		list, err := w.Releases(ctx, "", 0)
		w.must(err)
		if len(list) != 1 {
			t.Errorf("%d releases", len(list))
		}
		if _, err := w.Look(ctx, w.people["shen"], observatory.Import{Name: "x.csv"}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a liaison of a bureau may look: %v", err)
		}
	})
}

func (w *desk) facts(f observatory.FactFilter) []observatory.Fact {
	w.t.Helper()
	list, err := w.Facts(context.Background(), f)
	w.must(err)
	return list
}

// find gives the newest standing fact of a kind about a city.
func (w *desk) find(subject, kind string) observatory.Fact {
	w.t.Helper()
	var said []string
	for _, f := range w.facts(observatory.FactFilter{Subject: subject, State: observatory.FactStands}) {
		if f.Told.Kind == kind {
			return f
		}
		said = append(said, f.Told.Kind+" "+f.Told.ZH)
	}
	w.t.Fatalf("no fact %s of %s among\n%s", kind, subject, strings.Join(said, "\n"))
	return observatory.Fact{}
}

func (w *desk) event(pos int64) event.Event {
	w.t.Helper()
	e, err := event.At(context.Background(), w.DB, pos)
	w.must(err)
	return e
}

// last gives the newest event of a kind about a subject.
func (w *desk) last(kind string, subject int64) event.Event {
	w.t.Helper()
	all, err := event.Of(context.Background(), w.DB, subject)
	w.must(err)
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Kind == kind {
			return all[i]
		}
	}
	w.t.Fatalf("no event %s of %d", kind, subject)
	return event.Event{}
}

// checked holds the whole log and every row to each other.
func (w *desk) checked() {
	w.t.Helper()
	found, err := audit.CheckLog(context.Background(), w.DB, 10, nil)
	w.must(err)
	more, _, err := w.Check(context.Background(), 10)
	w.must(err)
	for _, f := range append(found, more...) {
		w.t.Errorf("%s %s: %s", f.Table, f.Row, f.Text.ZH)
	}
}
