package observatory

import (
	"context"
	"slices"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/fact"
	"touyan.dev/touyan/observatory/panel"
)

// FewRow is a subject that stands out on several indicators together.
type FewRow struct {
	Subject Coded      `json:"subject"`
	Match   int        `json:"match" doc:"peers that match or beat it on all of them"`
	Text    fault.Text `json:"text"`
}

// few asks on demand: of n indicators there are n³ sets, and which of them belong
// together is the reader's question, so no release mines them.
func (d *Desk) few(ctx context.Context, freq panel.Freq, peers, period, asOf string, of []string) ([]FewRow, error) {
	const op = "observatory.few"
	v, err := d.of(ctx, freq, asOf)
	if err != nil {
		return nil, err
	}
	set, ok := v.set(peers)
	if !ok {
		return nil, fault.At(op, "peers", "没有这个分组。", "There is no such peer set.")
	}
	t, ok := v.column(period, set)
	if !ok {
		return nil, fault.At(op, "period", "这个时间没有数据。", "There are no figures of this period.")
	}
	var chosen []int
	for _, code := range of {
		i, ok := v.panel.Indicator(code)
		if !ok || v.panel.Indicators[i].Polarity == panel.Neutral {
			return nil, fault.At(op, "of", "请选择有数据、分得出高低优劣的指标。", "Choose indicators that have figures and of which more or less is better.")
		}
		if slices.Contains(chosen, i) {
			return nil, fault.At(op, "of", "同一个指标选了两次，请另选一个。", "An indicator is chosen twice; choose another.")
		}
		chosen = append(chosen, i)
	}
	o := fact.Options{Sets: [][]int{chosen}}
	rows := []FewRow{}
	for k, x := range v.panel.Peers {
		if x.Code != set.Code {
			continue
		}
		for _, f := range fact.Few(v.panel, o, t, k) {
			s := v.panel.Subjects[f.Subject]
			rows = append(rows, FewRow{Coded{s.Code, s.Name}, int(f.P1), fact.Say(v.panel, o, f)})
		}
	}
	return rows, nil
}
