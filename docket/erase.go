package docket

import (
	"slices"

	"touyan.dev/touyan/kernel/erase"
	"touyan.dev/touyan/kernel/store"
)

// Holder tells kernel/erase how instructions and imports lose their texts. An
// import goes with all its proposals; the matters that they led to are objects of
// their own, and so is the matter that an instruction led to. A paper has no text
// but its event; it goes with everything of which it speaks.
func Holder() erase.Holder {
	return erase.Holder{
		Tables: []string{"instruction", "intake", "proposal"},
		Kinds: func(kind string) bool {
			return kind == "docket.instruction/enter" || kind == "docket.intake/import" || kind == paperKind+"/issue"
		},
		Load: func(g *store.Group, t *erase.Target) {
			for _, id := range slices.Clone(t.Objects) {
				loadPapers(g, t, id)
				store.Want(g, &instructions, id)
				store.Want(g, &intakes, id)
				if !store.Have(g, &intakes, id) {
					continue
				}
				if in, ok := store.Get(g, &intakes, id); ok {
					loadProposals(g, t, in)
				}
			}
		},
		Erase: func(g *store.Group, t *erase.Target, _ int64) error {
			for _, id := range t.Objects {
				if i, ok := store.Get(g, &instructions, id); ok {
					i.Verbatim, i.Title = erase.Title, erase.Title
					store.Put(g, &instructions, id, i)
					t.Texts++
				}
				if in, ok := store.Get(g, &intakes, id); ok {
					eraseIntake(g, t, in)
				}
			}
			return nil
		},
	}
}

func loadProposals(g *store.Group, t *erase.Target, in Intake) {
	for n := int64(1); n <= in.Proposals; n++ {
		key := proposalKey{in.ID, n}
		store.Want(g, &proposals, key)
		if !store.Have(g, &proposals, key) {
			continue
		}
		if p, ok := store.Get(g, &proposals, key); ok {
			t.Near(p.Matter)
		}
	}
}

func eraseIntake(g *store.Group, t *erase.Target, in Intake) {
	for n := int64(1); n <= in.Proposals; n++ {
		key := proposalKey{in.ID, n}
		p, ok := store.Get(g, &proposals, key)
		if !ok {
			continue
		}
		left := Proposal{N: p.N, State: p.State, Title: erase.Title, Lead: p.Lead, Assist: p.Assist, Limit: p.Limit, Into: p.Into, From: p.From, Confirm: p.Confirm, Matter: p.Matter}
		if left.State != Dispatched { // nothing is left to dispatch
			left.State = Dropped
		}
		store.Put(g, &proposals, key, left)
		t.Texts++
	}
	in.Name, in.Title, in.Hash = erase.Title, erase.Title, ""
	store.Put(g, &intakes, in.ID, in)
	t.Texts++
}
