package trytonrpc

import (
	"os"
	"reflect"
	"regexp"
	"testing"
)

// The driver's page names every option that a manifest can give.
func TestEveryOptionIsOnThePage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/connectors/tryton-rpc.md")
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	for _, options := range []any{reading{}, sending{}, pressing{}, searching{}} {
		yamlKeys(reflect.TypeOf(options), keys)
	}
	for key := range keys {
		if !regexp.MustCompile("\\b" + key + "\\b").Match(page) {
			t.Errorf("docs/connectors/tryton-rpc.md does not name %s", key)
		}
	}
	if len(keys) < 25 {
		t.Errorf("only %d options are known", len(keys))
	}
}

// yamlKeys collects the keys of a struct and of those within.
func yamlKeys(t reflect.Type, keys map[string]bool) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		yamlKeys(t.Elem(), keys)
	case reflect.Struct:
		for f := range t.Fields() {
			if tag, ok := f.Tag.Lookup("yaml"); ok {
				if tag != ",inline" {
					keys[tag] = true
				}
				yamlKeys(f.Type, keys)
			}
		}
	}
}
