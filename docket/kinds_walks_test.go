package docket_test

import "slices"

const (
	papers  = "党政机关公文处理工作条例第二十四条"
	letters = "信访工作条例第三十四条"
	weighty = "重大行政决策程序暂行条例"
	ours    = "（条文定环节，时限为本机关规则）"
)

// unitDeeds takes a part of docket.unit through the other bureau.
func (w *town) unitDeeds(kid int, whole string) []deed {
	jiao := ref(w.people["jiao"].Person)
	return []deed{
		{kid, "jiao", "sign", "sign", note, "1wd@close", houserule},
		{kid, "jiao", "split", "split", map[string]any{"head": ref(w.people["jiaohead"].Person)}, "1wd@close", houserule},
		{kid, "jiaohead", "direct", "direct", map[string]any{"section": ref(w.other)}, "1wd@close", houserule},
		{kid, "jiao", "allot", "allot", map[string]any{"clerk": jiao}, "1wd@close", houserule},
		{kid, "jiao", "report", "report", map[string]any{"result": "已按要求办理完毕。", "solved": "yes"}, "whole " + whole, houserule},
		{kid, "jiaohead", "signoff", "sign", note, "whole " + whole, houserule},
		{kid, "lin", "review", "accept", note, "2wd@close", houserule},
	}
}

// objected takes a part of docket.unit to the ruling on an objection.
func (w *town) objected(kid int) []deed {
	return []deed{
		{kid, "shen", "sign", "object", map[string]any{"reason": "不属于我局职责"}, "1wd@close", houserule},
		{kid, "lin", "ruling", "uphold", reason, "1wd@close", houserule},
	}
}

// withinDeeds takes a part of docket.handling through the bureau.
func (w *town) withinDeeds(kid int, days string) []deed {
	done := map[string]any{"text": "已到现场办理完毕。", "solved": "yes"}
	whole := "whole " + days
	return []deed{
		{kid, "shen", "sign", "object", map[string]any{"reason": "不属于我局职责"}, "2d", houserule},
		{kid, "lin", "ruling", "designate", reason, "2d", houserule},
		{kid, "shen", "report", "report", done, whole, letters},
		{kid, "head", "signoff", "return", reason, whole, letters},
		{kid, "shen", "report", "report", done, whole, letters},
		{kid, "head", "signoff", "sign", note, whole, letters},
	}
}

func (w *town) lead(limit string) map[string]any {
	return map[string]any{"units": []any{unitItem(w.other, "lead", limit)}}
}

func paperWalks(w *town) []walk {
	given := map[string]any{"title": "关于做好冬季供暖的通知", "from": "省政府办公厅", "ref": "澜政办发〔2026〕12号", "received": "2026-03-02", "content": "请各市做好冬季供暖准备。"}
	reader := func(who string, unit int64) map[string]any {
		return map[string]any{"unit": ref(unit), "person": ref(w.people[who].Person)}
	}
	check := func(sort string) deed {
		return deed{0, "tang", "check", "pass", map[string]any{"sort": sort}, "1wd@close", papers + ours}
	}
	readers := map[string]any{"readers": []any{reader("zhou", w.hall), reader("head", w.bureau)}}
	read := []deed{
		{1, "zhou", "read", "read", note, "2wd@close", houserule},
		{2, "tang", "read", "paper", map[string]any{"words": "已在纸上圈阅。"}, "2wd@close", houserule},
	}
	plan := map[string]any{"opinion": "建议由教育局牵头办理。", "units": []any{unitItem(w.other, "lead", "10wd")}}
	propose := deed{0, "lin", "propose", "submit", plan, "1wd@close", houserule}
	return []walk{
		{name: "收文/阅件", kind: "docket.incoming", given: given, outcome: "read", kids: []string{"read", "read"}, deeds: slices.Concat(
			[]deed{check("reading"), {0, "tang", "route", "send", readers, "1wd@close", papers + ours}}, read)},
		{name: "收文/办件", kind: "docket.incoming", given: given, outcome: "answered", kids: []string{"accepted", "taken_back"}, deeds: slices.Concat(
			[]deed{check("action"), propose,
				{0, "zhou", "instruct", "return", reason, "2wd@close", houserule}, propose,
				{0, "tang", "instruct", "enter", map[string]any{"leader": ref(w.people["zhou"].Person), "words": "请教育局抓紧办。", "way": "units"}, "2wd@close", houserule},
				{0, "lin", "assign", "assign", map[string]any{"units": []any{unitItem(w.other, "lead", "10wd"), unitItem(w.bureau, "assist", "5wd")}}, "1wd@close", houserule}},
			w.unitDeeds(1, "10wd"), w.objected(2),
			[]deed{{0, "tang", "answer", "answer", map[string]any{"text": "已按要求落实。", "sent": "2026-03-20"}, "2wd@close", papers + ours}})},
		{name: "收文/批转传阅", kind: "docket.incoming", given: given, outcome: "read", deeds: slices.Concat(
			[]deed{check("action"), propose, {0, "zhou", "instruct", "instruct", map[string]any{"words": "传阅即可。", "way": "read"}, "2wd@close", houserule},
				{0, "tang", "circulate", "send", readers, "1wd@close", papers + ours}}, read)},
		{name: "收文/圈阅无需答复", kind: "docket.incoming", given: given, outcome: "handled", deeds: slices.Concat(
			[]deed{check("action"), propose, {0, "zhou", "instruct", "circle", note, "2wd@close", houserule}, {0, "lin", "assign", "assign", w.lead("5wd"), "1wd@close", houserule}},
			w.unitDeeds(1, "5wd"), []deed{{0, "tang", "answer", "none", reason, "2wd@close", papers + ours}})},
		{name: "收文/退回", kind: "docket.incoming", given: given, outcome: "returned", deeds: []deed{{0, "lin", "check", "return", reason, "1wd@close", papers + ours}}},
	}
}

