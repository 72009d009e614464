package auth

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"touyan.dev/touyan/kernel/event"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/store"
)

// Kinds of the directory's events. Their bodies hold the row as it became.
const (
	EventUnitAdded     = "auth/unit.added"
	EventPersonAdded   = "auth/person.added"
	EventPersonStatus  = "auth/person.status"
	EventPasswordReset = "auth/password.reset"
	EventPostBegun     = "auth/post.begun"
	EventPostEnded     = "auth/post.ended"
)

// Registry (人事目录) is where administrators keep the directory. Each method is
// one act: it asks the rules, writes one event and counts the version up. Key
// is the client's idempotency key.
type Registry struct {
	book     *Book
	rules    *Rules
	accounts *Accounts
	work     Work
}

// Work knows what is in people's hands.
type Work interface {
	// Unfinished counts the open steps that nobody could do if the person were
	// suspended, or, unless it is 0, the post ended.
	Unfinished(ctx context.Context, person, post int64) (int, error)
}

// Minding makes the registry refuse to leave work that nobody could do.
func (r *Registry) Minding(w Work) *Registry {
	r.work = w
	return r
}

// mind refuses to leave open work behind, unless it is said to be meant. Who may
// not do the act is told so by the act itself, and not how much is open.
func (r *Registry) mind(ctx context.Context, who Principal, action string, person, post int64, leave bool) error {
	if r.work == nil || leave {
		return nil
	}
	dir := r.book.Now()
	units := dir.AnswersFor(person)
	if p, ok := dir.Post(post); ok {
		units = []int64{p.Unit}
	}
	for _, unit := range units {
		if v, _ := r.rules.Require(dir, who, action, Resource{Type: "Unit", ID: unit, Unit: unit}); !v.Allowed {
			return nil
		}
	}
	n, err := r.work.Unfinished(ctx, person, post)
	if err == nil && n > 0 {
		err = fault.New(fault.Conflict, "auth.Registry", fmt.Sprintf("还有%d项未结工作只有此人能办，请先办理移交，或明确表示暂不移交。", n),
			fmt.Sprintf("%d open steps are this person's alone: hand them over first, or say that they are to stay.", n))
	}
	return err
}

// NewRegistry needs rules that include Policies.
func NewRegistry(book *Book, rules *Rules, accounts *Accounts) *Registry {
	return &Registry{book: book, rules: rules, accounts: accounts}
}

// NewUnit is a unit to be added.
type NewUnit struct {
	Key     string
	Parent  int64
	Kind    Kind
	DutyKey string // a–z, 0–9 and -, unique; "" for none
	Name    fault.Text
}

// NewPerson is a person to be added.
type NewPerson struct {
	Key      string
	Unit     int64 // the unit whose administrator adds the person; 0 is the root
	Login    string
	Name     fault.Text
	Password string
}

// NewPost is a post to be begun.
type NewPost struct {
	Key    string
	Person int64
	Unit   int64
	Duty   Duty
	Title  fault.Text // as on the staff list (科长); the duty's name when empty
	From   string     // YYYY-MM-DD; "" is today
	To     string     // last day; "" has no end
}

// order is what every act of the registry carries.
type order struct {
	dir   *Directory
	rules *Rules
	who   Principal
	once  event.Once
	at    time.Time
	id    int64 // answer: the object's id

	behalf int64 // for whom it is done, by delegation
}

func (o *order) Load(g *store.Group) {
	event.Load(g, o.once)
	LoadVersion(g)
}

// begin gives done for a retry, and an error when the act is not allowed in
// each of the units.
func (o *order) begin(g *store.Group, action string, units ...int64) (done bool, err error) {
	return o.beginFor(g, action, 0, units...)
}

// beginFor is begin for an act that concerns what is a person's own.
func (o *order) beginFor(g *store.Group, action string, person int64, units ...int64) (done bool, err error) {
	o.behalf = 0
	if pos, seen := event.Seen(g, o.once); seen {
		o.id = pos
		return true, nil
	}
	if err := Current(g, o.dir); err != nil {
		return false, err
	}
	for _, unit := range units {
		v, err := o.rules.Require(o.dir, o.who, action, Resource{Type: "Unit", ID: unit, Unit: unit, Named: person})
		if err != nil {
			return false, err
		}
		o.behalf = v.Behalf
	}
	return false, nil
}

