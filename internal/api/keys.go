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

// projectKeyView is a project key without its plaintext.
type projectKeyView struct {
	ID         string     `json:"id"`
	Label      string     `json:"label" example:"backend"`
	Last4      string     `json:"last4" doc:"The last four characters, to tell keys apart."`
	Scopes     []string   `json:"scopes" enum:"read,sync,write,run,flows,connect,admin,own"`
	CreatedAt  *time.Time `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at"`
	RevokedAt  *time.Time `json:"revoked_at"`
	LastUsedAt *time.Time `json:"last_used_at"`
	IssuedBy   string     `json:"issued_by" doc:"The id of the member who issued it, or who stands behind the key that did; empty: none. It may have been removed since."`
}

// issuedProjectKey is a key at the one moment when its plaintext exists.
type issuedProjectKey struct {
	projectKeyView
	Key string `json:"key" doc:"The key itself. It is stored only as a keyed hash and never shown again." example:"bb_key_…"`
}

type newProjectKey struct {
	Label     string     `json:"label" minLength:"1" maxLength:"200" example:"backend"`
	Scopes    []string   `json:"scopes,omitempty" enum:"read,sync,write,run,flows,connect,admin,own" minItems:"1" maxItems:"8" uniqueItems:"true" doc:"What it may do; nobody gives more than they have. Default: all but admin and own."`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"Default: never."`
}

type newKeyInput struct {
	Body newProjectKey
}

type projectKeyInput struct {
	ID string `path:"id" doc:"The key."`
}

type changeKeyInput struct {
	ID   string `path:"id" doc:"The key."`
	Body struct {
		Label string `json:"label" minLength:"1" maxLength:"200"`
	}
}

func viewProjectKey(k store.Key) projectKeyView {
	return projectKeyView{ID: k.ID, Label: k.Label, Last4: k.Last4, Scopes: list(k.Scopes), CreatedAt: moment(k.CreatedAt),
		ExpiresAt: moment(k.ExpiresAt), RevokedAt: moment(k.RevokedAt), LastUsedAt: moment(k.LastUsedAt), IssuedBy: k.IssuedBy}
}

func (s *server) registerKeys() {
	admin := access{controlPlane, connection.ScopeAdmin}
	register(s, admin, huma.Operation{
		OperationID: "list-keys", Method: http.MethodGet, Path: "/v1/keys", Tags: []string{tagProject},
		Summary: "List the keys of the project, newest first",
	}, s.listKeys)
	register(s, admin, huma.Operation{
		OperationID: "create-key", Method: http.MethodPost, Path: "/v1/keys", Tags: []string{tagProject}, DefaultStatus: http.StatusCreated,
		Summary:     "Issue a project key",
		RequestBody: example(map[string]any{"label": "reporting", "scopes": []string{"read"}}),
	}, s.issueKey)
	register(s, admin, huma.Operation{
		OperationID: "get-key", Method: http.MethodGet, Path: "/v1/keys/{id}", Tags: []string{tagProject},
		Summary: "Get a project key, without the key itself",
	}, func(ctx context.Context, in *projectKeyInput) (*one[projectKeyView], error) {
		return s.key(ctx, in.ID, nil)
	})
	register(s, admin, huma.Operation{
		OperationID: "update-key", Method: http.MethodPatch, Path: "/v1/keys/{id}", Tags: []string{tagProject},
		Summary:     "Rename a project key",
		Description: "Who may not do all that the key may gets 403 missing-scope.",
		RequestBody: example(map[string]any{"label": "reporting, old"}),
	}, func(ctx context.Context, in *changeKeyInput) (*one[projectKeyView], error) {
		return s.actOnKey(ctx, in.ID, func() error { return s.Connections.RenameKey(ctx, callerOf(ctx).projectID(), in.ID, in.Body.Label) })
	})
	revoke := func(ctx context.Context, in *projectKeyInput) (*one[projectKeyView], error) {
		return s.actOnKey(ctx, in.ID, func() error { return s.Connections.RevokeKey(ctx, callerOf(ctx).projectID(), in.ID) })
	}
	register(s, admin, huma.Operation{
		OperationID: "revoke-key", Method: http.MethodPost, Path: "/v1/keys/{id}/revoke", Tags: []string{tagProject},
		Summary:     "Revoke a project key at once",
		Description: "Who may not do all that the key may gets 403 missing-scope.",
	}, revoke)
	register(s, admin, huma.Operation{
		OperationID: "delete-key", Method: http.MethodDelete, Path: "/v1/keys/{id}", Tags: []string{tagProject},
		Summary: "Revoke a project key at once (the same as POST …/revoke)",
	}, revoke)
}

func (s *server) listKeys(ctx context.Context, _ *empty) (*many[projectKeyView], error) {
	keys, err := s.Store.Keys(ctx, callerOf(ctx).projectID())
	if err != nil {
		return nil, fmt.Errorf("read project keys: %w", err)
	}
	views := make([]projectKeyView, len(keys))
	for i, k := range keys {
		views[i] = viewProjectKey(k)
	}
	return whole(views), nil
}

func (s *server) issueKey(ctx context.Context, in *newKeyInput) (*one[issuedProjectKey], error) {
	scopes := in.Body.Scopes
	if len(scopes) == 0 {
		scopes = connection.KeyScopes()
	}
	if err := callerOf(ctx).lacks(scopes); err != nil {
		return nil, err
	}
	project := callerOf(ctx).projectID()
	allowed := func(ctx context.Context, tx *store.Tx) error { return s.Members.Stands(ctx, tx, project, by(ctx)) }
	k, err := s.Connections.IssueKey(ctx, project, connection.NewKey{Label: in.Body.Label, Scopes: scopes, Expires: in.Body.ExpiresAt, Allowed: allowed})
	if err != nil {
		return nil, err
	}
	return &one[issuedProjectKey]{issuedProjectKey{viewProjectKey(k.Key), k.Plain}}, nil
}

// actOnKey acts on a key for a caller who may do all that the key may: nobody takes more than they have, or hides behind its name.
func (s *server) actOnKey(ctx context.Context, id string, act func() error) (*one[projectKeyView], error) {
	k, err := s.Store.ProjectKey(ctx, callerOf(ctx).projectID(), id)
	if err == nil {
		err = callerOf(ctx).lacks(k.Scopes)
	}
	if err == nil {
		err = act()
	}
	return s.key(ctx, id, err)
}

// key answers with a key as it is after an act, unless that failed.
func (s *server) key(ctx context.Context, id string, failed error) (*one[projectKeyView], error) {
	var k *store.Key
	err := failed
	if err == nil {
		k, err = s.Store.ProjectKey(ctx, callerOf(ctx).projectID(), id)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, &problem.Error{Code: problem.NotFound, Detail: fmt.Sprintf("Your project has no key %s.", quote(id))}
	}
	if err != nil {
		return nil, fmt.Errorf("project key: %w", err)
	}
	return &one[projectKeyView]{viewProjectKey(*k)}, nil
}
