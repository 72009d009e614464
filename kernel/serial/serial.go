// Package serial gives documents and matters their numbers, such as
// 澄政督〔2026〕47号 (GB/T 9704-2012, 7.2.5: the issuing office's sign, the year in
// six-angled brackets, the order number without padding).
//
// A number is drawn inside the act that needs it, from a counter row per series
// and year, so numbers are unique and without gaps under any concurrency: an
// act that fails draws nothing. A number is never used twice; when its matter
// is withdrawn the number is kept and marked void with the reason.
package serial

import (
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Series is one run of numbers: a sign and a year.
type Series struct {
	Sign string // 澄政督
	Year int
}

// Number is one number of a series.
type Number struct {
	Series
	N int64
}

// String gives the number as documents print it.
func (n Number) String() string { return fmt.Sprintf("%s〔%d〕%d号", n.Sign, n.Year, n.N) }

// Parse reads a number as String prints it.
func Parse(text string) (Number, error) {
	bad := fault.New(fault.Invalid, "serial.Parse", "编号格式应为“澄政督〔2026〕47号”。", "A number looks like 澄政督〔2026〕47号.")
	sign, rest, ok1 := strings.Cut(text, "〔")
	year, rest, ok2 := strings.Cut(rest, "〕")
	n, ok3 := strings.CutSuffix(rest, "号")
	y, err1 := strconv.Atoi(year)
	k, err2 := strconv.ParseInt(n, 10, 64)
	number := Number{Series{sign, y}, k}
	if !ok1 || !ok2 || !ok3 || err1 != nil || err2 != nil || sign == "" || k < 1 || number.String() != text { // 047, +47
		return Number{}, bad
	}
	return number, nil
}

var counters = store.Table[Series, int64]{
	Name: "serial", Key: []string{"series", "year"}, KeyType: []string{"TEXT", "BIGINT"}, Cols: []string{"last"},
	KeyArgs: func(s Series) []any { return []any{s.Sign, int64(s.Year)} },
	Args:    func(last int64) []any { return []any{last} },
	Scan: func(row store.Scanner, rev *int64) (s Series, last int64, err error) {
		err = row.Scan(&s.Sign, &s.Year, &last, rev)
		return s, last, err
	},
}

// given is what a number was drawn for.
type given struct {
	subject int64
	void    string
}

var numbers = store.Table[Number, given]{
	Name: "serial_number", Key: []string{"series", "year", "n"}, KeyType: []string{"TEXT", "BIGINT", "BIGINT"}, Cols: []string{"subject", "void"},
	KeyArgs: func(n Number) []any { return []any{n.Sign, int64(n.Year), n.N} },
	Args:    func(g given) []any { return []any{g.subject, g.void} },
	Scan: func(row store.Scanner, rev *int64) (n Number, g given, err error) {
		err = row.Scan(&n.Sign, &n.Year, &n.N, &g.subject, &g.void, rev)
		return n, g, err
	},
}

// Load names what Draw needs.
func Load(g *store.Group, s Series) { store.Want(g, &counters, s) }

// Draw gives the next number of the series to the subject.
func Draw(g *store.Group, s Series, subject int64) Number {
	last, _ := store.Get(g, &counters, s)
	store.Put(g, &counters, s, last+1)
	n := Number{s, last + 1}
	store.Insert(g, &numbers, n, given{subject: subject})
	return n
}

// LoadNumber names what Void needs.
func LoadNumber(g *store.Group, n Number) { store.Want(g, &numbers, n) }

// Void marks a number as void, with the reason.
func Void(g *store.Group, n Number, reason string) error {
	row, ok := store.Get(g, &numbers, n)
	if !ok {
		return fault.New(fault.NotFound, "serial.Void", "没有这个编号。", "There is no such number.")
	}
	row.void = reason
	store.Put(g, &numbers, n, row)
	return nil
}

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations gives the tables of numbers.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic("serial: " + err.Error())
	}
	return sub
}
