package link

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// Exchanged is what a code was good for.
type Exchanged struct {
	Link       *store.LinkSession
	Connection *store.Connection
	Token      *connection.IssuedToken // nil: the login of a connection was renewed whose tokens go on
}

// Exchange gives the connection's token for a code, once, with those scopes. A second use ends the token that the first one gave. Errors: *problem.Error validation-failed.
func (s *Service) Exchange(ctx context.Context, projectID, code, verifier string, scopes []string) (*Exchanged, error) {
	if kind, ok := secret.ParseToken(code); !ok || kind != secret.LinkCode {
		return nil, badCode("This is no code of a link: it begins with bb_cod_ and has 38 more characters.")
	}
	found, err := s.Store.LinkByCode(ctx, s.Keeper.Hash(code))
	if errors.Is(err, store.ErrNotFound) || err == nil && found.ProjectID != projectID {
		return nil, badCode("This code is not known in your project, or a fresh one took its place.")
	}
	if err != nil {
		return nil, fmt.Errorf("look a code up: %w", err)
	}
	var out *Exchanged
	var refused error // the transaction commits all the same
	err = s.Store.Write(ctx, func(tx *store.Tx) (err error) {
		out, refused, err = s.exchange(ctx, tx, found, code, verifier, scopes)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("exchange a code of link %s: %w", found.ID, err)
	}
	return out, refused
}

func (s *Service) exchange(ctx context.Context, tx *store.Tx, found *store.LinkSession, code, verifier string, scopes []string) (out *Exchanged, refused, err error) {
	c, err := tx.LockConnection(ctx, found.ConnectionID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, problem.New(problem.NotFound, "The connection of this code was deleted.")
	}
	if err != nil {
		return nil, nil, err
	}
	l, err := tx.LockLink(ctx, found.ID)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case subtle.ConstantTimeCompare(l.CodeHash, s.Keeper.Hash(code)) != 1:
		return nil, nil, badCode("A fresh code took the place of this one.")
	case !l.CodeUsedAt.IsZero():
		return nil, badCode("This code was used already, so the token that it gave was revoked. Issue a new token for the connection, and find out who used it."), s.reused(ctx, tx, c, l)
	case !s.Now().Before(l.CodeExpiresAt):
		return nil, nil, badCode("This code has expired: it is good for 60 seconds. Let the customer open the link again, which gives a fresh one, or issue a token for the connection.")
	case !proves(verifier, l.Challenge):
		return nil, nil, problem.New(problem.ValidationFailed, "The code_verifier is not the one that the link was made with.").
			At("/code_verifier", problem.Invalid, "Its SHA-256 is not the code_challenge of the link session.")
	}
	out = &Exchanged{Link: l, Connection: c}
	l.CodeUsedAt = s.instant()
	if out.Token, err = s.token(ctx, tx, c, l, scopes); err != nil {
		return nil, nil, err
	}
	if err := tx.SaveLink(ctx, l); err != nil {
		return nil, nil, err
	}
	return out, nil, note(ctx, tx, l, "exchanged")
}

// token issues the connection's token; a connection whose login was only renewed and that has one keeps it.
func (s *Service) token(ctx context.Context, tx *store.Tx, c *store.Connection, l *store.LinkSession, scopes []string) (*connection.IssuedToken, error) {
	if l.Purpose == PurposeReauthorize {
		has, err := tx.HasToken(ctx, c.Scope(), s.Now())
		if err != nil || has {
			return nil, err
		}
	}
	t, err := s.Connections.IssueTokenTx(ctx, tx, c, "link", scopes)
	if err != nil {
		return nil, err
	}
	l.TokenID = t.ID
	return &t, nil
}

// reused ends the token that the first use of a code gave: somebody has seen the code who should not.
func (s *Service) reused(ctx context.Context, tx *store.Tx, c *store.Connection, l *store.LinkSession) error {
	s.Log.Warn("a code of a link was used twice; its token is revoked", "link", l.ID, "connection", c.ID)
	if l.TokenID == "" {
		return nil
	}
	if err := tx.RevokeToken(ctx, c.Scope(), l.TokenID, s.instant()); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return note(ctx, tx, l, "code-reused")
}

// proves says that the verifier is the one of the challenge.
func proves(verifier, challenge string) bool {
	if len(verifier) < 43 || len(verifier) > 128 {
		return false
	}
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) == 1
}

func badCode(detail string) error {
	return problem.New(problem.ValidationFailed, detail).At("/code", problem.Invalid, "It is not good for a token.")
}
