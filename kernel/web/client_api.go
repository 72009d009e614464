package web

import (
	"context"
	"net/http"
	"slices"
	"time"

	"touyan.dev/touyan/kernel/auth"
	"touyan.dev/touyan/kernel/fault"
)

// clientRow is a machine client in a list.
type clientRow struct {
	ID       int64      `json:"id"`
	Name     fault.Text `json:"name"`
	Login    string     `json:"login"`
	Unit     int64      `json:"unit"`
	UnitName fault.Text `json:"unit_name"`
	Duty     auth.Duty  `json:"duty"`
	DutyName fault.Text `json:"duty_name"`
	Actions  []string   `json:"actions"`
	Expires  string     `json:"expires"`
	Expired  bool       `json:"expired"`
	Revoked  bool       `json:"revoked"`
	Seen     string     `json:"seen" doc:"kept to the minute; empty: never"`
	Made     string     `json:"made"`
	Maker    string     `json:"maker"`
}

// newClient is a client just made, with the secret that is shown this once.
type newClient struct {
	ID     int64  `json:"id"`
	Secret string `json:"secret" doc:"to be sent as Authorization: Bearer; shown this once, and empty in a retry"`
}

type clientIn struct {
	Body struct {
		Name    string   `json:"name" minLength:"1" maxLength:"60"`
		Login   string   `json:"login" minLength:"1" maxLength:"50" doc:"a sign of letters and digits, for lists and the log"`
		Unit    int64    `json:"unit"`
		Duty    string   `json:"duty" maxLength:"20"`
		Actions []string `json:"actions" minItems:"1" maxItems:"50" doc:"operationIds it may call; read allows all that only read"`
		Last    string   `json:"last" maxLength:"10" doc:"the last day, YYYY-MM-DD, at most a year ahead"`
	}
}

func (y *Security) registerClients(s *Server) {
	Register(s, Op{Method: "GET", Path: "/api/clients", ID: "clients", Summary: "The machine clients, for administrators", Tag: "security"}, func(ctx context.Context, _ *nothing) (*reply[[]clientRow], error) {
		return replied(y.clients(ctx))
	})
	Register(s, Op{Method: "GET", Path: "/api/clients/operations", ID: "client-operations", Summary: "What a machine client may be allowed to call", Tag: "security"},
		func(context.Context, *nothing) (*reply[[]callable], error) { return replied(s.callables(), nil) })
	add := dangerous("POST", "/api/clients", "client-add", "Make a machine client; its secret is in the answer, this once")
	add.Status, add.Secret = http.StatusCreated, true
	Register(s, add, func(ctx context.Context, in *clientIn) (*reply[newClient], error) {
		b := in.Body
		for _, action := range b.Actions {
			if action != auth.ReadAll && !slices.ContainsFunc(s.callables(), func(c callable) bool { return c.ID == action }) {
				return nil, fault.At("web.client", "actions", "其中有不存在或不能交给机器客户端的接口。", "One of the operations does not exist or is not for machine clients.")
			}
		}
		id, secret, err := y.Registry.AddClient(ctx, Who(ctx), auth.NewClient{
			Key: Key(ctx), Name: fault.T(b.Name, b.Name), Login: b.Login, Unit: b.Unit, Duty: auth.Duty(b.Duty), Actions: b.Actions, Last: b.Last,
		})
		return replied(newClient{id, secret}, err)
	})
	Register(s, dangerous("DELETE", "/api/clients/{id}", "client-revoke", "End a machine client at once and for good"), func(ctx context.Context, in *ByPerson) (*nothing, error) {
		return nil, y.Registry.RevokeClient(ctx, Who(ctx), Key(ctx), in.ID)
	})
}

func (y *Security) clients(ctx context.Context) ([]clientRow, error) {
	list, err := y.Registry.Clients(ctx, Who(ctx))
	if err != nil {
		return nil, err
	}
	dir := y.Book.Now()
	out := []clientRow{}
	for _, c := range list {
		unit, _ := dir.Unit(c.Unit)
		maker, _ := dir.Person(c.Maker)
		out = append(out, clientRow{
			ID: c.ID, Name: c.Name, Login: c.Login, Unit: c.Unit, UnitName: unit.Name, Duty: c.Duty, DutyName: c.Duty.Name(), Actions: c.Actions,
			Expires: written(c.Expires.Add(-time.Second)), Expired: y.Registry.Expired(c), Revoked: c.Revoked, Seen: written(c.Seen), Made: written(c.Made), Maker: maker.Name.ZH,
		})
	}
	return out, nil
}

// callable is an operation that a machine client may be made for.
type callable struct {
	ID      string `json:"id"`
	Summary string `json:"summary"`
	Reads   bool   `json:"reads" doc:"it only reads; read allows it too"`
}

// callables lists what machine clients may be made for, by id.
func (s *Server) callables() []callable {
	out := []callable{}
	for _, rt := range s.routes {
		if op := rt.op; op.ID != "" && !op.Own && !op.Proof && !op.Open && !op.Quiet {
			out = append(out, callable{op.ID, op.Summary, !rt.unsafe})
		}
	}
	slices.SortFunc(out, func(a, b callable) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return out
}
