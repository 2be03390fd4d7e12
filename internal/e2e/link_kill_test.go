package e2e

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// killsOfLinks is how many links are used while the process is killed.
const killsOfLinks = 4

// A process that is killed with SIGKILL while a customer connects, before or after it was stored, leaves a link that can be used again or one that hands over its code: in the end each
// link has made one connection, whose token the vendor gets.
func TestLinkKilledWhileSomebodyConnects(t *testing.T) {
	t.Parallel()
	random := seeded(t)
	var onRequest atomic.Pointer[func()]
	source := startSource(t, erp.Options{Counts: erp.Counts{Vendors: 5}, Fault: func(*http.Request) *erp.Fault {
		if f := onRequest.Load(); f != nil {
			(*f)()
		}
		return nil
	}})
	b := startBusbar(t, strings.TrimPrefix(source.URL(), "http://"))
	b.call("PATCH", "/v1/project", b.key(), map[string]any{"link": map[string]any{"redirect_uris": []string{vendorBack}}}, http.StatusOK)
	again := 0
	for range killsOfLinks {
		verifier := rand.Text() + rand.Text()
		sum := sha256.Sum256([]byte(verifier))
		made := b.call("POST", "/v1/link-sessions", b.key(), map[string]any{"system": "sim-erp", "entities": []string{"vendors"}, "schedule": "manual", "redirect_uri": vendorBack,
			"state": "s", "code_challenge": base64.RawURLEncoding.EncodeToString(sum[:])}, http.StatusCreated)
		c := &customer{busbar: b, at: strings.TrimPrefix(text(made["url"]), b.url)}
		c.ask("POST", "/continue", nil)
		form := url.Values{"system": {"sim-erp"}, "f_url": {source.URL()}, "f_api_key": {erp.DefaultKey}, "history": {"all"}}
		struck := make(chan struct{})
		process, delay := b.cmd.Process, time.Duration(random.Int64N(int64(25*time.Millisecond)))
		var once atomic.Bool
		strike := func() {
			if once.CompareAndSwap(false, true) {
				time.AfterFunc(delay, func() { _ = process.Kill(); close(struck) })
			}
		}
		onRequest.Store(&strike)
		_, _, _ = c.try("POST", "/connect", form)
		<-struck
		onRequest.Store(nil)
		b.kill()
		b.start()
		id := text(made["id"])
		switch status := text(b.call("GET", "/v1/link-sessions/"+id, b.key(), nil, http.StatusOK)["status"]); status {
		case "open":
			again++
			if status, page := c.ask("POST", "/connect", form); status != http.StatusSeeOther {
				t.Fatalf("the link cannot be used again: %d %s", status, tail(page, 2000))
			}
		case "connected":
		default:
			t.Fatalf("the link is %s", status)
		}
		_, page := c.ask("GET", "/done", nil)
		code := regexp.MustCompile(`bb_cod_[0-9A-Za-z]+`).FindString(page)
		got := b.call("POST", "/v1/link-sessions/exchange", b.key(), map[string]any{"code": code, "code_verifier": verifier}, http.StatusOK)
		if of := text(field1(got, "connection.id")); of != text(made["connection_id"]) {
			t.Errorf("the code is of %s, the link was for %s", of, made["connection_id"])
		}
		b.await("an end of the first sync", func() bool { // whose calls kill nobody
			return b.call("GET", "/v1/connections/"+text(made["connection_id"]), b.key(), nil, http.StatusOK)["status"] == "active"
		})
		if vendors := b.list("/v1/vendors", text(field1(got, "token.token"))); len(vendors) != 5 {
			t.Errorf("the token reads %d vendors, not 5", len(vendors))
		}
	}
	if all := b.list("/v1/connections", b.key()); len(all) != killsOfLinks {
		t.Errorf("%d links made %d connections", killsOfLinks, len(all))
	}
	t.Logf("%d of %d links were used again", again, killsOfLinks)
}

// customer is a browser at a link, without scripts.
type customer struct {
	*busbar
	at     string
	cookie *http.Cookie
}

// ask is try that has to be answered.
func (c *customer) ask(method, path string, form url.Values) (status int, page string) {
	c.t.Helper()
	status, page, err := c.try(method, path, form)
	if err != nil {
		c.t.Fatal(err)
	}
	return status, page
}

func (c *customer) try(method, path string, form url.Values) (status int, page string, err error) {
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.url+c.at+path, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Origin", c.url)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if c.cookie != nil {
		req.AddCookie(c.cookie)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	for _, set := range resp.Cookies() {
		c.cookie = &http.Cookie{Name: set.Name, Value: set.Value}
	}
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}
