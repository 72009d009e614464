package main

import (
	"context"
	"os"
	"path/filepath"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/fact"
	"touyan.dev/touyan/observatory/panel"
)

// panelFlags say which file holds a panel and how it lies there.
type panelFlags struct {
	Panel        string   `help:"数据文件（CSV，UTF-8 或 GB18030）。 The data: CSV in UTF-8 or GB18030." required:"" placeholder:"FILE.csv"`
	Layout       string   `help:"排法：wide 每行一个对象和时间、每列一个指标；long 每行一个数；periods 每列一个时间。 How it lies: wide has a line for a subject and period and a column for an indicator; long a line for a value; periods a column for a period." enum:"wide,long,periods" default:"wide"`
	SubjectCol   string   `help:"对象代码所在的列。 Column of the subject's code." default:"city_code" placeholder:"COL"`
	TimeCol      string   `help:"时间所在的列。 Column of the period." default:"year" placeholder:"COL"`
	IndicatorCol string   `help:"指标所在的列（long、periods）。 Column of the indicator, for long and periods." default:"indicator" placeholder:"COL"`
	ValueCol     string   `help:"数值所在的列（long）。 Column of the value, for long." default:"value" placeholder:"COL"`
	VintageCol   string   `help:"版本所在的列；与 --vintage 同用。 Column of the vintage, with --vintage." placeholder:"COL"`
	Vintage      string   `help:"只读这一版本。 Read this vintage only." placeholder:"NAME"`
	Indicators   []string `help:"指标，以逗号分开；默认为全部数字列。 Indicators, with commas between; all columns of numbers by default." placeholder:"A,B"`
	Meta         string   `help:"对象表（CSV）：代码、名称和分组的列。 Table of the subjects: code, name, columns to group by." placeholder:"META.csv"`
	NameCol      string   `help:"对象表中名称所在的列；默认为代码右边一列。 Column of the name in it; the one right of the code by default." placeholder:"COL"`
	About        string   `help:"指标表（CSV）：code、name、unit、polarity 等列。 Table of the indicators: code, name, unit, polarity and others." placeholder:"ABOUT.csv"`
	Peers        []string `help:"按对象表的这些列分组比较；all 为全部。 Compare within groups by these columns of the table; all is everybody." default:"all" placeholder:"COL,COL"`
}

// leastPeers is how many subjects make a peer set.
const leastPeers = 5

// read gives the panel with its peer sets.
func (c panelFlags) read() (*panel.Panel, error) {
	data, err := os.ReadFile(c.Panel)
	if err != nil {
		return nil, noFile("--panel")
	}
	p, err := panel.ReadCSV(data, panel.Reading{
		File: filepath.Base(c.Panel), Layout: panel.Layout(c.Layout), SubjectCol: c.SubjectCol, TimeCol: c.TimeCol, IndicatorCol: c.IndicatorCol, ValueCol: c.ValueCol,
		VintageCol: c.VintageCol, Vintage: c.Vintage, Indicators: c.Indicators,
	})
	if err != nil {
		return nil, err
	}
	if c.Meta != "" {
		if data, err = os.ReadFile(c.Meta); err != nil {
			return nil, noFile("--meta")
		}
		if err := p.Describe(data, c.SubjectCol, c.NameCol); err != nil {
			return nil, err
		}
	}
	if c.About != "" {
		if data, err = os.ReadFile(c.About); err != nil {
			return nil, noFile("--about")
		}
		if err := p.DescribeIndicators(data); err != nil {
			return nil, err
		}
	}
	for _, by := range c.Peers {
		if !p.GroupBy(by, leastPeers) {
			return nil, fault.At("touyan.facts", "--peers", "对象表没有这一列："+by, "The table of subjects has no such column: "+by)
		}
	}
	if len(p.Peers) == 0 {
		return nil, fault.At("touyan.facts", "--peers", "没有一组达到 5 个对象。", "No group has 5 subjects.")
	}
	return p, nil
}

func noFile(flag string) error {
	return fault.At("touyan.facts", flag, "文件打不开，请检查路径。", "The file cannot be opened; check the path.")
}

// factsCmd mines a panel.
type factsCmd struct {
	panelFlags
	Mechanical bool `help:"按答案文件的机械定义输出，不经质量把关。 By the plain definitions of the answer keys, without the quality gate."`
	CSV        bool `help:"输出 CSV，与 --mechanical 同用。 Print CSV, with --mechanical."`
}

func (c *factsCmd) Help() string {
	return `从统计数据中找出值得一说的事实。只读文件，不动数据库。
Finds what in the statistics is worth saying. It reads files and no database.

  touyan facts --panel cities.csv --layout wide --subject-col city_code --time-col year --indicators gdp,va_secondary --meta cities_meta.csv --peers province --mechanical --csv`
}

// Run implements the command.
func (c *factsCmd) Run(_ context.Context, s streams) error {
	p, err := c.read()
	if err != nil {
		return err
	}
	return fact.WriteMechanical(s.out, p)
}
