package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/realsys/postgres"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// What people and the machine's owner know.
const (
	canaryPassword = `canary password"/+&<%61`
	canaryNext     = `canary next"/+&<%62`
	canaryWrong    = `canary mistyped"/+&<%63`
	canaryMaster   = "Y2FuYXJ5LW1hc3Rlci1rZXktb2YtMzItYnl0ZXMhISE="
	vendorBack     = "https://vendor.example/back"
	kinds          = `bb_(con|key|lnk|cod|inv|ses)_[0-9A-Za-z]+`
)

// No secret of any kind is where it is not meant to be: not the tokens and clients of logins in a browser, the keys of certificates, members' passwords, sessions and links, links to connect and
// their codes, nor the master key.
func TestSecretsOfEveryKindAreNowhere(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(testing.TB) string{"SQLite": func(testing.TB) string { return "" }, "PostgreSQL": postgres.Database} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newCanaries(t, database(t))
			w.people()
			w.connectInBrowser()
			token := w.showCertificate()
			w.misplace(token)
			w.commands(token)
			w.look()
			w.everyKind()
			report(t, w.heard, w.all(), "at the end")
		})
	}
}

// canaries is a Busbar with people around it.
type canaries struct {
	*heard
	desk  *desk
	owner *person
	key   string
}

func newCanaries(t *testing.T, database string) *canaries {
	t.Helper()
	d := startDesk(t, startSource(t, erp.Options{Counts: few()}))
	b := prepareBusbar(t, "127.0.0.1:*")
	b.env = []string{"BUSBAR_MASTER_KEY=" + canaryMaster, "BUSBAR_OIDC_CLIENT_SECRET=" + canaryOIDC}
	b.args = append(b.args, "--log-level", "debug", "--connectors", canaryConnector(t), "--public-url", b.url, "--oidc-issuer", d.URL, "--oidc-client-id", "members")
	if database != "" {
		b.args = append(b.args, "--database", database)
	}
	b.start()
	b.call("PATCH", "/v1/project", b.key(), map[string]any{"link": map[string]any{"redirect_uris": []string{vendorBack}}}, http.StatusOK)
	w := &canaries{&heard{busbar: b, answers: map[string][]byte{}, printouts: map[string][]byte{}, secrets: map[string]string{}}, d, nil, b.key()}
	w.owner = w.person()
	if database != "" {
		w.database = everythingIn(t, database)
	}
	for name, value := range map[string]string{
		"system's client secret": canarySystem, "members' client secret": canaryOIDC, "password": canaryPassword, "next password": canaryNext, "mistyped password": canaryWrong, "master key": canaryMaster,
		"master key, raw": "canary-master-key-of-32-bytes!!!", "project key": w.key,
	} {
		w.secrets[name] = value
	}
	return w
}

func (w *canaries) person() *person { return &person{w.heard, map[string]string{}} }

// all gives every secret so far.
func (w *canaries) all() map[string]string {
	all := w.desk.known()
	for name, value := range w.secrets {
		if value != "" {
			all[name] = value
		}
	}
	return all
}

// vendor calls the API with the project key, twice with one idempotency key; the second answer is the first again.
func (w *canaries) vendor(path string, body map[string]any, shown ...string) (answer map[string]any) {
	w.t.Helper()
	text, _ := json.Marshal(body)
	header := map[string]string{"Authorization": "Bearer " + w.key, "Idempotency-Key": rand.Text()}
	resp, first := w.person().send("POST", path, "application/json", text, header, shown...)
	_, second := w.person().send("POST", path, "application/json", text, header, shown...)
	if resp.StatusCode >= 300 || first != second {
		w.t.Fatalf("%s answers %d %s, and again %s", path, resp.StatusCode, first, second)
	}
	_ = json.Unmarshal([]byte(first), &answer)
	return answer
}

