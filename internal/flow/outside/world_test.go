package outside_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/flow/outside"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/sim/fault"
)

var loopback = []allow.Rule{{Prefix: netip.MustParsePrefix("127.0.0.0/8")}}

func instant() time.Time { return time.Date(2026, 11, 30, 6, 0, 0, 0, time.UTC) }

func sender(t *testing.T, o egress.Options, m outside.Mail) *outside.Sender {
	t.Helper()
	g := egress.New(o)
	t.Cleanup(g.Close)
	return outside.New(g, m, "busbar.test", instant)
}

// other is the other side: it keeps what it carried out, and goes wrong by a plan.
type other struct {
	fault.Plan
	*httptest.Server

	mu   sync.Mutex
	done []done
}

type done struct {
	method, path, body string
	header             http.Header
}

// others starts an other side; answer answers what goes well.
func others(t *testing.T, answer http.HandlerFunc) *other {
	t.Helper()
	o := &other{}
	work := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		o.mu.Lock()
		o.done = append(o.done, done{r.Method, r.URL.RequestURI(), string(body), r.Header.Clone()})
		o.mu.Unlock()
		answer(w, r)
	})
	o.Server = httptest.NewServer(fault.Spoiler{Plan: o.Next}.Handler(work))
	t.Cleanup(o.Close)
	return o
}

// carriedOut gives what was carried out.
func (o *other) carriedOut() []done {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]done(nil), o.done...)
}

func answerJSON(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, body)
	}
}

// told is the document of a failure, as it is stored with an item.
func told(r machine.Result) string {
	if r.Failure == nil {
		return ""
	}
	return string(problem.Document(r.Failure))
}

func wantCode(t *testing.T, r machine.Result, code problem.Code, unknown bool, words ...string) {
	t.Helper()
	if r.Failure == nil || r.Failure.Code != code || r.Unknown != unknown {
		t.Errorf("want %s (unknown %t), got %s (unknown %t) and the value %s", code, unknown, told(r), r.Unknown, r.Value)
		return
	}
	for _, w := range words {
		if !strings.Contains(told(r), w) {
			t.Errorf("%q is not in %s", w, told(r))
		}
	}
}

// value decodes the value of a result.
func value(t *testing.T, r machine.Result) (v struct {
	Status    int
	Headers   map[string]string
	Body      json.RawMessage
	MessageID string `json:"message_id"`
}) {
	t.Helper()
	if r.Failure != nil {
		t.Fatal(told(r), r.Failure.Err)
	}
	if err := json.Unmarshal(r.Value, &v); err != nil {
		t.Fatalf("%s: %v", r.Value, err)
	}
	return v
}
