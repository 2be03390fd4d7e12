package api

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/store"
)

type sessionView struct {
	ID              string     `json:"id"`
	Current         bool       `json:"current" doc:"The session that asks."`
	Address         string     `json:"address" doc:"Of the browser, when it logged in." example:"192.0.2.1"`
	Agent           string     `json:"agent" doc:"How the browser names itself."`
	CreatedAt       *time.Time `json:"created_at"`
	SeenAt          *time.Time `json:"seen_at" doc:"Last used, to the minute. A session that is not used for 30 minutes ends."`
	AuthenticatedAt *time.Time `json:"authenticated_at" doc:"When the member last proved who it is. What is sensitive wants that less than ten minutes ago."`
	ExpiresAt       *time.Time `json:"expires_at" doc:"When it ends in any case."`
}

func viewSession(s store.MemberSession, current string) sessionView {
	return sessionView{ID: s.ID, Current: s.ID == current, Address: s.Address, Agent: s.Agent, CreatedAt: moment(s.CreatedAt), SeenAt: moment(s.SeenAt),
		AuthenticatedAt: moment(s.AuthenticatedAt), ExpiresAt: moment(s.ExpiresAt)}
}

type sessionInput struct {
	ID string `path:"id" doc:"The session."`
}

type memberSessionsInput struct {
	Member string `query:"member" doc:"Sessions of another member, for admins. Default: your own."`
}

type endedView struct {
	Ended int64 `json:"ended" doc:"How many sessions ended."`
}

type proofInput struct {
	Body proof

	request *http.Request
}

// Resolve keeps the request, for where it comes from.
func (in *proofInput) Resolve(ctx huma.Context) []error {
	in.request, _ = humago.Unwrap(ctx)
	return nil
}

type proof struct {
	Password string `json:"password" maxLength:"1024"`
}

type provedAnswer struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      sessionView
}

func (s *server) registerSessions() {
	register(s, access{controlPlane, connection.ScopeRead}, huma.Operation{
		OperationID: "list-sessions", Method: http.MethodGet, Path: "/v1/sessions", Tags: []string{tagMembers},
		Summary: "List the sessions of a member", Description: "Your own, or with `member` and the scope admin those of another.",
	}, s.listSessions)
	register(s, access{memberPlane, connection.ScopeRead}, huma.Operation{
		OperationID: "end-session", Method: http.MethodDelete, Path: "/v1/sessions/{id}", Tags: []string{tagMembers}, DefaultStatus: http.StatusNoContent,
		Summary: "End one of your sessions at once",
	}, s.endSession)
	register(s, access{memberPlane, connection.ScopeRead}, huma.Operation{
		OperationID: "end-other-sessions", Method: http.MethodPost, Path: "/v1/sessions/end-others", Tags: []string{tagMembers},
		Summary: "End all your sessions but this one",
	}, s.endOtherSessions)
	registerAs(s, access{memberPlane, connection.ScopeRead}, manner{keyed: true}, huma.Operation{
		OperationID: "reauthenticate", Method: http.MethodPost, Path: "/v1/session/reauthenticate", Tags: []string{tagMembers},
		Summary:     "Prove again who you are, for what is sensitive",
		Description: "The session goes on under a new secret, which comes as a cookie.",
		RequestBody: example(map[string]any{"password": "…"}),
	}, s.reauthenticate)
}

// session gives the member and the session that call a route of memberPlane.
func session(ctx context.Context) (*store.Member, *store.MemberSession) {
	p := callerOf(ctx).principal
	return p.Member, p.Session
}

func (s *server) listSessions(ctx context.Context, in *memberSessionsInput) (*many[sessionView], error) {
	m, current := callerOf(ctx).principal.Member, ""
	switch {
	case in.Member != "" && (m == nil || in.Member != m.ID):
		if err := (access{scope: connection.ScopeAdmin}).missing("caller", callerOf(ctx).scopes()); err != nil {
			return nil, err
		}
		var err error
		if m, err = s.Members.Member(ctx, callerOf(ctx).project(), in.Member); err != nil {
			return nil, err
		}
	case m == nil:
		return nil, invalidParameter("member", "Say whose sessions: member=<id>.")
	default:
		current = callerOf(ctx).principal.Session.ID
	}
	all, err := s.Members.Sessions(ctx, m)
	if err != nil {
		return nil, err
	}
	views := make([]sessionView, len(all))
	for i, one := range all {
		views[i] = viewSession(one, current)
	}
	return whole(views), nil
}

func (s *server) endSession(ctx context.Context, in *sessionInput) (*struct{}, error) {
	m, _ := session(ctx)
	return nil, s.Members.End(ctx, m, in.ID)
}

func (s *server) endOtherSessions(ctx context.Context, _ *empty) (*one[endedView], error) {
	m, current := session(ctx)
	n, err := s.Members.EndOthers(ctx, m, current.ID)
	return &one[endedView]{endedView{n}}, err
}

func (s *server) reauthenticate(ctx context.Context, in *proofInput) (*provedAnswer, error) {
	m, current := session(ctx)
	made, err := s.Members.Reauthenticate(ctx, m, current, in.Body.Password, browser(in.request))
	if err != nil {
		return nil, err
	}
	cookie := http.Cookie{Name: sessionCookie, Value: made.Plain, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	return &provedAnswer{SetCookie: cookie, Body: viewSession(made.MemberSession, made.ID)}, nil
}

// browser is where a request comes from.
func browser(r *http.Request) member.Browser {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	address, _ := netip.ParseAddr(host)
	return member.Browser{Address: address, Agent: r.UserAgent(), RequestID: infoOf(r.Context()).id}
}
