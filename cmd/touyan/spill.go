package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/erase"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// spillCmd takes back what must not have been stored.
type spillCmd struct {
	ID     []int64  `arg:"" help:"事项、批示、导入材料或附件的编号（网址中的数字）；事项连同整个分办树。 Ids of matters (with their whole tree), instructions, imports or files, as in their addresses."`
	Reason string   `help:"处置依据或缘由；不要写出涉密内容。 Why; do not repeat what is being taken back." placeholder:"TEXT"`
	Backup []string `help:"须一并改写的备份，或恢复时留下的旧数据库。 Backups to rewrite, or databases that a restore has left." type:"existingfile" placeholder:"FILE"`
	DryRun bool     `help:"只列出将清除什么，不改动。 List what would go, and change nothing."`
	operator
}

func (c *spillCmd) Help() string {
	return `清除后：正文、标题、表单、附件在数据库、预写日志、索引与所给备份中不可再读；编号、时间、单位与凭证仍在，核验照常成立。服务器可以照常运行，期间写入会稍等。没有列在 --backup 中的备份，恢复时按 DATA/keys 中的清除登记簿自动清除；keys 目录须随即重新备份。导出到别处的文件、磁盘快照与归档日志不在本命令可及范围，请另行收回。
Afterwards texts, titles, forms and files can no longer be read in the database, its write-ahead log, its indexes and the backups given; numbers, times, units and proofs stay, and verify as before. The server may run; its writes wait a little. A backup that is not given here is erased when it is restored, by the register in DATA/keys: back that directory up again at once. Files exported elsewhere, disk snapshots and archived logs are beyond this command; collect them yourself.

  touyan spill 1024 --as admin --dry-run
  touyan spill 1024 1031 --as admin --reason 误录涉密件,已报保密委 --backup city.backup`
}

// spilt is the answer of spill.
type spilt struct {
	Objects []int64       `json:"objects"`
	Texts   int           `json:"rows"`
	Files   int           `json:"contents"`
	Related []int64       `json:"related"`
	Backups []string      `json:"backups"`
	Left    []fault.Text  `json:"left"`
	Again   bool          `json:"again"`
	Receipt audit.Receipt `json:"receipt"`
}

// Run implements the command.
func (c *spillCmd) Run(ctx context.Context, s streams) error {
	if strings.TrimSpace(c.Reason) == "" && !c.DryRun {
		return fault.At("spill", "--reason", "请写明处置依据或缘由，不要写出涉密内容。", "Say why, without repeating what is being taken back.")
	}
	return c.act(ctx, "spill", func(prog *Program, who auth.Principal) error {
		dir := prog.Book.Now()
		if _, err := prog.Rules.Require(dir, who, "erase.spill", auth.Resource{Type: "Erasure", Unit: dir.Root()}); err != nil {
			return err
		}
		order := erase.Order{
			Objects: c.ID, Kind: event.EventSpill, Reason: strings.TrimSpace(c.Reason), Actor: who.Person, Key: event.KeyOf(once()), Now: prog.Clock.Now(), Dry: true,
		}
		plan, err := erase.Run(ctx, prog.DB, holders(), order)
		if err != nil {
			return err
		}
		out := spilt{Objects: plan.Objects, Texts: plan.Texts, Files: len(plan.Contents), Again: plan.Again, Backups: []string{}, Left: []fault.Text{}}
		if out.Related, err = prog.near(ctx, plan.Target); err != nil {
			return err
		}
		if c.DryRun {
			return c.tell(s, out)
		}
		return c.spill(ctx, s, prog, order, plan.Target, out)
	})
}

