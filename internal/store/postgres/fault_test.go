package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"

	server "github.com/busbar-dev/busbar/internal/realsys/postgres"
)

// cut is where a link ends: nowhere, before the server gets a commit, or before its answer comes back.
type cut int32

const (
	nowhere cut = iota
	beforeCommit
	beforeAnswer
)

// link is a way to the server that breaks where it is told to, once.
type link struct {
	net.Listener
	target string
	cut    atomic.Int32
	broken atomic.Int32 // how often
	silent atomic.Bool  // what is there breaks, and what is new gets no answer
	trips  atomic.Int32 // how often something went to the server after an answer of it
}

// through gives a link to the server of a database, and the database's URL by it.
func through(t *testing.T, database string) (*link, string) {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	l := &link{target: u.Host}
	if l.Listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go l.serve()
	u.Host = l.Addr().String()
	return l, u.String()
}

func (l *link) serve() {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		if l.silent.Load() {
			defer client.Close()
			continue
		}
		target, err := net.Dial("tcp", l.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		go l.join(client, target)
	}
}

func (l *link) join(client, target net.Conn) {
	var once sync.Once
	hangUp := func() { once.Do(func() { _ = client.Close(); _ = target.Close() }) }
	var mute, asked atomic.Bool
	go func() {
		defer hangUp()
		_, _ = io.Copy(writerFunc(func(p []byte) (int, error) {
			if mute.Load() {
				return 0, io.ErrClosedPipe
			}
			asked.Store(false)
			return client.Write(p)
		}), target)
	}()
	defer hangUp()
	_, _ = io.Copy(writerFunc(func(p []byte) (int, error) {
		if l.silent.Load() {
			return 0, io.ErrClosedPipe
		}
		if bytes.Contains(p, []byte("\x00commit\x00")) {
			switch cut(l.cut.Swap(int32(nowhere))) {
			case beforeCommit:
				l.broken.Add(1)
				return 0, io.ErrClosedPipe
			case beforeAnswer:
				l.broken.Add(1)
				mute.Store(true)
			}
		}
		if !asked.Swap(true) {
			l.trips.Add(1)
		}
		return target.Write(p)
	}), client)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// A commit that the server never got is done again, and one whose answer was lost is not: each connection is there once.
func TestLostCommit(t *testing.T) {
	t.Parallel()
	for name, where := range map[string]cut{"before the server had it": beforeCommit, "before its answer came": beforeAnswer} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, url := through(t, migrated(t))
			s := open(t, url)
			runs := 0
			for i := range 5 {
				l.cut.Store(int32(where))
				must(t, s.Write(t.Context(), func(tx *store.Tx) error {
					runs++
					return tx.InsertConnection(t.Context(), &store.Connection{ID: fmt.Sprint("c", i), ProjectID: "p", State: store.ConnectionActive, CreatedAt: epoch})
				}))
			}
			all, err := s.Connections(t.Context(), "p", store.ConnectionFilter{Limit: 100})
			if err != nil || len(all) != 5 || l.broken.Load() != 5 {
				t.Errorf("%d connections, %d broken commits (%v)", len(all), l.broken.Load(), err)
			}
			if again := runs > 5; again != (where == beforeCommit) {
				t.Errorf("5 transactions ran %d times", runs)
			}
		})
	}
}

// A server that takes connections and never answers is away, and nobody waits for it without end.
func TestSilentServerIsAway(t *testing.T) {
	t.Parallel()
	l, url := through(t, migrated(t))
	s := open(t, url+"&connect_timeout=1")
	t.Cleanup(func() { _ = l.Close() }) // before the store, which says goodbye to each connection
	l.silent.Store(true)
	if _, err := s.Meta(t.Context(), "k"); !s.Away(err) {
		t.Errorf("a read gives %v, which is no word of an absent server", err)
	}
	if err := s.SetMeta(t.Context(), "k", "v"); !s.Away(err) {
		t.Errorf("a write gives %v, which is no word of an absent server", err)
	}
}

// Two transactions that wait for each other both go through in the end.
func TestDeadlockIsDoneAgain(t *testing.T) {
	t.Parallel()
	s := open(t, migrated(t))
	for _, id := range []string{"a", "b"} {
		must(t, s.Write(t.Context(), func(tx *store.Tx) error {
			return tx.InsertConnection(t.Context(), &store.Connection{ID: id, ProjectID: "p", State: store.ConnectionActive, CreatedAt: epoch})
		}))
	}
	var first sync.WaitGroup // both have their first lock before they want the second
	first.Add(2)
	done := make(chan error, 2)
	for _, ids := range [][]string{{"a", "b"}, {"b", "a"}} {
		go func() {
			met := sync.OnceFunc(first.Done)
			done <- s.Write(t.Context(), func(tx *store.Tx) error {
				if _, err := tx.LockConnection(t.Context(), ids[0]); err != nil {
					return err
				}
				met()
				first.Wait()
				_, err := tx.LockConnection(t.Context(), ids[1])
				return err
			})
		}()
	}
	must(t, errors.Join(<-done, <-done))
}

// A server that crashes loses nothing that was stored, and what was under way when it did is stored once.
func TestServerCrash(t *testing.T) {
	t.Parallel()
	c := server.Start(t)
	s := open(t, c.Database(t))
	const writers, each = 4, 40
	var stored atomic.Int32
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range each {
				write(t, s, fmt.Sprintf("%d-%d", w, i))
				stored.Add(1)
			}
		})
	}
	for _, at := range []int32{20, 70, 120} {
		until(t, func() bool { return stored.Load() >= at })
		c.Stop(t)
		c.Start(t)
	}
	group.Wait()
	all, err := s.Connections(t.Context(), "p", store.ConnectionFilter{Limit: 1000})
	if err != nil || len(all) != writers*each {
		t.Errorf("%d connections instead of %d (%v)", len(all), writers*each, err)
	}
}

// write stores a connection, however often it takes: an error says that it was not stored.
func write(t *testing.T, s *store.Store, id string) {
	until(t, func() bool {
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			return tx.InsertConnection(t.Context(), &store.Connection{ID: id, ProjectID: "p", State: store.ConnectionActive, CreatedAt: epoch})
		})
		if err != nil && strings.Contains(err.Error(), "duplicate key") {
			t.Errorf("%s was stored, but the answer was that it was not", id)
		}
		return err == nil
	})
}

// until waits for a condition.
func until(t *testing.T, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Error("it does not come true")
			return
		}
	}
}

// A cancelled caller leaves nothing half done and no lock behind.
func TestCancelledWrite(t *testing.T) {
	t.Parallel()
	s := open(t, migrated(t))
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Write(ctx, func(tx *store.Tx) error {
		err := tx.InsertConnection(ctx, &store.Connection{ID: "c", ProjectID: "p", State: store.ConnectionActive, CreatedAt: epoch})
		cancel()
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := s.ConnectionForWork(t.Context(), "c"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	must(t, s.SetMeta(t.Context(), "k", "v"))
}

var epoch = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
