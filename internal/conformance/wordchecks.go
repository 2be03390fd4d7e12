package conformance

import (
	"slices"
	"strings"
)

// words looks for words of the system that the manifest does not know: they are read as other, which hides what a record's status is.
func (c *checking) words() {
	c.each(func(e string) {
		unknown := map[string]bool{}
		for _, r := range c.main.list("/v1/"+e, nil) {
			others(map[string]any(r), "", unknown)
		}
		var left []string
		for word := range unknown {
			if _, said, _ := strings.Cut(word, " "); !contains(c.Words[e], said) && !c.listed(e, said) {
				left = append(left, word)
			}
		}
		slices.Sort(left)
		if len(left) > 0 {
			c.failed(e, "the system says %s, which the manifest's values do not have: add them, if only as other (%s)", some(left), c.place(e))
		}
	})
}

// listed tells whether a manifest maps a word of the system to other on purpose.
func (c *checking) listed(e, word string) bool {
	for _, f := range c.connector.Entity(e).Fields {
		for _, row := range f.Values {
			if row.Source == word {
				return true
			}
		}
	}
	return false
}

// others collects the words of the system that were read as other, with their fields.
func others(v any, at string, found map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if said, ok := v[name+"_source"].(string); ok && inner == "other" {
				found[strings.TrimPrefix(at+"."+name, ".")+" "+said] = true
			}
			others(inner, strings.TrimPrefix(at+"."+name, "."), found)
		}
	case []any:
		for _, inner := range v {
			others(inner, at, found)
		}
	}
}
