package member

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// cost is what one password costs.
type cost struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

// present is the cost of passwords that are set now.
func present() cost { return cost{memory: 47104, time: 1, threads: 1} }

// The most that a stored hash may ask for.
const (
	mostMemory = 1 << 20 // KiB
	mostTime   = 16
	saltSize   = 16
	sumSize    = 32
)

// hasher works on passwords, a few at a time: each takes much memory.
type hasher struct {
	cost   cost // of new passwords
	places chan struct{}
	rand   io.Reader
	lock   sync.Mutex   // of rand
	done   atomic.Int64 // passwords worked on
	most   atomic.Int64 // at the same time, ever
}

func newHasher(atOnce int, random io.Reader) *hasher {
	return &hasher{cost: present(), places: make(chan struct{}, atOnce), rand: random}
}

// hash gives the hash of a new password in its usual notation.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltSize)
	h.lock.Lock()
	_, err := io.ReadFull(h.rand, salt)
	h.lock.Unlock()
	if err != nil {
		return "", fmt.Errorf("make a salt: %w", err)
	}
	sum, err := h.work(ctx, h.cost, password, salt)
	if err != nil {
		return "", err
	}
	return h.cost.notation(salt, sum), nil
}

// verify tells whether a password has a hash, and whether that is of another cost than hashes of today. Without a hash it works as hard, in vain.
func (h *hasher) verify(ctx context.Context, password, stored string) (ok, outdated bool, err error) {
	c, salt, want, readable := parseHash(stored)
	if !readable {
		c, salt, want = h.cost, make([]byte, saltSize), make([]byte, sumSize)
	}
	sum, err := h.work(ctx, c, password, salt)
	if err != nil {
		return false, false, err
	}
	ok = subtle.ConstantTimeCompare(sum, want) == 1 && readable
	return ok, c != h.cost, nil
}

// work waits for a place and does the work.
func (h *hasher) work(ctx context.Context, c cost, password string, salt []byte) ([]byte, error) {
	select {
	case h.places <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to work on a password: %w", ctx.Err())
	}
	defer func() { <-h.places }()
	if busy := int64(len(h.places)); busy > h.most.Load() {
		h.most.Store(busy)
	}
	h.done.Add(1)
	return argon2.IDKey([]byte(norm.NFC.String(password)), salt, c.time, c.memory, c.threads, sumSize), nil
}

func (c cost) notation(salt, sum []byte) string {
	plain := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.memory, c.time, c.threads, plain.EncodeToString(salt), plain.EncodeToString(sum))
}

func parseHash(text string) (c cost, salt, sum []byte, ok bool) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, false
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memory, &c.time, &c.threads); err != nil || n != 3 {
		return c, nil, nil, false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	sum, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	sane := c.memory >= 8 && c.memory <= mostMemory && c.time >= 1 && c.time <= mostTime && c.threads >= 1
	return c, salt, sum, errors.Join(err, err2) == nil && sane && len(sum) == sumSize && len(salt) >= 8
}
