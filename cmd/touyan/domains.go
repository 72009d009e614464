package main

import (
	"context"
	"fmt"
	"maps"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/notice"
	"touyan.dev/touyan/observatory"
)

// tellers are the domains that say who is told what; an event or a notice is of
// one of them.
type tellers []notice.Domain

// Told implements notice.Domain.
func (t tellers) Told(ctx context.Context, e event.Event) ([]notice.Told, error) {
	for _, d := range t {
		if told, err := d.Told(ctx, e); err != nil || len(told) > 0 {
			return told, err
		}
	}
	return nil, nil
}

// Words implements notice.Domain.
func (t tellers) Words(ctx context.Context, person int64, list []notice.Notice) (map[int64]notice.Words, error) {
	out := map[int64]notice.Words{}
	for _, d := range t {
		words, err := d.Words(ctx, person, list)
		if err != nil {
			return nil, err
		}
		maps.Copy(out, words)
	}
	return out, nil
}

// watching is the observatory as the docket's neighbour.
type watching struct{ *observatory.Desk }

// Thing implements docket.Neighbour.
func (w watching) Thing(ctx context.Context, who auth.Principal, e event.Event) (docket.Thing, bool, error) {
	t, ok, err := w.Desk.Thing(ctx, who, e)
	return docket.Thing{Key: fmt.Sprintf("%s:%d", t.Sort, t.ID), Type: t.Sort, Name: t.Name, Title: t.Title, Link: t.Link}, ok, err
}

// mayFile asks the domain whose object the files are of.
func mayFile(office *docket.Office, watch *observatory.Desk) func(context.Context, auth.Principal, int64, bool) error {
	return func(ctx context.Context, who auth.Principal, subject int64, add bool) error {
		if known, err := watch.MayFile(ctx, who, subject, add); known || err != nil {
			return err
		}
		return office.MayFile(ctx, who, subject, add)
	}
}
