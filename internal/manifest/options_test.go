package manifest_test

import (
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/busbar-dev/busbar/internal/manifest"
)

type paging struct {
	Style string `yaml:"style" manifest:"required"`
	Size  int    `yaml:"size"`
}

type common struct {
	Method string `yaml:"method"`
}

type readOptions struct {
	common  `yaml:",inline"`
	Path    string            `yaml:"path" manifest:"required"`
	Paging  *paging           `yaml:"paging"`
	Fields  []string          `yaml:"fields"`
	Headers map[string]string `yaml:"headers"`
	Timeout time.Duration     `yaml:"timeout"`
	Rate    float64           `yaml:"rate"`
	Strict  bool              `yaml:"strict"`
	Domain  any               `yaml:"domain"`
}

func options(t *testing.T, text string) manifest.Options {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	return manifest.Options{Node: doc.Content[0], File: "m.yaml", Path: "connect"}
}

func TestOptionsDecode(t *testing.T) {
	var got readOptions
	ps := options(t, `{path: /x, method: GET, paging: {style: offset, size: 5}, fields: [a, b], headers: {A: "1"}, timeout: 3s, rate: 2, strict: true, domain: [[a, "=", 1]]}`).Decode(&got)
	if len(ps) != 0 || got.Path != "/x" || got.Method != "GET" || got.Paging.Size != 5 || got.Headers["A"] != "1" || got.Timeout != 3*time.Second || got.Rate != 2 || len(got.Fields) != 2 || !got.Strict || got.Domain == nil {
		t.Errorf("%+v\n%v", got, ps)
	}
}

func TestOptionsDecodeNamesEveryProblem(t *testing.T) {
	var got readOptions
	ps := options(t, "pth: /x\npaging: {size: many, sort: x}\nfields: a\nheaders: [1]\ntimeout: 3 sec\nstrict: maybe\npth: /y\nrate: &r 5\n").Decode(&got)
	want := `m.yaml:1:1: connect.pth: unknown key; did you mean path?
m.yaml:2:16: connect.paging.size: wants a whole number, this is "many"
m.yaml:2:22: connect.paging.sort: unknown key; known: style, size
m.yaml:2:9: connect.paging.style: is missing; write style: ...
m.yaml:3:9: connect.fields: wants a list, this is "a"; write [...]
m.yaml:4:10: connect.headers: wants keys and values, this is a list
m.yaml:5:10: connect.timeout: wants a time span such as 15m, this is "3 sec"
m.yaml:6:9: connect.strict: wants true or false, this is "maybe"
m.yaml:7:1: connect.pth: is written twice; keep one
m.yaml:8:7: connect.rate: anchors and aliases are not part of the language; write the value out
m.yaml:1:1: connect.path: is missing; write path: ...`
	if ps.Error() != want {
		t.Errorf("got\n%s", ps.Error())
	}
}

func TestOptionsProblemKnowsItsPlace(t *testing.T) {
	o := options(t, "paging:\n  style: offset\n")
	for want, at := range map[string][]string{
		"m.yaml:2:10: connect.paging.style: bad; mend": {"paging", "style"},
		"m.yaml:2:3: connect.paging.size: bad; mend":   {"paging", "size"},
	} {
		if got := o.Problem("bad", "mend", at...).String(); got != want {
			t.Errorf("got %s", got)
		}
	}
	if got := (manifest.Options{File: "m.yaml", Path: "connect"}).Decode(&readOptions{}); !strings.Contains(got.Error(), "connect.path: is missing") {
		t.Errorf("without options: %v", got)
	}
}