// people sets Busbar up, logs in rightly and wrongly, invites, and joins, also by way of the login server.
func (w *canaries) people() {
	w.t.Helper()
	p := w.owner
	links := regexp.MustCompile(`/setup/`+kinds).FindAllString(w.log.String(), -1)
	if len(links) != 1 {
		w.t.Fatalf("the start prints the links %v", links)
	}
	w.secrets["set-up link"] = strings.TrimPrefix(links[0], "/setup/")
	w.printed = links
	p.must(200, "GET", links[0], nil)
	p.must(422, "POST", links[0], url.Values{"name": {"Ada"}, "email": {"not an address"}, "password": {canaryWrong}})
	p.must(303, "POST", links[0], url.Values{"name": {"Ada"}, "email": {canaryEmail}, "password": {canaryPassword}})
	p.must(410, "GET", links[0], nil)
	p.must(422, "POST", "/account/prove", url.Values{"proof": {canaryWrong}})
	p.must(303, "POST", "/account/prove", url.Values{"proof": {canaryPassword}})
	p.must(422, "POST", "/account/password", url.Values{"present": {canaryWrong}, "password": {canaryNext}})
	p.api("POST", "/v1/session/reauthenticate", `{"password":`+quoted(canaryWrong)+`}`, nil)
	p.api("POST", "/v1/session/reauthenticate", `{"password":`+quoted(canaryPassword)+`}`, nil)
	p.api("POST", "/v1/session/reauthenticate", `{"password":[`+quoted(canaryPassword)+`]}`, nil)

	again := map[string]string{"Idempotency-Key": "1"}
	for range 2 {
		_, text := p.api("POST", "/v1/invitations", `{"email":"bob@example.com","role":"viewer"}`, again, kinds)
		p.keep("invitation", kinds, text)
	}
	guest := w.person()
	at := "/invite/" + w.secrets["invitation"]
	guest.must(200, "GET", at, nil)
	guest.must(303, "POST", at, url.Values{"name": {"Bob"}, "password": {canaryNext}})
	guest.must(200, "GET", "/account", nil)
	_, text := guest.api("GET", "/v1/me", "", nil)
	var me map[string]any
	_ = json.Unmarshal([]byte(text), &me)
	id := me["id"].(string)
	_, text = p.api("POST", "/v1/members/"+id+"/password-link", "", nil, kinds)
	at = "/password/" + p.keep("password link", kinds, text)
	p.must(200, "GET", at, nil)
	guest.must(303, "POST", at, url.Values{"password": {canaryPassword}})
	guest.must(200, "POST", "/logout", nil)
	guest.must(422, "POST", "/login", url.Values{"email": {"bob@example.com"}, "password": {canaryWrong}})
	guest.must(303, "POST", "/login", url.Values{"email": {"bob@example.com"}, "password": {canaryPassword}})
	w.throughDesk()
}

func quoted(text string) string { raw, _ := json.Marshal(text); return string(raw) }

// throughDesk logs the owner in at the login server, at first when it refuses.
func (w *canaries) throughDesk() {
	w.t.Helper()
	p := w.owner
	for _, fails := range []bool{true, false} {
		w.desk.set(fails, false)
		page := p.must(200, "POST", "/login/oidc", url.Values{"for": {"connect"}, "next": {"/account"}}, away)
		back := p.visit(w.desk, page)
		p.browse("GET", back, nil)
		p.browse("GET", back, nil)
	}
	p.must(200, "GET", "/account", nil)
	other := w.person()
	back := other.visit(w.desk, other.must(303, "GET", "/login/oidc", nil, away))
	w.person().browse("GET", back, nil) // another browser's
	other.browse("GET", back, nil)
	other.must(200, "GET", "/account", nil)
	other.must(200, "POST", "/logout", nil)
}

// connectInBrowser lets a customer connect by a link with a login at the desk, which is refused at first, denied, and then good; the vendor exchanges the code.
func (w *canaries) connectInBrowser() {
	w.t.Helper()
	p := w.owner
	if resp, text := p.api("PUT", "/v1/project/apps/canary", `{"fields":{"url":`+quoted(w.desk.URL)+`,"client_id":"system","client_secret":`+quoted(canarySystem)+`}}`, map[string]string{"Idempotency-Key": "2"}); resp.StatusCode != 200 {
		w.t.Fatalf("the registration: %d %s", resp.StatusCode, text)
	}
	p.api("GET", "/v1/project/apps/canary", "", nil)
	verifier := `canary-verifier~` + rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	w.secrets["vendor's verifier"] = verifier
	made := w.vendor("/v1/link-sessions", map[string]any{"system": "canary", "entities": []string{"vendors"}, "history": "all", "schedule": "manual", "redirect_uri": vendorBack, "state": "vendor",
		"code_challenge": base64.RawURLEncoding.EncodeToString(sum[:])}, kinds)
	at := strings.TrimPrefix(text(made["url"]), w.url)
	link := p.keep("link", kinds, at)
	customer := w.person()
	customer.must(200, "GET", at, nil)
	customer.must(303, "POST", at+"/continue", nil)
	customer.must(200, "GET", at+"/login", nil)
	w.person().must(403, "GET", at+"/login", nil)
	form := url.Values{"system": {"canary"}, "method": {"oauth2"}, "f_url": {w.desk.URL}}
	back := customer.visit(w.desk, customer.must(200, "POST", at+"/check", form, away))
	denied, _ := url.Parse(back)
	customer.browse("GET", "/link/oauth/callback?error=access_denied&error_description="+url.QueryEscape(canaryWrong)+"&state="+denied.Query().Get("state"), nil, link)
	for _, fails := range []bool{true, false} {
		w.desk.set(fails, false)
		back = customer.visit(w.desk, customer.must(200, "POST", at+"/check", form, away))
		w.person().browse("GET", back, nil)
		if fails {
			customer.browse("GET", back, nil, link)
		}
	}
	back = customer.visit(w.desk, customer.must(200, "POST", at+"/check", form, away))
	customer.must(303, "GET", back, nil, link)
	chosen := hidden(customer.must(200, "GET", at+"/choose", nil))
	customer.must(303, "POST", at+"/connect", chosen)
	page := customer.must(200, "GET", at+"/done", nil, kinds)
	code := customer.keep("link code", `bb_cod_[0-9A-Za-z]+`, page)
	h := w.heard
	h.ask("POST", "/v1/link-sessions/exchange", w.key, map[string]any{"code": code, "code_verifier": strings.Repeat("x", 43)})
	customer.must(200, "GET", at+"/done", nil, kinds)
	code = customer.keep("second link code", `bb_cod_[0-9A-Za-z]+`, customer.must(200, "GET", at+"/done", nil, kinds))
	got := w.vendor("/v1/link-sessions/exchange", map[string]any{"code": code, "code_verifier": verifier}, kinds)
	token, id := text(field1(got, "token.token")), text(field1(got, "connection.id"))
	w.secrets["connection token of the link"] = token
	w.troubles(token, id)
	h.ask("POST", "/v1/link-sessions/exchange", w.key, map[string]any{"code": code, "code_verifier": verifier})
}

