package web_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/sim/certs"
	"github.com/busbar-dev/busbar/internal/trust"
)

// plant is a system behind TLS, and what a connection may bring to reach it.
type plant struct {
	t         *testing.T
	authority *certs.Authority
	good      tls.Certificate
	calls     atomic.Int32
}

func newPlant(t *testing.T) *plant {
	t.Helper()
	p := &plant{t: t, authority: must(certs.New())}
	p.good = must(p.authority.Issue(certs.Wish{}))
	return p
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (p *plant) serve(c *tls.Config) string {
	p.t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { p.calls.Add(1) }))
	s.TLS, s.Config.ErrorLog = c, log.New(io.Discard, "", 0)
	s.StartTLS()
	p.t.Cleanup(s.Close)
	return s.URL
}

// call makes one as a read and one as a write; both must end alike.
func (p *plant) call(url string, own trust.Trust) error {
	p.t.Helper()
	g := egress.New(egress.Options{Allow: []allow.Rule{{Prefix: netip.MustParsePrefix("127.0.0.0/8")}}, RootCAs: x509.NewCertPool()})
	p.t.Cleanup(g.Close)
	client := g.Client(egress.ClientConfig{Trust: own})
	who := web.Answerer{Name: "erp.example.com", Field: "url", Quote: driver.Config{}.Quote}
	var failed error
	for _, write := range []bool{false, true} {
		ctx := egress.AsRead(p.t.Context())
		if write {
			ctx = egress.AsWrite(p.t.Context(), egress.Sending{})
		}
		resp, err := egress.Do(client, must(http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("x"))))
		if err == nil {
			_ = resp.Body.Close()
		}
		if write && (err == nil) != (failed == nil) {
			p.t.Errorf("a read gives %v, a write %v", failed, err)
		}
		failed = err
	}
	if failed == nil {
		return nil
	}
	return who.Unanswered(failed)
}

func (p *plant) with(c tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{c}}
}

// A certificate that is not good is refused with a sentence that says what to do, and nothing is sent.
func TestBadCertificatesAreRefused(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	alone := must(p.authority.Issue(certs.Wish{Alone: true}))
	clientOnly := must(p.authority.Issue(certs.Wish{Client: true}))
	ours := trust.Trust{CA: p.authority.PEM()}
	whole, key := certs.Pins(p.good)
	otherKey := strings.Repeat("ab", 32)
	old := p.with(p.good)
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	for name, test := range map[string]struct {
		server *tls.Config
		own    trust.Trust
		field  string
		says   string
	}{
		"unknown authority":     {p.with(p.good), trust.Trust{}, trust.FieldCA, "tls_ca"},
		"signs itself":          {p.with(alone), ours, trust.FieldCA, "--ca-file"},
		"expired":               {p.with(must(p.authority.Issue(certs.Wish{Expired: true}))), ours, "url", "has expired"},
		"wrong host":            {p.with(must(p.authority.Issue(certs.Wish{Names: []string{"crm.example.com"}}))), ours, "url", "is for another host (crm.example.com)"},
		"not for a server":      {p.with(clientOnly), ours, "url", "may not be used for this"},
		"sha1":                  {p.with(must(p.authority.Issue(certs.Wish{SHA1: true}))), ours, "url", "SHA-256"},
		"tls 1.1":               {old, ours, "url", "switch on TLS 1.2"},
		"wrong pin":             {p.with(p.good), trust.Trust{CA: ours.CA, Pin: otherKey}, trust.FieldPin, "somebody stands in between"},
		"pin, no authority":     {p.with(p.good), trust.Trust{Pin: whole}, trust.FieldCA, "tls_ca"},
		"key pin, no authority": {p.with(p.good), trust.Trust{Pin: key}, trust.FieldCA, "tls_ca"},
		"no client certificate": {p.mutual(), ours, trust.FieldCertificate, "tls_client_key"},
		"unusable authority":    {p.with(p.good), trust.Trust{CA: "nonsense"}, trust.FieldCA, "-----BEGIN CERTIFICATE-----"},
	} {
		t.Run(name, func(t *testing.T) {
			err := web.As(p.call(p.serve(test.server), test.own))
			if err.Kind != driver.Unreachable || !err.Untrusted || err.Field != test.field || !strings.Contains(err.Detail, test.says) {
				t.Errorf("%s: %q at %q (%v), caused by %v", err.Kind, err.Detail, err.Field, err.Untrusted, err.Err)
			}
		})
	}
	if p.calls.Load() > 0 {
		t.Error("a request went through")
	}
}

