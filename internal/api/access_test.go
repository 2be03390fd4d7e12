package api_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/api"
	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/model"
)

// canary stands in every record of the connection that nobody else may see.
const canary = "PO-CANARY-7f3a"

// TestAccessMatrix calls every route of the document as everybody who is not its rightful caller. What is refused has the status and code of one rule; what is not theirs looks like what is not there.
func TestAccessMatrix(t *testing.T) {
	w := newWorld(t, func(d *api.Deps) {
		d.Limits.FailureBurst, d.Limits.AllFailureBurst, d.Limits.Burst, d.Limits.PerSecond = 100_000, 100_000, 100_000, 100_000
	})
	victim, _ := w.connect("Victim canary-name")
	w.put(victim, canary)
	ids := w.belongings(victim)
	callers := w.strangers(victim)
	ops := map[string]*huma.Operation{}
	each(t, func(op *huma.Operation) { ops[op.OperationID] = op })
	for _, r := range must(api.Routes(must(model.Load()))) {
		id, ok := ids[resource(r.Path)]
		if strings.Contains(r.Path, "{id}") && !ok {
			t.Errorf("%s %s: say in belongings (access_test.go) which %s of the victim strangers ask for", r.Method, r.Path, resource(r.Path))
			continue
		}
		for _, c := range callers {
			w.row(ops[r.ID], r, c, victim, id)
		}
	}
	if c, err := w.store.Connection(t.Context(), w.project, victim.ID); err != nil || c.State != store.ConnectionSyncing || w.activeRun(victim) != ids["sync-runs"] {
		t.Errorf("a stranger changed the connection: %v %v", c, err)
	}
}

// victimsFlow is a name that is good in every project, and taken in the victim's.
const victimsFlow = "of-the-victim"

const nowhere = "019f0000-0000-7000-8000-000000000000"

// row is one caller at one route.
func (w *world) row(op *huma.Operation, r api.Route, c stranger, victim *store.Connection, id string) {
	w.t.Helper()
	want := c.rule(r)
	ask := func(id string, headers []string) answer {
		name := victimsFlow
		if id == nowhere {
			name = nowhere
		}
		path := strings.NewReplacer("{entity}", orders, "{system}", "plant", "{token_id}", nowhere, "{n}", "0", "{id}", id, "{name}", name, "{step}", "-", "{version}", "1").Replace(r.Path)
		return w.call(r.Method, path+queryFor(op), c.secret(r), bodyFor(op), headers...)
	}
	if want == letIn && r.ID == "rotate-master-key" {
		return // the keeper of this test came from no file; internal/keys rotates
	}
	if want == letIn {
		a := ask(nowhere, c.headers)
		if a.status == 401 || a.code() == "missing-scope" && !strings.Contains(a.text, "Nobody gives") || a.code() == "cross-site-request" || a.code() == "reauthentication-required" || a.status >= 500 && a.status != 501 {
			w.t.Errorf("%s at %s %s is refused, and should be let in: %d %s. Does the rule of %q need to know?", c.name, r.Method, r.Path, a.status, a.text, c.name)
		}
		return
	}
	if e, ok := w.exception(r); ok && want == foreign && c.name == "a token of another connection" {
		want = e
	}
	a := ask(id, c.headers)
	if a.status != want.status || a.code() != want.code {
		w.t.Errorf("%s at %s %s: %d %q, want %d %q: mend the route, or its rule in access_callers_test.go: %s", c.name, r.Method, r.Path, a.status, a.code(), want.status, want.code, a.text)
	}
	if strings.Contains(a.text, canary) || strings.Contains(a.text, "canary-name") {
		w.t.Errorf("%s at %s %s sees what is the victim's: %s", c.name, r.Method, r.Path, a.text)
	}
	if want != foreign {
		return
	}
	named := slices.Clone(c.headers)
	for i, h := range named {
		if h == victim.ID {
			named[i] = nowhere
		}
	}
	there, not := plain(a, id, victim.ID, victimsFlow, nowhere), plain(ask(nowhere, named), nowhere)
	if there != not {
		w.t.Errorf("%s at %s %s: what is the victim's answers %s, what is not there %s", c.name, r.Method, r.Path, there, not)
	}
}

// plain is an answer without what differs from request to request.
func plain(a answer, ids ...string) string {
	text := a.text
	for _, id := range append(ids, a.header.Get("Request-Id")) {
		if id != "" {
			text = strings.ReplaceAll(text, id, "…")
		}
	}
	return text
}

// exception is what a token gets before anybody looks for the record: these depend on the system alone.
func (w *world) exception(r api.Route) (outcome, bool) {
	first := resource(r.Path)
	switch {
	case must(model.Load()).Entity(first) == nil:
		return outcome{}, false
	case first != orders && first != "vendors":
		return outcome{409, "entity-not-enabled"}, true // the system of this test has no other entities
	case r.Method != "GET":
		return outcome{501, "not-supported-by-system"}, true // its driver writes nothing; TestRecordsOfOthersAreNotWritten is about one that does
	}
	return outcome{}, false
}

