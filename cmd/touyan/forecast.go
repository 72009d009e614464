package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/forecast"
	"touyan.dev/touyan/observatory/panel"
)

// forecastCmd tells how series go on.
type forecastCmd struct {
	In      string   `help:"数据文件（CSV）：两列，时间和数值；或每行一个序列，列为 id、freq、horizon、train（数值以空格分开）。 The data, CSV: two columns, time and value; or a series a line with the columns id, freq, horizon and train (values with spaces between)." required:"" placeholder:"SERIES.csv"`
	H       *int     `help:"预测多少期；默认用文件中的 horizon，没有则为 6。 How many periods ahead; the file's horizon by default, or else 6." placeholder:"N"`
	Period  *int     `help:"一季（周期）有多少期：年 1、季 4、月 12；默认由数据得出。 Values to a season: 1 for years, 4 quarters, 12 months; told from the data by default." placeholder:"N"`
	Level   *float64 `help:"还给出各期达到这一水平的可能性。 Also give the chance of reaching this level in each period." placeholder:"VALUE"`
	Rank    *int     `help:"还给出各期在文件全部序列中名次不低于 K 的可能性。 Also give the chance of being among the first K of all series in the file in each period." placeholder:"K"`
	Smaller bool     `help:"名次以小为先。 Smaller values rank first."`
	JSON    bool     `help:"输出 JSON。 Print JSON."`
}

func (c *forecastCmd) Help() string {
	return `预测序列的走向：先检验并去掉季节，再取五种方法逐期的中位数；区间由回测误差得出，同时给出回测误差本身。文件中同频率的序列互相借用回测经验。只读文件，不动数据库。
Tells how series go on: the season is tested for and taken off, then the median of five methods is taken period by period; intervals come from back-tested errors, which are shown too. Series of one frequency in the file lend each other their back-tests. It reads the file and no database.

  touyan forecast --in gdp.csv --h 5
  touyan forecast --in gdp.csv --h 5 --level 12000 --json
  touyan forecast --in cities.csv --h 3 --rank 3 --json`
}

// maxHorizon bounds how far ahead is asked.
const maxHorizon = 1000

// maxPeriod is a year of days.
const maxPeriod = 366

// foretold is what the command prints of a series.
type foretold struct {
	*forecast.Forecast
	Times []string  `json:"times,omitempty"`
	Reach []float64 `json:"reach,omitempty"` // by period: chance of the level
	Rank  []float64 `json:"rank,omitempty"`  // by period: chance of the rank
}

// Run implements the command.
func (c *forecastCmd) Run(_ context.Context, s streams) error {
	for _, f := range []struct {
		flag  string
		value *int
		most  int
	}{{"--h", c.H, maxHorizon}, {"--period", c.Period, maxPeriod}} {
		if f.value != nil && (*f.value < 1 || *f.value > f.most) {
			return fault.At("touyan.forecast", f.flag, fmt.Sprintf("期数应为 1 至 %d。", f.most), fmt.Sprintf("It must be 1 to %d periods.", f.most))
		}
	}
	if c.Level != nil && (math.IsNaN(*c.Level) || math.IsInf(*c.Level, 0)) {
		return fault.At("touyan.forecast", "--level", "应为一个数。", "It must be a number.")
	}
	in, axis, err := c.read()
	if err != nil {
		return inFile("--in", err)
	}
	if c.Rank != nil && (*c.Rank < 1 || *c.Rank > len(in)) {
		return fault.At("touyan.forecast", "--rank", fmt.Sprintf("名次应为 1 至 %d，文件中有这么多序列。", len(in)), fmt.Sprintf("It must be 1 to %d, as many as there are series in the file.", len(in)))
	}
	all := forecast.Run(in)
	out := make([]foretold, len(all))
	for i, f := range all {
		out[i] = foretold{Forecast: f, Times: after(axis, f.Horizon)}
		if c.Level != nil {
			out[i].Reach = chances(f, func(h int) (float64, bool) { return f.Reach(h, *c.Level) })
		}
		if c.Rank != nil {
			rivals := slices.Concat(all[:i], all[i+1:])
			out[i].Rank = chances(f, func(h int) (float64, bool) { return f.Rank(rivals, h, *c.Rank, c.Smaller) })
		}
	}
	if c.JSON {
		return printJSON(s.out, out)
	}
	if len(out) == 1 {
		printForecast(s.out, out[0])
		return nil
	}
	printForecasts(s.out, out)
	return nil
}

