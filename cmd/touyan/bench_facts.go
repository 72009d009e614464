package main

import (
	"context"
	"os/exec"

	"touyan.dev/touyan/bench"
)

// benchFactsCmd measures the miner of facts.
type benchFactsCmd struct {
	measured
	Subjects   int    `help:"对象数。 Subjects." default:"300"`
	Indicators int    `help:"指标数。 Indicators." default:"500"`
	Periods    int    `help:"期数。 Periods." default:"40"`
	Releases   int    `help:"单次发布测多少次。 Single releases timed." default:"200"`
	Countries  string `help:"另测这个各国数据文件。 Also mine this file of countries." placeholder:"countries_wide.csv"`
	DuckDB     string `name:"duckdb" help:"另与 DuckDB 对照：从标准输入读 SQL、以库文件为参数的程序。 Also compare with DuckDB: a program that reads SQL from standard input and takes the database file as argument." placeholder:"PROGRAM"`
	SQL        int    `help:"与 SQLite 窗口查询对照的指标数；0 为不对照。 Indicators on which SQLite's window SQL is run for comparison; 0 leaves it out." default:"50"`
}

func (c *benchFactsCmd) Help() string {
	return `  touyan bench facts --indicators 20 --releases 20 --sql 0 --json`
}

// Run implements the command.
func (c *benchFactsCmd) Run(ctx context.Context, s streams) error {
	return c.in(s, func(dir string) (any, error) {
		conf := bench.FactsConfig{Dir: dir, Subjects: c.Subjects, Indicators: c.Indicators, Periods: c.Periods, Releases: c.Releases, Countries: c.Countries, DuckDB: c.DuckDB, SQLIndicators: min(c.SQL, c.Indicators)}
		if c.SQL > 0 {
			program, err := exec.LookPath("sqlite3")
			if err != nil {
				return nil, err
			}
			conf.SQLite = program
		}
		return bench.Facts(ctx, conf)
	})
}
