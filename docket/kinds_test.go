package docket_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// deed is one act of a walk. Before it is done, the step must be open, in the
// hands of who does it, and due when limit says, counted by this file's own
// calendar.
type deed struct {
	kid    int // 0: the matter itself; n: its n-th sub-matter
	who    string
	step   string
	act    string
	input  map[string]any
	limit  string // of the step; "whole 89d" for that of the whole matter; "" for none of its own
	clause string // what the limit rests on
}

// walk takes one matter of a kind from its registration to its end.
type walk struct {
	name    string
	kind    string
	unit    int64 // that it is opened for or from; 0 for the office
	opener  string
	given   map[string]any
	deeds   []deed
	outcome string
	kids    []string // how its sub-matters ended
}

// houserule is the clause of a limit that no law sets: the office's own.
const houserule = "本机关工作规则（可调严，不可放宽）"

// TestKinds walks every kind of work on every way that has a limit of its own, and
// holds each due time against this file's calendar.
func TestKinds(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		w := newTownAt(t, db, time.Date(2026, 3, 2, 9, 0, 0, 0, clock.Shanghai()))
		for _, k := range walks(w) {
			t.Run(k.name, func(t *testing.T) {
				w.t, w.now = t, k.name
				w.walk(k)
			})
			w.clock.Set(w.clock.Now().Add(26 * time.Hour)) // another day, another hour
		}
		w.t = t
		w.checkAll()
		limits(t, w.walked)
	})
}

func (w *town) walk(k walk) {
	w.t.Helper()
	opener := k.opener
	if opener == "" {
		opener = "tang"
	}
	opening := matter.Opening{Kind: k.kind, Title: fmt.Sprint(k.given["title"]), Office: w.hall, Unit: k.unit, Given: k.given, Key: w.next()}
	if k.asks(w) {
		opening.Originator = w.people["zhou"].Person
	}
	opened, err := w.desk.Open(context.Background(), w.people[opener], opening)
	if err != nil {
		w.t.Fatal(err)
	}
	for i, d := range k.deeds {
		id := opened.Matter
		if d.kid > 0 {
			id = w.kid(id, d.kid)
		}
		slot := w.dueAs(id, d)
		w.act2(d.who, id, matter.Act{Slot: slot, Step: d.step, Act: d.act, Input: d.input})
		if i%3 == 2 {
			w.clock.Set(w.clock.Now().Add(90 * time.Minute))
		}
	}
	m := w.get("lin", opened.Matter)
	if m.Status != matter.Ended || m.Outcome != k.outcome {
		w.t.Fatalf("ended as %s %q at %q, want %q", m.Status, m.Outcome, m.Stage, k.outcome)
	}
	for i, want := range k.kids {
		if kid := w.get("lin", w.kid(opened.Matter, i+1)); kid.Outcome != want {
			w.t.Errorf("part %d ended as %q, want %q", i+1, kid.Outcome, want)
		}
	}
}

// asks reports whether the kind is answered to a leader.
func (k walk) asks(w *town) bool {
	return k.unit == 0 && strings.Contains(w.sources()[k.kind], "person: originator")
}

// sources gives the text of each kind's definition.
func (w *town) sources() map[string]string {
	out := map[string]string{}
	for kind, d := range definitionsOf(w.t) {
		text, err := os.ReadFile(filepath.Join("..", d.File))
		if err != nil {
			w.t.Fatal(err)
		}
		out[kind] = string(text)
	}
	return out
}

func definitionsOf(t *testing.T) map[string]*flow.Def {
	t.Helper()
	sources, err := docket.Definitions()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*flow.Def{}
	for _, s := range sources {
		d, err := flow.Parse(s.File, []byte(s.Text))
		if err != nil {
			t.Fatal(err)
		}
		out[d.Kind] = d
	}
	return out
}

func (w *town) kid(id int64, n int) int64 {
	w.t.Helper()
	kids, err := w.desk.Kids(context.Background(), w.people["lin"], w.get("lin", id))
	if err != nil || len(kids) < n {
		w.t.Fatalf("sub-matter %d of %d: %v", n, len(kids), err)
	}
	return kids[n-1].ID
}

