package docket

import (
	"context"
	"slices"

	"touyan.dev/touyan/kernel/attach"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter/flow"
)

// MayFile tells whether a person may see the files of a matter or an instruction:
// whoever may read it. To add one he must have an act to do on the matter, or be
// of the staff that enters instructions.
func (o *Office) MayFile(ctx context.Context, who auth.Principal, subject int64, add bool) error {
	m, err := o.Desk.Get(ctx, who, subject)
	if err == nil {
		if !add {
			return nil
		}
		offers, err := o.Desk.Offers(who, m)
		if err != nil {
			return err
		}
		for _, offer := range offers {
			if offer.Mine {
				return nil
			}
		}
		return fault.New(fault.Forbidden, "docket.MayFile", "您在本事项没有待办环节，不能添加附件。", "You have nothing to do on this matter, so you cannot add files to it.")
	}
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	i, err := o.Instruction(ctx, who, subject)
	if err != nil {
		return err
	}
	if add {
		_, err = o.Rules.Require(o.Book.Now(), who, "docket.enter", auth.Resource{Type: "Docket", Office: i.Office, Need: staff(i.Office)})
	}
	return err
}

// filesIn gives the contents that an input names in the fields of its form for
// files. A name that is no digest is left to the form's schema to refuse.
func filesIn(form *flow.Form, input map[string]any) []attach.Digest {
	if form == nil {
		return nil
	}
	props, _ := form.Schema["properties"].(map[string]any)
	var out []attach.Digest
	for name, p := range props {
		field, _ := p.(map[string]any)
		if field["x-widget"] != "files" {
			continue
		}
		list, _ := input[name].([]any)
		for _, v := range list {
			text, _ := v.(string)
			if d, ok := attach.ParseDigest(text); ok && !slices.Contains(out, d) {
				out = append(out, d)
			}
		}
	}
	return out
}
