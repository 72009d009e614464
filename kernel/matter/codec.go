package matter

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// Clocks and bodies are written with every act and clocks are read with every
// one, so they have a writer and a reader of their own. The text is exactly what
// encoding/json makes of the types; codec_test.go holds the two against each
// other.

// object writes the members of a JSON object, leaving out empty ones.
type object struct {
	b    []byte
	open bool // a member stands already
}

func (o *object) name(name string) {
	if o.open {
		o.b = append(o.b, ',')
	}
	o.open = true
	o.b = append(append(append(o.b, '"'), name...), '"', ':')
}

func (o *object) num(name string, n int64) {
	if n != 0 {
		o.name(name)
		o.b = strconv.AppendInt(o.b, n, 10)
	}
}

func (o *object) text(name, s string) {
	if s != "" {
		o.name(name)
		o.b = appendString(o.b, s)
	}
}

// appendString writes a JSON string; encoding/json does the rare hard ones.
func appendString(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < 0x20, c == '"', c == '\\', c == '<', c == '>', c == '&', c == 0xe2: // U+2028 and U+2029 begin with e2
			return appendHard(b, s)
		}
	}
	if !utf8.ValidString(s) {
		return appendHard(b, s)
	}
	return append(append(append(b, '"'), s...), '"')
}

func appendHard(b []byte, s string) []byte {
	text, err := json.Marshal(s)
	if err != nil { // a string can always be encoded
		panic("matter: " + err.Error())
	}
	return append(b, text...)
}

// appendJSON writes the slot as encoding/json does.
func (s *Slot) appendJSON(b []byte) []byte {
	o := object{b: append(b, '{')}
	o.text("slot", s.Slot)
	o.name("step")
	o.b = appendString(o.b, s.Step)
	o.name("n")
	o.b = strconv.AppendInt(o.b, int64(s.N), 10)
	o.num("unit", s.Unit)
	o.text("duty", s.Duty)
	o.num("person", s.Person)
	o.name("since")
	o.b = strconv.AppendInt(o.b, s.Since, 10)
	o.text("limit", s.Limit)
	o.text("extra", s.Extra)
	o.num("due", s.Due)
	if s.Provisional {
		o.name("provisional")
		o.b = append(o.b, "true"...)
	}
	o.num("mark", int64(s.Mark))
	o.num("next", s.Next)
	o.num("urged", int64(s.Urged))
	return append(o.b, '}')
}

// appendJSON writes the clocks as encoding/json does. Kids, seals and recusals
// are rare, and left to it.
func (c *Clocks) appendJSON(b []byte) []byte {
	o := object{b: append(b, '{')}
	if len(c.Slots) > 0 {
		o.name("slots")
		o.b = append(o.b, '[')
		for i := range c.Slots {
			if i > 0 {
				o.b = append(o.b, ',')
			}
			o.b = c.Slots[i].appendJSON(o.b)
		}
		o.b = append(o.b, ']')
	}
	o.text("limit", c.Limit)
	o.text("extra", c.Extra)
	o.num("due", c.Due)
	if len(c.Stops) > 0 {
		o.name("stops")
		o.b = appendPlain(o.b, c.Stops)
	}
	if len(c.Kids) > 0 {
		o.name("kids")
		o.b = appendPlain(o.b, c.Kids)
	}
	if len(c.Parties) > 0 {
		o.name("parties")
		o.b = append(o.b, '[')
		for i, id := range c.Parties {
			if i > 0 {
				o.b = append(o.b, ',')
			}
			o.b = strconv.AppendInt(o.b, id, 10)
		}
		o.b = append(o.b, ']')
	}
	if len(c.Sealed) > 0 {
		o.name("sealed")
		o.b = appendPlain(o.b, c.Sealed)
	}
	if len(c.Acted) > 0 {
		o.name("acted")
		o.b = appendPlain(o.b, c.Acted)
	}
	if len(c.Recused) > 0 {
		o.name("recused")
		o.b = appendPlain(o.b, c.Recused)
	}
	if len(c.Heirs) > 0 {
		o.name("heirs")
		o.b = appendPlain(o.b, c.Heirs)
	}
	return append(o.b, '}')
}

