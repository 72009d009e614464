package auth

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/kernel/store/storetest"
)

const adminPassword = "river-heron 78"

// house is an installation with its first administrator and a bureau.
type house struct {
	db       *store.DB
	clock    *clock.Manual
	book     *Book
	accounts *Accounts
	registry *Registry
	rules    *Rules
	made     Installed
	admin    Principal
}

func tables() []fs.FS { return []fs.FS{event.Migrations(), Migrations()} }

func newHouse(t testing.TB, db *store.DB) *house {
	t.Helper()
	ctx := t.Context()
	h := &house{db: db, clock: clock.NewManual(time.Date(2026, 11, 23, 8, 30, 0, 0, clock.Shanghai()))}
	h.reopen(t)
	token, err := h.accounts.SetupToken(ctx)
	if err != nil || token == "" {
		t.Fatalf("setup token: %v", err)
	}
	h.made, err = h.accounts.Setup(ctx, Setup{
		Token: token, City: fault.T("澄川市", "Chengchuan"), Office: fault.T("市政府办公室", "City Office"),
		Login: "Admin", Password: adminPassword, Name: fault.T("管理员", "Administrator"),
	})
	if err != nil {
		t.Fatal(err)
	}
	h.admin = Principal{Person: h.made.Person}
	return h
}

// reopen makes everything anew, as another replica on the same database would.
func (h *house) reopen(t testing.TB) {
	t.Helper()
	var err error
	if h.book, err = OpenBook(t.Context(), h.db, h.clock); err != nil {
		t.Fatal(err)
	}
	if h.rules, err = NewRules(Policies()); err != nil {
		t.Fatal(err)
	}
	vault, err := NewVault([32]byte{7})
	if err != nil {
		t.Fatal(err)
	}
	if h.accounts, err = NewAccounts(h.book, Options{Vault: vault, cost: cost{memory: 64, passes: 1, threads: 1}}); err != nil {
		t.Fatal(err)
	}
	h.registry = NewRegistry(h.book, h.rules, h.accounts)
}

