package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"touyan.dev/touyan/kernel/fault"
)

// Problem is the body of every error answer: an RFC 9457 problem document.
// Detail and the fields' texts say what to do, and never repeat what was sent.
type Problem struct {
	Type     string        `json:"type"`
	Title    string        `json:"title"`
	Status   int           `json:"status"`
	Detail   string        `json:"detail" doc:"in Chinese"`
	DetailEN string        `json:"detail_en"`
	Instance string        `json:"instance" doc:"the number of the request, to be quoted to the administrator"`
	Kind     fault.Kind    `json:"kind"`
	Fields   []fault.Field `json:"fields" doc:"what is to be mended in the input"`
	Policy   string        `json:"policy" doc:"the policy that ruled, if one did"`
	Hint     string        `json:"hint,omitempty" enum:"code,proof,enrol" doc:"code: send the one-time code too; proof: prove who you are at /api/session/proof and repeat the request with the same key; enrol: set a one-time code up first"`
}

// Error gives the English sentence.
func (p *Problem) Error() string { return p.DetailEN }

// GetStatus gives the HTTP status; huma asks for it.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType gives application/problem+json; huma asks for it.
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// titles are the short names of the kinds, which never vary.
var titles = map[fault.Kind]string{
	fault.Invalid: "内容有误 Invalid input", fault.Unauthenticated: "请先登录 Sign in first", fault.Forbidden: "无权操作 Not allowed",
	fault.NotFound: "没有找到 Not found", fault.Conflict: "状态已变化 The state has moved on", fault.TooMuch: "过大或过于频繁 Too much",
	fault.Busy: "请稍后重试 Try again", fault.Unavailable: "暂不能写入 Storage refuses writes", fault.Internal: "系统内部出错 Internal error",
}

// problem turns an error into its document: the one place where kinds become
// HTTP. status overrides the kind's own unless it is 0, for refusals of the
// protocol such as 405. An Internal error, and one of no kind, is logged under
// the request's number and shows nothing but that number.
func (s *Server) problem(ctx context.Context, err error, status int) *Problem {
	number := current(ctx).id
	f := fault.Of(err)
	switch {
	case ctx.Err() != nil && (f.Kind == fault.Internal || f.Kind == fault.Busy):
		// Whoever asked has gone, or asked for too long: no fault of ours.
		f = fault.New(fault.Busy, "web", "请求已取消或超时，请重试。", "The request was cancelled or timed out; try again.")
	case f.Kind == fault.Internal:
		s.log.ErrorContext(ctx, "request failed", "id", number, "error", err)
		f = fault.New(fault.Internal, "web", "系统内部出错，请把编号 "+number+" 告诉管理员。",
			"Something failed inside; quote the number "+number+" to the administrator.")
	case f.Kind == fault.Unavailable:
		s.log.WarnContext(ctx, "storage refuses writes", "id", number, "error", err)
	}
	if status == 0 {
		status = f.Kind.Status()
	}
	p := &Problem{
		Type: "about:blank", Title: titles[f.Kind], Status: status, Detail: f.Text.ZH, DetailEN: f.Text.EN,
		Instance: number, Kind: f.Kind, Fields: f.Fields, Policy: f.Policy, Hint: f.Hint,
	}
	if p.Title == "" {
		p.Title = http.StatusText(status)
	}
	if p.Fields == nil {
		p.Fields = []fault.Field{}
	}
	return p
}

// refuse answers a request with an error.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error, status int) {
	p := s.problem(r.Context(), err, status)
	body, encodeErr := json.Marshal(p)
	if encodeErr != nil { // a Problem holds strings and numbers only
		panic(encodeErr)
	}
	w.Header().Set("Content-Type", problemType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	_, _ = w.Write(body)
}

// asProblem gives a handler's error in the form that huma sends.
func (s *Server) asProblem(ctx context.Context, err error) error {
	var p *Problem
	if errors.As(err, &p) {
		return err // with the headers it may carry
	}
	return s.problem(ctx, err, 0)
}
