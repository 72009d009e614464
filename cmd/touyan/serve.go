package main

import (
	"context"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/store"
)

// serveCmd runs the server.
type serveCmd struct {
	Place
	Listen string `help:"Address to listen on." default:"127.0.0.1:8080" env:"TOUYAN_LISTEN"`
}

// Run implements the command.
func (c *serveCmd) Run(ctx context.Context, s streams) error {
	prog, err := c.open(ctx, clock.System{}, store.Options{})
	if err != nil {
		return err
	}
	return prog.serve(ctx, c.Listen, s)
}
