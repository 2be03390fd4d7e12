package rest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/realsys/requesttracker"
)

// made writes a record in the model's words, with a mark, and gives its id.
func (o *office) made(entity, fields, mark string) string {
	o.Helper()
	body, err := o.mapper(entity).Unmap([]byte(fields), func(string, uuid.UUID) (string, bool) { return "", false })
	if err != nil {
		o.Fatal(err)
	}
	marked := `{"CustomFields":{"Busbar":"` + mark + `"},` + string(body[1:])
	if before, after, ok := strings.Cut(string(body), `"CustomFields":{`); ok {
		marked = before + `"CustomFields":{"Busbar":"` + mark + `",` + after
	}
	w, err := o.write(driver.Command{Entity: o.system.Entity(entity), Op: manifest.Create, Body: []byte(marked), Mark: mark})
	if err != nil || w.RemoteID == "" {
		o.Fatalf("create %s: %v", marked, err)
	}
	return w.RemoteID
}

func (o *office) write(c driver.Command) (driver.Written, error) {
	return o.Write(egress.AsWrite(o.Context(), egress.Sending{Fresh: true}), c)
}

// change is an update of a record as it is now, in the model's words.
func (o *office) change(entity, id, fields string) driver.Command {
	o.Helper()
	c := driver.Command{Entity: o.system.Entity(entity), Op: manifest.Update, RemoteID: id, Insist: true, Current: o.now(entity, id)}
	body, err := o.mapper(entity).Patch([]byte(fields), c.Current, manifest.ListsReplaced, plantEnv, func(string, uuid.UUID) (string, bool) { return "", false })
	if err != nil {
		o.Fatal(err)
	}
	c.Body = body
	return c
}

func (o *office) now(entity, id string) []byte {
	o.Helper()
	raw, err := o.ReadOne(o.Context(), o.system.Entity(entity), id)
	if err != nil || raw == nil {
		o.Fatalf("%s %s: %v", entity, id, err)
	}
	return raw
}

// shows checks fields of a record, as the system shows it now.
func (o *office) shows(entity, id string, want map[string]any) {
	o.Helper()
	_, fields := o.mapped(entity, o.now(entity, id))
	for name, value := range want {
		if fmt.Sprint(fields[name]) != fmt.Sprint(value) {
			o.Errorf("%s %s: %s is %v, want %v", entity, id, name, fields[name], value)
		}
	}
}

func (o *office) fate(c driver.Command, want driver.Fate, says string) {
	o.Helper()
	_, err := o.write(c)
	if driver.FateOf(err) != want || !strings.Contains(fmt.Sprint(err), says) {
		o.Errorf("%s: %v, which is %s; want %s: %s", c.Body, err, driver.FateOf(err), want, says)
	}
}

func (o *office) finds(entity, mark, want string) {
	o.Helper()
	e := o.system.Entity(entity)
	found, err := o.Search(o.Context(), driver.Search{Entity: e, Rung: &e.Operations[manifest.Create].Ladder[0], Value: mark, Since: time.Now()})
	got := ""
	for _, raw := range found {
		id, _ := o.mapped(entity, raw)
		got += id
	}
	if err != nil || got != want {
		o.Errorf("the mark %s is on %q, want %q: %v", mark, got, want, err)
	}
}

