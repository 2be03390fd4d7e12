package browser_test

import (
	"database/sql"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/browser"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// hostile tries to be more than text wherever it is shown.
const hostile = `"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}${alert(3)}`

// page is a page of the dashboard with data in it, and what it has to show.
type page struct {
	Name  string   `json:"name"`
	Path  string   `json:"path"`
	Title string   `json:"title,omitempty"`
	Shows []string `json:"shows,omitempty"`
}

// furnished gives all pages, once the data are there that they show; connections named hostile are read from an ERP whose records are.
func furnished(t *testing.T, p *browser.Plant) (works string, all []page) {
	t.Helper()
	for id, set := range map[string]map[string]any{
		"hostile-1": {"name": hostile, "vendorNumber": "H-1", "active": true},
		"hostile-2": {"name": hostile, "vendorNumber": "H-2", "active": hostile},
	} {
		if err := p.ERP.Edit(erp.Edit{Resource: "vendors", ID: id, Set: set}); err != nil {
			t.Fatal(err)
		}
	}
	works = p.Connect(t, "Works")
	record := hostileRecord(t, p, works)
	reading := list[struct{ ID string }](t, p, works, "/v1/sync-runs?entity=vendors")[0].ID
	operation := hostileBatch(t, p, works)
	flow, run := hostileFlow(t, p, works)
	p.Call(t, http.MethodPost, "/v1/keys", "", map[string]any{"label": hostile[:60], "scopes": []string{"read"}}, nil)
	p.Call(t, http.MethodPost, "/v1/invitations", "", map[string]any{"email": "nina@example.com", "role": "viewer"}, nil)
	at := "/connections/" + works
	return works, []page{
		{"overview", "/", "Overview", nil},
		{"connections", "/connections", "Connections", []string{"Works"}},
		{"connection", at, "Works", []string{"Vendors"}},
		{"connection-runs", at + "?tab=runs", "Works", nil},
		{"sync-run", at + "/runs/" + reading, "", []string{"hostile-2"}},
		{"connection-health", at + "?tab=health", "Works", nil},
		{"connection-settings", at + "?tab=settings", "Works", nil},
		{"connection-tokens", at + "?tab=tokens", "Works", nil},
		{"connection-capabilities", at + "?tab=capabilities", "Works", nil},
		{"connection-new", "/connections/new?system=sim-erp", "New connection", []string{"API key"}},
		{"records", "/records?entity=vendors&connection=" + works, "Records", []string{hostile}},
		{"record", "/records/" + works + "/vendors/" + record, "", []string{hostile}},
		{"record-edit", "/records/" + works + "/vendors/" + record + "/edit", "", nil},
		{"record-new", "/records/" + works + "/purchase-orders/new", "", nil},
		{"operations", "/operations?connection=" + works, "Operations", []string{"Batch of 3"}},
		{"operation", "/operations/" + works + "/" + operation, "", []string{"Batch of 3"}},
		{"upload", "/operations/upload?entity=vendors&connection=" + works, "Upload a file", nil},
		{"flows", "/flows", "Flows", []string{hostile}},
		{"flow", "/flows/" + flow, "", []string{hostile}},
		{"flow-document", "/flows/" + flow + "?tab=document", "", []string{"Test run"}},
		{"flow-new", "/flows/new", "New flow", []string{"An empty flow"}},
		{"flow-run", "/flows/" + flow + "/runs/" + run, "", []string{"1 failed"}},
		{"flow-item", "/flows/" + flow + "/runs/" + run + "?item=rows%2F0", "", []string{hostile}},
		{"systems", "/systems", "Systems", []string{"SimERP"}},
		{"system", "/systems/sim-erp", "", []string{"SimERP"}},
		{"members", "/members", "Members", []string{"Vera Viewer", "nina@example.com"}},
		{"keys", "/keys", "", []string{hostile[:60]}},
		{"audit", "/audit", "Audit log", nil},
		{"nothing", "/nothing/at/all", "There is no such page", nil},
	}
}

// hostileRecord gives the id of the vendor whose name is hostile.
func hostileRecord(t *testing.T, p *browser.Plant, connection string) string {
	t.Helper()
	for _, v := range list[supplier](t, p, connection, "/v1/vendors?limit=100") {
		if v.RemoteID == "hostile-1" {
			return v.ID
		}
	}
	t.Fatal("there is no such vendor")
	return ""
}

// list gives what an address lists.
func list[T any](t *testing.T, p *browser.Plant, connection, address string) []T {
	t.Helper()
	var found struct {
		Data []T `json:"data"`
	}
	p.Call(t, http.MethodGet, address, connection, nil, &found)
	return found.Data
}

// hostileBatch has a batch done of which the ERP refuses a part.
func hostileBatch(t *testing.T, p *browser.Plant, connection string) (id string) {
	t.Helper()
	var lines strings.Builder
	for _, data := range []map[string]any{{"name": "Alright Ltd"}, {"name": hostile, "currency": hostile[:8]}, {"nam": hostile}} {
		line, err := json.Marshal(map[string]any{"op": "create", "client_ref": hostile[:40], "data": data})
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
	}
	var made struct{ ID string }
	p.Call(t, http.MethodPost, "/v1/vendors/batch", connection, browser.Lines(lines.String()), &made)
	if err := p.Step(t.Context(), connection); err != nil {
		t.Fatal(err)
	}
	return made.ID
}

// hostileFlow has a flow run whose only item fails.
func hostileFlow(t *testing.T, p *browser.Plant, connection string) (name, run string) {
	t.Helper()
	name = "hostile"
	title, err := json.Marshal(hostile)
	if err != nil {
		t.Fatal(err)
	}
	document := "flow: hostile\ntitle: " + string(title) + `
connections: {erp: {}}
steps:
  - id: rows
    each:
      in: trigger.input.rows
      steps:
        - id: vendor
          write: {connection: erp, entity: vendors, op: create, data: {name: '${item.name}', currency: '${item.currency}'}}
`
	p.Call(t, http.MethodPut, "/v1/flows/"+name, "", map[string]any{"document": document, "connections": map[string]string{"erp": connection}}, nil)
	var begun struct{ ID string }
	p.Call(t, http.MethodPost, "/v1/flows/"+name+"/runs", "", map[string]any{"input": map[string]any{"rows": []map[string]any{{"name": hostile, "currency": "LIRA"}}}}, &begun)
	for range 3 { // the run asks for its writes, they are done, the run goes on
		if err := p.StepFlows(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := p.Step(t.Context(), connection); err != nil {
			t.Fatal(err)
		}
	}
	return name, begun.ID
}

// multiplied puts so many copies of a vendor into the store of a connection.
func multiplied(t *testing.T, p *browser.Plant, name string, times int) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(p.Data, "busbar.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	const stream = `from streams s join connections c on c.connection = s.connection where c.name = ?1 and s.entity = 'vendors'`
	for _, statement := range []string{
		`with recursive n(i) as (select 1 union all select i + 1 from n where i < ?2),
		one as (select b.*, s.seq as top from bodies b join (select s.* ` + stream + `) s on s.connection = b.connection and s.stream = b.stream order by b.seq limit 1)
		insert into bodies (connection, stream, seq, epoch, id, deleted, created_seq, updated_at, remote_id, record, raw)
		select connection, stream, top + i, epoch, randomblob(16), 0, top + i, updated_at, 'many-' || i, replace(record, json_extract(record, '$.id'), printf('00000000-0000-4000-8000-%012d', i)), '{}' from one, n`,
		`update streams set seq = seq + ?2, live_count = live_count + ?2 where (connection, stream) in (select s.connection, s.stream ` + stream + `)`,
	} {
		if _, err := tx.ExecContext(t.Context(), statement, name, times); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}
