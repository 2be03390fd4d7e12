package mapping_test

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/mapping"
)

func mapper(t *testing.T, entity string) *mapping.Mapper {
	t.Helper()
	s, _ := load(t, read(t, "testdata", "twoway.yaml"))
	m, err := mapping.Compile(s, s.Entity(entity), nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRecordID(t *testing.T) {
	t.Parallel()
	c, other := uuid.MustParse("01938c5e-6a40-7c7e-b0a4-5d1f0e6d9a21"), uuid.MustParse("01938c5e-6a40-7c7e-b0a4-5d1f0e6d9a22")
	id := mapping.RecordID(c, "vendors", "000123")
	if want := uuid.NewSHA1(c, []byte("vendors\x00000123")); id != want || id.Version() != 5 || id.Variant() != uuid.RFC4122 {
		t.Errorf("%s is not the version 5 id %s", id, want)
	}
	for _, different := range []uuid.UUID{
		mapping.RecordID(c, "vendors", "123"), mapping.RecordID(c, "vendor", "s000123"), mapping.RecordID(c, "items", "000123"), mapping.RecordID(other, "vendors", "000123"),
	} {
		if different == id {
			t.Error("two records share an id")
		}
	}
	long := strings.Repeat("x", 1000)
	if mapping.RecordID(c, "vendors", long) != uuid.NewSHA1(c, []byte("vendors\x00"+long)) {
		t.Error("a long remote id has another id")
	}
}

func TestRemoteID(t *testing.T) {
	t.Parallel()
	m := mapper(t, "vendors")
	for raw, want := range map[string]string{
		`{"id":1}`: "1", `{"id":"000123"}`: "000123", `{"a":{"id":5},"id":9007199254740993}`: "9007199254740993", `{"id":"\u00e9:x"}`: "é:x", `{"id":1.0}`: "1.0",
		`{"id":7,"rest": torn`: "7", // reads no further than it must
	} {
		if got, err := m.RemoteID([]byte(raw)); err != nil || got != want {
			t.Errorf("%s: %q, %v", raw, got, err)
		}
	}
	for _, raw := range []string{`{}`, `{"id":null}`, `{"id":""}`, `{"id":true}`, `{"id":[1]}`, `{"id":{}}`, `{"id":"a\u0000"}`, "{\"id\":\"\xff\"}", `{"id":"\ud800"}`, `[1]`, `{"id":`, ``} {
		var bad *mapping.BadValue
		if got, err := m.RemoteID([]byte(raw)); !errors.As(err, &bad) {
			t.Errorf("%s: %q, %v", raw, got, err)
		}
	}
}

func TestMapRefusesInvalidText(t *testing.T) {
	t.Parallel()
	m := mapper(t, "vendors")
	for _, raw := range []string{"{\"id\":1,\"other\":\"\xff\"}", `{"id":1,"other":{"a":1,"a":2}}`, `{"id":1`, `{"id":1} x`, strings.Repeat(`{"id":`, 100)} {
		var bad *mapping.BadValue
		if _, err := m.Map([]byte(raw), env(t)); !errors.As(err, &bad) {
			t.Errorf("%.40s: %v", raw, err)
		}
	}
}

// TestMapIsConcurrent maps different records at once; the race detector and the results tell whether scratch is shared.
func TestMapIsConcurrent(t *testing.T) {
	t.Parallel()
	m := mapper(t, "vendors")
	var wg sync.WaitGroup
	for i := range 8 {
		name := strings.Repeat(string(rune('a'+i)), 50)
		wg.Go(func() {
			for range 200 {
				r, err := m.Map([]byte(`{"id":1,"name":"`+name+`"}`), mapping.Env{})
				if err != nil || !bytes.Contains(r.Fields, []byte(`"`+name+`"`)) {
					t.Errorf("%s, %v", r.Fields, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestUnmapNamesEveryFault(t *testing.T) {
	t.Parallel()
	m := mapper(t, "purchase-orders")
	_, err := m.Unmap([]byte(`{
		"nmber": 1, "number": 5, "incoterms": "EXW", "requested_by_id": "x", "vendor_id": "no id", "site_id": "01938c5e-6a40-7c7e-b0a4-5d1f0e6d9a21", "status": "closed",
		"order_date": "2026-02-30", "approved_at": "yesterday", "currency": "CHF", "exchange_rate": 1.5, "subtotal": {"amount": "1", "currency": "USD"}, "total": {"amount": "1", "currency": "USD"},
		"tax_total": {"amount": "1,5", "curency": "EUR"}, "ship_to": {"lines": ["a", "b", "c"], "town": "x", "region": "y"}, "payment_terms": 5,
		"lines": [{"id": "x"}, 5, {"site_id": "x", "quantity": {"value": "1", "unit": 5}}]
	}`), func(string, uuid.UUID) (string, bool) { return "", false })
	var bad mapping.BadValues
	if !errors.As(err, &bad) {
		t.Fatal(err)
	}
	if want := strings.TrimSpace(string(read(t, "testdata", "unmap-faults.txt"))); err.Error() != want {
		t.Errorf("got\n%s", err)
	}
}

func TestUnmapWritesWhatIsGiven(t *testing.T) {
	t.Parallel()
	known := func(entity string, id uuid.UUID) (string, bool) {
		return map[string]string{"vendors": `01:V\:9`, "sites": "7"}[entity], true
	}
	const id = `"01938c5e-6a40-7c7e-b0a4-5d1f0e6d9a21"`
	for in, want := range map[string]string{
		`{}`:                                            `{}`,
		`{"vendor_id":` + id + `}`:                      `{"company":"01","supplier":{"code":"V:9"}}`,
		`{"vendor":{"remote_id":"02:8"}}`:               `{"company":"02","supplier":{"code":"8"}}`,
		`{"site_id":` + id + `}`:                        `{"plant":7}`,
		`{"status":"approved"}`:                         `{"state":"O"}`,
		`{"status_source":"P"}`:                         `{"state":"P"}`,
		`{"status":"approved","status_source":"P"}`:     `{"state":"P"}`,
		`{"status":null,"status_source":null}`:          `{"state":null}`,
		`{"total":{"amount":"12.50"}}`:                  `{"total":12.50}`,
		`{"tax_total":{"amount":"1","currency":"EUR"}}`: `{"tax":{"amount":1,"currency":"EUR"}}`,
		`{"payment_terms":"30 days net"}`:               `{"days":"30"}`,
		`{"ship_to":null}`:                              `{"to":{"city":null,"country":null,"name":null,"street":null,"street2":null}}`,
		`{"lines":[{"quantity":{"value":"2","unit":"pcs"}},{"remote_id":"20","status":"closed","line_number":5}]}`: `{"lines":[{"qty":2,"uom":{"symbol":"pcs"}},{"st":1,"no":5,"key":20}]}`,
	} {
		got, err := mapper(t, "purchase-orders").Unmap([]byte(in), known)
		if err != nil || !sameJSON(t, got, []byte(want)) {
			t.Errorf("%s: %s, %v; want %s", in, got, err, want)
		}
	}
}
