package main

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/serial"
	"touyan.dev/touyan/kernel/store"
)

// ledger is the list of what the writers of one installation were about to send
// and what was acknowledged to them.
type ledger struct {
	mu      sync.Mutex
	entries map[string]*entry
	kept    []*entry // the sample that is sent again though it was answered
	acks    int
	again   int
	wrong   []wrong
}

// entry is one key.
type entry struct {
	who  int64
	more int
	on   int64
	ack  *ack
	call *call // nil once it is answered, unless it is of the sample
}

// wrong is an answer that should not have been.
type wrong struct{ key, what, why string }

// The sample: one key in keptOf is kept for it, and each writer is given
// sampleMax of those kept.
const (
	keptOf    = 20
	sampleMax = 200
)

func newLedger() *ledger { return &ledger{entries: map[string]*entry{}} }

func (l *ledger) size() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.acks
}

func (l *ledger) intended(c *call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries[c.Key] = &entry{who: c.Who, more: c.More, on: c.On, call: c}
}

// acknowledged enters an answer; a further answer to the same key must be the
// first one.
func (l *ledger) acknowledged(a ack) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entries[a.Key]
	switch {
	case e == nil:
		l.wrong = append(l.wrong, wrong{a.Key, "moved", "acknowledged and never sent"})
	case e.ack == nil:
		l.acks++
		e.ack = &a
		if rand.IntN(keptOf) == 0 {
			l.kept = append(l.kept, e)
		} else {
			e.call = nil
		}
	default:
		l.again++
		if *e.ack != a {
			l.wrong = append(l.wrong, wrong{a.Key, "moved", "another answer than the first"})
		}
	}
}

func (l *ledger) refused(what line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wrong = append(l.wrong, wrong{what.Refused, "refused", what.Kind + ": " + what.Why})
}

// writeAgain writes what the next writer is to send again: all that has no
// answer, and some of what has one.
func (l *ledger) writeAgain(path string) (err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, err := os.Create(filepath.Clean(path))
	if err != nil {
		return fault.Wrap("torture", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	enc := json.NewEncoder(f)
	for _, e := range l.entries {
		if e.ack == nil {
			err = errors.Join(err, enc.Encode(e.call))
		}
	}
	for _, i := range rand.Perm(len(l.kept))[:min(sampleMax, len(l.kept))] {
		err = errors.Join(err, enc.Encode(l.kept[i].call))
	}
	return err
}

// judge holds a database against the list: each key has one event at the place
// acknowledged, with all that it caused and nothing else; numbers have no gap
// and no double; no timer fired twice; and check has no finding.
func (l *ledger) judge(ctx context.Context, prog *Program, out *tortured) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	out.Acks += l.acks
	out.Again += l.again
	for _, w := range l.wrong {
		out.example("%s: %s: %s", w.what, w.key, w.why)
		if w.what == "refused" {
			out.Refused++
		} else {
			out.Moved++
		}
	}
	found, err := readEffects(ctx, prog, out)
	if err != nil {
		return err
	}
	l.effects(found, out)
	if err := l.numbers(ctx, prog, out); err != nil {
		return err
	}
	checked, err := prog.check(ctx, 100)
	out.Findings += len(checked.Findings)
	for _, f := range checked.Findings {
		out.example("check: %s %s: %s", f.Table, f.Row, f.Text.EN)
	}
	return err
}

// effect is one event of the load, as the log holds it.
type effect struct {
	once         event.Once
	pos, subject int64
	kind         string
	body         []byte
}

// readEffects walks the log. It judges the timers on the way, which nobody
// called for, and gives the events that people made.
func readEffects(ctx context.Context, prog *Program, out *tortured) (map[event.Once]effect, error) {
	found := map[event.Once]effect{}
	type ring struct {
		subject int64
		slot    string
		n, mark int
	}
	rung := map[ring]bool{}
	for from := int64(0); ; {
		rows, err := store.Collect(ctx, prog.DB, func(row store.Scanner) (e effect, err error) {
			var key []byte
			err = row.Scan(&e.pos, &e.once.Actor, &key, &e.subject, &e.kind, &e.body)
			copy(e.once.Key[:], key)
			return e, err
		}, "SELECT pos, actor, idem, subject, kind, body FROM event WHERE pos >= ? ORDER BY pos LIMIT 5000", from)
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			return found, nil
		}
		for _, e := range rows {
			if strings.HasSuffix(e.kind, "/escalate") {
				var b matter.Body
				if err := json.Unmarshal(e.body, &b); err != nil {
					return nil, fault.Wrap("torture", err)
				}
				out.Timers++
				if r := (ring{e.subject, b.Slot, b.N, b.Mark}); rung[r] {
					out.Doubled++
					out.example("doubled: timer of %+v at %d", r, e.pos)
				} else {
					rung[r] = true
				}
			}
			if e.once.Actor != 0 && strings.HasPrefix(e.kind, "docket.") {
				e.body = nil
				found[e.once] = e
			}
		}
		from = rows[len(rows)-1].pos + 1
	}
}

