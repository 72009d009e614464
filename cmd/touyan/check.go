package main

import (
	"context"
	"fmt"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/store"
)

// checkCmd compares every row with the log.
type checkCmd struct {
	Place
	Limit int  `help:"列出这么多处不符后停止。 Stop after this many findings." default:"20"`
	JSON  bool `help:"输出 JSON。 Print JSON."`
}

func (c *checkCmd) Help() string {
	return `重算每条记录的摘要与 Merkle 树，由记录重建每个事项、时钟与在办环节，再逐行比较；服务器运行时也可以查。
It computes every digest and the Merkle tree again, makes each matter, clock and open step anew from the log, and compares row by row; the server may run meanwhile.

  touyan check --data data
  touyan check --data data --json`
}

// checked is what check prints.
type checked struct {
	OK       bool            `json:"ok"`
	Events   int64           `json:"events"`
	Matters  int             `json:"matters"`
	Erased   int             `json:"erased"`
	Findings []audit.Finding `json:"findings"`
}

// Run implements the command.
func (c *checkCmd) Run(ctx context.Context, s streams) error {
	prog, err := c.open(ctx, clock.System{}, store.Options{})
	if err != nil {
		return err
	}
	defer prog.Close()
	out, err := prog.check(ctx, c.Limit)
	if err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(s.out, out)
	} else {
		for _, f := range out.Findings {
			fmt.Fprintf(s.out, "✗ %s %s: %s %s\n", f.Table, f.Row, f.Text.ZH, f.Text.EN)
		}
		fmt.Fprintf(s.out, "核对 checked: %d 条记录 events, %d 个事项 matters, %d 个已抹除 erased, %d 处不符 findings\n", out.Events, out.Matters, out.Erased, len(out.Findings))
	}
	if err == nil && !out.OK {
		return errFound
	}
	return err
}

// check folds the log and compares it with all rows.
func (p *Program) check(ctx context.Context, limit int) (checked, error) {
	out := checked{Findings: []audit.Finding{}}
	signed, at, err := p.Key.Sign(ctx, p.DB)
	if err != nil || len(signed) == 0 {
		return out, err
	}
	out.Events = at.Size
	found, err := audit.CheckLog(ctx, p.DB, limit, nil)
	if err != nil {
		return out, err
	}
	out.Findings = append(out.Findings, found...)
	if left := limit - len(found); left > 0 {
		found, out.Matters, out.Erased, err = matter.Check(ctx, p.DB, left)
		if err != nil {
			return out, err
		}
		out.Findings = append(out.Findings, found...)
	}
	out.OK = len(out.Findings) == 0
	return out, nil
}
