package act

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// EventExported is the kind of the receipts of exports.
const EventExported = "act.export/written"

// Export is a file to be taken out of the house (导出). It leaves a receipt before it
// leaves: an event with who took it, how many rows, by which filters, and the digest
// of the file.
type Export struct {
	What   string // is listed
	Unit   string // that the rows are counted in, in Chinese: 件, 行
	Rows   int
	Filter map[string]string // personal data masked
	Write  func(mark string) ([]byte, error)
}

// Exported is a file with its receipt.
type Exported struct {
	Number string // stands in the file and in its receipt
	Data   []byte
	Pos    int64 // of the event
}

// exportBody is the body of the receipt's event.
type exportBody struct {
	Number string            `json:"number"`
	What   string            `json:"what"`
	Rows   int               `json:"rows"`
	Filter map[string]string `json:"filter"`
	SHA256 string            `json:"sha256"`
}

// Export writes a file, which carries a mark of who took it and under which number,
// and its receipt.
func (a Acts) Export(ctx context.Context, who auth.Principal, x Export) (Exported, error) {
	number, now := "DC"+rand.Text()[:10], a.Clock.Now()
	p, _ := a.Book.Now().Person(who.Person)
	data, err := x.Write(fmt.Sprintf("导出人 %s；导出时间 %s；共%d%s；导出编号 %s。本表已登记，仅供工作使用。", p.Name.ZH, calendar.FormatInstant(now), x.Rows, x.Unit, number))
	if err != nil {
		return Exported{}, err
	}
	sum := sha256.Sum256(data)
	c := &exporting{draft: event.Draft{
		Kind: EventExported, Subject: event.NewSubject, Actor: who.Person, Key: event.KeyOf("export " + number), Recorded: now,
		Body: exportBody{Number: number, What: x.What, Rows: x.Rows, Filter: x.Filter, SHA256: hex.EncodeToString(sum[:])},
	}}
	if err := a.DB.Write(ctx, c); err != nil {
		return Exported{}, fault.Wrap("act.Export", err)
	}
	return Exported{Number: number, Data: data, Pos: c.pos}, nil
}

// exporting writes the receipt of an export.
type exporting struct {
	draft event.Draft
	pos   int64 // answer
}

// Load implements store.Change.
func (c *exporting) Load(g *store.Group) { event.Load(g) }

// Decide implements store.Change.
func (c *exporting) Decide(g *store.Group) error {
	place, err := event.Append(g, c.draft)
	c.pos = place.Event.Pos
	return err
}
