package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/store"
)

// met tells the connection how a call to its system went.
func (w *world) met(c *store.Connection, kind driver.Kind) {
	w.t.Helper()
	now, err := w.store.ConnectionForWork(w.t.Context(), c.ID)
	w.ok(err)
	_, err = w.conns.Report(w.t.Context(), now, &driver.Error{Kind: kind, Detail: "no."})
	w.ok(err)
}

func TestHealthSaysWhySinceWhenAndWhatToDo(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	base := "/v1/connections/" + c.ID + "/health"
	w.put(c, "PO-1")
	w.tick(3 * time.Hour)
	w.met(c, driver.Unreachable)
	h := w.want(w.call("GET", base, w.key, ""), 200, "").body
	for member, want := range map[string]any{"id": c.ID, "name": "A", "system_name": "Plant ERP", "status": "unreachable", "since": "2026-11-23T11:00:00Z", "blackout": nil} {
		if h[member] != want {
			t.Errorf("%s: %v, want %v", member, h[member], want)
		}
	}
	if why := h["reason"].(map[string]any); why["code"] != "system-unreachable" || !strings.Contains(h["next_step"].(string), "tries again by itself") || h["next_look_at"] == nil {
		t.Errorf("reason %v, next step %v, next look %v", why, h["next_step"], h["next_look_at"])
	}
	entities := h["entities"].([]any)
	vendors, orders := entities[0].(map[string]any), entities[1].(map[string]any)
	if vendors["freshness"] != "never" || vendors["age_seconds"] != nil || vendors["run"].(map[string]any)["state"] != "queued" {
		t.Errorf("vendors: %v", vendors)
	}
	if orders["freshness"] != "late" || orders["age_seconds"] != 10800.0 || orders["run"] != nil || orders["held_deletions"] != 0.0 || orders["quarantined"] != 0.0 {
		t.Errorf("orders: %v", orders)
	}
	history := h["history"].([]any)
	if first, last := history[len(history)-1].(map[string]any), history[0].(map[string]any); last["status"] != "unreachable" || last["until"] != nil || first["status"] != "syncing" || first["until"] != "2026-11-23T11:00:00Z" {
		t.Errorf("history: %v", history)
	}
	own := w.want(w.call("GET", "/v1/connection", token, ""), 200, "").body
	if own["status"] != "unreachable" || own["status_since"] != "2026-11-23T11:00:00Z" || own["status_code"] != "system-unreachable" || own["status_detail"] == "" {
		t.Errorf("the token sees %v", own)
	}
	w.met(c, driver.Credentials)
	if next := w.call("GET", base, w.key, "").body["next_step"].(string); !strings.Contains(next, "Renew the credentials") {
		t.Errorf("next step: %s", next)
	}
	w.want(w.call("POST", "/v1/connections/"+c.ID+"/disconnect", w.key, ""), 200, "")
	if next := w.call("GET", base, w.key, "").body["next_step"].(string); !strings.Contains(next, "/reconnect") {
		t.Errorf("next step: %s", next)
	}
}

func TestHealthHistoryIsPaged(t *testing.T) {
	w := newWorld(t)
	c, _ := w.connect("A")
	other, _ := w.connect("B")
	base := "/v1/connections/" + c.ID
	for range 3 {
		w.tick(time.Minute)
		w.want(w.call("POST", base+"/pause", w.key, ""), 200, "")
		w.tick(time.Minute)
		w.want(w.call("POST", base+"/resume", w.key, ""), 200, "")
	}
	var got []string
	cursor := ""
	for {
		page := w.want(w.call("GET", base+"/health/history?limit=3"+cursor, w.key, ""), 200, "")
		for _, row := range page.data() {
			got = append(got, row["status"].(string)+" "+row["since"].(string))
		}
		if page.next() == "" {
			break
		}
		cursor = "&cursor=" + page.next()
	}
	want := []string{"syncing 2026-11-23T08:06:00Z", "paused 2026-11-23T08:05:00Z", "syncing 2026-11-23T08:04:00Z", "paused 2026-11-23T08:03:00Z",
		"syncing 2026-11-23T08:02:00Z", "paused 2026-11-23T08:01:00Z", "syncing 2026-11-23T08:00:00Z"}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("got %q", got)
	}
	w.want(w.call("GET", "/v1/connections/"+other.ID+"/health/history?limit=3"+cursor, w.key, ""), 400, "invalid-cursor")
}