func (h *house) unit(t *testing.T, parent int64, kind Kind, key string) int64 {
	t.Helper()
	id, err := h.registry.AddUnit(t.Context(), h.admin, NewUnit{Key: "unit " + key, Parent: parent, Kind: kind, DutyKey: key, Name: fault.T("单位"+key, "Unit "+key)})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (h *house) person(t *testing.T, login string) int64 {
	t.Helper()
	id, err := h.registry.AddPerson(t.Context(), h.admin, NewPerson{Key: "person " + login, Login: login, Name: fault.T("某人", "Someone"), Password: "maple-lantern 9"})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (h *house) post(t *testing.T, person, unit int64, duty Duty) int64 {
	t.Helper()
	id, err := h.registry.AddPost(t.Context(), h.admin, NewPost{Key: "post " + Need(duty, unit) + string(rune('a'+person)), Person: person, Unit: unit, Duty: duty})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func kindOf(err error) fault.Kind {
	if err == nil {
		return ""
	}
	return fault.Of(err).Kind
}

// countOf counts the rows of a table.
func countOf(t *testing.T, db *store.DB, table string) int64 {
	t.Helper()
	var n int64
	if err := db.QueryRow(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSetup(t *testing.T) {
	storetest.Each(t, tables(), func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		h := &house{db: db, clock: clock.NewManual(time.Date(2026, 11, 23, 8, 30, 0, 0, clock.Shanghai()))}
		h.reopen(t)
		if needs, err := h.accounts.NeedsSetup(ctx); !needs || err != nil {
			t.Fatalf("a new installation needs setup: %t %v", needs, err)
		}
		in := Setup{City: fault.T("市", ""), Office: fault.T("办", ""), Login: "root", Password: "short", Name: fault.T("甲", "")}
		if _, err := h.accounts.Setup(ctx, in); kindOf(err) != fault.Invalid {
			t.Errorf("weak password: %v", err)
		}
		in.Password = adminPassword
		if _, err := h.accounts.Setup(ctx, in); kindOf(err) != fault.Forbidden {
			t.Errorf("no token was ever offered: %v", err)
		}
		first, _ := h.accounts.SetupToken(ctx)
		second, _ := h.accounts.SetupToken(ctx)
		for _, in.Token = range []string{"", "AAAA", first} {
			if _, err := h.accounts.Setup(ctx, in); kindOf(err) != fault.Forbidden {
				t.Errorf("wrong token: %v", err)
			}
		}
		in.Token = strings.ToLower(second[:8]) + "-" + second[8:] // as a person types it
		made, err := h.accounts.Setup(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		if made.City < 1 || made.Office <= made.City || made.Person <= made.Office || made.Post <= made.Person {
			t.Errorf("made %+v", made)
		}
		if _, err := h.accounts.Setup(ctx, in); kindOf(err) != fault.Conflict {
			t.Errorf("the token worked twice: %v", err)
		}
		if token, err := h.accounts.SetupToken(ctx); token != "" || err != nil {
			t.Errorf("a token after setup: %q %v", token, err)
		}
		if needs, _ := h.accounts.NeedsSetup(ctx); needs {
			t.Error("still needs setup")
		}
		if !h.book.Now().Holds(made.Person, Admin, made.City) {
			t.Error("the first administrator holds no post")
		}
		if size := countOf(t, db, "event"); size != 5 {
			t.Errorf("%d events", size)
		}
	})
}

// TestRegistryAuthority asks each act of the registry of each sort of person.
func TestRegistryAuthority(t *testing.T) {
	h := newHouse(t, storetest.Open(t, store.SQLite, store.Options{}, tables()...))
	ctx := t.Context()
	bureau := h.unit(t, h.made.City, Bureau, "renshe")
	section := h.unit(t, bureau, Sector, "renshe-1")
	other := h.unit(t, h.made.City, Bureau, "jiaoyu")
	local, clerk, outsider, shared := h.person(t, "local"), h.person(t, "clerk"), h.person(t, "outsider"), h.person(t, "shared")
	h.post(t, local, bureau, Admin)
	h.post(t, clerk, section, Clerk)
	h.post(t, outsider, other, Head)
	h.post(t, shared, section, Clerk)
	h.post(t, shared, other, Clerk)
	postHere, postThere := h.post(t, clerk, bureau, Clerk), h.post(t, outsider, other, Clerk)

	n := 0
	key := func() string { n++; return fmt.Sprint("act-", n) }
	acts := map[string]func(who Principal) error{
		"unit below": func(who Principal) error {
			_, err := h.registry.AddUnit(ctx, who, NewUnit{Key: key(), Parent: section, Kind: Sector, Name: fault.T("组", "Group")})
			return err
		},
		"unit elsewhere": func(who Principal) error {
			_, err := h.registry.AddUnit(ctx, who, NewUnit{Key: key(), Parent: other, Kind: Sector, Name: fault.T("组", "Group")})
			return err
		},
		"person at root": func(who Principal) error {
			_, err := h.registry.AddPerson(ctx, who, NewPerson{Key: key(), Login: "new" + key()[4:], Name: fault.T("新", ""), Password: "maple-lantern 9"})
			return err
		},
		"person below": func(who Principal) error {
			_, err := h.registry.AddPerson(ctx, who, NewPerson{Key: key(), Unit: section, Login: "new" + key()[4:], Name: fault.T("新", ""), Password: "maple-lantern 9"})
			return err
		},
		"post below": func(who Principal) error {
			_, err := h.registry.AddPost(ctx, who, NewPost{Key: key(), Person: clerk, Unit: section, Duty: Liaison, From: "2020-01-01", To: "2020-01-02"})
			if kindOf(err) == fault.Conflict { // the second allowed person in the table
				return nil
			}
			return err
		},
		"post at root": func(who Principal) error {
			_, err := h.registry.AddPost(ctx, who, NewPost{Key: key(), Person: clerk, Unit: h.made.City, Duty: Admin, From: "2020-01-01", To: "2020-01-02"})
			return err
		},
		"end below":          func(who Principal) error { return h.registry.EndPost(ctx, who, key(), postHere, "2027-01-01", false) },
		"end elsewhere":      func(who Principal) error { return h.registry.EndPost(ctx, who, key(), postThere, "2027-01-01", false) },
		"password below":     func(who Principal) error { return h.registry.SetPassword(ctx, who, key(), clerk, "maple-lantern 8") },
		"password elsewhere": func(who Principal) error { return h.registry.SetPassword(ctx, who, key(), outsider, "maple-lantern 8") },
		"password shared":    func(who Principal) error { return h.registry.SetPassword(ctx, who, key(), shared, "maple-lantern 8") },
		"status below":       func(who Principal) error { return h.registry.SetStatus(ctx, who, key(), clerk, Active, false) },
		"status of admin":    func(who Principal) error { return h.registry.SetStatus(ctx, who, key(), h.made.Person, Active, false) },
	}
	root := h.admin
	may := map[string][]Principal{
		"unit below": {root, {Person: local}}, "unit elsewhere": {root}, "person at root": {root}, "person below": {root, {Person: local}},
		"post below": {root, {Person: local}}, "post at root": {root}, "end below": {root, {Person: local}}, "end elsewhere": {root},
		"password below": {root, {Person: local}}, "password elsewhere": {root}, "password shared": {root},
		"status below": {root, {Person: local}}, "status of admin": {root},
	}
	for name, act := range acts {
		for _, who := range []Principal{root, {Person: local}, {Person: clerk}, {Person: outsider}, {Person: 999}, {}} {
			want := fault.Forbidden
			if who.Person == 999 || who.Person == 0 {
				want = fault.Unauthenticated
			}
			for _, p := range may[name] {
				if p == who {
					want = ""
				}
			}
			err := act(who)
			if kindOf(err) != want {
				t.Errorf("%s by %d: %v, want kind %q", name, who.Person, err, want)
			}
			if want == fault.Forbidden && (fault.Of(err).Policy != DefaultDeny || !strings.Contains(fault.Of(err).Text.ZH, "系统管理员")) {
				t.Errorf("%s: the refusal names no policy or nobody who may: %+v", name, fault.Of(err))
			}
		}
	}
}

// TestTakeover shows that an administrator of one unit cannot make an account
// his own by giving its owner a post.
func TestTakeover(t *testing.T) {
	h := newHouse(t, storetest.Open(t, store.SQLite, store.Options{}, tables()...))
	ctx := t.Context()
	bureau := h.unit(t, h.made.City, Bureau, "renshe")
	local := h.person(t, "local")
	h.post(t, local, bureau, Admin)
	who := Principal{Person: local}
	if _, err := h.registry.AddPost(ctx, who, NewPost{Key: "k", Person: h.made.Person, Unit: bureau, Duty: Clerk}); err != nil {
		t.Fatal(err)
	}
	if err := h.registry.SetPassword(ctx, who, "k2", h.made.Person, "maple-lantern 8"); kindOf(err) != fault.Forbidden {
		t.Errorf("took over the administrator: %v", err)
	}
	citizen := h.person(t, "citizen") // without a post
	for name, by := range map[string]Principal{"a unit's administrator": who, "the citizen": {Person: citizen}} {
		if err := h.registry.SetPassword(ctx, by, "k3", citizen, "maple-lantern 8"); kindOf(err) != fault.Forbidden {
			t.Errorf("%s set a citizen's password: %v", name, err)
		}
	}
	if err := h.registry.SetPassword(ctx, h.admin, "k4", citizen, "maple-lantern 8"); err != nil {
		t.Error(err)
	}
}

// TestLastAdministrator: whoever leaves must leave a lasting administrator behind.
func TestLastAdministrator(t *testing.T) {
	h := newHouse(t, storetest.Open(t, store.SQLite, store.Options{}, tables()...))
	ctx := t.Context()
	end := func(key string) fault.Kind {
		return kindOf(h.registry.EndPost(ctx, h.admin, key, h.made.Post, "", false))
	}
	deputy := h.person(t, "deputy")
	if _, err := h.registry.AddPost(ctx, h.admin, NewPost{Key: "t", Person: deputy, Unit: h.made.City, Duty: Admin, To: "2026-12-31"}); err != nil {
		t.Fatal(err)
	}
	if k := end("e1"); k != fault.Conflict {
		t.Errorf("only an administrator for a time remained: %q", k)
	}
	other := h.person(t, "other")
	h.post(t, other, h.made.City, Admin)
	if k := end("e2"); k != "" {
		t.Errorf("another administrator remained: %q", k)
	}
	if k := end("e2"); k != "" {
		t.Errorf("the retry of what was done: %q", k)
	}
	if k := end("e3"); k != fault.Forbidden {
		t.Errorf("no longer an administrator: %q", k)
	}
}

func TestRegistryRefusals(t *testing.T) {
	h := newHouse(t, storetest.Open(t, store.SQLite, store.Options{}, tables()...))
	ctx := t.Context()
	bureau, person := h.unit(t, h.made.City, Bureau, "renshe"), h.person(t, "shen.he")
	h.post(t, person, bureau, Liaison)
	name := fault.T("名", "Name")
	unit := func(u NewUnit) error {
		u.Key = t.Name() + u.DutyKey + string(u.Kind)
		_, err := h.registry.AddUnit(ctx, h.admin, u)
		return err
	}
	human := func(p NewPerson) error { p.Key = p.Login; _, err := h.registry.AddPerson(ctx, h.admin, p); return err }
	post := func(p NewPost) error {
		p.Key = p.From + p.To + string(p.Duty)
		_, err := h.registry.AddPost(ctx, h.admin, p)
		return err
	}
	for _, c := range []struct {
		what string
		err  error
		kind fault.Kind
		path string
	}{
		{"no key", second(h.registry.AddUnit(ctx, h.admin, NewUnit{Parent: bureau, Kind: Sector, Name: name})), fault.Invalid, "key"},
		{"kind", unit(NewUnit{Parent: bureau, Kind: "guild", Name: name}), fault.Invalid, "kind"},
		{"no name", unit(NewUnit{Parent: bureau, Kind: Sector, Name: fault.T(" ", "")}), fault.Invalid, "name"},
		{"long name", unit(NewUnit{Parent: bureau, Kind: Office, Name: fault.T(strings.Repeat("长", 101), "")}), fault.Invalid, "name"},
		{"key form", unit(NewUnit{Parent: bureau, Kind: Sector, DutyKey: "Ren She", Name: name}), fault.Invalid, "duty_key"},
		{"key taken", unit(NewUnit{Parent: bureau, Kind: Sector, DutyKey: "renshe", Name: name}), fault.Invalid, "duty_key"},
		{"login form", human(NewPerson{Login: "a b", Name: name, Password: adminPassword}), fault.Invalid, "login"},
		{"login taken", human(NewPerson{Login: " Shen.He ", Name: name, Password: adminPassword}), fault.Invalid, "login"},
		{"no human name", human(NewPerson{Login: "xx", Password: adminPassword}), fault.Invalid, "name"},
		{"password", human(NewPerson{Login: "yy", Name: name, Password: "password123"}), fault.Invalid, "password"},
		{"duty", post(NewPost{Person: person, Unit: bureau, Duty: "king"}), fault.Invalid, "duty"},
		{"no person", post(NewPost{Person: 999, Unit: bureau, Duty: Clerk}), fault.Invalid, "person"},
		{"from", post(NewPost{Person: person, Unit: bureau, Duty: Clerk, From: "2026-02-30"}), fault.Invalid, "from"},
		{"to before from", post(NewPost{Person: person, Unit: bureau, Duty: Clerk, From: "2026-03-02", To: "2026-03-01"}), fault.Invalid, "to"},
		{"held already", post(NewPost{Person: person, Unit: bureau, Duty: Liaison, From: "2027-01-01"}), fault.Conflict, ""},
		{"no post", h.registry.EndPost(ctx, h.admin, "e1", 999, "", false), fault.NotFound, ""},
		{"end day", h.registry.EndPost(ctx, h.admin, "e2", h.made.Post, "soon", false), fault.Invalid, "last"},
		{"last administrator's post", h.registry.EndPost(ctx, h.admin, "e3", h.made.Post, "", false), fault.Conflict, ""},
		{"last administrator", h.registry.SetStatus(ctx, h.admin, "e4", h.made.Person, Suspended, false), fault.Conflict, ""},
		{"status", h.registry.SetStatus(ctx, h.admin, "e5", person, "gone", false), fault.Invalid, "status"},
		{"nobody", h.registry.SetStatus(ctx, h.admin, "e6", 999, Active, false), fault.NotFound, ""},
		{"nobody's password", h.registry.SetPassword(ctx, h.admin, "e7", 999, adminPassword), fault.NotFound, ""},
	} {
		f := fault.Of(c.err)
		if c.err == nil || f.Kind != c.kind || c.path != "" && (len(f.Fields) != 1 || f.Fields[0].Path != c.path) {
			t.Errorf("%s: %v", c.what, c.err)
		}
	}
	if d := h.book.Now(); len(d.Units()) != 3 || len(d.People()) != 2 || len(d.PostsOf(person, "")) != 1 {
		t.Errorf("a refused act left something behind: %d units, %d people", len(d.Units()), len(d.People()))
	}
}

func second(_ int64, err error) error { return err }

func TestRegistryLife(t *testing.T) {
	storetest.Each(t, tables(), func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		ctx := t.Context()
		district := h.unit(t, h.made.City, District, "dongping")
		street := h.unit(t, district, Street, "qingshi")
		section := h.unit(t, street, Sector, "")
		d := h.book.Now()
		for unit, level := range map[int64]Level{h.made.City: CityLevel, h.made.Office: CityLevel, district: DistrictLevel, street: StreetLevel, section: StreetLevel} {
			if u, ok := d.Unit(unit); !ok || u.Level != level {
				t.Errorf("unit %d is at level %q, want %q", unit, u.Level, level)
			}
		}
		person := h.person(t, "罗小满")
		post := h.post(t, person, street, Clerk)
		// A retry under the same key gets the same answer and makes nothing.
		size := countOf(t, db, "event")
		version := h.book.Now().Version()
		if again := h.post(t, person, street, Clerk); again != post {
			t.Errorf("a retry made post %d beside %d", again, post)
		}
		if countOf(t, db, "event") != size || h.book.Now().Version() != version {
			t.Error("a retry wrote something")
		}
		if got := h.book.Now().Holders(Clerk, street); len(got) != 1 || got[0].Person != person || got[0].Title != Clerk.Name() {
			t.Errorf("holders: %+v", got)
		}
		if err := h.registry.EndPost(ctx, h.admin, "end", post, "2026-11-23", false); err != nil {
			t.Fatal(err)
		}
		if !h.book.Now().Holds(person, Clerk, street) {
			t.Error("the last day counts")
		}
		h.clock.Set(time.Date(2026, 11, 24, 0, 0, 0, 0, clock.Shanghai()))
		if h.book.Now().Holds(person, Clerk, street) || h.book.Now().Day() != "2026-11-24" {
			t.Error("the post outlived its last day")
		}
		h.book.Now()
		if err := h.registry.SetStatus(ctx, h.admin, "off", person, Suspended, false); err != nil {
			t.Fatal(err)
		}
		if p, _ := h.book.Now().Person(person); p.Status != Suspended {
			t.Error("not suspended")
		}
		if _, err := h.rules.Require(h.book.Now(), Principal{Person: person}, "directory.add_unit", Resource{Type: "Unit", Unit: street}); fault.Of(err).Policy != Inactive {
			t.Errorf("suspended: %v", err)
		}
		list, err := event.After(ctx, db, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			for _, personal := range []string{"罗小满", "admin", "某人", "管理员"} {
				if strings.Contains(string(e.Envelope.Bytes()), personal) {
					t.Errorf("an envelope holds personal data: %s", e.Envelope.Bytes())
				}
			}
		}
	})
}

// TestStaleSnapshot has two replicas change the directory in turn: each must
// decide by what the other has written.
func TestStaleSnapshot(t *testing.T) {
	storetest.Each(t, tables(), func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		ctx := t.Context()
		replica := *h
		replica.reopen(t)
		bureau := h.unit(t, h.made.City, Bureau, "renshe")
		if _, ok := replica.book.Now().Unit(bureau); ok {
			t.Fatal("the replica learned of the unit too early for this test")
		}
		// The replica's snapshot lacks the unit; the act must still succeed.
		if got := replica.unit(t, bureau, Sector, "renshe-1"); got <= bureau {
			t.Errorf("unit %d", got)
		}
		stale := h.book.Now()
		if err := db.Write(ctx, &look{dir: stale}); !errors.Is(err, store.ErrAgain) {
			t.Errorf("a stale snapshot was accepted: %v", err)
		}
		if d, err := h.book.Fresh(ctx); err != nil || d.Version() != stale.Version() {
			t.Errorf("asked the database twice within a second: %v", err)
		}
		h.clock.Advance(time.Second)
		d, err := h.book.Fresh(ctx)
		if err != nil || d.Version() != stale.Version()+1 {
			t.Errorf("version %d after a second, %v", d.Version(), err)
		}
		if err := db.Write(ctx, &look{dir: d}); err != nil {
			t.Error(err)
		}
	})
}

// look is a change that reads the directory and writes nothing.
type look struct{ dir *Directory }

func (c *look) Load(g *store.Group)         { LoadVersion(g) }
func (c *look) Decide(g *store.Group) error { return Current(g, c.dir) }

// TestRegistryTogether lets many administrators work at once, while another
// replica reads: each version it sees must be whole.
func TestRegistryTogether(t *testing.T) {
	storetest.Each(t, tables(), func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		before := h.book.Now().Version()
		replica := *h
		replica.reopen(t)
		done, read := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(read)
			for {
				if err := replica.book.Refresh(t.Context()); err != nil && !fault.Is(err, fault.Busy) {
					t.Error(err)
				}
				if d := replica.book.Now(); d.Version()-before != int64(len(d.Units()))-2 {
					t.Errorf("version %d has %d units", d.Version(), len(d.Units()))
				}
				select {
				case <-done:
					return
				default:
				}
			}
		}()
		var wg sync.WaitGroup
		const n = 24
		busy := make([]error, n)
		for i := range n {
			wg.Go(func() {
				for { // Busy is an honest answer here; a screen would ask again
					_, busy[i] = h.registry.AddUnit(t.Context(), h.admin, NewUnit{Key: "k" + string(rune('a'+i)), Parent: h.made.City, Kind: Bureau, DutyKey: "b-" + string(rune('a'+i)), Name: fault.T("局", "")})
					if !fault.Is(busy[i], fault.Busy) {
						return
					}
				}
			})
		}
		wg.Wait()
		close(done)
		<-read
		for _, err := range busy {
			if err != nil {
				t.Error(err)
			}
		}
		if d := h.book.Now(); d.Version() != before+n || len(d.Units()) != 2+n {
			t.Errorf("version %d, %d units", d.Version(), len(d.Units()))
		}
	})
}

func benchHouse(b *testing.B) *house {
	return newHouse(b, storetest.Open(b, store.SQLite, store.Options{}, tables()...))
}
