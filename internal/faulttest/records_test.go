package faulttest

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// TestPoison is row 23: one record is not what it should be. It is stored exactly or shown in quarantine, and all others go on.
func TestPoison(t *testing.T) {
	t.Parallel()
	const stamp = `"createdAt":"2026-03-10T12:30:00Z","updatedAt":"2026-03-10T12:30:00Z"`
	for _, c := range []struct {
		name, raw string
		bad       bool
		id        string // under which it is stored
	}{
		{"no id", `{"name":"x",` + stamp + `}`, true, ""},
		{"null id", `{"id":null,"name":"x",` + stamp + `}`, true, ""},
		{"id is an object", `{"id":{"a":1},"name":"x",` + stamp + `}`, true, ""},
		{"a number beyond 2^53 as id", `{"id":9007199254740993,"name":"x",` + stamp + `}`, false, "9007199254740993"},
		{"zeros before an id", `{"id":"000123456","name":"x",` + stamp + `}`, false, "000123456"},
		{"a number beyond 2^53 as value", `{"id":"p","name":"x","taxId":9007199254740993,` + stamp + `}`, false, "p"},
		{"a number beyond all as value", `{"id":"p","name":"x","taxId":1e400,` + stamp + `}`, false, "p"},
		{"impossible date", `{"id":"p","name":"x","createdAt":"2026-02-30T00:00:00Z","updatedAt":"2026-03-10T12:30:00Z"}`, true, "p"},
		{"NUL", `{"id":"p","name":"a\u0000b",` + stamp + `}`, true, "p"},
		{"half a surrogate pair", `{"id":"p","name":"a\ud800b",` + stamp + `}`, true, "p"},
		{"invalid UTF-8", `{"id":"p","name":"a` + "\xff" + `b",` + stamp + `}`, true, "p"},
		{"a member twice", `{"id":"p","name":"x","name":"y",` + stamp + `}`, true, "p"},
		{"an object in place of a text", `{"id":"p","name":{"de":"x"},` + stamp + `}`, true, "p"},
		{"a word in place of a boolean", `{"id":"p","name":"x","active":"perhaps",` + stamp + `}`, true, "p"},
		{"a huge text", `{"id":"p","name":"` + strings.Repeat("x", 1<<20) + `",` + stamp + `}`, false, "p"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{})
			w.clock.add(time.Hour)
			key := cmp.Or(c.id, "p")
			w.check(w.sim.Edit(erp.Edit{Resource: "vendors", ID: key, Raw: c.raw, Stamp: noon().Add(30 * time.Minute)}, edit("000010", "Good")))
			run := w.sync("incremental")
			w.ends(run, "complete", "")
			if got := run.get("counts", "quarantined"); (got == "1") != c.bad || !w.holds("000010") {
				t.Fatalf("%s quarantined; the good record is stored: %t", got, w.holds("000010"))
			}
			if !c.bad && w.stored()[c.id] != c.raw {
				t.Errorf("stored as %.200q: %.300s", c.id, w.stored()[c.id])
			}
			w.follow()
			w.accounted(1, c.bad)
			w.check(w.sim.Edit(remove(key)))
			w.even()
		})
	}
}

// accounted fails the test unless every record of the source is stored or in quarantine.
func (w *world) accounted(poisoned int, bad bool) {
	w.Helper()
	quarantined := 0
	if bad {
		quarantined = len(w.pages("/v1/sync-runs/"+w.lastRun().get("id")+"/quarantine", url.Values{}))
	}
	if source, stored := len(w.sim.Truth("vendors")), len(w.stored()); stored+quarantined != source || bad && quarantined != poisoned {
		w.Errorf("%d records in the source, %d stored, %d in quarantine", source, stored, quarantined)
	}
}

// TestPoisonBudget is row 23: where bad records are no exception, the run stops and the cursor stays.
func TestPoisonBudget(t *testing.T) {
	t.Parallel()
	for _, bad := range []int{10, 11} {
		t.Run(fmt.Sprint(bad), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{})
			before := w.stream().get("cursor_at")
			w.clock.add(time.Hour)
			for i := range bad {
				w.check(w.sim.Edit(erp.Edit{Resource: "vendors", ID: fmt.Sprintf("%06d", 1+i), Set: map[string]any{"name": []int{}}}))
			}
			run := w.sync("incremental")
			if bad <= 10 {
				w.ends(run, "complete", "")
			} else {
				w.ends(run, "failed", "too-many-bad-records")
				if got := w.stream().get("cursor_at"); got != before {
					t.Errorf("the cursor went from %s to %s", before, got)
				}
			}
			for i := range bad {
				w.check(w.sim.Edit(edit(fmt.Sprintf("%06d", 1+i), "Mended")))
			}
			w.even()
		})
	}
}

// TestSchemaDrift is row 24: the source changes its shape. What still fits is stored, what does not is in quarantine, and no other field suffers.
func TestSchemaDrift(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		edit erp.Edit
		bad  bool
		show string // of the record as it is served
	}{
		{"new member", erp.Edit{Set: map[string]any{"colour": "red", "name": "N"}}, false, `"name":"N"`},
		{"member gone", erp.Edit{Drop: []string{"taxId"}}, false, `"tax_number":null`},
		{"text becomes an object", erp.Edit{Set: map[string]any{"name": map[string]any{"en": "N"}}}, true, ""},
		{"text becomes a list", erp.Edit{Set: map[string]any{"name": []string{"N"}}}, true, ""},
		{"boolean becomes a new word", erp.Edit{Set: map[string]any{"active": "BLOCKED"}}, true, ""},
		{"text becomes a number", erp.Edit{Set: map[string]any{"vendorNumber": 4711}}, false, `"code":"4711"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{})
			w.clock.add(time.Hour)
			before := w.stored()["000010"]
			c.edit.Resource, c.edit.ID = "vendors", "000010"
			w.check(w.sim.Edit(c.edit))
			run := w.sync("incremental")
			w.ends(run, "complete", "")
			if got := run.get("counts", "quarantined") == "1"; got != c.bad {
				t.Errorf("in quarantine: %t", got)
			}
			if c.bad && w.stored()["000010"] != before {
				t.Error("what does not fit replaced what did")
			}
			w.follow()
			if !strings.Contains(w.feed.raw["000010"], c.show) {
				t.Errorf("served as %s", w.feed.raw["000010"])
			}
			w.even()
		})
	}
}
