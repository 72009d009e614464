package auth

import (
	"database/sql"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/cedar-policy/cedar-go"
	_ "modernc.org/sqlite"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

// testColumns is a list of matters as a domain would keep it.
func testColumns() Columns {
	return Columns{
		Type: "Matter", Unit: "t.unit", Office: "t.office", Originator: "t.originator", Named: "t.named", Kind: "t.kind", Class: "t.class",
		Parties: Members{"t.id", "SELECT matter FROM t_party WHERE person"}, Need: Members{"t.id", "SELECT matter FROM t_need WHERE need"},
		Sealed: Members{"t.id", "SELECT matter FROM t_seal WHERE unit"}, Apart: Members{"t.id", "SELECT matter FROM t_apart WHERE person"},
	}
}

const testTables = `CREATE TABLE t (
    id BIGINT PRIMARY KEY,
    unit BIGINT NOT NULL,
    office BIGINT NOT NULL,
    originator BIGINT NOT NULL,
    named BIGINT NOT NULL,
    kind TEXT NOT NULL,
    class TEXT NOT NULL
);
CREATE TABLE t_party (
    id BIGINT PRIMARY KEY,
    matter BIGINT NOT NULL,
    person BIGINT NOT NULL
);
CREATE TABLE t_need (
    id BIGINT PRIMARY KEY,
    matter BIGINT NOT NULL,
    need TEXT NOT NULL
);
CREATE TABLE t_seal (
    id BIGINT PRIMARY KEY,
    matter BIGINT NOT NULL,
    unit BIGINT NOT NULL
);
CREATE TABLE t_apart (
    id BIGINT PRIMARY KEY,
    matter BIGINT NOT NULL,
    person BIGINT NOT NULL
);
`

// union is the query of a list: its disjuncts side by side, so that each may
// use its own index.
func union(list []Disjunct) (string, []any) {
	var parts []string
	var args []any
	for _, d := range list {
		parts = append(parts, "SELECT t.id FROM t WHERE "+d.SQL)
		args = append(args, d.Args...)
	}
	return strings.Join(parts, " UNION "), args
}

// TestMillionProbes holds the two laws of the package against a million random
// questions each: a list shows what Require allows, and Require is Cedar.
func TestMillionProbes(t *testing.T) {
	if testing.Short() {
		t.Skip("a minute of random questions: run without -short")
	}
	rules := testRules(t, "matter.cedar", "secret.cedar")
	const each = 400 // resources of a world
	t.Run("scope", func(t *testing.T) {
		parallel(t, func(t *testing.T, r *rand.Rand, budget int) (asked, allowed int) {
			for asked < budget {
				a, b := probeScope(t, r, rules, each)
				asked, allowed = asked+a, allowed+b
			}
			return asked, allowed
		})
	})
	t.Run("cedar", func(t *testing.T) {
		parallel(t, func(t *testing.T, r *rand.Rand, budget int) (asked, allowed int) {
			for asked < budget {
				a, b := probeCedar(t, r, rules, each)
				asked, allowed = asked+a, allowed+b
			}
			return asked, allowed
		})
	})
}

func parallel(t *testing.T, f func(t *testing.T, r *rand.Rand, budget int) (asked, allowed int)) {
	n := runtime.GOMAXPROCS(0)
	var mu sync.Mutex
	var wg sync.WaitGroup
	total, yes := 0, 0
	for i := range n {
		wg.Go(func() {
			a, b := f(t, rand.New(rand.NewPCG(20261123, uint64(i))), (probes+n-1)/n)
			mu.Lock()
			defer mu.Unlock()
			total, yes = total+a, yes+b
		})
	}
	wg.Wait()
	t.Logf("%d probes, %d allowed", total, yes)
	if total < probes || yes < total/50 || yes > total*3/4 {
		t.Errorf("%d probes of %d, %d allowed: the questions are too few or too much alike", total, probes, yes)
	}
}

// probeScope compares every list in one world with Require on each resource.
func probeScope(t *testing.T, r *rand.Rand, rules *Rules, n int) (asked, allowed int) {
	w := newWorld(t, r)
	db := memory(t)
	defer db.Close()
	resources := make([]Resource, n)
	script := "BEGIN;"
	for i := range resources {
		resources[i] = w.resource(r, int64(i+1))
		script += insert(resources[i])
	}
	if _, err := db.Exec(script + "COMMIT"); err != nil {
		t.Error(err)
		return probes, 0
	}
	for _, action := range append(rules.Actions(), "unheard.of") {
		for _, p := range w.people {
			visible := map[int64]bool{}
			list, err := rules.Scope(w.dir, Principal{Person: p.ID}, action, testColumns())
			if err != nil && !fault.Is(err, fault.Forbidden) {
				t.Error(err)
				return probes, 0
			}
			if query, args := union(list); query != "" {
				if visible, err = ids(db, query, args); err != nil {
					t.Errorf("%v in %s", err, query)
					return probes, 0
				}
			}
			for _, res := range resources {
				v, err := rules.Require(w.dir, Principal{Person: p.ID}, action, res)
				if err != nil && !fault.Is(err, fault.Forbidden) {
					t.Error(err)
					return probes, 0
				}
				if v.Allowed != visible[res.ID] || v.Allowed != (err == nil) {
					t.Errorf("person %d %s %+v: Require says %t (%s), the list %t; scope %+v", p.ID, action, res, v.Allowed, v.Policy, visible[res.ID], list)
					return probes, 0
				}
				asked++
				if v.Allowed {
					allowed++
				}
			}
		}
	}
	return asked, allowed
}

// memory is a database that holds the test's tables and nothing else.
func memory(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", ":memory:")
	if err == nil {
		db.SetMaxOpenConns(1)
		_, err = db.Exec(testTables)
	}
	if err != nil {
		t.Error(err)
	}
	return db
}

// insert writes a resource as SQL. Its texts are the test's own.
func insert(res Resource) string {
	var b strings.Builder
	fmt.Fprintf(&b, "INSERT INTO t VALUES (%d, %d, %d, %d, %d, '%s', '%s');", res.ID, res.Unit, res.Office, res.Originator, res.Named, res.Kind, res.Class)
	for k, p := range res.Parties {
		fmt.Fprintf(&b, "INSERT INTO t_party VALUES (%d, %d, %d);", res.ID*10+int64(k), res.ID, p)
	}
	for k, need := range res.Need {
		fmt.Fprintf(&b, "INSERT INTO t_need VALUES (%d, %d, '%s');", res.ID*10+int64(k), res.ID, need)
	}
	for k, unit := range res.Sealed {
		fmt.Fprintf(&b, "INSERT INTO t_seal VALUES (%d, %d, %d);", res.ID*10+int64(k), res.ID, unit)
	}
	for k, p := range res.Apart {
		fmt.Fprintf(&b, "INSERT INTO t_apart VALUES (%d, %d, %d);", res.ID*10+int64(k), res.ID, p)
	}
	return b.String()
}

func ids(db *sql.DB, query string, args []any) (map[int64]bool, error) {
	rows, err := db.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[int64]bool{}
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out[id] = true
	}
	return out, rows.Err()
}

