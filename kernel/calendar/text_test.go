package calendar_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/fault"
)

func TestLimitText(t *testing.T) {
	for _, c := range []struct{ text, zh, en string }{
		{"5wd", "5个工作日", "5 working days"},
		{"1wd", "1个工作日", "1 working day"},
		{"5wd@close", "5个工作日，至末日17:30", "5 working days, until 17:30 on the last"},
		{"30d", "30日", "30 calendar days"},
		{"30d+roll", "30日，末日遇休息日顺延", "30 calendar days, moved to the next working day if the last is a day off"},
		{"30d+roll@close", "30日，末日遇休息日顺延，至末日17:30", "30 calendar days, moved to the next working day if the last is a day off, until 17:30 on the last"},
		{"24h", "24小时", "24 hours"},
		{"9999h", "9999小时", "9999 hours"},
	} {
		l := limit(t, c.text)
		if got := l.Text(); l.String() != c.text || got.ZH != c.zh || got.EN != c.en {
			t.Errorf("%s prints %s, %+v", c.text, l, got)
		}
	}
	if got := (calendar.Limit{}).Text(); got.ZH != "无时限" {
		t.Errorf("no limit prints %+v", got)
	}
}

func TestParseLimitRefuses(t *testing.T) {
	for _, s := range []string{
		"", "5", "wd", "0wd", "05wd", "-5wd", "+5wd", "5 wd", "5WD", "5w", "5dw", "5wdd", "5hd",
		"10000wd", "99999999999999999999d", "5wd+roll", "24h+roll", "24h@close", "5wd@close@close",
		"30d@close+roll", "30d+roll+roll", "5.5d", "5wd ", " 5wd", "@close", "+roll", "٥d",
	} {
		_, err := calendar.ParseLimit(s)
		wantInvalid(t, s, err, "limit")
	}
}

// wantInvalid demands an Invalid error on one field, in both languages, that
// does not repeat the input.
func wantInvalid(t *testing.T, input string, err error, path string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid || len(f.Fields) != 1 {
		t.Errorf("%q: error %v, want Invalid on one field", input, err)
		return
	}
	field := f.Fields[0]
	if field.Path != path || field.Text.ZH == "" || field.Text.EN == "" {
		t.Errorf("%q: field %+v, want path %s and two sentences", input, field, path)
	}
}

type rule struct {
	Limit calendar.Limit `json:"limit" yaml:"limit"`
	Since calendar.Day   `json:"since" yaml:"since"`
}

func TestJSONAndYAML(t *testing.T) {
	want := rule{limit(t, "30d+roll@close"), day(t, "2026-02-10")}
	asJSON, err := json.Marshal(want)
	if err != nil || string(asJSON) != `{"limit":"30d+roll@close","since":"2026-02-10"}` {
		t.Errorf("JSON: %s, %v", asJSON, err)
	}
	asYAML, err := yaml.Marshal(want)
	if err != nil || !strings.Contains(string(asYAML), "limit: 30d+roll@close") {
		t.Errorf("YAML: %s, %v", asYAML, err)
	}
	for name, read := range map[string]func(*rule) error{
		"JSON":       func(r *rule) error { return json.Unmarshal(asJSON, r) },
		"YAML":       func(r *rule) error { return yaml.Unmarshal(asYAML, r) },
		"plain YAML": func(r *rule) error { return yaml.Unmarshal([]byte("limit: 30d+roll@close\nsince: 2026-02-10\n"), r) },
	} {
		var got rule
		if err := read(&got); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	for _, bad := range []string{`{"limit":"5x"}`, `{"since":"2026-02-30"}`} {
		if err := json.Unmarshal([]byte(bad), &rule{}); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
	var none rule
	if err := json.Unmarshal([]byte(`{"limit":""}`), &none); err != nil || !none.Limit.IsZero() {
		t.Errorf("the empty limit: %v, %v", none.Limit, err)
	}
	if _, err := json.Marshal(rule{Limit: calendar.Limit{N: 5}}); err == nil {
		t.Error("a limit without unit was written")
	}
}

func TestParseDayRefuses(t *testing.T) {
	for _, s := range []string{"", "2026-2-10", "2026/02/10", "2026-02-30", "2026-13-01", "2026-00-10", "2026-02-00", "0000-01-01", "2026-02-10 ", "+026-02-10", "20260210"} {
		_, err := calendar.ParseDay(s)
		wantInvalid(t, s, err, "day")
	}
}

func TestParseInstant(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"2026-02-10T09:30", "2026-02-10T09:30:00+08:00"},
		{"2026-02-10 09:30", "2026-02-10T09:30:00+08:00"},
		{"2026-02-10 09:30:15.25", "2026-02-10T09:30:15.25+08:00"},
		{"2026-02-10", "2026-02-10T00:00:00+08:00"},
		{"2026-02-10T09:30:00+08:00", "2026-02-10T09:30:00+08:00"},
		{"2026-02-10T01:30:00Z", "2026-02-10T09:30:00+08:00"},
		{"2026-02-09T20:00:00.123456789-05:30", "2026-02-10T09:30:00.123456+08:00"},
		{"1988-07-01T12:00", "1988-07-01T12:00:00+09:00"},
		{"1988-07-01T12:00:00+08:00", "1988-07-01T13:00:00+09:00"},
		{"1986-05-04T03:00", "1986-05-04T03:00:00+09:00"}, // summer time has just begun
		{"1986-05-04T01:59", "1986-05-04T01:59:00+08:00"}, // and just not
		{"1988-09-11T01:30", "1988-09-11T01:30:00+09:00"}, // shown twice: the first
		{"1988-09-11T02:00", "1988-09-11T02:00:00+08:00"}, // shown once
		{"1991-12-31T23:59", "1991-12-31T23:59:00+08:00"},
		{"1992-01-01", "1992-01-01T00:00:00+08:00"},
		{"1950-01-01", "1950-01-01T00:00:00+08:00"},
		{"2199-12-31T23:59:59.999999", "2199-12-31T23:59:59.999999+08:00"},
	} {
		got, err := calendar.ParseInstant(c.in)
		if err != nil || calendar.FormatInstant(got) != c.want {
			t.Errorf("%s: %v, %v; want %s", c.in, calendar.FormatInstant(got), err, c.want)
		}
	}
}

