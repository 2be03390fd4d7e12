package manifest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// In every connector, what an entity refers to is synced before it, unless the reference is part of a circle.
func TestWhatOthersReferToIsSyncedFirst(t *testing.T) {
	t.Parallel()
	r, err := manifest.Load(connectors.FS, unified(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, s := range r.Systems() {
		reaches := map[string]map[string]bool{}
		for _, e := range s.Entities {
			reaches[e.Name] = reach(s, e)
		}
		for i, e := range s.Entities {
			for _, other := range s.Entities[i+1:] {
				circle := reaches[other.Name][e.Name]
				if slices.Contains(e.RefersTo(), other.Name) && !circle {
					t.Errorf("%s: %s refers to %s, which is synced after it", s.System, e.Name, other.Name)
				}
				checked++
			}
		}
	}
	if checked < 100 {
		t.Errorf("only %d pairs of entities", checked)
	}
}

// reach are the entities that references lead to, in any number of steps.
func reach(s *manifest.System, from *manifest.Entity) map[string]bool {
	seen, todo := map[string]bool{}, from.RefersTo()
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		if e := s.Entity(name); e != nil && !seen[name] {
			todo = append(todo, e.RefersTo()...)
		}
		seen[name] = true
	}
	return seen
}

func TestSmallOnesComeFirstAmongEqualsAndCirclesEnd(t *testing.T) {
	t.Parallel()
	lines := entity("purchase-orders", "number: n, lines: {from: lines, id: id, fields: {item: i}}")
	for _, c := range []struct{ name, entities, want string }{
		{"referred-to first", entity("purchase-orders", "vendor: v") + entity("vendors", "name: n"), "vendors purchase-orders"},
		{"small ones first", entity("purchase-orders", "number: n", "history: d") + entity("vendors", "name: n") + entity("users", "name: n"), "vendors users purchase-orders"},
		{"itself", entity("locations", "parent: p") + entity("users", "name: n"), "locations users"},
		{"not mapped", entity("purchase-orders", "number: n") + entity("vendors", "name: n"), "purchase-orders vendors"},
		{"within lines", lines + entity("items", "name: n"), "items purchase-orders"},
		{"a circle, and who refers to it", entity("work-orders", "service_request: s, asset: a") + entity("service-requests", "work_order: w") + entity("assets", "name: n"),
			"assets work-orders service-requests"},
	} {
		text := text(t, "good.yaml")
		s, err := manifest.Load(folder("acme", text[:strings.Index(text, "entities:")]+"entities:\n"+c.entities), unified(t), nil)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got []string
		for _, e := range s.System("acme").Entities {
			got = append(got, e.Name)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v; want %s", c.name, got, c.want)
		}
	}
}

func entity(name, fields string, more ...string) string {
	text := "  " + name + ":\n    read: {}\n    id: id\n    updated_at: at\n    cursor: {precision: 1s}\n    fields: {" + fields + "}\n    evidence: {read: documented}\n"
	for _, m := range more {
		text += "    " + m + "\n"
	}
	return text
}
