package cli

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// answering serves every request with the same answer: what a proxy, or another program at that address, may say.
func answering(t *testing.T, status int, header map[string]string, body string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for k, v := range header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// busbar runs the command line and gives what it printed and its exit code.
func busbar(ctx context.Context, args ...string) (stdout, stderr string, code int) {
	var out, err bytes.Buffer
	code = Main(ctx, args, Streams{In: strings.NewReader(""), Out: &out, Err: &err, Now: func() time.Time { return time.Unix(0, 0) }}, Programs{Version: "test"})
	return out.String(), err.String(), code
}

const refusal = `{"type":"x","title":"The request is not valid","status":422,"detail":"Mend the fields below.","code":"validation-failed","request_id":"r-1","retry_after":7,
	"errors":[{"pointer":"/credentials/password","code":"refused","detail":"The system refuses it."}],"upstream":{"status":403,"code":"AccessDenied","message":"no"}}`

func TestAnswersThatSayNo(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		header map[string]string
		body   string
		code   int
		want   []string
	}{
		{"a problem document", 422, nil, refusal, ExitFailed, []string{"The request is not valid", "Mend the fields", "/credentials/password: The system refuses it.",
			"the system answered: 403 AccessDenied no", "try again in 7 s", "code: validation-failed", "request: r-1"}},
		{"a refused key", 401, nil, `{"title":"Unknown key","status":401,"code":"invalid-token"}`, ExitDenied, []string{"Unknown key"}},
		{"a missing scope", 403, nil, `{"title":"Missing scope","status":403}`, ExitDenied, []string{"Missing scope"}},
		{"nothing there", 404, nil, `{"title":"Not found","status":404}`, ExitNotFound, []string{"Not found"}},
		{"an expired cursor", 410, nil, `{"title":"Expired","status":410}`, ExitNotFound, []string{"Expired"}},
		{"a proxy's page", 502, map[string]string{"Request-Id": "r-2"}, "<html>Bad gateway</html>", ExitFailed, []string{"502 Bad Gateway", "Check --url", "request: r-2"}},
		{"a page instead of JSON", 200, nil, "<html>Welcome</html>", ExitFailed, []string{"did not answer like Busbar"}},
		{"a torn answer", 200, map[string]string{"Content-Length": "100"}, `{"data":[`, ExitUnreachable, []string{"no answer from"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			url := answering(t, tt.status, tt.header, tt.body)
			out, errs, code := busbar(t.Context(), "connection", "list", "--key", "bb_key_x", "--url", url)
			if code != tt.code || out != "" {
				t.Errorf("exit code %d, output %q; want %d and none", code, out, tt.code)
			}
			for _, want := range tt.want {
				if !strings.Contains(errs, want) {
					t.Errorf("%q is missing in:\n%s", want, errs)
				}
			}
		})
	}
}

func TestAnErrorIsSaidOnce(t *testing.T) {
	t.Parallel()
	url := answering(t, 422, nil, `{"title":"No","status":422,"code":"validation-failed","detail":"Mend every entry. /schedule: \"5x\" is none.",
		"errors":[{"pointer":"/schedule","detail":"\"5x\" is none"},{"pointer":"/history","detail":"no"}]}`)
	_, errs, _ := busbar(t.Context(), "connection", "list", "--key", "bb_key_x", "--url", url)
	if strings.Count(errs, "/schedule") != 1 || strings.Count(errs, "/history: no") != 1 {
		t.Errorf("said %q", errs)
	}
}

