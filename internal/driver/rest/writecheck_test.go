package rest_test

import (
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver/rest"
	"github.com/busbar-dev/busbar/internal/manifest"
)

func TestCheckNamesEveryProblemOfWrites(t *testing.T) {
	t.Parallel()
	const insists = true
	send := func(op manifest.Op, text string, insisting bool) offers {
		return func(t *testing.T, e *manifest.Entity) {
			offer(op, text)(t, e)
			o := e.Operations[op]
			o.Insists = insisting
			e.Operations[op] = o
		}
	}
	bulk := func(op manifest.Op, text string, insisting bool) offers {
		return func(t *testing.T, e *manifest.Entity) {
			offerBulk(op, text, 2, false)(t, e)
			o := e.Operations[op]
			o.Insists = insisting
			e.Operations[op] = o
		}
	}
	find := func(class manifest.Class, text string) offers {
		return func(t *testing.T, e *manifest.Entity) {
			offer(manifest.Create, `{path: v}`)(t, e)
			o := e.Operations[manifest.Create]
			o.Ladder = []manifest.Rung{*rung(t, class, text)}
			e.Operations[manifest.Create] = o
		}
	}
	move := func(text string) offers {
		return func(t *testing.T, e *manifest.Entity) {
			send(manifest.Update, `{path: "v/{id}", version: {header: If-Match, from: v}}`, insists)(t, e)
			e.Moves = &manifest.Moves{Rows: []manifest.Move{{To: "a"}, {To: "b", Send: options(t, text, "entities.vendors.moves.1.send")}}}
		}
	}
	one := func(text string) string { return `{path: v, paging: {style: none}, one: ` + text + `}` }
	for _, c := range []struct {
		name, read string
		offered    offers
		want       string // part of a problem; "" for none
	}{
		{"sound create", noPaging, send(manifest.Create, `{path: "{user}/v", idempotency: X-Key, headers: {X-Auth: "{key}"}}`, false), ""},
		{"sound update", noPaging, send(manifest.Update, `{method: PATCH, path: "v/{id}", version: {header: If-Match, from: v, text: '"{}"', else: "*"}}`, insists), ""},
		{"sound update by its body", noPaging, send(manifest.Update, `{path: v, id_in: Id, version: {member: SyncToken, from: SyncToken}, in: Vendor, body: '{"sparse":true}'}`, insists), ""},
		{"sound bulk", noPaging, bulk(manifest.Create, plainBulk, false), ""},
		{"no path", noPaging, send(manifest.Create, `{method: POST}`, false), "operations.create.send.path: is missing"},
		{"misspelt", noPaging, send(manifest.Create, `{path: v, idempotence: X}`, false), "did you mean idempotency?"},
		{"unknown method", noPaging, send(manifest.Create, `{path: v, method: MERGE}`, false), `operations.create.send.method: unknown word "MERGE"`},
		{"id of a new record", noPaging, send(manifest.Create, `{path: "v/{id}"}`, false), "{id} is not a field of the login"},
		{"id of a new record in its body", noPaging, send(manifest.Create, `{path: v, id_in: id}`, false), "has no id yet"},
		{"no record", noPaging, send(manifest.Update, `{path: v}`, false), "operations.update.send.path: names no record"},
		{"a part that the id lacks", noPaging, send(manifest.Delete, `{path: "v/{id.3}"}`, false), "{id.3} is not a field"},
		{"id in a header", noPaging, send(manifest.Delete, `{path: "v/{id}", headers: {X: "{id}"}}`, false), "send.headers.X: {id} is not a field"},
		{"secret in the address", noPaging, send(manifest.Create, `{path: v, query: {k: "{key}"}}`, false), "send.query.k: {key} is secret"},
		{"no object", noPaging, send(manifest.Create, `{path: v, body: '[1]'}`, false), "send.body: is not a JSON object"},
		{"unknown answer", noPaging, send(manifest.Create, `{path: v, answer: all}`, false), `unknown word "all"`},
		{"id nowhere", noPaging, send(manifest.Create, `{path: v, answer: id}`, false), "nothing says where the answer has the id"},
		{"record of none", noPaging, send(manifest.Delete, `{path: "v/{id}", record: data}`, false), "none has no use for record"},
		{"id header of an update", noPaging, send(manifest.Update, `{path: "v/{id}", id_header: Location}`, false), "only a record that is made gets an id"},
		{"insists without version", noPaging, send(manifest.Update, `{path: "v/{id}"}`, insists), "nothing tells the system on which version"},
		{"version nowhere", noPaging, send(manifest.Update, `{path: "v/{id}", version: {from: v}}`, insists), "write one of header and member"},
		{"version without place", noPaging, send(manifest.Update, `{path: "v/{id}", version: {header: If-Match, from: v, text: W}}`, insists), "has no place for the version"},
		{"member with text", noPaging, send(manifest.Update, `{path: "v/{id}", version: {member: v, from: v, text: "{}"}}`, insists), "a member takes the version as it is"},
		{"W1 without key", noPaging, func(t *testing.T, e *manifest.Entity) { find(manifest.W1, `{}`)(t, e) }, "W1 needs a key"},
		{"move without version", noPaging, move(`{path: "v/{id}/go"}`), "moves.1.send.version: the operation insists"},
		{"move of no record", noPaging, move(`{path: v, version: {header: If-Match, from: v}}`), "moves.1.send.path: names no record"},
		{"sound move", noPaging, move(`{path: "v/{id}/go", version: {header: If-Match, from: v}}`), ""},
		{"bulk without key", noPaging, bulk(manifest.Create, `{path: v, results: {key: k, status: s}}`, false), "bulk.send.key: is missing"},
		{"bulk of no record", noPaging, bulk(manifest.Delete, `{path: v, key: k, results: {key: k, status: s}}`, false), "an item names no record"},
		{"bulk that tells nothing", noPaging, bulk(manifest.Create, `{path: v, key: k, results: {key: k}}`, false), "nothing tells an item that was done"},
		{"bulk around a list", noPaging, bulk(manifest.Create, `{path: v, key: k, op: op, results: {key: k, status: s}}`, false), "nothing can stand around it"},
		{"bulk within", noPaging, bulk(manifest.Create, `{path: v, key: k, in: data, results: {key: k, status: s}}`, false), "an item's members go where data says"},
		{"bulk without version", noPaging, bulk(manifest.Update, plainBulk, insists), "an item cannot tell the system"},
		{"W3 without parameter", noPaging, find(manifest.W3, `{path: f}`), "find.param: W3 needs param"},
		{"W4 without time", noPaging, find(manifest.W4, `{}`), "W4 needs since"},
		{"W4 with a wrong format", noPaging, find(manifest.W4, `{since: {param: s, format: iso}}`), `since.format: unknown word "iso"`},
		{"find without place", noPaging, find(manifest.W2, `{param: q, text: x}`), "has no place for what is searched"},
		{"find with wrong pages", noPaging, find(manifest.W2, `{param: q, paging: {style: offset}}`), "the style offset needs param"},
		{"sure with a secret", noPaging, find(manifest.W3, `{param: q, sure: {query: {k: "{key}"}}}`), "sure.query.k: {key} is secret"},
		{"sure of nothing", noPaging, find(manifest.W3, `{param: q, sure: {}}`), "find.sure.query: is missing"},
		{"sound find", noPaging, find(manifest.W2, `{param: q, query: {a: "{user}"}, text: "x eq '{}'"}`), ""},
		{"one without record", one(`{path: v}`), nil, "read.one.path: names no record"},
		{"one with a secret", one(`{path: "v/{id}", query: {k: "{key}"}}`), nil, "one.query.k: {key} is secret"},
		{"sound one", one(`{path: v, query: {id: "{id}"}, record: data/0}`), nil, ""},
	} {
		s, e := system(t, plainConnect, c.read)
		e.Operations = map[manifest.Op]manifest.Operation{}
		if c.offered != nil {
			c.offered(t, e)
		}
		problems := rest.New().Check(s)
		if (c.want == "") != (len(problems) == 0) || !strings.Contains(problems.Error(), c.want) {
			t.Errorf("%s: %s", c.name, problems.Error())
		}
		for _, p := range problems {
			if p.Pos.Line == 0 || p.Pos.File == "" {
				t.Errorf("%s: no position: %+v", c.name, p)
			}
		}
	}
}
