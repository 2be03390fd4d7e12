package connection

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// Principal is who a presented secret belongs to: a connection token (Token and Connection set), a project key (Key set) or a member (Member and Session set).
type Principal struct {
	Token      *store.Token
	Connection *store.Connection
	Key        *store.Key
	Member     *store.Member
	Session    *store.MemberSession
}

// Authenticate tells who presents this secret. It looks every time, so that a revoked token is dead at once; a mistyped one is found
// by its checksum without looking. Errors are *problem.Error invalid-token.
func (s *Service) Authenticate(ctx context.Context, plain string) (*Principal, error) {
	kind, ok := secret.ParseToken(plain)
	if !ok {
		return nil, problem.New(problem.InvalidToken, "This is no Busbar token: it begins with bb_con_ or bb_key_ and has 38 more characters, and one of them is missing or mistyped.")
	}
	hash := s.Keeper.Hash(plain)
	var who *Principal
	var err error
	switch kind {
	case secret.ConnectionToken:
		who, err = s.byToken(ctx, hash)
	case secret.ProjectKey:
		who, err = s.byKey(ctx, hash)
	default:
		err = store.ErrNotFound
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, problem.New(problem.InvalidToken, "This Busbar does not know the token. Was it made by another one?")
	}
	if err != nil {
		return nil, err
	}
	s.uses.note(hash, s.Now())
	return who, nil
}

func (s *Service) byToken(ctx context.Context, hash []byte) (*Principal, error) {
	token, c, err := s.Store.TokenByHash(ctx, hash)
	if err != nil {
		return nil, fmt.Errorf("look a token up: %w", err)
	}
	if c.State == store.ConnectionDisconnected {
		return nil, problem.New(problem.InvalidToken, "The connection of this token was disconnected. Connect the system anew.")
	}
	if err := s.alive(token.RevokedAt, token.ExpiresAt); err != nil {
		return nil, err
	}
	return &Principal{Token: token, Connection: c}, nil
}

func (s *Service) byKey(ctx context.Context, hash []byte) (*Principal, error) {
	key, err := s.Store.KeyByHash(ctx, hash)
	if err != nil {
		return nil, fmt.Errorf("look a project key up: %w", err)
	}
	if err := s.alive(key.RevokedAt, key.ExpiresAt); err != nil {
		return nil, err
	}
	return &Principal{Key: key}, nil
}

func (s *Service) alive(revoked, expires time.Time) error {
	switch {
	case !revoked.IsZero():
		return problem.New(problem.InvalidToken, "The token was revoked. Issue a new one.")
	case !expires.IsZero() && !s.Now().Before(expires):
		return problem.New(problem.InvalidToken, "The token has expired. Issue a new one.")
	default:
		return nil
	}
}
