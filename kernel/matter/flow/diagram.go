package flow

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/fault"
)

// Diagram is a definition drawn top-down. Coordinates are in pixels from the
// upper left corner; whoever shows it only has to draw boxes and lines.
type Diagram struct {
	W     int    `json:"w"`
	H     int    `json:"h"`
	Nodes []Node `json:"nodes"`
	Edges []Edge `json:"edges"`
}

// Node is one box. X and Y are its upper left corner. The ids of steps,
// choices, joints and eachs are those of the definition; the bar that closes
// joint j is "j.join", the start "start", and ends are "end.1" and so on.
type Node struct {
	ID    string `json:"id"`
	Kind  string `json:"kind"` // step choice joint each start end
	X     int    `json:"x"`
	Y     int    `json:"y"`
	W     int    `json:"w"`
	H     int    `json:"h"`
	ZH    string `json:"zh,omitempty"`
	EN    string `json:"en,omitempty"`
	Who   string `json:"who,omitempty"`
	Limit string `json:"limit,omitempty"`
}

// Edge is one line, with its corners from start to end.
type Edge struct {
	From   string  `json:"from"`
	To     string  `json:"to"`
	Kind   string  `json:"kind"` // next back branch
	Label  string  `json:"label,omitempty"`
	Points []Point `json:"points"`
}

// Point is a corner of an edge.
type Point struct {
	X int `json:"x"`
	Y int `json:"y"`
}

// Sizes in pixels.
const (
	boxH    = 60
	boxMinW = 132
	boxMaxW = 260
	barH    = 8
	choiceW = 120
	choiceH = 48
	endW    = 76
	endH    = 32
	gapX    = 32
	gapY    = 40
	laneW   = 14 // of one return beside a sequence
	margin  = 16
)

// area is the room a block or sequence takes around its axis, the vertical
// line its main boxes are centred on.
type area struct{ left, right, h int }

// drawing builds a Diagram. Room is measured first, from the inside out; then
// boxes are placed from the top down.
type drawing struct {
	d     *Def
	lang  string
	out   Diagram
	lanes map[*seq]int // returns that run beside a sequence
	seqs  map[*seq]area
	nodes map[*node]area
	taken map[*seq]int   // lanes already drawn
	box   map[*node]Node // placed steps, as targets of returns
	edge  map[*seq]side  // where a sequence was placed
	ends  int
	late  []pending
}

// side is the left border and the top of a placed sequence.
type side struct{ x, y int }

// pending is a return, drawn after all boxes are placed.
type pending struct {
	from, to *node
	label    string
}

// loose is the open end of an edge that will lead to the next box.
type loose struct {
	from, kind, label string
	points            []Point
}

// Diagram lays the definition out; lang ("zh" or "en") chooses labels and the
// width of boxes.
func (d *Def) Diagram(lang string) Diagram {
	w := &drawing{
		d: d, lang: lang, lanes: map[*seq]int{}, seqs: map[*seq]area{}, nodes: map[*node]area{},
		taken: map[*seq]int{}, box: map[*node]Node{}, edge: map[*seq]side{},
	}
	w.countLanes()
	all := w.measureSeq(d.main)
	axis := margin + max(all.left, endW/2)
	start := w.add(Node{ID: "start", Kind: "start", X: axis - endW/2, Y: margin, W: endW, H: endH, ZH: "开始", EN: "Start"})
	from := loose{from: "start", kind: "next", points: []Point{{axis, start.Y + start.H}}}
	y := start.Y + start.H + gapY
	left := w.placeSeq(d.main, axis, y, []loose{from})
	w.out.H = y + all.h + margin
	if len(left) > 0 {
		w.enter(w.endNode(axis-endW/2, y+all.h+gapY, w.d.OutcomeName(OutcomeDone)), left)
		w.out.H += gapY + endH
	}
	for _, p := range w.late {
		w.drawReturn(p)
	}
	w.out.W = axis + max(all.right, endW/2) + margin
	return w.out
}

