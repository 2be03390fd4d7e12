package odata_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/sim/fault"
	"github.com/busbar-dev/busbar/internal/sim/s4"
)

// body is an order in the source's members.
func body(quantity, supplier string) []byte {
	return fmt.Appendf(nil, `{"Supplier":%q,"CompanyCode":"1010","BAR":[{"Material":"MAT-00001","Plant":"1010","OrderQuantity":%s,"PurchaseOrderQuantityUnit":"PC"}]}`, supplier, quantity)
}

func bodyFor(entity, quantity, supplier string) []byte {
	list := "_PurchaseOrderItem"
	if strings.Contains(entity, "protocol: v2") {
		list, quantity = "to_PurchaseOrderItem", `"`+quantity+`"`
	}
	return []byte(strings.Replace(string(body(quantity, supplier)), "BAR", list, 1))
}

const vendor = "0000001234"

func TestARecordIsMadeChangedAndMoved(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, entity string) {
		sim, c, e := world(t, entity, "", s4.Options{})
		made, err := c.Write(t.Context(), driver.Command{Entity: e, Op: manifest.Create, Body: bodyFor(entity, "2.5", vendor), Mark: "bb1"})
		if err != nil || made.RemoteID == "" || made.Record != nil {
			t.Fatalf("%+v %v", made, err)
		}
		record, err := c.ReadOne(t.Context(), e, made.RemoteID)
		if err != nil || !strings.Contains(string(record), "MAT-00001") || !strings.Contains(string(record), "PurchaseOrderItem\":[{") || member(t, record, "@odata.etag") == "" {
			t.Fatalf("%s %v", record, err)
		}
		change := driver.Command{Entity: e, Op: manifest.Update, RemoteID: made.RemoteID, Body: []byte(`{"PaymentTerms":"0001"}`), Current: record, Insist: true}
		if _, err = c.Write(t.Context(), change); err != nil {
			t.Fatal(err)
		}
		_, err = c.Write(t.Context(), change)
		wants(t, err, driver.Conflict, driver.Conflicts, "has changed")
		change.Insist = false
		if _, err = c.Write(t.Context(), change); err != nil {
			t.Error(err)
		}
		move := driver.Command{Entity: e, Op: manifest.Update, RemoteID: made.RemoteID, Move: &e.Moves.Rows[0]}
		if _, err = c.Write(t.Context(), move); err != nil {
			t.Error(err)
		}
		_, err = c.Write(t.Context(), move)
		wants(t, err, driver.Invalid, driver.Refused, "is deleted")
		record, err = c.ReadOne(t.Context(), e, made.RemoteID)
		if err != nil || member(t, record, "PurchasingDocumentDeletionCode") != "L" || member(t, record, "PaymentTerms") != "0001" {
			t.Errorf("%s %v", record, err)
		}
		_, err = c.Write(t.Context(), driver.Command{Entity: e, Op: manifest.Update, RemoteID: "4599999999", Body: []byte(`{}`)})
		wants(t, err, driver.Gone, driver.Missing, "no such record")
		if record, err = c.ReadOne(t.Context(), e, "4599999999"); record != nil || err != nil {
			t.Errorf("%s %v", record, err)
		}
		fetched := 0
		for _, r := range sim.Requests() {
			if strings.HasSuffix(r, "_SRV/") || strings.HasSuffix(r, "/0001/") {
				fetched++
			}
		}
		if fetched != 1 {
			t.Errorf("the token was fetched %d times", fetched)
		}
	})
}

func TestRefusalsAreInTheSystemsWords(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, entity string) {
		_, c, e := world(t, entity, "", s4.Options{})
		for b, words := range map[string]string{
			string(bodyFor(entity, "2", "0000009999")): "Supplier 0000009999 does not exist", string(bodyFor(entity, "0", vendor)): "enter a quantity greater than zero",
			string(bodyFor(entity, "1.23456", vendor)): "is not a valid Decimal", `{"Nope":1}`: "Property 'Nope' is invalid", `{"Supplier":"` + vendor + `","CompanyCode":"10100"}`: "is not a valid String(4)",
		} {
			_, err := c.Write(t.Context(), driver.Command{Entity: e, Op: manifest.Create, Body: []byte(b)})
			e := wants(t, err, driver.Invalid, driver.Refused, words)
			if e != nil && (e.Code == "" || len(e.Answer) == 0) {
				t.Errorf("%+v", e)
			}
		}
	})
}

