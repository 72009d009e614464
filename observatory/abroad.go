package observatory

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/privacy"
	"touyan.dev/touyan/kernel/store"
)

// EventAbroad is the kind of the event that enters an outside development. Its
// subject is the development.
const EventAbroad = "observatory.abroad/enter"

// Abroad (外部动态) is what another place decided, announced or showed, with what
// could be learned from it. What it led to here, a topic or a matter, is a link.
type Abroad struct {
	ID        int64
	Day       string // YYYY-MM-DD, of the development
	Place     string
	Sort      string // policy, announcement, forum, exchange, cooperation
	Title     string
	Content   string
	Lesson    string // what could be learned
	Source    string // where it can be read: a document's number, a page's address
	Entered   int64
	EnteredBy int64
}

// AbroadSorts are the sorts of developments, with their names.
func AbroadSorts() map[string]fault.Text {
	return map[string]fault.Text{
		"policy":       fault.T("政策出台", "Policy issued"),
		"announcement": fault.T("重要发布", "Announcement"),
		"forum":        fault.T("论坛会议", "Forum"),
		"exchange":     fault.T("考察交流", "Exchange"),
		"cooperation":  fault.T("合作事项", "Cooperation"),
	}
}

// Validate refuses a development that cannot be kept.
func (a Abroad) Validate() error {
	const op = "observatory.Abroad"
	long := func(field, text string, least, most int, zh, en string) error {
		if n := utf8.RuneCountInString(strings.TrimSpace(text)); n < least || n > most {
			return fault.At(op, field, zh, en)
		}
		return nil
	}
	if _, ok := day(a.Day); !ok {
		return fault.At(op, "day", "日期应写作 2026-11-20。", "A day is written 2026-11-20.")
	}
	if _, ok := AbroadSorts()[a.Sort]; !ok {
		return fault.At(op, "sort", "请选择类别。", "Choose the sort.")
	}
	for _, err := range []error{
		long("place", a.Place, 2, 60, "请写明是哪个地方（2至60字）。", "Name the place (2 to 60 characters)."),
		long("title", a.Title, 2, 200, "标题应为2至200字。", "The title has 2 to 200 characters."),
		long("content", a.Content, 2, 5000, "内容应为2至5000字。", "The content has 2 to 5,000 characters."),
		long("lesson", a.Lesson, 0, 2000, "可借鉴之处不超过2000字。", "What could be learned has at most 2,000 characters."),
		long("source", a.Source, 2, 300, "请写明出处，如文号或网页地址（2至300字）。", "Name the source, as a document's number or a page's address (2 to 300 characters)."),
	} {
		if err != nil {
			return err
		}
	}
	for _, text := range []string{a.Title, a.Content, a.Lesson, a.Source} {
		if privacy.Marked(text) {
			return privacy.Refused(op, "content")
		}
	}
	return nil
}

const abroadColumns = "id, day, place, sort, title, content, lesson, source, entered, entered_by"

func scanAbroad(row store.Scanner) (Abroad, error) { return scanAbroadWith(row) }

func scanAbroadWith(row store.Scanner, more ...any) (a Abroad, err error) {
	err = row.Scan(append([]any{&a.ID, &a.Day, &a.Place, &a.Sort, &a.Title, &a.Content, &a.Lesson, &a.Source, &a.Entered, &a.EnteredBy}, more...)...)
	return a, err
}

var developments = store.Table[int64, Abroad]{
	Name: "abroad", Key: []string{"id"}, KeyType: []string{"BIGINT"},
	Cols:    []string{"day", "place", "sort", "title", "content", "lesson", "source", "entered", "entered_by"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args: func(a Abroad) []any {
		return []any{a.Day, a.Place, a.Sort, a.Title, a.Content, a.Lesson, a.Source, a.Entered, a.EnteredBy}
	},
	Scan: func(row store.Scanner, rev *int64) (int64, Abroad, error) {
		a, err := scanAbroadWith(row, rev)
		return a.ID, a, err
	},
}

// EnterAbroad keeps an outside development.
func (d *Desk) EnterAbroad(ctx context.Context, who auth.Principal, a Abroad, key string) (Done, error) {
	if err := a.Validate(); err != nil {
		return Done{}, err
	}
	c := &noting{write: d.write(who, key), made: a}
	return d.do(ctx, &c.write, EventAbroad, c)
}

type noting struct {
	write
	made Abroad
}

// Load implements store.Change.
func (c *noting) Load(g *store.Group) { c.Prepare(g) }

// Decide implements store.Change.
func (c *noting) Decide(g *store.Group) error {
	if again, err := c.begin(g); again || err != nil {
		return err
	}
	a := c.made
	a.ID, a.Entered, a.EnteredBy = event.Next(g), c.Now.UnixMicro(), c.Who.Person
	store.Insert(g, &developments, a.ID, a)
	_, err := c.log(g, EventAbroad, event.NewSubject, struct {
		Day     string `json:"day"`
		Place   string `json:"place"`
		Sort    string `json:"sort"`
		Title   string `json:"title"`
		Content string `json:"content"`
		Lesson  string `json:"lesson"`
		Source  string `json:"source"`
	}{a.Day, a.Place, a.Sort, a.Title, a.Content, a.Lesson, a.Source})
	return err
}

// Development gives an outside development.
func (d *Desk) Development(ctx context.Context, id int64) (Abroad, error) {
	return one(ctx, d, "observatory.Development", fault.T("没有这条动态。", "There is no such development."), scanAbroad, "SELECT "+abroadColumns+" FROM abroad WHERE id = ?", id)
}

// Developments gives the outside developments of a sort with some words in them, ""
// for any, the newest first.
func (d *Desk) Developments(ctx context.Context, sort, words string) ([]Abroad, error) {
	list, err := store.Collect(ctx, d.DB, scanAbroad, "SELECT "+abroadColumns+" FROM abroad WHERE (? = '' OR sort = ?) ORDER BY day DESC, id DESC", sort, sort)
	list = slices.DeleteFunc(list, func(a Abroad) bool {
		return !strings.Contains(strings.Join([]string{a.Place, a.Title, a.Content, a.Lesson}, "\n"), strings.TrimSpace(words))
	})
	return list, fault.Wrap("observatory.Developments", err)
}
