package write

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// target is one entity of one connection, with what is needed to write to it.
type target struct {
	*Service
	conn   *store.Connection
	system *manifest.System
	entity *manifest.Entity
	mapper *mapping.Mapper
	rules  manifest.Rules
	client driver.Client
	writer driver.Writer
	env    mapping.Env
}

// open gives the target; close ends its use. The error is a *problem.Error where the connection or the system cannot be written to.
func (s *Service) open(ctx context.Context, conn *store.Connection, entity string) (*target, error) {
	if err := mayWrite(conn); err != nil {
		return nil, err
	}
	if err := s.Store.HasStream(ctx, conn.Scope(), entity); errors.Is(err, store.ErrNotFound) {
		return nil, s.noStream(conn, entity)
	} else if err != nil {
		return nil, fmt.Errorf("look up %s of connection %s: %w", entity, conn.ID, err)
	}
	t := &target{Service: s, conn: conn, mapper: s.Mapper(conn.System, entity)}
	var err error
	if t.client, t.system, err = s.Connections.Open(ctx, conn); err != nil {
		return nil, err
	}
	t.entity = t.system.Entity(entity)
	writer, writes := t.client.(driver.Writer)
	if t.entity == nil || t.mapper == nil || !writes {
		t.close()
		return nil, notOffered(t.system, entity)
	}
	t.writer = writer
	if err := t.prepare(); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

func (t *target) prepare() error {
	id, err := uuid.Parse(t.conn.ID)
	if err != nil {
		return fmt.Errorf("connection id %q: %w", t.conn.ID, err)
	}
	zone, err := time.LoadLocation(firstOf(t.conn.TimeZone, t.system.TimeZone, "UTC"))
	if err != nil {
		return fmt.Errorf("time zone of connection %s: %w", t.conn.ID, err)
	}
	t.env = mapping.Env{Connection: id, Zone: zone, Public: t.conn.Public}
	rules := map[string]manifest.Rules{}
	if len(t.conn.WriteRules) > 0 {
		if err := json.Unmarshal(t.conn.WriteRules, &rules); err != nil {
			return fmt.Errorf("write rules of connection %s: %w", t.conn.ID, err)
		}
	}
	t.rules = rules[t.entity.Name]
	return nil
}

// close ends the use of the client.
func (t *target) close() {
	if err := t.client.Close(); err != nil {
		t.Log.Warn("a session did not end cleanly", "connection", t.conn.ID, "error", err)
	}
}

// recordID is our id of the source's record.
func (t *target) recordID(remoteID string) uuid.UUID {
	return mapping.RecordID(t.env.Connection, t.entity.Name, remoteID)
}

// mayWrite says why a connection in its state takes no writes; nil: it takes them.
func mayWrite(c *store.Connection) error {
	switch c.State {
	case store.ConnectionPending:
		return problem.New(problem.ConnectionPending, "Nobody has connected this system yet, so there is nothing to write to.")
	case store.ConnectionPaused:
		return problem.New(problem.ConnectionPaused, "Somebody paused this connection. Resume it to write.")
	case store.ConnectionNeedsReauth:
		return problem.New(problem.ConnectionNeedsReauthorization, "The system refuses the stored login. Renew the credentials of this connection, then write again.")
	case store.ConnectionDisconnected:
		return problem.New(problem.ConnectionDisconnected, "This connection is disconnected. Connect the system anew to write to it.")
	case store.ConnectionUnreachable:
		return problem.New(problem.SystemUnreachable, "The system does not answer. Nothing was sent; try again when it is back.").After(unreachableAgain)
	}
	return nil
}

const unreachableAgain = 30 * time.Second

func (s *Service) noStream(c *store.Connection, entity string) error {
	sys := s.Systems.System(c.System)
	if sys == nil || sys.Entity(entity) == nil {
		return notOffered(sys, entity)
	}
	return problem.Newf(problem.EntityNotEnabled, "This connection does not hold %s.", entity)
}

func notOffered(sys *manifest.System, entity string) error {
	name := "This Busbar has no connector of this system, so it"
	if sys != nil {
		name = sys.Name
	}
	return problem.Newf(problem.NotSupportedBySystem, "%s offers no writes of %s. GET /v1/capabilities shows what can be written.", name, entity)
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