func TestASessionThatIsOverProvesThatNothingWasDone(t *testing.T) {
	t.Parallel()
	sim, c, e := world(t, orders2, "", s4.Options{})
	create := driver.Command{Entity: e, Op: manifest.Create, Body: bodyFor(orders2, "1", vendor)}
	if _, err := c.Write(t.Context(), create); err != nil {
		t.Fatal(err)
	}
	sim.EndSessions()
	_, err := c.Write(t.Context(), create)
	if e := wants(t, err, driver.Fault, driver.NotSent, "session"); e == nil || !e.Again {
		t.Errorf("%+v", e)
	}
	if _, err = c.Write(t.Context(), create); err != nil {
		t.Error(err)
	}
	if ids := read(t, c, driver.Request{Entity: e, Limit: 100}, nil); len(ids) != 82 {
		t.Errorf("%d orders", len(ids))
	}
}

func TestATokenThatIsNeverTakenIsNotAskedForForEver(t *testing.T) {
	t.Parallel()
	s := system(t, orders2, "")
	c := open(t, s, serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-CSRF-Token", "x")
		if r.Method == http.MethodPost {
			w.Header().Set("X-CSRF-Token", "Required")
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	_, err := c.Write(t.Context(), driver.Command{Entity: s.Entities[0], Op: manifest.Create, Body: []byte(`{}`)})
	if e := wants(t, err, driver.Permission, driver.Refused, "does not take the token"); e != nil && e.Again {
		t.Error("again")
	}
}

func TestWhatIsNotTheSystemsOwnWordProvesNothing(t *testing.T) {
	t.Parallel()
	own := `{"error":{"code":"A/1","message":{"lang":"en","value":"No."}}}`
	for _, c := range []struct {
		status     int
		kind, body string
		fate       driver.Fate
	}{
		{201, "application/json", `{"d":{"PurchaseOrder":"1"}}`, ""}, {201, "application/json", `{"d":{"PurchaseOrder":"1"`, driver.Unknown}, {201, "application/json", `{"d":{}}`, driver.Unknown}, {201, "", "", ""}, {204, "", "", ""},
		{200, "text/html", "<html>login", driver.Unknown}, {302, "", "", driver.Unknown}, {404, "text/html", "<html>proxy", driver.Unknown}, {403, "text/html", "<html>proxy", driver.Unknown},
		{400, "application/json", own, driver.Refused}, {400, "text/plain", "bad gateway", driver.Unknown}, {400, "application/json", own[:20], driver.Unknown}, {404, "application/json", own, driver.Refused},
		{409, "application/json", own, driver.Doubled}, {403, "application/json", own, driver.Refused}, {401, "application/json", "", driver.NotSent}, {428, "application/json", "", driver.Refused},
		{429, "application/json", own, driver.NotSent}, {429, "text/html", "<html>", driver.Unknown}, {500, "application/json", own, driver.Unknown}, {503, "", "", driver.Unknown}, {200, "application/json", own, driver.Unknown},
	} {
		s := system(t, orders2, "")
		_, err := open(t, s, serve(t, says(c.status, c.kind, c.body))).Write(t.Context(), driver.Command{Entity: s.Entities[0], Op: manifest.Create, Body: []byte(`{}`)})
		if c.fate == "" && err == nil {
			continue
		}
		if driver.FateOf(err) != c.fate || err == nil {
			t.Errorf("%d %s %q: %v is %s, want %q", c.status, c.kind, c.body, err, driver.FateOf(err), c.fate)
		}
	}
}

func TestALostAnswerIsFoundByItsMark(t *testing.T) {
	t.Parallel()
	var plan fault.Plan
	_, c, e := world(t, orders2, "", s4.Options{Plan: plan.Next})
	plan.Set(fault.Rule{Path: "A_PurchaseOrder", Write: "*", Fault: fault.Fault{Execute: true, Drop: true}})
	marked := strings.Replace(string(bodyFor(orders2, "1", vendor)), "{", `{"CorrespncInternalReference":"bb42'x",`, 1)
	_, err := c.Write(t.Context(), driver.Command{Entity: e, Op: manifest.Create, Body: []byte(marked)})
	if driver.FateOf(err) != driver.Unknown {
		t.Fatal(err)
	}
	plan.Set()
	ladder := e.Operations[manifest.Create].Ladder
	for value, want := range map[string]int{"bb42'x": 1, "bb43": 0} {
		if found, err := c.Search(t.Context(), driver.Search{Entity: e, Rung: &ladder[0], Value: value}); err != nil || len(found) != want {
			t.Errorf("%s: %d %v", value, len(found), err)
		}
	}
	if found, err := c.Search(t.Context(), driver.Search{Entity: e, Rung: &ladder[1], Since: time.Now().Add(-time.Minute)}); err != nil || len(found) != 1 {
		t.Errorf("%d %v", len(found), err)
	}
	if _, err := c.Search(t.Context(), driver.Search{Entity: e, Rung: &ladder[1], Since: time.Now().AddDate(-9, 0, 0)}); driver.KindOf(err) != driver.Invalid {
		t.Errorf("%v", err)
	}
	if _, err := c.Job(t.Context(), driver.Command{}, "1"); err == nil {
		t.Error("a job")
	}
}

// many are creates, of which the second is refused.
func many(e *manifest.Entity, entity string) []driver.Command {
	var ws []driver.Command
	for i, supplier := range []string{vendor, "0000009999", vendor} {
		ws = append(ws, driver.Command{Entity: e, Op: manifest.Create, Body: bodyFor(entity, "1", supplier), Mark: fmt.Sprint("bb", i)})
	}
	return ws
}

func TestManyAreWrittenInOneCall(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, entity string) {
		_, c, e := world(t, entity, "", s4.Options{Counts: s4.Counts{Orders: 3}})
		results, err := c.WriteMany(t.Context(), many(e, entity), false)
		if err != nil || len(results) != 3 || results[0].RemoteID == "" || results[2].RemoteID == "" || results[0].RemoteID == results[2].RemoteID {
			t.Fatalf("%+v %v", results, err)
		}
		wants(t, results[1].Err, driver.Invalid, driver.Refused, "does not exist")
		results, err = c.WriteMany(t.Context(), many(e, entity), true)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range results {
			wants(t, r.Err, driver.Invalid, driver.Refused, "does not exist")
		}
		good := many(e, entity)
		good[1].Body = good[0].Body
		results, err = c.WriteMany(t.Context(), good, true)
		if err != nil || results[0].Err != nil || results[1].Err != nil || results[2].RemoteID == "" {
			t.Errorf("%+v %v", results, err)
		}
		if ids := read(t, c, driver.Request{Entity: e, Limit: 100}, nil); len(ids) != 3+2+3 {
			t.Errorf("%d orders", len(ids))
		}
		record, _ := c.ReadOne(t.Context(), e, results[0].RemoteID)
		stale := driver.Command{Entity: e, Op: manifest.Update, RemoteID: results[0].RemoteID, Body: []byte(`{"PaymentTerms":"0002"}`), Current: record, Insist: true, Mark: "u1"}
		for _, want := range []driver.Fate{"", driver.Conflicts} {
			changed, err := c.WriteMany(t.Context(), []driver.Command{stale}, false)
			if err != nil || want == "" && changed[0].Err != nil || want != "" && driver.FateOf(changed[0].Err) != want {
				t.Errorf("%+v %v", changed, err)
			}
		}
	})
}

