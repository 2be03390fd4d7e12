package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/store"
)

type connectionsInput struct {
	System   string            `query:"system" doc:"Only connections to this system." example:"tryton"`
	Status   string            `query:"status" enum:"pending,syncing,active,degraded,unreachable,needs_reauthorization,paused,disconnected" doc:"Only connections in this state."`
	Tag      string            `query:"tag" doc:"Only connections with this tag."`
	Q        string            `query:"q" maxLength:"200" doc:"Only connections of which each of these words is part of the name, the system or (from 8 characters on) the id, in whatever case. A page may be shorter than limit, or empty, while there are more: go on until next_cursor is null." example:"rotterdam"`
	Metadata map[string]string `query:"metadata,deepObject" maxProperties:"10" doc:"Only connections with this member of their metadata: metadata[customer]=4711. Members at the top count; with several, all have to be there."`
	PageInput
}

type connectionInput struct {
	ID string `path:"id" doc:"The connection."`
}

type newConnectionInput struct {
	Body newConnection
}

type newConnection struct {
	System      string            `json:"system" minLength:"1" doc:"The connector's name; GET /v1/systems lists them." example:"tryton"`
	Name        string            `json:"name,omitempty" maxLength:"200" doc:"Default: the system's name." example:"Plant Rotterdam"`
	AuthMethod  string            `json:"auth_method,omitempty" doc:"One of the system's; default: its first."`
	Credentials map[string]string `json:"credentials" doc:"The fields of the auth method's form, each one line; white space around a value is taken off. Secrets are sealed and never shown again."`
	Metadata    object            `json:"metadata,omitempty" doc:"Your own object."`
	Tags        []string          `json:"tags,omitempty" maxItems:"20"`
	TimeZone    string            `json:"time_zone,omitempty" doc:"IANA zone of the source's times that carry none." example:"Europe/Amsterdam"`
	Blackouts   []string          `json:"blackouts,omitempty" maxItems:"50" doc:"Times of the week, in the connection's time zone, at which no sync calls the system: Mon-Fri 07:00-09:30, daily 22:00-02:00, Sun 00:00-24:00. Syncs that fall due wait until the end." example:"[\"Mon-Fri 07:00-09:30\"]"`
	History     string            `json:"history,omitempty" doc:"Historical period of the first sync: PnD, PnW, PnM or PnY (days, weeks, months, years), or all. Default P90D." example:"P90D"`
	Schedule    string            `json:"schedule,omitempty" doc:"An interval, a cron line, or manual. Default 1h." example:"1h"`
	Entities    []string          `json:"entities,omitempty" maxItems:"200" doc:"What to sync. Default: all that the connector maps."`
	WriteRules  manifest.RuleSet  `json:"write_rules,omitempty" doc:"Rules of your own for writes, by entity, that forbid what the system would take. Fields are named as in records."`
	TokenLabel  string            `json:"token_label,omitempty" maxLength:"200" doc:"Label of the first token. Default: default."`
}

// createdConnection is a new connection with what exists only once: its first token.
type createdConnection struct {
	Connection connectionView `json:"connection"`
	Token      issuedToken    `json:"token" doc:"The first token of the connection. It is shown only here."`
	Runs       []runView      `json:"runs" doc:"The runs of the first sync."`
}

type createdOutput struct {
	Location string `header:"Location"`
	Body     createdConnection
}

type changeConnectionInput struct {
	ID   string `path:"id" doc:"The connection."`
	Body changeConnection
}

type changeConnection struct {
	Name       *string           `json:"name,omitempty" minLength:"1" maxLength:"200"`
	TimeZone   *string           `json:"time_zone,omitempty" doc:"IANA zone." example:"Europe/Amsterdam"`
	Metadata   object            `json:"metadata,omitempty" doc:"Replaces the whole object."`
	Tags       *[]string         `json:"tags,omitempty" maxItems:"20" doc:"Replaces all tags."`
	WriteRules *manifest.RuleSet `json:"write_rules,omitempty" doc:"Rules of your own for writes, by entity, that forbid what the system would take. Replaces all; {} removes them. Fields are named as in records; GET /v1/capabilities shows what is left."`
	Blackouts  *[]string         `json:"blackouts,omitempty" maxItems:"50" doc:"Times of the week, in the connection's time zone, at which no sync calls the system: Mon-Fri 07:00-09:30, daily 22:00-02:00, Sun 00:00-24:00. Replaces all; an empty list lets waiting syncs go on at once." example:"[\"Mon-Fri 07:00-09:30\"]"`
}

