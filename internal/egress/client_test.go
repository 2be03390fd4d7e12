package egress_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/egress"
)

var loopback = netip.MustParsePrefix("127.0.0.0/8")

func open(t *testing.T, c egress.ClientConfig) *http.Client {
	t.Helper()
	g := egress.New(egress.Options{Allow: []allow.Rule{{Prefix: loopback}}, HeaderTimeout: 2 * time.Second})
	t.Cleanup(g.Close)
	return g.Client(c)
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func get(ctx context.Context, c *http.Client, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := egress.Do(c, req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}

func TestDialsAreJudged(t *testing.T) {
	t.Parallel()
	url := serve(t, func(http.ResponseWriter, *http.Request) {})
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(url, "http://"))
	own, _ := allow.Parse("127.0.0.1/32:" + port)
	other, _ := allow.Parse("127.0.0.1/32:1")
	for name, test := range map[string]struct {
		allow []allow.Rule
		host  string
		open  bool
	}{
		"no rule":            {nil, "127.0.0.1", false},
		"own rule":           {[]allow.Rule{own}, "127.0.0.1", true},
		"rule of other port": {[]allow.Rule{other}, "127.0.0.1", false},
		"by name":            {nil, "localhost", false},
		"by mapped address":  {nil, "[::ffff:127.0.0.1]", false},
		"unspecified":        {[]allow.Rule{own}, "0.0.0.0", false},
	} {
		c := egress.New(egress.Options{Allow: test.allow}).Client(egress.ClientConfig{})
		_, err := get(egress.AsRead(t.Context()), c, "http://"+test.host+":"+port)
		if test.open && err != nil || !test.open && !errors.Is(err, egress.ErrBlocked) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProxiesOfTheEnvironmentAreIgnored(t *testing.T) {
	proxy := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request went to the proxy") })
	t.Setenv("HTTP_PROXY", proxy)
	t.Setenv("http_proxy", proxy)
	_, err := get(t.Context(), egress.New(egress.Options{}).Client(egress.ClientConfig{}), "http://100.100.100.200/")
	if !errors.Is(err, egress.ErrBlocked) {
		t.Error(err)
	}
}

func TestRedirectsComeBack(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) })
	resp, err := open(t, egress.ClientConfig{}).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusFound {
		t.Error(resp.Status)
	}
}

func TestErrorsHideTheURL(t *testing.T) {
	t.Parallel()
	_, err := get(t.Context(), egress.New(egress.Options{}).Client(egress.ClientConfig{}), "http://user:canary@127.0.0.1:9/canary?token=canary")
	if err == nil || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "127.0.0.1:9") {
		t.Error(err)
	}
}

func zipped(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, text)
	_ = z.Close()
	return b.Bytes()
}

func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	const limit = 4 << 20
	send := func(encoding string, body []byte, chunked bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Accept-Encoding") != "gzip" {
				t.Error("gzip is not asked for")
			}
			if encoding != "" {
				w.Header().Set("Content-Encoding", encoding)
			}
			if chunked {
				w.(http.Flusher).Flush()
			}
			_, _ = w.Write(body)
		}
	}
	exact := strings.Repeat("x", limit)
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		want    error
		size    int
	}{
		"exactly the limit":        {send("", []byte(exact), true), nil, limit},
		"announced too large":      {send("", []byte(exact+"x"), false), egress.ErrTooLarge, 0},
		"one byte too many":        {send("", []byte(exact+"x"), true), egress.ErrTooLarge, 0},
		"gzip":                     {send("gzip", zipped("hello"), false), nil, 5},
		"gzip that is too large":   {send("gzip", zipped(exact+"x"), false), egress.ErrTooLarge, 0},
		"gzip bomb within size":    {send("gzip", zipped(strings.Repeat("\x00", 2<<20)), false), egress.ErrTooLarge, 0},
		"small, well compressed":   {send("gzip", zipped(strings.Repeat("a", 900<<10)), false), nil, 900 << 10},
		"gzip that is none":        {send("gzip", []byte("hello, this is text"), false), egress.ErrEncoding, 0},
		"gzip cut off":             {send("gzip", zipped("hello, hello, hello")[:20], false), io.ErrUnexpectedEOF, 0},
		"encoding never asked for": {send("br", []byte("x"), false), egress.ErrEncoding, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := get(t.Context(), open(t, egress.ClientConfig{MaxBody: limit}), serve(t, test.handler))
			if !errors.Is(err, test.want) || test.want == nil && len(got) != test.size {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
}

// trickle sends a byte every few milliseconds until the client goes away.
func trickle(w http.ResponseWriter, r *http.Request) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_, _ = w.Write([]byte("x"))
			w.(http.Flusher).Flush()
		case <-r.Context().Done():
			return
		}
	}
}

func stall(w http.ResponseWriter, r *http.Request) {
	_, _ = w.Write([]byte("x"))
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

func TestSlowBodiesEnd(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		config  egress.ClientConfig
		want    error
	}{
		"stalled":   {stall, egress.ClientConfig{IdleTimeout: 50 * time.Millisecond}, egress.ErrStalled},
		"trickling": {trickle, egress.ClientConfig{Deadline: 200 * time.Millisecond}, egress.ErrDeadline},
		"silent":    {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, egress.ClientConfig{Deadline: 50 * time.Millisecond}, egress.ErrDeadline},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := get(t.Context(), open(t, test.config), serve(t, test.handler)); !errors.Is(err, test.want) {
				t.Error(err)
			}
		})
	}
}

func TestHugeHeadersAreRefused(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 128<<10)) })
	if _, err := get(t.Context(), open(t, egress.ClientConfig{}), url); err == nil {
		t.Error("128 KiB of headers were taken")
	}
}

func TestTLSIsVerified(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) })
	strange := httptest.NewTLSServer(handler)
	t.Cleanup(strange.Close)
	old := httptest.NewUnstartedServer(handler)
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	old.StartTLS()
	t.Cleanup(old.Close)
	for _, url := range []string{strange.URL, old.URL} {
		if _, err := get(t.Context(), open(t, egress.ClientConfig{}), url); err == nil {
			t.Errorf("%s was accepted", url)
		}
	}
	if calls.Load() > 0 {
		t.Error("a request went through")
	}
}