// naive gives cedar-go the tree of units and one resource, as anyone would
// write them down without our index.
type naive struct {
	units cedar.EntityMap
	this  cedar.Entity
}

func (n *naive) Get(uid cedar.EntityUID) (cedar.Entity, bool) {
	if uid == n.this.UID {
		return n.this, true
	}
	return n.units.Get(uid)
}

func uidOf(kind string, id int64) cedar.EntityUID {
	return cedar.NewEntityUID(cedar.EntityType(kind), cedar.String(strconv.FormatInt(id, 10)))
}

func naiveResource(res Resource) cedar.Entity {
	var parties, need, sealed, apart []cedar.Value
	for _, u := range res.Sealed {
		sealed = append(sealed, uidOf("Unit", u))
	}
	for _, p := range res.Apart {
		apart = append(apart, uidOf("Person", p))
	}
	for _, p := range res.Parties {
		parties = append(parties, uidOf("Person", p))
	}
	for _, n := range res.Need {
		need = append(need, cedar.String(n))
	}
	return cedar.Entity{UID: uidOf(res.Type, res.ID), Attributes: cedar.NewRecord(cedar.RecordMap{
		"unit": uidOf("Unit", res.Unit), "office": uidOf("Unit", res.Office),
		"originator": uidOf("Person", res.Originator), "named": uidOf("Person", res.Named),
		"kind": cedar.String(res.Kind), "class": cedar.String(res.Class),
		"parties": cedar.NewSet(parties...), "need": cedar.NewSet(need...), "sealed": cedar.NewSet(sealed...), "apart": cedar.NewSet(apart...),
	})}
}

// probeCedar compares Require in one world with cedar-go over one policy for
// every grant.
func probeCedar(t *testing.T, r *rand.Rand, rules *Rules, n int) (asked, allowed int) {
	w := newWorld(t, r)
	text := w.grants() + `forbid(principal, action, resource) when { resource.unit == Unit::"0" };` // as secret.any.blank
	grants, err := cedar.NewPolicySetFromBytes("grants", []byte(text))
	if err != nil {
		t.Error(err)
		return probes, 0
	}
	plain := &naive{units: cedar.EntityMap{}}
	for _, u := range w.units {
		uid := uidOf("Unit", u.ID)
		plain.units[uid] = cedar.Entity{UID: uid, Parents: cedar.NewEntityUIDSet(uidOf("Unit", u.Parent))}
	}
	for i := range n {
		res := w.resource(r, int64(i+1))
		plain.this = naiveResource(res)
		for _, p := range w.people {
			for _, action := range []string{"matter.read", "matter.act"} {
				v, err := rules.Require(w.dir, Principal{Person: p.ID}, action, res)
				if err != nil && !fault.Is(err, fault.Forbidden) {
					t.Error(err)
					return probes, 0
				}
				want, diag := cedar.Authorize(grants, plain, cedar.Request{
					Principal: uidOf("Person", p.ID), Action: cedar.NewEntityUID("Action", cedar.String(action)), Resource: plain.this.UID,
				})
				if len(diag.Errors) > 0 || v.Allowed != bool(want) {
					t.Errorf("person %d %s %+v: Require says %t (%s), cedar-go %v %+v", p.ID, action, res, v.Allowed, v.Policy, want, diag)
					return probes, 0
				}
				asked++
				if v.Allowed {
					allowed++
				}
			}
		}
	}
	return asked, allowed
}

