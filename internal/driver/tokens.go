package driver

import (
	"context"
	"fmt"
	"io"
	"time"
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
