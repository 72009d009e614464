package observatory

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/link"
	"touyan.dev/touyan/kernel/privacy"
	"touyan.dev/touyan/kernel/store"
)

// EventNote is the kind of the events that write a note. Their subject is the
// note.
const EventNote = "observatory.note/write"

// Note is a short text with live quotes (材料): where it says {{fact 123}} it
// shows what that fact says today, and that it was retracted, if it was.
type Note struct {
	ID      int64
	Title   string
	Body    string
	Author  int64
	Written int64 // µs, of the last version
}

// The limits of a note.
const (
	noteTitle  = 100
	noteBody   = 20000
	noteQuotes = 50
)

// quoted finds the quotes of a note.
var quoted = regexp.MustCompile(`\{\{\s*fact\s+(\d{1,15})\s*\}\}`)

// Quotes gives the facts that a note quotes, each once, in the order of the text.
func (n Note) Quotes() []int64 {
	var out []int64
	for _, m := range quoted.FindAllStringSubmatch(n.Body, -1) {
		id, err := strconv.ParseInt(m[1], 10, 64)
		if err == nil && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// Validate refuses a note that cannot be kept.
func (n Note) Validate() error {
	const op = "observatory.Note"
	if c := utf8.RuneCountInString(strings.TrimSpace(n.Title)); c < 2 || c > noteTitle {
		return fault.At(op, "title", "标题应为2至100字。", "The title has 2 to 100 characters.")
	}
	if c := utf8.RuneCountInString(strings.TrimSpace(n.Body)); c < 1 || c > noteBody {
		return fault.At(op, "body", "正文应为1至20000字。", "The text has 1 to 20,000 characters.")
	}
	if len(n.Quotes()) > noteQuotes {
		return fault.At(op, "body", "一份材料最多引用50条事实，请拆分。", "A note quotes at most 50 facts; split it.")
	}
	if privacy.Marked(n.Title) || privacy.Marked(n.Body) {
		return privacy.Refused(op, "body")
	}
	return nil
}

var notes = store.Table[int64, Note]{
	Name: "fact_note", Key: []string{"id"}, KeyType: []string{"BIGINT"}, Cols: []string{"title", "body", "author", "written"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args:    func(n Note) []any { return []any{n.Title, n.Body, n.Author, n.Written} },
	Scan: func(row store.Scanner, rev *int64) (int64, Note, error) {
		n, err := scanNoteWith(row, rev)
		return n.ID, n, err
	},
}

type quote struct{ fact, note int64 }

// quotes follow from the texts of notes.
var quotes = store.Table[quote, struct{}]{
	Name: "fact_quote", Key: []string{"fact", "note"}, KeyType: []string{"BIGINT", "BIGINT"}, Derived: true,
	KeyArgs: func(q quote) []any { return []any{q.fact, q.note} },
	Args:    func(struct{}) []any { return nil },
}

// WriteNote keeps a note; with an id of 0 a new one. Only its author changes a
// note.
func (d *Desk) WriteNote(ctx context.Context, who auth.Principal, n Note, key string) (Done, error) {
	n.Title, n.Body = strings.TrimSpace(n.Title), strings.TrimSpace(n.Body)
	if err := n.Validate(); err != nil {
		return Done{}, err
	}
	for _, id := range n.Quotes() {
		if _, err := d.Fact(ctx, id); err != nil {
			if fault.Is(err, fault.NotFound) {
				err = fault.At("observatory.Note", "body", "引用的事实不存在："+strconv.FormatInt(id, 10), "The text quotes a fact that does not exist: "+strconv.FormatInt(id, 10))
			}
			return Done{}, err
		}
	}
	c := &writing{write: d.write(who, key), note: n}
	if n.ID != 0 {
		was, err := d.Note(ctx, n.ID)
		if err != nil {
			return Done{}, err
		}
		c.before = was.Quotes()
	}
	return d.do(ctx, &c.write, EventNote, c)
}

type writing struct {
	write
	note   Note
	before []int64 // what it quoted
}

// Load implements store.Change.
func (c *writing) Load(g *store.Group) {
	c.Prepare(g)
	if c.note.ID == 0 {
		return
	}
	store.Want(g, &notes, c.note.ID)
	for _, f := range c.note.Quotes() {
		link.Load(g, link.Edge{Source: f, Rel: link.Quote, Target: c.note.ID})
	}
}

// Decide implements store.Change.
func (c *writing) Decide(g *store.Group) error {
	if again, err := c.begin(g); again || err != nil {
		return err
	}
	n, subject := c.note, c.note.ID
	n.Written, n.Author = c.Now.UnixMicro(), c.Who.Person
	if n.ID == 0 {
		n.ID, subject = event.Next(g), event.NewSubject
		store.Insert(g, &notes, n.ID, n)
	} else {
		was, _ := store.Get(g, &notes, n.ID)
		if was.Author != c.Who.Person {
			return fault.New(fault.Forbidden, "observatory.Note", "材料由起草人修改；如需修改，请另起一份或请起草人修改。", "A note is changed by its author; write another, or ask the author.")
		}
		store.Put(g, &notes, n.ID, n)
	}
	place, err := c.log(g, EventNote, subject, struct {
		Title  string  `json:"title"`
		Body   string  `json:"body"`
		Quotes []int64 `json:"quotes"`
	}{n.Title, n.Body, n.Quotes()})
	if err != nil {
		return err
	}
	for _, f := range c.before {
		if !slices.Contains(n.Quotes(), f) {
			store.Delete(g, &quotes, quote{f, n.ID})
		}
	}
	for _, f := range n.Quotes() {
		store.Insert(g, &quotes, quote{f, n.ID}, struct{}{})
		link.Add(g, link.Edge{Source: f, Rel: link.Quote, Target: n.ID}, place.Event.Pos)
	}
	return nil
}

// Note gives a note.
func (d *Desk) Note(ctx context.Context, id int64) (Note, error) {
	return one(ctx, d, "observatory.Note", fault.T("没有这份材料。", "There is no such note."), scanNote, "SELECT "+noteColumns+" FROM fact_note WHERE id = ?", id)
}

// Notes gives the notes, those written last first.
func (d *Desk) Notes(ctx context.Context) ([]Note, error) {
	list, err := store.Collect(ctx, d.DB, scanNote, "SELECT "+noteColumns+" FROM fact_note ORDER BY written DESC, id DESC")
	return list, fault.Wrap("observatory.Notes", err)
}

const noteColumns = "id, title, body, author, written"

func scanNote(row store.Scanner) (Note, error) { return scanNoteWith(row) }

func scanNoteWith(row store.Scanner, more ...any) (n Note, err error) {
	err = row.Scan(append([]any{&n.ID, &n.Title, &n.Body, &n.Author, &n.Written}, more...)...)
	return n, err
}

// quoting gives the notes that quote a fact.
func (d *Desk) quoting(ctx context.Context, fact int64) ([]Note, error) {
	list, err := store.Collect(ctx, d.DB, scanNote, "SELECT "+noteColumns+" FROM fact_note WHERE id IN (SELECT note FROM fact_quote WHERE fact = ?) ORDER BY id", fact)
	return list, fault.Wrap("observatory.quoting", err)
}

// parsed reads the digits of a quote.
func parsed(digits string) int64 {
	id, _ := strconv.ParseInt(digits, 10, 64) // at most fifteen digits
	return id
}
