// Package attach keeps the files of matters and instructions (附件).
//
// A content is known by its SHA-256 and kept in the database in chunks, so that
// backups, replicas and erasure cover it as any row. Each chunk is a change of its
// own: the group writer is never held up by a large file. A file is uploaded
// first and bound to its subject by an event (attach/add), whose body holds name,
// size, type and digest; its envelope says nothing of the content. Uploading or
// binding the same content again does nothing and gives the first answer. What
// nobody has bound within a day is swept.
//
// Nothing is stored before it was looked at: the name's ending must agree with
// the content, only the kinds of types.go are taken, macros and archives are not,
// and a file with the mark of a state secret, in its name or its text, is refused
// (kernel/privacy). Limits: 20 MB a file, 200 MB a subject.
//
// Whoever may read the subject may read its files. A preview is never the file:
// pictures are decoded, scaled and encoded anew, which takes out place and camera;
// of documents only the text is shown.
package attach

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/erase"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/privacy"
	"touyan.dev/touyan/kernel/store"
)

// The limits.
const (
	MaxFile    = 20 << 20  // bytes of a file
	MaxSubject = 200 << 20 // bytes of all files of a matter or instruction
	maxName    = 120       // characters
	chunkSize  = 128 << 10
	keepOrphan = 24 * time.Hour
)

// EventAdd is the kind of the event that binds a file to its subject.
const EventAdd = "attach/add"

// Erased is what stands in place of the name of a file that was erased.
const Erased = erase.Title

// Cabinet keeps the files. Fill all fields.
type Cabinet struct {
	DB    *store.DB
	Clock clock.Clock
	// May tells whether a person may see the files of a subject, or, with add, bind
	// one to it; its error is what he is told.
	May func(ctx context.Context, who auth.Principal, subject int64, add bool) error

	drawing sync.Mutex // one picture at a time: a decoded one is large
}

// Preview says what a preview of the file is: picture, text or none.
func (a Attachment) Preview() string {
	if a.Erased {
		return "none"
	}
	for _, k := range kinds() {
		switch {
		case k.media != a.Type:
		case k.reading != opaque:
			return "text"
		case k.media == "image/png" || k.media == "image/jpeg":
			return "picture"
		}
	}
	return "none"
}

// Picture gives a small picture of a file that who may see.
func (c *Cabinet) Picture(ctx context.Context, who auth.Principal, id int64) ([]byte, error) {
	_, data, err := c.Open(ctx, who, id)
	if err != nil {
		return nil, err
	}
	c.drawing.Lock()
	defer c.drawing.Unlock()
	return Picture(data)
}

// Text gives the text of a file that who may see.
func (c *Cabinet) Text(ctx context.Context, who auth.Principal, id int64) (string, error) {
	a, data, err := c.Open(ctx, who, id)
	if err != nil {
		return "", err
	}
	return Text(a.Name, data), nil
}

// Digest names a content.
type Digest [sha256.Size]byte

// String gives the digest in hexadecimal, as forms hold it.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// ParseDigest reads what String gives.
func ParseDigest(text string) (d Digest, ok bool) {
	if len(text) != 2*sha256.Size || strings.ToLower(text) != text {
		return d, false
	}
	_, err := hex.Decode(d[:], []byte(text))
	return d, err == nil
}

// Uploaded is a content that its uploader may bind.
type Uploaded struct {
	Digest Digest
	Name   string
	Type   string
	Size   int64
}

// Attachment is a file of a subject.
type Attachment struct {
	ID      int64
	Subject int64
	Digest  Digest
	Name    string
	Type    string
	Size    int64
	Added   int64 // µs
	Person  int64
	Erased  bool
}

// Body is the body of the event that binds a file.
type Body struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	Type   string `json:"type"`
	Digest string `json:"digest"`
}

