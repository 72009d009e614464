package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// EventEpoch says in which epoch and by which key a log is signed from here on.
// Its subject is 0, the log itself; its body is an Epoch.
const EventEpoch = "log/epoch"

// Reason is why an epoch began.
type Reason string

// The reasons.
const (
	Founded  Reason = "founded"  // 启用: the first key, or the key in force when the log first named one
	Restored Reason = "restored" // 恢复: the log was restored from a backup
	Rotated  Reason = "rotated"  // 换钥: the key was replaced
)

// Name gives the reason's words.
func (r Reason) Name() fault.Text {
	switch r {
	case Founded:
		return fault.T("启用", "founded")
	case Restored:
		return fault.T("由备份恢复", "restored from a backup")
	case Rotated:
		return fault.T("更换密钥", "key replaced")
	}
	return fault.T(string(r), string(r))
}

// Epoch (期) is one stretch of a log that is signed as a whole: checkpoints of
// more than Pos events belong to it, up to the next one's Pos.
type Epoch struct {
	Epoch  int64     `json:"epoch"`
	Reason Reason    `json:"reason"`
	Key    string    `json:"key"`              // the public key in force from here on
	Before string    `json:"before,omitempty"` // the last checkpoint that this log holds of the epoch before
	Grant  string    `json:"grant,omitempty"`  // a note by which the old key names the new one
	Pos    int64     `json:"-"`                // of the event
	At     time.Time `json:"-"`
}

// Epochs lists the epochs of a log, oldest first.
func Epochs(ctx context.Context, r store.Reader) ([]Epoch, error) {
	events, err := event.Of(ctx, r, 0)
	if err != nil {
		return nil, fault.Wrap("audit.Epochs", err)
	}
	var out []Epoch
	for _, e := range events {
		if e.Kind != EventEpoch || e.Erased {
			continue
		}
		var epoch Epoch
		if err := json.Unmarshal(e.Body, &epoch); err != nil {
			return nil, fault.Wrap("audit.Epochs", err)
		}
		epoch.Pos, epoch.At = e.Pos, time.UnixMicro(e.Recorded).In(clock.Shanghai())
		out = append(out, epoch)
	}
	return out, nil
}

// Fits refuses a key that is not the one the log names, because receipts of one
// epoch must have one signer, and a pair of files that is none. named is false
// for a log that names no key yet.
func (k *Key) Fits(ctx context.Context, r store.Reader) (named bool, err error) {
	signed, err := k.SignText("key\n")
	if err != nil {
		return false, err
	}
	if _, err := OpenText(signed, []string{k.Public}); err != nil {
		return false, fault.New(fault.Unavailable, "audit.Fits", "签名密钥 log.key 与公钥 log.pub 不成对，请恢复成对的密钥文件。",
			"The signing key log.key and the public key log.pub do not belong together; put the pair back.")
	}
	epochs, err := Epochs(ctx, r)
	if err != nil || len(epochs) == 0 {
		return false, err
	}
	if epochs[len(epochs)-1].Key != k.Public {
		return true, fault.New(fault.Unavailable, "audit.Fits",
			"签名密钥不是日志所记的那一把：请放回原密钥；如更换密钥中途断电，请再执行一次 touyan key rotate。",
			"The signing key is not the one the log names: put that key back, or, if a replacement was cut short, run touyan key rotate once more.")
	}
	return true, nil
}

// bind ties a key to a log: a log that names no key yet gets an event that names
// this one.
func (k *Key) bind(ctx context.Context, db *store.DB, clk clock.Clock) error {
	named, err := k.Fits(ctx, db)
	if err != nil || named {
		return err
	}
	_, epoch, err := event.Head(ctx, db)
	if err != nil {
		return err
	}
	c := &beginning{clock: clk, epoch: Epoch{Epoch: epoch, Reason: Founded, Key: k.Public}}
	return fault.Wrap("audit.bind", db.Write(ctx, c))
}

