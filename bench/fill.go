package bench

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/store"
)

// The distribution of a filled town. What is open does not grow with what is
// stored: an office has so much in hand, and its archive grows for years. Three
// of four open matters are among the newest tenth of the smaller store, the
// others lie anywhere before, as forgotten ones do. Where they stand, which
// bureau has them and in which week they were opened is spread evenly. What is
// overdue has escalated.
const (
	fillBureaus = 40
	fillWeeks   = 20
	fillOpen    = 4000
	openNewest  = 75 // per cent of the open ones that lie among the newest
)

// pattern is a matter that the engine made, as its rows: what is copied.
type pattern struct {
	id      int64
	events  []event.Event
	matter  []any // patternMatter
	data    []byte
	tasks   [][]any // patternTask
	parties [][]any // person
	open    bool
	opened  int64
}

// Columns of the copied rows.
const (
	patternMatter = "kind, parent, number, title, office, unit, originator, opened, status, stage, mark, rev"
	patternTask   = "slot, n, office, unit, need, person, due, mark, next"
)

// Fill settles a town in dir and stores n matters in it. The engine itself makes
// a pattern for every bureau, week and stage; the rest are copies of these with
// ids, salts, digests and a tree of their own, written without the engine and
// without syncing, so the log verifies and every matter folds as if it had been
// acted on. It gives the open town.
func Fill(ctx context.Context, dir string, n int, now time.Time) (*Town, error) {
	start := now.AddDate(0, 0, -7*fillWeeks)
	hand := clock.NewManual(start)
	t, err := NewTown(ctx, Place{Dir: dir, Bureaus: fillBureaus, Clock: hand, Options: store.Options{UnsafeSync: "OFF"}})
	if err != nil {
		return nil, err
	}
	patterns, err := t.patterns(ctx, hand, now)
	if err != nil {
		return nil, errors.Join(err, t.DB.Close())
	}
	if err := t.DB.Close(); err != nil {
		return nil, err
	}
	if err := copies(ctx, filepath.Join(dir, "touyan.db"), patterns, n); err != nil {
		return nil, err
	}
	return OpenTown(ctx, Place{Dir: dir})
}

