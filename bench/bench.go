// Package bench measures the product against its own limits and prints ratios.
//
// Absolute rates halve when a neighbour compiles; ratios to a floor that runs in
// the same minute on the same disk do not. The floor (bench/floor) writes the
// same rows with nothing but the database driver: no rules, no state machine, no
// tree. What a ratio leaves out is said where it is printed.
//
//   - Engine: four-act matters with 256 in flight, against the floor.
//   - Lists: lists, inboxes and counters with a million matters stored, against
//     ten thousand.
//   - Timers: how late escalations fire, and how fast a heap of them drains.
//   - Facts: a panel of 5.8 million cells mined whole, one release, window SQL.
//   - Effect: one policy evaluated, with all placebos.
//   - Forecast: many series continued, with back-tests and intervals.
//
// RESULTS.md holds the figures, each with its command and machine.
package bench

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/bus"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/link"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/serial"
	"touyan.dev/touyan/kernel/store"
)

//go:embed definition.yaml
var definition string

//go:embed timer.yaml
var timer string

// Kind is the kind of the benchmarks' matters.
const Kind = "bench.request"

// Migrations lists the tables of the kernel, which the benchmarks use.
func Migrations() []fs.FS {
	return []fs.FS{event.Migrations(), bus.Migrations(), auth.Migrations(), serial.Migrations(), link.Migrations(), matter.Migrations()}
}

// Bureau is one unit of the town with the people who act in it.
type Bureau struct {
	Unit          int64
	Liaison, Head auth.Principal
}

// Town is a small city: an office that opens and closes matters and bureaus
// that handle them.
type Town struct {
	DB    *store.DB
	Desk  *matter.Engine
	Book  *auth.Book
	Rules *auth.Rules
	Def   string // hash of the definition
	clock clock.Clock
	conf  matter.Config

	Office                int64
	Secretary, Supervisor auth.Principal
	Leader                auth.Principal
	Bureaus               []Bureau
}

// Place says where a town is built.
type Place struct {
	Dir     string // holds the keys, and the database unless DSN is set
	DSN     string // "" is touyan.db in Dir
	Bureaus int    // 0 means 1
	Clock   clock.Clock
	Options store.Options
}

func (p *Place) fill() {
	if p.DSN == "" {
		p.DSN = filepath.Join(p.Dir, "touyan.db")
	}
	p.Bureaus = max(1, p.Bureaus)
	if p.Clock == nil {
		p.Clock = clock.System{}
	}
}

// NewTown migrates an empty database and settles a town in it.
func NewTown(ctx context.Context, p Place) (*Town, error) {
	t, accounts, err := open(ctx, &p)
	if err != nil {
		return nil, err
	}
	if err := t.settle(ctx, accounts, p.Bureaus); err != nil {
		return nil, errors.Join(err, t.DB.Close())
	}
	return t, nil
}

// OpenTown opens a database in which a town was settled before.
func OpenTown(ctx context.Context, p Place) (*Town, error) {
	t, _, err := open(ctx, &p)
	if err != nil {
		return nil, err
	}
	if err := t.find(); err != nil {
		return nil, errors.Join(err, t.DB.Close())
	}
	return t, nil
}

func open(ctx context.Context, p *Place) (*Town, *auth.Accounts, error) {
	p.fill()
	if err := os.MkdirAll(p.Dir, 0o700); err != nil {
		return nil, nil, err
	}
	if err := store.Migrate(ctx, p.DSN, Migrations()...); err != nil {
		return nil, nil, err
	}
	db, err := store.Open(ctx, p.DSN, p.Options)
	if err != nil {
		return nil, nil, err
	}
	t := &Town{DB: db}
	accounts, err := t.build(ctx, p)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return t, accounts, nil
}

func (t *Town) build(ctx context.Context, p *Place) (*auth.Accounts, error) {
	key, err := audit.OpenKey(filepath.Join(p.Dir, "keys"), "bench")
	if err != nil {
		return nil, err
	}
	if t.Rules, err = auth.NewRules(auth.Policies(), matter.Policies()); err != nil {
		return nil, err
	}
	if t.Book, err = auth.OpenBook(ctx, t.DB, p.Clock); err != nil {
		return nil, err
	}
	accounts, err := auth.NewAccounts(t.Book, auth.Options{Light: true})
	if err != nil {
		return nil, err
	}
	defs, err := matter.Publish(ctx, t.DB, p.Clock, []matter.Source{{File: "bench/definition.yaml", Text: definition}, {File: "bench/timer.yaml", Text: timer}})
	if err != nil {
		return nil, err
	}
	t.Def = defs.Latest(Kind).Hash()
	t.clock = p.Clock
	t.conf = matter.Config{DB: t.DB, Book: t.Book, Rules: t.Rules, Key: key, Defs: defs, Series: map[string]string{}}
	t.Desk, err = t.deskOn(ctx, p.Clock)
	return accounts, err
}

