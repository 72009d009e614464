package docket

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/web"
)

// people serves the directory: units, posts, and the pickers of forms.
type people struct {
	*Office
	registry *auth.Registry
}

type unitRow struct {
	ID     int64      `json:"id"`
	Parent int64      `json:"parent"`
	Name   fault.Text `json:"name"`
	Level  auth.Level `json:"level"`
	Kind   auth.Kind  `json:"kind"`
	Posts  []postRow  `json:"posts"`
	Open   int        `json:"open" doc:"open matters in its hands"`
}

type postRow struct {
	ID         int64      `json:"id"`
	Person     int64      `json:"person"`
	PersonName string     `json:"person_name"`
	Duty       auth.Duty  `json:"duty"`
	DutyName   fault.Text `json:"duty_name"`
	Title      fault.Text `json:"title"`
	Away       string     `json:"away" doc:"until when the holder is away; empty if he is not"`
	ActedBy    []string   `json:"acted_by" doc:"who acts for the holder with this post now"`
}

type personRow struct {
	ID       int64      `json:"id"`
	Name     string     `json:"name"`
	Unit     int64      `json:"unit"`
	UnitName fault.Text `json:"unit_name"`
	Duty     auth.Duty  `json:"duty"`
	DutyName fault.Text `json:"duty_name"`
}

type made struct {
	ID int64 `json:"id"`
}

func created(path, id, summary string) web.Op {
	op := post(path, id, summary)
	op.Status = http.StatusCreated
	return op
}

// proven marks an act that changes somebody's rights.
func proven(op web.Op) web.Op {
	op.Proof = true
	return op
}

// sought marks an operation by which people or things are searched for.
func sought(op web.Op, what string) web.Op {
	op.Reads, op.Seeks = what, "q"
	return op
}

func (p *people) register(s *web.Server) {
	web.Register(s, get("/api/units", "units", "The tree of units with their posts"), func(ctx context.Context, _ *struct{}) (*out[[]unitRow], error) {
		return reply(p.units(ctx, web.Who(ctx)))
	})
	web.Register(s, sought(get("/api/people", "people", "People with posts, for choosing one"), "people"), func(ctx context.Context, in *struct {
		Unit int64  `query:"unit" doc:"this unit and those below it"`
		Duty string `query:"duty" maxLength:"20"`
		Q    string `query:"q" maxLength:"60"`
		Free bool   `query:"free" doc:"first those who hold no post yet, for giving them one"`
	}) (*out[[]personRow], error) {
		return reply(p.find(web.Who(ctx), in.Unit, auth.Duty(in.Duty), in.Q, in.Free))
	})
	web.Register(s, created("/api/units", "unit-add", "Add a unit"), func(ctx context.Context, in *struct {
		Body struct {
			Parent int64  `json:"parent"`
			Name   string `json:"name" maxLength:"100"`
			NameEN string `json:"name_en,omitempty" maxLength:"100"`
			Kind   string `json:"kind" maxLength:"20"`
		}
	}) (*out[made], error) {
		b := in.Body
		id, err := p.registry.AddUnit(ctx, web.Who(ctx), auth.NewUnit{Key: web.Key(ctx), Parent: b.Parent, Kind: auth.Kind(b.Kind), Name: bothNames(b.Name, b.NameEN)})
		return reply(made{id}, err)
	})
	web.Register(s, proven(created("/api/people", "person-add", "Add a person")), func(ctx context.Context, in *struct {
		Body struct {
			Login    string `json:"login" maxLength:"60"`
			Name     string `json:"name" maxLength:"60"`
			NameEN   string `json:"name_en,omitempty" maxLength:"60"`
			Password string `json:"password" maxLength:"200"`
		}
	}) (*out[made], error) {
		b := in.Body
		id, err := p.registry.AddPerson(ctx, web.Who(ctx), auth.NewPerson{Key: web.Key(ctx), Login: b.Login, Name: bothNames(b.Name, b.NameEN), Password: b.Password})
		return reply(made{id}, err)
	})
	web.Register(s, proven(created("/api/posts", "post-begin", "Give a person a post")), func(ctx context.Context, in *struct {
		Body struct {
			Person int64  `json:"person"`
			Unit   int64  `json:"unit"`
			Duty   string `json:"duty" maxLength:"20"`
			Title  string `json:"title,omitempty" maxLength:"60"`
		}
	}) (*out[made], error) {
		b := in.Body
		id, err := p.registry.AddPost(ctx, web.Who(ctx), auth.NewPost{Key: web.Key(ctx), Person: b.Person, Unit: b.Unit, Duty: auth.Duty(b.Duty), Title: bothNames(b.Title, "")})
		return reply(made{id}, err)
	})
	web.Register(s, web.Op{Method: http.MethodDelete, Path: "/api/posts/{id}", ID: "post-end", Summary: "End a post today", Tag: "docket", Status: http.StatusNoContent, Proof: true}, func(ctx context.Context, in *struct {
		ByID
		Leave bool `query:"leave" doc:"end it although work is open that nobody else can do"`
	}) (*struct{}, error) {
		today := calendar.DayOf(p.Clock.Now())
		return nil, p.registry.EndPost(ctx, web.Who(ctx), web.Key(ctx), in.ID, today.String(), in.Leave)
	})
	p.registerDelegations(s)
	p.registerDuties(s)
}

