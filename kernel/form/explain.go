package form

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"touyan.dev/touyan/kernel/fault"
)

// explain turns the validator's tree of errors into fields.
func (f *Form) explain(bad *jsonschema.ValidationError) []fault.Field {
	e := explainer{root: f.root}
	e.walk(bad)
	return e.fields
}

type explainer struct {
	root   *rule
	fields []fault.Field
}

// walk goes down to the errors that have no causes. Of alternatives it names the
// place alone: the reasons of each would contradict each other.
func (e *explainer) walk(bad *jsonschema.ValidationError) {
	switch bad.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf, *kind.Not, *kind.Contains, *kind.MinContains, *kind.MaxContains:
	default:
		if len(bad.Causes) > 0 {
			for _, c := range bad.Causes {
				e.walk(c)
			}
			return
		}
	}
	switch k := bad.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			e.add(append(slices.Clone(bad.InstanceLocation), name), "必须填写。", "is required.")
		}
	case *kind.DependentRequired:
		for _, name := range k.Missing {
			e.add(append(slices.Clone(bad.InstanceLocation), name), "在填写相关项目后必须填写。", "is required with what else was filled in.")
		}
	default:
		zh, en := sentence(bad.ErrorKind)
		e.add(bad.InstanceLocation, zh, en)
	}
}

// add names one problem. A step of the path that the form does not declare was
// typed by somebody: the path ends before it.
func (e *explainer) add(at []string, zh, en string) {
	if len(e.fields) >= maxErrors {
		return
	}
	r, path := e.root, ""
	for _, step := range at {
		next := r.props[step]
		if _, err := strconv.Atoi(step); err == nil && next == nil && r.items != nil {
			next = r.items
		}
		if next == nil {
			break
		}
		r, path = next, join(path, step)
	}
	title := fault.T("此项", "This field ")
	if r.title.ZH != "" {
		title = fault.T("“"+r.title.ZH+"”", "\""+r.title.EN+"\" ")
	}
	hint := fault.Text{}
	if r.hint.ZH != "" && zh != "必须填写。" {
		hint = fault.T("（"+r.hint.ZH+"）", " ("+r.hint.EN+")")
	}
	e.fields = append(e.fields, fault.Field{Path: path, Text: fault.T(title.ZH+zh+hint.ZH, title.EN+en+hint.EN)})
}

// sentence says what a keyword asks for. Numbers in it are the schema's, never
// the input's.
func sentence(k jsonschema.ErrorKind) (zh, en string) {
	switch k := k.(type) {
	case *kind.MinLength:
		return count(k.Want, "至少 %d 个字。", "needs at least %d characters.")
	case *kind.MaxLength:
		return count(k.Want, "至多 %d 个字。", "may have at most %d characters.")
	case *kind.MinItems:
		return count(k.Want, "至少 %d 项。", "needs at least %d items.")
	case *kind.MaxItems:
		return count(k.Want, "至多 %d 项。", "may have at most %d items.")
	case *kind.MinProperties:
		return count(k.Want, "至少填 %d 处。", "needs at least %d entries.")
	case *kind.MaxProperties:
		return count(k.Want, "至多填 %d 处。", "may have at most %d entries.")
	case *kind.Minimum:
		return bound(k.Want, "不得小于 %s。", "must be %s or more.")
	case *kind.Maximum:
		return bound(k.Want, "不得大于 %s。", "must be %s or less.")
	case *kind.ExclusiveMinimum:
		return bound(k.Want, "须大于 %s。", "must be more than %s.")
	case *kind.ExclusiveMaximum:
		return bound(k.Want, "须小于 %s。", "must be less than %s.")
	case *kind.MultipleOf:
		return bound(k.Want, "须为 %s 的倍数。", "must be a multiple of %s.")
	case *kind.Type:
		return typed(k.Want)
	case *kind.Format:
		return formatted(k.Want)
	}
	return fixed(k)
}

// fixed gives the sentences without a number.
func fixed(k jsonschema.ErrorKind) (zh, en string) {
	switch k.(type) {
	case *kind.AdditionalProperties, *kind.FalseSchema, *kind.PropertyNames:
		return "含有表单以外的内容。", "has entries the form does not know."
	case *kind.Pattern:
		return "格式不符合要求。", "is not in the form asked for."
	case *kind.Enum, *kind.Const:
		return "须从所列选项中选择。", "must be one of the choices."
	case *kind.UniqueItems:
		return "有重复的项。", "has an item twice."
	case *kind.AnyOf, *kind.OneOf:
		return "不符合任何一种允许的填法。", "fits none of the ways allowed."
	case *kind.Contains, *kind.MinContains, *kind.MaxContains:
		return "所含项目不符合要求。", "does not hold the items asked for."
	}
	return "不符合要求。", "does not meet the rule."
}

func count(n int, zh, en string) (string, string) { return fmt.Sprintf(zh, n), fmt.Sprintf(en, n) }

func bound(n *big.Rat, zh, en string) (string, string) {
	f, _ := n.Float64()
	s := strconv.FormatFloat(f, 'f', -1, 64)
	return fmt.Sprintf(zh, s), fmt.Sprintf(en, s)
}

func typed(want []string) (zh, en string) {
	if len(want) > 0 {
		switch want[0] {
		case "string":
			return "应为文字。", "must be text."
		case "integer":
			return "应为整数。", "must be a whole number."
		case "number":
			return "应为数字。", "must be a number."
		case "boolean":
			return "应为是或否。", "must be yes or no."
		case "array":
			return "应为列表。", "must be a list."
		case "object":
			return "应为一组内容。", "must be a group of entries."
		}
	}
	return "类型不对。", "is of the wrong type."
}

func formatted(want string) (zh, en string) {
	switch want {
	case "date":
		return "应为日期，如 2026-11-30。", "must be a day such as 2026-11-30."
	case "date-time":
		return "应为日期和时间，如 2026-11-30T09:00:00+08:00。", "must be a time such as 2026-11-30T09:00:00+08:00."
	case "time":
		return "应为时间，如 09:00:00+08:00。", "must be a time of day such as 09:00:00+08:00."
	case "email":
		return "应为电子邮箱地址。", "must be an e-mail address."
	case "uri":
		return "应为网址。", "must be a web address."
	case "uuid":
		return "应为 UUID。", "must be a UUID."
	}
	return "格式不对。", "is not in the right form."
}
