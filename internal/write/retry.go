package write

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

const callerRun = "flow-run "

// CallerRun names a run of a flow as the caller of an operation.
func CallerRun(id string) string { return callerRun + id }

// Retry lets the items of a batch that are known to have had no effect (rejected, cancelled) be sent again, but those that were no writes: they stay rejected. What a flow wrote is sent again by its flow alone. All of them become pending at once: nobody begins before the last one is.
func (s *Service) Retry(ctx context.Context, c *store.Connection, id string) (*store.Operation, error) {
	if err := mayWrite(c); err != nil && c.State != store.ConnectionUnreachable {
		return nil, err
	}
	o, err := s.operation(ctx, c, id)
	if err != nil {
		return nil, err
	}
	if run, ok := strings.CutPrefix(o.Caller, callerRun); ok {
		return nil, problem.Newf(problem.Conflict, "The run %s of a flow asked for this, and would not learn that it is sent again. Retry what failed of the run: `busbar flow retry`, or POST /v1/flows/{name}/runs/%s/retry.", run, run).With("run", run)
	}
	if o.Kind != store.OperationBatch {
		return nil, problem.New(problem.Conflict, "This operation is a single write, and its caller has its answer. Send the write again, with a new Idempotency-Key.")
	}
	if o.Counts.Rejected+o.Counts.Cancelled == 0 {
		return o, nil
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		was := *o // a transaction may be done again
		if _, err := tx.RetryItems(ctx, &was, 0, s.Now()); err != nil {
			return err
		}
		if err := s.Waker.Wake(ctx, tx, store.LaneWrites, c.ID); err != nil {
			return err
		}
		return note(ctx, tx, c, "retried", id)
	})
	if errors.Is(err, store.ErrConflict) {
		return nil, problem.New(problem.OperationInProgress, "The batch is being worked on just now. Retry when it rests or has ended.").
			With("operation", "/v1/operations/"+id).After(busyAgain)
	}
	if err != nil {
		return nil, fmt.Errorf("retry operation %s: %w", id, noOperation(err, id))
	}
	return s.operation(ctx, c, id)
}
