package member

import (
	"bytes"
	"context"
)

// Cheap makes new passwords cost next to nothing.
func (s *Service) Cheap() { s.hasher.cost = cost{memory: 64, time: 1, threads: 1} }

// Hashed counts the passwords that were worked on.
func (s *Service) Hashed() int64 { return s.hasher.done.Load() }

// MostAtOnce is how many were worked on at the same time.
func (s *Service) MostAtOnce() int64 { return s.hasher.most.Load() }

// OldHash is a password's hash at a cost of earlier times.
func OldHash(password string) string {
	c := cost{memory: 8192, time: 1, threads: 1}
	salt := bytes.Repeat([]byte{1}, saltSize)
	sum, err := newHasher(1, nil).work(context.Background(), c, password, salt)
	if err != nil {
		panic(err)
	}
	return c.notation(salt, sum)
}
