package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// restoreCmd puts a backup in place.
type restoreCmd struct {
	File    string   `arg:"" type:"existingfile" help:"备份文件。 The backup."`
	Key     []string `short:"k" help:"除 keys 目录中的以外，可能签署备份的公钥或其文件。 A public key that may have sealed the backup, or its file, besides those of the keys directory."`
	NewKey  bool     `help:"原签名密钥已丢失，换用 keys 目录中的另一把；没有则新建。 The signing key is lost: go on under another one in the keys directory, or a new one."`
	Replace bool     `help:"取代已有记录的数据库：SQLite 文件改名保留，PostgreSQL 中原有的数据不再保留。 Replace a database that holds events: a SQLite file is kept under another name, what PostgreSQL held is gone."`
	Inspect bool     `help:"只核对备份的签名与每一行，不写入。 Only verify the backup, its seal and every row, and write nothing."`
	Place
}

func (c *restoreCmd) Help() string {
	return `先把另行备份的 keys 目录放到 DATA/keys，再恢复；须先停止服务器。恢复后日志进入新的一期；备份之后的记录不在其中。
Put the keys directory, which is backed up apart, at DATA/keys first, and stop the server. The log goes on in a new epoch; what was recorded after the backup is not in it.

  touyan restore city.backup --data data --inspect
  touyan restore city.backup --data data
  touyan restore city.backup --data data --replace
  touyan restore city.backup --data data --key log.pub --new-key`
}

// restored is what a restore has to say.
type restored struct {
	manifest store.Manifest
	last     event.Event // of the backup
	epoch    audit.Epoch
	before   int64  // events in the database that was replaced; 0 for none
	erased   int    // objects of the register that the backup still held
	aside    string // where that is kept; "" for nowhere
}

// Run implements the command.
func (c *restoreCmd) Run(ctx context.Context, s streams) error {
	archive, err := store.OpenArchive(ctx, c.File)
	if err != nil {
		return err
	}
	defer archive.Close()
	key, m, err := c.unseal(archive)
	if err != nil {
		return err
	}
	damage, err := archive.Damage(ctx, m, 20)
	if err != nil {
		return err
	}
	for _, d := range damage {
		fmt.Fprintf(s.out, "✗ %s %s: %s %s\n", d.Table, d.Row, d.Text.ZH, d.Text.EN)
	}
	if len(damage) > 0 {
		return fault.New(fault.Invalid, "restore", "备份已损坏，未恢复任何内容；请改用另一份备份。", "The backup is damaged and nothing was restored; take another one.")
	}
	if c.Inspect {
		fmt.Fprintf(s.out, "备份完好 the backup is whole: %s\n", contents(m))
		return nil
	}
	out, err := c.replace(ctx, archive, key)
	if err != nil {
		return err
	}
	out.manifest = m
	c.print(s, out)
	return nil
}

// unseal reads the manifest that one of the known keys has signed, and gives the
// key under which the log is to go on; nil for one that is yet to be made.
func (c *restoreCmd) unseal(archive *store.Archive) (*audit.Key, store.Manifest, error) {
	key, missing := audit.ReadKey(c.keys())
	var own []string
	if missing == nil {
		own = key.Keys()
	}
	given := publicKeys(c.Key)
	text, err := audit.OpenText(archive.Seal(), own)
	if err != nil && len(given) == 0 {
		if missing != nil {
			return nil, store.Manifest{}, missing
		}
		return nil, store.Manifest{}, fault.New(fault.Invalid, "restore",
			"备份不是由 "+c.keys()+" 中的密钥签署的：请放回该城市另行备份的 keys 目录。",
			"The backup is not sealed by a key in "+c.keys()+": put back the keys directory of that city, which is backed up apart.")
	}
	if err != nil {
		if text, err = audit.OpenText(archive.Seal(), given); err != nil {
			return nil, store.Manifest{}, err
		}
		if !c.NewKey && !c.Inspect {
			return nil, store.Manifest{}, fault.New(fault.Unavailable, "restore",
				"签署备份的密钥不在 "+c.keys()+" 中：请放回另行备份的 keys 目录；如密钥已丢失，加 --new-key 换用新密钥。",
				"The key that sealed the backup is not in "+c.keys()+": put the keys directory back, which is backed up apart, or, if the key is lost, add --new-key to go on under a new one.")
		}
	}
	m, err := store.ParseManifest(text)
	return key, m, err
}

