package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Format names the layout of a receipt.
const Format = "touyan-receipt/1"

// Receipt proves that one event stands in the log (凭证). Salt and Body are
// there only for whoever may read the event; the proof holds without them.
type Receipt struct {
	Format     string          `json:"format"`
	Envelope   event.Envelope  `json:"envelope"`
	Digest     []byte          `json:"digest" doc:"SHA-256 of salt and body"`
	Salt       []byte          `json:"salt,omitempty"`
	Body       json.RawMessage `json:"body,omitempty"`
	Proof      [][]byte        `json:"proof" doc:"hashes from the leaf to the root, RFC 6962"`
	Checkpoint string          `json:"checkpoint" doc:"C2SP signed note"`
}

// Issued is a receipt as it is handed out to be kept: with the name of the log
// and its public key, for whoever finds the file. Neither is trusted: Verify
// takes its keys from elsewhere and only holds these two against them.
type Issued struct {
	Receipt
	Log string `json:"log" doc:"the installation that signed it"`
	Key string `json:"key" doc:"its public key"`
}

// Receipt makes the receipt of an event just written, from what its group
// knows: no read.
func (k *Key) Receipt(e event.Event, tree *event.Grown) (Receipt, error) {
	proof, err := tree.Proof(e.Pos)
	if err != nil {
		return Receipt{}, fault.Wrap("audit.Receipt", err)
	}
	var failed error
	signed := tree.Signed(func(t *event.Grown) []byte {
		signed, err := k.sign(t.Epoch, t.Size, t.Root)
		failed = err
		return signed
	})
	if failed != nil {
		return Receipt{}, failed
	}
	return compose(e, proof, signed), nil
}

// ReceiptAt makes the receipt of any event of the log against the log's present
// checkpoint. Body and salt are left out; With adds them.
func (k *Key) ReceiptAt(ctx context.Context, r store.Reader, pos int64) (Receipt, event.Event, error) {
	e, err := event.At(ctx, r, pos)
	if err != nil {
		return Receipt{}, e, err
	}
	signed, c, err := k.Sign(ctx, r)
	if err != nil {
		return Receipt{}, e, err
	}
	proof, err := tlog.ProveRecord(c.Size, pos, event.Hashes(ctx, r))
	if err != nil {
		return Receipt{}, e, fault.Wrap("audit.ReceiptAt", err)
	}
	return compose(e, proof, signed), e, nil
}

func compose(e event.Event, proof tlog.RecordProof, signed []byte) Receipt {
	r := Receipt{Format: Format, Envelope: e.Envelope, Digest: e.Digest, Checkpoint: string(signed), Proof: make([][]byte, len(proof))}
	for i := range proof {
		r.Proof[i] = proof[i][:]
	}
	return r
}

// With adds the body and its salt, for a holder who may read them.
func (r Receipt) With(e event.Event) Receipt {
	if !e.Erased {
		r.Salt, r.Body = e.Salt, e.Body
	}
	return r
}

// Check is one step of a verification.
type Check struct {
	Name   fault.Text `json:"name"`
	OK     bool       `json:"ok"`
	Detail fault.Text `json:"detail"`
}

// Report is the outcome of a verification: every check that was made, in
// order. OK is true when all passed.
type Report struct {
	OK       bool           `json:"ok"`
	Checks   []Check        `json:"checks"`
	Envelope event.Envelope `json:"envelope"`
}

// Verify checks a receipt offline against public keys: signature, path, and,
// where the receipt holds it, the body. A malformed receipt is an error; a
// wrong one is a Report that says what failed.
func Verify(data []byte, keys []string) (Report, error) {
	var r Issued
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil || len(bytes.TrimSpace(data[dec.InputOffset():])) > 0 {
		return Report{}, fault.New(fault.Invalid, "audit.Verify", "凭证不是有效的 JSON，或含有未知字段。", "The receipt is not valid JSON, or has unknown fields.")
	}
	if r.Format != Format {
		return Report{}, fault.New(fault.Invalid, "audit.Verify", "凭证格式应为 "+Format+"。", "The receipt's format must be "+Format+".")
	}
	report := Report{OK: true, Envelope: r.Envelope}
	add := func(ok bool, zh, en string, detail fault.Text) {
		report.OK = report.OK && ok
		report.Checks = append(report.Checks, Check{Name: fault.T(zh, en), OK: ok, Detail: detail})
	}
	c, err := open([]byte(r.Checkpoint), keys)
	if err != nil {
		add(false, "检查点签名", "signature of the checkpoint", fault.Of(err).Text)
		return report, nil
	}
	add(true, "检查点签名", "signature of the checkpoint", fault.T(
		fmt.Sprintf("由 %s 签署，第%d期，共%d条", c.Origin, c.Epoch, c.Size), fmt.Sprintf("signed by %s, epoch %d, %d events", c.Origin, c.Epoch, c.Size)))
	if r.Log != "" && r.Log != c.Origin || r.Key != "" && !r.signedWith(keys) {
		add(false, "所附名称与公钥", "the name and key beside it", fault.T("凭证所附的日志名称或公钥不是签署者的。", "The log's name or the key that the file carries is not the signer's."))
		return report, nil
	}
	if err := r.inTree(c); err != nil {
		add(false, "在树中的位置", "place in the tree", fault.T("所记内容或位置与检查点的根不符：这条凭证已被改动。", "The content or place does not lead to the checkpoint's root: the receipt was changed."))
		return report, nil
	}
	add(true, "在树中的位置", "place in the tree", fault.T(fmt.Sprintf("第%d条，路径%d步", r.Envelope.Pos, len(r.Proof)), fmt.Sprintf("event %d, a path of %d hashes", r.Envelope.Pos, len(r.Proof))))
	if len(r.Body) > 0 {
		same := r.holds(compact(r.Body)) || r.holds(escaped(compact(r.Body)))
		detail := fault.T("与登记时一致", "as it was recorded")
		if !same {
			detail = fault.T("正文与登记时不一致。", "The body is not the one recorded.")
		}
		add(same, "正文", "body", detail)
	}
	return report, nil
}

// signedWith reports whether the key that the file carries is one of the keys
// and has signed its checkpoint.
func (r Issued) signedWith(keys []string) bool {
	key := strings.TrimSpace(r.Key)
	if !slices.ContainsFunc(keys, func(k string) bool { return strings.TrimSpace(k) == key }) {
		return false
	}
	_, err := open([]byte(r.Checkpoint), []string{key})
	return err == nil
}

// holds reports whether a body is the one that was recorded.
func (r Receipt) holds(body []byte) bool { return bytes.Equal(event.Digest(r.Salt, body), r.Digest) }

// escaped writes <, > and & as the log does. A browser that reads a receipt and
// saves it again writes them plainly, which says the same.
func escaped(body []byte) []byte {
	var b bytes.Buffer
	json.HTMLEscape(&b, body)
	return b.Bytes()
}

// compact undoes the layout that a person or an editor may have given the body.
func compact(body json.RawMessage) []byte {
	var b bytes.Buffer
	if err := json.Compact(&b, body); err != nil {
		return body
	}
	return b.Bytes()
}

func (r Receipt) inTree(c Checkpoint) error {
	proof := make(tlog.RecordProof, len(r.Proof))
	for i, hash := range r.Proof {
		if len(hash) != tlog.HashSize {
			return fmt.Errorf("hash %d of the path has %d bytes", i, len(hash))
		}
		copy(proof[i][:], hash)
	}
	return tlog.CheckRecord(proof, c.Size, c.Root, r.Envelope.Pos, event.Leaf(r.Envelope, r.Digest))
}
