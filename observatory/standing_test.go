package observatory_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
	"touyan.dev/touyan/observatory"
	"touyan.dev/touyan/observatory/fact"
)

// slump is the release of 2025 in which Luchuan lost a third within a year.
func slump(city, year int, v float64) float64 {
	if city == 5 && year == 2025 {
		return float64(int(v*66)) / 100
	}
	return v
}

// TestUnusual: a release tells what its tests found, among how many and at which
// rate, with its cells; a revision takes it back.
func TestUnusual(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newDesk(t, db)
		w.publish("历年数据.csv", "2025-03-01", table(1995, 2024, as), false)
		if list := w.facts(observatory.FactFilter{}); len(list) == 0 || contains(list, fact.Outlier) {
			t.Fatalf("%d facts of years in which nothing happened, an outlier among them", len(list))
		}
		done, err := w.bring("2025年.csv", "2026-03-01", table(2025, 2025, slump), false)
		w.must(err)
		page, err := w.ReleasePage(ctx, w.people["tang"], done.ID)
		w.must(err)
		for _, x := range page.Doubts.Rows {
			if x.State == observatory.DoubtWaiting {
				w.must(second(w.Decide(ctx, w.people["tang"], done.ID, observatory.Decision{Indicator: "va", Subject: x.Subject.Code, Period: 2025, Keep: true, Reason: "已与统计局核对，主要企业停产"}, w.next())))
			}
		}
		w.must(second(w.Publish(ctx, w.people["tang"], done.ID, w.next())))
		f := w.find("991600", "OUTLIER")
		if f.Told.Class != "inferential" || f.Told.Q == nil || *f.Told.Q > 0.05 || f.Told.Tested < 30 || len(f.Told.Evidence) != 2 || f.Told.Evidence[0].Source.Line == 0 {
			t.Errorf("%+v", f.Told)
		}
		for _, words := range []string{"统计推断：残差检验，本次一并检验37项，错误发现率不超过5%，q", "2025年规模以上工业增加值名义增速为-3", "个标准差"} {
			if !strings.Contains(f.Told.ZH, words) {
				t.Errorf("%s lacks %s", f.Told.ZH, words)
			}
		}
		page, err = w.ReleasePage(ctx, w.people["zhou"], done.ID)
		w.must(err)
		shown := false
		for _, row := range page.News.Rows {
			shown = shown || row.ID == f.ID && row.Inferential && strings.Contains(row.Why[0].ZH, "37项")
		}
		if !shown {
			t.Error("the release does not show it")
		}
		if today, err := w.Today(ctx, "991600"); err != nil || len(today) != 1 || today[0].Release.ID != done.ID {
			t.Errorf("today is of %+v, %v", today, err)
		}
		own, err := w.IndicatorPage(ctx, w.people["zhou"], 1, "va", "991600", "", "")
		w.must(err)
		if own.Facts.Total == 0 || own.Facts.Rows[0].ID != f.ID && own.Facts.Rows[1].ID != f.ID {
			t.Errorf("the indicator does not show it: %+v", own.Facts)
		}
		note, err := w.WriteNote(ctx, w.people["bo"], observatory.Note{Title: "鹿川", Body: "{{fact " + fmt.Sprint(f.ID) + "}}"}, w.next())
		w.must(err)
		revised := w.publish("2025年修订.csv", "2026-11-01", table(2025, 2025, as), false)
		if got, err := w.Fact(ctx, f.ID); err != nil || got.State != observatory.FactRetracted || got.Ended != revised.ID {
			t.Errorf("%v, %v", got.State, err)
		}
		if n, err := w.NotePage(ctx, w.people["bo"], note.ID); err != nil || n.Broken != 1 {
			t.Errorf("the note: %v", err)
		}
		w.checked()
	})
}

func contains(list []observatory.Fact, kind fact.Kind) bool {
	for _, f := range list {
		if f.Told.Kind == kind.String() {
			return true
		}
	}
	return false
}

