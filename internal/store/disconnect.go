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
	n, err := t.q.DisconnectConnection(ctx, queries.At(now), sc.no)
	if err != nil || n == 0 {
		return err
	}
	return errors.Join(
		t.noteState(ctx, sc, ConnectionDisconnected, "", "", now),
		t.q.RevokeTokens(ctx, queries.At(now), sc.no),
		t.SetLogin(ctx, sc, LoginTokens{}),
		t.q.StopSchedules(ctx, sc.no),
		t.q.CancelQueuedRuns(ctx, queries.At(now), sc.no),
		t.q.CancelRunningRuns(ctx, sc.no),
		t.q.CancelOperations(ctx, queries.CancelOperationsParams{Now: queries.At(now), ReasonCode: ReasonDisconnected, Connection: sc.no}),
	)
}

// AskDeleteData marks a disconnected connection for deletion of its data (ErrConflict unless disconnected).
func (t *Tx) AskDeleteData(ctx context.Context, sc Scope, now time.Time) error {
	n, err := t.q.AskDeleteData(ctx, queries.At(now), sc.no)
	return hit(n, err, ErrConflict)
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
	left := int64(max(limit, 1))
	// Operations and runs go first: without its run no page can be stored any more, and without its operation no item moves.
	for _, erase := range []func(context.Context, int64, int32) (int64, error){
		t.q.EraseOperations, t.q.EraseRecordWrites, t.q.EraseAttempts, t.q.EraseItems, t.eraseKeys(sc), t.q.EraseRuns, t.q.EraseTokens, t.q.EraseTags, t.q.EraseSeen, t.q.EraseQuarantine, t.q.EraseHeld, t.q.EraseBodies, t.q.EraseHeads, t.q.EraseStreams, t.q.EraseStates,
	} {
		n, err := erase(ctx, sc.no, int32(left))
		if left -= n; err != nil || left <= 0 {
			return false, err
		}
	}
	if _, err := t.q.EraseBudget(ctx, sc.no); err != nil {
		return false, err
	}
	if _, err := t.q.EraseLoginTokens(ctx, sc.no); err != nil {
		return false, err
	}
	n, err := t.q.EraseConnection(ctx, sc.no)
	return n == 1, err
}

// eraseKeys erases what requests for the connection led to.
func (t *Tx) eraseKeys(sc Scope) func(ctx context.Context, _ int64, limit int32) (int64, error) {
	return func(ctx context.Context, _ int64, limit int32) (int64, error) {
		return t.q.EraseIdempotencyKeys(ctx, sc.id, limit)
	}
}
