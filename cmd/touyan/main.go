// Command touyan is the operating desk of a city government's general office,
// as one program: server, checks, imports, backups and the demo.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"touyan.dev/touyan/kernel/fault"
)

// cli is every command. Each lives in a file of its own, named after it.
type cli struct {
	Serve    serveCmd    `cmd:"" help:"Run the server: the office's screens and API."`
	Demo     demoCmd     `cmd:"" help:"Open the fictional city of Chengchuan and its story."`
	Calendar calendarCmd `cmd:"" help:"Working days and deadlines."`
	Verify   verifyCmd   `cmd:"" help:"Verify a receipt offline, against the city's public key."`
	Check    checkCmd    `cmd:"" help:"Fold the whole log and compare it with every row."`
	Bench    benchCmd    `cmd:"" help:"Measurements against a floor and against limits."`
	Torture  tortureCmd  `cmd:"" help:"Kill the writer and cut its power under load, and count what was lost."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// streams is where a command writes.
type streams struct{ out, err io.Writer }

// run parses and runs one command line and gives the exit status: 0 done, 1
// failed or found something wrong, 2 a wrong command line.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c cli
	exit := -1
	parser, err := kong.New(&c, kong.Name("touyan"), kong.Description("头雁 Touyan · 市政府办公室工作中枢: the operating desk of a city government's office."),
		kong.UsageOnError(), kong.Writers(stdout, stderr), kong.Exit(func(code int) { exit = code }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(streams{stdout, stderr}))
	if err != nil {
		panic("touyan: the command line is declared wrongly: " + err.Error())
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelInfo})))
	command, err := parser.Parse(args)
	if exit >= 0 { // --help was printed
		return exit
	}
	if err != nil {
		fmt.Fprintln(stderr, "touyan:", err)
		return 2
	}
	if err := command.Run(); err != nil {
		if !errors.Is(err, errFound) {
			fmt.Fprint(stderr, explain(err))
		}
		return 1
	}
	return 0
}

// errFound ends a command that has said itself what is wrong.
var errFound = fmt.Errorf("something was found")

// explain gives an error as a person reads it, in both languages.
func explain(err error) string {
	f := fault.Of(err)
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", f.Text.ZH, f.Text.EN)
	for _, field := range f.Fields {
		fmt.Fprintf(&b, "  %s: %s %s\n", field.Path, field.Text.ZH, field.Text.EN)
	}
	if f.Kind == fault.Internal {
		fmt.Fprintf(&b, "  (%v)\n", err)
	}
	return b.String()
}

// printJSON writes a value as indented JSON.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
