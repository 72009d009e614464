package docket

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/link"
	"touyan.dev/touyan/kernel/matter"
)

// node is a matter in the tree of its root.
type node struct {
	Row      Row    `json:"row"`
	Tasks    []task `json:"tasks"`
	Children []node `json:"children"`
	Stuck    bool   `json:"stuck" doc:"the bottleneck: the latest open step of the tree"`
}

// tree gives the whole tree that a matter belongs to, as far as who may see it.
func (o *Office) tree(ctx context.Context, who auth.Principal, id int64) (node, error) {
	m, err := o.Desk.Get(ctx, who, id)
	if err != nil {
		return node{}, err
	}
	for m.Parent != 0 {
		parent, err := o.Desk.Get(ctx, who, m.Parent)
		if fault.Is(err, fault.NotFound) {
			break
		}
		if err != nil {
			return node{}, err
		}
		m = parent
	}
	v := o.view(who)
	root, err := o.branch(ctx, v, m)
	if err != nil {
		return node{}, err
	}
	if worst := root.worst(nil); worst != nil {
		worst.Stuck = true
	}
	return root, nil
}

func (o *Office) branch(ctx context.Context, v view, m matter.Matter) (node, error) {
	rows, err := o.rows(ctx, v, []matter.Matter{m})
	if err != nil {
		return node{}, err
	}
	n := node{Row: rows[0], Tasks: []task{}, Children: []node{}}
	for _, s := range m.Clocks.Slots {
		n.Tasks = append(n.Tasks, v.task(m, s, nil))
	}
	kids, err := o.Desk.Kids(ctx, v.who, m)
	if err != nil {
		return n, err
	}
	for _, k := range kids {
		child, err := o.branch(ctx, v, k)
		if err != nil {
			return n, err
		}
		n.Children = append(n.Children, child)
	}
	return n, nil
}

// worst finds the open step with the earliest due time: what holds the tree up.
func (n *node) worst(best *node) *node {
	if len(n.Tasks) > 0 && n.Row.Due != "" && (best == nil || n.Row.Due < best.Row.Due) {
		best = n
	}
	for i := range n.Children {
		best = n.Children[i].worst(best)
	}
	return best
}

// provenance is the web around a matter (来龙去脉).
type provenance struct {
	Nodes   []provNode `json:"nodes"`
	Edges   []provEdge `json:"edges"`
	Missing []missing  `json:"missing"`
	Hidden  int        `json:"hidden" doc:"ends that the one who asks may not see"`
}

type provNode struct {
	Key      string     `json:"key"`
	Type     string     `json:"type"`
	TypeName fault.Text `json:"type_name"`
	Title    string     `json:"title"`
	At       string     `json:"at"`
	Who      string     `json:"who"`
	Href     string     `json:"href,omitempty"`
}

type provEdge struct {
	From    string     `json:"from"`
	Rel     string     `json:"rel"`
	RelName fault.Text `json:"rel_name"`
	To      string     `json:"to"`
	At      string     `json:"at"`
	Pos     int64      `json:"pos"`
}

// missing is a next step that has not been taken.
type missing struct {
	Key  string     `json:"key"`
	Text fault.Text `json:"text"`
	Act  string     `json:"act,omitempty"`
}

// The reach of provenance: how many edges away, and how many at most.
const (
	traceDepth = 4
	traceMost  = 300
)

func (o *Office) provenance(ctx context.Context, who auth.Principal, id int64) (provenance, error) {
	got := provenance{Nodes: []provNode{}, Edges: []provEdge{}, Missing: []missing{}}
	m, err := o.Desk.Get(ctx, who, id)
	if err != nil {
		return got, err
	}
	made, err := link.Trace(ctx, o.DB, id, traceDepth, traceMost)
	if err != nil {
		return got, err
	}
	if made, err = o.unsealed(ctx, who, id, made); err != nil {
		return got, err
	}
	v := o.view(who)
	keys := map[int64]string{}
	resolve := func(id int64) (string, error) {
		if key, done := keys[id]; done {
			return key, nil
		}
		n, ok, err := o.provNode(ctx, v, id)
		if err != nil {
			return "", err
		}
		if ok {
			got.Nodes = append(got.Nodes, n)
		} else {
			got.Hidden++
		}
		keys[id] = n.Key
		return n.Key, nil
	}
	if _, err := resolve(m.ID); err != nil {
		return got, err
	}
	answered := false
	for _, e := range made {
		from, err := resolve(e.Source)
		if err != nil {
			return got, err
		}
		to, err := resolve(e.Target)
		if err != nil {
			return got, err
		}
		answered = answered || e.Rel == link.Respond
		if from == "" || to == "" {
			continue
		}
		ev, err := event.At(ctx, o.DB, e.Pos)
		if err != nil {
			return got, err
		}
		got.Edges = append(got.Edges, provEdge{From: from, Rel: string(e.Rel), RelName: e.Rel.Names(), To: to, At: at(ev.Recorded), Pos: e.Pos})
	}
	sort.SliceStable(got.Edges, func(i, k int) bool { return got.Edges[i].Pos < got.Edges[k].Pos })
	got.Missing = v.missing(m, keys[m.ID], answered)
	return got, nil
}

