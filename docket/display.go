package docket

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/fault"
)

// display puts a value of a form into words, following its widget.
func (v view) display(prop map[string]any, value any) fault.Text {
	widget, _ := prop["x-widget"].(string)
	switch x := value.(type) {
	case string:
		return v.word(prop, widget, x)
	case []any:
		return v.listed(prop, widget, x)
	case bool:
		if x {
			return fault.T("是", "yes")
		}
		return fault.T("否", "no")
	}
	text := fmt.Sprint(value)
	return fault.T(text, text)
}

// word puts one text into words.
func (v view) word(prop map[string]any, widget, text string) fault.Text {
	switch widget {
	case "unit":
		if id, ok := idOf(text); ok {
			return v.unit(id)
		}
	case "person":
		if id, ok := idOf(text); ok {
			if p, ok := v.dir.Person(id); ok {
				return p.Name
			}
		}
	case "limit":
		if l, err := calendar.ParseLimit(text); err == nil {
			return l.Text()
		}
	}
	if labels, ok := prop["x-labels"].(map[string]any); ok {
		if label, ok := labels[text].(map[string]any); ok {
			zh, _ := label["zh"].(string)
			en, _ := label["en"].(string)
			return fault.T(zh, en)
		}
	}
	if widget == "choice" {
		return choice(text)
	}
	return fault.T(text, text)
}

func idOf(text string) (id int64, ok bool) {
	_, err := fmt.Sscan(text, &id)
	return id, err == nil
}

// listed puts a list into words: units with role and limit, readers by their
// names, anything else item by item.
func (v view) listed(prop map[string]any, widget string, items []any) fault.Text {
	item, _ := prop["items"].(map[string]any)
	var zh, en []string
	for _, x := range items {
		t := v.item(item, widget, x)
		if t.ZH != "" {
			zh, en = append(zh, t.ZH), append(en, t.EN)
		}
	}
	if widget == "readers" || widget == "people" {
		return fault.T(strings.Join(zh, "、"), strings.Join(en, ", "))
	}
	return fault.T(strings.Join(zh, "；"), strings.Join(en, "; "))
}

func (v view) item(schema map[string]any, widget string, x any) fault.Text {
	fields, isObject := x.(map[string]any)
	if !isObject {
		if widget == "units" {
			widget = "unit"
		}
		if widget == "people" {
			widget = "person"
		}
		return v.display(map[string]any{"x-widget": widget, "x-labels": schema["x-labels"]}, x)
	}
	props, _ := schema["properties"].(map[string]any)
	say := func(name string) fault.Text {
		prop, _ := props[name].(map[string]any)
		if fields[name] == nil {
			return fault.Text{}
		}
		return v.display(prop, fields[name])
	}
	if widget == "readers" {
		return say("person")
	}
	if widget != "units" {
		if len(props) == 1 { // a list of people needs no word before each
			return say(sortedNames(props)[0])
		}
		var zh, en []string
		for _, name := range sortedNames(fields) {
			prop, _ := props[name].(map[string]any)
			label, t := titleOf(prop, name), say(name)
			zh, en = append(zh, label.ZH+"："+t.ZH), append(en, label.EN+": "+t.EN)
		}
		return fault.T(strings.Join(zh, "，"), strings.Join(en, ", "))
	}
	name := say("unit")
	var zh, en []string
	for _, more := range []string{"role", "limit"} {
		if t := say(more); t.ZH != "" {
			zh, en = append(zh, t.ZH), append(en, t.EN)
		}
	}
	if len(zh) == 0 {
		return name
	}
	return fault.T(name.ZH+"（"+strings.Join(zh, "，")+"）", name.EN+" ("+strings.Join(en, ", ")+")")
}

func sortedNames(m map[string]any) []string {
	return slices.Sorted(maps.Keys(m))
}

// choice words the values that the docket's forms offer.
func choice(value string) fault.Text {
	switch value {
	case "lead":
		return fault.T("牵头", "lead")
	case "assist":
		return fault.T("协办", "assist")
	case "transfer":
		return fault.T("转有关单位办理", "by units")
	case "self":
		return fault.T("办公室自办", "by the office itself")
	case "yes":
		return fault.T("已解决", "solved")
	case "partly":
		return fault.T("部分解决", "partly solved")
	case "no":
		return fault.T("未解决", "not solved")
	}
	return fault.T(value, value)
}
