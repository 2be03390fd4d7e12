package graphql_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/graphql"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/sim/fault"
	"github.com/busbar-dev/busbar/model"
)

// example is the manifest on the driver's page, with a part of it replaced.
func example(t *testing.T, replace ...string) (*manifest.System, error) {
	t.Helper()
	page, err := os.ReadFile("../../../docs/connectors/graphql.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "```yaml\n")
	text, _, _ = strings.Cut(text, "```")
	for i := 0; i+1 < len(replace); i += 2 {
		if !strings.Contains(text, replace[i]) {
			t.Fatalf("the example has no %q", replace[i])
		}
		text = strings.Replace(text, replace[i], replace[i+1], 1)
	}
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	folder := fstest.MapFS{"acme/manifest.yaml": {Data: []byte(text)}, "acme/guide.md": {Data: []byte("# Acme\n")}}
	return manifest.LoadSystem(folder, "acme", m, map[string]manifest.Checker{"graphql": graphql.New()})
}

// world is the system of server_test.go, and a client that the example makes.
type world struct {
	driver.Client
	driver.Writer
	shop   *shopSystem
	system *manifest.System

	mu     sync.Mutex
	faults []*fault.Fault // of the next calls
}

func (w *world) next(*http.Request) *fault.Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.faults) == 0 {
		return nil
	}
	f := w.faults[0]
	w.faults = w.faults[1:]
	return f
}

func start(t *testing.T, vendors, items int, login string, replace ...string) *world {
	t.Helper()
	w := &world{shop: newShop(vendors, items)}
	var err error
	if w.system, err = example(t, replace...); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(fault.Spoiler{Plan: w.next, Name: "Acme"}.Handler(w.shop.handler()))
	t.Cleanup(server.Close)
	g := egress.New(egress.Options{Allow: []allow.Rule{{Prefix: netip.MustParsePrefix("127.0.0.0/8")}}})
	t.Cleanup(g.Close)
	w.Client, err = graphql.New().Open(w.system, driver.Config{Credentials: secret.NewCredentials(map[string]string{"url": server.URL + "/", "api_key": login}).Public("url"),
		HTTP: g.Client(egress.ClientConfig{Attempts: 1}), Now: func() time.Time { return w.shop.clock }, TimeZone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	w.Writer = w.Client.(driver.Writer)
	return w
}

// drain reads a list to its end, through tokens that are kept as text, and gives what the mapping makes of it.
func (w *world) drain(t *testing.T, entity string, r driver.Request) (records []string, last *driver.Page, err error) {
	t.Helper()
	r.Entity, r.Limit = w.system.Entity(entity), 50
	m, err := mapping.Compile(w.system, r.Entity, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		page, err := w.Fetch(t.Context(), r)
		if err != nil {
			return records, last, err
		}
		for _, record := range page.Records {
			id, err := m.RemoteID(record)
			if err != nil {
				t.Fatal(err)
			}
			records = append(records, id)
		}
		if last = page; page.Next == nil {
			return records, last, nil
		}
		r.Token = json.RawMessage(string(page.Next))
	}
	t.Fatal("the pages never end")
	return nil, nil, nil
}

func TestTheProbeTellsWhoAnswers(t *testing.T) {
	t.Parallel()
	w := start(t, 0, 0, key)
	if p, err := w.Probe(t.Context()); err != nil || p != (driver.Probe{Version: "2.7", Account: "Acme Ltd"}) {
		t.Errorf("%+v %v", p, err)
	}
	if _, err := start(t, 0, 0, key, "shop/product: Acme}", "shop/product: Other}").Probe(t.Context()); driver.KindOf(err) != driver.NotSystem {
		t.Errorf("another system: %v", err)
	}
	_, err := start(t, 0, 0, "wrong").Probe(t.Context())
	if e, ok := err.(*driver.Error); !ok || e.Kind != driver.Credentials || e.Field != "api_key" || e.Code != "UNAUTHENTICATED" {
		t.Errorf("a wrong key: %#v", err)
	}
}

func TestAConnectionIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	w := start(t, 9, 0, key)
	ids, last, err := w.drain(t, "vendors", driver.Request{})
	if err != nil || len(ids) != 9 || ids[0] != "gid://1" || last.Total != 9 || !last.Ordered || last.Unproved || !last.HighWater.Equal(w.shop.clock) {
		t.Fatalf("%v %+v %v", ids, last, err)
	}
	if first := w.shop.queries[0]; len(first) != 1 || first["first"] != float64(50) {
		t.Errorf("the first page is asked for with %v", first)
	}
	ids, _, err = w.drain(t, "vendors", driver.Request{Since: w.shop.clock.Add(-2 * time.Second)})
	if err != nil || strings.Join(ids, " ") != "gid://7 gid://8 gid://9" {
		t.Errorf("changes: %v %v", ids, err)
	}
	if ids, last, err := start(t, 0, 0, key).drain(t, "vendors", driver.Request{}); err != nil || len(ids) != 0 || last.Total != 0 {
		t.Errorf("nothing: %v %v", ids, err)
	}
}

func TestACountedListIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	w := start(t, 0, 9, key)
	newest := w.shop.clock
	ids, last, err := w.drain(t, "items", driver.Request{})
	if err != nil || strings.Join(ids, "") != "123456789" || last.Ordered || last.Unproved {
		t.Fatalf("%v %v", ids, err)
	}
	page, err := w.Fetch(t.Context(), driver.Request{Entity: w.system.Entity("items"), Limit: 4, Since: newest.Add(-6 * time.Second)})
	if err != nil || len(page.Records) != 4 || page.Total != 7 || !page.HighWater.Equal(newest) {
		t.Fatalf("%+v %v", page, err)
	}
	w.shop.items = slices.Delete(w.shop.items, 3, 4)
	_, err = w.Fetch(t.Context(), driver.Request{Entity: w.system.Entity("items"), Limit: 4, Since: newest.Add(-6 * time.Second), Token: page.Next})
	if driver.KindOf(err) != driver.TokenGone {
		t.Errorf("a record that was read has gone: %v", err)
	}
}

