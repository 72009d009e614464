package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"touyan.dev/touyan/bench"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// tortureCmd kills a writing program again and again, and cuts its power, and
// counts what it had acknowledged and lost, and what it did twice. The judge is
// the writer's own list of what it was about to send and what was acknowledged
// (torture_judge.go), and check.
//
// After each kill the next writer sends again what had no answer, and a sample
// of what had one: the answers must be the first ones.
type tortureCmd struct {
	Kills       int    `help:"强杀写进程多少次。 How many times to kill the writer." default:"20"`
	Cuts        int    `help:"断电多少次；需要 root，以使用环回设备；只用于 SQLite。 How many power cuts; needs root, for loop devices; SQLite only." default:"10"`
	Sync        string `help:"SQLite 的 synchronous 模式；用 NORMAL 时断电必须报告丢失，以检验本测试。 SQLite's synchronous mode; with NORMAL the power cuts must report losses: that tests this test." default:"FULL" enum:"FULL,NORMAL"`
	Engine      string `help:"数据库引擎。 Database engine." enum:"sqlite,postgres" default:"sqlite"`
	Postgres    string `help:"服务器，以其 postgres 库的地址给出；会在其中建立并删除一个库。 Server, by the URL of its database postgres; a database is made there and dropped." env:"TOUYAN_TEST_POSTGRES"`
	ServerKills int    `help:"强杀 PostgreSQL 服务器多少次；须为专用服务器，见 scripts/torture.sh。 How many times to kill the PostgreSQL server; it must be one of its own, see scripts/torture.sh."`
	Postmaster  string `help:"该服务器的 postmaster.pid。 That server's postmaster.pid." type:"path"`
	Restart     string `help:"重新启动该服务器的命令。 Shell command that starts that server again."`
	JSON        bool   `help:"输出 JSON。 Print JSON."`

	Write  string `help:"Write under load in this directory, and print what is sent and acknowledged." hidden:""`
	DB     string `help:"The writer's database." hidden:""`
	Again  string `help:"File of calls to send again." hidden:""`
	Settle bool   `help:"Send those and nothing else." hidden:""`
	Since  int64  `help:"When the writer's hasty clock began, in µs." hidden:""`
}

// tortured is what a run found. All but the counts of the first lines must be 0.
type tortured struct {
	Engine      string  `json:"engine"`
	Sync        string  `json:"sync,omitempty"`
	Kills       int     `json:"kills"`
	ServerKills int     `json:"server_kills,omitempty"`
	Cuts        int     `json:"cuts"`
	Acks        int     `json:"acknowledged" doc:"keys"`
	Again       int     `json:"answered_again" doc:"further answers to the same keys"`
	Timers      int     `json:"timers_fired"`
	Drawn       int     `json:"numbers_drawn"`
	Void        int     `json:"numbers_void"`
	Ready       float64 `json:"ready_s_max"`
	Files       int     `json:"files" doc:"bound, and not erased with their matter"`
	Erased      int     `json:"erased" doc:"matters"`

	Lost       int      `json:"lost" doc:"acknowledged, wholly or partly absent"`
	Moved      int      `json:"moved" doc:"another place or another answer than acknowledged first"`
	Doubled    int      `json:"doubled" doc:"events of the load that no call explains, and timers fired twice"`
	Unanswered int      `json:"unanswered" doc:"never acknowledged, although sent again to the end"`
	Refused    int      `json:"refused"`
	Numbers    int      `json:"wrong_numbers" doc:"drawn twice, left out, or void without reason"`
	Findings   int      `json:"findings" doc:"of check"`
	Spoilt     int      `json:"spoilt_files" doc:"acknowledged, and not there with the right digest"`
	Readable   int      `json:"still_readable" doc:"erased by acknowledgement, and found again"`
	Examples   []string `json:"examples,omitempty"`
}

func (t *tortured) wrong() int {
	return t.Lost + t.Moved + t.Doubled + t.Unanswered + t.Refused + t.Numbers + t.Findings + t.Spoilt + t.Readable
}

// example keeps a few words about what is wrong.
func (t *tortured) example(format string, args ...any) {
	if len(t.Examples) < 10 {
		t.Examples = append(t.Examples, fmt.Sprintf(format, args...))
	}
}

func (c *tortureCmd) Help() string { return `  touyan torture --kills 5 --cuts 0` }

