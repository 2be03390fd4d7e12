package rest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/rest"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/secret"
)

var now = time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)

// options makes a part of a manifest from YAML.
func options(t *testing.T, text, path string) manifest.Options {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	return manifest.Options{Node: doc.Content[0], File: "manifest.yaml", Path: path}
}

const plainConnect = `{url: "{url}/api", auth: {style: bearer, token: "{key}"}, probe: {path: ping, version: version, account: who/name},
  errors: {code: error/code, message: error/message, kinds: {gone: token-gone}}}`

// system is a manifest with one entity, whose record has id and changed.
func system(t *testing.T, connect, read string) (*manifest.System, *manifest.Entity) {
	t.Helper()
	e := &manifest.Entity{Name: "vendors", ID: []manifest.Path{{"id"}}, Read: options(t, read, "entities.vendors.read"), UpdatedAt: []manifest.Path{{"changed"}}}
	s := &manifest.System{System: "test", Driver: "rest", Options: options(t, connect, "connect"), Entities: []*manifest.Entity{e}, Auth: []manifest.AuthMethod{{
		Method: "api_key", Fields: []manifest.CredentialField{{Name: "url"}, {Name: "key", Secret: true}, {Name: "user"}}}}}
	return s, e
}

const key = "s3cret-key"

// world is a server, and a client of it.
type world struct {
	client   driver.Client
	entity   *manifest.Entity
	requests *[]string // path and query of each
	server   *httptest.Server
}

func start(t *testing.T, connect, read string, handler http.HandlerFunc) world {
	t.Helper()
	var requests []string
	var noting sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		noting.Lock()
		requests = append(requests, r.URL.RequestURI())
		noting.Unlock()
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	s, e := system(t, connect, read)
	if strings.Contains(read, "history:") {
		e.History = "day"
	}
	if problems := rest.New().Check(s); len(problems) > 0 {
		t.Fatal(problems)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	zone, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	c, err := rest.New().Open(s, driver.Config{Credentials: secret.NewCredentials(map[string]string{"url": server.URL + "/", "key": key, "user": "ann"}).Public("url", "user"),
		HTTP: client, Now: func() time.Time { return now }, TimeZone: zone})
	if err != nil {
		t.Fatal(err)
	}
	return world{c, e, &requests, server}
}

// drain follows pages to the end and gives the ids.
func (w world) drain(r driver.Request) (ids string, err error) {
	r.Entity = w.entity
	for range 50 {
		page, err := w.client.Fetch(context.Background(), r)
		if err != nil {
			return ids, err
		}
		for _, record := range page.Records {
			var m struct{ ID string }
			if err := json.Unmarshal(record, &m); err != nil {
				return ids, err
			}
			ids += m.ID
		}
		if page.Next == nil {
			return ids, nil
		}
		r.Token = page.Next
	}
	return ids, fmt.Errorf("the pages never end")
}

// records writes a JSON array of records with these ids.
func records(ids string) string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = fmt.Sprintf(`{"id":"%c","changed":"2026-01-01T00:00:%02d.5Z","x":[]}`, id, i)
	}
	return "[" + strings.Join(list, ",") + "]"
}

func window(all string, from, size int) string {
	from = min(from, len(all))
	return all[from:min(from+size, len(all))]
}
