package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
)

// delegateCmd groups what concerns acting for another.
type delegateCmd struct {
	Give delegateGiveCmd `cmd:"" help:"委托他人代行职务，或指定AB角。 Delegate posts, or name a standing deputy."`
	End  delegateEndCmd  `cmd:"" help:"立即终止委托。 End a delegation now."`
	List delegateListCmd `cmd:"" help:"列出委托与AB角。 List delegations and deputies."`
	Away delegateAwayCmd `cmd:"" help:"标明某人不在岗，其AB角随即代行。 Mark a person as away; his deputies act for him."`
	Back delegateBackCmd `cmd:"" help:"销假：此人已回岗。 Mark a person as back."`
}

// span is from when to when something holds.
type span struct {
	Since string `help:"起始的日期或时刻；不填即刻起。 The first day or instant; now if left out." placeholder:"YYYY-MM-DD"`
	Until string `help:"最后一天，或终止的时刻。 The last day, or the instant at which it ends." placeholder:"YYYY-MM-DD"`
}

// times reads the span; a day as the end is included whole.
func (s span) times(now time.Time) (since, until time.Time, err error) {
	read := func(flag, text string) (time.Time, error) {
		t, err := calendar.ParseInstant(text)
		if err != nil {
			err = fault.At("touyan.delegate", flag, "时间应写作 2026-11-30 或 2026-11-30T17:30。", "A time is written 2026-11-30 or 2026-11-30T17:30.")
		}
		return t, err
	}
	if s.Since != "" {
		if since, err = read("--since", s.Since); err != nil {
			return since, until, err
		}
		if len(s.Since) == len(time.DateOnly) && calendar.DayOf(since) == calendar.DayOf(now) {
			since = now
		}
	}
	if s.Until != "" {
		if until, err = read("--until", s.Until); err == nil && len(s.Until) == len(time.DateOnly) {
			until = until.AddDate(0, 0, 1)
		}
	}
	return since, until, err
}

// lent is the answer of a command about a delegation or an absence.
type lent struct {
	ID      int64         `json:"id"`
	Receipt audit.Receipt `json:"receipt"`
}

// answerLent gives what was done, with its receipt.
func (o operator) answerLent(ctx context.Context, s streams, prog *Program, who auth.Principal, key, sentence string) error {
	r, err := prog.receiptOf(ctx, who, key)
	if err != nil {
		return err
	}
	return o.give(s, r, lent{r.Envelope.Subject, r}, fmt.Sprintf("%s（%d）", sentence, r.Envelope.Subject))
}

type delegateGiveCmd struct {
	Taker    string   `arg:"" help:"受托人的登录名。 The delegate's login."`
	Of       string   `help:"为此人指定AB角（登录名），由管理员操作；不填为 --as 本人。 Whose deputy is named, by an administrator; oneself if left out." placeholder:"LOGIN"`
	Post     int64    `help:"只委托此任职（编号见 touyan user list）；不填为全部职务。 Only this post (numbers: touyan user list); all if left out." placeholder:"N"`
	Kind     []string `help:"只限此类事项，可重复；不填为各类。 Only matters of this kind, repeatable; all if left out." placeholder:"KIND"`
	Standing bool     `help:"AB角：只在本人不在岗时代行。 A standing deputy: acts only while the holder is away."`
	Reason   string   `help:"事由。 The reason." required:"" placeholder:"TEXT"`
	span
	operator
}

func (c *delegateGiveCmd) Help() string {
	return `  touyan delegate give lin --until 2026-11-30 --reason 出差 --as zhou
  touyan delegate give lin --post 12 --kind docket.followup --until 2026-11-30 --reason 出差 --as zhou
  touyan delegate give lin --of zhou --post 12 --standing --reason AB角 --as admin`
}