// dueAs holds the due time of the step that a deed is about against the limit that
// the deed says, and who holds it against who does it.
func (w *town) dueAs(id int64, d deed) (slot string) {
	w.t.Helper()
	m := w.get("lin", id)
	w.walked = append(w.walked, named{m.Kind, d.step, d.limit, d.clause, w.now})
	i := slices.IndexFunc(m.Clocks.Slots, func(s matter.Slot) bool { return s.Step == d.step })
	if i < 0 {
		w.t.Fatalf("step %q is not open; the matter stands at %q", d.step, m.Stage)
	}
	s := m.Clocks.Slots[i]
	limit, from := d.limit, s.Since
	if text, whole := strings.CutPrefix(d.limit, "whole "); whole {
		limit, from = text, m.Opened
		if s.Limit != "" {
			w.t.Errorf("%s.%s runs on a limit of its own: %s", m.Kind, d.step, s.Limit)
		}
	}
	if limit == "" {
		if s.Limit != "" {
			w.t.Errorf("%s.%s has the limit %s, which the walk does not name", m.Kind, d.step, s.Limit)
		}
		return s.Slot
	}
	if want := dueOf(w.t, time.UnixMicro(from), limit); s.Due != want.UnixMicro() {
		w.t.Errorf("%s.%s is due %s, want %s (%s, %s)", m.Kind, d.step, time.UnixMicro(s.Due).In(clock.Shanghai()), want, limit, d.clause)
	}
	return s.Slot
}

// dueOf counts a limit by hand: the day of the event does not count, then day after
// day.
func dueOf(t *testing.T, from time.Time, limit string) time.Time {
	t.Helper()
	var n int
	var unit string
	if _, err := fmt.Sscanf(strings.TrimSuffix(limit, "@close"), "%d%s", &n, &unit); err != nil {
		t.Fatalf("limit %q: %v", limit, err)
	}
	if unit == "h" {
		return from.Add(time.Duration(n) * time.Hour)
	}
	day := from.In(clock.Shanghai())
	for n > 0 {
		day = day.AddDate(0, 0, 1)
		if unit == "d" || worked(day) {
			n--
		}
	}
	y, m, d := day.Date()
	if strings.HasSuffix(limit, "@close") {
		return time.Date(y, m, d, 17, 30, 0, 0, clock.Shanghai())
	}
	return time.Date(y, m, d, 23, 59, 59, 999999000, clock.Shanghai())
}

// worked says whether a day of 2026 from March on is a working day, by the notice of
// the State Council's General Office (国办发明电〔2025〕7号).
func worked(day time.Time) bool {
	switch day.Format("01-02") {
	case "05-09", "09-20", "10-10":
		return true
	case "04-04", "04-05", "04-06", "05-01", "05-02", "05-03", "05-04", "05-05", "06-19", "06-20", "06-21", "09-25", "09-26", "09-27",
		"10-01", "10-02", "10-03", "10-04", "10-05", "10-06", "10-07":
		return false
	}
	return day.Weekday() != time.Saturday && day.Weekday() != time.Sunday
}

// checkAll folds every matter and wants nothing found.
func (w *town) checkAll() {
	w.t.Helper()
	found, looked, _, err := matter.Check(context.Background(), w.db, 10)
	if err != nil || len(found) > 0 || looked == 0 {
		w.t.Fatalf("fold of %d: %v %+v", looked, err, found)
	}
}

// walks gives every walk of every kind.
func walks(w *town) []walk {
	return slices.Concat(proposalWalks(w, "docket.proposal", "人大建议"), proposalWalks(w, "docket.motion", "政协提案"), paperWalks(w), resolutionWalks(w), letterWalks(w), difficultyWalks(w), seekWalks(w), countersignWalks(w), decisionWalks(w), supervisionWalks(w))
}