// TestNoPageIsTakenFromABadAnswer: whatever comes in place of a page is an error of the right kind.
func TestNoPageIsTakenFromABadAnswer(t *testing.T) {
	t.Parallel()
	w := start(t, 9, 0, key)
	page := func(f *fault.Fault, fails string) error {
		w.faults, w.shop.fails = nil, fails
		if f != nil {
			w.faults = []*fault.Fault{f}
		}
		_, err := w.Fetch(t.Context(), driver.Request{Entity: w.system.Entity("vendors"), Limit: 4})
		return err
	}
	for name, c := range map[string]struct {
		fault *fault.Fault
		fails string
		want  driver.Kind
	}{
		"torn":              {&fault.Fault{Cut: 40}, "", driver.Torn},
		"cut in the middle": {&fault.Fault{Rewrite: func(b []byte) []byte { return b[:len(b)/2] }}, "", driver.Torn},
		"login page":        {&fault.Fault{LoginPage: true}, "", driver.NotSystem},
		"429":               {&fault.Fault{Status: 429, Header: map[string]string{"Retry-After": "9"}, Body: `{}`}, "", driver.RateLimited},
		"503":               {&fault.Fault{Status: 503, Body: "down"}, "", driver.Fault},
		"404":               {&fault.Fault{Status: 404, Body: "{}"}, "", driver.NotSystem},
		"partial data":      {&fault.Fault{Body: `{"data":{"vendors":{"totalCount":1,"pageInfo":{"hasNextPage":false},"edges":[]}},"errors":[{"message":"late"}]}`}, "", driver.Fault},
		"errors, no list":   {&fault.Fault{Body: `{"data":{"vendors":{"totalCount":0,"pageInfo":{"hasNextPage":false},"edges":[]}},"errors":{"message":"late"}}`}, "", driver.Torn},
		"no data":           {&fault.Fault{Body: `{}`}, "", driver.Torn},
		"null list":         {&fault.Fault{Body: `{"data":{"vendors":null}}`}, "", driver.Torn},
		"null node":         {&fault.Fault{Body: `{"data":{"vendors":{"totalCount":1,"pageInfo":{"hasNextPage":false},"edges":[{"node":null}]}}}`}, "", driver.Torn},
		"no end":            {&fault.Fault{Body: `{"data":{"vendors":{"totalCount":1,"pageInfo":{},"edges":[]}}}`}, "", driver.Torn},
		"more, but where":   {&fault.Fault{Body: `{"data":{"vendors":{"totalCount":1,"pageInfo":{"hasNextPage":true,"endCursor":null},"edges":[]}}}`}, "", driver.Torn},
		"not sorted": {&fault.Fault{Body: `{"data":{"vendors":{"pageInfo":{"hasNextPage":false},"edges":[{"node":{"id":"a","updatedAt":"2026-01-02T00:00:00Z"}},` +
			`{"node":{"id":"b","updatedAt":"2026-01-01T00:00:00Z"}}]}}}`}, "", driver.Torn},
		"shuffled": {&fault.Fault{Body: `{"data":{"vendors":{"pageInfo":{"hasNextPage":false},"edges":[{"node":{"id":"a","updatedAt":"2026-01-01T00:00:00Z"}},` +
			`{"node":{"id":"b","updatedAt":"2026-01-03T00:00:00Z"}},{"node":{"id":"c","updatedAt":"2026-01-02T00:00:00Z"}},{"node":{"id":"d","updatedAt":"2026-01-04T00:00:00Z"}}]}}}`}, "", driver.Torn},
		"throttled":      {nil, "THROTTLED", driver.RateLimited},
		"forbidden":      {nil, "FORBIDDEN", driver.Permission},
		"own code":       {nil, "NOT_YOURS", driver.Permission},
		"expired cursor": {nil, "CURSOR_EXPIRED", driver.TokenGone},
		"expired token":  {nil, "UNAUTHENTICATED", driver.Credentials},
		"unknown code":   {nil, "ODD", driver.Fault},
		"request error":  {&fault.Fault{Body: `{"errors":[{"message":"what?"}]}`}, "", driver.Invalid},
	} {
		err := page(c.fault, c.fails)
		if driver.KindOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), key) {
			t.Errorf("%s shows the key: %v", name, err)
		}
		if e, ok := err.(*driver.Error); ok && e.Kind == driver.RateLimited && e.RetryAfter < 7*time.Second {
			t.Errorf("%s: waits %s", name, e.RetryAfter)
		}
	}
	for _, body := range []string{`{"data":{"items":{"total":3,"rows":[]}}}`, `{"data":{"items":{"total":1,"rows":[null]}}}`, `{"data":{"items":{"total":-1,"rows":[]}}}`} {
		w.faults = []*fault.Fault{nil, {Body: body}}
		if _, err := w.Fetch(t.Context(), driver.Request{Entity: w.system.Entity("items"), Limit: 4}); driver.KindOf(err) != driver.Torn {
			t.Errorf("%s: %v", body, err)
		}
	}
	w.faults, w.shop.stuck = nil, true
	if _, _, err := w.drain(t, "vendors", driver.Request{}); driver.KindOf(err) != driver.Torn {
		t.Errorf("a stuck cursor: %v", err)
	}
	_, err := w.Fetch(t.Context(), driver.Request{Entity: w.system.Entity("vendors"), Token: json.RawMessage(`"x"`)})
	if driver.KindOf(err) != driver.TokenGone {
		t.Errorf("a token that cannot be read: %v", err)
	}
}

