package main

import (
	"context"
	"time"

	"touyan.dev/touyan/bench"
)

// benchTimersCmd measures the timers.
type benchTimersCmd struct {
	measured
	Engine   string `help:"数据库引擎。 Database engine." enum:"sqlite,postgres" default:"sqlite"`
	Rate     int    `help:"每秒随机到期多少个。 How many timers come due a second, at random." default:"500"`
	Seconds  int    `help:"持续多久。 For how long." default:"20"`
	Due      int    `help:"同一时刻到期多少个。 How many timers come due at one instant." default:"100000"`
	Postgres string `help:"服务器，以其 postgres 库的地址给出；会在其中建立并删除一个库。 Server, by the URL of its database postgres; a database is made there and dropped." env:"TOUYAN_TEST_POSTGRES"`
}

func (c *benchTimersCmd) Help() string { return `  touyan bench timers --seconds 2 --due 1000` }

// Run implements the command.
func (c *benchTimersCmd) Run(ctx context.Context, s streams) error {
	return c.in(s, func(dir string) (any, error) {
		conf := bench.TimersConfig{Dir: dir, Rate: c.Rate, Time: time.Duration(c.Seconds) * time.Second, Due: c.Due, Quiet: 8 * time.Second}
		if c.Engine == "postgres" {
			server, err := bench.NewServer(ctx, c.Postgres, 1)
			if err != nil {
				return nil, err
			}
			defer server.Close()
			conf.Postgres = server.URLs[0]
		}
		return bench.Timers(ctx, conf)
	})
}
