package fact

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/panel"
)

// teller puts facts of one panel into words.
type teller struct {
	p *panel.Panel
	o Options
}

// Say gives the sentence of a fact in both languages, with every qualifier it
// must not be quoted without.
func Say(p *panel.Panel, o Options, f Fact) fault.Text {
	t := teller{p, o}
	text := t.claim(f)
	zh, en := t.qualifiers(f)
	if len(zh) > 0 {
		text.ZH += "（" + strings.Join(zh, "；") + "）"
		text.EN += " (" + strings.Join(en, "; ") + ")"
	}
	return fault.T(text.ZH+"。", text.EN+".")
}

// words are the parts that most sentences need.
type words struct {
	subject, rival, period, since, first, indicator, peers fault.Text
	value, ref                                             fault.Text
}

func (t teller) words(f Fact) words {
	x := t.p.Indicators[f.Indicator]
	w := words{period: t.p.Axis.Name(int(f.Period), x.Form), indicator: t.indicator(f)}
	if f.Subject >= 0 {
		w.subject = t.p.Subjects[f.Subject].Name
	}
	if f.Rival >= 0 {
		w.rival = t.p.Subjects[f.Rival].Name
	}
	if f.Since >= 0 {
		w.since = t.earlier(f, int(f.Since))
	}
	w.first = t.earlier(f, int(f.First))
	if f.Peers >= 0 {
		w.peers = t.p.Peers[f.Peers].Name
		if t.p.Peers[f.Peers].Kind == "all" {
			w.peers = fault.T("全部对象", "all subjects")
		}
	}
	w.value, w.ref = t.figure(f, f.Value), t.figure(f, f.Ref)
	return w
}

// earlier names a period before the fact's: of a cumulative figure the same part
// of another year is 同期, as that is what it is compared with.
func (t teller) earlier(f Fact, at int) fault.Text {
	a, form := t.p.Axis, t.p.Indicators[f.Indicator].Form
	year := a.Year(at)
	if form == panel.Cumulative && a.Freq != panel.Yearly && a.Part(at) == a.Part(int(f.Period)) && a.Part(at) < int(a.Freq) && year != a.Year(int(f.Period)) {
		return fault.T(fmt.Sprintf("%d年同期", year), fmt.Sprintf("the same months of %d", year))
	}
	return a.Name(at, form)
}

const sameMonths = " (the same months of each)"

// times says how long a run of compared periods is.
func (t teller) times(f Fact, n int32) (zh, en string) {
	a := t.p.Axis
	cumulative := t.p.Indicators[f.Indicator].Form == panel.Cumulative
	count := func(what string) string {
		if n == 1 {
			return "1 " + what
		}
		return fmt.Sprintf("%d %ss", n, what)
	}
	switch {
	case a.Freq == panel.Yearly || cumulative && a.Part(int(f.Period)) == int(a.Freq):
		return fmt.Sprintf("%d年", n), count("year")
	case cumulative:
		return fmt.Sprintf("%d年同期", n), count("year") + sameMonths
	case a.Freq == panel.Quarterly:
		return fmt.Sprintf("%d个季度", n), count("quarter")
	}
	return fmt.Sprintf("%d个月", n), count("month")
}

// indicator names what was measured, in the fact's form.
func (t teller) indicator(f Fact) fault.Text {
	n := t.p.Indicators[f.Indicator].Name
	switch f.Form {
	case Growth:
		if t.p.Indicators[f.Indicator].Price == "current" {
			return fault.T(n.ZH+"名义增速", "nominal growth of "+n.EN)
		}
		return fault.T(n.ZH+"增速", "growth of "+n.EN)
	case Share:
		return fault.T(n.ZH+"占比", "share of "+n.EN)
	case PerHead:
		return fault.T("人均"+n.ZH, n.EN+" per head")
	}
	return n
}

// figure writes a value with its unit; a percentage with one decimal.
func (t teller) figure(f Fact, v float64) fault.Text {
	switch f.Form {
	case Growth, Share:
		s := strconv.FormatFloat(v, 'f', 1, 64) + "%"
		return fault.T(s, s)
	}
	return Figure(v, t.p.Indicators[f.Indicator].Unit)
}

