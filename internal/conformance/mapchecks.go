package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
)

// thereAndBack writes every record back from the model and maps it again: what can be written has to be the same.
func (c *checking) thereAndBack() {
	remote := c.remoteIDs()
	c.each(func(name string) {
		e, m := c.connector.Entity(name), c.connector.Mappers[name]
		for _, raw := range c.raws[name] {
			r, err := m.Map(raw, c.env())
			if err != nil {
				continue // it is in quarantine
			}
			if why := c.backAgain(e, m, r.Fields, remote); why != "" {
				id, _ := m.RemoteID(raw)
				c.failed(name, "record %s: %s (%s)", id, why, c.place(name))
				return
			}
		}
	})
}

// same compares two values; amounts that are equal may be written with more or fewer zeros.
func same(a, b json.RawMessage) bool {
	var x, y any
	must(json.Unmarshal(a, &x))
	must(json.Unmarshal(b, &y))
	return alikeValue(x, y)
}

func alikeValue(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, alikeValue)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, alikeValue)
	case string:
		b, ok := b.(string)
		x, isX := new(big.Rat).SetString(a)
		y, isY := new(big.Rat).SetString(b)
		return ok && (a == b || isX && isY && strings.Contains(a+b, ".") && x.Cmp(y) == 0)
	}
	return a == b
}

func (s *suite) env() mapping.Env {
	id, err := uuid.Parse(s.main.id)
	must(err)
	public := map[string]string{}
	for name, v := range s.login() {
		public[name] = v
	}
	return mapping.Env{Connection: id, Public: public}
}

// remoteIDs gives the remote ids of all records by entity and id.
func (s *suite) remoteIDs() mapping.Resolver {
	known := map[uuid.UUID]string{}
	for _, e := range s.main.entities() {
		for _, r := range s.main.list("/v1/"+e, nil) {
			if id, err := uuid.Parse(r.text("id")); err == nil {
				known[id] = r.text("remote_id")
			}
		}
	}
	return func(_ string, id uuid.UUID) (string, bool) { remote, ok := known[id]; return remote, ok }
}

// backAgain says what is lost on the way to the source's words and back.
func (c *checking) backAgain(e *manifest.Entity, m *mapping.Mapper, fields []byte, remote mapping.Resolver) string {
	var all map[string]json.RawMessage
	must(json.Unmarshal(fields, &all))
	given := map[string]json.RawMessage{}
	for _, f := range e.Model.Fields {
		fm := e.Field(f.Name)
		if fm == nil || !fm.Writable() || fm.Fields != nil || e.IsReadOnly(f.Name) {
			continue // lists are compared when they are written
		}
		for _, name := range f.WireNames() {
			if v, ok := all[name]; ok && string(v) != "null" {
				given[name] = v
			}
		}
	}
	text, err := json.Marshal(given)
	must(err)
	body, err := m.Unmap(text, remote)
	if err != nil {
		return "what was read cannot be written back: " + err.Error()
	}
	again, err := m.Map(withID(e, body), c.env())
	if err != nil {
		if strings.Contains(err.Error(), "id") {
			return ""
		}
		return "what would be written cannot be read: " + err.Error()
	}
	var back map[string]json.RawMessage
	must(json.Unmarshal(again.Fields, &back))
	for name, v := range given {
		if got, ok := back[name]; ok && string(got) != "null" && !same(got, v) {
			return name + " is " + clip(string(v)) + " and comes back as " + clip(string(got))
		}
	}
	return ""
}

// withID gives a body the members of its id, which are not written.
func withID(e *manifest.Entity, body []byte) []byte {
	var o map[string]any
	if json.Unmarshal(body, &o) != nil {
		return body
	}
	for _, p := range e.ID {
		if len(p) == 1 && o[p[0]] == nil {
			o[p[0]] = "1"
		}
	}
	out, err := json.Marshal(o)
	must(err)
	return out
}

// bent gives a record as a change leaves it; the same where the change wants none.
func bent(raw []byte, change func(object) bool) []byte {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var o object
	if d.Decode(&o) != nil || !change(o) {
		return raw
	}
	text, err := json.Marshal(o)
	must(err)
	return text
}

// badRecords lets one record of each entity have a value that the mapping cannot take: the others are stored, and the quarantine tells the connector's author where to look.
func (c *checking) badRecords() {
	b := c.newBench(c.ctx, nil)
	defer b.close()
	b.tap.around(nil, func(r driver.Request, p *driver.Page) {
		if f, member := unfit(r.Entity); f != nil && len(p.Records) > 0 {
			p.Records[0] = bent(p.Records[0], func(o object) bool { o[member] = map[string]any{"not": "fit"}; return true })
		}
	})
	b.begin(b.entities())
	runs := b.runs()
	c.each(func(name string) {
		f, member := unfit(c.connector.Entity(name))
		if f == nil || c.counts[name] == 0 {
			c.notChecked(name, "it maps no plain value that could be spoilt")
			return
		}
		c.explained(b, name, f.Field.Name, member, b.list("/v1/sync-runs/"+runs[name].text("id")+"/quarantine", nil))
	})
}