// Upload takes in a file. The same content again is the same answer, under the
// newest name.
func (c *Cabinet) Upload(ctx context.Context, who auth.Principal, name string, data []byte) (Uploaded, error) {
	const op = "attach.Upload"
	name, err := properName(name)
	if err != nil {
		return Uploaded{}, err
	}
	if len(data) == 0 {
		return Uploaded{}, fault.At(op, "file", "文件是空的，请重新选择。", "The file is empty; choose another.")
	}
	if len(data) > MaxFile {
		return Uploaded{}, fault.At(op, "file", fmt.Sprintf("文件超过%d MB，请压缩图片或拆分后再传。", MaxFile>>20), fmt.Sprintf("The file exceeds %d MB; reduce its pictures or split it.", MaxFile>>20))
	}
	if privacy.MarkedName(name) {
		return Uploaded{}, privacy.Refused(op, "name")
	}
	kind, err := kindOf(name, data)
	if err != nil {
		return Uploaded{}, err
	}
	text, err := textOf(kind, data)
	if err != nil {
		return Uploaded{}, err
	}
	if privacy.Marked(text) {
		return Uploaded{}, privacy.Refused(op, "file")
	}
	up := Uploaded{Digest: sha256.Sum256(data), Name: name, Type: kind.media, Size: int64(len(data))}
	return up, c.keep(ctx, who, up, data)
}

// keep writes a content: its row, its chunks one by one, and what says that it is
// whole.
func (c *Cabinet) keep(ctx context.Context, who auth.Principal, up Uploaded, data []byte) error {
	start := &beginning{up: up, now: c.Clock.Now().UnixMicro()}
	if err := c.DB.Write(ctx, start); err != nil {
		return err
	}
	if !start.whole {
		for n := 0; n*chunkSize < len(data); n++ {
			part := data[n*chunkSize : min((n+1)*chunkSize, len(data))]
			if err := c.DB.Write(ctx, &piece{chunkKey{up.Digest, int64(n)}, part}); err != nil {
				return err
			}
		}
	}
	return c.DB.Write(ctx, &finishing{up: up, person: who.Person, now: start.now})
}

