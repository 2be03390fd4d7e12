package api

import (
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/problem"
)

const (
	sessionCookie    = "__Host-" + member.Cookie
	requestHeader    = "Busbar-Request"    // which no form of another site can send
	unattendedHeader = "Busbar-Unattended" // a page reads by itself, with nobody at it: that is no use of the session
)

// sessionSecret is the secret of a member's session. An Authorization header wins over it.
func sessionSecret(r *http.Request) string {
	if len(r.Header.Values("Authorization")) > 0 {
		return ""
	}
	if found := r.CookiesNamed(sessionCookie); len(found) == 1 {
		return found[0].Value
	}
	return ""
}

// admitMember finds out whose session it is and checks that the route is for them.
func (s *server) admitMember(r *http.Request, secret string, op *huma.Operation) (caller, error) {
	if err := fromOurPage(r); err != nil {
		return caller{}, err
	}
	look := s.Members.Authenticate
	if mannerOf(op).endless || r.Header.Get(unattendedHeader) == "1" {
		look = s.Members.Recognise
	}
	m, session, err := look(r.Context(), secret)
	if err != nil {
		return caller{}, err
	}
	need := accessOf(op)
	who := caller{principal: &connection.Principal{Member: m, Session: session}}
	if err := need.missing("role", who.scopes()); err != nil {
		return who, err
	}
	if sensitive(op) && !s.Members.Recent(session) {
		return who, problem.New(problem.ReauthenticationRequired, "This is sensitive, and you proved who you are more than ten minutes ago. Enter your password again on /account, then repeat it.")
	}
	return s.settle(r, who, need)
}

// fromOurPage refuses requests with an effect that a page of another site may have caused.
func fromOurPage(r *http.Request) error {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	if err := http.NewCrossOriginProtection().Check(r); err != nil || r.Header.Get(requestHeader) != "1" {
		return problem.New(problem.CrossSiteRequest, "With a session, requests that change something come from a page of this server and carry the header Busbar-Request: 1.")
	}
	return nil
}

// sensitive tells whether a route needs a recent proof of identity: what only admins and owners may do, and what says so of itself.
func sensitive(op *huma.Operation) bool {
	if op.Method == http.MethodGet {
		return false
	}
	powerful := slices.ContainsFunc(accessOf(op).scopes(), func(one string) bool { return one == connection.ScopeAdmin || one == connection.ScopeOwn })
	return powerful || mannerOf(op).sensitive
}
