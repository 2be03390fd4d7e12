package check_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/busbar-dev/busbar/internal/check"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/model"
)

// TestAcceptedCreatesComeBack is the property that whatever create is accepted for SimERP comes back, mapped, as what was asked for; the check gives the same verdict every
// time, and accepts nothing that the mapping refuses.
func TestAcceptedCreatesComeBack(t *testing.T) {
	t.Parallel()
	for _, entity := range []string{"purchase-orders", "vendors", "items", "purchase-requisitions", "goods-receipts"} {
		w := simERP(t, entity)
		t.Run(entity, func(t *testing.T) {
			t.Parallel()
			accepted := 0
			rapid.Check(t, func(rt *rapid.T) {
				g := &maker{T: rt, world: w}
				in := w.input(manifest.Create, string(g.json(g.record())))
				in.Resolve = nil
				v := g.verdict(in)
				if v.Problem != nil {
					return
				}
				accepted++
				stored := g.stored(v.Steps[0].Body)
				for _, m := range v.Steps[1:] {
					stored = g.merged(stored, m.Body)
				}
				g.shows(v, stored)
			})
			if accepted == 0 {
				t.Error("nothing was accepted")
			}
		})
	}
}

// TestAcceptedUpdatesComeBack is the same of a patch: the record shows what it says, and is else as it was; once it shows it, nothing is left to do.
func TestAcceptedUpdatesComeBack(t *testing.T) {
	t.Parallel()
	w := simERP(t, "purchase-orders")
	accepted, nothing := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		g := &maker{T: rt, world: w}
		in := w.input(manifest.Create, string(g.json(g.record())))
		made := g.verdict(in)
		if made.Problem != nil {
			return
		}
		raw := g.stored(made.Steps[0].Body)
		for _, m := range made.Steps[1:] {
			raw = g.merged(raw, m.Body)
		}
		in = w.input(manifest.Update, string(g.json(g.patch(raw))))
		in.Current = w.record(rt, string(raw))
		v := g.verdict(in)
		if v.Problem != nil {
			return
		}
		accepted++
		if v.Nothing {
			nothing++
			g.shows(v, raw)
			return
		}
		for _, m := range v.Steps {
			raw = g.merged(raw, m.Body)
		}
		raw = g.numbered(raw)
		g.shows(v, raw)
	})
	if accepted == 0 || nothing == accepted {
		t.Errorf("%d accepted, %d of them nothing", accepted, nothing)
	}
}

// maker makes records and patches, most of them valid.
type maker struct {
	*rapid.T
	world
	keys int // of lines, given out
}

func (g *maker) verdict(in check.Input) check.Verdict {
	in.Resolve = resolve
	v, again := check.Check(in), check.Check(in)
	if !reflect.DeepEqual(v, again) {
		g.Fatalf("%s: two verdicts:\n%+v\n%+v", in.Data, v, again)
	}
	var err error
	fields := g.without(in.Data, "status", "status_source")
	if in.Op == manifest.Create {
		_, err = in.Mapper.Unmap(fields, resolve)
	} else {
		_, err = in.Mapper.Patch(g.without(fields, "site_id"), in.Current.Raw, in.Entity.Lists, in.Env, resolve)
	}
	if err != nil && v.Problem == nil {
		g.Fatalf("%s is accepted, and cannot be written: %v", in.Data, err)
	}
	if v.Problem != nil {
		if _, known := problem.Lookup(v.Problem.Code); !known || len(v.Problem.Items) == 0 || v.Steps != nil {
			g.Fatalf("%s: %+v", in.Data, v)
		}
	}
	return v
}

func (g *maker) json(v any) []byte {
	out, err := json.Marshal(v)
	if err != nil {
		g.Fatal(err)
	}
	return out
}

func (g *maker) object(raw []byte) map[string]any {
	var o map[string]any
	if err := json.Unmarshal(raw, &o); err != nil {
		g.Fatalf("%v: %s", err, raw)
	}
	return o
}

