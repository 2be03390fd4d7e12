package lang

import (
	"fmt"
	"strings"
	"testing"
)

// No expression hangs or eats the memory: each of these ends with an error.
func TestHostileExpressions(t *testing.T) {
	t.Parallel()
	deep := func(open, inner, end string) string {
		return strings.Repeat(open, 3000) + inner + strings.Repeat(end, 3000)
	}
	for name, text := range map[string]string{
		"loops in loops":         "let l = 1..1000; all(l, all(l, all(l, all(l, true))))",
		"lists in lists":         "map(1..1000, map(1..1000, map(1..1000, 1)))",
		"a long range":           "1..9000000000000000000",
		"a range of all":         "-9000000000000000000..9000000000000000000",
		"a text that doubles":    `reduce(1..60, #acc + #acc, "aaaaaaaaaaaaaaaa")`,
		"a list that doubles":    "reduce(1..60, concat(#acc, #acc), [1])",
		"a tree that doubles":    "reduce(1..60, [#acc, #acc], 1)",
		"an object that doubles": "reduce(1..60, {a: #acc, b: #acc}, 1)",
		"a loop that doubles":    "reduce(1..60, let a = #acc; map([1, 2], a), 1)",
		"a tree that is written": "toJSON(reduce(1..60, [#acc, #acc], 1))",
		"trees that compare":     "let a = reduce(1..60, [#acc, #acc], 1); let b = reduce(1..60, [#acc, #acc], 1); a == b",
		"a great repeat":         `repeat(repeat("a", 100000), 100000)`,
		"repeats of repeats":     `map(1..100000, repeat("a", 1000000))`,
		"a great replace":        `replace(repeat("a", 1000000), "a", repeat("b", 1000000))`,
		"a replace of nothing":   `replace(repeat("a", 1000000), "", repeat("b", 1000000))`,
		"a great join":           `join(map(1..100000, "a"), repeat("b", 1000000))`,
		"uniq of many":           "uniq(1..900000)",
		"uniq in a loop":         "map(1..100000, uniq(1..1000))",
		"in, in a loop":          "let l = 1..100000; all(l, # in l)",
		"compared in a loop":     "let l = map(1..10000, #); all(1..100000, l == l)",
		"a slow pattern":         `map(1..100, repeat("a", 1000000) matches "(a{0,500}){0,2}b")`,
		"a great pattern":        `"a" matches "((a{0,1000}){0,1000}){0,1000}"`,
		"sorts in a loop":        "all(1..100000, len(sort(1..10000)) > 0)",
		"flatten in a loop":      "all(1..100000, len(flatten([1..10000])) > 0)",
		"a great product":        "9223372036854775807 * 2",
		"a great sum":            "9223372036854775807 + 1",
		"a sum of great ones":    "sum([9223372036854775807, 9223372036854775807])",
		"a great difference":     "-9223372036854775807 - 2",
		"a great power":          "10 ** 400",
		"a great whole number":   "int(10.0 ** 30)",
		"a deep list":            deep("[", "1", "]"),
		"many nodes":             "1" + strings.Repeat("+1", 4000),
		"a long text":            `"` + strings.Repeat("a", 20000) + `"`,
		"a place of the machine": `timezone("Local")`,
		"the machine's time":     `date("2026-01-01").Local()`,
		"what is not to be seen": "_work",
		"a guard":                "_add(1, 1)",
		"a wrong index":          "[1][9223372036854775807]",
		"a great decimal":        `decimalMultiply(repeat("9", 90), repeat("9", 90))`,
		"a decimal's exponent":   `decimalAdd("1e100000", 1)`,
		"a decimal of nothing":   `decimalDivide(1, "0.0", 2)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, err := compile(text, "steps.0.if", 1)
			if err == nil {
				var v any
				if v, err = e.Eval(Env{}); err == nil {
					t.Fatalf("%.80s gives %.80s", text, fmt.Sprint(v))
				}
			}
			if message := err.Error(); len(message) > 11_000 || strings.Contains(message, "runtime error: ") && !strings.Contains(message, "index") {
				t.Errorf("the error is %.200s", message)
			}
		})
	}
}

// What is honest work is done.
func TestHonestWork(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"len(filter(1..200000, # % 2 == 0))":        "100000",
		"sum(map(1..100000, # * 2))":                "10000100000",
		"sum(1..10, # * 0.5)":                       "27.5",
		"10 / 2":                                    "5",
		"1 / 4":                                     "0.25",
		"9007199254740993 / 1":                      "9007199254740993",
		"-5 * 3 - 2":                                "-17",
		"-9223372036854775807 + -1":                 "-9223372036854775808",
		`"a" + "b" != "ab"`:                         "false",
		`"PO-12" matches "^PO-[0-9]+$"`:             "true",
		`3 not in [1, 2]`:                           "true",
		`"b" in {a: 1}`:                             "false",
		`sortBy([{n: 2}, {n: 1}], .n)`:              `[{"n":1},{"n":2}]`,
		`sortBy([{n: 1}, {n: 2}], .n, "desc")`:      `[{"n":2},{"n":1}]`,
		`reduce([1, 2, 3], #acc + #, 10)`:           "16",
		`uniq([1, 2, 1])`:                           "[1,2]",
		`join(["a", "b"], ", ")`:                    `"a, b"`,
		`count([1, 2, 3], # > 1)`:                   "2",
		`any([1, 2], # == 2) and none([1], # == 2)`: "true",
		`find([{a: 1}], .a == 2)?.a`:                "null",
		`first([1, 2]) + last([1, 2]) + len("ü")`:   "4",
		`round(2.5) + max(1, 2)`:                    "5",
		`get({a: 1}, "a")`:                          "1",
		`date("2026-03-29 01:30:00", "2006-01-02 15:04:05", "Europe/Berlin").Format("2006-01-02T15:04:05Z07:00")`: `"2026-03-29T01:30:00+01:00"`,
		`let x = 2; x + 1`:                                "3",
		`if 1 > 2 { "a" } else { "b" }`:                   `"b"`,
		`decimalAdd("0.1", 0.2, 3)`:                       `"3.3"`,
		`decimalSubtract(1, "0.9")`:                       `"0.1"`,
		`decimalMultiply("12.50", 3)`:                     `"37.50"`,
		`decimalDivide(10, 3, 4)`:                         `"3.3333"`,
		`decimalDivide(20, 3, 0)`:                         `"7"`,
		`decimalRound("2.345", 2)`:                        `"2.35"`,
		`decimalRound("-2.345", 2)`:                       `"-2.35"`,
		`decimalRound(2, 2)`:                              `"2.00"`,
		`decimalSum(map([{a: "1.10"}, {a: "2.20"}], .a))`: `"3.30"`,
		`decimalSum([])`:                                  `"0"`,
		`decimalCompare("10", 9.5)`:                       "1",
	} {
		e, err := compile(text, "steps.0.if", 1)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		v, err := e.Eval(Env{})
		if err != nil {
			t.Error(err)
			continue
		}
		if got, err := Encode(v); err != nil || string(got) != want {
			t.Errorf("%s gives %s, %v; want %s", text, got, err, want)
		}
	}
}
