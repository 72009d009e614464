package form

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"touyan.dev/touyan/kernel/fault"
)

const sample = `{
  "type": "object", "required": ["title", "days"], "additionalProperties": false,
  "properties": {
    "title": {"type": "string", "minLength": 2, "maxLength": 8, "x-zh": "标题", "x-en": "Title"},
    "words": {"type": "string", "x-widget": "area", "x-zh": "原话", "x-en": "Words"},
    "days": {"type": "integer", "minimum": 1, "maximum": 90, "x-zh": "天数", "x-en": "Days"},
    "ratio": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "multipleOf": 0.25},
    "due": {"type": "string", "format": "date", "x-widget": "date", "x-zh": "期限", "x-en": "Due"},
    "id": {"type": "string", "pattern": "^[0-9]{17}[0-9X]$", "x-widget": "id", "x-zh": "身份证号", "x-en": "Identity number", "x-hint-zh": "18位", "x-hint-en": "18 characters"},
    "mode": {"type": "string", "enum": ["self", "joint"], "x-widget": "choice", "x-zh": "方式", "x-en": "Way"},
    "units": {"type": "array", "minItems": 1, "maxItems": 3, "uniqueItems": true, "x-zh": "单位", "x-en": "Units", "items": {
      "type": "object", "required": ["unit"], "properties": {"unit": {"type": "string", "x-zh": "承办单位", "x-en": "Unit"}, "a/b": {"type": "boolean"}}}},
    "maybe": {"type": ["string", "null"]},
    "either": {"anyOf": [{"type": "boolean"}, {"type": "integer"}]},
    "same": {"$ref": "#/$defs/node"},
    "open": {"type": "object", "additionalProperties": {"type": "integer"}}
  },
  "$defs": {"node": {"type": "object", "properties": {"name": {"type": "string", "x-widget": "id"}, "next": {"$ref": "#/$defs/node"}}}}
}`

