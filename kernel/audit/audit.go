// Package audit turns the event log into proof (步步有凭证).
//
// A Receipt holds an event's envelope, the digest of its body, its path in the
// Merkle tree and a signed checkpoint of that tree. Whoever holds a receipt and
// the city's public key can verify it without us and without the network; the
// check needs nothing but this package. Checkpoints are C2SP signed notes over
// a C2SP tlog checkpoint: an origin, a size, a root.
//
// The origin ends in the epoch. A log restored from a backup may use positions
// again which a lost tail had used before; so a restore opens a new epoch with
// an event that names the last checkpoint the restored log still holds, and a
// receipt always says in which epoch it was signed.
//
// The private key lies in its own file beside the database and never in it; it
// has to be backed up apart. Audit never signs a tree before it is committed.
package audit

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Key signs the checkpoints of one installation.
type Key struct {
	Name   string   // "touyan/chengchuan": the origin without the epoch
	Public string   // the verifier key, as note prints it
	Former []string // the public keys of earlier epochs that its directory keeps
	signer note.Signer
}

// Keys lists the public keys by which receipts of this log verify: the one in
// force first.
func (k *Key) Keys() []string { return append([]string{k.Public}, k.Former...) }

// The names of the key files in the key directory.
const (
	privateFile = "log.key"
	publicFile  = "log.pub"
)

// OpenKey reads the signing key from the directory, or makes one there if it
// holds none. The private file is readable by its owner alone; OpenKey refuses
// one that others can read.
func OpenKey(dir, name string) (*Key, error) {
	path := filepath.Join(dir, privateFile)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(dir, publicFile)); err == nil {
			return nil, noKey(path)
		}
		return makeKey(dir, name)
	}
	if err != nil {
		return nil, fault.Wrap("audit.OpenKey", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fault.New(fault.Unavailable, "audit.OpenKey",
			"签名密钥文件可被他人读取，拒绝启动；请执行 chmod 600 "+path+"。",
			"The signing key can be read by others, so we refuse to start; run chmod 600 "+path+".")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.Wrap("audit.OpenKey", err)
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fault.New(fault.Unavailable, "audit.OpenKey", "签名密钥文件已损坏："+path, "The signing key is damaged: "+path)
	}
	public, err := os.ReadFile(filepath.Join(dir, publicFile))
	if err != nil {
		return nil, fault.Wrap("audit.OpenKey", err)
	}
	former, err := formerKeys(dir)
	return &Key{Name: signer.Name(), Public: strings.TrimSpace(string(public)), Former: former, signer: signer}, err
}

// noKey says that the private key is not where it must be.
func noKey(path string) error {
	return fault.New(fault.Unavailable, "audit.OpenKey",
		"未找到签名密钥："+path+"。请把另行备份的 keys 目录整个放回原处。",
		"The signing key is missing: "+path+". Put the whole keys directory back, which is backed up apart.")
}

func makeKey(dir, name string) (*Key, error) {
	private, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return nil, fault.Wrap("audit.makeKey", err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		return nil, fault.Wrap("audit.makeKey", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fault.Wrap("audit.makeKey", err)
	}
	if err := writeDurably(filepath.Join(dir, publicFile), public, 0o644); err != nil {
		return nil, err
	}
	if err := writeDurably(filepath.Join(dir, privateFile), private, 0o600); err != nil {
		return nil, err
	}
	return &Key{Name: name, Public: public, signer: signer}, nil
}

// writeDurably writes a new file and syncs it: a key that signed anything must
// survive a power cut.
func writeDurably(path, text string, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return fault.Wrap("audit.writeDurably", err)
	}
	_, werr := f.WriteString(text + "\n")
	if err := errors.Join(werr, f.Sync(), f.Close()); err != nil {
		return fault.Wrap("audit.writeDurably", err)
	}
	return syncDir(filepath.Dir(path))
}

// checkpoint is the body of a signed note: C2SP tlog-checkpoint.
func checkpoint(origin string, epoch, size int64, root tlog.Hash) string {
	return fmt.Sprintf("%s/%d\n%d\n%s\n", origin, epoch, size, base64.StdEncoding.EncodeToString(root[:]))
}

// Checkpoint is a parsed checkpoint.
type Checkpoint struct {
	Origin string
	Epoch  int64
	Size   int64
	Root   tlog.Hash
}

func parseCheckpoint(text string) (Checkpoint, error) {
	bad := fault.New(fault.Invalid, "audit.parseCheckpoint", "检查点格式有误。", "The checkpoint is malformed.")
	lines := strings.Split(text, "\n")
	if len(lines) < 4 {
		return Checkpoint{}, bad
	}
	cut := strings.LastIndexByte(lines[0], '/')
	if cut < 0 {
		return Checkpoint{}, bad
	}
	c := Checkpoint{Origin: lines[0][:cut]}
	var err1, err2, err3 error
	var root []byte
	c.Epoch, err1 = strconv.ParseInt(lines[0][cut+1:], 10, 64)
	c.Size, err2 = strconv.ParseInt(lines[1], 10, 64)
	root, err3 = base64.StdEncoding.DecodeString(lines[2])
	if err1 != nil || err2 != nil || err3 != nil || len(root) != tlog.HashSize || c.Size < 0 {
		return Checkpoint{}, bad
	}
	copy(c.Root[:], root)
	return c, nil
}

// sign signs a checkpoint.
func (k *Key) sign(epoch, size int64, root tlog.Hash) ([]byte, error) {
	signed, err := note.Sign(&note.Note{Text: checkpoint(k.Name, epoch, size, root)}, k.signer)
	return signed, fault.Wrap("audit.sign", err)
}

// Sign gives the signed checkpoint of the log as it stands.
func (k *Key) Sign(ctx context.Context, r store.Reader) ([]byte, Checkpoint, error) {
	size, epoch, err := event.Head(ctx, r)
	if err != nil {
		return nil, Checkpoint{}, err
	}
	root, err := tlog.TreeHash(size, event.Hashes(ctx, r))
	if err != nil {
		return nil, Checkpoint{}, fault.Wrap("audit.Sign", err)
	}
	signed, err := k.sign(epoch, size, root)
	return signed, Checkpoint{Origin: k.Name, Epoch: epoch, Size: size, Root: root}, err
}

// openNote checks the signature of a note against the keys.
func openNote(signed []byte, keys []string) (*note.Note, error) {
	var verifiers []note.Verifier
	given := map[string]bool{}
	for _, key := range keys {
		key = strings.TrimSpace(key)
		if given[key] { // a list that holds a key twice is of no use to note.Open
			continue
		}
		given[key] = true
		v, err := note.NewVerifier(key)
		if err != nil {
			return nil, fault.New(fault.Invalid, "audit.open", "公钥格式有误。", "The public key is malformed.")
		}
		verifiers = append(verifiers, v)
	}
	n, err := note.Open(bytes.Clone(signed), note.VerifierList(verifiers...))
	if err != nil {
		return nil, fault.New(fault.Invalid, "audit.open", "签名与所给公钥不符。", "It is not signed by a given key.")
	}
	return n, nil
}

// open checks the signature of a checkpoint against the keys and parses it.
func open(signed []byte, keys []string) (Checkpoint, error) {
	n, err := openNote(signed, keys)
	if err != nil {
		return Checkpoint{}, err
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil {
		return c, err
	}
	if c.Origin != n.Sigs[0].Name {
		return c, fault.New(fault.Invalid, "audit.open", "检查点的来源与签名者不符。", "The checkpoint's origin is not its signer's.")
	}
	return c, nil
}
