package outside_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/flow/outside"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/sim/dns"
	"github.com/busbar-dev/busbar/internal/sim/fault"
)

// What may be said of a request that went wrong: once is what is said of one that may not be sent again, again of one that may.
func TestFaults(t *testing.T) {
	t.Parallel()
	const unknown, unanswered, refused = problem.RequestOutcomeUnknown, problem.RequestUnanswered, problem.UnexpectedAnswer
	for name, test := range map[string]struct {
		fault       fault.Fault
		once, again problem.Code
		status      int  // of the other side, as it is told
		timeout     bool // only time ends it
	}{
		"nothing is read":              {fault.Fault{Unread: true}, unknown, unanswered, 0, false},
		"reset before the head":        {fault.Fault{Drop: true}, unknown, unanswered, 0, false},
		"done, and reset":              {fault.Fault{Drop: true, Execute: true}, unknown, unanswered, 0, false},
		"torn in the head":             {fault.Fault{Torn: 20}, unknown, unanswered, 0, false},
		"torn behind the head":         {fault.Fault{Cut: 3}, unknown, unanswered, 200, false},
		"shorter than announced":       {fault.Fault{Longer: 5}, unknown, unanswered, 200, false},
		"silent":                       {fault.Fault{Hang: true}, unknown, unanswered, 0, true},
		"done, and silent":             {fault.Fault{Hang: true, Execute: true}, unknown, unanswered, 0, true},
		"silent within the body":       {fault.Fault{Stall: 3}, unknown, unanswered, 200, true},
		"slow":                         {fault.Fault{Slow: time.Second}, unknown, unanswered, 200, true},
		"gzip that is none":            {fault.Fault{Header: map[string]string{"Content-Encoding": "br"}}, unknown, unanswered, 0, false},
		"fails":                        {fault.Fault{Status: 500}, unknown, refused, 500, false},
		"done, and fails":              {fault.Fault{Status: 500, Execute: true}, unknown, refused, 500, false},
		"a gateway without an answer":  {fault.Fault{Status: 504}, unknown, refused, 504, false},
		"gave up waiting":              {fault.Fault{Status: 408}, unknown, refused, 408, false},
		"cannot":                       {fault.Fault{Status: 501}, refused, refused, 501, false},
		"says no":                      {fault.Fault{Status: 422}, refused, refused, 422, false},
		"says no, in a broken way":     {fault.Fault{Status: 422, Body: "0123456789", Longer: 5}, refused, refused, 422, false},
		"too many":                     {fault.Fault{Status: 429}, refused, refused, 429, false},
		"leads elsewhere":              {fault.Fault{Status: 302, Header: map[string]string{"Location": "/elsewhere"}}, refused, refused, 302, false},
		"leads elsewhere, method kept": {fault.Fault{Status: 308, Header: map[string]string{"Location": "/elsewhere"}}, refused, refused, 308, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := others(t, answerJSON(`{"id":"7"}`))
			s := sender(t, egress.Options{Allow: loopback}, outside.Mail{})
			o.Set(fault.Rule{Path: "*", Fault: test.fault})
			e := machine.Effect{Method: "POST", URL: o.URL + "/orders", Body: []byte(`{}`)}
			if test.timeout {
				e.Timeout = 200 * time.Millisecond
			}
			once := s.Request(t.Context(), "k", e)
			wantCode(t, once, test.once, test.once == unknown)
			e.Repeatable = true
			again := s.Request(t.Context(), "k", e)
			wantCode(t, again, test.again, false)
			for _, r := range []machine.Result{once, again} {
				status := 0
				if r.Failure != nil && r.Failure.Upstream != nil {
					status = r.Failure.Upstream.Status
				}
				if status != test.status {
					t.Errorf("the status %d is told: %s", status, told(r))
				}
			}
			if o.Hits() != 2 {
				t.Errorf("%d requests arrived: each goes out once", o.Hits())
			}
			for _, d := range o.carriedOut() {
				if d.path == "/elsewhere" {
					t.Error("a redirect was followed")
				}
			}
		})
	}
}

func TestAReadIsTriedAgainByItself(t *testing.T) {
	t.Parallel()
	o := others(t, answerJSON(`{"id":"7"}`))
	s := sender(t, egress.Options{Allow: loopback}, outside.Mail{})
	o.Set(fault.Rule{Path: "*", Times: 1, Fault: fault.Fault{Drop: true}})
	if v := value(t, s.Request(t.Context(), "k", machine.Effect{Method: "GET", URL: o.URL})); string(v.Body) != `{"id":"7"}` {
		t.Errorf("%s", v.Body)
	}
}

