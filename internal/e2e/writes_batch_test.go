package e2e

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// row is one item of a batch of creates.
type row struct {
	text string // as NDJSON
	says string // what the made record says in its own words, so that it is known from any other
	bad  bool   // it must be rejected
}

// badEach is how often a row is bad: three in a hundred.
const badEach = 33

// orderRow is a purchase order whose note tells which one it is; the bad ones are bad in all the ways that people find.
func orderRow(n int) row {
	says := fmt.Sprintf("row %d", n)
	text := func(vendor, more, quantity string) string {
		return fmt.Sprintf(`{"op":"create","client_ref":"ref-%d","data":{"vendor":%s,"notes":%q,"lines":[{%s"quantity":{"value":%q}}]}}`, n, vendor, says, more, quantity)
	}
	const vendor, item = `{"remote_id":"000001"}`, `"item":{"remote_id":"000003"},`
	if n%badEach != 7 {
		return row{text(vendor, item, strconv.Itoa(n%97+1)), says, false}
	}
	bad := []string{
		text(`{"remote_id":"999999"}`, item, "1"),
		text(`"6f1c2a34-5b7e-5d21-9c0f-3e8a1b2c4d5e"`, item, "1"),
		text(vendor, item, "-1"),
		text(vendor, item, "many"),
		text(vendor, "", "1"),
		text(vendor, item+`"colour":"red",`, "1"),
		text(vendor, `"item":{"remote_id":"999999"},`, "1"),
		fmt.Sprintf(`{"op":"create","client_ref":"ref-%d","data":{"vendor":%s,"notes":%q,"lines":[]}}`, n, vendor, says),
		fmt.Sprintf(`{"op":"create","client_ref":"ref-%d","data":{"vendor":%s,"notes":%q}}`, n, vendor, says),
		fmt.Sprintf(`{"op":"create","client_ref":"ref-%d"}`, n),
		fmt.Sprintf(`{"op":"upsert","client_ref":"ref-%d","data":{"vendor":%s}}`, n, vendor),
	}
	return row{bad[n/badEach%len(bad)], says, true}
}

// itemRow is an item whose name tells which one it is.
func itemRow(n int) row {
	says := fmt.Sprintf("row %d", n)
	text := func(member string) string {
		return fmt.Sprintf(`{"op":"create","client_ref":"ref-%d","data":{%s}}`, n, member)
	}
	if n%badEach != 7 {
		return row{text(fmt.Sprintf(`"name":%q,"description":"made by a batch"`, says)), says, false}
	}
	bad := []string{text(`"description":"no name"`), text(fmt.Sprintf(`"name":%q,"unit":"FURLONG"`, says)), text(fmt.Sprintf(`"name":%q,"colour":"red"`, says)), text(`"name":7`)}
	return row{bad[n/badEach%len(bad)], says, true}
}

func rowsOf(count int, make func(int) row) []row {
	rows := []row{}
	for n := range count {
		rows = append(rows, make(n))
	}
	return rows
}

func ndjson(rows []row) []byte {
	var b bytes.Buffer
	for _, r := range rows {
		b.WriteString(r.text + "\n")
	}
	return b.Bytes()
}

// vendorRow is a vendor whose name tells which one it is.
func vendorRow(n int) row {
	says := fmt.Sprintf("row %d", n)
	return row{fmt.Sprintf(`{"op":"create","client_ref":"ref-%d","data":{"name":%q}}`, n, says), says, false}
}

// batch is a batch on its way, and the source that it goes to.
type batch struct {
	*busbar
	source *erp.Server
	before int // records of the entity that the source had
	entity string
	token  string
	rows   []row
	id     string
	looks  *atomic.Int64 // of Busbar for the mark of a write
}

// startBatch connects a Busbar to a source that holds little, and prepares a batch to it.
func startBatch(t *testing.T, system, entity string, fault func(*http.Request) *erp.Fault) *batch {
	t.Helper()
	source, looks := startWatched(t, fault)
	b := prepareBusbar(t, source.Addr())
	b.args = append(b.args, "--connectors", variants(t))
	b.start()
	return connectBatch(b, b.key(), source, looks, system, entity)
}

// startWatched starts a source that holds little, and counts the looks for marks.
func startWatched(t *testing.T, fault func(*http.Request) *erp.Fault) (*erp.Server, *atomic.Int64) {
	t.Helper()
	looks := new(atomic.Int64)
	return startSource(t, erp.Options{
		Counts: erp.Counts{Vendors: 3, Customers: 1, Items: 5, Stock: 1, Orders: 2, SalesOrders: 1, Requisitions: 1},
		Fault: func(r *http.Request) *erp.Fault {
			if q := r.URL.Query(); q.Has("externalRef") || q.Has("vendorNumber") {
				looks.Add(1)
			}
			return fault(r)
		},
	}), looks
}

func connectBatch(b *busbar, key string, source *erp.Server, looks *atomic.Int64, system, entity string) *batch {
	b.t.Helper()
	c := connectSource(b, key, source, map[string]any{"system": system})
	awaitIdle(b, c.token)
	return &batch{busbar: b, source: source, looks: looks, entity: entity, token: c.token, before: len(sourceRecords(b.t, source, entity))}
}

// ask sends the rows and gives the batch's operation.
func (b *batch) ask(query, key string) {
	b.t.Helper()
	status, answer := b.post("/v1/"+b.entity+"/batch"+query, "application/x-ndjson", key, bytes.NewReader(ndjson(b.rows)))
	if status != http.StatusAccepted {
		b.t.Fatalf("the batch was answered with %d: %v", status, answer)
	}
	b.id = answer["id"].(string)
}

