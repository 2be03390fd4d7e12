package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
)

type meView struct {
	Kind      string      `json:"kind" enum:"token,key,member" doc:"What the caller presented."`
	ID        string      `json:"id" doc:"Of the token, key or member."`
	Label     string      `json:"label" doc:"Of the token or key; a member's name." example:"production"`
	ProjectID string      `json:"project_id"`
	Scopes    []string    `json:"scopes" enum:"read,sync,write,run,flows,connect,admin,own" doc:"What the caller may do."`
	Member    *memberView `json:"member" doc:"The member, when one logged in; else null."`
	SessionID *string     `json:"session_id" doc:"The member's session; null for others."`
}

func (s *server) registerMe() {
	register(s, access{anyCaller, strings.Join(connection.Scopes(), " ")}, huma.Operation{
		OperationID: "get-me", Method: http.MethodGet, Path: "/v1/me", Tags: []string{tagMembers},
		Summary:     "Who am I",
		Description: "Tells which token, key or member calls, and its scopes.",
	}, func(ctx context.Context, _ *empty) (*one[meView], error) {
		return &one[meView]{viewMe(callerOf(ctx))}, nil
	})
}

func viewMe(who caller) meView {
	v := meView{ProjectID: who.projectID(), Scopes: list(who.scopes())}
	switch p := who.principal; {
	case p.Token != nil:
		v.Kind, v.ID, v.Label = "token", p.Token.ID, p.Token.Label
	case p.Member != nil:
		m := viewMember(*p.Member)
		v.Kind, v.ID, v.Label, v.Member, v.SessionID = "member", m.ID, m.Name, &m, &p.Session.ID
	default:
		v.Kind, v.ID, v.Label = "key", p.Key.ID, p.Key.Label
	}
	return v
}
