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

// Finish takes what the login server gave back, and connects. Returned has the Path of the link also with an error, when the state names one. Errors: *problem.Error.
func (s *Service) Finish(ctx context.Context, cookie string, c Callback) (*Returned, error) {
	out := &Returned{}
	a, row, err := s.attempt(ctx, cookie, c)
	if err != nil {
		return out, err
	}
	v, err := s.Open(ctx, a.Link, cookie)
	if err != nil {
		return out, err
	}
	out.Path = v.Path()
	if !s.Now().Before(row.ExpiresAt) {
		return out, problem.New(problem.Conflict, "The login took longer than ten minutes. Begin it again.")
	}
	if err := v.refuse(); err != nil {
		out.Done, err = s.elseResult(ctx, v, err)
		return out, err
	}
	if c.Error != "" || c.Code == "" {
		return out, declined(c.Error)
	}
	f, err := s.form(ctx, v, a.Login)
	if err != nil {
		return out, err
	}
	grant, err := s.Connections.Granted(ctx, v.Connection, f, driver.Authorization{RedirectURI: a.Redirect, State: c.State, Verifier: a.Verifier, Issuer: c.Issuer}, c.Code)
	if err != nil {
		return out, err
	}
	out.Done, err = s.connect(ctx, v, a.Login, grant)
	return out, err
}

// attempt gives the login that a callback belongs to, once, to the browser that began it.
func (s *Service) attempt(ctx context.Context, cookie string, c Callback) (a attempt, row store.LoginAttempt, err error) {
	if c.State == "" || len(c.State) > longestAnswer || len(c.Code) > longestAnswer || len(c.Issuer) > longestAnswer {
		return a, row, strangeCallback()
	}
	row, err = s.Store.UseLoginAttempt(ctx, attemptPurpose, s.stateHash(c.State), s.instant())
	if errors.Is(err, store.ErrNotFound) {
		return a, row, strangeCallback()
	}
	if err != nil {
		return a, row, fmt.Errorf("look a login under way up: %w", err)
	}
	if cookie == "" || !bytes.Equal(row.Browser, s.browser(cookie)) {
		s.Log.Warn("a login was brought back by another browser than the one that began it", "link", row.Owner)
		return a, row, strangeCallback()
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
