package connection

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store"
)

// scheduleNet is when a new stream is due even if its first run is cancelled before it begins; the end of a run sets the right time.
const scheduleNet = time.Hour

// Created is a new connection with its first token and the runs of its initial sync.
type Created struct {
	Connection *store.Connection
	Token      IssuedToken
	Runs       []store.Run
}

// Create checks the login live, then stores connection, streams, first token and initial runs in one transaction. Errors are *problem.Error
// (validation-failed with pointers for bad input and refused credentials, system-unreachable, system-error, system-rate-limited).
func (s *Service) Create(ctx context.Context, projectID string, n New) (*Created, error) {
	p, err := s.check(n)
	if err != nil {
		return nil, err
	}
	c, err := s.candidate(projectID, p)
	if err != nil {
		return nil, err
	}
	found, tried, err := s.probe(ctx, c, login{p.system, p.method, p.Credentials, nil})
	if err != nil {
		return nil, err
	}
	c.SystemVersion = found.Version
	return s.save(ctx, c, p, tried)
}

// candidate is the connection as it will be stored when the login works.
func (s *Service) candidate(projectID string, p *plan) (*store.Connection, error) {
	id, err := s.newID()
	if err != nil {
		return nil, err
	}
	rules, err := stored(p.WriteRules)
	if err != nil {
		return nil, err
	}
	state, why := rest([]store.Stream{{ActiveRun: &store.Run{}}})
	now := s.instant()
	return &store.Connection{
		ID: id, ProjectID: projectID, System: p.system.System, Name: p.Name,
		State: state, StateCode: why.code, StateDetail: why.detail, StateSince: now,
		AuthMethod: p.method.Method, Public: public(p.method, p.Credentials),
		Metadata: p.Metadata, Tags: p.Tags, TimeZone: p.TimeZone, Blackouts: p.Blackouts, WriteRules: rules, CreatedAt: now, UpdatedAt: now,
	}, nil
}

func (s *Service) save(ctx context.Context, c *store.Connection, p *plan, tried *trial) (*Created, error) {
	if err := s.seal(c, p.Credentials); err != nil {
		return nil, err
	}
	tokens, err := s.tokensOf(c, tried)
	if err != nil {
		return nil, err
	}
	token, err := s.newToken(p.TokenLabel, p.TokenScopes, time.Time{})
	if err != nil {
		return nil, err
	}
	var runs []store.Run
	err = s.Store.Write(ctx, func(tx *store.Tx) (err error) {
		if runs, err = s.insert(ctx, tx, c, p, token); err != nil {
			return err
		}
		if err := tx.SetLogin(ctx, c.Scope(), tokens); err != nil {
			return err
		}
		return note(ctx, tx, c, "created")
	})
	if err != nil {
		return nil, fmt.Errorf("store connection %s: %w", c.ID, err)
	}
	return &Created{Connection: c, Token: token, Runs: runs}, nil
}

func (s *Service) insert(ctx context.Context, tx *store.Tx, c *store.Connection, p *plan, token IssuedToken) ([]store.Run, error) {
	if err := tx.InsertConnection(ctx, c); err != nil {
		return nil, err
	}
	if err := tx.InsertStreams(ctx, c.Scope(), p.streams(c.CreatedAt)); err != nil {
		return nil, err
	}
	if err := tx.InsertToken(ctx, c.Scope(), token.Token); err != nil {
		return nil, err
	}
	return s.Syncs.RequestTx(ctx, tx, c, p.names(), store.Full, store.TriggerConnect)
}

// streams are the streams of the planned entities, in the order in which they are synced.
func (p *plan) streams(now time.Time) []store.Stream {
	out := make([]store.Stream, len(p.entities))
	for i, e := range p.entities {
		out[i] = store.Stream{Entity: e.Name, Schedule: p.Schedule, History: p.History}
		switch {
		case len(e.History) == 0:
			out[i].History = store.AllHistory // master data
		case p.History == "":
			out[i].History = defaultHistory
		}
		if p.Schedule != store.ManualSchedule {
			out[i].NextRunAt = now.Add(scheduleNet)
		}
	}
	return out
}

func (p *plan) names() []string {
	names := make([]string, len(p.entities))
	for i, e := range p.entities {
		names[i] = e.Name
	}
	return names
}

// seal puts the values into c under a data key, which it makes when c has none.
func (s *Service) seal(c *store.Connection, values map[string]string) (err error) {
	if c.DataKey == nil {
		if c.DataKey, err = s.Keeper.NewDataKey(c.ID); err != nil {
			return fmt.Errorf("make the data key of connection %s: %w", c.ID, err)
		}
	}
	c.Credentials, err = s.Keeper.SealCredentials(c.DataKey, c.ID, values)
	return err
}

func (s *Service) newID() (string, error) {
	id, err := uuid.NewV7FromReader(s.Rand)
	if err != nil {
		return "", fmt.Errorf("make an id: %w", err)
	}
	return id.String(), nil
}
