package rest_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/rest"
	"github.com/busbar-dev/busbar/internal/secret"
)

// fullBudget is a client whose budget lets no call through.
type fullBudget budget.Refusal

func (r fullBudget) RoundTrip(*http.Request) (*http.Response, error) {
	refusal := budget.Refusal(r)
	return nil, &refusal
}

func TestCallsThatTheBudgetRefuses(t *testing.T) {
	t.Parallel()
	for reason, kind := range map[budget.Reason]driver.Kind{budget.Paused: driver.RateLimited, budget.Unreachable: driver.Unreachable} {
		s, e := system(t, plainConnect, noPaging)
		c, err := rest.New().Open(s, driver.Config{
			Credentials: secret.NewCredentials(map[string]string{"url": "http://erp.example.com", "key": key}), Now: time.Now, TimeZone: time.UTC,
			HTTP: &http.Client{Transport: fullBudget{Reason: reason, After: time.Minute}},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Fetch(t.Context(), driver.Request{Entity: e})
		var got *driver.Error
		if !errors.As(err, &got) || got.Kind != kind || got.RetryAfter != time.Minute {
			t.Errorf("%s: %+v", reason, err)
		}
	}
}
