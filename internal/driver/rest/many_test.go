package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
)

const (
	plainBulk  = `{path: vendors/bulk, op: op, atomic: atomic, items: items, key: key, id: id, data: data, results: {list: results, key: key, status: status, record: record, code: error/code, message: error/message}}`
	bareBulk   = `{path: many, method: PUT, key: meta/ref, id: id, results: {key: ref, failure: error, id: id}}`
	wordedBulk = `{path: many, op: call/verb, ops: {create: add}, atomic: call/strict, items: call/rows, body: '{"call":{"v":2}}', key: k, data: row, id: row/id, version: {member: row/version, from: version}, results: {list: rows, key: k, success: {path: ok, value: "true"}, code: code}}`
)

func offerBulk(op manifest.Op, send string, most int, atomic bool) offers {
	return func(t *testing.T, e *manifest.Entity) {
		e.Operations[op] = manifest.Operation{Bulk: &manifest.Bulk{Max: most, Atomic: atomic, Send: options(t, send, "entities.vendors.operations."+string(op)+".bulk.send")}}
	}
}

// commands gives writes with the marks a, b, c, ..., each to the vendor of that name.
func (w *writing) commands(op manifest.Op, n int) []driver.Command {
	ws := make([]driver.Command, n)
	for i := range ws {
		ws[i] = w.command(op)
		ws[i].Mark = string(rune('a' + i))
		if op != manifest.Create {
			ws[i].RemoteID, ws[i].Current = fmt.Sprint(i), fmt.Appendf(nil, `{"id":%d,"version":9}`, i)
		}
	}
	return ws
}

func TestManyWritesAreSentAsTheManifestSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, send string
		op         manifest.Op
		atomic     bool
		insist     bool
		line, body string
	}{
		{"create", plainBulk, manifest.Create, true, false, "POST /api/vendors/bulk",
			`{"atomic":true,"items":[{"data":{"name":"Bolt & Co"},"key":"a"},{"data":{"name":"Bolt & Co"},"key":"b"}],"op":"create"}`},
		{"delete", plainBulk, manifest.Delete, false, false, "POST /api/vendors/bulk", `{"atomic":false,"items":[{"id":0,"key":"a"},{"id":1,"key":"b"}],"op":"delete"}`},
		{"bare list", bareBulk, manifest.Update, false, false, "PUT /api/many",
			`[{"id":0,"meta":{"ref":"a"},"name":"Bolt & Co"},{"id":1,"meta":{"ref":"b"},"name":"Bolt & Co"}]`},
		{"own words", wordedBulk, manifest.Create, false, false, "POST /api/many",
			`{"call":{"rows":[{"k":"a","row":{"name":"Bolt & Co"}},{"k":"b","row":{"name":"Bolt & Co"}}],"strict":false,"v":2,"verb":"add"}}`},
		{"insisting", wordedBulk, manifest.Update, false, true, "POST /api/many",
			`{"call":{"rows":[{"k":"a","row":{"id":0,"name":"Bolt & Co","version":9}},{"k":"b","row":{"id":1,"name":"Bolt & Co","version":9}}],"strict":false,"v":2,"verb":"update"}}`},
	} {
		w := startWriting(t, plainConnect, noPaging, answer(500, "", ""), offerBulk(c.op, c.send, 2, true))
		ws := w.commands(c.op, 2)
		for i := range ws {
			ws[i].Insist = c.insist
		}
		_, err := w.WriteMany(t.Context(), ws, c.atomic)
		if got := w.last(t); got.line != c.line || got.body != c.body || driver.FateOf(err) != driver.Unknown {
			t.Errorf("%s: %s\n%s\n%v", c.name, got.line, got.body, err)
		}
	}
}

