package browser_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/browser"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

const wrongKey = "CANARY-wrong-key"

// vendor is the program of somebody who integrates Busbar: it makes links, and exchanges codes.
type vendor struct {
	t        *testing.T
	url      string
	stand    *browser.Stand
	verifier string
	preset   map[string]any // of links
	token    string         // of the connection, when its code was exchanged
	id       string
}

// newVendor starts one with its Busbar, of which it may be framed.
func newVendor(t *testing.T, brand map[string]any) *vendor {
	t.Helper()
	return newVendorOf(t, brand, func(settings map[string]any) *browser.Stand { return browser.NewStand(t, settings) })
}

func newVendorOf(t *testing.T, brand map[string]any, start func(settings map[string]any) *browser.Stand) *vendor {
	t.Helper()
	v := &vendor{t: t, preset: map[string]any{}, verifier: rand.Text() + rand.Text()}
	v.url = browser.Elsewhere(t, v)
	brand["redirect_uris"] = []string{v.url + "/back"}
	brand["origins"] = []string{v.url}
	v.stand = start(map[string]any{"link": brand})
	return v
}

func (v *vendor) call(method, path, token string, in, out any) int {
	v.t.Helper()
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			v.t.Fatal(err)
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.stand.URL+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	if err := json.Unmarshal(text, out); err != nil || answer.StatusCode >= 500 {
		v.t.Fatalf("%s %s: HTTP %d: %s", method, path, answer.StatusCode, text)
	}
	return answer.StatusCode
}

// link makes a link.
func (v *vendor) link(more map[string]any) string {
	v.t.Helper()
	body := map[string]any{}
	for _, part := range []map[string]any{v.preset, more} {
		for name, value := range part {
			body[name] = value
		}
	}
	var made struct {
		URL    string `json:"url"`
		Detail string `json:"detail"`
	}
	if status := v.call("POST", "/v1/link-sessions", v.stand.Key, body, &made); status != http.StatusCreated {
		v.t.Fatalf("making a link answers %d: %s", status, made.Detail)
	}
	return made.URL
}

// back makes a link that leads back here.
func (v *vendor) back() string {
	v.t.Helper()
	sum := sha256.Sum256([]byte(v.verifier))
	return v.link(map[string]any{"redirect_uri": v.url + "/back", "state": "st-4711", "code_challenge": base64.RawURLEncoding.EncodeToString(sum[:])})
}

// exchange gives the token for a code.
func (v *vendor) exchange(code string) {
	var got struct {
		Connection struct {
			ID string `json:"id"`
		} `json:"connection"`
		Token struct {
			Token string `json:"token"`
		} `json:"token"`
		Detail string `json:"detail"`
	}
	if status := v.call("POST", "/v1/link-sessions/exchange", v.stand.Key, map[string]any{"code": code, "code_verifier": v.verifier}, &got); status != http.StatusOK {
		v.t.Errorf("exchanging the code answers %d: %s", status, got.Detail)
	}
	v.token, v.id = got.Token.Token, got.Connection.ID
}