// Run implements the command.
func (c *tortureCmd) Run(ctx context.Context, s streams) error {
	if c.Write != "" {
		return c.write(ctx, s.out)
	}
	if c.Engine == "postgres" && c.Cuts > 0 {
		return fault.At("torture", "cuts", "断电试验只用于 SQLite，请加 --cuts 0。", "Power cuts are for SQLite only; add --cuts 0.")
	}
	if c.ServerKills > 0 && (c.Engine != "postgres" || c.Postmaster == "" || c.Restart == "") {
		return fault.At("torture", "server-kills", "须同时给出 --engine postgres、--postmaster 和 --restart。", "--engine postgres, --postmaster and --restart are needed with it.")
	}
	dir, err := os.MkdirTemp("", "touyan-torture-")
	if err != nil {
		return fault.Wrap("torture", err)
	}
	defer os.RemoveAll(dir)
	out := tortured{Engine: c.Engine, Kills: c.Kills, ServerKills: c.ServerKills, Cuts: c.Cuts}
	if c.Engine == "sqlite" {
		out.Sync = c.Sync
	}
	if err := c.torture(ctx, dir, &out); err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(s.out, out)
	} else {
		out.print(s)
	}
	if err == nil && out.wrong() > 0 {
		return errFound
	}
	return err
}

func (t *tortured) print(s streams) {
	fmt.Fprintf(s.out, "%s %s: %d 次强杀 kills, %d 次数据库强杀 server kills, %d 次断电 power cuts; 已答复 acknowledged %d, 重发再答 answered again %d, 计时器 timers %d, 文号 numbers %d (作废 void %d), 附件 files %d, 清除 erased %d, 就绪 ready ≤ %.2f s\n",
		t.Engine, t.Sync, t.Kills, t.ServerKills, t.Cuts, t.Acks, t.Again, t.Timers, t.Drawn, t.Void, t.Files, t.Erased, t.Ready)
	fmt.Fprintf(s.out, "丢失 lost %d, 错位 moved %d, 重复 doubled %d, 无答复 unanswered %d, 被拒 refused %d, 错号 wrong numbers %d, 不符 findings %d, 附件有误 spoilt files %d, 清除后可读 still readable %d\n",
		t.Lost, t.Moved, t.Doubled, t.Unanswered, t.Refused, t.Numbers, t.Findings, t.Spoilt, t.Readable)
	for _, e := range t.Examples {
		fmt.Fprintln(s.out, "✗", e)
	}
}

func (c *tortureCmd) torture(ctx context.Context, dir string, out *tortured) (err error) {
	if c.Engine == "postgres" {
		server, serr := bench.NewServer(ctx, c.Postgres, 1)
		if serr != nil {
			return serr
		}
		defer func() { err = errors.Join(err, server.Close()) }()
		c.DB = server.URLs[0]
	}
	if c.Kills+c.ServerKills > 0 {
		if err := c.kills(ctx, filepath.Join(dir, "kill"), out); err != nil {
			return err
		}
	}
	for n := range c.Cuts {
		if err := c.cut(ctx, filepath.Join(dir, strconv.Itoa(n)), out); err != nil {
			return err
		}
	}
	return nil
}

// kills kills one installation's writer many times over, and the database's
// server between them.
func (c *tortureCmd) kills(ctx context.Context, dir string, out *tortured) error {
	site := newSite(dir)
	for n := range c.Kills + c.ServerKills {
		v, err := c.start(ctx, site, false)
		if err != nil {
			return err
		}
		// One kill in eight strikes while the writer starts, perhaps in the midst
		// of mending what the last one left.
		early := n > 0 && n < c.Kills && rand.IntN(8) == 0
		if early {
			pass(ctx, time.Duration(rand.IntN(200))*time.Millisecond)
		} else if err := v.await(ctx, v.up); err != nil {
			return err
		} else {
			pass(ctx, time.Duration(50+rand.IntN(700))*time.Millisecond)
		}
		if n >= c.Kills {
			if err := c.killServer(ctx, v); err != nil {
				return errors.Join(err, v.kill())
			}
		}
		if err := v.kill(); err != nil {
			return err
		}
	}
	return c.judge(ctx, site, out)
}

func pass(ctx context.Context, d time.Duration) {
	_ = clock.System{}.Wait(ctx, time.Now().Add(d)) // an end of ctx shows in the next start
}

// judge lets a last writer answer for what is left, opens the database and holds
// it against the list.
func (c *tortureCmd) judge(ctx context.Context, s *site, out *tortured) error {
	v, err := c.start(ctx, s, true)
	if err != nil {
		return err
	}
	if err := v.await(ctx, v.settled); err != nil {
		return err
	}
	if err := v.end(); err != nil {
		return err
	}
	prog, err := torturePlace(s.dir, c.DB).open(ctx, hastyClock{s.since}, store.Options{})
	if err != nil {
		return err
	}
	defer prog.Close()
	out.Ready = max(out.Ready, s.ready.Seconds())
	return s.ledger.judge(ctx, prog, out)
}
