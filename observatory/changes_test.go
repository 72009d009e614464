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
		for field, bad := range map[string]observatory.Between{"from": {Freq: 1, From: "March"}, "to": {Freq: 1, From: "2025-03-01", To: "March"}} {
			if _, err := w.Changes(ctx, bad); !fault.Is(err, fault.Invalid) || fault.Of(err).Fields[0].Path != field {
				t.Errorf("%s: %v", field, err)
			}
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