// TestRules: what other rules told and these deny lapses; it is not said that a
// revision broke it. What a revision broke is retracted all the same, and what
// holds is known to hold by the new rules.
func TestRules(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newDesk(t, db)
		w.publish("历年数据.csv", "2025-03-01", table(1995, 2024, as), false)
		ahead := func(by float64) func(city, year int, v float64) float64 {
			return func(city, _ int, v float64) float64 {
				switch city {
				case 0:
					return 299.40 + by
				case 1:
					return 299.40
				}
				return v
			}
		}
		w.publish("2025年.csv", "2026-03-01", table(2025, 2025, ahead(1.10)), false)
		first, kept := w.find("991100", "OVERTAKE"), w.find("991300", "GROWTH_STREAK")
		// All were told by older rules, one of them as a kind that these do not know.
		gone := w.find("991600", "GROWTH_STREAK")
		for _, f := range w.facts(observatory.FactFilter{}) {
			w.must(w.Retell(ctx, f.ID, func(f *observatory.Fact) {
				if f.Told.Rules--; f.ID == gone.ID {
					f.Told.Kind, f.Told.Key = "ONCE_A_KIND", "ONCE_A_KIND|va|level|991600||2025"
				}
			}))
		}
		revised := w.publish("2025年修订.csv", "2026-11-01", table(2025, 2025, ahead(-4)), false)
		for _, c := range []struct {
			id    int64
			state observatory.FactState
			event string
		}{{first.ID, observatory.FactRetracted, observatory.EventRetracted}, {kept.ID, observatory.FactStands, observatory.EventConfirmed}, {gone.ID, observatory.FactLapsed, observatory.EventLapsed}} {
			f, err := w.Fact(ctx, c.id)
			w.must(err)
			if w.last(c.event, c.id); f.State != c.state || c.state == observatory.FactStands && f.Told.Rules != fact.Rules {
				t.Errorf("%s by rules %d: %s", f.State, f.Told.Rules, f.Told.ZH)
			}
		}
		held := len(w.facts(observatory.FactFilter{State: observatory.FactStands})) - int(revised.Found)
		// The release lists each, and so does what lies between the days.
		release, err := w.ReleasePage(ctx, w.people["zhou"], revised.ID)
		w.must(err)
		between, err := w.Changes(ctx, observatory.Between{Freq: 1, From: "2026-03-01", To: "2026-11-01"})
		w.must(err)
		for _, s := range []observatory.Shifts{release.Shifts, between.Shifts} {
			if s.Lapsed.Total != 1 || s.Lapsed.Rows[0].ID != gone.ID || s.Broken.Total != int(revised.Retracted) || s.Differ.Total != int(revised.Changed) || s.Confirmed.Total != held-s.Differ.Total || s.Confirmed.Total == 0 {
				t.Errorf("lapsed %d, retracted %d, changed %d, confirmed %d of %d that stand", s.Lapsed.Total, s.Broken.Total, s.Differ.Total, s.Confirmed.Total, held)
			}
			for _, x := range s.Confirmed.Rows {
				if x.State != observatory.FactStands || x.Rules != fact.Rules {
					t.Errorf("%+v", x)
				}
			}
		}
	})
}

// TestTwoWait: two releases that wait at once and make the gate notice one earlier
// figure each have their own doubt about it, and go each their own way.
func TestTwoWait(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newDesk(t, db)
		tang := w.people["tang"]
		w.must(second(w.Enter(ctx, tang, observatory.Indicators, []byte("code,name,unit,polarity,additive,parts\ntotal,总量,亿元,larger,yes,pa pb\npa,甲部分,亿元,larger,yes,\npb,乙部分,亿元,larger,yes,\n"), w.next())))
		file := func(head string, row func(city, year int) string) []byte {
			var b strings.Builder
			b.WriteString("城市,年份," + head + "\n")
			for year := 2015; year <= 2024; year++ {
				for city, name := range []string{"澄川市", "宁州市", "禾浦市", "云泽市", "沧岭市", "鹿川市"} {
					fmt.Fprintf(&b, "%s,%d年,%s\n", name, year, row(city, year))
				}
			}
			return []byte(b.String())
		}
		w.publish("总量.csv", "2025-03-01", file("总量（亿元）,甲部分（亿元）", func(city, year int) string {
			v := figure(city, year)
			if city == 2 && year == 2020 {
				v *= 1.2 // the whole is wrong
			}
			return fmt.Sprintf("%.2f,%.2f", v, figure(city, year)*0.6)
		}), false)
		var waiting []observatory.Done
		for i, name := range []string{"乙一.csv", "乙二.csv"} {
			done, err := w.bring(name, "2026-03-01", file("甲部分（亿元）,乙部分（亿元）", func(city, year int) string {
				return fmt.Sprintf("%.2f,%.2f", figure(city, year)*0.6, figure(city, year)*0.4+0.01*float64(i))
			}), false)
			w.must(err)
			waiting = append(waiting, done)
		}
		doubt := func(i int) observatory.Doubt {
			list, err := w.Doubts(ctx, waiting[i].ID)
			w.must(err)
			for _, x := range list {
				if x.Indicator == "total" && x.Subject == "991300" && x.Period == 2020 {
					return x
				}
			}
			t.Fatalf("release %d has no doubt of its own: %+v", i+1, list)
			return observatory.Doubt{}
		}
		doubt(0)
		doubt(1)
		w.must(second(w.Drop(ctx, tang, waiting[0].ID, "重复", w.next())))
		if x := doubt(1); x.Found != waiting[1].ID || x.Release == x.Found {
			t.Errorf("%+v", x)
		}
		w.must(second(w.Publish(ctx, tang, waiting[1].ID, w.next())))
		doubt(1)
		w.checked()
	})
}

