package api_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var seed = flag.Uint64("seed", 0, "cases of TestValidateAndTheWriteNeverDiffer; 0: others each time")

// Whatever is asked for: what a dry run refuses, the write refuses with the same problem and without any effect, and so does an item of a batch; what a dry run
// allows, the write never refuses by a check of ours.
func TestValidateAndTheWriteNeverDiffer(t *testing.T) {
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("run it again with -seed %d", s)
	p := newPlant(t)
	g := newGuesser(p, rand.New(rand.NewPCG(s, 0)))
	const cases = 400
	for range cases {
		g.try(g.draw())
	}
	g.inBatches()
	for what, n := range map[string]int{"allowed": g.allowed, "refused": len(g.refused), "sent and refused by the system": g.answered, "refused in batches": g.batched} {
		t.Logf("%d %s", n, what)
		if n < 10 {
			t.Errorf("only %d of %d were %s", n, cases, what)
		}
	}
}

// guess is one write that somebody may ask for.
type guess struct {
	token, entity, op, id, data, ifMatch string
	lax                                  bool
}

func (c guess) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %s", c.op, c.entity, c.id, c.data))
}

func (c guess) query() string {
	if c.lax {
		return "?strict=false"
	}
	return ""
}

func (c guess) headers() []string {
	if c.ifMatch == "" {
		return nil
	}
	return []string{"If-Match", c.ifMatch}
}

// guesser draws writes and compares what becomes of them.
type guesser struct {
	*plant
	*rand.Rand
	tokens  []string // of a connection without rules of its own, and of one with many
	records map[string]map[string][]map[string]any
	serial  int

	refused                    []guess
	allowed, answered, batched int
}

const ownRules = `{"vendors":{"required":["code"],"read_only":["website"],"values":{"payment_terms":["NET30","NET60"]}},"items":{"forbidden":["delete"],"read_only":["vendors"]},
	"purchase-orders":{"required":["lines.required_date"],"read_only":["incoterms","lines.notes"],"values":{"currency":["EUR"]}},"purchase-requisitions":{"forbidden":["create"]}}`

// written are the entities, and what they refer to is read too.
var written = []string{"vendors", "items", "purchase-orders", "purchase-requisitions", "goods-receipts"}

func newGuesser(p *plant, r *rand.Rand) *guesser {
	p.t.Helper()
	g := &guesser{plant: p, Rand: r, records: map[string]map[string][]map[string]any{}}
	conn, ruled := p.join("Ruled")
	p.want(p.call("PATCH", "/v1/connections/"+conn.ID, p.key, `{"write_rules":`+ownRules+`}`), 200, "")
	g.tokens = []string{p.token, ruled}
	for _, token := range g.tokens {
		p.token = token
		p.wait("the first sync", p.synced)
		g.records[token] = map[string][]map[string]any{}
		for _, entity := range written {
			g.records[token][entity] = p.want(p.call("GET", "/v1/"+entity+"?limit=500", token, ""), 200, "").data()
		}
	}
	return g
}

// try asks for a dry run, and then for the write.
func (g *guesser) try(c guess) {
	g.t.Helper()
	before := len(g.sim.Effects())
	verdict, says := g.dryRun(c)
	if n := len(g.sim.Effects()); n != before {
		g.t.Fatalf("%s: the dry run has an effect", c)
	}
	method, path, body := map[string]string{"create": "POST", "update": "PATCH", "delete": "DELETE"}[c.op], "/v1/"+c.entity, c.data
	if c.op != "create" {
		path += "/" + c.id
	}
	done := g.call(method, path+c.query(), c.token, body, c.headers()...)
	sent := done.body["operation"] != nil || done.header.Get("Busbar-Operation") != ""
	switch {
	case verdict == nil && done.status >= 400 && !sent:
		g.t.Errorf("%s: the dry run allows it (%s), the write says %s", c, says.text, done.text)
	case verdict == nil:
		g.allowed++
		if done.status >= 400 {
			g.answered++
		}
	case done.status < 400 || sent || len(g.sim.Effects()) != before:
		g.t.Errorf("%s: the dry run refuses it: %s; the write was done: %d %s", c, says.text, done.status, done.text)
	default:
		g.refused = append(g.refused, c)
		g.same(c, says, verdict, done.body)
	}
}

