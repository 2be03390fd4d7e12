package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/busbar-dev/busbar/connectors"
)

// The page of each driver names every option that a manifest can give it; those of logins are on the page that all drivers of HTTP share, to which it leads.
func TestEveryOptionOfADriverIsOnItsPage(t *testing.T) {
	t.Parallel()
	for _, d := range drivers() {
		keys := d.Forms().Keys()
		page, err := os.ReadFile("../../docs/connectors/" + d.Name() + ".md")
		if shared := []byte("](auth.md"); bytes.Contains(page, shared) {
			logins, err := os.ReadFile("../../docs/connectors/auth.md")
			if err != nil {
				t.Fatal(err)
			}
			page = append(page, logins...)
		}
		if err != nil || len(keys) < 5 {
			t.Errorf("%s: %v, %d options", d.Name(), err, len(keys))
			continue
		}
		for _, key := range keys {
			if !regexp.MustCompile("\\b" + key + "\\b").Match(page) {
				t.Errorf("docs/connectors/%s.md does not name %s", d.Name(), key)
			}
		}
	}
}

// What a new connector begins with has no mistakes, and fits the schema.
func TestStarterOfEachDriverIsGood(t *testing.T) {
	t.Parallel()
	schema := compiled(t)
	for _, d := range drivers() {
		files, err := Starter("new-system", d.Name())
		if err != nil {
			t.Fatal(err)
		}
		folder := fstest.MapFS{}
		for name, text := range files {
			folder["new-system/"+name] = &fstest.MapFile{Data: text}
		}
		if names, err := CheckConnectors(folder); err != nil || len(names) != 1 {
			t.Errorf("%s: %v %v", d.Name(), names, err)
		}
		if err := validate(t, schema, files["manifest.yaml"]); err != nil {
			t.Errorf("%s: the schema refuses it: %v", d.Name(), err)
		}
	}
	if _, err := Starter("x", "none"); err == nil || !strings.Contains(err.Error(), "rest") {
		t.Errorf("an unknown driver: %v", err)
	}
}

// Every manifest of ours fits the schema by which editors complete manifests.
func TestSchemaTakesOurManifests(t *testing.T) {
	t.Parallel()
	schema := compiled(t)
	files, err := fs.Glob(connectors.FS, "*/manifest.yaml")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(connectors.FS, file)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, schema, text); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// What an editor underlines: keys, words, fields and options that there are not, and what is missing.
func TestSchemaRefusesMistakes(t *testing.T) {
	t.Parallel()
	schema := compiled(t)
	good, err := Starter("acme", "rest")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{"summary:", "sumary:"},
		{"categories: [erp]", "categories: [erp, mes]"},
		{"driver: rest", "driver: rset"},
		{"method: api_key", "method: key"},
		{"vendors:", "vendor:"},
		{"      name: name", "      nmae: name"},
		{"read: {path: vendors}", "read: {paht: vendors}"},
		{"precision: 1s", "precision: one second"},
		{"style: bearer", "stile: bearer"},
		{"style: bearer", "style: digest"},
		{"errors: {", "errors: {kinds: {TAKEN: twice}, "},
		{"read: {path: vendors}", "read: {path: vendors, order: newest}"},
		{"read: {path: vendors}", "read: {path: vendors, changed_since: {param: since, format: iso}}"},
		{"    evidence: {read: documented}", "    deletions: swep\n    evidence: {read: documented}"},
	} {
		broken := bytes.Replace(good["manifest.yaml"], []byte(c[0]), []byte(c[1]), 1)
		if bytes.Equal(broken, good["manifest.yaml"]) {
			t.Fatalf("%s is not in the starter", c[0])
		}
		if validate(t, schema, broken) == nil {
			t.Errorf("the schema takes %q", c[1])
		}
	}
}

// Recordings that the mapping cannot take are told by the check.
func TestCheckMapsRecordings(t *testing.T) {
	t.Parallel()
	files, err := Starter("acme", "rest")
	if err != nil {
		t.Fatal(err)
	}
	folder := fstest.MapFS{}
	for name, text := range files {
		folder["acme/"+name] = &fstest.MapFile{Data: text}
	}
	record := func(active string) []byte {
		return fmt.Appendf(nil, `[{"id": 1, "name": "A", "active": true, "updated_at": "2026-03-01T10:00:00Z"}, {"id": 2, "name": "B", "active": %s}]`, active)
	}
	folder["acme/testdata/vendors.json"] = &fstest.MapFile{Data: record("false")}
	if _, err := CheckConnectors(folder); err != nil {
		t.Errorf("a good recording: %v", err)
	}
	folder["acme/testdata/vendors.json"] = &fstest.MapFile{Data: record(`"perhaps"`)}
	if _, err := CheckConnectors(folder); err == nil || !strings.Contains(err.Error(), "record 2 of acme/testdata/vendors.json cannot be mapped: /active") {
		t.Errorf("a recording with another shape: %v", err)
	}
	folder["acme/testdata/vendors.json"] = &fstest.MapFile{Data: []byte("{")}
	if _, err := CheckConnectors(folder); err == nil || !strings.Contains(err.Error(), "record anew") {
		t.Errorf("a damaged recording: %v", err)
	}
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("manifest.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func validate(t *testing.T, schema *jsonschema.Schema, text []byte) error {
	t.Helper()
	var doc any
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	return schema.Validate(doc)
}

// What a system answers is recorded as it came, but for the secrets of the login, and can be mapped again.
func TestRecordKeepsNoSecrets(t *testing.T) {
	t.Parallel()
	const key = `sk-"quoted"-Geheimnis`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+key {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		quoted, _ := json.Marshal("made with " + key)
		switch r.URL.Path {
		case "/api/v1/me":
			fmt.Fprint(w, `{"name": "Plant"}`)
		case "/api/v1/vendors":
			fmt.Fprintf(w, `{"data": [{"id": 7, "name": "Lager & Söhne", "note": %s, "active": true, "created_at": "2026-03-01T10:00:00Z", "updated_at": "2026-03-01T10:00:00Z"}], "total": 1}`, quoted)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	files, err := Starter("acme", "rest")
	if err != nil {
		t.Fatal(err)
	}
	folder := fstest.MapFS{}
	for name, text := range files {
		folder["acme/"+name] = &fstest.MapFile{Data: text}
	}
	login := map[string]string{"url": server.URL, "api_key": key}
	got, err := Program{Now: time.Now}.Record(t.Context(), folder, login, 5)
	if err != nil {
		t.Fatal(err)
	}
	text := string(got["vendors"])
	if !strings.Contains(text, "Lager & Söhne") || strings.Contains(text, "Geheimnis") || !strings.Contains(text, "redacted") {
		t.Errorf("recorded %s", text)
	}
	folder["acme/testdata/vendors.json"] = &fstest.MapFile{Data: got["vendors"]}
	if _, err := CheckConnectors(folder); err != nil {
		t.Errorf("the recording cannot be mapped: %v", err)
	}
	login["api_key"] = "another"
	if _, err := (Program{Now: time.Now}).Record(t.Context(), folder, login, 5); err == nil || strings.Contains(err.Error(), "another") {
		t.Errorf("a login that is refused: %v", err)
	}
}
