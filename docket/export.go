package docket

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/paper"
	"touyan.dev/touyan/kernel/privacy"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/web"
)

// An export leaves a receipt before it leaves the house: an event with who took
// it, how many rows, by which filters, and the digest of the file.
const (
	exportKind    = "docket.export"
	EventExported = exportKind + "/written"
)

const (
	exportMost = 5000 // rows of a workbook
	// exportFree is how many rows leave without a fresh proof of who takes them.
	exportFree = 200
)

// exported is a workbook with its receipt.
type exported struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Number      string `header:"X-Export-Number" doc:"stands in the file and in its receipt"`
	Rows        string `header:"X-Export-Rows"`
	Receipt     string `header:"X-Receipt" doc:"position of the receipt"`
	Body        []byte
}

func (o *Office) registerExport(s *web.Server) {
	web.Register(s, reads(get("/api/export/matters.xlsx", "matters-export", "The list as a workbook, up to 5,000 rows; more than 200 need a fresh proof"), "export"),
		func(ctx context.Context, in *listQuery) (*exported, error) {
			return o.export(ctx, web.Who(ctx), in, func() error { return web.NeedProof(ctx) })
		})
}

// export writes the list as a workbook and its receipt. prove is asked when the
// list is long.
func (o *Office) export(ctx context.Context, who auth.Principal, q *listQuery, prove func() error) (*exported, error) {
	rows, err := o.exportRows(ctx, who, q)
	if err != nil {
		return nil, err
	}
	if len(rows) > exportFree {
		if err := prove(); err != nil {
			return nil, err
		}
	}
	number := "DC" + rand.Text()[:10]
	now := o.Clock.Now()
	data, err := workbook(rows, o.watermark(who, number, len(rows), now))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	c := &writeExport{who: who.Person, at: now, body: exportBody{
		Number: number, What: "matters", Rows: len(rows), Filter: q.kept(), SHA256: hex.EncodeToString(sum[:]),
	}}
	if err := o.DB.Write(ctx, c); err != nil {
		return nil, fault.Wrap("docket.export", err)
	}
	name := sheet("头雁事项清单-"+number+".xlsx", nil)
	return &exported{Type: name.Type, Disposition: name.Disposition, Number: number, Rows: strconv.Itoa(len(rows)), Receipt: strconv.FormatInt(c.pos, 10), Body: data}, nil
}

// exportBody is the body of the receipt's event.
type exportBody struct {
	Number string            `json:"number"`
	What   string            `json:"what"`
	Rows   int               `json:"rows"`
	Filter map[string]string `json:"filter"`
	SHA256 string            `json:"sha256"`
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

type writeExport struct {
	who  int64
	at   time.Time
	body exportBody
	pos  int64 // answer
}

func (c *writeExport) Load(g *store.Group) { event.Load(g) }

func (c *writeExport) Decide(g *store.Group) error {
	place, err := event.Append(g, event.Draft{Kind: EventExported, Subject: event.NewSubject, Actor: c.who, Key: event.KeyOf("export " + c.body.Number), Recorded: c.at, Body: c.body})
	c.pos = place.Event.Pos
	return err
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

// watermark names who took the file and its receipt, in the file itself.
func (o *Office) watermark(who auth.Principal, number string, rows int, at time.Time) string {
	return fmt.Sprintf("导出人 %s；导出时间 %s；共%d件；导出编号 %s。本表已登记，仅供工作使用。", o.view(who).person(who.Person), calendar.FormatInstant(at), rows, number)
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
