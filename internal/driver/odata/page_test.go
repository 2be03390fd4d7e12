package odata

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/model"
)

func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/connectors/odata.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The driver's page names every type that a literal can have.
func TestEveryTypeIsOnThePage(t *testing.T) {
	t.Parallel()
	text := page(t)
	for kind := range forms() {
		if !regexp.MustCompile("\\b" + kind + "\\b").MatchString(text) {
			t.Errorf("docs/connectors/odata.md does not name %s", kind)
		}
	}
}

// example is the manifest on the page, with a part of it replaced.
func example(t *testing.T, replace ...string) (*manifest.System, error) {
	t.Helper()
	_, text, _ := strings.Cut(page(t), "```yaml\n")
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
	return manifest.LoadSystem(folder, "acme", m, map[string]manifest.Checker{"odata": New()})
}

func TestTheExampleOnThePageIsSound(t *testing.T) {
	t.Parallel()
	if _, err := example(t); err != nil {
		t.Error(err)
	}
}

func TestWrongOptionsAreNamedWithTheirMend(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ was, is, want string }{
		{"protocol: v2 ", "protocol: v3 ", "connect.protocol: unknown word \"v3\""},
		{"style: basic", "style: bearer", "connect.auth.token: the style bearer needs token"},
		{`query: {client: "{client}"}`, `query: {client: "{password}"}`, "is secret and would be part of an address"},
		{"DUPLICATE_KEY: duplicate", "DUPLICATE_KEY: twice", "unknown word \"twice\""},
		{"key: [Material, Plant, Batch], protocol", "protocol", "nothing says what it is made of"},
		{"[ChangeDate, ChangeTime]", "[ChangeDate]", "is not made of two members"},
		{`"9999-12-31"`, `"forever"`, "entities.assets.read.fixed.ValidTo: is not a date"},
		{"types: {ValidTo: date}", "types: {ValidTo: day}", "unknown type day"},
		{"order: modified", "order: newest", "unknown word \"newest\""},
		{"function: ReleaseOrder", "function: ReleaseOrder, action: N.Release", "a call is a function import or an action"},
		{"send: {body: {Status: X}}", "send: {}", "says nothing of how the status changes"},
		{"method: MERGE", "method: POST", "unknown word POST"},
		{"find: {since: CreatedAt, ", "find: {", "W4 needs the member"},
		{"find: {}", "find: {since: CreatedAt}", "W3 has no use for since"},
		{"csrf: true", "csrf: true\n  if_match: false", "the operation insists, and the system knows no entity tags"},
		{"fields: {number: Equipment, name: Name,", `fields: {number: Equipment, name: {expr: "src.Name"},`, "an expression reads members"},
		{"paging: {style: link}, stable", "stable", "only links can be stable"},
	} {
		_, err := example(t, c.was, c.is)
		if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %s", c.is, err, c.want)
		}
	}
}

// sameJSON compares two objects, in whatever order their members are.
func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	return reflect.DeepEqual(x, y)
}
