package flow

import (
	"encoding/json"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"touyan.dev/touyan/kernel/fault"
)

// State is where a matter stands. It is a value: the machine never changes
// one it was handed, and parts of one may be shared with another. Its JSON is
// the same for equal states.
type State struct {
	Seq    int     // openings so far; the next gets Seq+1
	At     []Token // what is going on, by slot
	Used   []Count // bounded acts taken, by key ("step.act", "pause")
	Paused bool
	Ended  string // outcome; "" while the matter runs
	Data   []Datum
}

// Token is one block under way: an open step, or a joint or each that waits
// for its parts. At most one stands in each slot.
type Token struct {
	Slot string
	ID   string  // of the step, joint or each
	N    int     // which opening; unique within the matter
	Of   int     // each: how many sub-matters it began
	Done []int   // branches or sub-matters that are over, ascending
	Out  []Count // each: how many ended with which outcome
}

// Count is a number under a key; lists of it are sorted by key.
type Count struct {
	Key string
	N   int
}

// Datum is the last input of one step, kept as JSON text.
type Datum struct {
	ID   string
	JSON []byte
}

// count gives the number under a key, 0 if none.
func count(list []Count, key string) int {
	for i := range list {
		if list[i].Key == key {
			return list[i].N
		}
	}
	return 0
}

// counted gives a new list with one more under the key.
func counted(list []Count, key string) []Count {
	at := sort.Search(len(list), func(i int) bool { return list[i].Key >= key })
	out := make([]Count, 0, len(list)+1)
	out = append(out, list[:at]...)
	if at < len(list) && list[at].Key == key {
		out = append(out, Count{key, list[at].N + 1})
		return append(out, list[at+1:]...)
	}
	out = append(out, Count{key, 1})
	return append(out, list[at:]...)
}

// token gives the token of a block, or nil.
func (s *State) token(id string) *Token {
	for i := range s.At {
		if s.At[i].ID == id {
			return &s.At[i]
		}
	}
	return nil
}

// Over reports whether the matter has ended.
func (s *State) Over() bool { return s.Ended != "" }

// raw gives the JSON text at a path, or nil.
func (s *State) raw(p Path) []byte {
	root, rest, _ := strings.Cut(string(p), ".")
	i, ok := slices.BinarySearchFunc(s.Data, root, func(d Datum, id string) int { return strings.Compare(d.ID, id) })
	if !ok {
		return nil
	}
	text := s.Data[i].JSON
	for rest != "" && text != nil {
		root, rest, _ = strings.Cut(rest, ".")
		text = find(text, root)
	}
	return text
}

// Get reads data at a path ("allot.section"); numbers are float64.
func (s *State) Get(p Path) (any, bool) {
	text := s.raw(p)
	if text == nil {
		return nil, false
	}
	var v any
	if json.Unmarshal(text, &v) != nil {
		return nil, false
	}
	return v, true
}

// texts reads a text, or a list of texts, at a path.
func (s *State) texts(p Path) []string {
	v, _ := s.Get(p)
	switch v := v.(type) {
	case string:
		if v != "" {
			return []string{v}
		}
	case []any:
		var out []string
		for _, item := range v {
			if t, ok := item.(string); ok && t != "" {
				out = append(out, t)
			}
		}
		return out
	}
	return nil
}

// put stores JSON text under an id, in a new list.
func (s *State) put(id string, text []byte) {
	at, found := slices.BinarySearchFunc(s.Data, id, func(d Datum, id string) int { return strings.Compare(d.ID, id) })
	out := make([]Datum, 0, len(s.Data)+1)
	out = append(out, s.Data[:at]...)
	out = append(out, Datum{id, text})
	if found {
		at++
	}
	s.Data = append(out, s.Data[at:]...)
}