// part writes an answer within a changeset.
func part(id, status string) string {
	head := ""
	if id != "" {
		head = "Content-ID: " + id + "\r\n"
	}
	return "--B\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n--C\r\nContent-Type: application/http\r\n" + head + "\r\nHTTP/1.1 " + status + "\r\nContent-Type: application/json\r\n\r\n{\"d\":{\"PurchaseOrder\":\"N" + id + "\"}}\r\n--C--\r\n"
}

func TestAnswersOfManyAreMatchedOrProveNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer string
		want   string // by write: . done, ? unknown; "": the whole call is unknown
	}{
		"all":           {part("1", "201 Created") + part("2", "201 Created") + part("3", "201 Created") + "--B--\r\n", "..."},
		"no ids":        {part("", "201 Created") + part("", "201 Created") + part("", "201 Created") + "--B--\r\n", "..."},
		"two of three":  {part("1", "201 Created") + part("3", "201 Created") + "--B--\r\n", ".?."},
		"two, no ids":   {part("", "201 Created") + part("", "201 Created") + "--B--\r\n", "???"},
		"out of order":  {part("2", "201 Created") + part("1", "201 Created") + part("3", "201 Created") + "--B--\r\n", ""},
		"one twice":     {part("1", "201 Created") + part("1", "201 Created") + "--B--\r\n", ""},
		"cut":           {part("1", "201 Created") + part("2", "201 Created"), ""},
		"no multipart":  {"hello", ""},
		"failed inside": {part("1", "201 Created") + part("2", "500 Oops") + part("3", "201 Created") + "--B--\r\n", ".?."},
	} {
		var posts atomic.Int32
		s := system(t, orders2, "")
		cl := open(t, s, serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-CSRF-Token", "x")
			if r.Method == http.MethodPost {
				posts.Add(1)
				w.Header().Set("Content-Type", "multipart/mixed; boundary=B")
				w.WriteHeader(http.StatusAccepted)
				_, _ = io.WriteString(w, c.answer)
			}
		}))
		results, err := cl.WriteMany(t.Context(), many(s.Entities[0], orders2), false)
		got := ""
		for _, r := range results {
			if r.Err == nil {
				got += "."
			} else {
				got += map[bool]string{true: "?", false: "!"}[driver.FateOf(r.Err) == driver.Unknown]
			}
		}
		if got != c.want || c.want == "" && driver.FateOf(err) != driver.Unknown || posts.Load() != 1 {
			t.Errorf("%s: %q %v, want %q; %d calls", name, got, err, c.want, posts.Load())
		}
	}
}