// countLanes notes beside which sequences each return runs: from that of the
// step up to that of its target.
func (w *drawing) countLanes() {
	for _, n := range w.d.order {
		for i := range n.acts {
			to := n.acts[i].back
			if to == nil || !precedes(to, n) {
				continue
			}
			for q := n.seq; ; q = q.owner.seq {
				w.lanes[q]++
				if q == to.seq {
					break
				}
			}
		}
	}
}

func (w *drawing) measureSeq(q *seq) area {
	a := area{}
	for i, n := range q.nodes {
		b := w.measure(n)
		w.nodes[n] = b
		a.left, a.right = max(a.left, b.left), max(a.right, b.right)
		if a.h += b.h; i > 0 {
			a.h += gapY
		}
	}
	a.left += laneW * w.lanes[q]
	w.seqs[q] = a
	return a
}

func (w *drawing) measure(n *node) area {
	b := n.block
	switch {
	case b.Step != nil:
		half := w.width(b.Step.Name) / 2
		a := area{half, half, boxH}
		if outs := endings(b.Step); outs > 0 {
			a.right += gapX + endW
			a.h = max(boxH, outs*(endH+8)-8)
		}
		return a
	case b.Choice != nil:
		a := w.measureArms(n)
		return area{max(a.left, choiceW/2), max(a.right, choiceW/2), choiceH + gapY + a.h + gapY/2}
	case b.Joint != nil:
		a := w.measureArms(n)
		return area{a.left, a.right, barH + gapY + a.h + gapY + barH}
	case b.Each != nil:
		half := w.width(eachName(b.Each)) / 2
		return area{half, half, boxH}
	}
	return area{endW / 2, endW / 2, endH}
}

func endings(s *Step) int {
	outs := 0
	for i := range s.Acts {
		if s.Acts[i].End != "" {
			outs++
		}
	}
	return outs
}

// measureArms sets arms side by side; the axis goes through their middle.
func (w *drawing) measureArms(n *node) area {
	total, h := -gapX, 0
	for _, q := range n.arms {
		a := w.measureSeq(q)
		if len(q.nodes) == 0 {
			a.left, a.right = laneW, laneW
			w.seqs[q] = a
		}
		total += a.left + a.right + gapX
		h = max(h, a.h)
	}
	return area{total / 2, total - total/2, h}
}

// width fits a box to its name: a Chinese character is two Latin ones wide.
func (w *drawing) width(name fault.Text) int {
	text := w.say(name)
	wide := 0
	for _, r := range text {
		if wide += 8; utf8.RuneLen(r) > 2 {
			wide += 7
		}
	}
	return min(max(wide+24, boxMinW), boxMaxW) / 2 * 2
}

func (w *drawing) say(t fault.Text) string {
	if w.lang == "en" {
		return t.EN
	}
	return t.ZH
}

func (w *drawing) add(n Node) Node {
	w.out.Nodes = append(w.out.Nodes, n)
	return n
}

// enter leads loose ends into the top of a box.
func (w *drawing) enter(n Node, from []loose) {
	x := n.X + n.W/2
	for _, l := range from {
		at := x
		last := l.points[len(l.points)-1]
		if n.Kind == "joint" { // a bar is met straight from above where it can be
			at = min(max(last.X, n.X), n.X+n.W)
		}
		if last.X != at {
			turn := n.Y - gapY/2
			l.points = append(l.points, Point{last.X, turn}, Point{at, turn})
		}
		w.line(l, n.ID, Point{at, n.Y})
	}
}

func (w *drawing) line(l loose, to string, end Point) {
	clean := l.points[:1:1]
	for _, p := range append(l.points[1:len(l.points):len(l.points)], end) {
		last := clean[len(clean)-1]
		if p == last {
			continue
		}
		if k := len(clean); k > 1 { // leave out corners on a straight line
			if a := clean[k-2]; a.X == last.X && last.X == p.X || a.Y == last.Y && last.Y == p.Y {
				clean = clean[:k-1]
			}
		}
		clean = append(clean, p)
	}
	w.out.Edges = append(w.out.Edges, Edge{From: l.from, To: to, Kind: l.kind, Label: l.label, Points: clean})
}