func (g *maker) without(data []byte, names ...string) []byte {
	o := g.object(data)
	for _, name := range names {
		delete(o, name)
	}
	return g.json(o)
}

func (g *maker) chance(percent int, label string) bool {
	return rapid.IntRange(1, 100).Draw(g.T, label) > 100-percent // small numbers are drawn more often
}

// record draws fields that can be written, and now and then others, or values that do not fit.
func (g *maker) record() map[string]any {
	return g.fields(g.entity.Fields, "", 40, g.entity.Operations[manifest.Create].Required)
}

func (g *maker) fields(maps []*manifest.FieldMap, within string, percent int, required []string) map[string]any {
	o := map[string]any{}
	for _, m := range maps {
		path := within + m.Field.Name
		locked := g.entity.IsReadOnly(path) || !m.Writable()
		needed := slices.Contains(required, path)
		if locked && !g.chance(1, "locked") || !needed && !g.chance(percent, "give "+path) || needed && g.chance(2, "forget") {
			continue
		}
		if g.chance(1, "misfit") {
			o[m.Field.WireNames()[0]] = rapid.SampledFrom([]any{5, "?", nil, []any{1}, map[string]any{"a": 1}, true}).Draw(g.T, "value")
			continue
		}
		o[m.Field.WireNames()[0]] = g.value(m, path, required)
	}
	return o
}

func (g *maker) text(label string) string {
	return rapid.SampledFrom([]string{"a", "ä\"b", "Line 3", "0", "x\ny"}).Draw(g.T, label)
}

func (g *maker) decimal(label string) string {
	return rapid.SampledFrom([]string{"1", "0", "12.50", "3.333333", "-4.5", "100000000000000000000.000001"}).Draw(g.T, label)
}

func (g *maker) value(m *manifest.FieldMap, path string, required []string) any {
	f := m.Field
	if p, ok := g.entity.Picklists[path]; ok && p.Values != nil {
		return rapid.SampledFrom(p.Values).Draw(g.T, path)
	}
	if words := m.Values; len(words) > 0 {
		return rapid.SampledFrom(words).Draw(g.T, path).Name
	}
	switch f.Kind {
	case model.Boolean:
		return rapid.Bool().Draw(g.T, path)
	case model.Integer:
		return rapid.IntRange(0, 100).Draw(g.T, path)
	case model.Decimal:
		return g.decimal(path)
	case model.Money:
		v := map[string]any{"amount": g.decimal(path)}
		if g.chance(10, "currency") {
			v["currency"] = rapid.SampledFrom([]string{"EUR", "CHF"}).Draw(g.T, path)
		}
		return v
	case model.Quantity:
		v := map[string]any{"value": g.decimal(path)}
		if part := m.Parts["unit"]; part != nil && part.Const == "" && part.From[0].Settable() && g.chance(50, "unit") {
			v["unit"] = rapid.SampledFrom([]string{"pcs", "kg"}).Draw(g.T, path)
		}
		return v
	case model.Date:
		return "2026-01-" + strconv.Itoa(rapid.IntRange(10, 28).Draw(g.T, path))
	case model.Instant:
		return "2026-01-02T03:04:05Z"
	case model.Duration:
		return "PT90M"
	case model.Ref:
		return ref(f.To, rapid.SampledFrom([]string{"1", "2"}).Draw(g.T, path))
	case model.Address, model.Contact:
		return g.parts(m, path)
	case model.List:
		return g.list(m, path, required)
	}
	if f.Name == "currency" {
		return rapid.SampledFrom([]string{"EUR", "CHF"}).Draw(g.T, path)
	}
	return g.text(path)
}