// dryRun gives what a write would be refused with; nil: it is allowed.
func (g *guesser) dryRun(c guess) (verdict map[string]any, says answer) {
	g.t.Helper()
	body := `{"op":"` + c.op + `"`
	if c.id != "" {
		body += `,"id":"` + c.id + `"`
	}
	if c.op != "delete" {
		body += `,"data":` + c.data
	}
	says = g.call("POST", "/v1/"+c.entity+"/validate"+c.query(), c.token, body+"}", c.headers()...)
	if says.status != 200 {
		return says.body, says
	}
	verdict, _ = says.body["problem"].(map[string]any)
	if says.body["valid"] != (verdict == nil) {
		g.t.Errorf("%s: %s", c, says.text)
	}
	return verdict, says
}

// same wants the same problem. Of a body that is none of a dry run, only what is wrong and where is the same: it is another body than that of the write.
func (g *guesser) same(c guess, says answer, verdict, done map[string]any) {
	g.t.Helper()
	if says.status == 400 || says.status == 422 {
		if at := strings.ReplaceAll(pointers(verdict), "/data", ""); verdict["code"] != done["code"] || at != pointers(done) {
			g.t.Errorf("%s: %v at %s for the dry run, %v at %s for the write", c, verdict["code"], at, done["code"], pointers(done))
		}
		return
	}
	for _, member := range []string{"code", "status", "title", "detail", "type", "origin", "retryable", "current_version"} {
		if verdict[member] != done[member] {
			g.t.Errorf("%s: %s is %q for the dry run, %q for the write", c, member, verdict[member], done[member])
		}
	}
	if dry, wet := jsonOf(verdict["errors"]), jsonOf(done["errors"]); dry != wet {
		g.t.Errorf("%s: the dry run's errors are\n%s, the write's are\n%s", c, dry, wet)
	}
}

// pointers lists where a problem has its errors.
func pointers(problem map[string]any) string {
	var at []string
	errs, _ := problem["errors"].([]any)
	for _, e := range errs {
		at = append(at, e.(map[string]any)["pointer"].(string))
	}
	return strings.Join(at, " ")
}

// inBatches sends what is refused as batches, of which no item may have an effect.
func (g *guesser) inBatches() {
	g.t.Helper()
	groups := map[guess][]guess{}
	for _, c := range g.refused {
		if g.fitsABatch(c) {
			of := guess{token: c.token, entity: c.entity, lax: c.lax}
			groups[of] = append(groups[of], c)
		}
	}
	before := len(g.sim.Effects())
	for of, cases := range groups {
		g.inBatch(of, cases)
	}
	if n := len(g.sim.Effects()); n != before {
		g.t.Errorf("%d effects of batches that may have none", n-before)
	}
}

// fitsABatch tells whether a write is one that an item of a batch can ask for, and still refused: records have changed meanwhile.
func (g *guesser) fitsABatch(c guess) bool {
	verdict, says := g.dryRun(c)
	return verdict != nil && (says.status == 200 || says.status == 404) && c.id != "x"
}

func (g *guesser) inBatch(of guess, cases []guess) {
	g.t.Helper()
	var lines strings.Builder
	for _, c := range cases {
		it := map[string]any{"op": c.op}
		if c.op != "create" {
			it["id"] = c.id
		}
		if c.op != "delete" {
			it["data"] = json.RawMessage(c.data)
		}
		if c.ifMatch != "" {
			it["if_match"] = c.ifMatch
		}
		lines.WriteString(jsonOf(it) + "\n")
	}
	join := map[bool]string{true: "&", false: "?"}[of.lax]
	a := g.want(g.call("POST", "/v1/"+of.entity+"/batch"+of.query()+join+"chunk_size=1000", of.token, lines.String(), "Content-Type", ndjson), 202, "")
	g.token = of.token
	g.settled(a.header.Get("Location"))
	items := g.want(g.call("GET", a.header.Get("Location")+"/items?limit=500", of.token, ""), 200, "").data()
	for i, it := range items {
		verdict, says := g.dryRun(cases[i])
		kept, _ := it["error"].(map[string]any)
		if it["status"] != "rejected" || verdict == nil {
			g.t.Errorf("%s: the dry run says %s, the item is %s", cases[i], says.text, jsonOf(it))
			continue
		}
		g.same(cases[i], says, verdict, kept)
		g.batched++
	}
}

