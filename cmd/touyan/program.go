package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"touyan.dev/touyan/docket"
	"touyan.dev/touyan/docket/report"
	"touyan.dev/touyan/kernel/attach"
	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/erase"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/matter"
	"touyan.dev/touyan/kernel/matter/flow"
	"touyan.dev/touyan/kernel/notice"
	"touyan.dev/touyan/kernel/store"
	"touyan.dev/touyan/observatory"
)

// Program is everything a running Touyan consists of, built top to bottom by
// open. The commands and the tests use the same one.
type Program struct {
	DB       *store.DB
	Clock    clock.Clock
	Key      *audit.Key
	Book     *auth.Book
	Rules    *auth.Rules
	Accounts *auth.Accounts
	Registry *auth.Registry
	Vault    *auth.Vault
	Reads    *auth.Reads
	Desk     *matter.Engine
	Docket   *docket.Office
	Watch    *observatory.Desk
	Post     *notice.Post
	Files    *attach.Cabinet
	Terms    *erase.Terms
}

// Place says where an installation keeps its things.
type Place struct {
	Data string `help:"数据目录：数据库与签名密钥所在。 Directory of the database and the signing key." default:"data" type:"path" env:"TOUYAN_DATA" placeholder:"DIR"`
	DB   string `help:"数据库：文件，或 postgres://用户@主机/库名；默认为数据目录中的 touyan.db。 Database: a file, or postgres://user@host/name; touyan.db in the data directory by default." env:"TOUYAN_DB"`
	Name string `help:"凭证中的安装名称；发出第一份凭证后不能更改。 Name of the installation in receipts; fixed by the first receipt." default:"touyan" env:"TOUYAN_NAME"`
	Cap  int    `name:"supervision-cap" help:"每个镇街每月批准督查的次数上限；超过须由批准人写明理由。 Supervisions of one town that may be approved in a month; beyond it the approver must say why." default:"2" env:"TOUYAN_SUPERVISION_CAP"`
	Sign string `help:"文号中的城市代字，如“澄政督”中的“澄”。 Sign of the city in document numbers, as in 澄政督." default:"市" env:"TOUYAN_SIGN"`

	accounts auth.Options  // how people sign in; the demo alone sets it
	letters  notice.Config // the channels, as the flags of noticeFlags say
	quiet    time.Duration // the wall time at which the files are scrubbed
}

// dsn gives the data source name, with the default filled in.
func (p Place) dsn() string {
	if p.DB == "" {
		return filepath.Join(p.Data, "touyan.db")
	}
	return p.DB
}

// keys is the directory of the signing key.
func (p Place) keys() string { return filepath.Join(p.Data, "keys") }

// where names the database for people. It never repeats a URL, which may hold a
// password.
func (p Place) where() string {
	if store.EngineOf(p.dsn()) == store.PostgreSQL {
		return "PostgreSQL"
	}
	return p.dsn()
}

// log opens the database as it is: none is made, and nothing is migrated.
func (p Place) log(ctx context.Context) (*store.DB, error) {
	empty, err := store.Empty(ctx, p.dsn())
	if err != nil {
		return nil, err
	}
	if empty {
		return nil, fault.New(fault.NotFound, "touyan", "数据库不存在，或其中没有记录："+p.where(), "The database does not exist, or holds no event: "+p.where())
	}
	return store.Open(ctx, p.dsn(), store.Options{})
}

// open builds a program: migrates, opens, publishes the definitions.
func (p Place) open(ctx context.Context, clk clock.Clock, opts store.Options) (*Program, error) {
	if err := os.MkdirAll(p.Data, 0o700); err != nil {
		return nil, fault.New(fault.Unavailable, "touyan", "数据目录无法建立："+p.Data, "The data directory cannot be made: "+p.Data)
	}
	if err := store.Migrate(ctx, p.dsn(), migrations()...); err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, p.dsn(), opts)
	if err != nil {
		return nil, err
	}
	prog, err := p.build(ctx, clk, db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return prog, nil
}