// Restored begins a new epoch of a log that was put back from a backup. The
// epoch's number is that of the minute, such as 202611231030, so that two
// restores of one backup never share one. k signs what the log holds and from
// here on; it may be another key than before, if the old one was lost.
func (k *Key) Restored(ctx context.Context, db *store.DB, clk clock.Clock) (Epoch, error) {
	before, at, err := k.Sign(ctx, db)
	if err != nil {
		return Epoch{}, err
	}
	c := &beginning{clock: clk, epoch: Epoch{Reason: Restored, Key: k.Public}}
	if at.Size > 0 {
		c.epoch.Before = string(before)
	}
	now := clk.Now()
	date, hour := int64(now.Year())*10000+int64(now.Month())*100+int64(now.Day()), int64(now.Hour())*100+int64(now.Minute())
	c.least = date*10000 + hour
	if err := db.Write(ctx, c); err != nil {
		return Epoch{}, fault.Wrap("audit.Restored", err)
	}
	return c.epoch, nil
}

// beginning is the change that begins an epoch.
type beginning struct {
	clock clock.Clock
	epoch Epoch
	least int64
	old   *Key // signs the grant of a rotation
}

func (c *beginning) once(epoch int64) event.Once {
	return event.Once{Key: event.KeyOf(fmt.Sprintf("%s/%d", EventEpoch, epoch))}
}

// Load implements store.Change.
func (c *beginning) Load(g *store.Group) {
	event.Load(g)
	if c.epoch.Reason == Founded {
		event.Load(g, c.once(c.epoch.Epoch))
	}
}

// Decide implements store.Change.
func (c *beginning) Decide(g *store.Group) error {
	if c.epoch.Reason == Founded {
		if _, done := event.Seen(g, c.once(c.epoch.Epoch)); done { // another replica was first
			return nil
		}
	} else {
		c.epoch.Epoch = event.NextEpoch(g, c.least)
	}
	if c.old != nil {
		grant, err := c.old.SignText(grantText(c.old.Name, c.epoch.Epoch, c.epoch.Key))
		if err != nil {
			return err
		}
		c.epoch.Grant = grant
	}
	place, err := event.Append(g, event.Draft{
		Kind: EventEpoch, Subject: 0, Key: c.once(c.epoch.Epoch).Key, Recorded: c.clock.Now(), Body: c.epoch,
	})
	c.epoch.Pos = place.Event.Pos
	return err
}

// grantText is what an old key signs to name a new one.
func grantText(name string, epoch int64, public string) string {
	return fmt.Sprintf("touyan key\n%s/%d\n%s\n", name, epoch, public)
}

// SignText signs a text of lines, as a C2SP note.
func (k *Key) SignText(text string) (string, error) {
	signed, err := note.Sign(&note.Note{Text: text}, k.signer)
	return string(signed), fault.Wrap("audit.SignText", err)
}

// OpenText gives the text of a note that one of the keys has signed.
func OpenText(signed string, keys []string) (string, error) {
	n, err := openNote([]byte(signed), keys)
	if err != nil {
		return "", err
	}
	return n.Text, nil
}

// CheckEpochs checks what the log says of its epochs: that they follow each
// other, that each is signed by one of the keys, which its directory keeps, that
// each rotation was granted by the key before, and that the checkpoint each
// names is one of this log.
func CheckEpochs(ctx context.Context, r store.Reader, keys []string) ([]Finding, error) {
	epochs, err := Epochs(ctx, r)
	if err != nil {
		return nil, err
	}
	var found []Finding
	for i, e := range epochs {
		add := func(zh, en string) {
			found = append(found, Finding{Table: "event", Row: fmt.Sprintf("pos=%d", e.Pos), Pos: e.Pos, Text: fault.T(fmt.Sprintf("第%d期：", e.Epoch)+zh, fmt.Sprintf("epoch %d: ", e.Epoch)+en)})
		}
		var last Epoch
		if i > 0 {
			last = epochs[i-1]
		}
		if i > 0 && e.Epoch <= last.Epoch {
			add("期号没有增大", "its number is not above the last")
		}
		if !slices.Contains(keys, e.Key) {
			add("其公钥不在 keys 目录中", "its public key is not in the keys directory")
		}
		if e.Reason == Rotated {
			text, err := OpenText(e.Grant, []string{last.Key})
			if name, _, _ := strings.Cut(last.Key, "+"); err != nil || text != grantText(name, e.Epoch, e.Key) {
				add("新密钥未经原密钥授权", "the new key was not granted by the old")
			}
		}
		if e.Before == "" {
			continue
		}
		// A key that was lost cannot sign; then the new one did.
		c, err := open([]byte(e.Before), []string{last.Key, e.Key})
		if err != nil || c.Size > e.Pos {
			add("所记检查点的签名或长度有误", "the checkpoint it names is not properly signed or too long")
			continue
		}
		root, err := tlog.TreeHash(c.Size, event.Hashes(ctx, r))
		if err != nil {
			return found, fault.Wrap("audit.CheckEpochs", err)
		}
		if root != c.Root {
			add("所记检查点不是本日志的", "the checkpoint it names is not of this log")
		}
	}
	return found, nil
}

