package faulttest

import (
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// Parts of SimERP's manifest and what stands in their place when it is logged in to with tokens.
func tokenEdits(grant string) []string {
	refresh, token := "", ""
	if grant == "refresh_token" {
		refresh = "\n      - {name: refresh_token, label: Refresh token, type: password, secret: true}"
		token = `, refresh_token: "{refresh_token}"`
	}
	return []string{
		"  - method: api_key\n", "  - method: oauth2\n",
		`      - {name: api_key, label: API key, type: password, secret: true, help: "busbar demo keeps it in demo.env as SIM_ERP_KEY."}`,
		"      - {name: client_id, label: Client, type: text}\n      - {name: client_secret, label: Secret, type: password, secret: true}" + refresh,
		`auth: {style: bearer, token: "{api_key}"}`,
		`auth: {style: oauth2, token_url: "{url}/oauth/token", grant: ` + grant + `, client_id: "{client_id}", client_secret: "{client_secret}"` + token + `}`,
	}
}

// rotating is a login whose refresh token is replaced with each renewal, and ends when an old one comes again.
func rotating() *erp.OAuth {
	return &erp.OAuth{ClientID: "busbar", ClientSecret: "sim-client-secret-0", RefreshToken: "sim-refresh-of-the-form", Rotates: true}
}

// newLogin connects a Busbar to a SimERP that is logged in to with tokens which are good for an hour.
func newLogin(t *testing.T, o *erp.OAuth, s setup) *works {
	t.Helper()
	s.oauth = o
	grant := "client_credentials"
	if o.RefreshToken != "" {
		grant = "refresh_token"
	}
	return newWorks(t, s, tokenEdits(grant)...)
}

// asks counts the calls for tokens that come while fn runs.
func (w *works) asks(fn func()) int {
	w.Helper()
	before := w.sim.Logins().Asked
	fn()
	return w.sim.Logins().Asked - before
}

// expire lets the tokens that there are end.
func (w *works) expire() { w.clock.add(time.Hour + time.Second) }

// alive fails the test unless the connection works and nobody ended the login.
func (w *works) alive() {
	w.Helper()
	if l := w.sim.Logins(); w.connection() != "active" || l.Ended > 0 || l.Reused > 0 {
		w.Errorf("the connection is %s, the login %+v", w.connection(), l)
	}
}