func appendPlain(b []byte, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil { // numbers and strings only
		panic("matter: " + err.Error())
	}
	return append(b, text...)
}

// AppendJSON writes the body as encoding/json does; event.Append asks for it.
func (b Body) AppendJSON(to []byte) []byte {
	o := object{b: append(to, '{')}
	o.text("slot", b.Slot)
	o.text("step", b.Step)
	o.num("n", int64(b.N))
	o.text("act", b.Act)
	if len(b.Input) > 0 {
		o.name("input")
		o.b = append(o.b, b.Input...) // made by json.Marshal: compact already
	}
	if b.Child != nil {
		o.name("child")
		o.b = appendPlain(o.b, b.Child)
	}
	if b.Open != nil {
		o.name("open")
		o.b = appendPlain(o.b, b.Open)
	}
	o.num("mark", int64(b.Mark))
	o.num("late", b.Late)
	o.text("number", b.Number)
	o.text("outcome", b.Outcome)
	o.num("lent", b.Lent)
	if b.Heir != nil {
		o.name("heir")
		o.b = appendPlain(o.b, b.Heir)
	}
	o.name("clocks")
	return append(b.Clocks.appendJSON(o.b), '}')
}

// record is the data of a matter's row: what its columns do not say.
type record struct {
	Def     string          `json:"def,omitempty"`
	Part    string          `json:"part,omitempty"`
	Root    int64           `json:"root,omitempty"`
	Source  int64           `json:"source,omitempty"`
	Updated int64           `json:"updated,omitempty"`
	Last    int64           `json:"last,omitempty"`
	Outcome string          `json:"outcome,omitempty"`
	Clocks  Clocks          `json:"clocks"`
	State   json.RawMessage `json:"state"`
}

// encode writes the record as encoding/json does. The state comes last and is
// copied as it is.
func (m *Matter) encode() []byte {
	o := object{b: append(make([]byte, 0, 512+len(m.State)), '{')}
	o.text("def", m.Def)
	o.text("part", m.Part)
	o.num("root", m.Root)
	o.num("source", m.Source)
	o.num("updated", m.Updated)
	o.num("last", m.Last)
	o.text("outcome", m.Outcome)
	o.name("clocks")
	o.b = m.Clocks.appendJSON(o.b)
	o.name("state")
	return append(append(o.b, m.State...), '}')
}

// decode reads what encode wrote. Text in another form, such as one with
// escapes, is left to encoding/json.
func (m *Matter) decode(data []byte) error {
	var d record
	if r := (reader{b: data}); !r.record(&d) {
		d = record{}
		if err := json.Unmarshal(data, &d); err != nil {
			return err
		}
	}
	m.Def, m.Part, m.Root, m.Source, m.Updated, m.Last, m.Outcome = d.Def, d.Part, d.Root, d.Source, d.Updated, d.Last, d.Outcome
	m.Clocks, m.State = d.Clocks, d.State
	return nil
}

// reader reads the one form in which clocks are written: no spaces, no escapes.
// At anything else it stands still and bad is set.
type reader struct {
	b   []byte
	at  int
	bad bool
}

func (r *reader) take(c byte) bool {
	if !r.bad && r.at < len(r.b) && r.b[r.at] == c {
		r.at++
		return true
	}
	return false
}

func (r *reader) want(c byte) {
	if !r.take(c) {
		r.bad = true
	}
}

// plain eats a string without escapes.
func (r *reader) plain() []byte {
	r.want('"')
	from := r.at
	for !r.bad && r.at < len(r.b) {
		switch r.b[r.at] {
		case '"':
			r.at++
			return r.b[from : r.at-1]
		case '\\':
			r.bad = true
		default:
			r.at++
		}
	}
	r.bad = true
	return nil
}

