package main

import (
	"io/fs"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/attach"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/bus"
	"touyan.dev/touyan/kernel/erase"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/link"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/notice"
	"touyan.dev/touyan/kernel/serial"
	"touyan.dev/touyan/observatory"
)

// migrations lists the tables of every package that owns some.
func migrations() []fs.FS {
	return []fs.FS{
		event.Migrations(), bus.Migrations(), auth.Migrations(), serial.Migrations(), link.Migrations(), matter.Migrations(), notice.Migrations(), attach.Migrations(),
		docket.Migrations(), observatory.Migrations(),
	}
}

// policies lists the rights of every domain.
func policies() []auth.Source {
	return []auth.Source{auth.Policies(), matter.Policies(), docket.Policies(), observatory.Policies()}
}

// definitions lists the procedures of every domain.
func definitions() ([]matter.Source, error) {
	return docket.Definitions()
}

// holders lists every package whose rows hold texts that an erasure empties.
func holders() []erase.Holder {
	return []erase.Holder{matter.Holder(), docket.Holder(), attach.Holder(), observatory.Holder()}
}