func (w *world) command(entity string, op manifest.Op, id, body string) driver.Command {
	c := driver.Command{Entity: w.system.Entity(entity), Op: op, RemoteID: id, Mark: "bb-1"}
	if body != "" {
		c.Body = []byte(body)
	}
	return c
}

func (w *world) write(t *testing.T, c driver.Command) (driver.Written, error) {
	t.Helper()
	return w.Write(egress.AsWrite(t.Context(), egress.Sending{Fresh: true}), c)
}

func TestWritesHaveTheirEffectOnce(t *testing.T) {
	t.Parallel()
	w := start(t, 2, 3, key)
	entity := w.system.Entity("vendors")
	made, err := w.write(t, w.command("vendors", manifest.Create, "", `{"number":"N\"1","name":"Bolt & <Co>"}`))
	if err != nil || made.RemoteID != "gid://3" || !strings.Contains(string(made.Record), `"updatedAt"`) {
		t.Fatalf("create: %+v %v", made, err)
	}
	got, err := w.write(t, w.command("vendors", manifest.Update, made.RemoteID, `{"name":"Nut"}`))
	if err != nil || got.RemoteID != made.RemoteID || w.shop.vendors[2].Name != "Nut" || *w.shop.vendors[2].Number != `N"1` {
		t.Errorf("update: %+v %v", got, err)
	}
	if record, err := w.ReadOne(t.Context(), entity, made.RemoteID); err != nil || !strings.Contains(string(record), `"Nut"`) {
		t.Errorf("read one: %s %v", record, err)
	}
	if record, err := w.ReadOne(t.Context(), w.system.Entity("items"), "2"); err != nil || !strings.Contains(string(record), `"id":2`) {
		t.Errorf("read one by a number: %s %v", record, err)
	}
	if _, err := w.write(t, w.command("vendors", manifest.Delete, made.RemoteID, "")); err != nil || len(w.shop.vendors) != 2 {
		t.Errorf("delete: %v", err)
	}
	if record, err := w.ReadOne(t.Context(), entity, made.RemoteID); err != nil || record != nil {
		t.Errorf("read one that is gone: %s %v", record, err)
	}
	if _, err := w.write(t, w.command("vendors", manifest.Delete, made.RemoteID, "")); driver.FateOf(err) != driver.Missing {
		t.Errorf("delete again: %v", err)
	}
	one, err := w.write(t, w.command("items", manifest.Create, "", `{"title":"Nut"}`))
	two, err2 := w.write(t, w.command("items", manifest.Create, "", `{"title":"Nut"}`))
	if err != nil || err2 != nil || one.RemoteID != "4" || two.RemoteID != "4" || len(w.shop.items) != 4 {
		t.Errorf("the same key again: %+v %+v %v %v", one, two, err, err2)
	}
}

