package manifest_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	restdriver "github.com/busbar-dev/busbar/internal/driver/rest"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/model"
)

func unified(t *testing.T) *model.Model {
	t.Helper()
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func text(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func folder(name, yaml string) fstest.MapFS {
	return fstest.MapFS{
		name + "/manifest.yaml": {Data: []byte(yaml)},
		name + "/guide.md":      {Data: []byte("Ask the administrator.")},
	}
}

type checker func(s *manifest.System) manifest.Problems

func (c checker) Check(s *manifest.System) manifest.Problems { return c(s) }

func rest(check checker) map[string]manifest.Checker {
	return map[string]manifest.Checker{"rest": check, "soap": check}
}

func fine(*manifest.System) manifest.Problems { return nil }

func TestLoad(t *testing.T) {
	r, err := manifest.Load(folder("acme", text(t, "good.yaml")), unified(t), rest(fine))
	if err != nil {
		t.Fatal(err)
	}
	s := r.System("acme")
	if len(r.Systems()) != 1 || s == nil || r.System("other") != nil || s.Entity("purchase-orders") == nil {
		t.Fatalf("%+v", r)
	}
	if got := []string{s.Entities[0].Name, s.Entities[1].Name}; got[0] != "vendors" || got[1] != "purchase-orders" {
		t.Errorf("entities are not in the manifest's order: %v", got)
	}
	if f := s.Auth[0].Fields; !f[0].Identity || f[1].Identity || !f[3].Identity {
		t.Errorf("these tell instances apart: %+v", f)
	}
	if !s.Auth[0].Fields[0].Required || s.Auth[0].Fields[3].Required || s.Guide == "" {
		t.Errorf("%+v", s.Auth)
	}
}

func TestDefaults(t *testing.T) {
	r, err := manifest.Load(folder("acme", text(t, "good.yaml")), unified(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	v, o := r.System("acme").Entities[0], r.System("acme").Entities[1]
	if v.Cursor != nil || v.Deletions != "sweep" || v.PageSize != 500 || o.PageSize != 100 || o.Cursor.Lookback.String() != "20m0s" {
		t.Errorf("%+v\n%+v", v, o)
	}
}

// TestProblems breaks the good manifest in one place each; the line that is replaced says where the problem must be.
func TestProblems(t *testing.T) {
	good := text(t, "good.yaml")
	for _, c := range []struct{ old, new, want string }{
		{"system: acme", "system: Acme", `system: "Acme" is not an identifier`},
		{"system: acme", "system: beta", "system: the folder is called acme"},
		{"name: Acme ERP\n", "nme: Acme ERP\n", "nme: unknown key; did you mean name?"},
		{"method: basic", "method: basci", `auth.0.method: unknown word "basci"; did you mean basic?`},
		{"driver: rest", "driver: rset", `driver: unknown driver "rset"; did you mean rest?`},
		{"[erp, wms]", "[erp, wmx]", `categories.1: unknown word "wmx"; did you mean wms?`},
		{"Europe/Vienna", "Europe/Viena", `time_zone: unknown time zone "Europe/Viena"`},
		{`nulls: ['""'`, `nulls: ["''"`, `nulls.0: "''" is not JSON`},
		{"time_zone:", "decimals: float\ntime_zone:", "decimals: unknown word \"float\""},
		{"per_second: 20", "per_second: -1", "limits: a limit is negative"},
		{"type: password, secret: true", "type: password", "auth.0.fields.2: a password that is not secret; add secret: true"},
		{"secret: true}", "secret: true, identity: true}", "auth.0.fields.2: a secret does not tell instances apart"},
		{"type: integer", "type: number", `auth.0.fields.3.type: unknown word "number"`},
		{"type: integer", "type: select", "auth.0.fields.3: a choice without options; write options"},
		{"type: integer", "type: integer, options: [{value: a, label: A}]", "auth.0.fields.3.options: only a choice has options"},
		{"type: integer", "type: select, options: [{value: a, label: A}, {value: a, label: B}]", "auth.0.fields.3.options.1: the option a is written twice"},
		{"type: password, secret: true", "type: select, secret: true, options: [{value: a, label: A}]", "auth.0.fields.2.secret: a choice is no secret"},
		{"name: username", "name: url", "auth.0.fields.1.name: the field url is written twice"},
		{"  vendors:\n", "  vendor:\n", "entities.vendor: the model has no such entity; did you mean vendors?"},
		{"    id: [company, number]\n", "", "entities.purchase-orders.id: is missing"},
		{"created_at: created", "created_at: a//b", "entities.purchase-orders.created_at: an empty member name in the path a//b"},
		{"display_id: number", "display_id: ^/number", "entities.purchase-orders.display_id: ^ in ^/number leads out of the record"},
		{"precision: 1s", "precision: 1 second", `entities.purchase-orders.cursor.precision: wants a time span such as 15m, this is "1 second"`},
		{"precision: 1s", "precision: 0s", "entities.purchase-orders.cursor.precision: is not positive"},
		{"    updated_at: [changed, created]\n", "", "entities.purchase-orders.cursor: a cursor needs the time of the last change"},
		{"page_size: 100", "page_size: 0", "entities.purchase-orders.page_size: a page holds at least one record"},
		{"    cursor: {precision: 1s, lookback: 20m}\n", "", `entities.purchase-orders.history: a period needs a cursor`},
		{"    history: date\n", "    history: date\n    hot: {every: 1s, read: {}}\n", "entities.purchase-orders.hot.every: is too often; write 1m or more"},
		{"    history: date\n", "    history: date\n    hot: {every: 1h}\n", "entities.purchase-orders.hot.read: is missing"},
		{"    read: {path: /vendors}\n", "    read: {path: /vendors}\n    hot: {every: 1h, read: {}}\n", "entities.vendors.hot: without a cursor every run reads everything; remove it"},
		{"    history: date\n", "    history: date\n    deletions: swep\n", `entities.purchase-orders.deletions: unknown word "swep"; did you mean sweep?`},
		{"{url}/#orders", "{password}/#orders", "entities.purchase-orders.url: {password} is secret"},
		{"{url}/#orders", "javascript:{url}/#orders", "entities.purchase-orders.url: is not the address of a page"},
		{"/{number}", "/{number", "entities.purchase-orders.url: has an open {"},
		{"      vendor: {", "      vendor_id: {", "entities.purchase-orders.fields.vendor_id: the model has no such field; did you mean vendor?"},
		{"done: closed,", "done: close,", `entities.purchase-orders.fields.status.values.done: the model has no such word "close"; did you mean closed?`},
		{"done: closed,", "draft: closed,", "entities.purchase-orders.fields.status.values.draft: is written twice; keep one"},
		{"status: {from: state, values: {draft: draft, open: approved, done: closed, \"7\": closed, void: cancelled}}", "status: state", "entities.purchase-orders.fields.status: has no values"},
		{"      number: number", "      number: {from: number, values: {a: b}}", "entities.purchase-orders.fields.number.values: unknown key; known: from, const, expr, inverse"},
		{"      number: number", "      number: {from: number, const: 1}", "entities.purchase-orders.fields.number: a value comes from one of from, const and expr"},
		{"      number: number", "      number: [a, b]", "entities.purchase-orders.fields.number: wants keys and values, this is a list"},
		{"      number: number", "      number: {from: [a, b]}", "entities.purchase-orders.fields.number.from: a string comes from one path"},
		{"amount: total,", "amnt: total,", "entities.purchase-orders.fields.total.amnt: unknown key; did you mean amount?"},
		{"as: number", "as: integer", "entities.purchase-orders.fields.vendor.as: unknown word \"integer\""},
		{"src.days +", "src.days ++", "entities.purchase-orders.fields.payment_terms.expr: "},
		{"src.days +", "now() +", "entities.purchase-orders.fields.payment_terms.expr: "},
		{"src.days +", "days +", "entities.purchase-orders.fields.payment_terms.expr: unknown name days"},
		{"{const: EXW}", "{const: EXW, inverse: '1'}", "entities.purchase-orders.fields.incoterms.inverse: only an expression has an inverse"},
		{"        id: line\n", "", "entities.purchase-orders.fields.lines: elements have an id, and nothing says from what"},
		{"site: ^/site", "site: ^/^/site", "entities.purchase-orders.fields.lines.fields.site: ^ in ^/^/site leads out of the record"},
		{"unit_price: price", "unit_prices: price", "entities.purchase-orders.fields.lines.fields.unit_prices: the model has no such field; did you mean unit_price?"},
		{"fields: {name: name, email: mail}", "id: x, fields: {name: name}", "entities.vendors.fields.contacts.id: the model gives these elements no id"},
		{"city: city", "town: city", "entities.vendors.fields.address.town: unknown key"},
		{"city: city", "city: [a, b]", "entities.vendors.fields.address.city: a city comes from one path"},
		{"required: [vendor, lines, lines.item]", "required: [vendor, line]", `entities.purchase-orders.operations.create.required.1: the model has no such field "line"; did you mean lines?`},
		{"required: [vendor, lines, lines.item]", "required: [site, lines]", "entities.purchase-orders.operations.create.required.0: site is not mapped"},
		{"required: [vendor, lines, lines.item]", "required: [vendor, incoterms]", "entities.purchase-orders.operations.create.required.1: incoterms cannot be written"},
		{"how: cancel", "how: void", `entities.purchase-orders.operations.delete.how: unknown word "void"`},
		{"read: live 2.0", "read: alive 2.0", `entities.purchase-orders.evidence.read: "alive 2.0" is no evidence`},
		{"create: simulated, update", "update", "entities.purchase-orders.evidence: says nothing of create"},
		{"read: documented, ", "read: documented, update: documented, ", "entities.vendors.evidence.update: evidence of an operation that is not declared"},
		{`versions: ["2.0"]`, "versions: [\"2.0\"]\nsimulated: true", "entities.purchase-orders.evidence.read: a simulator is not the live system"},
		{"name: Acme ERP", "name: Acme: ERP", "acme/manifest.yaml:2:1: not YAML: mapping values are not allowed in this context"},
	} {
		broken := strings.Replace(good, c.old, c.new, 1)
		if broken == good {
			t.Fatalf("%q is not in the manifest", c.old)
		}
		_, err := manifest.Load(folder("acme", broken), unified(t), rest(fine))
		var ps manifest.Problems
		if !errors.As(err, &ps) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s → %s\nwant %s\ngot  %v", c.old, c.new, c.want, err)
		}
	}
}

func TestProblemsComeAllAtOnceWithPlaces(t *testing.T) {
	fsys := folder("acme", text(t, "bad.yaml"))
	fsys["beta/manifest.yaml"] = &fstest.MapFile{Data: []byte("- no\n")}
	_, err := manifest.Load(fsys, unified(t), rest(func(s *manifest.System) manifest.Problems {
		return manifest.Problems{s.Options.Problem("no such address", "begin with /", "probe")}
	}))
	if want := strings.TrimSpace(text(t, "bad.txt")); err == nil || err.Error() != want {
		t.Errorf("got\n%v", err)
	}
}

func TestGuideIsNeeded(t *testing.T) {
	fsys := folder("acme", text(t, "good.yaml"))
	delete(fsys, "acme/guide.md")
	if _, err := manifest.Load(fsys, unified(t), nil); err == nil || !strings.Contains(err.Error(), "has no guide.md; write how to get the credentials into acme/guide.md") {
		t.Error(err)
	}
}

// TestDocumentationIsTrue loads the manifests that document the language, that of writes with its driver.
func TestDocumentationIsTrue(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "connectors", "manifest.md"))
	if err != nil {
		t.Fatal(err)
	}
	for name, drivers := range map[string]map[string]manifest.Checker{"tryton": nil, "acme": {"rest": restdriver.New()}} {
		_, rest, _ := strings.Cut(string(page), "```yaml\nsystem: "+name)
		example, _, _ := strings.Cut(rest, "```")
		if _, err := manifest.Load(folder(name, "system: "+name+example), unified(t), drivers); err != nil {
			t.Error(err)
		}
	}
}
