package docket

import (
	"slices"

	"touyan.dev/touyan/kernel/erase"
	"touyan.dev/touyan/kernel/store"
)

// What papers speak of. A paper repeats words of matters, of their parts and of
// an instruction; when one of these is erased, the paper's event must be too.

// paperCounts says how many papers speak of a subject.
var paperCounts = store.Table[int64, int64]{
	Name: "paper_count", Key: []string{"subject"}, KeyType: []string{"BIGINT"}, Cols: []string{"papers"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args:    func(n int64) []any { return []any{n} },
	Scan: func(row store.Scanner, rev *int64) (id, n int64, err error) {
		err = row.Scan(&id, &n, rev)
		return id, n, err
	},
}

// mention is the n-th paper that speaks of a subject, counted from 1.
type mention struct{ Subject, N int64 }

var paperSubjects = store.Table[mention, int64]{
	Name: "paper_subject", Key: []string{"subject", "n"}, KeyType: []string{"BIGINT", "BIGINT"}, Cols: []string{"paper"}, Fixed: true,
	KeyArgs: func(m mention) []any { return []any{m.Subject, m.N} },
	Args:    func(paper int64) []any { return []any{paper} },
	Scan: func(row store.Scanner, _ *int64) (m mention, paper int64, err error) {
		err = row.Scan(&m.Subject, &m.N, &paper)
		return m, paper, err
	},
}

// subjectsOf gives what a paper of a matter speaks of.
func subjectsOf(d Detail) []int64 {
	out := []int64{d.ID}
	for _, k := range d.Kids {
		out = append(out, k.ID)
	}
	if d.Instruction != nil {
		out = append(out, d.Instruction.ID)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// loadSubjects names what putSubjects needs.
func loadSubjects(g *store.Group, subjects []int64) {
	for _, id := range subjects {
		store.Want(g, &paperCounts, id)
	}
}

// putSubjects writes of what a paper speaks.
func putSubjects(g *store.Group, subjects []int64, paper int64) {
	for _, id := range subjects {
		n, known := store.Get(g, &paperCounts, id)
		if known {
			store.Put(g, &paperCounts, id, n+1)
		} else {
			store.Insert(g, &paperCounts, id, 1)
		}
		store.Insert(g, &paperSubjects, mention{id, n + 1}, paper)
	}
}

// loadPapers adds the papers that speak of an object to what is erased with it.
func loadPapers(g *store.Group, t *erase.Target, id int64) {
	store.Want(g, &paperCounts, id)
	if !store.Have(g, &paperCounts, id) {
		return
	}
	last, _ := store.Get(g, &paperCounts, id)
	for n := int64(1); n <= last; n++ {
		key := mention{id, n}
		store.Want(g, &paperSubjects, key)
		if !store.Have(g, &paperSubjects, key) {
			continue
		}
		if paper, ok := store.Get(g, &paperSubjects, key); ok {
			t.Add(paper)
		}
	}
}
