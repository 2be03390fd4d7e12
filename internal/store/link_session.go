package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// LinkStatus is how a link session stands; package link says what moves it.
type LinkStatus string

// The states of a link session.
const (
	LinkOpen      LinkStatus = "open"
	LinkConnected LinkStatus = "connected"
	LinkCancelled LinkStatus = "cancelled"
	LinkExpired   LinkStatus = "expired"
)

// LinkSession is an invitation to connect a system, or to renew a login.
type LinkSession struct {
	ID, ProjectID        string
	Hash                 []byte // keyed hash of the secret in the link
	Kind, Purpose        string
	ConnectionID         string
	Status               LinkStatus
	Settings             json.RawMessage
	RedirectURI          string // empty: none
	State, Challenge     string
	Browser              []byte // keyed hash of the cookie of the browser that it is bound to; nil: of none yet
	CreatedAt, ExpiresAt time.Time
	OpenedAt, EndedAt    time.Time
	CodeHash             []byte
	CodeExpiresAt        time.Time
	CodeUsedAt           time.Time
	TokenID              string // that the code was exchanged for; empty: none
}

// LinkFilter narrows a list of link sessions; zero fields do not filter. Order: newest first by id (UUIDv7).
type LinkFilter struct {
	Before       string // id: only older ones
	Status       LinkStatus
	ConnectionID string
	Limit        int
}

// InsertLink stores a new link session.
func (t *Tx) InsertLink(ctx context.Context, l *LinkSession) error {
	t.changedIn(ThingLinks, l.ProjectID)
	err := t.q.InsertLink(ctx, queries.InsertLinkParams{
		ID: l.ID, ProjectID: l.ProjectID, Hash: l.Hash, Kind: l.Kind, Purpose: l.Purpose, ConnectionID: l.ConnectionID, Status: string(l.Status), Settings: string(l.Settings),
		RedirectUri: l.RedirectURI, State: l.State, Challenge: l.Challenge, Browser: l.Browser, CreatedAt: queries.At(l.CreatedAt), ExpiresAt: queries.At(l.ExpiresAt),
		OpenedAt: queries.At(l.OpenedAt), EndedAt: queries.At(l.EndedAt), CodeHash: l.CodeHash, CodeExpiresAt: queries.At(l.CodeExpiresAt), CodeUsedAt: queries.At(l.CodeUsedAt), TokenID: l.TokenID,
	})
	if err != nil {
		return fmt.Errorf("store link session %s: %w", l.ID, err)
	}
	return nil
}

// Link gives a link session of a project. ErrNotFound.
func (s *Store) Link(ctx context.Context, projectID, id string) (*LinkSession, error) {
	return linkOf(s.read.Link(ctx, id, projectID))
}

// LinkByHash gives the link session of a secret. ErrNotFound.
func (s *Store) LinkByHash(ctx context.Context, hash []byte) (*LinkSession, error) {
	return linkOf(s.read.LinkByHash(ctx, hash))
}

// LinkByCode gives the link session of a code, of used and expired ones too. ErrNotFound.
func (s *Store) LinkByCode(ctx context.Context, hash []byte) (*LinkSession, error) {
	return linkOf(s.read.LinkByCode(ctx, hash))
}

// LockLink gives a link session as it is now, which nobody else changes until the transaction ends. Its connection is locked before it. ErrNotFound.
func (t *Tx) LockLink(ctx context.Context, id string) (*LinkSession, error) {
	return linkOf(t.q.LockLink(ctx, id))
}

// Links lists a project's link sessions.
func (s *Store) Links(ctx context.Context, projectID string, f LinkFilter) ([]*LinkSession, error) {
	rows, err := s.read.Links(ctx, queries.LinksParams{
		ProjectID: projectID, Before: before(f.Before), Status: string(f.Status), ConnectionID: f.ConnectionID, MaxRows: atMost(f.Limit),
	})
	return each(rows, linkFrom), err
}

// SaveLink stores what moves: status, browser, code and token, with their times. The transaction has the link's lock.
func (t *Tx) SaveLink(ctx context.Context, l *LinkSession) error {
	t.changedIn(ThingLinks, l.ProjectID)
	n, err := t.q.SaveLink(ctx, queries.SaveLinkParams{
		Status: string(l.Status), Browser: l.Browser, OpenedAt: queries.At(l.OpenedAt), EndedAt: queries.At(l.EndedAt),
		CodeHash: l.CodeHash, CodeExpiresAt: queries.At(l.CodeExpiresAt), CodeUsedAt: queries.At(l.CodeUsedAt), TokenID: l.TokenID, ID: l.ID,
	})
	return hit(n, err, ErrNotFound)
}

// OpenLinks counts a project's open link sessions.
func (t *Tx) OpenLinks(ctx context.Context, projectID string) (int64, error) {
	return t.q.CountOpenLinks(ctx, projectID)
}

// EndLinksOf cancels the open link sessions of a connection, which the transaction has locked.
func (t *Tx) EndLinksOf(ctx context.Context, sc Scope, now time.Time) error {
	t.changed(ThingLinks, sc)
	return t.q.EndLinksOf(ctx, queries.At(now), sc.id)
}

// LinksToExpire lists open link sessions whose time is over.
func (s *Store) LinksToExpire(ctx context.Context, now time.Time, limit int) ([]*LinkSession, error) {
	rows, err := s.read.LinksToExpire(ctx, queries.At(now), atMost(limit))
	return each(rows, func(r queries.LinksToExpireRow) *LinkSession {
		return &LinkSession{ID: r.ID, ProjectID: r.ProjectID, ConnectionID: r.ConnectionID}
	}), err
}

// EraseLinks forgets link sessions that ended before an instant, and logins by way of other servers that came to nothing. It gives how many link sessions were there.
func (s *Store) EraseLinks(ctx context.Context, before, attempts time.Time, limit int) (n int64, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		if n, err = tx.q.EraseLinks(ctx, queries.At(before), atMost(limit)); err != nil {
			return err
		}
		return tx.q.EraseLoginAttempts(ctx, queries.At(attempts))
	})
	return n, err
}

func linkOf(r queries.LinkSession, err error) (*LinkSession, error) {
	if err != nil {
		return nil, orNotFound(err)
	}
	return linkFrom(r), nil
}

func linkFrom(r queries.LinkSession) *LinkSession {
	return &LinkSession{
		ID: r.ID, ProjectID: r.ProjectID, Hash: r.Hash, Kind: r.Kind, Purpose: r.Purpose, ConnectionID: r.ConnectionID, Status: LinkStatus(r.Status), Settings: json.RawMessage(r.Settings),
		RedirectURI: r.RedirectUri, State: r.State, Challenge: r.Challenge, Browser: r.Browser, CreatedAt: r.CreatedAt.Time, ExpiresAt: r.ExpiresAt.Time,
		OpenedAt: r.OpenedAt.Time, EndedAt: r.EndedAt.Time, CodeHash: r.CodeHash, CodeExpiresAt: r.CodeExpiresAt.Time, CodeUsedAt: r.CodeUsedAt.Time, TokenID: r.TokenID,
	}
}
