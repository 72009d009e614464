package event

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/bits"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Grown is the tree as one group of events left it. It holds the edge of the
// tree before and every hash the group added, which is all that a proof of one
// of the group's events needs. It does not change after the commit.
type Grown struct {
	Size  int64     // events in the log
	Root  tlog.Hash // root of the tree of that size
	Epoch int64     // epoch in which the tree is signed

	signing sync.Once
	signed  []byte

	first int64 // stored-hash index of added[0]
	added []tlog.Hash
	left  []node // the edge before the group
}

// settle takes over what grow computed.
func (t *Grown) settle(from *Grown) {
	t.Size, t.Root, t.Epoch = from.Size, from.Root, from.Epoch
	t.first, t.added, t.left = from.first, from.added, from.left
}

// Signed gives the tree's signed checkpoint, signing it when first asked: once
// for the whole group, and only after its commit.
func (t *Grown) Signed(sign func(t *Grown) []byte) []byte {
	t.signing.Do(func() { t.signed = sign(t) })
	return t.signed
}

// node is one hash of the tree and its stored-hash index.
type node struct {
	index int64
	hash  tlog.Hash
}

// ReadHashes implements tlog.HashReader for the hashes the group knows.
func (t *Grown) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
next:
	for i, index := range indexes {
		if k := index - t.first; k >= 0 && k < int64(len(t.added)) {
			out[i] = t.added[k]
			continue
		}
		for _, n := range t.left {
			if n.index == index {
				out[i] = n.hash
				continue next
			}
		}
		return nil, fmt.Errorf("event: hash %d is not in this group", index)
	}
	return out, nil
}

// Proof gives the inclusion proof of an event of this group, about twenty
// hashes.
func (t *Grown) Proof(pos int64) (tlog.RecordProof, error) {
	return tlog.ProveRecord(t.Size, pos, t)
}

// grow adds the events' leaves to the tree and fills in their stored hashes.
func grow(h head, events []stored) (*Grown, error) {
	left, err := edgeNodes(h)
	if err != nil {
		return nil, err
	}
	t := &Grown{Size: h.size, Epoch: h.epoch, left: left, first: tlog.StoredHashCount(h.size)}
	for i := range events {
		e := &events[i]
		hashes, err := tlog.StoredHashesForRecordHash(e.Pos, tlog.RecordHash(append([]byte(e.envelope), e.Digest...)), t)
		if err != nil {
			return nil, err
		}
		for _, hash := range hashes {
			e.proof = append(e.proof, hash[:]...)
		}
		t.added = append(t.added, hashes...)
		t.Size++
	}
	t.Root, err = tlog.TreeHash(t.Size, t)
	return t, err
}

// Edge lists the stored-hash indexes of the complete subtrees that make
// up a tree of the given size, largest first.
func Edge(size int64) []int64 {
	out := make([]int64, 0, bits.OnesCount64(uint64(size)))
	start := int64(0)
	for level := 62; level >= 0; level-- {
		if size&(1<<level) != 0 {
			out = append(out, tlog.StoredHashIndex(level, start>>level))
			start += 1 << level
		}
	}
	return out
}

func edgeNodes(h head) ([]node, error) {
	indexes := Edge(h.size)
	if len(h.edge) != len(indexes)*tlog.HashSize {
		return nil, fault.New(fault.Internal, "event.grow", "日志头与日志长度不符，请运行 touyan check。", "The head of the log does not fit its size; run touyan check.")
	}
	out := make([]node, len(indexes))
	for i, index := range indexes {
		out[i].index = index
		copy(out[i].hash[:], h.edge[i*tlog.HashSize:])
	}
	return out, nil
}

// edge gives the edge of the grown tree as log_head stores it.
func (t *Grown) edge() []byte {
	indexes := Edge(t.Size)
	hashes, err := t.ReadHashes(indexes)
	if err != nil { // the edge consists of added hashes and of the edge before
		panic("event: " + err.Error())
	}
	out := make([]byte, 0, len(hashes)*tlog.HashSize)
	for _, hash := range hashes {
		out = append(out, hash[:]...)
	}
	return out
}

// Hashes reads the stored hashes of the tree out of the event rows.
func Hashes(ctx context.Context, r store.Reader) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			level, n := tlog.SplitStoredHashIndex(index)
			var row []byte
			if err := r.QueryRow(ctx, "SELECT proof FROM event WHERE pos = ?", (n+1)<<level-1).Scan(&row); err != nil {
				return nil, fmt.Errorf("event: reading hash %d: %w", index, err)
			}
			at := sha256.Size + level*tlog.HashSize // behind the digest
			if len(row) < at+tlog.HashSize {
				return nil, fmt.Errorf("event: position %d lacks its hash of level %d", (n+1)<<level-1, level)
			}
			copy(out[i][:], row[at:])
		}
		return out, nil
	})
}
