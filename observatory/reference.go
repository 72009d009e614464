package observatory

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/observatory/panel"
)

// Sort is one of the tables of reference.
type Sort string

// The tables of reference: what is observed, by which indicators, and who is
// compared with whom. Their columns are those of panel.Describe and
// panel.DescribeIndicators, with for subjects also spellings (divided by |) and
// home (yes for our own city), and for peer sets code, name, name_en, kind,
// members (codes with spaces between), from and until (years; empty: open).
const (
	Subjects   Sort = "subject"
	Indicators Sort = "indicator"
	Peers      Sort = "peers"
)

// EventReference is the kind of the event that enters rows of reference.
const EventReference = "observatory.reference/enter"

// line is a row of reference: column → text.
type line map[string]string

type lineKey struct {
	Sort Sort
	Code string
}

var lines = store.Table[lineKey, string]{
	Name: "observed", Key: []string{"sort", "code"}, KeyType: []string{"TEXT", "TEXT"}, Cols: []string{"about"},
	KeyArgs: func(k lineKey) []any { return []any{string(k.Sort), k.Code} },
	Args:    func(about string) []any { return []any{about} },
	Scan: func(row store.Scanner, rev *int64) (k lineKey, about string, err error) {
		err = row.Scan(&k.Sort, &k.Code, &about, rev)
		return k, about, err
	},
}

// Reference is what the figures are of.
type Reference struct {
	Subjects   []line
	Indicators []line
	Peers      []line

	edition int64 // how often it was changed
}

// Enter adds rows to a table of reference, or replaces those of the same code.
// data is a table with the columns of the sort. Rows that are there as they are
// stay; if all do, nothing is written and the answer is empty.
func (d *Desk) Enter(ctx context.Context, who auth.Principal, sort Sort, data []byte, key string) (Done, error) {
	rows, err := readLines(sort, data)
	if err != nil {
		return Done{}, err
	}
	if err := sound(sort, rows); err != nil {
		return Done{}, err
	}
	now, err := d.reference(ctx)
	if err != nil {
		return Done{}, err
	}
	rows = slices.DeleteFunc(rows, func(l line) bool {
		i := slices.IndexFunc(now.of(sort), func(have line) bool { return have["code"] == l["code"] })
		return i >= 0 && text(now.of(sort)[i]) == text(l)
	})
	if len(rows) == 0 {
		return Done{}, nil
	}
	c := &entering{write: d.write(who, key), sort: sort, rows: rows}
	return d.do(ctx, &c.write, EventReference, c)
}

func (r *Reference) of(sort Sort) []line {
	switch sort {
	case Subjects:
		return r.Subjects
	case Indicators:
		return r.Indicators
	}
	return r.Peers
}

// text is a row as it is stored; equal rows have equal texts.
func text(l line) string {
	out, _ := json.Marshal(l) // a map of strings
	return string(out)
}

// readLines reads a table into rows, without empty columns.
func readLines(sort Sort, data []byte) ([]line, error) {
	const op = "observatory.Enter"
	t, err := panel.NewTable(data)
	if err != nil {
		return nil, err
	}
	if _, err := t.Column("code"); err != nil {
		return nil, err
	}
	if _, err := t.Column("name"); err != nil {
		return nil, err
	}
	if sort == Peers {
		if _, err := t.Column("members"); err != nil {
			return nil, err
		}
	}
	var rows []line
	seen := map[string]bool{}
	for row, err := range t.Rows() {
		if err != nil {
			return nil, err
		}
		l := line{}
		for i, cell := range row {
			if cell = strings.TrimSpace(cell); cell != "" {
				l[t.Head[i]] = cell
			}
			if cell != "" && strings.Contains("=+-@", cell[:1]) { // the table is taken out again as it is
				return nil, t.Wrong(t.Head[i], "不能以 = + - @ 开头：表格软件会当作公式。", "It must not begin with = + - or @: spreadsheets would take it for a formula.")
			}
		}
		if l["code"] == "" || seen[l["code"]] {
			return nil, t.Wrong("code", "代码为空或重复，请逐行核对。", "The code is empty or stands there twice; check the lines.")
		}
		if l["name"] == "" {
			return nil, t.Wrong("name", "名称不能为空。", "The name must not be empty.")
		}
		for _, d := range strings.FieldsFunc(l["definitions"], func(c rune) bool { return c == ';' }) {
			period, version, _ := strings.Cut(d, "=")
			if _, _, ok := panel.ParsePeriod(period); !ok || strings.TrimSpace(version) == "" {
				return nil, t.Wrong("definitions", "应写作 2007=口径名;2011=口径名。", "Write 2007=VERSION;2011=VERSION.")
			}
		}
		seen[l["code"]] = true
		rows = append(rows, l)
	}
	if len(rows) == 0 {
		return nil, fault.At(op, "file", "表中没有数据行。", "The table has no line of data.")
	}
	return rows, nil
}

