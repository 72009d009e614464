package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"touyan.dev/touyan/docket/process"
	"touyan.dev/touyan/kernel/fault"
)

// mineCmd finds out from a log how a process really ran.
type mineCmd struct {
	Log      string `arg:"" help:"日志文件：XES 或 CSV，可为 .gz；- 为标准输入。 The log: XES or CSV, gzipped or not; - for standard input." placeholder:"LOG"`
	Case     string `help:"案例所在的列；XES 中案例自身的属性写作 case:属性名。 Column of the case; in XES an attribute of the trace is written case:KEY." default:"case:concept:name" placeholder:"COL"`
	Activity string `help:"活动所在的列。 Column of the activity." default:"concept:name" placeholder:"COL"`
	Time     string `help:"时间所在的列；没有时区的按北京时间。 Column of the time; without a zone it is Beijing time." default:"time:timestamp" placeholder:"COL"`
	JSON     bool   `help:"输出 JSON。 Print JSON."`
}

func (c *mineCmd) Help() string {
	return `按时间（同一时刻按文件顺序）排出每个案例的经过，数出案例、事件、活动、走法，谁直接接在谁之后，从哪里开始、到哪里结束，历时多久。只读文件，不动数据库。
Orders each case by time (events of one instant by their order in the file) and counts cases, events, activities, variants, what directly followed what, where cases begin and end, and how long they took. It reads the file and no database.

  touyan mine receipt.xes.gz
  touyan mine receipt.csv.gz --json
  touyan mine calls.csv --case 工单号 --activity 环节 --time 时间`
}

// Run implements the command.
func (c *mineCmd) Run(_ context.Context, s streams) error {
	in := s.in
	if c.Log != "-" {
		f, err := os.Open(c.Log)
		if err != nil {
			return fault.New(fault.NotFound, "touyan.mine", "日志文件打不开，请检查路径："+c.Log, "The log cannot be opened; check the path: "+c.Log)
		}
		defer f.Close()
		in = f
	}
	log, err := process.Read(in, process.Columns{Case: c.Case, Activity: c.Activity, Time: c.Time})
	if err != nil {
		return err
	}
	m := log.Map()
	if c.JSON {
		return printJSON(s.out, m)
	}
	printMap(s.out, m)
	return nil
}

// shownMost bounds the lines of each part of the table.
const shownMost = 15

// printMap writes a map for people.
func printMap(w io.Writer, m process.Map) {
	fmt.Fprintf(w, "案例 cases %d · 事件 events %d · 活动 activities %d · 走法 variants %d\n", m.Cases, m.Events, m.Activities, m.Variants)
	fmt.Fprintf(w, "历时 duration: 平均 mean %s · 中位 median %s\n\n", spanText(m.Duration.Mean), spanText(m.Duration.Median))
	follows := table{head: []string{"前一活动 from", "后一活动 to", "次数 count"}}
	for _, e := range m.DFG[:min(len(m.DFG), shownMost)] {
		follows.rows = append(follows.rows, []string{e.From, e.To, strconv.Itoa(e.Count)})
	}
	follows.print(w)
	if left := len(m.DFG) - shownMost; left > 0 {
		fmt.Fprintf(w, "… 另有 %d 种，见 --json。 %d more; see --json.\n", left, left)
	}
	fmt.Fprintln(w)
	ways := table{head: []string{"案例 cases", "占比 share", "走法 variant"}}
	for _, v := range m.Top[:min(len(m.Top), shownMost)] {
		ways.rows = append(ways.rows, []string{strconv.Itoa(v.Count), fmt.Sprintf("%.1f %%", 100*float64(v.Count)/float64(m.Cases)), strings.Join(v.Trace, " → ")})
	}
	ways.print(w)
	if left := m.Variants - len(ways.rows); left > 0 {
		fmt.Fprintf(w, "… 另有 %d 种走法。 %d more variants.\n", left, left)
	}
}

// spanText gives seconds in the unit that fits.
func spanText(s float64) string {
	switch {
	case s >= 2*86400:
		return fmt.Sprintf("%.1f 天 days", s/86400)
	case s >= 2*3600:
		return fmt.Sprintf("%.1f 小时 hours", s/3600)
	case s >= 120:
		return fmt.Sprintf("%.1f 分钟 minutes", s/60)
	}
	return fmt.Sprintf("%.1f 秒 s", s)
}
