package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
)

// userCmd groups what an administrator does with people's accounts.
type userCmd struct {
	Add           userAddCmd         `cmd:"" help:"新增人员，可同时任职。 Add a person, with a post if you like."`
	List          userListCmd        `cmd:"" help:"列出人员及其任职。 List the people and their posts."`
	Suspend       userSuspendCmd     `cmd:"" help:"停用账号：不能再登录和办理，已登录的立即退出。 Suspend an account: no more signing in or acting, open sessions end."`
	Activate      userActivateCmd    `cmd:"" help:"恢复停用的账号。 Make a suspended account active again."`
	ResetPassword userResetCmd       `cmd:"" help:"重设密码，并退出其所有登录。 Give a new password and end all the person's sessions."`
	ResetTotp     userResetCodeCmd   `cmd:"" help:"取消动态口令，供丢失手机的人重新设置。 Take the one-time code away, for whoever lost the phone."`
	EndSessions   userEndSessionsCmd `cmd:"" help:"退出其所有登录。 End all the person's sessions."`
	Post          userPostCmd        `cmd:"" help:"给人员任职。 Give a person a post."`
	EndPost       userEndPostCmd     `cmd:"" help:"免去任职。 End a post."`
}

// personNamed finds a person by login.
func (p *Program) personNamed(login string) (auth.Person, error) {
	login = strings.ToLower(strings.TrimSpace(login))
	for _, person := range p.Book.Now().People() {
		if person.Login == login {
			return person, nil
		}
	}
	return auth.Person{}, fault.At("touyan.user", "LOGIN", "没有这个登录名，请用 touyan user list 查看。", "Nobody has this login; touyan user list shows them.")
}

// seat is a post to be given.
type seat struct {
	Unit  string `help:"任职单位：全称、代号或编号。 The unit: its full name, its key or its id." placeholder:"UNIT"`
	Duty  string `help:"职务：leader 责任领导、deputy 分管领导、secretary 秘书、supervisor 督查专员、liaison 联络员、head 单位负责人、section 科室负责人、clerk 承办人、admin 系统管理员、auditor 审计员。 The duty." placeholder:"DUTY" enum:",leader,deputy,secretary,supervisor,liaison,head,section,clerk,admin,auditor" default:""`
	Title string `help:"职务名称，如“科长”；不填用职务的通称。 The title as on the staff list; the duty's name if left out."`
}

// unit gives the unit of the seat, or 0 when none was asked for.
func (s seat) unit(dir *auth.Directory) (int64, error) {
	if (s.Unit == "") != (s.Duty == "") {
		return 0, fault.At("touyan.user", "--unit", "--unit 与 --duty 须同时填写。", "--unit and --duty go together.")
	}
	if s.Unit == "" {
		return 0, nil
	}
	u, err := unitNamed(dir, s.Unit)
	return u.ID, err
}

func (s seat) post(key string, person, unit int64) auth.NewPost {
	return auth.NewPost{Key: key, Person: person, Unit: unit, Duty: auth.Duty(s.Duty), Title: inBoth(s.Title, "")}
}

// inBoth gives a name in both languages, the Chinese one where there is no other.
func inBoth(zh, en string) fault.Text {
	if en == "" {
		en = zh
	}
	return fault.T(zh, en)
}

// changed is the answer of a command that changes an account.
type changed struct {
	Person   int64         `json:"person"`
	Login    string        `json:"login"`
	Post     int64         `json:"post,omitempty"`
	Password string        `json:"password,omitempty"`
	Receipt  audit.Receipt `json:"receipt"`
}

type userAddCmd struct {
	Login string `arg:"" help:"登录名：2至64个字符，可用汉字、小写字母、数字和 . _ - @。 The login: 2 to 64 letters, digits and . _ - @."`
	Who   string `arg:"" name:"name" help:"姓名。 The name."`
	EN    string `name:"name-en" help:"英文姓名；不填同姓名。 The name in English; the same if left out."`
	seat
	secret
	operator
}

func (c *userAddCmd) Help() string {
	return `初始密码随机生成并只显示一次，或从标准输入读取；从不写在命令行上。
The first password is made and shown once, or read from standard input; it is never an argument.

  touyan user add shen 沈禾 --unit 市人社局 --duty liaison --as admin
  echo Meadow-2026-river | touyan user add tang 唐奕 --password-stdin --as admin`
}

