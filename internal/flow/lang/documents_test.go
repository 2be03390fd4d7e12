package lang

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

func documents(t *testing.T, patterns ...string) map[string][]byte {
	t.Helper()
	texts := map[string][]byte{}
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if texts[file], err = os.ReadFile(file); err != nil {
				t.Fatal(err)
			}
		}
	}
	return texts
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	stored, err := os.ReadFile("../../../docs/flows/" + SchemaFile)
	if err != nil || !bytes.Equal(stored, text) {
		t.Errorf("docs/flows/%s is not the schema of the language (%v): run scripts/generate", SchemaFile, err)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(SchemaFile, parsed); err != nil {
		t.Fatal(err)
	}
	made, err := c.Compile(SchemaFile)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// valid checks a document against the schema.
func valid(t *testing.T, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	var v any
	raw := text
	if !json.Valid(text) {
		if err := yaml.Unmarshal(text, &v); err != nil {
			return err
		}
		var err error
		if raw, err = json.Marshal(v); err != nil {
			t.Fatal(err)
		}
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(instance)
}

// What is right is so for the schema and for the reader.
func TestGoodDocuments(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	good := documents(t, "testdata/good/*", "../../../examples/flows/*.yaml")
	if len(good) < 3 {
		t.Fatalf("there are %d documents", len(good))
	}
	for file, text := range good {
		if _, err := Parse(filepath.Base(file), text); err != nil {
			t.Errorf("the reader refuses %s:\n%v", file, err)
		}
		if err := valid(t, s, text); err != nil {
			t.Errorf("the schema refuses %s:\n%v", file, err)
		}
	}
}

// Each document in testdata/bad has a text beside it: whether the schema notices, and every problem.
func TestBadDocuments(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	for file, text := range documents(t, "testdata/bad/*.yaml", "testdata/bad/*.json") {
		_, err := Parse(filepath.Base(file), text)
		if err == nil {
			t.Errorf("the reader takes %s", file)
			continue
		}
		noticed := "the schema lets it pass"
		if valid(t, s, text) != nil {
			noticed = "the schema refuses it"
		}
		got := noticed + "\n" + err.Error() + "\n"
		golden := strings.TrimSuffix(file, filepath.Ext(file)) + ".txt"
		want, err := os.ReadFile(golden)
		if err != nil || got != string(want) {
			t.Errorf("%s gives\n%swant\n%s", file, got, want)
		}
	}
}
