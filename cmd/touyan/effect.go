package main

import (
	"context"
	"math"
	"os"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/effect"
	"touyan.dev/touyan/observatory/panel"
)

// effectCmd finds out what a policy did.
type effectCmd struct {
	Panel   string `help:"数据文件（CSV，UTF-8 或 GB18030），每行一个单元和时间。 The data: CSV in UTF-8 or GB18030, a line for each unit and period." required:"" placeholder:"FILE.csv"`
	Unit    string `help:"单元（城市、企业等）所在的列。 Column of the unit." required:"" placeholder:"COL"`
	Time    string `help:"时间所在的列。 Column of the period." required:"" placeholder:"COL"`
	Outcome string `help:"结果指标所在的列。 Column of the outcome." required:"" placeholder:"COL"`
	Method  string `help:"方法：sc 合成控制，sdid 合成双重差分，did 双重差分，cs 分批政策，twfe 双向固定效应，event 事件研究。 The method: sc synthetic control, sdid synthetic difference in differences, did difference in differences, cs measures that began at different times, twfe two-way fixed effects, event an event study." enum:"sc,sdid,did,cs,twfe,event" default:"sdid"`
	Expect  string `help:"事先的预期：rise 上升、fall 下降、change 有变化。 What was expected beforehand: rise, fall or change." enum:"rise,fall,change" default:"change"`

	Treated string   `help:"实施政策的单元（sc、sdid、did）。 The unit with the measure, for sc, sdid and did." placeholder:"NAME"`
	From    string   `help:"政策实施的第一个时间（sc、sdid、did）。 The first period with the measure, for sc, sdid and did." placeholder:"T0"`
	Since   string   `help:"评估期的开始；默认为数据的开始。 First period to look at; that of the data by default." placeholder:"T"`
	Until   string   `help:"评估期的结束；默认为数据的结束。 Last period to look at; that of the data by default." placeholder:"T"`
	Donor   []string `help:"对照单元，可重复；默认为数据完整的全部其他单元。 A donor, repeatable; all other units with complete data by default." sep:"none" placeholder:"NAME"`
	Exclude []string `help:"不作对照的单元（如有同类政策的），可重复。 A unit that is no donor, as one with a like measure; repeatable." sep:"none" placeholder:"NAME"`

	First      string   `help:"各单元开始时间所在的列，0 或空为从未实施（cs、twfe、event）。 Column of when each unit began, 0 or empty for never, for cs, twfe and event." placeholder:"COL"`
	Treatment  string   `help:"是否实施的列，0 或 1；代替 --first。 Column that is 1 with the measure and 0 without, in place of --first." placeholder:"COL"`
	Control    string   `help:"cs 的对照：never 从未实施的，notyet 还包括尚未实施的。 Controls of cs: never treated, or also not yet treated." enum:"never,notyet" default:"never"`
	Covariates []string `help:"twfe 的控制变量列，以逗号分开。 Columns of covariates of twfe, with commas between." placeholder:"A,B"`

	JSON bool `help:"输出 JSON。 Print JSON."`
}

func (c *effectCmd) Help() string {
	return `评估一项政策起了什么作用：与没有它时会怎样相比。权重是精确解，附最优性证明；每个对照单元都轮流充当被评估单元，结论分有证据、证据不足、反向三级，由规则得出，不能改。只读文件，不动数据库。
Finds out what a policy did against what would have been without it. Weights are exact, with a proof; every donor is taken as treated in turn; the verdict (evidence, insufficient, opposite) follows from a rule and cannot be changed. It reads the file and no database.

  touyan effect --panel prop99.csv --unit State --time Year --outcome PacksPerCapita --treated California --from 1989 --method sc --json
  touyan effect --panel basque.csv --unit regionname --time year --outcome gdpcap --treated Basque --from 1970 --exclude Spain --expect fall
  touyan effect --panel mpdta.csv --unit countyreal --time year --outcome lemp --first first.treat --method cs
  touyan effect --panel pilots.csv --unit city_name --time year --outcome ln_carbon_intensity --treatment did --covariates ln_pgdp,ln_pop_density --method twfe`
}

