package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/store"
)

type reauthorizeInput struct {
	ID   string `path:"id" doc:"The connection."`
	Body reauthorize
}

type reauthorize struct {
	AuthMethod   string            `json:"auth_method,omitempty" doc:"Default: the method in use."`
	Credentials  map[string]string `json:"credentials" doc:"All fields of the auth method's form."`
	SameInstance bool              `json:"same_instance,omitempty" doc:"Only when the address or another field that names the instance has changed: true says that the same instance, with the same records, has moved there."`
}

func (r reauthorize) renewal() connection.Renewal {
	return connection.Renewal{AuthMethod: r.AuthMethod, Credentials: r.Credentials, SameInstance: r.SameInstance}
}

func (s *server) registerConnectionActs() {
	s.registerReconnect()
	s.registerAct("pause", connection.ScopeSync, manner{}, "Pause a connection", "Stored records stay readable; syncs stop until it is resumed.", s.Connections.Pause)
	s.registerAct("resume", connection.ScopeSync, manner{}, "Resume a paused connection", "Schedules go on where they were.", s.Connections.Resume)
	s.registerAct("disconnect", connection.ScopeConnect, manner{}, "Disconnect",
		"Tokens are dead at once, schedules stop, queued runs are cancelled. Data stay until delete-data. Until then it can be connected again.", s.Connections.Disconnect)
	s.registerAct("delete-data", connection.ScopeConnect, manner{sensitive: true}, "Delete the data of a disconnected connection",
		"Records, history and credentials are deleted for good, in the background; then the connection itself is gone (404).", s.Connections.DeleteData)
	register(s, access{controlPlane, connection.ScopeConnect}, huma.Operation{
		OperationID: "reauthorize-connection", Method: http.MethodPost, Path: "/v1/connections/{id}/reauthorize", Tags: []string{tagConnections},
		Summary:     "Renew the credentials of a connection",
		RequestBody: example(map[string]any{"credentials": exampleLogin()}),
		Description: "They are checked live first. The connection keeps its id, tokens, records and cursors, so they must lead to the same instance of the system: " +
			"409 conflict when the address, database or the like differ, unless same_instance says that the instance has only moved.",
	}, func(ctx context.Context, in *reauthorizeInput) (*one[connectionView], error) {
		return s.act(ctx, in.ID, func(ctx context.Context, c *store.Connection) error {
			return s.Connections.Reauthorize(ctx, c, in.Body.renewal())
		})
	})
}

type reconnectInput struct {
	ID   string `path:"id" doc:"The connection."`
	Body reconnect
}

type reconnect struct {
	AuthMethod   string            `json:"auth_method,omitempty" doc:"Default: the method that was in use."`
	Credentials  map[string]string `json:"credentials" doc:"All fields of the auth method's form."`
	SameInstance bool              `json:"same_instance,omitempty" doc:"As of reauthorize: the same instance, with the same records, has moved."`
	TokenLabel   string            `json:"token_label,omitempty" maxLength:"200" doc:"Label of the new token. Default: default."`
}

// reconnected is a connection that came back, with what exists only once: its new token.
type reconnected struct {
	Connection connectionView `json:"connection"`
	Token      issuedToken    `json:"token" doc:"The new token of the connection. It is shown only here."`
}

func (s *server) registerReconnect() {
	registerAs(s, access{controlPlane, connection.ScopeConnect}, manner{sensitive: true}, huma.Operation{
		OperationID: "reconnect-connection", Method: http.MethodPost, Path: "/v1/connections/{id}/reconnect", Tags: []string{tagConnections},
		Summary:     "Connect a disconnected connection again",
		RequestBody: example(map[string]any{"credentials": exampleLogin()}),
		Description: "Its id, records and cursors stay, and it syncs what it missed. Its old tokens stay dead; the answer has a new one. The login is checked live first and must lead to the same instance of the system. " +
			"409 conflict when it is not disconnected, or its data are being deleted.",
	}, func(ctx context.Context, in *reconnectInput) (*one[reconnected], error) {
		c, err := s.owned(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		scopes, err := callerOf(ctx).grants(nil)
		if err != nil {
			return nil, err
		}
		token, err := s.Connections.Reconnect(ctx, c, connection.Renewal{AuthMethod: in.Body.AuthMethod, Credentials: in.Body.Credentials, SameInstance: in.Body.SameInstance}, in.Body.TokenLabel, scopes)
		if err != nil {
			return nil, err
		}
		return &one[reconnected]{reconnected{s.viewConnection(c), viewIssued(token)}}, nil
	})
}

// registerAct adds POST /v1/connections/{id}/<verb>.
func (s *server) registerAct(verb, scope string, m manner, summary, description string, do func(context.Context, *store.Connection) error) {
	registerAs(s, access{controlPlane, scope}, m, huma.Operation{
		OperationID: verb + "-connection", Method: http.MethodPost, Path: "/v1/connections/{id}/" + verb, Tags: []string{tagConnections},
		Summary: summary, Description: description,
	}, func(ctx context.Context, in *connectionInput) (*one[connectionView], error) {
		return s.act(ctx, in.ID, do)
	})
}

func exampleLogin() map[string]string {
	return map[string]string{"url": "https://erp.example.com", "database": "production", "username": "busbar", "password": "…"}
}