// TestLiveRequestTrackerOrders makes, changes, moves and deletes a work order.
func TestLiveRequestTrackerOrders(t *testing.T) {
	t.Parallel()
	s := requesttracker.Start(t)
	o := openOffice(t, s, s.Token)
	e := o.system.Entity("work-orders")
	rung := &e.Operations[manifest.Create].Ladder[0]
	if found, err := o.Search(t.Context(), driver.Search{Entity: e, Rung: rung, Value: "bbmark-1"}); err == nil {
		t.Errorf("where no ticket carries a mark, a search proves that there is none: %s", found)
	}
	id := o.made("work-orders", `{"title":"Grease „all“ bearings","priority":"high","asset_id":{"remote_id":"3"},"requested_by_id":{"remote_id":"otto"},
	  "assigned_to_id":{"remote_id":"tina"},"due_at":"2026-12-24T18:30:00+02:00"}`, "bbmark-1")
	o.shows("work-orders", id, map[string]any{"title": "Grease „all“ bearings", "priority": "high", "asset_id": ref("assets", "3"), "requested_by_id": ref("users", "otto"),
		"assigned_to_id": ref("users", "tina"), "due_at": "2026-12-24T16:30:00Z", "status": "requested"})
	o.finds("work-orders", "bbmark-1", id)
	o.finds("work-orders", "bbmark-2", "")

	stale := o.change("work-orders", id, `{"title":"Not this"}`)
	if _, err := o.write(o.change("work-orders", id, `{"title":"Grease them","due_at":"2027-01-02T03:04:05Z","assigned_to_id":null}`)); err != nil {
		t.Error(err)
	}
	o.shows("work-orders", id, map[string]any{"title": "Grease them", "due_at": "2027-01-02T03:04:05Z", "assigned_to_id": nil})
	o.fate(stale, driver.Conflicts, "")
	if _, err := o.write(o.change("work-orders", id, `{"due_at":null}`)); err != nil {
		t.Error(err)
	}
	for _, status := range []string{"in_progress", "on_hold", "completed", "in_progress", "cancelled"} {
		if _, err := o.write(o.change("work-orders", id, `{"status":"`+status+`"}`)); err != nil {
			t.Error(err)
		}
		o.shows("work-orders", id, map[string]any{"status": status, "due_at": nil})
	}
	bad := o.change("work-orders", id, `{"title":"Half of it"}`)
	bad.Body = []byte(`{"Status":"bogus"}`)
	o.fate(bad, driver.Refused, "isn't a valid status")
	bad.Body = []byte(`{"Status":"bogus","Subject":"Half of it"}`)
	o.fate(bad, driver.Unknown, "only a part of it")
	o.shows("work-orders", id, map[string]any{"title": "Half of it", "status": "cancelled"})
	o.fate(o.change("work-orders", id, `{"assigned_to_id":{"remote_id":"clerk"}}`), driver.Refused, "may not own")
	o.fate(driver.Command{Entity: e, Op: manifest.Create, Body: []byte(`{"Subject":"x","Status":"bogus"}`)}, driver.Refused, "isn't a valid status")

	remove := driver.Command{Entity: e, Op: manifest.Delete, RemoteID: id, Current: o.now("work-orders", id), Insist: true}
	if _, err := o.write(remove); err != nil {
		t.Error(err)
	}
	o.gone("work-orders", id)
	remove.RemoteID = "999999"
	o.fate(remove, driver.Missing, "")
}

// TestLiveRequestTrackerAssets makes, changes and deletes an asset, and reports on it.
func TestLiveRequestTrackerAssets(t *testing.T) {
	t.Parallel()
	s := requesttracker.Start(t)
	o := openOffice(t, s, s.Token)
	id := o.made("assets", `{"name":"Fan 9","category":"Plant","description":"On the roof","serial_number":"0042","model":"F-9"}`, "bbasset-1")
	o.shows("assets", id, map[string]any{"name": "Fan 9", "category": "Plant", "serial_number": "0042", "model": "F-9", "manufacturer": nil, "status": "standby"})
	o.finds("assets", "bbasset-1", id)
	stale := o.change("assets", id, `{"name":"Not this"}`)
	if _, err := o.write(o.change("assets", id, `{"name":"Fan: Permission Denied","description":"It's\n'there'","serial_number":"0043","manufacturer":"Ziehl","model":null}`)); err != nil {
		t.Error(err)
	}
	o.shows("assets", id, map[string]any{"name": "Fan: Permission Denied", "description": "It's\n'there'", "serial_number": "0043", "manufacturer": "Ziehl", "model": nil})
	o.fate(stale, driver.Conflicts, "")
	if _, err := o.write(o.change("assets", id, `{"status":"operating"}`)); err != nil {
		t.Error(err)
	}
	again := o.change("assets", id, `{"name":"Fan 9"}`)
	again.Body = []byte(`{"Name":"Fan: Permission Denied"}`)
	o.fate(again, driver.Unknown, "does not say that it did anything")

	request := o.made("service-requests", `{"title":"It rattles","asset_id":{"remote_id":"`+id+`"}}`, "bbreq-1")
	o.shows("service-requests", request, map[string]any{"asset_id": ref("assets", id), "status": "new", "priority": "low"})
	if _, err := o.write(o.change("service-requests", request, `{"status":"resolved","priority":"high"}`)); err != nil {
		t.Error(err)
	}
	o.shows("service-requests", request, map[string]any{"asset_id": ref("assets", id), "status": "resolved", "priority": "high"})

	for entity, id := range map[string]string{"assets": id, "service-requests": request} {
		if _, err := o.write(driver.Command{Entity: o.system.Entity(entity), Op: manifest.Delete, RemoteID: id, Current: o.now(entity, id), Insist: true}); err != nil {
			t.Error(err)
		}
		o.gone(entity, id)
	}
}
