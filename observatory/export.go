package observatory

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"touyan.dev/touyan/kernel/act"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/paper"
	"touyan.dev/touyan/kernel/web"
)

// ExportComparison takes a comparison out as a workbook, with its receipt.
func (d *Desk) ExportComparison(ctx context.Context, who auth.Principal, q Comparison) (*web.Export, error) {
	if err := d.reads(who); err != nil {
		return nil, err
	}
	p, err := d.compared(ctx, q)
	if err != nil {
		return nil, err
	}
	x, err := d.acts().Export(ctx, who, act.Export{
		What: "comparison", Unit: "行", Rows: len(p.Rows), Filter: map[string]string{"freq": strconv.Itoa(p.Freq), "peers": p.Peers.Code, "period": p.Time, "as_of": q.AsOf},
		Write: func(mark string) ([]byte, error) { return paper.Xlsx(p.sheet(mark)) },
	})
	return &web.Export{
		Type: web.TypeXlsx, Disposition: web.SaveAs("touyan.xlsx", fmt.Sprintf("%s%s-%s.xlsx", p.Peers.Name.ZH, p.Time, x.Number)),
		Number: x.Number, Rows: strconv.Itoa(len(p.Rows)), Receipt: strconv.FormatInt(x.Pos, 10), Body: x.Data,
	}, err
}

// sheet lays a comparison out: a line for each member; three columns for each
// indicator; in the last what is to be known of a line's figures.
func (p *ComparePage) sheet(mark string) paper.Sheet {
	s := paper.Sheet{
		Name: "横向比较", Title: fmt.Sprintf("%s %s 横向比较", p.Peers.Name.ZH, p.Time), Under: fmt.Sprintf("数据截至 %s；名次在组内排定。%s", p.Vintage, mark), Foot: mark,
		Head: []string{"地区"}, Widths: []float64{14}, Numbers: []bool{false},
	}
	for _, i := range p.Indicators {
		unit := ""
		if i.Unit.ZH != "" {
			unit = "（" + i.Unit.ZH + "）"
		}
		s.Head = append(s.Head, i.Name.ZH+unit, i.Name.ZH+" 名次", i.Name.ZH+" 同比（%）")
		s.Widths, s.Numbers = append(s.Widths, 16, 10, 12), append(s.Numbers, true, true, true)
	}
	s.Head, s.Widths = append(s.Head, "说明"), append(s.Widths, 40)
	for _, r := range p.Rows {
		row, notes := []string{r.Name.ZH}, []string{}
		for n, c := range r.Cells {
			value, rank, growth := "", "", ""
			if c.Value != nil {
				value = strconv.FormatFloat(*c.Value, 'f', -1, 64)
			}
			if c.Rank != nil {
				rank = strconv.Itoa(*c.Rank)
			}
			if c.Growth != nil {
				growth = strconv.FormatFloat(*c.Growth, 'f', 2, 64)
			}
			row = append(row, value, rank, growth)
			switch name := p.Indicators[n].Name.ZH; {
			case c.Held:
				notes = append(notes, name+"待核实，暂不使用")
			case c.Value == nil:
				notes = append(notes, name+"没有数据")
			case c.Provisional:
				notes = append(notes, name+"为初步数")
			}
		}
		s.Rows = append(s.Rows, append(row, strings.Join(notes, "；")))
	}
	return s
}
