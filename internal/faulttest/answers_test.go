package faulttest

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// spoilt is a fault of the system's answers and what it must come to while it lasts.
type spoilt struct {
	name       string
	setup      setup
	rule       erp.Rule // of the list of vendors
	state      string   // of the run
	reason     string
	connection string // its status
}

const allGone = `{"data":[],"nextCursor":null,"total":0}`

func list(f erp.Fault) erp.Rule             { return erp.Rule{Path: "vendors", Fault: f} }
func listAfter(n int, f erp.Fault) erp.Rule { return erp.Rule{Path: "vendors", After: n, Fault: f} }

// change makes an edit, an insertion and a deletion that the run under test must neither miss nor mistake.
func (w *world) change() {
	w.Helper()
	w.clock.add(time.Minute)
	w.check(w.sim.Edit(
		erp.Edit{Resource: "vendors", ID: "000005", Set: map[string]any{"name": "Changed"}},
		erp.Edit{Resource: "vendors", ID: "000998", Set: map[string]any{"name": "New", "active": true}},
		erp.Edit{Resource: "vendors", ID: "000006", Delete: true},
	))
	w.clock.add(time.Minute)
}

// answers are the rows of the fault matrix in which the system answers wrongly, or not.
func answers() []spoilt {
	quick := setup{calls: egress.ClientConfig{IdleTimeout: 300 * time.Millisecond, Deadline: 1200 * time.Millisecond}}
	small := setup{calls: egress.ClientConfig{MaxBody: 4 << 20}}
	header := func(name, value string) map[string]string { return map[string]string{name: value} }
	return []spoilt{
		// 13: a sweep that is cut short
		{"13 page fails", setup{}, listAfter(2, erp.Fault{Status: 500}), "queued", "system-error", "degraded"},
		{"13 empty page in the middle", setup{}, listAfter(2, erp.Fault{Body: `{"data":[],"nextCursor":null,"total":120}`}), "incomplete", "records-missing", "degraded"},
		{"13 bare list in place of a page", setup{}, listAfter(2, erp.Fault{Body: `[]`}), "queued", "answer-damaged", "degraded"},
		{"13 chain ends early", setup{}, listAfter(2, erp.Fault{Rewrite: endChain}), "incomplete", "records-missing", "degraded"},
		// 14: nothing at all
		{"14 everything is gone", setup{}, list(erp.Fault{Body: allGone}), "incomplete", "deletions-held", "degraded"},
		// 16: errors in a 200
		{"16 error in a 200", setup{}, list(erp.Fault{Body: `{"error":{"code":"E77","message":"posting period closed"}}`}), "queued", "system-error", "degraded"},
		{"16 error beside records", setup{}, list(erp.Fault{Body: `{"data":[{"id":"000001"}],"nextCursor":null,"error":{"code":"E77","message":"partial"}}`}), "queued", "system-error", "degraded"},
		{"16 another object", setup{}, list(erp.Fault{Body: `{"success":false}`}), "queued", "answer-damaged", "degraded"},
		{"16 empty answer", setup{}, list(erp.Fault{Body: " "}), "queued", "answer-damaged", "degraded"},
		// 17: logins
		{"17 login page", setup{}, list(erp.Fault{LoginPage: true}), "queued", "not-this-system", "unreachable"},
		{"17 login page in the middle", setup{}, listAfter(2, erp.Fault{LoginPage: true}), "queued", "not-this-system", "unreachable"},
		{"17 redirect to a login", setup{}, list(erp.Fault{Status: 302, Header: header("Location", "/login")}), "queued", "not-this-system", "unreachable"},
		{"17 login refused", setup{}, erp.Rule{Path: "*", Fault: erp.Fault{Status: 401}}, "queued", "credentials-refused", "needs_reauthorization"},
		{"17 login refused, though it is good", setup{}, list(erp.Fault{Status: 401}), "queued", "system-error", "degraded"},
		{"17 permission missing", setup{}, list(erp.Fault{Status: 403}), "failed", "permission-missing", "degraded"},
		// 18: torn bodies
		{"18 cut at the first byte", setup{}, listAfter(1, erp.Fault{Cut: 1}), "queued", "answer-damaged", "degraded"},
		{"18 cut in a record", setup{}, listAfter(1, erp.Fault{Cut: 5000}), "queued", "answer-damaged", "degraded"},
		{"18 announced longer than sent", setup{}, listAfter(1, erp.Fault{Longer: 10}), "queued", "answer-damaged", "degraded"},
		{"18 announced shorter than sent", setup{}, listAfter(1, erp.Fault{Longer: -10}), "queued", "answer-damaged", "degraded"},
		{"18 gzip cut", setup{}, listAfter(1, erp.Fault{Gzip: true, Cut: 700}), "queued", "answer-damaged", "degraded"},
		{"18 gzip that is none", setup{}, listAfter(1, erp.Fault{Header: header("Content-Encoding", "gzip")}), "queued", "answer-damaged", "degraded"},
		{"18 an encoding nobody asked for", setup{}, listAfter(1, erp.Fault{Header: header("Content-Encoding", "br")}), "queued", "answer-damaged", "degraded"},
		// 19: slow bodies
		{"19 a byte at a time", quick, listAfter(1, erp.Fault{Slow: 20 * time.Millisecond}), "queued", "system-unreachable", "unreachable"},
		{"19 silent in the middle", quick, listAfter(1, erp.Fault{Stall: 3000}), "queued", "system-unreachable", "unreachable"},
		{"19 silent before the first byte", quick, listAfter(1, erp.Fault{Delay: time.Minute}), "queued", "system-unreachable", "unreachable"},
		// 20: told to wait, without being told how long
		{"20 429", setup{}, list(erp.Fault{Status: 429}), "queued", "system-rate-limited", "active"},
		{"20 503", setup{}, list(erp.Fault{Status: 503}), "queued", "system-error", "degraded"},
		// 21: page tokens
		{"21 next page is this page", setup{}, listAfter(1, erp.Fault{Again: true}), "queued", "answer-damaged", "degraded"},
		{"21 next link to another host", setup{lists: erp.Lists{Style: erp.ByLink}, read: byLink}, list(erp.Fault{Rewrite: elsewhere}), "queued", "answer-damaged", "degraded"},
		// 22: too much
		{"22 gzip bomb", small, list(erp.Fault{Make: erp.Huge(64 << 20), Gzip: true}), "failed", "answer-too-large", "degraded"},
		{"22 body without end", small, list(erp.Fault{Make: erp.Huge(1 << 31)}), "failed", "answer-too-large", "degraded"},
		{"22 a million elements", setup{}, list(erp.Fault{Make: erp.Many(1_000_000, `{}`)}), "queued", "answer-damaged", "degraded"},
		{"22 more elements than memory", setup{}, list(erp.Fault{Make: erp.Many(1_000_000, `{"updatedAt":"2026-03-01T00:00:00Z"}`)}), "failed", "answer-too-large", "degraded"},
		{"22 half a million records without id", setup{}, list(erp.Fault{Make: erp.Many(500_000, `{"updatedAt":"2026-03-01T00:00:00Z"}`)}), "failed", "too-many-bad-records", "degraded"},
		{"22 a hundred thousand deep", setup{}, list(erp.Fault{Make: erp.Nested(100_000)}), "queued", "answer-damaged", "degraded"},
	}
}

