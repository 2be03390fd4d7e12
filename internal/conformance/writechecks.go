package conformance

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/sim/fault"
)

const notDeclared = "not declared"

// some id that no record has.
const nobody = "00000000-0000-5000-8000-000000000000"

// undeclared asks for every operation that the manifest does not offer.
func (c *checking) undeclared() {
	c.each(func(name string) {
		e := c.connector.Entity(name)
		id := nobody
		if all := c.main.list("/v1/"+name, nil); len(all) > 0 {
			id = all[0].text("id")
		}
		for op, call := range map[manifest.Op][2]string{manifest.Create: {"POST", ""}, manifest.Update: {"PATCH", "/" + id}, manifest.Delete: {"DELETE", "/" + id}} {
			if _, offered := e.Operations[op]; offered {
				continue
			}
			before := c.main.tap.writes.Load()
			var body any
			if op != manifest.Delete {
				body = map[string]any{}
			}
			r := c.main.ask(c.main.token, call[0], "/v1/"+name+call[1], body)
			if r.status != http.StatusNotImplemented || r.body.text("code") != "not-supported-by-system" {
				c.failed(name, "%s is not declared and answers %d %s", op, r.status, r.problem())
			}
			if n := c.main.tap.writes.Load() - before; n != 0 {
				c.failed(name, "%s is not declared, and %d calls went out", op, n)
			}
		}
	})
}

// verdict is that of a dry run: "" when the write would be sent.
func (c *checking) verdict(entity string, op manifest.Op, id string, data any) string {
	body := map[string]any{"op": op}
	if id != "" {
		body["id"] = id
	}
	if data != nil {
		body["data"] = data
	}
	before := c.main.tap.writes.Load()
	r := c.main.ask(c.main.token, "POST", "/v1/"+entity+"/validate", body)
	if n := c.main.tap.writes.Load() - before; n != 0 {
		c.failed(entity, "a dry run sent %d writes", n)
	}
	if r.status != http.StatusOK {
		return r.problem()
	}
	if valid, _ := r.body["valid"].(bool); valid {
		return ""
	}
	return reply{body: object(r.body.object("problem")), raw: []byte("invalid")}.problem()
}

func (o object) object(name string) map[string]any { m, _ := o[name].(map[string]any); return m }

// required leaves out each required field in turn: nothing may be sent.
func (c *checking) required() {
	c.each(func(name string) {
		e := c.connector.Entity(name)
		o, ok := e.Operations[manifest.Create]
		if !ok || len(o.Required) == 0 {
			c.notChecked(name, "nothing is required")
			return
		}
		whole := c.body(e)
		if why := c.verdict(name, manifest.Create, "", whole); why != "" {
			c.failed(name, "a body of what is required is refused: %s (%s)", why, c.place(name))
			return
		}
		for _, field := range o.Required {
			lacking := copyOf(whole)
			if !without(lacking, e.WireName(field)) {
				continue
			}
			if c.verdict(name, manifest.Create, "", lacking) == "" {
				c.failed(name, "it would be created without %s", field)
			}
		}
	})
}

// without takes a field out of a body; false: it is not there.
func without(o object, wire string) bool {
	outer, inner, nested := strings.Cut(wire, ".")
	if !nested {
		_, had := o[outer]
		delete(o, outer)
		return had
	}
	list, _ := o[outer].([]any)
	for _, el := range list {
		if m, ok := el.(map[string]any); ok {
			_, had := m[inner]
			delete(m, inner)
			return had
		}
	}
	return false
}

// offered runs a part for each entity with an operation.
func (c *checking) offered(op manifest.Op, part func(e *manifest.Entity)) {
	c.each(func(name string) {
		if _, ok := c.connector.Entity(name).Operations[op]; ok {
			part(c.connector.Entity(name))
		} else {
			c.notChecked(name, notDeclared)
		}
	})
}

// make creates a record.
func (c *checking) make(e *manifest.Entity) object {
	body := c.body(e)
	out := c.main.write("POST", "/v1/"+e.Name, body)
	if out.status != "applied" || out.record == nil {
		stopf("a create of %v ends %s: %s", body, out.status, out.why)
	}
	c.made[e.Name] = append(c.made[e.Name], out.record.text("id"))
	return out.record
}

// readOne reads a record from the system, past Busbar's store; nil: there is none.
func (c *checking) readOne(e *manifest.Entity, remoteID string) []byte {
	client := c.direct()
	defer func() { _ = client.Close() }()
	w, ok := client.(driver.Writer)
	if !ok {
		stopf("the driver does not write")
	}
	raw, err := w.ReadOne(c.ctx, e, remoteID)
	must(err)
	return raw
}

