package flow

import "testing"

func BenchmarkApply(b *testing.B) {
	d := sample(b, "followup.yaml")
	s0, _, err := d.Begin(title)
	if err != nil {
		b.Fatal(err)
	}
	s1, _, err := d.Apply(s0, propose("self"))
	if err != nil {
		b.Fatal(err)
	}
	for name, at := range map[string]struct {
		s  State
		in Input
	}{"plain": {s1, agree}, "form": {s0, propose("self")}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := d.Apply(at.s, at.in); err != nil {
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
