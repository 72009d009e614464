package bench

import (
	"context"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/matter"
)

// request and opinion are what the acts' forms are filled with: about 200 and
// 100 bytes of Chinese text, as in the office's own forms.
const (
	title   = "关于加快推进新市民一件事集成服务改革的请示"
	request = "请人力资源和社会保障局牵头,会同教育、公安、住建等部门,梳理新市民落户、就业、入学、租房所需材料,提出一次办成的流程与时限,于月底前报市政府办公室。"
	opinion = "经研究,情况属实,材料齐全,建议按程序办理,并于时限内书面反馈。"
)

// step is one act of a matter's life.
type step struct {
	step, act string
	who       func(*Town, *Bureau) auth.Principal
}

// life is the four acts of a matter after it was opened, in order.
func life() []step {
	return []step{
		{"submit", "submit", func(t *Town, _ *Bureau) auth.Principal { return t.Secretary }},
		{"accept", "accept", func(_ *Town, b *Bureau) auth.Principal { return b.Liaison }},
		{"approve", "approve", func(_ *Town, b *Bureau) auth.Principal { return b.Head }},
		{"close", "close", func(t *Town, _ *Bureau) auth.Principal { return t.Supervisor }},
	}
}

// Open begins one matter in a bureau under an idempotency key.
func (t *Town) Open(ctx context.Context, b *Bureau, key string) (matter.Done, error) {
	return t.Desk.Open(ctx, t.Secretary, matter.Opening{
		Kind: Kind, Title: title, Office: t.Office, Unit: b.Unit, Originator: t.Leader.Person,
		Given: map[string]any{"title": title, "content": request}, Key: key,
	})
}

// Act does the n-th act (from 0) of a matter's life.
func (t *Town) Act(ctx context.Context, b *Bureau, id int64, n int, key string) (matter.Done, error) {
	s := life()[n]
	return t.Desk.Act(ctx, s.who(t, b), id, matter.Act{Step: s.step, Act: s.act, Input: map[string]any{"opinion": opinion}, Key: key})
}

// Acts is the number of acts in a matter's life after it was opened.
func Acts() int { return len(life()) }
