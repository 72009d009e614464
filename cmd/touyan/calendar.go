package main

import (
	"fmt"
	"strings"

	"touyan.dev/touyan/kernel/calendar"
)

// calendarCmd groups what concerns working days.
type calendarCmd struct {
	Due calendarDueCmd `cmd:"" help:"When a limit ends that begins at a time."`
}

// calendarDueCmd prints a deadline.
type calendarDueCmd struct {
	From  string `required:"" help:"When the limit begins, as 2026-02-10T09:30 (Asia/Shanghai) or RFC 3339."`
	Limit string `required:"" help:"The limit: 5wd (working days), 30d (natural days), 24h; @close ends at close of business, +roll moves off a holiday."`
	JSON  bool   `help:"Print JSON."`
}

// Run implements the command.
func (c *calendarDueCmd) Run(s streams) error {
	from, err := calendar.ParseInstant(c.From)
	if err != nil {
		return err
	}
	limit, err := calendar.ParseLimit(c.Limit)
	if err != nil {
		return err
	}
	a := calendar.Default().Answer(from, limit, nil)
	if c.JSON {
		return printJSON(s.out, a)
	}
	note := ""
	if a.Provisional {
		note = " （暂定：当年节假日通知尚未发布 provisional: the year's holiday notice is not out）"
	}
	fmt.Fprintf(s.out, "%s%s\n%s\n", a.Due, note, strings.Join(a.Counted, " "))
	return nil
}
