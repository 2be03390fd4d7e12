package cmms_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/sim/cmms"
)

// call asks SimCMMS and gives the status, the item or list that it answers, and the code of its error.
func call(t *testing.T, s *cmms.Server, method, path, body string, headers ...string) (status int, answer map[string]any, code string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL()+"/cmms/v2/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", cmms.DefaultKey)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &answer); err != nil {
			t.Fatalf("%s %s: %v in %s", method, path, err, text)
		}
	}
	if errors, ok := answer["errors"].([]any); ok {
		code = errors[0].(map[string]any)["code"].(string)
	}
	if item, ok := answer["item"].(map[string]any); ok {
		answer = item
	}
	return resp.StatusCode, answer, code
}

// step is one request and what must come of it.
type step struct {
	what, method, path, body string
	status                   int
	code                     string
}

func follow(t *testing.T, s *cmms.Server, steps []step) {
	t.Helper()
	for _, p := range steps {
		if status, answer, code := call(t, s, p.method, p.path, p.body); status != p.status || code != p.code {
			t.Errorf("%s: %d %s, want %d %s: %v", p.what, status, code, p.status, p.code, answer)
		}
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	s := start(t, cmms.Options{Counts: few()})
	follow(t, s, []step{
		{"an order", "POST", "work-orders", `{"title":"Mend it","equipment":{"id":1}}`, 201, ""}, // 61
		{"no title", "POST", "work-orders", `{"equipment":{"id":1}}`, 422, "REQUIRED"},
		{"an unknown member", "POST", "work-orders", `{"title":"x","colour":"red"}`, 422, "UNKNOWN_FIELD"},
		{"an unknown reference", "POST", "work-orders", `{"title":"x","equipment":{"id":999}}`, 422, "UNKNOWN_REFERENCE"},
		{"a member of the system's", "POST", "work-orders", `{"title":"x","state":"DONE"}`, 422, "READ_ONLY"},
		{"a number as text", "POST", "work-orders", `{"title":"x","estimateMinutes":"30"}`, 422, "INVALID_VALUE"},
		{"no JSON", "POST", "work-orders", `{"title":`, 400, "BAD_BODY"},
		{"a leap", "POST", "work-orders/61/transitions", `{"to":"CLOSED"}`, 422, "BAD_TRANSITION"},
		{"a start", "POST", "work-orders/61/transitions", `{"to":"IN_PROGRESS","version":1}`, 200, ""},
		{"an old version", "PATCH", "work-orders/61", `{"title":"y","version":1}`, 409, "STALE_VERSION"},
		{"the version there is", "PATCH", "work-orders/61", `{"title":"y","version":2}`, 200, ""},
		{"more than lies there", "PATCH", "work-orders/61", `{"parts":[{"part":{"id":1},"used":1000,"store":{"id":2}}]}`, 422, "STOCK_BELOW_ZERO"},
		{"from nowhere", "PATCH", "work-orders/61", `{"parts":[{"part":{"id":1},"used":1}]}`, 422, "NOT_IN_STOCK"},
		{"another unit", "PATCH", "work-orders/61", `{"parts":[{"part":{"id":1},"used":1,"unit":"kg","store":{"id":2}}]}`, 422, "UNIT_MISMATCH"},
		{"what lies there", "PATCH", "work-orders/61", `{"parts":[{"part":{"id":1},"used":1,"store":{"id":2}}],"labour":[{"person":{"id":3},"hours":1.5}]}`, 200, ""},
		{"a line of another's", "PATCH", "work-orders/61", `{"tasks":[{"id":1,"text":"x"}]}`, 422, "UNKNOWN_REFERENCE"},
		{"its end", "POST", "work-orders/61/transitions", `{"to":"DONE"}`, 200, ""},
		{"closing", "POST", "work-orders/61/transitions", `{"to":"CLOSED"}`, 200, ""},
		{"a change of what is closed", "PATCH", "work-orders/61", `{"report":"late"}`, 422, "SETTLED"},
		{"opening it again", "POST", "work-orders/61/transitions", `{"to":"IN_PROGRESS"}`, 422, "BAD_TRANSITION"},
		{"deleting it", "DELETE", "work-orders/61", "", 422, "SETTLED"},
		{"a tag that there is", "POST", "equipment", `{"tag":"N-1","name":"x","site":{"id":1}}`, 201, ""}, // 21
		{"a tag twice", "POST", "equipment", `{"tag":"N-1","name":"y","site":{"id":1}}`, 409, "DUPLICATE"},
		{"a part of itself", "PATCH", "equipment/21", `{"parent":{"id":21}}`, 422, "HIERARCHY_LOOP"},
		{"what others name", "DELETE", "equipment/1", "", 422, "IN_USE"},
		{"what nobody names", "DELETE", "equipment/21", "", 204, ""},
		{"what is gone", "DELETE", "equipment/21", "", 404, "NOT_FOUND"},
		{"a request", "POST", "requests", `{"title":"Noise","equipment":{"id":1}}`, 201, ""}, // 21
		{"too early", "POST", "requests/21/transitions", `{"to":"CONVERTED"}`, 422, "BAD_TRANSITION"},
		{"approval", "POST", "requests/21/transitions", `{"to":"APPROVED"}`, 200, ""},
		{"conversion", "POST", "requests/21/transitions", `{"to":"CONVERTED"}`, 200, ""},
		{"conversion again", "POST", "requests/21/transitions", `{"to":"CONVERTED"}`, 422, "ALREADY_CONVERTED"},
		{"stock below zero", "PATCH", "stock/1", `{"onHand":-1}`, 422, "STOCK_BELOW_ZERO"},
		{"a count", "PATCH", "stock/1", `{"onHand":7}`, 200, ""},
		{"the same place twice", "POST", "stock", `{"part":{"id":1},"place":{"id":2}}`, 409, "DUPLICATE"},
		{"a meter", "POST", "meters", `{"equipment":{"id":1},"name":"Strokes"}`, 201, ""},
		{"an unknown filter", "GET", "work-orders?colour=red", "", 400, "BAD_PARAMETER"},
		{"too many", "GET", "work-orders?limit=201", "", 400, "BAD_PARAMETER"},
		{"a filter twice", "GET", "work-orders?limit=2&limit=3", "", 400, "BAD_PARAMETER"},
	})
	_, order, _ := call(t, s, "GET", "work-orders/61", "")
	cost := order["cost"].(map[string]any)
	if cost["labour"] != 72.0 || order["spentMinutes"] == nil || order["number"] != "WO-000061" {
		t.Errorf("%v", order)
	}
	_, request, _ := call(t, s, "GET", "requests/21", "")
	if request["workOrder"].(map[string]any)["id"] != 62.0 {
		t.Errorf("%v", request)
	}
}

func TestReadingsOnlyGrow(t *testing.T) {
	t.Parallel()
	s := start(t, cmms.Options{Counts: few()})
	_, meter, _ := call(t, s, "POST", "meters", `{"equipment":{"id":1},"name":"Strokes","unit":"1"}`)
	id := string(mustJSON(t, meter["id"]))
	reading := func(value, more string) string { return `{"meter":{"id":` + id + `},"value":` + value + more + `}` }
	follow(t, s, []step{
		{"the first", "POST", "readings", reading("100", `,"readAt":"2026-11-19T10:00:00"`), 201, ""},
		{"a larger one", "POST", "readings", reading("150.5", `,"readAt":"2026-11-19T12:00:00"`), 201, ""},
		{"a smaller one", "POST", "readings", reading("149", `,"readAt":"2026-11-19T13:00:00"`), 422, "READING_FALLS"},
		{"one between", "POST", "readings", reading("120", `,"readAt":"2026-11-19T11:00:00"`), 201, ""},
		{"one too large between", "POST", "readings", reading("160", `,"readAt":"2026-11-19T11:30:00"`), 422, "READING_FALLS"},
		{"a reset", "POST", "readings", reading("3", `,"readAt":"2026-11-19T14:00:00","reset":true`), 201, ""},
		{"growth behind it", "POST", "readings", reading("5", `,"readAt":"2026-11-19T15:00:00"`), 201, ""},
		{"no meter", "POST", "readings", `{"value":1}`, 422, "REQUIRED"},
		{"deletion", "DELETE", "readings/1", "", 405, "NOT_ALLOWED"},
	})
	_, meter, _ = call(t, s, "GET", "meters/"+id, "")
	if last := meter["last"].(map[string]any); last["value"] != 5.0 || last["readAt"] != "2026-11-19T15:00:00.000" {
		t.Errorf("%v", meter)
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// A key is good for one record, also behind a restart; what a crash cut off was never answered.
func TestChangesSurviveARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, cmms.Options{Counts: few(), Dir: dir})
	_, meter, _ := call(t, s, "POST", "meters", `{"equipment":{"id":1},"name":"Strokes"}`)
	body := `{"meter":{"id":` + string(mustJSON(t, meter["id"])) + `},"value":10}`
	_, first, _ := call(t, s, "POST", "readings", body, "Idempotency-Key", "k1")
	_, order, _ := call(t, s, "POST", "work-orders", `{"title":"Lasts","tasks":[{"text":"one"}],"externalId":"bb-7"}`)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "journal.jsonl"), os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = f.WriteString(`[{"table":"work-orders","id":"1"`); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()

	s = start(t, cmms.Options{Dir: dir, Base: base.AddDate(1, 0, 0), Seed: 9})
	if _, again, _ := call(t, s, "POST", "readings", body, "Idempotency-Key", "k1"); string(mustJSON(t, again)) != string(mustJSON(t, first)) {
		t.Errorf("%v, want %v", again, first)
	}
	if status, _, code := call(t, s, "POST", "readings", strings.Replace(body, "10", "11", 1), "Idempotency-Key", "k1"); status != 422 || code != "KEY_REUSED" {
		t.Errorf("%d %s", status, code)
	}
	_, list, _ := call(t, s, "GET", "work-orders?externalId=bb-7", "")
	if items := list["items"].([]any); len(items) != 1 || string(mustJSON(t, items[0])) != string(mustJSON(t, order)) {
		t.Errorf("%v, want %v", list, order)
	}
	if _, next, _ := call(t, s, "POST", "work-orders", `{"title":"Next"}`); next["id"] != order["id"].(float64)+1 {
		t.Errorf("%v", next)
	}
}