func (w *drawing) placeSeq(q *seq, axis, y int, from []loose) []loose {
	w.edge[q] = side{axis - w.seqs[q].left, y}
	for _, n := range q.nodes {
		from = w.place(n, axis, y, from)
		y += w.nodes[n].h + gapY
	}
	return from
}

func (w *drawing) place(n *node, axis, y int, from []loose) []loose {
	b := n.block
	switch {
	case b.Step != nil:
		return w.placeStep(n, axis, y, from)
	case b.Choice != nil:
		name := or(b.Choice.Name, fault.T("选择", "Choice"))
		box := w.add(Node{ID: n.id, Kind: "choice", X: axis - choiceW/2, Y: y, W: choiceW, H: choiceH, ZH: name.ZH, EN: name.EN})
		w.enter(box, from)
		return w.placeArms(n, box, axis, y+choiceH+gapY)
	case b.Joint != nil:
		return w.placeJoint(n, axis, y, from)
	case b.Each != nil:
		e := b.Each
		half := w.nodes[n].left
		name := eachName(e)
		box := w.add(Node{ID: n.id, Kind: "each", X: axis - half, Y: y, W: 2 * half, H: boxH, ZH: name.ZH, EN: name.EN, Who: w.need(e.Need), Limit: w.clock(e.Limit)})
		w.enter(box, from)
		return []loose{{from: n.id, kind: "next", points: []Point{{axis, y + boxH}}}}
	}
	w.enter(w.endNode(axis-endW/2, y, w.d.OutcomeName(b.End.Outcome)), from)
	return nil
}

func (w *drawing) endNode(x, y int, name fault.Text) Node {
	w.ends++
	return w.add(Node{ID: "end." + strconv.Itoa(w.ends), Kind: "end", X: x, Y: y, W: endW, H: endH, ZH: name.ZH, EN: name.EN})
}

func (w *drawing) placeStep(n *node, axis, y int, from []loose) []loose {
	s := n.block.Step
	half := w.width(s.Name) / 2
	box := w.add(Node{ID: n.id, Kind: "step", X: axis - half, Y: y, W: 2 * half, H: boxH, ZH: s.Name.ZH, EN: s.Name.EN, Who: whoText(&s.Who), Limit: w.clock(s.Limit)})
	w.box[n] = box
	w.enter(box, from)
	var names []string
	aside := y
	for i := range s.Acts {
		switch a := &s.Acts[i]; {
		case a.End != "":
			end := w.endNode(axis+half+gapX, aside, w.d.OutcomeName(a.End))
			mid := Point{axis + half, min(aside+endH/2, y+boxH)}
			over := loose{from: n.id, kind: "next", label: w.say(a.Name), points: []Point{mid}}
			if to := aside + endH/2; to != mid.Y {
				turn := axis + half + gapX/2
				over.points = append(over.points, Point{turn, mid.Y}, Point{turn, to})
			}
			w.line(over, end.ID, Point{end.X, aside + endH/2})
			aside += endH + 8
		case a.Back != "":
			if to := n.acts[i].back; to != nil && precedes(to, n) {
				label := w.say(a.Name)
				if a.AtMost > 0 {
					label += " ≤" + strconv.Itoa(a.AtMost)
				}
				w.late = append(w.late, pending{n, to, label})
			}
		default:
			names = append(names, w.say(a.Name))
		}
	}
	if len(names) == 0 {
		return nil
	}
	out := loose{from: n.id, kind: "next", points: []Point{{axis, y + boxH}}}
	if len(s.Acts) > 1 {
		out.label = strings.Join(names, " / ")
	}
	return []loose{out}
}

func (w *drawing) placeJoint(n *node, axis, y int, from []loose) []loose {
	a := w.nodes[n]
	name := jointName(n.block.Joint)
	bar := Node{ID: n.id, Kind: "joint", X: axis - a.left, Y: y, W: a.left + a.right, H: barH, ZH: name.ZH, EN: name.EN, Who: w.need(n.block.Joint.Need)}
	w.add(bar)
	w.enter(bar, from)
	open := w.placeArms(n, bar, axis, y+barH+gapY)
	bar.ID, bar.Y = n.id+".join", y+a.h-barH
	w.add(bar)
	w.enter(bar, open)
	if len(open) == 0 {
		return nil
	}
	return []loose{{from: bar.ID, kind: "next", points: []Point{{axis, bar.Y + barH}}}}
}