func (g *maker) parts(m *manifest.FieldMap, path string) map[string]any {
	v := map[string]any{}
	for _, member := range m.Members {
		part := m.Parts[member.Name]
		switch {
		case part == nil || part.Const != "" || !g.chance(50, member.Name):
		case member.Kind == model.List:
			v[member.Name] = rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b"}), 0, len(part.From)).Draw(g.T, path)
		case member.Name == "country":
			v[member.Name] = "AT"
		default:
			v[member.Name] = g.text(path)
		}
	}
	return v
}

func (g *maker) list(m *manifest.FieldMap, path string, required []string) []any {
	list := []any{}
	least := 0
	if slices.Contains(required, path) {
		least = 1
	}
	for range rapid.IntRange(least, 3).Draw(g.T, path) {
		if m.Fields == nil {
			list = append(list, g.parts(m, path))
			continue
		}
		list = append(list, g.fields(m.Fields, path+".", 40, required))
	}
	return list
}

// patch draws a patch of a record: fields, and lines that come, change and go.
func (g *maker) patch(raw []byte) map[string]any {
	p := g.fields(g.entity.Fields, "", 20, nil)
	delete(p, "lines")
	if !g.chance(60, "lines") {
		return p
	}
	lines := []any{}
	own, _ := g.object(raw)["lines"].([]any)
	for _, l := range own {
		lineMap := g.entity.Field("lines")
		line := map[string]any{"remote_id": fmt.Sprint(l.(map[string]any)["lineId"])}
		switch rapid.IntRange(0, 3).Draw(g.T, "line") {
		case 0:
			continue
		case 1:
			line["_delete"] = true
		default:
			maps.Copy(line, g.fields(lineMap.Fields, "lines.", 20, nil))
		}
		lines = append(lines, line)
	}
	lines = append(lines, g.list(g.entity.Field("lines"), "lines", []string{"lines.item", "lines.quantity"})...)
	p["lines"] = lines
	return p
}

// stored is what SimERP keeps of a new record.
func (g *maker) stored(body []byte) []byte {
	o := g.object(body)
	o["id"] = "77"
	if g.entity.Moves != nil {
		o["status"] = "DRAFT"
	}
	return g.numbered(g.json(o))
}

// numbered gives lines that have none a key.
func (g *maker) numbered(raw []byte) []byte {
	var o map[string]json.RawMessage
	if err := json.Unmarshal(raw, &o); err != nil {
		g.Fatal(err)
	}
	for _, f := range g.entity.Fields {
		if f.Field.Kind != model.List || len(f.ID) == 0 || o[f.From[0][0]] == nil {
			continue
		}
		var lines []map[string]json.RawMessage
		if err := json.Unmarshal(o[f.From[0][0]], &lines); err != nil {
			g.Fatal(err)
		}
		for _, l := range lines {
			if key := f.ID[0][0]; l[key] == nil {
				g.keys++
				l[key] = json.RawMessage(strconv.Quote("n" + strconv.Itoa(g.keys)))
			}
		}
		o[f.From[0][0]] = g.json(lines)
	}
	return g.json(o)
}

// merged lays a body over a record.
func (g *maker) merged(raw, body []byte) []byte {
	var a, b map[string]json.RawMessage
	if json.Unmarshal(raw, &a) != nil || json.Unmarshal(body, &b) != nil {
		g.Fatalf("%s, %s", raw, body)
	}
	maps.Copy(a, b)
	return g.json(a)
}

// shows wants the record to show what was asked for.
func (g *maker) shows(v check.Verdict, raw []byte) {
	r, err := g.mapper.Map(raw, g.env)
	if err != nil {
		g.Fatalf("%s cannot be read back: %v", raw, err)
	}
	if missed := check.Missed(g.entity, v.Wanted, r.Fields); len(missed) > 0 {
		g.Fatalf("wanted %s\nsent %s\nshows %s\n%v", v.Wanted, sent(v), r.Fields, missed)
	}
	if !check.Same(g.entity, nil, v.Wanted, r.Fields) {
		g.Fatalf("%s is not the same as %s", r.Fields, v.Wanted)
	}
}
