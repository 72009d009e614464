package docket_test

import (
	"context"
	"testing"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// TestRetryAfterNumber: a call sent again is answered as it was at first, also
// when its matter has drawn a number since.
func TestRetryAfterNumber(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newTown(t, db)
		opening := matter.Opening{
			Kind: docket.FollowUp, Title: "重发试验", Office: w.hall, Originator: w.people["zhou"].Person,
			Given: map[string]any{"title": "重发试验", "content": "请按期办理。"}, Key: w.next(),
		}
		opened, err := w.desk.Open(ctx, w.people["tang"], opening)
		if err != nil {
			t.Fatal(err)
		}
		units := []any{map[string]any{"unit": ref(w.bureau), "role": "lead", "limit": "10wd"}}
		acts := []struct {
			who string
			act matter.Act
		}{
			{"lin", matter.Act{Step: "propose", Act: "submit", Input: map[string]any{"opinion": "由人社局办理", "units": units}}},
			{"zhou", matter.Act{Step: "approve", Act: "approve", Input: map[string]any{}}},
			{"lin", matter.Act{Step: "assign", Act: "assign", Input: map[string]any{"mode": "transfer", "units": units}}},
		}
		var first []matter.Done
		for i := range acts {
			acts[i].act.Key = w.next()
			done, err := w.desk.Act(ctx, w.people[acts[i].who], opened.Matter, acts[i].act)
			if err != nil {
				t.Fatal(err)
			}
			first = append(first, done)
		}
		part := w.get("lin", opened.Matter).Clocks.Kids["units"][0]
		sign := matter.Act{Step: "sign", Act: "sign", Input: map[string]any{}, Key: w.next()}
		signed, err := w.desk.Act(ctx, w.people["shen"], part, sign)
		if err != nil {
			t.Fatal(err)
		}
		same := func(what string, was, is matter.Done, err error) {
			t.Helper()
			if err != nil || !is.Again || was.Again || is.Matter != was.Matter || is.Pos != was.Pos || is.Number != was.Number || is.Receipt.Envelope != was.Receipt.Envelope {
				t.Errorf("%s: %v: answered with %d %d %q, at first %d %d %q", what, err, is.Matter, is.Pos, is.Number, was.Matter, was.Pos, was.Number)
			}
		}
		again, err := w.desk.Open(ctx, w.people["tang"], opening)
		same("opening", opened, again, err)
		for i, a := range acts {
			again, err := w.desk.Act(ctx, w.people[a.who], opened.Matter, a.act)
			same(a.act.Act, first[i], again, err)
		}
		again, err = w.desk.Act(ctx, w.people["shen"], part, sign)
		same("the unit's part", signed, again, err)
		if opened.Number != "" || first[0].Number != "" || first[1].Number != "澄政督〔2026〕1号" || first[2].Number != first[1].Number || signed.Number != first[1].Number+"-1" {
			t.Errorf("numbers at first: %q %q %q %q %q", opened.Number, first[0].Number, first[1].Number, first[2].Number, signed.Number)
		}
	})
}
