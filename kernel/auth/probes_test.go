//go:build !race

package auth

// probes is how many random questions TestMillionProbes asks of each law.
const probes = 1_000_000
