package mapping_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// generators make records of the system of twoway.yaml.
func generators() map[string]func(g *source) map[string]any {
	return map[string]func(g *source) map[string]any{
		"purchase-orders": (*source).order, "work-orders": (*source).workOrder, "vendors": (*source).vendor, "teams": (*source).team,
	}
}

// TestPatch is the property that a record shows exactly what a patch says, and is else as it was; both styles of lists come to the same; a record patched with what it
// shows, or with nothing, stays byte for byte.
func TestPatch(t *testing.T) {
	t.Parallel()
	s, _ := load(t, read(t, "testdata", "twoway.yaml"))
	for entity, generate := range generators() {
		for _, d := range []manifest.Dialect{nil, boxes{}} {
			m, err := mapping.Compile(s, s.Entity(entity), d)
			if err != nil {
				t.Fatal(err)
			}
			t.Run(entity, func(t *testing.T) {
				t.Parallel()
				rapid.Check(t, func(rt *rapid.T) {
					p := &patcher{source: &source{T: rt, dialect: d, known: map[uuid.UUID]string{}, env: env(t)}, mapper: m, entity: s.Entity(entity)}
					p.raw = p.json(generate(p.source))
					p.nothing()
					p.check(p.patchFrom(p.writable(p.mapped(p.json(generate(p.source))))))
				})
			})
		}
	}
}

// patcher patches one record.
type patcher struct {
	*source
	mapper *mapping.Mapper
	entity *manifest.Entity
	raw    []byte
}

func (p *patcher) json(v any) []byte {
	out, err := json.Marshal(v)
	if err != nil {
		p.Fatal(err)
	}
	return out
}

func (p *patcher) object(raw []byte) map[string]any {
	var o map[string]any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&o); err != nil {
		p.Fatalf("%v: %s", err, raw)
	}
	return o
}

func (p *patcher) mapped(raw []byte) []byte {
	r, err := p.mapper.Map(raw, p.env)
	if err != nil {
		p.Fatalf("map %s: %v", raw, err)
	}
	return r.Fields
}

func (p *patcher) writable(fields []byte) map[string]any {
	return p.object(writable(p.source, p.entity, fields))
}

func (p *patcher) patch(fields any, style manifest.ListStyle) []byte {
	text := p.json(fields)
	out, err := p.mapper.Patch(text, p.raw, style, p.env, func(_ string, id uuid.UUID) (string, bool) {
		remote, ok := p.known[id]
		return remote, ok
	})
	if err != nil {
		p.Fatalf("patch %s with %s: %v", p.raw, text, err)
	}
	return out
}

// nothing patches with nothing, and with what is there.
func (p *patcher) nothing() {
	if got := p.patch(map[string]any{}, manifest.ListsReplaced); string(got) != `{}` {
		p.Fatalf("nothing makes %s", got)
	}
	own := p.writable(p.mapped(p.raw))
	for _, style := range []manifest.ListStyle{manifest.ListsReplaced, manifest.ListsChanged} {
		got := p.patch(own, style)
		if after := p.apply(got, style); !same(p, p.raw, after) {
			p.Fatalf("what is there makes %s of %s", got, p.raw)
		}
		for _, list := range []string{"lines", "tasks"} {
			if p.object(got)[list] != nil {
				p.Fatalf("a list that stays is written: %s", got)
			}
		}
	}
}

func same(p *patcher, a, b []byte) bool {
	ok, err := rawjson.Equal(a, b, nil)
	if err != nil {
		p.Fatal(err)
	}
	return ok
}

// patchFrom draws a patch whose values are those of another record.
func (p *patcher) patchFrom(other map[string]any) map[string]any {
	own, patch := p.writable(p.mapped(p.raw)), map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(other)) {
		if strings.HasSuffix(name, "_source") || name == "custom_fields" || rapid.Bool().Draw(p.T, "leave "+name) {
			continue
		}
		patch[name] = other[name]
		if word, ok := other[name+"_source"]; ok {
			patch[name+"_source"] = word
		}
		switch name {
		case "lines", "tasks":
			patch[name] = p.lines(own[name], other[name])
		case "ship_to", "failure":
			p.some(patch[name])
		}
	}
	return withoutHeader(patch).(map[string]any)
}

