package flowtest

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/realsys/sshd"
)

// connectFiles connects a directory, which is the other system's too: of this machine, or of an SFTP server.
func (w *world) connectFiles(s *sshd.Server, entities ...string) {
	w.Helper()
	method, credentials := "none", map[string]string{"path": "erp", "complete": "renamed"}
	if w.folder = filepath.Join(w.files, "erp"); s != nil {
		w.folder, method = s.Dir, "private_key"
		credentials = map[string]string{
			"host": "127.0.0.1", "port": strconv.Itoa(s.Port), "username": s.User, "private_key": strings.ReplaceAll(s.Key, "\n", " "), "host_key": s.HostKey, "directory": s.Dir, "complete": "renamed",
		}
	}
	for _, folder := range []string{"in", "out", "archive", "refused"} {
		w.check(os.MkdirAll(filepath.Join(w.folder, folder), 0o755))
	}
	w.connect("file-drop", method, credentials, entities...)
}

// drop puts a file where Busbar finds it.
func (w *world) drop(name, text string) {
	w.Helper()
	w.check(os.WriteFile(filepath.Join(w.folder, "in", name), []byte(text), 0o600))
}

// taken gives the files that are put out, and takes them.
func (w *world) taken() (rows [][]string) {
	w.Helper()
	found, err := filepath.Glob(filepath.Join(w.folder, "out", "[a-z]*.csv"))
	w.check(err)
	for _, name := range found {
		text, err := os.ReadFile(name)
		w.check(err)
		lines, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
		w.check(err)
		if len(rows) == 0 {
			rows = lines[:1]
		}
		rows = append(rows, lines[1:]...)
		w.check(os.Remove(name))
	}
	return rows
}

// Orders go out once as files, a row for each line, in the words of codes; what the other system gives back is not put out again.
func TestNightlyExport(t *testing.T) {
	t.Parallel()
	t.Run("directory", func(t *testing.T) { t.Parallel(); exported(newWorld(t), nil) })
	t.Run("SFTP", func(t *testing.T) {
		t.Parallel()
		s := sshd.Start(t)
		exported(newWorldAt(t, time.Now().UTC().Truncate(24*time.Hour).Add(12*time.Hour), fmt.Sprintf("http://127.0.0.1:%d", s.Port)), s)
	})
}

func exported(w *world, s *sshd.Server) {
	w.Helper()
	const name = "nightly-export"
	for _, o := range w.inERP("GET", "purchase-orders", nil)["data"].([]any) {
		if o := o.(object); o["status"] == "OPEN" {
			w.inERP("PATCH", "purchase-orders/"+o["id"].(string), object{"status": "CANCELLED"})
		}
	}
	made := w.inERP("POST", "purchase-orders", object{"vendorId": "000002", "lines": []any{
		object{"itemId": "000001", "quantity": "3", "unitPrice": "4.85"}, object{"itemId": "000002", "quantity": "1.5", "unitPrice": "1.10"},
	}})
	for _, status := range []string{"PENDING", "APPROVED", "OPEN"} {
		w.inERP("PATCH", "purchase-orders/"+made["id"].(string), object{"status": status})
	}
	number := made["orderNumber"].(string)
	w.connectERP("vendors", "items", "purchase-orders")
	w.connectFiles(s, "purchase-orders")
	w.example(name, map[string]string{"erp": "sim-erp", "files": "file-drop"}, nil)
	w.clock.add(16 * time.Hour) // past one at night
	w.settle()
	rows := w.taken()
	if len(rows) != 3 {
		w.show(name)
		w.Fatalf("put out: %q", rows)
	}
	for i, want := range []map[string]string{
		{"vendor": "V-10001", "notes": "Order " + number, "currency": "EUR", "line_item": "00004711", "line_quantity": "3", "line_unit": "PCE"},
		{"vendor": "V-10001", "notes": "Order " + number, "line_item": "00004714", "line_quantity": "1.5"},
	} {
		for column, value := range want {
			if got := rows[i+1][slices.Index(rows[0], column)]; strings.TrimSuffix(got, ".000") != value && strings.TrimSuffix(got, "00") != value {
				w.Errorf("row %d: %s is %q, want %q", i+1, column, got, value)
			}
		}
	}
	if r := w.newest(name); r.State != "running" && r.State != "waiting" {
		w.Errorf("before the other system has said anything: %s", r.State)
	}
	w.clock.add(time.Hour)
	w.drop("purchase-orders_1.csv", given(rows))
	for range 5 {
		w.sync("file-drop", "purchase-orders")
		w.clock.add(time.Minute)
		w.settle()
	}
	if r := w.newest(name); r.State != "completed" || r.Counts.OK != 1 {
		w.show(name)
		w.Errorf("when it came back: %s %+v", r.State, r.Counts)
	}
	if got := w.run(name, nil); got != "completed: in 1, ok 0, failed 0, skipped 1" || len(w.taken()) != 0 {
		w.Errorf("the next night: %s", got)
	}
}

