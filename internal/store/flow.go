package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// Flow is a flow of a project, as its newest version and its settings have it.
type Flow struct {
	ID, ProjectID, Name, Title string
	Version                    int64 // the newest
	Paused                     bool  // by a person
	Settings                   json.RawMessage
	Sealed                     []byte // secret values of parameters

	TriggerKind          string
	TriggerNote          json.RawMessage
	DueAt                time.Time // when to look at the trigger next; zero: it does nothing by itself
	Cursor               string    // how far the trigger has followed a stream
	HookHash, HookSealed []byte    // of the secret in the address of a webhook
	WakeAt               time.Time // when some run can go on; zero: none, or somebody works on it
	LeaseUntil           time.Time
	CreatedAt, UpdatedAt time.Time

	leaseEpoch int64
}

// FlowVersion is a document that a flow has or had.
type FlowVersion struct {
	Flow             string
	Version          int64 // from 1
	Document, Format string
	MadeAt           time.Time
	MadeBy           string
}

// FlowFilter narrows a project's flows; zero fields do not filter. Order: by name.
type FlowFilter struct {
	After      string // name: only later ones
	Connection Scope  // only those in which it has a role
	Limit      int
}

// Flow gives a flow of a project. ErrNotFound.
func (s *Store) Flow(ctx context.Context, project, name string) (*Flow, error) {
	row, err := s.read.Flow(ctx, Storable(project), Storable(name))
	return flowOr(row, err, name)
}

// FlowByID gives a flow. ErrNotFound.
func (s *Store) FlowByID(ctx context.Context, id string) (*Flow, error) {
	row, err := s.read.FlowByID(ctx, Storable(id))
	return flowOr(row, err, id)
}

// FlowByHook gives the flow whose webhook has the secret of this hash. ErrNotFound.
func (s *Store) FlowByHook(ctx context.Context, hash []byte) (*Flow, error) {
	row, err := s.read.FlowByHook(ctx, hash)
	return flowOr(row, err, "of a webhook")
}

func flowOr(row queries.Flow, err error, name string) (*Flow, error) {
	if err != nil {
		return nil, fmt.Errorf("flow %s: %w", name, orNotFound(err))
	}
	return flowFrom(row), nil
}

// Flows lists a project's flows.
func (s *Store) Flows(ctx context.Context, project string, f FlowFilter) ([]Flow, error) {
	rows, err := s.read.Flows(ctx, queries.FlowsParams{
		ProjectID: project, AfterName: Storable(f.After), OfConnection: f.Connection.no, MaxRows: atMost(f.Limit),
	})
	if err != nil {
		return nil, fmt.Errorf("list the flows of project %s: %w", project, err)
	}
	return each(rows, func(r queries.Flow) Flow { return *flowFrom(r) }), nil
}

// DueFlows lists flows that nobody has paused and at whose trigger somebody is to look, those that waited longest first.
func (s *Store) DueFlows(ctx context.Context, now time.Time, limit int) ([]Flow, error) {
	rows, err := s.read.DueFlows(ctx, queries.At(now), atMost(limit))
	if err != nil {
		return nil, fmt.Errorf("list flows whose trigger is due: %w", err)
	}
	return each(rows, func(r queries.Flow) Flow { return *flowFrom(r) }), nil
}

// FlowVersion gives a version of a flow. ErrNotFound.
func (s *Store) FlowVersion(ctx context.Context, flow string, version int64) (*FlowVersion, error) {
	row, err := s.read.FlowVersion(ctx, flow, version)
	if err != nil {
		return nil, fmt.Errorf("version %d of flow %s: %w", version, flow, orNotFound(err))
	}
	v := flowVersionFrom(row)
	return &v, nil
}

// FlowVersions lists a flow's versions, newest first: those before one, all when it is 0.
func (s *Store) FlowVersions(ctx context.Context, flow string, before int64, limit int) ([]FlowVersion, error) {
	if before == 0 {
		before = int64(^uint64(0) >> 1)
	}
	rows, err := s.read.FlowVersions(ctx, flow, before, atMost(limit))
	if err != nil {
		return nil, fmt.Errorf("list the versions of flow %s: %w", flow, err)
	}
	return each(rows, flowVersionFrom), nil
}

func flowVersionFrom(r queries.FlowVersion) FlowVersion {
	return FlowVersion{Flow: r.Flow, Version: r.Version, Document: r.Document, Format: r.Format, MadeAt: r.MadeAt.Time, MadeBy: r.MadeBy}
}

func flowFrom(r queries.Flow) *Flow {
	return &Flow{
		ID: r.ID, ProjectID: r.ProjectID, Name: r.Name, Title: r.Title, Version: r.Version, Paused: bool(r.Paused), Settings: json.RawMessage(r.Settings), Sealed: r.Sealed,
		TriggerKind: r.TriggerKind, TriggerNote: json.RawMessage(r.TriggerNote), DueAt: r.TriggerAt.Time, Cursor: r.TriggerCursor, HookHash: r.HookHash, HookSealed: r.HookSealed,
		WakeAt: r.WakeAt.Time, LeaseUntil: r.LeaseUntilAt.Time, CreatedAt: r.CreatedAt.Time, UpdatedAt: r.UpdatedAt.Time, leaseEpoch: r.LeaseEpoch,
	}
}