// Run implements the command.
func (c *userAddCmd) Run(ctx context.Context, s streams) error {
	return c.act(ctx, "user add", func(prog *Program, who auth.Principal) error {
		unit, err := c.unit(prog.Book.Now())
		if err != nil {
			return err
		}
		password, shown, err := c.password(s.in)
		if err != nil {
			return err
		}
		key := once()
		person, err := prog.Registry.AddPerson(ctx, who, auth.NewPerson{Key: key, Unit: unit, Login: c.Login, Name: inBoth(c.Who, c.EN), Password: password})
		if err != nil {
			return err
		}
		out := changed{Person: person, Login: c.Login, Password: shown}
		sentence := fmt.Sprintf("已新增 added: %s", c.Login)
		if unit != 0 { // who may add here may give posts here: the same rule
			if out.Post, err = prog.Registry.AddPost(ctx, who, c.post(key+"/post", person, unit)); err != nil {
				return err
			}
			sentence += "，" + auth.Duty(c.Duty).Name().ZH + " " + auth.Duty(c.Duty).Name().EN
		}
		if out.Receipt, err = prog.receiptOf(ctx, who, key); err != nil {
			return err
		}
		return c.give(s, out.Receipt, out, sentence+tell(shown))
	})
}

type userListCmd struct {
	Place
	Unit string `help:"只列此单位及其下级的任职人员：全称、代号或编号。 Only those with a post in this unit or below it: its full name, its key or its id." placeholder:"UNIT"`
	JSON bool   `help:"输出 JSON。 Print JSON."`
}

func (c *userListCmd) Help() string {
	return `  touyan user list
  touyan user list --unit 市政府办公室 --json`
}

// listed is a person in a list.
type listed struct {
	ID     int64        `json:"id"`
	Login  string       `json:"login"`
	Name   fault.Text   `json:"name"`
	Status auth.Status  `json:"status"`
	Posts  []listedPost `json:"posts"`
}

type listedPost struct {
	ID       int64      `json:"id"`
	Unit     int64      `json:"unit"`
	UnitName fault.Text `json:"unit_name"`
	Duty     auth.Duty  `json:"duty"`
	Title    fault.Text `json:"title"`
	From     string     `json:"from"`
	To       string     `json:"to"`
}

// Run implements the command.
func (c *userListCmd) Run(ctx context.Context, s streams) error {
	prog, err := c.existing(ctx)
	if err != nil {
		return err
	}
	defer prog.Close()
	dir := prog.Book.Now()
	var within []int64
	if c.Unit != "" {
		u, err := unitNamed(dir, c.Unit)
		if err != nil {
			return err
		}
		within = dir.Descendants(u.ID)
	}
	out := []listed{}
	for _, p := range dir.People() {
		row := listed{ID: p.ID, Login: p.Login, Name: p.Name, Status: p.Status, Posts: []listedPost{}}
		for _, post := range dir.PostsOf(p.ID, dir.Day()) {
			if within == nil || slices.Contains(within, post.Unit) {
				u, _ := dir.Unit(post.Unit)
				row.Posts = append(row.Posts, listedPost{post.ID, post.Unit, u.Name, post.Duty, post.Title, post.From, post.To})
			}
		}
		if within == nil || len(row.Posts) > 0 {
			out = append(out, row)
		}
	}
	if c.JSON {
		return printJSON(s.out, out)
	}
	t := table{head: []string{"登录名 login", "姓名 name", "状态 status", "任职 posts"}}
	for _, p := range out {
		status := "在用 active"
		if p.Status == auth.Suspended {
			status = "停用 suspended"
		}
		posts := make([]string, len(p.Posts))
		for i, post := range p.Posts {
			posts[i] = fmt.Sprintf("%s %s（%d）", post.UnitName.ZH, post.Title.ZH, post.ID)
		}
		t.rows = append(t.rows, []string{p.Login, p.Name.ZH, status, strings.Join(posts, "；")})
	}
	t.print(s.out)
	return nil
}

// account is one person's account, to be changed.
type account struct {
	Login string `arg:"" help:"登录名。 The login."`
	operator
}

// change finds the person and does one act of the registry.
func (c account) change(ctx context.Context, s streams, command, sentence, shown string, do func(*Program, auth.Principal, string, int64) error) error {
	return c.act(ctx, command, func(prog *Program, who auth.Principal) error {
		person, err := prog.personNamed(c.Login)
		if err != nil {
			return err
		}
		key := once()
		if err := do(prog, who, key, person.ID); err != nil {
			return err
		}
		out := changed{Person: person.ID, Login: person.Login, Password: shown}
		if out.Receipt, err = prog.receiptOf(ctx, who, key); err != nil {
			return err
		}
		return c.give(s, out.Receipt, out, sentence+": "+person.Login+tell(shown))
	})
}

type userSuspendCmd struct {
	account
	leaving
}

// leaving is how a command is told that open work is to stay where it is.
type leaving struct {
	Leave bool `help:"明知手中有未结工作、暂不移交，仍要办理。 Do it although work is open that nobody else can do." name:"leave-work"`
}

func (c *userSuspendCmd) Help() string {
	return `手中有只有此人能办的未结工作时会被拒绝：先用 touyan handover 移交，或加 --leave-work。
It is refused while work is open that only this person can do: hand it over first, or add --leave-work.

  touyan user suspend shen --as admin
  touyan user suspend shen --leave-work --as admin`
}