// mutual wants a certificate of the authority.
func (p *plant) mutual() *tls.Config {
	c := p.with(p.good)
	c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, p.authority.Pool()
	return c
}

// What a connection brings opens what it is for.
func TestGoodCertificatesAreAccepted(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	alone := must(p.authority.Issue(certs.Wish{Alone: true}))
	aloneText, _, _ := certs.PEM(alone)
	whole, key := certs.Pins(p.good)
	client := must(p.authority.Issue(certs.Wish{Client: true}))
	clientText, clientKey, _ := certs.PEM(client)
	other := must(certs.New())
	ca := p.authority.PEM()
	for name, test := range map[string]struct {
		server *tls.Config
		own    trust.Trust
	}{
		"authority":                   {p.with(p.good), trust.Trust{CA: ca}},
		"among several":               {p.with(p.good), trust.Trust{CA: other.PEM() + ca}},
		"pasted into one line":        {p.with(p.good), trust.Trust{CA: strings.ReplaceAll(other.PEM()+ca, "\n", " ")}},
		"with \\n":                    {p.with(p.good), trust.Trust{CA: strings.ReplaceAll(ca, "\n", `\n`)}},
		"signs itself":                {p.with(alone), trust.Trust{CA: aloneText}},
		"pin":                         {p.with(p.good), trust.Trust{CA: ca, Pin: whole}},
		"pin with colons":             {p.with(p.good), trust.Trust{CA: ca, Pin: "SHA256:" + colons(whole)}},
		"pin of the key":              {p.with(p.good), trust.Trust{CA: ca, Pin: key}},
		"client certificate":          {p.mutual(), trust.Trust{CA: ca, Certificate: clientText, Key: clientKey}},
		"tls 1.2":                     {&tls.Config{Certificates: []tls.Certificate{p.good}, MaxVersion: tls.VersionTLS12}, trust.Trust{CA: ca}},
		"client certificate, tls 1.2": {func() *tls.Config { c := p.mutual(); c.MaxVersion = tls.VersionTLS12; return c }(), trust.Trust{CA: ca, Certificate: clientText, Key: clientKey}},
	} {
		t.Run(name, func(t *testing.T) {
			before := p.calls.Load()
			if err := p.call(p.serve(test.server), test.own); err != nil || p.calls.Load() != before+2 {
				t.Errorf("%v, caused by %v", err, web.As(err).Err)
			}
		})
	}
}

func colons(digits string) string {
	var parts []string
	for i := 0; i < len(digits); i += 2 {
		parts = append(parts, digits[i:i+2])
	}
	return strings.Join(parts, ":")
}

// What does not speak TLS at all is told apart.
func TestPlainPortIsToldApart(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	err := web.As(p.call(strings.Replace(plain.URL, "http:", "https:", 1), trust.Trust{}))
	if !err.Untrusted || !strings.Contains(err.Detail, "does not speak TLS") {
		t.Errorf("%q, caused by %v", err.Detail, err.Err)
	}
}

// A forbidden address, a closed port, a name that leads nowhere and one that nobody knows are told in the same words.
func TestAddressesAreNotTold(t *testing.T) {
	t.Parallel()
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	closed := l.Addr().String()
	_ = l.Close()
	g := egress.New(egress.Options{Allow: []allow.Rule{{Prefix: netip.MustParsePrefix("127.0.0.1/32")}}})
	t.Cleanup(g.Close)
	who := web.Answerer{Name: "erp.example.com", Field: "url", Quote: driver.Config{}.Quote}
	said := map[string][]string{}
	for _, address := range []string{closed, "127.0.0.2:1", "169.254.169.254:80", "10.0.0.1:443", "[::1]:22", "no-such-host.invalid:80"} {
		req := must(http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address, nil))
		resp, err := egress.Do(g.Client(egress.ClientConfig{Attempts: 1}), req)
		if err == nil {
			_ = resp.Body.Close()
			t.Fatalf("%s answers", address)
		}
		e := web.As(who.Unanswered(err))
		text := strings.Join([]string{string(e.Kind), e.Field, e.Detail, e.Said, e.Code}, "|")
		said[text] = append(said[text], address)
	}
	if len(said) != 1 {
		t.Errorf("told apart: %q", said)
	}
}
