package process

import (
	"strings"
	"time"

	"touyan.dev/touyan/kernel/matter/flow"
)

// Line is what is written on one line of a definition's drawing.
type Line struct {
	Count  int
	Worked time.Duration // mean of those that came this way; 0 for what has no wait before it
}

// Draw counts walks on the lines of a definition's drawing: one Line for each of
// its edges, in their order. A walk may run over several lines, through choices.
// outcome names the end that a matter reached.
func Draw(d flow.Diagram, moves []Walk, outcome func(string) string) []Line {
	lines := make([]Line, len(d.Edges))
	sums := make([]time.Duration, len(d.Edges))
	g := newGraph(d)
	for _, m := range moves {
		to := func(n flow.Node) bool { return n.ID == m.To }
		if end, ok := strings.CutPrefix(m.To, "end:"); ok {
			name := outcome(end)
			to = func(n flow.Node) bool { return n.Kind == "end" && n.ZH == name }
		} else if m.To == "join" {
			to = func(n flow.Node) bool { return strings.HasSuffix(n.ID, ".join") }
		}
		for _, i := range g.path(m.From, to, m.Back) {
			lines[i].Count += m.Count
			sums[i] += m.Worked
		}
	}
	for i := range lines {
		if lines[i].Count > 0 {
			lines[i].Worked = sums[i] / time.Duration(lines[i].Count)
		}
	}
	return lines
}

// graph is a drawing by its nodes and what leads out of each.
type graph struct {
	d     flow.Diagram
	nodes map[string]flow.Node
	out   map[string][]int
}

func newGraph(d flow.Diagram) graph {
	g := graph{d, map[string]flow.Node{}, map[string][]int{}}
	for _, n := range d.Nodes {
		g.nodes[n.ID] = n
	}
	for i, e := range d.Edges {
		g.out[e.From] = append(g.out[e.From], i)
	}
	return g
}

// path gives the lines from a node to another, by the fewest, through nothing
// but choices; a return is one line.
func (g graph) path(from string, to func(flow.Node) bool, back bool) []int {
	type stop struct {
		node string
		way  []int
	}
	seen := map[string]bool{from: true}
	for queue := []stop{{from, nil}}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		for _, i := range g.out[at.node] {
			e := g.d.Edges[i]
			if (e.Kind == "back") != back {
				continue
			}
			way := append(at.way[:len(at.way):len(at.way)], i)
			n := g.nodes[e.To]
			if to(n) {
				return way
			}
			if !back && n.Kind == "choice" && !seen[n.ID] {
				seen[n.ID] = true
				queue = append(queue, stop{n.ID, way})
			}
		}
	}
	return nil
}
