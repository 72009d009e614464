package attach

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

type blob struct {
	size    int64
	media   string
	touched int64
	whole   bool
}

var blobs = store.Table[Digest, blob]{
	Name: "blob", Key: []string{"digest"}, KeyType: []string{"BYTEA"}, Cols: []string{"size", "type", "touched", "whole"},
	KeyArgs: func(d Digest) []any { return []any{d[:]} },
	Args:    func(b blob) []any { return []any{b.size, b.media, b.touched, b.whole} },
	Scan: func(row store.Scanner, rev *int64) (d Digest, b blob, err error) {
		var raw []byte
		err = row.Scan(&raw, &b.size, &b.media, &b.touched, &b.whole, rev)
		copy(d[:], raw)
		return d, b, err
	},
}

type chunkKey struct {
	digest Digest
	n      int64
}

var chunks = store.Table[chunkKey, []byte]{
	Name: "blob_chunk", Key: []string{"digest", "n"}, KeyType: []string{"BYTEA", "BIGINT"}, Cols: []string{"data"}, Derived: true,
	KeyArgs: func(k chunkKey) []any { return []any{k.digest[:], k.n} },
	Args:    func(data []byte) []any { return []any{data} },
}

type uploadKey struct {
	person int64
	digest Digest
}

type upload struct {
	name string
	at   int64
}

// uploads are read to bind, and written over unread.
var uploads = store.Table[uploadKey, upload]{
	Name: "upload", Key: []string{"person", "digest"}, KeyType: []string{"BIGINT", "BYTEA"}, Cols: []string{"name", "at"}, Derived: true,
	KeyArgs: func(k uploadKey) []any { return []any{k.person, k.digest[:]} },
	Args:    func(u upload) []any { return []any{u.name, u.at} },
	Scan: func(row store.Scanner, _ *int64) (k uploadKey, u upload, err error) {
		var raw []byte
		err = row.Scan(&k.person, &raw, &u.name, &u.at)
		copy(k.digest[:], raw)
		return k, u, err
	},
}