// post sends a body of any kind; 0: no answer came.
func (b *batch) post(path, kind, key string, body io.Reader) (int, map[string]any) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+b.token)
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Idempotency-Key", key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return 0, nil
	}
	return resp.StatusCode, answer
}

// look reads the operation, of which every item is counted once at any moment.
func (b *batch) look() (state string, counts map[string]int) {
	b.t.Helper()
	o := b.call("GET", "/v1/operations/"+b.id, b.token, nil, http.StatusOK)
	counts, sum := map[string]int{}, 0
	for name, n := range o["counts"].(map[string]any) {
		counts[name] = int(n.(float64))
		sum += counts[name]
	}
	if total := int(o["total"].(float64)); total != len(b.rows) || sum != total {
		b.t.Errorf("of %d items the operation counts %d, %d by status: %v", len(b.rows), total, sum, counts)
	}
	return o["state"].(string), counts
}

// finish waits for the end, and holds what became of each item against what the source has done.
func (b *batch) finish() {
	b.t.Helper()
	var state string
	var counts map[string]int
	b.await("end of the batch", func() bool {
		state, counts = b.look()
		return state == "completed" || state == "cancelled"
	})
	bad := 0
	for _, r := range b.rows {
		if r.bad {
			bad++
		}
	}
	if state != "completed" || counts["applied"] != len(b.rows)-bad || counts["rejected"] != bad {
		b.t.Errorf("the batch ended %s with %v; want %d applied and %d rejected", state, counts, len(b.rows)-bad, bad)
	}
	b.compareEffects()
	b.compareFailures()
	b.compareRecords()
}

// compareEffects holds what the source has done against the rows: each good one once, under its own mark, and no bad one.
func (b *batch) compareEffects() {
	b.t.Helper()
	made, items := map[int]string{}, b.list("/v1/operations/"+b.id+"/items", b.token)
	for _, e := range b.source.Effects() {
		_, number, _ := strings.Cut(e.Mark, "-")
		n, err := strconv.Atoi(number)
		switch {
		case e.Op != "create" || e.Resource != b.entity || err != nil || n >= len(b.rows):
			b.t.Errorf("the source was made to %s %s %s with the mark %q", e.Op, e.Resource, e.ID, e.Mark)
			continue
		case made[n] != "":
			b.t.Errorf("row %d was made twice: as %s and %s", n, made[n], e.ID)
		case b.rows[n].bad:
			b.t.Errorf("row %d is bad, and was made as %s", n, e.ID)
		case !bytes.Contains(e.Record, []byte(strconv.Quote(b.rows[n].says))):
			b.t.Errorf("row %d was made of another one's content: %s", n, e.Record)
		}
		made[n] = e.ID
	}
	if len(items) != len(b.rows) {
		b.t.Fatalf("%d items are listed of %d", len(items), len(b.rows))
	}
	for n, it := range items {
		want := map[bool]string{false: "applied", true: "rejected"}[b.rows[n].bad]
		remote, _ := it["remote_id"].(string)
		if it["index"] != float64(n) || it["status"] != want || remote != made[n] || (remote == "") != b.rows[n].bad {
			b.t.Errorf("item %v is %v as %q, want %s as %q: %v", it["index"], it["status"], remote, want, made[n], it["error"])
		}
	}
}

// compareFailures wants the CSV of failures to name the bad rows and no others, each with why.
func (b *batch) compareFailures() {
	b.t.Helper()
	req, _ := http.NewRequestWithContext(b.t.Context(), "GET", b.url+"/v1/operations/"+b.id+"/items.csv?status=failed&bom=false", nil)
	req.Header.Set("Authorization", "Bearer "+b.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	lines, err := csv.NewReader(resp.Body).ReadAll()
	if err != nil || len(lines) == 0 || !slices.Equal(lines[0], []string{"index", "client_ref", "op", "id", "remote_id", "status", "code", "detail", "fields", "warnings"}) {
		b.t.Fatalf("the CSV begins with %v, %v", lines, err)
	}
	var got, want []string
	for _, l := range lines[1:] {
		got = append(got, l[0]+" "+l[1])
		if l[5] != "rejected" || l[6] == "" || l[7] == "" {
			b.t.Errorf("the CSV does not say why: %v", l)
		}
	}
	for n, r := range b.rows {
		if r.bad {
			want = append(want, fmt.Sprintf("%d ref-%d", n, n))
		}
	}
	if !slices.Equal(got, want) {
		b.t.Errorf("the CSV names %v; bad are %v", got, want)
	}
}

// compareRecords wants the list and the feed to hold what the source has, each record once.
func (b *batch) compareRecords() {
	b.t.Helper()
	want, got := sourceRecords(b.t, b.source, b.entity), map[string]bool{}
	for _, r := range b.list("/v1/"+b.entity, b.token) {
		remote := r["remote_id"].(string)
		if got[remote] || want[remote] == nil {
			b.t.Errorf("%s %s is listed twice, or the source does not have it", b.entity, remote)
		}
		got[remote] = true
	}
	good := len(slices.DeleteFunc(slices.Clone(b.rows), func(r row) bool { return r.bad }))
	if len(got) != len(want) || len(want) != b.before+good {
		b.t.Errorf("%d %s are listed, the source has %d; it had %d, and %d were to be made", len(got), b.entity, len(want), b.before, good)
	}
	compareFeed(b.busbar, b.token, b.entity, len(want))
}

// doubts is how many items were looked for, or sent again under their key.
func (b *batch) doubts() int {
	b.t.Helper()
	n := int(b.looks.Load())
	for _, it := range b.list("/v1/operations/"+b.id+"/items", b.token) {
		n += max(0, int(it["attempts"].(float64))-1)
	}
	return n
}