func (s *server) registerConnections() {
	register(s, access{controlPlane, connection.ScopeRead}, huma.Operation{
		OperationID: "list-connections", Method: http.MethodGet, Path: "/v1/connections", Tags: []string{tagConnections},
		Summary: "List connections, newest first",
	}, s.listConnections)
	registerAs(s, access{controlPlane, connection.ScopeConnect}, manner{sensitive: true}, huma.Operation{
		OperationID: "create-connection", Method: http.MethodPost, Path: "/v1/connections", Tags: []string{tagConnections}, DefaultStatus: http.StatusCreated,
		Summary: "Connect a system",
		RequestBody: example(map[string]any{
			"system": "tryton", "name": "Plant Rotterdam", "tags": []string{"eu"}, "metadata": map[string]any{"customer": "4711"},
			"credentials": exampleLogin(),
		}),
		Description: "The login is checked live before anything is stored. The first sync starts at once; the token in the answer reads it.",
	}, s.createConnection)
	register(s, access{controlPlane, connection.ScopeRead}, huma.Operation{
		OperationID: "get-connection", Method: http.MethodGet, Path: "/v1/connections/{id}", Tags: []string{tagConnections},
		Summary: "Get a connection",
	}, func(ctx context.Context, in *connectionInput) (*one[connectionView], error) {
		return s.act(ctx, in.ID, nothing)
	})
	register(s, access{controlPlane, connection.ScopeConnect}, huma.Operation{
		OperationID: "update-connection", Method: http.MethodPatch, Path: "/v1/connections/{id}", Tags: []string{tagConnections},
		Summary:     "Rename a connection; change its time zone, blackouts, write rules, metadata or tags",
		RequestBody: example(map[string]any{"name": "Plant Rotterdam North"}),
	}, func(ctx context.Context, in *changeConnectionInput) (*one[connectionView], error) {
		return s.act(ctx, in.ID, func(ctx context.Context, c *store.Connection) error {
			return s.Connections.Update(ctx, c, updateOf(in.Body))
		})
	})
}

func (s *server) listConnections(ctx context.Context, in *connectionsInput) (*page[connectionView], error) {
	project := callerOf(ctx).project()
	at := place{kind: idCursor, owner: project, subject: "connections", filters: fmt.Sprintf("%q %q %q %q %q", in.System, in.Status, in.Tag, in.Q, in.Metadata)}
	before, err := s.before(at, in.Cursor)
	if err != nil {
		return nil, err
	}
	filter := store.ConnectionFilter{Before: before, System: in.System, State: store.ConnectionState(in.Status), Tag: in.Tag, Limit: in.Limit + 1}
	if strings.TrimSpace(in.Q) != "" || len(in.Metadata) > 0 {
		return s.findConnections(ctx, at, filter, store.Find{Words: in.Q, Metadata: in.Metadata})
	}
	found, err := s.Store.Connections(ctx, project, filter)
	if err != nil {
		return nil, fmt.Errorf("read connections: %w", err)
	}
	return pageOf(s, at, in.Limit, found, s.viewConnection, endsAt(func(c *store.Connection) string { return c.ID })), nil
}

func (s *server) findConnections(ctx context.Context, at place, f store.ConnectionFilter, by store.Find) (*page[connectionView], error) {
	f.Limit--
	found, behind, err := s.Store.FindConnections(ctx, at.owner, f, by)
	if err != nil {
		return nil, fmt.Errorf("search connections: %w", err)
	}
	out := pageOf(s, at, len(found), found, s.viewConnection, nil)
	if behind != "" {
		next := s.seal(at, position{id: behind})
		out.Body.NextCursor = &next
	}
	return out, nil
}

func (s *server) createConnection(ctx context.Context, in *newConnectionInput) (*createdOutput, error) {
	b := in.Body
	scopes, err := callerOf(ctx).grants(nil)
	if err != nil {
		return nil, err
	}
	made, err := s.Connections.Create(ctx, callerOf(ctx).project(), connection.New{
		System: b.System, Name: b.Name, AuthMethod: b.AuthMethod, Credentials: b.Credentials, Metadata: json.RawMessage(b.Metadata),
		Tags: b.Tags, TimeZone: b.TimeZone, Blackouts: b.Blackouts, History: b.History, Schedule: b.Schedule, Entities: b.Entities, WriteRules: b.WriteRules, TokenLabel: b.TokenLabel, TokenScopes: scopes,
	})
	if err != nil {
		return nil, err
	}
	return &createdOutput{
		Location: "/v1/connections/" + made.Connection.ID,
		Body:     createdConnection{s.viewConnection(made.Connection), viewIssued(made.Token), viewRuns(made.Runs)},
	}, nil
}

func updateOf(b changeConnection) connection.Update {
	return connection.Update{Name: b.Name, TimeZone: b.TimeZone, Metadata: json.RawMessage(b.Metadata), Tags: b.Tags, Blackouts: b.Blackouts, WriteRules: b.WriteRules}
}

// owned gives a connection of the caller's project.
func (s *server) owned(ctx context.Context, id string) (*store.Connection, error) {
	c, err := s.Store.Connection(ctx, callerOf(ctx).project(), id)
	if err != nil {
		return nil, connectionError(id, err)
	}
	return c, nil
}

// act does something to a connection of the caller's project and answers with the connection as it is then.
func (s *server) act(ctx context.Context, id string, do func(context.Context, *store.Connection) error) (*one[connectionView], error) {
	c, err := s.owned(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := do(ctx, c); err != nil {
		return nil, err
	}
	if c, err = s.owned(ctx, id); err != nil {
		return nil, err
	}
	return &one[connectionView]{s.viewConnection(c)}, nil
}

func nothing(context.Context, *store.Connection) error { return nil }
