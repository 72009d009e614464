package fact

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"

	"touyan.dev/touyan/observatory/panel"
)

// WriteMechanical mines a panel by the plain definitions of the answer keys and
// writes the facts of each indicator and peer set: ranks and levels subject by
// subject, then broken streaks, then overtakings by period. Facts that the
// quality gate would hold back are among them; this is for checking a miner, not
// for telling anyone.
func WriteMechanical(w io.Writer, p *panel.Panel) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"indicator", "peer_set", "city_code", "year", "kind", "p1", "p2", "since", "complete"}); err != nil {
		return err
	}
	m := newMiner(p, Plain())
	for i := range p.Indicators {
		own := make([][]Fact, len(p.Subjects))
		peers := make([][]Fact, len(p.Peers))
		m.sink = func(f Fact) {
			if f.Peers == None {
				own[f.Subject] = append(own[f.Subject], f)
			} else {
				peers[f.Peers] = append(peers[f.Peers], f)
			}
		}
		m.slab(i, Level, p.Slabs[i])
		for k, set := range p.Peers {
			for _, s := range set.Members {
				peers[k] = append(peers[k], own[s]...)
			}
			slices.SortStableFunc(peers[k], inOrder)
			for _, f := range peers[k] {
				f.Peers = int32(k)
				if err := out.Write(row(p, f)); err != nil {
					return err
				}
			}
		}
	}
	out.Flush()
	return out.Error()
}

// inOrder is the order of the answer keys.
func inOrder(a, b Fact) int {
	pass := func(f Fact) int32 { // overtakings come last, with a pass of their own
		if f.Kind == Overtake {
			return 1
		}
		return 0
	}
	if c := cmp.Compare(pass(a), pass(b)); c != 0 {
		return c
	}
	if a.Kind == Overtake {
		return cmp.Or(cmp.Compare(a.Period, b.Period), cmp.Compare(min(a.Subject, a.Rival), min(b.Subject, b.Rival)), cmp.Compare(max(a.Subject, a.Rival), max(b.Subject, b.Rival)))
	}
	broken := func(f Fact) int32 {
		if f.Kind == RiseBroken {
			return 1
		}
		return 0
	}
	within := func(f Fact) int32 {
		switch f.Kind {
		case FirstTopOnRecord, FirstTopSince:
			return f.P2
		case HighestSince:
			return 1 << 16
		case LowestSince, LowestOnRecord:
			return 1 << 17
		}
		return 0
	}
	return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(broken(a), broken(b)), cmp.Compare(a.Period, b.Period), cmp.Compare(within(a), within(b)))
}

// row gives a fact as the answer keys write it.
func row(p *panel.Panel, f Fact) []string {
	kind, p1, p2, since, complete := f.Kind.String(), "", "", "", ""
	switch f.Kind {
	case RankChange:
		p1, p2 = strconv.Itoa(int(f.P1)), strconv.Itoa(int(f.P2))
	case FirstTopOnRecord, FirstTopSince:
		kind = fmt.Sprintf("FIRST_TOP%d_%s", f.P2, kind[len("FIRST_TOP_"):])
		p1, complete = strconv.Itoa(int(f.P1)), "0"
		if f.Flags&Complete != 0 {
			complete = "1"
		}
	case RiseBroken:
		p1 = strconv.Itoa(int(f.P1))
	case Overtake:
		p1 = p.Subjects[f.Rival].Code
	}
	if f.Kind != RankChange && f.Kind != Overtake {
		at := f.Since
		if f.Kind == LowestOnRecord {
			at = f.First
		}
		since = p.Axis.Label(int(at))
	}
	return []string{p.Indicators[f.Indicator].Code, p.Peers[f.Peers].Code, p.Subjects[f.Subject].Code, p.Axis.Label(int(f.Period)), kind, p1, p2, since, complete}
}
