package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
)

// childEnv names the directory in which a child of the test tells the story.
const childEnv = "TOUYAN_DEMO_CHILD"

// child presses ⏩ until the story is told, and writes a line for every commit.
func child(dir string) int {
	ctx := context.Background()
	err := func() error {
		p, err := build(ctx, dir)
		if err != nil {
			return err
		}
		s, err := Open(ctx, p)
		if err != nil {
			return err
		}
		p.DB.OnCommit(func() { fmt.Println("commit") })
		for err == nil {
			err = s.Next(ctx, "")
		}
		if fault.Is(err, fault.Conflict) { // the end of the story
			return p.DB.Close()
		}
		return err
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// TestKilledInTheMiddle kills the process again and again, each time after a few
// more commits, and goes on. In the end the same has happened, once.
func TestKilledInTheMiddle(t *testing.T) {
	dir := copied(t)
	kills := 0
	for _, commits := range []int{1, 1, 2, 1, 3, 2, 5, 1, 8, 4, 13, 7, 1, 1, 2, 5, 9, 3, 1, 1, 1} {
		ended, err := killed(dir, commits)
		if err != nil {
			t.Fatal(err)
		}
		if ended {
			break
		}
		kills++
	}
	if kills < 15 {
		t.Errorf("the story was told after %d kills: too few to prove anything", kills)
	}
	for {
		ended, err := killed(dir, 1_000_000)
		if err != nil {
			t.Fatal(err)
		}
		if ended {
			break
		}
	}
	p, err := build(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer p.DB.Close()
	s := reopened(t, p)
	sound(t, s)
	straight := seeded(t)
	for range 6 {
		straight.mustNext(t, "")
	}
	if got, want := s.deeds(t), straight.deeds(t); !slices.Equal(got, want) {
		t.Errorf("after kills:\n%v\nwithout:\n%v", got, want)
	}
	if got, want := s.Clock.Now().Format("2006-01-02"), straight.Clock.Now().Format("2006-01-02"); got != want {
		t.Errorf("the clock shows %s, without kills %s", got, want)
	}
}

// killed lets a child tell the story and kills it after so many commits; ended
// reports that it came to the end before.
func killed(dir string, commits int) (ended bool, err error) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return false, err
	}
	if err := cmd.Start(); err != nil {
		return false, err
	}
	lines := bufio.NewScanner(out)
	for range commits {
		if !lines.Scan() {
			return true, cmd.Wait()
		}
	}
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return false, err
	}
	for lines.Scan() { // what it wrote before it died
	}
	if err := cmd.Wait(); err == nil {
		return true, nil
	}
	return false, nil
}

// deeds lists what people did on the story's matter, in order.
func (s *Story) deeds(t *testing.T) []string {
	t.Helper()
	ctx := context.Background()
	at, err := s.stands(ctx)
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.events(ctx, at.instruction.ID, at.family)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	slices.SortFunc(all, func(a, b event.Event) int { return int(a.Pos - b.Pos) })
	for _, e := range acts(all) {
		out = append(out, fmt.Sprintf("%s by %d", e.Kind, e.Actor))
	}
	return out
}
