package lang

import (
	"strings"
	"testing"
	"time"
)

const requisitions = `flow: requisition-to-purchase-order
title: Approved requisitions become purchase orders
connections:
  cmms: {system: sim-cmms, title: "Where requisitions are made"}
  erp: {}
parameters:
  warehouse: {type: text, default: "1"}
  rows: {type: list}
trigger:
  schedule: {cron: "0 2 * * *", time_zone: Europe/Berlin}
runs: {at_once: 1, more: queue}
steps:
  - id: open
    list: {connection: cmms, entity: purchase-requisitions, where: 'record.status == "approved"'}
  - id: orders
    each:
      in: open
      key: item.id
      batch_size: 50
      delay: 2s
      on_error: retry
      retry: {attempts: 3, wait: 30s}
      max_failures: 20%
      steps:
        - id: vendor
          find: {connection: erp, entity: vendors, by: {code: '${item.vendor.code}'}, none: fail}
        - id: order
          write: {connection: erp, entity: purchase-orders, op: create, data: {vendor_id: '${steps.vendor.id}', lines: '${map(item.lines, {{item_id: #.item_id}})}'}}
  - id: lines
    each: {in: params.rows, steps: [{id: rest, wait: {for: 1h30m}}]}
`

func TestParse(t *testing.T) {
	t.Parallel()
	f, err := Parse("f.yaml", []byte(requisitions))
	if err != nil {
		t.Fatal(err)
	}
	each := f.Step("orders").Each
	if f.Name != "requisition-to-purchase-order" || each.In != "open" || each.BatchSize != 50 || each.Delay != 2*time.Second || each.MaxFailures.Share != 0.2 || each.Retry.Attempts != 3 {
		t.Errorf("got %+v", each)
	}
	if f.Role("cmms").System != "sim-cmms" || f.Connections[1].Name != "erp" || f.Trigger.Schedule.TimeZone != "Europe/Berlin" || f.Parameters[0].Default != "1" {
		t.Errorf("got %+v", f)
	}
	if s := f.Step("order"); s.Kind != StepWrite || s.Path != "steps.1.each.steps.1" || s.Line != 27 {
		t.Errorf("got %+v", s)
	}
	if lines := f.Step("lines").Each; lines.In != "" || lines.Over.Text != "params.rows" || lines.Steps[0].Wait.For != 90*time.Minute {
		t.Errorf("got %+v", lines)
	}
	if _, err := f.Step("order").Write.Data.Eval(Env{"steps": map[string]any{"vendor": map[string]any{"id": "v"}}, "item": map[string]any{"lines": []any{}}}); err != nil {
		t.Error(err)
	}
}

func TestParseTellsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer("delay: 2s", "delay: soon", "max_failures: 20%", "max_failurs: 20%", "on_error: retry", "on_error: go", "none: fail}", "none: fail}\n          wait: {for: 1s}").Replace(requisitions)
	_, err := Parse("f.yaml", []byte(text))
	want := `f.yaml:20:14: steps.1.each.delay: wants a time span, this is "soon"; write a number with s, m, h, d or w behind it, such as 15m
f.yaml:21:17: steps.1.each.on_error: unknown word "go"; known: continue, stop, retry
f.yaml:22:14: steps.1.each.retry: counts with on_error: retry only; write on_error: retry, or leave it out
f.yaml:23:7: steps.1.each.max_failurs: unknown key; did you mean max_failures?
f.yaml:25:11: steps.1.each.steps.0: the step does several things: find, wait; make a step of each`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// A key that belongs to the mapping around is told where it goes.
func TestMisplacedKeys(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"notify: {webhook: {url: 'https://example.com', data: {a: 1}}}":                       "steps.0.notify.webhook.data: unknown key; write it beside webhook, not in it",
		"write: {connection: erp, entity: vendors, op: create, data: {}, on_error: continue}": "steps.0.write.on_error: unknown key; write it beside write, not in it",
		"each: {in: trigger.rows, steps: [{id: b, batch_size: 2, transform: {a: 1}}]}":        "steps.0.each.steps.0.batch_size: unknown key; known: ",
		"each: {in: trigger.rows, steps: [{id: b, transform: {a: 1}}], concurency: 1}":        "steps.0.each.concurency: unknown key; did you mean concurrency?",
	} {
		_, err := Parse("f.yaml", []byte("flow: f\nconnections: {erp: {}}\nsteps: [{id: a, "+text+"}]\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