// some leaves out a part of an object's members.
func (p *patcher) some(v any) {
	if o, ok := v.(map[string]any); ok {
		for _, name := range slices.Sorted(maps.Keys(o)) {
			if rapid.Bool().Draw(p.T, "leave "+name) {
				delete(o, name)
			}
		}
	}
}

// lines draws what happens to each line, and new ones.
func (p *patcher) lines(own, other any) any {
	lines, from := []any{}, list(other)
	for _, l := range list(own) {
		name := rapid.SampledFrom([]string{"id", "remote_id"}).Draw(p.T, "by")
		one := map[string]any{name: l.(map[string]any)[name]}
		switch what := rapid.SampledFrom([]string{"stay", "delete", "change", "name"}).Draw(p.T, "line"); {
		case what == "stay":
			continue
		case what == "delete":
			one["_delete"] = true
		case what == "change" && len(from) > 0:
			change := rapid.SampledFrom(from).Draw(p.T, "like").(map[string]any)
			for _, name := range slices.Sorted(maps.Keys(change)) {
				if _, pair := change[name+"_source"]; name != "id" && name != "remote_id" && !pair && !strings.HasSuffix(name, "_source") && rapid.Bool().Draw(p.T, "set "+name) {
					one[name] = change[name]
				}
			}
		}
		lines = append(lines, one)
	}
	for _, l := range from {
		if rapid.Bool().Draw(p.T, "new") {
			fresh := maps.Clone(l.(map[string]any))
			delete(fresh, "id")
			delete(fresh, "remote_id")
			lines = append(lines, fresh)
		}
	}
	return lines
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

// withoutHeader leaves the currencies out that amounts have from the header.
func withoutHeader(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if o, ok := member.(map[string]any); ok && (name == "total" || name == "unit_price") {
				delete(o, "currency")
			}
			withoutHeader(member)
		}
	case []any:
		for _, e := range v {
			withoutHeader(e)
		}
	}
	return v
}

func (p *patcher) check(patch map[string]any) {
	want := withoutHeader(p.expected(p.object(p.mapped(p.raw)), p.object(p.json(patch))))
	var results [][]byte
	for _, style := range []manifest.ListStyle{manifest.ListsReplaced, manifest.ListsChanged} {
		body := p.patch(patch, style)
		after := p.apply(body, style)
		results = append(results, after)
		got := withoutHeader(p.object(p.mapped(after)))
		blind(got)
		if blind(want); !reflect.DeepEqual(got, want) {
			p.Fatalf("%s\nof     %s\npatch  %s\nbody   %s\ngives  %s\nwanted %s", style, p.raw, p.json(patch), body, p.json(got), p.json(want))
		}
	}
	if !same(p, results[0], results[1]) {
		p.Fatalf("the styles differ:\n%s\n%s", results[0], results[1])
	}
}

// blind takes the ids of new lines away, which are the system's.
func blind(v any) {
	for _, name := range []string{"lines", "tasks"} {
		for _, l := range list(v.(map[string]any)[name]) {
			line := l.(map[string]any)
			if remote, _ := line["remote_id"].(string); remote == "" || strings.Contains(remote, "new") {
				delete(line, "id")
				delete(line, "remote_id")
			}
		}
	}
}