func resolutionWalks(w *town) []walk {
	given := map[string]any{"title": "加快推进东环路改造", "meeting": "市政府第36次常务会议", "held": "2026-03-01", "content": "会议议定，由教育局牵头推进。"}
	done := map[string]any{"summary": "已完成主体工程。"}
	return []walk{{name: "议定事项", kind: "docket.resolution", given: given, outcome: "closed", deeds: slices.Concat(
		[]deed{{0, "tang", "check", "pass", note, "1wd@close", houserule}, {0, "lin", "assign", "assign", w.lead("20wd"), "1wd@close", houserule}},
		w.unitDeeds(1, "20wd"),
		[]deed{
			{0, "lin", "present", "present", done, "2wd@close", houserule},
			{0, "zhou", "answer", "go_on", map[string]any{"reason": "尚有收尾工程", "next": "2026-06-30"}, "3wd", houserule},
			{0, "lin", "present", "present", done, "2wd@close", houserule},
			{0, "zhou", "answer", "settle", note, "3wd", houserule},
		})}}
}

func letterWalks(w *town) []walk {
	given := map[string]any{"title": "小区门前路灯不亮", "writer": "陈女士", "phone": "13800000000", "content": "路灯坏了一个月。", "received": "2026-03-01", "sort": "complain"}
	said := func(solved string) map[string]any {
		return map[string]any{"solved": solved, "asked": "2026-03-20", "words": "看到了。"}
	}
	assign := deed{0, "lin", "assign", "assign", map[string]any{"units": []any{unitItem(w.bureau, "lead", "45d")}}, "1wd@close", houserule}
	answer := deed{0, "tang", "answer", "answer", map[string]any{"text": "已修复路灯三盏。", "way": "call", "sent": "2026-03-18"}, "2wd@close", houserule}
	const came = "信访工作条例第二十二条（15日，本机关从严）"
	return []walk{
		{name: "市长信箱/解决", kind: "docket.letter", given: given, outcome: "solved", deeds: slices.Concat(
			[]deed{{0, "tang", "accept", "accept", map[string]any{"opinion": "受理"}, "2wd@close", came}, assign}, w.withinDeeds(1, "45d"),
			[]deed{answer, {0, "tang", "ask", "again", said("no"), "5wd@close", houserule}, assign}, w.withinDeeds(2, "45d"),
			[]deed{answer, {0, "tang", "ask", "record", said("yes"), "5wd@close", houserule}})},
		{name: "市长信箱/不予受理", kind: "docket.letter", given: given, outcome: "refused", deeds: []deed{{0, "tang", "accept", "refuse", reason, "2wd@close", came}}},
	}
}

