package docket

import (
	"context"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
)

// Neighbour is another domain as far as the docket meets it: matters come from
// its things and show them in 来龙去脉, and its events have receipts.
type Neighbour interface {
	// Thing tells of the object of an event; ok is false if the event is none of
	// the neighbour's. It is NotFound or Forbidden for what who may not see.
	Thing(ctx context.Context, who auth.Principal, e event.Event) (t Thing, ok bool, err error)
}

// Thing is an object of a neighbour, for a line of 来龙去脉.
type Thing struct {
	Key   string     // unique among all things: "fact:123"
	Type  string     // "fact"
	Name  fault.Text // of the type
	Title string
	Link  string // path of its page
}

// thing asks the neighbours for the object of an event.
func (o *Office) thing(ctx context.Context, who auth.Principal, e event.Event) (Thing, bool, error) {
	for _, n := range o.Neighbours {
		if t, ok, err := n.Thing(ctx, who, e); ok || err != nil {
			return t, ok, err
		}
	}
	return Thing{}, false, nil
}
