package odoorpc_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// nineteen behaves as Odoo's documentation says of JSON-2: named arguments alone, bare results, errors by their HTTP status. It keeps one model, res.partner.
type nineteen struct {
	*httptest.Server
	t testing.TB

	mu      sync.Mutex
	records map[int]map[string]any
	next    int
	key     string
	calls   []string // model/method
	fault   http.HandlerFunc
}

// arguments are the names that each method takes.
func arguments() map[string][]string {
	return map[string][]string{
		"context_get": {}, "fields_get": {"allfields", "attributes"}, "search_read": {"domain", "fields", "offset", "limit", "order"}, "search_count": {"domain", "limit"},
		"read": {"ids", "fields", "load"}, "create": {"vals_list"}, "write": {"ids", "vals"}, "unlink": {"ids"}, "has_access": {"ids", "operation"}, "action_nothing": {"ids"},
		"onchange": {"ids", "values", "field_names", "fields_spec"},
	}
}

func startNineteen(t testing.TB, partners int) *nineteen {
	s := &nineteen{t: t, records: map[int]map[string]any{}, key: "key-of-19"}
	for range partners {
		s.add(map[string]any{"name": "Vendor", "ref": false})
	}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *nineteen) add(values map[string]any) int {
	s.next++
	record := map[string]any{"id": s.next, "write_date": "2026-11-02 07:30:00", "ref": false, "active": true, "country_id": false, "message_ids": []int{}}
	for k, v := range values {
		record[k] = v
	}
	s.records[s.next] = record
	return s.next
}

func (s *nineteen) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.URL.Path == "/jsonrpc":
		s.version(w, r)
		return
	case r.Method != http.MethodPost || !strings.HasPrefix(r.URL.Path, "/json/2/"):
		w.WriteHeader(http.StatusNotFound)
		return
	case r.Header.Get("Authorization") != "bearer "+s.key:
		s.no(w, http.StatusUnauthorized, "werkzeug.exceptions.Unauthorized", "Invalid apikey")
		return
	case r.Header.Get("X-Odoo-Database") != "d":
		w.WriteHeader(http.StatusNotFound)
		return
	}
	model, method, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/json/2/"), "/")
	s.calls = append(s.calls, model+"/"+method)
	var body map[string]json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		body = nil // an array is taken for no arguments
	}
	if s.fault != nil && (method == "create" || method == "action_nothing") {
		s.fault(w, r)
		return
	}
	s.answer(w, model, method, body)
}

func (s *nineteen) version(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if !strings.Contains(string(body), `"version"`) {
		s.t.Errorf("JSON-RPC is called beside JSON-2: %s", body)
	}
	_, _ = io.WriteString(w, `{"jsonrpc":"2.0","id":1,"result":{"server_version":"19.0","server_version_info":[19,0,0,"final",0,""],"protocol_version":1}}`)
}

func (s *nineteen) no(w http.ResponseWriter, status int, name, message string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"name": name, "message": message, "arguments": []string{message}, "context": map[string]any{}, "debug": "Traceback secret"})
}

func (s *nineteen) answer(w http.ResponseWriter, model, method string, body map[string]json.RawMessage) {
	takes, ok := arguments()[method]
	if !ok || model != "res.partner" && model != "res.users" {
		s.no(w, http.StatusNotFound, "werkzeug.exceptions.NotFound", "the model or method does not exist")
		return
	}
	for name := range body {
		if name != "context" && !slices.Contains(takes, name) {
			s.no(w, http.StatusUnprocessableEntity, "werkzeug.exceptions.UnprocessableEntity", "got an unexpected keyword argument "+name)
			return
		}
	}
	if result, ok := s.do(w, method, body); ok {
		_ = json.NewEncoder(w).Encode(result)
	}
}

func (s *nineteen) do(w http.ResponseWriter, method string, body map[string]json.RawMessage) (any, bool) {
	var ids []int
	var fields []string
	_ = json.Unmarshal(body["ids"], &ids)
	_ = json.Unmarshal(body["fields"], &fields)
	switch method {
	case "context_get":
		return map[string]any{"lang": "en_US", "uid": 7}, true
	case "has_access":
		return true, true
	case "onchange":
		return map[string]any{"value": map[string]any{"ref": "by the form", "country_id": map[string]any{"id": 5, "display_name": "Austria"}, "name": "not asked for"}}, true
	case "fields_get":
		return map[string]any{"id": map[string]string{"type": "integer"}, "name": map[string]string{"type": "char"}, "ref": map[string]string{"type": "char"}, "country_id": map[string]string{"type": "many2one", "relation": "res.country"}, "write_date": map[string]string{"type": "datetime"},
			"active": map[string]string{"type": "boolean"}}, true
	case "search_count":
		return len(s.matching(body)), true
	case "search_read":
		return s.rows(s.matching(body), fields, body["limit"]), true
	case "read":
		return []map[string]any{{"id": 7, "login": "busbar", "company_id": []any{1, "Alpen Papier"}}}, true
	}
	return s.change(w, method, ids, body)
}

