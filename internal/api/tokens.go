package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// TokenView is a connection token without its plaintext.
type TokenView struct {
	ID         string     `json:"id"`
	Label      string     `json:"label" example:"production"`
	Last4      string     `json:"last4" doc:"The last four characters, to tell tokens apart."`
	Scopes     []string   `json:"scopes" enum:"read,sync,write"`
	CreatedAt  *time.Time `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at"`
	RevokedAt  *time.Time `json:"revoked_at"`
	LastUsedAt *time.Time `json:"last_used_at"`
}

// issuedToken is a token at the one moment when its plaintext exists.
type issuedToken struct {
	TokenView
	Token string `json:"token" doc:"The token itself. It is stored only as a keyed hash and never shown again." example:"bb_con_…"`
}

func viewToken(t store.Token) TokenView {
	return TokenView{ID: t.ID, Label: t.Label, Last4: t.Last4, Scopes: list(t.Scopes), CreatedAt: moment(t.CreatedAt),
		ExpiresAt: moment(t.ExpiresAt), RevokedAt: moment(t.RevokedAt), LastUsedAt: moment(t.LastUsedAt)}
}

func viewIssued(t connection.IssuedToken) issuedToken {
	return issuedToken{viewToken(t.Token), t.Plain}
}

type newTokenInput struct {
	ID   string `path:"id" doc:"The connection."`
	Body newToken
}

type newToken struct {
	Label     string     `json:"label" minLength:"1" maxLength:"200" example:"production"`
	Scopes    []string   `json:"scopes,omitempty" enum:"read,sync,write" minItems:"1" maxItems:"3" uniqueItems:"true" doc:"What it may do; nobody gives more than they have. Default: all that you may."`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"Default: never."`
}

type tokenInput struct {
	ID      string `path:"id" doc:"The connection."`
	TokenID string `path:"token_id" doc:"The token."`
}

func (s *server) registerTokens() {
	register(s, access{controlPlane, connection.ScopeConnect}, huma.Operation{
		OperationID: "list-tokens", Method: http.MethodGet, Path: "/v1/connections/{id}/tokens", Tags: []string{tagConnections},
		Summary: "List the tokens of a connection",
	}, s.listTokens)
	registerAs(s, access{controlPlane, connection.ScopeConnect}, manner{sensitive: true}, huma.Operation{
		OperationID: "create-token", Method: http.MethodPost, Path: "/v1/connections/{id}/tokens", Tags: []string{tagConnections}, DefaultStatus: http.StatusCreated,
		Summary:     "Issue another token for a connection",
		RequestBody: example(map[string]any{"label": "reporting", "scopes": []string{"read"}}),
	}, s.issueToken)
	register(s, access{controlPlane, connection.ScopeConnect}, huma.Operation{
		OperationID: "revoke-token", Method: http.MethodPost, Path: "/v1/connections/{id}/tokens/{token_id}/revoke", Tags: []string{tagConnections},
		Summary: "Revoke a token at once",
	}, s.revokeToken)
	register(s, access{controlPlane, connection.ScopeConnect}, huma.Operation{
		OperationID: "delete-token", Method: http.MethodDelete, Path: "/v1/connections/{id}/tokens/{token_id}", Tags: []string{tagConnections},
		Summary: "Revoke a token at once (the same as POST …/revoke)",
	}, s.revokeToken)
}

func (s *server) listTokens(ctx context.Context, in *connectionInput) (*many[TokenView], error) {
	c, err := s.owned(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	tokens, err := s.Store.Tokens(ctx, c.Scope())
	if err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	views := make([]TokenView, len(tokens))
	for i, t := range tokens {
		views[i] = viewToken(t)
	}
	return whole(views), nil
}

func (s *server) issueToken(ctx context.Context, in *newTokenInput) (*one[issuedToken], error) {
	c, err := s.owned(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	scopes, err := callerOf(ctx).grants(in.Body.Scopes)
	if err != nil {
		return nil, err
	}
	t, err := s.Connections.IssueToken(ctx, c, in.Body.Label, scopes, in.Body.ExpiresAt)
	if err != nil {
		return nil, err
	}
	return &one[issuedToken]{viewIssued(t)}, nil
}

// revokeToken answers with the token as it is then; revoking twice is the same as once.
func (s *server) revokeToken(ctx context.Context, in *tokenInput) (*one[TokenView], error) {
	c, err := s.owned(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	err = s.Connections.RevokeToken(ctx, c, in.TokenID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, noToken(in.TokenID)
	}
	if err != nil {
		return nil, fmt.Errorf("revoke token: %w", err)
	}
	return s.token(ctx, c, in.TokenID)
}

func (s *server) token(ctx context.Context, c *store.Connection, id string) (*one[TokenView], error) {
	tokens, err := s.Store.Tokens(ctx, c.Scope())
	if err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	for _, t := range tokens {
		if t.ID == id {
			return &one[TokenView]{viewToken(t)}, nil
		}
	}
	return nil, noToken(id)
}

func noToken(id string) error {
	return &problem.Error{Code: problem.NotFound, Detail: fmt.Sprintf("This connection has no token %s.", quote(id))}
}
