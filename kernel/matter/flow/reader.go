package flow

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"touyan.dev/touyan/kernel/fault"
)

// Bounds of a definition file. A procedure of forty steps is some 20 KB.
const (
	maxSource = 256 << 10
	maxDepth  = 40 // of nesting in the file
	maxErrors = 20 // reported at once
)

// shape of a value in the file.
type shape int

const (
	isNull shape = iota
	isText
	isInt
	isFloat
	isBool
	isList
	isMap
)

// value is one value of the file with its place. Anchors, aliases, tags and
// merge keys do not occur in it: a definition says everything where it stands.
type value struct {
	shape shape
	text  string
	num   any // int64, float64 or bool
	keys  []string
	items []*value // of a list, or of a map in the order of keys
	line  int
	path  string
}

// get gives the value under a key, or nil.
func (v *value) get(key string) *value {
	for i, k := range v.keys {
		if k == key {
			return v.items[i]
		}
	}
	return nil
}

// plain turns the value into maps, slices and scalars as JSON would give them.
func (v *value) plain() any {
	switch v.shape {
	case isMap:
		m := make(map[string]any, len(v.keys))
		for i, k := range v.keys {
			m[k] = v.items[i].plain()
		}
		return m
	case isList:
		l := make([]any, len(v.items))
		for i, item := range v.items {
			l[i] = item.plain()
		}
		return l
	case isText:
		return v.text
	case isInt:
		return float64(v.num.(int64))
	case isNull:
		return nil
	default:
		return v.num
	}
}

// reader collects what is wrong with a file while it is taken apart.
type reader struct {
	file   string
	errors []fault.Field
}

func (r *reader) fail(line int, path, zh, en string) {
	if len(r.errors) < maxErrors {
		at := r.file + ":" + strconv.Itoa(line)
		if path != "" {
			at += " " + path
		}
		r.errors = append(r.errors, fault.Field{Path: at, Text: fault.T(zh, en)})
	}
}

func (r *reader) at(v *value, zh, en string) { r.fail(v.line, v.path, zh, en) }

// err gives everything that was wrong as one error.
func (r *reader) err() error {
	if len(r.errors) == 0 {
		return nil
	}
	e := fault.New(fault.Invalid, "flow.Parse", "流程定义有误，请按所列行号修改。", "The definition has errors; mend the lines named.")
	e.Fields = r.errors
	return e
}

// load takes the source apart into values.
func (r *reader) load(src []byte) (root *value) {
	if len(src) > maxSource {
		r.fail(1, "", "流程定义文件过大。", fmt.Sprintf("The file is larger than %d KiB.", maxSource>>10))
		return nil
	}
	if deepFlow(src) {
		r.fail(1, "", "括号嵌套过深。", "Brackets nest too deep.")
		return nil
	}
	// The YAML library is foreign code fed with files people write: a panic
	// in it is a refusal of the file, not the end of the program.
	defer func() {
		if p := recover(); p != nil {
			r.fail(1, "", "文件不是有效的 YAML。", "The file is not valid YAML.")
			root = nil
		}
	}()
	file, err := parser.ParseBytes(src, 0)
	if err != nil {
		line := 1
		if y, ok := err.(yaml.Error); ok && y.GetToken() != nil && y.GetToken().Position != nil {
			line = y.GetToken().Position.Line
		}
		r.fail(line, "", "文件不是有效的 YAML（缩进、冒号或重复的键）。", "The file is not valid YAML (indentation, colon or repeated key).")
		return nil
	}
	var docs []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil {
			docs = append(docs, doc.Body)
		}
	}
	if len(docs) != 1 {
		r.fail(1, "", "一个文件只写一个流程定义。", "A file holds exactly one definition.")
		return nil
	}
	return r.value(docs[0], "", 0)
}

// deepFlow reports whether more brackets are open at once than a definition
// can need; the YAML library recurses once per bracket.
func deepFlow(src []byte) bool {
	open := 0
	for _, b := range src {
		switch b {
		case '[', '{':
			if open++; open > 200 {
				return true
			}
		case ']', '}', '\n':
			if b == '\n' {
				continue
			}
			if open > 0 {
				open--
			}
		}
	}
	return false
}

func lineOf(n ast.Node) int {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 1
}

