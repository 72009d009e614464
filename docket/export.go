package docket

import (
	"context"
	"strconv"

	"touyan.dev/touyan/kernel/act"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/paper"
	"touyan.dev/touyan/kernel/privacy"
	"touyan.dev/touyan/kernel/web"
)

const (
	exportMost = 5000 // rows of a workbook
	// exportFree is how many rows leave without a fresh proof of who takes them.
	exportFree = 200
)

func (o *Office) registerExport(s *web.Server) {
	web.Register(s, reads(get("/api/export/matters.xlsx", "matters-export", "The list as a workbook, up to 5,000 rows; more than 200 need a fresh proof"), "export"),
		func(ctx context.Context, in *listQuery) (*web.Export, error) {
			return o.export(ctx, web.Who(ctx), in, func() error { return web.NeedProof(ctx) })
		})
}

// export writes the list as a workbook and its receipt. prove is asked when the
// list is long.
func (o *Office) export(ctx context.Context, who auth.Principal, q *listQuery, prove func() error) (*web.Export, error) {
	rows, err := o.exportRows(ctx, who, q)
	if err != nil {
		return nil, err
	}
	if len(rows) > exportFree {
		if err := prove(); err != nil {
			return nil, err
		}
	}
	x, err := o.acts().Export(ctx, who, act.Export{
		What: "matters", Unit: "件", Rows: len(rows), Filter: q.kept(), Write: func(mark string) ([]byte, error) { return workbook(rows, mark) },
	})
	return &web.Export{
		Type: web.TypeXlsx, Disposition: web.SaveAs("touyan.xlsx", "头雁事项清单-"+x.Number+".xlsx"), Number: x.Number, Rows: strconv.Itoa(len(rows)), Receipt: strconv.FormatInt(x.Pos, 10), Body: x.Data,
	}, err
}

// kept gives the filters that were set, with numbers of people masked.
func (q *listQuery) kept() map[string]string {
	all := map[string]string{
		"q": privacy.Text(q.Q), "kind": q.Kind, "status": q.Status, "stage": q.Stage, "late": q.Late, "holder": q.Holder, "from": q.From, "to": q.To, "all": q.All,
		"unit": strconv.FormatInt(q.Unit, 10), "parent": strconv.FormatInt(q.Parent, 10),
	}
	for name, value := range all {
		if value == "" || value == "0" {
			delete(all, name)
		}
	}
	return all
}

// exportRows gives the cells of the list, line by line.
func (o *Office) exportRows(ctx context.Context, who auth.Principal, q *listQuery) ([][]string, error) {
	v := o.view(who)
	filter, err := q.filter(who)
	if err != nil {
		return nil, err
	}
	filter.Limit = 200
	var out [][]string
	for {
		found, err := o.Desk.List(ctx, who, filter)
		if err != nil {
			return nil, err
		}
		rows, err := o.rows(ctx, v, found.Matters)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			out = append(out, []string{r.Number, r.Title, r.KindName.ZH, r.StatusName.ZH, r.StageName.ZH, r.UnitName.ZH, r.holders(), r.Opened, r.Due})
		}
		if filter.Before = found.Next; found.Next == 0 || len(out) >= exportMost {
			return out[:min(len(out), exportMost)], nil
		}
	}
}

func exportHead() []string {
	return []string{"编号 Number", "事项 Title", "类别 Kind", "状态 Status", "环节 Step", "承办单位 Unit", "当前承办 Holder", "登记时间 Opened", "时限 Due"}
}

// workbook writes cells as a ledger (台账): title, what and when above, the
// watermark below and on each printed page.
func workbook(rows [][]string, watermark string) ([]byte, error) {
	return paper.Xlsx(paper.Sheet{
		Name: "台账", Title: "事项台账", Under: watermark, Foot: watermark,
		Head:   exportHead(),
		Widths: []float64{22, 40, 12, 10, 14, 20, 18, 17, 17}, Rows: rows,
	})
}
