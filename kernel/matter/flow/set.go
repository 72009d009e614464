package flow

import (
	"fmt"
	"slices"
	"strings"

	"touyan.dev/touyan/kernel/fault"
)

// Set is the definitions of an installation: every version that a running
// matter may still be pinned to, and the latest of each kind for new ones. It
// is immutable.
type Set struct {
	defs   []*Def
	latest map[string]*Def
	byHash map[string]*Def
}

// NewSet gathers definitions. Two of the same kind and version with different
// content are refused; the same one twice counts once.
func NewSet(defs ...*Def) (*Set, error) {
	s := &Set{latest: make(map[string]*Def), byHash: make(map[string]*Def)}
	versions := make(map[string]string)
	for _, d := range defs {
		if s.byHash[d.hash] != nil {
			continue
		}
		v := fmt.Sprintf("%s@%d", d.Kind, d.Version)
		if versions[v] != "" {
			return nil, fault.At("flow.NewSet", d.File, "同一类别和版本已有内容不同的定义："+v, "Another definition of the same kind and version has different content: "+v)
		}
		versions[v] = d.hash
		s.byHash[d.hash] = d
		s.defs = append(s.defs, d)
		if old := s.latest[d.Kind]; old == nil || old.Version < d.Version {
			s.latest[d.Kind] = d
		}
	}
	slices.SortFunc(s.defs, func(a, b *Def) int {
		if c := strings.Compare(a.Kind, b.Kind); c != 0 {
			return c
		}
		return a.Version - b.Version
	})
	return s, nil
}

// Latest gives the newest version of a kind, or nil.
func (s *Set) Latest(kind string) *Def { return s.latest[kind] }

// ByHash gives the definition with this hash, or nil: what a running matter
// is pinned to.
func (s *Set) ByHash(hash string) *Def { return s.byHash[hash] }

// All gives every definition by kind and version.
func (s *Set) All() []*Def { return slices.Clone(s.defs) }
