package connection

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// IssuedToken is a token with its plaintext, which exists only in this answer. It prints without it.
type IssuedToken struct {
	store.Token
	Plain string `json:"-"`
}

// Format implements fmt.Formatter.
func (t IssuedToken) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "token %s (%s, ...%s)", t.ID, t.Label, t.Last4)
}

// LogValue implements slog.LogValuer.
func (t IssuedToken) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(t)) }

// IssueToken makes a further token. No scopes means all; no instant means that it does not expire. Errors: *problem.Error
// validation-failed with pointers, connection-pending, connection-disconnected.
func (s *Service) IssueToken(ctx context.Context, c *store.Connection, label string, scopes []string, expires *time.Time) (IssuedToken, error) {
	f := newFaults()
	label = f.line(label, maxName, "label")
	scopes = f.scopes(scopes, TokenScopes(), TokenScopes())
	end := f.expiry(expires, s.Now())
	if err := f.err(); err != nil {
		return IssuedToken{}, err
	}
	token, err := s.newToken(label, scopes, end)
	if err != nil {
		return IssuedToken{}, err
	}
	return token, s.storeToken(ctx, c, token)
}

func (s *Service) storeToken(ctx context.Context, c *store.Connection, token IssuedToken) error {
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		now, err := tx.LockConnection(ctx, c.ID)
		if err != nil {
			return err
		}
		if err := live(now); err != nil {
			return err
		}
		if err := tx.InsertToken(ctx, now.Scope(), token.Token); err != nil {
			return err
		}
		return noteToken(ctx, tx, now, "issued", token.ID)
	})
	if err != nil {
		return fmt.Errorf("store a token of connection %s: %w", c.ID, err)
	}
	return nil
}

// IssueTokenTx makes a token in the caller's transaction, which has locked c. No scopes means all. Errors: *problem.Error connection-pending, connection-disconnected.
func (s *Service) IssueTokenTx(ctx context.Context, tx *store.Tx, c *store.Connection, label string, scopes []string) (IssuedToken, error) {
	if err := live(c); err != nil {
		return IssuedToken{}, err
	}
	if len(scopes) == 0 {
		scopes = TokenScopes()
	}
	token, err := s.newToken(label, Among(scopes, TokenScopes()), time.Time{})
	if err != nil {
		return IssuedToken{}, err
	}
	if err := tx.InsertToken(ctx, c.Scope(), token.Token); err != nil {
		return IssuedToken{}, err
	}
	return token, noteToken(ctx, tx, c, "issued", token.ID)
}

func (s *Service) newToken(label string, scopes []string, expires time.Time) (IssuedToken, error) {
	id, err := s.newID()
	if err != nil {
		return IssuedToken{}, err
	}
	plain, err := secret.NewToken(secret.ConnectionToken, s.Rand)
	if err != nil {
		return IssuedToken{}, err
	}
	return IssuedToken{Plain: plain, Token: store.Token{
		ID: id, Label: label, Hash: s.Keeper.Hash(plain), Last4: secret.Last4(plain),
		Scopes: scopes, CreatedAt: s.instant(), ExpiresAt: expires,
	}}, nil
}

// RevokeToken ends a token at once; again is fine. store.ErrNotFound.
func (s *Service) RevokeToken(ctx context.Context, c *store.Connection, id string) error {
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		now, err := tx.LockConnection(ctx, c.ID)
		if err != nil {
			return err
		}
		token, err := tx.Token(ctx, now.Scope(), id)
		if err != nil || !token.RevokedAt.IsZero() {
			return err
		}
		if err := tx.RevokeToken(ctx, now.Scope(), id, s.Now()); err != nil {
			return err
		}
		return noteToken(ctx, tx, now, "revoked", id)
	})
	if err != nil {
		return fmt.Errorf("revoke a token of connection %s: %w", c.ID, err)
	}
	return nil
}