// resource is the first word of a path.
func resource(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/v1/"), "/")
	return first
}

// belongings are what the victim has, by the first word of the path where it is.
func (w *world) belongings(victim *store.Connection) map[string]string {
	made := w.member("victim@example.com", member.Owner)
	key := must(w.conns.IssueKey(acting(w.t.Context()), w.project, connection.NewKey{Label: "canary-name"}))
	run := w.activeRun(victim)
	w.apply(victimsFlow, `{"document":`+quoted("flow: x\ntitle: canary-name\nsteps:\n  - id: a\n    transform: {a: 1}\n")+`}`)
	ids := map[string]string{
		"flows": w.started(victimsFlow, "{}"), "connections": victim.ID, "sync-runs": run, "members": made.MemberID, "sessions": made.ID, "keys": key.ID, "operations": run,
		"link-sessions": w.made("/v1/link-sessions", `{"kind":"magic","system":"plant","name":"canary-name"}`),
		"invitations":   w.made("/v1/invitations", `{"email":"canary-name@example.com","role":"viewer"}`),
	}
	for _, entity := range must(model.Load()).Names() {
		ids[entity] = recordID(victim, canary).String()
	}
	return ids
}

// Who may use a route is shown by a page that is committed: a weaker scope shows in its diff.
func TestAccessPageIsFresh(t *testing.T) {
	t.Parallel()
	if committed := must(os.ReadFile("../../docs/access.md")); string(committed) != must(api.AccessPage(must(model.Load()))) {
		t.Error("docs/access.md is stale: look whether who may do what changed on purpose, then go run ./internal/gen")
	}
}

// Nobody changes anything with the right to look.
func TestEffectsNeedMoreThanLooking(t *testing.T) {
	t.Parallel()
	for _, r := range must(api.Routes(must(model.Load()))) {
		harmless := !r.Keys || strings.HasSuffix(r.Path, "/validate") // of one's own sessions; what would come of a write
		if r.Method != "GET" && !harmless && slices.Contains(r.Scopes, connection.ScopeRead) {
			t.Errorf("%s %s has an effect and needs read only", r.Method, r.Path)
		}
		if r.Method != "GET" && slices.Contains([]string{"members", "invitations", "keys", "project", "projects", "master-key"}, resource(r.Path)) && !r.Sensitive {
			t.Errorf("%s %s gives power and is not sensitive", r.Method, r.Path)
		}
	}
}

// isDataPlane tells whether a route works on one connection: the document names the header with which a key chooses it.
func isDataPlane(op *huma.Operation) bool {
	for _, p := range op.Parameters {
		if strings.HasSuffix(p.Ref+p.Name, "Busbar-Connection") {
			return true
		}
	}
	return false
}

// activeRun is the id of a queued run of the connection.
func (w *world) activeRun(c *store.Connection) string {
	w.t.Helper()
	runs, err := w.store.Runs(w.t.Context(), c.Scope(), store.RunFilter{State: store.RunQueued, Limit: 1})
	w.ok(err)
	if len(runs) == 0 {
		w.t.Fatal("no queued run")
	}
	return runs[0].ID
}

// each calls fn for every operation of the document.
func each(t *testing.T, fn func(op *huma.Operation)) {
	t.Helper()
	doc := must(api.OpenAPI(must(model.Load())))
	n := 0
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Patch, item.Put, item.Delete} {
			if op != nil {
				n++
				fn(op)
			}
		}
	}
	if n < 70 {
		t.Fatalf("the document has %d operations only", n)
	}
}

func bodyFor(op *huma.Operation) string {
	switch op.OperationID {
	case "create-connection":
		return `{"system":"plant","credentials":{}}`
	case "reauthorize-connection":
		return `{"credentials":{}}`
	case "create-member", "create-invitation":
		return `{"email":"ada@example.com","role":"viewer"}`
	case "reauthenticate":
		return `{"password":"x"}`
	case "create-project":
		return `{"name":"P"}`
	case "create-token", "create-key", "update-key":
		return `{"label":"x"}`
	case "reconnect-connection":
		return `{"credentials":{}}`
	case "check-connection":
		return `{"system":"plant","credentials":{}}`
	case "exchange-link-code":
		return `{"code":"bb_cod_x","code_verifier":"` + strings.Repeat("v", 43) + `"}`
	case "put-app":
		return `{"fields":{}}`
	case "resolve-operation-item":
		return `{"outcome":"not_happened"}`
	}
	if op.RequestBody != nil {
		return `{}`
	}
	return ""
}

func queryFor(op *huma.Operation) string {
	if op.Path == "/v1/changes" {
		return "?entity=purchase-orders&include=record"
	}
	return ""
}
