package bench

import "testing"

// TestObservatory: small runs are measured, and every weight is proven.
func TestObservatory(t *testing.T) {
	e, err := Effect(1)
	if err != nil {
		t.Fatal(err)
	}
	if e.StatesCPU <= 0 || e.CitiesWall <= 0 || e.Uncertified != 0 || e.KKT > 1e-12 {
		t.Errorf("%+v", e)
	}
	if f := Forecast(200); f.CPU <= 0 || f.Series != 200 {
		t.Errorf("%+v", f)
	}
}