// Standing says how a log stands to a receipt.
type Standing string

// The standings.
const (
	Held       Standing = "held"        // the log holds the event as the receipt has it
	Lost       Standing = "lost"        // the event came after the backup from which the log was restored, and before the restore
	RolledBack Standing = "rolled-back" // the log is shorter than what was signed, and no restore says why
	Altered    Standing = "altered"     // the log holds another event in its place
)

// Name gives the standing's words.
func (s Standing) Name() fault.Text {
	switch s {
	case Held:
		return fault.T("日志中仍有此条记录", "the log still holds this event")
	case Lost:
		return fault.T("此条记录在恢复备份时丢失，请凭此凭证重新登记", "this event was lost when the log was restored from a backup; enter it again by this receipt")
	case RolledBack:
		return fault.T("日志比已签署的短，且没有恢复记录：日志曾被私自退回", "the log is shorter than what was signed and no restore says why: it was put back in secret")
	case Altered:
		return fault.T("日志中同一位置是另一条记录：日志已被改动", "the log holds another event in its place: the log was altered")
	}
	return fault.T(string(s), string(s))
}

// Confirm is Verify by somebody who has the log, and asks it too: what to answer
// a holder of a receipt after a restore.
func Confirm(ctx context.Context, r store.Reader, data []byte, keys []string) (Report, error) {
	report, err := Verify(data, keys)
	if err != nil || !report.OK {
		return report, err
	}
	standing, err := stands(ctx, r, data, keys)
	if err != nil {
		return report, err
	}
	report.OK = standing == Held
	report.Checks = append(report.Checks, Check{Name: fault.T("在日志中", "in the log"), OK: report.OK, Detail: standing.Name()})
	return report, nil
}

// stands tells how the log stands to a receipt that Verify has accepted.
func stands(ctx context.Context, r store.Reader, data []byte, keys []string) (Standing, error) {
	var receipt Receipt
	if err := json.Unmarshal(data, &receipt); err != nil {
		return "", fault.New(fault.Invalid, "audit.stands", "凭证不是有效的 JSON。", "The receipt is not valid JSON.")
	}
	c, err := open([]byte(receipt.Checkpoint), keys)
	if err != nil {
		return "", err
	}
	size, epoch, err := event.Head(ctx, r)
	if err != nil {
		return "", err
	}
	if receipt.Envelope.Pos < size {
		e, err := event.At(ctx, r, receipt.Envelope.Pos)
		if err != nil {
			return "", err
		}
		if bytes.Equal(e.Envelope.Bytes(), receipt.Envelope.Bytes()) && bytes.Equal(e.Digest, receipt.Digest) {
			return Held, nil
		}
	}
	epochs, err := Epochs(ctx, r)
	if err != nil {
		return "", err
	}
	for _, e := range epochs {
		if e.Reason == Restored && e.Epoch > c.Epoch && e.Pos <= receipt.Envelope.Pos {
			return Lost, nil
		}
	}
	if c.Epoch > epoch || c.Size > size {
		return RolledBack, nil
	}
	return Altered, nil
}
