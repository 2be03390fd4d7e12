package rawjson_test

import (
	"bytes"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/busbar-dev/busbar/internal/rawjson"
)

// page is 500 purchase orders of about 1.5 KB, as a source sends them.
func page() []byte {
	line := `{"id":42731,"product":1187,"product.":{"id":1187,"rec_name":"Bearing 6204-2RS","code":"BRG-6204"},"quantity":25.0,"unit.":{"symbol":"u"},"unit_price":"12.3450","amount":"308.63","description":null}`
	order := `{"id":9137,"number":"PO-2026-009137","reference":"EXT-00913","state":"processing","party":329,"party.":{"id":329,"name":"Hydraulik Nord GmbH"},` +
		`"currency.":{"code":"EUR"},"purchase_date":"2026-10-26","create_date":"2026-10-26T08:00:00.123456","write_date":"2026-11-23T15:21:34.208894","total_amount":"29185.69","untaxed_amount":"24321.41",` +
		`"comment":"Deliver to gate 3.\nCall before arrival.","invoice_state":"none","shipment_state":"waiting","lines":[` + line + "," + line + "," + line + "," + line + "," + line + `]}`
	return append(append([]byte{'['}, bytes.Repeat([]byte(order+","), 499)...), order+"]"...)
}

func BenchmarkSplit(b *testing.B) {
	text := page()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := rawjson.Split(text); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSplitByDecoder is the yardstick: the same with the decoder of jsontext.
func BenchmarkSplitByDecoder(b *testing.B) {
	text := page()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		d := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true))
		if _, err := d.ReadToken(); err != nil {
			b.Fatal(err)
		}
		for d.PeekKind() != ']' {
			v, err := d.ReadValue()
			if err != nil || len(v) == 0 {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkParse(b *testing.B) {
	records, err := rawjson.Split(page())
	if err != nil {
		b.Fatal(err)
	}
	var x rawjson.Index
	b.SetBytes(int64(len(records[0])))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := x.Parse(records[0]); err != nil {
			b.Fatal(err)
		}
	}
}