// chances gives a chance for each period, none where nothing is known of any.
func chances(f *forecast.Forecast, of func(ahead int) (float64, bool)) []float64 {
	var out []float64
	for h := 1; h <= f.Horizon; h++ {
		p, ok := of(h)
		if !ok {
			return nil
		}
		out = append(out, p)
	}
	return out
}

// after names the periods that follow; none without a calendar.
func after(axis panel.Axis, horizon int) []string {
	if axis.Freq == 0 {
		return nil
	}
	var out []string
	for h := range horizon {
		out = append(out, axis.Label(axis.Len+h))
	}
	return out
}

// read reads either form of the file.
func (c *forecastCmd) read() ([]forecast.Series, panel.Axis, error) {
	data, err := os.ReadFile(c.In)
	if err != nil {
		return nil, panel.Axis{}, noFile("--in")
	}
	t, err := panel.NewTable(data)
	if err != nil {
		return nil, panel.Axis{}, err
	}
	if slices.Contains(t.Head, "train") {
		in, err := c.rows(t)
		return in, panel.Axis{}, err
	}
	if len(t.Head) != 2 {
		return nil, panel.Axis{}, fault.At("touyan.forecast", "line 1", "应为时间和数值两列，或有 train 一列。", "There must be two columns, time and value, or a column train.")
	}
	return c.column(t)
}

// rows reads a series a line.
func (c *forecastCmd) rows(t *panel.Table) ([]forecast.Series, error) {
	train := slices.Index(t.Head, "train")
	id, freq, horizon := slices.Index(t.Head, "id"), slices.Index(t.Head, "freq"), slices.Index(t.Head, "horizon")
	var out []forecast.Series
	for row, err := range t.Rows() {
		if err != nil {
			return nil, err
		}
		s := forecast.Series{ID: strconv.Itoa(len(out) + 1)}
		if id >= 0 {
			s.ID = strings.Clone(row[id])
		}
		if s.Period, err = c.whole(t, row, freq, c.Period, 1, maxPeriod); err != nil {
			return nil, err
		}
		if s.Horizon, err = c.whole(t, row, horizon, c.H, 6, maxHorizon); err != nil {
			return nil, err
		}
		for _, text := range strings.Fields(row[train]) {
			v, _, ok := panel.ParseNumber(text)
			if !ok || math.IsInf(v, 0) {
				return nil, t.Wrong("train", "有一个值不是数字；序列中间不能缺数。", "A value is not a number; a series cannot have holes.")
			}
			s.Values = append(s.Values, v)
		}
		if len(s.Values) == 0 {
			return nil, t.Wrong("train", "没有数值。", "There is no value.")
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		return nil, fault.New(fault.Invalid, "touyan.forecast", "文件里没有数据行。", "The file holds no line of data.")
	}
	return out, nil
}

// whole gives a whole number: the flag's, the cell's, or what holds without both.
func (c *forecastCmd) whole(t *panel.Table, row []string, column int, flag *int, otherwise, most int) (int, error) {
	if flag != nil {
		return *flag, nil
	}
	if column < 0 || strings.TrimSpace(row[column]) == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(row[column]))
	if err != nil || n < 1 || n > most {
		return 0, t.Wrong(t.Head[column], fmt.Sprintf("应为 1 至 %d 的整数。", most), fmt.Sprintf("It must be a whole number from 1 to %d.", most))
	}
	return n, nil
}

