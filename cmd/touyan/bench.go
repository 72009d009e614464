package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime/pprof"
	"time"

	"touyan.dev/touyan/bench"
)

// benchCmd groups the measurements.
type benchCmd struct {
	Engine   benchEngineCmd   `cmd:"" help:"256 个在途、每个四次办理的事项，与手写基线对照。 Four-act matters with 256 in flight, against a hand-written floor."`
	Lists    benchListsCmd    `cmd:"" help:"存有大量事项时的列表、待办、计数与办理。 Lists, inboxes, counters and acts with many matters stored."`
	Timers   benchTimersCmd   `cmd:"" help:"计时器响得多晚；人们照常办理时，一批同时到期的多久响完。 How late timers fire, and how fast a heap of them drains while people act."`
	Effect   benchEffectCmd   `cmd:"" help:"评估一项政策要多久，含全部安慰剂检验。 How long the evaluation of a policy takes, with all placebos."`
	Forecast benchForecastCmd `cmd:"" help:"预测大量序列要多久，含回测与区间。 How long forecasts of many series take, with back-tests and intervals."`
	Facts    benchFactsCmd    `cmd:"" help:"从统计数据中找事实：整个面板、一次发布，与窗口查询对照。 The miner of facts: a whole panel, one release, and window SQL beside it."`
	Release  benchReleaseCmd  `cmd:"" help:"数据从文件经质量把关到事实入库要多久。 How long a release takes from its file through the quality gate to facts in the database."`
}

// measured is what every measurement is told.
type measured struct {
	Dir     string `help:"在被测磁盘上的目录；默认用临时目录。 Directory on the disk to be measured; a temporary one by default." type:"path"`
	JSON    bool   `help:"输出 JSON；测量只有这一种形式，不加也一样。 Print JSON; measurements have no other form."`
	Profile string `help:"把处理器剖析写入此文件。 Write a processor profile to this file." type:"path"`
}

// in runs a measurement in a new directory and prints what it gives.
func (m measured) in(s streams, run func(dir string) (any, error)) error {
	if m.Dir != "" {
		if err := os.MkdirAll(m.Dir, 0o700); err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp(m.Dir, "touyan-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if m.Profile != "" {
		f, err := os.Create(filepath.Clean(m.Profile))
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	out, err := run(dir)
	if err != nil {
		return err
	}
	return printJSON(s.out, out)
}

// benchEngineCmd compares the engine with the floor.
type benchEngineCmd struct {
	measured
	Engine   string `help:"数据库引擎。 Database engine." enum:"sqlite,postgres" default:"sqlite"`
	Seconds  int    `help:"每一方的时间。 Time for each side." default:"10"`
	Postgres string `help:"服务器，以其 postgres 库的地址给出；会在其中建立并删除两个库。 Server, by the URL of its database postgres; two databases are made there and dropped." env:"TOUYAN_TEST_POSTGRES"`
}

func (c *benchEngineCmd) Help() string { return `  touyan bench engine --seconds 5` }

// Run implements the command.
func (c *benchEngineCmd) Run(ctx context.Context, s streams) error {
	return c.in(s, func(dir string) (any, error) {
		conf := bench.EngineConfig{Dir: dir, Time: time.Duration(c.Seconds) * time.Second}
		if c.Engine == "postgres" {
			server, err := bench.NewServer(ctx, c.Postgres, 2)
			if err != nil {
				return nil, err
			}
			defer server.Close()
			conf.Postgres, conf.Floor = server.URLs[0], server.URLs[1]
		}
		return bench.Engine(ctx, conf)
	})
}

// benchListsCmd times what screens ask for.
type benchListsCmd struct {
	measured
	Matters int `help:"存有多少事项。 How many matters are stored." default:"1000000"`
	Rounds  int `help:"每个视图查询多少次。 How often each view is asked." default:"40"`
	Seconds int `help:"每秒 100 次办理持续多久。 How long acts come in, 100 a second." default:"20"`
}

func (c *benchListsCmd) Help() string { return `  touyan bench lists --matters 10000 --seconds 2` }

// Run implements the command.
func (c *benchListsCmd) Run(ctx context.Context, s streams) error {
	return c.in(s, func(dir string) (any, error) {
		return bench.Lists(ctx, bench.ListsConfig{Dir: dir, Matters: c.Matters, Rounds: c.Rounds, Acts: time.Duration(c.Seconds) * time.Second})
	})
}
