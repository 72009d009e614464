package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"touyan.dev/touyan/kernel/fault"
)

// site is one installation that is tortured: where it lives, when its clock
// began, and what its writers have said.
type site struct {
	dir    string
	since  time.Time
	ledger *ledger
	ready  time.Duration // the longest that a writer took to be ready
}

func newSite(dir string) *site {
	return &site{dir: dir, since: time.Now().Truncate(time.Microsecond), ledger: newLedger()}
}

// victim is a writer under load.
type victim struct {
	cmd               *exec.Cmd
	site              *site
	up, settled, done chan struct{}
	word              chan struct{} // holds something once it has spoken
	begun             time.Time
	waive             bool // a server was killed under it: it may answer that it does not know
}

// start starts a writer on the site. A writer that settles only answers for
// earlier calls, and ends.
func (c *tortureCmd) start(ctx context.Context, s *site, settle bool) (*victim, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fault.Wrap("torture", err)
	}
	again := s.dir + ".again"
	if err := s.ledger.writeAgain(again); err != nil {
		return nil, err
	}
	v := &victim{site: s, up: make(chan struct{}), settled: make(chan struct{}), done: make(chan struct{}), word: make(chan struct{}, 1), begun: time.Now()}
	v.cmd = exec.CommandContext(ctx, self, "torture", "--sync", c.Sync, "--write", s.dir, "--db", c.DB, "--again", again,
		"--since", strconv.FormatInt(s.since.UnixMicro(), 10), fmt.Sprintf("--settle=%v", settle))
	v.cmd.Stderr = os.Stderr
	pipe, err := v.cmd.StdoutPipe()
	if err != nil {
		return nil, fault.Wrap("torture", err)
	}
	if err := v.cmd.Start(); err != nil {
		return nil, fault.Wrap("torture", err)
	}
	go func() {
		defer close(v.done)
		for lines := bufio.NewReaderSize(pipe, 1<<20); ; {
			text, err := lines.ReadBytes('\n')
			if err != nil { // what was cut off is no line
				return
			}
			v.hear(text)
		}
	}()
	return v, nil
}

func (v *victim) hear(text []byte) {
	var l line
	if json.Unmarshal(text, &l) != nil {
		return
	}
	select {
	case v.word <- struct{}{}:
	default: // nobody waits
	}
	switch {
	case l.State == "ready":
		v.site.ready = max(v.site.ready, time.Since(v.begun))
		close(v.up)
	case l.State == "settled":
		close(v.settled)
	case l.Do != nil:
		v.site.ledger.intended(l.Do)
	case l.Done != nil:
		v.site.ledger.acknowledged(*l.Done)
	case l.Refused != "" && !v.waive:
		v.site.ledger.refused(l)
	}
}

// await waits until the writer has said something, and kills it if it falls silent.
func (v *victim) await(ctx context.Context, said chan struct{}) error {
	for {
		select {
		case <-said:
			return nil
		case <-v.word: // it is at work
		case <-v.done:
			select {
			case <-said: // its last words
				return nil
			default:
				return errors.Join(fault.New(fault.Internal, "torture", "写入进程自行退出。", "The writer ended by itself."), v.cmd.Wait())
			}
		case <-ctx.Done():
			return fault.Wrap("torture", ctx.Err())
		case <-time.After(2 * time.Minute):
			return errors.Join(fault.New(fault.Busy, "torture", "写入进程两分钟没有回音。", "The writer has said nothing for two minutes."), v.kill())
		}
	}
}

// kill ends the writer without warning and waits until its list is read. A
// writer that had ended already is an error: something else ended it.
func (v *victim) kill() error {
	err := v.cmd.Process.Kill()
	<-v.done
	if werr := v.cmd.Wait(); err == nil && v.cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		err = fmt.Errorf("the writer ended by itself: %w", werr)
	}
	return fault.Wrap("torture.kill", err)
}

// end waits for a writer that has settled.
func (v *victim) end() error {
	<-v.done
	return fault.Wrap("torture.end", v.cmd.Wait())
}

