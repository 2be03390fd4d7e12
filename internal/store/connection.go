package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// ConnectionState is a state of a connection; package connection says what moves it.
type ConnectionState string

// The states of a connection.
const (
	ConnectionPending      ConnectionState = "pending"
	ConnectionSyncing      ConnectionState = "syncing"
	ConnectionActive       ConnectionState = "active"
	ConnectionDegraded     ConnectionState = "degraded"
	ConnectionUnreachable  ConnectionState = "unreachable"
	ConnectionNeedsReauth  ConnectionState = "needs_reauthorization"
	ConnectionPaused       ConnectionState = "paused"
	ConnectionDisconnected ConnectionState = "disconnected"
)

// dormant says that a connection in this state does not sync by itself.
func (s ConnectionState) dormant() bool {
	switch s {
	case ConnectionPending, ConnectionUnreachable, ConnectionNeedsReauth, ConnectionPaused, ConnectionDisconnected:
		return true
	}
	return false
}

// Connection is one customer's instance of a system.
type Connection struct {
	scope                Scope
	ID                   string
	ProjectID            string
	System               string
	Name                 string
	State                ConnectionState
	StateCode            string // stable word for the reason, "" when active
	StateDetail          string // sentence for a person
	StateSince           time.Time
	AuthMethod           string
	Credentials          []byte            // sealed by package secret
	DataKey              []byte            // this connection's key, wrapped by the master key
	Public               map[string]string // credential fields that are not secret (url, database): for display and deep links
	Metadata             json.RawMessage   // the vendor's own object, {} when none
	Tags                 []string
	TimeZone             string
	Blackouts            []string        // windows at which background work waits, in TimeZone; see package blackout
	WriteRules           json.RawMessage // its own rules for writes, by entity; {} when none
	SystemVersion        string          // as probed
	CreatedAt, UpdatedAt time.Time
	LastSuccessAt        time.Time // any sync
	DisconnectedAt       time.Time
	DeletingAt           time.Time // delete-data was asked for
	ProbeAt              time.Time // unreachable: when to look next whether the system is back
	Probes               int       // looks in vain since it became unreachable
}

// Scope allows calls on this connection.
func (c *Connection) Scope() Scope { return c.scope }

// ConnectionFilter narrows a list of connections; zero fields do not filter. Order: newest first by id (UUIDv7).
type ConnectionFilter struct {
	Before string // id: only older ones
	System string
	State  ConnectionState
	Tag    string
	Limit  int
}

// Connection gives a connection of a project. ErrNotFound.
func (s *Store) Connection(ctx context.Context, projectID, id string) (*Connection, error) {
	row, err := s.read.Connection(ctx, id, projectID)
	return connectionOf(row, err)
}

// ConnectionByScope gives the connection as it is now. ErrNotFound.
func (s *Store) ConnectionByScope(ctx context.Context, sc Scope) (*Connection, error) {
	row, err := s.read.ConnectionByNumber(ctx, sc.no)
	return connectionOf(row, err)
}

// ConnectionForWork gives a connection by its id alone: for background work, never for a request. ErrNotFound.
func (s *Store) ConnectionForWork(ctx context.Context, id string) (*Connection, error) {
	row, err := s.read.ConnectionByID(ctx, id)
	return connectionOf(row, err)
}

// projectOfConnection gives the project of a connection. ErrNotFound.
func (s *Store) projectOfConnection(ctx context.Context, id string) (string, error) {
	row, err := s.read.ConnectionByID(ctx, id)
	return row.ProjectID, orNotFound(err)
}

// LockConnection gives a connection as it is now, which nobody else changes until the transaction ends. ErrNotFound.
func (t *Tx) LockConnection(ctx context.Context, id string) (*Connection, error) {
	row, err := t.q.LockConnection(ctx, id)
	return connectionOf(row, err)
}