func compile(t testing.TB, schema string) *Form {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(schema), &m); err != nil {
		t.Fatal(err)
	}
	f, err := Compile(m)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func decode(t testing.TB, text string) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestOrder(t *testing.T) {
	f := compile(t, sample)
	for _, c := range []struct{ name, in, want string }{
		{"spaces", `{"title":" \u3000甲  \t 乙\u00a0丙 \n","days":1}`, `{"title":"甲 乙 丙","days":1}`},
		{"space at the end", `{"title":"a b ","days":1}`, `{"title":"a b","days":1}`},
		{"long integer", `{"title":"甲乙","days":1,"either":9007199254740993}`, `{"title":"甲乙","days":1,"either":9007199254740993}`},
		{"plain ASCII", `{"title":"a b c","days":1}`, `{"title":"a b c","days":1}`},
		{"an area keeps its inner spaces", `{"title":"甲乙","days":1,"words":" 第一行\n  第二行  空 \n"}`, `{"title":"甲乙","days":1,"words":"第一行\n  第二行  空"}`},
		{"full-width title stays", `{"title":"\uff21\uff22","days":1}`, `{"title":"\uff21\uff22","days":1}`},
		{"full-width number", `{"title":"甲乙","days":"\uff11\uff12 "}`, `{"title":"甲乙","days":12}`},
		{"number as text", `{"title":"甲乙","days":"7","ratio":"0.5"}`, `{"title":"甲乙","days":7,"ratio":0.5}`},
		{"full-width id", `{"title":"甲乙","days":1,"id":"\uff11\uff11010119900307123\uff38 "}`, `{"title":"甲乙","days":1,"id":"11010119900307123X"}`},
		{"spaces in an id", `{"title":"甲乙","days":1,"id":"110101 19900307 1234"}`, `{"title":"甲乙","days":1,"id":"110101199003071234"}`},
		{"dates", `{"title":"甲乙","days":1,"due":"2026年1月3日"}`, `{"title":"甲乙","days":1,"due":"2026-01-03"}`},
		{"dates with dots", `{"title":"甲乙","days":1,"due":"\uff12026.11.30"}`, `{"title":"甲乙","days":1,"due":"2026-11-30"}`},
		{"dates with slashes", `{"title":"甲乙","days":1,"due":"2026/11/3"}`, `{"title":"甲乙","days":1,"due":"2026-11-03"}`},
		{"empty is not given", `{"title":"甲乙","days":1,"due":"","mode":"  ","words":null,"id":" "}`, `{"title":"甲乙","days":1}`},
		{"null where allowed", `{"title":"甲乙","days":1,"maybe":null}`, `{"title":"甲乙","days":1,"maybe":null}`},
		{"lists", `{"title":"甲乙","days":1,"units":[{"unit":" 1 "},{"unit":"2"}]}`, `{"title":"甲乙","days":1,"units":[{"unit":"1"},{"unit":"2"}]}`},
		{"references", `{"title":"甲乙","days":1,"same":{"name":"1 2","next":{"name":"\uff13"}}}`, `{"title":"甲乙","days":1,"same":{"name":"12","next":{"name":"3"}}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := decode(t, c.in)
			before, _ := json.Marshal(in)
			got, err := f.Check(in)
			if err != nil {
				t.Fatal(err)
			}
			if after, _ := json.Marshal(in); !bytes.Equal(before, after) {
				t.Error("the input was changed")
			}
			js, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(decode(t, c.want), decode(t, string(js))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	f := compile(t, sample)
	const ok = `"title":"甲乙","days":1`
	for _, c := range []struct {
		name, in string
		want     []string // path: Chinese | English
	}{
		{"nothing", `{}`, []string{`days: “天数”必须填写。 | "Days" is required.`, `title: “标题”必须填写。 | "Title" is required.`}},
		{"only spaces", `{"title":" \u3000","days":1}`, []string{`title: “标题”必须填写。 | "Title" is required.`}},
		{"short", `{"title":"甲","days":1}`, []string{`title: “标题”至少 2 个字。 | "Title" needs at least 2 characters.`}},
		{"long", `{"title":"九个字的标题太长了","days":1}`, []string{`title: “标题”至多 8 个字。 | "Title" may have at most 8 characters.`}},
		{"minimum", `{"title":"甲乙","days":0}`, []string{`days: “天数”不得小于 1。 | "Days" must be 1 or more.`}},
		{"maximum", `{"title":"甲乙","days":91}`, []string{`days: “天数”不得大于 90。 | "Days" must be 90 or less.`}},
		{"exclusive and multiple", `{` + ok + `,"ratio":1.1}`, []string{`ratio: 此项须为 0.25 的倍数。 | This field must be a multiple of 0.25.`, `ratio: 此项须小于 1。 | This field must be less than 1.`}},
		{"exclusive minimum", `{` + ok + `,"ratio":0}`, []string{`ratio: 此项须大于 0。 | This field must be more than 0.`}},
		{"type", `{"title":5,"days":"x"}`, []string{`days: “天数”应为整数。 | "Days" must be a whole number.`, `title: “标题”应为文字。 | "Title" must be text.`}},
		{"fraction", `{"title":"甲乙","days":1.5}`, []string{`days: “天数”应为整数。 | "Days" must be a whole number.`}},
		{"pattern with hint", `{` + ok + `,"id":"123"}`, []string{"id: “身份证号”格式不符合要求。\uff0818位\uff09 | \"Identity number\" is not in the form asked for. (18 characters)"}},
		{"enum", `{` + ok + `,"mode":"other"}`, []string{`mode: “方式”须从所列选项中选择。 | "Way" must be one of the choices.`}},
		{"date", `{` + ok + `,"due":"2026-13-01"}`, []string{"due: “期限”应为日期\uff0c如 2026-11-30。 | \"Due\" must be a day such as 2026-11-30."}},
		{"not a date", `{` + ok + `,"due":"十一月底"}`, []string{"due: “期限”应为日期\uff0c如 2026-11-30。 | \"Due\" must be a day such as 2026-11-30."}},
		{"unknown", `{` + ok + `,"13812345678":1}`, []string{`: 此项含有表单以外的内容。 | This field has entries the form does not know.`}},
		{"too few items", `{` + ok + `,"units":[]}`, []string{`units: “单位”至少 1 项。 | "Units" needs at least 1 items.`}},
		{"items twice, in any order", `{` + ok + `,"units":[{"unit":"1","a/b":true},{"a/b":true,"unit":"1"}]}`, []string{`units: “单位”有重复的项。 | "Units" has an item twice.`}},
		{"inside a list", `{` + ok + `,"units":[{"unit":"1"},{"a/b":3}]}`, []string{
			`units/1/a~1b: 此项应为是或否。 | This field must be yes or no.`, `units/1/unit: “承办单位”必须填写。 | "Unit" is required.`}},
		{"alternatives", `{` + ok + `,"either":"x"}`, []string{`either: 此项不符合任何一种允许的填法。 | This field fits none of the ways allowed.`}},
		{"a name that was typed", `{` + ok + `,"open":{"13812345678":"x"}}`, []string{`open: 此项应为整数。 | This field must be a whole number.`}},
		{"control character", `{` + ok + `,"words":"a\u0000b"}`, []string{"words: 含有无法识别的字符\uff0c请删除后重新输入。 | Has characters that cannot be read; delete them and type again."}},
		{"control character in a name", `{` + ok + `,"a\u0000b":1}`, []string{": 字段名含有无法识别的字符。 | The name of a field has characters that cannot be read."}},
		{"vast number", `{"title":"甲乙","days":1e999999999}`, []string{"days: 数字写法有误或超出范围。 | The number is malformed or out of range."}},
		{"deep", `{` + ok + `,"same":` + strings.Repeat(`{"next":`, 17) + `{}` + strings.Repeat(`}`, 17) + `}`, []string{
			"same" + strings.Repeat("/next", 16) + ": 内容嵌套过深。 | Nested too deep."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := f.Check(decode(t, c.in))
			var bad *fault.Error
			if !errors.As(err, &bad) || bad.Kind != fault.Invalid {
				t.Fatalf("got %v", err)
			}
			var got []string
			for _, x := range bad.Fields {
				got = append(got, x.Path+": "+x.Text.ZH+" | "+x.Text.EN)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSizes(t *testing.T) {
	f := compile(t, `{"type":"object"}`)
	many := make([]any, maxValues+1)
	for i := range many {
		many[i] = true
	}
	for name, in := range map[string]map[string]any{
		"values":    {"a": many},
		"bytes":     {"a": strings.Repeat("长", maxBytes/3+1)},
		"not UTF-8": {"a": "\xff"},
	} {
		if _, err := f.Check(in); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := f.Check(map[string]any{"a": strings.Repeat("x", maxBytes/2), "b": many[:maxValues/2]}); err != nil {
		t.Errorf("a large input within limits: %v", err)
	}
	if got, err := f.Check(nil); err != nil || got == nil {
		t.Errorf("nil gave %v, %v", got, err)
	}
}

func TestFlawedSchemas(t *testing.T) {
	for name, schema := range map[string]map[string]any{
		"type":      {"type": "strnig"},
		"pattern":   {"properties": map[string]any{"a": map[string]any{"pattern": "("}}},
		"elsewhere": {"$ref": "https://example.org/schema.json"},
		"file":      {"$ref": "file:///etc/passwd"},
		"dangling":  {"$ref": "#/$defs/none"},
	} {
		if _, err := Compile(schema); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	form := compile(f, sample)
	for _, s := range []string{
		`{"title":"甲乙","days":1}`, `{"title":" a ","days":"\uff11","units":[{"unit":"x"}],"due":"2026/1/1"}`,
		`{"days":1e400,"id":"x","either":[],"open":{"k":{}},"same":{"next":null}}`, `{"days":-1e-9999999,"maybe":null}`, `{"ratio":1e308}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		var in map[string]any
		if d.Decode(&in) != nil {
			return
		}
		out, err := form.Check(in)
		if err != nil {
			bad := fault.Of(err)
			if bad.Kind != fault.Invalid || len(bad.Fields) == 0 || !utf8.ValidString(bad.Error()) {
				t.Fatalf("refused as %v", err)
			}
			return
		}
		again, err := form.Check(out)
		if err != nil {
			t.Fatalf("what was accepted is refused the second time: %v", err)
		}
		if diff := cmp.Diff(out, again); diff != "" {
			t.Fatalf("putting in order twice differs: %s", diff)
		}
	})
}

func BenchmarkCheckFourFields(b *testing.B) {
	f := compile(b, `{"type":"object","required":["title","days"],"additionalProperties":false,"properties":{
		"title":{"type":"string","minLength":2,"maxLength":200},"words":{"type":"string","x-widget":"area","maxLength":4000},
		"days":{"type":"integer","minimum":1,"maximum":90},"due":{"type":"string","format":"date","x-widget":"date"}}}`)
	for _, typed := range []string{"tidy", "untidy"} {
		in := map[string]any{"title": "关于优化营商环境的整改事项", "words": strings.Repeat("请牵头单位抓紧办理。", 20), "days": json.Number("30"), "due": "2026-11-30"}
		if typed == "untidy" {
			in["title"], in["due"], in["days"] = " 关于 优化营商环境的整改事项 ", "2026年11月30日", "\uff13\uff10"
		}
		b.Run(typed, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := f.Check(in); err != nil {
					b.Fatal(fmt.Sprint(err))
				}
			}
		})
	}
}