// troubles goes through a login that ends and is renewed, a system that fails, and a login server that refuses.
func (w *canaries) troubles(token, id string) {
	w.t.Helper()
	awaitIdle(w.busbar, token)
	w.desk.forget()
	w.syncAndWait(token, "full", "vendors")
	if n := len(w.desk.known()); n == 0 {
		w.t.Error("the desk gave nothing")
	}
	_, batch := w.ask("POST", "/v1/vendors/batch", token, map[string]any{"items": []any{map[string]any{"op": "create", "data": map[string]any{"name": "Acme"}}}})
	w.desk.set(false, true)
	write := func() {
		w.person().send("POST", "/v1/vendors", "application/json", []byte(`{"name":"Acme"}`), map[string]string{"Authorization": "Bearer " + token, "Prefer": "wait=1"})
	}
	write()
	w.desk.set(true, false)
	w.desk.forget()
	write()
	w.ask("POST", "/v1/syncs", token, map[string]any{"mode": "full", "entities": []string{"vendors"}})
	w.await("a refused login", func() bool {
		_, c := w.ask("GET", "/v1/connections/"+id, w.key, nil)
		return c["state"] != "active"
	})
	op := "/v1/operations/" + text(batch["id"])
	for _, path := range []string{"/v1/me", "/v1/connection", "/v1/syncs", "/v1/sync-runs", "/v1/vendors?limit=5", "/v1/operations", op, op + "/items", op + "/items.csv", "/v1/changes?entity=vendors", "/v1/capabilities"} {
		w.reads(path, token)
	}
	w.desk.set(false, false)
}

// showCertificate connects a system that wants a certificate, with one whose key is then looked for; and once with a broken key.
func (w *canaries) showCertificate() (token string) {
	w.t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+erp.DefaultKey)
		w.desk.api.ServeHTTP(rw, r)
	}))
	s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	s.StartTLS()
	w.t.Cleanup(s.Close)
	certificate, key, der := newCertificate(w.t)
	w.secrets["key of a certificate"], w.secrets["key of a certificate, raw"] = strings.Split(key, "\n")[1], string(der)
	authority := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	login := func(key string) map[string]any {
		return map[string]any{"system": "sim-erp", "entities": []string{"vendors"}, "history": "all", "schedule": "manual", "credentials": map[string]string{
			"url": s.URL, "api_key": "canary-key-71", "tls_ca": authority, "tls_client_cert": certificate, "tls_client_key": key}}
	}
	w.secrets["login"] = "canary-key-71"
	for _, wrong := range []string{strings.ReplaceAll(key, "END", "ENDE"), strings.Replace(key, "\nM", "\nN", 1)} {
		if status, _ := w.ask("POST", "/v1/connections", w.key, login(wrong)); status < 400 {
			w.t.Errorf("a broken key was answered with %d", status)
		}
	}
	if status, answer := w.ask("POST", "/v1/connections/check", w.key, map[string]any{"system": "sim-erp", "entities": []string{"vendors"}, "credentials": login(key)["credentials"]}); status != http.StatusOK || answer["ok"] != true {
		w.t.Errorf("a good login is checked with %d %v", status, answer)
	}
	made := w.vendor("/v1/connections", login(key), kinds)
	token = text(field1(made, "token.token"))
	w.secrets["connection token"] = token
	awaitIdle(w.busbar, token)
	return token
}

func newCertificate(t *testing.T) (certificate, key string, der []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "busbar"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	if der, err = x509.MarshalPKCS8PrivateKey(private); err != nil {
		t.Fatal(err)
	}
	encode := func(kind string, raw []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw}))
	}
	return encode("CERTIFICATE", raw), encode("PRIVATE KEY", der), der
}
