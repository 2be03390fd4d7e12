package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/sim/fault"
)

// proxy stands in front of a system that speaks HTTP, and spoils its answers by a plan.
type proxy struct {
	plan   fault.Plan
	late   fault.Late
	target *url.URL
	own    *url.URL
	web    *http.Server
	guard  *egress.Guard
	mu     sync.Mutex
	said   *answer // what was answered last to a read
}

type answer struct {
	header http.Header
	status int
	body   []byte
}

func newProxy(target *url.URL, reach []allow.Rule) (*proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the suite's proxy: %w", err)
	}
	p := &proxy{target: target, own: &url.URL{Scheme: "http", Host: l.Addr().String(), Path: target.Path, RawQuery: target.RawQuery}, guard: egress.New(egress.Options{Allow: reach})}
	p.web = &http.Server{Handler: p.handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = p.web.Serve(l) }()
	return p, nil
}

func (p *proxy) close() {
	_ = p.web.Close()
	p.guard.Close()
}

// rule lets Busbar reach the proxy.
func (p *proxy) rule() allow.Rule { return allow.One(netip.MustParseAddrPort(p.own.Host)) }

func (p *proxy) handler() http.Handler {
	through := &httputil.ReverseProxy{
		Rewrite:        p.forward,
		Transport:      p.guard.Client(egress.ClientConfig{Attempts: 1}).Transport,
		ModifyResponse: p.homeward,
		ErrorHandler:   func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		ErrorLog:       silent(),
	}
	return fault.Spoiler{Plan: p.plan.Next, Late: &p.late, Name: "A portal", Again: p.again}.Handler(p.noting(through))
}

// forward sends a request on. A system on this machine is told the proxy's name, so that the links that it answers lead here.
func (p *proxy) forward(r *httputil.ProxyRequest) {
	r.Out.URL.Scheme, r.Out.URL.Host = p.target.Scheme, p.target.Host
	r.Out.Header.Del(writeHeader)
	r.Out.Host = r.In.Host
	if !p.local() {
		r.Out.Host = p.target.Host
		r.Out.Header.Del("Accept-Encoding")
	}
}

func (p *proxy) local() bool {
	ip, err := netip.ParseAddr(p.target.Hostname())
	return err == nil && ip.IsLoopback()
}

// homeward lets the links of a system elsewhere lead to the proxy.
func (p *proxy) homeward(r *http.Response) error {
	if p.local() {
		return nil
	}
	there, here := p.target.Scheme+"://"+p.target.Host, p.own.Scheme+"://"+p.own.Host
	for _, values := range r.Header {
		for i := range values {
			values[i] = strings.ReplaceAll(values[i], there, here)
		}
	}
	return rewriteBody(r, func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(there), []byte(here)) })
}

// noting keeps the last answer to a read.
func (p *proxy) noting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k := &keeper{ResponseWriter: w}
		next.ServeHTTP(k, r)
		if isWrite(r) {
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.said = &answer{w.Header().Clone(), k.status, k.body.Bytes()}
	})
}

// again answers what was answered last.
func (p *proxy) again(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	said := p.said
	p.mu.Unlock()
	if said == nil {
		panic(http.ErrAbortHandler)
	}
	for name, values := range said.header {
		w.Header()[name] = values
	}
	w.WriteHeader(orOK(said.status))
	_, _ = w.Write(said.body)
}

func isWrite(r *http.Request) bool { return r.Header.Get(writeHeader) != "" }

func isRead(r *http.Request) bool { return !isWrite(r) }

func orOK(status int) int {
	if status == 0 {
		return http.StatusOK
	}
	return status
}

// keeper keeps a copy of an answer.
type keeper struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader implements http.ResponseWriter.
func (k *keeper) WriteHeader(status int) {
	k.status = status
	k.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (k *keeper) Write(p []byte) (int, error) {
	k.body.Write(p)
	return k.ResponseWriter.Write(p)
}

// Unwrap lets an http.ResponseController reach what is beneath.
func (k *keeper) Unwrap() http.ResponseWriter { return k.ResponseWriter }

// reads makes a rule that spoils n reads, after some that go well.
func reads(after, n int, f fault.Fault) fault.Rule {
	return fault.Rule{Path: "*", When: isRead, After: after, Times: n, Fault: f}
}

// stopped says that Busbar was stopped on purpose.
var errStopped = errors.New("stopped by the suite")
