// Package docket is the office's own work: what comes in, what leaders
// instruct, what is followed up, and the answer that goes back.
//
// This part holds instructions (批示), entered for a leader and confirmed by him
// later (代录与确认), supervision (督查) by Decree 733 in its five kinds, everyday
// follow-up (日常督办) among them, and the intake of work reports and task lists
// (任务分解): a program proposes, a person confirms,
// and nothing is dispatched unconfirmed. Procedures are in definitions/, rights
// in policies/; the engine (kernel/matter) keeps every state.
//
// It never changes the words of an instruction, and never lets a matter end
// without an answer to whoever gave it.
package docket

import (
	"embed"
	"io/fs"
	"sync"

	"touyan.dev/touyan/docket/report"
	"touyan.dev/touyan/kernel/attach"
	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/store"
)

// The kinds of matters of the docket.
const (
	FollowUp   = "docket.followup"   // 日常督办
	Commitment = "docket.commitment" // 任务分解
)

// Series gives the sign of the numbers of each kind that draws one, for a city
// whose sign in document numbers is given.
func Series(city string) map[string]string {
	out := map[string]string{}
	for kind, sign := range map[string]string{
		FollowUp: "督", Commitment: "任", "docket.proposal": "建", "docket.motion": "提", "docket.incoming": "收", "docket.resolution": "议",
		"docket.letter": "信", "docket.difficulty": "哨", "docket.seek": "争", "docket.countersign": "签", "docket.decision": "决",
		"docket.overall": "督查", "docket.special": "督查", "docket.event": "督查", "docket.clue": "督查",
	} {
		out[kind] = city + "政" + sign
	}
	return out
}

// Office does the docket's work. Fill all fields.
type Office struct {
	DB    *store.DB
	Clock clock.Clock
	Book  *auth.Book
	Rules *auth.Rules
	Key   *audit.Key
	Desk  *matter.Engine
	Units report.Rules // which unit usually leads what
	Files *attach.Cabinet
	// Series gives a sort of paper the sign of its numbers: urge → 澄政督函. A sort
	// without one is not numbered.
	Series map[Sort]string
	Cap    int // supervisions of one town in a month; 0 means MonthlyCap

	// Neighbours are the other domains that matters may come from.
	Neighbours []Neighbour

	approvals sync.Mutex // held while a supervision is counted and approved
}

//go:embed definitions/*.yaml
var definitions embed.FS

//go:embed policies/docket.cedar
var policies string

//go:embed migrations/*.sql
var migrations embed.FS

// Definitions gives the docket's procedures.
func Definitions() ([]matter.Source, error) {
	names, err := fs.Glob(definitions, "definitions/*.yaml")
	if err != nil {
		return nil, err
	}
	var out []matter.Source
	for _, name := range names {
		text, err := definitions.ReadFile(name)
		if err != nil {
			return nil, err
		}
		out = append(out, matter.Source{File: "docket/" + name, Text: string(text)})
	}
	return out, nil
}

// Policies gives the docket's rights, for auth.NewRules.
func Policies() auth.Source {
	return auth.Source{Name: "docket/policies/docket.cedar", Text: policies}
}

// Migrations gives the docket's tables.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic("docket: " + err.Error())
	}
	return sub
}
