package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"touyan.dev/touyan/kernel/fault"
)

// huma keeps its settings and its messages in package variables: the one
// exception to the rule that there are none. teachHuma sets them all, once,
// before the first operation is registered. A message is its Chinese and its
// English sentence with a bar between them; numbers in it are the schema's.
var teachHuma = sync.OnceFunc(func() {
	// A name in another case would be judged by nothing and still be decoded.
	huma.ValidateStrictCasing = true
	huma.ErrorFormatter = formatHuma
	huma.NewErrorWithContext = func(ctx huma.Context, status int, _ string, errs ...error) huma.StatusError {
		return humaProblem(ctx.Context(), ctx.Operation(), status, errs)
	}
	huma.NewError = func(status int, _ string, errs ...error) huma.StatusError {
		return humaProblem(context.Background(), nil, status, errs)
	}
	for message, words := range map[*string]string{
		&validation.MsgUnexpectedProperty:                "含有不认识的字段。|has a field that is not known.",
		&validation.MsgExpectedRFC3339DateTime:           "应为日期和时间，如 2026-11-30T09:00:00+08:00。|must be a time such as 2026-11-30T09:00:00+08:00.",
		&validation.MsgExpectedRFC3339Date:               "应为日期，如 2026-11-30。|must be a day such as 2026-11-30.",
		&validation.MsgExpectedBoolean:                   "应为是或否(true、false)。|must be true or false.",
		&validation.MsgExpectedNumber:                    "应为数字。|must be a number.",
		&validation.MsgExpectedInteger:                   "应为整数。|must be a whole number.",
		&validation.MsgExpectedString:                    "应为文字。|must be text.",
		&validation.MsgExpectedBase64String:              "应为 base64 编码。|must be base64.",
		&validation.MsgExpectedArray:                     "应为列表。|must be a list.",
		&validation.MsgExpectedObject:                    "应为一组字段。|must be an object.",
		&validation.MsgExpectedOneOf:                     "须从所列选项中选择。|must be one of the choices.",
		&validation.MsgExpectedMinimumNumber:             "不得小于 %[1]v。|must be %[1]v or more.",
		&validation.MsgExpectedExclusiveMinimumNumber:    "须大于 %[1]v。|must be more than %[1]v.",
		&validation.MsgExpectedMaximumNumber:             "不得大于 %[1]v。|must be %[1]v or less.",
		&validation.MsgExpectedExclusiveMaximumNumber:    "须小于 %[1]v。|must be less than %[1]v.",
		&validation.MsgExpectedNumberBeMultipleOf:        "须为 %[1]v 的倍数。|must be a multiple of %[1]v.",
		&validation.MsgExpectedMinLength:                 "至少 %[1]d 个字。|needs at least %[1]d characters.",
		&validation.MsgExpectedMaxLength:                 "至多 %[1]d 个字。|may have at most %[1]d characters.",
		&validation.MsgExpectedBePattern:                 "格式不符合要求。|is not in the form asked for.",
		&validation.MsgExpectedMatchPattern:              "格式不符合要求。|is not in the form asked for.",
		&validation.MsgExpectedMinItems:                  "至少 %[1]d 项。|needs at least %[1]d items.",
		&validation.MsgExpectedMaxItems:                  "至多 %[1]d 项。|may have at most %[1]d items.",
		&validation.MsgExpectedMinProperties:             "至少填 %[1]d 处。|needs at least %[1]d entries.",
		&validation.MsgExpectedMaxProperties:             "至多填 %[1]d 处。|may have at most %[1]d entries.",
		&validation.MsgExpectedRequiredProperty:          "必须填写。|is required.|%[1]s",
		&validation.MsgExpectedDependentRequiredProperty: "在填写相关项目后必须填写。|is required with what else was filled in.|%[1]s",
	} {
		*message = words
	}
})

// formatHuma fills in what a message asks for and drops the rest: some of huma's
// arguments are errors that repeat the input.
func formatHuma(format string, args ...any) string {
	if !strings.Contains(format, "%[1]") {
		return format
	}
	return fmt.Sprintf(format, args...)
}

// humaWords are the messages that huma has no variable for.
var humaWords = map[string]string{
	"unknown query parameter":              "含有不认识的查询参数。|has a query parameter that is not known.",
	"required query parameter is missing":  "必须填写。|is required.",
	"required header parameter is missing": "必须填写。|is required.",
	"required path parameter is missing":   "必须填写。|is required.",
	"invalid integer":                      "应为整数。|must be a whole number.",
	"invalid float":                        "应为数字。|must be a number.",
	"invalid boolean":                      "应为是或否(true、false)。|must be true or false.",
}