func TestManyWritesThatCannotBeSent(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func([]driver.Command) []driver.Command{
		"too many":            func(ws []driver.Command) []driver.Command { return append(ws, ws...) },
		"one mark twice":      func(ws []driver.Command) []driver.Command { ws[1].Mark = ws[0].Mark; return ws },
		"no mark":             func(ws []driver.Command) []driver.Command { ws[1].Mark = ""; return ws },
		"another operation":   func(ws []driver.Command) []driver.Command { ws[1].Op = manifest.Create; return ws },
		"a change of status":  func(ws []driver.Command) []driver.Command { ws[1].Move = &manifest.Move{}; return ws },
		"no way to insist":    func(ws []driver.Command) []driver.Command { ws[1].Insist = true; return ws },
		"no call for so many": func(ws []driver.Command) []driver.Command { ws[0].Op = manifest.Delete; return ws },
		"all or none":         nil,
	} {
		w := startWriting(t, plainConnect, noPaging, answer(200, "", "{}"), offerBulk(manifest.Update, plainBulk, 2, false))
		ws := w.commands(manifest.Update, 2)
		if change != nil {
			ws = change(ws)
		}
		if _, err := w.WriteMany(t.Context(), ws, change == nil); driver.FateOf(err) != driver.Refused || len(w.seen) > 0 {
			t.Errorf("%s: %v after %d requests", name, err, len(w.seen))
		}
	}
}

// TestResultsAreMatchedByKey: fates are those of the writes a, b and c; ok with its id where it went well; one word where it stands for the whole call.
func TestResultsAreMatchedByKey(t *testing.T) {
	t.Parallel()
	good := func(key, id string) string {
		return fmt.Sprintf(`{"key":%q,"status":201,"record":{"id":%q}}`, key, id)
	}
	bad := func(key string, status int, code string) string {
		return fmt.Sprintf(`{"key":%q,"status":%d,"error":{"code":%q,"message":"no"}}`, key, status, code)
	}
	of := func(results ...string) string { return `{"results":[` + strings.Join(results, ",") + `]}` }
	failed := func(results ...string) string {
		return `{"error":{"code":"refused"},` + strings.TrimPrefix(of(results...), "{")
	}
	const connect = `{url: "{url}", auth: {style: bearer, token: "{key}"}, probe: {path: ping}, errors: {code: error/code, message: error/message, kinds: {taken: duplicate}}}`
	for _, c := range []struct {
		name    string
		op      manifest.Op
		handler http.HandlerFunc
		atomic  bool
		want    string
	}{
		{"all", manifest.Create, answer(200, "", of(good("a", "1"), good("b", "2"), good("c", "3"))), false, "ok:1 ok:2 ok:3"},
		{"another order", manifest.Create, answer(200, "", of(good("c", "3"), good("a", "1"), good("b", "2"))), false, "ok:1 ok:2 ok:3"},
		{"one is missing", manifest.Create, answer(200, "", of(good("a", "1"), good("c", "3"))), false, "ok:1 unknown ok:3"},
		{"one comes twice", manifest.Create, answer(200, "", of(good("a", "1"), good("b", "2"), good("a", "1"), good("c", "3"))), false, "unknown ok:2 ok:3"},
		{"one is contradicted", manifest.Create, answer(200, "", of(good("a", "1"), good("b", "2"), good("c", "3"), bad("b", 422, "x"))), false, "ok:1 unknown ok:3"},
		{"strangers", manifest.Create, answer(200, "", of(good("x", "9"), good("a", "1"), `{"status":201}`, `7`, good("b", "2"), good("c", "3"))), false, "ok:1 ok:2 ok:3"},
		{"refusals", manifest.Create, answer(200, "", of(bad("a", 422, "x"), bad("b", 409, "x"), bad("c", 404, "x"))), false, "refused doubled refused"},
		{"of changes", manifest.Update, answer(200, "", of(bad("a", 412, "x"), bad("b", 404, "x"), bad("c", 422, "taken"))), false, "conflicts missing doubled"},
		{"failures", manifest.Create, answer(200, "", of(bad("a", 500, "x"), bad("b", 408, "x"), bad("c", 429, "x"))), false, "unknown unknown not_sent"},
		{"no status", manifest.Create, answer(200, "", of(`{"key":"a","record":{"id":"1"}}`, `{"key":"b","status":"fine"}`, good("c", "3"))), false, "unknown unknown ok:3"},
		{"made, and not shown", manifest.Create, answer(200, "", of(`{"key":"a","status":201}`, `{"key":"b","status":201,"record":null}`, good("c", "3"))), false, "ok: ok: ok:3"},
		{"changed", manifest.Update, answer(200, "", of(`{"key":"a","status":200,"record":{"id":0}}`, `{"key":"b","status":204}`, good("c", "7"))), false, "ok:0 ok: unknown"},
		{"deleted", manifest.Delete, answer(200, "", of(`{"key":"a","status":204}`, bad("b", 404, "x"), bad("c", 409, "x"))), false, "ok: missing refused"},
		{"nothing", manifest.Create, answer(200, "", ""), false, "unknown"},
		{"no results", manifest.Create, answer(200, "", `{"queued":true}`), false, "unknown"},
		{"cut", manifest.Create, answer(200, "", of(good("a", "1"))[:30]), false, "unknown"},
		{"refused whole", manifest.Create, answer(400, "", failed()), false, "refused"},
		{"refused whole for a record", manifest.Update, answer(404, "", failed()), false, "refused"},
		{"refused whole as one that is there", manifest.Create, answer(409, "", `{"error":{"code":"taken"}}`), false, "refused"},
		{"refused by something else", manifest.Create, answer(400, "", `{"results":[]}`), false, "unknown"},
		{"refused in part", manifest.Create, answer(400, "", failed(good("a", "1"), bad("b", 422, "x"))), false, "ok:1 refused unknown"},
		{"not logged in", manifest.Create, answer(401, "", failed()), false, "not_sent"},
		{"failed whole", manifest.Create, answer(500, "", failed(good("a", "1"))), false, "unknown"},
		{"none of all", manifest.Create, answer(422, "", failed(bad("a", 424, "x"), bad("b", 409, "x"))), true, "refused doubled refused"},
		{"none of all, though it says otherwise", manifest.Create, answer(422, "", failed(good("a", "1"), bad("b", 500, "x"), bad("c", 422, "x"))), true, "refused refused refused"},
		{"all of all", manifest.Create, answer(200, "", of(good("a", "1"), good("b", "2"), good("c", "3"))), true, "ok:1 ok:2 ok:3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := startWriting(t, connect, noPaging, c.handler, offerBulk(c.op, plainBulk, 3, true))
			ws := w.commands(c.op, 3)
			results, err := w.WriteMany(t.Context(), ws, c.atomic)
			if got := fatesOf(results, err); got != c.want || err == nil && len(results) != len(ws) {
				t.Errorf("%s, want %s; %v", got, c.want, err)
			}
		})
	}
}

