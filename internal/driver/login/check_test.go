package login_test

import (
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// TestWrongLoginsAreNamedWithTheirMend: every option that is missing, useless or unsound, at its place.
func TestWrongLoginsAreNamedWithTheirMend(t *testing.T) {
	t.Parallel()
	oauth := func(more string) string { return `{auth: {style: oauth2, token_url: "{url}/token", ` + more + `}}` }
	client := `grant: client_credentials, client_id: "{user}", client_secret: "{password}"`
	session := func(more string) string {
		return `{auth: {style: session, session: {url: "{url}/login", take: {token: t}, send: {X: "{token}"}` + more + `}}}`
	}
	signed := func(more string) string {
		return `{auth: {style: hmac, hmac: {key: "{key}", sign: "{method}", headers: {X: "{signature}"}` + more + `}}}`
	}
	for connect, want := range map[string]string{
		`{}`:                                                                                  "connect.auth: is missing; write auth: ...",
		`{auth: {style: digest}}`:                                                             `connect.auth.style: unknown word "digest"`,
		`{auth: {style: none, token: x}}`:                                                     "connect.auth.token: the style none has no use for token; remove it",
		`{auth: {style: basic, username: x}}`:                                                 "connect.auth.password: the style basic needs password",
		`{auth: {style: bearer, token: "{nobody}"}}`:                                          "{nobody} is not a field of the login",
		`{auth: {style: bearer, token: "{key"}}`:                                              "has an open {",
		`{auth: {style: header}}`:                                                             "connect.auth.name: the style header needs name",
		`{auth: {style: header, name: X}}`:                                                    "connect.auth.value: the style header needs value",
		`{auth: {style: header, headers: {X: "{nobody}"}}}`:                                   "connect.auth.headers.X: {nobody} is not a field of the login",
		`{auth: {style: bearer, token: "{key}", headers: {X: y}}}`:                            "connect.auth.headers: the style bearer has no use for headers",
		`{logins: {basic: {style: none}, other: {style: none}}}`:                              "connect.logins.other: is no way to log in that the manifest's auth has",
		`{auth: {style: none}, logins: {basic: {style: none}}}`:                               "connect.auth: is no way to log in that the manifest's auth has",
		`{auth: {style: session}}`:                                                            "connect.auth.session: the style session needs session",
		`{auth: {style: hmac}}`:                                                               "connect.auth.hmac: the style hmac needs hmac",
		oauth(client + `, scope: "{nobody}"`):                                                 "connect.auth.scope: {nobody} is not a field",
		oauth(`grant: client_credentials, client_id: "{user}"`):                               "the style oauth2 needs client_secret",
		oauth(client + `, refresh_token: "{key}"`):                                            "the grant client_credentials has no use for refresh_token",
		oauth(client + `, authorize_url: "https://x"`):                                        "the grant client_credentials has no use for authorize_url",
		oauth(client + `, issuer: "https://x"`):                                               "the grant client_credentials has no use for issuer",
		oauth(client + `, assertion: {key: "{key}"}`):                                         "the style oauth2 has no use for assertion",
		oauth(client + `, client_auth: private_key_jwt`):                                      "the proof private_key_jwt has no use for client_secret",
		oauth(`grant: client_credentials, client_id: "{user}", client_auth: private_key_jwt`): "the proof private_key_jwt needs assertion",
		oauth(`grant: client_credentials, client_id: "{user}", client_auth: private_key_jwt, assertion: {key: "{user}"}`):      "connect.auth.assertion.key: {user} is not secret and would be shown",
		oauth(`grant: client_credentials, client_id: "{user}", client_auth: private_key_jwt, assertion: {}`):                   "connect.auth.assertion.key: is missing",
		oauth(`grant: client_credentials, client_id: "{key}", client_secret: "{user}"`):                                        "connect.auth.client_secret: {user} is not secret",
		oauth(`grant: refresh_token, client_id: "{user}"`):                                                                     "the grant refresh_token needs refresh_token",
		oauth(`grant: authorization_code, client_id: "{user}"`):                                                                "the grant authorization_code needs authorize_url",
		oauth(`grant: authorization_code, client_id: "{key}", authorize_url: "{url}/a"`):                                       "connect.auth.client_id: {key} is secret and would be part of an address",
		oauth(`grant: authorization_code, client_id: "{user}", authorize_url: "http://x"`):                                     "connect.auth.authorize_url: is not an address",
		oauth(`grant: authorization_code, client_id: "{user}", authorize_url: "{url}/a", authorize_params: {x: "{password}"}`): "connect.auth.authorize_params.x: {password} is secret",
		`{auth: {style: oauth2, token_url: "{password}/token", ` + client + `}}`:                                               "connect.auth.token_url: {password} is secret",
		session(`, form: {a: b}, body: {a: b}`):                                                                                "a login has one body",
		session(`, method: GET, form: {a: b}`):                                                                                 "GET has no body",
		session(`, body: {a: ["{nobody}"]}`):                                                                                   "connect.auth.session.body: {nobody} is not a field",
		session(`, take_headers: {other: X-Token}`):                                                                            "{other} is never sent",
		session(`, life: -1s`):                              "connect.auth.session.life: is negative",
		session(`, logout: {url: "{password}"}`):            "connect.auth.session.logout.url: {password} is secret",
		`{auth: {style: session, session: {url: "{url}"}}}`: "nothing is taken from the answer",
		signed(`, algorithm: md5`):                          `unknown word "md5"`,
		signed(`, query: {a: "{signature}"}`):               "connect.auth.hmac.query.a: {signature} is not a field",
		`{auth: {style: hmac, hmac: {key: "{key}", sign: "{method}", headers: {X: "{nonce}"}}}}`:      "no header takes {signature}",
		`{auth: {style: hmac, hmac: {key: "{user}", sign: "{method}", headers: {X: "{signature}"}}}}`: "connect.auth.hmac.key: {user} is not secret",
	} {
		if _, problems := decoded(t, system(t, connect)); !strings.Contains(problems.Error(), want) {
			t.Errorf("%s\n%v\nwant %s", connect, problems, want)
		}
	}
	for _, connect := range []string{oauth(client + `, client_auth: body, token_params: {a: b}`), session(`, headers: {A: "{key}"}`), signed(`, time: unix-ms`),
		`{auth: {style: session, username: "{user}", password: "{password}", session: {url: "https://x", cookies: true, accepts: [302]}}}`} {
		if _, problems := decoded(t, system(t, connect)); len(problems) > 0 {
			t.Errorf("%s: %v", connect, problems)
		}
	}
}

// TestALoginIsHeldAgainstItsOwnForm: a field of another way to log in is none of this one.
func TestALoginIsHeldAgainstItsOwnForm(t *testing.T) {
	t.Parallel()
	s := system(t, `{auth: {style: bearer, token: "{key}"}, logins: {basic: {style: basic, username: "{user}", password: "{key}"}}}`,
		manifest.AuthMethod{Method: "basic", Fields: []manifest.CredentialField{{Name: "user"}}}, manifest.AuthMethod{Method: "token", Fields: []manifest.CredentialField{{Name: "key", Secret: true}}})
	if _, problems := decoded(t, s); len(problems) != 1 || !strings.Contains(problems.Error(), "connect.logins.basic.password: {key} is not a field of the login") {
		t.Error(problems)
	}
}
