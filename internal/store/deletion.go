package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// Deletion is what became of the data of a connection. It outlives the connection and holds nothing of it but its id and system.
type Deletion struct {
	ConnectionID, System string
	AskedAt              time.Time
	FinishedAt           time.Time        // zero: not yet
	Counts               map[string]int64 // of what was deleted so far, by kind
}

// Deletion gives the report of a connection whose data are deleted or being deleted. ErrNotFound.
func (s *Store) Deletion(ctx context.Context, projectID, connectionID string) (Deletion, error) {
	r, err := s.read.Deletion(ctx, projectID, connectionID)
	if err != nil {
		return Deletion{}, orNotFound(err)
	}
	d := Deletion{ConnectionID: r.ConnectionID, System: r.System, AskedAt: r.AskedAt.Time, FinishedAt: r.FinishedAt.Time}
	if err := json.Unmarshal([]byte(r.Counts), &d.Counts); err != nil {
		return d, fmt.Errorf("read what was deleted of connection %s: %w", connectionID, err)
	}
	return d, nil
}

// FinishDeletions ends the deletions whose rows are all gone, once nothing of them is left in the files of the database either. What has to wait for a reader is done at the next call.
func (s *Store) FinishDeletions(ctx context.Context, now time.Time) error {
	ids, err := s.read.DeletionsErased(ctx, defaultLimit)
	if err != nil || len(ids) == 0 {
		return err
	}
	if scrub := s.engine.Scrub; scrub != nil {
		if done, err := scrub(ctx); err != nil || !done {
			return err
		}
	}
	return s.Write(ctx, func(tx *Tx) error {
		for _, id := range ids {
			if err := tx.q.FinishDeletion(ctx, queries.At(now), id); err != nil {
				return err
			}
		}
		return nil
	})
}

// shred takes the login of a connection that is marked, the tokens of that and the key of both, and begins the report.
func (t *Tx) shred(ctx context.Context, sc Scope) error {
	c, err := t.q.ConnectionByNumber(ctx, sc.no)
	if err != nil {
		return err
	}
	t.changedIn(ThingConnections, c.ProjectID) // by then nobody may know any more whose it was
	err = t.q.InsertDeletion(ctx, queries.InsertDeletionParams{ConnectionID: c.ID, ProjectID: c.ProjectID, System: c.System, AskedAt: c.DeletingAt})
	if err != nil {
		return err
	}
	tokens, err := t.q.EraseLoginTokens(ctx, sc.no)
	if err != nil {
		return err
	}
	gone := map[string]int64{"login_tokens": tokens}
	if c.Credentials != nil {
		gone["credentials"]++
	}
	if c.DataKey != nil {
		gone["data_keys"]++
	}
	if err := t.q.ShredLogin(ctx, sc.no); err != nil {
		return err
	}
	return t.countErased(ctx, sc, gone, false)
}

// countErased adds to the report.
func (t *Tx) countErased(ctx context.Context, sc Scope, gone map[string]int64, erased bool) error {
	text, err := t.q.DeletionCounts(ctx, sc.id)
	if err != nil {
		return err
	}
	counts := map[string]int64{}
	if err := json.Unmarshal([]byte(text), &counts); err != nil {
		return fmt.Errorf("read what was deleted of connection %s: %w", sc.id, err)
	}
	for kind, n := range gone {
		if kind != "" {
			counts[kind] += n
		}
	}
	next, err := json.Marshal(counts)
	if err != nil {
		return fmt.Errorf("write what was deleted of connection %s: %w", sc.id, err)
	}
	return t.q.SetDeletionCounts(ctx, string(next), queries.Flag(erased), sc.id)
}
