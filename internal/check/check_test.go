package check_test

import (
	"testing"

	"github.com/busbar-dev/busbar/internal/check"
	"github.com/busbar-dev/busbar/internal/manifest"
)

const order = `{"id":"9","number":"PO-9","vendor":1,"site":"2","state":"D","ordered":"2026-01-02","currency":"EUR","total":12.5,"terms":"NET30","to":{"street":"x","city":"Linz"},
	"note":"n","lines":[{"key":"a","no":1,"item":"1","qty":2,"uom":"pcs","price":5,"amount":10},{"key":"b","no":2,"item":"2","qty":1,"uom":"kg","price":2.5,"amount":2.5}]}`

// TestFaults has a row for every rule: what is asked for, and the code, pointers, fault codes and rules that it meets with.
func TestFaults(t *testing.T) {
	t.Parallel()
	w := acme(t, "purchase-orders")
	vendor, item := ref("vendors", "1"), ref("items", "1")
	good := `"vendor_id":"` + vendor + `","lines":[{"item_id":"` + item + `","quantity":{"value":"1"}}]`
	at := func(state string) *check.Current {
		return w.record(t, replace(order, `"state":"D"`, `"state":"`+state+`"`))
	}
	for name, c := range map[string]struct {
		op      manifest.Op
		data    string
		current *check.Current
		edit    func(in *check.Input)
		want    string
	}{
		"no object":          {manifest.Create, `[1]`, nil, nil, "validation-failed\n invalid"},
		"torn":               {manifest.Create, `{"a":`, nil, nil, "validation-failed\n invalid"},
		"a name twice":       {manifest.Create, `{"notes":"a","notes":"b"}`, nil, nil, "validation-failed\n invalid"},
		"unknown field":      {manifest.Create, `{` + good + `,"vendr":1}`, nil, nil, "validation-failed\n/vendr unknown"},
		"unknown in a line":  {manifest.Create, `{"vendor_id":"` + vendor + `","lines":[{"item_id":"` + item + `","quantity":{"value":"1"},"qty":1}]}`, nil, nil, "validation-failed\n/lines/0/qty unknown"},
		"not of this system": {manifest.Create, `{` + good + `,"shipping_method":"x"}`, nil, nil, "field-not-writable\n/shipping_method not-supported purchase-orders.create"},
		"constant":           {manifest.Create, `{` + good + `,"incoterms":"FOB"}`, nil, nil, "field-not-writable\n/incoterms not-writable purchase-orders.create"},
		"wrong type":         {manifest.Create, `{` + good + `,"order_date":"tomorrow","notes":5}`, nil, nil, "validation-failed\n/notes invalid\n/order_date invalid"},
		"required": {manifest.Create, `{"notes":"x"}`, nil, nil,
			"validation-failed\n/lines required purchase-orders.create.required\n/vendor_id required purchase-orders.create.required"},
		"required in lines": {manifest.Create, `{"vendor":{"remote_id":"7"},"lines":[{"item_id":null,"quantity":{"value":null}},{"item_id":"` + item + `","quantity":{"value":"1"}}]}`, nil, nil,
			"validation-failed\n/lines/0/item_id required purchase-orders.create.required\n/lines/0/quantity required purchase-orders.create.required"},
		"no lines":        {manifest.Create, `{"vendor":{"remote_id":"7"},"lines":[]}`, nil, nil, "validation-failed\n/lines required purchase-orders.create.required"},
		"required by us":  {manifest.Create, `{` + good + `}`, nil, func(in *check.Input) { in.Rules.Required = []string{"notes", "lines.unit_price", "vendor"} }, "validation-failed\n/lines/0/unit_price required connection.purchase-orders.required\n/notes required connection.purchase-orders.required"},
		"read only":       {manifest.Create, `{` + good + `,"number":"1","total":{"amount":"1"}}`, nil, nil, "field-not-writable\n/number not-writable purchase-orders.read_only\n/total not-writable purchase-orders.read_only"},
		"read only line":  {manifest.Create, `{"vendor_id":"` + vendor + `","lines":[{"item_id":"` + item + `","quantity":{"value":"1"},"line_total":{"amount":"1"}}]}`, nil, nil, "field-not-writable\n/lines/0/line_total not-writable purchase-orders.read_only"},
		"read only by us": {manifest.Create, `{` + good + `,"notes":"x","ship_to":{"city":"Wien"}}`, nil, func(in *check.Input) { in.Rules.ReadOnly = []string{"notes", "ship_to"} }, "field-not-writable\n/notes not-writable connection.purchase-orders.read_only\n/ship_to not-writable connection.purchase-orders.read_only"},
		"picklist":        {manifest.Create, `{` + good + `,"payment_terms":"NET31"}`, nil, nil, "validation-failed\n/payment_terms invalid purchase-orders.picklists.payment_terms"},
		"picklist of records": {manifest.Create, `{` + good + `,"currency":"XXX"}`, nil, func(in *check.Input) {
			in.Words = func(string, string) []string { return []string{"EUR", "CHF"} }
		}, "validation-failed\n/currency invalid purchase-orders.picklists.currency"},
		"values of ours":   {manifest.Create, `{` + good + `,"currency":"CHF"}`, nil, func(in *check.Input) { in.Rules.Values = map[string][]string{"currency": {"EUR"}} }, "validation-failed\n/currency invalid connection.purchase-orders.values.currency"},
		"reference":        {manifest.Create, `{` + good + `,"site_id":"01938c5e-6a40-7c7e-b0a4-5d1f0e6d9a21"}`, nil, nil, "reference-unknown\n/site_id reference-unknown"},
		"no reference":     {manifest.Create, `{` + good + `,"site":{"remote_id":""}}`, nil, nil, "validation-failed\n/site invalid"},
		"lines with ids":   {manifest.Create, `{"vendor_id":"` + vendor + `","lines":[{"id":"x","remote_id":"a","item_id":"` + item + `","quantity":{"value":"1"}}]}`, nil, nil, "validation-failed\n/lines/0/id invalid\n/lines/0/remote_id invalid"},
		"currency of one":  {manifest.Create, `{"vendor_id":"` + vendor + `","currency":"EUR","lines":[{"item_id":"` + item + `","quantity":{"value":"1"},"unit_price":{"amount":"1","currency":"CHF"}}]}`, nil, nil, "validation-failed\n/lines/0/unit_price/currency invalid"},
		"status: no way":   {manifest.Create, `{` + good + `,"status":"closed"}`, nil, nil, "state-forbids\n/status state-forbids purchase-orders.moves"},
		"status: no word":  {manifest.Create, `{` + good + `,"status":"ordered"}`, nil, nil, "validation-failed\n/status invalid purchase-orders.moves"},
		"status: no text":  {manifest.Create, `{` + good + `,"status":5}`, nil, nil, "validation-failed\n/status invalid purchase-orders.moves"},
		"status: disagree": {manifest.Create, `{` + good + `,"status":"approved","status_source":"S"}`, nil, nil, "validation-failed\n/status invalid purchase-orders.moves"},

		"no record":         {manifest.Update, `{}`, nil, nil, "not-found"},
		"deleted":           {manifest.Update, `{}`, &check.Current{Deleted: true}, nil, "not-found"},
		"another version":   {manifest.Update, `{"notes":"x"}`, at("D"), func(in *check.Input) { in.IfMatch = `"6"` }, "version-mismatch"},
		"when":              {manifest.Update, `{"order_date":"2026-02-02","ship_to":{"city":"Wien"}}`, at("S"), nil, "state-forbids\n/order_date state-forbids purchase-orders.update.when\n/ship_to state-forbids purchase-orders.update.when"},
		"except: a state":   {manifest.Update, `{"expected_date":"2026-02-02"}`, at("P"), nil, "state-forbids\n/expected_date state-forbids purchase-orders.update.except.expected_date"},
		"except: never":     {manifest.Update, `{"vendor_id":"` + ref("vendors", "2") + `"}`, at("D"), nil, "field-not-writable\n/vendor_id not-writable purchase-orders.update.except.vendor"},
		"except in a line":  {manifest.Update, `{"lines":[{"remote_id":"a","notes":"x","unit_price":{"amount":"4"}}]}`, at("S"), nil, "state-forbids\n/lines/0/unit_price state-forbids purchase-orders.update.when"},
		"lines in no state": {manifest.Update, `{"lines":[{"remote_id":"a","_delete":true},{"item_id":"` + item + `","quantity":{"value":"1"}}]}`, at("S"), nil, "state-forbids\n/lines/0 state-forbids purchase-orders.update.when\n/lines/1 state-forbids purchase-orders.update.when"},
		"new line required": {manifest.Update, `{"lines":[{"notes":"x"},{"remote_id":"a"}]}`, at("D"), nil, "validation-failed\n/lines/0/item_id required purchase-orders.create.required\n/lines/0/quantity required purchase-orders.create.required"},
		"line of another":   {manifest.Update, `{"lines":[{"remote_id":"c","line_number":5}]}`, at("D"), nil, "validation-failed\n/lines/0/remote_id invalid"},
		"line twice":        {manifest.Update, `{"lines":[{"remote_id":"a","line_number":5},{"remote_id":"a","line_number":6}]}`, at("D"), nil, "validation-failed\n/lines/1 duplicate"},
		"from the header":   {manifest.Update, `{"lines":[{"remote_id":"a","site_id":"` + ref("sites", "1") + `"}]}`, at("D"), nil, "field-not-writable\n/lines/0/site_id not-writable purchase-orders.update"},
		"the record's own":  {manifest.Update, `{"remote_id":"10","version":"6"}`, at("D"), nil, "field-not-writable\n/remote_id not-writable\n/version not-writable"},
		"status: back":      {manifest.Update, `{"status":"draft"}`, at("A"), nil, "state-forbids\n/status state-forbids purchase-orders.moves"},
		"status: nowhere":   {manifest.Update, `{"status":"draft"}`, at("C"), nil, "state-forbids\n/status state-forbids purchase-orders.moves"},
		"status: emptied":   {manifest.Update, `{"status":null}`, at("A"), nil, "validation-failed\n/status invalid purchase-orders.moves"},
		"status: its word":  {manifest.Update, `{"status_source":"OK"}`, at("A"), nil, "state-forbids\n/status_source state-forbids purchase-orders.moves"},
		"status: not ours":  {manifest.Update, `{"status":"pending_approval"}`, at("D"), func(in *check.Input) { in.Rules.ReadOnly = []string{"status"} }, "field-not-writable\n/status not-writable connection.purchase-orders.read_only"},
		"all at once": {manifest.Update, `{"vendr":1,"site_id":"01938c5e-6a40-7c7e-b0a4-5d1f0e6d9a21","number":"x","payment_terms":"NET1","lines":[{"id":"x"}]}`, at("S"), func(in *check.Input) { in.IfMatch = `"1", W/"2"` },
			"version-mismatch\n/lines/0 state-forbids purchase-orders.update.when\n/lines/0/id invalid\n/number not-writable purchase-orders.read_only\n/payment_terms state-forbids purchase-orders.update.when\n/site_id state-forbids purchase-orders.update.when\n/vendr unknown"},

		"not cancelled":     {manifest.Delete, ``, at("S"), nil, "state-forbids\n state-forbids purchase-orders.moves"},
		"delete: no record": {manifest.Delete, ``, nil, nil, "not-found"},
		"delete: version":   {manifest.Delete, ``, at("D"), func(in *check.Input) { in.IfMatch = "6" }, "version-mismatch"},
		"forbidden by us":   {manifest.Delete, ``, at("D"), func(in *check.Input) { in.Rules.Forbidden = []manifest.Op{manifest.Delete} }, "not-supported-by-system\n not-supported connection.purchase-orders.forbidden.delete"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := w.input(c.op, c.data)
			in.Current = c.current
			if c.edit != nil {
				c.edit(&in)
			}
			v := check.Check(in)
			if got := told(v.Problem); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if v.Problem != nil && (v.Steps != nil || v.Problem.Detail == "") {
				t.Errorf("refused, and yet %v; %q", v.Steps, v.Problem.Detail)
			}
		})
	}
}