// deskOn gives an engine over the town's database with a clock of its own.
func (t *Town) deskOn(ctx context.Context, clk clock.Clock) (*matter.Engine, error) {
	conf := t.conf
	conf.Clock = clk
	return matter.New(ctx, conf)
}

// settle enters the town's units and people.
func (t *Town) settle(ctx context.Context, accounts *auth.Accounts, bureaus int) error {
	const password = "Meadow-2026-river"
	token, err := accounts.SetupToken(ctx)
	if err != nil {
		return err
	}
	made, err := accounts.Setup(ctx, auth.Setup{
		Token: token, City: fault.T("基准市", "Benchmark"), Office: fault.T("市政府办公室", "General Office"),
		Login: "admin", Password: password, Name: fault.T("管理员", "Admin"),
	})
	if err != nil {
		return err
	}
	registry, admin := auth.NewRegistry(t.Book, t.Rules, accounts), auth.Principal{Person: made.Person}
	person := func(login string, unit int64, duty auth.Duty) error {
		id, err := registry.AddPerson(ctx, admin, auth.NewPerson{Key: "person/" + login, Login: login, Name: fault.T(login, login), Password: password})
		if err != nil {
			return err
		}
		_, err = registry.AddPost(ctx, admin, auth.NewPost{Key: "post/" + login, Person: id, Unit: unit, Duty: duty})
		return err
	}
	err = errors.Join(person("leader", made.Office, auth.Leader), person("secretary", made.Office, auth.Secretary), person("supervisor", made.Office, auth.Supervisor))
	for i := range bureaus {
		if err != nil {
			return err
		}
		name := fmt.Sprintf("第%d局", i+1)
		unit, uerr := registry.AddUnit(ctx, admin, auth.NewUnit{Key: fmt.Sprintf("unit/%d", i), Parent: made.City, Kind: auth.Bureau, Name: fault.T(name, fmt.Sprintf("Bureau %d", i+1))})
		if uerr != nil {
			return uerr
		}
		err = errors.Join(person(fmt.Sprintf("liaison%d", i), unit, auth.Liaison), person(fmt.Sprintf("head%d", i), unit, auth.Head))
	}
	if err != nil {
		return err
	}
	return t.find()
}

// find reads the town's people from the directory.
func (t *Town) find() error {
	dir := t.Book.Now()
	heads := map[int64]auth.Principal{}
	for _, person := range dir.People() {
		who := auth.Principal{Person: person.ID}
		for _, post := range dir.PostsOf(person.ID, dir.Day()) {
			switch post.Duty {
			case auth.Leader:
				t.Leader = who
			case auth.Secretary:
				t.Secretary, t.Office = who, post.Unit
			case auth.Supervisor:
				t.Supervisor = who
			case auth.Head:
				heads[post.Unit] = who
			case auth.Liaison:
				t.Bureaus = append(t.Bureaus, Bureau{Unit: post.Unit, Liaison: who})
			}
		}
	}
	for i := range t.Bureaus {
		t.Bureaus[i].Head = heads[t.Bureaus[i].Unit]
	}
	slices.SortFunc(t.Bureaus, func(a, b Bureau) int { return int(a.Unit - b.Unit) })
	if t.Office == 0 || len(t.Bureaus) == 0 {
		return fault.New(fault.Invalid, "bench.OpenTown", "这个数据库里没有基准市。", "There is no benchmark town in this database.")
	}
	return nil
}

// cpu gives the processor time this process has used, user and system.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// percentile gives the value below which a share p (0–1) of the sorted values
// lies; 0 for none.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(p*float64(len(sorted))))]
}

// millis gives a duration in milliseconds, to the microsecond.
func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func sorted(times []time.Duration) []time.Duration {
	out := slices.Clone(times)
	slices.Sort(out)
	return out
}