// draw makes a write: good, with one thing changed, or with anything.
func (g *guesser) draw() guess {
	c := guess{token: g.tokens[g.IntN(2)], entity: written[g.IntN(len(written))], op: []string{"create", "create", "update", "update", "delete"}[g.IntN(5)]}
	c.lax = c.op != "delete" && g.IntN(5) == 0
	fields := g.fields(c)
	if c.op != "create" {
		fields = g.about(&c, fields)
	}
	switch changes := []int{0, 0, 1, 1, 1, 2, 5, -1}[g.IntN(8)]; {
	case c.op == "delete":
	case changes < 0:
		c.data = hostile()[g.IntN(len(hostile()))]
	default:
		for range changes {
			g.spoil(fields, g.other(c))
		}
		c.data = jsonOf(fields)
	}
	return c
}

// about picks the record that a write is about, and what of the fields it changes.
func (g *guesser) about(c *guess, fields map[string]any) map[string]any {
	all := g.records[c.token][c.entity]
	r := all[g.IntN(len(all))]
	c.id = r["id"].(string)
	switch g.IntN(20) {
	case 0:
		c.id = "6f1c2a34-5b7e-5d21-9c0f-3e8a1b2c4d5e"
	case 1:
		c.id = "x"
	case 2:
		c.id = g.records[g.tokens[g.IntN(2)]][c.entity][0]["id"].(string) // of another connection, perhaps
	}
	switch g.IntN(8) {
	case 0:
		c.ifMatch = `"0000"`
	case 1:
		c.ifMatch = g.call("GET", "/v1/"+c.entity+"/"+c.id, c.token, "").header.Get("ETag")
	case 2:
		c.ifMatch = "*"
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if g.IntN(2) == 0 {
			delete(fields, name)
		}
	}
	if status, ok := r["status"]; ok && g.IntN(2) == 0 {
		fields["status"] = []any{status, "pending_approval", "approved", "sent", "cancelled", "draft", "closed"}[g.IntN(7)]
	}
	if own, _ := r["lines"].([]any); len(own) > 0 && g.IntN(2) == 0 {
		line := own[g.IntN(len(own))].(map[string]any)
		fields["lines"] = []any{map[string]any{"id": line["id"], "quantity": g.quantity()}, map[string]any{"remote_id": line["remote_id"], "_delete": g.IntN(2) == 0}}[g.IntN(2):]
	}
	return fields
}

// other is some record of the source with all of its members, most of which nobody may write.
func (g *guesser) other(c guess) map[string]any {
	all := g.records[c.token][c.entity]
	return all[g.IntN(len(all))]
}

// fields are those of a write that SimERP takes, mostly.
func (g *guesser) fields(c guess) map[string]any {
	g.serial++
	some := func(entity string) map[string]any {
		all := g.records[c.token][entity]
		return all[g.IntN(len(all))]
	}
	ref := func(entity string) any { return map[string]any{"remote_id": some(entity)["remote_id"]} }
	line := func() any {
		return map[string]any{"item": ref("items"), "quantity": g.quantity(), "required_date": "2026-12-24"}
	}
	name := "Guess " + strconv.Itoa(g.serial)
	switch c.entity {
	case "vendors":
		return map[string]any{"name": name, "code": "G-" + strconv.Itoa(g.serial), "currency": "EUR", "payment_terms": "NET30", "email": "a@example.com", "is_active": true,
			"address": map[string]any{"lines": []any{"Mill Road 1"}, "city": "Essen", "country": "DE"}, "contacts": []any{map[string]any{"name": "Ann", "email": "ann@example.com"}}}
	case "items":
		return map[string]any{"name": name, "description": "ä\n\"b\"", "type": "part", "is_stocked": true, "cost": map[string]any{"amount": "12.50", "currency": "EUR"}}
	case "purchase-orders":
		return map[string]any{"vendor": ref("vendors"), "currency": "EUR", "payment_terms": "NET30", "notes": name, "required_date": "2026-12-24", "lines": []any{line(), line()}}
	case "purchase-requisitions":
		return map[string]any{"required_date": "2026-12-24", "currency": "EUR", "lines": []any{line()}}
	}
	order := some("purchase-orders")
	lines := order["lines"].([]any)
	of := lines[g.IntN(len(lines))].(map[string]any)
	return map[string]any{"purchase_order": map[string]any{"remote_id": order["remote_id"]}, "received_at": "2026-11-24T08:00:00Z",
		"lines": []any{map[string]any{"purchase_order_line": of["remote_id"], "quantity": map[string]any{"value": "1"}}}}
}

