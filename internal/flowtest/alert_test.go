package flowtest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// Somebody is told of each late work order once in a run, in a signed message; of none that is done, or not due.
func TestOverdueWorkOrdersAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const name = "overdue-work-orders"
	order := func(due string, states ...string) string {
		made := w.inCMMS("POST", "work-orders", object{"title": "Mend it", "schedule": object{"due": due}})
		for _, state := range states {
			w.inCMMS("POST", "work-orders/"+text(made["id"])+"/transitions", object{"to": state})
		}
		return made["number"].(string)
	}
	late, done, later := order("2026-03-09T10:00:00Z", "IN_PROGRESS"), order("2026-03-09T10:00:00Z", "IN_PROGRESS", "DONE"), order("2026-03-30T10:00:00Z")
	w.connectCMMS("work-orders")
	w.example(name, map[string]string{"cmms": "sim-cmms"}, object{"url": w.hook.URL + "/late", "signing_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
	alerts := func() map[string]int {
		out := map[string]int{}
		for _, m := range w.hook.take() {
			var body struct {
				Data struct{ Alert string }
			}
			w.check(json.Unmarshal(m.body, &body))
			out[body.Data.Alert]++
			if m.head.Get("webhook-signature") == "" || m.head.Get("webhook-id") == "" {
				t.Errorf("unsigned: %v %s", m.head, m.body)
			}
		}
		return out
	}
	got := w.run(name, nil)
	first := alerts()
	if first[late+" 2026-03-10"] != 1 {
		w.show(name)
		t.Fatalf("%s; told: %v", got, first)
	}
	for alert, n := range first {
		if number, _, _ := strings.Cut(alert, " "); n != 1 || number == done || number == later {
			t.Errorf("%s was told %d times", alert, n)
		}
	}
	w.clock.add(18 * time.Hour) // past six in the morning
	w.settle()
	if next := alerts(); len(next) != len(first) || next[late+" 2026-03-11"] != 1 {
		t.Errorf("the next morning: %v, after %v", next, first)
	}
}
