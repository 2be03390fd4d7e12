package cli

import (
	"strings"
	"testing"
)

const ownMatrix = `{"entities":[{"entity":"purchase-orders","read":{"supported":true,"evidence":"live 2.0"},
	"create":{"supported":true,"evidence":"simulated","class":["W3","W4"],"bulk":{"max":100,"atomic":true}},
	"update":{"supported":false},"delete":{"supported":false,"forbidden_by":"connection.purchase-orders.forbidden.delete","how":"cancel"},
	"incremental":true,"deletions":"sweep","fields":[{"name":"vendor_id","writable_on":["create","update"]},{"name":"notes","writable_on":["update"]}],"unsupported_fields":[],
	"rules":[{"rule":"purchase-orders.create.required","text":"A new one needs vendor_id."}]}]}`

func TestCapabilitiesOfAnEntity(t *testing.T) {
	t.Parallel()
	url := answering(t, 200, nil, ownMatrix)
	out, errs, code := busbar(t.Context(), "capabilities", "purchase-orders", "--url", url, "--token", "bb_con_x")
	for _, want := range []string{
		"create:                           yes; simulated; after a lost answer W3, then W4; up to 100 at once, all or none\n",
		"no: not offered by this system\n", "no: connection.purchase-orders.forbidden.delete\n",
		"fields to create:                 vendor_id\n", "fields to update:                 vendor_id, notes\n",
		"purchase-orders.create.required:  A new one needs vendor_id.\n",
	} {
		if code != ExitOK || !strings.Contains(out, want) {
			t.Errorf("exit code %d, said %q; want %q in\n%s", code, errs, want, out)
		}
	}
	if out, _, _ := busbar(t.Context(), "capabilities", "--url", url, "--token", "bb_con_x"); !strings.Contains(out, "read (live 2.0), create (simulated)  incremental") {
		t.Errorf("got %s", out)
	}
	if _, errs, code := busbar(t.Context(), "capabilities", "vendors", "--url", url, "--token", "bb_con_x"); code == ExitOK || !strings.Contains(errs, "this connection has no vendors") {
		t.Errorf("exit code %d, said %q", code, errs)
	}
}

func TestConnectionRules(t *testing.T) {
	t.Parallel()
	url := answering(t, 200, nil, `{"write_rules":{"vendors":{"forbidden":["create","delete"],"values":{"code":["A","B"]}},"items":{"read_only":["name"]}}}`)
	out, errs, code := busbar(t.Context(), "connection", "rules", "c1", "--url", url, "--key", "bb_key_x")
	if want := "ENTITY   RULE       SAYS\nitems    read_only  name\nvendors  forbidden  create, delete\nvendors  values     code: A, B\n"; code != ExitOK || out != want {
		t.Errorf("exit code %d, said %q, printed\n%s", code, errs, out)
	}
	if _, errs, code := busbar(t.Context(), "connection", "rules", "c1", "--set", "/no/such/file", "--url", url, "--key", "bb_key_x"); code != ExitUsage || !strings.Contains(errs, "read the rules") {
		t.Errorf("exit code %d, said %q", code, errs)
	}
	if _, errs, code := busbar(t.Context(), "connection", "rules", "c1", "--set", "-", "--url", url, "--key", "bb_key_x"); code != ExitUsage || !strings.Contains(errs, "not JSON") {
		t.Errorf("exit code %d, said %q", code, errs)
	}
}