func (s *nineteen) change(w http.ResponseWriter, method string, ids []int, body map[string]json.RawMessage) (any, bool) {
	for _, id := range ids {
		if s.records[id] == nil {
			s.no(w, http.StatusNotFound, "odoo.exceptions.MissingError", "Record does not exist or has been deleted.")
			return nil, false
		}
	}
	switch method {
	case "create":
		var list []map[string]any
		_ = json.Unmarshal(body["vals_list"], &list)
		made := []int{}
		for _, values := range list {
			made = append(made, s.add(values))
		}
		return made, true
	case "write":
		var values map[string]any
		_ = json.Unmarshal(body["vals"], &values)
		for _, id := range ids {
			for k, v := range values {
				s.records[id][k] = v
			}
		}
		return true, true
	case "unlink":
		for _, id := range ids {
			delete(s.records, id)
		}
		return true, true
	}
	return nil, true // null
}

// matching gives the ids of a domain, of which it knows [id, =, n] and [id, >, n].
func (s *nineteen) matching(body map[string]json.RawMessage) (ids []int) {
	var domain []any
	_ = json.Unmarshal(body["domain"], &domain)
	for id := range s.records {
		fits := true
		for _, term := range domain {
			leaf, ok := term.([]any)
			if !ok || leaf[0] != "id" {
				continue
			}
			n := int(leaf[2].(float64))
			fits = fits && (leaf[1] == ">" && id > n || leaf[1] == "=" && id == n)
		}
		if fits {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (s *nineteen) rows(ids []int, fields []string, limit json.RawMessage) []map[string]any {
	most := len(ids)
	_ = json.Unmarshal(limit, &most)
	rows := []map[string]any{}
	for _, id := range ids[:min(most, len(ids))] {
		row := map[string]any{"id": id}
		for _, f := range fields {
			row[f] = s.records[id][f]
		}
		rows = append(rows, row)
	}
	return rows
}

func nineteenLogin(s *nineteen) map[string]string {
	return map[string]string{"url": s.URL, "database": "d", "username": "busbar", "api_key": s.key}
}

func simplePartners(t testing.TB) *manifest.Entity {
	e := entity(t, "vendors", `{model: res.partner, fields: [name, ref, "mobile?", active, write_date]}`)
	e.Operations = map[manifest.Op]manifest.Operation{manifest.Create: {}, manifest.Update: {}, manifest.Delete: {How: manifest.HowDelete}}
	return e
}

func TestJSON2Reads(t *testing.T) {
	t.Parallel()
	s := startNineteen(t, 30)
	e := simplePartners(t)
	c := open(t, nineteenLogin(s), e)
	p, err := c.Probe(t.Context())
	if err != nil || p.Version != "19.0" || p.Account != "busbar at Alpen Papier" {
		t.Fatalf("%+v, %v", p, err)
	}
	records, pages := drain(t, c, driver.Request{Entity: e, Limit: 7})
	if len(records) != 30 || pages[0].Total != 30 || pages[0].HighWater.IsZero() || records[1]["write_date"] != "2026-11-02T07:30:00Z" {
		t.Errorf("%d records, %+v, %v", len(records), pages[0], records[1])
	}
	for field, kind := range map[string]driver.Kind{"api_key": driver.Credentials, "database": driver.NotSystem} {
		login := nineteenLogin(s)
		login[field] = "other"
		if _, err := open(t, login, e).Probe(t.Context()); driver.KindOf(err) != kind {
			t.Errorf("another %s: %v, want %s", field, err, kind)
		}
	}
	for _, read := range []string{`{model: res.nope, fields: [name]}`, `{model: res.partner, fields: [name, nope]}`} {
		e := entity(t, "x", read)
		if _, err := open(t, nineteenLogin(s), e).Fetch(t.Context(), driver.Request{Entity: e}); driver.KindOf(err) != driver.Invalid {
			t.Errorf("%s: %v", read, err)
		}
	}
}

func TestJSON2Writes(t *testing.T) {
	t.Parallel()
	s := startNineteen(t, 3)
	e := simplePartners(t)
	e.Moves = &manifest.Moves{Rows: []manifest.Move{{To: "x", Send: entity(t, "move", `{call: action_nothing}`).Read}}}
	w := open(t, nineteenLogin(s), e).(driver.Writer) //nolint:errcheck // the contract
	ctx := egress.AsWrite(t.Context(), egress.Sending{})
	made, err := w.Write(ctx, driver.Command{Entity: e, Op: manifest.Create, Body: []byte(`{"name":"New","ref":null}`)})
	if err != nil || made.RemoteID != "4" || s.records[4]["ref"] != false {
		t.Fatalf("%+v, %v, %v", made, err, s.records[4])
	}
	for _, c := range []driver.Command{
		{Entity: e, Op: manifest.Update, RemoteID: "4", Body: []byte(`{"name":"Newer"}`)},
		{Entity: e, Op: manifest.Update, RemoteID: "4", Move: &e.Moves.Rows[0]}, // its method gives nothing: null
		{Entity: e, Op: manifest.Delete, RemoteID: "4"},
	} {
		if _, err := w.Write(ctx, c); err != nil {
			t.Errorf("%s: %v", c.Op, err)
		}
	}
	if _, err := w.Write(ctx, driver.Command{Entity: e, Op: manifest.Delete, RemoteID: "4"}); driver.FateOf(err) != driver.Missing {
		t.Errorf("deleted twice: %v", err)
	}
	if s.records[4] != nil || slices.Contains(s.calls, "res.partner/execute_kw") {
		t.Error(s.calls)
	}
}

// A form of version 17 and later is told by a specification which fields it has; what this Odoo lacks is not asked for.
func TestJSON2Form(t *testing.T) {
	t.Parallel()
	s := startNineteen(t, 0)
	e := simplePartners(t)
	e.Operations[manifest.Create] = manifest.Operation{Send: entity(t, "send", `{form: {on: [name], take: [ref, country_id, nope]}}`).Read}
	w := open(t, nineteenLogin(s), e).(driver.Writer) //nolint:errcheck // the contract
	ctx := egress.AsWrite(t.Context(), egress.Sending{})
	for _, body := range []string{`{"name":"New"}`, `{"name":"New","ref":"given"}`, `{"ref":"alone"}`} {
		if _, err := w.Write(ctx, driver.Command{Entity: e, Op: manifest.Create, Body: []byte(body)}); err != nil {
			t.Fatal(err)
		}
	}
	for id, want := range map[int]string{1: "by the form 5 New", 2: "given 5 New", 3: "alone false <nil>"} {
		if got := fmt.Sprint(s.records[id]["ref"], " ", s.records[id]["country_id"], " ", s.records[id]["name"]); got != want {
			t.Errorf("record %d: %s, want %s", id, got, want)
		}
	}
}

// What an answer to a write proves, whatever its status.
func TestJSON2Fates(t *testing.T) {
	t.Parallel()
	s := startNineteen(t, 0)
	e := simplePartners(t)
	w := open(t, nineteenLogin(s), e).(driver.Writer) //nolint:errcheck // the contract
	ctx := egress.AsWrite(t.Context(), egress.Sending{})
	says := func(status int, name, message string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { s.no(w, status, name, message) }
	}
	plain := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); _, _ = io.WriteString(w, body) }
	}
	for name, test := range map[string]struct {
		fault http.HandlerFunc
		want  driver.Fate
	}{
		"user error":          {says(422, "odoo.exceptions.UserError", "no"), driver.Refused},
		"validation":          {says(422, "odoo.exceptions.ValidationError", "no"), driver.Refused},
		"unknown field":       {says(500, "builtins.ValueError", "Invalid field 'nope' on model 'res.partner'"), driver.Refused},
		"private method":      {says(403, "odoo.exceptions.AccessError", "Private methods cannot be called remotely."), driver.Refused},
		"no such method":      {says(404, "werkzeug.exceptions.NotFound", "the method does not exist"), driver.Refused},
		"bad key":             {says(401, "werkzeug.exceptions.Unauthorized", "Invalid apikey"), driver.NotSent},
		"failure of its own":  {says(500, "builtins.TypeError", "not serializable: secret"), driver.Unknown},
		"of the database":     {says(500, "psycopg2.OperationalError", "server closed the connection"), driver.Unknown},
		"proxy forbids":       {plain(403, "<html>"), driver.Unknown},
		"proxy fails":         {plain(502, "<html>"), driver.Unknown},
		"not found by proxy":  {plain(404, "<html>"), driver.Unknown},
		"too many":            {plain(429, ""), driver.NotSent},
		"unreadable":          {plain(400, ""), driver.Refused},
		"page":                {plain(200, "<html>please log in</html>"), driver.Unknown},
		"torn":                {plain(200, `[4`), driver.Unknown},
		"nothing":             {plain(200, ``), driver.Unknown},
		"no id":               {plain(200, `[]`), driver.Unknown},
		"more ids than asked": {plain(200, `[4,5]`), driver.Unknown},
	} {
		s.mu.Lock()
		s.fault = test.fault
		s.mu.Unlock()
		_, err := w.Write(ctx, driver.Command{Entity: e, Op: manifest.Create, Body: []byte(`{"name":"New"}`)})
		if driver.FateOf(err) != test.want {
			t.Errorf("%s: %v is %s, want %s", name, err, driver.FateOf(err), test.want)
		}
		if text := fmt.Sprint(err); strings.Contains(text, "Traceback") || strings.Contains(text, s.key) {
			t.Errorf("%s: %s", name, text)
		}
	}
}
