package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// NewFlow is what PutFlow makes of a flow.
type NewFlow struct {
	ID               string // of a flow that is not there yet
	ProjectID, Name  string
	Title            string
	Document, Format string
	By               string // who gives the document
	Settings         json.RawMessage
	Sealed           []byte
	TriggerKind      string
	Roles            map[string]Scope // which connection has which role
}

// PutFlow makes a flow, or changes the one of this name: a document that differs from the newest is a version of its own. What SetFlow changes stays. Takes the flow's lock.
func (t *Tx) PutFlow(ctx context.Context, n NewFlow, now time.Time) (*Flow, error) {
	t.changedIn(ThingFlows, n.ProjectID)
	row, err := t.q.TakeFlowName(ctx, queries.TakeFlowNameParams{ID: n.ID, ProjectID: n.ProjectID, Name: Storable(n.Name), CreatedAt: queries.At(now)})
	if err != nil {
		return nil, fmt.Errorf("store flow %s: %w", n.Name, err)
	}
	version, err := t.putFlowVersion(ctx, row, n, now)
	if err == nil {
		err = t.putFlowRoles(ctx, row.ID, n.Roles)
	}
	if err == nil {
		err = t.q.ApplyFlow(ctx, queries.ApplyFlowParams{
			Title: Storable(n.Title), Version: version, Settings: objectText(n.Settings), Sealed: n.Sealed, TriggerKind: n.TriggerKind, UpdatedAt: queries.At(now), ID: row.ID,
		})
	}
	if err == nil {
		row, err = t.q.LockFlow(ctx, row.ID)
	}
	return flowOr(row, err, n.Name)
}

// putFlowVersion gives the number that the document has.
func (t *Tx) putFlowVersion(ctx context.Context, row queries.Flow, n NewFlow, now time.Time) (int64, error) {
	document := Storable(n.Document)
	newest, err := t.q.FlowVersion(ctx, row.ID, row.Version)
	switch {
	case err == nil && newest.Document == document && newest.Format == n.Format:
		return row.Version, nil
	case err != nil && !errors.Is(orNotFound(err), ErrNotFound):
		return 0, err
	}
	return row.Version + 1, t.q.InsertFlowVersion(ctx, queries.InsertFlowVersionParams{
		Flow: row.ID, Version: row.Version + 1, Document: document, Format: n.Format, MadeAt: queries.At(now), MadeBy: Storable(n.By),
	})
}

func (t *Tx) putFlowRoles(ctx context.Context, id string, roles map[string]Scope) error {
	if err := t.q.EraseFlowRoles(ctx, id); err != nil {
		return err
	}
	for _, role := range slices.Sorted(maps.Keys(roles)) {
		if err := t.q.InsertFlowRole(ctx, id, Storable(role), roles[role].no); err != nil {
			return err
		}
	}
	return nil
}

// objectText is a JSON object as it is stored; none is an empty one.
func objectText(b json.RawMessage) string {
	if len(b) == 0 {
		return "{}"
	}
	return string(storableBytes(b))
}

// LockFlow takes the flow's lock, and gives the flow. ErrNotFound.
func (t *Tx) LockFlow(ctx context.Context, id string) (*Flow, error) {
	row, err := t.q.LockFlow(ctx, Storable(id))
	return flowOr(row, err, id)
}

// QuietFlow says when a trigger is looked at next that has found nothing new, unless it was set meanwhile.
func (t *Tx) QuietFlow(ctx context.Context, f *Flow, due time.Time) error {
	if err := t.q.QuietFlow(ctx, queries.QuietFlowParams{Due: queries.At(due), ID: f.ID, Was: queries.At(f.DueAt), TriggerCursor: f.Cursor}); err != nil {
		return fmt.Errorf("let the trigger of flow %s rest: %w", f.ID, err)
	}
	return nil
}

// SetFlow stores Paused, TriggerNote, DueAt, Cursor, HookHash, HookSealed and UpdatedAt of a flow whose lock the transaction has: LockFlow, PutFlow and HoldFlow take it. ErrNotFound.
func (t *Tx) SetFlow(ctx context.Context, f *Flow) error {
	t.changedIn(ThingFlows, f.ProjectID)
	n, err := t.q.SetFlow(ctx, queries.SetFlowParams{
		Paused: queries.Flag(f.Paused), TriggerNote: objectText(f.TriggerNote), TriggerAt: queries.At(f.DueAt), TriggerCursor: Storable(f.Cursor),
		HookHash: f.HookHash, HookSealed: f.HookSealed, UpdatedAt: queries.At(f.UpdatedAt), ID: f.ID,
	})
	if err := hit(n, err, ErrNotFound); err != nil {
		return fmt.Errorf("change flow %s: %w", f.Name, err)
	}
	return nil
}

// DeleteFlow deletes a flow with its versions. Nobody sees its runs any more; PurgeFlowRuns deletes their rows. ErrNotFound.
func (t *Tx) DeleteFlow(ctx context.Context, f *Flow) error {
	t.changedIn(ThingFlows, f.ProjectID)
	t.changedIn(ThingFlowRuns, f.ProjectID)
	n, err := t.q.EraseFlow(ctx, f.ID)
	err = hit(n, err, ErrNotFound)
	for _, erase := range []func(context.Context, string) error{t.q.EraseFlowVersions, t.q.EraseFlowRoles, t.q.DropFlowRuns, t.q.ForgetFlowSeen} {
		if err == nil {
			err = erase(ctx, f.ID)
		}
	}
	if err != nil {
		return fmt.Errorf("delete flow %s: %w", f.ID, err)
	}
	return nil
}