// explained holds what a quarantine tells against what was spoilt.
func (c *checking) explained(b *bench, name, field, member string, bad []object) {
	if len(bad) == 0 {
		c.failed(name, "an object in place of %s (%s) is not quarantined", field, member)
		return
	}
	at, reason := bad[0].text("pointer"), bad[0].text("reason")
	if !strings.Contains(at, strings.NewReplacer("~", "~0", "/", "~1").Replace(member)) {
		c.failed(name, "the quarantine points at %q, not at %s", at, member)
	}
	if !strings.Contains(reason, name+"."+field) || !strings.Contains(reason, "manifest.yaml:") {
		c.failed(name, "the quarantine's reason does not tell the connector's author where to look: %s", reason)
	}
	if stored := len(b.list("/v1/"+name, nil)); stored+len(bad) < c.counts[name] {
		c.failed(name, "%d records, of which %d are stored and %d in quarantine", c.counts[name], stored, len(bad))
	}
}

// unfit finds a field of one member that can be spoilt.
func unfit(e *manifest.Entity) (*manifest.FieldMap, string) {
	for _, f := range e.Fields {
		switch f.Field.Kind {
		case "date", "instant", "decimal", "integer", "string", "text":
			if len(f.From) == 1 && len(f.From[0]) == 1 && !isOwn(e, f.From[0][0]) {
				return f, f.From[0][0]
			}
		}
	}
	return nil, ""
}

// isOwn tells whether a member is one by which the record itself is told.
func isOwn(e *manifest.Entity, member string) bool {
	own := append([]manifest.Path{e.DisplayID, e.DisplayName, e.CreatedAt}, append(e.ID, e.UpdatedAt...)...)
	for _, p := range own {
		if len(p) > 0 && p[0] == member {
			return true
		}
	}
	return e.History == member
}

// oddities are texts that have been damaged on the way in other programs.
func oddities() []string {
	return []string{"00042", "Ünïcødé 漢字 🚌 \u200b", "1e5", "  space  ", "O'Brien \"quoted\" \\ back", "9007199254740993", "null"}
}

// oddTexts lets a text of some records of each entity be one of the oddities, and adds a record of an odd id: all is stored as it is.
func (c *checking) oddTexts() {
	b := c.newBench(c.ctx, nil)
	defer b.close()
	said, ids := map[string]map[string]string{}, map[string]string{}
	b.tap.around(nil, func(r driver.Request, p *driver.Page) {
		c.speak(r.Entity, p, said)
		c.odd(r.Entity, p, ids)
	})
	b.begin(b.entities())
	c.each(func(name string) {
		f, member := plainText(c.connector.Entity(name))
		if id := ids[name]; id != "" && !contains(b.stored(name), id) {
			c.failed(name, "a record whose id is %q in the system is not stored under it", id)
		}
		if f == nil || len(said[name]) == 0 {
			c.notChecked(name, "it maps no plain text that could be another")
			return
		}
		for id, text := range said[name] {
			if why := c.spoken(b, name, id, text); why != "" {
				c.failed(name, "%s (%s) %s", f.Field.Name, member, why)
			}
		}
	})
}

// odd adds to the first page of an entity a record like its last one, with an id that programs have damaged before: a number beyond what a float holds, or a text with leading zeros.
func (c *checking) odd(e *manifest.Entity, p *driver.Page, ids map[string]string) {
	if ids[e.Name] != "" || len(p.Records) == 0 || len(e.ID) != 1 || len(e.ID[0]) != 1 {
		return
	}
	member := e.ID[0][0]
	raw := bent(p.Records[len(p.Records)-1], func(o object) bool {
		if _, number := o[member].(json.Number); number {
			o[member] = json.Number("9007199254740993")
		} else {
			o[member] = "000042-Ä"
		}
		return true
	})
	if id, err := c.connector.Mappers[e.Name].RemoteID(raw); err == nil {
		p.Records, ids[e.Name] = append(p.Records, raw), id
	}
}

// speak puts oddities in place of texts of a page, one in each record, and notes which.
func (c *checking) speak(e *manifest.Entity, p *driver.Page, said map[string]map[string]string) {
	f, member := plainText(e)
	if f == nil || said[e.Name] != nil {
		return
	}
	said[e.Name] = map[string]string{}
	for i, text := range oddities() {
		if i >= len(p.Records) {
			return
		}
		raw := bent(p.Records[i], func(o object) bool {
			_, ok := o[member].(string)
			if ok || o[member] == nil {
				o[member] = text
			}
			return ok || o[member] == text
		})
		if id, err := c.connector.Mappers[e.Name].RemoteID(raw); err == nil && !bytes.Equal(raw, p.Records[i]) {
			p.Records[i], said[e.Name][id] = raw, text
		}
	}
}

// spoken says what became of a text on the way; "" when it is as it was.
func (c *checking) spoken(b *bench, name, id, text string) string {
	f, _ := plainText(c.connector.Entity(name))
	for _, r := range b.list("/v1/"+name, nil) {
		if got := r.text(f.Field.WireNames()[0]); r.text("remote_id") == id && got != text {
			return fmt.Sprintf("is %q in the system and %q in Busbar", text, got)
		}
	}
	return ""
}

func plainText(e *manifest.Entity) (*manifest.FieldMap, string) {
	for _, f := range e.Fields {
		if (f.Field.Kind == "string" || f.Field.Kind == "text") && f.Field.Name != "currency" && len(f.Values) == 0 && len(f.Field.Values) == 0 && len(f.From) == 1 && len(f.From[0]) == 1 && len(e.ID[0]) > 0 && f.From[0][0] != e.ID[0][0] {
			return f, f.From[0][0]
		}
	}
	return nil, ""
}
