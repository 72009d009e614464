// Package fault is the one vocabulary of failure.
//
// Every error that crosses a package boundary on its way to a person is a
// *Error: a kind (which decides the HTTP status and whether a retry makes
// sense), the operation that failed, and one sentence in Chinese and English
// that says what to do. Only kernel/web turns kinds into RFC 9457 problem
// documents, and it shows Internal as a number to quote, never as its cause.
//
// Sentences name the field, line or clause, and never repeat a value a person
// typed: the value may be an identity number.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says what went wrong in the terms a caller can act on.
type Kind string

// The kinds. Status gives each its HTTP status.
const (
	Invalid         Kind = "invalid"         // the input is wrong; mend the named fields
	Unauthenticated Kind = "unauthenticated" // sign in first
	Forbidden       Kind = "forbidden"       // signed in, but not allowed; the verdict names the policy
	NotFound        Kind = "not_found"       // absent, or invisible to this person
	Conflict        Kind = "conflict"        // the state has moved on; read again
	TooMuch         Kind = "too_much"        // too large or too often
	Busy            Kind = "busy"            // try again; nothing was written
	Unavailable     Kind = "unavailable"     // storage refuses writes (disk full, read-only); reads go on
	Internal        Kind = "internal"        // our fault; quote the request number
)

// Text is one sentence in the two languages of the product.
type Text struct {
	ZH string `json:"zh" yaml:"zh"`
	EN string `json:"en" yaml:"en"`
}

// T builds a Text.
func T(zh, en string) Text { return Text{ZH: zh, EN: en} }

// Field is one place in the input that must be mended. Path is a JSON pointer
// without its leading slash ("assignees/0/limit"), a row ("row 7/C") or a line.
type Field struct {
	Path string `json:"path"`
	Text Text   `json:"text"`
}

// Error is a failure fit to be shown.
type Error struct {
	Kind   Kind
	Op     string // "matter.Act", for the log
	Text   Text
	Fields []Field
	Policy string // the policy that ruled, for Forbidden
	Hint   string // what a program may do about it: "code", "proof", "enrol"
	Err    error  // the cause, for the log only
}

// Error gives the form for logs: operation, kind, English sentence, cause.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op + ": " + string(e.Kind))
	if e.Text.EN != "" {
		b.WriteString(": " + e.Text.EN)
	}
	for _, f := range e.Fields {
		b.WriteString("; " + f.Path + ": " + f.Text.EN)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// New builds an error of the given kind.
func New(kind Kind, op, zh, en string) *Error {
	return &Error{Kind: kind, Op: op, Text: T(zh, en)}
}

// At builds an Invalid error which names one field.
func At(op, path, zh, en string) *Error {
	return &Error{
		Kind: Invalid, Op: op,
		Text:   T("提交的内容有误，请按提示修改。", "The input has errors; mend the fields named."),
		Fields: []Field{{Path: path, Text: T(zh, en)}},
	}
}

// Wrap adds the operation to an error and keeps its kind; an error of no kind
// becomes Internal. Wrap(nil) is nil.
func Wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	var f *Error
	if errors.As(err, &f) {
		return fmt.Errorf("%s: %w", op, err)
	}
	return &Error{Kind: Internal, Op: op, Err: err, Text: T("系统内部出错，请把编号告诉管理员。", "Something failed inside; quote the number to the administrator.")}
}

// Of gives the *Error inside err, or an Internal one that hides it.
func Of(err error) *Error {
	var f *Error
	if errors.As(err, &f) {
		return f
	}
	if err == nil {
		return nil
	}
	errors.As(Wrap("unknown", err), &f)
	return f
}

// Is reports whether err is of the kind.
func Is(err error, kind Kind) bool {
	var f *Error
	return errors.As(err, &f) && f.Kind == kind
}

// status is the one table from kinds to HTTP.
var status = map[Kind]int{
	Invalid: 422, Unauthenticated: 401, Forbidden: 403, NotFound: 404,
	Conflict: 409, TooMuch: 429, Busy: 503, Unavailable: 507, Internal: 500,
}

// Status gives the HTTP status of the kind; 500 for an unknown one.
func (k Kind) Status() int {
	if s, ok := status[k]; ok {
		return s
	}
	return 500
}