// creates makes a record and reads it back: from Busbar, from the system, and by a full sync.
func (c *checking) creates() {
	c.offered(manifest.Create, func(e *manifest.Entity) {
		body := c.body(e)
		out := c.main.write("POST", "/v1/"+e.Name, body)
		if out.status != "applied" || out.record == nil {
			c.failed(e.Name, "a create of %v ends %s: %s (%s)", body, out.status, out.why, c.place(e.Name))
			return
		}
		c.made[e.Name] = append(c.made[e.Name], out.record.text("id"))
		if why := holds(body, out.record, ""); why != "" {
			c.failed(e.Name, "the record that was created shows something else: %s", why)
		}
		if c.readOne(e, out.record.text("remote_id")) == nil {
			c.failed(e.Name, "the system has no record %s after its create", out.record.text("remote_id"))
		}
		c.seen[[2]string{e.Name, "create"}] = true
	})
}

// latest is a record that the suite made, as it is now; one is made where there is none left.
func (c *checking) latest(e *manifest.Entity) object {
	for _, id := range slices.Backward(c.made[e.Name]) {
		if r := c.main.ask(c.main.token, "GET", "/v1/"+e.Name+"/"+id, nil); r.status == http.StatusOK {
			return r.body
		}
	}
	if _, ok := e.Operations[manifest.Create]; ok {
		return c.make(e)
	}
	for _, r := range c.storedOf(e.Name) {
		return r
	}
	stopf("there is no record")
	return nil
}

func (c *checking) updates() {
	c.offered(manifest.Update, func(e *manifest.Entity) {
		r := c.latest(e)
		body := c.change(e, r)
		if body == nil {
			c.notChecked(e.Name, "the manifest names no field that can be changed to any text or date; give the stand a sample")
			return
		}
		out := c.main.write("PATCH", "/v1/"+e.Name+"/"+r.text("id"), body)
		if out.status != "applied" {
			c.failed(e.Name, "a change to %v ends %s: %s (%s)", body, out.status, out.why, c.place(e.Name))
			return
		}
		got := c.main.call(c.main.token, "GET", "/v1/"+e.Name+"/"+r.text("id"), nil)
		if why := holds(body, got, ""); why != "" {
			c.failed(e.Name, "the record that was changed shows something else: %s", why)
			return
		}
		c.seen[[2]string{e.Name, "update"}] = true
	})
}

func (c *checking) deletes() {
	c.offered(manifest.Delete, func(e *manifest.Entity) {
		if _, makes := e.Operations[manifest.Create]; !makes {
			c.notChecked(e.Name, "nothing that the suite made could be deleted")
			return
		}
		r := c.make(e)
		if o := e.Operations[manifest.Delete]; !o.When.Holds(r.text("status")) {
			c.notChecked(e.Name, "a new record is %s, in which it cannot be deleted", r.text("status"))
			return
		}
		out := c.main.write("DELETE", "/v1/"+e.Name+"/"+r.text("id"), nil)
		if out.status != "applied" {
			c.failed(e.Name, "a delete ends %s: %s (%s)", out.status, out.why, c.place(e.Name))
			return
		}
		how := e.Operations[manifest.Delete].How
		raw := c.readOne(e, r.text("remote_id"))
		if how == manifest.HowDelete && raw != nil {
			c.failed(e.Name, "the system still has %s after its delete", r.text("remote_id"))
			return
		}
		if got := c.main.ask(c.main.token, "GET", "/v1/"+e.Name+"/"+r.text("id"), nil); how == manifest.HowCancel && got.body.text("status") != "cancelled" {
			c.failed(e.Name, "its status is %s after it was cancelled", got.body.text("status"))
			return
		}
		c.seen[[2]string{e.Name, "delete"}] = true
	})
}

// stateRules asks, without sending, for what the rules forbid of records as they are.
func (c *checking) stateRules() {
	c.each(func(name string) {
		e := c.connector.Entity(name)
		update, ok := e.Operations[manifest.Update]
		rules := ok && (update.When.Status != nil || len(update.Except) > 0) || e.Operations[manifest.Delete].When.Status != nil || e.Moves != nil
		if !rules {
			c.notChecked(name, notDeclared)
			return
		}
		looked := map[any]int{}
		for _, r := range c.storedOf(name) {
			if looked[r["status"]]++; looked[r["status"]] <= 2 { // records of one status have one verdict
				c.stateRulesOf(e, r)
			}
		}
	})
}

