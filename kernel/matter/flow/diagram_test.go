package flow

import (
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write golden files anew")

func TestDiagramGolden(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		got, err := json.MarshalIndent(sample(t, "followup.yaml").Diagram(lang), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", "diagram."+lang+".json")
		if *update {
			if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
			t.Errorf("%s (-want +got; mend or run with -update)\n%s", file, diff)
		}
	}
}

// TestDiagramLaws: on random definitions no boxes overlap, all is inside the
// frame, every block is there, lines begin and end at their boxes, run
// straight, and cross no other box.
func TestDiagramLaws(t *testing.T) {
	for i := range 400 {
		rng := rand.New(rand.NewPCG(7, uint64(i)))
		p := generate(rng, "r.main", "r.child")
		addReturn(rng, p)
		d, err := Parse("random", p.render())
		if err != nil {
			t.Fatal(err)
		}
		if !lawful(t, d, d.Diagram("zh")) {
			t.Fatalf("in\n%s", p.render())
		}
	}
}

func lawful(t *testing.T, d *Def, g Diagram) bool {
	t.Helper()
	boxes := map[string]Node{}
	for i, n := range g.Nodes {
		if n.X < 0 || n.Y < 0 || n.X+n.W > g.W || n.Y+n.H > g.H {
			t.Errorf("%s is outside of the frame", n.ID)
		}
		for _, o := range g.Nodes[:i] {
			if n.ID == o.ID || n.X < o.X+o.W && o.X < n.X+n.W && n.Y < o.Y+o.H && o.Y < n.Y+n.H {
				t.Errorf("%s and %s overlap", n.ID, o.ID)
			}
		}
		boxes[n.ID] = n
	}
	backs := 0
	for _, n := range d.order {
		if n.id != "" && boxes[n.id].ID == "" {
			t.Errorf("%s is not drawn", n.id)
		}
		for i := range n.acts {
			if n.acts[i].back != nil {
				backs++
			}
		}
	}
	for _, e := range g.Edges {
		if e.Kind == "back" {
			backs--
		}
		first, last := e.Points[0], e.Points[len(e.Points)-1]
		if !touches(boxes[e.From], first) || !touches(boxes[e.To], last) {
			t.Errorf("the line %s → %s does not meet its boxes: %v", e.From, e.To, e.Points)
		}
		for i := 1; i < len(e.Points); i++ {
			straight(t, g, e, e.Points[i-1], e.Points[i])
		}
	}
	if backs != 0 {
		t.Errorf("%d returns are not drawn", backs)
	}
	return !t.Failed()
}

func touches(n Node, p Point) bool {
	inX, inY := p.X >= n.X && p.X <= n.X+n.W, p.Y >= n.Y && p.Y <= n.Y+n.H
	return inX && (p.Y == n.Y || p.Y == n.Y+n.H) || inY && (p.X == n.X || p.X == n.X+n.W)
}

// straight checks one piece of a line.
func straight(t *testing.T, g Diagram, e Edge, a, b Point) {
	t.Helper()
	if a.X != b.X && a.Y != b.Y {
		t.Errorf("the line %s → %s is not straight at %v", e.From, e.To, a)
	}
	x0, x1, y0, y1 := min(a.X, b.X), max(a.X, b.X), min(a.Y, b.Y), max(a.Y, b.Y)
	if x0 < 0 || y0 < 0 || x1 > g.W || y1 > g.H {
		t.Errorf("the line %s → %s leaves the frame", e.From, e.To)
	}
	for _, n := range g.Nodes {
		if x0 < n.X+n.W && x1 > n.X && y0 < n.Y+n.H && y1 > n.Y {
			t.Errorf("the line %s → %s crosses %s", e.From, e.To, n.ID)
		}
	}
}