// Run implements the command.
func (c *userSuspendCmd) Run(ctx context.Context, s streams) error {
	return c.change(ctx, s, "user suspend", "已停用 suspended", "", func(p *Program, who auth.Principal, key string, person int64) error {
		return p.Registry.SetStatus(ctx, who, key, person, auth.Suspended, c.Leave)
	})
}

type userActivateCmd struct{ account }

func (c *userActivateCmd) Help() string { return `  touyan user activate shen --as admin` }

// Run implements the command.
func (c *userActivateCmd) Run(ctx context.Context, s streams) error {
	return c.change(ctx, s, "user activate", "已恢复 active again", "", func(p *Program, who auth.Principal, key string, person int64) error {
		return p.Registry.SetStatus(ctx, who, key, person, auth.Active, false)
	})
}

type userResetCmd struct {
	account
	secret
}

func (c *userResetCmd) Help() string {
	return `管理员忘记自己的密码时也用它，以自己的名义即可。
An administrator who has forgotten the password uses it too, as himself.

  touyan user reset-password shen --as admin
  echo Meadow-2026-river | touyan user reset-password admin --password-stdin --as admin`
}

// Run implements the command.
func (c *userResetCmd) Run(ctx context.Context, s streams) error {
	password, shown, err := c.password(s.in)
	if err != nil {
		return err
	}
	return c.change(ctx, s, "user reset-password", "已重设密码 new password", shown, func(p *Program, who auth.Principal, key string, person int64) error {
		return p.Registry.SetPassword(ctx, who, key, person, password)
	})
}

type userResetCodeCmd struct{ account }

func (c *userResetCodeCmd) Help() string {
	return `此后只凭密码登录；职务要求动态口令的，登录后先重新设置。恢复码一并作废。
The next sign-in needs the password alone; where the duty needs a code, a new one is set up first. Recovery codes are void too.

  touyan user reset-totp shen --as admin`
}

// Run implements the command.
func (c *userResetCodeCmd) Run(ctx context.Context, s streams) error {
	return c.change(ctx, s, "user reset-totp", "已取消动态口令 one-time code taken away", "", func(p *Program, who auth.Principal, key string, person int64) error {
		return p.Registry.ResetCode(ctx, who, key, person)
	})
}

type userEndSessionsCmd struct{ account }

func (c *userEndSessionsCmd) Help() string { return `  touyan user end-sessions shen --as admin` }

// Run implements the command.
func (c *userEndSessionsCmd) Run(ctx context.Context, s streams) error {
	return c.change(ctx, s, "user end-sessions", "已退出所有登录 sessions ended", "", func(p *Program, who auth.Principal, key string, person int64) error {
		return p.Registry.EndSessions(ctx, who, key, person, 0)
	})
}

type userPostCmd struct {
	account
	seat
}

func (c *userPostCmd) Help() string {
	return `  touyan user post shen --unit 市人社局 --duty liaison --as admin`
}

// Run implements the command.
func (c *userPostCmd) Run(ctx context.Context, s streams) error {
	return c.change(ctx, s, "user post", "已任职 post given", "", func(p *Program, who auth.Principal, key string, person int64) error {
		unit, err := c.unit(p.Book.Now())
		if err != nil {
			return err
		}
		if unit == 0 {
			return fault.At("touyan.user", "--unit", "请填写 --unit 与 --duty。", "Give --unit and --duty.")
		}
		_, err = p.Registry.AddPost(ctx, who, c.post(key, person, unit))
		return err
	})
}

type userEndPostCmd struct {
	Post int64  `arg:"" help:"任职的编号，见 touyan user list 的括号。 The post's number, in the brackets of touyan user list."`
	Last string `help:"任职的最后一天，如 2026-11-30；不填即刻免去。 The last day; from now on if left out." placeholder:"YYYY-MM-DD"`
	leaving
	operator
}

func (c *userEndPostCmd) Help() string {
	return `  touyan user end-post 12 --as admin
  touyan user end-post 12 --last 2026-12-31 --as admin`
}

// Run implements the command.
func (c *userEndPostCmd) Run(ctx context.Context, s streams) error {
	return c.act(ctx, "user end-post", func(prog *Program, who auth.Principal) error {
		post, ok := prog.Book.Now().Post(c.Post)
		if !ok {
			return fault.At("touyan.user", "POST", "没有这一任职，请用 touyan user list 查看编号。", "There is no such post; touyan user list shows the numbers.")
		}
		key := once()
		if err := prog.Registry.EndPost(ctx, who, key, post.ID, c.Last, c.Leave); err != nil {
			return err
		}
		person, _ := prog.Book.Now().Person(post.Person)
		out := changed{Person: person.ID, Login: person.Login, Post: post.ID}
		var err error
		if out.Receipt, err = prog.receiptOf(ctx, who, key); err != nil {
			return err
		}
		return c.give(s, out.Receipt, out, "已免去任职 post ended: "+person.Login)
	})
}