func (c *checking) stateRulesOf(e *manifest.Entity, r object) {
	id, status := r.text("id"), r.text("status")
	update, ok := e.Operations[manifest.Update]
	for _, f := range e.Model.Fields {
		when, _ := update.WhenOf(f.Name)
		plain := f.Kind == "text" || f.Kind == "string"
		if !ok || !plain || !e.Takes(f.Name) || f.Name == "currency" || e.Picklists[f.Name].Values != nil || e.Picklists[f.Name].Entity != "" || len(f.Values) > 0 {
			continue
		}
		if why := c.verdict(e.Name, manifest.Update, id, object{f.Name: "another"}); (why == "") != when.Holds(status) {
			c.failed(e.Name, "%s of a record that is %s: the rule holds %t, the verdict is %q", f.Name, status, when.Holds(status), why)
		}
	}
	if o, ok := e.Operations[manifest.Delete]; ok && o.How == manifest.HowDelete {
		if why := c.verdict(e.Name, manifest.Delete, id, nil); (why == "") != o.When.Holds(status) {
			c.failed(e.Name, "delete of a record that is %s: the rule holds %t, the verdict is %q", status, o.When.Holds(status), why)
		}
	}
	if e.Moves == nil || !ok {
		return
	}
	for _, to := range e.StatusWords() {
		leads := to == status || way(e, status, to, nil) != nil
		if why := c.verdict(e.Name, manifest.Update, id, object{"status": to}); why == "" && !leads {
			c.failed(e.Name, "no move leads from %s to %s, and it would be sent", status, to)
		}
	}
}

// loss is a point of a write at which its answer gets lost.
type loss struct {
	name  string
	fault fault.Fault
}

func losses() []loss {
	return []loss{
		{"before it is carried out", fault.Fault{Unread: true}},
		{"after it is carried out, before the answer", fault.Fault{Drop: true, Execute: true}},
		{"in the middle of the answer", fault.Fault{Torn: 60}},
	}
}

// lostAnswers loses the answer to a create at three points, and counts in the system.
func (c *checking) lostAnswers() {
	c.offered(manifest.Create, func(e *manifest.Entity) {
		client := c.direct()
		defer func() { _ = client.Close() }()
		known, _, _ := c.fetchAll(client, e.Name, e.PageSize)
		for _, l := range losses() {
			known = c.lose(client, e, l, known)
		}
	})
}

// lose loses one answer, and gives what the system holds then.
func (c *checking) lose(client driver.Client, e *manifest.Entity, l loss, before [][]byte) (after [][]byte) {
	body := c.body(e)
	c.proxy.plan.Set(fault.Rule{Path: "*", When: isWrite, Times: 1, Fault: l.fault})
	out := c.main.write("POST", "/v1/"+e.Name, body)
	hits := c.proxy.plan.Hits()
	c.proxy.plan.Set()
	after, _, _ = c.fetchAll(client, e.Name, e.PageSize)
	made := missing(c.ids(e.Name, after), c.ids(e.Name, before))
	if why := c.main.mended(); why != "" {
		stopf("the answer to a create lost %s, and the connection does not come back: %s", l.name, why)
	}
	doubtful := c.doubtful(e)
	what := fmt.Sprintf("the answer to a create lost %s: it ends %s", l.name, out.status)
	switch {
	case hits == 0:
		c.failed(e.Name, "no call of a create went out that is marked as one that has an effect (mark only what reads with egress.AsRead): it ends %s: %s", out.status, out.why)
	case len(made) > 1:
		c.failed(e.Name, "%s, and the system has %d records of it: %s", what, len(made), some(made))
	case out.status == "applied" && len(made) == 0:
		c.failed(e.Name, "%s, and the system has no record of it", what)
	case out.status == "rejected" && len(made) > 0:
		c.failed(e.Name, "%s, and the system has %s", what, some(made))
	case out.status == "needs_human" && !doubtful:
		c.failed(e.Name, "%s, although its class lets it be found out (%s): %s", what, c.place(e.Name), out.why)
	case out.status != "applied" && out.status != "rejected" && out.status != "needs_human":
		c.failed(e.Name, "%s: %s", what, out.why)
	}
	return after
}

// doubtful tells whether only a person can find out what became of a create.
func (c *checking) doubtful(e *manifest.Entity) bool {
	classes := e.Operations[manifest.Create].Classes()
	return !slices.Contains(classes, manifest.W1) && !slices.Contains(classes, manifest.W2) && !slices.Contains(classes, manifest.W3)
}