// Run implements the command.
func (c *delegateGiveCmd) Run(ctx context.Context, s streams) error {
	return c.act(ctx, "delegate give", func(prog *Program, who auth.Principal) error {
		taker, err := prog.personNamed(c.Taker)
		if err != nil {
			return err
		}
		in := auth.NewDelegation{Key: once(), Taker: taker.ID, Post: c.Post, Kinds: c.Kind, Standing: c.Standing, Reason: c.Reason}
		if c.Of != "" {
			giver, err := prog.personNamed(c.Of)
			if err != nil {
				return err
			}
			in.Giver = giver.ID
		}
		for _, k := range c.Kind {
			if prog.Desk.Definitions().Latest(k) == nil {
				return fault.At("touyan.delegate", "--kind", "没有这类事项。", "There is no such kind of matter.")
			}
		}
		if in.Since, in.Until, err = c.times(prog.Clock.Now()); err != nil {
			return err
		}
		if _, err := prog.Registry.Delegate(ctx, who, in); err != nil {
			return err
		}
		return c.answerLent(ctx, s, prog, who, in.Key, "已委托 delegated: "+taker.Login)
	})
}

type delegateEndCmd struct {
	ID int64 `arg:"" name:"id" help:"委托的编号，见 touyan delegate list。 The delegation's number: touyan delegate list."`
	operator
}

func (c *delegateEndCmd) Help() string { return `  touyan delegate end 57 --as zhou` }

// Run implements the command.
func (c *delegateEndCmd) Run(ctx context.Context, s streams) error {
	return c.act(ctx, "delegate end", func(prog *Program, who auth.Principal) error {
		key := once()
		if err := prog.Registry.Undelegate(ctx, who, key, c.ID); err != nil {
			return err
		}
		return c.answerLent(ctx, s, prog, who, key, "委托已终止 delegation ended")
	})
}

type delegateAwayCmd struct {
	Login  string `arg:"" optional:"" help:"登录名；不填为 --as 本人。 The login; oneself if left out."`
	Reason string `help:"事由。 The reason." required:"" placeholder:"TEXT"`
	span
	operator
}

func (c *delegateAwayCmd) Help() string {
	return `  touyan delegate away --until 2026-11-30 --reason 年休假 --as zhou
  touyan delegate away zhou --since 2026-11-24T14:00 --until 2026-11-24T17:30 --reason 开会 --as admin`
}

// Run implements the command.
func (c *delegateAwayCmd) Run(ctx context.Context, s streams) error {
	return c.act(ctx, "delegate away", func(prog *Program, who auth.Principal) error {
		in := auth.NewAbsence{Key: once(), Reason: c.Reason}
		if c.Login != "" {
			person, err := prog.personNamed(c.Login)
			if err != nil {
				return err
			}
			in.Person = person.ID
		}
		var err error
		if in.Since, in.Until, err = c.times(prog.Clock.Now()); err != nil {
			return err
		}
		if _, err := prog.Registry.MarkAbsent(ctx, who, in); err != nil {
			return err
		}
		return c.answerLent(ctx, s, prog, who, in.Key, "已标明不在岗 marked as away")
	})
}

type delegateBackCmd struct {
	ID int64 `arg:"" name:"id" help:"不在岗记录的编号，见 touyan delegate list。 The absence's number: touyan delegate list."`
	operator
}

func (c *delegateBackCmd) Help() string { return `  touyan delegate back 58 --as zhou` }

// Run implements the command.
func (c *delegateBackCmd) Run(ctx context.Context, s streams) error {
	return c.act(ctx, "delegate back", func(prog *Program, who auth.Principal) error {
		key := once()
		if err := prog.Registry.EndAbsence(ctx, who, key, c.ID); err != nil {
			return err
		}
		return c.answerLent(ctx, s, prog, who, key, "已回岗 back")
	})
}

type delegateListCmd struct {
	Place
	JSON bool `help:"输出 JSON。 Print JSON."`
}

func (c *delegateListCmd) Help() string { return `  touyan delegate list --json` }

// listedLoan is a delegation or an absence in a list.
type listedLoan struct {
	ID    int64    `json:"id"`
	What  string   `json:"what"` // delegation, deputy or absence
	Giver string   `json:"giver"`
	Taker string   `json:"taker,omitempty"`
	Post  int64    `json:"post,omitempty"`
	Kinds []string `json:"kinds,omitempty"`
	Since string   `json:"since"`
	Until string   `json:"until,omitempty"`
	Force bool     `json:"in_force"`
	Ended bool     `json:"ended"`
}

