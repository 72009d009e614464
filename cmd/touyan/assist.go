package main

import (
	"context"
	"fmt"
	"strconv"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/store"
)

// assistCmd measures the bundled help on the office's own history.
type assistCmd struct {
	Place
	JSON bool `help:"输出 JSON。 Print JSON."`
}

func (c *assistCmd) Help() string {
	return `把本办公室已有的事项按先后逐件检验：只凭在它之前的事项来建议，再与当时实际的交办比较。不用模型，不联网，不改数据。
Tries the bundled help on the office's own matters one after another: each is proposed from those before it alone, and compared with what was then decided. No model, no network, nothing is changed.

  touyan assist --data data
  touyan assist --data data --json`
}

// tried is what assist prints for one office.
type tried struct {
	Office    string `json:"office"`
	N         int    `json:"n"`
	UnitFirst int    `json:"unit_first"`
	UnitThree int    `json:"unit_three"`
	Handling  int    `json:"handling"`
	Similar   int    `json:"similar"`
}

// Run implements the command.
func (c *assistCmd) Run(ctx context.Context, s streams) error {
	prog, err := c.open(ctx, clock.System{}, store.Options{})
	if err != nil {
		return err
	}
	defer prog.Close()
	out := []tried{}
	dir := prog.Book.Now()
	for _, u := range dir.Units() {
		staff := dir.Holders(auth.Supervisor, u.ID)
		if u.Kind != auth.Office || len(staff) == 0 {
			continue
		}
		a, err := prog.Docket.Measure(ctx, auth.Principal{Person: staff[0].Person})
		if err != nil {
			return err
		}
		out = append(out, tried{u.Name.ZH, a.N, a.UnitFirst, a.UnitThree, a.Handling, a.Similar})
	}
	if c.JSON {
		return printJSON(s.out, out)
	}
	t := table{head: []string{"办公室 office", "检验 tried", "首选单位 first unit", "前三单位 three units", "拟办 handling", "类似 similar"}}
	for _, m := range out {
		row := []string{m.Office, strconv.Itoa(m.N)}
		for _, right := range []int{m.UnitFirst, m.UnitThree, m.Handling, m.Similar} {
			row = append(row, share(right, m.N))
		}
		t.rows = append(t.rows, row)
	}
	t.print(s.out)
	return nil
}

// share writes a part of a whole; of too few trials without a percentage.
func share(right, of int) string {
	if of < docket.EnoughTrials {
		return fmt.Sprintf("%d/%d", right, of)
	}
	return fmt.Sprintf("%d/%d = %.0f %%", right, of, 100*float64(right)/float64(of))
}
