// Command touyan is the operating desk of a city government's general office,
// as one program: server, checks, imports, backups and the demo.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"touyan.dev/touyan/kernel/fault"
)

// cli is every command. Each lives in a file of its own, named after it.
type cli struct {
	Serve    serveCmd    `cmd:"" help:"启动服务器：办公室的界面与接口。 Run the server: the office's screens and API."`
	Demo     demoCmd     `cmd:"" help:"打开虚构的澄川市及其故事。 Open the fictional city of Chengchuan and its story."`
	Setup    setupCmd    `cmd:"" help:"首次使用：建立城市、办公室和第一位管理员。 First run: make the city, its office and the first administrator."`
	User     userCmd     `cmd:"" help:"人员、账号与任职。 People, accounts and posts."`
	Client   clientCmd   `cmd:"" help:"机器客户端：供其他系统调用接口。 Machine clients: other systems that call the API."`
	Delegate delegateCmd `cmd:"" help:"委托、AB角与不在岗。 Delegations, standing deputies and absences."`
	Handover handoverCmd `cmd:"" help:"把一人手中的工作一次移交给另一人。 Hand over all that is in one person's hands to another."`
	Duties   dutiesCmd   `cmd:"" help:"职责清单：每类事项每个环节由谁负责，重叠与缺位。 The responsibility map: who answers for each step, overlaps and gaps."`
	Import   importCmd   `cmd:"" help:"导入工作报告或任务清单。 Bring in a work report or a task list."`
	Calendar calendarCmd `cmd:"" help:"工作日与时限；录入放假通知。 Working days and deadlines; enter a holiday notice."`
	Verify   verifyCmd   `cmd:"" help:"用本市公钥离线核验凭证。 Verify a receipt offline, against the city's public key."`
	Check    checkCmd    `cmd:"" help:"重放全部记录，与每一行数据核对。 Fold the whole log and compare it with every row."`
	Backup   backupCmd   `cmd:"" help:"服务器运行时，把签名的备份写入新文件。 Write a sealed backup to a new file, while the server runs."`
	Restore  restoreCmd  `cmd:"" help:"核对备份，并以它取代空的或已损坏的数据库。 Verify a backup and put it in place of an empty or spoilt database."`
	Spill    spillCmd    `cmd:"" help:"泄密处置：使误存的内容在数据库与备份中不可再读。 Take back what must not have been stored, from the database and backups."`
	Scrub    scrubCmd    `cmd:"" help:"清理存储：使已清除的内容在数据库文件中不再留有字节。 Scrub the database's files of what was erased."`
	Key      keyCmd      `cmd:"" help:"签署记录的密钥：公钥与更换。 The key that signs the log: its public keys, and replacing it."`
	Rebuild  rebuildCmd  `cmd:"" help:"由记录重算统计。 Count the sums again from the log."`
	Assist   assistCmd   `cmd:"" help:"用本办公室的往事检验辅助建议的准确率。 Measure the bundled help on the office's own history."`
	Mine     mineCmd     `cmd:"" help:"由流程日志（XES 或 CSV）还原流程实际走法。 Find out from a log (XES or CSV) how a process really ran."`
	Facts    factsCmd    `cmd:"" help:"从统计数据中找出值得一说的事实。 Find what in statistics is worth saying."`
	Claims   claimsCmd   `cmd:"" help:"核对文稿中的数据说法。 Hold what a draft says to the statistics."`
	Effect   effectCmd   `cmd:"" help:"评估一项政策起了什么作用。 Find out what a policy did."`
	Forecast forecastCmd `cmd:"" help:"预测序列的走向，附回测误差。 Tell how series go on, with back-tested errors."`
	Notice   noticeCmd   `cmd:"" help:"提醒渠道：发一条测试提醒。 The channels of notices: send a test."`
	Bench    benchCmd    `cmd:"" help:"与基线和上限对照的性能测量。 Measurements against a floor and against limits."`
	Torture  tortureCmd  `cmd:"" help:"在高负载下杀进程、断电，并清点丢失。 Kill the writer and cut its power under load, and count what was lost."`
}

// Help says what holds for all commands.
func (cli) Help() string {
	return `新手先看：touyan demo；正式使用：touyan setup，然后 touyan serve。每个命令加 --help 有用法示例。
To look around: touyan demo. To begin: touyan setup, then touyan serve. Every command shows examples with --help.

退出状态 exit status:

  0  完成 done
  1  失败，或发现有误（如凭证不符、清单有错）failed, or found something wrong (a receipt, a list)
  2  命令行写错 a wrong command line`
}

// The heap may grow to five times what is live before it is collected, as long
// as the whole stays under heapLimit: what is live is small and short-lived, and
// collecting it at twice its size cost a sixth of all processor time.
const (
	heapGrowth = 400 // per cent
	heapLimit  = 1 << 30
)

func main() {
	debug.SetGCPercent(heapGrowth)
	debug.SetMemoryLimit(heapLimit)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// streams is where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// parser reads command lines into c. exited is told what --help ends with.
func (c *cli) parser(ctx context.Context, s streams, exited func(int)) (*kong.Kong, error) {
	return kong.New(c, kong.Name("touyan"), kong.Description("头雁 Touyan：市政府办公室工作中枢。 The operating desk of a city government's office."),
		kong.Writers(s.out, s.err), kong.Exit(exited), kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 100}),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(s))
}

// run parses and runs one command line and gives the exit status: 0 done, 1
// failed or found something wrong, 2 a wrong command line.
func run(ctx context.Context, args []string, s streams) int {
	var c cli
	exit := -1
	parser, err := c.parser(ctx, s, func(code int) { exit = code })
	if err != nil {
		panic("touyan: the command line is declared wrongly: " + err.Error())
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelInfo})))
	command, err := parser.Parse(args)
	if exit >= 0 { // --help was printed
		return exit
	}
	if err != nil {
		fmt.Fprintf(s.err, "命令行有误，加 --help 查看用法。 The command line is wrong; --help shows how.\n  touyan: %v\n", err)
		return 2
	}
	if err := command.Run(); err != nil {
		if !errors.Is(err, errFound) {
			fmt.Fprint(s.err, explain(err))
		}
		return 1
	}
	return 0
}

// errFound ends a command that has said itself what is wrong.
var errFound = fmt.Errorf("something was found")

// explain gives an error as a person reads it, in both languages.
func explain(err error) string {
	f := fault.Of(err)
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", f.Text.ZH, f.Text.EN)
	for _, field := range f.Fields {
		fmt.Fprintf(&b, "  %s: %s %s\n", field.Path, field.Text.ZH, field.Text.EN)
	}
	if f.Kind == fault.Internal {
		fmt.Fprintf(&b, "  (%v)\n", err)
	}
	return b.String()
}

// printJSON writes a value as indented JSON.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
