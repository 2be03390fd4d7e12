package driver

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// Tokens keeps the tokens of one connection's login for all who use it: every replica, a restart, a check of the login.
type Tokens interface {
	// Access gives an access token that is good by its own time and is not refused, which is one that the system did not take any more; "" refuses none. Where there is
	// no such token, ask gets one, for all who want it at that time. Whatever is wrong with ask's answer is in its error; an error of Access is *Error, and of a write it
	// means that nothing was sent.
	Access(ctx context.Context, refused string, ask Ask) (string, error)
}

// Ask asks the system for tokens in one call that goes out at most once. Of its error FateOf tells whether the system has looked at it: Unknown is an answer that was lost.
type Ask func(ctx context.Context, a Asking) (Grant, error)

// Asking is what a login is renewed with. It prints without its token.
type Asking struct {
	Refresh string       // the refresh token that was granted last; empty: none was
	Lost    bool         // the answer to an earlier renewal with it was lost, so that the system may have replaced it
	Allowed func() error // asked before the first byte goes out; an error keeps it from being sent
}

// Format implements fmt.Formatter.
func (Asking) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

// Grant is what the system granted. It prints without its tokens.
type Grant struct {
	Access  string
	Refresh string        // empty: the refresh token that there is stays
	Life    time.Duration // of the access token; 0: the system does not say
}

// Format implements fmt.Formatter.
func (Grant) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

// Authorizer is what a Driver can do besides where a person logs in at the system itself, in a browser (RFC 6749, 4.1, with the S256 challenge of RFC 7636). What Exchange gives becomes the login's
// tokens; they are renewed by the refresh token from then on.
type Authorizer interface {
	// Authorizes tells whether this way to log in goes through a browser.
	Authorizes(s *manifest.System, method string) bool
	// AuthorizeURL is where the browser is sent. It causes no traffic and holds no secret of the login. The error is *Error.
	AuthorizeURL(s *manifest.System, c Config, a Authorization) (string, error)
	// Exchange turns the code that came back into tokens, in one call that goes out at most once. Errors are *Error, Credentials where the code is not taken.
	Exchange(ctx context.Context, s *manifest.System, c Config, a Authorization, code string) (Grant, error)
}

// Addresser is what a Driver can do besides where it knows to which server a secret of the login goes.
type Addresser interface {
	// GoesTo lists the fields of the login that name the server which gets this secret field; none: the manifest alone does. ok is false where that cannot be told.
	GoesTo(s *manifest.System, method, field string) (fields []string, ok bool)
}

// Authorization is one login in a browser. It prints without its secrets.
type Authorization struct {
	RedirectURI string // where the system sends the browser back to; the same in both calls
	State       string // random, bound to the browser
	Verifier    string // random, 43 to 128 letters, digits and -._~
	Nonce       string // of OpenID Connect; empty: none is sent
	Issuer      string // Exchange: who answered, as the answer's parameter iss says (RFC 9207); empty: it does not say
}

// Format implements fmt.Formatter.
func (Authorization) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }
