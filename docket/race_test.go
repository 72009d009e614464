package docket_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// races is how many pairs of acts meet on one matter each.
const races = 10_000

// TestRaces: two officers act on the same step of the same matter at once.
// One act counts; the other is refused, told where the matter now stands, and
// leaves no trace; and a third, who answers to what stood there before a return,
// is told that the step was opened anew.
func TestRaces(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		n := races
		if testing.Short() {
			n = 200
		}
		w := newTown(t, db)
		const abreast = 64
		for begun := 0; begun < n; begun += abreast {
			var pairs sync.WaitGroup
			for i := begun; i < min(begun+abreast, n); i++ {
				pairs.Go(func() { w.race(t, i) })
			}
			pairs.Wait()
			if t.Failed() {
				return
			}
		}
		w.check(n)
	})
}

// race lets lin and wei propose at once, and checks what is left.
func (w *town) race(t *testing.T, i int) {
	ctx := context.Background()
	opened, err := w.desk.Open(ctx, w.people["tang"], matter.Opening{
		Kind: docket.FollowUp, Title: "并发", Office: w.hall, Originator: w.people["zhou"].Person,
		Given: map[string]any{"title": "同时办理", "content": "两人同时办理。"}, Key: fmt.Sprintf("race-%d", i),
	})
	if err != nil {
		t.Error(err)
		return
	}
	names := []string{"lin", "wei"}
	var done [2]matter.Done
	var errs [2]error
	var both sync.WaitGroup
	for k, who := range names {
		both.Go(func() {
			done[k], errs[k] = w.desk.Act(ctx, w.people[who], opened.Matter, matter.Act{
				Step: "propose", Act: "submit", N: 1, Key: fmt.Sprintf("race-%d-%d", i, k), Input: map[string]any{
					"opinion": "由" + who + "拟办", "units": []any{map[string]any{"unit": ref(w.bureau), "role": "lead", "limit": "5wd"}},
				},
			})
		})
	}
	both.Wait()
	won := 0
	if errs[0] != nil {
		won = 1
	}
	lost := errs[1-won]
	if errs[won] != nil || !fault.Is(lost, fault.Conflict) || !strings.Contains(fault.Of(lost).Text.ZH, "审批立项") {
		t.Errorf("race %d: %v, %v", i, errs[0], errs[1])
		return
	}
	log, err := event.Of(ctx, w.db, opened.Matter)
	if err != nil || len(log) != 2 || log[1].Pos != done[won].Pos || log[1].Actor != w.people[names[won]].Person {
		t.Errorf("race %d: %v: the log holds %d events, the last by %d", i, err, len(log), log[len(log)-1].Actor)
	}
	m, err := w.desk.Get(ctx, w.people["lin"], opened.Matter)
	if err != nil || !strings.Contains(string(m.State), "由"+names[won]+"拟办") || strings.Contains(string(m.State), "由"+names[1-won]+"拟办") {
		t.Errorf("race %d: %v: the matter does not hold the winner's words", i, err)
	}
}

// TestStaleScreen: an act that answers to an earlier opening of a step is refused.
func TestStaleScreen(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newTown(t, db)
		opened, err := w.desk.Open(ctx, w.people["tang"], matter.Opening{
			Kind: docket.FollowUp, Title: "重新拟办", Office: w.hall, Originator: w.people["zhou"].Person,
			Given: map[string]any{"title": "重新拟办", "content": "退回后重新拟办。"}, Key: w.next(),
		})
		if err != nil {
			t.Fatal(err)
		}
		id := opened.Matter
		seen := w.get("zhou", id).Clocks.Slots[0].N
		propose := func() {
			w.act("lin", id, "propose", "submit", map[string]any{"opinion": "拟办", "units": []any{map[string]any{"unit": ref(w.bureau), "role": "lead", "limit": "5wd"}}})
		}
		propose()
		first := w.get("zhou", id).Clocks.Slots[0].N
		w.act("zhou", id, "approve", "refuse", map[string]any{"reason": "请重拟"})
		propose()
		again := w.get("zhou", id).Clocks.Slots[0].N
		if seen == first || first == again {
			t.Fatalf("openings %d, %d, %d", seen, first, again)
		}
		act := matter.Act{Step: "approve", Act: "approve", N: first, Input: map[string]any{}, Key: w.next()}
		if _, err := w.desk.Act(ctx, w.people["zhou"], id, act); !fault.Is(err, fault.Conflict) {
			t.Errorf("an approval of what was proposed before: %v", err)
		}
		act.N = again
		if _, err := w.desk.Act(ctx, w.people["zhou"], id, act); err != nil {
			t.Errorf("an approval of what stands there: %v", err)
		}
	})
}
