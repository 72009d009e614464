package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"touyan.dev/touyan/demo"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// demoCmd runs the fictional city and its story.
type demoCmd struct {
	Data   string `help:"Directory of the demo. It is used again when it holds a finished demo." default:"data/demo" type:"path"`
	Listen string `help:"Address to listen on." default:"127.0.0.1:8080" env:"TOUYAN_LISTEN"`
	Now    string `help:"When the story begins, in November or December 2026." default:"2026-11-23T08:30"`
	Fresh  bool   `help:"Build the city anew."`
}

// Run implements the command.
func (c *demoCmd) Run(ctx context.Context, s streams) error {
	begin, err := calendar.ParseInstant(c.Now)
	if err != nil {
		return err
	}
	prog, story, err := openDemo(ctx, c.Data, begin, c.Fresh, s)
	if err != nil {
		return err
	}
	if err := welcome(ctx, story, s); err != nil {
		return errors.Join(err, prog.Close())
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	ticking, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- story.Tick(ticking, tick.C, time.Second) }()
	err = prog.serve(ctx, c.Listen, Front{
		City: fault.T("澄川市", "Chengchuan"), Office: fault.T("澄川市人民政府办公室", "General Office of Chengchuan City"), Demo: true,
	}, s, story.Register)
	stop()
	return errors.Join(err, <-ended)
}

// openDemo opens the demo of a directory, and builds it first where there is no
// finished one.
func openDemo(ctx context.Context, dir string, begin time.Time, fresh bool, s streams) (*Program, *demo.Story, error) {
	record, found, err := demo.ReadRecord(dir)
	if err != nil && !fresh {
		return nil, nil, err
	}
	if fresh || found && !record.Ready {
		if err := demo.Clear(dir); err != nil {
			return nil, nil, err
		}
		found = false
	}
	at := demo.Founded()
	if found {
		at = record.Now
	}
	clk := clock.NewManual(at)
	place := Place{Data: dir, Name: "touyan/chengchuan", Sign: "澄", accounts: auth.Options{Wall: clock.System{}, Light: true}}
	prog, err := place.open(ctx, clk, store.Options{})
	if err != nil {
		return nil, nil, err
	}
	parts := demo.Parts{
		DB: prog.DB, File: filepath.Join(dir, "touyan.db"), Dir: dir, Clock: clk, Key: prog.Key, Book: prog.Book, Rules: prog.Rules,
		Accounts: prog.Accounts, Registry: prog.Registry, Desk: prog.Desk, Docket: prog.Docket,
	}
	if !found {
		fmt.Fprintln(s.out, "正在建立澄川市（约十几秒） Building the city of Chengchuan (some ten seconds) …")
		if err := demo.Seed(ctx, parts, begin); err != nil {
			return nil, nil, errors.Join(err, prog.Close())
		}
	}
	story, err := demo.Open(ctx, parts)
	if err != nil {
		return nil, nil, errors.Join(err, prog.Close())
	}
	return prog, story, nil
}

// welcome prints who can sign in and what to try.
func welcome(ctx context.Context, story *demo.Story, s streams) error {
	state, err := story.State(ctx)
	if err != nil {
		return err
	}
	sum, err := story.Summary(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\n澄川市（虚构） Chengchuan, a fictional city: %d 个单位 units, %d 人 people, %d 件事项 matters (%d 在办 open, %d 超期 late), %d 条记录 events\n\n",
		sum.Units, sum.People, sum.Matters, sum.Open, sum.Late, sum.Events)
	for _, l := range state.Logins {
		fmt.Fprintf(s.out, "  %-10s %s · %s\n", l.Login, l.Role.ZH, l.Role.EN)
	}
	if len(state.Logins) > 0 {
		fmt.Fprintf(s.out, "  口令 password: %s\n", state.Logins[0].Password)
	}
	fmt.Fprint(s.out, `
试试这五件事 Five things to try
  1. /story     按“下一步”，看一条批示从登记走到销号  press "next": one instruction from entry to closing
  2. tang       导入一份工作报告（/imports），确认几条，交办  bring in a work report, confirm some, dispatch
  3. shen       用手机宽度签收、分办  sign for a matter and split it, at phone width
  4. lin        打开任一事项的“来龙去脉”和“凭证”  provenance and receipt of any matter
  5. auditor    /story 末尾“改动一个字节”，看核对指出哪一条  alter one byte in a copy and see it found

`)
	return nil
}
