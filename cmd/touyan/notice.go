package main

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"strings"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/notice"
)

// noticeFlags set up the channels through which people are told. One whose address
// is not given is off.
type noticeFlags struct {
	Site   string `help:"本系统对外的地址，用于提醒中的链接，如 https://desk.example.gov.cn；启用任何渠道时必填。 Public address of the screens, for links in letters; required with any channel." env:"TOUYAN_SITE" placeholder:"URL"`
	Titles bool   `name:"notice-titles" help:"允许提醒中出现事项名称；默认只有编号与环节。 Let letters hold titles of matters; number and step only by default." env:"TOUYAN_NOTICE_TITLES"`

	SMTP             string `name:"smtp" help:"邮件服务器，主机:端口。 Mail server, host:port." env:"TOUYAN_SMTP" placeholder:"HOST:PORT"`
	SMTPTLS          string `name:"smtp-tls" help:"连接保护：starttls（默认）、tls，或 none（仅限本机中继）。 Protection: starttls, tls, or none for a relay on this machine." enum:"starttls,tls,none" default:"starttls" env:"TOUYAN_SMTP_TLS"`
	SMTPCA           string `name:"smtp-ca" help:"邮件服务器证书的签发者（PEM 文件），默认用操作系统的。 Who issued the server's certificate (PEM); the system's by default." type:"path" env:"TOUYAN_SMTP_CA" placeholder:"FILE"`
	SMTPUser         string `name:"smtp-user" help:"登录邮件服务器的账号。 Login at the mail server." env:"TOUYAN_SMTP_USER" placeholder:"NAME"`
	SMTPPasswordFile string `name:"smtp-password-file" help:"存放其密码的文件。 The file that holds its password." type:"path" env:"TOUYAN_SMTP_PASSWORD_FILE" placeholder:"FILE"`
	SMTPFrom         string `name:"smtp-from" help:"发件地址。 Address of the sender." env:"TOUYAN_SMTP_FROM" placeholder:"ADDRESS"`
	SMTPName         string `name:"smtp-name" help:"发件人名称。 Name of the sender." default:"市政府办公室" env:"TOUYAN_SMTP_NAME"`

	WebhookURL        string   `name:"webhook-url" help:"接收提醒的接口（https）。 Where to post notices (https)." env:"TOUYAN_WEBHOOK_URL" placeholder:"URL"`
	WebhookSecretFile string   `name:"webhook-secret-file" help:"存放签名密钥的文件，至少 16 个字符。 The file that holds the signing secret, at least 16 characters." type:"path" env:"TOUYAN_WEBHOOK_SECRET_FILE" placeholder:"FILE"`
	WebhookOnce       bool     `name:"webhook-once" help:"接收方按 Idempotency-Key 去重至少一天：结果不明时可以重发。 The receiver keeps each Idempotency-Key for a day: what has an unknown outcome may be sent again." env:"TOUYAN_WEBHOOK_ONCE"`
	WebhookInside     []string `name:"webhook-inside" help:"允许调用的内网地址或网段；默认一律不许。 Inside addresses or networks that may be called; none by default." env:"TOUYAN_WEBHOOK_INSIDE" placeholder:"NET"`

	CardAPI        string `name:"card-api" help:"政务微信接口地址。 Address of the messenger's API." env:"TOUYAN_CARD_API" placeholder:"URL"`
	CardCorp       string `name:"card-corp" help:"单位编号（corpid）。 The corpid." env:"TOUYAN_CARD_CORP" placeholder:"ID"`
	CardAgent      int64  `name:"card-agent" help:"应用编号（agentid）。 The agentid." env:"TOUYAN_CARD_AGENT" placeholder:"N"`
	CardSecretFile string `name:"card-secret-file" help:"存放应用密钥（corpsecret）的文件。 The file that holds the application's secret." type:"path" env:"TOUYAN_CARD_SECRET_FILE" placeholder:"FILE"`
}

// config makes the channels. Nothing is connected yet.
func (f noticeFlags) config() (notice.Config, error) {
	out := notice.Config{Site: strings.TrimSuffix(f.Site, "/"), Titles: f.Titles}
	for _, add := range []func() (notice.Channel, error){f.mail, f.webhook, f.card} {
		ch, err := add()
		if err != nil {
			return out, err
		}
		if ch != nil {
			out.Channels = append(out.Channels, ch)
		}
	}
	if len(out.Channels) > 0 && !strings.HasPrefix(f.Site, "http://") && !strings.HasPrefix(f.Site, "https://") {
		return out, fault.At("touyan.notice", "--site", "启用提醒渠道时，请写明本系统对外的地址，如 https://desk.example.gov.cn。", "With any channel, say the public address of the screens, such as https://desk.example.gov.cn.")
	}
	return out, nil
}

