//go:build race

package calendar_test

// raceEnabled keeps the million cases out of runs under the race detector,
// where they would take minutes and show nothing more.
const raceEnabled = true
