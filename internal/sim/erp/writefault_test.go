package erp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// spoilt is a SimERP whose next writes go wrong.
func spoilt(t *testing.T, f erp.Fault, o erp.Options) (*erp.Server, string) {
	t.Helper()
	var plan erp.Plan
	plan.Set(erp.Rule{Path: "*", Write: "*", Times: 1, Fault: f})
	o.Fault, o.Counts = plan.Next, few()
	return start(t, o)
}

func TestAWriteWhoseAnswerIsLostHadItsEffectOrNot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		fault    erp.Fault
		executed bool
		status   int    // 0: no answer
		answer   string // what came of the answer
	}{
		{"closed before the body was read", erp.Fault{Unread: true}, false, 0, ""},
		{"closed without an answer, not executed", erp.Fault{Drop: true}, false, 0, ""},
		{"closed without an answer, executed", erp.Fault{Drop: true, Execute: true}, true, 0, ""},
		{"cut in the head", erp.Fault{Torn: 9}, true, 0, ""},
		{"cut in the body", erp.Fault{Torn: 600}, true, 201, `{"id":"00000121"`},
		{"cut after a byte of the body", erp.Fault{Cut: 1}, true, 201, `{`},
		{"gateway, not executed", erp.Fault{Status: 502}, false, 502, "fault"},
		{"gateway, executed", erp.Fault{Status: 504, Execute: true}, true, 504, "fault"},
		{"busy, not executed", erp.Fault{Status: 429, RetryAfter: time.Second}, false, 429, "fault"},
		{"login page, executed", erp.Fault{LoginPage: true, Execute: true}, true, 200, "sign in"},
		{"an error in a 200, not executed", erp.Fault{Body: erp.ErrorBody}, false, 200, `"error"`},
		{"an error in a 200, executed", erp.Fault{Body: erp.ErrorBody, Execute: true}, true, 200, `"error"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			sim, api := spoilt(t, c.fault, erp.Options{})
			resp, body, err := try("POST", api+"purchase-orders", anOrder)
			if (resp == nil) != (c.status == 0) || resp != nil && resp.StatusCode != c.status || !strings.Contains(body, c.answer) {
				t.Errorf("%v %s %v", resp, body, err)
			}
			if got := effects(sim, "purchase-orders")["create bb-1"]; (got == 1) != c.executed || got > 1 {
				t.Errorf("%d effects", got)
			}
			if resp, _ := ask(t, "POST", api+"purchase-orders", anOrder); resp.StatusCode != 201 {
				t.Errorf("the next one: %d", resp.StatusCode)
			}
		})
	}
}

func TestAWriteIsExecutedThoughTheClientHasGone(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]erp.Fault{
		"hang":  {Hang: true, Execute: true},
		"stall": {Stall: 3},
		"slow":  {Delay: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim, api := spoilt(t, f, erp.Options{})
			ctx, cancel := context.WithCancel(t.Context())
			req, _ := http.NewRequestWithContext(ctx, "POST", api+"purchase-orders", strings.NewReader(anOrder))
			req.Header.Set("Authorization", "Bearer "+erp.DefaultKey)
			gone := make(chan struct{})
			go func() {
				defer close(gone)
				if resp, err := http.DefaultClient.Do(req); err == nil {
					_, _ = resp.Body.Read(make([]byte, 3))
					<-ctx.Done()
					_ = resp.Body.Close()
				}
			}()
			until(t, func() bool { return sim.Ledger()["faulted"] == 1 })
			cancel()
			<-gone
			until(t, func() bool { return effects(sim, "purchase-orders")["create bb-1"] == 1 })
		})
	}
}

func until(t *testing.T, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for !done() {
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatal("it does not come to that")
		}
	}
}

func TestALateWriteIsThereWhenItsTimeHasComeOrIsReleased(t *testing.T) {
	t.Parallel()
	now := make(chan time.Time, 1)
	now <- base
	clock := func() time.Time { n := <-now; now <- n; return n }
	sim, api := spoilt(t, erp.Fault{Commit: 90 * time.Second, Status: 504}, erp.Options{Now: clock})
	find := func() int {
		_, total := all(t, api+"purchase-orders?externalRef=bb-1", 10)
		return total
	}
	if resp, _ := ask(t, "POST", api+"purchase-orders", anOrder); resp.StatusCode != 504 || sim.Held() != 1 || find() != 0 {
		t.Fatalf("%d, %d held, %d there", resp.StatusCode, sim.Held(), find())
	}
	<-now
	now <- base.Add(89 * time.Second)
	if find() != 0 {
		t.Error("there before its time")
	}
	<-now
	now <- base.Add(90 * time.Second)
	if find() != 1 || sim.Held() != 0 || len(sim.Effects()) != 1 {
		t.Errorf("%d there, %d held, effects %v", find(), sim.Held(), sim.Effects())
	}

	sim, api = spoilt(t, erp.Fault{Commit: time.Hour, Drop: true}, erp.Options{})
	_, _, _ = try("POST", api+"purchase-orders", anOrder)
	if find() != 0 || len(sim.Effects()) != 0 {
		t.Error("there before it is released")
	}
	sim.Release()
	sim.Release()
	if find() != 1 || len(sim.Effects()) != 1 {
		t.Errorf("%d there, effects %v", find(), sim.Effects())
	}
}

// A late create with a key that came again in the meantime finds the key used.
func TestALateWriteKeepsToTheRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, path, body, header string }{
		{"idempotency key", "items", `{"name":"Shim"}`, "Idempotency-Key: k1"},
		{"unique number", "vendors", `{"name":"A","vendorNumber":"k1"}`, "X: y"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			sim, api := spoilt(t, erp.Fault{Commit: time.Hour, Drop: true}, erp.Options{})
			_, _, _ = try("POST", api+c.path, c.body, c.header)
			if resp, _ := ask(t, "POST", api+c.path, c.body, c.header); resp.StatusCode != 201 {
				t.Fatalf("%d", resp.StatusCode)
			}
			sim.Release()
			if n := effects(sim, c.path); n["create k1"] != 1 || len(n) != 1 {
				t.Errorf("effects %v", n)
			}
		})
	}
}

func TestASlowAnswerHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	sim, api := spoilt(t, erp.Fault{Stall: 20}, erp.Options{})
	addr := strings.TrimPrefix(sim.URL(), "http://")
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	fmt.Fprintf(conn, "POST /api/v1/purchase-orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s", erp.DefaultKey, len(anOrder), anOrder)
	if _, err := conn.Read(make([]byte, 9)); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		if resp, body := ask(t, "POST", api+"vendors", fmt.Sprintf(`{"name":"%d"}`, i)); resp.StatusCode != 201 {
			t.Fatalf("%d %s", resp.StatusCode, body)
		}
	}
}

// vendorsOf is a bulk call that creates n vendors.
func vendorsOf(n int, atomic bool) string {
	var items []string
	for i := range n {
		items = append(items, fmt.Sprintf(`{"key":"k%d","data":{"name":"N%d","vendorNumber":"bb-%d"}}`, i, i, i))
	}
	return fmt.Sprintf(`{"op":"create","atomic":%v,"items":[%s]}`, atomic, strings.Join(items, ","))
}

type bulk struct {
	Error   *erp.BulkError
	Results []erp.BulkResult
}

// bulkOf sends a bulk call and reads its answer.
func bulkOf(t *testing.T, api, resource, body string) (int, bulk) {
	t.Helper()
	resp, text := ask(t, "POST", api+resource+"/bulk", body)
	var b bulk
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		t.Fatalf("%d %s", resp.StatusCode, text)
	}
	return resp.StatusCode, b
}

func keysOf(b bulk) (keys string) {
	for _, r := range b.Results {
		keys += fmt.Sprint(r.Key, ":", r.Status, " ")
	}
	return keys
}

func TestABulkAnswerThatMisleads(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		fault    erp.Fault
		status   int
		keys     string
		executed int
	}{
		{"nothing wrong", erp.Fault{Delay: time.Nanosecond}, 200, "k0:201 k1:201 k2:201 ", 3},
		{"results missing", erp.Fault{Rewrite: erp.Without(0, 2)}, 200, "k1:201 ", 3},
		{"another order", erp.Fault{Rewrite: erp.Reversed()}, 200, "k2:201 k1:201 k0:201 ", 3},
		{"one twice", erp.Fault{Rewrite: erp.Doubled(1)}, 200, "k0:201 k1:201 k2:201 k1:201 ", 3},
		{"one twice, otherwise", erp.Fault{Rewrite: erp.Contradicted(1)}, 200, "k0:201 k1:201 k2:201 k1:422 ", 3},
		{"a key that nobody sent", erp.Fault{Rewrite: erp.Strange(1)}, 200, "k0:201 strange:201 k2:201 ", 3},
		{"broken off, without a word", erp.Fault{Partly: 2}, 500, "", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			sim, api := spoilt(t, c.fault, erp.Options{})
			status, b := bulkOf(t, api, "vendors", vendorsOf(3, false))
			if status != c.status || keysOf(b) != c.keys || len(sim.Effects()) != c.executed {
				t.Errorf("%d %s, %d effects", status, keysOf(b), len(sim.Effects()))
			}
		})
	}
}

func TestRulesOfAPlanPickOutWrites(t *testing.T) {
	t.Parallel()
	var plan erp.Plan
	_, api := start(t, erp.Options{Counts: few(), Fault: plan.Next})
	for _, c := range []struct {
		write, method, path string
		hit                 bool
	}{
		{"*", "GET", "vendors", false}, {"*", "POST", "vendors", true}, {"*", "DELETE", "items/000001", true},
		{"vendors", "POST", "vendors", true}, {"vendors", "PATCH", "vendors/000001", true}, {"vendors", "POST", "vendors/bulk", true},
		{"vendors", "POST", "items", false}, {"vendors", "GET", "vendors/000001", false},
	} {
		plan.Set(erp.Rule{Path: "*", Write: c.write, Fault: erp.Fault{Status: 418}})
		if resp, _ := ask(t, c.method, api+c.path, "{}"); (resp.StatusCode == 418) != c.hit {
			t.Errorf("%v: %d", c, resp.StatusCode)
		}
	}
}
