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
		w.since = t.p.Axis.Name(int(f.Since), x.Form)
	}
	w.first = t.p.Axis.Name(int(f.First), x.Form)
	if f.Peers >= 0 {
		w.peers = t.p.Peers[f.Peers].Name
		if t.p.Peers[f.Peers].Kind == "all" {
			w.peers = fault.T("全部对象", "all subjects")
		}
	}
	w.value, w.ref = t.figure(f, f.Value), t.figure(f, f.Ref)
	return w
}

// indicator names what was measured, in the fact's form.
func (t teller) indicator(f Fact) fault.Text {
	n := t.p.Indicators[f.Indicator].Name
	switch f.Form {
	case Growth:
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
	unit := t.p.Indicators[f.Indicator].Unit
	switch {
	case unit.EN == "" || unit.EN == "%":
	case unit.EN[0] >= '0' && unit.EN[0] <= '9':
		unit.EN = " × " + unit.EN // 100 million yuan
	default:
		unit.EN = " " + unit.EN
	}
	return fault.T(Number(v)+unit.ZH, Number(v)+unit.EN)
}

// Number writes a value as a report does: whole above a thousand, else with as
// many decimals as leave four digits.
func Number(v float64) string {
	decimals := 0
	if a := math.Abs(v); a < 1000 {
		decimals = 2
		if a > 0 && a < 1 {
			decimals = 4
		}
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
		return fault.T(fmt.Sprintf("%s已连续%d期%s", zh, f.P1, strings.Replace(entered(f), "进入", "位居", 1)), fmt.Sprintf("%shas been %s for %d periods in a row", en, strings.TrimPrefix(enteredEN(f), "reaching "), f.P1))
	case MedianStreak:
		return fault.T(fmt.Sprintf("%s已连续%d期好于中位水平", zh, f.P1), fmt.Sprintf("%shas been better than the median for %d periods in a row", en, f.P1))
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
	rise := t.good(f, true, fault.T("提高", "improved"), fault.T("上升", "worsened (rose)"), fault.T("上升", "rose"))
	fall := t.good(f, false, fault.T("下降（向好）", "improved (fell)"), fault.T("下降", "fell"), fault.T("下降", "fell"))
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
		return fault.T(fmt.Sprintf("%s，已连续%d期%s%s", zh, f.P1, move.ZH, longest), fmt.Sprintf("%s and %s for the %dth period in a row%s", en, move.EN, f.P1, longestEN))
	}
	run := "上升"
	runEN := "rises"
	if f.Kind == FallBroken {
		run, runEN = "下降", "falls"
	}
	return fault.T(fmt.Sprintf("%s，此前连续%d期的%s就此中断", zh, f.P1, run), fmt.Sprintf("%s, which ended %d %s in a row", en, f.P1, runEN))
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
		text := fault.T(fmt.Sprintf("%s%s%s与%s%s%s的差距为%s%%，已连续%d期%s", w.subject.ZH, w.period.ZH, w.indicator.ZH, w.peers.ZH, who.ZH, w.rival.ZH, percent(f.Aux), n, move.ZH),
			fmt.Sprintf("%s: in %s the gap of %s to %s in %s, %s, was %s%% and had %s for %d periods in a row", w.subject.EN, w.period.EN, w.indicator.EN, who.EN, w.peers.EN, w.rival.EN, percent(f.Aux), move.EN, n))
		if f.P2 > 0 {
			text.ZH += fmt.Sprintf("，按上期速度约%d期后持平", f.P2)
			text.EN += fmt.Sprintf("; at the last pace it closes in about %d periods", f.P2)
		}
		return text
	case Converge, Diverge:
		move := fault.T("缩小", "narrowed")
		if f.Kind == Diverge {
			move = fault.T("扩大", "widened")
		}
		return fault.T(fmt.Sprintf("%s%s内部%s的差异（变异系数%s%%）已连续%d期%s", w.period.ZH, w.peers.ZH, w.indicator.ZH, percent(f.Value), f.P1, move.ZH),
			fmt.Sprintf("In %s the differences of %s within %s (coefficient of variation %s%%) had %s for %d periods in a row", w.period.EN, w.indicator.EN, w.peers.EN, percent(f.Value), move.EN, f.P1))
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
	case Outlier:
		return fault.T(fmt.Sprintf("%s%s%s的变动偏离同类当期和自身常态%s个标准差", w.subject.ZH, w.period.ZH, t.p.Indicators[f.Indicator].Name.ZH, signed(f.Ref)),
			fmt.Sprintf("%s: the change of %s in %s lies %s standard deviations from its peers and its own past", w.subject.EN, t.p.Indicators[f.Indicator].Name.EN, w.period.EN, signed(f.Ref)))
	case Break:
		return fault.T(fmt.Sprintf("%s%s自%s起走势改变，相对同类的变动平均相差%s个百分点", w.subject.ZH, t.p.Indicators[f.Indicator].Name.ZH, w.period.ZH, signed(f.Ref)),
			fmt.Sprintf("%s: the course of %s changed from %s on, by %s percentage points against its peers", w.subject.EN, t.p.Indicators[f.Indicator].Name.EN, w.period.EN, signed(f.Ref)))
	}
	aim := t.o.Targets[f.P1]
	by := panel.Axis{Freq: t.p.Axis.Freq, First: t.p.Axis.Period(aim.By), Len: 1}.Name(0, t.p.Indicators[f.Indicator].Form)
	goal := t.figure(f, aim.Value)
	return fault.T(fmt.Sprintf("%s%s%s为%s，到%s达到%s需每期%s%%，近期实际为%s%%，按此达到的可能性约%.0f%%", w.subject.ZH, w.period.ZH, w.indicator.ZH, w.value.ZH, by.ZH, goal.ZH, signed(f.Ref), signed(f.Aux), 100*f.Q),
		fmt.Sprintf("%s: %s in %s was %s; to reach %s by %s takes %s%% a period, of late it was %s%%, so that it is reached with a probability of about %.0f%%", w.subject.EN, w.indicator.EN, w.period.EN, w.value.EN, goal.EN, by.EN, signed(f.Ref), signed(f.Aux), 100*f.Q))
}

