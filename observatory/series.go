package observatory

import (
	"bytes"
	"cmp"
	"context"
	"encoding/gob"
	"fmt"
	"slices"
	"strings"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Nobody asks for one cell: a page, the gate and the miner read whole series. So
// the cells of a release are kept by indicator, packed, as many to a row as one
// change writes. With a row a cell, reading was near half of a release's time.

// piece is how many cells one change writes.
const piece = 5000

// part names one row of a release's cells.
type part struct {
	release   int64
	indicator string
	n         int
}

var series = store.Table[part, []Cell]{
	Name: "release_series", Key: []string{"release", "indicator", "part"}, KeyType: []string{"BIGINT", "TEXT", "BIGINT"}, Derived: true,
	Cols:    []string{"cells"},
	KeyArgs: func(p part) []any { return []any{p.release, p.indicator, int64(p.n)} },
	Args:    func(list []Cell) []any { return []any{pack(list)} },
}

// packed is a row of cells of one release and indicator, column by column.
type packed struct {
	Subjects    []string // each once
	Subject     []uint32 // its place in Subjects
	Period      []int32
	Value       []float64
	Provisional []bool
	Line, Col   []int32
}

func pack(list []Cell) []byte {
	var p packed
	index := map[string]uint32{}
	for _, c := range list {
		s, ok := index[c.Subject]
		if !ok {
			s = uint32(len(p.Subjects))
			index[c.Subject], p.Subjects = s, append(p.Subjects, c.Subject)
		}
		p.Subject, p.Period, p.Value = append(p.Subject, s), append(p.Period, int32(c.Period)), append(p.Value, c.Value)
		p.Provisional, p.Line, p.Col = append(p.Provisional, c.Provisional), append(p.Line, int32(c.Line)), append(p.Col, int32(c.Col))
	}
	var out bytes.Buffer
	_ = gob.NewEncoder(&out).Encode(p) // slices of numbers into memory
	return out.Bytes()
}

// unpack appends a row's cells.
func unpack(to []Cell, release int64, indicator string, data []byte) ([]Cell, error) {
	var p packed
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&p); err != nil {
		return nil, fmt.Errorf("cells of release %d, %s: %w", release, indicator, err)
	}
	n := len(p.Subject)
	if len(p.Period) != n || len(p.Value) != n || len(p.Provisional) != n || len(p.Line) != n || len(p.Col) != n || n > 0 && int(slices.Max(p.Subject)) >= len(p.Subjects) {
		return nil, fmt.Errorf("cells of release %d, %s: columns of different lengths", release, indicator)
	}
	to = slices.Grow(to, n)
	for i := range n {
		to = append(to, Cell{release, indicator, p.Subjects[p.Subject[i]], int(p.Period[i]), p.Value[i], p.Provisional[i], int(p.Line[i]), int(p.Col[i])})
	}
	return to, nil
}

// inOrder orders cells of a release by indicator, subject and period.
func inOrder(a, b Cell) int {
	return cmp.Or(cmp.Compare(a.Indicator, b.Indicator), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Period, b.Period))
}

// unpacked reads rows of cells; the condition speaks of c, the row, and r, its release.
func (d *Desk) unpacked(ctx context.Context, where string, args ...any) ([]Cell, error) {
	type row struct {
		release   int64
		indicator string
		cells     []byte
	}
	rows, err := store.Collect(ctx, d.DB, func(s store.Scanner) (r row, err error) {
		err = s.Scan(&r.release, &r.indicator, &r.cells)
		return r, err
	}, "SELECT c.release, c.indicator, c.cells FROM release_series c JOIN release r ON r.id = c.release WHERE "+where+" ORDER BY c.release, c.indicator, c.part", args...)
	if err != nil {
		return nil, fault.Wrap("observatory.unpacked", err)
	}
	var all []Cell
	for _, r := range rows {
		if all, err = unpack(all, r.release, r.indicator, r.cells); err != nil {
			return nil, fault.Wrap("observatory.unpacked", err)
		}
	}
	return all, nil
}

// cellsOf gives the cells of a release, in order.
func (d *Desk) cellsOf(ctx context.Context, release int64) ([]Cell, error) {
	all, err := d.unpacked(ctx, "c.release = ?", release)
	slices.SortFunc(all, inOrder)
	return all, err
}

// readCells reads the cells of all published releases of a frequency, and those
// of the one that is put on top.
func (d *Desk) readCells(ctx context.Context, t through) ([]Cell, error) {
	if len(t.only) == 0 && t.only != nil {
		return nil, nil
	}
	where, args := "r.freq = ? AND (r.state = ? OR r.id = ?)", []any{int64(t.freq), string(Published), t.with}
	if t.only != nil {
		where += " AND c.indicator IN (" + strings.TrimSuffix(strings.Repeat("?, ", len(t.only)), ", ") + ")"
		for _, code := range t.only {
			args = append(args, code)
		}
	}
	return d.unpacked(ctx, where, args...)
}

// filling writes some of a release's cells: those of one piece, in order.
type filling struct {
	release int64
	n       int
	cells   []Cell
}

// Load implements store.Change.
func (c *filling) Load(*store.Group) {}

// Decide implements store.Change.
func (c *filling) Decide(g *store.Group) error {
	for rest := c.cells; len(rest) > 0; {
		code := rest[0].Indicator
		n := slices.IndexFunc(rest, func(x Cell) bool { return x.Indicator != code })
		if n < 0 {
			n = len(rest)
		}
		store.Insert(g, &series, part{c.release, code, c.n}, rest[:n])
		rest = rest[n:]
	}
	return nil
}
