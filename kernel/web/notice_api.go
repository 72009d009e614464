package web

import (
	"context"
	"net/http"
	"time"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/notice"
)

// Notices serves what people are told (提醒), how they want to be told, and to
// administrators how letters fared. Fill all fields.
type Notices struct {
	Post *notice.Post
	Book *auth.Book
}

// Register adds the operations to the server.
func (n *Notices) Register(s *Server) {
	n.registerList(s)
	n.registerSettings(s)
	n.registerDeliveries(s)
}

// noticeRow is a notice in the list.
type noticeRow struct {
	Pos       int64      `json:"pos"`
	Class     string     `json:"class"`
	ClassName fault.Text `json:"class_name"`
	Urgent    bool       `json:"urgent"`
	Text      fault.Text `json:"text"`
	Number    string     `json:"number"`
	Title     string     `json:"title"`
	Link      string     `json:"link" doc:"path of the page that it is about"`
	At        string     `json:"at"`
	Seen      bool       `json:"seen"`
}

type noticePage struct {
	Items []noticeRow `json:"items"`
	Next  int64       `json:"next" doc:"before of the next page; 0: this was the last"`
}

type noticeCount struct {
	Unread int `json:"unread" doc:"up to 100"`
}

func (n *Notices) registerList(s *Server) {
	Register(s, Op{Method: "GET", Path: "/api/notices", ID: "notices", Summary: "What the caller is told, newest first", Tag: "notices"}, func(ctx context.Context, in *struct {
		Before int64 `query:"before" minimum:"0"`
		Unread bool  `query:"unread"`
		Limit  int   `query:"limit" minimum:"1" maximum:"100" default:"30"`
	}) (*reply[noticePage], error) {
		list, next, err := n.Post.List(ctx, Who(ctx).Person, in.Before, in.Unread, in.Limit)
		got := noticePage{Items: []noticeRow{}, Next: next}
		for _, x := range list {
			got.Items = append(got.Items, noticeRow{x.Pos, string(x.Class), x.Class.Name(), x.Class.Urgent(), x.Words.Text, x.Number, x.Title, x.Link, written(x.At), !x.Seen.IsZero()})
		}
		return replied(got, err)
	})
	Register(s, Op{Method: "GET", Path: "/api/notices/count", ID: "notice-count", Summary: "How many notices the caller has not read", Tag: "notices", Quiet: true}, func(ctx context.Context, _ *nothing) (*reply[noticeCount], error) {
		count, err := n.Post.Unread(ctx, Who(ctx).Person)
		return replied(noticeCount{count}, err)
	})
	Register(s, Op{Method: "POST", Path: "/api/notices/seen", ID: "notices-seen", Summary: "Mark the caller's notices as read", Tag: "notices", Keyless: true}, func(ctx context.Context, in *struct {
		Body struct {
			Pos     int64 `json:"pos" minimum:"0" doc:"up to this position"`
			Subject int64 `json:"subject,omitempty" minimum:"0" doc:"only those of one matter"`
			Only    bool  `json:"only,omitempty" doc:"only the one at this position"`
		}
	}) (*reply[noticeCount], error) {
		who := Who(ctx).Person
		if err := n.Post.See(ctx, who, in.Body.Subject, in.Body.Pos, in.Body.Only); err != nil {
			return nil, err
		}
		count, err := n.Post.Unread(ctx, who)
		return replied(noticeCount{count}, err)
	})
}

type noticeClass struct {
	Class  string     `json:"class"`
	Name   fault.Text `json:"name"`
	Urgent bool       `json:"urgent" doc:"quiet hours do not hold it up"`
}

type noticeWay struct {
	Channel string     `json:"channel"`
	Name    fault.Text `json:"name"`
	To      string     `json:"to"`
	Off     []string   `json:"off" doc:"classes that do not go there"`
}

type noticeSettings struct {
	QuietFrom string        `json:"quiet_from" doc:"HH:MM; the same as quiet_to: no quiet hours"`
	QuietTo   string        `json:"quiet_to"`
	Classes   []noticeClass `json:"classes"`
	Ways      []noticeWay   `json:"ways" doc:"the channels of this installation that want an address"`
}

const hourForm = "15:04"

func hourOf(minutes int) string {
	return time.Time{}.Add(time.Duration(minutes) * time.Minute).Format(hourForm)
}

func (n *Notices) settings(ctx context.Context) (got noticeSettings, err error) {
	s, err := n.Post.Setting(ctx, Who(ctx).Person)
	if err != nil {
		return got, err
	}
	got = noticeSettings{QuietFrom: hourOf(s.From), QuietTo: hourOf(s.To), Ways: []noticeWay{}}
	for _, c := range notice.Classes() {
		got.Classes = append(got.Classes, noticeClass{string(c), c.Name(), c.Urgent()})
	}
	for _, t := range n.Post.Channels() {
		if !t.Address {
			continue
		}
		w, ok := s.Ways[t.Name]
		if !ok {
			w = notice.Usual()
		}
		row := noticeWay{Channel: t.Name, Name: notice.ChannelName(t.Name), To: w.To, Off: []string{}}
		for _, c := range w.Off {
			row.Off = append(row.Off, string(c))
		}
		got.Ways = append(got.Ways, row)
	}
	return got, nil
}

