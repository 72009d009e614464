package main

import (
	"context"
	"fmt"
	"strings"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/auth"
)

type dutiesCmd struct {
	Place
	JSON bool `help:"输出 JSON，含全部岗位与依据条款。 Print JSON, with every seat and its source."`
}

func (c *dutiesCmd) Help() string {
	return `列出每类事项每个环节的职责，以及无人担任、无人代行和多人重叠之处。
Lists the duty of every step of every kind of work, and where nobody holds it, nobody stands in, or too many do.

  touyan duties
  touyan duties --json`
}

// Run implements the command.
func (c *dutiesCmd) Run(ctx context.Context, s streams) error {
	prog, err := c.existing(ctx)
	if err != nil {
		return err
	}
	defer prog.Close()
	m, err := prog.Docket.Duties(ctx, auth.Principal{})
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(s.out, m)
	}
	t := table{head: []string{"事项 kind", "环节 step", "职责 duty", "依据 source"}}
	for _, k := range m.Kinds {
		for _, step := range k.Steps {
			who := make([]string, len(step.Who))
			for i, p := range step.Who {
				who[i] = p.Name.ZH
			}
			t.rows = append(t.rows, []string{k.Name.ZH, step.Name.ZH, strings.Join(who, "、"), step.Basis.Source + step.Basis.Article})
		}
	}
	t.print(s.out)
	fmt.Fprintf(s.out, "\n缺位 gaps: %d，重叠 overlaps: %d，失主环节 orphans: %d\n", len(m.Gaps), len(m.Overlaps), len(m.Orphans))
	for _, list := range [][]docket.DutySeat{m.Gaps, m.Overlaps} {
		for _, seat := range list {
			fmt.Fprintf(s.out, "  %s %s：%s\n", seat.UnitName.ZH, seat.DutyName.ZH, seat.Why.ZH)
		}
	}
	return nil
}
