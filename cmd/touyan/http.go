package main

import "context"

// serve runs the program's HTTP server and its timers until ctx ends.
func (p *Program) serve(ctx context.Context, listen string, s streams) error {
	<-ctx.Done()
	return p.Close()
}