// expected lays a patch over a unified record.
func (p *patcher) expected(record, patch map[string]any) map[string]any {
	for name, v := range patch {
		switch old := record[name].(type) {
		case map[string]any:
			if o, ok := v.(map[string]any); ok && (name == "ship_to" || name == "failure") {
				maps.Copy(old, o)
				v = old
			}
		case nil:
			if o, ok := v.(map[string]any); ok && name == "ship_to" {
				full := map[string]any{"name": nil, "lines": []any{}, "city": nil, "country": nil}
				maps.Copy(full, o)
				v = full
			}
		}
		if name == "ship_to" && v != nil && empty(v.(map[string]any)) {
			v = nil
		}
		if name == "lines" || name == "tasks" {
			v = p.expectedLines(record[name], list(v), patch[name] == nil)
		}
		record[name] = v
	}
	for _, l := range list(record["lines"]) {
		if site, ok := record["site_id"]; ok {
			l.(map[string]any)["site_id"] = site
		}
	}
	return record
}

func empty(o map[string]any) bool {
	for _, v := range o {
		if l, ok := v.([]any); v != nil && (!ok || len(l) > 0) {
			return false
		}
	}
	return true
}

func (p *patcher) expectedLines(own any, patch []any, none bool) any {
	var out []any
	for _, l := range list(own) {
		line := l.(map[string]any)
		i := slices.IndexFunc(patch, func(e any) bool {
			o := e.(map[string]any)
			return o["id"] == line["id"] && o["id"] != nil || o["remote_id"] == line["remote_id"] && o["remote_id"] != nil
		})
		if none {
			continue
		}
		if i >= 0 {
			if patch[i].(map[string]any)["_delete"] == true {
				continue
			}
			maps.Copy(line, patch[i].(map[string]any))
		}
		out = append(out, line)
	}
	for _, e := range patch {
		if o := e.(map[string]any); o["id"] == nil && o["remote_id"] == nil {
			out = append(out, o)
		}
	}
	if out == nil && len(list(own)) == 0 {
		return own
	}
	if out == nil {
		out = []any{}
	}
	return out
}

// apply does to the source's record what a system does that is sent a body: objects are merged, lists replaced or changed; new lines get a key.
func (p *patcher) apply(body []byte, style manifest.ListStyle) []byte {
	record, b, fresh := p.object(p.raw), p.object(body), 0
	for _, name := range []string{"lines", "tasks"} {
		changes, ok := b[name].([]any)
		if !ok {
			continue
		}
		if style == manifest.ListsChanged {
			changes = p.changed(list(record[name]), changes)
		}
		for _, l := range changes {
			line := l.(map[string]any)
			if name == "lines" && line["key"] == nil {
				fresh++
				line["key"] = "new" + string(rune('a'+fresh))
			}
			if name == "tasks" && line["a"] == nil {
				fresh++
				line["a"], line["b"] = "new", string(rune('a'+fresh))
			}
		}
		b[name] = changes
	}
	return p.json(mergePatch(record, b))
}

func (p *patcher) changed(lines, changes []any) []any {
	for _, c := range changes {
		change := c.(map[string]any)
		i := slices.IndexFunc(lines, func(l any) bool {
			key, _ := change["key"].(map[string]any)
			for name, v := range key {
				if !reflect.DeepEqual(l.(map[string]any)[name], v) {
					return false
				}
			}
			return true
		})
		switch change["op"] {
		case "create":
			lines = append(lines, change["data"])
		case "update":
			lines[i] = mergePatch(lines[i], change["data"])
		case "delete":
			lines = slices.Delete(lines, i, i+1)
		}
	}
	return append([]any{}, lines...)
}

func mergePatch(old, patch any) any {
	o, ok := old.(map[string]any)
	n, fits := patch.(map[string]any)
	if !ok || !fits || n["box"] != nil {
		return patch
	}
	for name, v := range n {
		o[name] = mergePatch(o[name], v)
	}
	return o
}

