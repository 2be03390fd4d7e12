package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// plane tells who may call a route.
type plane int

const (
	dataPlane    plane = iota // a connection token, or a project key or member that names the connection
	controlPlane              // a project key or a member
	anyCaller                 // either; no connection is needed
	widePlane                 // as dataPlane; a key or member that names no connection works on all of the project
	wholePlane                // as controlPlane, of the first project: that of whoever runs Busbar
	memberPlane               // a member: it is about their own sessions and ways in
)

func (p plane) takesTokens() bool { return p.serves() || p == anyCaller }
func (p plane) takesKeys() bool   { return p != memberPlane }

// serves says that a route works on a connection that is named, by its token or in a header.
func (p plane) serves() bool { return p == dataPlane || p == widePlane }

// access is what a route demands of its caller.
type access struct {
	plane plane
	scope string // what its caller must be allowed: one of these words of connection.Scopes
}

// manner is what a route does otherwise than most.
type manner struct {
	streamed  bool // it reads its body itself
	keyed     bool // it honours Idempotency-Key itself, or has no effect to repeat
	yaml      bool // its body may also be the bare document of a flow
	endless   bool // its answer goes on until one of both goes: it is no use of a session
	sensitive bool // a session needs a recent proof of identity: it gives out a secret, or takes away for good
}

// What the router keeps of a route.
const (
	accessKey = "access"
	mannerKey = "manner"
)

func mannerOf(op *huma.Operation) manner {
	m, _ := op.Metadata[mannerKey].(manner)
	return m
}

func accessOf(op *huma.Operation) access {
	a, _ := op.Metadata[accessKey].(access)
	return a
}

// register adds a route to the mux and to the document; errors of the handler become problem documents.
func register[I, O any](s *server, need access, op huma.Operation, handle func(context.Context, *I) (*O, error)) {
	registerAs(s, need, manner{}, op, handle)
}

// registerAs is register for a route with manners of its own.
func registerAs[I, O any](s *server, need access, m manner, op huma.Operation, handle func(context.Context, *I) (*O, error)) {
	s.flaws = append(s.flaws, need.flaw(op))
	op.Metadata = map[string]any{accessKey: need, mannerKey: m}
	op.Security = securityOf(need)
	op.RejectUnknownQueryParameters = true
	op.MaxBodyBytes = maxBody + 1
	op.BodyReadTimeout = -1
	describeAnswers(&op)
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			s.gone(ctx, err)
			return nil, s.documentOf(ctx, err)
		}
		return out, nil
	})
}

// describeAnswers states what every route has in common.
func describeAnswers(op *huma.Operation) {
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	if op.DefaultStatus == 0 {
		op.DefaultStatus = http.StatusOK
	}
	for _, class := range []string{"4XX", "5XX"} {
		op.Responses[class] = &huma.Response{Ref: "#/components/responses/Problem"}
	}
}

// securityOf gives the credentials that a route takes, each with the scope that it needs.
func securityOf(need access) (either []map[string][]string) {
	for _, scope := range need.scopes() {
		if need.plane.takesTokens() {
			either = append(either, map[string][]string{"connectionToken": {scope}})
		}
		if need.plane.takesKeys() {
			either = append(either, map[string][]string{"projectKey": {scope}})
		}
		either = append(either, map[string][]string{"session": {scope}})
	}
	return either
}

// example gives a body to show in the document.
func example(body any) *huma.RequestBody {
	return &huma.RequestBody{Content: map[string]*huma.MediaType{"application/json": {Example: body}}}
}
