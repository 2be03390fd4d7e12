package postgres_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/storetest"

	server "github.com/busbar-dev/busbar/internal/realsys/postgres"
)

// Nobody has to be sent back by the server either: it takes a second to notice that two wait for each other.
func TestTogether(t *testing.T) {
	t.Parallel()
	storetest.Together(t, func(t *testing.T) func() *store.Store {
		url := migrated(t)
		t.Cleanup(func() {
			conn := connect(t, strings.Replace(url, server.Role+"@", server.Admin+"@", 1))
			var deadlocks, rows int
			err := conn.QueryRow(context.Background(), "select deadlocks, (select count(*) from bodies where connection not in (select connection from connections)) from pg_stat_database where datname = current_database()").Scan(&deadlocks, &rows)
			if err != nil || deadlocks > 0 || rows > 0 {
				t.Errorf("%d deadlocks, %d rows of nobody (%v)\n%s", deadlocks, rows, err, server.Shared(t).Log(t))
			}
		})
		return func() *store.Store { return open(t, url) }
	})
}

func connect(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}