func (p Place) build(ctx context.Context, clk clock.Clock, db *store.DB) (*Program, error) {
	key, err := audit.Attach(ctx, db, clk, p.keys(), p.Name)
	if err != nil {
		return nil, err
	}
	if key.Name != p.Name && p.Name != "touyan" {
		return nil, fault.New(fault.Invalid, "touyan", "安装名称与签名密钥不符："+key.Name, "The installation's name is not the signing key's: "+key.Name)
	}
	rules, err := auth.NewRules(policies()...)
	if err != nil {
		return nil, err
	}
	book, err := auth.OpenBook(ctx, db, clk)
	if err != nil {
		return nil, err
	}
	vault, err := auth.OpenVault(p.keys())
	if err != nil {
		return nil, err
	}
	p.accounts.Vault = vault
	accounts, err := auth.NewAccounts(book, p.accounts)
	if err != nil {
		return nil, err
	}
	defs, err := publish(ctx, db, clk)
	if err != nil {
		return nil, err
	}
	desk, err := matter.New(ctx, matter.Config{
		DB: db, Clock: clk, Book: book, Rules: rules, Key: key, Defs: defs,
		Series: docket.Series(p.Sign),
		Checks: docket.Checks(),
	})
	if err != nil {
		return nil, err
	}
	units, err := report.DefaultRules()
	if err != nil {
		return nil, err
	}
	files := &attach.Cabinet{DB: db, Clock: clk}
	office := &docket.Office{DB: db, Clock: clk, Book: book, Rules: rules, Key: key, Desk: desk, Units: units, Files: files, Cap: p.Cap,
		Series: map[docket.Sort]string{docket.UrgeLetter: p.Sign + "政督函", docket.ResultPaper: p.Sign + "政督报"}}
	watch := &observatory.Desk{DB: db, Clock: clk, Book: book, Rules: rules, Key: key, Files: files, Matter: func(ctx context.Context, who auth.Principal, id int64) error {
		_, err := desk.Get(ctx, who, id)
		return err
	}}
	files.May = mayFile(office, watch)
	office.Neighbours = []docket.Neighbour{watching{watch}}
	p.letters.DB, p.letters.Clock, p.letters.Domain, p.letters.Name = db, clk, tellers{office, watch}, strings.ReplaceAll(key.Name, "/", ".")
	return &Program{
		DB: db, Clock: clk, Key: key, Book: book, Rules: rules, Accounts: accounts, Registry: auth.NewRegistry(book, rules, accounts).Minding(desk), Desk: desk,
		Vault: vault, Reads: auth.NewReads(book, clock.System{}),
		Docket: office, Watch: watch, Files: files, Post: notice.New(p.letters),
		Terms: &erase.Terms{DB: db, Clock: clk, Holders: holders(), Schedule: desk, Keys: p.keys(), DSN: p.dsn(), Quiet: p.quiet},
	}, nil
}

// publish checks the definitions of all domains together and enters those the
// log does not hold yet.
func publish(ctx context.Context, db *store.DB, clk clock.Clock) (*flow.Set, error) {
	sources, err := definitions()
	if err != nil {
		return nil, err
	}
	set, err := matter.Publish(ctx, db, clk, sources)
	if err != nil {
		return nil, err
	}
	if problems := flow.Check(set, matter.Known()); len(problems) > 0 {
		p := problems[0]
		return nil, fault.New(fault.Invalid, "touyan.publish", fmt.Sprintf("流程定义有误：%s:%d %s", p.File, p.Line, p.Text.ZH), fmt.Sprintf("A definition is wrong: %s:%d %s", p.File, p.Line, p.Text.EN))
	}
	return set, nil
}

// Close closes the database; what was answered is on disk already.
func (p *Program) Close() error { return p.DB.Close() }