// unsealed leaves out the edges that lead to matters which are kept from the
// reader, and what is reached through them alone: to him they do not exist, and
// must not be counted among what he may not see.
func (o *Office) unsealed(ctx context.Context, who auth.Principal, from int64, made []link.Made) ([]link.Made, error) {
	ids := []int64{}
	for _, e := range made {
		ids = append(ids, e.Source, e.Target)
	}
	kept, err := o.Desk.Kept(ctx, who, ids)
	if err != nil || len(kept) == 0 {
		return made, err
	}
	made = slices.DeleteFunc(made, func(e link.Made) bool { return kept[e.Source] || kept[e.Target] })
	reached := map[int64]bool{from: true}
	for grown := true; grown; {
		grown = false
		for _, e := range made {
			if reached[e.Source] != reached[e.Target] {
				reached[e.Source], reached[e.Target], grown = true, true, true
			}
		}
	}
	return slices.DeleteFunc(made, func(e link.Made) bool { return !reached[e.Source] }), nil
}

// missing names the next steps that the matter still owes.
func (v view) missing(m matter.Matter, key string, answered bool) []missing {
	out := []missing{}
	add := func(act, zh, en string) { out = append(out, missing{Key: key, Text: fault.T(zh, en), Act: act}) }
	if m.Parent != 0 {
		return out
	}
	if m.Source == 0 {
		add("", "没有登记来源：不是由批示或材料转来", "No source is recorded: it came from no instruction or document")
	}
	if m.Status != matter.Ended && len(m.Clocks.Kids) == 0 {
		add("assign", "尚未交办到单位", "Not assigned to any unit yet")
	}
	if m.Status != matter.Ended && !answered {
		add("", "尚未向交办人回应", "The originator has no answer yet")
	}
	if m.Status == matter.Ended && !unhandled(m.Outcome) {
		add("", "办结后没有效果评价", "No evaluation of its effect has been made")
	}
	return out
}

// provNode resolves an id to what it is, as far as the reader may see it.
func (o *Office) provNode(ctx context.Context, v view, id int64) (provNode, bool, error) {
	ev, err := event.At(ctx, o.DB, id)
	if err != nil {
		return provNode{}, false, err
	}
	n := provNode{At: at(ev.Recorded), Who: v.actor(ev.Actor)}
	if t, ok, err := o.thing(ctx, v.who, ev); ok || err != nil {
		if err != nil {
			return hidden(err)
		}
		n.Key, n.Type, n.TypeName, n.Title, n.Href = t.Key, t.Type, t.Name, cut(t.Title, 60), t.Link
		return n, true, nil
	}
	kind, act, _ := strings.Cut(ev.Kind, "/")
	switch {
	case kind == "docket.instruction":
		i, err := o.Instruction(ctx, v.who, ev.Subject)
		if err != nil {
			return hidden(err)
		}
		n.Key, n.Type, n.TypeName = fmt.Sprintf("instruction:%d", i.ID), "instruction", fault.T("批示", "Instruction")
		n.Title, n.Who, n.At = cut(i.Verbatim, 60), v.person(i.Leader), at(i.Received)
		n.Href = fmt.Sprintf("/instructions/%d", i.ID)
	case kind == "docket.intake":
		in, all, err := o.Intake(ctx, v.who, ev.Subject)
		if err != nil {
			return hidden(err)
		}
		n.Key, n.Type, n.TypeName, n.Title = fmt.Sprintf("source:%d", id), "source", fault.T("原文", "Source sentence"), in.Title
		for _, p := range all {
			if p.Confirm == id {
				n.Title = cut(p.Source.Text, 60)
			}
		}
		n.Href = fmt.Sprintf("/imports/%d", in.ID)
	case act == "open":
		m, err := o.Desk.Get(ctx, v.who, ev.Subject)
		if err != nil {
			return hidden(err)
		}
		n.Key, n.Type, n.TypeName = fmt.Sprintf("matter:%d", m.ID), "matter", v.kindName(m.Kind)
		n.Title, n.Who = strings.TrimSpace(m.Number+" "+m.Title), v.unit(m.Unit).ZH
		if m.Parent != 0 { // the parts of a matter bear its title; what tells them apart is the unit
			n.Title = n.Who + " " + n.Title
		}
		n.Href = fmt.Sprintf("/matters/%d", m.ID)
	default:
		m, err := o.Desk.Get(ctx, v.who, ev.Subject)
		if err != nil {
			return hidden(err)
		}
		step, name := actOf(ev.Kind)
		n.Key, n.Type, n.TypeName = fmt.Sprintf("answer:%d", id), "answer", fault.T("回应", "Answer")
		n.Title, n.Href = actName(v.def(m.Def), step, name).ZH, fmt.Sprintf("/matters/%d", m.ID)
	}
	return n, true, nil
}

// hidden turns "not for you" into an end that is only counted.
func hidden(err error) (provNode, bool, error) {
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Forbidden) {
		return provNode{}, false, nil
	}
	return provNode{}, false, err
}