var attachments = store.Table[int64, Attachment]{
	Name: "attachment", Key: []string{"id"}, KeyType: []string{"BIGINT"},
	Cols:    []string{"subject", "digest", "name", "type", "size", "added", "person", "erased"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args: func(a Attachment) []any {
		digest := a.Digest[:]
		if a.Erased {
			digest = []byte("-")
		}
		return []any{a.Subject, digest, a.Name, a.Type, a.Size, a.Added, a.Person, a.Erased}
	},
	Scan: func(row store.Scanner, rev *int64) (int64, Attachment, error) {
		a, err := scanAttachment(row, rev)
		return a.ID, a, err
	},
}

const attachmentColumns = "id, subject, digest, name, type, size, added, person, erased"

func scanAttachment(row store.Scanner, more ...any) (a Attachment, err error) {
	var digest []byte
	err = row.Scan(append([]any{&a.ID, &a.Subject, &digest, &a.Name, &a.Type, &a.Size, &a.Added, &a.Person, &a.Erased}, more...)...)
	if len(digest) == sha256.Size {
		copy(a.Digest[:], digest)
	}
	return a, err
}

type boundKey struct {
	subject int64
	digest  Digest
}

var bounds = store.Table[boundKey, int64]{
	Name: "attachment_bound", Key: []string{"subject", "digest"}, KeyType: []string{"BIGINT", "BYTEA"}, Cols: []string{"id"}, Fixed: true,
	KeyArgs: func(k boundKey) []any { return []any{k.subject, k.digest[:]} },
	Args:    func(id int64) []any { return []any{id} },
	Scan: func(row store.Scanner, _ *int64) (k boundKey, id int64, err error) {
		var raw []byte
		err = row.Scan(&k.subject, &raw, &id)
		copy(k.digest[:], raw)
		return k, id, err
	},
}

var totals = store.Table[int64, int64]{
	Name: "attachment_total", Key: []string{"subject"}, KeyType: []string{"BIGINT"}, Cols: []string{"bytes"},
	KeyArgs: func(id int64) []any { return []any{id} },
	Args:    func(n int64) []any { return []any{n} },
	Scan: func(row store.Scanner, rev *int64) (id, n int64, err error) {
		err = row.Scan(&id, &n, rev)
		return id, n, err
	},
}

// beginning writes a content's row, or finds it.
type beginning struct {
	up    Uploaded
	now   int64
	whole bool
}

// Load implements store.Change.
func (c *beginning) Load(g *store.Group) { store.Want(g, &blobs, c.up.Digest) }

// Decide implements store.Change.
func (c *beginning) Decide(g *store.Group) error {
	b, ok := store.Get(g, &blobs, c.up.Digest)
	c.whole = ok && b.whole
	store.Put(g, &blobs, c.up.Digest, blob{size: c.up.Size, media: c.up.Type, touched: c.now, whole: c.whole})
	return nil
}

// piece writes one chunk.
type piece struct {
	key  chunkKey
	data []byte
}

// Load implements store.Change.
func (c *piece) Load(g *store.Group) { store.Want(g, &blobs, c.key.digest) }

// Decide implements store.Change.
func (c *piece) Decide(g *store.Group) error {
	if _, ok := store.Get(g, &blobs, c.key.digest); !ok { // erased meanwhile
		return errGone()
	}
	store.Insert(g, &chunks, c.key, c.data)
	return nil
}

// finishing says that a content is whole and who brought it.
type finishing struct {
	up     Uploaded
	person int64
	now    int64
}

// Load implements store.Change.
func (c *finishing) Load(g *store.Group) { store.Want(g, &blobs, c.up.Digest) }

// Decide implements store.Change.
func (c *finishing) Decide(g *store.Group) error {
	b, ok := store.Get(g, &blobs, c.up.Digest)
	if !ok {
		return errGone()
	}
	b.whole, b.touched = true, c.now
	store.Put(g, &blobs, c.up.Digest, b)
	store.Insert(g, &uploads, uploadKey{c.person, c.up.Digest}, upload{c.up.Name, c.now})
	return nil
}

func errGone() error {
	return fault.New(fault.Busy, "attach.Upload", "该文件的内容刚被清除，请重新上传。", "The content was removed just now; upload it again.")
}

// binding makes one content a file of a subject.
type binding struct {
	c       *Cabinet
	who     auth.Principal
	subject int64
	digest  Digest
	now     time.Time
	once    event.Once
	made    Attachment
}

// Load implements store.Change.
func (c *binding) Load(g *store.Group) {
	event.Load(g, c.once)
	event.LoadErased(g, c.subject)
	store.Want(g, &blobs, c.digest)
	store.Want(g, &uploads, uploadKey{c.who.Person, c.digest})
	store.Want(g, &totals, c.subject)
	key := boundKey{c.subject, c.digest}
	store.Want(g, &bounds, key)
	if !store.Have(g, &bounds, key) {
		return
	}
	if id, ok := store.Get(g, &bounds, key); ok {
		store.Want(g, &attachments, id)
	}
}

// Decide implements store.Change.
func (c *binding) Decide(g *store.Group) error {
	const op = "attach.Bind"
	if pos, again := event.Seen(g, c.once); again {
		c.made = Attachment{ID: pos, Subject: c.subject, Digest: c.digest, Person: c.who.Person}
		return nil
	}
	if _, erased := event.WasErased(g, c.subject); erased {
		return fault.New(fault.Conflict, op, "该事项已清除，不能再加附件。", "The matter was erased; nothing can be added to it.")
	}
	key := boundKey{c.subject, c.digest}
	if id, ok := store.Get(g, &bounds, key); ok {
		if !store.Have(g, &attachments, id) { // bound by a change of this group
			return store.ErrAgain
		}
		c.made, _ = store.Get(g, &attachments, id)
		return nil
	}
	b, whole := store.Get(g, &blobs, c.digest)
	u, mine := store.Get(g, &uploads, uploadKey{c.who.Person, c.digest})
	if !whole || !b.whole || !mine {
		return errNotUploaded()
	}
	total, _ := store.Get(g, &totals, c.subject)
	if total+b.size > MaxSubject {
		return fault.At(op, "files", fmt.Sprintf("本事项的附件合计超过%d MB，请精简后再传。", MaxSubject>>20), fmt.Sprintf("The files of this matter exceed %d MB together; send fewer.", MaxSubject>>20))
	}
	c.made = Attachment{
		Subject: c.subject, Digest: c.digest, Name: u.name, Type: b.media, Size: b.size, Added: c.now.UnixMicro(), Person: c.who.Person,
	}
	place, err := event.Append(g, event.Draft{
		Kind: EventAdd, Subject: c.subject, Actor: c.who.Person, Key: c.once.Key, Recorded: c.now,
		Body: Body{Name: u.name, Size: b.size, Type: b.media, Digest: c.digest.String()},
	})
	if err != nil {
		return err
	}
	c.made.ID = place.Event.Pos
	store.Insert(g, &attachments, c.made.ID, c.made)
	store.Insert(g, &bounds, key, c.made.ID)
	store.Put(g, &totals, c.subject, total+b.size)
	return nil
}

// sweeping removes a content that nothing is bound to.
type sweeping struct {
	digest Digest
	before int64
	gone   bool
}

// Load implements store.Change.
func (c *sweeping) Load(g *store.Group) { store.Want(g, &blobs, c.digest) }

// Decide implements store.Change. Binding does not touch the row, so the
// statements look once more.
func (c *sweeping) Decide(g *store.Group) error {
	b, ok := store.Get(g, &blobs, c.digest)
	if c.gone = ok && b.touched < c.before; !c.gone {
		return nil
	}
	const unbound = " AND NOT EXISTS (SELECT 1 FROM attachment WHERE attachment.digest = ?)"
	for _, table := range []string{"blob_chunk", "upload", "blob"} {
		store.Blot(g, "DELETE FROM "+table+" WHERE digest = ?"+unbound, c.digest[:], c.digest[:])
	}
	return nil
}

// Check holds every file against its event and its content, up to limit
// findings, and gives how many it looked at.
func Check(ctx context.Context, r store.Reader, limit int) (found []audit.Finding, looked int, err error) {
	all, err := store.Collect(ctx, r, func(row store.Scanner) (Attachment, error) { return scanAttachment(row) },
		"SELECT "+attachmentColumns+" FROM attachment ORDER BY id")
	if err != nil {
		return nil, 0, fault.Wrap("attach.Check", err)
	}
	for _, a := range all {
		if len(found) >= limit {
			break
		}
		looked++
		add := func(zh, en string) {
			found = append(found, audit.Finding{Table: "attachment", Row: fmt.Sprintf("id=%d", a.ID), Pos: a.ID, Text: fault.T(zh, en)})
		}
		e, err := event.At(ctx, r, a.ID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return found, looked, err
		}
		var b Body
		switch {
		case err != nil || e.Kind != EventAdd || e.Subject != a.Subject:
			add("附件没有对应的登记记录", "the file has no event that bound it")
		case e.Erased != a.Erased:
			add("附件与其记录的清除状态不一致", "either the file or its event is erased, and not both")
		case a.Erased:
			if a.Name != Erased {
				add("已清除的附件仍有名称", "an erased file still has a name")
			}
		case json.Unmarshal(e.Body, &b) != nil || b != (Body{a.Name, a.Size, a.Type, a.Digest.String()}):
			add("附件与登记记录不符", "the file is not what its event says")
		default:
			if _, err := Content(ctx, r, a.Digest); fault.Is(err, fault.Internal) {
				add("附件内容缺失或被改动", "the file's content is missing or was changed")
			} else if err != nil {
				return found, looked, err
			}
		}
	}
	return found, looked, nil
}
