package main

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/auth/oidc"
	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// version of the program, as the OpenAPI document and /api/health say it.
const version = "0.1.0"

// Names is whose installation it is.
type Names struct {
	City     string `help:"城市名称。 Name of the city." default:"本市" env:"TOUYAN_CITY"`
	CityEN   string `help:"城市英文名称。 The same in English." default:"The city" env:"TOUYAN_CITY_EN"`
	Office   string `help:"办公室名称。 Name of the office." default:"市政府办公室" env:"TOUYAN_OFFICE"`
	OfficeEN string `help:"办公室英文名称。 The same in English." default:"General Office" env:"TOUYAN_OFFICE_EN"`
}

// serveCmd runs the server.
type serveCmd struct {
	Place
	Listen string   `help:"监听地址；除本机访问外，前面应有 TLS 代理。 Address to listen on; put a TLS proxy in front of anything but this machine." default:"127.0.0.1:8080" env:"TOUYAN_LISTEN"`
	Proxy  []string `help:"TLS 代理的地址或网段；只相信由此而来的 X-Forwarded-For 与 X-Forwarded-Proto。 Address or network of the TLS proxy; X-Forwarded-For and X-Forwarded-Proto are believed from there only." env:"TOUYAN_PROXY"`
	Names
	noticeFlags
	Oidc    oidcFlags `embed:"" prefix:"oidc-"`
	Quiet   string    `help:"夜间清除到期事项、清理数据库文件的时刻；清理期间写入会等候。 When at night what was kept long enough is erased and the database's files are scrubbed; writes wait while they are." default:"02:00" env:"TOUYAN_QUIET" placeholder:"HH:MM"`
	CodeFor []string  `help:"必须使用动态口令的职务，如 admin,auditor；其他人自愿。 The duties whose holders must use a one-time code, such as admin,auditor; others may." enum:"leader,deputy,secretary,supervisor,liaison,head,section,clerk,admin,auditor" env:"TOUYAN_CODE_FOR" placeholder:"DUTY"`
}

// oidcFlags name the identity provider.
type oidcFlags struct {
	Issuer     string `help:"统一身份认证（OpenID Connect）的签发方地址，与其自己写明的一致；不填则只用本系统账号。 Issuer of the identity provider, exactly as it writes it; without it there are local accounts only." env:"TOUYAN_OIDC_ISSUER" placeholder:"URL"`
	ClientID   string `name:"client-id" help:"在身份认证处登记的客户端编号；回调地址登记为 https://本系统/api/oidc/callback。 The client id registered there; the redirect address is https://HERE/api/oidc/callback." env:"TOUYAN_OIDC_CLIENT_ID" placeholder:"ID"`
	SecretFile string `help:"存放客户端密钥的文件。 The file that holds the client's secret." type:"path" env:"TOUYAN_OIDC_SECRET_FILE" placeholder:"FILE"`
	Name       string `help:"登录按钮上的名称。 What the button says." default:"统一身份认证" env:"TOUYAN_OIDC_NAME"`
	NameEN     string `name:"name-en" help:"按钮的英文名称。 The same in English." default:"Single sign-on" env:"TOUYAN_OIDC_NAME_EN"`
}

// open makes the provider, if one is configured. It is not asked anything yet.
func (f oidcFlags) open() (Elsewhere, error) {
	if f.Issuer == "" {
		return Elsewhere{}, nil
	}
	cfg := oidc.Config{Issuer: f.Issuer, ClientID: f.ClientID, Name: fault.T(f.Name, f.NameEN), Clock: clock.System{}}
	if f.SecretFile != "" {
		text, err := readFile(f.SecretFile)
		if err != nil {
			return Elsewhere{}, err
		}
		cfg.Secret = strings.TrimSpace(string(text))
	}
	p, err := oidc.New(cfg)
	if err != nil {
		return Elsewhere{}, err
	}
	return Elsewhere{p, f.Issuer}, nil
}

func (c *serveCmd) Help() string {
	return `首次启动会打印一次性口令，在 /setup 建立第一位管理员（或用 touyan setup）。按 Ctrl-C 停止。
The first start prints a one-time token for /setup, where the first administrator signs up (or use touyan setup). Ctrl-C stops it.

服务器运行时，同一版本的其他命令可以同时使用同一个数据库；要升级，先停止服务器。
While it runs, other commands of the same version may use the same database; to upgrade, stop it first.

  touyan serve --data data
  touyan serve --data data --city 澄川市 --listen 127.0.0.1:9000
  touyan serve --data data --proxy 127.0.0.1
  touyan serve --data data --code-for admin,auditor
  touyan serve --data data --quiet 03:30
  touyan serve --data data --oidc-issuer https://id.example.gov.cn --oidc-client-id touyan --oidc-secret-file oidc.secret
  touyan serve --data data --site https://desk.example.gov.cn --smtp mail.example.gov.cn:587 --smtp-from desk@example.gov.cn
  touyan serve --data data --db postgres://touyan@db/touyan`
}

// Run implements the command.
func (c *serveCmd) Run(ctx context.Context, s streams) error {
	proxies, err := prefixes("--proxy", c.Proxy)
	if err != nil {
		return err
	}
	elsewhere, err := c.Oidc.open()
	if err != nil {
		return err
	}
	if c.letters, err = c.config(); err != nil {
		return err
	}
	quiet, err := time.Parse("15:04", c.Quiet)
	if err != nil {
		return fault.At("touyan.serve", "--quiet", "时刻应写成 02:00 的形式。", "Write the time as 02:00.")
	}
	c.quiet = time.Duration(quiet.Hour())*time.Hour + time.Duration(quiet.Minute())*time.Minute
	for _, d := range c.CodeFor {
		c.accounts.CodeFor = append(c.accounts.CodeFor, auth.Duty(d))
	}
	prog, err := c.open(ctx, clock.System{}, store.Options{})
	if err != nil {
		return err
	}
	return prog.serve(ctx, c.Listen, Front{City: fault.T(c.City, c.CityEN), Office: fault.T(c.Office, c.OfficeEN), Proxies: proxies, Elsewhere: elsewhere}, s)
}

// prefixes reads the addresses and networks of a flag.
func prefixes(flag string, given []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range given {
		p, err := netip.ParsePrefix(text)
		if a, aerr := netip.ParseAddr(text); aerr == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil {
			return nil, fault.At("touyan.serve", flag, "应为地址或网段，如 127.0.0.1 或 10.0.0.0/24。", "An address or a network is wanted, such as 127.0.0.1 or 10.0.0.0/24.")
		}
		out = append(out, p)
	}
	return out, nil
}