// AppendJSON writes the state in its one form.
func (s State) AppendJSON(b []byte) []byte {
	b = appendInt(append(b, `{"n":`...), s.Seq)
	if len(s.At) > 0 {
		b = append(b, `,"at":[`...)
		for i := range s.At {
			if i > 0 {
				b = append(b, ',')
			}
			b = s.At[i].append(b)
		}
		b = append(b, ']')
	}
	b = appendCounts(b, `,"used":`, s.Used)
	if s.Paused {
		b = append(b, `,"paused":1`...)
	}
	if s.Ended != "" {
		b = appendString(append(b, `,"ended":`...), s.Ended)
	}
	if len(s.Data) > 0 {
		b = append(b, `,"data":{`...)
		for i := range s.Data {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, s.Data[i].ID), ':')
			b = append(b, s.Data[i].JSON...)
		}
		b = append(b, '}')
	}
	return append(b, '}')
}

func (t *Token) append(b []byte) []byte {
	b = append(b, '{')
	if t.Slot != "" {
		b = append(appendString(append(b, `"s":`...), t.Slot), ',')
	}
	b = appendString(append(b, `"b":`...), t.ID)
	b = appendInt(append(b, `,"n":`...), t.N)
	if t.Of > 0 {
		b = appendInt(append(b, `,"of":`...), t.Of)
	}
	if len(t.Done) > 0 {
		b = append(b, `,"done":[`...)
		for i, d := range t.Done {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendInt(b, d)
		}
		b = append(b, ']')
	}
	b = appendCounts(b, `,"out":`, t.Out)
	return append(b, '}')
}

func appendCounts(b []byte, label string, list []Count) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(append(b, label...), '{')
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendInt(append(appendString(b, list[i].Key), ':'), list[i].N)
	}
	return append(b, '}')
}

// MarshalJSON is AppendJSON.
func (s State) MarshalJSON() ([]byte, error) { return s.AppendJSON(make([]byte, 0, 512)), nil }

// UnmarshalJSON is DecodeState on a copy of the text.
func (s *State) UnmarshalJSON(text []byte) error {
	got, err := DecodeState(slices.Clone(text))
	if err == nil {
		*s = got
	}
	return err
}

// DecodeState reads what AppendJSON wrote. The state keeps parts of text, so
// the caller must not change it afterwards.
func DecodeState(text []byte) (State, error) {
	var s State
	in := scan{b: text}
	in.object(func(key string) {
		switch key {
		case "n":
			s.Seq = in.int()
		case "at":
			s.At = make([]Token, 0, 4)
			in.array(func() { s.At = append(s.At, readToken(&in)) })
		case "used":
			s.Used = readCounts(&in)
		case "paused":
			s.Paused = in.int() == 1
		case "ended":
			s.Ended = in.text()
		case "data":
			s.Data = make([]Datum, 0, 8)
			in.object(func(id string) { s.Data = append(s.Data, Datum{id, in.skip()}) })
		default:
			in.bad = true
		}
	})
	if in.peek() != 0 || in.at != len(text) || in.bad || !s.ordered() || !utf8.Valid(text) {
		return State{}, fault.Wrap("flow.DecodeState", errJSON)
	}
	return s, nil
}

// ordered checks what lookups rely on: data sorted by id without repeats.
func (s *State) ordered() bool {
	for i := 1; i < len(s.Data); i++ {
		if s.Data[i-1].ID >= s.Data[i].ID {
			return false
		}
	}
	return true
}

func readToken(in *scan) Token {
	var t Token
	in.object(func(key string) {
		switch key {
		case "s":
			t.Slot = in.text()
		case "b":
			t.ID = in.text()
		case "n":
			t.N = in.int()
		case "of":
			t.Of = in.int()
		case "done":
			in.array(func() { t.Done = append(t.Done, in.int()) })
		case "out":
			t.Out = readCounts(in)
		default:
			in.bad = true
		}
	})
	return t
}

func readCounts(in *scan) []Count {
	var list []Count
	in.object(func(key string) { list = append(list, Count{key, in.int()}) })
	return list
}
