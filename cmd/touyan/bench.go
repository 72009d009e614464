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
	Engine benchEngineCmd `cmd:"" help:"Four-act matters with 256 in flight, against a hand-written floor."`
	Lists  benchListsCmd  `cmd:"" help:"Lists, inboxes, counters and acts with many matters stored."`
}

// measured is what every measurement is told.
type measured struct {
	Dir     string `help:"Directory on the disk to be measured; a temporary one by default." type:"path"`
	JSON    bool   `help:"Print JSON. The output is the same without it; measurements have no other form."`
	Profile string `help:"Write a processor profile to this file." type:"path"`
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
	Engine   string `help:"Database engine." enum:"sqlite,postgres" default:"sqlite"`
	Seconds  int    `help:"Time for each side." default:"10"`
	Postgres string `help:"Server, by the URL of its database postgres. Two databases are made there and dropped." env:"TOUYAN_TEST_POSTGRES"`
}

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
	Matters int `help:"How many matters are stored." default:"1000000"`
	Rounds  int `help:"How often each view is asked." default:"40"`
	Seconds int `help:"How long acts come in, 100 a second." default:"20"`
}

// Run implements the command.
func (c *benchListsCmd) Run(ctx context.Context, s streams) error {
	return c.in(s, func(dir string) (any, error) {
		return bench.Lists(ctx, bench.ListsConfig{Dir: dir, Matters: c.Matters, Rounds: c.Rounds, Acts: time.Duration(c.Seconds) * time.Second})
	})
}