// cut lets a writer work on a file system of its own, stops it at a random
// moment, copies the device as it is then, and judges the copy.
//
// What the copy holds is what had been submitted to the device: the loop driver
// writes into the image file, and cp reads that file through the same cache. It
// does not hold what lay in the page cache of the file system inside: pages
// written and not synced, which is what a power cut takes. So a commit that was
// acknowledged without a sync is missing; that is what --sync NORMAL shows. The
// model is a device without a cache of its own (or one that survives): a sync
// that submits its writes and leaves out the flush of the device's cache would
// not be noticed.
//
// The copy must be of one moment. All threads of the writer are therefore stopped
// first, which also means that no sync is under way; and as the kernel may still
// write pages back by itself, the copy is taken again if the device's counters
// moved meanwhile.
func (c *tortureCmd) cut(ctx context.Context, dir string, out *tortured) (err error) {
	image, copied := dir+".img", dir+".cut.img"
	mount := func(img string) error { return sh(ctx, "mount", "-o", "loop", img, dir) }
	if err := errors.Join(os.MkdirAll(dir, 0o700), sh(ctx, "truncate", "-s", "256M", image), sh(ctx, "mkfs.ext4", "-q", "-F", image)); err != nil {
		return err
	}
	if err := mount(image); err != nil {
		return fault.New(fault.Unavailable, "torture", "断电试验需要 root 和环回设备；可用 --cuts 0 跳过。", "Power cuts need root and loop devices; --cuts 0 leaves them out.")
	}
	mounted := true
	defer func() {
		if mounted {
			err = errors.Join(err, sh(ctx, "umount", "-l", dir))
		}
		err = errors.Join(err, os.Remove(image), os.RemoveAll(copied))
	}()
	s := newSite(filepath.Join(dir, "data"))
	if err := c.until(ctx, s, func() error { return snapshot(ctx, dir, image, copied) }); err != nil {
		return err
	}
	if err := sh(ctx, "umount", dir); err != nil {
		return err
	}
	mounted = false
	if err := mount(copied); err != nil {
		return err
	}
	mounted = true
	if err := c.judge(ctx, s, out); err != nil {
		return err
	}
	err = sh(ctx, "umount", dir)
	mounted = err != nil
	return err
}

// until lets a writer work for a random time, stops it, does something in that
// moment and kills it.
func (c *tortureCmd) until(ctx context.Context, s *site, moment func() error) error {
	v, err := c.start(ctx, s, false)
	if err != nil {
		return err
	}
	if err := v.await(ctx, v.up); err != nil {
		return err
	}
	pass(ctx, time.Duration(200+rand.IntN(900))*time.Millisecond)
	err = v.cmd.Process.Signal(syscall.SIGSTOP)
	if err == nil {
		err = stopped(ctx, v.cmd.Process.Pid)
	}
	if err == nil {
		err = moment()
	}
	return errors.Join(fault.Wrap("torture", err), v.kill())
}

// stopped returns once every thread of a process is stopped. SIGSTOP is not
// instant: a thread in a system call, such as a sync, finishes it first.
func stopped(ctx context.Context, pid int) error {
	for range 10_000 {
		if ctx.Err() != nil {
			return fault.Wrap("torture", ctx.Err())
		}
		stats, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		if err != nil || len(stats) == 0 {
			return fault.New(fault.Internal, "torture", "写入进程的线程无法读取。", "The writer's threads cannot be read.")
		}
		running := 0
		for _, path := range stats {
			if text, err := os.ReadFile(path); err == nil && stateOf(text) != "T" {
				running++
			}
		}
		if running == 0 {
			return nil
		}
		pass(ctx, time.Millisecond)
	}
	return fault.New(fault.Busy, "torture", "写入进程没有停下。", "The writer did not stop.")
}

// stateOf reads the state from a stat file: the word after the name, which is
// in brackets and may hold anything.
func stateOf(stat []byte) string {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) == 0 {
		return ""
	}
	return string(fields[0])
}

