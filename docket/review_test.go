package docket_test

import (
	"context"
	"maps"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

const decree = "政府督查工作条例（国务院令第733号）"

func filledPlan(w *town, lead string, team, kin []string) map[string]any {
	list := func(logins []string, more map[string]any) []any {
		out := []any{}
		for _, l := range logins {
			item := map[string]any{"person": w.id(l)}
			for k, v := range more {
				item[k] = v
			}
			out = append(out, item)
		}
		return out
	}
	in := map[string]any{
		"opinion": "随机选点，直奔现场", "ways": []any{"visit", "papers"}, "from": "2026-03-03", "to": "2026-03-06", "times": 1, "days": 2,
		"lead": w.id(lead), "team": list(team, nil),
	}
	if len(kin) > 0 {
		in["kin"] = list(kin, map[string]any{"why": "曾任督查对象负责人"})
	}
	return in
}

var seen = map[string]any{"facts": "三处电梯未按期检验", "evidence": "照片三张，检验标志复印件，存督查室"}

// tells and concluded are what the object is told.
func tells(unit int64) map[string]any {
	return map[string]any{"send": []any{map[string]any{"unit": ref(unit), "words": "现对电梯检验工作开展督查，请予配合。"}}}
}

func concluded(unit int64) map[string]any {
	return map[string]any{"facts": "三处电梯未按期检验", "evidence": "照片、检验标志复印件", "rectify": "yes",
		"send": []any{map[string]any{"unit": ref(unit), "words": "经督查，三处电梯未按期检验，应予整改。"}}}
}

func reviewed(w *town, who, decision string) map[string]any {
	return map[string]any{"reviewers": []any{map[string]any{"person": w.id(who)}}, "decision": decision, "reason": "事实清楚，证据充分"}
}

// supervisionWalks takes each kind of supervision through every step it has: an
// unannounced visit, a review, rectification, and praise after approval.
func supervisionWalks(w *town) []walk {
	var out []walk
	for _, s := range supervisions() {
		given := map[string]any{"title": "电梯检验" + s.ZH, "content": "电梯检验落实情况", "ground": "order", "object": ref(w.bureau), "visit": "unannounced"}
		for _, a := range s.Asks {
			given[a.ID] = "群众来信反映三处电梯未检验"
		}
		result := map[string]any{"summary": "已整改到位"}
		out = append(out, walk{name: s.ZH + "/暗访、复核、整改、表扬", kind: "docket." + s.Kind, given: given, outcome: "closed", kids: []string{"signed", "asked", "accepted"}, deeds: []deed{
			{0, "lin", "plan", "submit", filledPlan(w, "lin", []string{"clerk"}, nil), s.Plan + "@close", houserule},
			{0, "zhou", "approve", "refuse", reason, "2wd@close", houserule},
			{0, "lin", "plan", "submit", filledPlan(w, "lin", []string{"clerk"}, nil), s.Plan + "@close", houserule},
			{0, "zhou", "approve", "approve", note, "2wd@close", houserule},
			{0, "lin", "visit", "record", seen, s.Visit + "@close", houserule},
			{0, "lin", "disclose", "tell", tells(w.bureau), "1wd@close", houserule},
			{1, "shen", "sign", "sign", note, "1wd@close", houserule},
			{0, "lin", "inspect", "record", seen, s.Inspect + "@close", houserule},
			{0, "lin", "conclude", "submit", concluded(w.bureau), "5wd@close", houserule},
			{0, "zhou", "sign", "return", reason, "2wd@close", houserule},
			{0, "lin", "conclude", "submit", concluded(w.bureau), "5wd@close", houserule},
			{0, "zhou", "sign", "sign", note, "2wd@close", houserule},
			{2, "shen", "receive", "receive", note, "1wd@close", houserule},
			{2, "head", "reply", "ask", map[string]any{"reason": "一处电梯已停用"}, "30d", decree + "第十七条"},
			{0, "zhou", "review", "decide", reviewed(w, "tang", "uphold"), "30d", decree + "第十七条"},
			{0, "lin", "order", "order", map[string]any{"units": []any{unitItem(w.bureau, "lead", "10wd")}}, "2wd@close", houserule},
			{3, "shen", "sign", "object", map[string]any{"reason": "不属于我局职责"}, "1wd@close", houserule},
			{3, "lin", "ruling", "designate", reason, "1wd@close", houserule},
			{3, "shen", "split", "split", map[string]any{"head": w.id("head")}, "1wd@close", houserule},
			{3, "head", "direct", "direct", map[string]any{"section": ref(w.section)}, "1wd@close", houserule},
			{3, "chief", "allot", "allot", map[string]any{"clerk": w.id("clerk")}, "1wd@close", houserule},
			{3, "clerk", "report", "report", map[string]any{"result": "三处电梯均已检验"}, "whole 10wd", houserule},
			{3, "head", "signoff", "sign", note, "whole 10wd", houserule},
			{3, "lin", "review", "accept", note, "2wd@close", houserule},
			{0, "lin", "verify", "accept", result, "5wd@close", houserule},
			{0, "lin", "merit", "propose", map[string]any{"kind": "praise", "words": "整改迅速，建议表扬"}, "3wd@close", houserule},
			{0, "zhou", "grant", "decide", map[string]any{"decision": "yes"}, "2wd@close", houserule},
			{0, "lin", "carry", "done", result, "3wd@close", houserule},
			{0, "lin", "present", "present", result, "1wd@close", houserule},
			{0, "zhou", "answer", "settle", note, "3wd", houserule},
		}})
		told := maps.Clone(given)
		told["visit"] = "announced"
		out = append(out, walk{name: s.ZH + "/事先告知、无异议、整改", kind: "docket." + s.Kind, given: told, outcome: "closed", kids: []string{"signed", "accepted", "taken_back"}, deeds: []deed{
			{0, "lin", "plan", "submit", filledPlan(w, "lin", []string{"clerk"}, nil), s.Plan + "@close", houserule},
			{0, "zhou", "approve", "approve", note, "2wd@close", houserule},
			{0, "lin", "disclose", "tell", tells(w.bureau), "1wd@close", houserule},
			{1, "shen", "sign", "sign", note, "1wd@close", houserule},
			{0, "lin", "inspect", "record", seen, s.Inspect + "@close", houserule},
			{0, "lin", "conclude", "submit", concluded(w.bureau), "5wd@close", houserule},
			{0, "zhou", "sign", "sign", note, "2wd@close", houserule},
			{2, "shen", "receive", "receive", note, "1wd@close", houserule},
			{2, "head", "reply", "accept", note, "30d", decree + "第十七条"},
			{0, "lin", "order", "order", map[string]any{"units": []any{unitItem(w.bureau, "lead", "10wd")}}, "2wd@close", houserule},
			{3, "shen", "sign", "object", map[string]any{"reason": "不属于我局职责"}, "1wd@close", houserule},
			{3, "lin", "ruling", "uphold", reason, "1wd@close", houserule},
			{0, "lin", "verify", "accept", result, "5wd@close", houserule},
			{0, "lin", "merit", "propose", map[string]any{"kind": "none"}, "3wd@close", houserule},
			{0, "lin", "present", "present", result, "1wd@close", houserule},
			{0, "zhou", "answer", "settle", note, "3wd", houserule},
		}})
	}
	return out
}

// supervise opens a special supervision of the bureau and takes it to the feedback;
// it gives the matter and the object's part.
func (w *town) supervise(visit string, plan map[string]any) (id, part int64) {
	w.t.Helper()
	done, err := w.desk.Open(context.Background(), w.people["tang"], matter.Opening{
		Kind: "docket.special", Title: "电梯检验专项督查", Office: w.hall, Originator: w.people["zhou"].Person, Key: w.next(),
		Given: map[string]any{"title": "电梯检验专项督查", "content": "电梯检验落实情况", "ground": "order", "object": ref(w.bureau), "visit": visit},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	id = done.Matter
	w.act("lin", id, "plan", "submit", plan)
	w.act("zhou", id, "approve", "approve", nil)
	if visit == "unannounced" {
		w.act("lin", id, "visit", "record", seen)
	}
	w.act("lin", id, "disclose", "tell", tells(w.bureau))
	w.act("lin", id, "inspect", "record", seen)
	w.act("shen", w.kid(id, 1), "sign", "sign", nil)
	w.act("gu", id, "conclude", "submit", concluded(w.bureau))
	w.act("zhou", id, "sign", "sign", nil)
	part = w.kid(id, 2)
	w.act("shen", part, "receive", "receive", nil)
	return id, part
}

// TestReviewWithinThirtyDays holds article 17 at its edges: asked until the last
// moment of the 30th natural day and not after it, lapsed after it and not before,
// decided within 30 natural days of being asked, by nobody who was involved.
func TestReviewWithinThirtyDays(t *testing.T) {
	storetest.Each(t, migrations(), func(t *testing.T, db *store.DB) {
		w := newTown(t, db)
		w.hire("gu", w.hall, auth.Supervisor)
		w.hire("he", w.hall, auth.Secretary)
		w.hire("ding", w.hall, auth.Deputy)
		ask := matter.Act{Step: "reply", Act: "ask", Input: map[string]any{"reason": "一处电梯已停用"}}
		lapse := matter.Act{Step: "reply", Act: "lapse"}
		received := func() time.Time { // the end of the 30th day after today
			y, m, d := w.clock.Now().In(time.FixedZone("", 8*3600)).Date()
			return time.Date(y, m, d+30, 23, 59, 59, 999999000, time.FixedZone("", 8*3600))
		}

		_, part := w.supervise("announced", filledPlan(w, "lin", []string{"clerk"}, nil))
		last := received()
		w.until(last)
		w.refused("lin", part, lapse, fault.Conflict, "", "时限届满之后")
		w.until(last.Add(time.Microsecond))
		w.refused("shen", part, ask, fault.Conflict, "", "时限已过")
		w.refused("shen", part, lapse, fault.Forbidden, "", "default-deny")
		w.act("lin", part, "reply", "lapse", nil)

		id, part := w.supervise("announced", filledPlan(w, "lin", []string{"clerk"}, []string{"he"}))
		w.until(received())
		w.act("head", part, "reply", "ask", ask.Input)
		s := w.get("zhou", id).Clocks.Slots[0]
		if s.Step != "review" || s.Due != received().UnixMicro() || s.Person != 0 {
			t.Fatalf("the review: %+v, want it due %s", s, received())
		}
		decide := func(who string) matter.Act {
			return matter.Act{Step: "review", Act: "decide", Input: reviewed(w, who, "change")}
		}
		w.refused("he", id, decide("tang"), fault.Forbidden, "", "matter.act.apart") // named as one who stands aside
		w.refused("ding", id, decide("lin"), fault.Invalid, "reviewers/0/person", "督查组组长")
		w.refused("ding", id, decide("clerk"), fault.Invalid, "reviewers/0/person", "督查组成员")
		w.refused("ding", id, decide("he"), fault.Invalid, "reviewers/0/person", "应当回避的人员")
		w.refused("ding", id, decide("gu"), fault.Invalid, "reviewers/0/person", "拟定督查结论") // drew the conclusion
		w.act("zhou", id, "", "recuse", map[string]any{"person": w.id("zhou"), "reason": "曾分管该项工作"})
		w.refused("zhou", id, decide("tang"), fault.Forbidden, "", "matter.act.apart")
		w.refused("ding", id, decide("zhou"), fault.Invalid, "reviewers/0/person", "已从本事项回避")
		w.act("ding", id, "review", "decide", reviewed(w, "tang", "change"))
		if m := w.get("lin", id); m.Stage != "order" {
			t.Errorf("after the review it stands at %s", m.Stage)
		}

		// A revoked conclusion is not rectified.
		id, part = w.supervise("unannounced", filledPlan(w, "gu", []string{"clerk"}, nil))
		w.act("shen", part, "reply", "ask", ask.Input)
		w.act("tang", id, "review", "decide", reviewed(w, "he", "revoke"))
		if m := w.get("lin", id); m.Stage != "merit" {
			t.Errorf("after the revocation it stands at %s", m.Stage)
		}
		// Praise or criticism is carried out only after approval.
		w.act("lin", id, "merit", "propose", map[string]any{"kind": "criticism", "words": "建议批评"})
		w.act("zhou", id, "grant", "decide", map[string]any{"decision": "no"})
		if m := w.get("lin", id); m.Stage != "present" {
			t.Errorf("criticised without approval: %s", m.Stage)
		}
		w.checkAll()
	})
}