// TestAnAnswerProvesNoMoreThanItSays: only a complete refusal in the system's own words closes a write.
func TestAnAnswerProvesNoMoreThanItSays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault *fault.Fault
		fails string
		deep  bool
		body  string
		want  driver.Fate
		made  int
	}{
		"taken":                  {nil, "", false, `{"number":"V1","name":"x"}`, driver.Doubled, 1},
		"blank":                  {nil, "", false, `{"name":""}`, driver.Refused, 1},
		"throttled":              {nil, "THROTTLED", false, `{"name":"x"}`, driver.NotSent, 1},
		"expired token":          {nil, "UNAUTHENTICATED", false, `{"name":"x"}`, driver.NotSent, 1},
		"bad input":              {nil, "BAD_USER_INPUT", false, `{"name":"x"}`, driver.Refused, 1},
		"unknown code":           {nil, "ODD", false, `{"name":"x"}`, driver.Unknown, 1},
		"failed":                 {nil, "INTERNAL_SERVER_ERROR", false, `{"name":"x"}`, driver.Unknown, 1},
		"lost":                   {&fault.Fault{Execute: true, Drop: true}, "", false, `{"name":"x"}`, driver.Unknown, 2},
		"torn":                   {&fault.Fault{Cut: 20}, "", false, `{"name":"x"}`, driver.Unknown, 2},
		"login page":             {&fault.Fault{Execute: true, LoginPage: true}, "", false, `{"name":"x"}`, driver.Unknown, 2},
		"503":                    {&fault.Fault{Execute: true, Status: 503}, "", false, `{"name":"x"}`, driver.Unknown, 2},
		"403 of somebody":        {&fault.Fault{Execute: true, Status: 403, Body: "{}"}, "", false, `{"name":"x"}`, driver.Unknown, 2},
		"null":                   {&fault.Fault{Execute: true, Body: `{"data":{"vendorCreate":null}}`}, "", false, `{"name":"x"}`, driver.Unknown, 2},
		"empty payload":          {&fault.Fault{Execute: true, Body: `{"data":{"vendorCreate":{"vendor":null,"userErrors":[]}}}`}, "", false, `{"name":"x"}`, driver.Unknown, 2},
		"made and refused":       {&fault.Fault{Execute: true, Body: `{"data":{"vendorCreate":{"vendor":{"id":"gid://2"},"userErrors":[{"code":"BLANK"}]}}}`}, "", false, `{"name":"x"}`, driver.Unknown, 2},
		"refused within":         {&fault.Fault{Execute: true, Body: `{"data":null,"errors":[{"path":["vendorCreate","vendor","cost"],"extensions":{"code":"FORBIDDEN"}}]}`}, "", false, `{"name":"x"}`, driver.Unknown, 2},
		"one of two errors odd":  {&fault.Fault{Execute: true, Body: `{"errors":[{"extensions":{"code":"FORBIDDEN"}},{"message":"odd"}]}`}, "", false, `{"name":"x"}`, driver.Unknown, 2},
		"data beside the errors": {&fault.Fault{Execute: true, Body: `{"data":{"vendorCreate":{"vendor":null}},"errors":[{"extensions":{"code":"FORBIDDEN"}}]}`}, "", false, `{"name":"x"}`, driver.Unknown, 2},
	} {
		w := start(t, 1, 0, key)
		w.shop.fails, w.shop.deep = c.fails, c.deep
		if c.fault != nil {
			w.faults = []*fault.Fault{c.fault}
		}
		_, err := w.write(t, w.command("vendors", manifest.Create, "", c.body))
		if err == nil || driver.FateOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
		w.shop.mu.Lock()
		if len(w.shop.vendors) != c.made {
			t.Errorf("%s: there are %d vendors", name, len(w.shop.vendors))
		}
		w.shop.mu.Unlock()
	}
	bare := start(t, 1, 0, key, "          result: {failures: vendorDelete/userErrors, code: code, message: message, kinds: {NOT_FOUND: gone}}\n", "")
	bare.faults = []*fault.Fault{{Body: `{"data":{"vendorDelete":null}}`}}
	if _, err := bare.write(t, bare.command("vendors", manifest.Delete, "gid://1", "")); driver.FateOf(err) != driver.Unknown || err == nil {
		t.Errorf("null for a deletion: %v", err)
	}
	w := start(t, 1, 0, key)
	w.faults = []*fault.Fault{{Body: `{"data":{"vendorUpdate":{"vendor":{"id":"gid://9"},"userErrors":[]}}}`}}
	if _, err := w.write(t, w.command("vendors", manifest.Update, "gid://1", `{"name":"x"}`)); driver.FateOf(err) != driver.Unknown {
		t.Errorf("another record: %v", err)
	}
	if _, err := w.write(t, w.command("vendors", manifest.Update, "", `{"name":"x"}`)); driver.FateOf(err) != driver.Refused {
		t.Errorf("no id: %v", err)
	}
}

