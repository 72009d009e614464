package fault

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// kinds lists every kind; a kind without a status of its own fails here.
func kinds() []Kind {
	return []Kind{Invalid, Unauthenticated, Forbidden, NotFound, Conflict, TooMuch, Busy, Unavailable, Internal}
}

func TestStatus(t *testing.T) {
	seen := map[int]Kind{}
	for _, k := range kinds() {
		s := k.Status()
		if s < 400 || s > 599 || seen[s] != "" {
			t.Errorf("%s has status %d, as %s", k, s, seen[s])
		}
		seen[s] = k
	}
	if len(kinds()) != len(status) {
		t.Errorf("%d kinds have a status, %d are listed here", len(status), len(kinds()))
	}
	if got := Kind("other").Status(); got != 500 {
		t.Errorf("an unknown kind has status %d", got)
	}
}

// TestWrap: an error of a kind keeps it however deep it is wrapped, one of none
// becomes Internal, and the cause can always be found.
func TestWrap(t *testing.T) {
	conflict := New(Conflict, "store.Write", "状态已变。", "The state has moved on.")
	for _, c := range []struct {
		name string
		err  error
		kind Kind
		text string
	}{
		{"of a kind", conflict, Conflict, conflict.Text.EN},
		{"wrapped twice", Wrap("c", Wrap("b", conflict)), Conflict, conflict.Text.EN},
		{"wrapped by fmt", fmt.Errorf("reading: %w", conflict), Conflict, conflict.Text.EN},
		{"joined", errors.Join(io.EOF, conflict), Conflict, conflict.Text.EN},
		{"of none", io.EOF, Internal, "Something failed inside; quote the number to the administrator."},
		{"a field's", At("x.Read", "line 3", "第3行有误。", "Line 3 is wrong."), Invalid, "The input has errors; mend the fields named."},
	} {
		wrapped := Wrap("matter.Act", c.err)
		if !Is(wrapped, c.kind) || Of(wrapped).Kind != c.kind || Of(wrapped).Text.EN != c.text {
			t.Errorf("%s: %+v", c.name, Of(wrapped))
		}
		if !errors.Is(wrapped, c.err) {
			t.Errorf("%s: the cause is lost", c.name)
		}
		for _, k := range kinds() {
			if k != c.kind && Is(wrapped, k) {
				t.Errorf("%s: is %s too", c.name, k)
			}
		}
		if !strings.HasPrefix(wrapped.Error(), "matter.Act: ") {
			t.Errorf("%s: the log reads %q", c.name, wrapped)
		}
	}
	if Wrap("x", nil) != nil || Of(nil) != nil || Is(nil, Internal) || Is(io.EOF, Internal) {
		t.Error("no error, or one of no kind, has a kind")
	}
}

// TestOfHides: what people are shown of an error of no kind does not say what
// it was; the log does.
func TestOfHides(t *testing.T) {
	secret := errors.New("dial 10.0.0.7")
	f := Of(secret)
	if f.Kind != Internal || strings.Contains(f.Text.ZH+f.Text.EN, "10.0.0.7") || !strings.Contains(f.Error(), "10.0.0.7") {
		t.Errorf("%+v: %v", f, f)
	}
}

func TestErrorForLogs(t *testing.T) {
	e := At("report.Read", "line 3", "第3行有误。", "Line 3 is wrong.")
	e.Err = io.ErrUnexpectedEOF
	want := "report.Read: invalid: The input has errors; mend the fields named.; line 3: Line 3 is wrong.: unexpected EOF"
	if e.Error() != want {
		t.Errorf("the log reads %q", e.Error())
	}
}