// snapshot copies the image while nothing is written to its device.
func snapshot(ctx context.Context, dir, image, copied string) error {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return fault.Wrap("torture", err)
	}
	var device string
	for l := range strings.Lines(string(mounts)) {
		if f := strings.Fields(l); len(f) > 1 && f[1] == dir {
			device = filepath.Base(f[0])
		}
	}
	for range 20 {
		before, idle, err := writes(device)
		if err != nil {
			return err
		}
		if err := sh(ctx, "cp", "--sparse=always", image, copied); err != nil {
			return err
		}
		after, still, err := writes(device)
		if err != nil {
			return err
		}
		if idle && still && before == after {
			return nil
		}
		pass(ctx, 20*time.Millisecond)
	}
	return fault.New(fault.Busy, "torture", "设备一直在写入。", "The device was written to all the time.")
}

// writes gives how many writes a device has finished, and whether none is on
// its way (Documentation/block/stat.rst of the kernel).
func writes(device string) (done string, idle bool, err error) {
	text, err := os.ReadFile(filepath.Join("/sys/block", device, "stat"))
	f := strings.Fields(string(text))
	if err != nil || len(f) < 9 {
		return "", false, fault.New(fault.Unavailable, "torture", "设备的计数无法读取。", "The device's counters cannot be read.")
	}
	return f[4], f[8] == "0", nil
}

// killServer kills the database's server with all its processes under the
// writer's load, starts it again, and leaves the writer time to go on by itself.
func (c *tortureCmd) killServer(ctx context.Context, v *victim) error {
	v.waive = true
	text, err := os.ReadFile(c.Postmaster)
	if err != nil {
		return fault.Wrap("torture", err)
	}
	lines := strings.Split(string(text), "\n") // process, data, start, port, directory of the socket, …
	pid, err := strconv.Atoi(lines[0])
	if err != nil || pid < 2 || len(lines) < 5 {
		return fault.New(fault.Invalid, "torture", "postmaster.pid 的内容无法识别。", "postmaster.pid does not read as one.")
	}
	_ = syscall.Kill(pid, syscall.SIGSTOP) // or it would start new children for those that die
	family := append(children(pid), pid)
	for _, p := range family {
		_ = syscall.Kill(p, syscall.SIGKILL) // a backend may have ended
	}
	for _, p := range family {
		for alive(p) {
			pass(ctx, time.Millisecond)
		}
	}
	// All of them are dead, so the lock files guard nothing. Where nobody reaps
	// the dead, as in a container, they would be taken for a running server.
	if err := errors.Join(os.Remove(c.Postmaster), os.Remove(filepath.Join(lines[4], ".s.PGSQL."+lines[3]+".lock"))); err != nil {
		return fault.Wrap("torture", err)
	}
	if err := sh(ctx, "bash", "-c", c.Restart); err != nil {
		return err
	}
	before := v.site.ledger.size()
	for range 2000 {
		if v.site.ledger.size() > before+500 {
			return nil
		}
		pass(ctx, 5*time.Millisecond)
	}
	return fault.New(fault.Busy, "torture", "数据库重启后写入没有恢复。", "The writer did not go on after its server was back.")
}

// alive reports whether a process runs: one that is dead and not yet reaped
// holds no file and no memory.
func alive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	state := stateOf(text)
	return err == nil && state != "Z" && state != "X"
}

// children lists the processes that a process has started.
func children(pid int) (out []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well formed
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		f := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
		if len(f) > 1 && string(f[1]) == strconv.Itoa(pid) {
			if child, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
				out = append(out, child)
			}
		}
	}
	return out
}

func sh(ctx context.Context, name string, args ...string) error {
	if text, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		return &fault.Error{Kind: fault.Internal, Op: "torture." + name, Err: fmt.Errorf("%w: %s", err, text), Text: fault.T("系统命令失败："+name, "A system command failed: "+name)}
	}
	return nil
}