// record writes the act's event and counts the version up.
func (o *order) record(g *store.Group, kind string, subject int64, body any) error {
	if err := o.note(g, kind, subject, body); err != nil {
		return err
	}
	advance(g)
	return nil
}

// note writes the event of an act that leaves the directory as it is.
func (o *order) note(g *store.Group, kind string, subject int64, body any) error {
	place, err := event.Append(g, event.Draft{Kind: kind, Subject: subject, Actor: o.who.Person, Behalf: o.behalf, Key: o.once.Key, Recorded: o.at, Body: body})
	if err != nil {
		return err
	}
	o.id = place.Event.Pos
	return nil
}

// write runs an act against the newest directory and brings the book up to date.
func (r *Registry) write(ctx context.Context, who Principal, key string, build func(order) (store.Change, *order)) (int64, error) {
	if key == "" {
		return 0, fault.At("auth.Registry", "key", "缺少操作号。", "The idempotency key is missing.")
	}
	var last *order
	err := r.book.Write(ctx, func(d *Directory) store.Change {
		c, o := build(order{dir: d, rules: r.rules, who: who, once: event.Once{Actor: who.Person, Key: event.KeyOf(key)}, at: r.book.clock.Now()})
		last = o
		return c
	})
	if err != nil {
		return 0, fault.Wrap("auth.Registry", err)
	}
	return last.id, r.book.Refresh(ctx)
}

// AddUnit adds a unit and gives its id.
func (r *Registry) AddUnit(ctx context.Context, who Principal, in NewUnit) (int64, error) {
	return r.write(ctx, who, in.Key, func(o order) (store.Change, *order) {
		c := &addUnit{order: o, in: in}
		return c, &c.order
	})
}

type addUnit struct {
	order
	in NewUnit
}

func (c *addUnit) Decide(g *store.Group) error {
	if done, err := c.begin(g, "directory.add_unit", c.in.Parent); done || err != nil {
		return err
	}
	parent, ok := c.dir.Unit(c.in.Parent)
	if !ok {
		return fault.At("auth.AddUnit", "parent", "上级单位不存在。", "There is no such unit above.")
	}
	if err := c.in.check(c.dir); err != nil {
		return err
	}
	u := Unit{Parent: parent.ID, Level: parent.Level.below(c.in.Kind), Kind: c.in.Kind, DutyKey: c.in.DutyKey, Name: c.in.Name}
	if err := c.record(g, EventUnitAdded, event.NewSubject, unitBody(u)); err != nil {
		return err
	}
	u.ID = c.id
	store.Insert(g, &units, u.ID, u)
	return nil
}

func (in NewUnit) check(d *Directory) error {
	if !in.Kind.Known() {
		return fault.At("auth.AddUnit", "kind", "请选择单位类别。", "Choose the kind of unit.")
	}
	if err := named("auth.AddUnit", "name", in.Name); err != nil {
		return err
	}
	if in.DutyKey == "" {
		return nil
	}
	if !keyForm().MatchString(in.DutyKey) {
		return fault.At("auth.AddUnit", "duty_key", "单位代号只能用小写字母、数字和连字符，不超过40个字符。", "A unit's key is up to 40 lower-case letters, digits and hyphens.")
	}
	if _, taken := d.UnitByKey(in.DutyKey); taken {
		return fault.At("auth.AddUnit", "duty_key", "此单位代号已被使用。", "Another unit has this key.")
	}
	return nil
}

