package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/store"
)

// tortureCmd kills a writing program again and again, and cuts its power, and
// counts what it had acknowledged and lost. The judge is the writer's own list
// of acknowledgements, and check.
type tortureCmd struct {
	Kills int    `help:"强杀写进程多少次。 How many times to kill the writer." default:"20"`
	Cuts  int    `help:"断电多少次；需要 root，以使用回环设备。 How many power cuts; needs root, for loop devices." default:"10"`
	Sync  string `help:"SQLite 的 synchronous 模式；用 NORMAL 时断电必须报告丢失，以检验本测试。 SQLite's synchronous mode; with NORMAL the power cuts must report losses: that tests this test." default:"FULL" enum:"FULL,NORMAL"`
	JSON  bool   `help:"输出 JSON。 Print JSON."`
	Write string `help:"Write under load in this directory, and print what was acknowledged." hidden:""`
}

// tortured is what a run found.
type tortured struct {
	Kills    int     `json:"kills"`
	Cuts     int     `json:"cuts"`
	Sync     string  `json:"sync"`
	Acks     int     `json:"acknowledged"`
	Lost     int     `json:"lost"`
	Moved    int     `json:"moved" doc:"found at another position than acknowledged"`
	Findings int     `json:"findings"`
	Ready    float64 `json:"ready_s_max"`
}

func (c *tortureCmd) Help() string { return `  touyan torture --kills 5 --cuts 0` }

// Run implements the command.
func (c *tortureCmd) Run(ctx context.Context, s streams) error {
	if c.Write != "" {
		return c.write(ctx, s.out)
	}
	dir, err := os.MkdirTemp("", "touyan-torture-")
	if err != nil {
		return fault.Wrap("torture", err)
	}
	defer os.RemoveAll(dir)
	out := tortured{Kills: c.Kills, Cuts: c.Cuts, Sync: c.Sync}
	if c.Kills > 0 {
		if err := c.kills(ctx, filepath.Join(dir, "kill"), &out); err != nil {
			return err
		}
	}
	for n := range c.Cuts {
		if err := c.cut(ctx, filepath.Join(dir, strconv.Itoa(n)), &out); err != nil {
			return err
		}
	}
	if c.JSON {
		err = printJSON(s.out, out)
	} else {
		fmt.Fprintf(s.out, "%d 次强杀 kills, %d 次断电 power cuts (synchronous=%s): 已答复 acknowledged %d, 丢失 lost %d, 错位 moved %d, 不符 findings %d, 就绪 ready ≤ %.2f s\n",
			out.Kills, out.Cuts, out.Sync, out.Acks, out.Lost, out.Moved, out.Findings, out.Ready)
	}
	if err == nil && out.Lost+out.Moved+out.Findings > 0 {
		return errFound
	}
	return err
}

// ack is one acknowledgement: who, under which key, at which position.
type ack struct {
	actor, pos int64
	key        string
}

// victim is a writer under load.
type victim struct {
	cmd   *exec.Cmd
	acks  []ack
	ready time.Duration
	up    chan struct{}
	done  chan struct{}
}

func (c *tortureCmd) start(ctx context.Context, dir string) (*victim, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fault.Wrap("torture", err)
	}
	v := &victim{cmd: exec.CommandContext(ctx, self, "torture", "--sync", c.Sync, "--write", dir), up: make(chan struct{}), done: make(chan struct{})}
	v.cmd.Stderr = os.Stderr
	pipe, err := v.cmd.StdoutPipe()
	if err != nil {
		return nil, fault.Wrap("torture", err)
	}
	begun := time.Now()
	if err := v.cmd.Start(); err != nil {
		return nil, fault.Wrap("torture", err)
	}
	go func() {
		defer close(v.done)
		for lines := bufio.NewScanner(pipe); lines.Scan(); {
			if lines.Text() == "ready" {
				v.ready = time.Since(begun)
				close(v.up)
				continue
			}
			var a ack
			if n, _ := fmt.Sscan(lines.Text(), &a.actor, &a.pos, &a.key); n == 3 && strings.HasSuffix(a.key, ".") { // a line cut off is no acknowledgement
				v.acks = append(v.acks, a)
			}
		}
	}()
	select {
	case <-v.up:
		return v, nil
	case <-v.done:
		return nil, fault.New(fault.Internal, "torture", "写入进程未能启动。", "The writer did not start.")
	case <-time.After(60 * time.Second):
		return nil, errors.Join(fault.New(fault.Busy, "torture", "写入进程启动超时。", "The writer took too long to start."), v.cmd.Process.Kill())
	}
}

// kill ends the writer without warning and waits until its list is read.
func (v *victim) kill() {
	_ = v.cmd.Process.Kill() // it may have ended by itself
	<-v.done
	_ = v.cmd.Wait()
}

// kills kills one installation's writer many times over.
func (c *tortureCmd) kills(ctx context.Context, dir string, out *tortured) error {
	var acks []ack
	for range c.Kills {
		v, err := c.start(ctx, dir)
		if err != nil {
			return err
		}
		pass(ctx, time.Duration(50+rand.IntN(700))*time.Millisecond)
		v.kill()
		acks = append(acks, v.acks...)
		out.Ready = max(out.Ready, v.ready.Seconds())
	}
	return c.judge(ctx, dir, acks, out)
}

func pass(ctx context.Context, d time.Duration) {
	_ = clock.System{}.Wait(ctx, time.Now().Add(d)) // an end of ctx shows in the next start
}

