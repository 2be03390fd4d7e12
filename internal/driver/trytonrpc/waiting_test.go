package trytonrpc_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
)

// TestNobodyWaitsLongerForALoginThanHeWants: whoever waits for somebody else's login stops with his own context, and nothing of his was sent.
func TestNobodyWaitsLongerForALoginThanHeWants(t *testing.T) {
	t.Parallel()
	asked, goOn := make(chan struct{}, 9), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-goOn
	}))
	t.Cleanup(server.Close)
	e := entity(t, "x", `{model: a.b, fields: [id]}`)
	e.Cursor = nil
	client := open(t, map[string]string{"url": server.URL, "database": "d", "username": "u", "password": password}, e)
	fetch := func(ctx context.Context) error {
		_, err := client.Fetch(ctx, driver.Request{Entity: e, Limit: 10})
		return err
	}
	first := make(chan error)
	go func() { first <- fetch(context.Background()) }()
	<-asked
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := fetch(ctx); driver.FateOf(err) != driver.NotSent || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, fate %s", err, driver.FateOf(err))
	}
	if len(asked) > 0 {
		t.Error("it was sent")
	}
	close(goOn)
	<-first
}
