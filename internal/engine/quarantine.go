package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/zeebo/xxh3"

	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// Bounds of one step of a retry.
const (
	retriedAtOnce = 100
	retriedBytes  = 4 << 20
)

// Retry says what another try at a run's quarantine did.
type Retry struct {
	Tried      int64 // open before
	Created    int64
	Updated    int64
	Superseded int64 // a newer one is stored
	Open       int64 // still cannot be mapped
}

// RetryQuarantine maps what is open in a run's quarantine again, with the mapping as it is now, and stores what maps, in bounded steps. The system
// is not asked. It may be repeated. *problem.Error: not-found, connection-disconnected, entity-not-enabled.
func (s *Service) RetryQuarantine(ctx context.Context, c *store.Connection, runID string) (sum Retry, err error) {
	run, err := s.Store.Run(ctx, c.Scope(), runID)
	if errors.Is(err, store.ErrNotFound) {
		return sum, noSuchRun()
	}
	if err != nil {
		return sum, fmt.Errorf("read run %s: %w", runID, err)
	}
	again, err := s.remapper(c, run.Entity)
	if err != nil {
		return sum, err
	}
	for after, more := int64(0), true; more; {
		var page []store.Quarantined
		page, more, err = s.Store.Quarantine(ctx, c.Scope(), runID, store.QuarantineRange{After: after, State: store.QuarantineOpen, Limit: retriedAtOnce, Bytes: retriedBytes})
		if err != nil || len(page) == 0 {
			return sum, err
		}
		after = page[len(page)-1].N
		n, err := s.Store.RetryQuarantine(ctx, run, again.all(page), s.Now())
		if err != nil {
			return sum, err
		}
		sum.add(n)
	}
	return sum, nil
}

func (r *Retry) add(n store.RetryCounts) {
	r.Created, r.Updated, r.Superseded, r.Open = r.Created+n.Created, r.Updated+n.Updated, r.Superseded+n.Superseded, r.Open+n.Open
	r.Tried = r.Created + r.Updated + r.Superseded + r.Open
}

// remapper maps the raw form of quarantined records again.
type remapper struct {
	mapper     *mapping.Mapper
	env        mapping.Env
	connection uuid.UUID
	entity     string
}

func (s *Service) remapper(c *store.Connection, entity string) (m remapper, err error) {
	if c.State == store.ConnectionDisconnected {
		return m, mayRequest(c)
	}
	m = remapper{mapper: s.Mapper(c.System, entity), entity: entity}
	if m.mapper == nil {
		return m, problem.New(problem.EntityNotEnabled, fmt.Sprintf("The connector %s no longer maps %s.", c.System, entity))
	}
	if m.connection, err = uuid.Parse(c.ID); err != nil {
		return m, fmt.Errorf("connection id %q: %w", c.ID, err)
	}
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return m, problem.New(problem.Conflict, fmt.Sprintf("The connection's time zone %q is not known. Set one such as Europe/Amsterdam.", c.TimeZone))
	}
	m.env = mapping.Env{Connection: m.connection, Zone: zone, Public: c.Public}
	return m, nil
}

func (m remapper) all(page []store.Quarantined) []store.Retried {
	out := make([]store.Retried, len(page))
	for i, q := range page {
		out[i] = m.one(q)
	}
	return out
}

func (m remapper) one(q store.Quarantined) store.Retried {
	remoteID, err := m.mapper.RemoteID(q.Raw)
	if err != nil {
		return m.stillBad(q, err)
	}
	got, err := m.mapper.Map(q.Raw, m.env)
	if err != nil {
		return m.stillBad(q, err)
	}
	return store.Retried{N: q.N, Change: &store.Change{
		ID: mapping.RecordID(m.connection, m.entity, remoteID), RemoteID: remoteID, RawHash: xxh3.Hash128(q.Raw).Bytes(), Raw: q.Raw,
		Fields: got.Fields, RemoteUpdatedAt: got.RemoteUpdatedAt, RangeAt: got.RangeAt,
	}}
}

func (m remapper) stillBad(q store.Quarantined, err error) store.Retried {
	b := badRecord(m.entity, uuid.Nil, q.RemoteID, q.Raw, err)
	return store.Retried{N: q.N, Pointer: b.Pointer, Reason: b.Reason}
}
