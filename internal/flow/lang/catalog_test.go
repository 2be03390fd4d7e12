package lang

import (
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/model"
)

// around is a catalog of flows and systems that are written out.
type around struct {
	model   *model.Model
	flows   map[string]*Flow
	systems map[string]System
}

func (a around) Flow(name string) *Flow { return a.flows[name] }
func (a around) Model() *model.Model    { return a.model }
func (a around) System(role string) (System, bool) {
	s, ok := a.systems[role]
	return s, ok
}

func surroundings(t *testing.T) around {
	t.Helper()
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	all := []string{Create, Update, Delete}
	return around{m, map[string]*Flow{}, map[string]System{
		"cmms": {ID: "sim-cmms", Name: "SimCMMS", Entities: map[string][]string{"purchase-requisitions": nil}},
		"erp":  {ID: "sim-erp", Name: "SimERP", Entities: map[string][]string{"purchase-orders": all, "vendors": {Create}, "stock-levels": nil}},
	}}
}

// checked gives what Check finds, without the places.
func checked(t *testing.T, text string, with Catalog) []string {
	t.Helper()
	var found []string
	for _, p := range Check(parsed(t, text), with) {
		found = append(found, p.Path+": "+p.Message+"; "+p.Mend)
	}
	return found
}

func compare(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

const mirrored = `flow: mirrored
connections: {cmms: {system: sim-cmms}, erp: {}, later: {}}
trigger: {change: {connection: cmms, entity: purchase-requisitions, where: 'record.status == "approved" and record.status_source != "x"'}}
steps:
  - {id: open, list: {connection: cmms, entity: purchase-requisitions, where: record.custom_fields.any == 1}}
  - id: each
    each:
      in: open
      key: item.id
      steps:
        - {id: vendor, find: {connection: erp, entity: vendors, by: {code: '${item.number}'}}}
        - id: order
          write:
            connection: erp
            entity: purchase-orders
            op: upsert
            by: {number: '${item.number}'}
            data: {number: "1", vendor_id: '${steps.vendor.id}', status: draft, order_date: '2026-11-30', custom_fields: {x: 1}, lines: [{item_id: '${item.lines[0].item_id}', quantity: {value: "1"}}], total: '${item.total?.amount}'}
        - {id: other, get: {connection: later, entity: items, id: '${item.id}'}}
  - {id: changes, each: {in: trigger.changes, steps: [{id: seen, transform: {id: '${item.id}'}}]}}
`

func TestCheckOfWhatIsRight(t *testing.T) {
	t.Parallel()
	compare(t, checked(t, mirrored, surroundings(t)))
}

func TestCheckOfWhatIsWrong(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer(
		"system: sim-cmms", "system: other", `record.status == "approved"`, `record.status == "aproved"`, "record.custom_fields.any", "record.statsu",
		"key: item.id", "key: item.idd", "entity: vendors, by: {code:", "entity: vendors, by: {cod:", "vendor_id: '${steps.vendor.id}'", "vendor_id: '${steps.vendor.idd}', ordered_date: 'x'",
		"status: draft", "status: drafty", "order_date: '2026-11-30'", "order_date: '30.11.2026'", "number: \"1\"", "number: 1", "[{item_id:", "[{item:  1, itm:", "total?.amount", "total.amont", "entity: items", "entity: itms",
	).Replace(mirrored)
	compare(t, checked(t, text, surroundings(t)),
		`connections.cmms: takes a connection to other only, this is one to sim-cmms; take another connection`,
		`trigger.change.where: record.status == "aproved" and record.status_source != "x": status of purchase-requisitions is never "aproved"; did you mean approved?`,
		`steps.0.list.where: record.statsu == 1: purchase-requisitions have no statsu; did you mean status?`,
		`steps.1.each.key: item.idd: purchase-requisitions have no idd; did you mean id?`,
		`steps.1.each.steps.0.find.by.cod: vendors have no cod; did you mean code?`,
		`steps.1.each.steps.1.write.data.total: item.total.amont: purchase-requisitions have no amont; did you mean amount?`,
		`steps.1.each.steps.1.write.data.number: number wants a text; write it in quotes, this is the number 1; `,
		`steps.1.each.steps.1.write.data.ordered_date: purchase-orders have no ordered_date; did you mean order_date?`,
		`steps.1.each.steps.1.write.data.status: status is never "drafty"; did you mean draft?`,
		`steps.1.each.steps.1.write.data.order_date: order_date wants a day such as 2026-11-02, this is "30.11.2026"; `,
		`steps.1.each.steps.1.write.data.lines.0.itm: lines have no itm; did you mean id?`,
		`steps.1.each.steps.1.write.data.vendor_id: steps.vendor.idd: vendors have no idd; did you mean id?`,
		`steps.1.each.steps.2.get.entity: there is no entity itms; did you mean items?`)
}

func TestCheckOfSystems(t *testing.T) {
	t.Parallel()
	compare(t, checked(t, `flow: x
connections: {cmms: {}, erp: {}}
steps:
  - {id: a, get: {connection: cmms, entity: vendors, id: a}}
  - {id: b, write: {connection: erp, entity: vendors, op: upsert, by: {code: a}, data: {name: b}}}
  - {id: c, write: {connection: erp, entity: stock-levels, op: delete, id: a}}
`, surroundings(t)),
		"steps.0.get.entity: SimCMMS has no vendors; take another connection, or another entity",
		"steps.1.write.op: SimERP takes no update of vendors; it takes create",
		"steps.2.write.op: SimERP takes no delete of stock-levels; it takes none from outside")
}

func TestCheckOfCalls(t *testing.T) {
	t.Parallel()
	calls := func(name, to string) string {
		return "flow: " + name + "\nparameters: {rows: {type: list}}\nsteps: [{id: a, call: {flow: " + to + ", parameters: {rwos: []}}}]\n"
	}
	c := surroundings(t)
	for name, to := range map[string]string{"b": "c", "c": "a", "d": "e", "e": "d"} {
		c.flows[name] = parsed(t, calls(name, to))
	}
	const typo = "steps.0.call.parameters.rwos: b has no parameter rwos; did you mean rows?"
	compare(t, checked(t, calls("a", "b"), c), "steps.0.call.flow: the flows call each other without end: a → b → c → a; take one of the calls out", typo)
	compare(t, checked(t, calls("a", "d"), c), strings.ReplaceAll(typo, ": b", ": d"))
	compare(t, checked(t, calls("a", "z"), c), "steps.0.call.flow: there is no flow z; apply it first")
}
