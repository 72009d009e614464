package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// proof is how a command that changes something gives its receipt.
type proof struct {
	Receipt string `help:"把本次操作的凭证写入此文件，供 touyan verify 核验。 Write the act's receipt to this file, for touyan verify." type:"path" placeholder:"FILE"`
	JSON    bool   `help:"输出 JSON，含凭证。 Print JSON, with the receipt."`
}

// operator is what a command that changes something is told: where, as whom.
type operator struct {
	Place
	As string `help:"以谁的名义操作：有相应权限者的登录名；会记明是由服务器命令行发出的。 As whom: the login of somebody who may; the log says that it was a command on the machine." placeholder:"LOGIN" required:""`
	proof
}

// existing opens an installation that must be there: a mistyped directory is
// not to become a new one.
func (p Place) existing(ctx context.Context) (*Program, error) {
	if store.EngineOf(p.dsn()) == store.SQLite {
		if _, err := os.Stat(p.dsn()); err != nil {
			return nil, fault.New(fault.NotFound, "touyan", "这里没有头雁的数据库："+p.dsn()+"。请用 --data 指明数据目录，或先运行 touyan setup。",
				"There is no Touyan database here: "+p.dsn()+". Name the data directory with --data, or run touyan setup first.")
		}
	}
	return p.open(ctx, clock.System{}, store.Options{})
}

// act opens the installation, acts as the named person and closes it.
func (o operator) act(ctx context.Context, command string, do func(*Program, auth.Principal) error) error {
	prog, err := o.existing(ctx)
	if err != nil {
		return err
	}
	who, err := prog.Accounts.Command(ctx, o.As, command)
	if err == nil {
		err = do(prog, who)
	}
	return errors.Join(err, prog.Close())
}

// once makes the idempotency key of one run of a command.
func once() string { return "cli/" + rand.Text() }

// receiptOf gives the receipt of what who did under a key.
func (p *Program) receiptOf(ctx context.Context, who auth.Principal, key string) (audit.Receipt, error) {
	e, ok, err := event.Find(ctx, p.DB, event.Once{Actor: who.Person, Key: event.KeyOf(key)})
	if err != nil || !ok {
		return audit.Receipt{}, errors.Join(err, fault.New(fault.Internal, "touyan.receiptOf", "没有找到操作记录，请运行 touyan check。", "The act's event was not found; run touyan check."))
	}
	r, e, err := p.Key.ReceiptAt(ctx, p.DB, e.Pos)
	return r.With(e), err
}

// give prints what was done: the answer as JSON, or its sentence and the place
// of its event; the receipt goes into its file.
func (p proof) give(s streams, r audit.Receipt, answer any, sentence string) error {
	if p.Receipt != "" {
		text, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return fault.Wrap("touyan.give", err)
		}
		if err := writeNew(p.Receipt, append(text, '\n')); err != nil {
			return err
		}
	}
	if p.JSON {
		return printJSON(s.out, answer)
	}
	_, err := fmt.Fprintf(s.out, "%s\n凭证 receipt: 第 %d 条记录 event %d\n", sentence, r.Envelope.Pos, r.Envelope.Pos)
	return err
}

// writeNew writes a file that must not exist yet.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fault.New(fault.Conflict, "touyan", "文件已存在，不会覆盖："+path, "The file exists and is not written over: "+path)
	}
	if err == nil {
		_, err = f.Write(data)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fault.New(fault.Unavailable, "touyan", "文件无法写入："+path, "The file cannot be written: "+path)
	}
	return nil
}

// readFile reads a file that a command is given.
func readFile(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New(fault.Invalid, "touyan", "文件无法读取："+path, "The file cannot be read: "+path)
	}
	return data, nil
}

// secret is how a command comes by a new password: never by an argument, which
// other users of the machine could read.
type secret struct {
	PasswordStdin bool `help:"从标准输入读取密码（第一行）；不加此项则随机生成，只显示一次。 Read the password from standard input (its first line); without this one is made and shown once."`
}

// password reads or makes the password; shown is what the caller prints of it.
func (c secret) password(in io.Reader) (password, shown string, err error) {
	if !c.PasswordStdin {
		text := strings.ToLower(rand.Text()) // 26 characters of 5 bits; 16 of them are 80 bits
		password = strings.Join([]string{text[:4], text[4:8], text[8:12], text[12:16]}, "-")
		return password, password, nil
	}
	line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", "", fault.New(fault.Invalid, "touyan", "标准输入无法读取。", "Standard input cannot be read.")
	}
	return strings.TrimRight(line, "\r\n"), "", nil
}

// tell says the password in a sentence that follows what was done; nothing for
// one that was read.
func tell(shown string) string {
	if shown == "" {
		return ""
	}
	return "\n初始密码（只显示这一次）the password, shown this once: " + shown
}

// unitNamed finds a unit by its id, its key or its Chinese name.
func unitNamed(dir *auth.Directory, text string) (auth.Unit, error) {
	if id, err := strconv.ParseInt(text, 10, 64); err == nil {
		if u, ok := dir.Unit(id); ok {
			return u, nil
		}
	}
	if u, ok := dir.UnitByKey(text); ok && text != "" {
		return u, nil
	}
	var found []auth.Unit
	for _, u := range dir.Units() {
		if u.Name.ZH == text {
			found = append(found, u)
		}
	}
	if len(found) != 1 {
		return auth.Unit{}, fault.At("touyan", "--unit", "目录中没有这个单位，或同名的不止一个；请写全称、代号或编号。", "The directory has no such unit, or several; write its full name, its key or its id.")
	}
	return found[0], nil
}
