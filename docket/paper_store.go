package docket

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/paper"
	"touyan.dev/touyan/kernel/serial"
	"touyan.dev/touyan/kernel/store"
)

// Issued is a paper that was issued: who, when, and what its bytes are. Matter is
// 0 for what is of an office's week.
type Issued struct {
	ID       int64
	Office   int64
	Matter   int64
	Sort     Sort
	Number   string
	Digest   string // SHA-256 of the file, in hex
	Size     int64
	Edition  int64
	Issued   int64 // µs
	IssuedBy int64
}

// paperBody is the body of an issuing event: with it the bytes can be made again.
type paperBody struct {
	Sort     Sort           `json:"sort"`
	Matter   int64          `json:"matter,omitempty"`
	Number   string         `json:"number,omitempty"`
	Digest   string         `json:"sha256"`
	Size     int64          `json:"size"`
	Edition  int            `json:"edition"`
	Document paper.Document `json:"document"`
}

const paperKind = "docket.paper"

var papers = store.Table[int64, Issued]{
	Name: "paper", Key: []string{"id"}, KeyType: []string{"BIGINT"}, Fixed: true,
	Cols:    []string{"office", "matter", "sort", "number", "digest", "size", "edition", "issued", "issued_by"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args: func(p Issued) []any {
		return []any{p.Office, p.Matter, string(p.Sort), p.Number, p.Digest, p.Size, p.Edition, p.Issued, p.IssuedBy}
	},
	Scan: func(row store.Scanner, _ *int64) (int64, Issued, error) {
		p, err := scanPaper(row)
		return p.ID, p, err
	},
}

const paperColumns = "id, office, matter, sort, number, digest, size, edition, issued, issued_by"

func scanPaper(row store.Scanner) (p Issued, err error) {
	err = row.Scan(&p.ID, &p.Office, &p.Matter, &p.Sort, &p.Number, &p.Digest, &p.Size, &p.Edition, &p.Issued, &p.IssuedBy)
	return p, err
}

// issuing is the change that issues a paper: its number is drawn, its bytes are
// made and their digest is written, all in one commit.
type issuing struct {
	write
	office, matter int64
	sort           Sort
	series         string  // of numbers; "" for none
	subjects       []int64 // of what it speaks
	compose        func(id int64, number string) paper.Document
}

// Load implements store.Change.
func (c *issuing) Load(g *store.Group) {
	c.Prepare(g)
	loadSubjects(g, c.subjects)
	if c.series != "" {
		serial.Load(g, serial.Series{Sign: c.series, Year: c.Now.Year()})
	}
}

// Decide implements store.Change.
func (c *issuing) Decide(g *store.Group) error {
	if again, err := c.Begin(g); again || err != nil {
		return err
	}
	if err := c.may(); err != nil {
		return err
	}
	p := Issued{ID: event.Next(g), Office: c.office, Matter: c.matter, Sort: c.sort, Edition: paper.Edition, Issued: c.Now.UnixMicro(), IssuedBy: c.Who.Person}
	if c.series != "" {
		p.Number = serial.Draw(g, serial.Series{Sign: c.series, Year: c.Now.Year()}, p.ID).String()
	}
	doc := c.compose(p.ID, p.Number)
	if flaws := paper.Lint(doc); len(flaws) > 0 {
		return fault.At("docket.Issue", flaws[0].Field, flaws[0].Text.ZH+"（"+flaws[0].Clause+"）", flaws[0].Text.EN)
	}
	data, err := paper.Docx(doc)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	p.Digest, p.Size = hex.EncodeToString(sum[:]), int64(len(data))
	body := paperBody{Sort: c.sort, Matter: c.matter, Number: p.Number, Digest: p.Digest, Size: p.Size, Edition: paper.Edition, Document: doc}
	store.Insert(g, &papers, p.ID, p)
	putSubjects(g, c.subjects, p.ID)
	return c.log(g, paperKind+"/issue", event.NewSubject, 0, c.office, body)
}

func (c *issuing) may() error {
	_, err := c.o.Rules.Require(c.Dir, c.Who, "docket.paper", auth.Resource{Type: "Docket", Office: c.office, Need: staff(c.office)})
	return err
}

// paper gives an issued paper that who may read, with what its event holds; nil
// if that has been erased.
func (o *Office) paper(ctx context.Context, who auth.Principal, id int64) (Issued, *paperBody, error) {
	found, err := store.Collect(ctx, o.DB, scanPaper, "SELECT "+paperColumns+" FROM paper WHERE id = ?", id)
	if err != nil {
		return Issued{}, nil, fault.Wrap("docket.paper", err)
	}
	if len(found) == 0 {
		return Issued{}, nil, errNoPaper()
	}
	p := found[0]
	if ok, err := o.mayReadPaper(ctx, who, p); err != nil || !ok {
		if err == nil {
			err = errNoPaper()
		}
		return Issued{}, nil, err
	}
	e, err := event.At(ctx, o.DB, p.ID)
	if err != nil || e.Erased {
		return p, nil, err
	}
	var b paperBody
	if err := json.Unmarshal(e.Body, &b); err != nil {
		return p, nil, fault.Wrap("docket.paper", err)
	}
	return p, &b, nil
}

// mayReadPaper: the office's staff read its papers. A notice or an urging letter
// may be read by the units that it went to, and what was made of a unit's part by
// those who may see that part; nothing else, because a slip shows what the leader
// said.
func (o *Office) mayReadPaper(ctx context.Context, who auth.Principal, p Issued) (bool, error) {
	if p.Matter == 0 {
		return o.mayRead(who, p.Office, 0), nil
	}
	m, err := o.Desk.Get(ctx, who, p.Matter)
	seen := err == nil
	if err != nil && !fault.Is(err, fault.NotFound) {
		return false, err
	}
	if seen && (o.mayRead(who, p.Office, 0) || m.Parent != 0) {
		return true, nil
	}
	if p.Sort != UrgeLetter && p.Sort != AssignNote {
		return false, nil
	}
	if seen {
		return true, nil
	}
	m.ID = p.Matter
	kids, err := o.Desk.Kids(ctx, who, m)
	return len(kids) > 0, err
}

func errNoPaper() error {
	return fault.New(fault.NotFound, "docket.paper", "没有这份文件，或您无权查看。", "There is no such paper, or it is not for you to see.")
}

// file makes the bytes of an issued paper again, and holds them against the digest
// of its event.
func (o *Office) paperFile(ctx context.Context, who auth.Principal, id int64) (Issued, []byte, error) {
	p, b, err := o.paper(ctx, who, id)
	if err != nil {
		return p, nil, err
	}
	if b == nil {
		return p, nil, fault.New(fault.NotFound, "docket.paper", "该文件的内容已依法抹除，只留凭证。", "The content of this paper has been erased; its receipt remains.")
	}
	data, err := paper.Docx(b.Document)
	if err != nil {
		return p, nil, err
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != p.Digest {
		return p, nil, fault.New(fault.Conflict, "docket.paper", "本版程序的排版方式（第"+strconv.Itoa(paper.Edition)+"版）与印发时（第"+strconv.FormatInt(p.Edition, 10)+"版）不同，不能逐字节重制；请以印发时下载的文件为准。",
			"This program lays papers out in edition "+strconv.Itoa(paper.Edition)+", the paper was issued in edition "+strconv.FormatInt(p.Edition, 10)+": its bytes cannot be made again; keep to the file downloaded then.")
	}
	return p, data, nil
}

// papersOf lists the papers of a matter that who may read, newest first.
func (o *Office) papersOf(ctx context.Context, who auth.Principal, matter int64) ([]Issued, error) {
	all, err := store.Collect(ctx, o.DB, scanPaper, "SELECT "+paperColumns+" FROM paper WHERE matter = ? AND matter <> 0 ORDER BY id DESC LIMIT 200", matter)
	if err != nil {
		return nil, fault.Wrap("docket.papersOf", err)
	}
	return o.readable(ctx, who, all)
}

// papersLike lists an office's papers of a sort that who may read, newest first.
func (o *Office) papersLike(ctx context.Context, who auth.Principal, office int64, s Sort) ([]Issued, error) {
	all, err := store.Collect(ctx, o.DB, scanPaper, "SELECT "+paperColumns+" FROM paper WHERE office = ? AND sort = ? ORDER BY id DESC LIMIT 60", office, string(s))
	if err != nil {
		return nil, fault.Wrap("docket.papersLike", err)
	}
	return o.readable(ctx, who, all)
}

func (o *Office) readable(ctx context.Context, who auth.Principal, all []Issued) ([]Issued, error) {
	out := all[:0]
	for _, p := range all {
		ok, err := o.mayReadPaper(ctx, who, p)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, p)
		}
	}
	return out, nil
}
