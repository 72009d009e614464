package observatory

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/link"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/observatory/fact"
	"touyan.dev/touyan/observatory/panel"
)

// The kinds of the events of facts. Their subject is the fact.
const (
	EventFound     = "observatory.fact/find"
	EventChanged   = "observatory.fact/change"
	EventRetracted = "observatory.fact/retract"
)

// How many facts a release tells at most: of one indicator, and in all.
const (
	factsEach = 40
	factsMost = 400
)

// revisionsLearned is how many earlier vintages the usual revision of an
// indicator is learned from.
const revisionsLearned = 6

// Publish lets a release into the panel, finds what it says, and retracts what it
// broke. Cells that wait at the gate stay out; they may be decided later by
// bringing in a corrected file.
func (d *Desk) Publish(ctx context.Context, who auth.Principal, release int64, key string) (Done, error) {
	if err := d.works(who); err != nil {
		return Done{}, err
	}
	d.publishing.Lock()
	defer d.publishing.Unlock()
	for range 5 {
		c, err := d.mine(ctx, release)
		if err != nil {
			return Done{}, err
		}
		c.write = d.write(who, key)
		done, err := d.do(ctx, &c.write, EventPublished, c)
		if !errors.Is(err, errMovedOn) {
			return done, err
		}
	}
	return Done{}, fault.New(fault.Busy, "observatory.Publish", "其他数据正在发布，请稍后再试。", "Other releases are being published; try again shortly.")
}

// errMovedOn says that another release was published while this one was mined.
var errMovedOn = errors.New("observatory: another release was published meanwhile")

// changed is a told fact that reads differently, or is no longer true, now.
type changed struct {
	fact Fact
	told fact.Told // as it reads now; of no use when it is retracted
}

// publishing is the change that publishes a release with its facts.
type publishing struct {
	write
	release   int64
	freq      panel.Freq
	head      int64 // what the facts were compared with
	digest    string
	out       int // cells that are kept out
	found     []fact.Told
	differ    []changed
	retracted []changed
}

// mine compares what is true with a release to what was true without it, for the
// indicators that it speaks of.
func (d *Desk) mine(ctx context.Context, release int64) (*publishing, error) {
	r, err := d.Release(ctx, release)
	if err != nil {
		return nil, err
	}
	fresh, err := d.cellsOf(ctx, release)
	if err != nil {
		return nil, err
	}
	touched := indicatorsOf(fresh)
	after, err := d.build(ctx, through{freq: r.Freq, with: release, only: touched, kin: true})
	if err != nil {
		return nil, err
	}
	c := &publishing{release: release, freq: r.Freq, head: after.last, digest: digestOf(fresh)}
	for _, x := range fresh {
		if after.doubts[spot{x.Indicator, x.Subject, x.Period}].State.out() {
			c.out++
		}
	}
	told, err := d.standing(ctx, r.Freq, touched)
	if err != nil {
		return nil, err
	}
	o := fact.Product(after.panel.Axis)
	if o.Revisions, err = after.revisions(touched); err != nil {
		return nil, err
	}
	for _, code := range touched {
		i, ok := after.panel.Indicator(code)
		if !ok {
			return nil, fault.At("observatory.Publish", "indicator", "指标表中没有这个指标："+code, "The table of indicators has none of this code: "+code)
		}
		c.compare(after, o, i, told[code])
	}
	slices.SortStableFunc(c.found, func(a, b fact.Told) int { return cmp.Compare(b.Score, a.Score) })
	c.found = c.found[:min(len(c.found), factsMost)]
	return c, nil
}

// indicatorsOf gives the indicators that cells are of, in their order.
func indicatorsOf(cells []Cell) []string {
	var out []string
	seen := map[string]bool{}
	for _, c := range cells {
		if !seen[c.Indicator] {
			seen[c.Indicator] = true
			out = append(out, c.Indicator)
		}
	}
	return out
}

// compare finds what is true of one indicator now, and holds what was told to it.
// How firm a fact is costs hundreds of draws, so it is found out for those alone
// that are worth telling; one that reads differently keeps what was said of it.
func (c *publishing) compare(after *vintage, o fact.Options, i int, told []Fact) {
	o.Most = factsEach
	best, worth := fact.MineIndicator(after.panel, i, o).Facts, map[string]fact.Fact{}
	for _, f := range best {
		worth[f.Key(after.panel)] = f
	}
	var list []fact.Told
	for _, was := range told {
		list = append(list, was.Told)
	}
	holds := fact.Hold(after.panel, i, o, list)
	known := map[string]bool{}
	for _, was := range told {
		key := was.Told.Key
		known[key] = true
		f, still := holds[key]
		if !still {
			c.retracted = append(c.retracted, changed{fact: was})
			continue
		}
		if again, ok := worth[key]; ok {
			f = again
		}
		if now := after.tell(o, f); claimOf(now) != claimOf(was.Told) {
			c.differ = append(c.differ, changed{was, now})
		}
	}
	for _, f := range best {
		if !known[f.Key(after.panel)] {
			c.found = append(c.found, after.tell(o, f))
		}
	}
}