// The test's tables, as the store writes them.
var (
	matterRows = store.Table[int64, Resource]{
		Name: "t", Key: []string{"id"}, KeyType: []string{"BIGINT"}, Fixed: true,
		Cols:    []string{"unit", "office", "originator", "named", "kind", "class"},
		KeyArgs: func(id int64) []any { return []any{id} },
		Args: func(r Resource) []any {
			return []any{r.Unit, r.Office, r.Originator, r.Named, r.Kind, r.Class}
		},
	}
	partyRows = store.Table[int64, [2]int64]{
		Name: "t_party", Key: []string{"id"}, KeyType: []string{"BIGINT"}, Fixed: true, Cols: []string{"matter", "person"},
		KeyArgs: func(id int64) []any { return []any{id} },
		Args:    func(r [2]int64) []any { return []any{r[0], r[1]} },
	}
	sealRows = store.Table[int64, [2]int64]{
		Name: "t_seal", Key: []string{"id"}, KeyType: []string{"BIGINT"}, Fixed: true, Cols: []string{"matter", "unit"},
		KeyArgs: func(id int64) []any { return []any{id} },
		Args:    func(r [2]int64) []any { return []any{r[0], r[1]} },
	}
	apartRows = store.Table[int64, [2]int64]{
		Name: "t_apart", Key: []string{"id"}, KeyType: []string{"BIGINT"}, Fixed: true, Cols: []string{"matter", "person"},
		KeyArgs: func(id int64) []any { return []any{id} },
		Args:    func(r [2]int64) []any { return []any{r[0], r[1]} },
	}
	needRows = store.Table[int64, [2]string]{
		Name: "t_need", Key: []string{"id"}, KeyType: []string{"BIGINT"}, Fixed: true, Cols: []string{"matter", "need"},
		KeyArgs: func(id int64) []any { return []any{id} },
		Args: func(r [2]string) []any {
			id, _ := strconv.ParseInt(r[0], 10, 64)
			return []any{id, r[1]}
		},
	}
)

type fill []Resource

func (fill) Load(*store.Group) {}

func (f fill) Decide(g *store.Group) error {
	for _, r := range f {
		store.Insert(g, &matterRows, r.ID, r)
		for k, p := range r.Parties {
			store.Insert(g, &partyRows, r.ID*10+int64(k), [2]int64{r.ID, p})
		}
		for k, u := range r.Sealed {
			store.Insert(g, &sealRows, r.ID*10+int64(k), [2]int64{r.ID, u})
		}
		for k, p := range r.Apart {
			store.Insert(g, &apartRows, r.ID*10+int64(k), [2]int64{r.ID, p})
		}
		for k, n := range r.Need {
			store.Insert(g, &needRows, r.ID*10+int64(k), [2]string{strconv.FormatInt(r.ID, 10), n})
		}
	}
	return nil
}

// TestScopeOnBothEngines runs the predicates where they will run.
func TestScopeOnBothEngines(t *testing.T) {
	rules := testRules(t, "matter.cedar", "secret.cedar")
	tables := fstest.MapFS{"9001_t.sql": {Data: []byte("-- +goose Up\n" + testTables)}}
	storetest.Each(t, []fs.FS{tables}, func(t *testing.T, db *store.DB) {
		r := rand.New(rand.NewPCG(7, 7))
		w := newWorld(t, r)
		var all fill
		for i := range 200 {
			all = append(all, w.resource(r, int64(i+1)))
		}
		if err := db.Write(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		for _, action := range rules.Actions() {
			for _, p := range w.people {
				list, err := rules.Scope(w.dir, Principal{Person: p.ID}, action, testColumns())
				if p.Status != Active {
					if !fault.Is(err, fault.Forbidden) {
						t.Errorf("suspended: %v", err)
					}
					continue
				}
				visible := map[int64]bool{}
				if query, args := union(list); query != "" {
					found, err := store.Collect(t.Context(), db, func(row store.Scanner) (id int64, err error) { return id, row.Scan(&id) }, query, args...)
					if err != nil {
						t.Fatalf("%v in %s", err, query)
					}
					for _, id := range found {
						visible[id] = true
					}
				}
				for _, res := range all {
					if v, _ := rules.Require(w.dir, Principal{Person: p.ID}, action, res); v.Allowed != visible[res.ID] {
						t.Fatalf("person %d %s %+v: %t against %t", p.ID, action, res, v.Allowed, visible[res.ID])
					}
				}
			}
		}
	})
}
