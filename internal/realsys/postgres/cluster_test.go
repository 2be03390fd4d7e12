package postgres_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/busbar-dev/busbar/internal/realsys/postgres"
)

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, statement string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func TestDatabasesAreApart(t *testing.T) {
	t.Parallel()
	for range 2 {
		exec(t, connect(t, postgres.Database(t)), "create table one (n bigint)")
	}
}

// What was committed survives a crash of the server, which comes back on its address.
func TestCrash(t *testing.T) {
	t.Parallel()
	c := postgres.Start(t)
	url := c.Database(t)
	exec(t, connect(t, url), "create table kept as select 1 as n")
	c.Stop(t)
	if _, err := pgx.Connect(t.Context(), url); err == nil {
		t.Error("a stopped server answers")
	}
	c.Start(t)
	var n int
	if err := connect(t, url).QueryRow(t.Context(), "select n from kept").Scan(&n); err != nil || n != 1 {
		t.Errorf("got %d (%v)", n, err)
	}
}
