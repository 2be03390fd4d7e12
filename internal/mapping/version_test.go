package mapping

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/model"
)

const versionManifest = `
system: s
name: S
summary: A system.
categories: [erp]
driver: d
versions: ["1"]
auth: [{method: api_key, fields: [{name: url, label: U, type: url}, {name: key, label: K, type: password, secret: true}]}]
entities:
  vendors:
    read: {}
    id: id
    url: "{url}/v/{id}"
    fields:
      name: name
      is_active: active
    evidence: {read: documented}
`

func TestVersionFollowsWhatTheMappingMakes(t *testing.T) {
	t.Parallel()
	base := compileText(t, versionManifest)
	same := map[string][2]string{
		"a comment":           {"    fields:", "    # names\n    fields:"},
		"how it is read":      {"read: {}", "read: {path: /v}"},
		"the page size":       {"    id: id", "    page_size: 7\n    id: id"},
		"what people call it": {"name: S\n", "name: Another\n"},
	}
	for what, edit := range same {
		if v := compileText(t, strings.Replace(versionManifest, edit[0], edit[1], 1)).Version(); v != base.Version() {
			t.Errorf("%s changes the version", what)
		}
	}
	other := map[string][2]string{
		"another source field": {"name: name", "name: title"},
		"a field more":         {"      name: name", "      name: name\n      code: code"},
		"a field less":         {"      is_active: active\n", ""},
		"another id":           {"    id: id", "    id: no"},
		"another link":         {"/v/{id}", "/w/{id}"},
		"texts that are empty": {"versions:", "nulls: ['\"\"']\nversions:"},
		"another kind of form": {"is_active: active", "is_active: {const: true}"},
	}
	for what, edit := range other {
		if v := compileText(t, strings.Replace(versionManifest, edit[0], edit[1], 1)).Version(); v == base.Version() {
			t.Errorf("%s does not change the version", what)
		}
	}
}

func TestVersionFollowsTheConnection(t *testing.T) {
	t.Parallel()
	m := compileText(t, versionManifest)
	home := m.VersionWith(Env{Public: map[string]string{"url": "https://a", "user": "x"}})
	if m.VersionWith(Env{Public: map[string]string{"url": "https://a", "user": "y"}}) != home {
		t.Error("a field that no link shows changes the version")
	}
	if m.VersionWith(Env{Public: map[string]string{"url": "https://b", "user": "x"}}) == home {
		t.Error("another address in the links does not change the version")
	}
}

func compileText(t *testing.T, text string) *Mapper {
	t.Helper()
	mod, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	reg, err := manifest.Load(fstest.MapFS{"s/manifest.yaml": {Data: []byte(text)}, "s/guide.md": {Data: []byte("# S\n")}}, mod, nil)
	if err != nil {
		t.Fatal(err)
	}
	sys := reg.System("s")
	m, err := Compile(sys, sys.Entities[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
