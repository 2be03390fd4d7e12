package api_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/engine"
	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/store"
)

// The document lists the words of other packages in enums; each is the whole list of its owner.
func TestEnumsAreTheListsOfTheirOwners(t *testing.T) {
	w := newWorld(t)
	var doc any
	w.ok(json.Unmarshal([]byte(w.call("GET", "/openapi.json", "", "").text), &doc))
	enums := map[string][]string{}
	collectEnums("", doc, enums)
	if got := enums["/components/schemas/Operation/properties/state"]; !slices.Equal(got, words(store.OperationStates())) {
		t.Errorf("operation states: %v", got)
	}
	for _, owned := range []struct {
		what, telling string // a word that only this list has
		list          []string
		least         int // how many places are known to have it
	}{
		{"connection states", string(store.ConnectionNeedsReauth), words(store.ConnectionStates()), 3},
		{"run states", string(store.RunIncomplete), words(store.RunStates()), 2},
		{"modes", string(store.Reset), words(store.Modes()), 2},
		{"statuses of items", string(store.ItemReconciling), words(store.ItemStatuses()), 2},
		{"quarantine states", string(store.QuarantineSuperseded), words(store.QuarantineStates()), 2},
		{"freshness", string(engine.Unscheduled), words(engine.Freshnesses()), 1},
		{"triggers", string(store.TriggerWebhook), words(store.Triggers()), 1},
		{"scopes of keys", connection.ScopeOwn, connection.Scopes(), 2},
	} {
		places := 0
		for at, enum := range enums {
			ofFlows := slices.Contains(enum, lang.Change) // whose triggers are another list
			if !slices.Contains(enum, owned.telling) || ofFlows {
				continue
			}
			places++
			enum = slices.DeleteFunc(slices.Clone(enum), func(word string) bool { return word == "failed" && owned.telling == string(store.ItemReconciling) }) // stands for three
			if !slices.Equal(enum, owned.list) {
				t.Errorf("%s at %s: %v, want %v", owned.what, at, enum, owned.list)
			}
		}
		if places < owned.least {
			t.Errorf("%s are in %d enums, want %d or more", owned.what, places, owned.least)
		}
	}
}

func words[T ~string](list []T) (out []string) {
	for _, w := range list {
		out = append(out, string(w))
	}
	return out
}

// collectEnums gathers every enum below a node by its path.
func collectEnums(at string, node any, into map[string][]string) {
	switch node := node.(type) {
	case map[string]any:
		for name, child := range node {
			if enum, ok := child.([]any); ok && name == "enum" {
				into[at] = strings.Split(strings.Trim(fmt.Sprint(enum), "[]"), " ")
				continue
			}
			collectEnums(at+"/"+name, child, into)
		}
	case []any:
		for i, child := range node {
			collectEnums(fmt.Sprint(at, "/", i), child, into)
		}
	}
}