// secretIn reads a secret from its file.
func secretIn(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	text, err := readFile(file)
	return strings.TrimSpace(string(text)), err
}

func (f noticeFlags) mail() (notice.Channel, error) {
	if f.SMTP == "" {
		return nil, nil
	}
	if !strings.Contains(f.SMTPFrom, "@") {
		return nil, fault.At("touyan.notice", "--smtp-from", "请写明发件地址。", "Say the sender's address.")
	}
	password, err := secretIn(f.SMTPPasswordFile)
	if err != nil {
		return nil, err
	}
	m := &notice.Mail{Server: f.SMTP, TLS: f.SMTPTLS, User: f.SMTPUser, Password: password, From: f.SMTPFrom, Name: f.SMTPName, Clock: clock.System{}}
	if f.SMTPCA != "" {
		text, err := readFile(f.SMTPCA)
		if err != nil {
			return nil, err
		}
		m.Roots = x509.NewCertPool()
		if !m.Roots.AppendCertsFromPEM(text) {
			return nil, fault.At("touyan.notice", "--smtp-ca", "文件中没有 PEM 证书。", "The file holds no PEM certificate.")
		}
	}
	return m, nil
}

func (f noticeFlags) webhook() (notice.Channel, error) {
	if f.WebhookURL == "" {
		return nil, nil
	}
	key, err := secretIn(f.WebhookSecretFile)
	if err != nil {
		return nil, err
	}
	inside, err := prefixes("--webhook-inside", f.WebhookInside)
	if err != nil {
		return nil, err
	}
	return notice.NewHook(notice.Hook{URL: f.WebhookURL, Secret: []byte(key), Once: f.WebhookOnce, Inside: inside, Clock: clock.System{}})
}

func (f noticeFlags) card() (notice.Channel, error) {
	if f.CardAPI == "" {
		return nil, nil
	}
	key, err := secretIn(f.CardSecretFile)
	if err != nil {
		return nil, err
	}
	return notice.NewMessenger(notice.Application{API: f.CardAPI, Corp: f.CardCorp, Secret: key, Agent: f.CardAgent, Clock: clock.System{}})
}

// noticeCmd is what is done about channels on the machine.
type noticeCmd struct {
	Test noticeTestCmd `cmd:"" help:"经一个渠道给一个人发测试提醒。 Send a test to somebody through a channel."`
}

type noticeTestCmd struct {
	Place
	noticeFlags
	Channel string `help:"渠道：smtp、webhook 或 card。 The channel." enum:"smtp,webhook,card" required:"" placeholder:"CHANNEL"`
	To      string `help:"收信人的登录名；其地址取自本人的提醒设置。 Login of the person; the address is taken from his settings." required:"" placeholder:"LOGIN"`
}

func (c *noticeTestCmd) Help() string {
	return `参数与 touyan serve 的相同；写成环境变量（TOUYAN_SMTP 等）则两者共用。不经排队，当场发出并说明结果。
The flags are those of touyan serve; as environment variables (TOUYAN_SMTP and so on) both use them. It is sent at once, not queued, and the outcome is told.

  touyan notice test --data data --channel smtp --to lixm --site https://desk.example.gov.cn --smtp mail.example.gov.cn:587 --smtp-from desk@example.gov.cn`
}

// Run implements the command.
func (c *noticeTestCmd) Run(ctx context.Context, s streams) error {
	var err error
	if c.letters, err = c.config(); err != nil {
		return err
	}
	prog, err := c.existing(ctx)
	if err != nil {
		return err
	}
	defer prog.Close()
	for _, p := range prog.Book.Now().People() {
		if p.Login != c.To {
			continue
		}
		ref, err := prog.Post.Test(ctx, c.Channel, p.ID, strings.ToLower(rand.Text()))
		if err != nil {
			return err
		}
		name := notice.ChannelName(c.Channel)
		fmt.Fprintf(s.out, "%s：已被接收。 %s: taken.  %s\n", name.ZH, name.EN, ref)
		return nil
	}
	return fault.At("touyan.notice", "--to", "没有这个登录名。", "There is no such login.")
}