// ServeHTTP shows the vendor's own pages.
func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Vendor</title><link rel="icon" href="data:,"></head>`
	switch r.URL.Path {
	case "/start":
		http.Redirect(w, r, v.back(), http.StatusSeeOther)
	case "/back":
		if code := r.FormValue("code"); code != "" {
			v.exchange(code)
		}
		fmt.Fprintf(w, `%s<h1>Back</h1><p id="state">%s</p><p id="error">%s</p>`, head, html.EscapeString(r.FormValue("state")), html.EscapeString(r.FormValue("error")))
	case "/frame":
		fmt.Fprintf(w, `%s<h1>Vendor</h1><button id="go">Connect</button><p id="told"></p><script src="%s/link/embed.js"></script><script>
			go.onclick = () => Busbar.open({ url: %q, onConnected: (e) => { told.textContent = "connected " + e.code + " " + e.state }, onExit: (e) => { told.textContent = "exit " + e.reason } });
		</script>`, head, v.stand.URL, v.back())
	default:
		http.NotFound(w, r)
	}
}

// records asks for what was read of an entity.
func (v *vendor) records(entity string) int {
	v.t.Helper()
	if err := v.stand.Step(v.t.Context(), v.id); err != nil {
		v.t.Fatal(err)
	}
	var list struct {
		Data []json.RawMessage `json:"data"`
	}
	if status := v.call("GET", "/v1/"+entity, v.token, nil, &list); status != http.StatusOK {
		return -status
	}
	return len(list.Data)
}

func (v *vendor) args(more map[string]any) map[string]any {
	args := map[string]any{"vendor": v.url, "busbar": v.stand.URL, "erp": v.stand.ERP.URL(), "key": erp.DefaultKey, "wrong": wrongKey}
	for name, value := range more {
		args[name] = value
	}
	return args
}

// TestFromTheVendorAndBack walks through a whole link: a wrong key that is mended, a list that may not be read, and the way back with a code that the vendor exchanges.
func TestFromTheVendorAndBack(t *testing.T) {
	t.Parallel()
	v := newVendor(t, map[string]any{"name": "Fennworks", "colour": "#0f766e"})
	v.stand.Refuse.Store("currencies")
	browser.Run(t, "link.mjs", v.args(nil), nil)
	if v.token == "" {
		t.Fatal("the vendor got no token")
	}
	if n := v.records("vendors"); n < 20 {
		t.Errorf("%d vendors were read, want 20", n)
	}
	if n := v.records("currencies"); n != -http.StatusConflict && n != -http.StatusNotFound {
		t.Errorf("currencies, which were left out, answer %d", n)
	}
}

// TestByKeyboardWithoutScript connects with a Magic Link in German, in a browser that runs no scripts, by keys alone.
func TestByKeyboardWithoutScript(t *testing.T) {
	t.Parallel()
	v := newVendor(t, map[string]any{})
	magic := v.link(map[string]any{"kind": "magic", "system": "sim-erp", "name": "Werk Schweinfurt", "entities": []string{"vendors", "currencies"}, "history": "P30D"})
	browser.Run(t, "keyboard.mjs", v.args(map[string]any{"link": magic}), nil)
}

// TestInAFrame connects in a frame of a registered page; another page may not show the frame.
func TestInAFrame(t *testing.T) {
	t.Parallel()
	v := newVendor(t, map[string]any{"name": "Fennworks"})
	v.preset["system"] = "sim-erp"
	stranger := browser.Elsewhere(t, v)
	var got struct{ Code, State string }
	browser.Run(t, "frame.mjs", v.args(map[string]any{"stranger": stranger}), &got)
	if !strings.HasPrefix(got.Code, "bb_cod_") || got.State != "st-4711" {
		t.Fatalf("the page around the frame was told %+v", got)
	}
	v.exchange(got.Code)
	if n := v.records("vendors"); n < 20 {
		t.Errorf("%d vendors were read, want 20", n)
	}
}

// TestLinksThatDoNotWork shows what somebody sees of a link that is not known, used, withdrawn, or open elsewhere.
func TestLinksThatDoNotWork(t *testing.T) {
	t.Parallel()
	v := newVendor(t, map[string]any{})
	unknown := "bb_lnk_" + strings.Repeat("0", 38)
	browser.Run(t, "standings.mjs", v.args(map[string]any{"unknown": unknown, "open": v.link(nil), "dropped": v.link(nil)}), nil)
}

// TestNamesAreText puts scripts into every name that comes from elsewhere.
func TestNamesAreText(t *testing.T) {
	t.Parallel()
	hostile := `</title></script>"><img src=x onerror=alert(1)><script>alert(2)</script>{{.}}'` + "`${alert(3)}"
	v := newVendor(t, map[string]any{"name": hostile, "logo": `data:image/svg+xml;base64,"><script>alert(4)</script>`, "colour": `red}body{display:none`})
	browser.Run(t, "hostile.mjs", v.args(map[string]any{"hostile": hostile, "link": v.link(map[string]any{"name": hostile[:90], "system": "sim-erp"})}), nil)
}
