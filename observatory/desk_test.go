package observatory_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
	"touyan.dev/touyan/observatory"
	"touyan.dev/touyan/observatory/effect"
)

// outcomes is a file of thirty towns over forty months, the first of which did
// something in month 25 that takes a third off.
func outcomes() []byte {
	var b strings.Builder
	b.WriteString("town,month,calls\n")
	for town := range 30 {
		for month := range 40 {
			season := 1 + 0.2*float64((month*month)%12)/12
			y := (20 + float64(town%7)*3) * season * (1 + 0.01*float64((town*31+month*17)%13-6))
			if town == 0 && month >= 24 {
				y *= 2.0 / 3
			}
			fmt.Fprintf(&b, "T%02d,%d-%02d,%.4f\n", town, 2023+month/12, month%12+1, y)
		}
	}
	return []byte(b.String())
}

// TestEvaluation: a protocol is frozen before anything is computed, is answered
// once, and neither it nor its verdict can be changed.
func TestEvaluation(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newDesk(t, db)
		data := outcomes()
		up, err := w.Files.Upload(ctx, w.people["tang"], "来电.csv", data)
		w.must(err)
		q := observatory.Question{
			File:   &observatory.Outcomes{Digest: up.Digest.String(), Name: "来电.csv", Unit: "town", Time: "month", Outcome: "calls"},
			Method: effect.SDID, Why: "合并办理后来电应当减少。",
			Protocol: effect.Protocol{Treated: "T00", From: "2025-01", Exclude: []string{"T07"}, Expect: effect.Fall},
		}
		for name, bad := range map[string]func(*observatory.Question){
			"treated": func(q *observatory.Question) { q.Protocol.Treated = "T99" },
			"from":    func(q *observatory.Question) { q.Protocol.From = "2023-02" },
			"why":     func(q *observatory.Question) { q.Why = "" },
			"method":  func(q *observatory.Question) { q.Method = "guess" },
		} {
			wrong := q
			bad(&wrong)
			if _, err := w.Freeze(ctx, w.people["tang"], "试点成效", wrong, w.next()); !fault.Is(err, fault.Invalid) || fault.Of(err).Fields[0].Path != name {
				t.Errorf("%s: %v", name, err)
			}
		}
		done, err := w.Freeze(ctx, w.people["tang"], "试点成效", q, w.next())
		w.must(err)
		page, err := w.EvaluationPage(ctx, w.people["zhou"], done.ID)
		w.must(err)
		if page.Answer != nil || page.Grade != "" || page.Digest != q.Protocol.Normal().Hash() && page.Digest == "" {
			t.Errorf("before it is computed: %+v", page)
		}
		w.must(second(w.Compute(ctx, w.people["tang"], done.ID, w.next())))
		page, err = w.EvaluationPage(ctx, w.people["zhou"], done.ID)
		w.must(err)
		if page.Grade != "evidence" || page.Percent == nil || *page.Percent > -28 || *page.Percent < -38 {
			t.Errorf("grade %s, %v %%", page.Grade, page.Percent)
		}
		if !slices.ContainsFunc(page.Result.Unused, func(u effect.Unused) bool { return u.Unit == "T07" }) {
			t.Error("the excluded town is among the donors")
		}
		if _, err := w.Compute(ctx, w.people["tang"], done.ID, w.next()); !fault.Is(err, fault.Conflict) {
			t.Errorf("computed twice: %v", err)
		}
		kinds := []string{}
		all, err := event.Of(ctx, db, done.ID)
		w.must(err)
		for _, e := range all {
			kinds = append(kinds, e.Kind)
		}
		if want := []string{observatory.EventFrozen, "attach/add", observatory.EventComputed}; !slices.Equal(kinds, want) {
			t.Errorf("%v, want %v", kinds, want)
		}
	})
}