// TestAnswers goes through the rows in both kinds of run.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range answers() {
		for _, mode := range []string{"incremental", "full"} {
			if c.applies(mode) {
				t.Run(c.name+"/"+mode, func(t *testing.T) { t.Parallel(); c.run(t, mode) })
			}
		}
	}
}

// applies: an incremental run has one page here, and concludes nothing from what is not there.
func (c spoilt) applies(mode string) bool {
	return mode == "full" || c.rule.After == 0 && c.reason != "deletions-held" && c.reason != "records-missing"
}

func (c spoilt) run(t *testing.T, mode string) {
	w := newWorld(t, c.setup)
	before, deleted := w.stream().get("cursor_at"), w.stream().get("counts", "deleted")
	w.change()
	w.plan.Set(c.rule)
	run := w.sync(mode)
	if w.plan.Hits() == 0 {
		t.Fatal("the fault never happened")
	}
	w.ends(run, c.state, c.reason)
	if got := w.connection(); got != c.connection {
		t.Errorf("the connection is %s, want %s", got, c.connection)
	}
	if s := w.stream(); s.get("cursor_at") != before || s.get("counts", "deleted") != deleted {
		t.Errorf("the cursor went from %s to %s, %s deleted", before, s.get("cursor_at"), s.get("counts", "deleted"))
	}
	w.follow()
	w.plan.Set()
	if c.reason == "credentials-refused" {
		w.reauthorize()
	}
	w.even()
}

func (w *world) reauthorize() {
	w.Helper()
	w.call(w.key, "POST", "/v1/connections/"+w.id+"/reauthorize", map[string]any{"credentials": map[string]string{"url": w.sim.URL(), "api_key": erp.DefaultKey}}, http.StatusOK)
}

// endChain takes the way to the next page out of an answer.
func endChain(body []byte) []byte {
	at := bytes.Index(body, []byte(`"nextCursor":"`))
	end := bytes.IndexByte(body[at+14:], '"')
	return append(append(bytes.Clone(body[:at]), `"nextCursor":null`...), body[at+14+end+1:]...)
}

// elsewhere leads to the same page on another host.
func elsewhere(body []byte) []byte {
	at := bytes.Index(body, []byte(`"next":"http://`))
	if at < 0 {
		return bytes.Replace(body, []byte(`"next":null`), []byte(`"next":"http://127.0.0.2:1/steal"`), 1)
	}
	end := bytes.IndexByte(body[at+15:], '/')
	return []byte(string(body[:at+15]) + "127.0.0.2:1" + string(body[at+15+end:]))
}
