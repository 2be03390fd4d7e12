package postgres

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// analyst gathers statistics of tables that were empty not long ago: the server does it by itself only a minute later, and a first sync brings more
// than that. The statements over many records do without; those over connections and runs do not.
type analyst struct {
	db      *database
	rows    atomic.Int64 // inserted by this process
	working sync.WaitGroup
}

// after says when statistics are gathered: after so many rows that this process inserted.
func (a *analyst) after() []int64 { return []int64{5_000, 100_000} }

// inserted counts rows, in a transaction that is still under way: the statistics are gathered soon after.
func (a *analyst) inserted(n int) {
	now := a.rows.Add(int64(n))
	for _, mark := range a.after() {
		if now >= mark && now-int64(n) < mark {
			a.working.Go(a.analyze)
		}
	}
}

const (
	analyzeWithin = 30 * time.Second
	tryAlone      = `select pg_try_advisory_xact_lock($1)`
	analyzeAll    = `analyze connections, tokens, streams, runs, heads, bodies`
)

// analyze gives up without a word: the server's own turn comes.
func (a *analyst) analyze() {
	ctx, cancel := context.WithTimeout(context.Background(), analyzeWithin)
	defer cancel()
	tx, err := a.db.writer.Begin(ctx)
	if err != nil {
		return
	}
	defer tx.Rollback(ctx)
	var mine bool
	if err := tx.QueryRow(ctx, tryAlone, statistics).Scan(&mine); err != nil || !mine {
		return
	}
	if _, err := tx.Exec(ctx, analyzeAll); err == nil {
		_ = tx.Commit(ctx)
	}
}