// spill does what the plan says: the register first, then the database, then the
// backups.
func (c *spillCmd) spill(ctx context.Context, s streams, prog *Program, order erase.Order, plan erase.Target, out spilt) error {
	if err := erase.Enter(ctx, c.keys(), prog.DB, plan, order.Now); err != nil {
		return err
	}
	order.Dry = false
	done, err := erase.Run(ctx, prog.DB, holders(), order)
	if err != nil {
		return err
	}
	if _, out.Left, err = prog.Terms.Scrub(ctx, order.Actor, once()); err != nil {
		return err
	}
	for _, file := range c.Backup {
		if err := c.rewrite(ctx, file); err != nil {
			return err
		}
		out.Backups = append(out.Backups, file)
	}
	pos := done.Place.Event.Pos
	if done.Again { // the first event is the receipt
		erased, err := event.Erased(ctx, prog.DB)
		if err != nil {
			return err
		}
		pos = erased[c.ID[0]]
	}
	r, e, err := prog.Key.ReceiptAt(ctx, prog.DB, pos)
	if err != nil {
		return err
	}
	out.Receipt = r.With(e)
	for _, file := range c.leftovers() {
		out.Left = append(out.Left, fault.T("恢复时留下的旧数据库未处理："+file+"。请以 --backup 再次执行，或销毁。", "A database that a restore has left was not touched: "+file+". Give it as --backup, or destroy it."))
	}
	return c.say(s, out)
}

// rewrite erases in a backup, sealed or left by a restore.
func (c *spillCmd) rewrite(ctx context.Context, file string) error {
	archive, err := store.OpenArchive(ctx, file)
	if err != nil {
		if c.isLeftover(file) {
			if err := c.eraseQuietly(ctx, file); err != nil {
				return err
			}
			_, err := store.Scrub(ctx, file, nil)
			return err
		}
		return err
	}
	defer archive.Close()
	key, err := audit.ReadKey(c.keys())
	if err != nil {
		return err
	}
	text, err := audit.OpenText(archive.Seal(), key.Keys())
	if err != nil {
		return err
	}
	m, err := store.ParseManifest(text)
	if err != nil {
		return err
	}
	return archive.Reseal(ctx, m, store.BackupOptions{
		Sources: migrations(), Seal: key.SignText,
		Check: func(ctx context.Context, copy store.Reader) error { _, err := key.Fits(ctx, copy); return err },
	}, c.eraseQuietly)
}

