//go:build race

package auth

// The race detector slows each probe some twenty times.
const probes = 40_000
