package outside

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"

	"golang.org/x/net/http/httpguts"

	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/problem"
)

// Request carries out a request. It goes out with key as its Idempotency-Key: printable ASCII, the same for the same effect, another for another. Redirects are answers. What only
// reads is tried again by itself; everything else goes out at most once, while the Allowed of an egress.Sending that ctx may carry lets it.
func (s *Sender) Request(ctx context.Context, key string, e machine.Effect) machine.Result {
	return s.exchange(ctx, key, e, valueOf)
}

// exchange sends a request and reads an answer with a status that is expected.
func (s *Sender) exchange(ctx context.Context, key string, e machine.Effect, read func(*http.Response) (json.RawMessage, error)) machine.Result {
	ctx, cancel, limit := within(ctx, e)
	defer cancel()
	req, wrong := newRequest(ctx, key, e)
	if wrong != nil {
		return machine.Result{Failure: wrong}
	}
	p := peer{host: req.URL.Host, again: e.Repeatable || reads(e.Method), limit: limit}
	resp, err := egress.Do(s.client, req)
	if err != nil {
		return p.unanswered(err)
	}
	defer resp.Body.Close()
	if !expected(e.Expect, resp.StatusCode) {
		return p.refused(resp, s.now(), secretsOf(e))
	}
	value, err := read(resp)
	if err != nil {
		return p.broken(resp.StatusCode, err)
	}
	return machine.Result{Value: value}
}

// reads tells the methods that change nothing.
func reads(method string) bool {
	return slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodOptions}, method)
}

func expected(good []int, status int) bool {
	if len(good) == 0 {
		return status >= 200 && status < 300
	}
	return slices.Contains(good, status)
}

func newRequest(ctx context.Context, key string, e machine.Effect) (*http.Request, *problem.Error) {
	u, wrong := address(e.URL)
	if wrong != nil {
		return nil, wrong
	}
	switch {
	case reads(e.Method):
		ctx = egress.AsRead(ctx)
	case !egress.Writes(ctx):
		ctx = egress.AsWrite(ctx, egress.Sending{Fresh: !e.Repeatable})
	}
	var body io.Reader
	if len(e.Body) > 0 {
		body = bytes.NewReader(e.Body)
	}
	req, err := http.NewRequestWithContext(ctx, e.Method, u, body)
	if err != nil {
		return nil, unusable("The method %q is none.", e.Method)
	}
	if wrong = setHeaders(req.Header, e.Headers); wrong != nil {
		return nil, wrong
	}
	setDefault(req.Header, "Content-Type", e.ContentType)
	req.Header.Set("Idempotency-Key", key)
	setDefault(req.Header, "User-Agent", "Busbar")
	return req, nil
}

// address checks where a request goes. What is wrong with it is told without the address, which may hold secrets.
func address(text string) (string, *problem.Error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return "", unusable("The address is none that can be called; write one such as https://example.com/orders.")
	case u.User != nil:
		return "", unusable("The address holds a user or password; leave them out, and write the login as a header: Authorization.")
	}
	return text, nil
}

func setHeaders(to http.Header, fields []machine.Field) *problem.Error {
	for _, f := range fields {
		if wrong, mend := lang.HeaderFlaw(f.Name); wrong != "" {
			return unusable("The header %q: %s; %s.", f.Name, wrong, mend)
		}
		if !httpguts.ValidHeaderFieldValue(f.Value) {
			return unusable("The value of the header %s has a line break or another character that no header may have.", f.Name)
		}
		to.Add(f.Name, f.Value)
	}
	return nil
}

func setDefault(to http.Header, name, value string) {
	if value != "" && to.Get(name) == "" {
		to.Set(name, value)
	}
}

// unusable is the problem of an effect that nobody could carry out.
func unusable(format string, args ...any) *problem.Error {
	return problem.Newf(problem.RequestUnusable, format, args...)
}
