package app

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/busbar-dev/busbar/connectors"
)

// An idea of the language that fewer than two systems use is an option of a driver instead.
func TestEveryIdeaOfTheLanguageIsUsedTwice(t *testing.T) {
	t.Parallel()
	users := map[string]map[string]bool{}
	for _, idea := range ideas() {
		users[idea] = map[string]bool{}
	}
	files, err := fs.Glob(connectors.FS, "*/manifest.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(connectors.FS, file)
		if err != nil {
			t.Fatal(err)
		}
		var doc yaml.Node
		if err := yaml.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		walk(doc.Content[0], nil, func(at []string) {
			for _, idea := range ideas() {
				if matches, _ := path.Match(idea, strings.Join(at, "/")); matches {
					users[idea][path.Dir(file)] = true
				}
			}
		})
	}
	for _, idea := range slices.Sorted(maps.Keys(users)) {
		if len(users[idea]) < 2 {
			t.Errorf("%s is used by %v only", idea, slices.Sorted(maps.Keys(users[idea])))
		}
	}
}

// ideas lists the keys of the language that a manifest may leave out, as patterns of their places. What is the drivers' is not among them.
// Fields of several lines are not either: the trust that every connection may bring is made of them.
func ideas() []string {
	var all []string
	for prefix, keys := range map[string]string{
		"":                              "time_zone nulls decimals limits",
		"limits/":                       "concurrency per_*",
		"auth/*/fields/*/":              "identity required default example help options type=select",
		"entities/*/":                   "display_id display_name created_at updated_at url cursor history hot deletions page_size volatile lists read_only picklists moves operations",
		"entities/*/cursor/":            "lookback",
		"entities/*/fields/*/":          "const expr inverse values as unit from id amount value",
		"entities/*/picklists/*/":       "entity field",
		"entities/*/moves/*/":           "send",
		"entities/*/operations/":        "create update delete",
		"entities/*/operations/create/": "required bulk",
		"entities/*/operations/update/": "when except fresh insists",
		"entities/*/operations/delete/": "when fresh insists",
		"entities/*/operations/*/bulk/": "atomic",
		"entities/*/operations/create/reconcile/*/class=": "W1 W2 W3 W4",
		"entities/*/operations/delete/how=":               "delete cancel",
	} {
		for key := range strings.FieldsSeq(keys) {
			all = append(all, prefix+key)
		}
	}
	return all
}

// walk visits every key below a node by its place; a text stands behind its key as well, key=text.
func walk(n *yaml.Node, at []string, visit func([]string)) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			here := append(slices.Clone(at), n.Content[i].Value)
			visit(here)
			if n.Content[i+1].Kind == yaml.ScalarNode {
				visit(append(slices.Clone(at), n.Content[i].Value+"="+n.Content[i+1].Value))
			}
			walk(n.Content[i+1], here, visit)
		}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			walk(item, append(slices.Clone(at), "-"), visit)
		}
	}
}