// placeArms sets the arms of a choice or joint side by side below its box.
func (w *drawing) placeArms(n *node, box Node, axis, y int) []loose {
	var out []loose
	a := w.nodes[n]
	depth, total := 0, -gapX
	for _, q := range n.arms {
		depth = max(depth, w.seqs[q].h)
		total += w.seqs[q].left + w.seqs[q].right + gapX
	}
	x := axis - a.left
	if n.block.Choice != nil {
		x = axis - total/2
	}
	for i, q := range n.arms {
		room := w.seqs[q]
		mid := x + room.left
		from := loose{from: box.ID, kind: "branch", label: w.armLabel(n, i)}
		if n.block.Joint != nil {
			from.points = []Point{{mid, box.Y + box.H}}
		} else {
			turn := y - gapY*3/4
			from.points = []Point{{axis, box.Y + box.H}, {axis, turn}, {mid, turn}}
		}
		for _, l := range w.placeSeq(q, mid, y, []loose{from}) {
			if last := l.points[len(l.points)-1]; last.X != mid {
				l.points = append(l.points, Point{last.X, y + room.h}, Point{mid, y + room.h})
			}
			l.points = append(l.points, Point{mid, y + depth})
			out = append(out, l)
		}
		x += room.left + room.right + gapX
	}
	return out
}

func (w *drawing) armLabel(n *node, i int) string {
	c := n.block.Choice
	switch {
	case c == nil:
		return ""
	case i == len(c.When):
		return w.say(fault.T("其他情形", "otherwise"))
	}
	return w.say(or(c.When[i].Name, fault.T(c.When[i].If.Text, c.When[i].If.Text)))
}

// or gives the name, or another if there is none.
func or(name, other fault.Text) fault.Text {
	if name == (fault.Text{}) {
		return other
	}
	return name
}

func jointName(j *Joint) fault.Text { return or(j.Name, fault.T("并行", "Side by side")) }

func eachName(e *Each) fault.Text {
	return or(e.Name, fault.T("分办 "+e.Run, "Each: "+e.Run))
}

func (w *drawing) need(n int) string {
	if n == 0 {
		return w.say(fault.T("全部办完", "all needed"))
	}
	k := strconv.Itoa(n)
	return w.say(fault.T("办完 "+k+" 个即可", k+" needed"))
}

func (w *drawing) clock(c *Clock) string {
	if c == nil {
		return ""
	}
	l := c.Bound()
	l.Ends, l.Roll = calendar.DayEnd, false // the fine print has no room in a box
	text := w.say(l.Text())
	if c.Data != "" {
		text = "≤ " + text
	}
	return text
}

// whoText names duties as the definition does; their titles belong to the
// directory of people.
func whoText(who *Who) string {
	var all []string
	if who.Person != "" {
		all = append(all, who.Person)
	}
	if who.Duty != "" {
		all = append(all, who.Duty)
	}
	for i := range who.Or {
		all = append(all, whoText(&who.Or[i]))
	}
	return strings.Join(all, " / ")
}

// drawReturn leads a return out of its step to the left, up beside its
// sequence, out through the gap above it, and so on to the target's sequence.
func (w *drawing) drawReturn(p pending) {
	box, target := w.box[p.from], w.box[p.to]
	y := box.Y + box.H/2
	points := []Point{{box.X, y}}
	for q := p.from.seq; ; q = q.owner.seq {
		w.taken[q]++
		x := w.edge[q].x + laneW*w.taken[q] - laneW/2
		points = append(points, Point{x, y})
		if q == p.to.seq {
			to := target.Y + target.H/2
			points = append(points, Point{x, to})
			w.line(loose{from: p.from.id, kind: "back", label: p.label, points: points}, p.to.id, Point{target.X, to})
			return
		}
		y = w.edge[q].y - gapY/4 - 2*(w.taken[q]%4)
		points = append(points, Point{x, y})
	}
}
