package report

import (
	"fmt"
	"strings"

	"touyan.dev/touyan/kernel/fault"
)

// Propose puts the commitments of a document before a person, in the order of
// the text. Only parts that plan are read, and of these only clauses that look
// forward and carry a number or a date; with rules.Tasks also sentences that
// name a deliverable without either.
func Propose(doc Document, rules Rules) []Proposal {
	m := rules.compile()
	var out []Proposal
	var told teller
	for _, s := range Split(doc) {
		if s.Number == 1 {
			told = teller{announced: told.announced}
		}
		if s.Part != Plan {
			continue
		}
		out = append(out, fromSentence(doc, s, m, &told)...)
	}
	return out
}

// Commitments is Propose for a text that must hold some: none is an error.
func Commitments(doc Document, rules Rules) ([]Proposal, error) {
	found := Propose(doc, rules)
	if len(found) == 0 {
		return nil, fault.At("report.Commitments", "name", "没有找到可分解的任务：请确认文件是工作报告且含有工作安排部分。",
			"No commitments were found; make sure the file is a work report with a part on the work planned.")
	}
	return found, nil
}

// teller remembers what one sentence means for the next: within a paragraph,
// whether the text is telling the past; across its end, the date of an
// announcement ("今年的主要目标是：") whose list follows.
type teller struct {
	past      bool
	announced Deadline
}

func fromSentence(doc Document, s Sentence, m *matcher, told *teller) []Proposal {
	rs := []rune(s.Text)
	ds := deadlines(rs, doc.Year)
	qs := quantities(rs, ds)
	isPast := told.tells(rs, ds, headEnd(rs, qs))
	if len(qs) == 0 && len(ds) == 0 {
		if m.tasks && !isPast && !s.Heading && deliverable(rs) {
			g := group{from: 0, to: len(rs), core: atom{from: 0, to: len(rs)}}
			return []Proposal{m.proposal(doc, s, rs, g)}
		}
		return nil
	}
	if isPast {
		return nil
	}
	var out []Proposal
	announced := told.announced
	told.announced = Deadline{}
	if due, dated := best(ds); dated && strings.HasSuffix(s.Text, "：") {
		told.announced = due
	}
	for _, g := range groups(rs, atoms(rs, qs, ds)) {
		if !g.dated && announced.Kind != "" {
			g.deadline, g.dated, g.inherited = announced, true, true
		}
		if keeps(rs, g) && (!s.Heading || len(g.qs) > 0 || !g.deadline.vague()) {
			out = append(out, m.proposal(doc, s, rs, g))
		}
	}
	return out
}

// tells reports whether a sentence is history: it opens as an account of the
// past, or speaks of what has been done, and nothing in it looks forward. An
// account goes on until a sentence of the paragraph looks forward again.
func (t *teller) tells(rs []rune, ds []Deadline, head int) bool {
	start := skipModals(rs, 0, len(rs), nil)
	opens := false
	for _, w := range openings {
		if follows(rs, start, w) {
			opens = true
		}
	}
	pastDate := false
	for _, d := range ds {
		if d.past && d.from <= start+2 && !follows(rs, d.to, "到期") {
			opens = true
		}
		pastDate = pastDate || d.past
	}
	strong := firmAhead().in(rs) || futureDate(ds)
	switch {
	case opens:
		t.past = !strong
		return t.past
	case strong:
		t.past = false
		return false
	case toldOfPast(rs[:head], pastDate):
		return true
	case t.past && !ahead().in(rs):
		return true
	}
	t.past = false
	return false
}

// toldOfPast judges the head of a sentence: a past tense further on only
// explains the figure before it.
func toldOfPast(head []rune, pastDate bool) bool {
	return history().in(head) || perfect(head) && (pastDate || !ahead().in(head))
}

// headEnd is the end of the first clause with a number, or of the sentence.
func headEnd(rs []rune, qs []Quantity) int {
	if len(qs) == 0 {
		return len(rs)
	}
	return nextSeparator(rs, qs[0].to)
}

func futureDate(ds []Deadline) bool {
	for _, d := range ds {
		if !d.past && d.Date != "" {
			return true
		}
	}
	return false
}

// perfect finds 了 as a mark of completion, not 为了 or 除了.
func perfect(rs []rune) bool {
	for i, r := range rs {
		if r == '了' && !precedesAny(rs, i, "为", "除", "少不", "免不") && !followsAnyBool(rs, i, "了解") {
			return true
		}
	}
	return false
}

