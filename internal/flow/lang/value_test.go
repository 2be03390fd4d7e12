package lang

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/busbar-dev/busbar/internal/strictyaml"
)

func env(t *testing.T, text string) Env {
	t.Helper()
	v, err := Decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v.(map[string]any)
}

const world = `{"item":{"number":"PR-7","quantity":3,"price":12.5,"vendor":null,"big":9007199254740993,"exact":0.12345678901234567890,
	"lines":[{"sku":"A","n":2},{"sku":"B","n":5}]},"params":{"warehouse":"1"},"index":4,"steps":{"vendor":{"id":"v1"}}}`

func value(t *testing.T, text string) (*Value, Problems) {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	d := strictyaml.Decoder{File: "f.yaml"}
	v := new(Value)
	d.Value(doc.Content[0], reflect.ValueOf(v).Elem(), "steps.0.data")
	return v, d.Problems
}

// A value gives what its expressions give, of their own kind where it is nothing else.
func TestValue(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`plain`:                  `"plain"`,
		`12`:                     `12`,
		`0.10`:                   `0.1`,
		`0.12345678901234567890`: `"0.12345678901234567890"`,
		`true`:                   `true`,
		`null`:                   `null`,
		`2026-01-02`:             `"2026-01-02"`,
		`'${item.quantity}'`:     `3`,
		`' ${item.quantity}'`:    `" 3"`,
		`'${item.vendor}'`:       `null`,
		`'PR ${item.number} of ${params.warehouse}: ${item.price}'`: `"PR PR-7 of 1: 12.5"`,
		`'$${item.number}'`:   `"${item.number}"`,
		`'$$${item.number}'`:  `"$${item.number}"`,
		`'costs $5 ${index}'`: `"costs $5 4"`,
		`'${item.big}'`:       `9007199254740993`,
		`'${item.exact}'`:     `"0.12345678901234567890"`,
		`'${map(item.lines, {{sku: #.sku, "n": #.n + 1}})}'`: `[{"n":3,"sku":"A"},{"n":6,"sku":"B"}]`,
		`'${"}" + item.number /* } */}'`:                     `"}PR-7"`,
		"'${`}\\`}'":                                         `"}\\"`,
		`{a: {b: ['${index}', x]}, c: []}`:                   `{"a":{"b":[4,"x"]},"c":[]}`,
		`{}`:                                                 `{}`,
		`'${keys({b: 1, a: 2})}'`:                            `["a","b"]`,
		`'${fromJSON("{\"n\": 9007199254740993}").n}'`:       `9007199254740993`,
		`'${toJSON({b: 1, a: item.big})}'`:                   `"{\"a\":9007199254740993,\"b\":1}"`,
		`'${groupBy(item.lines, #.n > 3)}'`:                  `{"false":[{"n":2,"sku":"A"}],"true":[{"n":5,"sku":"B"}]}`,
		`'${split("a,b", ",")}'`:                             `["a","b"]`,
		`'${1..3}'`:                                          `[1,2,3]`,
		`'${date("2026-01-02T03:04:05Z") + duration("1h")}'`: `"2026-01-02T04:04:05Z"`,
		`'${urlEncode("a b/ü")}'`:                            `"a+b%2F%C3%BC"`,
		`'lines ${item.lines}'`:                              `"lines [{\"n\":2,\"sku\":\"A\"},{\"n\":5,\"sku\":\"B\"}]"`,
		`'${item.vendor?.code ?? "none"}'`:                   `"none"`,
	} {
		v, problems := value(t, text)
		if len(problems) > 0 {
			t.Errorf("%s: %v", text, problems)
			continue
		}
		got, err := v.Eval(env(t, world))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		written, err := Encode(got)
		if err != nil || string(written) != want {
			t.Errorf("%s gives %s, %v; want %s", text, written, err, want)
		}
	}
}

// What fails says in words where and why.
func TestValueFails(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`'${item.vendor.code}'`:    "item.vendor is missing or null, so it has no code; write ?. before code where that may be so",
		`'${item.nothing.code.x}'`: "item.nothing is missing or null, so it has no code",
		`'${item.number.code}'`:    "item.number is a list or text, it has no code",
		`'${item.lines[5]}'`:       "index out of range: 5 (array length is 2)",
		`'${item.number + 1}'`:     "invalid operation: text + whole number",
		`'${item.quantity / 0}'`:   "the result is not a number",
		`'${item.number > 3}'`:     "invalid operation: text > whole number",
		`'${item.number ? 1 : 2}'`: "wants true or false, this is text",
		`'a ${item.vendor}'`:       `null cannot be written into a text; write ?? and what stands there instead, such as ?? ""`,
		`'${run.state.x}'`:         "run is missing or null, so it has no state",
	} {
		v, problems := value(t, "\n"+text)
		if len(problems) > 0 {
			t.Errorf("%s: %v", text, problems)
			continue
		}
		got, err := v.Eval(env(t, world))
		var failed *EvalError
		if !errors.As(err, &failed) || !strings.Contains(failed.Detail, want) {
			t.Errorf("%s gives %v, %v; want %s", text, got, err, want)
			continue
		}
		if failed.Line != 2 || failed.Path != "steps.0.data" || !strings.Contains(text, failed.Text) || failed.Text == "" {
			t.Errorf("%s: the error has the place %s, line %d, and the text %q", text, failed.Path, failed.Line, failed.Text)
		}
	}
}

func TestValueIsRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`'${item.'`:                    "${ without its }",
		`'${itme.x}'`:                  "unknown name itme",
		`'${now()}'`:                   "now",
		`'${map(item.lines, {a: 1})}'`: "an object that map gives stands in braces of its own",
		`'${1 +}'`:                     "unexpected token",
		`{a: &x 1, b: *x}`:             "anchors and aliases",
		`{a: 1, a: 2}`:                 "is written twice",
		`0x1F`:                         "is no number of JSON",
		`'${upper(1)}'`:                "whole number",
	} {
		_, problems := value(t, text)
		if len(problems) == 0 || !strings.Contains(problems.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, problems, want)
		}
	}
}

func TestTrue(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`item.quantity == 3`: "true", `item.quantity > 3`: "false", `item.number`: "a condition is true or false, this is a text", `item.vendor`: "this is null",
	} {
		e, err := compile(text, "steps.0.if", 1)
		if err != nil {
			t.Fatal(err)
		}
		yes, err := e.True(env(t, world))
		if got := fmt.Sprint(yes); err == nil && got != want || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v; want %s", text, yes, err, want)
		}
	}
}

// Numbers are what is written, or their text: none is another number.
func TestDecodeNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]any{
		"0": int64(0), "-0": int64(0), "9223372036854775807": int64(9223372036854775807), "9223372036854775808": "9223372036854775808", "1.0": int64(1), "1e3": int64(1000), "1.50": 1.5,
		"0.1": 0.1, "0.30000000000000001": "0.30000000000000001", "1e400": "1e400", "123456789012345678.5": "123456789012345678.5", "1e-400": "1e-400", "0.000001": 0.000001,
	} {
		if got, err := Decode([]byte(text)); err != nil || got != want {
			t.Errorf("%s is %T %v, %v; want %T %v", text, got, got, err, want, want)
		}
	}
	for _, text := range []string{"", "{", "[1,]", "1 2", "nul", strings.Repeat("[", 1000) + strings.Repeat("]", 1000)} {
		if got, err := Decode([]byte(text)); err == nil {
			t.Errorf("%.20q is %v", text, got)
		}
	}
}
