package bench

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/observatory/fact"
	"touyan.dev/touyan/observatory/panel"
)

// FactsConfig says what to mine.
type FactsConfig struct {
	Dir                           string
	Subjects, Indicators, Periods int
	Releases                      int    // single releases timed
	Countries                     string // countries_wide.csv; "" leaves it out
	SQLite, DuckDB                string // programs that run SQL from standard input on the database named; "" leaves one out
	SQLIndicators                 int    // on how many indicators they run
}

// FactsResult is what was measured. Processor times are of the whole process,
// collector included.
type FactsResult struct {
	Cells     int              `json:"cells"`
	PeerSets  int              `json:"peer_sets"`
	MineCPU   Seconds          `json:"mine_cpu_s"`
	MineWall  Seconds          `json:"mine_wall_s"`
	Found     int              `json:"found"`
	Ranked    int              `json:"ranked"`
	StoreCPU  Seconds          `json:"store_cpu_s"` // of the ranked facts: worded, with their evidence, on SQLite
	StoreWall Seconds          `json:"store_wall_s"`
	Kinds     map[string]int   `json:"kinds"`
	Release   ReleaseResult    `json:"release"`
	Countries *CountriesResult `json:"countries,omitempty"`
	SQL       []SQLResult      `json:"sql,omitempty"`
}

// Seconds prints with four decimals.
type Seconds float64

// MarshalJSON implements json.Marshaler.
func (s Seconds) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(s), 'f', 4, 64), nil
}

// ReleaseResult is a release of one indicator and period, from the new cells to
// ranked facts and what is new, changed and retracted.
type ReleaseResult struct {
	N   int     `json:"n"`
	P50 Seconds `json:"p50_s"`
	P99 Seconds `json:"p99_s"`
}

// CountriesResult is the panel of countries.
type CountriesResult struct {
	Cells   int     `json:"cells"`
	ReadCPU Seconds `json:"read_cpu_s"`
	MineCPU Seconds `json:"mine_cpu_s"`
}

// SQLResult compares the miner with window SQL over the national set. The SQL
// finds ranks and their changes, first top-1 and top-3, and streaks; the miner
// those, and the highest and lowest since and overtakings of neighbours too.
type SQLResult struct {
	Engine     string  `json:"engine"`
	Indicators int     `json:"indicators"`
	CPU        Seconds `json:"cpu_s"`
	OursCPU    Seconds `json:"ours_cpu_s"`
	Ratio      float64 `json:"ratio"` // ours over theirs
}

// Facts measures the miner.
func Facts(ctx context.Context, c FactsConfig) (FactsResult, error) {
	p := MadePanel(c.Subjects, c.Indicators, c.Periods)
	out := FactsResult{PeerSets: len(p.Peers), Kinds: map[string]int{}}
	for _, x := range p.Slabs {
		out.Cells += x.Count()
	}
	o := enumerative(p)
	runtime.GC()
	began, before := time.Now(), cpu()
	r := fact.Mine(p, o)
	out.MineCPU, out.MineWall = Seconds((cpu() - before).Seconds()), Seconds(time.Since(began).Seconds())
	out.Ranked = len(r.Facts)
	began, before = time.Now(), cpu()
	if err := stored(ctx, filepath.Join(c.Dir, "facts.db"), p, o, r.Facts); err != nil {
		return out, err
	}
	out.StoreCPU, out.StoreWall = Seconds((cpu() - before).Seconds()), Seconds(time.Since(began).Seconds())
	for k, n := range r.Counts {
		if n > 0 {
			out.Kinds[fact.Kind(k).String()] = n
			out.Found += n
		}
	}
	out.Release = releases(p, c.Releases)
	var err error
	if c.Countries != "" {
		if out.Countries, err = countries(c.Countries); err != nil {
			return out, err
		}
	}
	for _, e := range []engine{{"sqlite", c.SQLite, ".mode csv\n.import %s cell\n"}, {"duckdb", c.DuckDB, "copy cell from '%s' (header false);\n"}} {
		if e.program == "" {
			continue
		}
		r, err := e.floor(ctx, p, c)
		if err != nil {
			return out, err
		}
		out.SQL = append(out.SQL, r)
	}
	return out, nil
}

