package docket

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/matter/flow"
)

// Procedure is the kind by which a unit's own procedures are drafted, checked,
// approved and published (流程制定).
const Procedure = "docket.procedure"

// PublishedProcedures names the follower that puts approved procedures into force.
const PublishedProcedures = "docket.procedure"

// ownKind is what the kind of a unit's own procedure looks like: it can never be
// taken for, or replace, one that the program brings.
var ownKind = regexp.MustCompile(`^local(\.[a-z]{1,40}){1,3}$`)

// Checks gives the rules that the docket's forms name.
func Checks() map[string]matter.InputCheck {
	return map[string]matter.InputCheck{
		"procedure": func(defs *flow.Set, _ flow.State, input map[string]any) error {
			text, _ := input["text"].(string)
			return sound(defs, text)
		},
		"publishable": func(defs *flow.Set, st flow.State, _ map[string]any) error {
			text, _ := st.Get("draft.text")
			words, _ := text.(string)
			return sound(defs, words)
		},
	}
}

// sound refuses a draft that breaks a rule, naming the first lines.
func sound(defs *flow.Set, text string) error {
	_, problems, err := judge(defs, text)
	if err != nil {
		return err
	}
	if len(problems) == 0 {
		return nil
	}
	var zh, en []string
	for _, p := range problems[:min(len(problems), 5)] {
		zh, en = append(zh, fmt.Sprintf("第%d行：%s", p.Line, p.Text.ZH)), append(en, fmt.Sprintf("line %d: %s", p.Line, p.Text.EN))
	}
	return fault.At("docket.procedure", "text", strings.Join(zh, " "), strings.Join(en, " "))
}

// judge reads a draft and gives every problem it has, those of its text first. The
// error is of the program, not of the draft.
func judge(defs *flow.Set, text string) (*flow.Def, []flow.Problem, error) {
	d, problems, err := matter.Judge(defs, "", text)
	if fault.Is(err, fault.Invalid) {
		return nil, unread(err), nil
	}
	if err != nil {
		return nil, nil, err
	}
	add := func(line int, zh, en string) {
		problems = append(problems, flow.Problem{Line: line, Code: flow.CodeKind, Text: fault.T(zh, en)})
	}
	lineOf := func(key string) int {
		for i, l := range strings.Split(text, "\n") {
			if strings.HasPrefix(l, key+":") {
				return i + 1
			}
		}
		return 1
	}
	if !ownKind.MatchString(d.Kind) {
		add(lineOf("kind"), "本单位流程的类别须以 local. 开头，如 local.inquiry。", "The kind of a unit's own procedure begins with local., as in local.inquiry.")
	}
	want := 1
	if now := defs.Latest(d.Kind); now != nil {
		want = now.Version + 1
	}
	if d.Version != want {
		add(lineOf("version"), fmt.Sprintf("版本号应为 %d。", want), fmt.Sprintf("The version is %d.", want))
	}
	for _, other := range defs.All() {
		if other.Kind != d.Kind && other.Name.ZH == d.Name.ZH && other == defs.Latest(other.Kind) {
			add(lineOf("name"), "已有同名的流程，请换一个名称。", "Another procedure has this name; choose another.")
		}
	}
	if d.Given == "" {
		add(1, "请写明登记时填写的表单（given）。", "Name the form that a matter begins with (given).")
	}
	walkBlocks(d.Do, func(b flow.Block) {
		if b.Step == nil {
			return
		}
		for _, a := range b.Step.Acts {
			if a.Number {
				add(a.Line, "本单位流程不编市政府办公室文号，请删去 number。", "A unit's own procedure draws no number of the office; leave number out.")
			}
		}
	})
	for _, f := range d.Forms {
		if f.Schema["x-check"] != nil {
			add(f.Line, "表单不能使用 x-check。", "A form cannot use x-check.")
		}
	}
	slices.SortStableFunc(problems, func(a, b flow.Problem) int { return a.Line - b.Line })
	return d, problems, nil
}

// unread turns the faults of a text that cannot be read into problems: each
// names its place as ":LINE PATH".
func unread(err error) []flow.Problem {
	e := fault.Of(err)
	var out []flow.Problem
	for _, f := range e.Fields {
		p := flow.Problem{Line: 1, Text: f.Text}
		place, path, _ := strings.Cut(strings.TrimPrefix(f.Path, ":"), " ")
		if _, err := fmt.Sscanf(place, "%d", &p.Line); err == nil {
			p.Path = path
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		out = append(out, flow.Problem{Line: 1, Text: e.Text})
	}
	return out
}

// Publish puts the procedures into force whose publication stands among the
// events. It is a follower's handler: what was entered before is entered once.
func (o *Office) Publish(ctx context.Context, events []event.Event) error {
	for _, ev := range events {
		if ev.Kind != Procedure+"/publish.publish" {
			continue
		}
		text, err := o.drafted(ctx, ev.Subject)
		if err != nil {
			return err
		}
		if err := o.Desk.Enter(ctx, matter.Source{File: fmt.Sprintf("procedure-%d", ev.Subject), Text: text}); err != nil {
			return fault.Wrap("docket.Publish", err)
		}
	}
	return nil
}

// drafted gives the text that a drafting ended with: the last that was submitted.
func (o *Office) drafted(ctx context.Context, id int64) (string, error) {
	events, err := event.Of(ctx, o.DB, id)
	if err != nil {
		return "", err
	}
	for _, ev := range slices.Backward(events) {
		if ev.Kind != Procedure+"/draft.submit" {
			continue
		}
		var body struct{ Input struct{ Text string } }
		err := json.Unmarshal(ev.Body, &body)
		return body.Input.Text, fault.Wrap("docket.drafted", err)
	}
	return "", nil
}