// eraseQuietly erases what the register names from a copy of the log, without an
// event: a backup stays a beginning of the log that it was taken from.
func (c *spillCmd) eraseQuietly(ctx context.Context, dsn string) (err error) {
	if err := store.Migrate(ctx, dsn, migrations()...); err != nil {
		return err
	}
	db, err := store.Open(ctx, dsn, store.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = eraseRegistered(ctx, db, c.keys(), "")
	return err
}

// eraseRegistered erases what the register names and the log still holds, and
// gives how much that was.
func eraseRegistered(ctx context.Context, db *store.DB, keys, kind string) (int, error) {
	entries, err := erase.Register(keys)
	if err != nil || len(entries) == 0 {
		return 0, err
	}
	orders, err := erase.Pending(ctx, db, holders(), entries)
	n := 0
	for _, order := range orders {
		order.Kind, order.Reason, order.Key, order.Now = kind, "按清除登记簿 by the register of erasures", event.KeyOf(once()), clock.System{}.Now()
		done, err := erase.Run(ctx, db, holders(), order)
		if err != nil {
			return n, err
		}
		n += len(done.Objects) + len(order.Contents)
	}
	return n, err
}

// eraseAgain erases in a restored log what the register names, before it is used.
func eraseAgain(ctx context.Context, db *store.DB, dsn, keys string) (int, error) {
	n, err := eraseRegistered(ctx, db, keys, event.EventAgain)
	if err != nil || n == 0 {
		return n, err
	}
	_, err = store.Scrub(ctx, dsn, nil)
	return n, err
}

// registered finds what the register names and the log still holds.
func registered(ctx context.Context, r store.Reader, keys string) ([]audit.Finding, error) {
	entries, err := erase.Register(keys)
	if err != nil {
		return nil, err
	}
	orders, err := erase.Pending(ctx, r, holders(), entries)
	var found []audit.Finding
	for _, order := range orders {
		for _, id := range order.Objects {
			text := fault.T("清除登记簿中的对象仍有内容，请再次执行 touyan spill", "the register of erasures names it and it still has content; run touyan spill again")
			if order.Own {
				text = fault.T("清除登记簿中的到期事项仍有内容；服务器启动后一小时会再次清除", "the register of erasures names it as kept long enough and it still has content; the server erases it an hour after its start")
			}
			found = append(found, audit.Finding{Table: "event", Row: fmt.Sprintf("pos=%d", id), Pos: id, Text: text})
		}
		if len(order.Contents) == 0 {
			continue
		}
		found = append(found, audit.Finding{Table: "blob", Pos: -1, Text: fault.T("清除登记簿中的附件内容仍在，请再次执行 touyan spill", "contents that the register of erasures names are still there; run touyan spill again")})
	}
	return found, err
}

// near gives the objects that lie near and are not erased, each by its own id.
func (p *Program) near(ctx context.Context, t erase.Target) ([]int64, error) {
	out := []int64{}
	for _, id := range t.Related {
		e, err := event.At(ctx, p.DB, id)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		if err == nil && !e.Erased && !contains(t.Objects, e.Subject) && !contains(out, e.Subject) {
			out = append(out, e.Subject)
		}
	}
	return out, nil
}

func contains(list []int64, id int64) bool {
	for _, v := range list {
		if v == id {
			return true
		}
	}
	return false
}

// leftovers lists the databases that restores have left beside the one in use.
func (c *spillCmd) leftovers() []string {
	if store.EngineOf(c.dsn()) != store.SQLite {
		return nil
	}
	all, _ := filepath.Glob(c.dsn() + ".replaced-*") // the pattern is well formed
	var out []string
	for _, file := range all {
		if !strings.HasSuffix(file, ".lock") && !contained(c.Backup, file) {
			out = append(out, file)
		}
	}
	return out
}

func contained(list []string, file string) bool {
	for _, f := range list {
		if f == file {
			return true
		}
	}
	return false
}

func (c *spillCmd) isLeftover(file string) bool {
	if !strings.HasPrefix(filepath.Base(file), filepath.Base(c.dsn())+".replaced-") {
		return false
	}
	_, err := os.Stat(file)
	return err == nil
}

// tell lists what would go.
func (c *spillCmd) tell(s streams, out spilt) error {
	if c.JSON {
		return printJSON(s.out, out)
	}
	fmt.Fprintf(s.out, "将清除 would be erased: %s；%d 行文字 rows, %d 份附件内容 contents\n", ids(out.Objects), out.Texts, out.Files)
	c.nearby(s, out)
	fmt.Fprintln(s.out, "未作任何改动。 Nothing was changed.")
	return nil
}

func (c *spillCmd) nearby(s streams, out spilt) {
	if len(out.Related) > 0 {
		fmt.Fprintf(s.out, "相关而不会清除，如含同样内容请一并列出 near it and not erased; name them too if they hold the same: %s\n", ids(out.Related))
	}
}

// say says what was done, and what is left to do.
func (c *spillCmd) say(s streams, out spilt) error {
	how := "已清除 erased"
	if out.Again {
		how = "先前已清除，已再次清理存储 erased before; the storage was scrubbed again"
	}
	if err := c.give(s, out.Receipt, out, fmt.Sprintf("%s: %s；%d 行文字 rows, %d 份附件内容 contents, %d 份备份 backups", how, ids(out.Objects), out.Texts, out.Files, len(out.Backups))); err != nil || c.JSON {
		return err
	}
	c.nearby(s, out)
	for _, t := range out.Left {
		fmt.Fprintf(s.out, "! %s %s\n", t.ZH, t.EN)
	}
	fmt.Fprintln(s.out, "请立即重新备份 keys 目录；其他备份恢复时会自动清除。 Back up the keys directory again at once; other backups are erased when they are restored.")
	return nil
}

func ids(list []int64) string {
	words := make([]string, len(list))
	for i, id := range list {
		words[i] = fmt.Sprint(id)
	}
	return strings.Join(words, " ")
}