func (t teller) skyline(f Fact, w words) fault.Text {
	var zh, en []string
	for _, i := range t.o.Sets[f.P2] {
		zh, en = append(zh, t.p.Indicators[i].Name.ZH), append(en, t.p.Indicators[i].Name.EN)
	}
	if f.P1 == 0 {
		return fault.T(fmt.Sprintf("%s%s在%s中，没有别的对象%s都不低于它", w.period.ZH, w.subject.ZH, w.peers.ZH, strings.Join(zh, "、")),
			fmt.Sprintf("%s in %s: nobody else in %s matches it on all of %s", w.subject.EN, w.period.EN, w.peers.EN, strings.Join(en, ", ")))
	}
	return fault.T(fmt.Sprintf("%s%s在%s中，%s都不低于它的只有%d个", w.period.ZH, w.subject.ZH, w.peers.ZH, strings.Join(zh, "、"), f.P1),
		fmt.Sprintf("%s in %s: only %d in %s match it on all of %s", w.subject.EN, w.period.EN, f.P1, w.peers.EN, strings.Join(en, ", ")))
}

func signed(v float64) string { return fmt.Sprintf("%+.1f", v) }

// qualifiers are what the fact must not be quoted without.
func (t teller) qualifiers(f Fact) (zh, en []string) {
	add := func(z, e string) { zh, en = append(zh, z), append(en, e) }
	if f.Members > 0 && f.Observed < f.Members {
		add(fmt.Sprintf("%d个中%d个已公布", f.Members, f.Observed), fmt.Sprintf("%d of %d published", f.Observed, f.Members))
	}
	if (f.Kind == FirstTopOnRecord || f.Kind == FirstTopSince) && f.Flags&Complete == 0 && f.Observed == f.Members {
		add("期间有的年份数据不全", "some years in between are incomplete")
	}
	if f.Flags&Tied != 0 {
		add("并列", "tied")
	}
	if f.Flags&Provisional != 0 {
		add("初步数，将会修订", "provisional, will be revised")
	}
	if f.Flags&DefinitionMove != 0 {
		add("期间统计口径有变化，各地同步", "the definition changed in between, for all alike")
	}
	if f.Kind.Inferential() {
		q := fmt.Sprintf("q=%.3f", f.Q)
		if f.Q < 0.001 {
			q = "q<0.001"
		}
		add("统计推断，错误发现率不超过5%，"+q, "inferred; false discovery rate at most 5%, "+q)
	}
	if f.Flags&Known != 0 && f.Robust < 0.5 {
		add(fmt.Sprintf("按以往修订幅度，修订后仍成立的可能性约%.0f%%", 100*f.Robust), fmt.Sprintf("as revisions go, it survives one with a probability of about %.0f%%", 100*f.Robust))
	}
	return zh, en
}