func TestPatchWritesWhatIsGiven(t *testing.T) {
	t.Parallel()
	const raw = `{"id":7,"number":"A1","company":"01","supplier":{"code":"V","name":"Acme"},"currency":"CHF","days":"30","net":1,"total":2,"tax":{"amount":1,"currency":"USD"},
		"to":{"street":"x","gln":"9","street2":null}, "lines":[{"key":"a","no":1,"qty":2,"uom":{"symbol":"kg","id":3},"rest":[1]},{"key":"b","no":2,"qty":5}]}`
	a := mapping.RecordID(mapping.RecordID(env(t).Connection, "purchase-orders", "7"), "lines", "a").String()
	for in, want := range map[string]string{
		`{}`:                                        `{}`,
		`{"notes":"n"}`:                             `{"notes":"n"}`,
		`{"notes":null}`:                            `{"notes":null}`,
		`{"vendor":{"remote_id":"02:8"}}`:           `{"company":"02","supplier":{"code":"8"}}`,
		`{"ship_to":{"city":"Linz"}}`:               `{"to":{"street":"x","gln":"9","street2":null,"city":"Linz"}}`,
		`{"ship_to":null}`:                          `{"to":{"street":null,"gln":"9","street2":null,"name":null,"city":null,"country":null}}`,
		`{"tax_total":{"currency":"EUR"}}`:          `{"tax":{"currency":"EUR"}}`,
		`{"tax_total":{}}`:                          `{}`,
		`{"tax_total":{"amount":null}}`:             `{"tax":{"amount":null}}`,
		`{"tax_total":{"amount":"5"}}`:              `{"tax":{"amount":5}}`,
		`{"total":{"amount":"5","currency":"CHF"}}`: `{"total":5}`,
		`{"total":{"amount":"5","currency":"EUR"},"currency":"EUR"}`: `{"total":5,"currency":"EUR"}`,
		`{"lines":[]}`:                                                    `{}`,
		`{"lines":[{"id":"` + a + `"}]}`:                                  `{}`,
		`{"lines":[{"remote_id":"a","line_number":1}]}`:                   `{}`,
		`{"lines":[{"remote_id":"a","quantity":{"value":"3"}}]}`:          `{"lines":[{"key":"a","no":1,"qty":3,"uom":{"symbol":"kg","id":3},"rest":[1]},{"key":"b","no":2,"qty":5}]}`,
		`{"lines":[{"id":"` + a + `","_delete":true},{"line_number":9}]}`: `{"lines":[{"key":"b","no":2,"qty":5},{"no":9}]}`,
		`{"lines":[{"id":"` + strings.ToUpper(a) + `","remote_id":"a","_delete":false,"line_number":4}]}`: `{"lines":[{"key":"a","no":4,"qty":2,"uom":{"symbol":"kg","id":3},"rest":[1]},{"key":"b","no":2,"qty":5}]}`,
		`{"lines":null}`: `{"lines":[]}`,
	} {
		got, err := mapper(t, "purchase-orders").Patch([]byte(in), []byte(raw), manifest.ListsReplaced, env(t), nobody)
		if err != nil || !sameJSON(t, got, []byte(want)) {
			t.Errorf("%s: %s, %v; want %s", in, got, err, want)
		}
	}
	bare := strings.Replace(raw, `"tax":{"amount":1,"currency":"USD"}`, `"tax":null`, 1)
	for in, want := range map[string]string{
		`{"tax_total":{"amount":"5"}}`:                  `{"tax":{"amount":5,"currency":"CHF"}}`,
		`{"tax_total":{"amount":"5"},"currency":"EUR"}`: `{"tax":{"amount":5,"currency":"EUR"},"currency":"EUR"}`,
	} {
		got, err := mapper(t, "purchase-orders").Patch([]byte(in), []byte(bare), manifest.ListsReplaced, env(t), nobody)
		if err != nil || !sameJSON(t, got, []byte(want)) {
			t.Errorf("%s: %s, %v; want %s", in, got, err, want)
		}
	}
	got, err := mapper(t, "purchase-orders").Patch([]byte(`{"lines":[{"line_number":9},{"remote_id":"a","quantity":{"value":"3"}},{"remote_id":"b","_delete":true}]}`), []byte(raw), manifest.ListsChanged, env(t), nobody)
	if want := `{"lines":[{"op":"update","key":{"key":"a"},"data":{"qty":3}},{"op":"delete","key":{"key":"b"}},{"op":"create","data":{"no":9}}]}`; err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
}

