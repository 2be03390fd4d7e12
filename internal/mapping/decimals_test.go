package mapping

import (
	"strings"
	"testing"
)

const amountsManifest = `system: s
name: S
summary: S.
categories: [erp]
driver: rest
versions: ["1"]
auth: [{method: api_key, fields: [{name: key, label: Key, type: password, secret: true}]}]
entities:
  purchase-orders:
    read: {}
    id: id
    fields:
      currency: cur
      exchange_rate: rate
      total: sum
      lines:
        from: lines
        id: no
        fields: {quantity: {value: qty, unit: uom}, discount_percent: {from: off, as: number}, line_number: pos}
    evidence: {read: documented}
`

func TestASystemSaysHowExactNumbersAreWritten(t *testing.T) {
	t.Parallel()
	const asked = `{"exchange_rate":"1.10","total":{"amount":"12.50"},"lines":[{"quantity":{"value":"2.000"},"discount_percent":"2.5","line_number":10}]}`
	for decimals, want := range map[string]string{
		"":                   `{"rate":1.10,"sum":12.50,"lines":[{"qty":2.000,"off":2.5,"pos":10}]}`,
		"decimals: number\n": `{"rate":1.10,"sum":12.50,"lines":[{"qty":2.000,"off":2.5,"pos":10}]}`,
		"decimals: text\n":   `{"rate":"1.10","sum":"12.50","lines":[{"qty":"2.000","off":2.5,"pos":10}]}`,
	} {
		m := compileText(t, strings.Replace(amountsManifest, "auth:", decimals+"auth:", 1))
		if body, err := m.Unmap([]byte(asked), nil); err != nil || string(body) != want {
			t.Errorf("%q: %s %v\nwant %s", decimals, body, err, want)
		}
	}
}
