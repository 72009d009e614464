package bench

import (
	"os"
	"runtime"
	"runtime/pprof"
	"testing"
	"time"

	"touyan.dev/touyan/observatory/fact"
)

func TestZZ(t *testing.T) {
	p := MadePanel(300, 500, 40)
	o := enumerative(p)
	runtime.GC()
	if f := os.Getenv("ZZPROF"); f != "" {
		w, _ := os.Create(f)
		pprof.StartCPUProfile(w)
		defer pprof.StopCPUProfile()
	}
	for range 3 {
		runtime.GC()
		b, w := cpu(), time.Now()
		r := fact.Mine(p, o)
		t.Log((cpu() - b).Seconds(), time.Since(w).Seconds(), len(r.Facts))
	}
}
