package lang

import (
	"fmt"
	"strings"
	"testing"
)

func parsed(t *testing.T, text string) *Flow {
	t.Helper()
	f, err := Parse("f.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// A difference is told by the ids of steps; how something is written is none.
func TestDiff(t *testing.T) {
	t.Parallel()
	changed := strings.NewReplacer(
		"title: Approved requisitions become purchase orders", "title: 'Requisitions'", "batch_size: 50", "batch_size: 20", "      delay: 2s\n", "", "none: fail}", "none: \"skip\"}",
		"  rows: {type: list}\n", "  rows: {type: list}\n  more: {type: number, default: 1}\n", "{{item_id: #.item_id}}", "{{item_id: #.id}}", "[{id: rest, wait: {for: 1h30m}}]", "[{id: slept, wait: {for: 1h30m}}]",
		"key: item.id", "key: 'item.id'",
	).Replace(requisitions)
	var got []string
	for _, c := range Diff(parsed(t, requisitions), parsed(t, changed)) {
		got = append(got, fmt.Sprintf("%s %s: %s -> %s", c.Path, c.Kind, c.Old, c.New))
	}
	want := []string{
		`title changed: "Approved requisitions become purchase orders" -> "Requisitions"`,
		`parameters.more added:  -> {"default":1,"type":"number"}`,
		`steps.orders.each.batch_size changed: 50 -> 20`,
		`steps.orders.each.delay removed: "2s" -> `,
		`steps.orders.each.steps.vendor.find.none changed: "fail" -> "skip"`,
		`steps.orders.each.steps.order.write.data.lines changed: "${map(item.lines, {{item_id: #.item_id}})}" -> "${map(item.lines, {{item_id: #.id}})}"`,
		`steps.lines.each.steps.rest removed: {"id":"rest","wait":{"for":"1h30m"}} -> `,
		`steps.lines.each.steps.slept added:  -> {"id":"slept","wait":{"for":"1h30m"}}`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	two := "flow: x\nsteps: [{id: a, filter: 'true'}, {id: b, transform: {x: 1}}]\n"
	json := `{"steps": [{"id": "b", "transform": {"x": 1}}, {"filter": "true", "id": "a"}], "flow": "x"}`
	if got := fmt.Sprint(Diff(parsed(t, two), parsed(t, json))); got != "[{steps reordered a, b b, a}]" {
		t.Errorf("two steps change places: %s", got)
	}
	if got := Diff(parsed(t, requisitions), parsed(t, requisitions)); len(got) > 0 {
		t.Errorf("nothing changes: %v", got)
	}
}