// TestACircleOfCursorsEnds: cursors that lead round are noticed, however many there are.
func TestACircleOfCursorsEnds(t *testing.T) {
	t.Parallel()
	w := start(t, 0, 0, key)
	for n := range 40 {
		w.faults = append(w.faults, &fault.Fault{Body: fmt.Sprintf(`{"data":{"vendors":{"pageInfo":{"hasNextPage":true,"endCursor":"c%d"},"edges":[{"node":{"id":"%d","updatedAt":"2026-01-01T00:00:00Z"}}]}}}`, n%3, n)})
	}
	if ids, _, err := w.drain(t, "vendors", driver.Request{}); driver.KindOf(err) != driver.Torn || len(ids) > 12 {
		t.Errorf("after %d pages: %v", len(ids), err)
	}
}

// TestHotAndHistoricalRecordsAreAskedForApart with the variables that the manifest gives for them.
func TestHotAndHistoricalRecordsAreAskedForApart(t *testing.T) {
	t.Parallel()
	w := start(t, 3, 0, key, "    cursor: {precision: 1s}\n    fields: {code: number", "    cursor: {precision: 1s}\n    history: createdAt\n"+
		"    hot: {every: 1h, read: {variables: {first: \"{size}\", after: \"{cursor}\", filter: {number: {eq: V2}}}}}\n    fields: {code: number",
		`{gte: "{since}"}}}`, `{gte: "{since}"}, createdAt: {"...if": history, gte: "{history}T00:00:00Z"}}}`, "      order: modified\n", "      order: modified\n      history: {format: date}\n")
	if ids, _, err := w.drain(t, "vendors", driver.Request{Hot: true}); err != nil || strings.Join(ids, " ") != "gid://2" {
		t.Errorf("hot: %v %v", ids, err)
	}
	for day, want := range map[int]int{1: 3, 2: 0} {
		ids, _, err := w.drain(t, "vendors", driver.Request{HistoryFrom: time.Date(2026, 3, day, 0, 0, 0, 0, time.UTC)})
		if err != nil || len(ids) != want {
			t.Errorf("history from day %d: %v %v", day, ids, err)
		}
	}
}

