package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/link"
)

// appView is a vendor's own registration with a system's login server, without secrets.
type appView struct {
	System     string            `json:"system" example:"dynamics"`
	AuthMethod string            `json:"auth_method" example:"oauth2"`
	Fields     []string          `json:"fields" doc:"The fields of the login's form that it fills in." example:"[\"client_id\",\"client_secret\"]"`
	Public     map[string]string `json:"public" doc:"Those that are not secret, with their values."`
	UpdatedAt  *time.Time        `json:"updated_at"`
}

func viewApp(a link.App) appView {
	return appView{System: a.System, AuthMethod: a.AuthMethod, Fields: list(a.Fields), Public: a.Public, UpdatedAt: moment(a.UpdatedAt)}
}

type appInput struct {
	System string `path:"system" doc:"The connector's name."`
	Method string `query:"auth_method" doc:"One of the system's ways to log in. Default: its first in a browser."`
}

type putAppInput struct {
	System string `path:"system" doc:"The connector's name."`
	Body   putApp
}

type putApp struct {
	AuthMethod string            `json:"auth_method,omitempty" doc:"Default: the system's first in a browser."`
	Fields     map[string]string `json:"fields" doc:"Fields of that method's form: client_id, client_secret. Secrets are sealed and never shown again."`
}

func (s *server) registerApps() {
	register(s, access{controlPlane, connection.ScopeAdmin}, huma.Operation{
		OperationID: "list-apps", Method: http.MethodGet, Path: "/v1/project/apps/{system}", Tags: []string{tagProject},
		Summary: "List your own registrations with a system's login server",
	}, func(ctx context.Context, in *appInput) (*many[appView], error) {
		all, err := s.Links.Apps(ctx, callerOf(ctx).project())
		if err != nil {
			return nil, err
		}
		var views []appView
		for _, a := range all {
			if a.System == in.System && (in.Method == "" || in.Method == a.AuthMethod) {
				views = append(views, viewApp(a))
			}
		}
		return whole(views), nil
	})
	register(s, access{controlPlane, connection.ScopeAdmin}, huma.Operation{
		OperationID: "put-app", Method: http.MethodPut, Path: "/v1/project/apps/{system}", Tags: []string{tagProject},
		Summary:     "Give your own registration with a system's login server",
		Description: "Customers who connect by a link do not fill in its fields then. It replaces the one that there is; connections that were made keep theirs until their login is renewed.",
		RequestBody: example(map[string]any{"fields": map[string]string{"client_id": "busbar", "client_secret": "…"}}),
	}, func(ctx context.Context, in *putAppInput) (*one[appView], error) {
		a, err := s.Links.PutApp(ctx, callerOf(ctx).project(), in.System, in.Body.AuthMethod, in.Body.Fields)
		if err != nil {
			return nil, err
		}
		return &one[appView]{viewApp(*a)}, nil
	})
	register(s, access{controlPlane, connection.ScopeAdmin}, huma.Operation{
		OperationID: "delete-app", Method: http.MethodDelete, Path: "/v1/project/apps/{system}", Tags: []string{tagProject}, DefaultStatus: http.StatusNoContent,
		Summary: "Remove your own registration with a system's login server",
	}, func(ctx context.Context, in *appInput) (*empty, error) {
		return &empty{}, s.Links.DropApp(ctx, callerOf(ctx).project(), in.System, in.Method)
	})
}
