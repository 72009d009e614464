package panel

import "slices"

// Class is one version of how an indicator was counted for a subject. Levels
// and growth are compared within one class only; ranks also across a change of
// definition that all peers share.
type Class struct {
	Definition string `json:"definition,omitempty"` // "规模以上（2011年起）"
	Boundary   string `json:"boundary,omitempty"`   // version of the subject's own area
}

// Bits is a set of cells, each period's column beginning on a word of its own.
type Bits struct {
	stride int // words of a column
	words  []uint64
}

func newBits(n, t int) Bits {
	stride := (n + 63) / 64
	return Bits{stride: stride, words: make([]uint64, stride*t)}
}

// Has reports whether the cell is in the set; an unmade set is empty.
func (b Bits) Has(s, t int) bool {
	return b.words != nil && b.words[t*b.stride+s>>6]&(1<<(s&63)) != 0
}

// Column gives the words of a period: subject s is bit s&63 of word s>>6.
func (b Bits) Column(t int) []uint64 { return b.words[t*b.stride : (t+1)*b.stride] }

// Empty reports whether no cell is in the set.
func (b Bits) Empty() bool {
	return !slices.ContainsFunc(b.words, func(w uint64) bool { return w != 0 })
}

func (b Bits) put(s, t int, in bool) {
	w, bit := &b.words[t*b.stride+s>>6], uint64(1)<<(s&63)
	if in {
		*w |= bit
	} else {
		*w &^= bit
	}
}

// Slab is one indicator: N subjects × T periods, the cell (s, t) at t·N + s.
type Slab struct {
	N, T        int
	Values      []float64 // meaningful only where Have says so
	Have        Bits      // observed, and not held back
	Held        Bits      // observed, but held back by the quality gate
	Provisional Bits      // 初步核算: will be revised
	Classes     []Class   // what the class ids mean; empty when all cells are of one class
	Class       []uint16  // class id of each cell; nil when all are of one class

	File   string   // where the cells came from
	Lines  []uint32 // line of each cell in the file; nil when not read from one
	Column func(t int) string
}

// NewSlab makes a slab in which every cell is missing.
func NewSlab(n, t int) *Slab {
	return &Slab{N: n, T: t, Values: make([]float64, n*t), Have: newBits(n, t)}
}

// At gives the value of a cell that facts may use.
func (x *Slab) At(s, t int) (float64, bool) {
	if !x.Have.Has(s, t) {
		return 0, false
	}
	return x.Values[t*x.N+s], true
}

// Seen gives the value of a cell whether or not it is held back.
func (x *Slab) Seen(s, t int) (float64, bool) {
	if !x.Have.Has(s, t) && !x.Held.Has(s, t) {
		return 0, false
	}
	return x.Values[t*x.N+s], true
}

// Set stores an observation.
func (x *Slab) Set(s, t int, v float64) {
	x.Values[t*x.N+s] = v
	x.Have.put(s, t, true)
}

// Unset makes a cell missing.
func (x *Slab) Unset(s, t int) {
	x.Values[t*x.N+s] = 0
	x.Have.put(s, t, false)
}

// Hold keeps an observed cell from every fact until a person has looked at it.
func (x *Slab) Hold(s, t int) {
	if x.Have.Has(s, t) {
		x.Held = x.Held.made(x)
		x.Held.put(s, t, true)
		x.Have.put(s, t, false)
	}
}

// Release gives a cell that was held back to the facts.
func (x *Slab) Release(s, t int) {
	if x.Held.Has(s, t) {
		x.Held.put(s, t, false)
		x.Have.put(s, t, true)
	}
}

// MarkProvisional says that a cell is a first estimate.
func (x *Slab) MarkProvisional(s, t int) {
	x.Provisional = x.Provisional.made(x)
	x.Provisional.put(s, t, true)
}

func (b Bits) made(x *Slab) Bits {
	if b.words == nil {
		return newBits(x.N, x.T)
	}
	return b
}

// SetClass puts a cell into a class, which is entered when it is new.
func (x *Slab) SetClass(s, t int, c Class) {
	if x.Class == nil {
		x.Class = make([]uint16, x.N*x.T)
		x.Classes = []Class{{}}
	}
	id := slices.Index(x.Classes, c)
	if id < 0 {
		id = len(x.Classes)
		x.Classes = append(x.Classes, c)
	}
	x.Class[t*x.N+s] = uint16(id)
}

// ClassID gives the class id of a cell; 0 when the slab has one class only.
func (x *Slab) ClassID(s, t int) uint16 {
	if x.Class == nil {
		return 0
	}
	return x.Class[t*x.N+s]
}

// ClassOf gives the class of a cell.
func (x *Slab) ClassOf(s, t int) Class {
	if x.Class == nil {
		return Class{}
	}
	return x.Classes[x.Class[t*x.N+s]]
}

// Break gives a subject a new boundary version from a period on: its levels
// before and after are no longer compared. The version is the subject's own.
func (x *Slab) Break(s, from int, version string) {
	for t := from; t < x.T; t++ {
		c := x.ClassOf(s, t)
		c.Boundary = version
		x.SetClass(s, t, c)
	}
}

// Define gives every subject a new definition from a period on.
func (x *Slab) Define(from int, version string) {
	for t := from; t < x.T; t++ {
		for s := range x.N {
			c := x.ClassOf(s, t)
			c.Definition = version
			x.SetClass(s, t, c)
		}
	}
}

// Source is where a value can be looked up.
type Source struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`   // counted from 1, the header included
	Column string `json:"column,omitempty"` // the column's name in the header
}

// Source gives where a cell came from; the zero Source when it is not known.
func (x *Slab) Source(s, t int) Source {
	if x.Lines == nil || x.Lines[t*x.N+s] == 0 {
		return Source{}
	}
	out := Source{File: x.File, Line: int(x.Lines[t*x.N+s])}
	if x.Column != nil {
		out.Column = x.Column(t)
	}
	return out
}

// Count gives how many cells facts may use.
func (x *Slab) Count() int {
	n := 0
	for t := range x.T {
		for s := range x.N {
			if x.Have.Has(s, t) {
				n++
			}
		}
	}
	return n
}

// Clone copies a slab.
func (x *Slab) Clone() *Slab {
	y := *x
	y.Values = slices.Clone(x.Values)
	y.Have.words = slices.Clone(x.Have.words)
	y.Held.words = slices.Clone(x.Held.words)
	y.Provisional.words = slices.Clone(x.Provisional.words)
	y.Classes = slices.Clone(x.Classes)
	y.Class = slices.Clone(x.Class)
	y.Lines = slices.Clone(x.Lines)
	return &y
}