func TestNotOffered(t *testing.T) {
	t.Parallel()
	in := acme(t, "currencies").input(manifest.Create, `{"code":"EUR"}`)
	if got := told(check.Check(in).Problem); got != "not-supported-by-system\n not-supported currencies.create" {
		t.Error(got)
	}
}

// TestSteps shows what is sent of what is asked for.
func TestSteps(t *testing.T) {
	t.Parallel()
	w := acme(t, "purchase-orders")
	item := ref("items", "1")
	good := `"vendor":{"remote_id":"1"},"lines":[{"item_id":"` + item + `","quantity":{"value":"1"}}]`
	const lines = `"lines":[{"item":"1","qty":1}]`
	for name, c := range map[string]struct{ op, state, data, want string }{
		"create":                   {"create", "", `{` + good + `}`, `send {"vendor":1,` + lines + `,"marks":{"ref":"bb-mark-0"}}`},
		"create as it is anyway":   {"create", "", `{` + good + `,"status":"draft"}`, `send {"vendor":1,` + lines + `,"marks":{"ref":"bb-mark-0"}}`},
		"create without status":    {"create", "", `{` + good + `,"status":null}`, `send {"vendor":1,` + lines + `,"marks":{"ref":"bb-mark-0"}}`},
		"create and move":          {"create", "", `{` + good + `,"status":"sent"}`, `send {"vendor":1,` + lines + `,"marks":{"ref":"bb-mark-0"}}` + "\nto pending_approval {\"state\":\"P\"}\nto approved\nto sent"},
		"update":                   {"update", "D", `{"notes":"x","ship_to":{"city":"Wien"}}`, `send {"note":"x","to":{"street":"x","city":"Wien"}}`},
		"update and a written":     {"update", "D", `{"notes":"x","status":"pending_approval"}`, `to pending_approval {"note":"x","state":"P"}`},
		"only a written":           {"update", "D", `{"status":"pending_approval"}`, `to pending_approval {"state":"P"}`},
		"update and moves":         {"update", "D", `{"notes":"x","status":"approved"}`, `send {"note":"x"}` + "\nto pending_approval {\"state\":\"P\"}\nto approved"},
		"only moves":               {"update", "P", `{"status":"sent"}`, "to approved\nto sent"},
		"by the source's word":     {"update", "A", `{"status_source":"S"}`, "to sent"},
		"the shortest way":         {"update", "P", `{"status":"cancelled"}`, "to cancelled"},
		"no change of status":      {"update", "A", `{"notes":"x","status":"approved"}`, `send {"note":"x"}`},
		"one line":                 {"update", "D", `{"lines":[{"remote_id":"b","_delete":true},{"remote_id":"a","line_number":3}]}`, `send {"lines":[{"key":"a","no":3,"item":"1","qty":2,"uom":"pcs","price":5,"amount":10}]}`},
		"what is there is left":    {"update", "S", `{"number":"PO-9","site_id":"` + ref("sites", "2") + `","remote_id":"9","incoterms":"EXW","notes":"x"}`, `send {"note":"x"}`},
		"lines as they are":        {"update", "S", `{"notes":"x","lines":[{"remote_id":"a","quantity":{"value":"2.0","unit":"pcs"},"line_total":{"amount":"10","currency":"EUR"},"site_id":"` + ref("sites", "2") + `"}]}`, `send {"note":"x"}`},
		"cancel":                   {"delete", "P", ``, "to cancelled"},
		"nothing":                  {"update", "S", `{"notes":"n","status":"sent","vendor":{"remote_id":"1"},"lines":[{"remote_id":"b"}]}`, ``},
		"nothing at all":           {"update", "S", `{}`, ``},
		"cancelled before":         {"delete", "X", ``, ``},
		"a state of its own":       {"update", "S", `{"expected_date":"2026-02-02","lines":[{"remote_id":"a","notes":"y"}]}`, `send {"expected":"2026-02-02","lines":[{"key":"a","no":1,"item":"1","qty":2,"uom":"pcs","price":5,"amount":10,"note":"y"},{"key":"b","no":2,"item":"2","qty":1,"uom":"kg","price":2.5,"amount":2.5}]}`},
		"a picklist left as it is": {"update", "D", `{"payment_terms":"NET30","notes":"y"}`, `send {"terms":"NET30","note":"y"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := w.input(manifest.Op(c.op), c.data)
			if c.state != "" {
				in.Current = w.record(t, replace(order, `"state":"D"`, `"state":"`+c.state+`"`))
			}
			in.IfMatch = `"3", "7"`
			v := check.Check(in)
			if got := sent(v); v.Problem != nil || !sameSteps(t, got, c.want) || v.Nothing != (c.want == "") {
				t.Errorf("%s\nnothing %v\ngot\n%s\nwant\n%s", told(v.Problem), v.Nothing, got, c.want)
			}
		})
	}
}

func TestUniqueKey(t *testing.T) {
	t.Parallel()
	w := acme(t, "sites")
	for data, want := range map[string][2]string{
		`{"name":"a","code":"S1"}`: {"S1", `send {"name":"a","code":"S1"}`},
		`{"name":"a"}`:             {"bb-mark-0", `send {"name":"a","code":"bb-mark-0"}`},
		`{"name":"a","code":null}`: {"bb-mark-0", `send {"name":"a","code":"bb-mark-0"}`},
	} {
		v := check.Check(w.input(manifest.Create, data))
		if got := sent(v); v.Key != want[0] || !sameSteps(t, got, want[1]) {
			t.Errorf("%s: %q, %s", data, v.Key, got)
		}
		if items := check.Missed(w.entity, v.Wanted, []byte(`{"name":"a","code":"S1"}`)); len(items) > 0 {
			t.Errorf("%s: the mark is not asked for, and yet %v", data, items)
		}
	}
	in := w.input(manifest.Delete, "")
	in.Current = w.record(t, `{"id":"5","name":"a"}`)
	if v := check.Check(in); v.Problem != nil || len(v.Steps) != 1 || v.Steps[0].Body != nil || v.Steps[0].Move != nil || v.Wanted != nil {
		t.Errorf("%+v", v)
	}
}

func TestNotStrict(t *testing.T) {
	t.Parallel()
	w := acme(t, "purchase-orders")
	in := w.input(manifest.Create, `{"vendr":1,"shipping_method":"x","vendor":{"remote_id":"1"},"lines":[{"item":{"remote_id":"1"},"quantity":{"value":"1"},"qty":3}]}`)
	in.Strict = false
	v := check.Check(in)
	if len(v.Warnings) != 3 || v.Warnings[0].Pointer != "/vendr" || v.Warnings[2].Pointer != "/lines/0/qty" {
		t.Errorf("%v", v.Warnings)
	}
	if got := sent(v); v.Problem != nil || got != `send {"vendor":1,"lines":[{"item":"1","qty":1}],"marks":{"ref":"bb-mark-0"}}` {
		t.Errorf("%s %s", told(v.Problem), got)
	}
	in.Data = []byte(`{"vendr":1,"number":"x"}`)
	if v = check.Check(in); told(v.Problem) != "field-not-writable\n/lines required purchase-orders.create.required\n/number not-writable purchase-orders.read_only\n/vendor_id required purchase-orders.create.required" || len(v.Warnings) != 1 {
		t.Errorf("%s %v", told(v.Problem), v.Warnings)
	}
}
