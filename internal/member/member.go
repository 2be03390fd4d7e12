// Package member owns the people who work with a project: their roles, passwords and sessions, and the links that let them in. It knows no HTTP and no page; it is
// told from where somebody comes. Whoever wants in is slowed down and never locked out.
package member

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store"
)

// Keeper hashes secrets with the deployment's key. Package secret has one.
type Keeper interface {
	Hash(text string) []byte
}

// Config is what the service is built from.
type Config struct {
	Store  *store.Store
	Keeper Keeper
	Now    func() time.Time
	Rand   io.Reader
	Log    *slog.Logger
	Limits Limits // zeros: DefaultLimits
	AtOnce int    // passwords that are worked on at the same time, each in 46 MiB; 0: 2
}

// Service does what people do. Safe for concurrent use.
type Service struct {
	Config
	hasher *hasher
	limits *limits
}

// NewService builds the service.
func NewService(c Config) (*Service, error) {
	if c.Store == nil || c.Keeper == nil || c.Now == nil || c.Rand == nil || c.Log == nil {
		return nil, errors.New("members need a store, keys, a clock, randomness and a log")
	}
	if c.AtOnce == 0 {
		c.AtOnce = 2
	}
	return &Service{Config: c, hasher: newHasher(c.AtOnce, c.Rand), limits: newLimits(c.Limits, c.Now)}, nil
}

// Browser is where a request of a person comes from.
type Browser struct {
	Address   netip.Addr
	Agent     string // as it names itself
	RequestID string
}

func (s *Service) instant() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

func (s *Service) newID() (string, error) {
	id, err := uuid.NewV7FromReader(s.Rand)
	if err != nil {
		return "", fmt.Errorf("make an id: %w", err)
	}
	return id.String(), nil
}

// skew is how far the clock may have gone back without anybody losing what began a moment ago.
const skew = time.Minute

// between tells whether now lies between two instants. A clock that was put back lets nothing live longer: what began in the future is over.
func between(now, begin, end time.Time) bool {
	return now.Before(end) && !begin.After(now.Add(skew))
}
