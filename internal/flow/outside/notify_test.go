package outside_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/flow/hook"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/flow/outside"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/sim/fault"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func TestAWebhookIsSigned(t *testing.T) {
	t.Parallel()
	o := others(t, answerJSON(`{"seen":true}`))
	s := sender(t, egress.Options{Allow: loopback}, outside.Mail{})
	r := s.Notify(t.Context(), "run/told/0", machine.Effect{URL: o.URL + "/in", Secret: hookSecret, Data: json.RawMessage(`{"ok":3}`)})
	if string(r.Value) != `{"status":200}` {
		t.Fatalf("%s %s", r.Value, told(r))
	}
	got := o.carriedOut()[0]
	if got.body != `{"type":"flow.notification","timestamp":"2026-11-30T06:00:00Z","data":{"ok":3}}` || got.method != "POST" || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("%+v", got)
	}
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(hookSecret, "whsec_"))
	code := hmac.New(sha256.New, key)
	_, _ = io.WriteString(code, "run/told/0.1796018400."+got.body)
	want := "v1," + base64.StdEncoding.EncodeToString(code.Sum(nil))
	if got.header.Get("Webhook-Id") != "run/told/0" || got.header.Get("Webhook-Timestamp") != "1796018400" || got.header.Get("Webhook-Signature") != want {
		t.Errorf("%v, want the signature %s", got.header, want)
	}
	if _, id, wrong := hook.Take(hookSecret, got.header, []byte(got.body), instant()); wrong != nil || id != "run/told/0" {
		t.Errorf("%s: %v", id, wrong)
	}
}

func TestAWebhookWithoutASecretIsNotSigned(t *testing.T) {
	t.Parallel()
	o := others(t, answerJSON(``))
	s := sender(t, egress.Options{Allow: loopback}, outside.Mail{})
	if r := s.Notify(t.Context(), "k", machine.Effect{URL: o.URL}); r.Failure != nil {
		t.Fatal(told(r))
	}
	got := o.carriedOut()[0]
	if got.header.Get("Webhook-Id") != "k" || got.header.Get("Webhook-Signature") != "" || !strings.HasSuffix(got.body, `"data":null}`) {
		t.Errorf("%+v", got)
	}
	for _, secret := range []string{"opensesame", "whsec_", "whsec_b3BlbnNlc2FtZQ==", "whsec_%"} {
		r := s.Notify(t.Context(), "k", machine.Effect{URL: o.URL, Secret: secret})
		wantCode(t, r, problem.RequestUnusable, false, "whsec_")
		if strings.Contains(told(r), "opensesame") {
			t.Errorf("the secret is shown: %s", told(r))
		}
	}
	wantCode(t, s.Notify(t.Context(), "a.b", machine.Effect{URL: o.URL}), problem.Internal, false)
	if n := len(o.carriedOut()); n != 1 {
		t.Errorf("%d webhooks", n)
	}
}

// A webhook may come twice: what is not known to have arrived is sent again, and nobody has to look.
func TestAWebhookThatGoesWrongMayBeSentAgain(t *testing.T) {
	t.Parallel()
	o := others(t, answerJSON(`{}`))
	s := sender(t, egress.Options{Allow: loopback}, outside.Mail{})
	for _, test := range []struct {
		fault fault.Fault
		code  problem.Code
	}{{fault.Fault{Drop: true, Execute: true}, problem.RequestUnanswered}, {fault.Fault{Status: http.StatusBadGateway}, problem.UnexpectedAnswer}, {fault.Fault{Status: http.StatusGone}, problem.UnexpectedAnswer}, {fault.Fault{Status: http.StatusFound}, problem.UnexpectedAnswer}} {
		o.Set(fault.Rule{Path: "*", Fault: test.fault})
		wantCode(t, s.Notify(t.Context(), "k", machine.Effect{URL: o.URL, Secret: hookSecret}), test.code, false)
	}
	o.Set(fault.Rule{Path: "*", Fault: fault.Fault{Cut: 1}}) // of an answer that nobody reads
	if r := s.Notify(t.Context(), "k", machine.Effect{URL: o.URL}); r.Failure != nil {
		t.Error(told(r))
	}
}
