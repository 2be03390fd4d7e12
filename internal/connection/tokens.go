package connection

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// The scopes of a token.
const (
	ScopeRead  = "read"
	ScopeSync  = "sync"
	ScopeWrite = "write"
)

// Scopes lists them.
func Scopes() []string { return []string{ScopeRead, ScopeSync, ScopeWrite} }

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
	scopes = f.scopes(scopes)
	if expires != nil && !expires.After(s.Now()) {
		f.at(problem.OutOfRange, "It must lie in the future.", "expires_at")
	}
	if err := f.err(); err != nil {
		return IssuedToken{}, err
	}
	var end time.Time
	if expires != nil {
		end = *expires
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
		return tx.InsertToken(ctx, now.Scope(), token.Token)
	})
	if err != nil {
		return fmt.Errorf("store a token of connection %s: %w", c.ID, err)
	}
	return nil
}

// scopes gives the wanted scopes in their usual order, all when none are wanted.
func (f *faults) scopes(wanted []string) []string {
	if len(wanted) == 0 {
		return Scopes()
	}
	for i, name := range wanted {
		if !slices.Contains(Scopes(), name) {
			f.at(problem.Unknown, unknown("scope", name, Scopes()), "scopes", fmt.Sprint(i))
		}
	}
	return slices.DeleteFunc(Scopes(), func(name string) bool { return !slices.Contains(wanted, name) })
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

// IssueKey makes a project key; the plaintext exists only in this answer. Errors: *problem.Error validation-failed.
func (s *Service) IssueKey(ctx context.Context, projectID, label string) (plain string, k store.Key, err error) {
	f := newFaults()
	label = f.line(label, maxName, "label")
	if err := f.err(); err != nil {
		return "", store.Key{}, err
	}
	if plain, k, err = s.makeKey(projectID, label); err != nil {
		return "", store.Key{}, err
	}
	return plain, k, s.storeKey(ctx, k)
}

func (s *Service) makeKey(projectID, label string) (plain string, k store.Key, err error) {
	id, err := s.newID()
	if err != nil {
		return "", k, err
	}
	if plain, err = secret.NewToken(secret.ProjectKey, s.Rand); err != nil {
		return "", k, err
	}
	return plain, store.Key{ID: id, ProjectID: projectID, Label: label, Hash: s.Keeper.Hash(plain), Last4: secret.Last4(plain), CreatedAt: s.instant()}, nil
}

func (s *Service) storeKey(ctx context.Context, k store.Key) error {
	if err := s.Store.InsertKey(ctx, k); err != nil {
		return fmt.Errorf("store a project key: %w", err)
	}
	return nil
}
