package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

// channel is what news goes by.
const channel = "busbar_news"

// tell does nothing where nobody hears: notifications of a database go out one transaction after the other, those of the job engine too.
const tell = `select pg_notify('` + channel + `', t) from unnest($1::text[]) t
where exists (select from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
  and ((classid::bigint << 32) | objid::bigint) = $2)`

const quietFor = 20 * time.Second // then the connection is asked whether it is alive

// wire is store.Wire: by notifications, on a connection of its own while somebody hears. Who hears has a lock that all may share and everybody can see.
type wire struct {
	self     string // before each text: what a process told itself comes back to it
	reader   *sql.DB
	listener *pgxpool.Pool
}

func newWire(reader *sql.DB, listener *pgxpool.Pool) *wire {
	return &wire{self: uuid.NewString(), reader: reader, listener: listener}
}

// Tell is store.Wire's.
func (w *wire) Tell(ctx context.Context, texts []string) error {
	own := make([]string, len(texts))
	for i, text := range texts {
		own[i] = w.self + text
	}
	rows, err := w.reader.QueryContext(ctx, tell, own, hearers)
	if err != nil {
		return fmt.Errorf("tell other processes what has changed: %w", err)
	}
	defer rows.Close()
	for rows.Next() { // each is a text that went out
	}
	return rows.Err()
}

// Hear is store.Wire's.
func (w *wire) Hear(ctx context.Context, begun func(), each func(text string)) error {
	c, err := w.listener.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect to hear what changes: %w", err)
	}
	defer func() { // it does not go back into the pool as it is
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), pingWithin)
		defer cancel()
		_ = c.Conn().Close(end)
		c.Release()
	}()
	for _, text := range []string{fmt.Sprintf("select pg_advisory_lock_shared(%d)", hearers), "listen " + channel} {
		if _, err := c.Exec(ctx, text); err != nil {
			return fmt.Errorf("begin to hear what changes: %w", err)
		}
	}
	begun()
	for {
		text, err := w.next(ctx, c)
		if err != nil {
			return fmt.Errorf("hear what changes: %w", err)
		}
		if told, ours := strings.CutPrefix(text, w.self); !ours && told != "" {
			each(told[len(w.self):])
		}
	}
}

// next waits for a text, and now and then makes sure that the connection is there: a machine that is gone never says so.
func (w *wire) next(ctx context.Context, c *pgxpool.Conn) (string, error) {
	for {
		waiting, cancel := context.WithTimeout(ctx, quietFor)
		n, err := c.Conn().WaitForNotification(waiting)
		cancel()
		switch {
		case err == nil && len(n.Payload) < len(w.self):
			continue
		case err == nil:
			return n.Payload, nil
		case ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded):
			return "", err
		}
		alive, cancel := context.WithTimeout(ctx, pingWithin)
		err = c.Ping(alive)
		cancel()
		if err != nil {
			return "", err
		}
	}
}
