package postgres

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// shared is the cluster of this test process, which ends with it.
var shared struct {
	sync.Mutex
	*Cluster
}

// Database gives the URL of a new, empty database that belongs to Role, on a cluster that all tests of the process share. It goes with the test,
// which is skipped where PostgreSQL is not installed.
func Database(t testing.TB) string {
	t.Helper()
	return Shared(t).Database(t)
}

// DatabaseLike gives a database as Database does, but not an empty one: a copy of what fill makes once in a process for that name. fill leaves no
// connection open.
func DatabaseLike(t testing.TB, name string, fill func(url string)) string {
	t.Helper()
	c := Shared(t)
	shared.Lock()
	defer shared.Unlock()
	if !c.filled[name] {
		c.Exec(t, "postgres", "create database "+name+" owner "+Role)
		fill(c.URL(Role, name))
		c.filled[name] = true
	}
	return c.create(t, " template "+name)
}

// Shared gives the cluster of Database, for tests that look at their database with more rights.
func Shared(t testing.TB) *Cluster {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.Cluster == nil {
		shared.Cluster = begin(t, nil)
	}
	return shared.Cluster
}

// Database gives the URL of a new, empty database that belongs to Role. It goes with the test.
func (c *Cluster) Database(t testing.TB) string {
	t.Helper()
	return c.create(t, "")
}

func (c *Cluster) create(t testing.TB, how string) string {
	t.Helper()
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), c.names.Add(1))
	c.Exec(t, "postgres", "create database "+name+" owner "+Role+how)
	t.Cleanup(func() {
		if conn, err := pgx.Connect(context.Background(), c.URL(Admin, "postgres")); err == nil {
			_, _ = conn.Exec(context.Background(), "drop database "+name+" with (force)")
			_ = conn.Close(context.Background())
		}
	})
	return c.URL(Role, name)
}

// URL gives the address of a database for a role.
func (c *Cluster) URL(role, database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(role), Host: "127.0.0.1:" + strconv.Itoa(c.Port), Path: "/" + database, RawQuery: "sslmode=disable"}
	return u.String()
}

// Exec runs a statement as Admin.
func (c *Cluster) Exec(t testing.TB, database, statement string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), c.URL(Admin, database))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(context.Background(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
