package login

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
)

// replacedEvery is how long a proof that came in place of a refused one is not replaced itself for being refused: then it is the login that is refused.
const replacedEvery = time.Minute

// maxIssued is how many tokens are remembered that no message may show.
const maxIssued = 8

// issued is what a client knows of what the system issued to its login.
type issued struct {
	mu         sync.Mutex
	refused    string    // the last token that the system did not take
	replacedAt time.Time // when that was
	tokens     []string  // the latest ones: they are as secret as the login
}

func (i *issued) remember(tokens ...string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, token := range tokens {
		if token != "" && !slices.Contains(i.tokens, token) {
			i.tokens = append(slices.Clone(i.tokens[max(0, len(i.tokens)-maxIssued+1):]), token)
		}
	}
}

func (i *issued) all() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.tokens
}

// access gives the token for a request. It may ask for one, on behalf of everybody who uses the login.
func (l *Login) access(ctx context.Context) (string, error) {
	if l.host.Config.Tokens == nil {
		return "", &driver.Error{Kind: driver.Invalid, Detail: "A login with tokens needs a place where they are kept.", Unsent: true}
	}
	l.bearer.mu.Lock()
	refused := l.bearer.refused
	l.bearer.mu.Unlock()
	token, err := l.host.Config.Tokens.Access(ctx, refused, l.askForTokens)
	if err == nil && token == refused {
		return "", &driver.Error{Kind: driver.Credentials, Field: l.Field(), Detail: "The system does not take the token that it issued, and issues the same again."}
	}
	l.bearer.remember(token)
	return token, err
}

// refuseToken notes that the system does not take a token, and tells whether another one may help.
func (l *Login) refuseToken(token string) bool {
	if token == "" {
		return false
	}
	b := &l.bearer
	b.mu.Lock()
	defer b.mu.Unlock()
	now := l.host.Config.Now()
	switch {
	case token == b.refused:
		return true
	case !b.replacedAt.IsZero() && now.Sub(b.replacedAt).Abs() < replacedEvery:
		return false
	}
	b.refused, b.replacedAt = token, now
	return true
}
