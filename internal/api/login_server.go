package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
)

func (s *server) registerLoginServer() {
	register(s, access{controlPlane, connection.ScopeAdmin}, huma.Operation{
		OperationID: "untie-member", Method: http.MethodDelete, Path: "/v1/members/{id}/login-server", Tags: []string{tagMembers}, DefaultStatus: http.StatusNoContent,
		Summary:     "Let a member log in at the login server no more",
		Description: "All sessions of the member end. One without a password needs a link to choose one.",
	}, s.untieMember)
	registerAs(s, access{memberPlane, connection.ScopeRead}, manner{sensitive: true}, huma.Operation{
		OperationID: "untie-me", Method: http.MethodDelete, Path: "/v1/me/login-server", Tags: []string{tagMembers}, DefaultStatus: http.StatusNoContent,
		Summary:     "Log in at the login server no more",
		Description: "Your other sessions end. Without a password you could not log in any more: 409 conflict.",
	}, s.untieMe)
}

func (s *server) untieMember(ctx context.Context, in *memberInput) (*struct{}, error) {
	return nil, s.Members.Untie(ctx, by(ctx), callerOf(ctx).project(), in.ID)
}

func (s *server) untieMe(ctx context.Context, _ *empty) (*struct{}, error) {
	m, current := session(ctx)
	return nil, s.Members.UntieOwn(ctx, m, current)
}
