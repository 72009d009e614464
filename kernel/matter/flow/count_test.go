//go:build !race

package flow

// definitions is how many random definitions the proof of Check covers.
const definitions = 10_000
