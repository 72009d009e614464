package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/store"
)

// call is one request of the load, complete enough to be sent again by another
// process.
type call struct {
	Key    string          `json:"key"`
	Who    int64           `json:"who"`
	More   int             `json:"more,omitempty"` // events that it writes besides its own
	Open   *matter.Opening `json:"open,omitempty"`
	On     int64           `json:"on,omitempty"` // the matter that Act is on
	Act    *matter.Act     `json:"act,omitempty"`
	Import *docket.Bring   `json:"import,omitempty"`
	File   string          `json:"file,omitempty"`  // the text of a file, bound to On
	Erase  bool            `json:"erase,omitempty"` // On, with all that it holds
}

// ack is one acknowledgement. Leaf is what the receipt proves.
type ack struct {
	Key     string `json:"key"`
	Pos     int64  `json:"pos"`
	Subject int64  `json:"subject"`
	Number  string `json:"number,omitempty"`
	Leaf    string `json:"leaf"`
}

// line is what the writer prints. A line that was cut off is no JSON, and says
// nothing.
type line struct {
	State   string `json:"state,omitempty"` // ready or settled
	Do      *call  `json:"do,omitempty"`    // about to be sent
	Done    *ack   `json:"done,omitempty"`
	Refused string `json:"refused,omitempty"` // the key
	Kind    string `json:"kind,omitempty"`
	Why     string `json:"why,omitempty"`
}

// hastyClock runs tortureSpeed times as fast as the machine's from one instant
// on: limits of days run out within a run, and after a restart time has gone on.
type hastyClock struct{ from time.Time }

const tortureSpeed = 24 * 60 * 60 // a day passes in a second

// Now implements clock.Clock.
func (c hastyClock) Now() time.Time {
	return c.from.Add(time.Since(c.from) * tortureSpeed).Truncate(time.Microsecond).In(clock.Shanghai())
}

// Wait implements clock.Clock.
func (c hastyClock) Wait(ctx context.Context, t time.Time) error {
	return clock.System{}.Wait(ctx, time.Now().Add(t.Sub(c.Now())/tortureSpeed+time.Microsecond))
}

// load is the writer's work: lives of matters, by many clients at once.
type load struct {
	prog  *Program
	out   *json.Encoder
	mu    sync.Mutex
	round int64

	officer, handler  auth.Principal
	office            int64
	bureaus, sections [2]int64
	handleRef         string
}

// The load's size.
const (
	tortureClients  = 64
	tortureResender = 32 // those that send earlier keys again
)

// write is the victim: it sends the calls of c.Again once more and, unless it is
// only to settle, goes on with new ones until it is killed. It prints what it is
// about to send before it sends it, and each acknowledgement as soon as it has it.
func (c *tortureCmd) write(ctx context.Context, out io.Writer) error {
	opts := store.Options{}
	if c.Sync != "FULL" {
		opts.UnsafeSync = c.Sync
	}
	prog, err := torturePlace(c.Write, c.DB).open(ctx, hastyClock{time.UnixMicro(c.Since)}, opts)
	if err != nil {
		return err
	}
	l := &load{prog: prog, out: json.NewEncoder(out), round: time.Now().UnixNano()}
	if err := l.settleTown(ctx); err != nil {
		return errors.Join(err, prog.Close())
	}
	again, err := readCalls(c.Again)
	if err != nil {
		return errors.Join(err, prog.Close())
	}
	l.say(line{State: "ready"})
	l.run(ctx, again, !c.Settle)
	l.say(line{State: "settled"})
	return prog.Close()
}