func TestAnIDNeverLeadsToAnotherAddress(t *testing.T) {
	t.Parallel()
	sim, c, e := world(t, orders2, "", s4.Options{})
	for _, id := range []string{"4500000001')/to_X('", "../A_Supplier('0000001234", "a/b?c#d", "O'Brien %27"} {
		if record, err := c.ReadOne(t.Context(), e, id); record != nil || err != nil && driver.KindOf(err) != driver.Invalid {
			t.Errorf("%s: %s %v", id, record, err)
		}
	}
	for _, r := range sim.Requests() {
		path, isSet := strings.CutPrefix(r, "GET /sap/opu/odata/sap/API_PURCHASEORDER_PROCESS_SRV/A_PurchaseOrder")
		if !isSet || path[0] != '?' && !strings.HasPrefix(path, "('") {
			t.Errorf("%s", r)
		}
	}
}

// TestChangesetsAreMatchedByTheirIDs: a system may answer the writes of one changeset in any order.
func TestChangesetsAreMatchedByTheirIDs(t *testing.T) {
	t.Parallel()
	one := func(id string) string {
		return "--C\r\nContent-Type: application/http\r\nContent-ID: " + id + "\r\n\r\nHTTP/1.1 201 Created\r\nContent-Type: application/json\r\n\r\n{\"d\":{\"PurchaseOrder\":\"N" + id + "\"}}\r\n"
	}
	for order, want := range map[string]string{"213": "N1 N2 N3 ", "112": "? ? ? ", "124": "? ? ? "} {
		s := system(t, orders2, "")
		cl := open(t, s, serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-CSRF-Token", "x")
			w.Header().Set("Content-Type", "multipart/mixed; boundary=B")
			_, _ = io.WriteString(w, "--B\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n"+one(order[:1])+one(order[1:2])+one(order[2:])+"--C--\r\n--B--\r\n")
		}))
		results, err := cl.WriteMany(t.Context(), many(s.Entities[0], orders2), true)
		got := ""
		for _, r := range results {
			got += map[bool]string{true: r.RemoteID, false: "?"}[r.Err == nil] + " "
		}
		if err != nil || got != want {
			t.Errorf("%s: %q %v, want %q", order, got, err, want)
		}
	}
}

