// Command watch writes the two publications of the demonstration's story that the
// browser walk of the observatory brings in by hand, as the bureau put them out:
// the bulletin of October 2026 and the release of December that revises it. It
// prints their paths, one a line.
//
//	go run ./e2e/watch DIRECTORY
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"touyan.dev/touyan/demo/statistics"
)

func main() {
	if err := write(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: watch DIRECTORY")
	}
	october, err := statistics.October()
	if err != nil {
		return err
	}
	for _, f := range []statistics.File{october, statistics.December()} {
		path := filepath.Join(args[0], f.Name)
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			return err
		}
		fmt.Println(path)
	}
	return nil
}
