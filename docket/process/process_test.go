package process_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"touyan.dev/touyan/docket/process"
	"touyan.dev/touyan/kernel/fault"
)

// shared gives a file of the receipt log; the test is skipped where the shared
// data is not at hand.
func shared(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "service", "receipt", name))
	if err != nil {
		t.Skip("the shared receipt log is not here")
	}
	return data
}

// stats is the reference: what pm4py prints of the log.
type stats struct {
	Cases, Events, Activities, Variants int
	DFG                                 []process.Edge
	Start, End                          map[string]int
	Throughput                          process.Duration `json:"throughput_seconds"`
	Top                                 []struct {
		Count int
		Trace []string
	} `json:"top_variants"`
}

// TestReceiptEqualsReference: the XES and the CSV form of the receipt log give
// the reference, number by number.
func TestReceiptEqualsReference(t *testing.T) {
	var want stats
	if err := json.Unmarshal(shared(t, "stats.json"), &want); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"receipt.xes.gz", "receipt.csv.gz"} {
		log, err := process.Read(bytes.NewReader(shared(t, name)), process.Columns{})
		if err != nil {
			t.Fatal(name, err)
		}
		got := log.Map()
		if got.Cases != want.Cases || got.Events != want.Events || got.Activities != want.Activities || got.Variants != want.Variants {
			t.Errorf("%s: %d cases, %d events, %d activities, %d variants; want %+v", name, got.Cases, got.Events, got.Activities, got.Variants, want)
		}
		if !sameEdges(got.DFG, want.DFG) {
			t.Errorf("%s: the map differs", name)
		}
		if !maps.Equal(got.Start, want.Start) || !maps.Equal(got.End, want.End) {
			t.Errorf("%s: starts or ends differ", name)
		}
		if got.Duration != want.Throughput {
			t.Errorf("%s: durations %+v, want %+v", name, got.Duration, want.Throughput)
		}
		for i, v := range want.Top {
			if got.Top[i].Count != v.Count || !slices.Equal(got.Top[i].Trace, v.Trace) {
				t.Errorf("%s: variant %d is %+v, want %+v", name, i, got.Top[i], v)
			}
		}
	}
}

func sameEdges(a, b []process.Edge) bool {
	order := func(x, y process.Edge) int { return cmp.Or(cmp.Compare(x.From, y.From), cmp.Compare(x.To, y.To)) }
	a, b = slices.Clone(a), slices.Clone(b)
	slices.SortFunc(a, order)
	slices.SortFunc(b, order)
	return slices.Equal(a, b)
}

// row is an event of a random log.
type row struct {
	kase, name string
	at         time.Time
}

// oracle says slowly and plainly what a map is: all rows sorted by case, time and
// place in the file.
func oracle(rows []row) process.Map {
	m := process.Map{Events: len(rows), DFG: []process.Edge{}, Start: map[string]int{}, End: map[string]int{}}
	names, cases, edges, ways := map[string]bool{}, map[string][]row{}, map[[2]string]int{}, map[string]int{}
	for _, r := range rows {
		names[r.name] = true
		cases[r.kase] = append(cases[r.kase], r)
	}
	var spans []float64
	total := 0.0
	for _, trace := range cases {
		for i := range trace { // a bubble sort is stable
			for k := len(trace) - 1; k > i; k-- {
				if trace[k].at.Before(trace[k-1].at) {
					trace[k], trace[k-1] = trace[k-1], trace[k]
				}
			}
		}
		way := ""
		for i, r := range trace {
			way += fmt.Sprintf("%q,", r.name)
			if i > 0 {
				edges[[2]string{trace[i-1].name, r.name}]++
			}
		}
		ways[way]++
		m.Start[trace[0].name]++
		m.End[trace[len(trace)-1].name]++
		s := trace[len(trace)-1].at.Sub(trace[0].at).Seconds()
		spans, total = append(spans, s), total+s
	}
	m.Cases, m.Activities, m.Variants = len(cases), len(names), len(ways)
	for pair, n := range edges {
		m.DFG = append(m.DFG, process.Edge{From: pair[0], To: pair[1], Count: n})
	}
	if slices.Sort(spans); len(spans) > 0 {
		m.Duration.Mean, m.Duration.Median = total/float64(len(spans)), (spans[(len(spans)-1)/2]+spans[len(spans)/2])/2
	}
	return m
}

