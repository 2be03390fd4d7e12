package rawjson_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/busbar-dev/busbar/internal/rawjson"
)

func TestSplit(t *testing.T) {
	for in, want := range map[string][]string{
		`[]`: {}, " [ ] \n": {},
		`[{"a":1},{"a":"2"}]`:              {`{"a":1}`, `{"a":"2"}`},
		` [ 1 , "x,]" , [2,[3]] , null ] `: {`1`, `"x,]"`, `[2,[3]]`, `null`},
		`["\\", "\""]`:                     {`"\\"`, `"\""`},
	} {
		got, err := rawjson.Split([]byte(in))
		if err != nil || len(got) != len(want) {
			t.Fatalf("%s: %q, %v", in, got, err)
		}
		for i := range want {
			if string(got[i]) != want[i] {
				t.Errorf("%s: element %d is %s", in, i, got[i])
			}
		}
	}
}

func TestSplitRefuses(t *testing.T) {
	for _, in := range []string{
		``, `[`, `{}`, `[1`, `[1,]`, `[,1]`, `[1 2]`, `[1]x`, `[{"a"}]`, `[{"a":}]`, `[{"a":1,}]`, `[{a:1}]`, `[01]`, `[1.]`, `[1e]`, `[-]`,
		`[+1]`, `[nul]`, `[truex]`, `["a]`, "[\"a\nb\"]", `["\x"]`, `["\u12g4"]`, `["a\"]`, `[{"a":1]`, `[[1}]`, `<html>`,
		"[" + strings.Repeat("[", 65) + strings.Repeat("]", 65) + "]", strings.Repeat("[", 100_000),
	} {
		if got, err := rawjson.Split([]byte(in)); !errors.Is(err, rawjson.ErrSyntax) {
			t.Errorf("%.40s: %q, %v", in, got, err)
		}
	}
}

func TestFind(t *testing.T) {
	doc := []byte(` {"id":3, "a.b":{"c":[10,{"d":"e"}]}, "n\u0061me":"x", "result":[1,2], "last": null} `)
	for path, want := range map[string]string{
		"id": "3", "a.b/c": `[10,{"d":"e"}]`, "a.b/c/0": "10", "a.b/c/1/d": `"e"`, "name": `"x"`, "result": "[1,2]", "last": "null",
		"nope": "", "id/x": "", "a.b/nope": "", "a.b/c/2": "", "a.b/c/x": "", "result/-1": "",
	} {
		got, ok, err := rawjson.Find(doc, strings.Split(path, "/")...)
		if err != nil || ok != (want != "") || string(got) != want {
			t.Errorf("%s: %s, %v, %v", path, got, ok, err)
		}
	}
}

func TestFindNoticesTornText(t *testing.T) {
	for _, in := range []string{`{"a":[1,2],"n`, `{"a":[1,2]`, `{"a":[1,2]} x`, `{"b":{"c":1},"a":{`} {
		for _, path := range [][]string{{"next"}, {"b", "x"}} {
			if _, ok, err := rawjson.Find([]byte(in), path...); ok || !errors.Is(err, rawjson.ErrSyntax) {
				t.Errorf("%s: %v, %v", in, ok, err)
			}
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{`[1,"a",{"b":[null,true]}]`, `["\u00e9","\ud800",-0.5e+10]`, "[\"\xff\"]", `[1,]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := rawjson.Split(in)
		var want []json.RawMessage
		if wantErr := json.Unmarshal(in, &want); (err == nil) != (wantErr == nil && want != nil) && !deep(in) {
			t.Fatalf("%q: %v, but encoding/json says %v", in, err, wantErr)
		}
		for i := range got {
			if string(got[i]) != string(want[i]) {
				t.Fatalf("%q: element %d is %q, not %q", in, i, got[i], want[i])
			}
		}
	})
}

func FuzzFind(f *testing.F) {
	f.Add([]byte(`{"a":{"b":1},"c":[1,2]}`), "a")
	f.Add([]byte(`{"\u0061":1}`), "a")
	f.Fuzz(func(t *testing.T, in []byte, name string) {
		got, ok, err := rawjson.Find(in, name)
		var want map[string]json.RawMessage
		if !utf8.Valid(in) || json.Unmarshal(in, &want) != nil || deep(in) || want == nil {
			return
		}
		if w, has := want[name]; err != nil || ok != has || !twice(in) && string(got) != string(w) {
			t.Fatalf("%q %q: %q, %v, %v; want %q", in, name, got, ok, err, w)
		}
	})
}

func deep(in []byte) bool {
	return strings.Count(string(in), "[")+strings.Count(string(in), "{") > rawjson.MaxDepth
}

// twice tells whether a member name may occur twice, where encoding/json takes the last and Find the first.
func twice(in []byte) bool { return strings.Count(string(in), ":") > 1 }
