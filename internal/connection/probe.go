package connection

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// probeTime bounds the check of a login: somebody is waiting.
const probeTime = 20 * time.Second

// silence is how long it takes at least to say that no answer came: what policy forbids is known at once and a closed port soon after, and
// nobody shall learn by the time which of them it was.
const silence = time.Second

// login is a way to log in with its values, checked but not yet tried.
type login struct {
	system *manifest.System
	method *manifest.AuthMethod
	values map[string]string
	grant  *driver.Grant // that a login in a browser gave; nil: none
}

// probe tries a login live, and gives what was granted to it besides what was found. Errors are *problem.Error.
func (s *Service) probe(ctx context.Context, c *store.Connection, l login) (driver.Probe, *trial, error) {
	answered, tried := s.masked(ctx), newTrial(s.Now, l.grant)
	client, err := s.dial(c, l.system, l.method.Method, secret.NewCredentials(l.values), s.ProbeClient, tried)
	if err != nil {
		return driver.Probe{}, nil, err
	}
	defer func() { s.logEnd(c.ID, client.Close()) }()
	within, cancel := context.WithTimeout(budget.WithPriority(ctx, budget.Check), probeTime) // a person waits
	defer cancel()
	p, err := client.Probe(within)
	if err == nil {
		return p, tried, nil
	}
	said := l.problem(err)
	answered(said)
	return driver.Probe{}, nil, said
}

// masked begins a live call to an address that a caller chose. What it gives is called with how that went wrong, and waits where nothing answered, so that the time tells no more than the answer.
func (s *Service) masked(ctx context.Context) func(*problem.Error) {
	began := s.Now()
	return func(p *problem.Error) {
		if left := silence - s.Now().Sub(began); p.Code == problem.SystemUnreachable && left > 0 {
			s.Wait(ctx, left)
		}
	}
}

// unreachable is what to look at when no answer comes.
const unreachable = "Nothing usable answers at this address, or it may not be called from here: an address in a private network is called only where serve --allow names it, and the log of the server says which was refused."

// problem says what a failed check means, in words of our own: an answer from an address that a caller chose is never repeated.
func (l login) problem(err error) *problem.Error {
	name := l.system.Name
	var e *driver.Error
	if !errors.As(err, &e) {
		e = &driver.Error{Kind: driver.Unreachable, Err: err}
	}
	var p *problem.Error
	if e.Untrusted {
		return problem.Newf(problem.SystemUnreachable, "%s answers, but no safe line to it comes about.", name).At(l.pointer(e.Field, "url"), problem.Untrusted, e.Detail).Wrap(err)
	}
	switch e.Kind {
	case driver.Credentials:
		p = problem.Newf(problem.ValidationFailed, "%s refuses this login. Check it and try again.", name).
			At(l.pointer(e.Field, ""), problem.CredentialsRefused, l.refusal(e.Field))
	case driver.Permission:
		p = problem.Newf(problem.ValidationFailed, "%s accepts the login, but it may not do what Busbar needs.", name).
			At("/credentials", problem.PermissionMissing, fmt.Sprintf("Give this login the right to read by the API of %s; the guide of the system says how.", name))
	case driver.RateLimited:
		p = problem.Newf(problem.SystemRateLimited, "%s asks to wait. Try again later.", name).After(max(e.RetryAfter, time.Second))
	case driver.Unreachable:
		p = problem.Newf(problem.SystemUnreachable, "No answer came from %s. Check the address, and that it can be reached from Busbar.", name).
			At(l.pointer(e.Field, "url"), problem.Unreachable, unreachable)
	case driver.NotSystem:
		p = problem.Newf(problem.SystemUnreachable, "Something answers at this address, but it is not %s.", name).
			At(l.pointer("", "url"), problem.NotThisSystem, fmt.Sprintf("What answers here is not the API of %s: perhaps a web page, a proxy or another program.", name))
	default:
		p = problem.Newf(problem.SystemError, "%s answered, but with an error of its own. Try again; if it stays, the system needs attention.", name).
			At(l.pointer("", "url"), problem.SystemFailed, fmt.Sprintf("%s, or what answers for it, failed.", name))
	}
	return p.Wrap(err)
}

func (l login) refusal(field string) string {
	for _, f := range l.method.Fields {
		if f.Name == field {
			return fmt.Sprintf("%s refuses the login with this value of %s.", l.system.Name, label(f))
		}
	}
	return fmt.Sprintf("%s refuses the login with these values.", l.system.Name)
}

// pointer points at the named field, else at the first one of that type, else at the credentials as a whole.
func (l login) pointer(name, kind string) string {
	for _, f := range l.method.Fields {
		if f.Name == name {
			return pointer("credentials", f.Name)
		}
	}
	for _, f := range l.method.Fields {
		if kind != "" && f.Type == kind {
			return pointer("credentials", f.Name)
		}
	}
	return pointer("credentials")
}