func TestBlackoutsByAPI(t *testing.T) {
	w := newWorld(t) // Monday, 08:00 UTC
	login := `"credentials":{"url":"https://erp.example.com","username":"busbar","password":"right-canary-secret"}`
	a := w.want(w.call("POST", "/v1/connections", w.key, `{"system":"plant",`+login+`,"blackouts":["sometimes","Mon 08:00-09:00","Mon 9-10"]}`), 422, "validation-failed")
	for i, pointer := range []string{"/blackouts/0", "/blackouts/2"} {
		if got := a.body["errors"].([]any)[i].(map[string]any)["pointer"]; got != pointer {
			t.Errorf("fault at %v, want %s", got, pointer)
		}
	}
	made := w.want(w.call("POST", "/v1/connections", w.key, `{"system":"plant",`+login+`,"time_zone":"Europe/Berlin","blackouts":["Mon 08:00-09:30"]}`), 201, "")
	c := made.body["connection"].(map[string]any)
	if got := c["blackouts"].([]any); len(got) != 1 || got[0] != "Mon 08:00-09:30" {
		t.Errorf("blackouts %v", got)
	}
	for _, run := range made.body["runs"].([]any) {
		r := run.(map[string]any)
		if why := r["error"].(map[string]any); r["state"] != "queued" || why["code"] != "blackout" || r["retry_at"] != "2026-11-23T08:30:00Z" {
			t.Errorf("run %v", r)
		}
	}
	base := "/v1/connections/" + c["id"].(string)
	window := w.call("GET", base+"/health", w.key, "").body["blackout"].(map[string]any)
	if window["until"] != "2026-11-23T08:30:00Z" || window["next_at"] != nil {
		t.Errorf("window %v", window)
	}
	w.tick(time.Hour)
	if window = w.call("GET", base+"/health", w.key, "").body["blackout"].(map[string]any); window["until"] != nil || window["next_at"] != "2026-11-30T07:00:00Z" {
		t.Errorf("window %v", window)
	}
	w.want(w.call("PATCH", base, w.key, `{"blackouts":["daily 00:00-24:00"]}`), 422, "validation-failed")
	if changed := w.want(w.call("PATCH", base, w.key, `{"blackouts":[]}`), 200, ""); len(changed.body["blackouts"].([]any)) != 0 {
		t.Errorf("got %s", changed.text)
	}
	runs := w.call("GET", base+"/health", w.key, "").body["entities"].([]any)[0].(map[string]any)["run"].(map[string]any)
	if runs["retry_at"] != nil || runs["error"] != nil {
		t.Errorf("the run waits on: %v", runs)
	}
}

// A failing entity that somebody pauses no longer counts.
func TestPausingTheFailingEntityMakesTheConnectionActive(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	w.put(c, "PO-1")
	w.finish(w.begin(c, "vendors"), store.Finish{State: store.RunFailed, ReasonCode: "system-error", ReasonDetail: "no."})
	w.ok(w.conns.Settled(t.Context(), c))
	for _, tt := range []struct{ body, status string }{{`{"schedule":"2h"}`, "degraded"}, {`{"paused":true}`, "active"}, {`{"paused":false}`, "degraded"}} {
		w.want(w.call("PATCH", "/v1/syncs/vendors", token, tt.body), 200, "")
		if got := w.call("GET", "/v1/connection", token, "").body["status"]; got != tt.status {
			t.Errorf("after %s: %v, want %s", tt.body, got, tt.status)
		}
	}
}
