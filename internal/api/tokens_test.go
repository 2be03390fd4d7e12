package api_test

import (
	"strings"
	"testing"
)

// TestExpiryIsWhatWasSaid: an instant that was given is never taken for none.
func TestExpiryIsWhatWasSaid(t *testing.T) {
	w := newWorld(t)
	c, _ := w.connect("A")
	for body, status := range map[string]int{
		`{"label":"x","expires_at":"0001-01-01T00:00:00Z"}`: 422,
		`{"label":"x","expires_at":"2020-01-01T00:00:00Z"}`: 422,
		`{"label":"x","expires_at":"2026-11-23T08:00:00Z"}`: 422,
		`{"label":"x","expires_at":"2026-11-23T08:00:01Z"}`: 201,
		`{"label":"x"}`: 201,
	} {
		a := w.call("POST", "/v1/connections/"+c.ID+"/tokens", w.key, body)
		if a.status != status || status == 422 && !strings.Contains(a.text, `"/expires_at"`) {
			t.Errorf("%s: %s", body, a.text)
		}
	}
}

// TestTagsAreCountedOnce holds the document to the number that the service takes.
func TestTagsAreCountedOnce(t *testing.T) {
	w := newWorld(t)
	c, _ := w.connect("A")
	tags := func(n int) string { return `{"tags":["` + strings.Join(numbered(n), `","`) + `"]}` }
	w.want(w.call("PATCH", "/v1/connections/"+c.ID, w.key, tags(20)), 200, "")
	a := w.want(w.call("PATCH", "/v1/connections/"+c.ID, w.key, tags(21)), 422, "validation-failed")
	if !strings.Contains(a.text, "array length \\u003c= 20") {
		t.Errorf("the document takes more than the service: %s", a.text)
	}
}