// cut lets a writer work on a file system of its own, stops it at a random
// moment, copies the image as the device holds it, and judges the copy.
func (c *tortureCmd) cut(ctx context.Context, dir string, out *tortured) (err error) {
	image, copied := dir+".img", dir+".cut.img"
	mount := func(img string) error {
		return sh(ctx, "mount", "-o", "loop", img, dir)
	}
	if err := errors.Join(os.MkdirAll(dir, 0o700), sh(ctx, "truncate", "-s", "256M", image), sh(ctx, "mkfs.ext4", "-q", "-F", image)); err != nil {
		return err
	}
	if err := mount(image); err != nil {
		return fault.New(fault.Unavailable, "torture", "断电试验需要 root 和环回设备；可用 --cuts 0 跳过。", "Power cuts need root and loop devices; --cuts 0 leaves them out.")
	}
	v, err := c.start(ctx, filepath.Join(dir, "data"))
	if err != nil {
		return errors.Join(err, sh(ctx, "umount", "-l", dir))
	}
	pass(ctx, time.Duration(200+rand.IntN(900))*time.Millisecond)
	if err := v.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return fault.Wrap("torture", err)
	}
	cerr := sh(ctx, "cp", "--sparse=always", image, copied)
	v.kill()
	if err := errors.Join(cerr, sh(ctx, "umount", dir), mount(copied)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sh(ctx, "umount", dir), os.Remove(image), os.Remove(copied)) }()
	out.Ready = max(out.Ready, v.ready.Seconds())
	return c.judge(ctx, filepath.Join(dir, "data"), v.acks, out)
}

func sh(ctx context.Context, name string, args ...string) error {
	if text, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		return &fault.Error{Kind: fault.Internal, Op: "torture." + name, Err: fmt.Errorf("%w: %s", err, text), Text: fault.T("系统命令失败："+name, "A system command failed: "+name)}
	}
	return nil
}

// judge opens what is left and holds it against the acknowledgements.
func (c *tortureCmd) judge(ctx context.Context, dir string, acks []ack, out *tortured) error {
	out.Acks += len(acks)
	prog, err := tortureplace(dir).open(ctx, clock.System{}, store.Options{})
	if err != nil {
		return err
	}
	defer prog.Close()
	for _, a := range acks {
		e, found, err := event.Find(ctx, prog.DB, event.Once{Actor: a.actor, Key: event.KeyOf(a.key)})
		switch {
		case err != nil:
			return err
		case !found:
			out.Lost++
		case e.Pos != a.pos:
			out.Moved++
		}
	}
	checked, err := prog.check(ctx, 100)
	out.Findings += len(checked.Findings)
	return err
}

func tortureplace(dir string) Place {
	return Place{Data: dir, Name: "touyan/torture", Sign: "试", accounts: auth.Options{Light: true}}
}

// The load of a writer.
const tortureClients = 64

// write is the victim: it opens matters and acts on them until it is killed,
// and prints each acknowledgement as soon as it has it.
func (c *tortureCmd) write(ctx context.Context, out io.Writer) error {
	opts := store.Options{}
	if c.Sync != "FULL" {
		opts.UnsafeSync = c.Sync
	}
	prog, err := tortureplace(c.Write).open(ctx, clock.System{}, opts)
	if err != nil {
		return err
	}
	office, who, err := prog.tortureOffice(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "ready")
	round := time.Now().UnixNano()
	var group sync.WaitGroup
	for n := range tortureClients {
		group.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				key := fmt.Sprintf("%d-%d-%d", round, n, i)
				opened, err := prog.Desk.Open(ctx, who, matter.Opening{
					Kind: docket.FollowUp, Title: "强杀与断电试验", Office: office, Given: map[string]any{"title": "强杀与断电试验", "content": "照常登记，随时中断。"}, Key: key + "-open.",
				})
				if err != nil {
					return
				}
				fmt.Fprintln(out, who.Person, opened.Pos, key+"-open.")
				done, err := prog.Desk.Act(ctx, who, opened.Matter, matter.Act{Step: "propose", Act: "void", Input: map[string]any{"reason": "试验"}, Key: key + "-void."})
				if err != nil {
					return
				}
				fmt.Fprintln(out, who.Person, done.Pos, key+"-void.")
			}
		})
	}
	group.Wait()
	return prog.Close()
}

// tortureOffice founds an office with one supervision officer, or finds it.
func (p *Program) tortureOffice(ctx context.Context) (int64, auth.Principal, error) {
	needs, err := p.Accounts.NeedsSetup(ctx)
	if err != nil {
		return 0, auth.Principal{}, err
	}
	if needs {
		token, err := p.Accounts.SetupToken(ctx)
		if err != nil {
			return 0, auth.Principal{}, err
		}
		if _, err := p.Accounts.Setup(ctx, auth.Setup{
			Token: token, City: fault.T("试验市", "Test"), Office: fault.T("办公室", "Office"), Login: "officer", Password: "Torture-2026-xyz", Name: fault.T("督查员", "Officer"),
		}); err != nil {
			return 0, auth.Principal{}, err
		}
	}
	dir := p.Book.Now()
	who := auth.Principal{Person: dir.People()[0].ID}
	for _, u := range dir.Units() {
		if u.Kind != auth.Office {
			continue
		}
		if !dir.Holds(who.Person, auth.Supervisor, u.ID) {
			_, err = p.Registry.AddPost(ctx, who, auth.NewPost{Key: "supervisor", Person: who.Person, Unit: u.ID, Duty: auth.Supervisor})
		}
		return u.ID, who, err
	}
	return 0, who, fault.New(fault.Internal, "torture", "没有办公室。", "There is no office.")
}
