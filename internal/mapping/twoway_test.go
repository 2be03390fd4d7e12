package mapping_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/model"
)

// TestThereAndBack is the property that mapping is two-way by construction: what is mapped and written back is what was there.
func TestThereAndBack(t *testing.T) {
	t.Parallel()
	s, _ := load(t, read(t, "testdata", "twoway.yaml"))
	for _, d := range []manifest.Dialect{nil, boxes{}} {
		for entity, generate := range map[string]func(g *source) map[string]any{
			"purchase-orders": (*source).order, "work-orders": (*source).workOrder, "vendors": (*source).vendor, "teams": (*source).team,
		} {
			m, err := mapping.Compile(s, s.Entity(entity), d)
			if err != nil {
				t.Fatal(err)
			}
			t.Run(fmt.Sprintf("%s/%T", entity, d), func(t *testing.T) {
				t.Parallel()
				rapid.Check(t, func(rt *rapid.T) {
					g := &source{T: rt, dialect: d, known: map[uuid.UUID]string{}, env: env(t)}
					raw, err := json.Marshal(generate(g), json.Deterministic(true))
					if err != nil {
						rt.Fatal(err)
					}
					g.check(m, s.Entity(entity), raw)
				})
			})
		}
	}
}

// source makes records of the system.
type source struct {
	*rapid.T
	dialect manifest.Dialect
	known   map[uuid.UUID]string // remote ids by their derived ids
	env     mapping.Env
}

func (g *source) check(m *mapping.Mapper, e *manifest.Entity, raw []byte) {
	r, err := m.Map(raw, g.env)
	if err != nil {
		g.Fatalf("map %s: %v", raw, err)
	}
	back, err := m.Unmap(writable(g, e, r.Fields), func(_ string, id uuid.UUID) (string, bool) {
		remote, ok := g.known[id]
		return remote, ok
	})
	if err != nil {
		g.Fatalf("write back %s: %v", r.Fields, err)
	}
	if same, err := rawjson.Equal(raw, back, [][]string{{"id"}}); err != nil || !same {
		g.Fatalf("%v\n%s\n%s\n%s", err, raw, r.Fields, back)
	}
}

// writable leaves out what a record has that cannot be written.
func writable(g *source, e *manifest.Entity, fields []byte) []byte {
	var all map[string]jsontext.Value
	if err := json.Unmarshal(fields, &all); err != nil {
		g.Fatal(err)
	}
	for _, f := range e.Model.Fields {
		if m := e.Field(f.Name); m != nil && !m.Writable() {
			for _, name := range f.WireNames() {
				delete(all, name)
			}
		}
	}
	if lines, ok := all["lines"]; ok {
		all["lines"] = withoutSites(lines) // from the header
	}
	out, err := json.Marshal(all)
	if err != nil {
		g.Fatal(err)
	}
	return out
}

func withoutSites(lines jsontext.Value) jsontext.Value {
	var all []map[string]jsontext.Value
	if json.Unmarshal(lines, &all) != nil || all == nil {
		return lines
	}
	for _, l := range all {
		delete(l, "site_id")
	}
	out, err := json.Marshal(all)
	if err != nil {
		return lines
	}
	return out
}

func (g *source) text(label string) string {
	s := rapid.StringN(1, 12, 40).Draw(g.T, label)
	return strings.Map(func(r rune) rune {
		if r == 0 || r == 0xFFFD {
			return 'x'
		}
		return r
	}, s)
}

// maybe is nil now and then.
func (g *source) maybe(label string, value any) any {
	if rapid.IntRange(0, 4).Draw(g.T, label+" is null") == 0 {
		return nil
	}
	return value
}

// decimal is a number that is not minus zero, which is written back as zero.
func (g *source) decimal(label string) string {
	text := rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,8})?`).Draw(g.T, label)
	if strings.Trim(text, "-0.") == "" {
		return "0"
	}
	return text
}

// scalar is a plain scalar in the protocol's notation.
func (g *source) scalar(kind model.Kind, plain string) jsontext.Value {
	if g.dialect != nil {
		return g.dialect.Wrap(kind, []byte(plain))
	}
	if kind == model.Decimal || kind == model.Money {
		plain = strings.Trim(plain, `"`)
	}
	return jsontext.Value(plain)
}

func (g *source) exact(kind model.Kind, label string) jsontext.Value {
	plain := g.decimal(label)
	if kind == model.Quantity {
		return g.scalar(kind, plain)
	}
	return g.scalar(kind, `"`+plain+`"`)
}

func (g *source) date(label string) jsontext.Value {
	return g.scalar(model.Date, fmt.Sprintf(`"%04d-%02d-%02d"`, rapid.IntRange(1, 9999).Draw(g.T, label), rapid.IntRange(1, 12).Draw(g.T, label), rapid.IntRange(1, 28).Draw(g.T, label)))
}

func (g *source) instant(label string) jsontext.Value {
	fraction := rapid.SampledFrom([]string{"", ".5", ".123456"}).Draw(g.T, label)
	return g.scalar(model.Instant, fmt.Sprintf(`"2026-%02d-%02dT%02d:59:01%sZ"`, rapid.IntRange(1, 12).Draw(g.T, label), rapid.IntRange(1, 28).Draw(g.T, label), rapid.IntRange(0, 23).Draw(g.T, label), fraction))
}

