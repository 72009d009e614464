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

	"touyan.dev/touyan/kernel/attach"
	"touyan.dev/touyan/kernel/auth"
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
	once event.Key
	file *attach.Digest // the content that was bound
	gone string         // the phrase that was erased
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
	e := &entry{who: c.Who, more: c.More, on: c.On, call: c, once: event.KeyOf(c.Key)}
	if c.File != "" {
		d := fileDigest(c.File)
		e.file, e.once = &d, fileKey(c)
	}
	if c.Erase {
		e.gone = erasedPhrase(c.Key)
	}
	l.entries[c.Key] = e
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
	if err := l.files(ctx, prog, out); err != nil {
		return err
	}
	checked, err := prog.check(ctx, 100)
	out.Findings += len(checked.Findings)
	for _, f := range checked.Findings {
		out.example("check: %s %s: %s", f.Table, f.Row, f.Text.EN)
	}
	return err
}

// placed is where an event of the load stands.
type placed struct{ pos, subject int64 }

// rings are the timers that have fired: matter, step and escalation.
type rings map[ring]bool

type ring struct {
	subject int64
	slot    string
	n, mark int
}

// add enters an event, and tells whether it is a timer's and which had fired
// before. No limit is extended in the load, so each fires once.
func (r rings) add(e event.Event) (one ring, rung, twice bool, err error) {
	if !strings.HasSuffix(e.Kind, "/escalate") {
		return one, false, false, nil
	}
	if e.Erased { // and with it which timer it was
		return one, false, false, nil
	}
	var b matter.Body
	if err := json.Unmarshal(e.Body, &b); err != nil {
		return one, true, false, fault.Wrap("torture", err)
	}
	one = ring{e.Subject, b.Slot, b.N, b.Mark}
	twice, r[one] = r[one], true
	return one, true, twice, nil
}

// readEffects walks the log. It judges the timers on the way, which nobody
// called for, and gives the events that people made.
func readEffects(ctx context.Context, prog *Program, out *tortured) (map[event.Once]placed, error) {
	found, rung := map[event.Once]placed{}, rings{}
	const part = 5000
	for from := int64(0); ; from += part {
		events, err := event.After(ctx, prog.DB, from, part)
		if err != nil || len(events) == 0 {
			return found, err
		}
		keys, err := store.Collect(ctx, prog.DB, func(row store.Scanner) (k event.Key, err error) {
			var key []byte
			err = row.Scan(&key)
			copy(k[:], key)
			return k, err
		}, "SELECT idem FROM event WHERE pos >= ? ORDER BY pos LIMIT ?", from, part)
		if err != nil {
			return nil, err
		}
		for i, e := range events {
			one, timer, twice, err := rung.add(e)
			if err != nil {
				return nil, err
			}
			if timer {
				out.Timers++
			}
			if twice {
				out.Doubled++
				out.example("doubled: timer of %+v at %d", one, e.Pos)
			}
			if e.Actor != 0 && (strings.HasPrefix(e.Kind, "docket.") || e.Kind == attach.EventAdd || event.Erases(e.Kind)) {
				found[event.Once{Actor: e.Actor, Key: keys[i]}] = placed{e.Pos, e.Subject}
			}
		}
	}
}

// effects holds the events that people made against the calls.
func (l *ledger) effects(found map[event.Once]placed, out *tortured) {
	explained := 0
	for key, e := range l.entries {
		once := event.Once{Actor: e.who, Key: e.once}
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
		subject int64
		void    string
	}
	all, err := store.Collect(ctx, prog.DB, func(row store.Scanner) (d drawn, err error) {
		err = row.Scan(&d.Sign, &d.Year, &d.N, &d.subject, &d.void)
		return d, err
	}, "SELECT series, year, n, subject, void FROM serial_number ORDER BY series, year, n")
	if err != nil {
		return err
	}
	officer := auth.Principal{Person: prog.Book.Now().People()[0].ID}
	count, of := map[serial.Series]int64{}, map[int64]string{}
	for _, d := range all {
		m, err := prog.Desk.Get(ctx, officer, d.subject)
		if err != nil {
			return err
		}
		count[d.Series]++
		out.Drawn++
		want := ""
		if m.Outcome == "withdrawn" || m.Outcome == "voided" {
			want = m.Outcome
			out.Void++
		}
		if d.N != count[d.Series] || m.Number != d.String() || d.void != want || of[d.subject] != "" {
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
