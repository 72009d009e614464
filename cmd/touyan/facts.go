package main

import (
	"context"
	"fmt"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/fact"
	"touyan.dev/touyan/observatory/panel"
	"touyan.dev/touyan/observatory/quality"
)

// factsCmd mines a panel.
type factsCmd struct {
	panelFlags
	Mechanical bool     `help:"按答案文件的机械定义输出，不经质量把关。 By the plain definitions of the answer keys, without the quality gate."`
	CSV        bool     `help:"输出 CSV，与 --mechanical 同用。 Print CSV, with --mechanical."`
	Earlier    []string `help:"同一数据的较早版本：文件，或与 --vintage-col 同用时的版本名；据此估计各条事实经得起修订的可能。 Earlier vintages of the same data: files, or with --vintage-col their names; from them it is learned how likely each fact outlives a revision." placeholder:"FILE.csv"`
	Subject    string   `help:"只要这个对象的事实。 Facts of this subject only." placeholder:"CODE"`
	At         string   `help:"只要这一时间的事实；默认为最新一期，all 为全部。 Facts of this period only; the newest by default, all for every one." placeholder:"PERIOD"`
	Top        int      `help:"最多多少条。 How many at most." default:"20"`
	JSON       bool     `help:"输出 JSON。 Print JSON."`
}

func (c *factsCmd) Help() string {
	return `从统计数据中找出值得一说的事实。只读文件，不动数据库。
Finds what in the statistics is worth saying. It reads files and no database.

  touyan facts --panel cities.csv --meta cities_meta.csv --about indicators.csv --peers province,all --top 10
  touyan facts --panel cities.csv --meta cities_meta.csv --peers province --subject 320100 --at 2023 --json
  touyan facts --panel cities.csv --layout wide --subject-col city_code --time-col year --indicators gdp,va_secondary --meta cities_meta.csv --peers province --mechanical --csv
  touyan facts --panel gdp.csv --vintage-col vintage --vintage B2021 --earlier A2017 --json`
}

// factsKept is how many facts of an indicator and form are weighed to the end.
const factsKept = 400

// Run implements the command.
func (c *factsCmd) Run(_ context.Context, s streams) error {
	if c.Top < 1 {
		return fault.At("touyan.facts", "--top", "至少要 1 条。", "It must be 1 at least.")
	}
	switch {
	case c.CSV && !c.Mechanical:
		return fault.At("touyan.facts", "--csv", "CSV 与 --mechanical 同用；其他事实请用 --json。", "CSV goes with --mechanical; for other facts use --json.")
	case c.JSON && c.Mechanical:
		return fault.At("touyan.facts", "--json", "机械定义的事实只输出 CSV，请用 --csv。", "Facts by the plain definitions are printed as CSV; use --csv.")
	}
	p, err := c.grouped(leastPeers)
	if err != nil {
		return err
	}
	if c.Mechanical {
		return fact.WriteMechanical(s.out, p)
	}
	held := 0
	found := quality.Check(p)
	for _, f := range found {
		if f.Hold {
			held++
		}
	}
	quality.Apply(p, found)
	o := fact.Product(p.Axis)
	o.Most = factsKept
	if c.Subject != "" {
		i, ok := p.Subject(c.Subject)
		if !ok {
			return fault.At("touyan.facts", "--subject", "数据里没有这个对象。", "The data have no such subject.")
		}
		o.Watch = []int{i}
	}
	if o.Revisions, err = c.revisions(p); err != nil {
		return err
	}
	until := p.Axis.Len
	switch c.At {
	case "":
		o.From = p.Axis.Len - 1
	case "all":
	default:
		f, period, ok := panel.ParsePeriod(c.At)
		col, within := p.Axis.Col(period)
		if !ok || f != p.Axis.Freq || !within {
			return fault.At("touyan.facts", "--at", "数据里没有这个时间。", "The data have no such period.")
		}
		o.From, until = col, col+1
	}
	r := fact.Mine(p, o)
	told := []fact.Told{}
	for _, f := range r.Facts {
		if int(f.Period) < until && len(told) < c.Top {
			told = append(told, fact.Tell(p, o, f))
		}
	}
	if c.JSON {
		return printJSON(s.out, told)
	}
	if held > 0 {
		fmt.Fprintf(s.out, "质量把关拦下 %d 个存疑的数，未用于任何事实。 The quality gate held back %d doubtful cells; no fact uses them.\n\n", held, held)
	}
	for i, f := range told {
		fmt.Fprintf(s.out, "%d  %s\n   %s\n", i+1, f.ZH, f.EN)
	}
	return nil
}

// revisions learns from earlier vintages what usually becomes of published figures.
func (c *factsCmd) revisions(now *panel.Panel) (map[string]*fact.Revisions, error) {
	out := map[string]*fact.Revisions{}
	for _, name := range c.Earlier {
		before := c.panelFlags
		if c.VintageCol != "" {
			before.Vintage = name
		} else {
			before.Panel = name
		}
		old, err := before.read()
		if err != nil {
			why := fault.Of(err)
			return nil, &fault.Error{Kind: why.Kind, Op: "touyan.facts", Fields: why.Fields, Text: fault.T("读不出较早版本："+name+"。"+why.Text.ZH, "The earlier vintage cannot be read: "+name+". "+why.Text.EN)}
		}
		for _, x := range now.Indicators {
			if r := fact.Join(out[x.Code], fact.LearnRevisions(old, now, x.Code, nil)); len(r.Paths) > 0 {
				out[x.Code] = r
			}
		}
	}
	return out, nil
}