func nobody(string, uuid.UUID) (string, bool) { return "", false }

func TestPatchNamesEveryFault(t *testing.T) {
	t.Parallel()
	raw := `{"id":7,"company":"01","currency":"CHF","days":"1","lines":[{"key":"a","no":1},{"key":"b","no":2}]}`
	b := mapping.RecordID(mapping.RecordID(env(t).Connection, "purchase-orders", "7"), "lines", "b").String()
	in := `{"ship_to":{"country":"Austria"}, "total":{"amount":"5","currency":"EUR"}, "vendor":{"id":"x"}, "nmber":1, "incoterms":"EXW", "site_id":"01938c5e-6a40-7c7e-b0a4-5d1f0e6d9a21",
		"lines":[{"id":"x"},{"remote_id":"a"},{"remote_id":"a"},{"_delete":true},{"remote_id":"b","_delete":1},{"remote_id":5},7,{"id":"` + b + `","remote_id":"a"},{"remote_id":"b","no":1,"quantity":{"value":"1","unit_code":"KGM"}}]}`
	_, err := mapper(t, "purchase-orders").Patch([]byte(in), []byte(raw), "", env(t), nobody)
	var bad mapping.BadValues
	if !errors.As(err, &bad) {
		t.Fatal(err)
	}
	var got []string
	for _, b := range bad {
		got = append(got, b.Error())
	}
	for pointer, flaw := range map[string]mapping.Flaw{
		"/total/currency": mapping.Unfit, "/vendor": mapping.Unfit, "/ship_to/country": mapping.Unfit, "/nmber": mapping.NoField, "/incoterms": mapping.NotWritable, "/site_id": mapping.NoReference, "/lines/0/id": mapping.NoSuchElement,
		"/lines/2": mapping.NamedTwice, "/lines/3": mapping.Unfit, "/lines/4/_delete": mapping.Unfit, "/lines/5/remote_id": mapping.Unfit, "/lines/6": mapping.Unfit,
		"/lines/7/remote_id": mapping.Unfit, "/lines/8/no": mapping.NoField, "/lines/8/quantity/unit_code": mapping.Unfit,
	} {
		i := slices.IndexFunc(bad, func(b *mapping.BadValue) bool { return b.Pointer == pointer })
		if i < 0 || bad[i].Flaw != flaw {
			t.Errorf("no fault %d at %s in\n%s", flaw, pointer, strings.Join(got, "\n"))
		}
	}
	if len(bad) != 15 {
		t.Errorf("%d faults:\n%s", len(bad), strings.Join(got, "\n"))
	}
}

func TestStamp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ body, path, want string }{
		{`{}`, "ref", `{"ref":"bb1"}`},
		{`{"a":1}`, "x/y", `{"a":1,"x":{"y":"bb1"}}`},
		{`{"x":{"a":1}}`, "x/y", `{"x":{"a":1,"y":"bb1"}}`},
		{`{"x":null}`, "x/y", `{"x":{"y":"bb1"}}`},
		{`{"ref":null}`, "ref", `{"ref":"bb1"}`},
		{`{"ref":"other"}`, "ref", ""},
		{`{"x":5}`, "x/y", ""},
		{`[]`, "ref", ""},
		{``, "ref", ""},
	} {
		got, err := mapping.Stamp([]byte(c.body), strings.Split(c.path, "/"), "bb1")
		if c.want == "" && err == nil || c.want != "" && (err != nil || string(got) != c.want) {
			t.Errorf("%s at %s: %s, %v", c.body, c.path, got, err)
		}
	}
}