// asCSV and asXES write rows as the two forms; XES puts the name of a trace after
// its events now and then, and lets one case stand in several traces.
func asCSV(rows []row, sep rune) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Comma = sep
	_ = w.Write([]string{"x", "time:timestamp", "concept:name", "case:concept:name"})
	for i, r := range rows {
		_ = w.Write([]string{fmt.Sprint(i, "\"\n"), r.at.Format("2006-01-02 15:04:05.000000-07:00"), r.name, r.kase})
	}
	w.Flush()
	return b.Bytes()
}

func asXES(rows []row) []byte {
	var b bytes.Buffer
	escape := func(s string) string {
		var e bytes.Buffer
		_ = xml.EscapeText(&e, []byte(s))
		return e.String()
	}
	b.WriteString("<?xml version='1.0' encoding=\"UTF-8\"?>\n<!-- a > b -- > -->\n<log xes.version=\"1.0\">\n<global scope=\"event\"><string key=\"concept:name\" value=\"no\"/></global>\n")
	for i, r := range rows {
		name := fmt.Sprintf("<string key='concept:name' value='%s'><string key=\"concept:name\" value=\"nested\"/></string>", escape(r.kase))
		first, last := name, ""
		if i%3 == 1 {
			first, last = "", name
		}
		fmt.Fprintf(&b, "<trace>%s<event>\n<string key=\"note\" value=\"a > b &amp; <!\"/><date value=\"%s\" key=\"time:timestamp\"/><string key=\"concept:name\" value=\"%s\"/></event >%s</trace>\n",
			first, r.at.Format(time.RFC3339Nano), escape(r.name), last)
	}
	b.WriteString("</log>\n")
	return bytes.ReplaceAll(b.Bytes(), []byte("<!\""), []byte("!\""))
}

// TestMapIsTheOracles: on random logs with ties, in every form and order, the map
// is what sorting everything says.
func TestMapIsTheOracles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := time.FixedZone("", rapid.SampledFrom([]int{0, 8 * 3600, -5*3600 - 1800}).Draw(t, "zone"))
		rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) row {
			return row{
				kase: rapid.SampledFrom([]string{"1", "2", "案三", "4\"&<'"}).Draw(t, "case"),
				name: rapid.SampledFrom([]string{"登记", "b,c", "d;e", "f > \"g\"", "a\tb"}).Draw(t, "name"),
				at:   time.Unix(1_700_000_000, 0).Add(time.Duration(rapid.IntRange(-5, 5).Draw(t, "at")) * 1500 * time.Microsecond * time.Duration(rapid.SampledFrom([]int{1, 1e9}).Draw(t, "unit"))).In(zone),
			}
		}), 0, 40).Draw(t, "rows")
		want := oracle(rows)
		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		_, _ = z.Write(asXES(rows))
		_ = z.Close()
		for form, data := range map[string][]byte{"csv": asCSV(rows, ','), "semicolons": asCSV(rows, ';'), "tabs": asCSV(rows, '\t'), "bom": append([]byte("\ufeff"), asCSV(rows, ',')...), "xes": asXES(rows), "xes.gz": zipped.Bytes()} {
			log, err := process.Read(iotestReader{bytes.NewReader(data)}, process.Columns{})
			if err != nil {
				t.Fatalf("%s: %v\n%s", form, err, data)
			}
			got := log.Map()
			if !sameEdges(got.DFG, want.DFG) {
				t.Fatalf("%s: the map is %v, want %v", form, got.DFG, want.DFG)
			}
			if d := got.Duration.Mean - want.Duration.Mean; d > 0.0006 || d < -0.0006 || got.Duration.Median-want.Duration.Median > 0.0006 || want.Duration.Median-got.Duration.Median > 0.0006 {
				t.Fatalf("%s: durations %+v, want %+v", form, got.Duration, want.Duration)
			}
			plain := want
			got.DFG, plain.DFG, got.Top, got.Duration, plain.Duration = nil, nil, nil, process.Duration{}, process.Duration{}
			if !reflect.DeepEqual(got, plain) {
				t.Fatalf("%s: %+v, want %+v", form, got, plain)
			}
		}
	})
}

// iotestReader hands over few bytes at once, so that tags and lines are cut
// anywhere.
type iotestReader struct{ r io.Reader }