// TestOneTarget: of targets that are entered for one thing in the same instant one
// is set, and the others are told which stands in their way; withdrawn, it makes way
// for another.
func TestOneTarget(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newDesk(t, db)
		tang := w.people["tang"]
		w.publish("历年数据.csv", "2025-03-01", table(1995, 2024, as), false)
		x := observatory.Target{Freq: 1, Indicator: "va", Subject: "991100", By: 2025, Value: 7, Source: "2025年政府工作报告：规上工业增加值达到7亿元。"}
		const n = 8
		ids, errs := make([]int64, n), make([]error, n)
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() {
				x := x
				x.Value += float64(i)
				done, err := w.SetTarget(ctx, tang, x, fmt.Sprint("at once ", i))
				ids[i], errs[i] = done.ID, err
			})
		}
		all.Wait()
		won := slices.IndexFunc(errs, func(err error) bool { return err == nil })
		if won < 0 {
			t.Fatal(errs)
		}
		for i, err := range errs {
			if says := fmt.Sprintf("（2025）达到%d亿元", 7+won); i != won && (!fault.Is(err, fault.Conflict) || !strings.Contains(fault.Of(err).Text.ZH, says)) {
				t.Errorf("%v does not say %s", err, says)
			}
		}
		growth := x // another thing to aim at in the same year
		growth.Growth = true
		w.must(second(w.SetTarget(ctx, tang, growth, w.next())))
		w.must(second(w.WithdrawTarget(ctx, tang, ids[won], "报告已修改", w.next())))
		w.must(second(w.SetTarget(ctx, tang, x, w.next())))
		w.checked()
	})
}

