package e2e

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// canaryMislaid is a password that stands where none belongs.
const canaryMislaid = `canary mislaid"/+&<%81`

// slip is a request with a secret where none belongs, and the status that it gets; 0: any of 4xx.
type slip struct {
	method, path, body string
	header             map[string]string
	status             int
}

// misplace puts secrets where they do not belong. No answer repeats one, nor does a log line or a row.
func (w *canaries) misplace(token string) {
	w.t.Helper()
	w.secrets["mislaid password"] = canaryMislaid
	connection := w.ids("/v1/connections")[0]
	for _, s := range []string{w.key, token, w.secrets["link"], w.secrets["invitation"], w.secrets["second link code"]} {
		slips := append(inAddress(url.PathEscape(s)), inHeaders(s, w.key)...)
		slips = append(slips, inFields(quoted(s))...)
		w.slip(token, append(slips, inRecords(quoted(s))...)...)
	}
	for _, s := range []string{w.key, token, canaryMislaid} {
		slips := append(inQuery(url.QueryEscape(s)), inLogins(quoted(s), connection)...)
		w.slip(token, append(slips, instead(s)...)...)
	}
	for _, at := range []string{"http://127.0.0.1:9", "http://10.1.2.3"} {
		body := `{"system":"sim-erp","credentials":{"url":` + quoted(at) + `,"api_key":` + quoted(canaryMislaid) + `}}`
		w.slip(token, slip{method: "POST", path: "/v1/connections/check", body: body, status: http.StatusOK})
	}
}

// slip makes the requests: those of records with the token, and others with the project key.
func (w *canaries) slip(token string, slips ...slip) {
	w.t.Helper()
	for _, s := range slips {
		header := map[string]string{"Authorization": "Bearer " + w.key}
		if strings.HasPrefix(s.path, "/v1/vendors") || strings.HasPrefix(s.path, "/v1/syncs") || strings.HasPrefix(s.path, "/v1/changes") || strings.HasPrefix(s.path, "/v1/operations") {
			header["Authorization"] = "Bearer " + token
		}
		for name, value := range s.header {
			header[name] = value
		}
		resp, text := w.person().sendAs(s.method, s.path, "application/json", []byte(s.body), header)
		if got := resp.StatusCode; got != s.status && (s.status != 0 || got < 400 || got >= 500 || got == http.StatusTooManyRequests) {
			w.t.Errorf("%s %s with %v and %s: %d %s", s.method, s.path, s.header, tail(s.body, 200), got, tail(text, 1000))
		}
	}
}

func inAddress(s string) (slips []slip) {
	for _, path := range []string{
		"/", "/v1/", "/docs/", "/link/x/", "/v1/vendors/", "/v1/systems/", "/v1/operations/", "/v1/syncs/", "/v1/connections/", "/v1/keys/", "/v1/members/", "/v1/link-sessions/", "/v1/sync-runs/",
	} {
		slips = append(slips, slip{method: "GET", path: path + s}, slip{method: "DELETE", path: path + s})
	}
	return append(slips, slip{method: "GET", path: "/v1/connections?" + s + "=1"}, slip{method: "POST", path: "/v1/connections/" + s + "/pause"}, slip{method: "POST", path: "/v1/members/" + s + "/password-link"}, slip{method: "GET", path: "/v1//" + s})
}

func inQuery(s string) (slips []slip) {
	for _, path := range []string{
		"/v1/connections?limit=", "/v1/connections?cursor=", "/v1/connections?state=", "/v1/connections?token=", "/v1/vendors?limit=", "/v1/vendors?cursor=", "/v1/vendors?token=", "/v1/vendors?updated_since=", "/v1/vendors?expand=",
		"/v1/changes?entity=", "/v1/changes?cursor=", "/v1/audit-log?since=", "/v1/audit-log?cursor=", "/v1/operations?state=", "/v1/nowhere?key=", "/link/oauth/callback?state=", "/link/oauth/callback?error=x&error_description=",
		"/login/oidc/callback?code=x&state=", "/login/oidc/callback?error=",
	} {
		slips = append(slips, slip{method: "GET", path: path + s})
	}
	return append(slips, slip{method: "GET", path: "/login?next=" + s, status: http.StatusOK}, slip{method: "GET", path: "/login?password=" + s, status: http.StatusOK})
}

