package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/attach"
	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/store"
)

// Altered is what the check of an altered copy found.
type Altered struct {
	Copy     string     `json:"copy"`     // the copy's name in the data directory
	Matter   int64      `json:"matter"`   // whose event was altered
	Step     int        `json:"step"`     // which of its steps the check named, from 1; 0 if none
	Pos      int64      `json:"pos"`      // the event the check named; -1 if none
	Changed  int64      `json:"changed"`  // the event that was altered
	Findings int        `json:"findings"` // how much the check found
	Text     fault.Text `json:"text"`
}

// alteredStep is the step whose event is altered, as in the story.
const alteredStep = 8

// Tamper copies the database, alters one byte of one event's body in the copy,
// and lets the program's check look at the copy. The original is not touched.
func (s *Story) Tamper(ctx context.Context) (Altered, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tamper(ctx)
}

func (s *Story) tamper(ctx context.Context) (Altered, error) {
	root, steps, err := s.victim(ctx)
	if err != nil {
		return Altered{}, err
	}
	path := filepath.Join(s.Dir, copyFile)
	if err := copyDatabase(ctx, s.File, path); err != nil {
		return Altered{}, err
	}
	changed := steps[alteredStep-1].Pos
	if err := alter(ctx, path, changed); err != nil {
		return Altered{}, err
	}
	found, err := s.checkCopy(ctx, path)
	if err != nil {
		return Altered{}, err
	}
	out := s.finding(root, steps, found)
	out.Copy, out.Changed, out.Findings = copyFile, changed, len(found)
	s.recordMu.Lock()
	s.record.Altered = &out
	s.recordMu.Unlock()
	return out, s.keep(s.Clock.Now())
}

// victim gives the matter whose event is altered, with its steps: the story's,
// or before it has come far enough the newest follow-up that has.
func (s *Story) victim(ctx context.Context) (matter.Matter, []event.Event, error) {
	at, err := s.stands(ctx)
	if err != nil {
		return matter.Matter{}, nil, err
	}
	page, err := s.Desk.List(ctx, s.reader(), matter.Filter{Kind: docket.FollowUp, Top: true, Limit: 50})
	if err != nil {
		return matter.Matter{}, nil, err
	}
	list := page.Matters
	if m := at.root(); m != nil {
		list = append([]matter.Matter{*m}, list...)
	}
	for _, m := range list {
		family, err := s.family(ctx, m.ID)
		if err != nil {
			return m, nil, err
		}
		all, err := s.events(ctx, m.Source, family)
		if steps := acts(all); err != nil || len(steps) >= alteredStep {
			return m, steps, err
		}
	}
	return matter.Matter{}, nil, fault.New(fault.Conflict, "demo.Tamper", "还没有走到第八步的事项，请先走几步再改动。", "No matter has come as far as its eighth step yet; take some first.")
}

// finding says what the check named, in the words of the matter.
func (s *Story) finding(root matter.Matter, steps []event.Event, found []audit.Finding) Altered {
	out := Altered{Matter: root.ID, Pos: -1}
	if len(found) == 0 {
		out.Text = fault.T("检查没有发现改动。", "The check found no change.")
		return out
	}
	out.Pos = found[0].Pos
	i := slices.IndexFunc(steps, func(e event.Event) bool { return e.Pos == out.Pos })
	if i < 0 {
		out.Text = found[0].Text
		return out
	}
	out.Step = i + 1
	name := s.stepName(steps[i])
	out.Text = fault.T(
		fmt.Sprintf("%s 第%d步“%s”被改动：%s。", root.Number, out.Step, name.ZH, found[0].Text.ZH),
		fmt.Sprintf("%s: step %d, \"%s\", was changed: %s.", root.Number, out.Step, name.EN, found[0].Text.EN))
	return out
}

// stepName names an event of a matter by its step and act.
func (t *town) stepName(e event.Event) fault.Text {
	kind, what, _ := strings.Cut(e.Kind, "/")
	def := t.Desk.Definitions().Latest(kind)
	step, act, acted := strings.Cut(what, ".")
	switch {
	case e.Kind == attach.EventAdd:
		return fault.T("添加附件", "File added")
	case def == nil:
		return fault.T("代录批示", "instruction entered")
	case what == "open":
		return fault.T(def.Name.ZH+"·登记", def.Name.EN+": registered")
	case acted && def.Step(step) != nil && def.StepAct(step, act) != nil:
		a, b := def.Step(step).Name, def.StepAct(step, act).Name
		if a.ZH == b.ZH {
			return a
		}
		return fault.T(a.ZH+"·"+b.ZH, a.EN+": "+b.EN)
	}
	return fault.T(def.Name.ZH, def.Name.EN)
}

// altered gives the last finding, if its copy still lies there.
func (s *Story) altered() *Altered {
	a := s.read().Altered
	if a == nil || a.Findings == 0 {
		return nil
	}
	if _, err := os.Stat(filepath.Join(s.Dir, a.Copy)); err != nil {
		return nil
	}
	return a
}

// copyDatabase copies a SQLite database while it is in use.
func copyDatabase(ctx context.Context, from, to string) error {
	if store.EngineOf(from) != store.SQLite {
		return fault.New(fault.Conflict, "demo.Tamper", "演示只在 SQLite 上制作副本。", "The demo makes its copy on SQLite only.")
	}
	for _, name := range []string{to, to + "-wal", to + "-shm"} {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fault.Wrap("demo.copyDatabase", err)
		}
	}
	return withDatabase(from, "ro", func(db *sql.DB) error {
		_, err := db.ExecContext(ctx, "VACUUM INTO ?", to)
		return err
	})
}

// alter changes one byte in the middle of an event's body.
func alter(ctx context.Context, path string, pos int64) error {
	return withDatabase(path, "rw", func(db *sql.DB) error {
		var body []byte
		if err := db.QueryRowContext(ctx, "SELECT body FROM event WHERE pos = ?", pos).Scan(&body); err != nil {
			return err
		}
		if len(body) == 0 {
			return fmt.Errorf("event %d has no body", pos)
		}
		const salt = 16 // bytes in front of what was said
		body[(salt+len(body))/2] ^= 1
		_, err := db.ExecContext(ctx, "UPDATE event SET body = ? WHERE pos = ?", body, pos)
		return err
	})
}

// withDatabase opens a SQLite file beside the store, which writes by changes
// alone and so cannot falsify anything.
func withDatabase(path, mode string, do func(*sql.DB) error) error {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode="+mode)
	if err != nil {
		return fault.Wrap("demo.withDatabase", err)
	}
	return fault.Wrap("demo.withDatabase", errors.Join(do(db), db.Close()))
}

// checkCopy does on the copy what `touyan check` does: the log against the tree,
// and every matter against its events.
func (s *Story) checkCopy(ctx context.Context, path string) ([]audit.Finding, error) {
	db, err := store.Open(ctx, path, store.Options{Readers: 2})
	if err != nil {
		return nil, err
	}
	found, err := s.check(ctx, db)
	return found, errors.Join(err, db.Close())
}

func (s *Story) check(ctx context.Context, db *store.DB) ([]audit.Finding, error) {
	const limit = 10
	found, err := audit.CheckLog(ctx, db, limit, nil)
	if err != nil {
		return nil, err
	}
	folded, _, _, err := matter.Check(ctx, db, limit)
	return append(found, folded...), err
}