// TestWhatIsNotFoundIsGoneOnlyWhereItsSetSaysSo: a service that is switched off answers 404 in the protocol's words too.
func TestWhatIsNotFoundIsGoneOnlyWhereItsSetSaysSo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		list string // what the set answers; "": it is not there either
		fate driver.Fate
		read bool // that there is none
	}{
		"gone":            {`{"d":{"results":[]}}`, driver.Missing, true},
		"there":           {`{"d":{"results":[{"PurchaseOrder":"45"}]}}`, driver.Refused, false},
		"another service": {"", driver.Refused, false},
	} {
		s := system(t, orders2, "")
		cl := open(t, s, serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-CSRF-Token", "x")
			if c.list != "" && strings.HasSuffix(r.URL.Path, "A_PurchaseOrder") {
				_, _ = io.WriteString(w, c.list)
				return
			}
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"error":{"code":"/IWFND/MED/170","message":{"value":"No service found"}}}`)
		}))
		_, err := cl.Write(t.Context(), driver.Command{Entity: s.Entities[0], Op: manifest.Update, RemoteID: "45", Body: []byte(`{"PaymentTerms":"0001"}`)})
		if err == nil || driver.FateOf(err) != c.fate {
			t.Errorf("%s: %v, want %s", name, err, c.fate)
		}
		record, err := cl.ReadOne(t.Context(), s.Entities[0], "45")
		if record != nil || (err == nil) != c.read {
			t.Errorf("%s: %s %v", name, record, err)
		}
	}
}

// TestAnEmptyOrStrangeAnswerProvesNothing: what stands before the system may answer 200 with words of its own.
func TestAnEmptyOrStrangeAnswerProvesNothing(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "starting up"} {
		s := system(t, orders2, "")
		cl := open(t, s, serve(t, says(http.StatusOK, "text/plain", body)))
		_, err := cl.Write(t.Context(), driver.Command{Entity: s.Entities[0], Op: manifest.Create, Body: bodyFor(orders2, "1", vendor)})
		if err == nil || driver.FateOf(err) != driver.Unknown {
			t.Errorf("create, %q: %v", body, err)
		}
		_, err = cl.Write(t.Context(), driver.Command{Entity: s.Entities[0], Op: manifest.Update, RemoteID: "45", Body: []byte(`{"PaymentTerms":"0001"}`)})
		if (err != nil) != (body != "") || err != nil && driver.FateOf(err) != driver.Unknown {
			t.Errorf("update, %q: %v", body, err)
		}
	}
}

// TestAKeyThatIsKeptInCapitalsIsFound: what is not found is sent again.
func TestAKeyThatIsKeptInCapitalsIsFound(t *testing.T) {
	t.Parallel()
	entity := strings.Replace(orders2, "{class: W3, member: CorrespncInternalReference, find: {}}", "{class: W2, key: number, find: {}}", 1)
	s := system(t, entity, "")
	cl := open(t, s, serve(t, func(w http.ResponseWriter, r *http.Request) {
		record, filter := "", r.URL.Query().Get("$filter")
		if strings.Contains(filter, "PurchaseOrder eq 'AB-1'") && !strings.Contains(filter, " gt ") {
			record = `{"PurchaseOrder":"AB-1"}`
		}
		_, _ = fmt.Fprintf(w, `{"d":{"results":[%s]}}`, record)
	}))
	found, err := cl.Search(t.Context(), driver.Search{Entity: s.Entities[0], Rung: &s.Entities[0].Operations[manifest.Create].Ladder[0], Value: "ab-1"})
	if err != nil || len(found) != 1 {
		t.Errorf("%s %v", found, err)
	}
}
