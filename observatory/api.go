package observatory

import (
	"context"
	"net/http"
	"time"

	"touyan.dev/touyan/kernel/audit"
	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/calendar"
	"touyan.dev/touyan/kernel/fault"
	"touyan.dev/touyan/kernel/web"
	"touyan.dev/touyan/observatory/panel"
)

// out is an answer with a body.
type out[T any] struct{ Body T }

func reply[T any](body T, err error) (*out[T], error) {
	if err != nil {
		return nil, err
	}
	return &out[T]{Body: body}, nil
}

// ByID is a path parameter; huma fills only embedded structs that are exported.
type ByID struct {
	ID int64 `path:"id" minimum:"0"`
}

func get(path, id, summary string) web.Op {
	return web.Op{Method: http.MethodGet, Path: "/api/observatory" + path, ID: "observatory-" + id, Summary: summary, Tag: "observatory"}
}

func post(path, id, summary string) web.Op {
	return web.Op{Method: http.MethodPost, Path: "/api/observatory" + path, ID: "observatory-" + id, Summary: summary, Tag: "observatory"}
}

func created(path, id, summary string) web.Op {
	op := post(path, id, summary)
	op.Status = http.StatusCreated
	return op
}

// Coded is a subject, indicator or peer set by code and name.
type Coded struct {
	Code string     `json:"code"`
	Name fault.Text `json:"name"`
}

// person is somebody by id and name.
type person struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// acted is the answer to an act: what it made, and its receipt.
type acted struct {
	ID      int64         `json:"id"`
	Pos     int64         `json:"pos"`
	Receipt audit.Receipt `json:"receipt"`
}

func answer(d Done, err error) (*out[acted], error) {
	return reply(acted{d.ID, d.Pos, d.Receipt}, err)
}

// Register adds the observatory's operations to the server.
func (d *Desk) Register(s *web.Server) {
	d.registerReference(s)
	d.registerReleases(s)
	d.registerFacts(s)
	d.registerIndicators(s)
	d.registerChanges(s)
	d.registerClaims(s)
	d.registerNotes(s)
	d.registerEvaluations(s)
	d.registerAbroad(s)
	d.registerTargets(s)
}

// read is a handler that anybody may ask who may read the statistics.
func read[I, O any](d *Desk, f func(ctx context.Context, in *I) (O, error)) func(context.Context, *I) (*out[O], error) {
	return func(ctx context.Context, in *I) (*out[O], error) {
		if err := d.reads(web.Who(ctx)); err != nil {
			return nil, err
		}
		return reply(f(ctx, in))
	}
}

// naming puts codes and ids into names.
type naming struct {
	dir        *auth.Directory
	subjects   map[string]fault.Text
	indicators map[string]line
	peers      map[string]fault.Text
}

func (d *Desk) naming(ctx context.Context) (*naming, error) {
	ref, err := d.reference(ctx)
	if err != nil {
		return nil, err
	}
	return ref.naming(d.Book.Now()), nil
}

func (r *Reference) naming(dir *auth.Directory) *naming {
	n := &naming{dir: dir, subjects: map[string]fault.Text{}, indicators: map[string]line{}, peers: map[string]fault.Text{}}
	for _, l := range r.Subjects {
		n.subjects[l["code"]] = nameOf(l)
	}
	for _, l := range r.Indicators {
		n.indicators[l["code"]] = l
	}
	for _, l := range r.Peers {
		n.peers[l["code"]] = nameOf(l)
	}
	return n
}

func (n *naming) subject(code string) Coded { return Coded{code, orCode(n.subjects[code], code)} }

func (n *naming) set(code string) Coded { return Coded{code, orCode(n.peers[code], code)} }

func (n *naming) indicator(code string) Coded {
	return Coded{code, orCode(nameOf(n.indicators[code]), code)}
}

func (n *naming) unit(code string) fault.Text {
	l := n.indicators[code]
	return fault.T(l["unit"], l["unit_en"])
}

func (n *naming) person(id int64) person {
	p, _ := n.dir.Person(id)
	return person{id, p.Name.ZH}
}

func orCode(t fault.Text, code string) fault.Text {
	if t.ZH == "" {
		return fault.T(code, code)
	}
	return t
}

func at(us int64) string {
	if us == 0 {
		return ""
	}
	return calendar.FormatInstant(time.UnixMicro(us))
}

// label names a period as data do.
func label(f panel.Freq, period int) string {
	return panel.Axis{Freq: f, First: period, Len: 1}.Label(0)
}

// freqName names a frequency.
func freqName(f panel.Freq) fault.Text {
	switch f {
	case panel.Monthly:
		return fault.T("月度", "Monthly")
	case panel.Quarterly:
		return fault.T("季度", "Quarterly")
	}
	return fault.T("年度", "Yearly")
}
