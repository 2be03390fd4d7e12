package link

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

const (
	attemptLife    = 10 * time.Minute
	attemptPurpose = "link"
	longestAnswer  = 4096 // bytes of each part of a callback
)

var oauthError = regexp.MustCompile(`^[a-z_]{1,40}$`)

// attempt is what is remembered of a login in a browser while it is under way.
type attempt struct {
	Link, Verifier, Redirect string
	Login                    Login
}

// Begin gives the address of the login server to which the browser goes on. Values are those of the form but for what the login server asks itself. Errors: as Check's.
func (s *Service) Begin(ctx context.Context, v *Visit, l Login) (address string, err error) {
	if err := v.refuse(); err != nil {
		return "", err
	}
	end, err := s.checks.begin(v.Link.ID)
	if err != nil {
		return "", err
	}
	defer end()
	f, err := s.form(ctx, v, l)
	if err != nil {
		return "", err
	}
	state, err := s.random()
	if err != nil {
		return "", err
	}
	verifier, err := s.random()
	if err != nil {
		return "", err
	}
	a := attempt{Link: v.secret, Verifier: verifier, Redirect: s.PublicURL + "/link/oauth/callback", Login: l}
	if address, err = s.Connections.AuthorizeURL(v.Connection, f, driver.Authorization{RedirectURI: a.Redirect, State: state, Verifier: verifier}); err != nil {
		return "", err
	}
	row := store.LoginAttempt{Hash: s.stateHash(state), Purpose: attemptPurpose, Owner: v.Link.ID, Browser: v.browser, CreatedAt: s.instant(), ExpiresAt: s.instant().Add(attemptLife)}
	text, err := json.Marshal(a)
	if err != nil {
		return "", fmt.Errorf("write a login under way: %w", err)
	}
	if row.Sealed, err = s.Keeper.SealOwn(secret.AttemptPlace(row.Hash), text); err != nil {
		return "", err
	}
	if err := s.Store.InsertLoginAttempt(ctx, row); err != nil {
		return "", fmt.Errorf("note a login under way: %w", err)
	}
	return address, nil
}

func (s *Service) stateHash(state string) []byte { return s.Keeper.Hash("link state " + state) }

// Finish takes what the login server gave back, and holds what it is good for until the customer has chosen: see Held. Returned has the Visit also with an error, when the state is one of this
// browser's. Errors: *problem.Error.
func (s *Service) Finish(ctx context.Context, cookie string, c Callback) (*Returned, error) {
	out := &Returned{}
	a, row, err := s.attempt(ctx, c)
	if err != nil {
		return out, err
	}
	mine := cookie != "" && bytes.Equal(row.Browser, s.browser(cookie))
	if out.Window = a.Login.Framed && !c.Framed; !mine && !out.Window {
		s.Log.Warn("a login was brought back by another browser than the one that began it", "link", row.Owner)
		return out, strangeCallback()
	}
	if out.Visit, err = s.Open(ctx, a.Link, cookie); err != nil || out.Window {
		return out, err
	}
	if _, err := s.Store.UseLoginAttempt(ctx, attemptPurpose, row.Hash, row.Browser, s.instant()); errors.Is(err, store.ErrNotFound) {
		return out, strangeCallback()
	} else if err != nil {
		return out, fmt.Errorf("use a login under way: %w", err)
	}
	if !s.Now().Before(row.ExpiresAt) {
		return out, problem.New(problem.Conflict, "The login took longer than ten minutes. Begin it again.")
	}
	if err := out.Visit.refuse(); err != nil {
		out.Done, err = s.elseResult(ctx, out.Visit, err)
		return out, err
	}
	if c.Error != "" || c.Code == "" {
		return out, declined(c.Error)
	}
	return out, s.redeem(ctx, out.Visit, a, c)
}

// redeem exchanges the code of a login, and holds what it gave.
func (s *Service) redeem(ctx context.Context, v *Visit, a attempt, c Callback) error {
	f, err := s.form(ctx, v, a.Login)
	if err != nil {
		return err
	}
	asked := s.instant()
	grant, err := s.Connections.Granted(ctx, v.Connection, f, driver.Authorization{RedirectURI: a.Redirect, State: c.State, Verifier: a.Verifier, Issuer: c.Issuer}, c.Code)
	if err != nil {
		return err
	}
	return s.hold(ctx, v, held{Login: a.Login, Grant: *grant, Asked: asked})
}

// attempt gives the login that a callback belongs to, and uses nothing up.
func (s *Service) attempt(ctx context.Context, c Callback) (a attempt, row store.LoginAttempt, err error) {
	if c.State == "" || len(c.State) > longestAnswer || len(c.Code) > longestAnswer || len(c.Issuer) > longestAnswer {
		return a, row, strangeCallback()
	}
	row, err = s.Store.LoginAttempt(ctx, attemptPurpose, s.stateHash(c.State))
	if errors.Is(err, store.ErrNotFound) {
		return a, row, strangeCallback()
	}
	if err != nil {
		return a, row, fmt.Errorf("look a login under way up: %w", err)
	}
	text, err := s.Keeper.OpenOwn(secret.AttemptPlace(row.Hash), row.Sealed)
	if err != nil {
		return a, row, fmt.Errorf("open a login under way: %w", err)
	}
	return a, row, json.Unmarshal(text, &a)
}

func strangeCallback() error {
	return problem.New(problem.NotFound, "This login was not begun in this browser, or it has come back already. Open the link again and begin anew.")
}

// declined says that the login server gave no code. Of its words only the plain code is shown: anybody can write the rest.
func declined(code string) error {
	switch {
	case code == "access_denied":
		return problem.New(problem.ValidationFailed, "The login was cancelled, or it was refused there.").At("/credentials", problem.CredentialsRefused, "The login server says: access_denied.")
	case oauthError.MatchString(code):
		return problem.New(problem.ValidationFailed, "The login server did not go through with it.").At("/credentials", problem.CredentialsRefused, "The login server says: "+code+".")
	}
	return problem.New(problem.ValidationFailed, "The login server gave nothing to go on with.").At("/credentials", problem.CredentialsRefused, "Begin the login again.")
}