// Run implements the command.
func (c *effectCmd) Run(_ context.Context, s streams) error {
	if err := c.idle(); err != nil {
		return err
	}
	switch effect.Method(c.Method) {
	case effect.SC, effect.SDID, effect.DiD:
		return c.single(s)
	}
	return c.staggered(s)
}

// idle refuses a flag that the method does not look at.
func (c *effectCmd) idle() error {
	single, cs, twfe := c.Method == "sc" || c.Method == "sdid" || c.Method == "did", c.Method == "cs", c.Method == "twfe"
	for _, f := range []struct {
		flag        string
		given, used bool
	}{
		{"--treated", c.Treated != "", single}, {"--from", c.From != "", single}, {"--since", c.Since != "", single}, {"--until", c.Until != "", single},
		{"--donor", len(c.Donor) > 0, single}, {"--exclude", len(c.Exclude) > 0, single},
		{"--first", c.First != "", !single}, {"--treatment", c.Treatment != "", !single},
		{"--control", c.Control != "never", cs}, {"--covariates", len(c.Covariates) > 0, twfe},
	} {
		if f.given && !f.used {
			return fault.At("touyan.effect", f.flag, "方法 "+c.Method+" 不用这一选项，请去掉或换一种方法。", "Method "+c.Method+" does not use this flag; leave it out or choose another method.")
		}
	}
	return nil
}

// single evaluates one unit.
func (c *effectCmd) single(s streams) error {
	if c.Treated == "" {
		return fault.At("touyan.effect", "--treated", "请写明实施政策的单元。", "Say which unit has the measure.")
	}
	rows, err := c.rows(c.Outcome)
	if err != nil {
		return err
	}
	p, err := effect.NewPanel(cellsOf(rows, 0))
	if err != nil {
		return err
	}
	r, err := effect.Evaluate(p, effect.Protocol{
		Outcome: c.Outcome, Treated: c.Treated, From: c.From, Since: c.Since, Until: c.Until, Donors: c.Donor, Exclude: c.Exclude, Expect: effect.Expectation(c.Expect),
	}, effect.Method(c.Method))
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(s.out, r)
	}
	printEffect(s.out, r)
	return nil
}

// staggered evaluates measures that began at different times.
func (c *effectCmd) staggered(s streams) error {
	when := c.First
	if when == "" {
		when = c.Treatment
	}
	if when == "" || c.First != "" && c.Treatment != "" {
		return fault.At("touyan.effect", "--first", "请用 --first 或 --treatment 之一写明各单元何时实施。", "Say by one of --first and --treatment when each unit began.")
	}
	rows, err := c.rows(append([]string{c.Outcome, when}, c.Covariates...)...)
	if err != nil {
		return err
	}
	p, err := effect.NewPanel(cellsOf(rows, 0))
	if err != nil {
		return err
	}
	begin := effect.FromIndicator
	if c.First != "" {
		begin = effect.NewStaggered
	}
	st, err := begin(p, cellsOf(rows, 1))
	if err != nil && !(c.Method == "twfe" && c.Treatment != "") {
		return err
	}
	switch c.Method {
	case "cs":
		r, err := effect.Cohorts(st, c.Outcome, effect.Control(c.Control), effect.Expectation(c.Expect))
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(s.out, r)
		}
		printCohorts(s.out, r)
		return nil
	case "event":
		r, err := effect.EventStudy(st)
		return c.regression(s, r, st, err)
	}
	r, err := effect.FixedEffects(c.regressors(rows, st, when))
	return c.regression(s, r, st, err)
}