func (n *Notices) registerSettings(s *Server) {
	Register(s, Op{Method: "GET", Path: "/api/notices/settings", ID: "notice-settings", Summary: "How the caller wants to be told", Tag: "notices"}, func(ctx context.Context, _ *nothing) (*reply[noticeSettings], error) {
		return replied(n.settings(ctx))
	})
	Register(s, Op{Method: "PUT", Path: "/api/notices/settings", ID: "notice-settings-set", Summary: "Choose how to be told", Tag: "notices", Keyless: true}, func(ctx context.Context, in *struct {
		Body struct {
			QuietFrom string `json:"quiet_from" maxLength:"5"`
			QuietTo   string `json:"quiet_to" maxLength:"5"`
			Ways      []struct {
				Channel string   `json:"channel" maxLength:"20"`
				To      string   `json:"to" maxLength:"200"`
				Off     []string `json:"off" maxItems:"20"`
			} `json:"ways" maxItems:"10"`
		}
	}) (*reply[noticeSettings], error) {
		from, err1 := time.Parse(hourForm, in.Body.QuietFrom)
		to, err2 := time.Parse(hourForm, in.Body.QuietTo)
		if err1 != nil || err2 != nil {
			return nil, fault.At("web.notices", "quiet", "免打扰时段应写作 22:00。", "Quiet hours are written 22:00.")
		}
		set := notice.Setting{From: from.Hour()*60 + from.Minute(), To: to.Hour()*60 + to.Minute(), Ways: map[string]notice.Way{}}
		for _, w := range in.Body.Ways {
			way := notice.Way{To: w.To}
			for _, c := range w.Off {
				way.Off = append(way.Off, notice.Class(c))
			}
			set.Ways[w.Channel] = way
		}
		if err := n.Post.Set(ctx, Who(ctx).Person, set); err != nil {
			return nil, err
		}
		return replied(n.settings(ctx))
	})
}

// deliveryRow is one letter on its way. It names no matter.
type deliveryRow struct {
	Person      int64      `json:"person"`
	PersonName  string     `json:"person_name"`
	Pos         int64      `json:"pos"`
	Channel     string     `json:"channel"`
	ChannelName fault.Text `json:"channel_name"`
	ClassName   fault.Text `json:"class_name"`
	State       string     `json:"state" enum:"waiting,sending,sent,unsure,dead,withheld"`
	Tries       int64      `json:"tries"`
	Next        string     `json:"next" doc:"when it is tried next; empty: not any more"`
	Changed     string     `json:"changed"`
	Error       string     `json:"error"`
}

type deliveryCount struct {
	Channel     string     `json:"channel"`
	ChannelName fault.Text `json:"channel_name"`
	State       string     `json:"state"`
	N           int        `json:"n"`
}

type deliveryPage struct {
	Channels []fault.Text    `json:"channels" doc:"those set up here, besides the screens"`
	Counts   []deliveryCount `json:"counts" doc:"of the last seven days"`
	Items    []deliveryRow   `json:"items"`
	Next     int64           `json:"next" doc:"before of the next page; 0: this was the last"`
}

// runs refuses whoever does not administer this installation.
func (n *Notices) runs(ctx context.Context) error {
	dir := n.Book.Now()
	for _, p := range dir.PostsOf(Who(ctx).Person, dir.Day()) {
		if p.Duty == auth.Admin {
			return nil
		}
	}
	return &fault.Error{Kind: fault.Forbidden, Op: "web.deliveries", Policy: "notice.administrator", Text: fault.T("投递情况只供系统管理员查看。", "How letters fared is for administrators.")}
}

func (n *Notices) registerDeliveries(s *Server) {
	Register(s, Op{Method: "GET", Path: "/api/deliveries", ID: "deliveries", Summary: "How letters fared, for administrators", Tag: "notices"}, func(ctx context.Context, in *struct {
		State  string `query:"state" enum:"waiting,sending,sent,unsure,dead,withheld"`
		Before int64  `query:"before" minimum:"0"`
		Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	}) (*reply[deliveryPage], error) {
		if err := n.runs(ctx); err != nil {
			return nil, err
		}
		return replied(n.deliveries(ctx, notice.State(in.State), in.Before, in.Limit))
	})
	Register(s, Op{Method: "POST", Path: "/api/deliveries/retry", ID: "delivery-retry", Summary: "Try a letter anew that surely was not sent", Tag: "notices", Status: http.StatusNoContent, Keyless: true}, func(ctx context.Context, in *struct {
		Body struct {
			Person  int64  `json:"person"`
			Pos     int64  `json:"pos"`
			Channel string `json:"channel" maxLength:"20"`
		}
	}) (*nothing, error) {
		if err := n.runs(ctx); err != nil {
			return nil, err
		}
		return nil, n.Post.Retry(ctx, in.Body.Person, in.Body.Pos, in.Body.Channel)
	})
}

func (n *Notices) deliveries(ctx context.Context, state notice.State, before int64, limit int) (got deliveryPage, err error) {
	got = deliveryPage{Channels: []fault.Text{}, Counts: []deliveryCount{}, Items: []deliveryRow{}}
	for _, t := range n.Post.Channels() {
		got.Channels = append(got.Channels, notice.ChannelName(t.Name))
	}
	counts, err := n.Post.Counts(ctx, 7*24*time.Hour)
	if err != nil {
		return got, err
	}
	for _, c := range counts {
		got.Counts = append(got.Counts, deliveryCount{c.Channel, notice.ChannelName(c.Channel), string(c.State), c.N})
	}
	list, err := n.Post.Deliveries(ctx, state, before, limit+1)
	if err != nil {
		return got, err
	}
	if len(list) > limit {
		list = list[:limit]
		got.Next = list[limit-1].Changed
	}
	dir := n.Book.Now()
	for _, d := range list {
		p, _ := dir.Person(d.Person)
		next := ""
		if d.Next != 0 {
			next = written(time.UnixMicro(d.Next))
		}
		got.Items = append(got.Items, deliveryRow{d.Person, p.Name.ZH, d.Pos, d.Channel, notice.ChannelName(d.Channel), d.Class.Name(), string(d.State), d.Tries, next, written(time.UnixMicro(d.Changed)), d.Error})
	}
	return got, nil
}
