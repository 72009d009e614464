package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"touyan.dev/touyan/observatory/effect"
)

// figure writes a number with six significant digits.
func figure(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }

// optional writes a number that may be absent.
func optional(v *float64) string {
	if v == nil {
		return "—"
	}
	return figure(*v)
}

// printVerdict writes a verdict and what it rests on.
func printVerdict(w io.Writer, v effect.Verdict) {
	fmt.Fprintf(w, "结论 verdict: %s %s\n", v.ZH, v.EN)
	for _, r := range v.Reasons {
		fmt.Fprintf(w, "  · %s %s\n", r.ZH, r.EN)
	}
}

// printEffect writes a result for people: the finding, then what it rests on.
func printEffect(w io.Writer, r *effect.Result) {
	fmt.Fprintf(w, "%s：%s，自 %s 起，方法 %s\n%s: %s since %s, method %s\n\n", r.Protocol.Treated, r.Protocol.Outcome, r.Protocol.From, r.Method, r.Protocol.Treated, r.Protocol.Outcome, r.Protocol.From, r.Method)
	printVerdict(w, r.Verdict())
	fmt.Fprintf(w, "估计 estimate: %s · 标准误 standard error: %s · p: %s\n", figure(r.Estimate), optional(r.SE), figure(r.P))
	fmt.Fprintf(w, "政策前拟合误差 pre-RMSPE: %s · 误差比排名 RMSPE-ratio rank: %d / %d\n", figure(r.PreRMSPE), r.Rank, r.Of)
	fmt.Fprintf(w, "政策前 %d 期、政策后 %d 期、对照单元 %d 个 · %d periods before, %d after, %d donors\n", r.PrePeriods, r.PostPeriods, r.Donors, r.PrePeriods, r.PostPeriods, r.Donors)
	fmt.Fprintf(w, "最优性 optimality: KKT %.1e · 方案摘要 protocol: %s\n", r.KKT, r.Hash)
	if m := r.InTime; m != nil {
		fmt.Fprintf(w, "时间安慰剂 in-time placebo (%s): %s, p %s\n", m.From, figure(m.Estimate), figure(m.P))
	}
	if n := len(r.LeftOut); n > 0 {
		order := func(a, b effect.Left) int { return cmp.Compare(a.Estimate, b.Estimate) }
		low, high := slices.MinFunc(r.LeftOut, order), slices.MaxFunc(r.LeftOut, order)
		fmt.Fprintf(w, "逐一剔除对照 leave one donor out: %s (%s) … %s (%s)\n", figure(low.Estimate), low.Unit, figure(high.Estimate), high.Unit)
	}
	if n := len(r.Unused); n > 0 {
		fmt.Fprintf(w, "未用作对照的单元 units not used as donors: %d（被排除或缺数据 excluded or incomplete）\n", n)
	}
	if r.Method != effect.DiD {
		fmt.Fprintln(w)
		printWeights(w, "对照单元 donor", r.Weights)
	}
	if r.Method == effect.SDID {
		fmt.Fprintln(w)
		printWeights(w, "政策前时间 period before", r.TimeWeights)
	}
	fmt.Fprintln(w)
	path := table{head: []string{"时间 time", "实际 observed", "合成 synthetic", "差 gap"}}
	for i, p := range r.Path {
		mark := p.Time
		if i == r.PrePeriods {
			mark += " ←"
		}
		path.rows = append(path.rows, []string{mark, figure(p.Observed), figure(p.Synthetic), figure(p.Gap)})
	}
	path.print(w)
}