// keeps decides about one clause: numbers are kept unless they tell of last
// year; a mere date needs a duty, and 今年 alone also needs not to be an
// announcement.
func keeps(rs []rune, g group) bool {
	start := skipModals(rs, g.from, g.to, nil)
	if followsAny(rs, start, "去年", "上年", "过去") > 0 {
		return false
	}
	core := rs[g.core.from:g.core.to]
	if len(g.qs) > 0 {
		return !past(core) || ahead().in(core)
	}
	if !g.dated || g.inherited || hollow(rs, g) {
		return false
	}
	if !g.deadline.weak {
		return true
	}
	text := rs[g.from:g.to]
	words := string(text)
	bound := containsAny(words, "要", "将", "拟", "主要是")
	if g.deadline.to < len(rs) && rs[g.deadline.to] == '的' && !bound || perfect(core) && !bound {
		return false // 今年的……: which aims, not by when; 今年签署了……: done
	}
	return verbs().in(text) && !containsAny(words, boilerplate...)
}

func past(text []rune) bool { return history().in(text) || perfect(text) }

// deliverable reports whether a sentence names a thing to be made or done.
func deliverable(rs []rune) bool {
	return containsAny(string(rs), "出台", "制定", "制订", "修订", "编制", "建成", "新建", "启动", "开工", "完成", "取消", "设立", "开展", "建立", "实施")
}

func (m *matcher) proposal(doc Document, s Sentence, rs []rune, g group) Proposal {
	to := g.to
	for to > g.from+1 && hasRune("，；：、", rs[to-1]) {
		to--
	}
	p := Proposal{
		Sentence: s, Span: s.clause(g.from, to), Clause: string(rs[g.from:to]),
		Title: title(rs, g), Verbs: verbsOf(rs[g.from:to]),
		Quantities: subjects(rs, g), Deadline: g.deadline,
		Strength: strength(rs, g),
	}
	p.ID = fmt.Sprintf("%s-%d-%d", doc.Hash, p.Span.Start, p.Span.End)
	p.Lead, p.Assist = m.units(s, rs, g)
	p.Reason = reason(p)
	return p
}

// title is the heart of a clause without dates, modals and what follows its
// first comma, at most 40 runes.
func title(rs []rune, g group) string {
	from := skipModals(rs, g.core.from, g.core.to, g.core.ds)
	to := g.core.to
	if to-from < 4 { // the atom was its date: take what follows
		from = skipModals(rs, to, g.to, nil)
		to = from
	}
	for to < g.to && to-from < 9 && len(g.core.qs) == 0 { // 因势利导: too short to tell
		for to++; to < g.to && !hasRune("，；：。！？", rs[to]); {
			to++
		}
	}
	if to <= from {
		from, to = g.from, g.to
	}
	out := strings.Trim(string(rs[from:to]), "，。；：、！？ \t")
	if cut := []rune(out); len(cut) > 40 {
		out = string(cut[:39]) + "…"
	}
	return out
}

func verbsOf(rs []rune) []string {
	out := []string{}
	for i := 0; i < len(rs) && len(out) < 6; i++ {
		v, n, ok := verbs().at(rs, i)
		if !ok {
			continue
		}
		seen := false
		for _, o := range out {
			seen = seen || o == v
		}
		if !seen {
			out = append(out, v)
		}
		i += n - 1
	}
	return out
}

// strength reads the wording of the clause; a hope weakens even a firm verb,
// since it is the number that is hoped for.
func strength(rs []rune, g group) Strength {
	text := rs[g.from:g.to]
	start := skipModals(rs, g.from, g.to, g.core.ds)
	switch {
	case hopeful().in(text):
		return Strive
	case firm().in(text):
		return Must
	}
	if _, _, ok := soft().at(rs, start); ok {
		return Encourage
	}
	return Should
}

// subjects gives each number what it measures. In "A、B分别达到98%和95%" the
// subjects are dealt out in order.
func subjects(rs []rune, g group) []Quantity {
	out := append([]Quantity{}, g.qs...)
	from := g.from
	for i := range out {
		q := &out[i]
		for k := q.from - 1; k >= from; k-- {
			if hasRune("，；：。", rs[k]) || i > 0 && hasRune("、和", rs[k]) {
				from = k + 1
				break
			}
		}
		q.Subject = subject(rs, skipModals(rs, min(from, q.from), q.from, g.core.ds), q.from)
		if q.Subject == "" && (i == 0 || out[i-1].to > q.from-6) {
			q.Subject = objectAfter(rs, q.to, g.to)
		}
		if q.Subject == "" && i > 0 { // 提高5%和8%
			q.Subject = out[i-1].Subject
		}
		if i > 0 && isBaseOf(rs, out[i-1], *q) {
			out[i-1].Base = true
			out[i-1].Subject = strings.TrimRight(beforeLast(out[i-1].Subject, "由从"), "，、")
			q.Subject = out[i-1].Subject + string(rs[out[i-1].to:q.from-1])
		}
		from = q.to
	}
	deal(rs, g, out)
	return out
}

