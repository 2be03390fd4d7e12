package sqlite_test

import (
	"testing"

	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/sqlite"
	"github.com/busbar-dev/busbar/internal/store/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) *store.Store { return open(t, t.TempDir()) })
}

func open(t testing.TB, dir string) *store.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), dir)
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

func TestModel(t *testing.T) {
	storetest.Model(t, func(t *testing.T) *store.Store { return open(t, t.TempDir()) })
}

func TestOperationModel(t *testing.T) {
	storetest.OperationModel(t, func(t *testing.T) *store.Store { return open(t, t.TempDir()) })
}
