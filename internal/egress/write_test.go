package egress_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
)

const body = "one purchase order"

// write sends one write and reads the answer to its end.
func write(ctx context.Context, c *http.Client, s egress.Sending, url string) (int, error) {
	req, err := http.NewRequestWithContext(egress.AsWrite(ctx, s), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Idempotency-Key", "bb1")
	resp, err := egress.Do(c, req)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, errors.Join(err, resp.Body.Close())
}

// listen serves raw connections, one handler each, and tells the address.
func listen(t *testing.T, handle func(c net.Conn)) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go handle(c)
		}
	}()
	return "http://" + l.Addr().String()
}

// reset ends a connection so that the other side gets a reset.
func reset(c net.Conn) {
	_ = c.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
}

// arrive reads one request to its end.
func arrive(c net.Conn) error {
	req, err := http.ReadRequest(bufio.NewReader(c))
	if err == nil {
		_, err = io.Copy(io.Discard, req.Body)
	}
	return err
}

// TestWritesTellWhetherTheyWereSent breaks a call at each of its points: a write is unsent exactly when the system cannot have seen a byte of it.
func TestWritesTellWhetherTheyWereSent(t *testing.T) {
	t.Parallel()
	silent := make(chan struct{})
	t.Cleanup(func() { close(silent) })
	strange := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(strange.Close)
	after := func(n int64, then func(net.Conn)) func(*testing.T) string {
		return func(t *testing.T) string {
			return listen(t, func(c net.Conn) { _, _ = io.CopyN(io.Discard, c, n); then(c) })
		}
	}
	answer := func(text string, then func(net.Conn)) func(*testing.T) string {
		return func(t *testing.T) string {
			return listen(t, func(c net.Conn) { _ = arrive(c); _, _ = io.WriteString(c, text); then(c) })
		}
	}
	end := func(c net.Conn) { _ = c.Close() }
	for name, test := range map[string]struct {
		url    func(t *testing.T) string
		unsent bool
	}{
		"nobody listens": {func(t *testing.T) string {
			s := httptest.NewServer(nil)
			s.Close()
			return s.URL
		}, true},
		"forbidden":                  {func(*testing.T) string { return "http://169.254.169.254/" }, true},
		"no such host":               {func(*testing.T) string { return "http://erp.invalid/" }, true},
		"a strange certificate":      {func(*testing.T) string { return strange.URL }, true},
		"no TLS there":               {func(t *testing.T) string { return strings.Replace(after(1, end)(t), "http:", "https:", 1) }, true},
		"TLS never ends":             {func(t *testing.T) string { return strings.Replace(after(1<<20, end)(t), "http:", "https:", 1) }, true},
		"reset after the first byte": {after(1, reset), false},
		"reset in the body":          {after(200, reset), false},
		"executed, then reset":       {answer("", reset), false},
		"executed, then ended":       {answer("", end), false},
		"cut within the header":      {answer("HTTP/1.1 200 OK\r\nContent-Le", end), false},
		"cut within the body":        {answer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", end), false},
		"no HTTP":                    {answer("220 mail.example.com ESMTP\r\n\r\n", end), false},
		"silence":                    {answer("", func(net.Conn) { <-silent }), false},
	} {
		for _, fresh := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				var asked atomic.Int32
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, err := write(ctx, open(t, egress.ClientConfig{}), egress.Sending{Fresh: fresh, Allowed: func() error { asked.Add(1); return nil }}, test.url(t))
				if err == nil || egress.Unsent(err) != test.unsent || (asked.Load() == 0) != test.unsent {
					t.Errorf("unsent %v, want %v; asked %d times; %v", egress.Unsent(err), test.unsent, asked.Load(), err)
				}
			})
		}
	}
}

// TestAnswersOfWritesComeBack: whatever its status, an answer is given as it is, a redirect is not followed, and nothing is sent again.
func TestAnswersOfWritesComeBack(t *testing.T) {
	t.Parallel()
	for _, code := range []int{201, 302, 307, 400, 429, 500, 502, 503, 504} {
		var calls atomic.Int32
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			if sent, _ := io.ReadAll(r.Body); string(sent) != body || r.Proto != "HTTP/1.1" {
				t.Errorf("%s brought %q", r.Proto, sent)
			}
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(code)
		})
		got, err := write(t.Context(), open(t, egress.ClientConfig{Budget: budget.New(manifest.Limits{})}), egress.Sending{}, url)
		if err != nil || got != code || calls.Load() != 1 {
			t.Errorf("%d: %d after %d calls, %v", code, got, calls.Load(), err)
		}
	}
}

// TestAWriteArrivesOnceOnAKeptConnection: the system executes and closes a connection that was used before; net/http would send a request with an idempotency key again.
func TestAWriteArrivesOnceOnAKeptConnection(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]io.Reader{"with a body": strings.NewReader(body), "without a body": nil} {
		var arrivals atomic.Int32
		url := listen(t, func(c net.Conn) {
			in := bufio.NewReader(c)
			for {
				req, err := http.ReadRequest(in)
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, req.Body)
				if arrivals.Add(1); req.URL.Path == "/write" {
					_ = c.Close()
					return
				}
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			}
		})
		client := open(t, egress.ClientConfig{})
		if _, err := write(t.Context(), client, egress.Sending{}, url); err != nil { // leaves a connection to reuse
			t.Fatal(err)
		}
		for _, method := range []string{http.MethodPost, http.MethodGet} {
			before := arrivals.Load()
			req, _ := http.NewRequestWithContext(egress.AsWrite(t.Context(), egress.Sending{}), method, url+"/write", send)
			req.Header.Set("Idempotency-Key", "bb1")
			resp, err := egress.Do(client, req)
			if err == nil {
				_ = resp.Body.Close()
			}
			if err == nil || egress.Unsent(err) || arrivals.Load() != before+1 {
				t.Errorf("%s %s: %d arrivals, want 1; %v", method, name, arrivals.Load()-before, err)
			}
		}
	}
}

