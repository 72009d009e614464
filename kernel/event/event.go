// Package event is the one log of everything that happened.
//
// Each act writes its rows and one event in one transaction; nothing else in
// the product is a queue or a history. An event is an envelope, which is kept
// for ever and holds no personal data, and a body with a salt of its own, which
// can be erased. Its leaf in the Merkle tree is
//
//	H(0x00 ‖ envelope ‖ H(salt ‖ body))
//
// with the hash of RFC 6962 (SHA-256), so proofs of the envelope still verify
// after the body is gone. The tree grows in the same transaction: each row
// carries the stored hashes (golang.org/x/mod/sumdb/tlog) that its leaf
// completes, and no other table holds any part of the tree.
//
// An event has the time it was recorded and the time it occurred, so history
// can be entered late without lying. (actor, key) is unique for ever: a retry
// finds the first event and never makes a second.
package event

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Envelope is the part of an event that is kept: who did what to which object,
// when, and for whom. Identifiers are numbers; names live in the directory.
type Envelope struct {
	Pos      int64  `json:"pos"`      // position in the log, gapless from 0
	Recorded int64  `json:"recorded"` // µs since 1970 UTC
	Occurred int64  `json:"occurred"` // µs since 1970 UTC
	Kind     string `json:"kind"`     // "docket.followup/propose.submit"
	Subject  int64  `json:"subject"`  // the object's id
	Actor    int64  `json:"actor"`    // the person who acted; 0 is the system
	Behalf   int64  `json:"behalf"`   // the person acted for; 0 for none
	Unit     int64  `json:"unit"`     // the unit the actor acted for; 0 for none
}

// Bytes is the canonical form of the envelope: the JSON above, without spaces,
// in this order. It is written by hand because it is hashed for ever.
func (e Envelope) Bytes() []byte {
	b := make([]byte, 0, 192)
	num := func(name string, v int64) {
		b = append(b, name...)
		b = strconv.AppendInt(b, v, 10)
	}
	num(`{"pos":`, e.Pos)
	num(`,"recorded":`, e.Recorded)
	num(`,"occurred":`, e.Occurred)
	b = append(b, `,"kind":`...)
	b = strconv.AppendQuoteToASCII(b, e.Kind)
	num(`,"subject":`, e.Subject)
	num(`,"actor":`, e.Actor)
	num(`,"behalf":`, e.Behalf)
	num(`,"unit":`, e.Unit)
	return append(b, '}')
}

// saltSize is the number of bytes in front of a stored body.
const saltSize = 16

// Event is an envelope with its body. Body is empty and Erased true after an
// erasure.
type Event struct {
	Envelope
	Digest []byte          `json:"digest"` // H(salt ‖ body), 32 bytes
	Salt   []byte          `json:"salt,omitempty"`
	Body   json.RawMessage `json:"body,omitempty"`
	Erased bool            `json:"erased,omitempty"`
}

// Digest hashes a body with its salt.
func Digest(salt, body []byte) []byte {
	h := sha256.New()
	h.Write(salt)
	h.Write(body)
	return h.Sum(nil)
}

// Leaf gives the tree's hash of an envelope and the digest of its body.
func Leaf(e Envelope, digest []byte) tlog.Hash {
	return tlog.RecordHash(append(e.Bytes(), digest...))
}

// Key is the digest of an idempotency key, as stored.
type Key [16]byte

// KeyOf gives the stored form of an idempotency key chosen by a client: a UUID
// is kept as it is, because those that begin with the time (version 7, as our
// screens make them) then lie side by side in their index; anything else is
// hashed.
func KeyOf(key string) Key {
	if k, ok := uuid(key); ok {
		return k
	}
	sum := sha256.Sum256([]byte(key))
	return Key(sum[:16])
}

// uuid reads the one written form of a UUID, in small letters.
func uuid(s string) (k Key, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' || strings.ToLower(s) != s {
		return k, false
	}
	_, err := hex.Decode(k[:], []byte(s[:8]+s[9:13]+s[14:18]+s[19:23]+s[24:]))
	return k, err == nil
}

// Sub derives the key of a further event of the same act. It begins as the act's
// own, and so lies near it.
func (k Key) Sub(n int) Key {
	sum := sha256.Sum256(strconv.AppendInt(append(k[:len(k):len(k)], '/'), int64(n), 10))
	copy(k[8:], sum[:])
	return k
}

// Once names an event by who makes it and under which key: the pair that is
// unique for ever.
type Once struct {
	Actor int64
	Key   Key
}

// Draft is an event about to be written.
type Draft struct {
	Kind     string
	Subject  int64 // NewSubject: the event's own position becomes the subject's id
	Actor    int64
	Behalf   int64
	Unit     int64
	Key      Key
	Recorded time.Time
	Occurred time.Time // zero: as recorded
	Body     any       // encoded as JSON, by its own AppendJSON if it has one
}

// NewSubject as Draft.Subject gives the subject the event's position as its id.
const NewSubject int64 = -1

// Place is an event as it was written. Tree becomes usable after the commit.
type Place struct {
	Event Event
	Tree  *Grown
}

// onces finds the event written under (actor, key).
var onces = store.Table[Once, int64]{
	Name: "event", Key: []string{"actor", "idem"}, KeyType: []string{"BIGINT", "BYTEA"}, Cols: []string{"pos"}, Fixed: true,
	KeyArgs: func(o Once) []any { return []any{o.Actor, o.Key[:]} },
	Scan: func(row store.Scanner, _ *int64) (o Once, pos int64, err error) {
		var key []byte
		err = row.Scan(&o.Actor, &key, &pos)
		copy(o.Key[:], key)
		return o, pos, err
	},
}