func properName(name string) (string, error) {
	const op = "attach.Upload"
	if at := strings.LastIndexAny(name, `/\`); at >= 0 {
		name = name[at+1:]
	}
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 { // would turn the ending about
			return -1
		}
		return r
	}, name))
	if !utf8.ValidString(name) || name == "" || strings.HasPrefix(name, ".") {
		return "", fault.At(op, "name", "文件名有误，请改名后再传。", "The file's name is not usable; rename it.")
	}
	if utf8.RuneCountInString(name) > maxName {
		return "", fault.At(op, "name", fmt.Sprintf("文件名超过%d字，请改短。", maxName), fmt.Sprintf("The file's name exceeds %d characters; shorten it.", maxName))
	}
	return name, nil
}

// Bind makes uploaded contents files of a subject, one event for each. Contents
// that the subject has already are left as they are.
func (c *Cabinet) Bind(ctx context.Context, who auth.Principal, subject int64, digests []Digest, key string) ([]Attachment, error) {
	if len(digests) == 0 {
		return nil, nil
	}
	if err := c.May(ctx, who, subject, true); err != nil {
		return nil, err
	}
	return c.Add(ctx, who, subject, digests, key)
}

// Add is Bind for a caller who knows that who may: he has just made the subject.
func (c *Cabinet) Add(ctx context.Context, who auth.Principal, subject int64, digests []Digest, key string) ([]Attachment, error) {
	var out []Attachment
	for _, d := range digests {
		b := &binding{c: c, who: who, subject: subject, digest: d, now: c.Clock.Now(), once: event.Once{Actor: who.Person, Key: event.KeyOf(key + "/" + d.String())}}
		if err := c.DB.Write(ctx, b); err != nil {
			return out, err
		}
		out = append(out, b.made)
	}
	return out, nil
}

// Ready refuses contents that who has not uploaded: what is about to name them
// must not be written first.
func (c *Cabinet) Ready(ctx context.Context, who auth.Principal, digests []Digest) error {
	for _, d := range digests {
		var n int
		if err := c.DB.QueryRow(ctx, "SELECT COUNT(*) FROM upload u JOIN blob b ON b.digest = u.digest WHERE u.person = ? AND u.digest = ? AND b.whole = ?", who.Person, d[:], true).Scan(&n); err != nil {
			return fault.Wrap("attach.Ready", err)
		}
		if n == 0 {
			return errNotUploaded()
		}
	}
	return nil
}

func errNotUploaded() error {
	return fault.At("attach.Bind", "files", "有附件尚未上传完成或已过期，请重新选择文件。", "A file was not wholly uploaded, or has expired; choose it again.")
}

// List gives the files of a subject that who may see, oldest first.
func (c *Cabinet) List(ctx context.Context, who auth.Principal, subject int64) ([]Attachment, error) {
	if err := c.May(ctx, who, subject, false); err != nil {
		return nil, err
	}
	return c.of(ctx, subject)
}

func (c *Cabinet) of(ctx context.Context, subject int64) ([]Attachment, error) {
	all, err := store.Collect(ctx, c.DB, func(row store.Scanner) (Attachment, error) { return scanAttachment(row) },
		"SELECT "+attachmentColumns+" FROM attachment WHERE subject = ? ORDER BY id", subject)
	return all, fault.Wrap("attach.List", err)
}

// Get gives a file that who may see.
func (c *Cabinet) Get(ctx context.Context, who auth.Principal, id int64) (Attachment, error) {
	found, err := store.Collect(ctx, c.DB, func(row store.Scanner) (Attachment, error) { return scanAttachment(row) },
		"SELECT "+attachmentColumns+" FROM attachment WHERE id = ?", id)
	if err != nil {
		return Attachment{}, fault.Wrap("attach.Get", err)
	}
	if len(found) == 0 || c.May(ctx, who, found[0].Subject, false) != nil {
		return Attachment{}, errNoFile()
	}
	return found[0], nil
}

// Open gives a file with its content, which is held against its digest.
func (c *Cabinet) Open(ctx context.Context, who auth.Principal, id int64) (Attachment, []byte, error) {
	a, err := c.Get(ctx, who, id)
	if err != nil {
		return a, nil, err
	}
	if a.Erased {
		return a, nil, fault.New(fault.NotFound, "attach.Open", "该附件已清除，内容不再存在。", "The file was erased; its content no longer exists.")
	}
	data, err := Content(ctx, c.DB, a.Digest)
	return a, data, err
}

// Content reads a content and holds it against its digest.
func Content(ctx context.Context, r store.Reader, d Digest) ([]byte, error) {
	parts, err := store.Collect(ctx, r, func(row store.Scanner) (b []byte, err error) { err = row.Scan(&b); return b, err },
		"SELECT data FROM blob_chunk WHERE digest = ? ORDER BY n", d[:])
	if err != nil {
		return nil, fault.Wrap("attach.Content", err)
	}
	data := bytes.Join(parts, nil)
	if sha256.Sum256(data) != d {
		return nil, fault.New(fault.Internal, "attach.Content", "附件内容缺失或已损坏，请告诉管理员运行 touyan check。", "The file's content is missing or damaged; have the administrator run touyan check.")
	}
	return data, nil
}

func errNoFile() error {
	return fault.New(fault.NotFound, "attach", "没有这个附件，或您无权查看。", "There is no such file, or it is not for you to see.")
}

// Sweep removes the contents that nobody has bound for a day, and gives how many.
func (c *Cabinet) Sweep(ctx context.Context) (int, error) {
	before := c.Clock.Now().Add(-keepOrphan).UnixMicro()
	old, err := store.Collect(ctx, c.DB, func(row store.Scanner) (d Digest, err error) {
		var b []byte
		err = row.Scan(&b)
		copy(d[:], b)
		return d, err
	}, "SELECT digest FROM blob b WHERE touched < ? AND NOT EXISTS (SELECT 1 FROM attachment a WHERE a.digest = b.digest) LIMIT 1000", before)
	if err != nil {
		return 0, fault.Wrap("attach.Sweep", err)
	}
	n := 0
	for _, d := range old {
		s := &sweeping{digest: d, before: before}
		if err := c.DB.Write(ctx, s); err != nil {
			return n, err
		}
		if s.gone {
			n++
		}
	}
	return n, nil
}

// RunSweep sweeps every hour until ctx ends.
func (c *Cabinet) RunSweep(ctx context.Context) error {
	for {
		if _, err := c.Sweep(ctx); err != nil && ctx.Err() == nil && !fault.Is(err, fault.Busy) && !fault.Is(err, fault.Unavailable) {
			return err
		}
		if err := c.Clock.Wait(ctx, c.Clock.Now().Add(time.Hour)); err != nil {
			return nil //nolint: ctx has ended
		}
	}
}

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations gives the tables of files.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic("attach: " + err.Error())
	}
	return sub
}

var errMalformed = errors.New("attach: malformed")
