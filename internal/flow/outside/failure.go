package outside

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
)

// peer is the other side of a request, and what may be concluded when it does not answer as it should.
type peer struct {
	host  string
	again bool // what was sent may be sent again
	limit time.Duration
}

// unanswered is what came of a request that no answer came to. Whether the address is forbidden, leads nowhere, is closed or silent, it says in the same words: who writes flows does not learn
// from them what there is in the network.
func (p peer) unanswered(err error) machine.Result {
	detail := fmt.Sprintf("%s does not answer, or not within %s. Check the address and the port, that the other side runs, and that Busbar may call it: private addresses only where an operator allows them (--allow).", p.host, p.limit)
	if told := untrusted(p.host, err); told != "" {
		detail = told
	}
	if errors.Is(err, context.Canceled) {
		detail = "The call was cancelled: Busbar stops, or somebody else goes on with the run."
	}
	return p.open(detail, egress.Unsent(err), err)
}

// broken is what came of a request whose answer has a status, and no end.
func (p peer) broken(status int, err error) machine.Result {
	detail := fmt.Sprintf("%s answered %d, and the answer broke off before its end.", p.host, status)
	if errors.Is(err, errTooLong) || errors.Is(err, egress.ErrTooLarge) {
		detail = fmt.Sprintf("%s answered %d, and the answer is longer than the %d bytes that are taken. Ask for less.", p.host, status, MaxAnswer)
	}
	r := p.open(detail, false, err)
	r.Failure.Upstream = &problem.Upstream{Status: status}
	return r
}

// open says of a failure what is known: that it may be tried again, or that nobody knows what came of it.
func (p peer) open(detail string, unsent bool, err error) machine.Result {
	if unsent || p.again {
		return machine.Result{Failure: problem.New(problem.RequestUnanswered, detail).Wrap(err)}
	}
	return machine.Result{Failure: problem.New(problem.RequestOutcomeUnknown, detail+" Nobody knows whether the request had its effect.").Wrap(err), Unknown: true}
}

// refused is what came of a request that was answered with a status that its step does not expect.
func (p peer) refused(resp *http.Response, now time.Time, secrets []string) machine.Result {
	detail := fmt.Sprintf("%s answered %d.", p.host, resp.StatusCode)
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		detail = fmt.Sprintf("%s answered %d: it leads to another address, and redirects are not followed. Write the address that it leads to.", p.host, resp.StatusCode)
	}
	r := machine.Result{Failure: problem.New(problem.UnexpectedAnswer, detail)}
	if !p.again && provesNothing(resp.StatusCode) {
		r = p.open(detail, false, nil)
	}
	r.Failure.Upstream = &problem.Upstream{Status: resp.StatusCode, Message: said(resp, secrets)}
	r.Failure = r.Failure.After(web.RetryAfter(resp.Header, now))
	return r
}

// provesNothing tells the statuses behind which the request may have had its effect: who was to do it failed at some point, or whoever stands between did not hear of the end.
func provesNothing(status int) bool {
	switch status {
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported, http.StatusLoopDetected:
		return false
	case http.StatusRequestTimeout:
		return true
	}
	return status >= 500
}

// maxSaid bounds the words of the other side that are kept. Longer ones are left out as a whole: a secret in them that was cut in two would be found by nobody.
const maxSaid = 1000

// said gives what the other side says in its own words, on one line and without secrets.
func said(resp *http.Response, secrets []string) string {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxSaid+1))
	if err != nil || len(body) > maxSaid || !utf8.Valid(body) || web.IsHTML(resp.Header, body) {
		return ""
	}
	return secret.Credentials{}.Redact(string(body), secrets...)
}

// secretsOf lists what a request is authenticated with.
func secretsOf(e machine.Effect) (values []string) {
	for _, f := range e.Headers {
		if !private(f.Name) {
			continue
		}
		values = append(values, f.Value)
		if _, token, ok := strings.Cut(f.Value, " "); ok {
			values = append(values, token)
		}
	}
	if e.Secret != "" {
		values = append(values, e.Secret)
	}
	return values
}

// untrusted explains why TLS was not agreed on; empty for errors of another kind.
func untrusted(host string, err error) string {
	var check *tls.CertificateVerificationError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var plain tls.RecordHeaderError
	switch {
	case errors.As(err, &check) && errors.As(err, &name):
		return "The certificate of " + host + " is for another host. Write the address with a name that the certificate has, or let it be issued anew."
	case errors.As(err, &check) && errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "The certificate of " + host + " has expired, or is not valid yet. Let who runs it renew it, and see that the clock of this machine is right."
	case errors.As(err, &check):
		return "The certificate of " + host + " is signed by nobody who is trusted here. An operator can trust an authority of your own for all calls (--ca-file)."
	case errors.As(err, &plain), errors.Is(err, http.ErrSchemeMismatch), err != nil && strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return host + " does not speak TLS on this port. Check the port; an address without TLS begins with http://."
	}
	return ""
}
