package rest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/rest"
	"github.com/busbar-dev/busbar/internal/secret"
)

const noPaging = `{path: vendors, records: data, paging: {style: none}}`

func TestAnswersAreClassified(t *testing.T) {
	t.Parallel()
	in200 := `{url: "{url}", auth: {style: header, name: X-Key, value: "{key}"}, probe: {path: ping}, rate_limit: {reset: X-Reset, format: unix},
	  errors: {success: {path: status, value: ok}, failure: error, code: error/code, message: error/message, kinds: {"1100": rate-limited}}}`
	failed := `{"error":{"code":"no_way","message":"the key ` + key + ` is\nbad"}}`
	for _, c := range []struct {
		name, connect string
		status        int
		header        string
		body          string
		kind          driver.Kind
		want          driver.Error // members that are set count
	}{
		{"401", plainConnect, 401, "", failed, driver.Credentials, driver.Error{Field: "key", Code: "no_way", Detail: "The system refuses the login (HTTP 401): the key [redacted] is bad"}},
		{"401 with a page", plainConnect, 401, "", "<html>", driver.Credentials, driver.Error{Field: "key"}},
		{"403", plainConnect, 403, "", "", driver.Permission, driver.Error{Detail: "The login may not do this (HTTP 403)."}},
		{"404", plainConnect, 404, "", failed, driver.Invalid, driver.Error{}},
		{"400", plainConnect, 400, "", failed, driver.Invalid, driver.Error{Code: "no_way"}},
		{"400 with a kind", plainConnect, 400, "", `{"error":{"code":"gone"}}`, driver.TokenGone, driver.Error{}},
		{"410", plainConnect, 410, "", "", driver.TokenGone, driver.Error{}},
		{"429 seconds", plainConnect, 429, "Retry-After: 7", "", driver.RateLimited, driver.Error{RetryAfter: 7 * time.Second}},
		{"429 date", plainConnect, 429, "Retry-After: Fri, 20 Nov 2026 09:31:00 GMT", "", driver.RateLimited, driver.Error{RetryAfter: time.Minute}},
		{"429 date by a clock that is wrong", plainConnect, 429, "Date: Fri, 20 Nov 2020 09:30:00 GMT\nRetry-After: Fri, 20 Nov 2020 09:31:00 GMT", "", driver.RateLimited, driver.Error{RetryAfter: time.Minute}},
		{"429 own header by a clock that is wrong", in200, 429, "Date: Fri, 20 Nov 2020 09:30:00 GMT\nX-Reset: 1605864630", "", driver.RateLimited, driver.Error{RetryAfter: 30 * time.Second}},
		{"429 own header too large", in200, 429, "X-Reset: 1795167030000", "", driver.RateLimited, driver.Error{}},
		{"429 past", plainConnect, 429, "Retry-After: Fri, 20 Nov 2020 09:31:00 GMT", "", driver.RateLimited, driver.Error{}},
		{"429 negative", plainConnect, 429, "Retry-After: -5", "", driver.RateLimited, driver.Error{}},
		{"429 far", plainConnect, 429, "Retry-After: 99999999999", "", driver.RateLimited, driver.Error{RetryAfter: 24 * time.Hour}},
		{"429 own header", in200, 429, "X-Reset: 1795167030", "", driver.RateLimited, driver.Error{RetryAfter: 30 * time.Second}},
		{"503", plainConnect, 503, "Retry-After: 3", "<html>", driver.Fault, driver.Error{RetryAfter: 3 * time.Second, Status: 503}},
		{"500", plainConnect, 500, "", failed, driver.Fault, driver.Error{Code: "no_way"}},
		{"302", plainConnect, 302, "Location: /login", "", driver.NotSystem, driver.Error{Field: "url"}},
		{"login page", plainConnect, 200, "", " \r\n<!DOCTYPE html><html>", driver.NotSystem, driver.Error{Field: "url"}},
		{"page as text", plainConnect, 200, "Content-Type: text/html", "Please log in", driver.NotSystem, driver.Error{}},
		{"page of another server", plainConnect, 404, "", "<html>", driver.NotSystem, driver.Error{}},
		{"error in a 200", in200, 200, "", `{"status":"ok","data":[],"error":{"code":"x","message":"m"}}`, driver.Fault, driver.Error{Code: "x"}},
		{"error in a 200 with a kind", in200, 200, "", `{"status":"ok","error":{"code":1100}}`, driver.RateLimited, driver.Error{}},
		{"no success in a 200", in200, 200, "", `{"status":"error","data":[]}`, driver.Fault, driver.Error{}},
		{"a good 200", in200, 200, "", `{"status":"ok","error":null,"data":[]}`, "", driver.Error{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := start(t, c.connect, noPaging, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.Header()["Date"] = nil
				for _, line := range strings.Split(c.header, "\n") {
					if name, value, ok := strings.Cut(line, ": "); ok {
						w.Header().Set(name, value)
					}
				}
				w.WriteHeader(c.status)
				_, _ = fmt.Fprint(w, c.body)
			})
			_, err := w.client.Fetch(t.Context(), driver.Request{Entity: w.entity})
			if driver.KindOf(err) != c.kind {
				t.Fatalf("%q: %v", driver.KindOf(err), err)
			}
			var e *driver.Error
			if errors.As(err, &e) {
				compare(t, c.want, e)
			}
		})
	}
}

