package engine

import (
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// What ends a run and what only delays it is told by the kind of error alone.
func TestErrorsOfTheSystemEndOrDelayARun(t *testing.T) {
	t.Parallel()
	cases := map[driver.Kind]struct {
		state  store.RunState
		reason problem.Reason
	}{
		driver.Permission:  {store.RunFailed, problem.ReasonPermissionMissing},
		driver.Invalid:     {store.RunFailed, problem.ReasonRequestRefused},
		driver.TooLarge:    {store.RunFailed, problem.ReasonAnswerTooLarge},
		driver.NotSystem:   {store.RunQueued, problem.ReasonNotThisSystem},
		driver.RateLimited: {store.RunQueued, problem.ReasonSystemRateLimited},
		driver.Torn:        {store.RunQueued, problem.ReasonAnswerDamaged},
		driver.TokenGone:   {store.RunQueued, problem.ReasonPageTokenGone},
	}
	for kind, want := range cases {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.source.fetch = func(driver.Request) (*driver.Page, error) { return nil, &driver.Error{Kind: kind, Detail: "no"} }
			w.ends(w.sync(store.Full), want.state, want.reason)
		})
	}
}