func TestAMoveHasACallOfItsOwn(t *testing.T) {
	t.Parallel()
	w := start(t, 2, 0, key)
	var doc yaml.Node
	text := `{query: 'mutation ($id: ID!) { vendorUpdate(input: {id: $id, name: "Approved"}) { vendor { id } userErrors { code } } }', variables: {id: "{id}"}, answer: id, id: vendorUpdate/vendor/id}`
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	c := w.command("vendors", manifest.Update, "gid://2", "")
	c.Move = &manifest.Move{To: "approved", Send: manifest.Options{Node: doc.Content[0], File: "manifest.yaml"}}
	if got, err := w.write(t, c); err != nil || got.RemoteID != "gid://2" || got.Record != nil || w.shop.vendors[1].Name != "Approved" {
		t.Errorf("%+v %v", got, err)
	}
}

func TestLostWritesAreFound(t *testing.T) {
	t.Parallel()
	w := start(t, 9, 0, key)
	w.shop.vendors[5].Number = new(string)
	*w.shop.vendors[5].Number = `O'N"1`
	entity := w.system.Entity("vendors")
	ladder := entity.Operations[manifest.Create].Ladder
	for _, c := range []struct {
		rung   int
		search driver.Search
		want   int
	}{
		{0, driver.Search{Value: `O'N"1`}, 1}, {0, driver.Search{Value: "none"}, 0}, {1, driver.Search{Since: w.shop.clock}, 1},
	} {
		c.search.Entity, c.search.Rung = entity, &ladder[c.rung]
		found, err := w.Search(t.Context(), c.search)
		if err != nil || len(found) != c.want {
			t.Errorf("%s %q: %s %v", c.search.Rung.Class, c.search.Value, found, err)
		}
	}
	w.shop.stuck = true
	if _, err := w.Search(t.Context(), driver.Search{Entity: entity, Rung: &ladder[1], Since: w.shop.clock.Add(-time.Hour)}); driver.KindOf(err) != driver.Torn {
		t.Errorf("a search that does not end: %v", err)
	}
}