// sound refuses indicators that panel would not read.
func sound(sort Sort, rows []line) error {
	if sort != Indicators {
		return nil
	}
	_, err := panel.ReadIndicators(table(rows, panel.Yearly))
	return err
}

// entering writes rows of reference.
type entering struct {
	write
	sort Sort
	rows []line
}

// Load implements store.Change.
func (c *entering) Load(g *store.Group) {
	c.Prepare(g)
	for _, l := range c.rows {
		store.Want(g, &lines, lineKey{c.sort, l["code"]})
	}
}

// Decide implements store.Change.
func (c *entering) Decide(g *store.Group) error {
	if again, err := c.begin(g); again || err != nil {
		return err
	}
	for _, l := range c.rows {
		key := lineKey{c.sort, l["code"]}
		store.Get(g, &lines, key)
		store.Put(g, &lines, key, text(l))
	}
	_, err := c.log(g, EventReference, event.NewSubject, struct {
		Sort Sort   `json:"sort"`
		Rows []line `json:"rows"`
	}{c.sort, c.rows})
	return err
}

// reference reads all tables, each by code.
func (d *Desk) reference(ctx context.Context) (*Reference, error) {
	type stored struct {
		sort  Sort
		about string
		rev   int64
	}
	all, err := store.Collect(ctx, d.DB, func(row store.Scanner) (s stored, err error) {
		err = row.Scan(&s.sort, &s.about, &s.rev)
		return s, err
	}, "SELECT sort, about, rev FROM observed ORDER BY sort, code")
	if err != nil {
		return nil, fault.Wrap("observatory.reference", err)
	}
	r := &Reference{}
	for _, s := range all {
		r.edition += s.rev
		l := line{}
		if err := json.Unmarshal([]byte(s.about), &l); err != nil {
			return nil, fault.Wrap("observatory.reference", err)
		}
		switch s.sort {
		case Subjects:
			r.Subjects = append(r.Subjects, l)
		case Indicators:
			r.Indicators = append(r.Indicators, l)
		case Peers:
			r.Peers = append(r.Peers, l)
		}
	}
	return r, nil
}

// home gives the code of our own city, "" if no subject is marked.
func (r *Reference) home() string {
	for _, s := range r.Subjects {
		if s["home"] == "yes" || s["home"] == "是" {
			return s["code"]
		}
	}
	return ""
}

// table writes rows as a table, for the readers of package panel. Definitions of
// another frequency are left out.
func table(rows []line, freq panel.Freq) []byte {
	columns := []string{"code", "name"}
	for _, l := range rows {
		for c := range l {
			if !slices.Contains(columns, c) {
				columns = append(columns, c)
			}
		}
	}
	slices.Sort(columns[2:])
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.Write(columns) // into memory
	for _, l := range rows {
		cells := make([]string, len(columns))
		for i, c := range columns {
			if cells[i] = l[c]; c == "definitions" {
				cells[i] = definitionsOf(l[c], freq)
			}
		}
		_ = w.Write(cells)
	}
	w.Flush()
	return out.Bytes()
}

// definitionsOf leaves out the periods of another frequency; a year is of any.
func definitionsOf(text string, freq panel.Freq) string {
	var out []string
	for _, d := range strings.Split(text, ";") {
		period, _, _ := strings.Cut(d, "=")
		if f, _, ok := panel.ParsePeriod(period); ok && (f == freq || f == panel.Yearly) {
			out = append(out, d)
		}
	}
	return strings.Join(out, ";")
}
