package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"touyan.dev/touyan/bench"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/observatory"
	"touyan.dev/touyan/observatory/panel"
)

// benchReleaseCmd measures releases as the office brings them in: through files,
// gate and log, on a database.
type benchReleaseCmd struct {
	measured
	Subjects   int `help:"对象数。 Subjects." default:"300"`
	Indicators int `help:"指标数。 Indicators." default:"20"`
	Periods    int `help:"期数。 Periods." default:"40"`
	Releases   int `help:"发布测多少次，每次一个指标一期。 Releases timed, each of one indicator and period." default:"60"`
}

func (c *benchReleaseCmd) Help() string {
	return `  touyan bench release --subjects 40 --indicators 2 --releases 3 --json`
}

// releaseTimes is what was measured, in seconds.
type releaseTimes struct {
	Cells   int                 `json:"cells"`
	History bench.Seconds       `json:"history_s"`     // all earlier periods: read, kept, mined, facts told
	Facts   int64               `json:"history_facts"` // told of them
	Bring   bench.ReleaseResult `json:"bring"`         // from a file to the gate
	Publish bench.ReleaseResult `json:"publish"`       // from the gate to facts and retractions, in one commit
	Told    int64               `json:"facts"`         // that the releases told
	Taken   int64               `json:"retracted"`     // that they took back
}

// Run implements the command.
func (c *benchReleaseCmd) Run(ctx context.Context, s streams) error {
	return c.in(s, func(dir string) (any, error) {
		prog, err := Place{Data: dir, Name: "touyan"}.open(ctx, clock.System{}, store.Options{})
		if err != nil {
			return nil, err
		}
		defer prog.Close()
		b := &releasing{Program: prog, panel: bench.MadePanel(c.Subjects, c.Indicators, c.Periods+1)}
		if err := b.prepare(ctx); err != nil {
			return nil, err
		}
		return b.measure(ctx, c.Releases)
	})
}

// releasing brings the made-up figures into a program.
type releasing struct {
	*Program
	panel *panel.Panel
	who   auth.Principal
	keys  int
	day   time.Time // of the next publication
}

func (b *releasing) key() string {
	b.keys++
	return "bench/" + strconv.Itoa(b.keys)
}

// prepare founds the installation with a secretary, and enters the reference.
func (b *releasing) prepare(ctx context.Context) error {
	token, err := b.Accounts.SetupToken(ctx)
	if err != nil {
		return err
	}
	const password = "Meadow-2026-river"
	made, err := b.Accounts.Setup(ctx, auth.Setup{Token: token, City: fault.T("测试市", "Test"), Office: fault.T("办公室", "Office"), Login: "admin", Password: password, Name: fault.T("管理员", "Admin")})
	if err != nil {
		return err
	}
	admin := auth.Principal{Person: made.Person}
	id, err := b.Registry.AddPerson(ctx, admin, auth.NewPerson{Key: b.key(), Login: "bench", Name: fault.T("秘书", "Secretary"), Password: password})
	if err != nil {
		return err
	}
	if _, err := b.Registry.AddPost(ctx, admin, auth.NewPost{Key: b.key(), Person: id, Unit: made.Office, Duty: auth.Secretary}); err != nil {
		return err
	}
	b.who = auth.Principal{Person: id}
	for _, t := range b.reference() {
		if _, err := b.Watch.Enter(ctx, b.who, t.sort, csvOf(t.rows), b.key()); err != nil {
			return err
		}
	}
	return nil
}

// referenceTable is one table of reference.
type referenceTable struct {
	sort observatory.Sort
	rows [][]string
}

