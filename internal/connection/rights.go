package connection

import (
	"context"
	"sync"
	"time"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/store"
)

const (
	rightsKept    = 15 * time.Minute // how long what a system told counts
	rightsSilence = time.Minute      // how long it is not asked again after it told nothing
	rightsWithin  = 5 * time.Second  // somebody waits
)

// rights is what the system last told of a login; it lives as long as the client of that login.
type rights struct {
	mu    sync.Mutex
	known manifest.Rights // nil: it told nothing
	at    time.Time
}

// Rights gives what the system lets the connection's login do, and when it said so; nil where it does not tell, or cannot be asked now. It is asked at most every few minutes.
func (s *Service) Rights(ctx context.Context, c *store.Connection) (manifest.Rights, time.Time) {
	client, sys, err := s.Open(ctx, c)
	if err != nil {
		return nil, time.Time{}
	}
	defer func() { s.logEnd(c.ID, client.Close()) }()
	l := leaseOf(client)
	asker, ok := l.Client.(driver.Permitter)
	if !ok || l.refusal.known() != nil {
		return nil, time.Time{}
	}
	r := l.rights
	r.mu.Lock()
	defer r.mu.Unlock()
	age := s.Now().Sub(r.at)
	if !r.at.IsZero() && (age < rightsSilence || r.known != nil && age < rightsKept) {
		return r.known, r.told()
	}
	within, cancel := context.WithTimeout(budget.WithPriority(context.WithoutCancel(ctx), budget.InteractiveRead), rightsWithin) // others wait for it too
	defer cancel()
	r.at = s.Now()
	if r.known, err = asker.May(within, sys.Entities); err != nil {
		r.known, err = nil, l.confirmed(within, err)
		s.Log.Warn("the system did not tell what the login may do", "connection", c.ID, "error", err)
	}
	return r.known, r.told()
}

// told is when what is known was said.
func (r *rights) told() time.Time {
	if r.known == nil {
		return time.Time{}
	}
	return r.at
}

// leaseOf gives the lease within a client of Open.
func leaseOf(client driver.Client) *leased {
	if w, ok := client.(*leasedWriter); ok {
		return w.leased
	}
	return client.(*leased)
}