// Run implements the command.
func (c *delegateListCmd) Run(ctx context.Context, s streams) error {
	prog, err := c.existing(ctx)
	if err != nil {
		return err
	}
	defer prog.Close()
	out := loans(prog.Book.Now())
	if c.JSON {
		return printJSON(s.out, out)
	}
	t := table{head: []string{"编号 id", "种类 what", "本人 of", "代行 by", "范围 scope", "起 since", "止 until", "状态 state"}}
	for _, l := range out {
		state, scope := "未生效 waiting", "全部 all"
		switch {
		case l.Ended:
			state = "已终止 ended"
		case l.Force:
			state = "生效中 in force"
		}
		if l.Post != 0 {
			scope = fmt.Sprint(l.Post)
		}
		t.rows = append(t.rows, []string{fmt.Sprint(l.ID), l.What, l.Giver, l.Taker, strings.TrimSpace(scope + " " + strings.Join(l.Kinds, " ")), l.Since, l.Until, state})
	}
	t.print(s.out)
	return nil
}

func loans(dir *auth.Directory) []listedLoan {
	login := func(id int64) string { p, _ := dir.Person(id); return p.Login }
	at := func(us int64) string {
		if us == 0 {
			return ""
		}
		return calendar.FormatInstant(time.UnixMicro(us))
	}
	out := []listedLoan{}
	for _, g := range dir.Delegations() {
		what, force := "delegation", false
		if g.Standing {
			what = "deputy"
		}
		for _, a := range dir.ActsFor(g.Taker) {
			force = force || a.ID == g.ID
		}
		out = append(out, listedLoan{g.ID, what, login(g.Giver), login(g.Taker), g.Post, g.Kinds, at(g.Since), at(g.Until), force, g.Ended != 0})
	}
	for _, a := range dir.Absences() {
		now, _ := dir.Absent(a.Person)
		out = append(out, listedLoan{ID: a.ID, What: "absence", Giver: login(a.Person), Since: at(a.Since), Until: at(a.Until), Force: now.ID == a.ID, Ended: a.Ended != 0})
	}
	return out
}

type handoverCmd struct {
	From   string `arg:"" help:"移交人的登录名。 The login of who hands over."`
	To     string `arg:"" help:"承接人的登录名。 The successor's login."`
	Reason string `help:"事由。 The reason." required:"" placeholder:"TEXT"`
	operator
}

func (c *handoverCmd) Help() string {
	return `指名由此人办理的环节、此人参与的在办事项一次移交，其委托同时终止；按职务等待的工作随任职走。
Steps that name the person and open matters he takes part in go at once; his delegations end. What waits for a duty goes with the post.

  touyan handover shen he --reason 调离 --as admin
  touyan handover shen he --reason 调离 --receipt shen.json --as shen`
}

// given is the answer of a handover.
type given struct {
	Steps       int           `json:"steps"`
	Parties     int           `json:"parties"`
	Delegations int           `json:"delegations"`
	Receipt     audit.Receipt `json:"receipt"`
}

// Run implements the command.
func (c *handoverCmd) Run(ctx context.Context, s streams) error {
	return c.act(ctx, "handover", func(prog *Program, who auth.Principal) error {
		from, err := prog.personNamed(c.From)
		if err != nil {
			return err
		}
		to, err := prog.personNamed(c.To)
		if err != nil {
			return err
		}
		key := once()
		done, err := prog.Desk.HandOver(ctx, who, matter.Handover{From: from.ID, To: to.ID, Reason: c.Reason, Key: key})
		if err != nil {
			return err
		}
		r, err := prog.receiptOf(ctx, who, key)
		if err != nil {
			return err
		}
		return c.give(s, r, given{done.Steps, done.Parties, done.Delegations, r},
			fmt.Sprintf("已移交 handed over: %s → %s，环节 steps %d，参与 parties %d，终止委托 delegations ended %d", from.Login, to.Login, done.Steps, done.Parties, done.Delegations))
	})
}