func (r iotestReader) Read(p []byte) (int, error) { return r.r.Read(p[:min(len(p), 7)]) }

const xesHead = "<log>\n<trace>\n<string key=\"concept:name\" value=\"1\"/>\n"

// TestErrorsNameLineAndAttribute: what is wrong is found, and said to be where it
// is.
func TestErrorsNameLineAndAttribute(t *testing.T) {
	event := func(inner string) string { return xesHead + "<event>\n" + inner + "\n</event></trace></log>" }
	const name, when = `<string key="concept:name" value="a"/>`, `<date key="time:timestamp" value="2026-11-23T08:30:00+08:00"/>`
	for what, c := range map[string]struct {
		text, path string
		cols       process.Columns
	}{
		"empty":             {"", "line/1", process.Columns{}},
		"no column":         {"a,b\n", "line/1/case:concept:name", process.Columns{}},
		"named column":      {"a,b,c\n1,2,3\n", "line/1/环节", process.Columns{Case: "a", Activity: "环节", Time: "c"}},
		"no case in a row":  {"a,b,c\n1,2,2026-01-01\n,2,2026-01-01\n", "line/3/a", process.Columns{Case: "a", Activity: "b", Time: "c"}},
		"no activity":       {"a,b,c\n1,,2026-01-01\n", "line/2/b", process.Columns{Case: "a", Activity: "b", Time: "c"}},
		"bad time":          {"a,b,c\n1,2,\"2026-02-30\"\n", "line/2/c", process.Columns{Case: "a", Activity: "b", Time: "c"}},
		"columns missing":   {"a,b,c\n1,2\n", "line/2", process.Columns{Case: "a", Activity: "b", Time: "c"}},
		"quote open":        {"a,b,c\n1,\"2,3\n", "line/2", process.Columns{Case: "a", Activity: "b", Time: "c"}},
		"not UTF-8":         {"a,b,c\n\xff\xfe,2,2026-01-01\n", "line/2/a", process.Columns{Case: "a", Activity: "b", Time: "c"}},
		"no log":            {"<a></a>", "line/1", process.Columns{}},
		"two logs":          {"<log></log>\n<log/>", "line/2", process.Columns{}},
		"event nowhere":     {"<log>\n<event/></log>", "line/2", process.Columns{}},
		"no name":           {event(when), "line/4/concept:name", process.Columns{}},
		"no time":           {event(name), "line/4/time:timestamp", process.Columns{}},
		"name twice":        {event(name + when + "\n" + name), "line/6/concept:name", process.Columns{}},
		"empty name":        {event(`<string key="concept:name" value=""/>` + when), "line/5/concept:name", process.Columns{}},
		"time is no time":   {event(name + "\n" + `<date key="time:timestamp" value="gestern"/>`), "line/6/time:timestamp", process.Columns{}},
		"case without name": {strings.Replace(event(name+when), "concept:name\" value=\"1", "x\" value=\"1", 1), "line/2/case:concept:name", process.Columns{}},
		"tags cross":        {"<log>\n<trace></log></trace>", "line/2", process.Columns{}},
		"cut off":           {xesHead, "line/4", process.Columns{}},
		"cut in a tag":      {xesHead + "<event a=\"", "line/4", process.Columns{}},
		"text around":       {"<log></log>\nmore", "line/2", process.Columns{}},
		"doctype":           {"<!DOCTYPE log [<!ENTITY a \"b\">]>\n<log/>", "line/1", process.Columns{}},
		"entity":            {event(`<string key="concept:name" value="&b;"/>` + when), "line/5/value", process.Columns{}},
		"no quotes":         {"<log>\n<trace a=b></trace></log>", "line/2", process.Columns{}},
		"value twice":       {event(`<string key="concept:name" value="a" value="b"/>`), "line/5/value", process.Columns{}},
		"latin":             {"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><log/>", "line/1/encoding", process.Columns{}},
		"activity of case":  {"<log/>", "line/1/case:x", process.Columns{Activity: "case:x"}},
	} {
		_, err := process.Read(strings.NewReader(c.text), c.cols)
		f := fault.Of(err)
		if err == nil || f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Path != c.path {
			t.Errorf("%s: %v (%+v), want it at %s", what, err, f.Fields, c.path)
		}
	}
	if _, err := process.Read(bytes.NewReader([]byte("\x1f\x8b\x08broken")), process.Columns{}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a damaged gzip file gives %v", err)
	}
	if log, err := process.Read(strings.NewReader("<log/>"), process.Columns{}); err != nil || log.Map().Cases != 0 {
		t.Errorf("a log without cases gives %v", err)
	}
}

