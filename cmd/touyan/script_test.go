package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"touyan": main})
}

// TestScripts runs the program as people do, each script in a directory of its
// own. PORT is free there, for a server.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			e.Setenv("PORT", fmt.Sprint(l.Addr().(*net.TCPAddr).Port))
			return l.Close()
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"sql": alter, "count": count, "reach": reach, "signin": signInAs},
	})
}

// alter runs one statement on a SQLite file: sql FILE STATEMENT.
func alter(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	res, err := db.Exec(strings.Join(args[1:], " "))
	ts.Check(err)
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		ts.Fatalf("no row was altered: %v", err)
	}
}

// count wants a table of a SQLite file to hold so many rows: count FILE N TABLE.
func count(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	var n int
	ts.Check(db.QueryRow("SELECT COUNT(*) FROM " + args[2]).Scan(&n))
	if fmt.Sprint(n) != args[1] {
		ts.Fatalf("%s holds %d rows", args[2], n)
	}
}

// reach waits until the server at PORT answers.
func reach(ts *testscript.TestScript, _ bool, _ []string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		req, err := http.NewRequestWithContext(ctx, "GET", "http://127.0.0.1:"+ts.Getenv("PORT")+"/api/health", nil)
		ts.Check(err)
		if res, err := http.DefaultClient.Do(req); err == nil {
			res.Body.Close()
			return
		}
	}
	ts.Fatalf("the server does not answer")
}

// signInAs signs in at the server at PORT: signin LOGIN PASSWORD STATUS.
func signInAs(ts *testscript.TestScript, _ bool, args []string) {
	body := strings.NewReader(fmt.Sprintf(`{"login":%q,"password":%q}`, args[0], args[1]))
	res, err := http.Post("http://127.0.0.1:"+ts.Getenv("PORT")+"/api/session", "application/json", body)
	ts.Check(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	ts.Check(err)
	if fmt.Sprint(res.StatusCode) != args[2] {
		ts.Fatalf("status %d: %s", res.StatusCode, text)
	}
}
