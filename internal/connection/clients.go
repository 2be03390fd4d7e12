package connection

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/store"
)

// maxOpen is how many clients are kept; beyond it one that nobody uses is closed, the longest unused first.
const maxOpen = 512

// clients keeps one client for each connection, so that a session outlives single calls.
type clients struct {
	mu   sync.Mutex
	open map[string]*shared // by connection id
}

// shared is a client that several callers may use at once.
type shared struct {
	client      driver.Client
	credentials []byte // sealed: they tell which login this client uses
	timeZone    string
	users       int
	retired     bool // no longer in open: its last user closes it
	usedAt      time.Time
	refusal     refusal
	rights      rights
}

func newClients() *clients { return &clients{open: map[string]*shared{}} }

// lease gives the connection's client, made by dial when there is none for its present login. ended are clients that
// nobody uses any more, to be closed.
func (k *clients) lease(c *store.Connection, now time.Time, dial func() (driver.Client, error)) (l *leased, ended []driver.Client, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	sh := k.open[c.ID]
	if sh == nil || sh.timeZone != c.TimeZone || !bytes.Equal(sh.credentials, c.Credentials) {
		client, err := dial()
		if err != nil {
			return nil, nil, err
		}
		ended = append(k.drop(c.ID), k.trim()...)
		sh = &shared{client: client, credentials: c.Credentials, timeZone: c.TimeZone}
		k.open[c.ID] = sh
	}
	sh.users++
	sh.usedAt = now
	return &leased{Client: sh.client, refusal: &sh.refusal, rights: &sh.rights, close: sync.OnceValue(func() error { return k.release(sh) })}, ended, nil
}

// drop takes a client out and gives it when nobody uses it.
func (k *clients) drop(id string) []driver.Client {
	sh := k.open[id]
	if sh == nil {
		return nil
	}
	delete(k.open, id)
	sh.retired = true
	if sh.users > 0 {
		return nil
	}
	return []driver.Client{sh.client}
}

// trim makes room for one client.
func (k *clients) trim() []driver.Client {
	if len(k.open) < maxOpen {
		return nil
	}
	oldest := ""
	for id, sh := range k.open {
		if sh.users == 0 && (oldest == "" || sh.usedAt.Before(k.open[oldest].usedAt)) {
			oldest = id
		}
	}
	return k.drop(oldest)
}

// release ends one use.
func (k *clients) release(sh *shared) error {
	k.mu.Lock()
	sh.users--
	last := sh.retired && sh.users == 0
	k.mu.Unlock()
	if last {
		return sh.client.Close()
	}
	return nil
}

// retire ends the client of a connection as soon as nobody uses it.
func (k *clients) retire(id string) error {
	k.mu.Lock()
	ended := k.drop(id)
	k.mu.Unlock()
	return closeEach(ended)
}

// retireAll does the same with all of them.
func (k *clients) retireAll() error {
	var ended []driver.Client
	k.mu.Lock()
	for id := range k.open {
		ended = append(ended, k.drop(id)...)
	}
	k.mu.Unlock()
	return closeEach(ended)
}

func closeEach(ended []driver.Client) error {
	var errs []error
	for _, c := range ended {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// leased is one caller's use of a shared client; Close ends the use, not the session.
type leased struct {
	driver.Client
	refusal *refusal
	rights  *rights
	confirm func(context.Context, error) error
	close   func() error
}

// Fetch reads one page; that the login is refused it says only when it is refused once more.
func (l *leased) Fetch(ctx context.Context, r driver.Request) (*driver.Page, error) {
	if err := l.refusal.known(); err != nil {
		return nil, err
	}
	page, err := l.Client.Fetch(ctx, r)
	return page, l.confirmed(ctx, err)
}

// confirmed tells what a refused login comes to when it is tried once more; any other error stays.
func (l *leased) confirmed(ctx context.Context, err error) error {
	if driver.KindOf(err) != driver.Credentials {
		return err
	}
	return l.refusal.settle(ctx, err, l.confirm)
}

// Close ends the use; twice is fine.
func (l *leased) Close() error { return l.close() }
