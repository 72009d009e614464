package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"touyan.dev/touyan/bench/floor"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// EngineResult compares the engine with the floor on one disk. Rates are matters
// a second, CPU is milliseconds of this process for one matter.
type EngineResult struct {
	Floor    float64 `json:"floor_per_s"`
	Engine   float64 `json:"engine_per_s"`
	Ratio    float64 `json:"ratio"`
	FloorCPU float64 `json:"floor_cpu_ms"`
	CPU      float64 `json:"cpu_ms"`
	Sync     string  `json:"sync"`
	Name     string  `json:"engine"`
	Changes  int     `json:"changes_per_matter"`
	InFlight int     `json:"in_flight"`
	P95      float64 `json:"act_p95_ms"`
	Note     string  `json:"note"`
}

// Bars of the comparison. A floor that itself takes more processor time than
// floorCPU is not a floor, and voids the run.
const (
	floorCPU = 0.08 // ms of a matter, SQLite
	inFlight = 256
)

// EngineConfig says what to compare and for how long.
type EngineConfig struct {
	Dir      string // an empty directory on the disk to be measured
	Postgres string // URL of an empty database for the engine; "" measures SQLite
	Floor    string // URL of an empty database for the floor
	Time     time.Duration
}

// Engine runs the floor and the engine for c.Time each, in slices that take
// turns, so that a noisy neighbour disturbs both alike.
func Engine(ctx context.Context, c EngineConfig) (EngineResult, error) {
	var out EngineResult
	town, err := NewTown(ctx, Place{Dir: filepath.Join(c.Dir, "engine"), DSN: c.Postgres, Bureaus: 4})
	if err != nil {
		return out, err
	}
	defer town.DB.Close()
	shape, err := town.sample(ctx)
	if err != nil {
		return out, err
	}
	out.Name, out.Sync, out.Changes, out.InFlight = string(town.DB.Engine()), "FULL", len(shape), inFlight
	if c.Postgres != "" {
		out.Sync = "synchronous_commit=on"
	}
	out.Note = "a matter is opened and then acted on four times; forms, policies, clocks, tree, signed receipt and its proof are included; HTTP is not"
	floorSide, err := newFloor(ctx, c, shape)
	if err != nil {
		return out, err
	}
	engineSide := &loader{town: town}
	const slices = 5
	var fl, en share
	for range slices {
		if err := fl.add(func() (int, time.Duration, error) { return floorSide(c.Time / slices) }); err != nil {
			return out, err
		}
		if err := en.add(func() (int, time.Duration, error) { return engineSide.run(ctx, c.Time/slices) }); err != nil {
			return out, err
		}
	}
	out.Floor, out.FloorCPU = fl.rate(), fl.cpuEach()
	out.Engine, out.CPU = en.rate(), en.cpuEach()
	out.Ratio = out.Engine / out.Floor
	out.P95 = millis(percentile(sorted(engineSide.took), 0.95))
	if c.Postgres == "" && out.FloorCPU > floorCPU {
		out.Note += fmt.Sprintf("; VOID: the floor took %.3f ms of processor time a matter, more than %.2f", out.FloorCPU, floorCPU)
	}
	return out, nil
}

// share adds up slices of one side.
type share struct {
	matters int
	took    time.Duration
	cpu     time.Duration
}

func (s *share) add(run func() (int, time.Duration, error)) error {
	before := cpu()
	n, took, err := run()
	s.matters, s.took, s.cpu = s.matters+n, s.took+took, s.cpu+cpu()-before
	return err
}

func (s *share) rate() float64    { return float64(s.matters) / s.took.Seconds() }
func (s *share) cpuEach() float64 { return s.cpu.Seconds() * 1000 / float64(max(1, s.matters)) }

// newFloor prepares a database for the floor and gives what runs it.
func newFloor(ctx context.Context, c EngineConfig, shape []floor.Change) (func(time.Duration) (int, time.Duration, error), error) {
	dsn := c.Floor
	if c.Postgres == "" {
		dsn = filepath.Join(c.Dir, "floor", "touyan.db")
	}
	// A town of its own gives the floor's database the same first rows.
	town, err := NewTown(ctx, Place{Dir: filepath.Join(c.Dir, "floor"), DSN: dsn})
	if err != nil {
		return nil, err
	}
	pos, err := town.size(ctx)
	if err != nil {
		return nil, err
	}
	if err := town.DB.Close(); err != nil {
		return nil, err
	}
	return func(d time.Duration) (int, time.Duration, error) {
		run := floor.SQLite
		if store.EngineOf(dsn) == store.PostgreSQL {
			run = floor.PostgreSQL
		}
		r, err := run(dsn, shape, pos, d)
		pos += int64(r.Matters * len(shape))
		return r.Matters, r.Took, err
	}, nil
}

