package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// ReasonDisconnected is the reason code of operations that end with their connection.
const ReasonDisconnected = "connection-disconnected"

// Disconnect kills the tokens, forgets those of the login, stops the schedules, cancels queued runs and marks running ones and operations for cancelling; data stay. Twice is fine.
func (t *Tx) Disconnect(ctx context.Context, sc Scope, now time.Time) error {
	t.changed(ThingConnections, sc)
	t.changed(ThingTokens, sc)
	t.changed(ThingOperations, sc)
	t.changedRuns(sc)
	n, err := t.q.DisconnectConnection(ctx, queries.At(now), sc.no)
	if err != nil || n == 0 {
		return err
	}
	return errors.Join(
		t.noteState(ctx, sc, ConnectionDisconnected, "", "", now),
		t.q.RevokeTokens(ctx, queries.At(now), sc.no),
		t.SetLogin(ctx, sc, LoginTokens{}),
		t.q.StopSchedules(ctx, sc.no),
		t.cancelQueuedRuns(ctx, sc, now),
		t.q.CancelRunningRuns(ctx, sc.no),
		t.q.CancelOperations(ctx, queries.CancelOperationsParams{Now: queries.At(now), ReasonCode: ReasonDisconnected, Connection: sc.no}),
	)
}

func (t *Tx) cancelQueuedRuns(ctx context.Context, sc Scope, now time.Time) error {
	n, err := t.q.CancelQueuedRuns(ctx, queries.At(now), sc.no)
	t.tallyRuns(sc.no, RunCancelled, n, now)
	return err
}

// AskDeleteData marks a disconnected connection for deletion of its data (ErrConflict unless disconnected). Its login, the tokens of that and the key of both are gone at once.
func (t *Tx) AskDeleteData(ctx context.Context, sc Scope, now time.Time) error {
	t.changed(ThingConnections, sc)
	n, err := t.q.AskDeleteData(ctx, queries.At(now), sc.no)
	if err := hit(n, err, ErrConflict); err != nil {
		return err
	}
	return t.shred(ctx, sc)
}

// ConnectionsToDelete lists connections marked for deletion.
func (s *Store) ConnectionsToDelete(ctx context.Context, limit int) ([]Scope, error) {
	rows, err := s.read.ConnectionsToDelete(ctx, atMost(limit))
	return each(rows, func(r queries.ConnectionsToDeleteRow) Scope { return Scope{no: r.Connection, id: r.ID} }), err
}

// DeleteDataStep deletes up to limit rows of a connection marked so, and at the end the connection itself with its data key. done says that
// nothing is left. ErrConflict: it is not marked.
func (s *Store) DeleteDataStep(ctx context.Context, sc Scope, limit int) (done bool, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		done, err = tx.deleteDataStep(ctx, sc, limit)
		return err
	})
	return done && err == nil, err
}

func (t *Tx) deleteDataStep(ctx context.Context, sc Scope, limit int) (done bool, err error) {
	c, err := t.q.LockConnectionNumber(ctx, sc.no) // two who delete at once would each believe what the other deletes to be gone already
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if c.DeletingAt.IsZero() {
		return false, fmt.Errorf("delete data of connection %s: nobody asked for it: %w", sc.id, ErrConflict)
	}
	if err := t.shred(ctx, sc); err != nil {
		return false, err
	}
	gone := map[string]int64{}
	left := int64(max(limit, 1))
	for _, e := range t.erasures(sc, c.DeletingAt.Time) {
		n, err := e.erase(ctx, sc.no, int32(left))
		gone[e.kind] += n
		if left -= n; err != nil || left <= 0 {
			return false, errors.Join(err, t.countErased(ctx, sc, gone, false))
		}
	}
	if _, err := t.q.EraseBudget(ctx, sc.no); err != nil {
		return false, err
	}
	n, err := t.q.EraseConnection(ctx, sc.no)
	return n == 1, errors.Join(err, t.countErased(ctx, sc, gone, n == 1))
}

// erasure deletes some rows of a connection; kind says to people what they are.
type erasure struct {
	kind  string // empty: nothing that people count
	erase func(context.Context, int64, int32) (int64, error)
}

// erasures are in order: without its run no page can be stored any more, without its operation no item moves, and without its stream nothing is looked up.
func (t *Tx) erasures(sc Scope, asked time.Time) []erasure {
	return []erasure{
		{"operations", t.q.EraseOperations}, {"", t.q.EraseRecordWrites}, {"operation_attempts", t.q.EraseAttempts}, {"operation_items", t.q.EraseItems}, {"idempotency_keys", t.eraseKeys(sc)},
		{"runs", t.q.EraseRuns}, {"tokens", t.q.EraseTokens}, {"links", t.blankLinks(sc)}, {"", t.q.EraseTags}, {"", t.q.EraseSeen}, {"quarantined_records", t.q.EraseQuarantine}, {"", t.q.EraseHeld},
		{"records", t.q.EraseBodies}, {"", t.q.EraseHeads}, {"entities", t.q.EraseStreams}, {"", t.q.EraseStates}, {"", t.q.EraseActivity},
		{"", t.q.EraseLookups}, {"", t.q.EraseLookupHeads}, {"flow_items", t.blankFlowRuns(sc, asked)}, {"", t.q.BlankFlowTriggers}, {"", t.q.EraseFlowRolesOf},
		{"", t.q.EraseFlowSeen}, {"", t.q.EraseFlowClaims},
	}
}

// blankLinks takes from the links that led to the connection all but what became of them, and the logins that are under way with them.
func (t *Tx) blankLinks(sc Scope) func(ctx context.Context, _ int64, limit int32) (int64, error) {
	return func(ctx context.Context, _ int64, limit int32) (int64, error) {
		if err := t.q.EraseLoginAttemptsOf(ctx, sc.id); err != nil {
			return 0, err
		}
		return t.q.BlankLinkSessions(ctx, sc.id, limit)
	}
}

// eraseKeys erases what requests for the connection led to.
func (t *Tx) eraseKeys(sc Scope) func(ctx context.Context, _ int64, limit int32) (int64, error) {
	return func(ctx context.Context, _ int64, limit int32) (int64, error) {
		return t.q.EraseIdempotencyKeys(ctx, sc.id, limit)
	}
}
