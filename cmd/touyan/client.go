package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
)

// clientCmd groups what an administrator does with machine clients.
type clientCmd struct {
	Add    clientAddCmd    `cmd:"" help:"新建机器客户端；密钥只显示一次。 Make a machine client; its secret is shown once."`
	List   clientListCmd   `cmd:"" help:"列出机器客户端。 List the machine clients."`
	Revoke clientRevokeCmd `cmd:"" help:"停用机器客户端，立即生效，不能恢复。 End a machine client at once and for good."`
}

type clientAddCmd struct {
	Login   string   `arg:"" help:"代号：2至50个字符，可用汉字、小写字母、数字和 . _ - @；前面自动加 client.。 Its sign: 2 to 50 letters, digits and . _ - @; client. is put in front."`
	Name    string   `arg:"" help:"名称，如“考勤系统”。 Its name."`
	Unit    string   `help:"所属单位：全称、代号或编号。 The unit: its full name, its key or its id." required:"" placeholder:"UNIT"`
	Duty    string   `help:"以何职务办事：secretary、supervisor、liaison、head、section、clerk。 The duty by which it acts." required:"" enum:"secretary,supervisor,liaison,head,section,clerk" placeholder:"DUTY"`
	Actions []string `help:"允许调用的接口编号，如 matters,docket-open；read 为全部只读接口。 The operations it may call, such as matters,docket-open; read allows all that only read." default:"read"`
	Last    string   `help:"最后一天，至多一年；不填为90天后。 The last day, a year ahead at most; 90 days from now if left out." placeholder:"YYYY-MM-DD"`
	operator
}

func (c *clientAddCmd) Help() string {
	return `以密钥调用：请求头 Authorization: Bearer 密钥。机器客户端不能登录界面，不能办理须本人确认的事。
Calls send the header Authorization: Bearer SECRET. A machine client cannot use the screens, nor do what needs a person's proof.

  touyan client add kaoqin 考勤系统 --unit 市人社局 --duty clerk --as admin
  touyan client add oa 公文系统 --unit 市政府办公室 --duty secretary --actions read,docket-open --last 2027-03-31 --as admin`
}

// addedClient is the answer of client add.
type addedClient struct {
	ID      int64         `json:"id"`
	Login   string        `json:"login"`
	Secret  string        `json:"secret"`
	Last    string        `json:"last"`
	Receipt audit.Receipt `json:"receipt"`
}

// usualClientLife is how long a client lasts when nobody says so, in days.
const usualClientLife = 90

// Run implements the command.
func (c *clientAddCmd) Run(ctx context.Context, s streams) error {
	return c.act(ctx, "client add", func(prog *Program, who auth.Principal) error {
		unit, err := unitNamed(prog.Book.Now(), c.Unit)
		if err != nil {
			return err
		}
		if c.Last == "" {
			c.Last = prog.Clock.Now().AddDate(0, 0, usualClientLife).Format(time.DateOnly)
		}
		key := once()
		id, secret, err := prog.Registry.AddClient(ctx, who, auth.NewClient{
			Key: key, Login: c.Login, Name: inBoth(c.Name, ""), Unit: unit.ID, Duty: auth.Duty(c.Duty), Actions: c.Actions, Last: c.Last,
		})
		if err != nil {
			return err
		}
		p, _ := prog.Book.Now().Person(id)
		out := addedClient{ID: id, Login: p.Login, Secret: secret, Last: c.Last}
		if out.Receipt, err = prog.receiptOf(ctx, who, key); err != nil {
			return err
		}
		return c.give(s, out.Receipt, out, fmt.Sprintf("已新建 added: %s（%d），至 until %s\n密钥（只显示这一次）the secret, shown this once: %s", p.Login, id, c.Last, secret))
	})
}

type clientListCmd struct {
	Place
	As   string `help:"以谁的名义查看：系统管理员的登录名。 As whom: an administrator's login." placeholder:"LOGIN" required:""`
	JSON bool   `help:"输出 JSON。 Print JSON."`
}

func (c *clientListCmd) Help() string {
	return `  touyan client list --as admin
  touyan client list --as admin --json`
}

// listedClient is a client in a list.
type listedClient struct {
	ID      int64      `json:"id"`
	Login   string     `json:"login"`
	Name    fault.Text `json:"name"`
	Unit    fault.Text `json:"unit"`
	Duty    auth.Duty  `json:"duty"`
	Actions []string   `json:"actions"`
	Expires string     `json:"expires"`
	Revoked bool       `json:"revoked"`
	Seen    string     `json:"seen"`
}

// Run implements the command.
func (c *clientListCmd) Run(ctx context.Context, s streams) error {
	prog, err := c.existing(ctx)
	if err != nil {
		return err
	}
	defer prog.Close()
	person, err := prog.personNamed(c.As)
	if err != nil {
		return err
	}
	list, err := prog.Registry.Clients(ctx, auth.Principal{Person: person.ID})
	if err != nil {
		return err
	}
	out := []listedClient{}
	for _, x := range list {
		u, _ := prog.Book.Now().Unit(x.Unit)
		row := listedClient{ID: x.ID, Login: x.Login, Name: x.Name, Unit: u.Name, Duty: x.Duty, Actions: x.Actions, Expires: x.Expires.In(clock.Shanghai()).Format(time.RFC3339), Revoked: x.Revoked}
		if !x.Seen.IsZero() {
			row.Seen = x.Seen.In(clock.Shanghai()).Format(time.RFC3339)
		}
		out = append(out, row)
	}
	if c.JSON {
		return printJSON(s.out, out)
	}
	t := table{head: []string{"编号 id", "代号 sign", "名称 name", "单位职务 unit and duty", "接口 operations", "状态 status"}}
	for _, x := range out {
		status := "有效至 until " + x.Expires[:10]
		if x.Revoked {
			status = "停用 revoked"
		}
		t.rows = append(t.rows, []string{fmt.Sprint(x.ID), x.Login, x.Name.ZH, x.Unit.ZH + " " + string(x.Duty), strings.Join(x.Actions, ","), status})
	}
	t.print(s.out)
	return nil
}

type clientRevokeCmd struct {
	ID int64 `arg:"" help:"编号，见 touyan client list。 The client's number; touyan client list shows it."`
	operator
}

func (c *clientRevokeCmd) Help() string { return `  touyan client revoke 42 --as admin` }

// Run implements the command.
func (c *clientRevokeCmd) Run(ctx context.Context, s streams) error {
	return c.act(ctx, "client revoke", func(prog *Program, who auth.Principal) error {
		key := once()
		if err := prog.Registry.RevokeClient(ctx, who, key, c.ID); err != nil {
			return err
		}
		p, _ := prog.Book.Now().Person(c.ID)
		out := changed{Person: c.ID, Login: p.Login}
		var err error
		if out.Receipt, err = prog.receiptOf(ctx, who, key); err != nil {
			return err
		}
		return c.give(s, out.Receipt, out, "已停用 revoked: "+p.Login)
	})
}