// stored words facts and writes them, in one durable commit, to a table of told
// facts with its indexes.
func stored(ctx context.Context, path string, p *panel.Panel, o fact.Options, facts []fact.Fact) error {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, `CREATE TABLE told_fact (id BIGINT PRIMARY KEY, release BIGINT NOT NULL, state TEXT NOT NULL, told TEXT NOT NULL, indicator TEXT NOT NULL, subject TEXT NOT NULL, score REAL NOT NULL);
CREATE INDEX told_by_release ON told_fact (release, score);
CREATE INDEX told_by_indicator ON told_fact (indicator, state);`); err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	insert, err := tx.PrepareContext(ctx, "INSERT INTO told_fact VALUES (?, 1, 'stands', ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	for id, f := range facts {
		t := fact.Tell(p, o, f)
		text, err := json.Marshal(t)
		if err != nil {
			return err
		}
		if _, err := insert.ExecContext(ctx, id, string(text), t.Indicator, t.Subject, float64(t.Score)); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// engine is a program that runs SQL, and how it loads a file.
type engine struct{ name, program, load string }

// enumerative asks for every enumerative kind in every period, and keeps the
// best of each indicator.
func enumerative(p *panel.Panel) fact.Options {
	o := fact.Product(p.Axis)
	o.Growth, o.Infer, o.Most = false, false, 200
	for i := 0; i+1 < len(p.Indicators); i += 10 {
		o.Sets = append(o.Sets, []int{i, i + 1})
	}
	return o
}

// MadePanel makes a panel of growing values with gaps of 3 %: one set of all, 30
// of a partition and 6 of another. Every fifth indicator is better when smaller,
// every fourth additive.
func MadePanel(subjects, indicators, periods int) *panel.Panel {
	random := rand.New(rand.NewPCG(2026, 3))
	who := make([]panel.Subject, subjects)
	for i := range who {
		who[i] = panel.Subject{Code: fmt.Sprintf("c%03d", i), Name: fault.T(fmt.Sprintf("第%d市", i+1), fmt.Sprintf("City %d", i+1)),
			Attrs: map[string]string{"all": "all", "province": strconv.Itoa(i % 30), "region": strconv.Itoa(i % 30 / 5)}}
	}
	what := make([]panel.Indicator, indicators)
	for i := range what {
		name := fmt.Sprintf("i%03d", i)
		what[i] = panel.Indicator{Code: name, Name: fault.T("指标"+strconv.Itoa(i+1), name), Polarity: panel.LargerBetter, Additive: i%4 == 0}
		if i%5 == 4 {
			what[i].Polarity = panel.SmallerBetter
		}
	}
	p := panel.New(panel.Axis{Freq: panel.Yearly, First: 2027 - periods, Len: periods}, who, what)
	for _, x := range p.Slabs {
		for s := range subjects {
			level, drift := math.Exp(5+random.NormFloat64()), 0.02+0.1*random.Float64()
			for t := range periods {
				level *= math.Exp(drift + 0.05*random.NormFloat64())
				if random.Float64() >= 0.03 {
					x.Set(s, t, math.Round(level*100)/100)
				}
			}
		}
	}
	p.GroupBy("all", 1)
	p.GroupBy("province", 1)
	p.GroupBy("region", 1)
	return p
}

// releases times single releases: the cells of one indicator's last period
// arrive, its facts are mined and ranked, and those told before are held to them.
func releases(p *panel.Panel, n int) ReleaseResult {
	random := rand.New(rand.NewPCG(2026, 4))
	var took []float64
	last := p.Axis.Len - 1
	for range n {
		i := random.IntN(len(p.Indicators))
		o := enumerative(p)
		o.Sets, o.From = nil, last
		var told []fact.Told
		for _, f := range fact.MineIndicator(p, i, o).Facts {
			told = append(told, fact.Tell(p, o, f))
		}
		x := p.Slabs[i]
		began := time.Now()
		after := *p
		after.Slabs = slices.Clone(p.Slabs)
		after.Slabs[i] = x.Clone()
		for s := range x.N {
			if v, ok := x.At(s, last); ok {
				after.Slabs[i].Set(s, last, v*math.Exp(0.03*random.NormFloat64()))
			}
		}
		fact.MineIndicator(&after, i, o)
		fact.Hold(&after, i, o, told)
		took = append(took, time.Since(began).Seconds())
	}
	return ReleaseOf(took)
}

// ReleaseOf sums up how many seconds releases took.
func ReleaseOf(took []float64) ReleaseResult {
	n := len(took)
	if n == 0 {
		return ReleaseResult{}
	}
	slices.Sort(took)
	return ReleaseResult{N: n, P50: Seconds(took[n/2]), P99: Seconds(took[min(n-1, n*99/100)])}
}

func countries(path string) (*CountriesResult, error) {
	before := cpu()
	data, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	p, err := panel.ReadCSV(data, panel.Reading{Layout: panel.Periods, SubjectCol: "geo", IndicatorCol: "indicator"})
	if err != nil {
		return nil, err
	}
	p.GroupBy("all", 1)
	out := &CountriesResult{ReadCPU: Seconds((cpu() - before).Seconds())}
	for _, x := range p.Slabs {
		out.Cells += x.Count()
	}
	runtime.GC()
	before = cpu()
	fact.Mine(p, enumerative(p))
	out.MineCPU = Seconds((cpu() - before).Seconds())
	return out, nil
}

// floor runs the same kinds as window SQL in a process of its own and mines
// the same indicators here. Loading the table is not counted against it.
func (e engine) floor(ctx context.Context, p *panel.Panel, c FactsConfig) (SQLResult, error) {
	small := *p
	small.Indicators, small.Slabs, small.Peers = p.Indicators[:c.SQLIndicators], p.Slabs[:c.SQLIndicators], p.Peers[:1]
	var load bytes.Buffer
	for i, x := range small.Slabs {
		for s := range x.N {
			for t := range x.T {
				if v, ok := x.At(s, t); ok {
					fmt.Fprintf(&load, "%d,%d,%d,%g\n", i, s, t, v)
				}
			}
		}
	}
	csv, db := filepath.Join(c.Dir, "cells.csv"), filepath.Join(c.Dir, e.name+".db")
	if err := os.WriteFile(csv, load.Bytes(), 0o600); err != nil {
		return SQLResult{}, err
	}
	if _, err := run(ctx, e.program, db, "create table cell(i int, s int, t int, v double);\n"+fmt.Sprintf(e.load, csv)); err != nil {
		return SQLResult{}, err
	}
	theirs, err := run(ctx, e.program, db, windows)
	if err != nil {
		return SQLResult{}, err
	}
	before := cpu()
	o := fact.Plain()
	o.AllPairs, o.Most = false, 200
	fact.Mine(&small, o)
	ours := (cpu() - before).Seconds()
	return SQLResult{Engine: e.name, Indicators: c.SQLIndicators, CPU: Seconds(theirs), OursCPU: Seconds(ours), Ratio: ours / theirs}, nil
}

// windows is the subset of kinds in SQL.
const windows = `
create temp table ranked as select i, s, t, v, rank() over (partition by i, t order by v desc) as r from cell;
create temp table changes as select i, s, t, r, before from (select i, s, t, r, lag(r) over w as before, t - lag(t) over w as gap from ranked window w as (partition by i, s order by t)) x where gap = 1 and r <> before;
create temp table tops as select i, s, t, r, l1, l3 from (select i, s, t, r, max(case when r <= 1 then t end) over w as l1, max(case when r <= 3 then t end) over w as l3 from ranked window w as (partition by i, s order by t rows between unbounded preceding and 1 preceding)) x where r <= 3;
create temp table runs as select i, s, g, count(*) n from (select i, s, t, up, sum(1 - up) over (partition by i, s order by t) as g from (select i, s, t, case when v > lag(v) over (partition by i, s order by t) then 1 else 0 end as up from ranked) y) x where up = 1 group by i, s, g;
`

// run gives a script to a program and says how much processor time it took.
func run(ctx context.Context, program, db, script string) (float64, error) {
	cmd := exec.CommandContext(ctx, program, db)
	cmd.Stdin = bytes.NewReader([]byte(script))
	if text, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%s: %w: %s", filepath.Base(program), err, text)
	}
	return (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), nil
}
