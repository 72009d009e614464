package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"touyan.dev/touyan/kernel/fault"
)

// Op describes one operation of the API.
type Op struct {
	Method  string
	Path    string // under /api, with {names} of path parameters
	ID      string // the operationId, such as "matter-act"
	Summary string // one line, for the OpenAPI document
	Tag     string // the domain
	Status  int    // of success; 200 by default
	MaxBody int64  // bytes; 1 MiB by default
	// Open lets in who is not signed in.
	Open bool
	// Keyless spares an unsafe operation the Idempotency-Key, because doing it
	// twice is doing it once.
	Keyless bool
	// Quiet says that a page asks this without anybody's doing: it does not
	// extend the session.
	Quiet bool
	// Binary says that the body is the bytes of a file and no JSON; its content type
	// is application/octet-stream, which no form of another site can send.
	Binary bool
	// Secret says that the answer holds a token: it is never compressed, because
	// the length of a compressed secret beside chosen text tells the secret.
	Secret bool
	// Own says that it concerns the caller's own account only: it is open to who
	// must set a one-time code up first, and closed to machine clients.
	Own bool
	// Proof says that the act is dangerous: the caller must have shown password or
	// code within five minutes, and no machine client may do it.
	Proof bool
	// Reads says what somebody who calls it reads of one object, for the log of
	// who read what; the object is the path's {id} or {pos}. Empty: nothing that
	// is kept there.
	Reads string
	// Seeks names the query parameter by which people or things are searched for.
	// With one, an operation is noted only when something was searched for.
	Seeks string
}

// Sizes of bodies.
const (
	defaultBody = 1 << 20
	// ImportBody is the MaxBody of operations that take a document.
	ImportBody = 20 << 20
)

// route is an operation as the checks before it need it.
type route struct {
	op      Op
	pattern string
	unsafe  bool
}

func (s *Server) addRoute(op Op) *route {
	if op.MaxBody == 0 {
		op.MaxBody = defaultBody
	}
	rt := &route{op: op, pattern: op.Method + " " + op.Path, unsafe: op.Method != http.MethodGet}
	s.routes[rt.pattern] = rt
	return rt
}

// handle serves an operation that huma does not decode.
func (s *Server) handle(op Op, h http.HandlerFunc) {
	s.mux.HandleFunc(s.addRoute(op).pattern, h)
}

// Register adds an operation. I is a struct whose fields are tagged path:"…",
// query:"…" or header:"…", with the body in a field named Body; O is one with
// the answer in Body. The handler's errors are of kernel/fault; any other counts
// as Internal. Call it before the server serves.
func Register[I, O any](s *Server, op Op, handler func(context.Context, *I) (*O, error)) {
	rt := s.addRoute(op)
	h := huma.Operation{
		Method: op.Method, Path: op.Path, OperationID: op.ID, Summary: op.Summary, DefaultStatus: op.Status,
		MaxBodyBytes: rt.op.MaxBody + 1, // the size has been checked before huma reads
		Metadata:     map[string]any{registryKey: s.api.OpenAPI().Components.Schemas},
	}
	if op.Tag != "" {
		h.Tags = []string{op.Tag}
	}
	if !op.Open {
		h.Security = signedIn()
	}
	if rt.needsKey() {
		h.Parameters = append(h.Parameters, &huma.Param{
			Name: keyHeader, In: "header", Required: true, Description: "chosen by the client for one intended act, the same for each retry",
			Schema: &huma.Schema{Type: huma.TypeString, MaxLength: ptr(maxKey), MinLength: ptr(1)},
		})
	}
	if where := unseen(reflect.TypeFor[O](), map[reflect.Type]bool{}); where != "" {
		panic("web: " + rt.pattern + ": " + where + " would be missing from the OpenAPI document; export the embedded type")
	}
	huma.Register(s.api, h, func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		if err != nil {
			return nil, s.asProblem(ctx, err)
		}
		return out, nil
	})
	if where := uniqueItems(s.api.OpenAPI().Components.Schemas); where != "" {
		panic("web: " + rt.pattern + ": uniqueItems on " + where + " would panic on a list of lists; check it in the handler")
	}
}

// signedIn is what the document says of operations that are not Open.
func signedIn() []map[string][]string {
	return []map[string][]string{{"session": {}}, {"client": {}}}
}

// uniqueItems names a schema that says uniqueItems, which huma checks with a map
// that panics on objects and lists.
func uniqueItems(registry huma.Registry) string {
	for name, schema := range registry.Map() {
		if unique(schema) {
			return name
		}
	}
	return ""
}

// unseen names an embedded struct without an exported name: encoding/json sends
// its fields, but huma does not document them.
func unseen(t reflect.Type, known map[reflect.Type]bool) string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || known[t] {
		return ""
	}
	known[t] = true
	for f := range t.Fields() {
		if f.Anonymous && !f.IsExported() {
			return t.Name() + "." + f.Name
		}
		if where := unseen(f.Type, known); f.IsExported() && where != "" {
			return where
		}
	}
	return ""
}

func unique(schema *huma.Schema) bool {
	if schema == nil {
		return false
	}
	for _, p := range schema.Properties {
		if unique(p) {
			return true
		}
	}
	return schema.UniqueItems || unique(schema.Items)
}

func ptr[T any](v T) *T { return &v }

func humaConfig(version string) huma.Config {
	format := huma.Format{Marshal: writeJSON, Unmarshal: readJSON}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: "Touyan", Version: version},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", schemaName),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"session": {Type: "apiKey", In: "cookie", Name: cookieName},
					"client":  {Type: "http", Scheme: "bearer", Description: "the secret of a machine client"},
				},
			},
		},
		Formats:                      map[string]huma.Format{"application/json": format, "json": format}, // the second is for …+json
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
	}
}

// schemaName puts the package before the type's name: two domains may each have
// an Item.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := huma.DefaultSchemaNamer(t, hint)
	if t.Name() == "" || t.PkgPath() == "" {
		return name
	}
	base := path.Base(t.PkgPath())
	if strings.HasPrefix(strings.ToLower(name), base) {
		return name
	}
	return strings.ToUpper(base[:1]) + base[1:] + name
}

// readJSON decodes a body that the gate has found to be JSON. What may still fail
// is a number that passes the schema but not the Go type (3.0 or 1e30 for an
// integer). huma keeps only the error's words: they are put as teachHuma's are,
// with the field's name last, so that nothing of Go's own words gets out.
func readJSON(text []byte, v any) error {
	err := json.Unmarshal(text, v)
	var misfit *json.UnmarshalTypeError
	if errors.As(err, &misfit) {
		return errors.New("数字写法有误或超出范围。|holds a number that is malformed or out of range.|" + misfit.Field)
	}
	return err
}

// writeJSON encodes wholly before it writes: a value that cannot be encoded is a
// defect, and must not become half an answer.
func writeJSON(w io.Writer, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fault.Wrap("web.writeJSON", err))
	}
	_, err = w.Write(append(text, '\n'))
	return err
}
