package main

import (
	"context"
	"fmt"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/store"
)

// rebuildCmd makes what follows from the log anew.
type rebuildCmd struct {
	Place
	Name string `arg:"" enum:"record" help:"要重算的内容：record 为领导一屏和工作实绩的统计。 What to make anew: record, the sums of the leaders' page and of the units' record."`
}

func (c *rebuildCmd) Help() string {
	return `统计由全部记录推出，删去后可由记录重算；服务器运行时也可以重算，每条记录只计一次。touyan check 会把统计与记录核对。
The sums follow from the log and can be counted from it again; the server may run meanwhile, and each event counts once. touyan check compares the sums with the log.

  touyan rebuild record --data data`
}

// Run implements the command.
func (c *rebuildCmd) Run(ctx context.Context, s streams) error {
	prog, err := c.open(ctx, clock.System{}, store.Options{})
	if err != nil {
		return err
	}
	defer prog.Close()
	n, err := prog.Docket.RebuildRecord(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "已由 %d 条记录重算。 Counted again from %d events.\n", n, n)
	return nil
}
