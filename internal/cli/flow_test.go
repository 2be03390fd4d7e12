package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const aDocument = "flow: order\nsteps:\n  - id: a\n    transform: {n: 1}\n"

// inFile writes a document to a file of the test's own.
func inFile(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// flowAsked is what a server was asked last.
type flowAsked struct {
	method, path, query, match string
	body                       map[string]any
}

// recording answers each path with a text, and keeps what it is asked.
func recording(t *testing.T, answers map[string]string) (url string, last *flowAsked) {
	t.Helper()
	last = &flowAsked{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*last = flowAsked{method: r.Method, path: r.URL.Path, query: r.URL.RawQuery, match: r.Header.Get("If-Match")}
		text, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(text, &last.body)
		answer, ok := answers[r.Method+" "+strings.TrimPrefix(r.URL.Path, "/v1")]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		if refusal, is := strings.CutPrefix(answer, "422 "); is {
			w.WriteHeader(http.StatusUnprocessableEntity)
			answer = refusal
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, last
}

// A new document has no mistakes, and overwrites nothing.
func TestFlowNew(t *testing.T) {
	examples := os.DirFS(must(filepath.Abs("../../examples/flows")))
	t.Chdir(t.TempDir())
	if out, errs, code := busbar(t.Context(), "flow", "new", "nightly-export"); code != ExitOK || !strings.Contains(out, "busbar flow check nightly-export.yaml") {
		t.Errorf("exit code %d, printed %q, said %q", code, out, errs)
	}
	if out, _, code := busbar(t.Context(), "flow", "check", "nightly-export.yaml"); code != ExitOK || out != "nightly-export: ok\n" {
		t.Errorf("exit code %d, printed %q", code, out)
	}
	if _, errs, code := busbar(t.Context(), "flow", "new", "nightly-export"); code != ExitFailed || !strings.Contains(errs, "already") {
		t.Errorf("exit code %d, said %q", code, errs)
	}
	var out, errs bytes.Buffer
	p := Programs{Flows: examples}
	for args, want := range map[string]int{"export --template nightly-export": ExitOK, "receipt --template goods-receipt-to-stock": ExitOK, "other --template none": ExitUsage} {
		if code := Main(t.Context(), append([]string{"flow", "new"}, strings.Fields(args)...), streamsTo(&out, &errs), p); code != want {
			t.Errorf("%s: exit code %d, said %q", args, code, errs.String())
		}
	}
	if !strings.Contains(out.String(), "busbar flow apply receipt.yaml --connection-of erp=CONNECTION --connection-of cmms=CONNECTION --parameter storeroom=VALUE\n") {
		t.Errorf("printed %q", out.String())
	}
	if text := string(must(os.ReadFile("receipt.yaml"))); !strings.HasPrefix(text, "# docs/flows/language.md ") {
		t.Errorf("wrote %q", text)
	}
	if out, _, code := busbar(t.Context(), "flow", "check", "export.yaml"); code != ExitOK || out != "export: ok\n" {
		t.Errorf("exit code %d, printed %q", code, out)
	}
	if !strings.Contains(errs.String(), "write one of goods-receipt-to-stock, ") {
		t.Errorf("said %q", errs.String())
	}
	if _, _, code := busbar(t.Context(), "flow", "new", "Nightly"); code != ExitUsage {
		t.Errorf("exit code %d", code)
	}
}

// Documents are checked without a server; each problem has its place and its mend.
func TestFlowCheck(t *testing.T) {
	t.Parallel()
	good, bad := inFile(t, "order.yaml", aDocument), inFile(t, "bad.yaml", "flow: order\nsteps:\n  - id: a\n    transfrom: {n: 1}\n")
	if out, errs, code := busbar(t.Context(), "flow", "check", good); code != ExitOK || out != "order: ok\n" {
		t.Errorf("exit code %d, printed %q, said %q", code, out, errs)
	}
	out, errs, code := busbar(t.Context(), "flow", "check", bad, good)
	if code != ExitFailed || !strings.Contains(out, bad+":4:5: ") || !strings.Contains(out, "transform") || !strings.Contains(out, "order: ok\n") || !strings.Contains(errs, "problems") {
		t.Errorf("exit code %d, printed %q, said %q", code, out, errs)
	}
	if _, errs, code := busbar(t.Context(), "flow", "check", "/no/such/file"); code != ExitUsage || !strings.Contains(errs, "/no/such/file") {
		t.Errorf("exit code %d, said %q", code, errs)
	}
}

func TestFlowApply(t *testing.T) {
	t.Parallel()
	url, last := recording(t, map[string]string{
		"PUT /flows/other":   `{"name":"other","version":2,"changed":true,"trigger":{"kind":"webhook"},"connections":{"erp":"c1"},"secrets":["token"],"webhook":{"path":"/hooks/bb_hok_x","secret":"whsec_x"}}`,
		"GET /connections":   `{"data":[{"id":"0190b5a4-9a11-7c44-b0f3-5f0a6d1f3e55","name":"Plant"},{"id":"2","name":"Twice"},{"id":"3","name":"Twice"}]}`,
		"PUT /flows/order":   `{"name":"order","version":1}`,
		"GET /flows/order":   `{"name":"order","version":1,"document":"flow: order\nsteps:\n  - id: a\n    transform: {n: 2}\n"}`,
		"GET /flows/set":     `{"name":"set","version":1,"document":"flow: set","connections":{"erp":"c1"},"parameters":{"least":4,"who":"Ann"},"secrets":["token"]}`,
		"PUT /flows/set":     `{"name":"set","version":1,"connections":{"erp":"c2"},"parameters":{"least":5},"secrets":["token"]}`,
		"PUT /flows/bad":     `422 {"title":"Wrong","detail":"1 thing","code":"validation-failed","errors":[{"pointer":"/document","detail":"flow.yaml:4:5"}],"problems":[{"line":4,"column":5,"path":"steps.0","message":"is wrong","mend":"mend it"}]}`,
		"PUT /flows/open":    `422 {"title":"Wrong","detail":"See errors.","code":"validation-failed","errors":[{"pointer":"/connections/cmms","detail":"Which connection is cmms?"}]}`,
		"GET /flows/another": `{"name":"another","version":3,"document":"flow: order\nsteps: [{id: a, transform: {n: 1}}]"}`,
	})
	file, token := inFile(t, "order.yaml", aDocument), inFile(t, "token", "very secret\n")
	key := []string{"--url", url, "--key", "bb_key_x"}
	args := append([]string{"flow", "apply", file, "--name", "other", "--connection-of", "erp=Plant", "--parameter", "least=5", "--parameter", "who=Ann", "--parameter", "token=@" + token, "--if-version", "1"}, key...)
	out, errs, code := busbar(t.Context(), args...)
	if code != ExitOK || !strings.Contains(out, url+"/hooks/bb_hok_x\n") || !strings.Contains(out, "whsec_x") || !strings.Contains(out, "new version:") {
		t.Errorf("exit code %d, said %q, printed\n%s", code, errs, out)
	}
	want := `{"connections":{"erp":"0190b5a4-9a11-7c44-b0f3-5f0a6d1f3e55"},"document":` + string(must(json.Marshal(aDocument))) + `,"format":"yaml","parameters":{"least":5,"token":"very secret","who":"Ann"}}`
	if got := string(must(json.Marshal(last.body))); got != want || last.match != `"1"` {
		t.Errorf("asked %s with If-Match %s", got, last.match)
	}
	if _, errs, code := busbar(t.Context(), append([]string{"flow", "apply", file, "--connection-of", "erp=Twice"}, key...)...); code != ExitUsage || !strings.Contains(errs, `2 connections are called "Twice"`) {
		t.Errorf("exit code %d, said %q", code, errs)
	}
	out, errs, code = busbar(t.Context(), append([]string{"flow", "apply", file, "--name", "set", "--parameter", "token=@" + token}, key...)...)
	for _, want := range []string{"parameter least", "changed", "connection erp", "parameter who", "removed", "secret token", "given anew", "new version:"} {
		if code != ExitOK || !strings.Contains(out, want) || strings.Contains(out, "very secret") || strings.Contains(out, "Nothing has changed") {
			t.Errorf("exit code %d, said %q, does not print %s:\n%s", code, errs, want, out)
		}
	}
	out, errs, code = busbar(t.Context(), append([]string{"flow", "apply", file, "--name", "bad"}, key...)...)
	if code != ExitFailed || !strings.Contains(errs, "1 problem:") || !strings.Contains(errs, "  "+file+":4:5: steps.0: is wrong; mend it\n") || strings.Contains(errs, "/document") {
		t.Errorf("exit code %d, printed %q, said\n%s", code, out, errs)
	}
	out, errs, code = busbar(t.Context(), append([]string{"flow", "apply", file, "--name", "open"}, key...)...)
	if code != ExitFailed || !strings.Contains(errs, "--connection-of cmms=") {
		t.Errorf("exit code %d, printed %q, said\n%s", code, out, errs)
	}
	out, errs, code = busbar(t.Context(), append([]string{"flow", "diff", file, "--name", "absent"}, key...)...)
	if code != ExitFailed || !strings.Contains(out, "steps") || !strings.Contains(out, "added") || !strings.Contains(errs, "no flow absent yet") {
		t.Errorf("exit code %d, said %q, printed %s", code, errs, out)
	}
	out, _, code = busbar(t.Context(), append([]string{"flow", "diff", file}, key...)...)
	if code != ExitFailed || !strings.Contains(out, "steps.a.transform.n") || !strings.Contains(out, "changed") {
		t.Errorf("exit code %d, printed %s", code, out)
	}
	if out, _, code := busbar(t.Context(), append([]string{"flow", "diff", file, "--name", "another"}, key...)...); code != ExitOK || out != "No difference from version 3.\n" {
		t.Errorf("exit code %d, printed %s", code, out)
	}
}

const aRun = `{"id":"r1","flow":"order","version":1,"state":"completed","counts":{"in":2,"ok":1,"failed":1},"progress":1,"steps":[{"step":"-","counts":{"in":1,"ok":1}}]}`

func TestFlowRuns(t *testing.T) {
	t.Parallel()
	url, last := recording(t, map[string]string{
		"POST /flows/order/runs":                        strings.Replace(aRun, "completed", "queued", 1),
		"GET /flows/order/runs/r1":                      aRun,
		"GET /flow-runs":                                `{"data":[` + aRun + `]}`,
		"GET /flows/order/runs/r1/items":                `{"data":[{"step":"orders","n":7,"status":"failed","attempts":2,"error":{"code":"expression-failed","detail":"No\u001b[2J number."},"operation":{"id":"o1","n":3}}],"next_cursor":null}`,
		"POST /flows/order/runs/r1/retry":               `{"retried":1,"run":` + aRun + `}`,
		"POST /flows/order/pause":                       `{"name":"order","paused":true}`,
		"POST /flows/order/runs/r1/cancel":              aRun,
		"POST /flows/order/test":                        `{"threads":[{"step":"-","n":0,"key":"","status":"failed","error":{"code":"x","detail":"None of vendors."},"steps":[{"id":"a","kind":"write","result":null,"would":{"op":"create"}}]}]}`,
		"POST /flows/empty/test":                        `{"threads":[{"step":"-","status":"ok","steps":[]}],"nothing":"No item came to rows."}`,
		"POST /flows/wrong/test":                        `{"threads":[{"step":"rows","n":1,"status":"failed","error":{"code":"x","detail":"No.","step":"make","path":"steps.0.write.data.n","expression":"item.n+1","errors":[{"pointer":"/name","detail":"It is missing."}]},"steps":[]}]}`,
		"POST /flows/newer/runs/r1/retry":               `{"retried":1,"run":` + aRun + `}`,
		"GET /flows/newer":                              `{"name":"newer","version":3}`,
		"GET /flows/order/runs/r1/items/-/0":            `{"step":"-"}`,
		"POST /flows/order/runs/r1/resume":              aRun,
		"DELETE /flows/order":                           ``,
		"GET /flows/order/versions":                     `{"data":[{"version":2,"format":"yaml","made_by":"k1"}]}`,
		"POST /flows/order/runs/r1/items/orders/7/skip": `{}`,
		"GET /flows":                                    `{"data":[{"name":"order","version":3,"trigger":{"kind":"change","reason":{"code":"stream-reset","detail":"It was reset."}}}]}`,
	})
	for _, tt := range []struct {
		args, asked, body, out, errs string
		code                         int
	}{
		{"run order --input [1]", "POST /v1/flows/order/runs", `{"input":[1]}`, "queued", "", ExitOK},
		{"run order --input 888", "POST /v1/flows/order/runs", `{"input":888}`, "queued", "", ExitOK},
		{"run order --input nothing", "", "", "", "@FILE", ExitUsage},
		{"skip order r1 orders 7", "POST /v1/flows/order/runs/r1/items/orders/7/skip", "null", "", "Skipped orders/7.", ExitOK},
		{"versions order", "GET /v1/flows/order/versions?limit=20", "null", "k1", "", ExitOK},
		{"test order --record a", "POST /v1/flows/order/test", `{"most":5,"records":["a"]}`, "None of vendors", "", ExitFailed},
		{"test empty", "POST /v1/flows/empty/test", `{"most":5}`, "", "No item came to rows. See --input", ExitFailed},
		{"test wrong", "POST /v1/flows/wrong/test", `{"most":5}`, "make  at steps.0.write.data.n: item.n+1", "", ExitFailed},
		{"test wrong", "POST /v1/flows/wrong/test", `{"most":5}`, "/name: It is missing.", "", ExitFailed},
		{"retry newer r1", "POST /v1/flows/newer/runs/r1/retry", `{}`, "begun again:", "keeps version 1, with which it began; the flow has version 3 now", ExitOK},
		{"run order --wait", "GET /v1/flows/order/runs/r1", "null", "completed", "busbar flow items order r1 --status failed", ExitFailed},
		{"runs order --state failed", "GET /v1/flow-runs?flow=order&limit=20&state=failed", "null", "r1", "", ExitOK},
		{"status order r1", "GET /v1/flows/order/runs/r1", "null", "2 in: 1 ok, 1 failed", "busbar flow retry order r1", ExitOK},
		{"items order r1 --status failed,ok --step orders", "GET /v1/flows/order/runs/r1/items?limit=100&status=failed%2Cok&step=orders", "null", "o1/3", "", ExitOK},
		{"item order r1 - 0", "GET /v1/flows/order/runs/r1/items/-/0", "null", `"step": "-"`, "", ExitOK},
		{"retry order r1 --item orders/7 --input {\"n\":1} --from a --repeat --continue", "POST /v1/flows/order/runs/r1/retry", `{"continue":true,"from":"a","input":{"n":1},"items":[{"n":7,"step":"orders"}],"repeat":true}`, "begun again:", "", ExitOK},
		{"retry order r1 --item orders", "", "", "", "such as orders/17", ExitUsage},
		{"pause order", "POST /v1/flows/order/pause", "null", "yes", "", ExitOK},
		{"resume order r1", "POST /v1/flows/order/runs/r1/resume", "null", "r1", "", ExitOK},
		{"cancel order r1", "POST /v1/flows/order/runs/r1/cancel", "null", "r1", "", ExitOK},
		{"test order --most 2", "POST /v1/flows/order/test", `{"most":2}`, `{"op":"create"}`, "", ExitFailed},
		{"list", "GET /v1/flows?limit=100", "null", "stream-reset", "", ExitOK},
		{"delete order", "", "", "", "--yes", ExitUsage},
		{"delete order --yes", "DELETE /v1/flows/order", "null", "", "Deleted order.", ExitOK},
		{"status other r1", "GET /v1/flows/other/runs/r1", "null", "", "404", ExitNotFound},
	} {
		*last = flowAsked{}
		out, errs, code := busbar(t.Context(), append(append([]string{"flow"}, strings.Fields(tt.args)...), "--url", url, "--key", "bb_key_x")...)
		if code != tt.code || !strings.Contains(out, tt.out) || !strings.Contains(errs, tt.errs) || strings.Contains(out, "\x1b") {
			t.Errorf("%s: exit code %d, said %q, printed\n%s", tt.args, code, errs, out)
		}
		if tt.asked == "" {
			continue
		}
		got := strings.TrimSuffix(last.method+" "+last.path+"?"+last.query, "?")
		if body := string(must(json.Marshal(last.body))); got != tt.asked || body != tt.body {
			t.Errorf("%s: asked %s with %s", tt.args, got, body)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