// TestTarget: a target is entered with its sentence, is held to the forecast by each
// release, is reached or missed once its period is there, and lapses when it is
// withdrawn.
func TestTarget(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newDesk(t, db)
		tang := w.people["tang"]
		w.publish("历年数据.csv", "2025-03-01", table(1995, 2024, as), false)
		w.Matter = func(_ context.Context, _ auth.Principal, id int64) error {
			return fault.New(fault.NotFound, "test", "没有这个事项。", "There is no such matter.")
		}
		good := observatory.Target{Freq: 1, Indicator: "va", Subject: "991100", By: 2026, Value: 100, Source: "2026年政府工作报告：规上工业增加值达到100亿元。"}
		for field, bad := range map[string]func(*observatory.Target){
			"indicator": func(x *observatory.Target) { x.Indicator = "none" },
			"subject":   func(x *observatory.Target) { x.Subject = "1" },
			"by":        func(x *observatory.Target) { x.By = 2024 },
			"source":    func(x *observatory.Target) { x.Source = " " },
			"matter":    func(x *observatory.Target) { x.Matter = 999 },
			"value":     func(x *observatory.Target) { x.Value, x.Growth, x.By = -100, true, 2025 },
		} {
			wrong := good
			bad(&wrong)
			if _, err := w.SetTarget(ctx, tang, wrong, w.next()); !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.NotFound) || len(fault.Of(err).Fields) > 0 && fault.Of(err).Fields[0].Path != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		if _, err := w.SetTarget(ctx, w.people["zhou"], good, w.next()); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a leader set a target: %v", err)
		}
		set := func(by int, value float64, growth bool) int64 {
			x := good
			x.By, x.Value, x.Growth = by, value, growth
			done, err := w.SetTarget(ctx, tang, x, w.next())
			w.must(err)
			return done.ID
		}
		easy := set(2026, 100, false)
		hard := set(2025, 40, true)
		if _, err := w.SetTarget(ctx, tang, good, w.next()); !fault.Is(err, fault.Conflict) || !strings.Contains(fault.Of(err).Text.ZH, "澄川市规模以上工业增加值（2026）达到100亿元") {
			t.Errorf("a second target for one period: %v", err)
		}
		p, err := w.IndicatorPage(ctx, tang, 1, "va", "991100", "", "")
		w.must(err)
		if len(p.Targets) != 2 || p.Targets[0].Chance == nil || *p.Targets[0].Chance > 0.2 || *p.Targets[1].Chance < 0.8 || p.Targets[1].Off <= 0 || !strings.Contains(p.Targets[0].Text.ZH, "进度落后") {
			t.Errorf("%+v", p.Targets)
		}

		// The release of 2025 misses the one and is on track for the other.
		w.publish("2025年.csv", "2026-03-01", table(2025, 2025, as), true)
		told := map[string]observatory.Fact{}
		for _, f := range w.facts(observatory.FactFilter{State: observatory.FactStands, Subject: "991100"}) {
			if f.Told.Class == "target" {
				told[f.Told.Form] = f
			}
		}
		if len(told) != 2 || !strings.Contains(told["growth"].Told.ZH, "未完成") || !strings.Contains(told["level"].Told.ZH, "2026年达到100亿元，进度正常") || !strings.Contains(told["level"].Told.ZH, "平均偏差") {
			t.Errorf("%+v", told)
		}

		own, err := w.IndicatorPage(ctx, tang, 1, "va", "991100", "", "")
		w.must(err)
		for _, row := range own.Facts.Rows {
			if row.Kind == "TARGET" && !strings.Contains(row.Why[0].ZH, "对照已设定的目标") {
				t.Errorf("%+v", row.Why)
			}
		}

		// A revision makes it worse, and the fact reads differently; then it is withdrawn.
		w.publish("2025年修订.csv", "2026-11-01", table(2025, 2025, func(city, year int, v float64) float64 {
			if city == 0 {
				return v * 0.8
			}
			return v
		}), true)
		f, err := w.Fact(ctx, told["level"].ID)
		w.must(err)
		if f.State != observatory.FactStands {
			t.Errorf("%+v", f)
		}
		note, err := w.WriteNote(ctx, w.people["bo"], observatory.Note{Title: "目标", Body: fmt.Sprintf("{{fact %d}}", f.ID)}, w.next())
		w.must(err)
		w.must(second(w.WithdrawTarget(ctx, tang, easy, "报告已修改", w.next())))
		if _, err := w.WithdrawTarget(ctx, tang, easy, "报告已修改", w.next()); !fault.Is(err, fault.Conflict) {
			t.Errorf("withdrawn twice: %v", err)
		}
		if f, err = w.Fact(ctx, f.ID); err != nil || f.State != observatory.FactLapsed || f.Ended != 0 {
			t.Errorf("%+v %v", f, err)
		}
		if list, err := w.Told(ctx, w.last(observatory.EventLapsed, f.ID)); err != nil || len(list) != 1 || list[0].Person != w.people["bo"].Person {
			t.Errorf("told: %+v %v", list, err)
		}
		if n, err := w.NotePage(ctx, w.people["bo"], note.ID); err != nil || n.Broken != 1 {
			t.Errorf("the note: %v", err)
		}
		if f, err = w.Fact(ctx, told["growth"].ID); err != nil || f.State != observatory.FactStands {
			t.Errorf("the other target's fact: %+v, %v, target %d", f, err, hard)
		}
		w.checked()
	})
}

// TestFirm: how firm a fact is is known once first estimates were revised, and not
// before.
func TestFirm(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		w := newDesk(t, db)
		w.publish("历年数据.csv", "2024-03-01", table(1995, 2023, as), false)
		firm := func(release observatory.Release) (known, all int) {
			for _, f := range w.facts(observatory.FactFilter{Release: release.ID}) {
				all++
				if f.Told.Robustness != nil {
					known++
				}
			}
			return known, all
		}
		first := w.publish("2024年.csv", "2025-03-01", table(2024, 2024, as), true)
		if known, all := firm(first); known != 0 || all == 0 {
			t.Errorf("of %d facts %d are firm by revisions that nobody has seen", all, known)
		}
		w.publish("2024年核定.csv", "2025-11-01", table(2024, 2024, func(city, _ int, v float64) float64 { return v * (1 + 0.002*float64(city-3)) }), false)
		next := w.publish("2025年.csv", "2026-03-01", table(2025, 2025, as), true)
		if known, all := firm(next); known == 0 {
			t.Errorf("of %d facts none says how firm it is", all)
		}
		w.checked()
	})
}