// patterns lets the engine make them, week by week, and reads them back.
func (t *Town) patterns(ctx context.Context, hand *clock.Manual, now time.Time) ([]pattern, error) {
	var ids []int64
	for week := range fillWeeks {
		for i := range t.Bureaus {
			b := &t.Bureaus[i]
			for stop := range Acts() + 1 { // how many acts are done: all of them ends it
				key := fmt.Sprintf("pattern/%d/%d/%d", week, i, stop)
				done, err := t.Open(ctx, b, key)
				for k := 0; k < stop && err == nil; k++ {
					_, err = t.Act(ctx, b, done.Matter, k, fmt.Sprintf("%s/%d", key, k))
				}
				if err != nil {
					return nil, err
				}
				ids = append(ids, done.Matter)
			}
		}
		hand.Set(now.AddDate(0, 0, -7*(fillWeeks-week-1)))
		if _, _, err := t.Desk.FireDue(ctx); err != nil {
			return nil, err
		}
	}
	out := make([]pattern, len(ids))
	for i, id := range ids {
		var err error
		if out[i], err = t.pattern(ctx, id); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(out, func(a, b pattern) int { return int(a.opened - b.opened) })
	return out, nil
}

// read gives rows as plain values.
func (t *Town) read(ctx context.Context, columns, rest string, key int64) ([][]any, error) {
	n := strings.Count(columns, ",") + 1
	return store.Collect(ctx, t.DB, func(row store.Scanner) ([]any, error) {
		values, dest := make([]any, n), make([]any, n)
		for i := range values {
			dest[i] = &values[i]
		}
		err := row.Scan(dest...)
		return values, err
	}, "SELECT "+columns+" FROM "+rest, key)
}

func (t *Town) pattern(ctx context.Context, id int64) (p pattern, err error) {
	p.id = id
	if p.events, err = event.Of(ctx, t.DB, id); err != nil {
		return p, err
	}
	matters, err := t.read(ctx, patternMatter+", data", "matter WHERE id = ?", id)
	if err != nil {
		return p, err
	}
	last := len(matters[0]) - 1
	p.matter, p.data, p.opened = matters[0][:last], matters[0][last].([]byte), matters[0][7].(int64)
	if p.tasks, err = t.read(ctx, patternTask, "task WHERE matter = ?", id); err != nil {
		return p, err
	}
	p.open = len(p.tasks) > 0
	p.parties, err = t.read(ctx, "person", "matter_party WHERE matter = ?", id)
	return p, err
}

// renamed gives the data of a copy, which names the matter itself and its last
// event.
func (p *pattern) renamed(id, last int64) []byte {
	data := bytes.Replace(p.data, fmt.Appendf(nil, `"root":%d,`, p.id), fmt.Appendf(nil, `"root":%d,`, id), 1)
	return bytes.Replace(data, fmt.Appendf(nil, `"last":%d,`, p.events[len(p.events)-1].Pos), fmt.Appendf(nil, `"last":%d,`, last), 1)
}

// copier writes copies of patterns and grows the tree over them.
type copier struct {
	event, matter, task, party *sql.Stmt
	pos                        int64
	edge                       map[int64]tlog.Hash // the hashes that later leaves need
	random                     *rand.ChaCha8
}

// copies stores n copies, oldest patterns first.
func copies(ctx context.Context, path string, patterns []pattern, n int) (err error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_pragma=cache_size(-512000)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	indexes, err := without(ctx, db)
	if err != nil {
		return err
	}
	c := &copier{edge: map[int64]tlog.Hash{}, random: rand.NewChaCha8([32]byte{7})}
	if err := c.begin(ctx, db); err != nil {
		return err
	}
	var ended, open []pattern
	for _, p := range patterns {
		if p.open {
			open = append(open, p)
		} else {
			ended = append(ended, p)
		}
	}
	const part = 5000
	for from := 0; from < n; from += part {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		if err := c.prepare(ctx, tx); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		for k := from; k < min(n, from+part); k++ {
			if err := c.copy(pick(ended, open, k, n, c.random)); err != nil {
				return errors.Join(err, tx.Rollback())
			}
		}
		if err := errors.Join(c.head(ctx, tx), tx.Commit()); err != nil {
			return err
		}
	}
	for _, text := range append(indexes, "PRAGMA wal_checkpoint(TRUNCATE)") {
		if _, err := db.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// pick chooses the pattern of the k-th copy of n, in the order of time. The
// newest matters hold most of the open ones.
func pick(ended, open []pattern, k, n int, random *rand.ChaCha8) *pattern {
	newest := min(n, fewStored)
	share := float64(fillOpen*(100-openNewest)) / 100 / float64(max(1, n-newest))
	switch {
	case n == newest:
		share = float64(fillOpen) / float64(n)
	case k >= n-newest:
		share = float64(fillOpen*openNewest) / 100 / float64(newest)
	}
	list := ended
	if float64(random.Uint64()%1_000_000) < share*1_000_000 {
		list = open
	}
	return &list[k*len(list)/n]
}

// without drops the indexes that are quicker made at the end, and gives their
// texts.
func without(ctx context.Context, db *sql.DB) ([]string, error) {
	rows, err := db.QueryContext(ctx, "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ('event', 'matter', 'task', 'matter_party')")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names, texts []string
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			return nil, err
		}
		names, texts = append(names, name), append(texts, text)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, err := db.ExecContext(ctx, "DROP INDEX "+name); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

// begin reads how far the log has come.
func (c *copier) begin(ctx context.Context, db *sql.DB) error {
	var edge []byte
	if err := db.QueryRowContext(ctx, "SELECT size, edge FROM log_head WHERE id = 1").Scan(&c.pos, &edge); err != nil {
		return err
	}
	for i, index := range event.Edge(c.pos) {
		c.edge[index] = tlog.Hash(edge[i*tlog.HashSize : (i+1)*tlog.HashSize])
	}
	return nil
}

func (c *copier) prepare(ctx context.Context, tx *sql.Tx) error {
	var failed error
	prepare := func(table, columns string) *sql.Stmt {
		marks := strings.TrimSuffix(strings.Repeat("?, ", strings.Count(columns, ",")+1), ", ")
		s, err := tx.PrepareContext(ctx, "INSERT INTO "+table+" ("+columns+") VALUES ("+marks+")")
		failed = errors.Join(failed, err)
		return s
	}
	c.event = prepare("event", "pos, subject, actor, idem, envelope, body, proof")
	c.matter = prepare("matter", patternMatter+", data, id")
	c.task = prepare("task", patternTask+", matter")
	c.party = prepare("matter_party", "person, matter")
	return failed
}

// copy writes one copy of a pattern.
func (c *copier) copy(p *pattern) error {
	id := c.pos
	for _, e := range p.events {
		var fresh [32]byte // idem and salt
		for i := range 4 {
			binary.LittleEndian.PutUint64(fresh[8*i:], c.random.Uint64())
		}
		e.Envelope.Pos, e.Envelope.Subject = c.pos, id
		digest := event.Digest(fresh[16:], e.Body)
		hashes, err := c.grow(event.Leaf(e.Envelope, digest))
		if err != nil {
			return err
		}
		if _, err := c.event.Exec(c.pos, id, e.Actor, fresh[:16], string(e.Envelope.Bytes()), append(fresh[16:], e.Body...), append(digest, hashes...)); err != nil {
			return err
		}
		c.pos++
	}
	if _, err := c.matter.Exec(append(slices.Clone(p.matter), p.renamed(id, c.pos-1), id)...); err != nil {
		return err
	}
	for _, task := range p.tasks {
		if _, err := c.task.Exec(append(slices.Clone(task), id)...); err != nil {
			return err
		}
	}
	for _, party := range p.parties {
		if _, err := c.party.Exec(party[0], id); err != nil {
			return err
		}
	}
	return nil
}

// grow adds a leaf to the tree and gives the stored hashes of its row.
func (c *copier) grow(leaf tlog.Hash) ([]byte, error) {
	hashes, err := tlog.StoredHashesForRecordHash(c.pos, leaf, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			hash, ok := c.edge[index]
			if !ok {
				return nil, fmt.Errorf("bench: hash %d is not on the edge", index)
			}
			out[i] = hash
		}
		return out, nil
	}))
	if err != nil {
		return nil, err
	}
	first := tlog.StoredHashIndex(0, c.pos)
	row := make([]byte, 0, len(hashes)*tlog.HashSize)
	for i, hash := range hashes {
		c.edge[first+int64(i)] = hash
		row = append(row, hash[:]...)
	}
	if c.pos%1024 == 0 {
		c.prune(c.pos + 1)
	}
	return row, nil
}

// prune forgets the hashes that no later leaf needs.
func (c *copier) prune(size int64) {
	kept := map[int64]tlog.Hash{}
	for _, index := range event.Edge(size) {
		kept[index] = c.edge[index]
	}
	c.edge = kept
}

// head writes how far the log has come.
func (c *copier) head(ctx context.Context, tx *sql.Tx) error {
	c.prune(c.pos)
	var edge []byte
	for _, index := range event.Edge(c.pos) {
		hash := c.edge[index]
		edge = append(edge, hash[:]...)
	}
	_, err := tx.ExecContext(ctx, "UPDATE log_head SET size = ?, edge = ?, rev = rev + 1 WHERE id = 1", c.pos, edge)
	return err
}
