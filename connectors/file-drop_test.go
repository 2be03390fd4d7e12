package connectors_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/conformance"
	"github.com/busbar-dev/busbar/internal/realsys/sshd"
)

// TestFileDrop runs the suite against files on a real SFTP server, dropped and taken by a system that lives in this test.
func TestFileDrop(t *testing.T) {
	t.Parallel()
	s := sshd.Start(t)
	d := &dropper{dir: s.Dir, rows: map[string][]row{}}
	for _, folder := range []string{"in", "out", "archive", "refused"} {
		if err := os.Mkdir(filepath.Join(s.Dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	d.fill(t)
	d.takeAlong(t)
	lists, changes := []string{"vendors", "items", "locations", "stock-levels", "assets"}, []string{"purchase-orders", "purchase-requisitions", "work-orders"}
	major, _, _ := strings.Cut(s.Version(), ".")
	conformance.Run(t, conformance.Stand{
		Folder: connectors.FS, System: "file-drop", AuthMethod: "private_key", Version: "OpenSSH " + major,
		Credentials: map[string]string{
			"host": "127.0.0.1", "port": strconv.Itoa(s.Port), "username": s.User, "private_key": strings.ReplaceAll(s.Key, "\n", " "), "host_key": s.HostKey,
			"directory": s.Dir, "complete": "renamed",
		},
		Allow:  []allow.Rule{allow.One(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(s.Port)))},
		TCP:    [2]string{"host", "port"},
		Writes: true, Hands: d, Touches: append(slices.Clone(lists), changes...), Adds: append(slices.Clone(lists), changes...), Removes: lists,
		Public: []string{"directory"},
	})
}

// row is a row of a file by column.
type row map[string]string

// dropper is the system that drops files and takes requests.
type dropper struct {
	dir  string
	mu   sync.Mutex
	rows map[string][]row // by entity
	n    int
}

func key(entity string) string {
	switch entity {
	case "vendors", "items", "locations":
		return "code"
	case "stock-levels":
		return "id"
	}
	return "number"
}

func isList(entity string) bool {
	return slices.Contains([]string{"vendors", "items", "locations", "stock-levels", "assets"}, entity)
}

func (d *dropper) fill(t *testing.T) {
	t.Helper()
	for _, entity := range []string{"vendors", "items", "locations", "stock-levels", "assets", "purchase-orders", "purchase-requisitions", "work-orders"} {
		for i := range 12 {
			d.rows[entity] = append(d.rows[entity], d.sample(entity, fmt.Sprintf("%s-%d", strings.ToUpper(entity[:1]), i+1))...)
		}
		if err := d.drop(entity, d.rows[entity]); err != nil {
			t.Fatal(err)
		}
	}
}

// sample makes the rows of a record.
func (d *dropper) sample(entity, id string) []row {
	r := row{key(entity): id}
	switch entity {
	case "vendors", "items", "locations", "assets":
		r["name"] = "Größe, \"" + id + "\""
		r["description"] = "two\nlines"
	case "stock-levels":
		maps.Copy(r, row{"item": "I-1", "location": "L-1", "on_hand": "12.50", "unit": "pcs"})
	case "work-orders":
		maps.Copy(r, row{"title": "Grease " + id, "status": "planned", "priority": "high", "asset": "A-1", "external_reference": ""})
	default:
		maps.Copy(r, row{"vendor": "V-1", "status": "draft", "currency": "EUR", "external_reference": "", "line_number": "10", "line_item": "I-1", "line_quantity": "3", "line_unit": "pcs", "line_price": "4.85"})
		second := maps.Clone(r)
		maps.Copy(second, row{"line_number": "20", "line_quantity": "1"})
		return []row{r, second}
	}
	return []row{r}
}

// drop writes a file under another name and renames it.
func (d *dropper) drop(entity string, rows []row) error {
	d.n++
	columns := map[string]bool{}
	for _, r := range rows {
		for c := range r {
			columns[c] = true
		}
	}
	names := slices.Sorted(maps.Keys(columns))
	name := filepath.Join(d.dir, "in", fmt.Sprintf("%s_%06d.csv", entity, d.n))
	f, err := os.Create(name + ".tmp")
	if err != nil {
		return err
	}
	w := csv.NewWriter(f)
	lines := [][]string{names}
	for _, r := range rows {
		line := make([]string, len(names))
		for i, c := range names {
			line[i] = r[c]
		}
		lines = append(lines, line)
	}
	if err := w.WriteAll(lines); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(name+".tmp", name)
}

// change drops what has changed: the whole list, or the rows of the record.
func (d *dropper) change(entity string, rows []row) error {
	if isList(entity) {
		return d.drop(entity, d.rows[entity])
	}
	return d.drop(entity, rows)
}

// Touch implements conformance.Hands.
func (d *dropper) Touch(_ context.Context, entity, remoteID string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var touched []row
	for _, r := range d.rows[entity] {
		if r[key(entity)] != remoteID {
			continue
		}
		switch entity {
		case "stock-levels":
			r["on_hand"] = strconv.Itoa(d.n + 100)
		case "purchase-orders", "purchase-requisitions":
			r["required_date"] = time.Date(2027, 1, 1+d.n%300, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		case "work-orders":
			r["title"] = fmt.Sprintf("Touched %d", d.n)
		default:
			r["name"] = fmt.Sprintf("Touched %d", d.n)
		}
		touched = append(touched, r)
	}
	if touched == nil {
		return fmt.Errorf("there is no %s %s", entity, remoteID)
	}
	return d.change(entity, touched)
}

// Add implements conformance.Hands.
func (d *dropper) Add(_ context.Context, entity string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	id := fmt.Sprintf("NEW-%d", d.n)
	rows := d.sample(entity, id)
	d.rows[entity] = append(d.rows[entity], rows...)
	return id, d.change(entity, rows)
}

// Remove implements conformance.Hands.
func (d *dropper) Remove(_ context.Context, entity, remoteID string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rows[entity] = slices.DeleteFunc(d.rows[entity], func(r row) bool { return r[key(entity)] == remoteID })
	return d.drop(entity, d.rows[entity])
}

// takeAlong takes requests until the test ends.
func (d *dropper) takeAlong(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	var working sync.WaitGroup
	t.Cleanup(func() { stop(); working.Wait() })
	working.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := d.take(); err != nil {
				t.Errorf("take requests: %v", err)
				return
			}
		}
	})
}

// take makes a record of each request, under a number of its own.
func (d *dropper) take() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	found, err := filepath.Glob(filepath.Join(d.dir, "out", "[a-z]*.csv"))
	if err != nil {
		return err
	}
	for _, name := range found {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		lines, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
		if err != nil {
			return err
		}
		entity := filepath.Base(name)
		for _, e := range []string{"purchase-orders", "purchase-requisitions", "work-orders"} {
			if strings.HasPrefix(entity, e+"-") {
				entity = e
			}
		}
		id := fmt.Sprintf("MADE-%d", d.n)
		var rows []row
		for i, line := range lines[1:] {
			r := row{"number": id, "status": "draft"}
			if entity == "work-orders" {
				r["status"] = "requested"
			}
			for k, c := range lines[0] {
				r[c] = line[k]
			}
			if c, ok := r["line_number"]; ok && c == "" {
				r["line_number"] = strconv.Itoa(10 * (i + 1))
			}
			rows = append(rows, r)
		}
		d.rows[entity] = append(d.rows[entity], rows...)
		if err := d.drop(entity, rows); err != nil {
			return err
		}
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	return nil
}
