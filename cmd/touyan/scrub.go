package main

import (
	"context"
	"fmt"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/erase"
	"touyan.dev/touyan/kernel/fault"
)

// scrubCmd scrubs the files of the database, for those whose server does not run at
// night.
type scrubCmd struct {
	operator
}

func (c *scrubCmd) Help() string {
	return `内容清除之后，数据库文件的空闲页和预写日志中还会留有字节。服务器每晚（serve --quiet）自动清理；夜间关机的，由本命令清理。清理期间写入会等候，约与备份同样长，请避开办公时间。服务器可以照常运行。
After texts were erased, bytes of them stay in free pages and the write-ahead log. The server scrubs them every night (serve --quiet); where it is switched off at night, this command does. Writes wait meanwhile, about as long as a backup takes: not in office hours. The server may run.

  touyan scrub --as admin`
}

// cleaned is the answer of scrub.
type cleaned struct {
	Erasures int           `json:"erasures"`
	Left     []fault.Text  `json:"left"`
	Receipt  audit.Receipt `json:"receipt"`
}

// Run implements the command.
func (c *scrubCmd) Run(ctx context.Context, s streams) error {
	return c.act(ctx, "scrub", func(prog *Program, who auth.Principal) error {
		dir := prog.Book.Now()
		if _, err := prog.Rules.Require(dir, who, "erase.scrub", auth.Resource{Type: "Erasure", Unit: dir.Root()}); err != nil {
			return err
		}
		n, err := erase.Unscrubbed(ctx, prog.DB)
		if err != nil {
			return err
		}
		place, left, err := prog.Terms.Scrub(ctx, who.Person, once())
		if err != nil {
			return err
		}
		r, e, err := prog.Key.ReceiptAt(ctx, prog.DB, place.Event.Pos)
		if err != nil {
			return err
		}
		out := cleaned{Erasures: n, Left: append([]fault.Text{}, left...), Receipt: r.With(e)}
		if err := c.give(s, out.Receipt, out, fmt.Sprintf("已清理；上次清理以来有%d次清除。 Scrubbed; erasures since the last time: %d", n, n)); err != nil || c.JSON {
			return err
		}
		for _, t := range left {
			fmt.Fprintf(s.out, "! %s %s\n", t.ZH, t.EN)
		}
		return nil
	})
}