// run works until ctx ends, or with fresh false until the calls of again are
// answered.
func (l *load) run(ctx context.Context, again []call, fresh bool) {
	var group sync.WaitGroup
	calls := make(chan call)
	group.Go(func() {
		defer close(calls)
		for _, c := range again {
			calls <- c
		}
	})
	for range tortureResender {
		group.Go(func() {
			for c := range calls {
				l.do(ctx, c)
			}
		})
	}
	if fresh {
		group.Go(func() { _ = l.prog.Desk.RunTimers(ctx) })
		for n := range tortureClients {
			group.Go(func() {
				for i := 0; ctx.Err() == nil; i++ {
					l.live(ctx, n, i)
				}
			})
		}
	}
	group.Wait()
}

func readCalls(path string) ([]call, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, fault.Wrap("torture", err)
	}
	defer f.Close()
	var out []call
	for dec := json.NewDecoder(bufio.NewReader(f)); ; {
		var c call
		if err := dec.Decode(&c); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, fault.Wrap("torture", err)
		}
		out = append(out, c)
	}
}

func (l *load) say(what line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.out.Encode(what) // the reader is gone when the run is over
}

// do sends a call whose intent stands in the list, and prints what came of it.
func (l *load) do(ctx context.Context, c call) (ack, bool) {
	a, err := l.send(ctx, c)
	if err != nil {
		l.say(line{Refused: c.Key, Kind: string(fault.Of(err).Kind), Why: err.Error()})
		return a, false
	}
	l.say(line{Done: &a})
	return a, true
}

func (l *load) send(ctx context.Context, c call) (ack, error) {
	who := auth.Principal{Person: c.Who}
	var done matter.Done
	var err error
	switch {
	case c.Open != nil:
		c.Open.Key = c.Key
		done, err = l.prog.Desk.Open(ctx, who, *c.Open)
	case c.Act != nil:
		c.Act.Key = c.Key
		done, err = l.prog.Desk.Act(ctx, who, c.On, *c.Act)
	case c.File != "":
		done, err = l.file(ctx, who, c)
	case c.Erase:
		done, err = l.erase(ctx, who, c)
	default:
		c.Import.Key = c.Key
		in, faults, ierr := l.prog.Docket.Import(ctx, who, *c.Import)
		if err = ierr; len(faults) > 0 {
			err = fault.New(fault.Invalid, "torture", faults[0].Text.ZH, faults[0].Text.EN)
		}
		done = matter.Done{Matter: in.ID, Pos: in.Pos, Receipt: in.Receipt}
	}
	if err != nil {
		return ack{}, err
	}
	leaf := event.Leaf(done.Receipt.Envelope, done.Receipt.Digest)
	return ack{Key: c.Key, Pos: done.Pos, Subject: done.Matter, Number: done.Number, Leaf: hex.EncodeToString(leaf[:])}, l.verify(done)
}

// verify holds an answer's receipt against the installation's own key, as its
// holder would. One in sixteen: signatures cost as much as acts.
func (l *load) verify(done matter.Done) error {
	if done.Pos%16 != 0 {
		return nil
	}
	data, err := json.Marshal(done.Receipt)
	if err != nil {
		return fault.Wrap("torture", err)
	}
	report, err := audit.Verify(data, []string{l.prog.Key.Public})
	if err == nil && !report.OK {
		err = fault.New(fault.Internal, "torture", "凭证不成立。", "The receipt does not verify.")
	}
	return err
}

// life is one matter on its way, and the list of its calls.
type life struct {
	l      *load
	key    string
	n      int
	failed bool
}

// intend prints a call and sends it; after a failure nothing more of this life
// is sent.
func (v *life) intend(ctx context.Context, c call) ack {
	if v.failed {
		return ack{}
	}
	c.Key = v.key + "/" + strconv.Itoa(v.n)
	v.n++
	v.l.say(line{Do: &c})
	a, ok := v.l.do(ctx, c)
	if !ok {
		v.failed = true
		// A server that is down needs no thousand questions a second, all of which
		// the next writers have to answer for.
		_ = clock.System{}.Wait(ctx, time.Now().Add(200*time.Millisecond))
	}
	return a
}

