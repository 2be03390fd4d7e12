package mapping_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/model"
)

var update = flag.Bool("update", false, "write the out.json of every case anew")

// outcome is what mapping makes of one record: its fields, or why it is bad.
type outcome struct {
	RemoteID        string          `json:"remote_id,omitempty"`
	Fields          json.RawMessage `json:"fields,omitempty"`
	RemoteUpdatedAt *time.Time      `json:"remote_updated_at,omitempty"`
	RangeAt         *time.Time      `json:"range_at,omitempty"`
	Pointer         string          `json:"pointer,omitempty"`
	Bad             string          `json:"bad,omitempty"`
}

// TestCases maps the records of every folder in testdata: manifest.yaml with one entity, in.json with a list of records, out.json
// with what comes of each.
func TestCases(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("testdata/*/manifest.yaml")
	if err != nil || len(folders) == 0 {
		t.Fatal("no cases", err)
	}
	for _, f := range folders {
		dir := filepath.Dir(f)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			runCase(t, dir)
		})
	}
}

func runCase(t *testing.T, dir string) {
	s, e := load(t, read(t, dir, "manifest.yaml"))
	m, err := mapping.Compile(s, e, nil)
	if err != nil {
		t.Fatal(err)
	}
	var records []json.RawMessage
	if err := json.Unmarshal(read(t, dir, "in.json"), &records); err != nil {
		t.Fatal(err)
	}
	got := make([]outcome, len(records))
	for i, r := range records {
		got[i] = mapOne(t, m, r)
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(got); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(filepath.Join(dir, "out.json"), text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := read(t, dir, "out.json"); !bytes.Equal(text.Bytes(), want) {
		t.Errorf("got\n%s", text.Bytes())
	}
}

func mapOne(t *testing.T, m *mapping.Mapper, raw []byte) outcome {
	t.Helper()
	r, err := m.Map(raw, env(t))
	var bad *mapping.BadValue
	if errors.As(err, &bad) {
		return outcome{Pointer: bad.Pointer, Bad: bad.Reason}
	}
	if err != nil {
		t.Fatal(err)
	}
	id, err := m.RemoteID(raw)
	if err != nil {
		t.Fatal(err)
	}
	return outcome{RemoteID: id, Fields: r.Fields, RemoteUpdatedAt: moment(r.RemoteUpdatedAt), RangeAt: moment(r.RangeAt)}
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func env(t testing.TB) mapping.Env {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	return mapping.Env{
		Connection: uuid.MustParse("01938c5e-6a40-7c7e-b0a4-5d1f0e6d9a21"), Zone: zone,
		Public: map[string]string{"url": "https://erp.example.com/", "database": "prod"},
	}
}

// load gives the first entity of a manifest.
func load(t testing.TB, text []byte) (*manifest.System, *manifest.Entity) {
	t.Helper()
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	s, err := manifest.LoadSystem(fstest.MapFS{
		"acme/manifest.yaml": {Data: text},
		"acme/guide.md":      {Data: []byte("Ask the administrator.")},
	}, "acme", m, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, s.Entities[0]
}

func read(t testing.TB, dir, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	same, err := rawjson.Equal(a, b, nil)
	if err != nil {
		t.Fatal(err)
	}
	return same
}