func (r *reader) text() string { return string(r.plain()) }

func (r *reader) num() (n int64) {
	from := r.at
	minus := r.take('-')
	digits := r.at
	for r.at < len(r.b) && r.b[r.at] >= '0' && r.b[r.at] <= '9' {
		n = n*10 + int64(r.b[r.at]-'0')
		r.at++
	}
	if r.at == digits || r.at-from > 18 {
		r.bad = true
	}
	if minus {
		return -n
	}
	return n
}

// members eats an object and calls f at every value.
func (r *reader) members(f func(name []byte)) {
	r.want('{')
	if r.take('}') {
		return
	}
	for !r.bad {
		name := r.plain()
		r.want(':')
		f(name)
		if !r.take(',') {
			r.want('}')
			return
		}
	}
}

// items eats an array and calls f at every element.
func (r *reader) items(f func()) {
	r.want('[')
	if r.take(']') {
		return
	}
	for !r.bad {
		f()
		if !r.take(',') {
			r.want(']')
			return
		}
	}
}

// record reads the whole text and reports whether it was in the one form.
func (r *reader) record(d *record) bool {
	r.members(func(name []byte) {
		switch string(name) {
		case "def":
			d.Def = r.text()
		case "part":
			d.Part = r.text()
		case "root":
			d.Root = r.num()
		case "source":
			d.Source = r.num()
		case "updated":
			d.Updated = r.num()
		case "last":
			d.Last = r.num()
		case "outcome":
			d.Outcome = r.text()
		case "clocks":
			r.clocks(&d.Clocks)
		case "state": // the last member: all that is left but the closing brace
			if end := len(r.b) - 1; end > r.at {
				d.State, r.at = r.b[r.at:end:end], end
			} else {
				r.bad = true
			}
		default:
			r.bad = true
		}
	})
	return !r.bad && r.at == len(r.b)
}

func (r *reader) clocks(c *Clocks) {
	r.members(func(name []byte) {
		switch string(name) {
		case "slots":
			c.Slots = make([]Slot, 0, 2)
			r.items(func() { c.Slots = append(c.Slots, r.slot()) })
		case "limit":
			c.Limit = r.text()
		case "extra":
			c.Extra = r.text()
		case "due":
			c.Due = r.num()
		case "parties":
			c.Parties = make([]int64, 0, 8)
			r.items(func() { c.Parties = append(c.Parties, r.num()) })
		case "stops":
			r.items(func() { c.Stops = append(c.Stops, r.stop()) })
		default:
			r.bad = true
		}
	})
}

func (r *reader) stop() (s Stop) {
	r.members(func(name []byte) {
		switch string(name) {
		case "from":
			s.From = r.num()
		case "to":
			s.To = r.num()
		default:
			r.bad = true
		}
	})
	return s
}

func (r *reader) slot() (s Slot) {
	r.members(func(name []byte) {
		switch string(name) {
		case "slot":
			s.Slot = r.text()
		case "step":
			s.Step = r.text()
		case "n":
			s.N = int(r.num())
		case "unit":
			s.Unit = r.num()
		case "duty":
			s.Duty = r.text()
		case "person":
			s.Person = r.num()
		case "since":
			s.Since = r.num()
		case "limit":
			s.Limit = r.text()
		case "extra":
			s.Extra = r.text()
		case "due":
			s.Due = r.num()
		case "provisional":
			s.Provisional = r.yes()
		case "mark":
			s.Mark = int(r.num())
		case "next":
			s.Next = r.num()
		case "urged":
			s.Urged = int(r.num())
		default:
			r.bad = true
		}
	})
	return s
}

func (r *reader) yes() bool {
	for _, c := range []byte("true") {
		r.want(c)
	}
	return true
}