func TestResultsWithoutAStatus(t *testing.T) {
	t.Parallel()
	w := startWriting(t, plainConnect, noPaging, answer(200, "", `[{"ref":"a","error":{"x":1}},{"ref":"b","id":5},{"ref":"c","error":null}]`), offerBulk(manifest.Create, bareBulk, 3, false))
	if got := fatesOf(w.WriteMany(t.Context(), w.commands(manifest.Create, 3), false)); got != "refused ok:5 ok:" {
		t.Error(got)
	}
	w = startWriting(t, plainConnect, noPaging, answer(200, "", `{"rows":[{"k":"a","ok":false},{"k":"b","ok":true},{"k":"c"}]}`), offerBulk(manifest.Create, wordedBulk, 3, false))
	if got := fatesOf(w.WriteMany(t.Context(), w.commands(manifest.Create, 3), false)); got != "refused ok: unknown" {
		t.Error(got)
	}
}

// fatesOf writes results in short.
func fatesOf(results []driver.Result, err error) string {
	if err != nil {
		return string(driver.FateOf(err))
	}
	words := make([]string, len(results))
	for i, r := range results {
		words[i] = "ok:" + r.RemoteID
		if r.Err != nil {
			words[i] = string(driver.FateOf(r.Err))
		}
	}
	return strings.Join(words, " ")
}
