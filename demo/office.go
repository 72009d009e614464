package demo

import (
	"context"
	"fmt"
	"time"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/attach"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
)

// before does what goes before a deed: a letter is issued, a file is brought, the
// one who is away has named his deputy. Each has a key that follows from the
// deed's, so that whatever was cut off is done once.
func (h *hand) before(ctx context.Context, matter int64, d *deed) error {
	key := d.act.Key
	if d.letter {
		if err := h.issue(ctx, d.who, matter, docket.UrgeLetter); err != nil {
			return err
		}
	}
	if d.brings != nil {
		digest, err := h.bring(ctx, d.who, matter, *d.brings, key+"/file")
		if err != nil {
			return err
		}
		d.act.Input["files"] = []any{digest.String()}
	}
	if d.away && d.who.Person == h.reader().Person {
		if err := h.leave(ctx, h.reader(), h.who["tang"], key); err != nil {
			return err
		}
		d.who = h.standIn(d.who)
	}
	return nil
}

// issue issues a paper of a matter, once.
func (t *town) issue(ctx context.Context, who auth.Principal, matter int64, sort docket.Sort) error {
	_, err := t.Docket.Issue(ctx, who, matter, sort, docket.PaperOptions{}, fmt.Sprintf("demo/paper/%d/%s", matter, sort))
	return err
}

// bring makes a file one of a matter's or an instruction's.
func (t *town) bring(ctx context.Context, who auth.Principal, subject int64, s sheet, key string) (attach.Digest, error) {
	up, err := t.Docket.Files.Upload(ctx, who, s.Name, []byte(s.Text))
	if err != nil {
		return up.Digest, err
	}
	_, err = t.Docket.Files.Bind(ctx, who, subject, []attach.Digest{up.Digest}, key)
	return up.Digest, err
}

// leave has a person name a standing deputy (AB角) and be away for the rest of the
// day. Whoever has a deputy, or is away already, is left as he is.
func (h *hand) leave(ctx context.Context, who, deputy auth.Principal, key string) error {
	const why = "下乡实地督查，由AB角代理。"
	_, err := h.Registry.Delegate(ctx, who, auth.NewDelegation{Key: key + "/deputy", Taker: deputy.Person, Standing: true, Reason: why})
	if err != nil && !fault.Is(err, fault.Conflict) {
		return err
	}
	tomorrow := calendar.DayOf(h.Clock.Now()).Start().Add(24 * time.Hour).In(clock.Shanghai())
	_, err = h.Registry.MarkAbsent(ctx, who, auth.NewAbsence{Key: key + "/away", Until: tomorrow, Reason: why})
	if fault.Is(err, fault.Conflict) {
		return nil
	}
	return err
}