// regressors gives the lines of the regression. With --treatment the column is the
// regressor as it stands, be it a measure that ends again or one of degrees.
func (c *effectCmd) regressors(rows []effectRow, st *effect.Staggered, when string) ([]effect.Row, []string) {
	var begun map[[2]string]float64
	if c.First != "" {
		begun = map[[2]string]float64{}
		for u, name := range st.Units {
			for t, period := range st.Times {
				if st.Begun(u, t) {
					begun[[2]string{name, period.Label}] = 1
				}
			}
		}
	}
	lines := make([]effect.Row, len(rows))
	for i, r := range rows {
		x := append([]float64{}, r.values[1:]...)
		if begun != nil {
			period, _ := effect.ParsePeriod(r.time)
			x[0] = begun[[2]string{effect.UnitName(r.unit), period.Label}]
		}
		lines[i] = effect.Row{Unit: r.unit, Time: r.time, Y: r.values[0], X: x, Line: r.line}
	}
	return lines, append([]string{when}, c.Covariates...)
}

// regression completes and prints a regression.
func (c *effectCmd) regression(s streams, r *effect.TwoWay, st *effect.Staggered, err error) error {
	if err != nil {
		return err
	}
	r.Outcome, r.Expect = c.Outcome, effect.Expectation(c.Expect)
	if st != nil {
		if r.Dates = st.Dates(); r.Dates > 1 {
			r.Bacon = effect.Decompose(st)
		}
	}
	if c.JSON {
		return printJSON(s.out, r)
	}
	printTwoWay(s.out, r)
	return nil
}

// effectRow is one line of the file: the values of the columns asked for.
type effectRow struct {
	unit, time string
	values     []float64
	line       int
}

// cellsOf gives one column of the rows.
func cellsOf(rows []effectRow, column int) []effect.Cell {
	out := make([]effect.Cell, len(rows))
	for i, r := range rows {
		out[i] = effect.Cell{Unit: r.unit, Time: r.time, Value: r.values[column], Line: r.line}
	}
	return out
}

// rows reads the file.
func (c *effectCmd) rows(columns ...string) ([]effectRow, error) {
	data, err := os.ReadFile(c.Panel)
	if err != nil {
		return nil, noFile("--panel")
	}
	out, err := c.table(data, columns)
	return out, inFile("--panel", err)
}

func (c *effectCmd) table(data []byte, columns []string) ([]effectRow, error) {
	t, err := panel.NewTable(data)
	if err != nil {
		return nil, err
	}
	at := make([]int, len(columns)+2)
	for i, name := range append([]string{c.Unit, c.Time}, columns...) {
		if at[i], err = t.Column(name); err != nil {
			return nil, err
		}
	}
	var out []effectRow
	for row, err := range t.Rows() {
		if err != nil {
			return nil, err
		}
		r := effectRow{unit: row[at[0]], time: row[at[1]], line: t.Line}
		if effect.UnitName(r.unit) == "" {
			return nil, t.Wrong(c.Unit, "没有写明单元。", "The unit is empty.")
		}
		if _, ok := effect.ParsePeriod(r.time); !ok {
			return nil, t.Wrong(c.Time, "不是可以识别的时间，如 2024、2024Q3、2024-03。", "It is no period that can be read, such as 2024, 2024Q3, 2024-03.")
		}
		for i, name := range columns {
			v, err := c.value(t, name, row[at[i+2]])
			if err != nil {
				return nil, err
			}
			r.values = append(r.values, v)
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		return nil, fault.New(fault.Invalid, "touyan.effect", "文件里没有数据行。", "The file holds no line of data.")
	}
	return out, nil
}

// value reads one cell; what is missing is NaN.
func (c *effectCmd) value(t *panel.Table, name, text string) (float64, error) {
	v, missing, ok := panel.ParseNumber(text)
	switch {
	case missing:
		return math.NaN(), nil
	case ok:
		return v, nil
	case name == c.First:
		if p, ok := effect.ParsePeriod(text); ok {
			return p.Order, nil
		}
	}
	return 0, t.Wrong(name, "不是数字；没有数据请留空。", "It is not a number; leave it empty when there is none.")
}
