package audit

import (
	"bytes"
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Finding is one thing that CheckLog or a fold found wrong: a row by its table
// and key, and what is wrong with it.
type Finding struct {
	Table string     `json:"table"`
	Row   string     `json:"row"`
	Pos   int64      `json:"pos"` // the event concerned; -1 for none
	Text  fault.Text `json:"text"`
}

// CheckLog reads the whole log and recomputes every digest, leaf and hash of
// the tree from the envelopes and bodies. It gives what is wrong, oldest first,
// and stops after limit findings. each, if given, is called with every event in
// order, so that folds can be made in the same pass.
func CheckLog(ctx context.Context, db store.Reader, limit int, each func(event.Event) error) ([]Finding, error) {
	var found []Finding
	add := func(pos int64, zh, en string) {
		found = append(found, Finding{Table: "event", Row: fmt.Sprintf("pos=%d", pos), Pos: pos, Text: fault.T(zh, en)})
	}
	size, _, err := event.Head(ctx, db)
	if err != nil {
		return nil, err
	}
	edge := edge{}
	pos := int64(0)
	for len(found) < limit {
		batch, err := event.RowsAfter(ctx, db, pos, 1000)
		if err != nil {
			return found, err
		}
		for _, row := range batch {
			e := row.Event
			if e.Pos != pos {
				add(pos, fmt.Sprintf("日志缺第%d条", pos), fmt.Sprintf("event %d is missing", pos))
				return found, nil
			}
			if len(e.Digest) == 0 && !e.Erased { // the proof is gone: the body still tells what it was
				e.Digest = event.Digest(e.Salt, e.Body)
			}
			if !e.Erased && !bytes.Equal(event.Digest(e.Salt, e.Body), e.Digest) {
				add(pos, fmt.Sprintf("第%d条的正文被改动", pos), fmt.Sprintf("the body of event %d was changed", pos))
			}
			own, err := tlog.StoredHashesForRecordHash(pos, event.Leaf(e.Envelope, e.Digest), edge)
			if err != nil {
				return found, fault.Wrap("audit.CheckLog", err)
			}
			if !bytes.Equal(join(own), row.Hashes) {
				add(pos, fmt.Sprintf("第%d条被改动：与树中的值不符", pos), fmt.Sprintf("event %d was changed: it does not fit its hash in the tree", pos))
			}
			// Go on with what was right, so that one change is one finding.
			edge.grow(pos, split(row.Hashes, own))
			if each != nil {
				if err := each(e); err != nil {
					return found, err
				}
			}
			if pos++; len(found) >= limit {
				return found, nil
			}
		}
		if len(batch) < 1000 {
			break
		}
	}
	if len(found) < limit && pos != size {
		found = append(found, Finding{Table: "log_head", Row: "id=1", Pos: -1, Text: fault.T(
			fmt.Sprintf("日志头记%d条，实有%d条", size, pos), fmt.Sprintf("the head says %d events, there are %d", size, pos))})
	}
	return found, nil
}

// edge holds the hashes that the next leaf may need: those of the tree's
// right-hand edge, and a few more between two prunings.
type edge map[int64]tlog.Hash

// ReadHashes implements tlog.HashReader.
func (e edge) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		hash, ok := e[index]
		if !ok {
			return nil, fmt.Errorf("audit: hash %d is not on the edge", index)
		}
		out[i] = hash
	}
	return out, nil
}

// grow adds the hashes that the leaf at pos completes.
func (e edge) grow(pos int64, hashes []tlog.Hash) {
	first := tlog.StoredHashIndex(0, pos)
	for i, hash := range hashes {
		e[first+int64(i)] = hash
	}
	if pos%1024 != 0 {
		return
	}
	keep := map[int64]tlog.Hash{}
	for _, index := range event.Edge(pos + 1) {
		keep[index] = e[index]
	}
	clear(e)
	for index, hash := range keep {
		e[index] = hash
	}
}

func join(hashes []tlog.Hash) []byte {
	out := make([]byte, 0, len(hashes)*tlog.HashSize)
	for _, h := range hashes {
		out = append(out, h[:]...)
	}
	return out
}

// split gives the hashes that later rows rest on: those stored, if the event was
// changed, and those computed, if only the stored hashes were.
func split(row []byte, own []tlog.Hash) []tlog.Hash {
	if len(row) != len(own)*tlog.HashSize || bytes.Equal(row[:tlog.HashSize], own[0][:]) {
		return own
	}
	out := make([]tlog.Hash, len(own))
	for i := range out {
		copy(out[i][:], row[i*tlog.HashSize:])
	}
	return out
}
