package demo

import (
	"context"
	"net/http"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/web"
)

// found is what the alteration of a copy led to.
type found struct {
	Copy  string   `json:"copy" doc:"name of the altered copy in the data directory; the original is not touched"`
	Found *finding `json:"found" doc:"null if the check noticed nothing"`
}

type finding struct {
	Pos  int64      `json:"pos"`
	Text fault.Text `json:"text"`
}

type stateOut struct{ Body State }
type foundOut struct{ Body found }

type daysIn struct {
	Body struct {
		Days int `json:"days" minimum:"1" maximum:"90"`
	}
}

// Register adds the demo's operations to the server. Only the demo does so.
func (s *Story) Register(server *web.Server) {
	const tag = "demo"
	web.Register(server, web.Op{Method: http.MethodGet, Path: "/api/demo", ID: "demo", Summary: "The story and its people", Tag: tag, Open: true},
		func(ctx context.Context, _ *struct{}) (*stateOut, error) { return s.answer(ctx, nil) })
	web.Register(server, web.Op{Method: http.MethodPost, Path: "/api/demo/next", ID: "demo-next", Summary: "Let the story's next step happen", Tag: tag},
		func(ctx context.Context, _ *struct{}) (*stateOut, error) {
			return s.answer(ctx, s.Next(ctx, web.Key(ctx)))
		})
	web.Register(server, web.Op{Method: http.MethodPost, Path: "/api/demo/days", ID: "demo-days", Summary: "Let days pass", Tag: tag},
		func(ctx context.Context, in *daysIn) (*stateOut, error) {
			return s.answer(ctx, s.Days(ctx, in.Body.Days, web.Key(ctx)))
		})
	web.Register(server, web.Op{Method: http.MethodPost, Path: "/api/demo/tamper", ID: "demo-tamper", Summary: "Alter one byte in a copy and check the copy", Tag: tag},
		func(ctx context.Context, _ *struct{}) (*foundOut, error) {
			a, err := s.Tamper(ctx)
			out := &foundOut{Body: found{Copy: a.Copy}}
			if a.Findings > 0 {
				out.Body.Found = &finding{Pos: a.Pos, Text: a.Text}
			}
			return out, err
		})
}

// answer gives the state, unless what was done before has failed.
func (s *Story) answer(ctx context.Context, err error) (*stateOut, error) {
	if err != nil {
		return nil, err
	}
	state, err := s.State(ctx)
	return &stateOut{state}, err
}
