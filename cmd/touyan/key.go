package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/store"
)

// keyCmd groups what concerns the signing key.
type keyCmd struct {
	Show   keyShowCmd   `cmd:"" help:"各期的公钥，供核验凭证的人使用。 The public keys by epoch, for whoever verifies receipts."`
	Rotate keyRotateCmd `cmd:"" help:"更换签名密钥；须先停止服务器。 Replace the signing key by a new one; stop the server first."`
}

// keyShowCmd prints the public keys of a log.
type keyShowCmd struct {
	Place
	JSON bool `help:"输出 JSON。 Print JSON."`
}

func (c *keyShowCmd) Help() string {
	return `每期列出起始记录、开始时间、原因和公钥。核验旧凭证须用当期的公钥：touyan verify 的 --key 可以给出多次。
Each epoch is listed with its first event, when and why it began, and its public key. An old receipt verifies with the key of its epoch: touyan verify takes --key several times.

  touyan key show --data data
  touyan key show --data data --json`
}

// shownKey is an epoch as key show prints it.
type shownKey struct {
	audit.Epoch
	From int64  `json:"from"` // the first event of the epoch
	At   string `json:"at"`
}

// Run implements the command.
func (c *keyShowCmd) Run(ctx context.Context, s streams) error {
	db, err := c.log(ctx)
	if err != nil {
		return err
	}
	epochs, err := audit.Epochs(ctx, db)
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	shown := make([]shownKey, len(epochs))
	for i, e := range epochs {
		shown[i] = shownKey{e, e.Pos, e.At.Format("2006-01-02 15:04:05")}
	}
	if c.JSON {
		return printJSON(s.out, shown)
	}
	for _, e := range shown {
		name := e.Reason.Name()
		fmt.Fprintf(s.out, "第%d期 epoch %d，自第%d条 from event %d，%s，%s %s\n  %s\n", e.Epoch.Epoch, e.Epoch.Epoch, e.From, e.From, e.At, name.ZH, name.EN, e.Key)
	}
	if len(epochs) == 0 {
		fmt.Fprintln(s.out, "日志尚未记下公钥：启动一次服务即可。 The log names no key yet: start the server once.")
	}
	return nil
}

// keyRotateCmd replaces the signing key.
type keyRotateCmd struct{ Place }

func (c *keyRotateCmd) Help() string {
	return `原密钥签字授权新密钥，并写入日志；原公钥留在 keys/former 中，以往的凭证照样可以核验；原私钥随即删除。中途断电，再执行一次即可。
The old key signs for the new one, in the log; the old public key stays in keys/former, so that receipts given before still verify; the old private key is removed. If the power fails in between, run it again.

  touyan key rotate --data data`
}

// Run implements the command.
func (c *keyRotateCmd) Run(ctx context.Context, s streams) error {
	if err := store.Alone(ctx, c.dsn()); err != nil {
		return err
	}
	db, err := c.log(ctx)
	if err != nil {
		return err
	}
	key, epoch, err := audit.Rotate(ctx, db, clock.System{}, c.keys())
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "已更换签名密钥 rotated: 第%d期 epoch %d，自第%d条 from event %d\n  %s\n", epoch.Epoch, epoch.Epoch, epoch.Pos, epoch.Pos, key.Public)
	fmt.Fprintf(s.out, "原公钥留在 the old public key is kept in %s\n", filepath.Join(c.keys(), "former"))
	fmt.Fprintln(s.out, "请马上另行备份 keys 目录，复制到其他节点，并把新公钥交给核验凭证的人。\nBack up the keys directory apart now, copy it to the other replicas, and give the new public key to whoever verifies receipts.")
	return nil
}
