// Package notice tells people what concerns them: from events of the log to
// notices (提醒) to letters through channels.
//
// Three things are kept apart. A domain says who is told what of an event, and
// later puts it into words (Domain). A follower of the log writes the notices and
// their deliveries in the commit that moves its cursor, so each event counts
// exactly once: that is the in-app channel. A sender takes each delivery to its
// channel (Channel): e-mail, webhook, message card.
//
// Never twice to the person: before a letter leaves, the delivery is claimed in
// the database with a lease, so that of many replicas one sends it. A try that
// surely failed is made again with growing pauses. One whose outcome nobody knows,
// because the process or the connection ended between sending and recording, is
// made again only where the channel promises that the same letter reaches the
// person once (Traits.Again); else the delivery ends as "may have been sent".
//
// It never stores words of a matter, never tells somebody of what the rules keep
// from him (the domain is asked when the notice is made, shown and sent), and
// never puts more into a letter than number and step, unless the installation
// allows titles.
package notice

import (
	"context"
	"embed"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"time"

	"touyan.dev/touyan/kernel/clock"
	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Class is a sort of notice, by which people choose how they are told.
type Class string

// The classes, most pressing first.
const (
	Overdue Class = "overdue" // 到期与超期
	Urge    Class = "urge"    // 催办
	Return  Class = "return"  // 退回
	Task    Class = "task"    // 待办
	Answer  Class = "answer"  // 答复
	Soon    Class = "soon"    // 将到期
	Duty    Class = "duty"    // 委托移交
	Issue   Class = "issue"   // 发布
	End     Class = "end"     // 办结
)

// Classes lists them, most pressing first.
func Classes() []Class {
	return []Class{Overdue, Urge, Return, Task, Answer, Soon, Duty, Issue, End}
}

// Name says a class.
func (c Class) Name() fault.Text {
	switch c {
	case Overdue:
		return fault.T("到期与超期", "Due and overdue")
	case Urge:
		return fault.T("催办", "Urge")
	case Return:
		return fault.T("退回", "Return")
	case Task:
		return fault.T("新到待办", "New in your hands")
	case Answer:
		return fault.T("答复待评价", "Answers for your word")
	case Soon:
		return fault.T("将到期", "Due soon")
	case Duty:
		return fault.T("委托与移交", "Delegation and handover")
	case Issue:
		return fault.T("流程发布", "Procedures in force")
	}
	return fault.T("办结情况", "Outcomes")
}

// Urgent reports a class that quiet hours do not hold up.
func (c Class) Urgent() bool { return c == Overdue || c == Urge }

// quietly reports a class that goes through no channel unless asked for.
func (c Class) quietly() bool { return c == Issue || c == End }

// Told says that a person is to be told of an event: of which class, by which
// sentence of the domain, and of which step.
type Told struct {
	Person int64
	Class  Class
	Text   string
	Step   string
}

// Notice is one notice to one person of one event.
type Notice struct {
	Person  int64
	Pos     int64
	Class   Class
	Subject int64
	Text    string
	Step    string
	At      time.Time
	Seen    time.Time // zero: not yet
}

// Words is a notice put into words for its reader.
type Words struct {
	Text   fault.Text // whole, for the screen
	Plain  fault.Text // what may leave the house: no name, no title
	Number string     // of the matter; "" if it has none
	Title  string
	Sealed bool   // number and title must not leave the house
	Link   string // path of the page that it is about
}

// Domain says who is told what, and in which words.
type Domain interface {
	// Told gives who is to be told of an event. Whoever may not read the subject
	// is not among them.
	Told(ctx context.Context, e event.Event) ([]Told, error)
	// Words puts notices to one person into words, as things stand now, by their
	// positions. One whose subject he may not read, or that is gone, is missing.
	Words(ctx context.Context, person int64, notices []Notice) (map[int64]Words, error)
}

// Letter is a notice as a channel sends it. ID is the same at every try, and so
// is all the rest if the delivery is made again after an unknown outcome.
type Letter struct {
	ID     string     `json:"id"`
	To     string     `json:"to,omitempty"` // address in the channel; "" if it needs none
	Person int64      `json:"person"`
	Class  Class      `json:"class"`
	At     time.Time  `json:"at"` // of the event
	Text   fault.Text `json:"text"`
	Number string     `json:"number,omitempty"`
	Title  string     `json:"title,omitempty"` // only where titles are allowed
	Link   string     `json:"link"`
}

// Traits is what a channel promises.
type Traits struct {
	Name    string
	Address bool          // each person has an address of his own there
	Again   time.Duration // within it the same letter, sent again, reaches the person once; 0: no such promise
}

// Channel sends letters. An error that is not a *NotSent means that nobody knows
// whether the letter went out.
type Channel interface {
	Traits() Traits
	Send(ctx context.Context, l Letter) (ref string, err error)
}

// NotSent is the error of a letter that surely was not sent.
type NotSent struct {
	Code  string        // short and without personal data, such as "smtp 550"
	Final bool          // trying again is of no use
	After time.Duration // the channel's own word on when to try again; 0: ours
}

func (e *NotSent) Error() string { return "not sent: " + e.Code }

// Config is what a Post is built from.
type Config struct {
	DB       *store.DB
	Clock    clock.Clock // the office's
	Machine  clock.Clock // of pauses, leases and quiet hours; clock.System by default
	Domain   Domain
	Channels []Channel
	Site     string // public address of the screens, for links: https://desk.example.gov.cn
	Name     string // of the installation, in the ids of letters
	Titles   bool   // letters may hold titles
	Log      *slog.Logger
}

// Post makes notices and sends them. Make one with New.
type Post struct {
	cfg      Config
	channels map[string]Channel
	wake     chan struct{} // something may be due

	mu       sync.Mutex
	watchers map[int64]map[chan struct{}]bool
}

// New builds a post office. Run makes it work.
func New(cfg Config) *Post {
	if cfg.Machine == nil {
		cfg.Machine = clock.System{}
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	p := &Post{cfg: cfg, channels: map[string]Channel{}, wake: make(chan struct{}, 1), watchers: map[int64]map[chan struct{}]bool{}}
	for _, c := range cfg.Channels {
		p.channels[c.Traits().Name] = c
	}
	return p
}

// Channels gives the channels that are set up, in their order.
func (p *Post) Channels() []Traits {
	out := make([]Traits, len(p.cfg.Channels))
	for i, c := range p.cfg.Channels {
		out[i] = c.Traits()
	}
	return out
}

// The names of the channels.
const (
	SMTP    = "smtp"
	Webhook = "webhook"
	Card    = "card"
)

// ChannelName says a channel.
func ChannelName(name string) fault.Text {
	switch name {
	case SMTP:
		return fault.T("电子邮件", "E-mail")
	case Webhook:
		return fault.T("接口推送", "Webhook")
	case Card:
		return fault.T("政务消息卡片", "Message card")
	}
	return fault.T(name, name)
}

func pressing(a, b Class) int { return slices.Index(Classes(), a) - slices.Index(Classes(), b) }

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations gives the tables of notices.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic("notice: " + err.Error())
	}
	return sub
}
