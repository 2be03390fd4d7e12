package manifest_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/manifest"
)

func TestRulesAreKeptInTheModelsNames(t *testing.T) {
	s := acme(t)
	given, err := manifest.ParseRules([]byte(`{"purchase-orders": {"forbidden": ["delete", "delete"], "required": ["order_date", "lines.item_id", "lines.item"], "values": {"status": ["draft"]}}, "vendors": {}}`))
	if err != nil {
		t.Fatal(err)
	}
	got, faults := given.Check(s)
	if faults != nil {
		t.Fatal(faults)
	}
	want := manifest.RuleSet{"purchase-orders": {
		Forbidden: []manifest.Op{manifest.Delete}, Required: []string{"order_date", "lines.item"}, Values: map[string][]string{"status": {"draft"}},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	shown, err := json.Marshal(got.Shown(s))
	if want := `{"purchase-orders":{"forbidden":["delete"],"required":["order_date","lines.item_id"],"values":{"status":["draft"]}}}`; err != nil || string(shown) != want {
		t.Errorf("shown as %s", shown)
	}
}

func TestRulesOfNothing(t *testing.T) {
	for _, text := range []string{"", "{}"} {
		if r, err := manifest.ParseRules([]byte(text)); err != nil || len(r) != 0 {
			t.Errorf("%q: %v %v", text, r, err)
		}
	}
	if _, err := manifest.ParseRules([]byte(`{"vendors": {"allowed": ["delete"]}}`)); err == nil {
		t.Error("a rule that allows is no rule")
	}
}

func TestRuleFaults(t *testing.T) {
	s := acme(t)
	for _, c := range []struct {
		rules, at, want string
		unknown         bool
	}{
		{`{"vendor": {}}`, "vendor", "Acme ERP has no vendor; did you mean vendors?", true},
		{`{"vendors": {"forbidden": ["remove"]}}`, "vendors/forbidden/0", "There is no operation remove; known: create, update, delete.", true},
		{`{"purchase-orders": {"required": ["ordr_date"]}}`, "purchase-orders/required/0", "purchase-orders have no field ordr_date; did you mean order_date?", true},
		{`{"purchase-orders": {"required": ["lines.item_ids"]}}`, "purchase-orders/required/0", "purchase-orders have no field lines.item_ids; did you mean lines.item_id?", true},
		{`{"purchase-orders": {"required": ["site_id"]}}`, "purchase-orders/required/0", "site_id cannot be written on this system anyway; remove it.", false},
		{`{"purchase-orders": {"read_only": ["total"]}}`, "purchase-orders/read_only/0", "total cannot be written on this system anyway; remove it.", false},
		{`{"purchase-orders": {"read_only": ["vendor_id"]}}`, "purchase-orders/read_only", "purchase-orders cannot be created without vendor_id; leave it out, or forbid create.", false},
		{`{"purchase-orders": {"read_only": ["lines"]}}`, "purchase-orders/read_only", "purchase-orders cannot be created without lines; leave it out, or forbid create.", false},
		{`{"purchase-orders": {"read_only": ["order_date"], "required": ["order_date"]}}`, "purchase-orders/required/0", "order_date is read_only and required; remove it from one of them.", false},
		{`{"purchase-orders": {"values": {"status": ["draft", "aproved"]}}}`, "purchase-orders/values/status/1", "status cannot be aproved on this system; did you mean approved?", true},
		{`{"purchase-orders": {"values": {"status": ["draft"], "status_source": ["draft"]}}}`, "purchase-orders/values/status_source", "status is written twice; keep one.", false},
		{`{"purchase-orders": {"values": {"currency": []}}}`, "purchase-orders/values/currency", "No value is left; write the values, or make the field read_only.", false},
		{`{"purchase-orders": {"values": {"vendor_id": ["x"]}}}`, "purchase-orders/values/vendor_id", "The values of a ref cannot be limited; limit fields of kind string, text or enum.", false},
	} {
		given, err := manifest.ParseRules([]byte(c.rules))
		if err != nil {
			t.Fatal(err)
		}
		_, faults := given.Check(s)
		if len(faults) == 0 || faults[0].Text != c.want || strings.Join(faults[0].At, "/") != c.at || faults[0].Unknown != c.unknown {
			t.Errorf("%s\nwant %s: %s\ngot  %+v", c.rules, c.at, c.want, faults)
		}
	}
}

func TestRulesThatForbidCreateMayTakeWhatItNeeds(t *testing.T) {
	given := manifest.RuleSet{"purchase-orders": {Forbidden: []manifest.Op{manifest.Create}, ReadOnly: []string{"vendor_id"}}}
	if _, faults := given.Check(acme(t)); faults != nil {
		t.Error(faults)
	}
}
