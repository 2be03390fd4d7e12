package rawjson_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/busbar-dev/busbar/internal/rawjson"
)

func TestIndex(t *testing.T) {
	var x rawjson.Index
	root, err := x.Parse([]byte(` {"a": 1.50, "n\u0061me": "x\ty", "l": [true, false, null, {"d": "e"}], "o": {}, "": 3} `))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		v    rawjson.Value
		kind rawjson.Kind
		raw  string
	}{
		{root.Get("a"), rawjson.Number, "1.50"},
		{root.Get("name"), rawjson.String, `"x\ty"`},
		{root.Get("l").Get("0"), rawjson.True, "true"},
		{root.Get("l").Get("1"), rawjson.False, "false"},
		{root.Get("l").Get("2"), rawjson.Null, "null"},
		{root.Get("l").Get("3").Get("d"), rawjson.String, `"e"`},
		{root.Get("o"), rawjson.Object, "{}"},
		{root.Get(""), rawjson.Number, "3"},
		{root.Get("l").Get("4"), rawjson.Missing, ""},
		{root.Get("l").Get("-1"), rawjson.Missing, ""},
		{root.Get("nope").Get("deeper"), rawjson.Missing, ""},
		{root.Get("a").Get("deeper"), rawjson.Missing, ""},
		{root.Get("o").First(), rawjson.Missing, ""},
	} {
		if c.v.Kind() != c.kind || string(c.v.Raw()) != c.raw {
			t.Errorf("got kind %d %s, want %d %s", c.v.Kind(), c.v.Raw(), c.kind, c.raw)
		}
	}
	if !root.Get("name").Escaped() || root.Get("l").Get("3").Get("d").Escaped() || root.Len() != 5 {
		t.Error("escapes or size are wrong")
	}
}

func TestIndexRefuses(t *testing.T) {
	large := func(last string) string {
		var b strings.Builder
		for i := range 1000 {
			fmt.Fprintf(&b, `"member %d":1,`, i)
		}
		return "{" + b.String() + last + ":2}"
	}
	var x rawjson.Index
	if _, err := x.Parse([]byte(large(`"other"`))); err != nil {
		t.Error(err)
	}
	for _, in := range []string{
		`{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `[{"x":{"a":1,"b":2,"a":3}}]`, large(`"member 7"`), "{\"a\":\"\xff\"}", `{"\ud800":1}`, `{"a":1} 2`, ``,
		strings.Repeat("[", 65) + strings.Repeat("]", 65),
	} {
		if _, err := x.Parse([]byte(in)); !errors.Is(err, rawjson.ErrSyntax) {
			t.Errorf("%.60s: %v", in, err)
		}
	}
}

func TestIndexDoesNotAllocate(t *testing.T) {
	doc := []byte(`{"a":1,"b":{"c":[1,2,{"d":"e"}]},"f":"g"}`)
	var x rawjson.Index
	if n := testing.AllocsPerRun(100, func() {
		root, err := x.Parse(doc)
		if err != nil || root.Get("b").Get("c").Get("2").Get("d").Kind() != rawjson.String {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestEqual(t *testing.T) {
	volatile := [][]string{{"_stamp"}, {"lines", "_stamp"}, {"a", "b", "c"}}
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{`{"a":1,"b":2}`, `{"b":2,"a":1}`, true},
		{`{"a":1,"b":2}`, `{ "a" : 1 , "b" : 2 }`, true},
		{`{"a":1}`, `{"a":1,"b":null}`, false},
		{`{"a":1}`, `{"b":1}`, false},
		{`{"a":1.50}`, `{"a":15e-1}`, true},
		{`{"a":-0.0}`, `{"a":0}`, true},
		{`{"a":100}`, `{"a":1E+2}`, true},
		{`{"a":0.001}`, `{"a":1e-3}`, true},
		{`{"a":9007199254740993}`, `{"a":9007199254740992}`, false},
		{`{"a":1}`, `{"a":-1}`, false},
		{`{"a":1e400}`, `{"a":1e401}`, false},
		{`{"a":1e99999999998}`, `{"a":1e99999999999}`, false},
		{`{"a":1}`, `{"a":"1"}`, false},
		{`{"a":"\u00e9"}`, `{"a":"é"}`, true},
		{`{"a":"x"}`, `{"a":"y"}`, false},
		{`{"a":[1,2]}`, `{"a":[2,1]}`, false},
		{`{"a":[1,2]}`, `{"a":[1]}`, false},
		{`{"a":true}`, `{"a":false}`, false},
		{`{"_stamp":1,"a":1}`, `{"a":1,"_stamp":2}`, true},
		{`{"a":1}`, `{"a":1,"_stamp":2}`, true},
		{`{"lines":[{"_stamp":1,"x":1}]}`, `{"lines":[{"x":1,"_stamp":2}]}`, true},
		{`{"lines":[{"_stamp":1,"x":1}]}`, `{"lines":[{"x":2,"_stamp":1}]}`, false},
		{`{"x":{"_stamp":1}}`, `{"x":{"_stamp":2}}`, false},
		{`{"a":{"b":{"c":1,"d":1}}}`, `{"a":{"b":{"d":1,"c":2}}}`, true},
	} {
		for _, s := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
			if got, err := rawjson.Equal([]byte(s[0]), []byte(s[1]), volatile); err != nil || got != c.want {
				t.Errorf("%s %s: %v, %v", s[0], s[1], got, err)
			}
		}
	}
	if _, err := rawjson.Equal([]byte(`{"a":1,"a":1}`), []byte(`{"a":1}`), nil); !errors.Is(err, rawjson.ErrSyntax) {
		t.Errorf("a member twice: %v", err)
	}
}

// FuzzParse compares with jsontext, which by default refuses the same things: bad UTF-8 and names that occur twice.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"a":1,"\u0061":2}`, `[1,{"b":[null,true,"\u00e9"]}]`, "\"\xff\"", `{"a":{"b":1.5e+3}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if deep(in) {
			return
		}
		var x rawjson.Index
		root, err := x.Parse(in)
		value := jsontext.Value(bytes.Clone(in))
		if halfSurrogate(in) {
			return // refused by jsontext everywhere, here when the text is taken
		}
		if want := value.IsValid(); (err == nil) != want {
			t.Fatalf("%q: %v, want valid %v", in, err, want)
		}
		if err == nil {
			if canonical := (rebuild(nil, root)); !sameJSON(canonical, value) {
				t.Fatalf("%q: rebuilt as %s", in, canonical)
			}
		}
	})
}

func halfSurrogate(in []byte) bool { return bytes.Contains(bytes.ToLower(in), []byte(`\ud`)) }

// rebuild writes a value again by walking the index.
func rebuild(dst []byte, v rawjson.Value) []byte {
	open, end := byte('['), byte(']')
	switch v.Kind() {
	case rawjson.Object:
		open, end = '{', '}'
	case rawjson.Array:
	default:
		return append(dst, v.Raw()...)
	}
	dst = append(dst, open)
	for m := v.First(); m.Kind() != rawjson.Missing; m = m.Next() {
		if dst[len(dst)-1] != open || len(m.Raw()) == 0 {
			dst = append(dst, ',')
		}
		if open == '{' {
			dst, _ = rawjson.Quote(dst, m.Name())
			dst = append(dst, ':')
		}
		dst = rebuild(dst, m)
	}
	return append(dst, end)
}

func sameJSON(a, b []byte) bool {
	equal, err := rawjson.Equal(a, b, nil)
	return err == nil && equal
}
