package write

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/busbar-dev/busbar/internal/lease"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// slice is one worker's stretch of one operation, under its lease.
type slice struct {
	*turn
	conn   *store.Connection
	op     *store.Operation
	lease  *lease.Lease
	rest   *pause // why nothing more is sent for now
	sender *sender
	places int  // how many calls at once
	looks  int  // since it began
	yield  bool // another operation comes first
	other  bool // the connection has other credentials than the sender, which may lead elsewhere
	sent   bool // a chunk was begun
	moved  atomic.Bool
	before int64 // items that were not final when it began
}

// slice works on one operation and frees it.
func (t *turn) slice(conn *store.Connection, o *store.Operation, l *lease.Lease, rest *pause) error {
	s := &slice{turn: t, conn: conn, op: o, lease: l, rest: rest, before: o.Counts.Open()}
	s.Log.Debug("operation taken", "connection", conn.ID, "entity", o.Entity, "operation", o.ID, "pending", o.Counts.Pending, "unknown", o.Counts.Unknown)
	kept := *o
	l.Keep(func(ctx context.Context) error {
		err := s.Store.RenewOperation(ctx, &kept, s.Now().Add(lease.For))
		if errors.Is(err, store.ErrCancelled) {
			return nil // seen at the next look
		}
		return err
	}, lostLease)
	due, err := s.advance()
	return s.settle(due, err)
}

// advance takes the operation as far as its share of the turn allows, and gives how it rests.
func (s *slice) advance() (*pause, error) {
	if err := s.cancelIfAsked(); err != nil {
		return nil, err
	}
	if s.conn.State == store.ConnectionDisconnected {
		return nil, s.abandon()
	}
	if s.rest != nil {
		return s.rest, nil
	}
	target, err := s.open(s.work, s.conn, s.op.Entity)
	if err != nil {
		return nil, err
	}
	defer target.close()
	own := *s.op
	s.sender = s.newSender(target, &own, s.lease.Allowed)
	s.places = max(target.system.Limits.Concurrency-1, 1) // the rest is left to those who wait
	switch {
	case s.op.Mode == store.AllOrNone:
		return s.whole()
	case s.op.OnError == store.OnErrorEnd:
		return s.inTurn()
	}
	return s.pass()
}

// refresh looks whether somebody has asked for a cancel, and whether the connection still takes writes.
func (s *slice) refresh() error {
	o, err := s.Store.Operation(s.work, s.conn.Scope(), s.op.ID)
	if err != nil {
		return fmt.Errorf("read operation %s: %w", s.op.ID, err)
	}
	s.op.CancelRequested, s.op.Counts = o.CancelRequested, o.Counts
	conn, err := s.Store.ConnectionForWork(s.work, s.conn.ID)
	if err != nil {
		return fmt.Errorf("read connection %s: %w", s.conn.ID, err)
	}
	s.rest = s.resting(conn)
	s.other = !bytes.Equal(conn.Credentials, s.conn.Credentials)
	return s.cancelIfAsked()
}

// cancelRows is how many items one transaction cancels.
const cancelRows = 500

func (s *slice) cancelIfAsked() error {
	if !s.op.CancelRequested {
		return nil
	}
	detail := "The operation was cancelled before this was sent."
	if s.op.ReasonDetail != "" {
		detail += " " + s.op.ReasonDetail
	}
	return s.cancelPending(detail)
}

// cancelPending cancels what was not sent.
func (s *slice) cancelPending(why string) error {
	p := document(problem.New(problem.OperationCancelled, why))
	for n := cancelRows; n == cancelRows; {
		var err error
		if n, err = s.Store.CancelItems(s.work, s.op, p, cancelRows, s.Now()); err != nil {
			return err
		}
		s.moved.Store(s.moved.Load() || n > 0)
	}
	return nil
}

// abandon leaves to a person what cannot be found out any more, since the connection has ended.
func (s *slice) abandon() error {
	why := document(problem.New(problem.WriteOutcomeUnknown, "The connection was disconnected before it was found out whether the write had its effect. Look in the system, then say so."))
	doubtful := []store.ItemStatus{store.ItemUnknown, store.ItemReconciling}
	for {
		its, err := s.Store.Items(s.work, s.op, store.ItemFilter{Statuses: doubtful, Limit: cancelRows})
		if err != nil || len(its) == 0 {
			return err
		}
		for i := range its {
			if err := s.Store.MoveItem(s.work, s.op, &its[i], store.ItemMove{From: doubtful, To: store.ItemNeedsHuman, Error: why}, s.Now()); err != nil {
				return err
			}
		}
	}
}

// settleWithin bounds the last step of a slice.
const settleWithin = 10 * time.Second

// settle frees the operation: it ends when nothing of it is open, else it rests. It also works when the process stops.
func (s *slice) settle(p *pause, err error) error {
	lost := s.lease.End()
	if errors.Is(err, store.ErrFenced) || errors.Is(lost, store.ErrFenced) {
		s.Log.Warn("operation lost: its lease was over before it could be renewed; whoever takes it finds out what became of what was under way", "operation", s.op.ID)
		return nil
	}
	if err != nil {
		if p = s.pauseFor(err); p == nil {
			s.Log.Error("operation interrupted; it goes on by itself", "connection", s.conn.ID, "operation", s.op.ID, "error", err)
			p = &pause{until: s.Now().Add(restUntilBack), code: problem.ReasonInternal, detail: "Something went wrong inside Busbar; the log has the details. The writes go on by themselves."}
		}
	}
	if p == nil {
		p = &pause{until: s.Now()}
	}
	return s.release(p)
}

// release frees the lease, as soon as a database that is away is back; one that cannot be freed ends by itself.
func (s *slice) release(p *pause) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.work), settleWithin)
	defer cancel()
	again := time.NewTicker(lookEvery)
	defer again.Stop()
	for {
		err := s.Store.ReleaseOperation(ctx, s.op, p.until, p.code, p.detail, s.Now())
		switch {
		case err == nil:
			s.tell(ctx, s.op, s.before)
			return nil
		case errors.Is(err, store.ErrFenced):
			return nil
		case !s.Store.Away(err):
			return fmt.Errorf("free operation %s: %w", s.op.ID, err)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return err
		}
	}
}
