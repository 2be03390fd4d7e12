package model

import "strings"

// singular gives the singular of a field name: assets → asset, entities → entity, statuses → status.
func singular(name string) string {
	for _, r := range []struct{ plural, singular string }{
		{"ies", "y"}, {"sses", "ss"}, {"uses", "us"}, {"xes", "x"}, {"ches", "ch"}, {"shes", "sh"}, {"ss", "ss"}, {"s", ""},
	} {
		if stem, ok := strings.CutSuffix(name, r.plural); ok {
			return stem + r.singular
		}
	}
	return name
}