func TestWrongOptionsAreNamedWithTheirMend(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ was, is, want string }{
		{"style: bearer", "style: basic", "connect.auth.username: the style basic needs username"},
		{`url: "{url}/graphql"`, `url: "{url}/{api_key}"`, "is secret and would be part of an address"},
		{"NOT_YOURS: permission", "NOT_YOURS: nope", "connect.errors.kinds.NOT_YOURS: unknown word \"nope\""},
		{"expect: {shop", "expects: {shop", "unknown key"},
		{"owner } }\"", "owner } \"", "connect.probe.query: has an open bracket"},
		{`after: "{cursor}", filter: {updatedAt`, `filter: {updatedAt`, "nothing says what $after is"},
		{`filter: {updatedAt: {gte: "{since}"}}}`, `filter: {updatedAt: {gte: "{until}"}}}`, "takes no {since}"},
		{`{gte: "{since}"}}}`, `{gte: "{since}"}}, extra: 1}`, "the document has no variable $extra"},
		{"      paging: {style: cursor, next: vendors/pageInfo/endCursor, ", "      paging: {style: cursor, ", "the style cursor needs next"},
		{"style: cursor, next: vendors/pageInfo/endCursor", "style: page", "takes no {page}"},
		{"more: vendors/pageInfo/hasNextPage, max: 100", "max: 1", "is too small"},
		{"changed_since: {format: rfc3339}", "changed_since: {format: stardate}", `changed_since.format: unknown word "stardate"`},
		{"      changed_since: {format: rfc3339}\n", "", "the entity has a cursor, but no filter for changes"},
		{"      order: modified\n", "", "nothing tells how far a run has come"},
		{"mutation ($input: VendorInput!) {\n              vendorCreate", "query ($input: VendorInput!) {\n              vendorCreate", "is no mutation"},
		{"query ($first: Int!, $after", "mutation ($first: Int!, $after", "is a mutation, and a read changes nothing"},
		{"query ($first: Int!, $after", "fragment f on Vendor { id } mutation ($first: Int!, $after", "is a mutation, and a read changes nothing"},
		{"query ($first: Int!, $after", "query a { shop } query ($first: Int!, $after", "is not one operation"},
		{"record: vendorCreate/vendor", "answer: id", "answer: id needs id"},
		{`{"...": "{members}", id: "{id}"}`, `{"...": "{members}"}`, "takes no {id}"},
		{`headers: {Idempotency-Key: "{mark}"}`, "headers: {}", "W1 needs a key"},
		{`{eq: "{value}"}`, `{eq: "{key}"}`, "{key} stands for nothing here"},
		{"numbers: [id]", "numbers: [size]", "there is no placeholder {size}"},
		{"kinds: {TAKEN: duplicate}", "kinds: {TAKEN: twice}", "unknown word \"twice\""},
		{"vendorCreate/userErrors, code", "vendorCreate/userErrors, value: x, code", "result has no use for value"},
		{"        reconcile: [{class: W1}]\n", "        bulk: {max: 5, send: {}}\n        reconcile: [{class: W1}]\n", "sent one by one"},
		{"      update:\n        send:", "      update:\n        insists: true\n        send:", "the operation insists, and nothing tells the system"},
		{"      one: {query: \"query ($id: ID!) { vendor(id: $id) { id number name createdAt updatedAt } }\", variables: {id: \"{id}\"}, record: vendor}\n", "", "needs one: how one record is read"},
	} {
		_, err := example(t, c.was, c.is)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "acme/manifest.yaml:") {
			t.Errorf("%s: %v, want %s", c.is, err, c.want)
		}
	}
}
