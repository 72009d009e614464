package matter

import (
	"context"
	"fmt"
	"strings"

	"touyan.dev/touyan/kernel/erase"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/store"
)

// Holder tells kernel/erase how matters lose their texts. A matter goes with its
// whole tree, because what was asked of a unit stands in the parent's acts. It
// ends, its open steps close, and it keeps its number, unit, people and dates.
func Holder() erase.Holder {
	return erase.Holder{
		Tables: []string{"matter", "task"},
		Kinds:  func(kind string) bool { return strings.HasSuffix(kind, "/open") },
		Load: func(g *store.Group, t *erase.Target) {
			for i := 0; i < len(t.Objects); i++ { // it grows
				reach(g, t, t.Objects[i])
			}
		},
		Erase: func(g *store.Group, t *erase.Target, _ int64) error {
			for _, id := range t.Objects {
				if !store.Have(g, &matters, id) {
					continue
				}
				m, ok := store.Get(g, &matters, id)
				if !ok {
					continue
				}
				if m.keeps() {
					store.Delete(g, &keeping, m.ID)
				}
				if store.Have(g, &holds, m.ID) {
					store.Delete(g, &holds, m.ID)
				}
				for _, s := range m.Clocks.Slots {
					store.Delete(g, &tasks, taskKey{m.ID, s.Slot})
				}
				store.Put(g, &matters, id, m.erased())
				t.Texts++
			}
			return nil
		},
	}
}

// reach adds the tree of a matter to the target.
func reach(g *store.Group, t *erase.Target, id int64) {
	store.Want(g, &matters, id)
	if !store.Have(g, &matters, id) {
		return
	}
	m, ok := store.Get(g, &matters, id)
	if !ok {
		return
	}
	t.Add(m.Root)
	store.Want(g, &holds, m.Root)
	for _, kids := range m.Clocks.Kids {
		for _, kid := range kids {
			t.Add(kid)
		}
	}
	if m.Parent == 0 {
		t.Near(m.Source)
	}
}

// erased gives what is left of a matter.
func (m Matter) erased() Matter {
	st, err := flow.DecodeState(m.State)
	if err != nil { // what cannot be read is not kept
		st = flow.State{}
	}
	m.Title, m.Status, m.Outcome, m.Stage = erase.Title, Ended, flow.OutcomeErased, ""
	m.State = flow.State{Seq: st.Seq, Ended: flow.OutcomeErased}.AppendJSON(nil)
	m.Clocks = Clocks{Kids: m.Clocks.Kids, Parties: m.Clocks.Parties, Sealed: m.Clocks.Sealed}
	return m
}

// checkErased holds what is left of an erased matter against what an erasure
// leaves.
func (f folder) checkErased(ctx context.Context, m Matter, add reporter) error {
	want := m.erased()
	if m.Title != want.Title || m.Status != want.Status || m.Stage != "" || string(m.State) != string(want.State) ||
		string(m.Clocks.appendJSON(nil)) != string(want.Clocks.appendJSON(nil)) {
		add("matter", fmt.Sprintf("id=%d", m.ID), m.Last, fmt.Sprintf("事项%d已清除，而其行中仍有内容", m.ID), fmt.Sprintf("matter %d was erased and its row still holds something", m.ID))
	}
	return f.checkTasks(ctx, m, add)
}
