package event

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"touyan.dev/touyan/kernel/privacy"
)

// admit is the one door of the write path: whatever anybody enters stands in the
// body of an event, so a body with the mark of a state secret in any of its texts
// takes its whole change with it. The error names the field, as the screen that
// sent it knows it.
func admit(body []byte) error {
	if !bytes.Contains(body, []byte("密")) && !bytes.ContainsAny(body, "祕㊙") {
		return nil
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return nil //nolint: a body that is no JSON has no texts
	}
	if path, marked := findMark(v, ""); marked {
		return privacy.Refused("event.Append", fieldOf(path))
	}
	return nil
}

func findMark(v any, path string) (string, bool) {
	switch v := v.(type) {
	case string:
		return path, privacy.Marked(v)
	case map[string]any:
		for name, inner := range v {
			if at, marked := findMark(inner, path+"/"+name); marked {
				return at, true
			}
		}
	case []any:
		for i, inner := range v {
			if at, marked := findMark(inner, path+"/"+strconv.Itoa(i)); marked {
				return at, true
			}
		}
	}
	return "", false
}

// fieldOf turns a place in a body into the field of a form: "input/result" is
// where the engine keeps what was typed into result, and "open/title" the title.
func fieldOf(path string) string {
	path = strings.TrimPrefix(path, "/")
	for _, prefix := range []string{"input/", "open/"} {
		if rest, ok := strings.CutPrefix(path, prefix); ok {
			return rest
		}
	}
	return path
}
