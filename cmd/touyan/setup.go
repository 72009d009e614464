package main

import (
	"context"
	"errors"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// setupCmd makes the first administrator without a browser.
type setupCmd struct {
	Place
	Names
	Login string `help:"第一位管理员的登录名。 The first administrator's login." default:"admin"`
	Admin string `name:"admin-name" help:"第一位管理员的姓名。 The first administrator's name." default:"系统管理员"`
	secret
	proof
}

func (c *setupCmd) Help() string {
	return `只能做一次，与浏览器里的 /setup 是同一件事。
It can be done once, and is the same as /setup in the browser.

  touyan setup --data data --city 澄川市
  echo Meadow-2026-river | touyan setup --login lin --admin-name 林岑 --password-stdin`
}

// founded is the answer of setup.
type founded struct {
	City     int64         `json:"city"`
	Office   int64         `json:"office"`
	Person   int64         `json:"person"`
	Login    string        `json:"login"`
	Password string        `json:"password,omitempty"`
	Receipt  audit.Receipt `json:"receipt"`
}

// Run implements the command.
func (c *setupCmd) Run(ctx context.Context, s streams) (err error) {
	password, shown, err := c.password(s.in)
	if err != nil {
		return err
	}
	prog, err := c.open(ctx, clock.System{}, store.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, prog.Close()) }()
	token, err := prog.Accounts.SetupToken(ctx)
	if err != nil {
		return err
	}
	made, err := prog.Accounts.Setup(ctx, auth.Setup{
		Token: token, City: fault.T(c.City, c.CityEN), Office: fault.T(c.Office, c.OfficeEN),
		Login: c.Login, Password: password, Name: inBoth(c.Admin, ""),
	})
	if err != nil {
		return err
	}
	r, e, err := prog.Key.ReceiptAt(ctx, prog.DB, made.Person)
	if err != nil {
		return err
	}
	out := founded{City: made.City, Office: made.Office, Person: made.Person, Login: c.Login, Password: shown, Receipt: r.With(e)}
	return c.give(s, out.Receipt, out, "已建立 founded: "+c.City+"，"+c.Office+"；管理员 administrator: "+c.Login+tell(shown))
}