func (t *Town) size(ctx context.Context) (n int64, err error) {
	err = t.DB.QueryRow(ctx, "SELECT size FROM log_head WHERE id = 1").Scan(&n)
	return n, err
}

// sample takes one matter through its life and reads back the rows that each
// change left: what the floor has to write.
func (t *Town) sample(ctx context.Context) ([]floor.Change, error) {
	var out []floor.Change
	b := &t.Bureaus[0]
	done, err := t.Open(ctx, b, "sample")
	if err != nil {
		return nil, err
	}
	id, known := done.Matter, map[any]bool{}
	for n := 0; ; n++ {
		c, err := t.rows(ctx, id, done.Pos, known)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
		if n == len(life()) {
			break
		}
		if done, err = t.Act(ctx, b, id, n, fmt.Sprintf("sample/%d", n)); err != nil {
			return nil, err
		}
	}
	if out[len(out)-1].Task != nil {
		return nil, fault.New(fault.Internal, "bench.sample", "基准事项没有办结。", "The sample matter has not ended.")
	}
	return out, nil
}

func (t *Town) rows(ctx context.Context, id, pos int64, known map[any]bool) (c floor.Change, err error) {
	e, err := event.At(ctx, t.DB, pos)
	if err != nil {
		return c, err
	}
	c.Actor, c.Envelope, c.Body, c.Proof = e.Actor, string(e.Envelope.Bytes()), append(e.Salt, e.Body...), 2*len(e.Digest)
	matters, err := t.read(ctx, "kind, parent, number, title, office, unit, originator, opened, mark, status, stage, data", "matter WHERE id = ?", id)
	if err != nil {
		return c, err
	}
	c.Matter = matters[0]
	tasks, err := t.read(ctx, "n, office, unit, need, person, due, mark, next", "task WHERE matter = ?", id)
	if err != nil {
		return c, err
	}
	if len(tasks) > 0 {
		c.Task = tasks[0]
	}
	parties, err := t.read(ctx, "person", "matter_party WHERE matter = ?", id)
	if err != nil {
		return c, err
	}
	for _, p := range parties {
		if !known[p[0]] {
			known[p[0]] = true
			c.Parties = append(c.Parties, p[0].(int64))
		}
	}
	return c, nil
}

// loader keeps inFlight matters on their way, each by a goroutine of its own as
// a request would.
type loader struct {
	town *Town
	next atomic.Int64

	mu   sync.Mutex
	took []time.Duration // of one act in sixteen
}

func (l *loader) run(ctx context.Context, d time.Duration) (int, time.Duration, error) {
	start := time.Now()
	stop := start.Add(d)
	var matters atomic.Int64
	var group sync.WaitGroup
	var failed atomic.Pointer[error]
	for range inFlight {
		group.Go(func() {
			for time.Now().Before(stop) && failed.Load() == nil {
				if err := l.one(ctx); err != nil {
					failed.CompareAndSwap(nil, &err)
					return
				}
				matters.Add(1)
			}
		})
	}
	group.Wait()
	took := time.Since(start)
	if err := failed.Load(); err != nil {
		return 0, took, *err
	}
	return int(matters.Load()), took, nil
}

// one takes a matter through its life, and keeps the times of its acts if it is
// a sixteenth. Its keys are such as the screens make.
func (l *loader) one(ctx context.Context) error {
	k := l.next.Add(1)
	b := &l.town.Bureaus[int(k)%len(l.town.Bureaus)]
	var times []time.Duration
	begun := time.Now()
	done, err := l.town.Open(ctx, b, newKey())
	times = append(times, time.Since(begun))
	for n := 0; n < len(life()) && err == nil; n++ {
		begun = time.Now()
		_, err = l.town.Act(ctx, b, done.Matter, n, newKey())
		times = append(times, time.Since(begun))
	}
	if k%16 == 0 {
		l.mu.Lock()
		l.took = append(l.took, times...)
		l.mu.Unlock()
	}
	return err
}

// newKey makes an idempotency key: a UUID that begins with the time.
func newKey() string { return uuid.Must(uuid.NewV7()).String() }
