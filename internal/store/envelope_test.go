package store

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func testEnvelope() *envelope {
	r := &Run{Entity: "items", scope: Scope{id: "c1"}}
	return makeEnvelope(r, Commit{Epoch: 7, At: time.Date(2026, 1, 2, 3, 4, 5, 120_000_000, time.UTC)}, 0)
}

// Whatever the source calls a record, the envelope is JSON, and the mapped members come back as they were.
func TestEnvelope(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		remoteID := rapid.OneOf(rapid.String(), rapid.Just(`"deletion":null`), rapid.Just(`\"deletion":null,`)).Draw(t, "remote id")
		members := rapid.MapOf(rapid.SampledFrom([]string{"name", "deletion2", "a"}), rapid.String()).Draw(t, "members")
		fields, err := json.Marshal(members)
		if err != nil {
			t.Fatal(err)
		}
		record, err := testEnvelope().record(HeadRow{ID: uuid.UUID{15: 1}, Seq: 12}, remoteID, nil, fields)
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(record, &m); err != nil {
			t.Fatalf("%s: %v", record, err)
		}
		if m["remote_id"] != remoteID || m["version"] != "7.12" || m["updated_at"] != "2026-01-02T03:04:05.12Z" || m["id"] != "00000000-0000-0000-0000-000000000001" {
			t.Fatalf("%s", record)
		}
		back, err := fieldsOf(record)
		if err != nil || string(back) != string(fields) {
			t.Fatalf("%s became %s (%v)", fields, back, err)
		}
	})
}

func TestEnvelopeRefusesWhatIsNoObject(t *testing.T) {
	t.Parallel()
	for _, fields := range []string{"", "[]", "{", "null", `"{}"`} {
		if got, err := testEnvelope().record(HeadRow{}, "x", nil, []byte(fields)); err == nil {
			t.Errorf("%q became %s", fields, got)
		}
	}
}

func TestEnvelopeTakesSpaceAndNothing(t *testing.T) {
	t.Parallel()
	for fields, want := range map[string]string{"{}": `"deletion":null}`, " { } ": `"deletion":null}`, "{ \"a\":1 }\n": `"deletion":null,"a":1}`} {
		got, err := testEnvelope().record(HeadRow{}, "x", nil, []byte(fields))
		if err != nil || len(got) < len(want) || string(got[len(got)-len(want):]) != want {
			t.Errorf("%q became %s (%v)", fields, got, err)
		}
	}
}

// Records of one commit share a buffer without writing into each other.
func TestEnvelopeKeepsRecordsApart(t *testing.T) {
	t.Parallel()
	e := makeEnvelope(&Run{}, Commit{}, 4*perEnvelope)
	first, _ := e.record(HeadRow{Seq: 1}, "a", nil, []byte(`{"n":"first"}`))
	second, _ := e.record(HeadRow{Seq: 2}, "b", nil, []byte(`{"n":"second"}`))
	before := string(second)
	_ = append(first, "overflow"...)
	if string(second) != before {
		t.Errorf("%s became %s", before, second)
	}
}