func TestACutBodyOfAnErrorIsStillThatError(t *testing.T) {
	t.Parallel()
	w := start(t, plainConnect, noPaging, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.Header().Set("Retry-After", "9")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	_, err := w.client.Fetch(t.Context(), driver.Request{Entity: w.entity})
	var e *driver.Error
	if !errors.As(err, &e) || e.Kind != driver.RateLimited || e.RetryAfter != 9*time.Second {
		t.Errorf("%v", err)
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	connect := `{url: "{url}/api", auth: {style: basic, username: "{user}", password: "{key}"}, headers: {X-Org: "of {user}"},
	  probe: {path: ping, query: {v: "1"}, expect: {product/name: Thing}, version: version, account: who/name}}`
	for _, c := range []struct {
		name   string
		status int
		body   string
		kind   driver.Kind
	}{
		{"good", 200, `{"product":{"name":"Thing"},"version":19,"who":{"name":"Ann ☕"}}`, ""},
		{"another product", 200, `{"product":{"name":"Other"}}`, driver.NotSystem},
		{"not JSON", 200, `OK`, driver.NotSystem},
		{"no such path", 404, `{}`, driver.NotSystem},
		{"refused", 401, `{}`, driver.Credentials},
	} {
		w := start(t, connect, noPaging, func(w http.ResponseWriter, r *http.Request) {
			if user, password, _ := r.BasicAuth(); user != "ann" || password != key || r.Header.Get("X-Org") != "of ann" || r.RequestURI != "/api/ping?v=1" {
				t.Errorf("%s %v", r.RequestURI, r.Header)
			}
			w.WriteHeader(c.status)
			_, _ = fmt.Fprint(w, c.body)
		})
		p, err := w.client.Probe(t.Context())
		if driver.KindOf(err) != c.kind || (err == nil) != (p.Version == "19" && p.Account == "Ann ☕") {
			t.Errorf("%s: %+v %v", c.name, p, err)
		}
		for range 2 {
			if err := w.client.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		}
	}
}

func TestWhatCannotBeReachedGivesNothingAway(t *testing.T) {
	t.Parallel()
	byQuery := `{url: "{url}", auth: {style: query, name: k, value: "{key}"}, probe: {path: ping}}`
	w := start(t, byQuery, noPaging, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = fmt.Fprint(w, `{"data":[`)
	})
	_, err := w.client.Fetch(t.Context(), driver.Request{Entity: w.entity})
	if driver.KindOf(err) != driver.Torn {
		t.Errorf("cut body: %v", err)
	}
	w.server.Close()
	_, err = w.client.Fetch(t.Context(), driver.Request{Entity: w.entity})
	if driver.KindOf(err) != driver.Unreachable || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("closed port: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err2 := w.client.Probe(ctx)
	if driver.KindOf(err2) != driver.Unreachable || !errors.Is(err2, context.Canceled) {
		t.Errorf("cancelled: %v", err2)
	}
	for e := errors.Join(err, err2); e != nil; e = errors.Unwrap(e) {
		if strings.Contains(fmt.Sprintf("%v %+v", e, e), key) {
			t.Errorf("the key is in %v", e)
		}
	}
}

func TestOpenRefusesWhatIsNoAddress(t *testing.T) {
	t.Parallel()
	s, _ := system(t, plainConnect, noPaging)
	for _, address := range []string{"", "erp.example.com", "ftp://erp", "https://me:pw@erp.example.com", "https://erp.example.com/?x=1", "http://[::1"} {
		_, err := rest.New().Open(s, driver.Config{Credentials: secret.NewCredentials(map[string]string{"url": address})})
		var e *driver.Error
		if !errors.As(err, &e) || e.Kind != driver.Unreachable || e.Field != "url" || strings.Contains(e.Detail, "pw") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// compare checks the members that want sets.
func compare(t *testing.T, want driver.Error, got *driver.Error) {
	t.Helper()
	if want.Field != "" && got.Field != want.Field || want.Code != "" && got.Code != want.Code || want.Detail != "" && got.Detail != want.Detail ||
		want.Status != 0 && got.Status != want.Status || got.RetryAfter != want.RetryAfter {
		t.Errorf("%+v", got)
	}
}