// inFields puts the text in fields that are no login's.
func inFields(s string) (slips []slip) {
	for _, body := range []string{
		`{%s:1}`, `{"api_key":%s}`, `{"system":%s}`, `{"system":"canary","auth_method":%s}`, `{"system":"sim-erp","credentials":{%s:"x"}}`, `{"system":"sim-erp","history":%s}`, `{"system":"sim-erp","schedule":%s}`,
		`{"system":"sim-erp","time_zone":%s}`, `{"system":"sim-erp","entities":[%s]}`, `{"system":"sim-erp","name":{"x":%s}}`, `{"system":"sim-erp","tags":%s}`, `{"system":"sim-erp","blackout":[%s]}`,
	} {
		slips = append(slips, slip{method: "POST", path: "/v1/connections", body: fmt.Sprintf(body, s)})
	}
	return append(slips,
		slip{method: "POST", path: "/v1/invitations", body: `{"role":"viewer","email":` + s + `}`}, slip{method: "POST", path: "/v1/invitations", body: `{"email":"x@example.com","role":` + s + `}`},
		slip{method: "POST", path: "/v1/keys", body: `{"label":"x","scopes":[` + s + `]}`}, slip{method: "PATCH", path: "/v1/project", body: `{"link":{"redirect_uris":[` + s + `]}}`},
		slip{method: "PATCH", path: "/v1/project", body: `{"link":{"colour":` + s + `}}`}, slip{method: "PUT", path: "/v1/project/apps/canary", body: `{"fields":{` + s + `:"x"}}`},
		slip{method: "POST", path: "/v1/link-sessions", body: `{"system":"canary","redirect_uri":` + s + `}`}, slip{method: "POST", path: "/v1/link-sessions", body: `{"system":"canary","code_challenge":` + s + `}`},
		slip{method: "POST", path: "/v1/syncs", body: `{"mode":` + s + `}`}, slip{method: "POST", path: "/v1/syncs", body: `{"entities":[` + s + `]}`},
	)
}

// inRecords puts the text in records, where the model has nothing of the kind.
func inRecords(s string) (slips []slip) {
	for _, body := range []string{`{%s:"x"}`, `{"name":{"x":%s}}`, `{"name":"x","is_active":%s}`, `{"name":"x","credit_limit":%s}`} {
		slips = append(slips, slip{method: "POST", path: "/v1/vendors", body: fmt.Sprintf(body, s)}, slip{method: "POST", path: "/v1/vendors/validate", body: fmt.Sprintf(body, s)})
	}
	return append(slips, slip{method: "POST", path: "/v1/vendors/batch", body: `{"items":[{"op":` + s + `}]}`, status: http.StatusAccepted}, slip{method: "POST", path: "/v1/vendors/batch", body: `{` + s + `:[]}`})
}

