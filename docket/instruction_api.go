package docket

import (
	"context"
	"net/http"
	"slices"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/link"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/web"
)

// instruction is an instruction as screens show it.
type instruction struct {
	ID        int64  `json:"id"`
	Leader    named  `json:"leader"`
	Verbatim  string `json:"verbatim"`
	Medium    Medium `json:"medium"`
	Title     string `json:"title"`
	Received  string `json:"received"`
	Entered   string `json:"entered"`
	EnteredBy named  `json:"entered_by"`
	Confirmed string `json:"confirmed" doc:"empty while the leader has not confirmed it"`
	Matter    int64  `json:"matter" doc:"the first matter it led to; 0 for none"`
	Number    string `json:"number"`
	Matters   []Row  `json:"matters" doc:"every matter it led to that the reader may see, in the order of their registration"`
}

func (v view) instruction(i Instruction) instruction {
	return instruction{
		ID: i.ID, Leader: named{i.Leader, v.person(i.Leader)}, Verbatim: i.Verbatim, Medium: i.Medium, Title: i.Title, Received: at(i.Received),
		Entered: at(i.Entered), EnteredBy: named{i.EnteredBy, v.person(i.EnteredBy)}, Confirmed: at(i.Confirmed), Matters: []Row{},
	}
}

// ledMost bounds the matters that are shown with one instruction.
const ledMost = 50

// withMatter adds the matters that an instruction led to, as far as the reader
// may see them.
func (o *Office) withMatter(ctx context.Context, who auth.Principal, i instruction) (instruction, error) {
	ids, err := o.ledTo(ctx, i.ID)
	if err != nil {
		return i, err
	}
	var found []matter.Matter
	for _, id := range ids {
		m, err := o.Desk.Get(ctx, who, id)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return i, err
		}
		found = append(found, m)
	}
	if len(found) == 0 {
		return i, nil
	}
	i.Matter, i.Number = found[0].ID, found[0].Number
	i.Matters, err = o.rows(ctx, o.view(who), found)
	return i, err
}

// ledTo gives the matters that were opened from an instruction, the first first.
func (o *Office) ledTo(ctx context.Context, instruction int64) ([]int64, error) {
	made, err := link.Trace(ctx, o.DB, instruction, 1, ledMost)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, e := range made {
		if e.Source == instruction && e.Rel == link.TurnInto {
			ids = append(ids, e.Target)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// entryInput enters an instruction for a leader.
type entryInput struct {
	Leader   int64    `json:"leader"`
	Verbatim string   `json:"verbatim" maxLength:"4000"`
	Medium   string   `json:"medium" enum:"paper,phone,meeting"`
	Received string   `json:"received,omitempty" maxLength:"40"`
	Title    string   `json:"title,omitempty" maxLength:"120" doc:"if given, a follow-up is registered from it at once"`
	Brief    string   `json:"brief,omitempty" maxLength:"200" doc:"what the instruction was written on"`
	Files    []string `json:"files,omitempty" maxItems:"20" doc:"digests of uploaded files: the scan, the note of the call"`
}

// entered is the answer to an entry.
type entered struct {
	ID      int64       `json:"id"`
	Pos     int64       `json:"pos"`
	Matter  int64       `json:"matter,omitempty"`
	Receipt receiptBody `json:"receipt"`
}

type instructionList struct {
	Items []instruction `json:"items"`
}

func (o *Office) registerInstructions(s *web.Server) {
	enter := post("/api/docket/instructions", "instruction-enter", "Enter an instruction for a leader, word for word")
	enter.Status = http.StatusCreated
	web.Register(s, enter, func(ctx context.Context, in *struct{ Body entryInput }) (*out[entered], error) {
		return reply(o.enter(ctx, web.Who(ctx), in.Body, web.Key(ctx)))
	})
	web.Register(s, get("/api/docket/instructions", "instructions", "The newest instructions, or those that wait for the reader's confirmation"), func(ctx context.Context, in *struct {
		State string `query:"state" enum:"all,to_confirm" default:"all"`
	}) (*out[instructionList], error) {
		return reply(o.instructionList(ctx, web.Who(ctx), in.State == "to_confirm"))
	})
	web.Register(s, reads(get("/api/docket/instructions/{id}", "instruction", "An instruction"), "instruction"), func(ctx context.Context, in *ByID) (*out[instruction], error) {
		i, err := o.Instruction(ctx, web.Who(ctx), in.ID)
		if err != nil {
			return nil, err
		}
		return reply(o.withMatter(ctx, web.Who(ctx), o.view(web.Who(ctx)).instruction(i)))
	})
	web.Register(s, post("/api/docket/instructions/{id}/confirm", "instruction-confirm", "Confirm an instruction that was entered for the one who asks"), func(ctx context.Context, in *ByID) (*out[entered], error) {
		done, err := o.Confirm(ctx, web.Who(ctx), in.ID, web.Key(ctx))
		return reply(entered{ID: done.ID, Pos: done.Pos, Receipt: done.Receipt}, err)
	})
}

func (o *Office) instructionList(ctx context.Context, who auth.Principal, unconfirmed bool) (instructionList, error) {
	found, err := o.Instructions(ctx, who, unconfirmed, 100)
	got := instructionList{Items: []instruction{}}
	if err != nil {
		return got, err
	}
	v := o.view(who)
	for _, i := range found {
		shown, err := o.withMatter(ctx, who, v.instruction(i))
		if err != nil {
			return got, err
		}
		got.Items = append(got.Items, shown)
	}
	return got, nil
}

// enter records the instruction and, with a title, registers the follow-up: two
// acts whose keys follow from one, so a retry completes what was begun.
func (o *Office) enter(ctx context.Context, who auth.Principal, in entryInput, key string) (entered, error) {
	received, err := instantOf("docket.enter", "received", in.Received)
	if err != nil {
		return entered{}, err
	}
	office, err := o.officeOf(who, 0)
	if err != nil {
		return entered{}, err
	}
	files, err := digestsOf(in.Files)
	if err != nil {
		return entered{}, err
	}
	if err := o.Files.Ready(ctx, who, files); err != nil {
		return entered{}, err
	}
	done, err := o.Enter(ctx, who, Entry{
		Office: office, Leader: in.Leader, Verbatim: in.Verbatim, Medium: Medium(in.Medium), Title: in.Title, Received: received, Key: key,
	})
	if err != nil {
		return entered{}, err
	}
	got := entered{ID: done.ID, Pos: done.Pos, Receipt: done.Receipt}
	if _, err := o.Files.Add(ctx, who, done.ID, files, key+"/files"); err != nil {
		return got, err
	}
	if in.Title == "" {
		return got, nil
	}
	given := map[string]any{"title": in.Title, "content": in.Verbatim}
	if in.Brief != "" {
		given["source"] = in.Brief
	}
	opened, err := o.Desk.Open(ctx, who, matter.Opening{
		Kind: FollowUp, Title: in.Title, Office: office, Originator: in.Leader, Source: done.ID, Behalf: in.Leader, Given: given, Key: key + "/open",
	})
	got.Matter = opened.Matter
	return got, err
}
