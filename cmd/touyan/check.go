package main

import (
	"context"
	"fmt"
	"io"

	"touyan.dev/touyan/kernel/attach"
	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/erase"
	"touyan.dev/touyan/kernel/event"
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
	Files    int             `json:"files"`
	Figures  int             `json:"figures"` // releases and facts
	Waiting  int             `json:"waiting"` // erasures since the files of the database were scrubbed
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
	left, err := registered(ctx, prog.DB, c.keys())
	if err != nil {
		return err
	}
	out.Findings = append(out.Findings, left...)
	out.OK = len(out.Findings) == 0
	if out.Waiting, err = erase.Unscrubbed(ctx, prog.DB); err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(s.out, out)
	} else {
		out.print(s.out)
	}
	if err == nil && !out.OK {
		return errFound
	}
	return err
}

func (c checked) print(w io.Writer) {
	for _, f := range c.Findings {
		fmt.Fprintf(w, "✗ %s %s: %s %s\n", f.Table, f.Row, f.Text.ZH, f.Text.EN)
	}
	fmt.Fprintf(w, "核对 checked: %d 条记录 events, %d 个事项 matters, %d 个已清除 erased, %d 个附件 files, %d 批数据和事实 releases and facts, %d 处不符 findings\n", c.Events, c.Matters, c.Erased, c.Files, c.Figures, len(c.Findings))
	if c.Waiting > 0 {
		fmt.Fprintf(w, "有%d次清除之后尚未清理存储；服务器夜间自动清理，或执行 touyan scrub。 Erasures whose bytes are not scrubbed yet: %d; the server does it at night, or touyan scrub.\n", c.Waiting, c.Waiting)
	}
}

func (p *Program) check(ctx context.Context, limit int) (checked, error) {
	out, err := checkLog(ctx, p.DB, p.Key, limit)
	if left := limit - len(out.Findings); err == nil && left > 0 {
		var found []audit.Finding
		found, err = p.Docket.CheckRecord(ctx, left)
		out.Findings = append(out.Findings, found...)
	}
	if left := limit - len(out.Findings); err == nil && left > 0 {
		var found []audit.Finding
		found, out.Figures, err = p.Watch.Check(ctx, left)
		out.Findings = append(out.Findings, found...)
	}
	out.OK = len(out.Findings) == 0
	return out, err
}

// checkLog checks a log, or a copy of one: every event, the epochs, and every
// matter against its events.
func checkLog(ctx context.Context, r store.Reader, key *audit.Key, limit int) (out checked, err error) {
	out.Findings = []audit.Finding{}
	if out.Events, _, err = event.Head(ctx, r); err != nil {
		return out, err
	}
	found, err := audit.CheckLog(ctx, r, limit, nil)
	if err != nil {
		return out, err
	}
	out.Findings = append(out.Findings, found...)
	if found, err = audit.CheckEpochs(ctx, r, key.Keys()); err != nil {
		return out, err
	}
	out.Findings = append(out.Findings, found...)
	if left := limit - len(out.Findings); left > 0 {
		found, out.Matters, out.Erased, err = matter.Check(ctx, r, left)
		if err != nil {
			return out, err
		}
		out.Findings = append(out.Findings, found...)
	}
	if found, _, err = erase.Check(ctx, r, max(0, limit-len(out.Findings))); err != nil {
		return out, err
	}
	out.Findings = append(out.Findings, found...)
	if left := limit - len(out.Findings); left > 0 {
		if found, out.Files, err = attach.Check(ctx, r, left); err != nil {
			return out, err
		}
		out.Findings = append(out.Findings, found...)
	}
	out.OK = len(out.Findings) == 0
	return out, nil
}