func difficultyWalks(w *town) []walk {
	given := map[string]any{"title": "河道清淤无处堆放", "content": "清淤土方无处堆放，需协调用地。", "tried": "已在本街道内找地，没有合适的。"}
	rate := func(solved string) map[string]any {
		return map[string]any{"came": "yes", "solved": solved, "words": "到了现场，仍需协调。"}
	}
	receive := deed{0, "lin", "receive", "assign", map[string]any{"units": []any{unitItem(w.bureau, "lead", "10d")}}, "1wd@close", houserule}
	return []walk{
		{name: "基层吹哨/提级协调", kind: "docket.difficulty", opener: "jiao", unit: w.other, given: given, outcome: "lifted", deeds: slices.Concat(
			[]deed{receive}, w.withinDeeds(1, "10d"), []deed{{0, "jiao", "rate", "again", rate("no"), "3wd@close", houserule}, receive}, w.withinDeeds(2, "10d"),
			[]deed{{0, "jiaohead", "rate", "rate", rate("no"), "3wd@close", houserule}, {0, "zhou", "lift", "settle", map[string]any{"decision": "由自然资源部门调剂临时用地。"}, "3wd@close", houserule}})},
		{name: "基层吹哨/解决", kind: "docket.difficulty", opener: "jiao", unit: w.other, given: given, outcome: "solved", deeds: slices.Concat(
			[]deed{receive}, w.withinDeeds(1, "10d"), []deed{{0, "jiao", "rate", "rate", rate("yes"), "3wd@close", houserule}})},
	}
}

func seekWalks(w *town) []walk {
	given := map[string]any{"title": "争取省级智慧养老试点", "sort": "pilot", "organ": "省民政厅", "level": "province", "content": "我市基础较好，争取列入首批。"}
	moved := map[string]any{"words": "已到省厅当面汇报。", "next": "2026-06-30"}
	follow := deed{0, "lin", "follow", "go", moved, "20wd@close", houserule}
	return []walk{{name: "向上争取", kind: "docket.seek", given: given, outcome: "granted", deeds: slices.Concat(
		[]deed{{0, "zhou", "approve", "approve", note, "3wd@close", houserule}, {0, "lin", "assign", "assign", w.lead("10wd"), "1wd@close", houserule}},
		w.unitDeeds(1, "10wd"),
		[]deed{
			{0, "tang", "send", "send", map[string]any{"ref": "澄政请〔2026〕3号", "sent": "2026-03-12"}, "3wd@close", houserule}, follow,
			{0, "lin", "answer", "more", moved, "20wd@close", houserule}, follow,
			{0, "lin", "answer", "answer", map[string]any{"result": "granted", "ref": "澜民复〔2026〕8号", "words": "同意列入。"}, "20wd@close", houserule},
			{0, "zhou", "report", "settle", note, "3wd", houserule},
		})}}
}

func countersignWalks(w *town) []walk {
	part := func(unit int64, limit string) any { return map[string]any{"unit": ref(unit), "limit": limit} }
	given := map[string]any{"title": "关于规范共享单车的实施意见", "content": "请各单位会签。", "units": []any{part(w.bureau, "3wd@close"), part(w.other, "2wd@close")}}
	send := deed{0, "tang", "send", "send", nil, "1wd@close", houserule}
	finish := deed{0, "tang", "finish", "finish", map[string]any{"taken": "意见已采纳或说明。"}, "1wd@close", houserule}
	agree := deed{1, "head", "sign", "agree", note, "3wd@close", houserule}
	dissent := deed{2, "jiaohead", "sign", "dissent", map[string]any{"dissent": "与现行规定不一致。"}, "2wd@close", houserule}
	return []walk{
		{name: "会签/不同意见", kind: "docket.countersign", given: given, outcome: "signed", kids: []string{"agreed", "dissented"}, deeds: []deed{
			send, agree, dissent, {0, "lin", "reconcile", "lift", map[string]any{"points": "停放收费的依据"}, "3wd@close", houserule},
			{0, "zhou", "rule", "rule", map[string]any{"ruling": "删去收费条款。"}, "2wd@close", houserule}, finish}},
		{name: "会签/修改", kind: "docket.countersign", given: given, outcome: "signed", kids: []string{"agreed", "amended"}, deeds: []deed{
			send, agree, {2, "jiao", "sign", "amend", map[string]any{"changes": "第三条改为“可以”。"}, "2wd@close", houserule}, finish}},
	}
}

