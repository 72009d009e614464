package observatory

import (
	"context"
	"strings"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/web"
)

// NoteRow is a note in a list.
type NoteRow struct {
	ID      int64  `json:"id"`
	Title   string `json:"title"`
	Author  person `json:"author"`
	Written string `json:"written"`
	Broken  int    `json:"broken" doc:"quotes whose fact was retracted"`
}

// NotePage is a note in its pieces: text, and live quotes.
type NotePage struct {
	NoteRow
	Body    string       `json:"body" doc:"with quotes as {{fact 123}}"`
	Pieces  []Piece      `json:"pieces"`
	History []HistoryRow `json:"history"`
	May     bool         `json:"may_write" doc:"the one who asks wrote it"`
}

// Piece is a part of a note: plain text, or a quote.
type Piece struct {
	Text string   `json:"text"`
	Fact *FactRow `json:"fact"`
}

type noteInput struct {
	Title string `json:"title" maxLength:"100"`
	Body  string `json:"body" maxLength:"20000"`
}

func (d *Desk) registerNotes(s *web.Server) {
	web.Register(s, get("/notes", "notes", "Notes with live quotes, a page of 50, the newest first"), read(d, func(ctx context.Context, in *PageOf) (*Paged[NoteRow], error) {
		return d.noteRows(ctx, in.Page)
	}))
	web.Register(s, get("/notes/{id}", "note", "A note with what its quotes say today"), read(d, func(ctx context.Context, in *ByID) (*NotePage, error) {
		return d.NotePage(ctx, web.Who(ctx), in.ID)
	}))
	web.Register(s, created("/notes", "note-new", "Write a note"), func(ctx context.Context, in *struct{ Body noteInput }) (*out[acted], error) {
		return answer(d.WriteNote(ctx, web.Who(ctx), Note{Title: in.Body.Title, Body: in.Body.Body}, web.Key(ctx)))
	})
	web.Register(s, post("/notes/{id}", "note-write", "Change one's note"), func(ctx context.Context, in *struct {
		ByID
		Body noteInput
	}) (*out[acted], error) {
		if in.ID == 0 {
			return nil, fault.New(fault.NotFound, "observatory.Note", "没有这份材料。", "There is no such note.")
		}
		return answer(d.WriteNote(ctx, web.Who(ctx), Note{ID: in.ID, Title: in.Body.Title, Body: in.Body.Body}, web.Key(ctx)))
	})
}

func (d *Desk) noteRows(ctx context.Context, page int) (*Paged[NoteRow], error) {
	list, err := d.Notes(ctx)
	if err != nil {
		return nil, err
	}
	n, err := d.naming(ctx)
	if err != nil {
		return nil, err
	}
	at := paged(list, page, pageSize)
	rows := told(at, n.note)
	for i, note := range at.Rows {
		for _, id := range note.Quotes() {
			f, err := d.Fact(ctx, id)
			if err != nil {
				return nil, err
			}
			if f.State != FactStands {
				rows.Rows[i].Broken++
			}
		}
	}
	return &rows, nil
}

func (n *naming) note(x Note) NoteRow {
	return NoteRow{ID: x.ID, Title: x.Title, Author: n.person(x.Author), Written: at(x.Written)}
}

// NotePage gives a note as who sees it, with what its quotes say today.
func (d *Desk) NotePage(ctx context.Context, who auth.Principal, id int64) (*NotePage, error) {
	note, err := d.Note(ctx, id)
	if err != nil {
		return nil, err
	}
	n, err := d.naming(ctx)
	if err != nil {
		return nil, err
	}
	p := &NotePage{NoteRow: n.note(note), Body: note.Body, Pieces: []Piece{}, May: note.Author == who.Person}
	facts := map[string]*FactRow{}
	rest := note.Body
	for _, at := range quoted.FindAllStringSubmatchIndex(note.Body, -1) {
		before := rest[:at[0]-(len(note.Body)-len(rest))]
		rest = note.Body[at[1]:]
		if before != "" {
			p.Pieces = append(p.Pieces, Piece{Text: before})
		}
		id := note.Body[at[2]:at[3]]
		if facts[id] == nil {
			f, err := d.Fact(ctx, parsed(id))
			if err != nil {
				return nil, err
			}
			row := n.fact(f)
			facts[id] = &row
			if f.State != FactStands {
				p.Broken++
			}
		}
		p.Pieces = append(p.Pieces, Piece{Fact: facts[id]})
	}
	if strings.TrimSpace(rest) != "" {
		p.Pieces = append(p.Pieces, Piece{Text: rest})
	}
	p.History, err = d.history(ctx, n, id)
	return p, err
}