func (g *guesser) quantity() any { return map[string]any{"value": strconv.Itoa(1 + g.IntN(9))} }

// odd are values that hardly any field takes.
func (g *guesser) odd() any {
	all := []any{
		nil, 7, -1.5, true, "", "?", "x\ny", "\u0000", strings.Repeat("ä", 3000), []any{}, []any{1, nil}, map[string]any{}, map[string]any{"a": map[string]any{"b": 1}},
		map[string]any{"remote_id": "999999"}, map[string]any{"id": "6f1c2a34-5b7e-5d21-9c0f-3e8a1b2c4d5e"}, "6f1c2a34-5b7e-5d21-9c0f-3e8a1b2c4d5e",
		map[string]any{"value": "-1"}, map[string]any{"value": "1e9"}, map[string]any{"amount": "1.005", "currency": "XXX"}, "2026-02-30", "NET14", "USD", "draft",
		json.RawMessage("123456789012345678901234567890"), json.RawMessage("1e300"), "'; drop table vendors; --", "=cmd|' /C calc'!A0", []any{map[string]any{"remote_id": "1", "_delete": true}},
	}
	return all[g.IntN(len(all))]
}

// spoil changes one thing in an object, or in what it holds.
func (g *guesser) spoil(o, other map[string]any) {
	names := slices.Sorted(maps.Keys(o))
	if len(names) == 0 || g.IntN(6) == 0 {
		g.add(o, other)
		return
	}
	name := names[g.IntN(len(names))]
	if g.IntN(2) == 0 {
		switch v := o[name].(type) {
		case map[string]any:
			g.spoil(v, other)
			return
		case []any:
			if element, ok := pick(g.Rand, v).(map[string]any); ok {
				g.spoil(element, map[string]any{"id": "6f1c2a34-5b7e-5d21-9c0f-3e8a1b2c4d5e", "remote_id": "1", "status": "open", "line_number": 1})
				return
			}
		}
	}
	switch g.IntN(4) {
	case 0:
		delete(o, name)
	case 1:
		o[name+"s"] = o[name]
		delete(o, name)
	case 2:
		if list, ok := o[name].([]any); ok {
			o[name] = append(slices.Clone(list), list...)
			return
		}
		fallthrough
	default:
		o[name] = g.odd()
	}
}

// add adds a member that another record has, or nobody.
func (g *guesser) add(o, other map[string]any) {
	if names := slices.Sorted(maps.Keys(other)); g.IntN(3) > 0 {
		name := names[g.IntN(len(names))]
		o[name] = other[name]
		return
	}
	o[[]string{"colour", "__proto__", "custom_fields", "a/b~c", "ID", "_delete", "raw", ""}[g.IntN(8)]] = g.odd()
}

func pick(r *rand.Rand, list []any) any {
	if len(list) == 0 {
		return nil
	}
	return list[r.IntN(len(list))]
}

// hostile are bodies that no client writes by mistake.
func hostile() []string {
	return []string{
		`{}`, `[]`, `null`, `7`, `"x"`, `true`, `{"name":`, `{"name":"a"}}`, `{"name":"a","name":"b"}`, `{"lines":[{"item":1,"item":2}]}`, "{\"name\":\"\xff\"}", `{"name":"\ud800"}`,
		`{"name":1e999}`, `{"a":` + strings.Repeat(`[`, 40) + strings.Repeat(`]`, 40) + `}`, `{"a":` + strings.Repeat(`{"a":`, 80) + `1` + strings.Repeat(`}`, 80) + `}`,
		`{"lines":[` + strings.Repeat(`{},`, 300) + `{}]}`, `{"lines":[null]}`, `{"lines":{"0":{}}}`, `{"status":null}`, `{"status":["draft"]}`, `{"status":"draft","status_source":"OPEN"}`,
		`{"name":{"$gt":""}}`, `{"address":"Mill Road"}`, `{"contacts":[[]]}`, `{"":""}`, ` {"name" : "a" } `, "\t", `{"name":"a"} {"name":"b"}`, `{"NAME":"a"}`,
	}
}
