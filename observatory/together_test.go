package observatory

import "testing"

// TestTogether: both functions have run when it ends, and a panic beside is the
// caller's.
func TestTogether(t *testing.T) {
	here, beside := false, false
	together(func() { here = true }, func() { beside = true })
	if !here || !beside {
		t.Errorf("here %t, beside %t", here, beside)
	}
	defer func() {
		if p := recover(); p != "beside" {
			t.Errorf("recovered %v", p)
		}
	}()
	together(func() {}, func() { panic("beside") })
}
