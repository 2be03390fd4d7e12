package rest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
)

// replacedEvery is how long a token that came in place of a refused one is not replaced itself for being refused: then it is not the token that is refused.
const replacedEvery = time.Minute

// maxIssued is how many tokens are remembered that no message may show.
const maxIssued = 8

// bearer is what a client knows of the tokens of its login.
type bearer struct {
	mu         sync.Mutex
	refused    string    // the last one that the system did not take
	replacedAt time.Time // when that was
	issued     []string  // the latest ones: they are as secret as the login
}

// access gives the token for a request; "" where the login has none. It may ask for one, on behalf of everybody who uses the login.
func (c *client) access(ctx context.Context) (string, error) {
	if c.options.Auth.Style != oauth2 {
		return "", nil
	}
	if c.config.Tokens == nil {
		return "", &driver.Error{Kind: driver.Invalid, Detail: "A login with tokens needs a place where they are kept.", Unsent: true}
	}
	c.bearer.mu.Lock()
	refused := c.bearer.refused
	c.bearer.mu.Unlock()
	token, err := c.config.Tokens.Access(ctx, refused, c.askForTokens)
	if err == nil && token == refused {
		return "", &driver.Error{Kind: driver.Credentials, Field: c.loginField(), Detail: "The system does not take the token that it issued, and issues the same again."}
	}
	c.remember(token)
	return token, err
}

// sign puts the token on a request.
func sign(req *http.Request, token string) {
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
}

// refuse notes that the system does not take a token, and tells whether another one may help.
func (c *client) refuse(token string) bool {
	if token == "" {
		return false
	}
	b := &c.bearer
	b.mu.Lock()
	defer b.mu.Unlock()
	now := c.config.Now()
	switch {
	case token == b.refused:
		return true
	case !b.replacedAt.IsZero() && now.Sub(b.replacedAt).Abs() < replacedEvery:
		return false
	}
	b.refused, b.replacedAt = token, now
	return true
}

// signedOut is about a write whose token the system did not take: it has not looked at the write, which can be sent again with another token.
func (c *client) signedOut(req *http.Request, err error) error {
	token := strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ")
	var e *driver.Error
	if c.options.Auth.Style != oauth2 || !errors.As(err, &e) || e.Kind != driver.Credentials || !c.refuse(token) {
		return err
	}
	again := *e
	again.Kind, again.Field, again.Unsent, again.Again = driver.Fault, "", true, true
	again.Detail = "The system did not take the token of the login any more, and did not look at the write. It can be sent again."
	return &again
}

// notBegun marks an error that came before a write was sent.
func notBegun(err error) error {
	var e *driver.Error
	if !errors.As(err, &e) {
		return &driver.Error{Kind: driver.Fault, Detail: "The login could not be renewed.", Unsent: true, Err: err}
	}
	unsent := *e
	unsent.Unsent = true
	return &unsent
}

// refusesToken tells whether an answer says in the words of RFC 6750 that the token was not taken, for which nobody looks at the request.
func (c *client) refusesToken(a *answer) bool {
	said := strings.ToLower(strings.Join(a.header.Values("Www-Authenticate"), ","))
	return c.options.Auth.Style == oauth2 && a.status == http.StatusUnauthorized && strings.Contains(said, "bearer")
}

func (c *client) remember(tokens ...string) {
	b := &c.bearer
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, token := range tokens {
		if token != "" && !slices.Contains(b.issued, token) {
			b.issued = append(slices.Clone(b.issued[max(0, len(b.issued)-maxIssued+1):]), token)
		}
	}
}

// quote makes words of the system fit to be shown: see driver.Config.Quote.
func (c *client) quote(text string, limit int, also ...string) string {
	return c.config.Quote(text, limit, slices.Concat(c.bearer.all(), also)...)
}

// kept makes an answer fit for the ledger of its write: see driver.Config.Kept.
func (c *client) kept(answer []byte, good bool) []byte {
	return c.config.Kept(answer, good, c.bearer.all()...)
}

// all are the latest tokens.
func (b *bearer) all() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.issued
}