func (v *life) open(ctx context.Context) int64 {
	return v.intend(ctx, call{Who: v.l.officer.Person, Open: &matter.Opening{
		Kind: docket.FollowUp, Title: "强杀与断电试验", Office: v.l.office, Originator: v.l.officer.Person,
		Given: map[string]any{"title": "强杀与断电试验", "content": "照常登记，随时中断。"},
	}}).Subject
}

// act does an act that writes more events besides its own.
func (v *life) act(ctx context.Context, who auth.Principal, id int64, step, act string, input map[string]any, more int) ack {
	return v.intend(ctx, call{Who: who.Person, On: id, More: more, Act: &matter.Act{Step: step, Act: act, Input: input}})
}

// live takes one matter through the life that its turn says: everything that
// the engine can do in one commit occurs.
func (l *load) live(ctx context.Context, client, turn int) {
	v := &life{l: l, key: fmt.Sprintf("%d-%d-%d", l.round, client, turn)}
	reason := map[string]any{"reason": "试验"}
	if kind := (client + turn) % 8; kind == 7 {
		v.filed(ctx, (client+turn)/8%2 == 0)
		return
	} else if kind == 0 {
		v.intend(ctx, call{Who: l.officer.Person, Import: &docket.Bring{
			Office: l.office, Name: "清单.txt", List: true, Data: []byte("任务\n梳理新市民落户所需材料\n提出一次办成的流程与时限\n"),
		}})
		return
	} else if id := v.open(ctx); kind == 1 {
		v.act(ctx, l.officer, id, "propose", "void", reason, 0)
	} else {
		v.number(ctx, id)
		switch kind {
		case 2: // the number is void
			v.act(ctx, l.officer, id, "", "withdraw", reason, 0)
		case 3:
			v.byOffice(ctx, id)
		case 4: // a part for each of two units, both ended with the matter
			v.assign(ctx, id, 2)
			v.act(ctx, l.officer, id, "", "withdraw", reason, 2)
		case 5:
			v.byUnit(ctx, id)
		case 6: // left to the timers, once paused
			v.act(ctx, l.officer, id, "", "pause", reason, 0)
			if turn%2 == 0 {
				v.act(ctx, l.officer, id, "", "resume", nil, 0)
			}
		}
	}
}

func (v *life) units(n int) []any {
	out := make([]any, n)
	for i := range out {
		out[i] = map[string]any{"unit": strconv.FormatInt(v.l.bureaus[i], 10), "role": [...]string{"lead", "assist"}[i], "limit": "3wd"}
	}
	return out
}

// number takes a matter to where it has drawn one.
func (v *life) number(ctx context.Context, id int64) {
	v.act(ctx, v.l.officer, id, "propose", "submit", map[string]any{"opinion": "拟办", "units": v.units(1)}, 0)
	v.act(ctx, v.l.officer, id, "approve", "approve", map[string]any{}, 0)
}

func (v *life) assign(ctx context.Context, id int64, units int) ack {
	return v.act(ctx, v.l.officer, id, "assign", "assign", map[string]any{"mode": "transfer", "units": v.units(units)}, units)
}

func (v *life) present(ctx context.Context, id int64) {
	v.act(ctx, v.l.officer, id, "present", "present", map[string]any{"summary": "已经办结"}, 0)
	v.act(ctx, v.l.officer, id, "answer", "settle", map[string]any{}, 0)
}

func (v *life) byOffice(ctx context.Context, id int64) {
	v.act(ctx, v.l.officer, id, "assign", "assign", map[string]any{"mode": "self", "units": []any{}}, 0)
	v.act(ctx, v.l.officer, id, "handle", "report", map[string]any{"summary": "已经办结"}, 0)
	v.present(ctx, id)
}

