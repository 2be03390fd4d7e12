package check_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/check"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/model"
)

// world is a system, one of its entities, and a connection to it.
type world struct {
	system *manifest.System
	entity *manifest.Entity
	mapper *mapping.Mapper
	env    mapping.Env
}

var connection = uuid.MustParse("01938c5e-6a40-7c7e-b0a4-5d1f0e6d9a21")

func newWorld(t testing.TB, s *manifest.System, entity string) world {
	t.Helper()
	m, err := mapping.Compile(s, s.Entity(entity), nil)
	if err != nil {
		t.Fatal(err)
	}
	return world{s, s.Entity(entity), m, mapping.Env{Connection: connection}}
}

// acme is the system of testdata/acme.yaml, which has every rule of the language.
func acme(t testing.TB, entity string) world {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "acme.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := manifest.LoadSystem(fstest.MapFS{"acme/manifest.yaml": {Data: text}, "acme/guide.md": {Data: []byte("Ask the administrator.")}}, "acme", unified(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	return newWorld(t, s, entity)
}

func simERP(t testing.TB, entity string) world {
	t.Helper()
	s, err := manifest.LoadSystem(connectors.FS, "sim-erp", unified(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	return newWorld(t, s, entity)
}

func unified(t testing.TB) *model.Model {
	t.Helper()
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// record is a stored one.
func (w world) record(t interface {
	Helper()
	Fatal(args ...any)
}, raw string) *check.Current {
	t.Helper()
	r, err := w.mapper.Map([]byte(raw), w.env)
	if err != nil {
		t.Fatal(err)
	}
	remote, err := w.mapper.RemoteID([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	head := `{"id":"` + w.id(remote) + `","remote_id":"` + remote + `","version":"7",`
	return &check.Current{JSON: []byte(head + string(r.Fields[1:])), Raw: []byte(raw), RemoteID: remote, Version: "7"}
}

func (w world) id(remote string) string {
	return mapping.RecordID(connection, w.entity.Name, remote).String()
}

// vendorIDs are those that the connection knows, by their ids.
func resolve(entity string, id uuid.UUID) (string, bool) {
	for _, remote := range []string{"1", "2"} {
		if mapping.RecordID(connection, entity, remote) == id {
			return remote, true
		}
	}
	return "", false
}

func ref(entity, remote string) string { return mapping.RecordID(connection, entity, remote).String() }

func (w world) input(op manifest.Op, data string) check.Input {
	return check.Input{System: w.system, Entity: w.entity, Mapper: w.mapper, Env: w.env, Op: op, Data: []byte(data), Strict: true, Mark: "bb-mark-0", Resolve: resolve}
}

// told writes a problem as code, then each fault as "pointer code rule".
func told(p *problem.Error) string {
	if p == nil {
		return ""
	}
	lines := []string{p.Code}
	for _, i := range p.Items {
		lines = append(lines, strings.TrimRight(strings.Join([]string{i.Pointer, i.Code, i.Rule}, " "), " "))
	}
	slices.Sort(lines[1:])
	return strings.Join(lines, "\n")
}

// sent writes the steps of a verdict, one a line: what is done, and with which body.
func sent(v check.Verdict) string {
	var lines []string
	for _, s := range v.Steps {
		what := "send"
		if s.Move != nil {
			what = "to " + s.Move.To
		}
		lines = append(lines, strings.TrimSpace(what+" "+string(s.Body)))
	}
	return strings.Join(lines, "\n")
}

func sameJSON(t testing.TB, a, b string) bool {
	t.Helper()
	same, err := rawjson.Equal([]byte(a), []byte(b), nil)
	if err != nil {
		t.Fatalf("%v: %s, %s", err, a, b)
	}
	return same
}

func replace(text, old, new string) string {
	if !strings.Contains(text, old) {
		panic("no " + old + " in " + text)
	}
	return strings.Replace(text, old, new, 1)
}

// sameSteps compares what sent wrote, bodies by content.
func sameSteps(t testing.TB, a, b string) bool {
	t.Helper()
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	return slices.EqualFunc(as, bs, func(x, y string) bool {
		before, bodyX, _ := strings.Cut(x, " {")
		after, bodyY, _ := strings.Cut(y, " {")
		return before == after && (bodyX == bodyY || bodyX != "" && bodyY != "" && sameJSON(t, "{"+bodyX, "{"+bodyY))
	})
}