// TestWhoMay: everybody here reads, the office's staff work, and a note is its
// author's.
func TestWhoMay(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newDesk(t, db)
		r := w.publish("历年数据.csv", "2025-03-01", table(1995, 2024, as), false)
		a := observatory.Abroad{Day: "2026-11-01", Place: "宁州市", Sort: "policy", Title: "出台新市民服务办法", Content: "三件事合并办理。", Source: "宁政发〔2026〕9号"}
		for who, may := range map[string]bool{"tang": true, "bo": true, "zhou": false, "shen": false} {
			p := w.people[who]
			_, err := w.EnterAbroad(ctx, p, a, w.next())
			if fault.Is(err, fault.Forbidden) == may || err != nil && may {
				t.Errorf("%s enters a development: %v", who, err)
			}
			if _, err := w.Drop(ctx, p, r.ID, "重复", w.next()); !may && !fault.Is(err, fault.Forbidden) || may && !fault.Is(err, fault.Conflict) {
				t.Errorf("%s drops a published release: %v", who, err)
			}
			if _, err := w.IndicatorPage(ctx, p, 1, "va", "", "", ""); err != nil {
				t.Errorf("%s reads: %v", who, err)
			}
		}
		note, err := w.WriteNote(ctx, w.people["tang"], observatory.Note{Title: "形势", Body: "平稳。"}, w.next())
		w.must(err)
		if _, err := w.WriteNote(ctx, w.people["bo"], observatory.Note{ID: note.ID, Title: "形势", Body: "向好。"}, w.next()); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a note was changed by another: %v", err)
		}
		for field, n := range map[string]observatory.Note{
			"title": {Body: "平稳。"}, "body": {Title: "形势"},
		} {
			if _, err := w.WriteNote(ctx, w.people["tang"], n, w.next()); !fault.Is(err, fault.Invalid) || fault.Of(err).Fields[0].Path != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		if _, err := w.WriteNote(ctx, w.people["tang"], observatory.Note{Title: "形势", Body: "{{fact 999999}}"}, w.next()); !fault.Is(err, fault.Invalid) {
			t.Errorf("a note quotes a fact that does not exist: %v", err)
		}
		if _, err := w.WriteNote(ctx, w.people["tang"], observatory.Note{Title: "形势", Body: "机密★一年 平稳。"}, w.next()); err == nil {
			t.Error("a marked text was kept")
		}
		w.checked()
	})
}

// TestEarly: a figure of a period that had not begun when the file was published is
// refused with its cell, and one of the period running is not.
func TestEarly(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newDesk(t, db)
		up, err := w.Files.Upload(ctx, w.people["tang"], "历年数据.csv", table(2020, 2024, as))
		w.must(err)
		_, err = w.Bring(ctx, w.people["tang"], observatory.Import{Digest: up.Digest, Name: "历年数据.csv", Vintage: "2023-12-31"}, w.next())
		if !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Of(err).Fields[0].Text.EN, "2024 begins after 2023-12-31") {
			t.Errorf("of a year to come: %v", err)
		}
		look, err := w.Look(ctx, w.people["tang"], observatory.Import{Digest: up.Digest, Name: "历年数据.csv", Vintage: "2024-01-31"})
		if w.must(err); len(look.Result.Wrong) > 0 || len(look.Fresh) == 0 {
			t.Errorf("of the year running: %v", look.Result.Wrong)
		}
	})
}

// TestAtOnce: a file that is sent several times at once waits once.
func TestAtOnce(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newDesk(t, db)
		up, err := w.Files.Upload(ctx, w.people["tang"], "历年数据.csv", table(1995, 2024, as))
		w.must(err)
		errs := make(chan error)
		for i := range 6 {
			go func() {
				_, err := w.Bring(ctx, w.people["tang"], observatory.Import{Digest: up.Digest, Name: "历年数据.csv", Vintage: "2025-03-01"}, fmt.Sprint("at once ", i))
				errs <- err
			}()
		}
		brought := 0
		for range 6 {
			switch err := <-errs; {
			case err == nil:
				brought++
			case !fault.Is(err, fault.Conflict):
				t.Error(err)
			}
		}
		if brought != 1 {
			t.Errorf("brought in %d times", brought)
		}
	})
}

