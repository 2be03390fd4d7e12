package browser

import (
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/realsys/oidc"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// Ann logs in at the login server of SimERP Cloud.
func Ann() oidc.Person {
	return oidc.Person{Subject: "ann", Login: "ann", Password: "CANARY-ann"}
}

// Provided is a Stand with one more system, SimERP Cloud: a SimERP at which people log in by a server of OAuth 2.0 that is not ours. The project has registered with it.
type Provided struct {
	*Stand
	Login  *oidc.Server
	Client oidc.Client
}

// Cloud is the system's name.
const Cloud = "sim-cloud"

// NewProvided starts one. The project has these settings.
func NewProvided(t *testing.T, settings map[string]any) *Provided {
	t.Helper()
	p := &Provided{Login: oidc.Start(t, oidc.Settings{Clients: []oidc.Client{}, People: []oidc.Person{Ann()}})}
	takes := func(token string) bool { return p.Login.Active(p.Client, token) }
	p.Stand = newStand(t, settings, &erp.OAuth{By: http.NotFoundHandler(), Takes: takes}, []fs.FS{cloud(t)})
	p.Client = oidc.Web("busbar", "CANARY-client-secret", p.URL+"/link/oauth/callback")
	p.Login.SetClient(p.Client)
	return p
}

// App are the fields that the vendor's registration fills in.
func (p *Provided) App() map[string]string {
	return map[string]string{"login": p.Login.Issuer, "client_id": p.Client.ID, "client_secret": p.Client.Secret}
}

// cloud is the connector of SimERP with another way to log in.
func cloud(t *testing.T) fs.FS {
	t.Helper()
	raw, err := fs.ReadFile(connectors.FS, "sim-erp/manifest.yaml")
	check(t, err)
	text := string(raw)
	at, end := strings.Index(text, "      - {name: api_key,"), strings.Index(text, "\nconnect:")
	if at < 0 || end < at {
		t.Fatal("the manifest of SimERP has another form")
	}
	text = text[:at] + `      - {name: login, label: Login server, type: url}
      - {name: client_id, label: Client, type: text}
      - {name: client_secret, label: Secret, type: password, secret: true}
` + text[end:]
	for from, to := range map[string]string{
		"system: sim-erp": "system: " + Cloud, "name: SimERP\n": "name: SimERP Cloud\n", "  - method: api_key\n": "  - method: oauth2\n",
		`auth: {style: bearer, token: "{api_key}"}`: `auth: {style: oauth2, grant: authorization_code, authorize_url: "{login}/auth", token_url: "{login}/token", client_id: "{client_id}",
    client_secret: "{client_secret}", scope: "openid offline_access", authorize_params: {prompt: consent}, issuer: "{login}"}`,
	} {
		if !strings.Contains(text, from) {
			t.Fatalf("the manifest of SimERP has no %q", from)
		}
		text = strings.Replace(text, from, to, 1)
	}
	return fstest.MapFS{Cloud + "/manifest.yaml": {Data: []byte(text)}, Cloud + "/guide.md": {Data: []byte("# SimERP Cloud\n\nLog in with your own user.\n")}}
}
