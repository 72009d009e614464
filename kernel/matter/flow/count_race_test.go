//go:build race

package flow

// definitions is smaller under the race detector, which is some ten times
// slower and looks for something else.
const definitions = 300