// TestAgain: an act tried again under its key is done once, and gives its first
// answer.
func TestAgain(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newDesk(t, db)
		data := table(1995, 2024, as)
		up, err := w.Files.Upload(ctx, w.people["tang"], "历年数据.csv", data)
		w.must(err)
		in := observatory.Import{Digest: up.Digest, Name: "历年数据.csv", Vintage: "2025-03-01"}
		first, err := w.Bring(ctx, w.people["tang"], in, "once")
		w.must(err)
		again, err := w.Bring(ctx, w.people["tang"], in, "once")
		w.must(err)
		if first.ID != again.ID || first.Pos != again.Pos {
			t.Errorf("brought in twice: %+v and %+v", first.ID, again.ID)
		}
		if _, err := w.Bring(ctx, w.people["tang"], in, "another"); !fault.Is(err, fault.Conflict) {
			t.Errorf("the same file waits twice: %v", err)
		}
		one, err := w.Publish(ctx, w.people["tang"], first.ID, "publish")
		w.must(err)
		two, err := w.Publish(ctx, w.people["tang"], first.ID, "publish")
		w.must(err)
		if one.Pos != two.Pos {
			t.Errorf("published twice: %d and %d", one.Pos, two.Pos)
		}
		if _, err := w.Publish(ctx, w.people["tang"], first.ID, w.next()); !fault.Is(err, fault.Conflict) {
			t.Errorf("published anew: %v", err)
		}
	})
}

// TestBesideAnother: what a program beside this one changed in the reference is
// seen at once, though no release came.
func TestBesideAnother(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newDesk(t, db)
		w.publish("历年数据.csv", "2025-03-01", table(1995, 2024, as), false)
		claim := []string{"2024年，梅川市规模以上工业增加值居全省第一位。"}
		before, err := w.Claims(ctx, claim, "province")
		w.must(err)
		other := &observatory.Desk{DB: w.DB, Clock: w.clock, Book: w.Book, Rules: w.Rules, Key: w.Key, Files: w.Files}
		w.must(second(other.Enter(ctx, w.people["tang"], observatory.Subjects, []byte("code,name,name_en,province\n991200,梅川市,Meichuan,澜江省\n"), w.next())))
		after, err := w.Claims(ctx, claim, "province")
		w.must(err)
		if before.Counts["agrees"] != 0 || after.Counts["agrees"] != 1 {
			t.Errorf("before %v, after %v", before.Counts, after.Counts)
		}
	})
}

// TestRefused: whoever may not work on the figures is told so before anything is
// read or mined; a definition that cannot be read is named.
func TestRefused(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		w := newDesk(t, db)
		shen := w.people["shen"]
		for name, act := range map[string]func() (observatory.Done, error){
			"publish": func() (observatory.Done, error) { return w.Publish(ctx, shen, 1<<40, w.next()) },
			"freeze":  func() (observatory.Done, error) { return w.Freeze(ctx, shen, "", observatory.Question{}, w.next()) },
			"compute": func() (observatory.Done, error) { return w.Compute(ctx, shen, 1<<40, w.next()) },
			"bring":   func() (observatory.Done, error) { return w.Bring(ctx, shen, observatory.Import{}, w.next()) },
		} {
			if _, err := act(); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err := w.Enter(ctx, w.people["tang"], observatory.Indicators, []byte("code,name,definitions\nx,指标,上年=新口径\n"), w.next())
		if !fault.Is(err, fault.Invalid) || !strings.Contains(fmt.Sprint(fault.Of(err).Fields), "definitions") {
			t.Errorf("a definition without a period: %v", err)
		}
		_, err = w.Enter(ctx, w.people["tang"], observatory.Subjects, []byte("code,name\n991900,\"=HYPERLINK(\"\"x\"\")\"\n"), w.next())
		if !fault.Is(err, fault.Invalid) || !strings.Contains(fmt.Sprint(fault.Of(err).Fields), "line 2/name") {
			t.Errorf("a formula for a name: %v", err)
		}
	})
}
