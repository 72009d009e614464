package main

import (
	"context"
	"fmt"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/store"
)

// backupCmd writes a backup while the server runs.
type backupCmd struct {
	File string `arg:"" type:"path" help:"新文件；其中没有签名密钥和登录会话。 The new file; it holds neither the signing key nor open sessions."`
	Place
}

func (c *backupCmd) Help() string {
	return `服务器照常运行；备份是同一时刻的全部数据，写好、核对、签名后才有文件名。须在保存签名密钥的机器上执行；密钥不在备份中，请另行备份 DATA/keys。
The server goes on; the backup is all data of one moment, and has its name only once it is written, checked and signed. Run it where the signing key is. The key is not in it: back up DATA/keys apart.

  touyan backup /backup/touyan-2026-11-24.backup --data data`
}

// Run implements the command.
func (c *backupCmd) Run(ctx context.Context, s streams) error {
	key, err := audit.ReadKey(c.keys())
	if err != nil {
		return err
	}
	var looked checked
	m, err := store.Backup(ctx, c.dsn(), c.File, store.BackupOptions{
		Taken: clock.System{}.Now(),
		// A restored session would be open again after it was closed. The rows of
		// lockout stay, so that a restore does not give a guesser new attempts; so
		// does that of setup, without which a restored city could be set up anew.
		Omit:    []string{"session"},
		Sources: migrations(),
		Check: func(ctx context.Context, copy store.Reader) error {
			if _, err := key.Fits(ctx, copy); err != nil {
				return err
			}
			looked, err = checkLog(ctx, copy, key, 20)
			return err
		},
		Seal: key.SignText,
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "已备份 backed up: %s（%s）\n", c.File, m.Taken.Format("2006-01-02 15:04:05"))
	looked.print(s.out)
	if !looked.OK { // a backup of what there is beats none
		fmt.Fprintln(s.out, "备份已写好，但数据库中有上列不符之处：请保留先前的备份，并执行 touyan check。\nThe backup was written, but the database has the findings above: keep earlier backups, and run touyan check.")
		return errFound
	}
	return nil
}
