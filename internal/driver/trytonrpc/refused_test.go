package trytonrpc_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/driver"
)

// fullBudget is a client whose budget lets no call through.
type fullBudget budget.Refusal

func (r fullBudget) RoundTrip(*http.Request) (*http.Response, error) {
	refusal := budget.Refusal(r)
	return nil, &refusal
}

func TestCallsThatTheBudgetRefuses(t *testing.T) {
	t.Parallel()
	login := map[string]string{"url": "http://erp.example.com", "database": "d", "username": "u", "password": password}
	for reason, kind := range map[budget.Reason]driver.Kind{budget.Paused: driver.RateLimited, budget.Unreachable: driver.Unreachable} {
		e := entity(t, "x", `{model: a.b, fields: [id]}`)
		c := openOn(t, &http.Client{Transport: fullBudget{Reason: reason, After: time.Minute}}, login, e)
		_, err := c.Fetch(t.Context(), driver.Request{Entity: e})
		var got *driver.Error
		if !errors.As(err, &got) || got.Kind != kind || got.RetryAfter != time.Minute {
			t.Errorf("%s: %+v", reason, err)
		}
	}
}