// Connections lists a project's connections.
func (s *Store) Connections(ctx context.Context, projectID string, f ConnectionFilter) ([]*Connection, error) {
	rows, err := s.read.Connections(ctx, queries.ConnectionsParams{
		ProjectID: projectID, Before: before(f.Before), System: f.System, State: string(f.State), Tag: f.Tag, MaxRows: atMost(f.Limit),
	})
	if err != nil {
		return nil, err
	}
	out := make([]*Connection, len(rows))
	for i, row := range rows {
		if out[i], err = connectionOf(row, nil); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// InsertConnection stores a new connection and gives it its scope.
func (t *Tx) InsertConnection(ctx context.Context, c *Connection) error {
	no, err := t.q.NextNumber(ctx, "connection")
	if err != nil {
		return fmt.Errorf("number the connection: %w", err)
	}
	row, err := connectionRow(no, c)
	if err != nil {
		return err
	}
	if err := t.q.InsertConnection(ctx, row); err != nil {
		return fmt.Errorf("store connection %s: %w", c.ID, err)
	}
	c.scope = Scope{no: no, id: c.ID}
	if err := t.noteState(ctx, c.scope, c.State, c.StateCode, c.StateDetail, c.StateSince); err != nil {
		return err
	}
	return t.setTags(ctx, c)
}

// SetConnectionProfile stores name, metadata, tags, time zone and blackouts. ErrNotFound.
func (t *Tx) SetConnectionProfile(ctx context.Context, c *Connection, now time.Time) error {
	t.changed(ThingConnections, c.scope)
	p, err := profileOf(c)
	if err != nil {
		return err
	}
	n, err := t.q.SetConnectionProfile(ctx, queries.SetConnectionProfileParams{
		Connection: c.scope.no, Name: c.Name, Metadata: p.metadata, Tags: p.tags, TimeZone: c.TimeZone, Blackouts: p.blackouts, UpdatedAt: queries.At(now),
	})
	if err := hit(n, err, ErrNotFound); err != nil {
		return err
	}
	c.UpdatedAt = micros(now)
	return t.setTags(ctx, c)
}

// SetWriteRules stores the connection's own rules for writes. ErrNotFound.
func (t *Tx) SetWriteRules(ctx context.Context, sc Scope, rules json.RawMessage, now time.Time) error {
	t.changed(ThingConnections, sc)
	n, err := t.q.SetWriteRules(ctx, rulesText(rules), queries.At(now), sc.no)
	return hit(n, err, ErrNotFound)
}

// SetConnectionCredentials stores auth method, sealed credentials, data key, public fields and system version. ErrNotFound.
func (t *Tx) SetConnectionCredentials(ctx context.Context, c *Connection, now time.Time) error {
	t.changed(ThingConnections, c.scope)
	public, err := marshal(c.Public, "{}")
	if err != nil {
		return err
	}
	n, err := t.q.SetConnectionCredentials(ctx, queries.SetConnectionCredentialsParams{
		Connection: c.scope.no, AuthMethod: c.AuthMethod, Credentials: c.Credentials, DataKey: c.DataKey, PublicFields: public,
		SystemVersion: c.SystemVersion, UpdatedAt: queries.At(now),
	})
	if err := hit(n, err, ErrNotFound); err != nil {
		return err
	}
	c.UpdatedAt = micros(now)
	return nil
}

// SetConnectionState changes the state; StateSince moves and the history grows only when state or code differ. One that becomes unreachable is
// due to be probed at once, unless PlanProbe says when. A disconnected connection never changes again, and only Disconnect makes one (ErrConflict).
func (t *Tx) SetConnectionState(ctx context.Context, sc Scope, state ConnectionState, code, detail string, now time.Time) error {
	if state == ConnectionDisconnected {
		return fmt.Errorf("connection %s is ended by disconnecting it: %w", sc.id, ErrConflict)
	}
	detail = Storable(detail)
	n, err := t.q.SetConnectionState(ctx, queries.SetConnectionStateParams{
		Connection: sc.no, State: string(state), StateCode: code, StateDetail: detail, Now: now.UnixMicro(),
	})
	if err := hit(n, err, ErrConflict); err != nil {
		return err
	}
	if err := t.noteState(ctx, sc, state, code, detail, now); err != nil {
		return err
	}
	return t.setDormant(ctx, sc, state.dormant())
}

// setDormant keeps streams, runs and operations out of the indexes of what is due while the connection does not sync.
func (t *Tx) setDormant(ctx context.Context, sc Scope, dormant bool) error {
	t.changedRuns(sc)
	t.changed(ThingOperations, sc)
	if err := t.q.SetStreamsDormant(ctx, queries.Flag(dormant), sc.no); err != nil {
		return err
	}
	if err := t.q.SetRunsDormant(ctx, queries.Flag(dormant), sc.no); err != nil {
		return err
	}
	return t.q.SetOperationsDormant(ctx, queries.Flag(dormant), sc.no)
}

func (t *Tx) setTags(ctx context.Context, c *Connection) error {
	if err := t.q.DeleteTags(ctx, c.scope.no); err != nil {
		return err
	}
	for _, tag := range c.Tags {
		if err := t.q.InsertTag(ctx, c.scope.no, tag); err != nil {
			return fmt.Errorf("store tag %q: %w", tag, err)
		}
	}
	return nil
}

// FulfilConnection gives a pending connection its system, with name and time zone. ErrConflict: it is not pending.
func (t *Tx) FulfilConnection(ctx context.Context, c *Connection, now time.Time) error {
	t.changed(ThingConnections, c.scope)
	n, err := t.q.FulfilConnection(ctx, queries.FulfilConnectionParams{System: c.System, Name: c.Name, TimeZone: c.TimeZone, UpdatedAt: queries.At(now), Connection: c.scope.no})
	return hit(n, err, ErrConflict)
}

// Reconnect takes a disconnected connection back, in a state that Disconnect has not made, and lets its schedules begin now. Its tokens stay dead. ErrConflict: it is not disconnected, or
// its data are being deleted.
func (t *Tx) Reconnect(ctx context.Context, sc Scope, state ConnectionState, code, detail string, now time.Time) error {
	detail = Storable(detail)
	n, err := t.q.ReconnectConnection(ctx, queries.ReconnectConnectionParams{State: string(state), StateCode: code, StateDetail: detail, Now: queries.At(now), Connection: sc.no})
	if err := hit(n, err, ErrConflict); err != nil {
		return err
	}
	if err := t.noteState(ctx, sc, state, code, detail, now); err != nil {
		return err
	}
	if err := t.q.StartSchedules(ctx, now.UnixMicro(), sc.no); err != nil {
		return err
	}
	return t.setDormant(ctx, sc, state.dormant())
}

// ProjectSettings gives the settings of a project as they are stored, {} for none.
func (s *Store) ProjectSettings(ctx context.Context, projectID string) (json.RawMessage, error) {
	text, err := s.read.ProjectSettings(ctx, projectID)
	return json.RawMessage(text), orNotFound(err)
}

// SetProjectSettings stores the settings of a project. ErrNotFound.
func (t *Tx) SetProjectSettings(ctx context.Context, projectID string, settings json.RawMessage) error {
	n, err := t.q.SetProjectSettings(ctx, string(settings), projectID)
	return hit(n, err, ErrNotFound)
}