func (r *reader) value(n ast.Node, path string, depth int) *value {
	v := &value{line: lineOf(n), path: path}
	if depth > maxDepth {
		r.at(v, "嵌套过深。", "Nested too deep.")
		return v
	}
	switch n := n.(type) {
	case *ast.NullNode:
	case *ast.BoolNode:
		v.shape, v.num = isBool, n.Value
	case *ast.IntegerNode:
		i, err := strconv.ParseInt(fmt.Sprint(n.Value), 10, 53)
		if err != nil {
			r.at(v, "整数过大。", "The whole number is too large.")
		}
		v.shape, v.num = isInt, i
	case *ast.FloatNode:
		v.shape, v.num = isFloat, n.Value
	case *ast.StringNode:
		v.shape, v.text = isText, n.Value
	case *ast.LiteralNode:
		v.shape, v.text = isText, strings.TrimSpace(n.Value.Value)
	case *ast.MappingNode:
		r.mapping(v, n.Values, depth)
	case *ast.MappingValueNode:
		r.mapping(v, []*ast.MappingValueNode{n}, depth)
	case *ast.SequenceNode:
		v.shape = isList
		for i, item := range n.Values {
			v.items = append(v.items, r.value(item, join(path, strconv.Itoa(i)), depth+1))
		}
	default:
		r.at(v, "不使用锚点、别名、标签等 YAML 写法。", "Anchors, aliases, tags and special numbers are not used here.")
	}
	return v
}

func (r *reader) mapping(v *value, pairs []*ast.MappingValueNode, depth int) {
	v.shape = isMap
	for _, pair := range pairs {
		key, ok := keyText(pair.Key)
		line := lineOf(pair.Key)
		if !ok {
			r.fail(line, v.path, "键须为文字。", "A key must be text.")
			continue
		}
		if v.get(key) != nil {
			r.fail(line, join(v.path, key), "键重复。", "The key is repeated.")
			continue
		}
		item := r.value(pair.Value, join(v.path, key), depth+1)
		if item.shape != isList && item.shape != isMap {
			item.line = line
		}
		v.keys = append(v.keys, key)
		v.items = append(v.items, item)
	}
}

func keyText(k ast.MapKeyNode) (string, bool) {
	switch k := k.(type) {
	case *ast.StringNode:
		return k.Value, true
	case *ast.BoolNode, *ast.IntegerNode:
		return k.GetToken().Value, true
	}
	return "", false
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "/" + key
}

// fields is a map being read; done refuses the keys nobody asked for.
type fields struct {
	r    *reader
	v    *value
	seen map[string]bool
}

// fields opens a map; a value of another shape is reported and read as empty.
func (r *reader) fields(v *value) *fields {
	if v.shape != isMap {
		r.at(v, "此处应为键值表。", "A table of keys is expected here.")
		v = &value{shape: isMap, line: v.line, path: v.path}
		return &fields{r: r, v: v, seen: nil}
	}
	return &fields{r: r, v: v, seen: make(map[string]bool, len(v.keys))}
}

func (f *fields) opt(key string) *value {
	if f.seen != nil {
		f.seen[key] = true
	}
	return f.v.get(key)
}

func (f *fields) need(key string) *value {
	v := f.opt(key)
	if v == nil && f.seen != nil {
		f.r.at(f.v, "缺少“"+key+"”。", "The key \""+key+"\" is missing.")
	}
	return v
}

func (f *fields) done() {
	for i, key := range f.v.keys {
		if !f.seen[key] {
			f.r.at(f.v.items[i], "不认识的键。", "Unknown key.")
		}
	}
}

// text reads a text; nil gives "".
func (r *reader) text(v *value) string {
	if v == nil {
		return ""
	}
	if v.shape != isText || v.text == "" {
		r.at(v, "此处应为文字。", "Text is expected here.")
		return ""
	}
	return v.text
}

// count reads a whole number from least to most; nil gives 0.
func (r *reader) count(v *value, least, most int) int {
	if v == nil {
		return 0
	}
	i, ok := v.num.(int64)
	if v.shape != isInt || !ok || i < int64(least) || i > int64(most) {
		r.at(v, fmt.Sprintf("此处应为 %d 至 %d 的整数。", least, most), fmt.Sprintf("A whole number from %d to %d is expected here.", least, most))
		return 0
	}
	return int(i)
}

// flag reads true or false; nil gives false.
func (r *reader) flag(v *value) bool {
	if v == nil {
		return false
	}
	b, ok := v.num.(bool)
	if !ok {
		r.at(v, "此处应为 true 或 false。", "true or false is expected here.")
	}
	return b
}

// list gives the items of a list; nil gives none.
func (r *reader) list(v *value) []*value {
	if v == nil {
		return nil
	}
	if v.shape != isList {
		r.at(v, "此处应为列表。", "A list is expected here.")
		return nil
	}
	return v.items
}