// column reads one series of times and values, in any order, without holes.
// Times that are no calendar (1, 2, 3) are taken as they come.
func (c *forecastCmd) column(t *panel.Table) ([]forecast.Series, panel.Axis, error) {
	type point struct {
		period int
		value  float64
		line   int
	}
	var points []point
	var axis panel.Axis
	if _, _, dated := panel.ParsePeriod(t.Head[0]); dated {
		return nil, axis, fault.At("touyan.forecast", "line 1", "第一行应为列名，如 年份,数值；现在是一个时间，会被漏掉。", "The first line must hold the names of the columns, such as year,value; it holds a period, which would be lost.")
	}
	for row, err := range t.Rows() {
		if err != nil {
			return nil, axis, err
		}
		freq, period, ok := panel.ParsePeriod(row[0])
		if !ok {
			n, err := strconv.Atoi(strings.TrimSpace(row[0]))
			if err != nil {
				return nil, axis, t.Wrong(t.Head[0], "不是可以识别的时间，如 2024、2024Q3、2024-03。", "It is no period that can be read, such as 2024, 2024Q3, 2024-03.")
			}
			freq, period = 0, n
		}
		if len(points) > 0 && freq != axis.Freq {
			return nil, axis, t.Wrong(t.Head[0], "时间的频率与前面不同。", "The period is of another frequency than those before.")
		}
		axis.Freq = freq
		v, missing, ok := panel.ParseNumber(row[1])
		if missing && !slices.ContainsFunc(points, func(p point) bool { return p.period > period }) {
			continue // not published yet
		}
		if !ok || math.IsInf(v, 0) {
			return nil, axis, t.Wrong(t.Head[1], "不是数字；序列中间不能缺数。", "It is not a number; a series cannot have holes.")
		}
		points = append(points, point{period, v, t.Line})
	}
	if len(points) == 0 {
		return nil, axis, fault.New(fault.Invalid, "touyan.forecast", "文件里没有数据行。", "The file holds no line of data.")
	}
	slices.SortStableFunc(points, func(a, b point) int { return a.period - b.period })
	s := forecast.Series{ID: t.Head[1], Period: max(1, int(axis.Freq)), Horizon: 6}
	if c.Period != nil {
		s.Period = *c.Period
	}
	if c.H != nil {
		s.Horizon = *c.H
	}
	axis.First, axis.Len = points[0].period, len(points)
	for i, p := range points {
		if p.period != axis.First+i {
			t.Line = p.line
			return nil, axis, t.Wrong(t.Head[0], "与前一时间之间有缺，或重复。", "There is a hole before this period, or it is there twice.")
		}
		s.Values = append(s.Values, p.value)
	}
	return []forecast.Series{s}, axis, nil
}

// printForecast writes one series for people.
func printForecast(w io.Writer, f foretold) {
	season := "未见季节性 no season found"
	if f.Seasonal {
		season = "有季节性 seasonal"
	}
	fmt.Fprintf(w, "%s · %s\n", f.ID, season)
	if b := f.Backtest; b != nil {
		fmt.Fprintf(w, "回测 %d 次，平均误差 %.1f %%，为逐期变动的 %.2f 倍\nback-tested %d times: off by %.1f %% on average, %.2f times the usual step\n", b.Origins, b.SMAPE, b.MASE, b.Origins, b.SMAPE, b.MASE)
	} else {
		fmt.Fprintln(w, "序列太短，无法回测，也就给不出区间。 The series is too short to be back-tested, so there are no intervals.")
	}
	fmt.Fprintln(w)
	t := table{head: []string{"时间 time", "预测 forecast", "80 %", "95 %"}}
	if f.Reach != nil {
		t.head = append(t.head, "达到的可能性 chance of the level")
	}
	for h, v := range f.Point {
		label := fmt.Sprintf("+%d", h+1)
		if f.Times != nil {
			label = f.Times[h]
		}
		cells := []string{label, figure(v), "—", "—"}
		if f.Lower95 != nil {
			cells[2] = figure(f.Lower80[h]) + " … " + figure(f.Upper80[h])
			cells[3] = figure(f.Lower95[h]) + " … " + figure(f.Upper95[h])
		}
		if f.Reach != nil {
			cells = append(cells, fmt.Sprintf("%.0f %%", 100*f.Reach[h]))
		}
		t.rows = append(t.rows, cells)
	}
	t.print(w)
}

// printForecasts writes many series for people, a line each.
func printForecasts(w io.Writer, all []foretold) {
	t := table{head: []string{"序列 series", "期数 periods", "末期预测 last forecast", "95 %", "回测 MASE back-test"}}
	for _, f := range all[:min(len(all), shownMost)] {
		last := f.Horizon - 1
		cells := []string{f.ID, strconv.Itoa(f.Horizon), figure(f.Point[last]), "—", "—"}
		if f.Lower95 != nil {
			cells[3] = figure(f.Lower95[last]) + " … " + figure(f.Upper95[last])
		}
		if f.Backtest != nil {
			cells[4] = fmt.Sprintf("%.2f", f.Backtest.MASE)
		}
		t.rows = append(t.rows, cells)
	}
	t.print(w)
	if left := len(all) - shownMost; left > 0 {
		fmt.Fprintf(w, "… 另有 %d 个序列，见 --json。 %d more series; see --json.\n", left, left)
	}
}