// replace unpacks the backup beside the database, begins the new epoch in it and
// then puts it in place, in one step.
func (c *restoreCmd) replace(ctx context.Context, archive *store.Archive, key *audit.Key) (restored, error) {
	beside := c.Data
	if store.EngineOf(c.dsn()) == store.SQLite {
		beside = filepath.Dir(c.dsn())
	}
	if err := errors.Join(os.MkdirAll(c.Data, 0o700), os.MkdirAll(beside, 0o700)); err != nil {
		return restored{}, fault.New(fault.Unavailable, "restore", "数据目录无法建立："+beside, "The data directory cannot be made: "+beside)
	}
	before, err := c.free(ctx)
	if err != nil {
		return restored{}, err
	}
	dir, err := os.MkdirTemp(beside, ".restore-")
	if err != nil {
		return restored{}, fault.New(fault.Unavailable, "restore", "数据目录无法写入："+beside, "Nothing can be written to the data directory: "+beside)
	}
	defer os.RemoveAll(dir)
	part := filepath.Join(dir, "touyan.db")
	if err := archive.Unpack(ctx, part); err != nil {
		return restored{}, err
	}
	out, err := c.begin(ctx, part, key)
	if err != nil {
		return out, err
	}
	out.before = before
	aside := c.dsn() + ".replaced-" + time.Now().Format("20060102T150405")
	if err := store.Alone(ctx, c.dsn()); err != nil { // again: unpacking took its time
		return out, err
	}
	if err := store.Install(ctx, part, c.dsn(), aside, migrations()...); err != nil {
		return out, err
	}
	if _, err := os.Stat(aside); err == nil {
		out.aside = aside
	}
	return out, nil
}

// free refuses a database that is in use, or that holds events and was not said
// to be replaced. It gives the number of events; 0 where they cannot be read.
func (c *restoreCmd) free(ctx context.Context) (events int64, err error) {
	if !c.Replace {
		empty, err := store.Empty(ctx, c.dsn())
		if err != nil {
			return 0, err
		}
		if !empty {
			return 0, fault.New(fault.Conflict, "restore", "数据库中已有记录："+c.where()+"。确要以备份取代它，加 --replace。",
				"The database holds events: "+c.where()+". Add --replace to put the backup in its place.")
		}
	} else if db, err := c.log(ctx); err == nil { // else it is spoilt, or none
		events, _, _ = event.Head(ctx, db)
		if err := db.Close(); err != nil {
			return 0, err
		}
	}
	return events, store.Alone(ctx, c.dsn())
}

// begin brings the unpacked database to this program's schema and begins the new
// epoch. The public keys of epochs before are kept beside the signing key.
func (c *restoreCmd) begin(ctx context.Context, part string, key *audit.Key) (out restored, err error) {
	if err := store.Migrate(ctx, part, migrations()...); err != nil {
		return out, err
	}
	db, err := store.Open(ctx, part, store.Options{})
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	epochs, err := audit.Epochs(ctx, db)
	if err != nil {
		return out, err
	}
	if key == nil {
		name := c.Name
		if n := len(epochs); n > 0 {
			name, _, _ = strings.Cut(epochs[n-1].Key, "+")
		}
		if key, err = audit.OpenKey(c.keys(), name); err != nil {
			return out, err
		}
	}
	for _, e := range epochs {
		if e.Key == key.Public {
			continue
		}
		if err := audit.Keep(c.keys(), e.Key); err != nil {
			return out, err
		}
	}
	size, _, err := event.Head(ctx, db)
	if err != nil {
		return out, err
	}
	if out.last, err = event.At(ctx, db, size-1); err != nil {
		return out, err
	}
	if out.epoch, err = key.Restored(ctx, db, clock.System{}); err != nil {
		return out, err
	}
	out.erased, err = eraseAgain(ctx, db, part, c.keys())
	return out, err
}

func contents(m store.Manifest) string {
	rows := map[string]int64{}
	for _, t := range m.Tables {
		rows[t.Name] = t.Rows
	}
	return fmt.Sprintf("%s, %d 条记录 events, %d 个事项 matters", m.Taken.In(clock.Shanghai()).Format("2006-01-02 15:04:05"), rows["event"], rows["matter"])
}

func (c *restoreCmd) print(s streams, r restored) {
	last := time.UnixMicro(r.last.Recorded).In(clock.Shanghai()).Format("2006-01-02 15:04:05")
	fmt.Fprintf(s.out, "已恢复 restored: %s\n  备份 backup: %s\n  新的一期 new epoch: %d\n", c.where(), contents(r.manifest), r.epoch.Epoch)
	fmt.Fprintf(s.out, "  备份止于第%d条，%s；此后办理的不在其中，请凭凭证核对并重新登记。\n  The backup ends with event %d, %s. What was done after that is not in it: enter it again by the receipts.\n",
		r.last.Pos, last, r.last.Pos, last)
	if lost := r.before - r.last.Pos - 1; lost > 0 {
		fmt.Fprintf(s.out, "  被取代的数据库多出%d条记录。 The replaced database held %d events more.\n", lost, lost)
	}
	if r.erased > 0 {
		fmt.Fprintf(s.out, "  已按清除登记簿再次清除%d项。 Erased again, as the register says: %d.\n", r.erased, r.erased)
	}
	if r.aside != "" {
		fmt.Fprintf(s.out, "  被取代的数据库留在 the replaced database is kept as: %s\n", r.aside)
	}
	fmt.Fprintln(s.out, "所有人须重新登录。启动服务前，请执行 touyan check。 Everybody signs in again. Run touyan check before you start the server.")
}