func keyForm() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`) }
func loginForm() *regexp.Regexp {
	return regexp.MustCompile(`^[\p{Han}a-z0-9][\p{Han}a-z0-9._@-]{1,63}$`)
}

// maxName bounds names and titles, in characters.
const maxName = 100

func named(op, path string, t fault.Text) error {
	if strings.TrimSpace(t.ZH) == "" {
		return fault.At(op, path, "请填写名称。", "The name is missing.")
	}
	if utf8.RuneCountInString(t.ZH) > maxName || utf8.RuneCountInString(t.EN) > maxName || !utf8.ValidString(t.ZH+t.EN) || strings.ContainsFunc(t.ZH+t.EN, func(r rune) bool { return r < ' ' }) {
		return fault.At(op, path, "名称过长或含有控制字符。", "The name is too long or holds control characters.")
	}
	return nil
}

// normalLogin gives the form in which logins are stored and compared.
func normalLogin(login string) string { return strings.ToLower(strings.TrimSpace(login)) }

func unitBody(u Unit) any {
	return map[string]any{"parent": u.Parent, "level": u.Level, "kind": u.Kind, "duty_key": u.DutyKey, "name": u.Name}
}

func personBody(p Person) any {
	return map[string]any{"login": p.Login, "name": p.Name, "status": p.Status}
}

func postBody(p Post) any {
	return map[string]any{"person": p.Person, "unit": p.Unit, "duty": p.Duty, "title": p.Title, "from": p.From, "to": p.To}
}

// AddPerson adds a person with a first password and gives the person's id.
func (r *Registry) AddPerson(ctx context.Context, who Principal, in NewPerson) (int64, error) {
	in.Login = normalLogin(in.Login)
	if err := in.check(); err != nil {
		return 0, err
	}
	hash, err := r.accounts.hasher.make(ctx, in.Password)
	if err != nil {
		return 0, fault.Wrap("auth.AddPerson", err)
	}
	return r.write(ctx, who, in.Key, func(o order) (store.Change, *order) {
		c := &addPerson{order: o, in: in, hash: hash}
		return c, &c.order
	})
}

func (in NewPerson) check() error {
	if !loginForm().MatchString(in.Login) {
		return fault.At("auth.AddPerson", "login", "登录名为2至64个字符，可用汉字、字母、数字和 . _ - @。", "A login is 2 to 64 characters: letters, digits and . _ - @.")
	}
	if err := named("auth.AddPerson", "name", in.Name); err != nil {
		return err
	}
	return checkPassword("password", in.Login, in.Password)
}

type addPerson struct {
	order
	in   NewPerson
	hash string
}

func (c *addPerson) Load(g *store.Group) {
	c.order.Load(g)
	store.Want(g, &logins, c.in.Login)
}

func (c *addPerson) Decide(g *store.Group) error {
	unit := c.in.Unit
	if unit == 0 {
		unit = c.dir.Root()
	}
	if done, err := c.begin(g, "directory.add_person", unit); done || err != nil {
		return err
	}
	if _, taken := store.Get(g, &logins, c.in.Login); taken {
		return fault.At("auth.AddPerson", "login", "此登录名已被使用。", "Another person has this login.")
	}
	p := Person{Login: c.in.Login, Name: c.in.Name, Status: Active}
	if err := c.record(g, EventPersonAdded, event.NewSubject, personBody(p)); err != nil {
		return err
	}
	p.ID = c.id
	enroll(g, p, c.hash)
	return nil
}

// enroll writes the rows of a new person.
func enroll(g *store.Group, p Person, hash string) {
	store.Insert(g, &people, p.ID, p)
	store.Insert(g, &logins, p.Login, p.ID)
	store.Insert(g, &accounts, p.ID, account{hash: hash, turn: 1})
}

// AddPost begins a post and gives its id.
func (r *Registry) AddPost(ctx context.Context, who Principal, in NewPost) (int64, error) {
	return r.write(ctx, who, in.Key, func(o order) (store.Change, *order) {
		c := &addPost{order: o, in: in}
		return c, &c.order
	})
}

type addPost struct {
	order
	in NewPost
}

func (c *addPost) Decide(g *store.Group) error {
	if done, err := c.begin(g, "directory.add_post", c.in.Unit); done || err != nil {
		return err
	}
	if _, ok := c.dir.Unit(c.in.Unit); !ok {
		return fault.At("auth.AddPost", "unit", "单位不存在。", "There is no such unit.")
	}
	if _, ok := c.dir.Person(c.in.Person); !ok {
		return fault.At("auth.AddPost", "person", "人员不存在。", "There is no such person.")
	}
	p := Post{Person: c.in.Person, Unit: c.in.Unit, Duty: c.in.Duty, Title: c.in.Title, From: c.in.From, To: c.in.To}
	if p.From == "" {
		p.From = c.dir.Day()
	}
	if err := p.check(c.dir); err != nil {
		return err
	}
	if err := c.record(g, EventPostBegun, event.NewSubject, postBody(p)); err != nil {
		return err
	}
	p.ID = c.id
	store.Insert(g, &posts, p.ID, p)
	return nil
}

func (p *Post) check(d *Directory) error {
	if !p.Duty.Known() {
		return fault.At("auth.AddPost", "duty", "请选择职务。", "Choose the duty.")
	}
	if p.Title == (fault.Text{}) {
		p.Title = p.Duty.Name()
	}
	if err := named("auth.AddPost", "title", p.Title); err != nil {
		return err
	}
	if !isDay(p.From) {
		return fault.At("auth.AddPost", "from", "任职起始日应写作 2026-11-23。", "The first day is written 2026-11-23.")
	}
	if p.To != "" && (!isDay(p.To) || p.To < p.From) {
		return fault.At("auth.AddPost", "to", "任职截止日应写作 2026-11-23，且不早于起始日。", "The last day is written 2026-11-23 and is not before the first.")
	}
	for _, other := range d.PostsOf(p.Person, "") {
		if other.Unit == p.Unit && other.Duty == p.Duty && (other.To == "" || other.To >= p.From) && (p.To == "" || p.To >= other.From) {
			return fault.New(fault.Conflict, "auth.AddPost", "此人在该单位已任此职务。", "This person already holds this duty in this unit.")
		}
	}
	return nil
}

func isDay(day string) bool {
	_, err := time.Parse(dayForm, day)
	return err == nil
}

// EndPost ends a post with its last day; an empty day means that it no longer
// counts from today on. With work that nobody else could do it is refused, unless
// leave says that the work is to stay.
func (r *Registry) EndPost(ctx context.Context, who Principal, key string, post int64, last string, leave bool) error {
	if p, ok := r.book.Now().Post(post); ok {
		if err := r.mind(ctx, who, "directory.end_post", p.Person, post, leave); err != nil {
			return err
		}
	}
	_, err := r.write(ctx, who, key, func(o order) (store.Change, *order) {
		c := &endPost{order: o, post: post, last: last}
		return c, &c.order
	})
	return err
}

type endPost struct {
	order
	post int64
	last string
}

func (c *endPost) Load(g *store.Group) {
	c.order.Load(g)
	store.Want(g, &posts, c.post)
}

func (c *endPost) Decide(g *store.Group) error {
	p, ok := store.Get(g, &posts, c.post)
	if !ok {
		return fault.New(fault.NotFound, "auth.EndPost", "没有这一任职记录。", "There is no such post.")
	}
	if done, err := c.begin(g, "directory.end_post", p.Unit); done || err != nil {
		return err
	}
	last := c.last
	if last == "" {
		today, err := time.Parse(dayForm, c.dir.Day())
		if err != nil {
			return fault.Wrap("auth.EndPost", err)
		}
		last = today.AddDate(0, 0, -1).Format(dayForm)
	}
	if !isDay(last) || p.To != "" && last > p.To {
		return fault.At("auth.EndPost", "last", "任职截止日应写作 2026-11-23，且不晚于原截止日。", "The last day is written 2026-11-23 and is not after the one set before.")
	}
	if p.Duty == Admin && p.Unit == c.dir.Root() && !c.dir.administered(func(other Post) bool { return other.ID != p.ID }) {
		return lastAdmin()
	}
	p.To = last
	if err := c.record(g, EventPostEnded, p.ID, postBody(p)); err != nil {
		return err
	}
	store.Put(g, &posts, p.ID, p)
	return nil
}

// administered reports whether a lasting administrator of the root remains
// among the posts that keep allows.
func (d *Directory) administered(keep func(Post) bool) bool {
	for _, p := range d.Holders(Admin, d.root) {
		if p.To == "" && keep(p) {
			return true
		}
	}
	return false
}

func lastAdmin() error {
	return fault.New(fault.Conflict, "auth.Registry", "这是最后一名系统管理员，请先任命另一名。", "This is the last administrator; appoint another first.")
}

// SetStatus suspends a person or makes the person active again. Who has work in
// hand that nobody else could do is not suspended, unless leave says that the
// work is to stay.
func (r *Registry) SetStatus(ctx context.Context, who Principal, key string, person int64, status Status, leave bool) error {
	if status != Active && status != Suspended {
		return fault.At("auth.SetStatus", "status", "请选择启用或停用。", "Choose active or suspended.")
	}
	if status == Suspended {
		if err := r.mind(ctx, who, "directory.set_status", person, 0, leave); err != nil {
			return err
		}
	}
	_, err := r.write(ctx, who, key, func(o order) (store.Change, *order) {
		c := &setStatus{order: o, person: person, status: status}
		return c, &c.order
	})
	return err
}

type setStatus struct {
	order
	person int64
	status Status
}

func (c *setStatus) Load(g *store.Group) {
	c.order.Load(g)
	store.Want(g, &people, c.person)
}

func (c *setStatus) Decide(g *store.Group) error {
	if done, err := c.begin(g, "directory.set_status", c.dir.AnswersFor(c.person)...); done || err != nil {
		return err
	}
	p, ok := store.Get(g, &people, c.person)
	if !ok {
		return noPerson()
	}
	if c.status == Suspended && c.dir.Holds(p.ID, Admin, c.dir.Root()) && !c.dir.administered(func(other Post) bool { return other.Person != p.ID }) {
		return lastAdmin()
	}
	p.Status = c.status
	if err := c.record(g, EventPersonStatus, p.ID, personBody(p)); err != nil {
		return err
	}
	store.Put(g, &people, p.ID, p)
	return nil
}

func noPerson() error {
	return fault.New(fault.NotFound, "auth.Registry", "没有此人。", "There is no such person.")
}

// AnswersFor lists the units whose administrators may touch a person's
// account: all in which the person holds or will hold a post, or the root.
// Were it any, whoever gives a person a post could take the account over.
func (d *Directory) AnswersFor(person int64) []int64 {
	var out []int64
	for _, p := range d.PostsOf(person, "") {
		if p.To == "" || p.To >= d.day {
			out = append(out, p.Unit)
		}
	}
	if len(out) == 0 {
		return []int64{d.root}
	}
	return distinct(out)
}

// SetPassword gives a person a new password, without the old one, and ends all
// the person's sessions.
func (r *Registry) SetPassword(ctx context.Context, who Principal, key string, person int64, password string) error {
	p, ok := r.book.Now().Person(person)
	if !ok {
		return noPerson()
	}
	if err := checkPassword("password", p.Login, password); err != nil {
		return err
	}
	hash, err := r.accounts.hasher.make(ctx, password)
	if err != nil {
		return fault.Wrap("auth.SetPassword", err)
	}
	_, err = r.write(ctx, who, key, func(o order) (store.Change, *order) {
		c := &setPassword{order: o, person: person, hash: hash}
		return c, &c.order
	})
	r.accounts.forget(person)
	return err
}

type setPassword struct {
	order
	person int64
	hash   string
}

func (c *setPassword) Load(g *store.Group) {
	c.order.Load(g)
	store.Want(g, &accounts, c.person)
	store.Want(g, &lockouts, c.person)
}

func (c *setPassword) Decide(g *store.Group) error {
	if done, err := c.begin(g, "directory.set_password", c.dir.AnswersFor(c.person)...); done || err != nil {
		return err
	}
	a, ok := store.Get(g, &accounts, c.person)
	if !ok {
		return noPerson()
	}
	if err := c.record(g, EventPasswordReset, c.person, struct{}{}); err != nil {
		return err
	}
	store.Put(g, &accounts, c.person, account{hash: c.hash, turn: a.turn + 1})
	if _, ok := store.Get(g, &lockouts, c.person); ok {
		store.Put(g, &lockouts, c.person, lockout{})
	}
	return nil
}
