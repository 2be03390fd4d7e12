package e2e

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// What the two clients of a desk prove who they are with.
const (
	canarySystem = `canary-system-client"/+&<%51`
	canaryOIDC   = `canary-oidc-client"/+&<%52`
	canaryEmail  = "ada@example.com"
)

// desk is a login server of OAuth 2.0 and OpenID Connect with a SimERP behind it. Codes are good once and for their verifier, a refresh token is replaced by each use. Whatever it refuses it
// repeats, in many notations, and it remembers every secret that it gave or was given.
type desk struct {
	*httptest.Server
	t   *testing.T
	key *rsa.PrivateKey
	api http.Handler

	mu      sync.Mutex
	fails   bool // no token is given
	shut    bool // no request to the SimERP is taken
	codes   map[string]url.Values
	refresh string
	access  map[string]bool
	secrets map[string]string
}

func startDesk(t *testing.T, source *erp.Server) *desk {
	t.Helper()
	behind, err := url.Parse(source.URL())
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, api: httputil.NewSingleHostReverseProxy(behind), codes: map[string]url.Values{}, access: map[string]bool{}, secrets: map[string]string{}}
	if d.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /authorize", d.authorize)
	mux.HandleFunc("POST /token", d.token)
	mux.HandleFunc("GET /.well-known/openid-configuration", d.describe)
	mux.HandleFunc("GET /keys", d.keys)
	mux.HandleFunc("/api/", d.serve)
	d.Server = httptest.NewServer(mux)
	t.Cleanup(d.Close)
	return d
}

// set changes the desk's mood.
func (d *desk) set(fails, shut bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fails, d.shut = fails, shut
}

// forget ends every access token.
func (d *desk) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.access)
}

// note remembers a secret under a name of its own.
func (d *desk) note(name, value string) string {
	if value != "" {
		d.secrets[fmt.Sprintf("%s %02d", name, len(d.secrets))] = value
	}
	return value
}

// known gives the secrets so far.
func (d *desk) known() map[string]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := map[string]string{}
	for name, value := range d.secrets {
		all[name] = value
	}
	return all
}

// authorize logs everybody in.
func (d *desk) authorize(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	q := r.URL.Query()
	if q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("state") == "" {
		d.t.Errorf("the login begins with %v", q)
	}
	d.note("state", q.Get("state"))
	d.note("nonce", q.Get("nonce"))
	code := d.note("code", "canary-code+/"+rand.Text())
	d.codes[code] = q
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {d.URL}}.Encode(), http.StatusSeeOther)
}

func (d *desk) token(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_ = r.ParseForm()
	id, given, _ := r.BasicAuth()
	given, _ = url.QueryUnescape(given)
	d.note("verifier", r.PostForm.Get("code_verifier"))
	switch {
	case d.fails:
		tell(w, http.StatusBadRequest, given+" "+r.PostForm.Get("code")+" "+r.PostForm.Get("code_verifier")+" "+r.PostForm.Get("refresh_token"))
		return
	case map[string]string{"system": canarySystem, "members": canaryOIDC}[id] != given || given == "":
		d.t.Errorf("the client %q comes with %q", id, given)
		tell(w, http.StatusUnauthorized, given)
		return
	}
	answer := map[string]any{"token_type": "Bearer", "expires_in": 3600}
	switch r.PostForm.Get("grant_type") {
	case "authorization_code":
		asked, ok := d.codes[r.PostForm.Get("code")]
		sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
		delete(d.codes, r.PostForm.Get("code"))
		if !ok || asked.Get("redirect_uri") != r.PostForm.Get("redirect_uri") || asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) || asked.Get("client_id") != id {
			d.t.Errorf("a code comes with %v", r.PostForm)
			tell(w, http.StatusBadRequest, r.PostForm.Encode())
			return
		}
		if id == "members" {
			answer["id_token"] = d.note("id token", d.identity(asked.Get("nonce")))
		}
	case "refresh_token":
		if d.refresh == "" || r.PostForm.Get("refresh_token") != d.refresh {
			tell(w, http.StatusBadRequest, r.PostForm.Get("refresh_token"))
			return
		}
	}
	access := d.note("access token", "canary-access+/"+rand.Text())
	answer["access_token"], d.access[access] = access, true
	if id == "system" {
		d.refresh = d.note("refresh token", `canary-refresh"/+&<%`+rand.Text())
		answer["refresh_token"] = d.refresh
	}
	writeJSON(w, answer)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// identity is a signed statement of who logged in.
func (d *desk) identity(nonce string) string {
	b64 := base64.RawURLEncoding.EncodeToString
	now := time.Now().Unix()
	claims, _ := json.Marshal(map[string]any{"iss": d.URL, "sub": "1", "aud": "members", "iat": now, "exp": now + 300, "auth_time": now, "nonce": nonce, "email": canaryEmail, "email_verified": true, "name": "Ada"})
	text := b64([]byte(`{"alg":"RS256","kid":"1"}`)) + "." + b64(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, d.key, crypto.SHA256, sum[:])
	if err != nil {
		d.t.Error(err)
	}
	return text + "." + b64(signature)
}

func (d *desk) describe(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, map[string]any{
		"issuer": d.URL, "authorization_endpoint": d.URL + "/authorize", "token_endpoint": d.URL + "/token", "jwks_uri": d.URL + "/keys", "authorization_response_iss_parameter_supported": true,
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"}, "token_endpoint_auth_methods_supported": []string{"client_secret_basic"},
	})
}

func (d *desk) keys(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, map[string]any{"keys": []any{map[string]string{"kty": "RSA", "kid": "1", "use": "sig", "alg": "RS256", "e": "AQAB", "n": base64.RawURLEncoding.EncodeToString(d.key.N.Bytes())}}})
}

// serve is the SimERP, for who has an access token.
func (d *desk) serve(w http.ResponseWriter, r *http.Request) {
	given := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	d.mu.Lock()
	good, shut := d.access[given], d.shut
	d.mu.Unlock()
	switch {
	case shut:
		tell(w, http.StatusInternalServerError, given)
	case !good:
		tell(w, http.StatusUnauthorized, given)
	default:
		r.Header.Set("Authorization", "Bearer "+erp.DefaultKey)
		d.api.ServeHTTP(w, r)
	}
}