// TestWhoeverIsNotAllowedSendsNothing: the sender is asked when the connection stands, and after the budget has let the call pass.
func TestWhoeverIsNotAllowedSendsNothing(t *testing.T) {
	t.Parallel()
	pool := x509.NewCertPool()
	var calls atomic.Int32
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if calls.Add(1); r.Proto != "HTTP/1.1" {
			t.Errorf("a write came over %s", r.Proto)
		}
	})
	secure := httptest.NewUnstartedServer(handler)
	secure.EnableHTTP2 = true
	secure.StartTLS()
	t.Cleanup(secure.Close)
	pool.AddCert(secure.Certificate())
	g := egress.New(egress.Options{Allow: []allow.Rule{{Prefix: loopback}}, RootCAs: pool})
	t.Cleanup(g.Close)
	lost := errors.New("the lease is lost")
	for _, url := range []string{serve(t, handler), secure.URL} {
		for _, fresh := range []bool{false, true} {
			b := budget.New(manifest.Limits{})
			client := g.Client(egress.ClientConfig{Budget: b})
			calls.Store(0)
			for range 10 { // more than the breaker lets pass when a system is silent
				_, err := write(t.Context(), client, egress.Sending{Fresh: fresh, Allowed: func() error {
					if b.InUse() != 1 {
						t.Error("the sender was asked before the budget")
					}
					return lost
				}}, url)
				if !egress.Unsent(err) || !errors.Is(err, lost) || calls.Load() != 0 {
					t.Fatalf("%d calls, %v", calls.Load(), err)
				}
			}
			if code, err := write(t.Context(), client, egress.Sending{Fresh: fresh}, url); code != 200 || err != nil || calls.Load() != 1 {
				t.Errorf("afterwards: %d, %v", code, err)
			}
		}
	}
}

// TestAWriteThatIsGivenUpWhileItsSenderDecidesIsNotSent: nothing goes out behind the caller's back.
func TestAWriteThatIsGivenUpWhileItsSenderDecidesIsNotSent(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	url := listen(t, func(c net.Conn) {
		if n, _ := io.Copy(io.Discard, c); n > 0 {
			calls.Add(1)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	_, err := write(ctx, open(t, egress.ClientConfig{}), egress.Sending{Allowed: func() error { cancel(); <-ctx.Done(); return nil }}, url)
	if !egress.Unsent(err) || calls.Load() != 0 {
		t.Errorf("%d arrivals; %v", calls.Load(), err)
	}
}

// TestAConnectionThatEndsWhileTheSenderDecides carries nothing, and that is known.
func TestAConnectionThatEndsWhileTheSenderDecides(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(net.Conn){"reset": reset, "closed": func(c net.Conn) { _ = c.Close() }} {
		for _, fresh := range []bool{false, true} {
			asked, ended := make(chan struct{}), make(chan struct{})
			url := listen(t, func(c net.Conn) { <-asked; end(c); close(ended) })
			_, err := write(t.Context(), open(t, egress.ClientConfig{}), egress.Sending{Fresh: fresh, Allowed: func() error { close(asked); <-ended; return nil }}, url)
			if err == nil || name == "reset" && !egress.Unsent(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestWaitingInTheBudgetIsUnsent: a budget that refuses, or that is waited in for too long, has sent nothing.
func TestWaitingInTheBudgetIsUnsent(t *testing.T) {
	t.Parallel()
	url := serve(t, status(429, "600"))
	client := open(t, egress.ClientConfig{Budget: budget.New(manifest.Limits{Concurrency: 1})})
	if code, err := write(t.Context(), client, egress.Sending{}, url); code != 429 || err != nil {
		t.Fatal(code, err)
	}
	var refused *budget.Refusal
	if _, err := write(t.Context(), client, egress.Sending{}, url); !egress.Unsent(err) || !errors.As(err, &refused) || refused.Reason != budget.Paused {
		t.Errorf("paused: %v", err)
	}
	b := budget.New(manifest.Limits{Concurrency: 1})
	hold, err := b.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer hold()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := write(ctx, open(t, egress.ClientConfig{Budget: b}), egress.Sending{}, url); !egress.Unsent(err) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("no place: %v", err)
	}
}

// TestFreshWritesShareNoConnection, and others do.
func TestFreshWritesShareNoConnection(t *testing.T) {
	t.Parallel()
	for _, fresh := range []bool{false, true} {
		var connections atomic.Int32
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				connections.Add(1)
			}
		}
		s.Start()
		t.Cleanup(s.Close)
		client := open(t, egress.ClientConfig{})
		for range 3 {
			if _, err := write(t.Context(), client, egress.Sending{Fresh: fresh}, s.URL); err != nil {
				t.Fatal(err)
			}
		}
		if n := connections.Load(); fresh && n != 3 || !fresh && n != 1 {
			t.Errorf("fresh %v: %d connections for 3 writes", fresh, n)
		}
	}
}

// TestReadsWithinAWriteAreReads: they are tried again, and never called unsent.
func TestReadsWithinAWriteAreReads(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	ctx := egress.AsRead(egress.AsWrite(t.Context(), egress.Sending{Allowed: func() error { t.Error("a read asked for leave"); return nil }}))
	if code, err := post(ctx, open(t, egress.ClientConfig{}), script(t, &calls, hangUp)); code != 200 || err != nil || calls.Load() != 2 {
		t.Errorf("%d after %d calls, %v", code, calls.Load(), err)
	}
}
