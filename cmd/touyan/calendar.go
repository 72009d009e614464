package main

import (
	"context"
	"fmt"
	"strings"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
)

// calendarCmd groups what concerns working days.
type calendarCmd struct {
	Due    calendarDueCmd    `cmd:"" help:"从某一时刻起算的时限何时届满。 When a limit ends that begins at a time."`
	Notice calendarNoticeCmd `cmd:"" help:"录入国务院办公厅晚到的放假通知，并重算暂定的时限。 Enter a State Council holiday notice that came late, and compute provisional deadlines again."`
}

// calendarDueCmd prints a deadline.
type calendarDueCmd struct {
	From  string `required:"" help:"起算时刻，如 2026-02-10T09:30（北京时间）或 RFC 3339。 When the limit begins, as 2026-02-10T09:30 (Asia/Shanghai) or RFC 3339." placeholder:"TIME"`
	Limit string `required:"" help:"时限：5wd（工作日）、30d（自然日）、24h；加 @close 为下班时届满，+roll 为遇节假日顺延。 The limit: 5wd (working days), 30d (natural days), 24h; @close ends at close of business, +roll moves off a holiday." placeholder:"LIMIT"`
	JSON  bool   `help:"输出 JSON。 Print JSON."`
}

func (c *calendarDueCmd) Help() string {
	return `按程序内置的放假通知计算，不需要数据库；列出计入的每一天。
It counts by the notices built into the program and needs no database; every day counted is listed.

  touyan calendar due --from 2026-02-10T09:30 --limit 5wd
  touyan calendar due --from 2026-09-25T16:00 --limit 30d+roll --json`
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
		note = " （暂定：当年放假通知尚未发布 provisional: the year's holiday notice is not out）"
	}
	fmt.Fprintf(s.out, "%s%s\n%s\n", a.Due, note, strings.Join(a.Counted, " "))
	return nil
}

// calendarNoticeCmd enters a late notice.
type calendarNoticeCmd struct {
	File string `arg:"" help:"通知文件，格式见上。 The notice, in the form above."`
	operator
}

func (c *calendarNoticeCmd) Help() string {
	return `文件一行一项，日期写 MM-DD 或完整日期；# 开头为注释：
One thing a line, dates as MM-DD or in full; a line that begins with # is a comment:

  notice 2027
  number 国办发明电〔2026〕9号
  source https://www.gov.cn/
  off  01-01..01-03 元旦
  work 02-07 02-20 春节

更正某年通知的另一份通知，首行写 notice 2027/2。同一份通知再录入一次不会重复，只把没算完的算完。
A later notice that changes a year begins with notice 2027/2. Entering a notice twice enters nothing, and finishes what was not computed.

  touyan calendar notice 2027.txt --as admin`
}

// noticed is the answer of calendar notice.
type noticed struct {
	Changed int           `json:"changed"` // matters whose deadlines have changed
	Again   bool          `json:"again"`   // it was entered before
	Receipt audit.Receipt `json:"receipt"`
}

// Run implements the command.
func (c *calendarNoticeCmd) Run(ctx context.Context, s streams) error {
	text, err := readFile(c.File)
	if err != nil {
		return err
	}
	if _, err := calendar.ParseNotice(c.File, text); err != nil {
		return err
	}
	return c.act(ctx, "calendar notice", func(prog *Program, who auth.Principal) error {
		done, changed, err := prog.Desk.LoadNotice(ctx, who, string(text), once())
		if err != nil {
			return err
		}
		how := "已录入 entered"
		if done.Again {
			how = "先前已录入 entered before"
		}
		return c.give(s, done.Receipt, noticed{changed, done.Again, done.Receipt}, fmt.Sprintf("%s；%d 个事项的时限有变 matters with new deadlines: %d", how, changed, changed))
	})
}
