package postgres_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store/postgres"

	server "github.com/busbar-dev/busbar/internal/realsys/postgres"
)

// What cannot be opened says what to do, where it was, and never the password.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	c := server.Start(t)
	c.Exec(t, "postgres", "create role guarded login password 'richtig'")
	c.Exec(t, "postgres", "create role stranger login")
	c.Exec(t, "postgres", "create database standing owner busbar")
	c.Exec(t, "postgres", "alter database standing set default_transaction_read_only = on")
	newer := c.Database(t)
	s := open(t, newer)
	_, err := s.DB().ExecContext(t.Context(), "insert into goose_db_version (version_id, is_applied) values (99999, true)")
	must(t, err)
	guarded := c.URL(server.Guarded+":geheim", "postgres")
	for name, tt := range map[string]struct {
		url  string
		want []string
	}{
		"a wrong password":      {strings.Replace(guarded, "%3A", ":", 1), []string{"check the user and password", "guarded"}},
		"a user without rights": {c.URL("stranger", "postgres"), []string{"alter database postgres owner to stranger"}},
		"no such database":      {c.URL(server.Role, "nowhere"), []string{"createdb nowhere"}},
		"no server":             {"postgres://busbar:geheim@127.0.0.1:1/busbar?sslmode=disable", []string{"check that the server runs", "127.0.0.1:1"}},
		"no address":            {"postgres://busbar:geheim%zz@localhost/busbar", []string{"percent-encoded"}},
		"a misspelt value":      {"postgres://busbar:geheim@localhost/busbar?sslmode=requird", []string{"behind ?", "sslmode"}},
		"another address":       {"mysql://busbar:geheim@localhost/busbar", []string{"postgres://USER"}},
		"a standby":             {c.URL(server.Role, "standing"), []string{"primary"}},
		"a newer schema":        {newer, []string{"start the newer busbar"}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			s, err := postgres.Open(ctx, tt.url)
			if err == nil {
				s.Close()
				t.Fatal("it was opened")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q: %v", want, err)
				}
			}
			if strings.Contains(err.Error(), "geheim") {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

// Processes that start at once make the schema once.
func TestFirstStartsAtOnce(t *testing.T) {
	t.Parallel()
	url := server.Database(t)
	errs := make([]error, 4)
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() {
			s, err := postgres.Open(t.Context(), url)
			if err == nil {
				err = errors.Join(s.SetMeta(t.Context(), "k", "v"), s.Close())
			}
			errs[i] = err
		})
	}
	group.Wait()
	must(t, errors.Join(errs...))
}

// The time is the database's, in UTC.
func TestClock(t *testing.T) {
	t.Parallel()
	s := open(t, server.Database(t))
	now, err := s.Shared().Now(t.Context())
	if err != nil || now.Location() != time.UTC || now.Year() < 2020 {
		t.Errorf("%v (%v)", now, err)
	}
}
