package main

import (
	"fmt"
	"os"
	"path/filepath"

	"touyan.dev/touyan/kernel/fault"
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
	About        string   `help:"指标表（CSV）：code、name、synonyms、unit、polarity 等列，补充或改写自带的指标表。 Table of the indicators: code, name, synonyms, unit, polarity and others; it adds to the built-in one or replaces lines of it." placeholder:"ABOUT.csv"`
	Peers        []string `help:"按对象表的这些列分组比较；all 为全部。 Compare within groups by these columns of the table; all is everybody." default:"all" placeholder:"COL,COL"`
}

// leastPeers is how many subjects make a peer set.
const leastPeers = 5

// read gives the panel with its subjects and indicators described.
func (c panelFlags) read() (*panel.Panel, error) {
	if c.Vintage != "" && c.VintageCol == "" {
		return nil, fault.At("touyan.panel", "--vintage-col", "请写明版本在哪一列。", "Say which column holds the vintage.")
	}
	data, err := os.ReadFile(c.Panel)
	if err != nil {
		return nil, noFile("--panel")
	}
	p, err := panel.ReadCSV(data, panel.Reading{
		File: filepath.Base(c.Panel), Layout: panel.Layout(c.Layout), SubjectCol: c.SubjectCol, TimeCol: c.TimeCol, IndicatorCol: c.IndicatorCol, ValueCol: c.ValueCol,
		VintageCol: c.VintageCol, Vintage: c.Vintage, Indicators: c.Indicators,
	})
	if err != nil {
		return nil, inFile("--panel", err)
	}
	if c.Meta != "" {
		if data, err = os.ReadFile(c.Meta); err != nil {
			return nil, noFile("--meta")
		}
		if err := p.Describe(data, c.SubjectCol, c.NameCol); err != nil {
			return nil, inFile("--meta", err)
		}
	}
	if err := p.DescribeIndicators(panel.Dictionary()); err != nil {
		return nil, err
	}
	if data, err = c.about(); err != nil || data == nil {
		return p, err
	}
	return p, inFile("--about", p.DescribeIndicators(data))
}

// about gives the table of indicators that was named, or nil.
func (c panelFlags) about() ([]byte, error) {
	if c.About == "" {
		return nil, nil
	}
	data, err := os.ReadFile(c.About)
	if err != nil {
		return nil, noFile("--about")
	}
	return data, nil
}

// grouped gives the panel with its peer sets of at least so many.
func (c panelFlags) grouped(least int) (*panel.Panel, error) {
	p, err := c.read()
	if err != nil {
		return nil, err
	}
	for _, by := range c.Peers {
		if !p.GroupBy(by, least) {
			return nil, fault.At("touyan.panel", "--peers", "对象表没有这一列："+by, "The table of subjects has no such column: "+by)
		}
	}
	if len(p.Peers) == 0 {
		return nil, fault.At("touyan.panel", "--peers", fmt.Sprintf("没有一组达到 %d 个对象。", least), fmt.Sprintf("No group has %d subjects.", least))
	}
	return p, nil
}

// inFile says in which of the files that flags name something is wrong.
func inFile(flag string, err error) error {
	if err == nil {
		return nil
	}
	why := *fault.Of(err)
	if why.Kind != fault.Invalid {
		return err
	}
	if len(why.Fields) == 0 {
		return fault.At(why.Op, flag, why.Text.ZH, why.Text.EN)
	}
	fields := make([]fault.Field, len(why.Fields))
	for i, f := range why.Fields {
		fields[i] = fault.Field{Path: flag + " " + f.Path, Text: f.Text}
	}
	why.Fields = fields
	return &why
}

func noFile(flag string) error {
	return fault.At("touyan.panel", flag, "文件打不开，请检查路径。", "The file cannot be opened; check the path.")
}
