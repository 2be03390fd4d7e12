package write

import (
	"context"
	"errors"
	"time"
)

// How long what has ended is kept, and how long a batch may be on its way in.
const (
	keptFor       = 30 * 24 * time.Hour
	receivedFor   = time.Hour
	purgeRows     = 500
	purgeSteps    = 10
	ticksPerPurge = 60
)

// purge deletes in small steps what nobody needs any more: operations and keys that are old, and batches whose sender went away.
func (w *Worker) purge(ctx context.Context) error {
	now := w.Now()
	return errors.Join(
		inSteps(ctx, now.Add(-receivedFor), w.Store.DropReceiving),
		inSteps(ctx, now.Add(-keptFor), w.Store.PurgeKeys), // before the operations that they lead to
		inSteps(ctx, now.Add(-keptFor), w.Store.PurgeOperations),
		inSteps(ctx, now, w.Store.PurgeActivity),
	)
}

// inSteps takes some steps; what is left is for the next time.
func inSteps(ctx context.Context, before time.Time, step func(context.Context, time.Time, int) (more bool, err error)) error {
	for range purgeSteps {
		if more, err := step(ctx, before, purgeRows); err != nil || !more {
			return err
		}
	}
	return nil
}