// Figure writes a value with its unit, each language in its own scale.
func Figure(v float64, unit fault.Text) fault.Text {
	return fault.T(Number(v)+unit.ZH, english(v, unit.EN))
}

// english writes a value in the scale of English: what Chinese counts in
// 100 millions and ten thousands, in billions, millions and thousands.
func english(v float64, unit string) string {
	a := math.Abs(v)
	if rest, ok := strings.CutPrefix(unit, "100 million "); ok {
		if a >= 10 {
			return Number(v/10) + " billion " + rest
		}
		return Number(v*100) + " million " + rest
	}
	if rest, ok := strings.CutPrefix(unit, "ten thousand "); ok {
		if a >= 100 {
			return Number(v/100) + " million " + rest
		}
		return Number(v*10) + " thousand " + rest
	}
	if unit == "" || unit == "%" {
		return Number(v) + unit
	}
	return Number(v) + " " + unit
}

// Number writes a value as a report does: whole from ten thousand on, with one
// decimal from a thousand on, else with as many as leave four digits.
func Number(v float64) string {
	decimals := 0
	switch a := math.Abs(v); {
	case a > 0 && a < 1:
		decimals = 4
	case a < 1000:
		decimals = 2
	case a < 10000:
		decimals = 1
	}
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// claim gives the sentence without its end.
func (t teller) claim(f Fact) fault.Text {
	switch w := t.words(f); f.Kind {
	case Rank, RankChange, FirstTopOnRecord, FirstTopSince, BestRank, WorstRank, TopStreak, MedianStreak, Overtake, Overtaken:
		return t.ranks(f, w)
	case Record, HighestSince, LowestOnRecord, LowestSince, RiseStreak, FallStreak, RiseBroken, FallBroken:
		return t.levels(f, w)
	default:
		return t.others(f, w)
	}
}

// good words a direction by the indicator's polarity: which word when it is good,
// which when it is not, which when it is neither.
func (t teller) good(f Fact, up bool, well, ill, plain fault.Text) fault.Text {
	p := t.p.Indicators[f.Indicator].Polarity
	switch {
	case p == panel.Neutral:
		return plain
	case up == (p == panel.LargerBetter):
		return well
	}
	return ill
}

// order says which end a rank counts from.
func (t teller) order(f Fact) (zh, en string) {
	if t.p.Indicators[f.Indicator].Polarity == panel.SmallerBetter {
		return "由低到高", "from the lowest, "
	}
	return "", ""
}

func (t teller) ranks(f Fact, w words) fault.Text {
	from, fromEN := t.order(f)
	zh := fmt.Sprintf("%s%s%s为%s，在%s中%s", w.subject.ZH, w.period.ZH, w.indicator.ZH, w.value.ZH, w.peers.ZH, from)
	en := fmt.Sprintf("%s: %s in %s was %s; %samong %s it ", w.subject.EN, w.indicator.EN, w.period.EN, w.value.EN, fromEN, w.peers.EN)
	long, longEN := t.times(f, f.P1)
	switch f.Kind {
	case Rank:
		return fault.T(fmt.Sprintf("%s居第%d位", zh, f.P1), fmt.Sprintf("%sranks %d", en, f.P1))
	case RankChange:
		verb, verbEN, n := "前移", "up", f.P1-f.P2
		if n < 0 {
			verb, verbEN, n = "后移", "down", -n
		}
		return fault.T(fmt.Sprintf("%s居第%d位，比%s%s%d位", zh, f.P2, w.since.ZH, verb, n), fmt.Sprintf("%sranks %d, %s %d from %s", en, f.P2, verbEN, n, w.since.EN))
	case FirstTopOnRecord:
		return fault.T(fmt.Sprintf("%s居第%d位，有可比记录（%s）以来首次%s", zh, f.P1, w.first.ZH, entered(f)),
			fmt.Sprintf("%sranks %d, %s for the first time on record (since %s)", en, f.P1, enteredEN(f), w.first.EN))
	case FirstTopSince:
		return fault.T(fmt.Sprintf("%s居第%d位，自%s以来再次%s", zh, f.P1, w.since.ZH, entered(f)),
			fmt.Sprintf("%sranks %d, %s again for the first time since %s", en, f.P1, enteredEN(f), w.since.EN))
	case BestRank, WorstRank:
		best, bestEN := "最好位次", "best rank"
		if f.Kind == WorstRank {
			best, bestEN = "最低位次", "lowest rank"
		}
		if f.Since < 0 {
			return fault.T(fmt.Sprintf("%s居第%d位，为有可比记录（%s）以来%s", zh, f.P1, w.first.ZH, best), fmt.Sprintf("%sranks %d, its %s on record (since %s)", en, f.P1, bestEN, w.first.EN))
		}
		return fault.T(fmt.Sprintf("%s居第%d位，为%s以来%s", zh, f.P1, w.since.ZH, best), fmt.Sprintf("%sranks %d, its %s since %s", en, f.P1, bestEN, w.since.EN))
	case TopStreak:
		return fault.T(fmt.Sprintf("%s已连续%s%s", zh, long, strings.Replace(entered(f), "进入", "位居", 1)), fmt.Sprintf("%shas been %s for %s in a row", en, strings.NewReplacer("reaching the first ", "among the first ", "reaching first", "in first").Replace(enteredEN(f)), longEN))
	case MedianStreak:
		return fault.T(fmt.Sprintf("%s已连续%s好于中位水平", zh, long), fmt.Sprintf("%shas been better than the median for %s in a row", en, longEN))
	}
	verb, verbEN := "超过"+w.rival.ZH+"（"+w.ref.ZH+"）", "passed"
	if f.Kind == Overtaken {
		verb, verbEN = "被"+w.rival.ZH+"（"+w.ref.ZH+"）超过", "was passed by"
	}
	again, againEN := "有可比记录（"+w.first.ZH+"）以来首次", "for the first time on record (since "+w.first.EN+")"
	if f.Since >= 0 {
		again, againEN = "自"+w.since.ZH+"以来再次", "for the first time since "+w.since.EN
	}
	if t.p.Indicators[f.Indicator].Polarity == panel.SmallerBetter {
		verb, verbEN = "转为低于"+w.rival.ZH+"（"+w.ref.ZH+"）", "is now below, and so better than,"
		if f.Kind == Overtaken {
			verb, verbEN = "转为高于"+w.rival.ZH+"（"+w.ref.ZH+"）", "is now above, and so behind,"
		}
	}
	return fault.T(fmt.Sprintf("%s%s%s为%s，%s，%s", w.subject.ZH, w.period.ZH, w.indicator.ZH, w.value.ZH, verb, again),
		fmt.Sprintf("%s: %s in %s was %s and %s %s (%s), %s", w.subject.EN, w.indicator.EN, w.period.EN, w.value.EN, verbEN, w.rival.EN, w.ref.EN, againEN))
}

func entered(f Fact) string {
	if f.P2 == 1 {
		return "位居首位"
	}
	return fmt.Sprintf("进入前%d位", f.P2)
}

func enteredEN(f Fact) string {
	if f.P2 == 1 {
		return "reaching first place"
	}
	return fmt.Sprintf("reaching the first %d", f.P2)
}

func (t teller) levels(f Fact, w words) fault.Text {
	zh := fmt.Sprintf("%s%s%s为%s", w.subject.ZH, w.period.ZH, w.indicator.ZH, w.value.ZH)
	en := fmt.Sprintf("%s: %s in %s was %s", w.subject.EN, w.indicator.EN, w.period.EN, w.value.EN)
	if f.Form == Share {
		zh = fmt.Sprintf("%s%s占%s%s总量的%s", w.subject.ZH, w.period.ZH, w.peers.ZH, t.p.Indicators[f.Indicator].Name.ZH, w.value.ZH)
		en = fmt.Sprintf("%s: its share of %s's %s in %s was %s", w.subject.EN, w.peers.EN, t.p.Indicators[f.Indicator].Name.EN, w.period.EN, w.value.EN)
	}
	better := fault.T("提高", "improved")
	if t.p.Indicators[f.Indicator].Additive && f.Form == Level {
		better = fault.T("增长", "grew")
	}
	rise := t.good(f, true, better, fault.T("上升", "worsened (rose)"), fault.T("上升", "rose"))
	fall := t.good(f, false, fault.T("下降（向好）", "improved (fell)"), fault.T("下降", "fell"), fault.T("下降", "fell"))
	long, longEN := t.times(f, f.P1)
	switch f.Kind {
	case Record:
		return fault.T(zh+"，为有可比记录（"+w.first.ZH+"）以来最高", en+", the highest on record (since "+w.first.EN+")")
	case HighestSince:
		return fault.T(zh+"，为"+w.since.ZH+"以来最高", en+", the highest since "+w.since.EN)
	case LowestOnRecord:
		return fault.T(zh+"，为有可比记录（"+w.first.ZH+"）以来最低", en+", the lowest on record (since "+w.first.EN+")")
	case LowestSince:
		return fault.T(zh+"，为"+w.since.ZH+"以来最低", en+", the lowest since "+w.since.EN)
	case RiseStreak, FallStreak:
		move := rise
		if f.Kind == FallStreak {
			move = fall
		}
		longest, longestEN := "", ""
		if f.P2 == 1 {
			longest, longestEN = "，为有可比记录以来最长", ", the longest such run on record"
		}
		return fault.T(fmt.Sprintf("%s，已连续%s%s%s", zh, long, move.ZH, longest), fmt.Sprintf("%s and %s for %s in a row%s", en, move.EN, longEN, longestEN))
	}
	run := "上升"
	runEN := "rises"
	if f.Kind == FallBroken {
		run, runEN = "下降", "falls"
	}
	return fault.T(fmt.Sprintf("%s，此前连续%s的%s就此中断", zh, long, run), fmt.Sprintf("%s, which ended %s of %s in a row", en, longEN, runEN))
}

func (t teller) others(f Fact, w words) fault.Text {
	percent := func(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }
	switch f.Kind {
	case GapLeader, GapNext, GapChaser:
		who := map[Kind]fault.Text{GapLeader: fault.T("首位", "the leader"), GapNext: fault.T("前一位", "the next above"), GapChaser: fault.T("后一位", "the next below")}[f.Kind]
		move, n := fault.T("缩小", "narrowed"), f.P1
		if n < 0 {
			move, n = fault.T("扩大", "widened"), -n
		}
		long, longEN := t.times(f, n)
		text := fault.T(fmt.Sprintf("%s%s%s与%s%s%s的差距为%s%%，已连续%s%s", w.subject.ZH, w.period.ZH, w.indicator.ZH, w.peers.ZH, who.ZH, w.rival.ZH, percent(f.Aux), long, move.ZH),
			fmt.Sprintf("%s: in %s the gap of %s to %s in %s, %s, was %s%% and had %s for %s in a row", w.subject.EN, w.period.EN, w.indicator.EN, who.EN, w.peers.EN, w.rival.EN, percent(f.Aux), move.EN, longEN))
		if f.P2 > 0 {
			wait, waitEN := t.times(f, f.P2)
			text.ZH += fmt.Sprintf("，按上期速度约%s后持平", strings.TrimSuffix(wait, "同期"))
			text.EN += fmt.Sprintf("; at the last pace it closes in about %s", strings.TrimSuffix(waitEN, sameMonths))
		}
		return text
	case Converge, Diverge:
		move := fault.T("缩小", "narrowed")
		if f.Kind == Diverge {
			move = fault.T("扩大", "widened")
		}
		long, longEN := t.times(f, f.P1)
		return fault.T(fmt.Sprintf("%s%s内部%s的差异（变异系数%s%%）已连续%s%s", w.period.ZH, w.peers.ZH, w.indicator.ZH, percent(f.Value), long, move.ZH),
			fmt.Sprintf("In %s the differences of %s within %s (coefficient of variation %s%%) had %s for %s in a row", w.period.EN, w.indicator.EN, w.peers.EN, percent(f.Value), move.EN, longEN))
	case Contribution:
		return fault.T(fmt.Sprintf("%s%s%s增量占%s增量的%s%%，贡献居首", w.subject.ZH, w.period.ZH, w.indicator.ZH, w.peers.ZH, percent(f.Ref)),
			fmt.Sprintf("%s contributed %s%% of the increase of %s in %s in %s, the most of all", w.subject.EN, percent(f.Ref), w.indicator.EN, w.peers.EN, w.period.EN))
	case Driver:
		part := t.p.Indicators[f.P1].Name
		return fault.T(fmt.Sprintf("%s%s%s变动%s%%，其中%s拉动%s个百分点，影响最大", w.subject.ZH, w.period.ZH, w.indicator.ZH, percent(f.Aux), part.ZH, percent(f.Ref)),
			fmt.Sprintf("%s: %s changed by %s%% in %s, of which %s contributed %s percentage points, the most", w.subject.EN, w.indicator.EN, percent(f.Aux), w.period.EN, part.EN, percent(f.Ref)))
	case ShiftShare:
		return fault.T(fmt.Sprintf("%s%s%s增长%s%%，与%s总体相比，结构因素%s个百分点，自身竞争因素%s个百分点", w.subject.ZH, w.period.ZH, w.indicator.ZH, percent(f.Value), w.peers.ZH, signed(f.Ref), signed(f.Aux)),
			fmt.Sprintf("%s: %s grew by %s%% in %s; against %s as a whole, structure made %s and its own performance %s percentage points", w.subject.EN, w.indicator.EN, percent(f.Value), w.period.EN, w.peers.EN, signed(f.Ref), signed(f.Aux)))
	case Skyline:
		return t.skyline(f, w)
	case Outlier, Break:
		return t.unusual(f, w)
	}
	return t.target(f, w)
}

// target says how a target stands: what it is, what there is, and what is likely.
func (t teller) target(f Fact, w words) fault.Text {
	aim, about := t.o.aim(f), t.p.Indicators[f.Indicator]
	f.Form = Level
	value, goal, ahead := t.figure(f, f.Value), t.figure(f, aim.Value), t.figure(f, f.Aux)
	by := panel.Axis{Freq: t.p.Axis.Freq, First: t.p.Axis.Period(aim.By), Len: 1}.Name(0, about.Form)
	if aim.Growth != nil {
		goal = fault.T(fmt.Sprintf("%s（比上年%s%%）", goal.ZH, signed(*aim.Growth)), fmt.Sprintf("%s (%s%% on the year before)", goal.EN, signed(*aim.Growth)))
	}
	zh := fmt.Sprintf("%s%s目标为%s达到%s", w.subject.ZH, about.Name.ZH, by.ZH, goal.ZH)
	en := fmt.Sprintf("%s: the target for %s is %s in %s", w.subject.EN, about.Name.EN, goal.EN, by.EN)
	switch f.P1 {
	case Reached:
		return fault.T(fmt.Sprintf("%s，实际为%s，已完成", zh, value.ZH), fmt.Sprintf("%s; it was %s, so the target is reached", en, value.EN))
	case Missed:
		return fault.T(fmt.Sprintf("%s，实际为%s，未完成", zh, value.ZH), fmt.Sprintf("%s; it was %s, so the target is missed", en, value.EN))
	}
	state := fault.T("进度正常", "on track")
	if f.P1 == Behind {
		state = fault.T("进度落后", "behind")
	}
	chance := fault.T(fmt.Sprintf("约%.0f%%", 100*f.Q), fmt.Sprintf("about %.0f%%", 100*f.Q))
	switch {
	case f.Q < 0.01:
		chance = fault.T("不到1%", "less than 1%")
	case f.Q > 0.99:
		chance = fault.T("超过99%", "more than 99%")
	}
	return fault.T(fmt.Sprintf("%s，%s：%s为%s，按走势预计届时为%s，达到的可能性%s", zh, state.ZH, w.period.ZH, value.ZH, ahead.ZH, chance.ZH),
		fmt.Sprintf("%s; %s: in %s it was %s, the forecast is %s, and the target is reached with a probability of %s", en, state.EN, w.period.EN, value.EN, ahead.EN, chance.EN))
}

func (t teller) skyline(f Fact, w words) fault.Text {
	var zh, en []string
	for _, i := range t.o.Sets[f.P2] {
		zh, en = append(zh, t.p.Indicators[i].Name.ZH), append(en, t.p.Indicators[i].Name.EN)
	}
	if f.P1 == 0 {
		return fault.T(fmt.Sprintf("%s%s：%s中，没有别的在%s上都不逊于它", w.period.ZH, w.subject.ZH, w.peers.ZH, strings.Join(zh, "、")),
			fmt.Sprintf("%s in %s: nobody else in %s matches it on all of %s", w.subject.EN, w.period.EN, w.peers.EN, strings.Join(en, ", ")))
	}
	return fault.T(fmt.Sprintf("%s%s：%s中，在%s上都不逊于它的只有%d个", w.period.ZH, w.subject.ZH, w.peers.ZH, strings.Join(zh, "、"), f.P1),
		fmt.Sprintf("%s in %s: only %d in %s match it on all of %s", w.subject.EN, w.period.EN, f.P1, w.peers.EN, strings.Join(en, ", ")))
}

// unusual words an outlier or a break: what moved, by how much, and how far that is
// from what others and its own past let expect.
func (t teller) unusual(f Fact, w words) fault.Text {
	m, about := miner{panel: t.p}, t.p.Indicators[f.Indicator]
	what, unit, pace := fault.T(about.Name.ZH+"比上年变动", "the change of "+about.Name.EN+" against the year before"), about.Unit, fault.T("年均变动", "the average yearly change of "+about.Name.EN)
	switch {
	case about.Pace:
		what, unit, pace = about.Name, fault.T("%", "%"), fault.T("平均增速", about.Name.EN)
	case m.relative(int(f.Indicator)):
		what, unit, pace = t.indicator(f), fault.T("%", "%"), fault.T("年均增速", "growth of "+about.Name.EN)
	}
	if f.Kind == Outlier {
		figure, side := fmt.Sprintf("%.1f", f.Aux), fault.T("高", "above")
		if f.Ref < 0 {
			side = fault.T("低", "below")
		}
		return fault.T(fmt.Sprintf("%s%s%s为%s%s，比各地当期和自身往年的常态%s%.1f个标准差", w.subject.ZH, w.period.ZH, what.ZH, figure, unit.ZH, side.ZH, math.Abs(f.Ref)),
			fmt.Sprintf("%s: %s in %s was %s%s, %.1f standard deviations %s what its peers and its own past let expect", w.subject.EN, what.EN, w.period.EN, figure, apart(unit.EN), math.Abs(f.Ref), side.EN))
	}
	by := unit
	if unit.ZH == "%" {
		by = fault.T("个百分点", "percentage points")
	}
	side := fault.T("高", "higher")
	if f.Ref < 0 {
		side = fault.T("低", "lower")
	}
	return fault.T(fmt.Sprintf("%s%s的走势自%s起改变：与各地相比，此后的%s比此前%s%.1f%s", w.subject.ZH, about.Name.ZH, w.period.ZH, pace.ZH, side.ZH, math.Abs(f.Ref), by.ZH),
		fmt.Sprintf("%s: the course of %s changed from %s on: against its peers, %s is %.1f %s %s than before", w.subject.EN, about.Name.EN, w.period.EN, pace.EN, math.Abs(f.Ref), by.EN, side.EN))
}

// apart puts a space before a unit that is a word.
func apart(unit string) string {
	if unit == "" || unit == "%" {
		return unit
	}
	return " " + unit
}

func signed(v float64) string { return fmt.Sprintf("%+.1f", v) }

// qualifiers are what the fact must not be quoted without.
func (t teller) qualifiers(f Fact) (zh, en []string) {
	add := func(z, e string) { zh, en = append(zh, z), append(en, e) }
	if f.Members > 0 && f.Observed < f.Members {
		if held := t.held(f); held > 0 {
			add(fmt.Sprintf("%d个中%d个可用、%d个存疑待核，按此前位置计", f.Members, f.Observed, held), fmt.Sprintf("%d of %d usable, %d doubtful and taken to stand where they stood", f.Observed, f.Members, held))
		} else {
			add(fmt.Sprintf("%d个中%d个已公布", f.Members, f.Observed), fmt.Sprintf("%d of %d published", f.Observed, f.Members))
		}
	}
	if (f.Kind == FirstTopOnRecord || f.Kind == FirstTopSince) && f.Flags&Complete == 0 && f.Observed == f.Members {
		add("期间有的年份数据不全", "some years in between are incomplete")
	}
	if f.Flags&Tied != 0 {
		add("并列", "tied")
	}
	if f.Flags&Provisional != 0 {
		add("初步数，将会修订", "preliminary, will be revised")
	}
	if f.Flags&DefinitionMove != 0 {
		add("期间统计口径有变化，各地同步", "the definition changed in between, for all alike")
	}
	if f.Kind == Target && (f.P1 == OnTrack || f.P1 == Behind) {
		off := t.o.aim(f).Off
		add(fmt.Sprintf("预测；以往同样的预测平均偏差%.1f%%", off), fmt.Sprintf("a forecast; such forecasts were off by %.1f%% on average", off))
	}
	if f.Kind.Inferential() {
		q := fmt.Sprintf("q=%.3f", f.Q)
		if f.Q < 0.001 {
			q = "q<0.001"
		}
		test := fault.T("残差检验", "a test of residuals")
		if f.Kind == Break {
			test = fault.T("变点检验", "a test for one change")
		}
		add(fmt.Sprintf("统计推断：%s，本次一并检验%d项，错误发现率不超过5%%，%s", test.ZH, f.P2, q), fmt.Sprintf("inferred by %s; %d claims tested together, false discovery rate at most 5%%, %s", test.EN, f.P2, q))
	}
	slim := t.slim(f)
	switch {
	case slim.ZH != "" && f.Flags&Known != 0:
		add(fmt.Sprintf("%s，修订后仍成立的可能性约%.0f%%", slim.ZH, 100*f.Robust), fmt.Sprintf("%s, so that it survives one with a probability of about %.0f%%", slim.EN, 100*f.Robust))
	case slim.ZH != "":
		add(slim.ZH, slim.EN)
	case f.Flags&Known != 0 && f.Robust < 0.5:
		add(fmt.Sprintf("按以往修订幅度，修订后仍成立的可能性约%.0f%%", 100*f.Robust), fmt.Sprintf("as revisions go, it survives one with a probability of about %.0f%%", 100*f.Robust))
	}
	return zh, en
}

// held counts the fact's peers whose value of the period the quality gate holds.
func (t teller) held(f Fact) int {
	n := 0
	for _, s := range t.p.Peers[f.Peers].Members {
		if t.p.Slabs[f.Indicator].Held.Has(s, int(f.Period)) {
			n++
		}
	}
	return n
}

// slim says that a provisional fact's margin is smaller than what revisions
// usually make of such a figure; empty when it is not, or nothing is known.
func (t teller) slim(f Fact) fault.Text {
	r := t.o.Revisions[t.p.Indicators[f.Indicator].Code]
	gap, ok := margin(t.p, f)
	if r == nil || !ok || f.Flags&Provisional == 0 || t.p.Indicators[f.Indicator].Rate {
		return fault.Text{}
	}
	usual := r.Usual(latest(t.p.Slabs[f.Indicator]) - int(f.Period))
	if gap >= usual {
		return fault.Text{}
	}
	return fault.T(fmt.Sprintf("与最近者相差%.2f%%，小于通常的修订幅度约%.1f%%", gap, usual), fmt.Sprintf("the margin of %.2f%% is smaller than the usual revision of about %.1f%%", gap, usual))
}