// inLogins gives the text to requests that take secrets, but not so.
func inLogins(s, connection string) (slips []slip) {
	for _, body := range []string{
		`{"api_key":%s}`, `{"system":"sim-erp","api_key":%s}`, `{"system":"sim-erp","credentials":%s}`, `{"system":"sim-erp","credentials":{"apikey":%s}}`, `{"system":"sim-erp","credentials":{"api_key":[%s]}}`,
		`{"system":"sim-erp","credentials":{"api_key":{"x":%s}}}`, `{"system":"sim-erp","credentials":[%s]}`, `{"system":"sim-erp","credentials":{"api_key":%s`, `%s`, `[%[1]s,%[1]s]`, `{"system":"sim-erp","credentials":{"api_key":%[1]s,"api_key":%[1]s}}`,
		`{"system":"nowhere","credentials":{"api_key":%s}}`, `{"system":"sim-erp","auth_method":"nowhere","credentials":{"api_key":%s}}`, `{"system":"sim-erp","credentials":{"url":"not an address","api_key":%s}}`, `{"system":"sim-erp","credentials":{"url":"ftp://127.0.0.1:9/","api_key":%s}}`,
	} {
		for _, path := range []string{"/v1/connections", "/v1/connections/check", "/v1/connections/" + connection + "/reauthorize", "/v1/connections/" + connection + "/reconnect"} {
			slips = append(slips, slip{method: "POST", path: path, body: fmt.Sprintf(body, s)})
		}
	}
	for _, body := range []string{`{"pasword":%s}`, `{"password":{"x":%s}}`, `{"password":%s`} {
		slips = append(slips, slip{method: "POST", path: "/v1/session/reauthenticate", body: fmt.Sprintf(body, s)})
	}
	for _, body := range []string{`{"fields":{"secret":%s}}`, `{"fields":{"client_secret":[%s]}}`, `{"client_secret":%s}`} {
		slips = append(slips, slip{method: "PUT", path: "/v1/project/apps/canary", body: fmt.Sprintf(body, s)})
	}
	for _, body := range []string{`{"code":%s}`, `{"code":%[1]s,"code_verifier":%[1]s}`, `{"code":1,"code_verifier":%s}`, `{"code":["x"],"verifier":%s}`} {
		slips = append(slips, slip{method: "POST", path: "/v1/link-sessions/exchange", body: fmt.Sprintf(body, s)})
	}
	return slips
}

// inHeaders puts a token of ours where no good one belongs. Who calls with a good key beside is served.
func inHeaders(s, key string) (slips []slip) {
	basic := func(user, password string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	}
	for _, value := range []string{s, "Bearer", "Bearer  " + s + "x", "Bearer " + s + ", Bearer " + s, "Bearer " + s + `"`, "Bearer " + s[:len(s)-1], "Token " + s, "Token token=" + s, basic("", s), basic(s, ""), basic("user", s), "Bearer " + basic("user", s)} {
		slips = append(slips, slip{method: "GET", path: "/v1/me", header: map[string]string{"Authorization": value}})
	}
	for _, name := range []string{"X-Api-Key", "Api-Key", "X-Auth-Token", "Cookie", "Proxy-Authorization"} {
		slips = append(slips, slip{method: "GET", path: "/v1/me", header: map[string]string{"Authorization": "", name: s}})
	}
	good := map[string]string{"Authorization": "Bearer " + key}
	for _, name := range []string{"User-Agent", "Request-Id", "Traceparent", "X-Forwarded-For", "Referer", "Accept-Language"} {
		with := map[string]string{name: s}
		for name, value := range good {
			with[name] = value
		}
		slips = append(slips, slip{method: "GET", path: "/v1/me", header: with, status: http.StatusOK})
	}
	return append(slips,
		slip{method: "GET", path: "/v1/vendors", header: map[string]string{"Authorization": "Bearer " + key, "Busbar-Connection": s}},
		slip{method: "POST", path: "/v1/vendors", header: map[string]string{"Prefer": "wait=" + s}, body: `{"name":"x"}`},
		slip{method: "POST", path: "/v1/connections", header: map[string]string{"Content-Type": s}, body: `{}`},
		slip{method: "POST", path: "/v1/keys", header: map[string]string{"Request-Id": s, "Idempotency-Key": s, "User-Agent": s}, body: `{"label":1}`},
		slip{method: "PATCH", path: "/v1/project", header: map[string]string{"Request-Id": s, "User-Agent": s}, body: `{"name":"Canary"}`, status: http.StatusOK},
	)
}

// instead sends bodies that are none, and one that is too long.
func instead(s string) []slip {
	return []slip{
		{method: "POST", path: "/v1/connections", body: s}, {method: "POST", path: "/v1/vendors", body: s}, {method: "POST", path: "/v1/vendors/batch", body: s},
		{method: "POST", path: "/v1/connections", body: "api_key=" + url.QueryEscape(s), header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}},
		{method: "POST", path: "/v1/connections", body: `{"credentials":{"api_key":` + quoted(strings.Repeat(s, 12<<20/len(s))) + `}}`},
		{method: "POST", path: "/login", body: "email=" + url.QueryEscape(s) + "&password=" + url.QueryEscape(s), header: map[string]string{"Content-Type": "application/json"}},
	}
}