func TestHowLongToWaitIsKept(t *testing.T) {
	t.Parallel()
	o := others(t, answerJSON(`{}`))
	s := sender(t, egress.Options{Allow: loopback}, outside.Mail{})
	o.Set(fault.Rule{Path: "*", Fault: fault.Fault{Status: 429, RetryAfter: 90 * time.Second}})
	for _, method := range []string{"GET", "POST"} {
		if r := s.Request(t.Context(), "k", machine.Effect{Method: method, URL: o.URL}); r.Failure == nil || r.Failure.RetryAfter != 90 {
			t.Errorf("%s: %s", method, told(r))
		}
	}
}

// Nobody listens, nobody may be called, nobody is there: nothing was sent, and it is told in the same words, without what the name leads to.
func TestAddressesThatLeadNowhere(t *testing.T) {
	t.Parallel()
	names, err := dns.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = names.Close() })
	names.Set("inside.example.com", dns.Addresses("127.0.0.2"))
	names.Set("metadata.example.com", dns.Addresses("169.254.169.254"))
	names.Set("closed.example.com", dns.Addresses("127.0.0.1"))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	s := sender(t, egress.Options{Allow: loopback[:0], Resolver: names.Resolver()}, outside.Mail{})
	open := sender(t, egress.Options{Allow: loopback, Resolver: names.Resolver()}, outside.Mail{})
	var same string
	for host, s := range map[string]*outside.Sender{"inside.example.com": s, "metadata.example.com": open, "closed.example.com": open, "nowhere.example.com": s} {
		r := s.Request(t.Context(), "k", machine.Effect{Method: "POST", URL: "http://" + host + ":" + port + "/"})
		wantCode(t, r, problem.RequestUnanswered, false, host, "--allow")
		if strings.Contains(told(r), "127.0.0") || strings.Contains(told(r), "169.254") {
			t.Errorf("an address is told: %s", told(r))
		}
		words := strings.ReplaceAll(told(r), host, "")
		if same == "" {
			same = words
		}
		if words != same {
			t.Errorf("other words for %s: %s", host, told(r))
		}
	}
}

func TestCertificatesThatAreNotTrusted(t *testing.T) {
	t.Parallel()
	calls := 0
	web := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls++ }))
	web.Config.ErrorLog = quiet()
	web.StartTLS()
	t.Cleanup(web.Close)
	plain := others(t, answerJSON("{}"))
	plain.Config.ErrorLog = quiet()
	s := sender(t, egress.Options{Allow: loopback}, outside.Mail{})
	for url, words := range map[string]string{web.URL: "--ca-file", strings.Replace(plain.URL, "http:", "https:", 1): "does not speak TLS"} {
		wantCode(t, s.Request(t.Context(), "k", machine.Effect{Method: "POST", URL: url}), problem.RequestUnanswered, false, words)
	}
	if calls > 0 || len(plain.carriedOut()) > 0 {
		t.Error("a request arrived")
	}
}

// Who has lost the right to send, or has gone, sends nothing, and says so.
func TestWhoMayNotSendDoesNot(t *testing.T) {
	t.Parallel()
	o := others(t, answerJSON("{}"))
	s := sender(t, egress.Options{Allow: loopback}, outside.Mail{})
	lost := egress.AsWrite(t.Context(), egress.Sending{Allowed: func() error { return errors.New("the lease is over") }})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, ctx := range map[string]context.Context{"lost": lost, "gone": gone} {
		t.Log(name)
		wantCode(t, s.Request(ctx, "k", machine.Effect{Method: "POST", URL: o.URL}), problem.RequestUnanswered, false)
	}
	if n := len(o.carriedOut()); n != 0 {
		t.Errorf("%d requests arrived", n)
	}
}

// What the other side says helps to mend, and gives back nothing that it was logged in with.
func TestWordsOfTheOtherSide(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ kind, body, want string }{
		"JSON":           {"application/json", `{"error": "vendor 17 is blocked"}`, `vendor 17 is blocked`},
		"a page":         {"text/html", `<html>vendor 17 is blocked</html>`, ``},
		"long":           {"application/json", `{"error": "` + strings.Repeat("x", 2000) + `"}`, ``},
		"with the login": {"application/json", `{"error": "no such token: opensesame-1, b3BlbnNlc2FtZS0x"}`, `no such token:[redacted], [redacted]`},
	} {
		o := others(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", test.kind)
			w.WriteHeader(400)
			_, _ = io.WriteString(w, test.body)
		})
		r := sender(t, egress.Options{Allow: loopback}, outside.Mail{}).Request(t.Context(), "k",
			machine.Effect{Method: "POST", URL: o.URL, Headers: []machine.Field{{Name: "Authorization", Value: "Bearer opensesame-1"}}})
		wantCode(t, r, problem.UnexpectedAnswer, false)
		said := r.Failure.Upstream.Message
		if test.want == "" && said != "" || !strings.Contains(said, test.want) || strings.Contains(told(r), "opensesame") {
			t.Errorf("%s: %q", name, said)
		}
	}
}