// effects holds the events that people made against the calls.
func (l *ledger) effects(found map[event.Once]effect, out *tortured) {
	explained := 0
	for key, e := range l.entries {
		once := event.Once{Actor: e.who, Key: event.KeyOf(key)}
		here, ok := found[once]
		switch {
		case e.ack == nil:
			out.Unanswered++
			out.example("unanswered: %s", key)
			if !ok {
				continue
			}
		case !ok:
			out.Lost++
			out.example("lost: %s, acknowledged at %d", key, e.ack.Pos)
			continue
		case here.pos != e.ack.Pos || here.subject != e.ack.Subject || e.on != 0 && here.subject != e.on:
			out.Moved++
			out.example("moved: %s, acknowledged at %d, found at %d", key, e.ack.Pos, here.pos)
		}
		explained++
		for n := range e.more {
			if _, ok := found[event.Once{Actor: e.who, Key: once.Key.Sub(n + 1)}]; ok {
				explained++
				continue
			}
			out.Lost++
			out.example("lost: part %d of %s", n+1, key)
		}
	}
	if extra := len(found) - explained; extra > 0 {
		out.Doubled += extra
		out.example("doubled: %d events that no call explains", extra)
	}
}

// numbers holds the numbers against each other, their matters and the answers.
func (l *ledger) numbers(ctx context.Context, prog *Program, out *tortured) error {
	last, err := store.Collect(ctx, prog.DB, func(row store.Scanner) (n serial.Number, err error) {
		err = row.Scan(&n.Sign, &n.Year, &n.N)
		return n, err
	}, "SELECT series, year, last FROM serial")
	if err != nil {
		return err
	}
	type drawn struct {
		serial.Number
		subject              int64
		void, holds, outcome string
	}
	all, err := store.Collect(ctx, prog.DB, func(row store.Scanner) (d drawn, err error) {
		err = row.Scan(&d.Sign, &d.Year, &d.N, &d.subject, &d.void, &d.holds, &d.outcome)
		return d, err
	}, "SELECT s.series, s.year, s.n, s.subject, s.void, m.number, m.outcome FROM serial_number s JOIN matter m ON m.id = s.subject ORDER BY s.series, s.year, s.n")
	if err != nil {
		return err
	}
	count, of := map[serial.Series]int64{}, map[int64]string{}
	for _, d := range all {
		count[d.Series]++
		out.Drawn++
		want := ""
		if d.outcome == "withdrawn" || d.outcome == "voided" {
			want = d.outcome
			out.Void++
		}
		if d.N != count[d.Series] || d.holds != d.String() || d.void != want || of[d.subject] != "" {
			out.Numbers++
			out.example("wrong number: %s of %d, void %q", d, d.subject, d.void)
		}
		of[d.subject] = d.String()
	}
	for _, n := range last {
		if n.N != count[n.Series] {
			out.Numbers++
			out.example("wrong number: %s was the last, %d are kept", n, count[n.Series])
		}
	}
	for key, e := range l.entries {
		if e.ack != nil && e.ack.Number != "" && of[e.on] != "" && e.ack.Number != of[e.on] {
			out.Numbers++
			out.example("wrong number: %s was answered with %s and is %s", key, e.ack.Number, of[e.on])
		}
	}
	return nil
}