func TestTheSystemsWordsAreSaidOnce(t *testing.T) {
	t.Parallel()
	url := answering(t, 409, nil, `{"title":"No","status":409,"code":"conflict","detail":"ERP: There is such a record already (HTTP 409): V-1 is taken",
		"upstream":{"status":409,"code":"duplicate_key","message":"V-1 is taken"}}`)
	_, errs, _ := busbar(t.Context(), "connection", "list", "--key", "bb_key_x", "--url", url)
	if strings.Count(errs, "V-1 is taken") != 1 || !strings.Contains(errs, "the system answered: 409 duplicate_key\n") {
		t.Errorf("said %q", errs)
	}
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	_, errs, code := busbar(t.Context(), "sync", "status", "--token", "bb_con_x", "--url", s.URL)
	if code != ExitUnreachable || !strings.Contains(errs, "busbar serve") {
		t.Errorf("exit code %d, said %q", code, errs)
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	defer s.Close()
	if _, errs, code := busbar(ctx, "sync", "status", "--token", "bb_con_x", "--url", s.URL); code != ExitInterrupted || errs != "" {
		t.Errorf("exit code %d, said %q", code, errs)
	}
}

func TestWhichCredential(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name             string
		args             []string
		auth, connection string // of the request; none is made when auth is empty
		code             int
	}{
		{"a token for its connection", []string{"sync", "status", "--token", "bb_con_t"}, "Bearer bb_con_t", "", ExitOK},
		{"a key with a connection", []string{"sync", "status", "--key", "bb_key_k", "-c", "c1"}, "Bearer bb_key_k", "c1", ExitOK},
		{"a key with a connection before a token", []string{"sync", "status", "--key", "bb_key_k", "--token", "bb_con_t", "-c", "c1"}, "Bearer bb_key_k", "c1", ExitOK},
		{"a token before a key without connection", []string{"sync", "status", "--key", "bb_key_k", "--token", "bb_con_t"}, "Bearer bb_con_t", "", ExitOK},
		{"a key alone does not say which", []string{"sync", "status", "--key", "bb_key_k"}, "", "", ExitUsage},
		{"nothing at all", []string{"sync", "status"}, "", "", ExitDenied},
		{"a key for the control plane", []string{"connection", "list", "--key", "bb_key_k", "-c", "c1"}, "Bearer bb_key_k", "", ExitOK},
		{"a token does not control", []string{"connection", "list", "--token", "bb_con_t"}, "", "", ExitDenied},
		{"either for systems", []string{"system", "list", "--token", "bb_con_t"}, "Bearer bb_con_t", "", ExitOK},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var auth, connection string
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				auth, connection = r.Header.Get("Authorization"), r.Header.Get("Busbar-Connection")
				_, _ = io.WriteString(w, `{"data":[],"next_cursor":null}`)
			}))
			defer s.Close()
			_, errs, code := busbar(t.Context(), append(tt.args, "--url", s.URL)...)
			if code != tt.code || auth != tt.auth || connection != tt.connection {
				t.Errorf("exit code %d, sent %q for %q, said %q", code, auth, connection, errs)
			}
		})
	}
}

// What a system or a stranger wrote cannot steer the terminal, wherever in a refusal it stands.
func TestRefusalsCannotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	bad := `\u001b]0;x\u0007\u001b[2J\u009b31m\u202e`
	url := answering(t, 422, nil, `{"title":"a`+bad+`","detail":"b`+bad+`\nc","code":"d`+bad+`","request_id":"e`+bad+`","operation":"/v1/operations/f`+bad+`",
		"errors":[{"pointer":"/g`+bad+`","detail":"h`+bad+`"}],"upstream":{"code":"i`+bad+`","message":"j`+bad+`"}}`)
	_, stderr, _ := busbar(t.Context(), "system", "list", "--url", url, "--key", "bb_key_x")
	if !strings.Contains(stderr, "busbar: a") || !strings.Contains(stderr, "/g") || !strings.Contains(stderr, "request: e") || strings.ContainsAny(stderr, "\x1b\x07\u009b\u202e") || strings.Contains(stderr, "\nc") {
		t.Errorf("%q", stderr)
	}
}

// A run that waits for a person is not waited for.
func TestWaitingEndsWhereTheLoginIsRefused(t *testing.T) {
	t.Parallel()
	const run = `{"id":"r1","entity":"vendors","mode":"full","trigger":"manual","state":"queued","counts":{},"error":{"code":"credentials-refused","detail":"The system refuses the login."}}`
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusAccepted)
			_, _ = io.WriteString(w, `{"data":[`+run+`,{"id":"r2","entity":"items","mode":"full","state":"queued","counts":{}}]}`)
			return
		}
		_, _ = io.WriteString(w, run)
	}))
	t.Cleanup(s.Close)
	out, errs, code := busbar(t.Context(), "sync", "start", "--wait", "--every", "1ms", "--token", "bb_con_x", "--url", s.URL)
	if code != ExitFailed || !strings.Contains(out, "refuses the login") {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
}