// given is the file by which the other system gives an order back, under a number of its own.
func given(rows [][]string) string {
	var out strings.Builder
	c := csv.NewWriter(&out)
	_ = c.Write(append([]string{"number", "status"}, rows[0]...))
	for i, r := range rows[1:] {
		r = slices.Clone(r)
		if at := slices.Index(rows[0], "line_number"); r[at] == "" {
			r[at] = fmt.Sprint(10 * (i + 1))
		}
		_ = c.Write(append([]string{"THEIRS-1", "sent"}, r...))
	}
	c.Flush()
	return out.String()
}

// written gives what the ERP was told of items: operation and number, with how often.
func (w *world) written() map[string]int {
	w.Helper()
	out := map[string]int{}
	for _, e := range w.erp.Effects() {
		var i struct{ ItemNumber, BaseUnit, Name string }
		w.check(json.Unmarshal(e.Record, &i))
		out[e.Op+" "+i.ItemNumber+" "+i.Name+" "+i.BaseUnit]++
	}
	return out
}

// Items of a file are made and changed in the ERP once; the same file again changes nothing.
func TestImportOfCSV(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const name, head = "import-csv", "code,name,type,unit,cost,currency\n"
	w.connectERP("items", "units-of-measure")
	w.connectFiles(nil, "items")
	w.example(name, map[string]string{"files": "file-drop", "erp": "sim-erp"}, object{"units": object{"pcs": "PCE"}})
	w.drop("items_1.csv", head+"NEW-1,Seal kit,part,pcs,12.50,EUR\n00004711,Bearing,part,pcs,,\nNEW-2,Odd,part,barrels,1,EUR\n")
	w.sync("file-drop", "items")
	w.clock.add(time.Minute)
	w.settle()
	first := w.written()
	if len(first) != 2 || first["create NEW-1 Seal kit PCE"] != 1 || first["update 00004711 Bearing PCE"] != 1 {
		w.show(name)
		t.Fatalf("written: %v", first)
	}
	if got := w.failure(name, 2); !strings.Contains(got, "unit") {
		t.Errorf("the unit that nobody knows: %q", got)
	}
	w.drop("items_2.csv", head+"NEW-1,Seal kit,part,pcs,12.50,EUR\n00004711,Bearing,part,pcs,,\nNEW-2,Odd,part,barrels,1,EUR\n")
	w.sync("file-drop", "items")
	w.clock.add(time.Minute)
	w.settle()
	if again := w.written(); len(again) != len(first) || again["create NEW-1 Seal kit PCE"] != 1 {
		t.Errorf("the same file again: %v", again)
	}
	w.drop("items_3.csv", head+"NEW-1,Seal set,part,pcs,12.50,EUR\n00004711,Bearing,part,pcs,,\n")
	w.sync("file-drop", "items")
	w.clock.add(time.Minute)
	w.settle()
	if now := w.written(); len(now) != len(first)+1 || now["update NEW-1 Seal set PCE"] != 1 {
		t.Errorf("a change: %v", now)
	}
}
