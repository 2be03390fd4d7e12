package cli

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
)

// withKey runs a command with a project key.
func (a *api) withKey(ctx context.Context, stdin string, args ...string) (stdout, stderr string, code int) {
	return a.run(ctx, stdin, append(args, "--key", "bb_key_x")...)
}

func TestLinks(t *testing.T) {
	t.Parallel()
	const one = `{"id":"l1","kind":"magic","purpose":"connect","status":"open","connection_id":"c1","preset":{"system":"tryton"},"expires_at":"2026-12-07T09:00:00Z"`
	a := newAPI(t, func(r asked) (int, map[string]string, string) {
		switch {
		case strings.HasSuffix(r.target, "/exchange"):
			if strings.Contains(r.body, "bb_cod_renewed") {
				return 200, nil, `{"connection":{"id":"c1"},"token":null}`
			}
			return 200, nil, `{"connection":{"id":"c1"},"token":{"id":"t1","token":"bb_con_new"}}`
		case r.method == "POST" && r.target == "/v1/link-sessions":
			return 201, nil, one + `,"url":"https://busbar.example.com/link/bb_lnk_x"}`
		case strings.Contains(r.target, "?"):
			return 200, nil, `{"data":[` + one + `}],"next_cursor":"n2"}`
		}
		return 200, nil, one + `}`
	})
	for _, tt := range []struct {
		args         []string
		target, body string
		out, err     string
		code         int
	}{
		{[]string{"create", "tryton", "--magic", "--name", "A", "--metadata", `{"a":1}`, "--expires", "2h", "--tag", "eu"}, "/v1/link-sessions",
			`{"kind":"magic","expires_in":7200,"system":"tryton","name":"A","metadata":{"a":1},"tags":["eu"]}`, "link:        https://busbar.example.com/link/bb_lnk_x\nuntil:       2026-12-07 09:00:00Z", "", ExitOK},
		{[]string{"create", "--reauthorize", "c1"}, "/v1/link-sessions", `{"purpose":"reauthorize","connection_id":"c1"}`, "shown this once", "", ExitOK},
		{[]string{"create", "--redirect-uri", "https://a", "--state", "s", "--code-challenge", "x"}, "/v1/link-sessions", `{"redirect_uri":"https://a","state":"s","code_challenge":"x"}`, "c1", "", ExitOK},
		{[]string{"create", "--metadata", "[]"}, "", "", "", "write a JSON object", ExitUsage},
		{[]string{"create", "--expires", "1s"}, "", "", "", "at least 1m", ExitUsage},
		{[]string{"list", "--status", "open", "--of", "c1"}, "/v1/link-sessions?connection_id=c1&limit=100&status=open", "", "l1  magic  connect", "--cursor n2", ExitOK},
		{[]string{"show", "l1"}, "/v1/link-sessions/l1", "", "status:         open", "", ExitOK},
		{[]string{"revoke", "l1"}, "/v1/link-sessions/l1/revoke", "", "l1", "", ExitOK},
		{[]string{"exchange", "bb_cod_x", "--verifier", "v"}, "/v1/link-sessions/exchange", `{"code":"bb_cod_x","code_verifier":"v"}`, "bb_con_new", "", ExitOK},
		{[]string{"exchange", "bb_cod_renewed", "--verifier", "v"}, "/v1/link-sessions/exchange", `{"code":"bb_cod_renewed","code_verifier":"v"}`, "the tokens of the connection go on", "", ExitOK},
		{[]string{"exchange", "bb_cod_x"}, "", "", "", "--verifier", ExitUsage},
	} {
		out, errs, code := a.withKey(t.Context(), "", append([]string{"link"}, tt.args...)...)
		if code != tt.code || !strings.Contains(out, tt.out) || !strings.Contains(errs, tt.err) {
			t.Errorf("%v: exit code %d, printed %q and %q", tt.args, code, out, errs)
		}
		if tt.target == "" {
			continue
		}
		if got := a.last(); got.target != tt.target || got.body != tt.body {
			t.Errorf("%v: asked %s %s", tt.args, got.target, got.body)
		}
	}
}

// TestALinkBringsItsVerifier: the challenge that is sent is of the verifier that is shown.
func TestALinkBringsItsVerifier(t *testing.T) {
	t.Parallel()
	a := newAPI(t, func(asked) (int, map[string]string, string) { return 201, nil, `{"id":"l1","url":"u"}` })
	_, errs, code := a.withKey(t.Context(), "", "link", "create", "--redirect-uri", "https://a")
	_, verifier, _ := strings.Cut(strings.TrimSpace(errs), "--verifier ")
	sum := sha256.Sum256([]byte(verifier))
	if code != ExitOK || len(verifier) != 43 || !strings.Contains(a.last().body, `"code_challenge":"`+base64.RawURLEncoding.EncodeToString(sum[:])+`"`) {
		t.Errorf("exit code %d, said %q, asked %s", code, errs, a.last().body)
	}
}

func TestALoginIsChecked(t *testing.T) {
	t.Parallel()
	a := newAPI(t, func(r asked) (int, map[string]string, string) {
		if strings.Contains(r.body, "wrong") {
			return 200, nil, `{"ok":false,"findings":[{"step":"network","ok":true,"says":"It answers."},{"step":"login","ok":false,"says":"It refuses the password.","do":"Type it again."}]}`
		}
		return 200, nil, `{"ok":true,"findings":[{"step":"login","ok":true,"says":"Logged in."},{"step":"entity","entity":"items","ok":false,"says":"It may not read items.","do":"Ask."}]}`
	})
	out, _, code := a.withKey(t.Context(), "", "connection", "check", "tryton", "--credential", "password=wrong", "--entities", "items")
	if code != ExitFailed || out != "✓ network: It answers.\n✗ login: It refuses the password.\n  Type it again.\n" || a.last().target != "/v1/connections/check" {
		t.Errorf("exit code %d, printed %q, asked %+v", code, out, a.last())
	}
	if out, _, code = a.withKey(t.Context(), "", "connection", "check", "tryton", "--credential", "password=right"); code != ExitOK || !strings.Contains(out, "✗ items: It may not read items.") {
		t.Errorf("exit code %d, printed %q", code, out)
	}
}

func TestAConnectionComesBack(t *testing.T) {
	t.Parallel()
	a := newAPI(t, func(r asked) (int, map[string]string, string) {
		if r.method == "GET" {
			return 200, nil, `{"id":"c1","system":"tryton","auth_method":"password"}`
		}
		return 200, nil, `{"connection":{"id":"c1","status":"active"},"token":{"token":"bb_con_new"}}`
	})
	out, errs, code := a.withKey(t.Context(), "", "connection", "reconnect", "c1", "--credential", "password=x", "--token-label", "again")
	got := a.last()
	if code != ExitOK || !strings.Contains(out, "bb_con_new") || got.target != "/v1/connections/c1/reconnect" || !strings.Contains(got.body, `"token_label":"again"`) || !strings.Contains(got.body, `"auth_method":"password"`) {
		t.Errorf("exit code %d, printed %q and %q, asked %+v", code, out, errs, got)
	}
}
