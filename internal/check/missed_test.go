package check_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/check"
	"github.com/busbar-dev/busbar/internal/manifest"
)

func TestMissed(t *testing.T) {
	t.Parallel()
	w := acme(t, "purchase-orders")
	for _, c := range []struct{ wanted, record, want string }{
		{`{"notes":"a"}`, `{"notes":"a","number":"5"}`, ""},
		{`{"notes":" a\r\nb "}`, `{"notes":"a\nb"}`, ""},
		{`{"notes":""}`, `{"notes":null}`, ""},
		{`{"notes":null}`, `{"notes":" "}`, ""},
		{`{"notes":"abc"}`, `{"notes":"ab"}`, "/notes"},
		{`{"notes":"abc"}`, `{}`, "/notes"},
		{`{"notes":null}`, `{"notes":"x"}`, "/notes"},
		{`{"total":{"amount":"3.333333"}}`, `{"total":{"amount":"3.33","currency":"EUR"}}`, ""},
		{`{"total":{"amount":"3.339"}}`, `{"total":{"amount":"3.33"}}`, ""}, // cut off
		{`{"total":{"amount":"3.335"}}`, `{"total":{"amount":"3.34"}}`, ""},
		{`{"total":{"amount":"-3.336"}}`, `{"total":{"amount":"-3.34"}}`, ""},
		{`{"total":{"amount":"12.004"}}`, `{"total":{"amount":"12"}}`, ""},
		{`{"total":{"amount":"3.333333"}}`, `{"total":{"amount":"3.35"}}`, "/total/amount"},
		{`{"total":{"amount":"3.331"}}`, `{"total":{"amount":"3.34"}}`, "/total/amount"},
		{`{"total":{"amount":"12.4"}}`, `{"total":{"amount":"12"}}`, "/total/amount"},
		{`{"total":{"amount":"12.50"}}`, `{"total":{"amount":"12.5"}}`, ""},
		{`{"total":{"amount":"1e2"}}`, `{"total":{"amount":"100"}}`, ""},
		{`{"total":{"amount":"1e999999999"}}`, `{"total":{"amount":"100"}}`, "/total/amount"},
		{`{"total":{"amount":"1","currency":"eur"}}`, `{"total":{"amount":"1","currency":"EUR"}}`, ""},
		{`{"total":{"amount":"1","currency":"CHF"}}`, `{"total":{"amount":"1","currency":"EUR"}}`, "/total/currency"},
		{`{"total":{"amount":"1"}}`, `{"total":null}`, "/total/amount"},
		{`{"total":null}`, `{"total":{"amount":"1"}}`, "/total"},
		{`{"vendor_id":"A0000000-0000-5000-8000-000000000001"}`, `{"vendor_id":"a0000000-0000-5000-8000-000000000001"}`, ""},
		{`{"vendor_id":"A0000000-0000-5000-8000-000000000001"}`, `{"vendor_id":"a0000000-0000-5000-8000-000000000002"}`, "/vendor_id"},
		{`{"status":"approved"}`, `{"status":"approved","status_source":"OK"}`, ""},
		{`{"status":"approved","status_source":"A"}`, `{"status":"approved","status_source":"OK"}`, "/status_source"},
		{`{"approved_at":"2026-01-02T03:04:05.9Z"}`, `{"approved_at":"2026-01-02T03:04:05Z"}`, ""},
		{`{"approved_at":"2026-01-02T04:04:05+01:00"}`, `{"approved_at":"2026-01-02T03:04:05Z"}`, ""},
		{`{"approved_at":"2026-01-02T03:04:05Z"}`, `{"approved_at":"2026-01-02T03:04:00Z"}`, "/approved_at"},
		{`{"ship_to":{"city":"Linz"}}`, `{"ship_to":{"city":"Linz","lines":["x"]}}`, ""},
		{`{"ship_to":{"city":null}}`, `{"ship_to":null}`, ""},
		{`{"ship_to":{"lines":["a","","b"]}}`, `{"ship_to":{"lines":["a","b"]}}`, ""},
		{`{"ship_to":{"lines":["a"],"city":"Linz"}}`, `{"ship_to":{"lines":["a","b"],"city":"Wien"}}`, "/ship_to/lines /ship_to/city"},
		{`{"ship_to":{}}`, `{"ship_to":{"city":"Linz"}}`, ""},
		{`{"total":{"currency":"EUR"}}`, `{"total":{"amount":"1","currency":"EUR"}}`, ""},
		{`{"ship_to":{"city":null}}`, `{"ship_to":{"city":"Linz"}}`, "/ship_to/city"},
		{`{"ship_to":null}`, `{"ship_to":{"city":"Linz"}}`, "/ship_to"},

		{`{"lines":[{"remote_id":"a","line_number":1}]}`, `{"lines":[{"remote_id":"b","line_number":2},{"remote_id":"a","line_number":1}]}`, ""},
		{`{"lines":[{"remote_id":"a","line_number":1}]}`, `{"lines":[{"remote_id":"a","line_number":3}]}`, "/lines/0/line_number"},
		{`{"lines":[{"remote_id":"a","_delete":true}]}`, `{"lines":[{"remote_id":"b"}]}`, ""},
		{`{"lines":[{"remote_id":"a","_delete":true}]}`, `{"lines":[{"remote_id":"a"}]}`, "/lines/0"},
		{`{"lines":[{"line_number":2},{"line_number":1}]}`, `{"lines":[{"remote_id":"x","line_number":1},{"remote_id":"y","line_number":2}]}`, ""},
		{`{"lines":[{"line_number":1},{"line_number":1}]}`, `{"lines":[{"remote_id":"x","line_number":1}]}`, "/lines/1"},
		{`{"lines":[{"line_number":1,"notes":"n"}]}`, `{"lines":[{"remote_id":"x","line_number":1,"notes":null}]}`, "/lines/0/notes"},
		{`{"lines":[{"line_number":1},{"remote_id":"a","_stays":true}]}`, `{"lines":[{"remote_id":"a","line_number":1}]}`, "/lines/0"},
		{`{"lines":[{"line_number":1},{"remote_id":"a","_stays":true}]}`, `{"lines":[{"remote_id":"a","line_number":1},{"remote_id":"b","line_number":1}]}`, ""},
		{`{"lines":[{"remote_id":"a","line_number":1}]}`, `{"lines":[{"remote_id":"z","line_number":1}]}`, ""},                  // renumbered by the system
		{`{"lines":[{"remote_id":"a","_delete":true},{"line_number":5}]}`, `{"lines":[{"remote_id":"a","line_number":5}]}`, ""}, // the system uses the id again
		{`{"lines":[{"remote_id":"a","_delete":true},{"line_number":5}]}`, `{"lines":[{"remote_id":"a","line_number":4}]}`, "/lines/1 /lines/0"},
		{`{"lines":[{"line_number":1}]}`, `{"lines":null}`, "/lines/0"},
		{`{"lines":null}`, `{"lines":[{"remote_id":"a"}]}`, "/lines"},
		{`{"lines":null}`, `{"lines":[]}`, ""},
		{``, `{}`, ""},
		{`{"notes":"a"}`, `torn`, "?"},
	} {
		var got []string
		for _, i := range check.Missed(w.entity, []byte(c.wanted), []byte(c.record)) {
			got = append(got, i.Pointer)
			if i.Code != "not-taken" || i.Detail == "" {
				t.Errorf("%s: %+v", c.wanted, i)
			}
			if i.Pointer == "" {
				got = []string{"?"}
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s\n%s\n%v, wanted %s", c.wanted, c.record, got, c.want)
		}
	}
}

func TestMissedOfWholeLists(t *testing.T) {
	t.Parallel()
	w := acme(t, "vendors")
	for _, c := range []struct{ wanted, record, want string }{
		{`{"contacts":[{"name":"a"},{"name":"b"}]}`, `{"contacts":[{"name":"b","email":null},{"name":"a","email":"x"}]}`, ""},
		{`{"contacts":[{"name":"a"}]}`, `{"contacts":[{"name":"a"},{"name":"b"}]}`, "/contacts"},
		{`{"contacts":[{"name":"a"},{"name":"a"}]}`, `{"contacts":[{"name":"a"},{"name":"b"}]}`, "/contacts/1"},
		{`{"contacts":[]}`, `{"contacts":null}`, ""},
		{`{"contacts":[]}`, `{"contacts":[{"name":"a"}]}`, "/contacts"},
		{`{"is_active":false}`, `{"is_active":true}`, "/is_active"},
		{`{"is_active":false}`, `{"is_active":false}`, ""},
		{`{"address":{"country":"at"}}`, `{"address":{"country":"AT"}}`, ""},
	} {
		items := check.Missed(w.entity, []byte(c.wanted), []byte(c.record))
		if len(items) == 0 && c.want != "" || len(items) > 0 && (len(items) > 1 || items[0].Pointer != c.want) {
			t.Errorf("%s, %s: %v", c.wanted, c.record, items)
		}
	}
}

func TestSame(t *testing.T) {
	t.Parallel()
	w := acme(t, "purchase-orders")
	const wanted = `{"notes":"a","vendor_id":"x","lines":[{"line_number":1,"notes":"n"}]}`
	for _, c := range []struct {
		fields []string
		record string
		want   bool
	}{
		{nil, `{"notes":"a","vendor_id":"x","lines":[{"remote_id":"1","line_number":1,"notes":"n"}]}`, true},
		{nil, `{"notes":"b","vendor_id":"x","lines":[{"remote_id":"1","line_number":1,"notes":"n"}]}`, false},
		{[]string{"vendor"}, `{"notes":"b","vendor_id":"x","lines":[]}`, true},
		{[]string{"vendor", "notes"}, `{"notes":"b","vendor_id":"x"}`, false},
		{[]string{"lines.line_number"}, `{"lines":[{"remote_id":"1","line_number":1,"notes":"m"}]}`, true},
		{[]string{"lines.line_number"}, `{"lines":[{"remote_id":"1","line_number":2,"notes":"n"}]}`, false},
		{[]string{"lines.line_number"}, `{"lines":[]}`, false},
		{[]string{"order_date"}, `{"order_date":"2026-01-01"}`, true},
		{[]string{"vendor"}, `torn`, false},
	} {
		if got := check.Same(w.entity, c.fields, []byte(wanted), []byte(c.record)); got != c.want {
			t.Errorf("%v of %s: %v", c.fields, c.record, got)
		}
	}
}

// TestWanted shows what a write asks for once its references and lines are named as the record names them.
func TestWanted(t *testing.T) {
	t.Parallel()
	w := acme(t, "purchase-orders")
	now := w.record(t, order)
	for data, want := range map[string]string{
		`{"vendr":1,"notes":"x","vendor":{"remote_id":"1"}}`:                         `{"notes":"x","vendor_id":"` + ref("vendors", "1") + `"}`,
		`{"status":"cancelled"}`:                                                     `{"status":"cancelled"}`,
		`{"notes":"x","number":"PO-9"}`:                                              `{"notes":"x"}`,
		`{"lines":[{"line_number":4},{"remote_id":"b","_delete":true,"notes":"x"}]}`: `{"lines":[{"line_number":4},{"remote_id":"b","_delete":true},{"remote_id":"a","_stays":true}]}`,
		`{"lines":null}`: `{"lines":[{"remote_id":"a","_delete":true},{"remote_id":"b","_delete":true}]}`,
	} {
		in := w.input(manifest.Update, data)
		in.Current, in.Strict = now, false
		e := *w.entity
		op := e.Operations[manifest.Update]
		op.Except = nil
		e.Operations = map[manifest.Op]manifest.Operation{manifest.Update: op, manifest.Create: {}}
		in.Entity = &e
		if v := check.Check(in); v.Problem != nil || !sameJSON(t, string(v.Wanted), want) {
			t.Errorf("%s: %s %s", data, v.Wanted, told(v.Problem))
		}
	}
}

func TestDetailsSayWhatToDo(t *testing.T) {
	t.Parallel()
	w := acme(t, "purchase-orders")
	for data, want := range map[string]string{
		`{"vendr":1}`: "Did you mean vendor_id?",
		`{"lines":[{"remote_id":"a","itm_id":1}]}`:    "Did you mean item_id?",
		`{"payment_terms":"NET3"}`:                    "Did you mean NET30?",
		`{"status":"closed"}`:                         "From draft it can become pending_approval, approved, sent or cancelled.",
		`{"status":"aproved"}`:                        "Did you mean approved?",
		`{"site":{"id":1}}`:                           `{"remote_id": "..."}`,
		`{"shipping_method":"x"}`:                     "Acme has no such field",
		`{"number":"x"}`:                              "The rule is purchase-orders.read_only.",
		`{"vendor_id":"` + ref("vendors", "2") + `"}`: "never",
	} {
		in := w.input(manifest.Update, data)
		in.Current = w.record(t, order)
		v := check.Check(in)
		if v.Problem == nil || !strings.Contains(v.Problem.Detail+slices.Collect(details(v))[0], want) {
			t.Errorf("%s: %+v", data, v.Problem)
		}
	}
}

func details(v check.Verdict) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, i := range v.Problem.Items {
			if !yield(i.Detail) {
				return
			}
		}
	}
}
