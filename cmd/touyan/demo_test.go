package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// command runs one command line and gives its exit status and what it printed.
func command(args ...string) (int, string) {
	var out bytes.Buffer
	code := run(context.Background(), args, streams{strings.NewReader(""), &out, &out})
	return code, out.String()
}

func TestDemoIsBuiltOnceAndChecks(t *testing.T) {
	dir := t.TempDir()
	for _, step := range []struct {
		args []string
		code int
		want []string
	}{
		{[]string{"demo", "--data", dir, "--now", "2026-08-01T08:30", "--quit"}, 1, []string{"2026年11月2日至12月31日", "2 November"}},
		{[]string{"demo", "--data", dir, "--quit"}, 0, []string{"新建", "2026-11-23T08:30:00+08:00", "zhou ", "chen ", "Demo-", "five things"}},
		{[]string{"demo", "--data", dir, "--quit"}, 0, []string{"沿用"}},
		{[]string{"check", "--data", dir}, 0, []string{"0 处不符"}},
		{[]string{"demo", "--data", dir, "--fresh", "--now", "2026-12-01T09:00", "--quit"}, 0, []string{"新建", "2026-12-01T09:00:00+08:00"}},
	} {
		code, out := command(step.args...)
		if code != step.code {
			t.Fatalf("%v: status %d\n%s", step.args, code, out)
		}
		for _, w := range step.want {
			if !strings.Contains(out, w) {
				t.Errorf("%v does not print %q:\n%s", step.args, w, out)
			}
		}
	}
}

// TestDemoLeavesOtherCitiesAlone asks for a demo in a directory that holds
// another installation.
func TestDemoLeavesOtherCitiesAlone(t *testing.T) {
	dir := t.TempDir()
	if code, out := command("check", "--data", dir); code != 0 { // makes an empty installation
		t.Fatal(out)
	}
	before, err := os.Stat(filepath.Join(dir, "touyan.db"))
	if err != nil {
		t.Fatal(err)
	}
	if code, out := command("demo", "--data", dir, "--fresh", "--quit"); code != 1 || !strings.Contains(out, "不是演示城市") {
		t.Errorf("status %d: %s", code, out)
	}
	if after, err := os.Stat(filepath.Join(dir, "touyan.db")); err != nil || !os.SameFile(before, after) {
		t.Errorf("the other city's database was touched: %v", err)
	}
}