// TestInstants: the forms in which logs write a time.
func TestInstants(t *testing.T) {
	want := time.Date(2011, 10, 11, 11, 45, 40, 276_000_000, time.UTC)
	for text, at := range map[string]time.Time{
		"2011-10-11T13:45:40.276+02:00": want, "2011-10-11 13:45:40.276000+0200": want, "2011-10-11T11:45:40.276Z": want, "2011-10-11T19:45:40,2760000001": want,
		"2011-10-11T13:45:40.276+02": want, "2011-10-11": want.Truncate(24 * time.Hour).Add(-8 * time.Hour), "2011-10-11 13:45": want.Truncate(time.Minute).Add(2*time.Hour - 8*time.Hour),
		"2000-02-29": time.Date(2000, 2, 28, 16, 0, 0, 0, time.UTC), "1970-01-01T00:00:00.000+01:00": time.Unix(-3600, 0),
		"2011-10-11T09:15:40.276-02:30": want,
	} {
		log, err := process.Read(strings.NewReader("case,activity,time\n1,a,1970-01-01T00:00:00Z\n1,b,\""+text+"\"\n"), process.Columns{Case: "case", Activity: "activity", Time: "time"})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		s := at.Sub(time.Unix(0, 0)).Seconds()
		if got := log.Map().Duration.Mean; got != max(s, -s) {
			t.Errorf("%s is %v s from 1970, want %v", text, got, s)
		}
	}
	for _, text := range []string{"", "2011", "2011-13-01", "2011-02-29", "1900-02-29", "2011-10-11T", "2011-10-11T25:00", "2011-10-11T10:60", "2011-10-11T10:00:61", "2011-10-11T10:00:00.", "2011-10-11T10:00+99:00", "2011-10-11T10:00x", "2300-01-01", "2011-10-11T10:00Zz", "11.10.2011"} {
		if _, err := process.Read(strings.NewReader("case,activity,time\n1,b,\""+text+"\"\n"), process.Columns{Case: "case", Activity: "activity", Time: "time"}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q gives %v", text, err)
		}
	}
}

// FuzzRead: whatever a file holds, reading ends, and what was read adds up.
func FuzzRead(f *testing.F) {
	f.Add([]byte(xesHead + "<event><string key=\"concept:name\" value=\"a\"/><date key='time:timestamp' value='2026-01-01T00:00:00Z'/></event></trace></log>"))
	f.Add([]byte("case:concept:name,concept:name,time:timestamp\n1,a,2026-01-01\n"))
	f.Add([]byte("<log><!-- --><![CDATA[]]></log>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		log, err := process.Read(bytes.NewReader(data), process.Columns{})
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatal(err)
			}
			return
		}
		m := log.Map()
		follows, starts := 0, 0
		for _, e := range m.DFG {
			follows += e.Count
		}
		for _, n := range m.Start {
			starts += n
		}
		if follows != m.Events-m.Cases || starts != m.Cases {
			t.Fatalf("%+v does not add up", m)
		}
	})
}

// FuzzXES: our tags are those of encoding/xml, as far as a log is one of theirs.
func FuzzXES(f *testing.F) {
	f.Add([]byte(xesHead + "<event><string key=\"concept:name\" value=\"a\"/><date key='time:timestamp' value='2026-01-01T00:00:00Z'/></event></trace></log>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if !bytes.HasPrefix(data, []byte("<log")) {
			return
		}
		if _, err := process.Read(bytes.NewReader(data), process.Columns{}); err != nil {
			return
		}
		events := 0
		d := xml.NewDecoder(bytes.NewReader(data))
		d.Strict = false
		for {
			token, err := d.RawToken()
			if err != nil {
				break
			}
			if s, ok := token.(xml.StartElement); ok && s.Name.Local == "event" {
				events++
			}
		}
		log, _ := process.Read(bytes.NewReader(data), process.Columns{})
		if got := log.Map().Events; got > events && d.InputOffset() == int64(len(data)) {
			t.Fatalf("%d events, encoding/xml sees %d", got, events)
		}
	})
}
