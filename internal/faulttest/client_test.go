package faulttest

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"time"
)

type fsys = fs.FS

// object is a JSON object of the API.
type object map[string]json.RawMessage

// get gives a member as text, "" when it is null or missing.
func (o object) get(path ...string) string {
	raw := o[path[0]]
	if len(path) > 1 {
		var inner object
		_ = json.Unmarshal(raw, &inner)
		return inner.get(path[1:]...)
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return string(raw)
	}
	return text
}

func (o object) list(name string) (list []object) {
	_ = json.Unmarshal(o[name], &list)
	return list
}

// ask calls Busbar's API.
func (w *world) ask(bearer, method, path string, body any) (int, object) {
	w.Helper()
	text, err := json.Marshal(body)
	w.check(err)
	req, err := http.NewRequestWithContext(w.Context(), method, w.web.URL+path, bytes.NewReader(text))
	w.check(err)
	req.Header.Set("Authorization", "Bearer "+bearer)
	req.Header.Set("Content-Type", "application/json")
	resp, err := w.web.Client().Do(req)
	w.check(err)
	defer resp.Body.Close()
	text, err = io.ReadAll(resp.Body)
	w.check(err)
	var answer object
	if err := json.Unmarshal(text, &answer); err != nil {
		w.Fatalf("%s %s: %d %.300s", method, path, resp.StatusCode, text)
	}
	return resp.StatusCode, answer
}

func (w *world) call(bearer, method, path string, body any, want int) object {
	w.Helper()
	status, answer := w.ask(bearer, method, path, body)
	if status != want {
		w.Fatalf("%s %s: %d, want %d: %s", method, path, status, want, answer)
	}
	return answer
}

// pages follows a list to its end.
func (w *world) pages(path string, query url.Values) (all []object) {
	w.Helper()
	query.Set("limit", "500")
	for {
		answer := w.call(w.token, "GET", path+"?"+query.Encode(), nil, http.StatusOK)
		all = append(all, answer.list("data")...)
		next := answer.get("next_cursor")
		if next == "" || next == "null" {
			return all
		}
		query.Set("cursor", next)
	}
}

// sync asks for a run, lets it go as far as it goes now, and gives it.
func (w *world) sync(mode string) object {
	w.Helper()
	return w.run(w.request(mode))
}

// request asks for a run, lets Busbar work, and gives the run's id.
func (w *world) request(mode string) string {
	w.Helper()
	answer := w.call(w.token, "POST", "/v1/syncs", map[string]any{"entities": []string{"vendors"}, "mode": mode}, http.StatusAccepted)
	w.step()
	return answer.list("data")[0].get("id")
}

func (w *world) run(id string) object {
	w.Helper()
	return w.call(w.token, "GET", "/v1/sync-runs/"+id, nil, http.StatusOK)
}

func (w *world) lastRun() object {
	w.Helper()
	runs := w.call(w.token, "GET", "/v1/sync-runs?entity=vendors", nil, http.StatusOK).list("data")
	if len(runs) == 0 {
		w.Fatal("there is no run")
	}
	return runs[0]
}

// retry lets the time of a queued run's next attempt come, and gives the run after it.
func (w *world) retry(run object) object {
	w.Helper()
	at, err := time.Parse(time.RFC3339Nano, run.get("retry_at"))
	if err != nil {
		w.Fatalf("the run is not queued for a retry: %s", run)
	}
	w.clock.add(max(at.Sub(w.clock.Now()), 0) + time.Second)
	w.step()
	return w.run(run.get("id"))
}

// ends fails the test unless the run is in that state for that reason.
func (w *world) ends(run object, state, reason string) {
	w.Helper()
	if run.get("state") != state || run.get("error", "code") != reason {
		w.Fatalf("the run is %s (%s); want %s (%s)", run.get("state"), run["error"], state, reason)
	}
}

// stream is the state of the vendors' sync.
func (w *world) stream() object {
	w.Helper()
	for _, s := range w.call(w.token, "GET", "/v1/syncs", nil, http.StatusOK).list("data") {
		if s.get("entity") == "vendors" {
			return s
		}
	}
	w.Fatal("vendors are not synced")
	return nil
}

// connection is the state of the connection, and why.
func (w *world) connection() string {
	w.Helper()
	return w.call(w.token, "GET", "/v1/connection", nil, http.StatusOK).get("status")
}
