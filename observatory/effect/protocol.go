package effect

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"touyan.dev/touyan/kernel/fault"
)

// Expectation is what a measure is said to do to the outcome.
type Expectation string

// The expectations. A measure of which only some effect is expected cannot have
// the opposite one.
const (
	Rise   Expectation = "rise"
	Fall   Expectation = "fall"
	Change Expectation = "change"
)

// Protocol is what is asked, fixed before an answer is seen.
type Protocol struct {
	Outcome string      `json:"outcome"`
	Treated string      `json:"treated"`
	From    string      `json:"from"`    // the first period with the measure
	Since   string      `json:"since"`   // the window's first period; "" for the panel's
	Until   string      `json:"until"`   // the window's last period; "" for the panel's
	Donors  []string    `json:"donors"`  // empty: all that are complete
	Exclude []string    `json:"exclude"` // units under the same or a like measure
	Expect  Expectation `json:"expect"`
}

// Normal gives the protocol in its one form: names and times as they are compared,
// lists sorted, each name once.
func (p Protocol) Normal() Protocol {
	names := func(in []string) []string {
		out := []string{}
		for _, n := range in {
			out = append(out, UnitName(n))
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	moment := func(text string) string {
		if t, ok := ParsePeriod(text); ok {
			return t.Label
		}
		return text
	}
	p.Treated, p.Donors, p.Exclude = UnitName(p.Treated), names(p.Donors), names(p.Exclude)
	p.From, p.Since, p.Until = moment(p.From), moment(p.Since), moment(p.Until)
	if p.Expect == "" {
		p.Expect = Change
	}
	return p
}

// Hash is the SHA-256 of the normal form, in hexadecimal. It changes with every
// field and with nothing else.
func (p Protocol) Hash() string {
	text, err := json.Marshal(p.Normal())
	if err != nil {
		panic("effect: a protocol is text: " + err.Error())
	}
	sum := sha256.Sum256(append([]byte("touyan effect protocol 1\n"), text...))
	return hex.EncodeToString(sum[:])
}

// Level is the p-value up to which a result counts as more than chance.
const Level = 0.05

// Grade is the verdict in three grades.
type Grade string

// The grades, with their names in the two languages.
const (
	Supported   Grade = "evidence"     // 有证据
	Unsupported Grade = "insufficient" // 证据不足
	Opposite    Grade = "opposite"     // 反向
)

// Text names a grade.
func (g Grade) Text() fault.Text {
	switch g {
	case Supported:
		return fault.T("有证据", "Evidence")
	case Opposite:
		return fault.T("反向", "Opposite")
	}
	return fault.T("证据不足", "Insufficient evidence")
}

// Verdict is a grade and what it rests on, in the order of the rule.
type Verdict struct {
	Grade   Grade        `json:"grade"`
	ZH      string       `json:"zh"`
	EN      string       `json:"en"`
	Reasons []fault.Text `json:"reasons"`
}

// Verdict judges by one rule: there is evidence where the weights are proven, the
// result is beyond chance at Level, no donor alone carries its direction and the
// time before the measure shows nothing of the kind; it is opposite where all this
// holds and the direction is not the expected one. Everything else is too little.
// A result holds no verdict of its own, so none can be put into it.
func (r *Result) Verdict() Verdict {
	var why []fault.Text
	if !r.UnitProof.Holds() || r.TimeProof != nil && !r.TimeProof.Holds() {
		why = append(why, fault.T("权重未能证明为最优。", "The weights are not proven to be the best."))
	}
	if r.LeastP > Level {
		why = append(why, fault.T("对照单元太少，任何结果都达不到显著。", "There are too few donors for any result to be beyond chance."))
	} else if r.P > Level {
		why = append(why, fault.T("未受政策影响的单元也常有这样大的差异。", "Units without the measure often differ as much."))
	}
	if r.Donors > 1 && len(r.LeftOut) != r.Donors {
		why = append(why, fault.T("没有逐一剔除对照单元检验。", "It was not tried without each donor."))
	}
	for _, l := range r.LeftOut {
		if l.Estimate*r.Estimate <= 0 {
			why = append(why, fault.T("去掉某一个对照单元，方向就变了。", "Without a single donor the direction changes."))
			break
		}
	}
	if r.InTime == nil {
		why = append(why, fault.T("政策开始前不足四期，看不出差异是否早已存在。", "Fewer than four periods before the measure cannot show whether the difference was there already."))
	} else if r.InTime.P <= Level && r.InTime.Estimate*r.Estimate > 0 {
		why = append(why, fault.T("政策开始之前就已有同方向的差异。", "A difference of the same direction was there before the measure."))
	}
	return judge(r.Protocol.Normal().Expect, r.Estimate, why)
}

// judge gives the grade that reasons against it leave.
func judge(expect Expectation, estimate float64, against []fault.Text) Verdict {
	g, why := Unsupported, against
	if len(against) == 0 {
		g, why = Supported, []fault.Text{fault.T("差异超出偶然，稳健性检验均通过。", "The difference is beyond chance, and every check holds.")}
		if expect == Rise && estimate < 0 || expect == Fall && estimate > 0 {
			g, why = Opposite, []fault.Text{fault.T("差异超出偶然，方向与预期相反。", "The difference is beyond chance, in the direction that was not expected.")}
		}
	}
	return Verdict{g, g.Text().ZH, g.Text().EN, why}
}

// MarshalJSON writes a result with its verdict, computed then.
func (r *Result) MarshalJSON() ([]byte, error) {
	type bare Result
	return json.Marshal(struct {
		*bare
		Verdict Verdict `json:"verdict"`
	}{(*bare)(r), r.Verdict()})
}

// MarshalJSON writes a result with its verdict, computed then.
func (r *CohortResult) MarshalJSON() ([]byte, error) {
	type bare CohortResult
	return json.Marshal(struct {
		*bare
		Verdict Verdict `json:"verdict"`
	}{(*bare)(r), r.Verdict()})
}

// MarshalJSON writes a result with its verdict, computed then.
func (r *TwoWay) MarshalJSON() ([]byte, error) {
	type bare TwoWay
	return json.Marshal(struct {
		*bare
		Verdict Verdict `json:"verdict"`
	}{(*bare)(r), r.Verdict()})
}
