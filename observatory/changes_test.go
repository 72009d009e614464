package observatory_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
	"touyan.dev/touyan/observatory"
)

// TestNothingCutOff: what two releases changed is told whole, page by page, and so
// is what was told of a subject.
func TestNothingCutOff(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newDesk(t, db)
		w.must(second(w.Enter(ctx, w.people["tang"], observatory.Indicators, []byte("code,name,unit,polarity\nretail,零售额,亿元,larger\nexport,出口额,亿元,larger\n"), w.next())))
		years := func(from, to int) []byte {
			var b strings.Builder
			b.WriteString("城市,年份,零售额（亿元）,出口额（亿元）,规模以上工业增加值（亿元）\n")
			for year := from; year <= to; year++ {
				for city, name := range []string{"澄川市", "宁州市", "禾浦市", "云泽市", "沧岭市", "鹿川市"} {
					v := figure(city, year)
					fmt.Fprintf(&b, "%s,%d年,%.2f,%.2f,%.2f\n", name, year, v*0.7, v*0.4, v)
				}
			}
			return []byte(b.String())
		}
		w.publish("历年数据.csv", "2025-03-01", years(1995, 2024), true)
		total := len(w.facts(observatory.FactFilter{}))
		if total <= 50 {
			t.Fatalf("only %d facts", total)
		}
		final := w.publish("历年数据定案.csv", "2025-09-01", years(1995, 2024), false)
		if int(final.Changed) != total {
			t.Fatalf("%d of %d read differently", final.Changed, total)
		}
		q := observatory.Between{Freq: 1, From: "2025-03-01", To: "2025-09-01"}
		page, err := w.Changes(ctx, q)
		w.must(err)
		if d := page.Differ; d.Total != total || len(d.Rows) != 50 || d.Pages != (total+49)/50 {
			t.Errorf("%d of %d, %d pages", len(d.Rows), d.Total, d.Pages)
		}
		seen := map[int64]bool{}
		for n := 1; n <= page.Differ.Pages; n++ {
			got, err := w.Changed(ctx, q, n)
			w.must(err)
			for _, x := range got.Rows {
				seen[x.Fact.ID] = true
			}
		}
		if len(seen) != total {
			t.Errorf("the pages hold %d of %d", len(seen), total)
		}
		if none, err := w.Changes(ctx, observatory.Between{Freq: 1, From: "2025-09-01"}); err != nil || none.Differ.Total != 0 {
			t.Errorf("after the last release: %+v, %v", none, err)
		}
		for _, bad := range []struct {
			field string
			q     observatory.Between
		}{{"from", observatory.Between{Freq: 1, From: "March"}}, {"to", observatory.Between{Freq: 1, From: "2025-03-01", To: "March"}}, {"to", observatory.Between{Freq: 1, From: "2025-03-01", To: "2025-02-28"}}} {
			if _, err := w.Changes(ctx, bad.q); !fault.Is(err, fault.Invalid) || fault.Of(err).Fields[0].Path != bad.field {
				t.Errorf("%+v: %v", bad, err)
			}
		}

		own, err := w.IndicatorPage(ctx, w.people["zhou"], 1, "va", "991100", "", "")
		w.must(err)
		if len(own.Revisions) != 30 || own.Revisions[0].Time != "2024" || len(own.Revisions[0].Steps) != 2 || own.Revisions[0].Steps[1].Release != final.ID {
			t.Errorf("%d figures were published twice: %+v", len(own.Revisions), own.Revisions)
		}
		if then, err := w.IndicatorPage(ctx, w.people["zhou"], 1, "va", "991100", "", "2025-03-01"); err != nil || len(then.Revisions) != 0 {
			t.Errorf("revisions that were not known then: %v, %v", then.Revisions, err)
		}

		today, err := w.Today(ctx, "")
		w.must(err)
		if len(today) != 1 || today[0].Facts.Total != total || today[0].Release.Name != "历年数据.csv" {
			t.Errorf("%+v", today)
		}
		last, err := w.FactsAt(ctx, observatory.FactFilter{State: observatory.FactStands}, 1000, 50)
		w.must(err)
		if last.Total != total || last.Page != last.Pages || len(last.Rows) != total-50*(last.Pages-1) {
			t.Errorf("the last page has %d rows of %d", len(last.Rows), last.Total)
		}
		words, err := w.FactsAt(ctx, observatory.FactFilter{Words: "出口额 鹿川"}, 1, 50)
		w.must(err)
		if words.Total == 0 || words.Total == total {
			t.Errorf("%d of %d have the words", words.Total, total)
		}
		for _, f := range words.Rows {
			if !strings.Contains(f.Told.ZH, "出口额") || !strings.Contains(f.Told.ZH, "鹿川") {
				t.Error(f.Told.ZH)
			}
		}
	})
}

// TestEveryNote: notes are told page by page, and developments by sort and words.
func TestEveryNote(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newDesk(t, db)
		for i := range 52 {
			w.must(second(w.WriteNote(ctx, w.people["tang"], observatory.Note{Title: fmt.Sprintf("形势之%d", i), Body: "平稳。"}, w.next())))
		}
		if p, err := w.NoteRows(ctx, 2); err != nil || p.Total != 52 || p.Pages != 2 || len(p.Rows) != 2 || p.Rows[1].Title != "形势之0" {
			t.Errorf("%+v, %v", p, err)
		}
		for i, sort := range []string{"policy", "forum"} {
			a := observatory.Abroad{Day: "2026-11-01", Place: "宁州市", Sort: sort, Title: fmt.Sprintf("新市民服务%d", i), Content: "三件事合并办理。", Source: "宁政发〔2026〕9号"}
			w.must(second(w.EnterAbroad(ctx, w.people["tang"], a, w.next())))
		}
		for _, c := range []struct {
			sort, words string
			want        int
		}{{"", "", 2}, {"forum", "", 1}, {"", "服务1", 1}, {"policy", "服务1", 0}, {"", " 合并 ", 2}} {
			if list, err := w.Developments(ctx, c.sort, c.words); err != nil || len(list) != c.want {
				t.Errorf("%+v: %d, %v", c, len(list), err)
			}
		}
	})
}
