package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"touyan.dev/touyan/demo"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// demoCmd runs the demo: a seeded city, a clock that can be moved, and the story.
type demoCmd struct {
	Now    string `help:"故事开始的时刻，建城时使用。 When the story begins; used when the city is built." default:"2026-11-23T08:30" placeholder:"TIME"`
	Listen string `help:"监听地址。 Address to listen on." default:"127.0.0.1:8080" env:"TOUYAN_LISTEN"`
	Data   string `help:"演示城市的目录；已建成的会沿用。 Directory of the demo city; it is used again when it holds a finished one." default:"data/demo" type:"path" env:"TOUYAN_DEMO" placeholder:"DIR"`
	Fresh  bool   `help:"重新建城。 Build the city anew."`
	Quit   bool   `help:"建城、列出内容后退出。 Build the city, print what there is, and quit." hidden:""`
}

func (c *demoCmd) Help() string {
	return `建一座虚构的城市，打印登录名与可以试的五件事；演示时钟可以拨动。按 Ctrl-C 停止。
Builds a fictional city and prints logins and five things to try; its clock can be moved. Ctrl-C stops it.

  touyan demo
  touyan demo --fresh --listen 127.0.0.1:9000`
}

// Run implements the command.
func (c *demoCmd) Run(ctx context.Context, s streams) error {
	begun := time.Now()
	story, prog, built, err := c.city(ctx, s)
	if err != nil {
		return err
	}
	if err := c.print(ctx, s, story, built, time.Since(begun)); err != nil || c.Quit {
		return errors.Join(err, prog.Close())
	}
	running, stop := context.WithCancel(ctx)
	var ticking sync.WaitGroup
	ticking.Go(func() {
		if err := story.Tick(running, clock.System{}); err != nil {
			fmt.Fprint(s.err, explain(err))
		}
	})
	front := Front{City: story.City(), Office: story.Office(), Demo: true}
	err = prog.serve(ctx, c.Listen, front, s, story.Register)
	stop()
	ticking.Wait()
	return err
}

// city opens the city of the data directory, or builds one there.
func (c *demoCmd) city(ctx context.Context, s streams) (*demo.Story, *Program, bool, error) {
	begin, err := calendar.ParseInstant(c.Now)
	if err != nil {
		return nil, nil, false, err
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, nil, false, fault.New(fault.Unavailable, "touyan.demo", "数据目录无法建立："+c.Data, "The data directory cannot be made: "+c.Data)
	}
	record, _, err := demo.ReadRecord(c.Data)
	build := c.Fresh || err != nil || !record.Ready
	at := record.Now
	if build {
		at = demo.Founded()
		if err := demo.Prepare(c.Data, begin); err != nil {
			return nil, nil, false, err
		}
		fmt.Fprintln(s.out, "正在建立澄川市并走完这一年…… Building Chengchuan and letting its year pass …")
	}
	place := Place{Data: c.Data, Name: "touyan/chengchuan", Sign: "澄", accounts: auth.Options{Wall: clock.System{}, Light: true}}
	clk := clock.NewManual(at)
	prog, err := place.open(ctx, clk, store.Options{})
	if err != nil {
		return nil, nil, build, err
	}
	parts := demo.Parts{
		DB: prog.DB, File: filepath.Join(c.Data, "touyan.db"), Dir: c.Data, Clock: clk, Key: prog.Key, Book: prog.Book, Rules: prog.Rules,
		Accounts: prog.Accounts, Registry: prog.Registry, Desk: prog.Desk, Docket: prog.Docket, Watch: prog.Watch, Files: prog.Files,
	}
	if build {
		if err := demo.Seed(ctx, parts, begin); err != nil {
			return nil, nil, build, errors.Join(err, prog.Close())
		}
	}
	story, err := demo.Open(ctx, parts)
	if err != nil {
		return nil, nil, build, errors.Join(err, prog.Close())
	}
	return story, prog, build, nil
}

// print says what there is and what to try.
func (c *demoCmd) print(ctx context.Context, s streams, story *demo.Story, built bool, took time.Duration) error {
	state, err := story.State(ctx)
	if err != nil {
		return err
	}
	sum, err := story.Summary(ctx)
	if err != nil {
		return err
	}
	how := [2]string{"沿用已有的城市", "opened"}
	if built {
		how = [2]string{"新建", "built"}
	}
	w := s.out
	fmt.Fprintf(w, "\n澄川市（虚构）· Chengchuan, a fictional city — %s,%s in %.1f s\n", how[0], how[1], took.Seconds())
	fmt.Fprintf(w, "  %d 个单位 units，%d 人 people，%d 个事项 matters（在办 open %d，逾期 late %d），%d 条记录 events\n", sum.Units, sum.People, sum.Matters, sum.Open, sum.Late, sum.Events)
	fmt.Fprintf(w, "  演示时钟 demo clock: %s\n\n人物 people（密码都是 password for all: %s）\n", state.Now, demo.Password)
	for _, l := range state.Logins {
		fmt.Fprintf(w, "  %-6s %s  %s / %s\n", l.Login, l.Name, l.Role.ZH, l.Role.EN)
	}
	fmt.Fprint(w, "\n"+thingsToTry+"\n")
	return nil
}

const thingsToTry = `可以试试 five things to try
  1 以 zhou 登录：三件事等他：一条代录的批示待确认，两件已办结的督办待阅示。
    Sign in as zhou: three things wait: an entered instruction to confirm, two finished follow-ups to answer.
  2 打开“演示”，按 ⏩ 走完故事；没有建成的步骤会直说。
    Open Story and press ⏩ through it; what is not built says so.
  3 以 lin 登录，看 澄政督〔2026〕37号 的分办树：卡在哪个科室，一眼可见。
    As lin, open the tree of No. 37 and see in which section it is stuck.
  4 以 shen 登录（手机宽度亦可），一件分办今日到期，单手可办。
    As shen, on a phone if you like: one thing to be split is due today.
  5 在“演示”里改动副本的一个字节，看检查指出是第几步；或中途 kill -9 后再启动，接着走。
    Alter one byte of a copy on Story and see the step named; or kill -9 in the middle and go on.
`