func bothNames(zh, en string) fault.Text {
	if en == "" {
		en = zh
	}
	return fault.T(zh, en)
}

// staffOnly lets in who holds a post: the directory is not for the public.
func (p *people) staffOnly(who auth.Principal) error {
	dir := p.Book.Now()
	if len(dir.PostsOf(who.Person, dir.Day())) == 0 {
		return fault.New(fault.Forbidden, "docket.people", "组织目录只供在职人员查看。", "The directory is for the staff.")
	}
	return nil
}

func (p *people) units(ctx context.Context, who auth.Principal) ([]unitRow, error) {
	if err := p.staffOnly(who); err != nil {
		return nil, err
	}
	v := p.view(who)
	open, err := p.Desk.OpenByUnit(ctx, who)
	if err != nil {
		return nil, err
	}
	got := []unitRow{}
	for _, u := range v.dir.Units() {
		r := unitRow{ID: u.ID, Parent: u.Parent, Name: u.Name, Level: u.Level, Kind: u.Kind, Posts: []postRow{}, Open: open[u.ID]}
		for _, d := range auth.Duties() {
			for _, post := range v.dir.Holders(d, u.ID) {
				row := postRow{ID: post.ID, Person: post.Person, PersonName: v.person(post.Person), Duty: d, DutyName: d.Name(), Title: post.Title}
				row.Away, row.ActedBy = v.standIns(post)
				r.Posts = append(r.Posts, row)
			}
		}
		got = append(got, r)
	}
	return got, nil
}

func (p *people) find(who auth.Principal, unit int64, duty auth.Duty, q string, free bool) ([]personRow, error) {
	if err := p.staffOnly(who); err != nil {
		return nil, err
	}
	v := p.view(who)
	units := v.dir.Descendants(unit)
	if unit == 0 {
		units = v.dir.Descendants(v.dir.Root())
	}
	got := []personRow{}
	if free {
		if !v.administers() {
			return nil, fault.New(fault.Forbidden, "docket.people", "只有系统管理员可以查看没有岗位的人员。", "Only administrators see people without a post.")
		}
		got = v.withoutPost(q)
	}
	for _, u := range units {
		for _, d := range auth.Duties() {
			if duty != "" && d != duty {
				continue
			}
			for _, post := range v.dir.Holders(d, u) {
				person, _ := v.dir.Person(post.Person)
				if called(person, q) {
					got = append(got, personRow{ID: person.ID, Name: person.Name.ZH, Unit: u, UnitName: v.unit(u), Duty: d, DutyName: d.Name()})
				}
			}
		}
	}
	return got[:min(len(got), 500)], nil
}

// called reports whether q is empty or part of a person's name or login.
func called(p auth.Person, q string) bool {
	q = strings.ToLower(q)
	return strings.Contains(p.Name.ZH, q) || strings.Contains(strings.ToLower(p.Name.EN), q) || q != "" && p.Login == q
}

// administers reports whether the reader is an administrator. People without a
// post may be citizens, so nobody else is shown them.
func (v view) administers() bool {
	return slices.ContainsFunc(v.dir.PostsOf(v.who.Person, v.dir.Day()), func(p auth.Post) bool { return p.Duty == auth.Admin })
}

// withoutPost lists the people who hold no post today, the newest first: whoever
// has just been added is the one to be given a post.
func (v view) withoutPost(q string) []personRow {
	got := []personRow{}
	for _, p := range v.dir.People() {
		if p.Status == auth.Active && called(p, q) && len(v.dir.PostsOf(p.ID, v.dir.Day())) == 0 {
			got = append(got, personRow{ID: p.ID, Name: p.Name.ZH})
		}
	}
	slices.Reverse(got)
	return got
}
