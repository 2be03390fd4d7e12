package link

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// What housekeeping does at once, and for how long ended links can be looked up.
const (
	tidyAtOnce = 100
	linksKept  = 90 * 24 * time.Hour
	eraseEvery = time.Hour
)

// Cancel ends the link for the customer. Errors: conflict when the link does not stand so.
func (s *Service) Cancel(ctx context.Context, v *Visit) (*Done, error) {
	if err := v.refuse(); err != nil {
		return nil, err
	}
	done := &Done{}
	err := s.end(s.byCustomer(ctx, v.Link), v.Link, func(tx *store.Tx) (*store.LinkSession, error) {
		l, err := s.locked(ctx, tx, v)
		if err != nil {
			return nil, err
		}
		if l.RedirectURI != "" {
			done.Redirect = back(l, "error", "access_denied")
		}
		l.Status = store.LinkCancelled
		return l, nil
	})
	if err != nil {
		return nil, fmt.Errorf("cancel link %s: %w", v.Link.ID, err)
	}
	return done, nil
}

// Revoke ends an open link; one that has ended stays as it is. Errors: *problem.Error not-found, conflict when it was used.
func (s *Service) Revoke(ctx context.Context, projectID, id string) (*store.LinkSession, error) {
	l, err := s.Store.Link(ctx, projectID, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, problem.New(problem.NotFound, "There is no such link session in your project.")
	}
	if err != nil {
		return nil, fmt.Errorf("read link %s: %w", id, err)
	}
	err = s.end(ctx, l, func(tx *store.Tx) (*store.LinkSession, error) {
		if l, err = tx.LockLink(ctx, id); err != nil || l.Status == store.LinkCancelled || l.Status == store.LinkExpired {
			return nil, err
		}
		if l.Status == store.LinkConnected {
			return nil, problem.New(problem.Conflict, "The link was used already. To end what it made, disconnect the connection.")
		}
		l.Status = store.LinkCancelled
		return l, nil
	})
	if err != nil {
		return nil, fmt.Errorf("revoke link %s: %w", id, err)
	}
	return l, nil
}

// end moves a link in one transaction, and lets a connection go that nobody has made. move gives the link with its new status; nil: it stays.
func (s *Service) end(ctx context.Context, of *store.LinkSession, move func(tx *store.Tx) (*store.LinkSession, error)) error {
	return s.Store.Write(ctx, func(tx *store.Tx) error {
		c, err := tx.LockConnection(ctx, of.ConnectionID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		l, err := move(tx)
		if err != nil || l == nil {
			return err
		}
		l.EndedAt = s.instant()
		if err := errors.Join(tx.SaveLink(ctx, l), s.drop(ctx, tx, l.ID)); err != nil {
			return err
		}
		if c != nil && l.Purpose == PurposeConnect {
			if err := s.Connections.Unreserve(ctx, tx, c); err != nil {
				return err
			}
		}
		return note(ctx, tx, l, string(l.Status))
	})
}

// Tidy expires links whose time is over, and now and then forgets those that ended long ago. It is called regularly.
func (s *Service) Tidy(ctx context.Context) error {
	over, err := s.Store.LinksToExpire(ctx, s.Now(), tidyAtOnce)
	if err != nil {
		return fmt.Errorf("look for links whose time is over: %w", err)
	}
	for _, l := range over {
		if err := s.expire(ctx, l); err != nil {
			return fmt.Errorf("expire link %s: %w", l.ID, err)
		}
	}
	if !s.eraseDue() {
		return nil
	}
	if _, err := s.Store.EraseLinks(ctx, s.Now().Add(-linksKept), s.Now().Add(-24*time.Hour), 10*tidyAtOnce); err != nil {
		return fmt.Errorf("forget old links: %w", err)
	}
	return nil
}

func (s *Service) expire(ctx context.Context, l *store.LinkSession) error {
	return s.end(s.byBusbar(ctx, l), l, func(tx *store.Tx) (*store.LinkSession, error) {
		now, err := tx.LockLink(ctx, l.ID)
		if err != nil || now.Status != store.LinkOpen || s.Now().Before(now.ExpiresAt) {
			return nil, err
		}
		now.Status = store.LinkExpired
		return now, nil
	})
}

func (s *Service) eraseDue() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.Now(); now.Sub(s.erased) >= eraseEvery {
		s.erased = now
		return true
	}
	return false
}
