package postgres_test

import (
	"testing"

	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/postgres"
	"github.com/busbar-dev/busbar/internal/store/storetest"

	server "github.com/busbar-dev/busbar/internal/realsys/postgres"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) *store.Store { return open(t, migrated(t)) })
}

func TestModel(t *testing.T) {
	storetest.Model(t, func(t *testing.T) *store.Store { return open(t, migrated(t)) })
}

func open(t testing.TB, url string) *store.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// migrated gives the URL of a database with our tables, which is quicker than making them.
func migrated(t testing.TB) string {
	t.Helper()
	return server.DatabaseLike(t, "migrated", func(url string) {
		s, err := postgres.Open(t.Context(), url)
		if err == nil {
			err = s.Close()
		}
		must(t, err)
	})
}

func TestOperationModel(t *testing.T) {
	storetest.OperationModel(t, func(t *testing.T) *store.Store { return open(t, migrated(t)) })
}