// reference gives the tables of the panel's subjects, indicators and peer sets.
func (b *releasing) reference() []referenceTable {
	subjects, indicators, peers := [][]string{{"code", "name"}}, [][]string{{"code", "name", "polarity", "additive"}}, [][]string{{"code", "name", "kind", "members"}}
	for _, x := range b.panel.Subjects {
		subjects = append(subjects, []string{x.Code, x.Name.ZH})
	}
	for _, x := range b.panel.Indicators {
		polarity, additive := "larger", ""
		if x.Polarity == panel.SmallerBetter {
			polarity = "smaller"
		}
		if x.Additive {
			additive = "yes"
		}
		indicators = append(indicators, []string{x.Code, x.Name.ZH, polarity, additive})
	}
	for i, p := range b.panel.Peers {
		var members []string
		for _, m := range p.Members {
			members = append(members, b.panel.Subjects[m].Code)
		}
		peers = append(peers, []string{fmt.Sprintf("p%d", i), "第" + strconv.Itoa(i+1) + "组", p.Kind, strings.Join(members, " ")})
	}
	return []referenceTable{{observatory.Subjects, subjects}, {observatory.Indicators, indicators}, {observatory.Peers, peers}}
}

func csvOf(rows [][]string) []byte {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.WriteAll(rows) // into memory
	return out.Bytes()
}

// file writes periods [from, until) of some indicators.
func (b *releasing) file(from, until int, only ...int) []byte {
	rows := [][]string{{"code", "year"}}
	for _, i := range only {
		rows[0] = append(rows[0], b.panel.Indicators[i].Code)
	}
	for s, about := range b.panel.Subjects {
		for t := from; t < until; t++ {
			row := []string{about.Code, b.panel.Axis.Label(t)}
			for _, i := range only {
				cell := ""
				if v, ok := b.panel.Slabs[i].At(s, t); ok {
					cell = strconv.FormatFloat(v, 'f', -1, 64)
				}
				row = append(row, cell)
			}
			rows = append(rows, row)
		}
	}
	return csvOf(rows)
}

// bring takes a file to the gate and publishes it, and tells how long each took.
func (b *releasing) bring(ctx context.Context, name string, data []byte) (r observatory.Release, brought, published float64, err error) {
	up, err := b.Files.Upload(ctx, b.who, name, data)
	if err != nil {
		return r, 0, 0, err
	}
	began := time.Now()
	done, err := b.Watch.Bring(ctx, b.who, observatory.Import{Digest: up.Digest, Name: name, Vintage: b.day.Format(time.DateOnly)}, b.key())
	if err != nil {
		return r, 0, 0, err
	}
	brought = time.Since(began).Seconds()
	began = time.Now()
	if _, err = b.Watch.Publish(ctx, b.who, done.ID, b.key()); err != nil {
		return r, 0, 0, err
	}
	published = time.Since(began).Seconds()
	r, err = b.Watch.Release(ctx, done.ID)
	return r, brought, published, err
}

func (b *releasing) measure(ctx context.Context, n int) (*releaseTimes, error) {
	last := b.panel.Axis.Len - 1
	out := &releaseTimes{}
	b.day = time.Date(b.panel.Axis.Year(last), 1, 1, 0, 0, 0, 0, time.UTC)
	began := time.Now()
	for i := range b.panel.Indicators {
		r, _, _, err := b.bring(ctx, fmt.Sprintf("history-%d.csv", i), b.file(0, last, i))
		if err != nil {
			return nil, err
		}
		out.Cells += int(r.Cells)
		out.Facts += r.Found
	}
	out.History = bench.Seconds(time.Since(began).Seconds())
	var brought, published []float64
	for k := range n {
		i := k % len(b.panel.Indicators)
		if k >= len(b.panel.Indicators) { // a revision of the same period
			for s := range b.panel.Subjects {
				if v, ok := b.panel.Slabs[i].At(s, last); ok {
					b.panel.Slabs[i].Set(s, last, math.Round(v*(1+0.004*float64((s*7+k*3)%5-2))*100)/100)
				}
			}
		}
		if next := b.day.AddDate(0, 0, 1); next.Before(time.Now()) { // figures of tomorrow are refused
			b.day = next
		}
		r, in, pub, err := b.bring(ctx, fmt.Sprintf("release-%d.csv", k), b.file(last, last+1, i))
		if err != nil {
			return nil, err
		}
		brought, published = append(brought, in), append(published, pub)
		out.Told, out.Taken = out.Told+r.Found, out.Taken+r.Retracted
	}
	out.Bring, out.Publish = bench.ReleaseOf(brought), bench.ReleaseOf(published)
	return out, nil
}
