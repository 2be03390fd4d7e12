package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/store"
)

// object is a JSON object that is passed on as it is.
type object json.RawMessage

// Schema describes it in the document.
func (object) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: "object", AdditionalProperties: true}
}

// MarshalJSON writes it, {} when there is none.
func (o object) MarshalJSON() ([]byte, error) {
	if len(o) == 0 {
		return []byte("{}"), nil
	}
	return o, nil
}

// UnmarshalJSON keeps the text.
func (o *object) UnmarshalJSON(text []byte) error {
	*o = append((*o)[:0], text...)
	return nil
}

// connectionView is a connection as it is served.
type connectionView struct {
	ID             string            `json:"id" example:"0192f0c1-a7b8-7c3e-9d2f-4b5a6c7d8e9f"`
	System         string            `json:"system" doc:"The connector's name." example:"tryton"`
	SystemName     string            `json:"system_name" doc:"What people call the system." example:"Tryton"`
	SystemVersion  string            `json:"system_version" doc:"As the system told when it was connected; empty when it did not." example:"6.0"`
	Name           string            `json:"name" example:"Plant Rotterdam"`
	Status         string            `json:"status" enum:"pending,syncing,active,degraded,unreachable,needs_reauthorization,paused,disconnected"`
	StatusCode     string            `json:"status_code" doc:"A stable word for the reason; empty when active. /docs/problems/#reasons lists them."`
	StatusDetail   string            `json:"status_detail" doc:"The reason and what to do, for a person."`
	StatusSince    *time.Time        `json:"status_since"`
	AuthMethod     string            `json:"auth_method" example:"session"`
	Fields         map[string]string `json:"fields" doc:"What was entered to connect, without secrets."`
	Metadata       object            `json:"metadata" doc:"Your own object."`
	Tags           []string          `json:"tags"`
	TimeZone       string            `json:"time_zone" doc:"Zone of the source's times that carry none." example:"Europe/Amsterdam"`
	Blackouts      []string          `json:"blackouts" doc:"Times of the week, in the connection's time zone, at which no sync calls the system." example:"[\"Mon-Fri 07:00-09:30\"]"`
	WriteRules     manifest.RuleSet  `json:"write_rules" doc:"The connection's own rules for writes, by entity. They forbid what the system would take; they allow nothing."`
	CreatedAt      *time.Time        `json:"created_at"`
	UpdatedAt      *time.Time        `json:"updated_at"`
	LastSuccessAt  *time.Time        `json:"last_success_at" doc:"End of the last successful sync of any entity."`
	DisconnectedAt *time.Time        `json:"disconnected_at"`
	DeletingAt     *time.Time        `json:"deleting_at" doc:"When the deletion of its data was asked for."`
}

func (s *server) viewConnection(c *store.Connection) connectionView {
	v := connectionView{
		ID: c.ID, System: c.System, SystemName: s.systemName(c), SystemVersion: c.SystemVersion, Name: c.Name,
		Status: string(c.State), StatusCode: c.StateCode, StatusDetail: c.StateDetail, StatusSince: moment(c.StateSince),
		AuthMethod: c.AuthMethod, Fields: c.Public, Metadata: object(c.Metadata), Tags: list(c.Tags), TimeZone: c.TimeZone, Blackouts: list(c.Blackouts),
		WriteRules: s.viewRules(c), CreatedAt: moment(c.CreatedAt), UpdatedAt: moment(c.UpdatedAt), LastSuccessAt: moment(c.LastSuccessAt),
		DisconnectedAt: moment(c.DisconnectedAt), DeletingAt: moment(c.DeletingAt),
	}
	if v.Fields == nil {
		v.Fields = map[string]string{}
	}
	return v
}

// systemName gives what people call the connection's system.
func (s *server) systemName(c *store.Connection) string {
	if sys := s.Systems.System(c.System); sys != nil {
		return sys.Name
	}
	return c.System
}

// anything is a JSON value that is not taken apart.
type anything json.RawMessage

// Schema describes it in the document.
func (anything) Schema(huma.Registry) *huma.Schema { return &huma.Schema{} }

// MarshalJSON writes it, null when there is none.
func (a anything) MarshalJSON() ([]byte, error) {
	if len(a) == 0 {
		return []byte("null"), nil
	}
	return a, nil
}

// UnmarshalJSON keeps the text.
func (a *anything) UnmarshalJSON(text []byte) error {
	*a = append((*a)[:0], text...)
	return nil
}

// moment gives a time for an answer, nil for none.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// list makes an empty list of none, so that it is [] and not null.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

type empty struct{}

// one is an answer with one object.
type one[T any] struct {
	Body T
}

// many is an answer with a whole list.
type many[T any] struct {
	Body listBody[T]
}

type listBody[T any] struct {
	Data []T `json:"data"`
}

func whole[T any](items []T) *many[T] { return &many[T]{listBody[T]{list(items)}} }

func (s *server) registerConnection() {
	register(s, access{dataPlane, connection.ScopeRead}, huma.Operation{
		OperationID: "get-own-connection", Method: http.MethodGet, Path: "/v1/connection", Tags: []string{tagConnection},
		Summary:     "Get the connection of this token",
		Description: "Its state tells whether stored records are fresh and what to do when they are not.",
	}, func(ctx context.Context, _ *empty) (*one[connectionView], error) {
		return &one[connectionView]{s.viewConnection(callerOf(ctx).connection)}, nil
	})
	register(s, access{dataPlane, connection.ScopeRead}, huma.Operation{
		OperationID: "get-capabilities", Method: http.MethodGet, Path: "/v1/capabilities", Tags: []string{tagConnection},
		Summary:     "What this connection can do",
		Description: "The capability matrix of the connection's system with the rights of its login (where the system tells them) and the connection's own write rules laid over it, as far as the scopes of the token reach: entities, operations, fields, the rules for writes by name and in words, and the evidence for each.",
	}, s.ownCapabilities)
}
