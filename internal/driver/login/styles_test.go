package login_test

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // one of the algorithms
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/login"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// TestStyles: what stands on a request.
func TestStyles(t *testing.T) {
	t.Parallel()
	for connect, want := range map[string]string{
		`{auth: {style: none}}`: "",
		`{auth: {style: basic, username: "{user}", password: "{password}"}}`:                              "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("ann & co:"+password)),
		`{auth: {style: bearer, token: "{password}"}}`:                                                    "Authorization: Bearer " + password,
		`{auth: {style: header, name: Api-Key, value: "{password}"}}`:                                     "Api-Key: " + password,
		`{auth: {style: header, headers: {App-Key: "{password}", User-Key: "u {user}", Org: "{empty}"}}}`: "App-Key: " + password + "|User-Key: u ann & co",
		`{logins: {basic: {style: bearer, token: "{password}"}}}`:                                         "Authorization: Bearer " + password,
		`{logins: {basic: {style: query, name: key, value: "{password}"}}}`:                               "key=" + password,
	} {
		got := ""
		w := start(t, connect, func(_ http.ResponseWriter, r *http.Request) {
			var all []string
			for _, name := range []string{"Api-Key", "App-Key", "Authorization", "Org", "User-Key"} {
				if v := r.Header.Get(name); v != "" {
					all = append(all, name+": "+v)
				}
			}
			if r.URL.Query().Has("key") {
				all = append(all, "key="+r.URL.Query().Get("key"))
			}
			if !strings.HasPrefix(r.RequestURI, "/items/a%2Fb?$top=1&x=%C3%A4") && !strings.HasPrefix(r.RequestURI, "/items/a%2Fb?$top=1&x=ä") {
				t.Errorf("%s: %s", connect, r.RequestURI)
			}
			got = strings.Join(all, "|")
		})
		if err := w.read(t.Context()); err != nil || got != want {
			t.Errorf("%s: %q, %v", connect, got, err)
		}
	}
}

// TestAParameterIsNotShown: an error of a call whose address carries the login does not show it.
func TestAParameterIsNotShown(t *testing.T) {
	t.Parallel()
	w := start(t, `{auth: {style: query, name: key, value: "{password}"}}`, func(http.ResponseWriter, *http.Request) {})
	w.server.Close()
	if err := w.read(t.Context()); err == nil || strings.Contains(fmt.Sprintf("%+v", err), password) {
		t.Error(err)
	}
	if got := w.Parameters(); len(got) != 1 || got[0] != "key" {
		t.Error(got)
	}
}

// TestEachMethodLogsInItsOwnWay: which of the manifest's ways a connection takes decides.
func TestEachMethodLogsInItsOwnWay(t *testing.T) {
	t.Parallel()
	s := system(t, `{auth: {style: basic, username: "{user}", password: "{password}"}, logins: {token: {style: bearer, token: "{password}"}}}`,
		manifest.AuthMethod{Method: "basic", Fields: fields()}, manifest.AuthMethod{Method: "token", Fields: fields()})
	o, problems := decoded(t, s)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for method, want := range map[string]string{"": "Basic", "basic": "Basic", "token": "Bearer"} {
		l, err := login.New(o, login.Host{System: s, Config: driver.Config{Method: method}})
		if err != nil {
			t.Fatal(err)
		}
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://x.example", nil)
		if err := l.Sign(req, login.Proof{}); err != nil || !strings.HasPrefix(req.Header.Get("Authorization"), want+" ") {
			t.Errorf("%s: %v %v", method, req.Header, err)
		}
	}
}

// keeper is a system that takes requests which are signed, each signature once.
type keeper struct {
	t         *testing.T
	key       []byte
	algorithm func() hash.Hash
	encode    func([]byte) string
	seen      map[string]bool
	account   bool // the parameters of the login are there
	used      int  // so many requests are taken for repeated
}

func (k *keeper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	digest := k.algorithm()
	digest.Write(body)
	stamp, nonce := r.Header.Get("X-Time"), r.Header.Get("X-Nonce")
	query := r.URL.RawQuery
	mac := hmac.New(k.algorithm, k.key)
	fmt.Fprintf(mac, "%s\n%s\n%s\n%s\n%s\n%s\nann & co", r.Method, r.URL.EscapedPath(), query, stamp, nonce, k.encode(digest.Sum(nil)))
	signed := r.Header.Get("Authorization") == "HMAC "+k.encode(mac.Sum(nil))
	if at, err := strconv.ParseInt(stamp, 10, 64); err != nil || at != 1795167000 {
		k.t.Errorf("signed at %s", stamp)
	}
	if k.account && (r.URL.Query().Get("account") != "ann & co" || r.URL.Query().Get("at") != stamp) {
		k.t.Errorf("asked with %s", query)
	}
	if k.used > 0 {
		k.used--
		signed = false
	}
	if !signed || k.seen[nonce] || len(nonce) < 20 {
		w.WriteHeader(http.StatusUnauthorized)
	}
	k.seen[nonce] = true
}

const signing = `{auth: {style: hmac, hmac: {key: "{password}", sign: "{method}\n{path}\n{query}\n{timestamp}\n{nonce}\n{body_hash}\n{user}",
  headers: {Authorization: "HMAC {signature}", X-Time: "{timestamp}", X-Nonce: "{nonce}"}%s}}}`

// TestSignedRequestsAreTaken: by whoever computes the signature for himself, of reads and of writes.
func TestSignedRequestsAreTaken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		more, key string
		keeper    keeper
	}{
		"sha256": {"", password, keeper{key: []byte(password), algorithm: sha256.New, encode: hex.EncodeToString}},
		"sha512": {", algorithm: sha512, output: base64", password, keeper{key: []byte(password), algorithm: sha512.New, encode: base64.StdEncoding.EncodeToString}},
		"sha1":   {", algorithm: sha1, key_is: hex", "00ff10", keeper{key: []byte{0, 255, 16}, algorithm: sha1.New, encode: hex.EncodeToString}},
		"query":  {`, key_is: base64, query: {account: "{user}", at: "{timestamp}"}`, "AP8Q", keeper{account: true, key: []byte{0, 255, 16}, algorithm: sha256.New, encode: hex.EncodeToString}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := c.keeper
			k.t, k.seen = t, map[string]bool{}
			w := start(t, fmt.Sprintf(signing, c.more), k.ServeHTTP, "password", c.key)
			for range 2 {
				if err := w.read(t.Context()); err != nil {
					t.Error(err)
				}
				if err := w.write(t.Context()); err != nil {
					t.Error(err)
				}
			}
			k.used = 1
			if err := w.read(t.Context()); err != nil {
				t.Errorf("a read that was taken for a repeated one: %v", err)
			}
			k.used = 2
			if err := w.read(t.Context()); driver.KindOf(err) != driver.Credentials {
				t.Errorf("a refused one: %v", err)
			}
			writes := w.count("POST /items")
			k.used = 1
			if err := w.write(t.Context()); driver.KindOf(err) != driver.Credentials || w.count("POST /items") != writes+1 {
				t.Errorf("a refused write: %v", err)
			}
		})
	}
}

// TestAKeyThatIsNoneIsToldAtOnce: before anything is sent.
func TestAKeyThatIsNoneIsToldAtOnce(t *testing.T) {
	t.Parallel()
	s := system(t, fmt.Sprintf(signing, ", key_is: hex"))
	o, _ := decoded(t, s)
	if _, err := login.New(o, login.Host{System: s}); driver.KindOf(err) != driver.Credentials {
		t.Error(err)
	}
}
