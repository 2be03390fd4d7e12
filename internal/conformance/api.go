package conformance

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// object is a JSON object of the API.
type object map[string]any

// at gives what a path of members leads to.
func (o object) at(path ...string) any {
	var v any = map[string]any(o)
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

// text gives a member that is a text, "" for anything else.
func (o object) text(path ...string) string {
	t, _ := o.at(path...).(string)
	return t
}

// list gives a member that is a list of objects.
func (o object) list(name string) (out []object) {
	all, _ := o[name].([]any)
	for _, v := range all {
		if m, ok := v.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// reply is an answer of the API.
type reply struct {
	status int
	header http.Header
	body   object
	raw    []byte
}

// problem says in a few words what the API refused.
func (r reply) problem() string {
	text := strings.Join(strings.Fields(string(r.raw)), " ")
	if d := r.body.text("detail"); d != "" {
		text = r.body.text("code") + ": " + d
		for _, e := range r.body.list("errors") {
			text += " " + e.text("pointer") + ": " + e.text("detail")
		}
		if said := r.body.text("upstream", "message"); said != "" {
			text += " The system says: " + said
		}
	}
	return clip(text)
}

func clip(text string) string {
	if len(text) > 400 {
		return text[:400] + "…"
	}
	return text
}

// writer takes an answer in memory.
type writer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (w *writer) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *writer) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

// Write implements http.ResponseWriter.
func (w *writer) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// ask calls the API.
func (b *bench) ask(bearer, method, path string, body any, headers ...string) reply {
	var text io.Reader = http.NoBody
	if body != nil {
		encoded, err := json.Marshal(body)
		must(err)
		text = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(b.ctx, method, "http://busbar.internal"+path, text)
	must(err)
	req.RemoteAddr, req.RequestURI = "127.0.0.1:1", req.URL.RequestURI()
	req.Header.Set("Authorization", "Bearer "+bearer)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	w := &writer{header: http.Header{}}
	b.app.Handler.ServeHTTP(w, req)
	r := reply{status: orOK(w.status), header: w.header, raw: w.body.Bytes()}
	if len(r.raw) > 0 {
		d := json.NewDecoder(bytes.NewReader(r.raw))
		d.UseNumber()
		_ = d.Decode(&r.body)
	}
	return r
}

// call is ask that must succeed.
func (b *bench) call(bearer, method, path string, body any, headers ...string) object {
	r := b.ask(bearer, method, path, body, headers...)
	if r.status >= 300 {
		stopf("%s %s answers %d: %s", method, path, r.status, r.problem())
	}
	return r.body
}

// pages follows a list to its end.
func (b *bench) list(path string, query url.Values) (all []object) {
	if query == nil {
		query = url.Values{}
	}
	query.Set("limit", "500")
	for {
		r := b.call(b.token, "GET", path+"?"+query.Encode(), nil)
		all = append(all, r.list("data")...)
		next := r.text("next_cursor")
		if next == "" {
			return all
		}
		query.Set("cursor", next)
	}
}

// connect makes the connection of a login; the first runs are queued.
func (b *bench) connect(credentials map[string]string, entities []string) reply {
	body := map[string]any{"system": b.System, "history": "all", "schedule": "manual", "entities": entities, "credentials": credentials}
	if b.AuthMethod != "" {
		body["auth_method"] = b.AuthMethod
	}
	r := b.ask(b.key, "POST", "/v1/connections", body)
	if r.status == http.StatusCreated {
		b.id, b.token = r.body.text("connection", "id"), r.body.text("token", "token")
	}
	return r
}

// begin connects and lets the first sync come to its end.
func (b *bench) begin(entities []string) {
	if r := b.connect(b.login(), entities); r.status != http.StatusCreated {
		stopf("the connection is refused: %s", r.problem())
	}
	b.settle()
}

// request asks for a sync.
func (b *bench) request(mode string, entities []string) {
	b.call(b.token, "POST", "/v1/syncs", map[string]any{"entities": entities, "mode": mode})
}

// sync asks for one and lets it come to its end.
func (b *bench) sync(mode string, entities []string) map[string]object {
	b.request(mode, entities)
	return b.settle()
}

// runs gives the newest run of each entity.
func (b *bench) runs() map[string]object {
	newest := map[string]object{}
	for _, r := range b.list("/v1/sync-runs", nil) {
		if name := r.text("entity"); newest[name] == nil {
			newest[name] = r
		}
	}
	return newest
}

// patience is how often a run that waits is helped on.
const patience = 12

// settle works until no run is queued or running any more, and gives the newest of each entity. It puts the clock forward to when runs are tried again.
func (b *bench) settle() map[string]object {
	for range patience {
		b.step()
		waiting := false
		for _, r := range b.runs() {
			waiting = waiting || r.text("state") == "queued" || r.text("state") == "running"
		}
		if !waiting {
			break
		}
		b.Clock.Forward(b.untilRetry())
	}
	return b.runs()
}

// untilRetry is the time until the first run is tried again.
func (b *bench) untilRetry() time.Duration {
	wait := time.Minute
	for _, r := range b.runs() {
		if at, err := time.Parse(time.RFC3339Nano, r.text("retry_at")); err == nil {
			wait = min(wait, max(at.Sub(b.Clock.Now()), 0)+time.Second)
		}
	}
	return wait
}

// ended says how a run ended, "" when it is complete.
func ended(r object) string {
	if r.text("state") == "complete" {
		return ""
	}
	if r == nil {
		return "there is no run"
	}
	return "the run is " + r.text("state") + ": " + r.text("error", "code") + ": " + r.text("error", "detail")
}

// incomplete says of each entity that is not complete why.
func incomplete(runs map[string]object, entities []string) (out []string) {
	for _, e := range entities {
		if why := ended(runs[e]); why != "" {
			out = append(out, e+": "+why)
		}
	}
	return out
}
