package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/store"
)

func TestQuarantine(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	run := w.begin(c, orders)
	w.ok(w.store.ApplyPage(t.Context(), run, store.PageResult{Pages: 1, Fetched: 3, Expected: -1, Bad: []store.BadRecord{
		{RemoteID: "1", Pointer: "/total", Reason: "not a number", Raw: []byte(`{"total":"<script>"}`)},
		{RemoteID: "2", Reason: "not an object", Raw: []byte(`7`)},
		{Reason: "no id", Raw: []byte(`{"total":`)},
	}}, w.clock()))
	path := "/v1/sync-runs/" + run.ID + "/quarantine?limit=2"
	a := w.want(w.call("GET", path, token, ""), 200, "")
	b := w.want(w.call("GET", path+"&cursor="+a.next(), token, ""), 200, "")
	if len(a.data()) != 2 || a.data()[0]["raw"].(map[string]any)["total"] != "<script>" || len(b.data()) != 1 || b.data()[0]["raw"] != `{"total":` || b.next() != "" {
		t.Errorf("got %s, %s", a.text, b.text)
	}
	w.want(w.call("GET", path+"&state=open&cursor="+a.next(), token, ""), 400, "cursor-mismatch")
	w.want(w.call("GET", path+"&state=closed", token, ""), 422, "invalid-parameter")
	if open := w.call("GET", path+"&state=open", token, ""); len(open.data()) != 2 || open.data()[0]["state"] != "open" {
		t.Errorf("got %s", open.text)
	}
	if none := w.call("GET", path+"&state=stored", token, ""); len(none.data()) != 0 {
		t.Errorf("got %s", none.text)
	}
}

func TestQuarantinePagesAreBounded(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	run := w.begin(c, orders)
	page := store.PageResult{Pages: 1, Expected: -1}
	for i := range 6 {
		page.Bad = append(page.Bad, store.BadRecord{RemoteID: fmt.Sprint(i), Raw: fmt.Appendf(nil, `{"pad":%q}`, strings.Repeat("x", 2<<20))})
	}
	w.ok(w.store.ApplyPage(t.Context(), run, page, w.clock()))
	pages, seen := 0, 0
	for cursor := ""; ; pages++ {
		a := w.want(w.call("GET", "/v1/sync-runs/"+run.ID+"/quarantine"+cursor, token, ""), 200, "")
		if len(a.text) > 7<<20 {
			t.Errorf("a page has %d bytes", len(a.text))
		}
		if seen += len(a.data()); a.next() == "" {
			break
		}
		cursor = "?cursor=" + a.next()
	}
	if seen != 6 || pages < 2 {
		t.Errorf("%d records on %d pages", seen, pages+1)
	}
}

func TestRetryOfAQuarantine(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	run := w.begin(c, orders)
	w.ok(w.store.ApplyPage(t.Context(), run, store.PageResult{Pages: 1, Fetched: 2, Expected: -1, Bad: []store.BadRecord{
		{RemoteID: "7", Reason: "an older mapping did not take it", Raw: []byte(`{"id":"7","number":"PO-7"}`)},
		{Reason: "no id", Raw: []byte(`{"number":"PO-8"}`)},
	}}, w.clock()))
	if n := w.quarantined(token); n != 2.0 {
		t.Errorf("%v in quarantine", n)
	}
	path := "/v1/sync-runs/" + run.ID + "/quarantine"
	first := w.want(w.call("POST", path+"/retry", token, ""), 200, "")
	if first.body["tried"] != 2.0 || first.body["created"] != 1.0 || first.body["open"] != 1.0 {
		t.Errorf("got %s", first.text)
	}
	again := w.want(w.call("POST", path+"/retry", token, ""), 200, "")
	if again.body["tried"] != 1.0 || again.body["created"] != 0.0 || w.quarantined(token) != 1.0 {
		t.Errorf("got %s, %v in quarantine", again.text, w.quarantined(token))
	}
	if list := w.call("GET", path, token, ""); list.data()[0]["state"] != "stored" || list.data()[1]["state"] != "open" {
		t.Errorf("got %s", list.text)
	}
	if records := w.call("GET", "/v1/purchase-orders", token, ""); len(records.data()) != 1 || records.data()[0]["number"] != "PO-7" {
		t.Errorf("got %s", records.text)
	}
}

// quarantined is how many purchase orders are in quarantine now.
func (w *world) quarantined(token string) any {
	w.t.Helper()
	return w.call("GET", "/v1/syncs", token, "").data()[1]["counts"].(map[string]any)["quarantined"]
}
