package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// Token is a connection token, without its plaintext.
type Token struct {
	ID, Label                        string
	Hash                             []byte
	Last4                            string
	Scopes                           []string // those of package connection
	CreatedAt                        time.Time
	ExpiresAt, RevokedAt, LastUsedAt time.Time // zero: none
}

// InsertToken stores a token of a connection.
func (t *Tx) InsertToken(ctx context.Context, sc Scope, tok Token) error {
	t.changed(ThingTokens, sc)
	scopes, err := marshal(tok.Scopes, "[]")
	if err != nil {
		return err
	}
	return t.q.InsertToken(ctx, queries.InsertTokenParams{
		Connection: sc.no, ID: tok.ID, Label: tok.Label, Hash: tok.Hash, Last4: tok.Last4, Scopes: scopes, CreatedAt: queries.At(tok.CreatedAt),
		ExpiresAt: queries.At(tok.ExpiresAt), RevokedAt: queries.At(tok.RevokedAt), LastUsedAt: queries.At(tok.LastUsedAt),
	})
}

// TokenByHash gives the token, revoked or expired ones too, and its connection. ErrNotFound.
func (s *Store) TokenByHash(ctx context.Context, hash []byte) (*Token, *Connection, error) {
	row, err := s.read.TokenByHash(ctx, hash)
	if err != nil {
		return nil, nil, orNotFound(err)
	}
	tok, err := tokenFrom(row.Token)
	if err != nil {
		return nil, nil, err
	}
	c, err := connectionOf(row.Connection, nil)
	return &tok, c, err
}

// Tokens lists a connection's tokens, newest first.
func (s *Store) Tokens(ctx context.Context, sc Scope) ([]Token, error) {
	return tokens(ctx, s.read, sc)
}

// Token gives a token of a connection. ErrNotFound.
func (t *Tx) Token(ctx context.Context, sc Scope, id string) (*Token, error) {
	all, err := tokens(ctx, t.q, sc)
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		if one.ID == id {
			return &one, nil
		}
	}
	return nil, ErrNotFound
}

func tokens(ctx context.Context, q *queries.Queries, sc Scope) ([]Token, error) {
	rows, err := q.Tokens(ctx, sc.no)
	if err != nil {
		return nil, err
	}
	out := make([]Token, len(rows))
	for i, row := range rows {
		if out[i], err = tokenFrom(row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// HasToken tells whether a connection has a token that lives.
func (t *Tx) HasToken(ctx context.Context, sc Scope, now time.Time) (bool, error) {
	n, err := t.q.CountLivingTokens(ctx, sc.no, queries.At(now))
	return n > 0, err
}

// RevokeToken ends a token; twice is fine. ErrNotFound.
func (t *Tx) RevokeToken(ctx context.Context, sc Scope, id string, now time.Time) error {
	t.changed(ThingTokens, sc)
	n, err := t.q.RevokeToken(ctx, now.UnixMicro(), sc.no, id)
	return hit(n, err, ErrNotFound)
}

// TouchTokens stores when tokens and keys, by string(hash), were last used. An older instant changes nothing.
func (s *Store) TouchTokens(ctx context.Context, lastUsed map[string]time.Time) error {
	if len(lastUsed) == 0 {
		return nil
	}
	return s.Write(ctx, func(tx *Tx) error {
		for _, hash := range slices.Sorted(maps.Keys(lastUsed)) { // all processes in one order, so that they do not wait for each other in a circle
			if err := tx.touch(ctx, []byte(hash), queries.At(lastUsed[hash])); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *Tx) touch(ctx context.Context, hash []byte, at queries.Time) error {
	n, err := t.q.TouchToken(ctx, at, hash)
	if err == nil && n == 0 {
		_, err = t.q.TouchKey(ctx, at, hash)
	}
	return err
}

func tokenFrom(r queries.Token) (Token, error) {
	tok := Token{
		ID: r.ID, Label: r.Label, Hash: r.Hash, Last4: r.Last4, CreatedAt: r.CreatedAt.Time,
		ExpiresAt: r.ExpiresAt.Time, RevokedAt: r.RevokedAt.Time, LastUsedAt: r.LastUsedAt.Time,
	}
	if err := json.Unmarshal([]byte(r.Scopes), &tok.Scopes); err != nil {
		return Token{}, fmt.Errorf("read scopes of token %s: %w", r.ID, err)
	}
	return tok, nil
}
