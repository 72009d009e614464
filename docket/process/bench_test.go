package process_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"

	"touyan.dev/touyan/docket/process"
)

// BenchmarkRead reads the receipt log, unpacked, in both forms.
func BenchmarkRead(b *testing.B) {
	for _, name := range []string{"receipt.xes.gz", "receipt.csv.gz"} {
		z, err := gzip.NewReader(bytes.NewReader(shared(b, name)))
		if err != nil {
			b.Fatal(err)
		}
		data, err := io.ReadAll(z)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				log, err := process.Read(bytes.NewReader(data), process.Columns{})
				if err != nil || log.Map().Cases != 1434 {
					b.Fatal(err)
				}
			}
		})
	}
}