// head is the row of log_head.
type head struct {
	size  int64
	edge  []byte
	epoch int64
}

var heads = store.Table[int64, head]{
	Name: "log_head", Key: []string{"id"}, KeyType: []string{"BIGINT"}, Cols: []string{"size", "edge", "epoch"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args:    func(h head) []any { return []any{h.size, h.edge, h.epoch} },
	Scan: func(row store.Scanner, rev *int64) (id int64, h head, err error) {
		err = row.Scan(&id, &h.size, &h.edge, &h.epoch, rev)
		return id, h, err
	},
}

// stored is an event as its row.
type stored struct {
	Event
	key      Key
	envelope string
	sealed   []byte // salt and body
	proof    []byte // digest and hashes
}

var events = store.Table[int64, stored]{
	Name: "event", Key: []string{"pos"}, KeyType: []string{"BIGINT"}, Fixed: true,
	Cols:    []string{"subject", "actor", "idem", "envelope", "body", "proof"},
	KeyArgs: func(pos int64) []any { return []any{pos} },
	Args: func(s stored) []any {
		return []any{s.Subject, s.Actor, s.key[:], s.envelope, s.sealed, s.proof}
	},
}

// pending gathers the events of one group.
type pending struct {
	head   head
	events []stored
	tree   *Grown
}

type pendingKey struct{}

const headID = 1

// current gives the group's gathering of events.
func current(g *store.Group) *pending {
	return store.Local(g, pendingKey{}, func() *pending {
		h, found := store.Get(g, &heads, int64(headID))
		if !found {
			h.epoch = 1
		}
		p := &pending{head: h, tree: &Grown{}}
		g.OnFinish(func() error { return p.close(g) })
		return p
	})
}

// Load names what Append needs, for a change that writes under the given keys.
func Load(g *store.Group, once ...Once) {
	store.Want(g, &heads, int64(headID))
	for _, o := range once {
		store.Want(g, &onces, o)
	}
}

// Seen gives the position of the event already written under (actor, key).
func Seen(g *store.Group, o Once) (int64, bool) { return store.Get(g, &onces, o) }

// Append writes an event in the group's transaction and gives its place. The
// caller has checked Seen for its key. The body is encoded at once: later
// changes to it are not written.
func Append(g *store.Group, d Draft) (Place, error) {
	p := current(g)
	e := stored{key: d.Key}
	var err error
	if e.sealed, err = seal(d.Body); err != nil {
		return Place{}, fault.Wrap("event.Append", err)
	}
	if err := admit(e.sealed[saltSize:]); err != nil {
		return Place{}, err
	}
	e.Pos = p.head.size + int64(len(p.events))
	e.Recorded, e.Occurred = d.Recorded.UnixMicro(), d.Recorded.UnixMicro()
	if !d.Occurred.IsZero() {
		e.Occurred = d.Occurred.UnixMicro()
	}
	e.Kind, e.Subject, e.Actor, e.Behalf, e.Unit = d.Kind, d.Subject, d.Actor, d.Behalf, d.Unit
	if d.Subject == NewSubject {
		e.Subject = e.Pos
	}
	e.Salt, e.Body = e.sealed[:saltSize:saltSize], e.sealed[saltSize:]
	e.envelope = string(e.Envelope.Bytes())
	digest := sha256.Sum256(e.sealed)
	e.proof = append(make([]byte, 0, 4*sha256.Size), digest[:]...)
	e.Digest = e.proof[:sha256.Size:sha256.Size]
	p.events = append(p.events, e)
	n := len(p.events) - 1
	g.OnUndo(func() { p.events = p.events[:n] })
	once := Once{d.Actor, d.Key}
	store.Note(g, &onces, once, e.Pos)
	return Place{Event: e.Event, Tree: p.tree}, nil
}

// seal gives a fresh salt and, behind it, the body as JSON.
func seal(body any) ([]byte, error) {
	sealed := make([]byte, saltSize, 512)
	if _, err := rand.Read(sealed); err != nil {
		return nil, err
	}
	if b, ok := body.(interface{ AppendJSON([]byte) []byte }); ok {
		return b.AppendJSON(sealed), nil
	}
	text, err := json.Marshal(body)
	return append(sealed, text...), err
}

// Next gives the position that the next Append of this group will use, which
// is the id of the object that it makes.
func Next(g *store.Group) int64 {
	p := current(g)
	return p.head.size + int64(len(p.events))
}

// NextEpoch makes the group's tree and all later ones be signed in a new epoch:
// after a restore, when positions may be used a second time, and when the key
// changes. The epoch is the next one, or least if that is higher. The event that
// says so must be appended by the same change.
func NextEpoch(g *store.Group, least int64) int64 {
	p := current(g)
	before := p.head.epoch
	p.head.epoch = max(before+1, least)
	g.OnUndo(func() { p.head.epoch = before })
	return p.head.epoch
}

// close grows the tree by the group's events and queues their rows.
func (p *pending) close(g *store.Group) error {
	if len(p.events) == 0 {
		return nil
	}
	tree, err := grow(p.head, p.events)
	if err != nil {
		return fault.Wrap("event.close", err)
	}
	p.tree.settle(tree)
	for _, e := range p.events {
		store.Insert(g, &events, e.Pos, e)
	}
	_, exists := store.Get(g, &heads, int64(headID))
	h := head{size: tree.Size, edge: tree.edge(), epoch: tree.Epoch}
	if exists {
		store.Put(g, &heads, int64(headID), h)
	} else {
		store.Insert(g, &heads, int64(headID), h)
	}
	return nil
}
