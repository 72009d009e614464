package observatory_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"touyan.dev/touyan/kernel/act"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
	"touyan.dev/touyan/observatory"
)

// TestChosenTwice: an indicator together with itself is no pair.
func TestChosenTwice(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		w := newDesk(t, db)
		w.publish("历年.csv", "2025-03-01", table(2020, 2024, as), false)
		_, err := w.Few(context.Background(), "lanjiang", "2024", "va", "va")
		if !fault.Is(err, fault.Invalid) || fault.Of(err).Fields[0].Path != "of" || !strings.Contains(fault.Of(err).Fields[0].Text.EN, "chosen twice") {
			t.Errorf("%v", err)
		}
	})
}

// TestExportComparison: a comparison leaves with its receipt, its figures as
// numbers, negative ones too, and what is to be known of them in words.
func TestExportComparison(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newDesk(t, db)
		w.publish("历年.csv", "2025-03-01", table(2020, 2023, as), false)
		w.publish("2024.csv", "2025-04-01", table(2024, 2024, func(city, _ int, v float64) float64 {
			if city == 2 {
				return 40.25
			}
			return v
		}), true)
		q := observatory.Comparison{Freq: 1, Peers: "lanjiang", Period: "2024"}
		x, err := w.ExportComparison(ctx, w.people["shen"], q)
		w.must(err)
		pos, err := strconv.ParseInt(x.Receipt, 10, 64)
		w.must(err)
		e, err := event.At(ctx, db, pos)
		w.must(err)
		sum := sha256.Sum256(x.Body)
		for _, want := range []string{x.Number, hex.EncodeToString(sum[:]), `"what":"comparison"`, `"rows":6`, `"period":"2024"`} {
			if !strings.Contains(string(e.Body), want) {
				t.Errorf("the receipt lacks %q: %s", want, e.Body)
			}
		}
		if e.Kind != act.EventExported || e.Actor != w.people["shen"].Person || x.Rows != "6" {
			t.Errorf("%+v %s", e.Envelope, x.Rows)
		}
		f, err := excelize.OpenReader(bytes.NewReader(x.Body))
		w.must(err)
		defer f.Close()
		rows, err := f.GetRows("横向比较")
		w.must(err)
		if !strings.Contains(rows[1][0], x.Number) || !strings.Contains(rows[1][0], "2025-04-01") || strings.Join(rows[2], "|") != "地区|规模以上工业增加值（亿元）|规模以上工业增加值 名次|规模以上工业增加值 同比（%）|说明" {
			t.Errorf("%q %q", rows[1], rows[2])
		}
		if got := rows[5]; got[0] != "禾浦市" || got[1] != "" || !strings.Contains(got[4], "待核实") {
			t.Errorf("the held figure: %q", got)
		}
		if got := rows[4]; got[0] != "宁州市" || got[1] == "" || got[2] != "1" || !strings.Contains(got[4], "初步数") {
			t.Errorf("%q", got)
		}
		if kind, err := f.GetCellType("横向比较", "B5"); err != nil || kind != excelize.CellTypeUnset && kind != excelize.CellTypeNumber {
			t.Errorf("the figure is of type %v: %v", kind, err)
		}
		before, _, err := event.Head(ctx, db)
		w.must(err)
		if _, err := w.ExportComparison(ctx, auth.Principal{}, q); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("a guest: %v", err)
		}
		q.Peers = "none"
		if _, err := w.ExportComparison(ctx, w.people["shen"], q); !fault.Is(err, fault.Invalid) {
			t.Errorf("no set: %v", err)
		}
		if after, _, err := event.Head(ctx, db); err != nil || after != before {
			t.Errorf("what was refused was logged: %d events more, %v", after-before, err)
		}
	})
}
