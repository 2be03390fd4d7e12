package write

import (
	"errors"
	"fmt"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/problem"
)

// problemOf makes the problem that an error of a call is to the caller of a write that had no effect.
func problemOf(system string, err error) *problem.Error {
	var e *driver.Error
	if !errors.As(err, &e) {
		return problem.New(problem.Internal, "Something went wrong inside Busbar. Nothing was sent.").Wrap(err)
	}
	p := problem.New(codeOf(e.Kind), fmt.Sprintf("%s: %s", system, e.Detail)).Wrap(err)
	if e.Status != 0 || e.Code != "" {
		p.Upstream = &problem.Upstream{Status: e.Status, Code: e.Code, Message: e.Said}
	}
	if e.RetryAfter > 0 {
		p = p.After(e.RetryAfter)
	}
	return p
}

// codeOf names a kind of error as the caller of a write meets it.
func codeOf(k driver.Kind) problem.Code {
	switch k {
	case driver.Credentials:
		return problem.ConnectionNeedsReauthorization
	case driver.Permission, driver.Invalid:
		return problem.ValidationFailed
	case driver.Unreachable, driver.NotSystem:
		return problem.SystemUnreachable
	case driver.RateLimited:
		return problem.SystemRateLimited
	case driver.Conflict:
		return problem.VersionMismatch
	case driver.Gone:
		return problem.NotFound
	case driver.Duplicate:
		return problem.Conflict
	}
	return problem.SystemError
}

// document writes a problem for keeping; nil stays nil.
func document(p *problem.Error) []byte {
	if p == nil {
		return nil
	}
	return problem.Document(p)
}