func decisionWalks(w *town) []walk {
	given := map[string]any{"title": "中心城区停车收费管理办法", "host": ref(w.bureau), "sort": "policy", "content": "规范停车收费。"}
	public := func(until string) deed {
		return deed{0, "shen", "publish", "publish", map[string]any{"from": "2026-03-02", "until": until, "where": "市政府网站"}, "3wd@close", weighty + "第十五条" + ours}
	}
	comments := deed{0, "shen", "collect", "collect", map[string]any{"count": float64(42), "summary": "采纳18条，逐条说明。"}, "45d", houserule}
	return []walk{
		{name: "重大行政决策", kind: "docket.decision", unit: w.bureau, given: given, outcome: "decided", kids: []string{"change", "lawful"}, deeds: slices.Concat(
			[]deed{{0, "zhou", "start", "approve", note, "5wd@close", weighty + "第十二条" + ours},
				{0, "shen", "draft", "draft", map[string]any{"summary": "草案共六章。"}, "20wd@close", weighty + "第十三条" + ours},
				// A day short of thirty is not enough: the leader rules, and sends it back.
				public("2026-03-31"), {0, "zhou", "permit", "return", reason, "1wd@close", weighty + "第十五条" + ours},
				public("2026-04-01"), comments,
				{0, "shen", "experts", "argue", map[string]any{"experts": "三位专家", "opinion": "总体可行。"}, "20wd@close", weighty + "第十九条" + ours},
				{0, "shen", "risk", "assess", map[string]any{"level": "low", "summary": "风险可控。"}, "20wd@close", weighty + "第二十二条" + ours}},
			w.reviewed(1, "mend", map[string]any{"opinion": "修改后合法。", "change": "第五条"}),
			[]deed{{0, "shen", "mend", "mend", map[string]any{"changed": "已修改第五条。"}, "10wd@close", houserule},
				{0, "tang", "discuss", "return", reason, "20wd@close", weighty + "第三十条" + ours}},
			w.reviewed(2, "lawful", map[string]any{"opinion": "合法合规。"}),
			[]deed{{0, "tang", "discuss", "record", map[string]any{"meeting": "市政府第40次常务会议", "held": "2026-04-20", "verdict": "pass", "record": "一致同意。"}, "20wd@close", weighty + "第三十条" + ours},
				{0, "shen", "announce", "announce", map[string]any{"ref": "澄政发〔2026〕5号", "sent": "2026-04-22", "where": "市政府公报"}, "20wd@close", weighty + "第三十二条" + ours}})},
		{name: "重大行政决策/审查不合法", kind: "docket.decision", unit: w.bureau, given: given, outcome: "stopped", deeds: slices.Concat(
			[]deed{{0, "zhou", "start", "approve", note, "5wd@close", weighty + "第十二条" + ours},
				{0, "shen", "draft", "draft", map[string]any{"summary": "草案共六章。"}, "20wd@close", weighty + "第十三条" + ours},
				public("2026-03-20"), {0, "zhou", "permit", "permit", map[string]any{"reason": "防汛紧急需要"}, "1wd@close", weighty + "第十五条" + ours}, comments,
				{0, "shen", "experts", "skip", reason, "20wd@close", weighty + "第十九条" + ours}, {0, "shen", "risk", "skip", reason, "20wd@close", weighty + "第二十二条" + ours}},
			w.reviewed(1, "unlawful", map[string]any{"opinion": "设定了收费。", "unlawful": "没有法律依据"}))},
	}
}

// reviewed sends a draft for review of legality and takes the review through the
// other bureau: seven working days at least.
func (w *town) reviewed(kid int, act string, input map[string]any) []deed {
	return []deed{
		{0, "shen", "submit", "submit", map[string]any{"units": []any{map[string]any{"unit": ref(w.other), "limit": "7wd"}}}, "5wd@close", houserule},
		{kid, "jiao", "examine", act, input, "7wd", weighty + "第二十六条"},
		{kid, "jiaohead", "signoff", "sign", nil, "2wd@close", houserule},
	}
}
