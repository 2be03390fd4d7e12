package connection

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// Reservation is a connection that somebody is invited to make. Empty members are theirs to choose, or the defaults of New.
type Reservation struct {
	System, Name, TimeZone, History, Schedule string
	Entities, Tags                            []string
	Metadata                                  json.RawMessage
}

// CheckReservation finds everything wrong with r and gives it as it will be stored. Errors: *problem.Error validation-failed.
func (s *Service) CheckReservation(r Reservation) (Reservation, error) {
	f := newFaults()
	r.Metadata, r.Tags = f.metadata(r.Metadata), f.tags(r.Tags)
	if r.Name != "" {
		r.Name = f.name(r.Name)
	}
	if r.TimeZone != "" {
		f.timeZone(r.TimeZone)
	}
	if r.Schedule != "" {
		f.text(s.CheckSchedule, r.Schedule, "schedule")
	}
	if r.History != "" {
		f.text(s.CheckHistory, r.History, "history")
	}
	sys := s.Systems.System(r.System)
	switch {
	case r.System == "" && len(r.Entities) > 0:
		f.at(problem.Invalid, "Entities are chosen of a system: name the system too.", "entities")
	case r.System != "" && sys == nil:
		f.at(problem.Unknown, unknown("system", r.System, s.systemNames()), "system")
	case sys != nil:
		f.entities(sys, r.Entities)
	}
	return r, f.err()
}

// Reserve stores a pending connection, without a login, in the caller's transaction. CheckReservation gave r.
func (s *Service) Reserve(ctx context.Context, tx *store.Tx, projectID string, r Reservation) (*store.Connection, error) {
	id, err := s.newID()
	if err != nil {
		return nil, err
	}
	now := s.instant()
	c := &store.Connection{
		ID: id, ProjectID: projectID, System: r.System, Name: cmp.Or(r.Name, s.systemName(r.System)),
		State: store.ConnectionPending, StateCode: problem.ReasonLinkUnused, StateDetail: "The link of this connection was not used yet.", StateSince: now,
		Metadata: r.Metadata, Tags: r.Tags, TimeZone: r.TimeZone, CreatedAt: now, UpdatedAt: now,
	}
	if err := tx.InsertConnection(ctx, c); err != nil {
		return nil, err
	}
	return c, note(ctx, tx, c, "reserved")
}

// Fulfilment is what a reserved connection becomes: metadata and tags stay.
type Fulfilment struct {
	New
	Grant *driver.Grant                                                      // that a login in a browser gave; nil: none
	With  func(ctx context.Context, tx *store.Tx, c *store.Connection) error // in the same transaction, last
}

// Fulfil checks the login live and makes a pending connection out of it, all in one transaction: login, streams, the runs of the first sync. It issues no token. Errors are as Create's;
// conflict when the connection is not pending any more.
func (s *Service) Fulfil(ctx context.Context, c *store.Connection, f Fulfilment) error {
	f.Metadata, f.Tags = c.Metadata, c.Tags
	f.Name, f.TimeZone = cmp.Or(f.Name, c.Name), cmp.Or(f.TimeZone, c.TimeZone)
	p, err := s.check(f.New)
	if err != nil {
		return err
	}
	found, tried, err := s.probe(ctx, c, login{p.system, p.method, p.Credentials, f.Grant})
	if err != nil {
		return err
	}
	var now *store.Connection
	err = s.Store.Write(ctx, func(tx *store.Tx) (err error) {
		if now, err = tx.LockConnection(ctx, c.ID); err != nil {
			return err
		}
		now.SystemVersion = found.Version
		if err := s.fulfilTx(ctx, tx, now, p, tried); err != nil {
			return err
		}
		if err := f.With(ctx, tx, now); err != nil {
			return err
		}
		return note(ctx, tx, now, "created", slices.Sorted(maps.Keys(p.Credentials))...)
	})
	if errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) {
		return problem.New(problem.Conflict, "This connection was made or ended meanwhile.").Wrap(err)
	}
	if err != nil {
		return fmt.Errorf("make connection %s: %w", c.ID, err)
	}
	adopt(c, now)
	return nil
}

// fulfilTx makes the connection that this transaction has locked.
func (s *Service) fulfilTx(ctx context.Context, tx *store.Tx, now *store.Connection, p *plan, tried *trial) error {
	if now.State != store.ConnectionPending {
		return store.ErrConflict
	}
	now.System, now.Name, now.TimeZone = p.system.System, p.Name, p.TimeZone
	now.AuthMethod, now.Public = p.method.Method, public(p.method, p.Credentials)
	if err := s.seal(now, p.Credentials); err != nil {
		return err
	}
	tokens, err := s.tokensOf(now, tried)
	if err != nil {
		return err
	}
	err = errors.Join(tx.FulfilConnection(ctx, now, s.instant()), tx.SetConnectionCredentials(ctx, now, s.instant()), tx.SetLogin(ctx, now.Scope(), tokens),
		tx.InsertStreams(ctx, now.Scope(), p.streams(s.instant())))
	if err != nil {
		return err
	}
	_, why := rest([]store.Stream{{ActiveRun: &store.Run{}}})
	if err := s.moveTx(ctx, tx, now, created, why); err != nil {
		return err
	}
	_, err = s.Syncs.RequestTx(ctx, tx, now, p.names(), store.Full, store.TriggerConnect)
	return err
}

// Unreserve ends a pending connection that came to nothing, in the caller's transaction, which has locked it: it is deleted in the background. One that is not pending stays.
func (s *Service) Unreserve(ctx context.Context, tx *store.Tx, now *store.Connection) error {
	if now.State != store.ConnectionPending {
		return nil
	}
	at := s.instant()
	if err := tx.Disconnect(ctx, now.Scope(), at); err != nil {
		return err
	}
	return tx.AskDeleteData(ctx, now.Scope(), at)
}