// claimOf is what a fact says beside its key; another figure behind the same words
// is no change.
func claimOf(t fact.Told) string {
	p1, p2 := t.P1, t.P2
	if t.Kind == fact.Driver.String() || t.Kind == fact.Target.String() {
		p1, p2 = 0, 0 // places in a panel, not claims
	}
	return fmt.Sprint(p1, p2, t.Since, t.Complete, t.Tied, t.Provisional)
}

// tell words a fact and names the cells of the releases that it rests on.
func (v *vintage) tell(o fact.Options, f fact.Fact) fact.Told {
	t := fact.Tell(v.panel, o, f)
	for i, e := range t.Evidence {
		t.Evidence[i].Source = v.source(e.Indicator, e.Subject, e.Time)
	}
	return t
}

// revisions learns how the figures of indicators were revised, from what the last
// vintages said and what is known now.
func (v *vintage) revisions(codes []string) (map[string]*fact.Revisions, error) {
	var days []string
	for _, r := range slices.Backward(v.list) {
		if !slices.Contains(days, r.Vintage) && r.Vintage < v.panel.Vintage && len(days) < revisionsLearned {
			days = append(days, r.Vintage)
		}
	}
	out := map[string]*fact.Revisions{}
	for _, asOf := range days {
		then, err := v.as(asOf)
		if err != nil {
			return nil, err
		}
		for _, code := range codes {
			learned := fact.LearnRevisions(then.panel, v.panel, code, nil)
			switch have := out[code]; {
			case learned == nil || len(learned.Paths) == 0:
			case have == nil:
				out[code] = learned
			default:
				have.Paths = append(have.Paths, learned.Paths...)
			}
		}
	}
	return out, nil
}

// digestOf is the SHA-256 of the cells in their order, which the log keeps.
func digestOf(list []Cell) string {
	h := sha256.New()
	for _, c := range list {
		fmt.Fprintf(h, "%s\t%s\t%d\t%v\t%t\t%d\t%d\n", c.Indicator, c.Subject, c.Period, c.Value, c.Provisional, c.Line, c.Col)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Load implements store.Change.
func (c *publishing) Load(g *store.Group) {
	c.Prepare(g)
	store.Want(g, &releases, c.release)
	store.Want(g, &heads, int64(c.freq))
	for _, list := range [][]changed{c.differ, c.retracted} {
		for _, x := range list {
			store.Want(g, &facts, x.fact.ID)
		}
	}
}

// Decide implements store.Change.
func (c *publishing) Decide(g *store.Group) error {
	if again, err := c.begin(g); again || err != nil {
		return err
	}
	r, _ := store.Get(g, &releases, c.release)
	if r.State != Waiting {
		return notWaiting(r.State)
	}
	if head, _ := store.Get(g, &heads, int64(c.freq)); head != c.head {
		return errMovedOn
	}
	store.Put(g, &heads, int64(c.freq), c.release)
	r.State, r.Published, r.PublishedBy = Published, c.Now.UnixMicro(), c.Who.Person
	r.Found, r.Changed, r.Retracted = int64(len(c.found)), int64(len(c.differ)), int64(len(c.retracted))
	store.Put(g, &releases, r.ID, r)
	_, err := c.log(g, EventPublished, c.release, struct {
		Digest    string `json:"cells_sha256"`
		Out       int    `json:"kept_out"`
		Found     int64  `json:"facts_found"`
		Changed   int64  `json:"facts_changed"`
		Retracted int64  `json:"facts_retracted"`
	}{c.digest, c.out, r.Found, r.Changed, r.Retracted})
	if err != nil {
		return err
	}
	return c.tellAll(g)
}

// tellAll writes the facts that are new, that read differently, and that are no
// longer true, each with its event.
func (c *publishing) tellAll(g *store.Group) error {
	for _, t := range c.found {
		f := Fact{ID: event.Next(g), Freq: c.freq, Release: c.release, State: FactStands, Told: t}
		store.Insert(g, &facts, f.ID, f)
		p, err := c.log(g, EventFound, event.NewSubject, t)
		if err != nil {
			return err
		}
		link.Add(g, link.Edge{Source: c.release, Rel: link.Basis, Target: f.ID}, p.Event.Pos)
	}
	for _, x := range c.differ {
		f, _ := store.Get(g, &facts, x.fact.ID)
		f.Told = x.told
		store.Put(g, &facts, f.ID, f)
		if _, err := c.log(g, EventChanged, f.ID, x.told); err != nil {
			return err
		}
	}
	for _, x := range c.retracted {
		f, _ := store.Get(g, &facts, x.fact.ID)
		f.State, f.Ended = FactRetracted, c.release
		store.Put(g, &facts, f.ID, f)
		if _, err := c.log(g, EventRetracted, f.ID, struct {
			Release int64  `json:"release"`
			ZH      string `json:"was_zh"`
		}{c.release, f.Told.ZH}); err != nil {
			return err
		}
	}
	return nil
}

func encode(t fact.Told) (string, error) {
	text, err := json.Marshal(t)
	return string(text), fault.Wrap("observatory.encode", err)
}