// byUnit lets a unit work its part to the end, which the parent learns in the
// same commit.
func (v *life) byUnit(ctx context.Context, id int64) {
	l := v.l
	part := v.assign(ctx, id, 1).Pos + 1 // the part's opening is the act's second event
	v.act(ctx, l.handler, part, "sign", "sign", map[string]any{}, 0)
	v.act(ctx, l.handler, part, "split", "split", map[string]any{"head": l.handleRef}, 0)
	v.act(ctx, l.handler, part, "direct", "direct", map[string]any{"section": strconv.FormatInt(l.sections[0], 10)}, 0)
	v.act(ctx, l.handler, part, "allot", "allot", map[string]any{"clerk": l.handleRef}, 0)
	v.act(ctx, l.handler, part, "report", "report", map[string]any{"result": "已经办结"}, 0)
	v.act(ctx, l.handler, part, "signoff", "sign", map[string]any{}, 0)
	v.act(ctx, l.officer, part, "review", "accept", map[string]any{}, 1)
	v.present(ctx, id)
}

// settleTown founds an office with one officer and two bureaus with one handler,
// or finds them.
func (l *load) settleTown(ctx context.Context) error {
	p := l.prog
	needs, err := p.Accounts.NeedsSetup(ctx)
	if err != nil {
		return err
	}
	if needs {
		if err := l.found(ctx); err != nil {
			return err
		}
	}
	dir := p.Book.Now()
	people := dir.People()
	l.officer, l.handler = auth.Principal{Person: people[0].ID}, auth.Principal{Person: people[1].ID}
	l.handleRef = strconv.FormatInt(l.handler.Person, 10)
	var bureaus, sections int
	for _, u := range dir.Units() {
		switch u.Kind {
		case auth.Office:
			l.office = u.ID
		case auth.Bureau:
			l.bureaus[bureaus] = u.ID
			bureaus++
		case auth.Sector:
			l.sections[sections] = u.ID
			sections++
		}
	}
	return nil
}

// found enters the town's units and people, each with the duties of several.
func (l *load) found(ctx context.Context) error {
	const password = "Torture-2026-xyz"
	p := l.prog
	token, err := p.Accounts.SetupToken(ctx)
	if err != nil {
		return err
	}
	made, err := p.Accounts.Setup(ctx, auth.Setup{
		Token: token, City: fault.T("试验市", "Test"), Office: fault.T("办公室", "Office"), Login: "officer", Password: password, Name: fault.T("督查员", "Officer"),
	})
	if err != nil {
		return err
	}
	admin := auth.Principal{Person: made.Person}
	handler, err := p.Registry.AddPerson(ctx, admin, auth.NewPerson{Key: "handler", Login: "handler", Name: fault.T("承办人", "Handler"), Password: password})
	post := func(person, unit int64, duties ...auth.Duty) {
		for _, d := range duties {
			_, perr := p.Registry.AddPost(ctx, admin, auth.NewPost{Key: fmt.Sprintf("post/%d/%d/%s", person, unit, d), Person: person, Unit: unit, Duty: d})
			err = cmp.Or(err, perr)
		}
	}
	unit := func(parent int64, kind auth.Kind, name string) int64 {
		id, uerr := p.Registry.AddUnit(ctx, admin, auth.NewUnit{Key: "unit/" + name, Parent: parent, Kind: kind, Name: fault.T(name, name)})
		err = cmp.Or(err, uerr)
		return id
	}
	post(made.Person, made.Office, auth.Supervisor, auth.Leader)
	for i := range l.bureaus {
		bureau := unit(made.City, auth.Bureau, fmt.Sprintf("第%d局", i+1))
		section := unit(bureau, auth.Sector, fmt.Sprintf("第%d局办公科", i+1))
		post(handler, bureau, auth.Liaison, auth.Head)
		post(handler, section, auth.Section, auth.Clerk)
	}
	return err
}

func torturePlace(dir, dsn string) Place {
	return Place{Data: dir, DB: dsn, Name: "touyan/torture", Sign: "试", accounts: auth.Options{Light: true}}
}