// remote notes a remote id, so that it can be found again.
func (g *source) remote(entity, id string) {
	g.known[mapping.RecordID(g.env.Connection, entity, id)] = id
}

func (g *source) number(label string) jsontext.Value {
	return jsontext.Value(strconv.Itoa(rapid.IntRange(1, 1e9).Draw(g.T, label)))
}

func (g *source) order() map[string]any {
	company, code, plant := g.text("company"), g.text("code"), g.number("plant")
	g.remote("vendors", manifest.JoinID(company, code))
	g.remote("sites", string(plant))
	o := map[string]any{
		"id": 1, "number": g.maybe("number", g.text("number")), "company": company, "supplier": map[string]any{"code": code}, "plant": g.maybe("plant", plant),
		"state":   g.maybe("state", rapid.SampledFrom([]string{"D", "Q", "O", "P", "X", "weird", "ä"}).Draw(g.T, "state")),
		"ordered": g.maybe("ordered", g.date("ordered")), "approved": g.maybe("approved", g.instant("approved")), "currency": g.maybe("currency", "CHF"),
		"rate": g.maybe("rate", g.exact(model.Decimal, "rate")), "net": g.maybe("net", g.exact(model.Money, "net")), "total": g.maybe("total", g.exact(model.Money, "total")),
		"tax":  map[string]any{"amount": g.exact(model.Money, "tax"), "currency": g.maybe("tax currency", "USD")},
		"days": strconv.Itoa(rapid.IntRange(0, 90).Draw(g.T, "days")), "notes": g.maybe("notes", g.text("notes")), "to": g.address(),
	}
	var lines []any
	for i := range rapid.IntRange(0, 3).Draw(g.T, "lines") {
		lines = append(lines, g.line(i))
	}
	o["lines"] = lines
	if lines == nil {
		o["lines"] = g.maybe("no lines", []any{})
	}
	return o
}

func (g *source) address() map[string]any {
	to := map[string]any{"name": g.maybe("name", g.text("name")), "street": g.maybe("street", g.text("street")), "street2": nil, "city": g.maybe("city", g.text("city")), "country": g.maybe("country", "AT")}
	if to["street"] != nil {
		to["street2"] = g.maybe("street2", g.text("street2"))
	}
	return to
}

func (g *source) line(i int) map[string]any {
	article := g.text("article")
	g.remote("items", article)
	l := map[string]any{
		"key": 1000 + i, "no": g.maybe("no", g.number("no")), "article": g.maybe("article", article), "price": g.maybe("price", g.exact(model.Money, "price")),
		"qty": g.exact(model.Quantity, "qty"), "uom": map[string]any{"symbol": g.maybe("uom", g.text("uom"))}, "discount": g.maybe("discount", g.decimal("discount")),
		"needed": g.maybe("needed", g.date("needed")), "st": g.maybe("st", rapid.IntRange(0, 3).Draw(g.T, "st")), "extra": g.maybe("extra", map[string]any{"a": 1, "b": []any{nil, g.text("extra")}}),
	}
	return l
}

func (g *source) workOrder() map[string]any {
	var tasks []any
	for i := range rapid.IntRange(0, 3).Draw(g.T, "tasks") {
		tasks = append(tasks, map[string]any{
			"a": g.text("a") + strconv.Itoa(i), "b": g.text("b"), "seq": g.maybe("seq", g.number("seq")), "t": g.maybe("t", g.text("t")), "done": g.maybe("done", rapid.Bool().Draw(g.T, "done")),
		})
	}
	return map[string]any{
		"id": 1, "prio": g.maybe("prio", rapid.SampledFrom([]string{"1", "2", "3"}).Draw(g.T, "prio")), "at": g.maybe("at", g.instant("at")),
		"hours": g.maybe("hours", jsontext.Value(g.decimal("hours"))), "iso": g.maybe("iso", "PT4H30M"), "f": map[string]any{"p": g.maybe("p", g.text("p"))}, "r": g.maybe("r", g.text("r")),
		"labor": g.exact(model.Money, "labor"), "cur": g.maybe("cur", "USD"), "total": g.maybe("total", g.exact(model.Money, "total")), "tasks": g.maybe("tasks", tasks),
	}
}

func (g *source) vendor() map[string]any {
	people := []any{}
	for range rapid.IntRange(0, 2).Draw(g.T, "people") {
		people = append(people, map[string]any{"name": g.text("name"), "mail": g.maybe("mail", g.text("mail"))})
	}
	return map[string]any{"id": 1, "name": g.maybe("name", g.text("name")), "active": g.maybe("active", rapid.Bool().Draw(g.T, "active")), "people": g.maybe("people", people)}
}

func (g *source) team() map[string]any {
	people := []any{}
	for range rapid.IntRange(0, 3).Draw(g.T, "people") {
		id := g.number("id")
		g.remote("users", string(id))
		people = append(people, id)
	}
	return map[string]any{"id": 1, "name": g.text("name"), "people": g.maybe("people", people)}
}

// boxes is a protocol that wraps decimals and times in objects.
type boxes struct{}

func (boxes) Scalar(raw []byte) ([]byte, bool) {
	plain, ok, err := rawjson.Find(raw, "box")
	return plain, ok && err == nil
}

func (boxes) Wrap(kind model.Kind, plain []byte) []byte {
	switch kind {
	case model.Decimal, model.Money, model.Date, model.Instant:
		return []byte(`{"box":` + string(plain) + `}`)
	}
	return plain
}
