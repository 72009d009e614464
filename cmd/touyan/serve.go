package main

import (
	"context"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// version of the program, as the OpenAPI document and /api/health say it.
const version = "0.1.0"

// serveCmd runs the server.
type serveCmd struct {
	Place
	Listen   string `help:"Address to listen on. Put a TLS proxy in front of anything but this machine." default:"127.0.0.1:8080" env:"TOUYAN_LISTEN"`
	City     string `help:"Name of the city." default:"本市" env:"TOUYAN_CITY"`
	CityEN   string `help:"The same in English." default:"The city" env:"TOUYAN_CITY_EN"`
	Office   string `help:"Name of the office." default:"市政府办公室" env:"TOUYAN_OFFICE"`
	OfficeEN string `help:"The same in English." default:"General Office" env:"TOUYAN_OFFICE_EN"`
}

// Run implements the command.
func (c *serveCmd) Run(ctx context.Context, s streams) error {
	prog, err := c.open(ctx, clock.System{}, store.Options{})
	if err != nil {
		return err
	}
	return prog.serve(ctx, c.Listen, Front{City: fault.T(c.City, c.CityEN), Office: fault.T(c.Office, c.OfficeEN)}, s)
}