// subject trims a stretch before a number to the thing measured.
func subject(rs []rune, from, to int) string {
	for changed := true; changed && to > from; {
		changed = false
		if _, n := relationBefore(rs, to); n > 0 && to-n >= from {
			to, changed = to-n, true
		}
		if to > from && (hasRune("到至为在、，再由从按拟", rs[to-1]) || rs[to-1] == '均' && !precedesAny(rs, to, "人均", "年均", "户均", "日均")) {
			to, changed = to-1, true
		}
	}
	if to-from > 24 {
		from = to - 24
	}
	if to <= from {
		return ""
	}
	return strings.Trim(string(rs[from:to]), "，、：的")
}

// objectAfter takes the noun after a number as what it counts: "1000万户棚户区".
func objectAfter(rs []rune, from, end int) string {
	to := from
	for to < end && to-from < 16 && !hasRune("，。；：、！？和\t", rs[to]) {
		to++
	}
	return strings.Trim(string(rs[from:to]), "的")
}

// deal hands out the subjects of 分别.
func deal(rs []rune, g group, qs []Quantity) {
	if len(qs) < 2 {
		return
	}
	at := -1
	for i := g.from; i+1 < qs[0].from; i++ {
		if follows(rs, i, "分别") {
			at = i
		}
	}
	if at < 0 {
		return
	}
	from := skipModals(rs, g.from, at, g.core.ds)
	names := strings.FieldsFunc(string(rs[from:at]), func(r rune) bool { return hasRune("、，和与及", r) })
	if len(names) != len(qs) {
		return
	}
	verb := subject(rs, at+2, qs[0].from)
	for i := range qs {
		qs[i].Subject = names[i] + verb
	}
}

// reason says in one sentence what was found.
func reason(p Proposal) fault.Text {
	var zh, en []string
	if n := len(p.Quantities); n > 0 {
		texts := make([]string, n)
		for i, q := range p.Quantities {
			texts[i] = q.Text
		}
		list := strings.Join(texts, "、")
		zh, en = append(zh, "有量化指标“"+list+"”"), append(en, "it carries the figure "+list)
	}
	if d := p.Deadline; d.Text != "" {
		zh, en = append(zh, "有时限“"+d.Text+"”"), append(en, "it carries the date "+d.Text)
	}
	if len(zh) == 0 {
		zh, en = append(zh, "有明确的工作成果"), append(en, "it names a deliverable")
	}
	lead := fault.T("未找到职责词，牵头单位请人工确定。", "no duty word was found, so a person chooses the lead unit.")
	switch words := strings.Join(p.Lead.Words, "、"); {
	case p.Lead.Named:
		lead = fault.T("牵头单位由原文写明。", "the text itself names the lead unit.")
	case p.Lead.Unit != "":
		lead = fault.T("牵头单位依据职责词“"+words+"”提出。", "the lead unit follows from the duty words "+words+".")
	}
	return fault.T(
		"该句属于工作安排部分，"+strings.Join(zh, "，")+"；"+lead.ZH,
		"The sentence stands in the plan, and "+strings.Join(en, ", ")+"; "+lead.EN)
}

// isBaseOf reports whether a is where b starts from: 由a提高到b, 从a降至b.
func isBaseOf(rs []rune, a, b Quantity) bool {
	if b.from-a.to > 8 || b.from-a.to < 1 || !baseOpen(rs, a.from) {
		return false
	}
	return hasRune("到至为", rs[b.from-1])
}

// baseOpen looks back a few runes of the same clause for 由 or 从.
func baseOpen(rs []rune, i int) bool {
	for k := i - 1; k >= 0 && i-k < 10 && !hasRune("，；。：", rs[k]); k-- {
		if rs[k] == '由' || rs[k] == '从' {
			return true
		}
	}
	return false
}

// beforeLast cuts s at the last of the given runes, unless nothing would stay.
func beforeLast(s, cutset string) string {
	if at := strings.LastIndexAny(s, cutset); at > 0 {
		return s[:at]
	}
	return s
}
