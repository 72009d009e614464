package flow

import "testing"

// BenchmarkApply measures one act: without a form, with one, and before a
// choice whose two guards are asked.
func BenchmarkApply(b *testing.B) {
	d, unit := sample(b, "followup.yaml"), sample(b, "unit.yaml")
	first, _, err := unit.Begin(map[string]any{"unit": "a"})
	if err != nil {
		b.Fatal(err)
	}
	s0, _, err := d.Begin(title)
	if err != nil {
		b.Fatal(err)
	}
	s1, _, err := d.Apply(s0, propose("self"))
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name string
		d    *Def
		s    State
		in   Input
	}{
		{"plain", unit, first, Input{Step: "sign", Act: "done"}},
		{"form", d, s0, propose("self")},
		{"choice", d, s1, agree},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := c.d.Apply(c.s, c.in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// fourSteps is a matter in its fourth step.
func fourSteps(b *testing.B) State {
	d := sample(b, "followup.yaml")
	s, _, err := d.Begin(title)
	for _, in := range []Input{propose("self"), refuse, propose("self"), agree} {
		if err == nil {
			s, _, err = d.Apply(s, in)
		}
	}
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func BenchmarkStateEncode(b *testing.B) {
	s := fourSteps(b)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = s.AppendJSON(buf[:0])
	}
	b.ReportMetric(float64(len(buf)), "bytes")
}

func BenchmarkStateDecode(b *testing.B) {
	text := fourSteps(b).AppendJSON(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeState(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOffers(b *testing.B) {
	d, s := sample(b, "followup.yaml"), fourSteps(b)
	b.ReportAllocs()
	for b.Loop() {
		d.Offers(s)
	}
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		sample(b, "followup.yaml")
	}
}
