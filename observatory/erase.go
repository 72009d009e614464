package observatory

import (
	"touyan.dev/touyan/kernel/erase"
	"touyan.dev/touyan/kernel/store"
)

// Holder tells kernel/erase how notes, outside developments, evaluations and
// targets lose their texts. Figures and the facts mined from them hold nothing of a person and
// are not erased; a file that should never have come in is a content of kernel/
// attach, and its release is dropped.
func Holder() erase.Holder {
	return erase.Holder{
		Tables: []string{"fact_note", "abroad", "evaluation", "release", "target"},
		Kinds: func(kind string) bool {
			return kind == EventNote || kind == EventAbroad || kind == EventFrozen || kind == EventBrought || kind == EventTargetSet
		},
		Load: func(g *store.Group, t *erase.Target) {
			for _, id := range t.Objects {
				store.Want(g, &notes, id)
				store.Want(g, &developments, id)
				store.Want(g, &evaluations, id)
				store.Want(g, &releases, id)
				store.Want(g, &targets, id)
			}
		},
		Erase: func(g *store.Group, t *erase.Target, _ int64) error {
			for _, id := range t.Objects {
				empty(g, t, id)
			}
			return nil
		},
	}
}

// empty takes the texts of one object.
func empty(g *store.Group, t *erase.Target, id int64) {
	if n, ok := store.Get(g, &notes, id); ok {
		n.Title, n.Body = erase.Title, erase.Title
		store.Put(g, &notes, id, n)
		t.Texts++
	}
	if a, ok := store.Get(g, &developments, id); ok {
		a.Place, a.Title, a.Content, a.Lesson, a.Source = erase.Title, erase.Title, erase.Title, "", erase.Title
		store.Put(g, &developments, id, a)
		t.Texts++
	}
	if e, ok := store.Get(g, &evaluations, id); ok {
		e.Title, e.Question.Why = erase.Title, erase.Title
		store.Put(g, &evaluations, id, e)
		t.Texts++
	}
	if r, ok := store.Get(g, &releases, id); ok {
		r.Name = erase.Title
		store.Put(g, &releases, id, r)
		t.Texts++
	}
	if x, ok := store.Get(g, &targets, id); ok {
		x.Source = erase.Title
		store.Put(g, &targets, id, x)
		t.Texts++
	}
}