// unitItem is one unit of a list of lead and assisting units.
func unitItem(unit int64, role, limit string) map[string]any {
	return map[string]any{"unit": ref(unit), "role": role, "limit": limit}
}

var (
	reason = map[string]any{"reason": "按规定处理"}
	note   = map[string]any{}
)

func proposalWalks(w *town, kind, name string) []walk {
	const law = "代表法（2015年修正）第四十二条；提案参照"
	given := map[string]any{"no": "0127", "title": "关于改善学校门口通行的建议", "proposer": "林代表", "content": "学校门口上下学时段通行困难，建议统筹解决。", "made": "session"}
	check := map[string]any{"sort": "city", "key": true}
	said := func(verdict string) map[string]any {
		return map[string]any{"verdict": verdict, "way": "visit", "asked": "2026-03-20", "words": "还要看效果。"}
	}
	reply := func(kid int, class, whole string) []deed {
		text := map[string]any{"class": class, "text": "经研究，答复如下：已完成三处改造。"}
		if class == "b" {
			text["by"] = "2026-12-20"
		}
		return []deed{
			{kid, "shen", "sign", "sign", note, "7d", houserule},
			{kid, "shen", "allot", "allot", map[string]any{"clerk": ref(w.people["clerk"].Person)}, whole, law},
			{kid, "clerk", "talk", "talk", map[string]any{"talked": "2026-03-10", "way": "visit", "result": "当面听取了代表意见。"}, whole, law},
			{kid, "clerk", "draft", "draft", text, whole, law},
			{kid, "head", "signoff", "return", reason, whole, law},
			{kid, "clerk", "draft", "draft", text, whole, law},
			{kid, "head", "signoff", "sign", note, whole, law},
			{kid, "lin", "review", "accept", note, whole, law},
			{kid, "clerk", "issue", "issue", map[string]any{"ref": "澄人社函〔2026〕9号", "sent": "2026-03-18"}, whole, law},
		}
	}
	begin := []deed{
		{0, "lin", "review", "accept", check, "2wd@close", houserule},
		{0, "lin", "assign", "assign", map[string]any{"units": []any{unitItem(w.bureau, "lead", "89d"), unitItem(w.other, "assist", "30d")}}, "3wd@close", houserule},
	}
	jiao := ref(w.people["jiao"].Person)
	joint := []deed{
		{2, "jiao", "sign", "object", map[string]any{"reason": "不属于我局职责"}, "7d", houserule},
		{2, "lin", "ruling", "designate", reason, "3d", houserule},
		{2, "jiao", "allot", "allot", map[string]any{"clerk": jiao}, "whole 30d", houserule},
		{2, "jiao", "opinion", "give", map[string]any{"opinion": "我局配合调整放学时间。"}, "whole 30d", houserule},
		{2, "jiaohead", "approve", "sign", note, "whole 30d", houserule},
	}
	again := func(step string) []deed {
		return []deed{{0, "lin", step, "assign", map[string]any{"units": []any{unitItem(w.bureau, "lead", "30d")}}, "3wd@close", houserule}}
	}
	return []walk{
		{name: name + "/不满意重新办理", kind: kind, given: given, outcome: "closed", kids: []string{"reference", "advised", "solved", "planned"}, deeds: slices.Concat(
			begin, reply(1, "c", "whole 89d"), joint,
			[]deed{{0, "lin", "consult", "record", said("dissatisfied"), "15wd@close", houserule}},
			again("again"), reply(3, "a", "whole 30d"),
			[]deed{{0, "lin", "reconsult", "again", said("dissatisfied"), "15wd@close", houserule}},
			again("again"), reply(4, "b", "whole 30d"),
			[]deed{{0, "tang", "reconsult", "record", said("basically"), "15wd@close", houserule}, {0, "lin", "track", "keep", map[string]any{"result": "年底前已全部落实。"}, "120wd@close", houserule}},
		)},
		{name: name + "/退回", kind: kind, given: given, outcome: "returned", deeds: []deed{{0, "tang", "review", "return", reason, "2wd@close", houserule}}},
	}
}