// printWeights writes weights, the heaviest first.
func printWeights(w io.Writer, head string, weights map[string]float64) {
	names := slices.SortedFunc(maps.Keys(weights), func(a, b string) int {
		return cmp.Or(cmp.Compare(weights[b], weights[a]), cmp.Compare(a, b))
	})
	t := table{head: []string{head, "权重 weight"}}
	for _, n := range names[:min(len(names), shownMost)] {
		t.rows = append(t.rows, []string{n, fmt.Sprintf("%.4f", weights[n])})
	}
	t.print(w)
	if left := len(names) - shownMost; left > 0 {
		fmt.Fprintf(w, "… 另有 %d 个，见 --json。 %d more; see --json.\n", left, left)
	}
}

// figureRow gives a figure's cells.
func figureRow(label string, f effect.Figure) []string {
	return []string{label, figure(f.Estimate), figure(f.SE), figure(f.P)}
}

func figures(head string) table {
	return table{head: []string{head, "估计 estimate", "标准误 s.e.", "p"}}
}

// printCohorts writes a result of cohorts for people.
func printCohorts(w io.Writer, r *effect.CohortResult) {
	fmt.Fprintf(w, "%s：分批实施，对照 %s，单元 %d 个（从未实施 %d），%d 期\n%s: beginnings at different times, controls %s, %d units (%d never), %d periods\n\n", r.Outcome, r.Control, r.Units, r.Never, r.Periods, r.Outcome, r.Control, r.Units, r.Never, r.Periods)
	printVerdict(w, r.Verdict())
	fmt.Fprintf(w, "估计 estimate: %s · 标准误 standard error: %s · p: %s\n", figure(r.Estimate), figure(r.SE), figure(r.P))
	fmt.Fprintf(w, "事前平行检验 pre-test p: %s\n", optional(r.PreTest))
	if n := len(r.Dropped); n > 0 {
		fmt.Fprintf(w, "未用的单元 units left out: %d（缺数据或一开始就已实施 incomplete, or treated from the start）\n", n)
	}
	t := figures("距实施的期数 periods since")
	for _, e := range r.Dynamic {
		t.rows = append(t.rows, figureRow(fmt.Sprintf("%+d", e.Event), e.Figure))
	}
	fmt.Fprintln(w)
	t.print(w)
	t = figures("汇总 aggregate")
	t.rows = append(t.rows, figureRow("各组各期 simple", r.Simple), figureRow("按批次 by group", r.ByGroup), figureRow("按时间 by period", r.ByTime))
	fmt.Fprintln(w)
	t.print(w)
	t = figures("批次/时间 group/time")
	for _, e := range r.ATT {
		t.rows = append(t.rows, figureRow(e.Group+"/"+e.Time, e.Figure))
	}
	fmt.Fprintln(w)
	t.print(w)
}

// printTwoWay writes a regression for people.
func printTwoWay(w io.Writer, r *effect.TwoWay) {
	fmt.Fprintf(w, "%s：%d 行，单元 %d 个，%d 期，标准误按单元聚类\n%s: %d rows, %d units, %d periods, errors clustered by unit\n\n", r.Outcome, r.N, r.Units, r.Periods, r.Outcome, r.N, r.Units, r.Periods)
	printVerdict(w, r.Verdict())
	fmt.Fprintf(w, "估计 estimate: %s · 标准误 standard error: %s · p: %s\n\n", figure(r.Estimate), figure(r.SE), figure(r.P))
	t := figures("变量 variable")
	for _, c := range r.Coefficients {
		t.rows = append(t.rows, figureRow(c.Name, c.Figure))
	}
	t.print(w)
	if b := r.Bacon; b != nil {
		fmt.Fprintf(w, "\nGoodman-Bacon 分解（不含控制变量） decomposition without covariates: %s，其中以已实施者为对照的权重 weight on units already treated: %s\n", figure(b.Estimate), figure(b.Forbidden))
		t := table{head: []string{"实施 treated", "对照 control", "权重 weight", "估计 estimate"}}
		for _, p := range b.Pairs {
			t.rows = append(t.rows, []string{p.Treated, p.Control, fmt.Sprintf("%.4f", p.Weight), figure(p.Estimate)})
		}
		t.print(w)
	}
}