// humaProblem rewrites huma's errors. The values that huma attaches, and every
// text it has from the input, are left behind.
func humaProblem(ctx context.Context, op *huma.Operation, status int, errs []error) *Problem {
	f := fault.New(fault.Invalid, "web.decode", "提交的内容有误，请按提示修改。", "The input has errors; mend the fields named.")
	override := 0
	switch {
	case status == http.StatusRequestEntityTooLarge:
		f, override = tooLarge(0), status
	case status == http.StatusRequestTimeout:
		f, override = fault.New(fault.Busy, "web.decode", "接收内容超时，请重试。", "The content took too long to arrive; try again."), status
	case status == http.StatusUnsupportedMediaType:
		f, override = notJSON(), status
	case status >= 500:
		f = fault.Of(errors.Join(errs...))
		if f == nil {
			f = fault.New(fault.Internal, "web.decode", "", "")
		}
	default:
		for _, err := range errs {
			f.Fields = append(f.Fields, humaField(op, err))
		}
		if len(f.Fields) == 0 {
			f.Fields = []fault.Field{{Path: "body", Text: fault.T("缺少正文。", "The body is missing.")}}
		}
	}
	q := current(ctx)
	if q.server == nil { // huma asks for an example while it documents operations
		return &Problem{Status: status, Kind: f.Kind, Fields: f.Fields}
	}
	return q.server.problem(ctx, f, override)
}

// humaField turns one of huma's errors into a field.
func humaField(op *huma.Operation, err error) fault.Field {
	var d *huma.ErrorDetail
	if !errors.As(err, &d) {
		return fault.Field{Path: "body", Text: fault.T("不符合要求。", "Does not meet the rule.")}
	}
	words, ok := humaWords[d.Message]
	if !ok {
		words = d.Message
	}
	zh, rest, ok := strings.Cut(words, "|")
	en, name, _ := strings.Cut(rest, "|")
	if !ok {
		zh, en, name = "不符合要求。", "does not meet the rule.", ""
	}
	location := d.Location
	if name != "" {
		location += "." + name
	}
	return fault.Field{Path: declaredPath(op, location), Text: fault.T("此项"+zh, "This field "+en)}
}

// declaredPath turns a location such as body.items[3].tags into items/3/tags,
// and query.q into query/q. It ends before the first step that the operation
// does not declare: that step was typed by somebody.
func declaredPath(op *huma.Operation, location string) string {
	steps := strings.FieldsFunc(location, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
	if len(steps) == 0 || op == nil {
		return "body"
	}
	if steps[0] != "body" {
		for _, p := range op.Parameters {
			if len(steps) > 1 && p.In == steps[0] && p.Name == steps[1] {
				return steps[0] + "/" + steps[1]
			}
		}
		return steps[0]
	}
	var path []string
	schema := bodySchema(op)
	for _, step := range steps[1:] {
		if schema = stepInto(schema, step); schema == nil {
			break
		}
		path = append(path, step)
	}
	if len(path) == 0 {
		return "body"
	}
	return strings.Join(path, "/")
}

// bodySchema gives the schema of an operation's body, or nil.
func bodySchema(op *huma.Operation) *declared {
	if op.RequestBody == nil {
		return nil
	}
	media := op.RequestBody.Content["application/json"]
	registry, _ := op.Metadata[registryKey].(huma.Registry)
	if media == nil || registry == nil {
		return nil
	}
	return &declared{media.Schema, registry}
}

// registryKey is where Register leaves the schemas for bodySchema.
const registryKey = "schemas"

// declared is a schema together with those it refers to.
type declared struct {
	schema   *huma.Schema
	registry huma.Registry
}

func stepInto(d *declared, step string) *declared {
	if d == nil || d.schema == nil {
		return nil
	}
	schema := d.schema
	for schema.Ref != "" {
		schema = d.registry.SchemaFromRef(schema.Ref)
	}
	if schema.Type == huma.TypeArray && strings.Trim(step, "0123456789") == "" {
		return &declared{schema.Items, d.registry}
	}
	next := schema.Properties[step]
	if next == nil {
		return nil
	}
	return &declared{next, d.registry}
}

func tooLarge(limit int64) *fault.Error {
	if limit == 0 {
		return fault.New(fault.TooMuch, "web.body", "提交的内容过大。", "The content is too large.")
	}
	size := fmt.Sprintf("%g MiB", float64(limit)/(1<<20))
	return fault.New(fault.TooMuch, "web.body", "提交的内容过大，上限为 "+size+"。", "The content is too large; the limit is "+size+".")
}

func notJSON() *fault.Error {
	return fault.At("web.body", "body", "请以 application/json(UTF-8)提交。", "Send application/json in UTF-8.")
}
