package odoorpc_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// What an Odoo lacked is asked for again, and what it has no model for leaves the rights of the rest alone.
func TestWhatOdooLacksMayCome(t *testing.T) {
	t.Parallel()
	var installed atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		result := "[]"
		switch text := string(body); {
		case strings.Contains(text, `"method":"version"`):
			result = `{"server_version":"14.0","server_version_info":[14,0,0,"final",0,""]}`
		case strings.Contains(text, `"method":"login"`):
			result = "2"
		case strings.Contains(text, `"not.there"`):
			raises("builtins.KeyError", "not.there")(w, r)
			return
		case strings.Contains(text, `"check_access_rights"`):
			result = "true"
		case strings.Contains(text, `"fields_get"`) && installed.Load():
			result = `{"id":{"type":"integer"},"name":{"type":"char"}}`
		case strings.Contains(text, `"fields_get"`):
			result = `{"id":{"type":"integer"}}`
		}
		_, _ = io.WriteString(w, `{"jsonrpc":"2.0","id":1,"result":`+result+`}`)
	}))
	t.Cleanup(server.Close)
	e, other := entity(t, "x", `{model: a.b, fields: [name]}`), entity(t, "y", `{model: not.there, fields: [name]}`)
	c := open(t, map[string]string{"url": server.URL, "database": "d", "username": "u", "api_key": apiKey}, e, other)
	ask := driver.Request{Entity: e, Token: []byte(`{"after":0}`)}
	if _, err := c.Fetch(t.Context(), ask); driver.KindOf(err) != driver.Invalid {
		t.Fatal(err)
	}
	installed.Store(true)
	if _, err := c.Fetch(t.Context(), ask); err != nil {
		t.Error(err)
	}
	rights, err := c.(driver.Permitter).May(t.Context(), []*manifest.Entity{other, e}) //nolint:errcheck // the contract
	if err != nil || len(rights["y"]) != 0 || !rights["x"][manifest.Read] {
		t.Errorf("%v, %v", rights, err)
	}
}
