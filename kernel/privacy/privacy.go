// Package privacy hides personal data wherever it is not meant to be read.
//
// It has two means. Masks shorten a name, a mobile number or an identity number
// to what a clerk needs to recognise it (张*三, 138****1234, 110***********1234),
// and find such numbers inside free text. Masked[T] carries a value through
// code that must not print it: every way of turning it into text gives ***, and
// only Reveal, which can be searched for, gives the value.
//
// The identity number is that of GB 11643-1999 (18 digits) and its predecessor
// of 15 digits. Finding is generous on purpose: a number with a plausible birth
// date is hidden although its check digit is wrong, because a slip of the pen
// does not make it less personal.
//
// The package never decides who may see a value; that is kernel/auth's.
package privacy

import (
	"fmt"
	"log/slog"
)

// hidden is what a masked value looks like in every printed form.
const hidden = "***"

// Masked holds a value that no printing shows. The zero Masked holds the zero
// T. The value is kept behind a pointer, so that fmt does not reach it even in
// an unexported field, where it may call no method.
type Masked[T any] struct{ value *T }

// Mask wraps a value.
func Mask[T any](value T) Masked[T] { return Masked[T]{&value} }

// Reveal gives the value. Whoever calls it answers for where the value goes.
func (m Masked[T]) Reveal() T {
	if m.value == nil {
		var zero T
		return zero
	}
	return *m.value
}

// String gives ***.
func (m Masked[T]) String() string { return hidden }

// Format prints *** whatever the verb.
func (m Masked[T]) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(hidden)) }

// MarshalJSON gives "***".
func (m Masked[T]) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// MarshalText gives ***, for map keys, XML and flags.
func (m Masked[T]) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue gives ***, for slog.
func (m Masked[T]) LogValue() slog.Value { return slog.StringValue(hidden) }
