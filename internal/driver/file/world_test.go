package file_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/file"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/realsys/sshd"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/model"
)

// acme is the manifest of these tests.
const acme = `
system: acme
name: Acme
summary: Exports.
categories: [erp]
driver: file
versions: ["1"]
auth:
  - method: none
    fields:
      - {name: path, label: Directory, type: text, vendor_only: true}
      - {name: delimiter, label: Delimiter, type: text, default: ","}
      - {name: encoding, label: Encoding, type: text, default: utf-8}
      - {name: decimal, label: Decimal, type: text, default: "."}
      - {name: dates, label: Dates, type: text, default: YYYY-MM-DD}
      - {name: complete, label: Complete, type: text, default: renamed}
connect:
  format: {delimiter: "{delimiter}", encoding: "{encoding}", decimal: "{decimal}", dates: "{dates}"}
  complete: {style: "{complete}", quiet: 1m, marker: .done}
entities:
  vendors:
    read: {name: vendors, holds: snapshot, required: [code]}
    id: code
    volatile: [_file, _line, _at]
    fields: {code: code, name: name}
    evidence: {read: documented}
  items:
    read: {name: items, holds: changes, required: [code], numbers: [cost], dates: [since]}
    id: code
    updated_at: _at
    cursor: {precision: 1us}
    deletions: none
    volatile: [_file, _line, _at]
    fields: {code: code, name: name}
    evidence: {read: documented}
  purchase-orders:
    read:
      name: orders
      holds: changes
      required: [number]
      numbers: [quantity]
      dates: [ordered]
      group: {by: [number], into: lines, columns: [line, item, quantity]}
    id: number
    updated_at: _at
    cursor: {precision: 1us}
    deletions: none
    volatile: [_file, _line, _at]
    fields:
      number: number
      order_date: ordered
      notes: notes
      lines: {from: lines, id: line, fields: {line_number: line, item: item, quantity: quantity}}
    read_only: [number]
    operations:
      create:
        send: {name: orders, columns: [reference, ordered, notes, line, item, quantity], mark: reference}
        reconcile: [{class: W1, window: 720h}]
    evidence: {read: documented, create: documented}
`

func load(t testing.TB, text string) (*manifest.System, error) {
	t.Helper()
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	r, err := manifest.Load(fstest.MapFS{"acme/manifest.yaml": {Data: []byte(text)}, "acme/guide.md": {Data: []byte("# Acme\n")}}, m, map[string]manifest.Checker{"file": file.New()})
	if err != nil {
		return nil, err
	}
	return r.System("acme"), nil
}

// world is a directory that files are dropped into, and a client that reads it.
type world struct {
	t      testing.TB
	dir    string
	system *manifest.System
	login  map[string]string
	root   driver.Files
	rules  []allow.Rule
	now    time.Time
	client driver.Client
}

// here is a directory of this machine.
func here(t testing.TB, login ...string) *world {
	t.Helper()
	base := t.TempDir()
	root, err := os.OpenRoot(base)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	w := &world{t: t, dir: filepath.Join(base, "acme"), root: root, login: map[string]string{"path": "acme"}}
	w.begin(login)
	return w
}

// there is a directory of an SFTP server.
func there(t testing.TB, s *sshd.Server, login ...string) *world {
	t.Helper()
	w := &world{t: t, dir: filepath.Join(s.Dir, strings.ReplaceAll(t.Name(), "/", "_")), login: map[string]string{
		"host": "127.0.0.1", "port": strconv.Itoa(s.Port), "username": s.User, "private_key": s.Key, "host_key": s.HostKey}}
	w.login["directory"] = w.dir
	w.rules = []allow.Rule{allow.One(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(s.Port)))}
	w.begin(login)
	return w
}

