package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

const connectionHeader = "Busbar-Connection"

// caller is who calls and, on the data plane, on which connection.
type caller struct {
	principal  *connection.Principal
	connection *store.Connection // nil on the control plane, and where a caller of the project named none

	again func() (caller, error) // finds out anew who it is, and whether the route is still for them
}

type callerKey struct{}

func callerOf(ctx context.Context) caller { return ctx.Value(callerKey{}).(caller) }

// project is the project of a caller who is not bound to a connection.
func (c caller) project() string {
	if c.principal.Member != nil {
		return c.principal.Member.ProjectID
	}
	return c.principal.Key.ProjectID
}

// projectID is the project that the caller belongs to.
func (c caller) projectID() string {
	if c.principal.Token != nil {
		return c.principal.Connection.ProjectID
	}
	return c.project()
}

// id names the credential, for the limiter and the log: of a session its member, who has one allowance however many browsers.
func (c caller) id() string {
	switch {
	case c.principal.Token != nil:
		return c.principal.Token.ID
	case c.principal.Member != nil:
		return c.principal.Member.ID
	}
	return c.principal.Key.ID
}

// admit lets a request through whose caller is known, within its limits and allowed to use the route.
func (s *server) admit(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	op := ctx.Operation()
	who, err := s.recognise(r, op)
	who.again = func() (caller, error) { return s.identify(r, op) }
	if who.principal != nil {
		noteCaller(r.Context(), who)
		release, limited := s.limiter.take(w.Header(), who.id())
		defer release()
		err = errors.Join(limited, err)
		if limited != nil {
			err = limited
		}
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	ctx = huma.WithContext(ctx, audit.By(ctx.Context(), who.actor(r, s.Now())))
	next(huma.WithValue(ctx, callerKey{}, who))
}

// recognise identifies the caller unless others at the address failed too often.
func (s *server) recognise(r *http.Request, op *huma.Operation) (caller, error) {
	if err := s.unknown.admit(r); err != nil {
		return caller{}, err
	}
	who, err := s.identify(r, op)
	s.unknown.note(r, err)
	return who, err
}

// identify finds out who presents the request and checks that the route is for them.
func (s *server) identify(r *http.Request, op *huma.Operation) (caller, error) {
	need := accessOf(op)
	if len(r.Header.Values(connectionHeader)) > 1 {
		return caller{}, invalidParameter(connectionHeader, "The header names one connection: send it once.")
	}
	if secret := sessionSecret(r); secret != "" && s.Members != nil {
		return s.admitMember(r, secret, op)
	}
	plain, err := bearer(r)
	if err != nil {
		return caller{}, err
	}
	p, err := s.Connections.Authenticate(r.Context(), plain)
	if err != nil {
		return caller{}, err
	}
	who := caller{principal: p}
	if p.Token != nil {
		return s.admitToken(r, who, need)
	}
	return s.admitKey(r, who, need)
}

// bearer takes the secret from the Authorization header, the only place where it may stand.
func bearer(r *http.Request) (string, error) {
	scheme, plain, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	plain = strings.TrimSpace(plain)
	if !ok || !strings.EqualFold(scheme, "Bearer") || plain == "" || len(r.Header.Values("Authorization")) > 1 {
		return "", &problem.Error{Code: problem.InvalidToken,
			Detail: "Send a connection token or a project key: Authorization: Bearer bb_con_…"}
	}
	return plain, nil
}

func (s *server) admitToken(r *http.Request, who caller, need access) (caller, error) {
	c := who.principal.Connection
	if c.State == store.ConnectionDisconnected {
		return who, &problem.Error{Code: problem.InvalidToken,
			Detail: "The connection of this token was disconnected. Connect again to get a new one."}
	}
	if !need.plane.takesTokens() {
		return who, &problem.Error{Code: problem.MissingScope,
			Detail: "A connection token serves its own connection only. Use a project key (bb_key_…) here."}
	}
	if named := r.Header.Get(connectionHeader); named != "" && named != c.ID {
		return who, noConnection(named)
	}
	if err := need.missing("token", who.principal.Token.Scopes); err != nil {
		return who, err
	}
	who.connection = c
	return who, usable(c, need)
}

func (s *server) admitKey(r *http.Request, who caller, need access) (caller, error) {
	if !need.plane.takesKeys() {
		return who, problem.New(problem.MissingScope, "Only a member who logged in may: it is about their own sessions, and a key has none.")
	}
	if err := need.missing("key", who.principal.Key.Scopes); err != nil {
		return who, err
	}
	return s.settle(r, who, need)
}

// settle finds what a key or a member who has the scope works on: one connection, or the whole Busbar, if it is theirs.
func (s *server) settle(r *http.Request, who caller, need access) (caller, error) {
	switch need.plane {
	case dataPlane:
		return s.choose(r, who, need)
	case widePlane:
		if len(r.Header.Values(connectionHeader)) == 0 { // a header with nothing in it is a caller's mistake, and not a wish to see all
			return who, nil
		}
		return s.choose(r, who, need)
	case wholePlane:
		return who, s.first(r.Context(), who)
	}
	return who, nil
}

// first refuses callers of other projects than the first.
func (s *server) first(ctx context.Context, who caller) error {
	id, err := s.Store.FirstProject(ctx)
	if err != nil {
		return fmt.Errorf("look the first project up: %w", err)
	}
	if id != who.project() {
		return &problem.Error{Code: problem.MissingScope, Detail: "This is about the whole Busbar: only keys and members of its first project may."}
	}
	return nil
}

// choose finds the connection that a caller who is not bound to one names.
func (s *server) choose(r *http.Request, who caller, need access) (caller, error) {
	id := r.Header.Get(connectionHeader)
	if id == "" {
		return who, invalidParameter(connectionHeader, "A project key, or a member, must name the connection: Busbar-Connection: <id>.")
	}
	c, err := s.Store.Connection(r.Context(), who.project(), id)
	if err != nil {
		return who, connectionError(id, err)
	}
	who.connection = c
	return who, usable(c, need)
}

// usable says why a connection cannot be read at all. Whether it can sync is the engine's to say.
func usable(c *store.Connection, need access) error {
	switch {
	case !need.plane.serves():
		return nil
	case c.State == store.ConnectionPending:
		return &problem.Error{Code: problem.ConnectionPending, Detail: "The link of this connection has not been used yet. Open it and connect."}
	case !c.DeletingAt.IsZero():
		return &problem.Error{Code: problem.ConnectionDisconnected, Detail: "The data of this connection are being deleted."}
	}
	return nil
}

func connectionError(id string, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return noConnection(id)
	}
	return fmt.Errorf("read connection: %w", err)
}

func noConnection(id string) error {
	return &problem.Error{Code: problem.NotFound, Detail: fmt.Sprintf("There is no connection %s in your project.", quote(id))}
}
