package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/kernel/attach"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/erase"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/store"
)

// fileText is what the file of a call holds: two chunks and a half, so that a
// kill falls between them.
func fileText(seed string) []byte {
	return bytes.Repeat([]byte("附件 "+seed+"\n"), 320<<10/(len(seed)+8))
}

func fileDigest(seed string) attach.Digest { return sha256.Sum256(fileText(seed)) }

// fileKey is the key of the event that binds the file of a call.
func fileKey(c *call) event.Key { return event.KeyOf(c.Key + "/" + fileDigest(c.File).String()) }

// The phrase of a matter that is erased begins and ends so.
const phraseMark, phraseEnd = "清除词《", "》"

// erasedPhrase is the phrase that an erased matter held, by the key of any call of
// its life.
func erasedPhrase(key string) string {
	life, _, _ := strings.Cut(key, "/")
	return phraseMark + life + phraseEnd
}

// filed is the life of a matter that gets a file and, perhaps, is erased with it.
func (v *life) filed(ctx context.Context, gone bool) {
	phrase := erasedPhrase(v.key)
	id := v.intend(ctx, call{Who: v.l.officer.Person, Open: &matter.Opening{
		Kind: docket.FollowUp, Title: phrase, Office: v.l.office, Originator: v.l.officer.Person, Given: map[string]any{"title": phrase, "content": phrase + phrase},
	}}).Subject
	v.intend(ctx, call{Who: v.l.officer.Person, On: id, File: v.key})
	if gone {
		v.intend(ctx, call{Who: v.l.officer.Person, On: id, Erase: true})
	}
}

// file uploads and binds. What was bound before is not uploaded again: it may have
// been erased since.
func (l *load) file(ctx context.Context, who auth.Principal, c call) (matter.Done, error) {
	if _, found, err := event.Find(ctx, l.prog.DB, event.Once{Actor: c.Who, Key: fileKey(&c)}); err != nil || found {
		return l.at(ctx, c.Who, fileKey(&c), err)
	}
	up, err := l.prog.Files.Upload(ctx, who, "附件.txt", fileText(c.File))
	if err != nil {
		return matter.Done{}, err
	}
	_, err = l.prog.Files.Bind(ctx, who, c.On, []attach.Digest{up.Digest}, c.Key)
	return l.at(ctx, c.Who, fileKey(&c), err)
}

func (l *load) erase(ctx context.Context, who auth.Principal, c call) (matter.Done, error) {
	_, err := erase.Run(ctx, l.prog.DB, holders(), erase.Order{
		Objects: []int64{c.On}, Kind: event.EventSpill, Reason: "试验", Actor: who.Person, Key: event.KeyOf(c.Key), Now: l.prog.Clock.Now(),
	})
	return l.at(ctx, c.Who, event.KeyOf(c.Key), err)
}

// at answers with the event that stands under a key.
func (l *load) at(ctx context.Context, who int64, key event.Key, failed error) (matter.Done, error) {
	if failed != nil {
		return matter.Done{}, failed
	}
	e, found, err := event.Find(ctx, l.prog.DB, event.Once{Actor: who, Key: key})
	if err != nil || !found {
		return matter.Done{}, fault.Wrap("torture", err)
	}
	receipt, _, err := l.prog.Key.ReceiptAt(ctx, l.prog.DB, e.Pos)
	return matter.Done{Matter: e.Subject, Pos: e.Pos, Receipt: receipt}, err
}

// files wants the content of every file that was acknowledged, unless its matter
// was erased, and no word of what was erased: in no row, nor, once the files of
// the database are scrubbed, in any byte of them.
func (l *ledger) files(ctx context.Context, prog *Program, out *tortured) error {
	gone, phrases := map[int64]bool{}, map[string]bool{}
	for _, e := range l.entries {
		if e.gone != "" && e.ack != nil {
			gone[e.on], phrases[e.gone] = true, true
			out.Erased++
		}
	}
	for key, e := range l.entries {
		if e.file == nil || e.ack == nil || gone[e.on] {
			continue
		}
		out.Files++
		if _, err := attach.Content(ctx, prog.DB, *e.file); err != nil {
			out.Spoilt++
			out.example("spoilt: the file of %s", key)
		}
	}
	for id := range gone {
		events, err := event.Of(ctx, prog.DB, id)
		if err != nil {
			return err
		}
		for _, e := range events {
			if !e.Erased && !event.Erases(e.Kind) {
				out.Readable++
				out.example("readable: event %d of the erased matter %d", e.Pos, id)
			}
		}
	}
	return l.bytes(ctx, prog, phrases, out)
}

// bytes searches the files of a SQLite database.
func (l *ledger) bytes(ctx context.Context, prog *Program, phrases map[string]bool, out *tortured) error {
	dir := prog.DB.Path()
	if dir == "" || len(phrases) == 0 {
		return nil
	}
	if _, err := store.Scrub(ctx, dir, nil); err != nil {
		return err
	}
	all, err := filepath.Glob(dir + "*")
	if err != nil {
		return fault.Wrap("torture", err)
	}
	for _, name := range all {
		data, err := os.ReadFile(filepath.Clean(name))
		if err != nil {
			return fault.Wrap("torture", err)
		}
		for rest := data; ; {
			at := bytes.Index(rest, []byte(phraseMark))
			if at < 0 {
				break
			}
			rest = rest[at:]
			if end := bytes.Index(rest[:min(len(rest), 120)], []byte(phraseEnd)); end > 0 && phrases[string(rest[:end+len(phraseEnd)])] {
				out.Readable++
				out.example("readable: %s in %s", rest[:end+len(phraseEnd)], filepath.Base(name))
			}
			rest = rest[len(phraseMark):]
		}
	}
	return nil
}