func (w *world) begin(login []string) {
	w.t.Helper()
	w.login["complete"] = "renamed"
	for i := 0; i < len(login); i += 2 {
		w.login[login[i]] = login[i+1]
	}
	for _, d := range []string{"in", "out", "archive", "refused"} {
		if err := os.MkdirAll(filepath.Join(w.dir, d), 0o755); err != nil {
			w.t.Fatal(err)
		}
	}
	var err error
	if w.system, err = load(w.t, acme); err != nil {
		w.t.Fatal(err)
	}
	w.now = time.Now()
	w.open()
}

// open makes a client, as another process would.
func (w *world) open() {
	w.t.Helper()
	guard := egress.New(egress.Options{Allow: w.rules})
	client, err := file.New().Open(w.system, driver.Config{
		Credentials: secret.NewCredentials(w.login).Public(slices.Collect(maps.Keys(w.login))...), Line: guard.Line(egress.ClientConfig{}), Files: w.root,
		Now: func() time.Time { return w.now }, TimeZone: time.UTC,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = client.Close() })
	w.client = client
}

func (w *world) at(name string) string { return filepath.Join(w.dir, name) }

// drop puts a file where the system would.
func (w *world) drop(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(w.at("in/"+name), []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// in lists a folder, without our own files.
func (w *world) in(folder string) (names []string) {
	w.t.Helper()
	found, err := os.ReadDir(w.at(folder))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range found {
		if !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names
}

func (w *world) entity(name string) *manifest.Entity { return w.system.Entity(name) }

// fetch asks for one page.
func (w *world) fetch(entity string, since time.Time, token json.RawMessage, limit int) (*driver.Page, error) {
	return w.client.Fetch(w.t.Context(), driver.Request{Entity: w.entity(entity), Since: since, Token: token, Limit: limit})
}

// read is a complete run: its records as "id=member" in their order, and the cursor behind it.
func (w *world) read(entity string, cursor time.Time, shown ...string) (records []string, next time.Time) {
	w.t.Helper()
	since := cursor
	if !since.IsZero() {
		since = since.Add(-w.entity(entity).Cursor.Lookback)
	}
	var token json.RawMessage
	next = cursor
	for {
		page, err := w.fetch(entity, since, token, 2)
		if err != nil {
			w.t.Fatalf("read %s: %v", entity, err)
		}
		for _, r := range page.Records {
			records = append(records, show(w.t, r, shown...))
		}
		if page.HighWater.After(next) {
			next = page.HighWater
		}
		if token = page.Next; token == nil {
			return records, next
		}
	}
}

// show gives members of a record joined with a space.
func show(t testing.TB, record []byte, members ...string) string {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(record, &m); err != nil {
		t.Fatalf("%s: %v", record, err)
	}
	var parts []string
	for _, name := range members {
		v := m[name]
		if text, ok := v.(string); ok {
			parts = append(parts, text)
			continue
		}
		text, _ := json.Marshal(v)
		parts = append(parts, string(text))
	}
	return strings.Join(parts, " ")
}

func same(t testing.TB, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// refusal is an error of a kind, whose words hold a text.
func refusal(t testing.TB, what string, err error, kind driver.Kind, text string) {
	t.Helper()
	if driver.KindOf(err) != kind || !strings.Contains(fmt.Sprint(err), text) {
		t.Errorf("%s: %v, want %s with %q", what, err, kind, text)
	}
}

// everywhere runs a test on a directory and on a real SFTP server.
func everywhere(t *testing.T, test func(t *testing.T, w *world), login ...string) {
	t.Helper()
	t.Run("directory", func(t *testing.T) {
		t.Parallel()
		test(t, here(t, login...))
	})
	t.Run("sftp", func(t *testing.T) {
		t.Parallel()
		test(t, there(t, sshd.Start(t), login...))
	})
}

// mapped maps a record as the engine does.
func (w *world) mapped(entity string, record []byte) (string, error) {
	w.t.Helper()
	m, err := mapping.Compile(w.system, w.entity(entity), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := m.Map(record, mapping.Env{Zone: time.UTC})
	return string(r.Fields), err
}
