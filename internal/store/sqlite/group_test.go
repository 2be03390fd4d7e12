package sqlite_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store"
)

// Writers that wait for each other share a transaction. What one does wrong is that one's alone: it gets its own error, or its own panic, and all
// others' parts are stored once.
func TestWritersThatShareATransaction(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	project, _, err := s.EnsureProject(t.Context(), uuid.NewString(), "p", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	const n, wrong, panics, cancelled = 60, 10, 20, 30
	errOwn := errors.New("a part's own error")
	write := func(ctx context.Context, i int) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("panic: %v", p)
			}
		}()
		return s.Write(ctx, func(tx *store.Tx) error {
			if err := tx.InsertConnection(ctx, named(project.ID, fmt.Sprint(i))); err != nil {
				return err
			}
			switch i {
			case wrong:
				return errOwn
			case panics:
				panic("a part's own")
			}
			return nil
		})
	}
	release, held := make(chan struct{}), make(chan struct{})
	var writers, entered sync.WaitGroup
	writers.Go(func() { // holds the connection while the others come
		_ = s.Write(t.Context(), func(*store.Tx) error { close(held); <-release; return nil })
	})
	<-held
	entered.Add(n)
	for i := range n {
		writers.Go(func() {
			ctx := t.Context()
			if i == cancelled {
				ctx = gone
			}
			entered.Done()
			err := write(ctx, i)
			switch i {
			case wrong:
				if !errors.Is(err, errOwn) {
					t.Errorf("the writer that is wrong: %v", err)
				}
			case panics:
				if err == nil || err.Error() != "panic: a part's own" {
					t.Errorf("the writer that panics: %v", err)
				}
			case cancelled:
				if !errors.Is(err, context.Canceled) {
					t.Errorf("the writer whose caller went away: %v", err)
				}
			default:
				if err != nil {
					t.Errorf("writer %d: %v", i, err)
				}
			}
		})
	}
	entered.Wait()
	close(release)
	writers.Wait()
	conns, err := s.Connections(t.Context(), project.ID, store.ConnectionFilter{Limit: 2 * n})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range conns {
		names = append(names, c.Name)
	}
	for i := range n {
		want := 1
		if i == wrong || i == panics || i == cancelled {
			want = 0
		}
		if got := len(slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name != fmt.Sprint(i) })); got != want {
			t.Errorf("writer %d stored %d rows, want %d", i, got, want)
		}
	}
}

func named(project, name string) *store.Connection {
	now := time.Now()
	return &store.Connection{ID: uuid.Must(uuid.NewV7()).String(), ProjectID: project, System: "s", Name: name, State: store.ConnectionActive, TimeZone: "UTC",
		CreatedAt: now, UpdatedAt: now, StateSince: now, Metadata: json.RawMessage("{}")}
}
