package fact

import "touyan.dev/touyan/observatory/panel"

// growth makes the slab of growth against the same period of the year before, in
// per cent. It is missing where either level is, where the earlier is not
// positive, and across a change of class.
func growth(x *panel.Slab, lag int) *panel.Slab {
	out := panel.NewSlab(x.N, x.T)
	out.Classes, out.Class, out.Held = x.Classes, x.Class, x.Held
	for t := lag; t < x.T; t++ {
		for s := range x.N {
			now, ok1 := x.At(s, t)
			was, ok2 := x.At(s, t-lag)
			if !ok1 || !ok2 || was <= 0 || x.ClassID(s, t) != x.ClassID(s, t-lag) {
				continue
			}
			out.Set(s, t, 100*(now/was-1))
			if x.Provisional.Has(s, t) || x.Provisional.Has(s, t-lag) {
				out.MarkProvisional(s, t)
			}
		}
	}
	return out
}

// perHead divides a slab by another.
func perHead(x, by *panel.Slab) *panel.Slab {
	out := panel.NewSlab(x.N, x.T)
	out.Classes, out.Class, out.Held = x.Classes, x.Class, x.Held
	for t := range x.T {
		for s := range x.N {
			v, ok1 := x.At(s, t)
			heads, ok2 := by.At(s, t)
			if ok1 && ok2 && heads > 0 {
				out.Set(s, t, v/heads)
			}
			if x.Provisional.Has(s, t) || by.Provisional.Has(s, t) {
				out.MarkProvisional(s, t)
			}
		}
	}
	return out
}
