package main

import (
	"context"

	"touyan.dev/touyan/observatory/fact"
)

// factsCmd mines a panel.
type factsCmd struct {
	panelFlags
	Mechanical bool `help:"按答案文件的机械定义输出，不经质量把关。 By the plain definitions of the answer keys, without the quality gate."`
	CSV        bool `help:"输出 CSV，与 --mechanical 同用。 Print CSV, with --mechanical."`
}

func (c *factsCmd) Help() string {
	return `从统计数据中找出值得一说的事实。只读文件，不动数据库。
Finds what in the statistics is worth saying. It reads files and no database.

  touyan facts --panel cities.csv --layout wide --subject-col city_code --time-col year --indicators gdp,va_secondary --meta cities_meta.csv --peers province --mechanical --csv`
}

// Run implements the command.
func (c *factsCmd) Run(_ context.Context, s streams) error {
	p, err := c.grouped(leastPeers)
	if err != nil {
		return err
	}
	return fact.WriteMechanical(s.out, p)
}
