package connection

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// NewKey is what a project key is made from.
type NewKey struct {
	Label   string
	Scopes  []string   // default: KeyScopes
	Expires *time.Time // nil: never
	Allowed Allowed    // nil: always
}

// Allowed is asked in the transaction of an act, first, whether who acts may still do so.
type Allowed func(ctx context.Context, tx *store.Tx) error

// IssuedKey is a project key with its plaintext, which exists only in this answer. It prints without it.
type IssuedKey struct {
	store.Key
	Plain string `json:"-"`
}

// Format implements fmt.Formatter.
func (k IssuedKey) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "project key %s (%s, ...%s)", k.ID, k.Label, k.Last4)
}

// LogValue implements slog.LogValuer.
func (k IssuedKey) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(k)) }

// IssueKey makes a project key. Errors: *problem.Error validation-failed with pointers.
func (s *Service) IssueKey(ctx context.Context, projectID string, n NewKey) (IssuedKey, error) {
	f := newFaults()
	n.Label = f.line(n.Label, maxName, "label")
	n.Scopes = f.scopes(n.Scopes, KeyScopes(), Scopes())
	end := f.expiry(n.Expires, s.Now())
	if err := f.err(); err != nil {
		return IssuedKey{}, err
	}
	k, err := s.makeKey(projectID, n.Label, n.Scopes, end)
	if err != nil {
		return IssuedKey{}, err
	}
	return s.storeKey(ctx, k, n.Allowed)
}

// expiry takes the instant at which something ends, zero for never.
func (f *faults) expiry(at *time.Time, now time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	if !at.After(now) {
		f.at(problem.OutOfRange, "It must lie in the future.", "expires_at")
	}
	return *at
}

func (s *Service) makeKey(projectID, label string, scopes []string, expires time.Time) (IssuedKey, error) {
	id, err := s.newID()
	if err != nil {
		return IssuedKey{}, err
	}
	plain, err := secret.NewToken(secret.ProjectKey, s.Rand)
	if err != nil {
		return IssuedKey{}, err
	}
	return IssuedKey{Plain: plain, Key: store.Key{
		ID: id, ProjectID: projectID, Label: label, Hash: s.Keeper.Hash(plain), Last4: secret.Last4(plain), Scopes: scopes, CreatedAt: s.instant(), ExpiresAt: expires,
	}}, nil
}

func (s *Service) storeKey(ctx context.Context, k IssuedKey, allowed Allowed) (IssuedKey, error) {
	err := s.Store.Write(ctx, func(tx *store.Tx) (err error) {
		if allowed != nil {
			if err := allowed(ctx, tx); err != nil {
				return err
			}
		}
		if k.IssuedBy, err = Behind(ctx, tx); err != nil {
			return err
		}
		if err := tx.InsertKey(ctx, k.Key); err != nil {
			return err
		}
		return noteKey(ctx, tx, k.Key, "issued")
	})
	if err != nil {
		return IssuedKey{}, fmt.Errorf("store a project key: %w", err)
	}
	return k, nil
}

// Behind gives the member who acts, or who issued the key that acts; empty: no member.
func Behind(ctx context.Context, tx *store.Tx) (memberID string, err error) {
	switch who, _ := audit.Who(ctx); who.Kind {
	case audit.Member:
		return who.ID, nil
	case audit.Key:
		k, err := tx.Key(ctx, who.ProjectID, who.ID)
		if errors.Is(err, store.ErrNotFound) {
			return "", nil
		}
		if err != nil {
			return "", fmt.Errorf("look up who issued the key that acts: %w", err)
		}
		return k.IssuedBy, nil
	}
	return "", nil
}

// RenameKey changes the label of a project key. Errors: *problem.Error validation-failed, store.ErrNotFound.
func (s *Service) RenameKey(ctx context.Context, projectID, id, label string) error {
	f := newFaults()
	label = f.line(label, maxName, "label")
	if err := f.err(); err != nil {
		return err
	}
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		k, err := tx.Key(ctx, projectID, id)
		if err != nil || k.Label == label {
			return err
		}
		if err := tx.LabelKey(ctx, projectID, id, label); err != nil {
			return err
		}
		return noteKey(ctx, tx, *k, "changed", "label")
	})
	if err != nil {
		return fmt.Errorf("rename project key %s: %w", id, err)
	}
	return nil
}

// RevokeKey ends a project key at once; again is fine. store.ErrNotFound.
func (s *Service) RevokeKey(ctx context.Context, projectID, id string) error {
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		k, err := tx.Key(ctx, projectID, id)
		if err != nil || !k.RevokedAt.IsZero() {
			return err
		}
		if err := tx.RevokeKey(ctx, projectID, id, s.Now()); err != nil {
			return err
		}
		return noteKey(ctx, tx, *k, "revoked")
	})
	if err != nil {
		return fmt.Errorf("revoke project key %s: %w", id, err)
	}
	return nil
}
