package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

func connectionRow(no int64, c *Connection) (queries.InsertConnectionParams, error) {
	c.StateSince, c.UpdatedAt = orElse(c.StateSince, c.CreatedAt), orElse(c.UpdatedAt, c.CreatedAt)
	p, err := profileOf(c)
	if err != nil {
		return queries.InsertConnectionParams{}, err
	}
	public, err := marshal(c.Public, "{}")
	return queries.InsertConnectionParams{
		Connection: no, ID: c.ID, ProjectID: c.ProjectID, System: c.System, Name: c.Name,
		State: string(c.State), StateCode: c.StateCode, StateDetail: c.StateDetail, StateSinceAt: queries.At(c.StateSince),
		AuthMethod: c.AuthMethod, Credentials: c.Credentials, DataKey: c.DataKey, PublicFields: public,
		Metadata: p.metadata, Tags: p.tags, TimeZone: c.TimeZone, Blackouts: p.blackouts, WriteRules: rulesText(c.WriteRules), SystemVersion: c.SystemVersion,
		CreatedAt: queries.At(c.CreatedAt), UpdatedAt: queries.At(c.UpdatedAt), LastSuccessAt: queries.At(c.LastSuccessAt),
		DisconnectedAt: queries.At(c.DisconnectedAt), DeletingAt: queries.At(c.DeletingAt),
	}, err
}

func connectionOf(r queries.Connection, err error) (*Connection, error) {
	if err != nil {
		return nil, orNotFound(err)
	}
	c := &Connection{
		scope: Scope{no: r.Connection, id: r.ID}, ID: r.ID, ProjectID: r.ProjectID, System: r.System, Name: r.Name,
		State: ConnectionState(r.State), StateCode: r.StateCode, StateDetail: r.StateDetail, StateSince: r.StateSinceAt.Time,
		AuthMethod: r.AuthMethod, Credentials: r.Credentials, DataKey: r.DataKey,
		Metadata: json.RawMessage(r.Metadata), WriteRules: json.RawMessage(r.WriteRules), TimeZone: r.TimeZone, SystemVersion: r.SystemVersion,
		CreatedAt: r.CreatedAt.Time, UpdatedAt: r.UpdatedAt.Time, LastSuccessAt: r.LastSuccessAt.Time,
		DisconnectedAt: r.DisconnectedAt.Time, DeletingAt: r.DeletingAt.Time, ProbeAt: r.ProbeAt.Time, Probes: int(r.ProbeCount),
	}
	if err := json.Unmarshal([]byte(r.PublicFields), &c.Public); err != nil {
		return nil, fmt.Errorf("read public fields of connection %s: %w", r.ID, err)
	}
	if err := json.Unmarshal([]byte(r.Tags), &c.Tags); err != nil {
		return nil, fmt.Errorf("read tags of connection %s: %w", r.ID, err)
	}
	c.Blackouts = namesFrom(r.Blackouts)
	return c, nil
}

// namesFrom reads a list as this package wrote it.
func namesFrom(text string) (list []string) {
	if text == "[]" {
		return nil
	}
	_ = json.Unmarshal([]byte(text), &list)
	return list
}

// profile is what people say of a connection, as it is stored.
type profile struct{ tags, metadata, blackouts string }

func profileOf(c *Connection) (p profile, err error) {
	if p.metadata = string(c.Metadata); p.metadata == "" {
		p.metadata = "{}"
	}
	if p.tags, err = marshal(c.Tags, "[]"); err != nil {
		return p, err
	}
	p.blackouts, err = marshal(c.Blackouts, "[]")
	return p, err
}

func rulesText(rules json.RawMessage) string {
	if len(rules) == 0 {
		return "{}"
	}
	return string(rules)
}

func marshal(v any, empty string) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("write %T as JSON: %w", v, err)
	}
	if string(text) == "null" {
		return empty, nil
	}
	return string(text), nil
}

// before is a bound above every id, which are hexadecimal, when there is none: so under every collation.
func before(id string) string {
	if id == "" {
		return "g"
	}
	return id
}

// defaultLimit bounds lists of the control plane whose caller names no limit.
const defaultLimit = 100

func atMost(limit int) int32 {
	if limit <= 0 {
		return defaultLimit
	}
	return int32(limit)
}

func orElse(t, other time.Time) time.Time {
	if t.IsZero() {
		return other
	}
	return t
}