func TestParseInstantRefuses(t *testing.T) {
	for _, s := range []string{
		"", "2026", "2026-02-30", "2026-02-10T", "2026-02-10T9:30", "2026-02-10t09:30", "2026-02-10T24:00",
		"2026-02-10T09:60", "2026-02-10T09:30:60", "2026-02-10T09:30:00,5", "2026-02-10T09:30.5", "2026-02-10T09:30:00.",
		"2026-02-10T09:30:00.1234567890", "2026-02-10T09:30Z", "2026-02-10 09:30:00Z", "2026-02-10T09:30:00z",
		"2026-02-10T09:30:00+8:00", "2026-02-10T09:30:00+0800", "2026-02-10T09:30:00+24:00", "2026-02-10T09:30:00Z00:00",
		"2026-02-10T09:30:00ZZ", "2026-02-10Z", "1949-12-31", "2200-01-01", "1986-05-04T02:30", " 2026-02-10", "10.02.2026",
	} {
		_, err := calendar.ParseInstant(s)
		wantInvalid(t, s, err, "time")
	}
}

func TestParseNotice(t *testing.T) {
	got, err := calendar.ParseNotice("x.txt", []byte("\n# c\nnotice 2027/2\r\nsource https://x\noff 2026-12-31 元 旦\noff 01-01..01-03 05-01\nwork 05-03\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := calendar.Notice{Year: 2027, Part: 2, Source: "https://x", Spans: []calendar.Span{
		{First: day(t, "2026-12-31"), Last: day(t, "2026-12-31"), Name: "元 旦"},
		{First: day(t, "2027-01-01"), Last: day(t, "2027-01-03")},
		{First: day(t, "2027-05-01"), Last: day(t, "2027-05-01")},
		{First: day(t, "2027-05-03"), Last: day(t, "2027-05-03"), Work: true}, // a Monday: a change may call off a day off
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestParseNoticeNamesTheLine(t *testing.T) {
	const head = "notice 2027\nnumber n\n"
	for _, c := range []struct{ text, path string }{
		{"", "f"},
		{head + "off 01-01\n" + head + "off 01-01\n", "f"}, // two notices
		{"off 01-01\n", "f:1"},
		{"\nnotice 2006\n", "f:2"},
		{"notice 2100\n", "f:1"},
		{"notice 02027\n", "f:1"},
		{"notice 2027/1\n", "f:1"},
		{"notice 2027/10\n", "f:1"},
		{"notice 2027 2\n", "f:1"},
		{head, "f:1"},                       // no days
		{"notice 2027\noff 01-01\n", "f:1"}, // neither number nor source
		{"# c\n" + head + "\n" + head + "off 01-01\n", "f:2"},
		{head + "number m\n", "f:3"},
		{"notice 2027\nsource \n", "f:2"},
		{head + "day 01-01\n", "f:3"},
		{head + "off\n", "f:3"},
		{head + "off 元旦\n", "f:3"},
		{head + "off 01-32\n", "f:3"},
		{head + "off 02-29\n", "f:3"}, // 2027 is no leap year
		{head + "off 1-1\n", "f:3"},
		{head + "off 01-01..\n", "f:3"},
		{head + "off 01-03..01-01\n", "f:3"},
		{head + "off 2026-11-30\n", "f:3"},
		{head + "off 2028-01-01\n", "f:3"},
		{head + "off 01-01\nwork 01-01\n", "f:4"},
		{head + "off 01-01..01-03 01-03\n", "f:3"},
		{head + "work 01-04\n", "f:3"}, // a Monday
		{head + "off 01-01 \x00\n", "f:3"},
		{head + "off 01-01 \xff\n", "f:3"},
	} {
		_, err := calendar.ParseNotice("f", []byte(c.text))
		wantInvalid(t, c.text, err, c.path)
	}
}

func TestValidateNotice(t *testing.T) {
	good := calendar.Notice{Year: 2027, Part: 1, Number: "n", Spans: []calendar.Span{{First: day(t, "2027-01-01"), Last: day(t, "2027-01-03"), Name: "元旦"}}}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*calendar.Notice){
		"year":             func(n *calendar.Notice) { n.Year = 2100 },
		"part":             func(n *calendar.Notice) { n.Part = 0 },
		"number of lines":  func(n *calendar.Notice) { n.Number = "a\nnotice 2028" },
		"blank source":     func(n *calendar.Notice) { n.Source = " x" },
		"no days":          func(n *calendar.Notice) { n.Spans = nil },
		"name of lines":    func(n *calendar.Notice) { n.Spans[0].Name = "a\nb" },
		"name with digits": func(n *calendar.Notice) { n.Spans[0].Name = "01-05" },
		"a day twice":      func(n *calendar.Notice) { n.Spans = append(n.Spans, n.Spans[0]) },
		"far away":         func(n *calendar.Notice) { n.Spans[0].Last = day(t, "9999-12-31") },
	} {
		n := good
		n.Spans = append([]calendar.Span(nil), good.Spans...)
		spoil(&n)
		if err := n.Validate(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseNotice(f *testing.F) {
	f.Add([]byte(notice2027))
	for _, n := range calendar.Default().Notices() {
		f.Add([]byte(n.String()))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := calendar.ParseNotice("f", data)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("not Invalid: %v", err)
			}
			return
		}
		if err := n.Validate(); err != nil {
			t.Fatalf("read but not valid: %v", err)
		}
		again, err := calendar.ParseNotice("f", []byte(n.String()))
		if err != nil {
			t.Fatalf("printed as %q, which is refused: %v", n.String(), err)
		}
		if d := cmp.Diff(n, again); d != "" {
			t.Fatalf("printing loses something:\n%s", d)
		}
	})
}

func FuzzParseLimit(f *testing.F) {
	for _, s := range []string{"5wd", "30d+roll@close", "24h", "0d", "5wd+roll"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := calendar.ParseLimit(s)
		if (err == nil) != (l.Validate() == nil) {
			t.Fatalf("ParseLimit says %v, Validate %v", err, l.Validate())
		}
		if err == nil && l.String() != s {
			t.Fatalf("%q prints as %q", s, l)
		}
	})
}

func FuzzParseInstant(f *testing.F) {
	for _, s := range []string{"2026-02-10T09:30", "2026-02-10 09:30:01.5", "2026-02-10", "2026-02-10T01:30:00.123456789Z", "1986-05-04T02:30", "1988-09-11T01:30", "2026-02-10T09:30:00-05:30"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		x, err := calendar.ParseInstant(s)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("not Invalid: %v", err)
			}
			return
		}
		// What time.Parse also reads as RFC 3339 must be the same instant.
		if same, err := time.Parse(time.RFC3339, s); err == nil && !same.Truncate(time.Microsecond).Equal(x) {
			t.Fatalf("%q is %v, by RFC 3339 %v", s, x, same)
		}
		printed := calendar.FormatInstant(x)
		if y := x.Year(); y < 1950 || y > 2199 {
			return // an offset can carry the instant out of the years that are read
		}
		if again, err := calendar.ParseInstant(printed); err != nil || !again.Equal(x) {
			t.Fatalf("%q prints as %q, which is %v, %v", s, printed, again, err)
		}
	})
}
