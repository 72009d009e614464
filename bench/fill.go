package bench

import (
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

// The distribution of a filled town. 4 % of the matters are open; three of four
// open ones are among the newest tenth, the others lie anywhere before, as
// forgotten ones do. Where they stand, which bureau has them and in which week
// they were opened is spread evenly. What is overdue has escalated.
const (
	fillBureaus = 40
	fillWeeks   = 20
	openPercent = 4
	openNewest  = 75 // per cent of the open ones that lie in the newest tenth
)

// pattern is a matter that the engine made, as its rows: what is copied.
type pattern struct {
	events  [][]any // recorded, occurred, kind, actor, behalf, unit, body
	matter  []any   // all columns after id
	tasks   [][]any
	parties [][]any
	open    bool
	opened  int64
}

// Columns of the copied rows.
const (
	patternEvent  = "recorded, occurred, kind, actor, behalf, unit, body"
	patternMatter = "kind, def, parent, part, root, source, number, title, office, unit, originator, opened, updated, last, state, clocks, status, outcome, stage, due, mark, rev"
	patternTask   = "slot, kind, step, n, office, unit, duty, need, person, since, due, provisional, mark, next"
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
	if p.events, err = t.read(ctx, patternEvent, "event WHERE subject = ? ORDER BY pos", id); err != nil {
		return p, err
	}
	matters, err := t.read(ctx, patternMatter, "matter WHERE id = ?", id)
	if err != nil {
		return p, err
	}
	p.matter = matters[0]
	if p.tasks, err = t.read(ctx, patternTask, "task WHERE matter = ?", id); err != nil {
		return p, err
	}
	p.parties, err = t.read(ctx, "person, since", "matter_party WHERE matter = ?", id)
	p.open, p.opened = len(p.tasks) > 0, p.matter[11].(int64)
	return p, err
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
	for _, text := range append(indexes, "ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)") {
		if _, err := db.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// pick chooses the pattern of the k-th copy of n: in the order of time, a little
// mixed.
func pick(ended, open []pattern, k, n int, random *rand.ChaCha8) *pattern {
	newest := k >= n-n/10
	share := uint64(openPercent * (100 - openNewest) * 100 / 90) // of 10,000, outside the newest tenth
	if newest {
		share = openPercent * openNewest * 10
	}
	list := ended
	if random.Uint64()%10000 < share {
		list = open
	}
	at := k*len(list)/n + int(random.Uint64()%uint64(len(list)/fillWeeks)) - len(list)/fillWeeks/2
	return &list[min(max(at, 0), len(list)-1)]
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
	c.event = prepare("event", patternEvent+", pos, subject, idem, digest, salt, hashes")
	c.matter = prepare("matter", patternMatter+", id")
	c.task = prepare("task", patternTask+", matter")
	c.party = prepare("matter_party", "person, since, matter")
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
		digest := event.Digest(fresh[16:], e[6].([]byte))
		envelope := event.Envelope{Pos: c.pos, Recorded: e[0].(int64), Occurred: e[1].(int64), Kind: e[2].(string), Subject: id, Actor: e[3].(int64), Behalf: e[4].(int64), Unit: e[5].(int64)}
		hashes, err := c.grow(event.Leaf(envelope, digest))
		if err != nil {
			return err
		}
		if _, err := c.event.Exec(append(slices.Clone(e), c.pos, id, fresh[:16], digest, fresh[16:], hashes)...); err != nil {
			return err
		}
		c.pos++
	}
	row := append(slices.Clone(p.matter), id)
	row[4], row[13] = id, c.pos-1 // root and last
	if _, err := c.matter.Exec(row...); err != nil {
		return err
	}
	for _, task := range p.tasks {
		if _, err := c.task.Exec(append(slices.Clone(task), id)...); err != nil {
			return err
		}
	}
	for _, party := range p.parties {
		if _, err := c.party.Exec(append(slices.Clone(party), id)...); err != nil {
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
