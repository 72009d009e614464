package attach

import (
	"context"

	"touyan.dev/touyan/kernel/erase"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Holder tells kernel/erase how files lose their contents and names.
func Holder() erase.Holder {
	return erase.Holder{
		Tables: []string{"blob", "blob_chunk", "upload", "attachment", "attachment_bound"},
		Kinds:  func(kind string) bool { return kind == EventAdd },
		Contents: func(ctx context.Context, r store.Reader, id int64) ([][]byte, error) {
			found, err := store.Collect(ctx, r, func(row store.Scanner) (b []byte, err error) { err = row.Scan(&b); return b, err },
				"SELECT DISTINCT digest FROM attachment WHERE (subject = ? OR id = ?) AND erased = ?", id, id, false)
			return found, fault.Wrap("attach.Contents", err)
		},
		Sharing: func(ctx context.Context, r store.Reader, digest []byte) ([]int64, error) {
			found, err := store.Collect(ctx, r, func(row store.Scanner) (id int64, err error) { err = row.Scan(&id); return id, err },
				"SELECT id FROM attachment WHERE digest = ? AND erased = ? ORDER BY id", digest, false)
			return found, fault.Wrap("attach.Sharing", err)
		},
		Holds: func(ctx context.Context, r store.Reader, digest []byte) (held bool, err error) {
			var n int64
			err = r.QueryRow(ctx, "SELECT (SELECT COUNT(*) FROM blob WHERE digest = ?) + (SELECT COUNT(*) FROM blob_chunk WHERE digest = ?) + (SELECT COUNT(*) FROM attachment WHERE digest = ?)",
				digest, digest, digest).Scan(&n)
			return n > 0, fault.Wrap("attach.Holds", err)
		},
		Load: func(*store.Group, *erase.Target) {},
		Erase: func(g *store.Group, t *erase.Target, pos int64) error {
			for _, id := range t.Objects {
				if t.Everywhere {
					blotFiles(g, pos, "digest IN (SELECT x.digest FROM attachment x WHERE (x.subject = ? OR x.id = ?) AND x.erased = ?)", true, id, id, false)
				} else {
					blotFiles(g, pos, "(subject = ? OR id = ?)", false, id, id)
					store.Blot(g, "DELETE FROM attachment_bound WHERE subject = ? OR id = ?", id, id)
				}
			}
			for _, d := range t.Contents {
				if t.Everywhere {
					blotFiles(g, pos, "digest = ?", true, d)
				} else {
					blotContents(g, "digest = ? AND NOT EXISTS (SELECT 1 FROM attachment x WHERE x.digest = ?)", d, d)
				}
			}
			t.Texts += len(t.Contents)
			return nil
		},
	}
}

// blotFiles empties the files that a condition names, the events that bound them,
// and, if contents go too, their chunks. The rows themselves come last: the
// condition reads them.
func blotFiles(g *store.Group, pos int64, where string, contents bool, args ...any) {
	with := func(first ...any) []any { return append(first, args...) }
	if contents {
		blotContents(g, where, args...)
		store.Blot(g, "DELETE FROM attachment_bound WHERE "+where, args...)
	}
	if pos >= 0 {
		store.Blot(g, "INSERT INTO erasure (id, event) SELECT id, ? FROM attachment WHERE erased = ? AND "+where+" ON CONFLICT (id) DO NOTHING", with(pos, false)...)
	}
	store.Blot(g, "UPDATE event SET body = ? WHERE pos IN (SELECT id FROM attachment WHERE erased = ? AND "+where+")", with([]byte{}, false)...)
	store.Blot(g, "UPDATE attachment SET name = ?, digest = ?, erased = ?, rev = rev + 1 WHERE erased = ? AND "+where, with(Erased, []byte("-"), true, false)...)
}

func blotContents(g *store.Group, where string, args ...any) {
	for _, table := range []string{"blob_chunk", "upload", "blob"} {
		store.Blot(g, "DELETE FROM "+table+" WHERE "+where, args...)
	}
}
