package file_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
)

// The newest list counts; the one before it goes to the archive when the newest was read to its end.
func TestTheNewestListCounts(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		page, err := w.fetch("vendors", time.Time{}, nil, 10)
		if err != nil || !page.Unproved || page.Next != nil || len(page.Records) > 0 {
			t.Fatalf("without a file: %+v %v", page, err)
		}
		w.drop("vendors_9.csv", "code,name\nA,old\nB,old\n")
		w.drop("Vendors_10.CSV", "code,name\nA,new\nC,new\nD,new\n")
		w.drop("vendors_11.csv.tmp", "code,name\nA,half")
		w.drop(".vendors_12.csv", "code,name\nA,hidden\n")
		got, _ := w.read("vendors", time.Time{}, "code", "name")
		same(t, "newest", got, "A new", "C new", "D new")
		if kept := w.in("archive"); len(kept) != 1 || filepath.Ext(kept[0]) != ".csv" {
			t.Errorf("archived %q", kept)
		}
		got, _ = w.read("vendors", time.Time{}, "code", "name")
		same(t, "again", got, "A new", "C new", "D new")
		w.drop("vendors_12.csv", "code,name\n")
		page, err = w.fetch("vendors", time.Time{}, nil, 10)
		if err != nil || page.Unproved || len(page.Records) > 0 {
			t.Errorf("a list without rows is no proof: %+v %v", page, err)
		}
	})
}

// A list that is replaced while it is read is read from its beginning.
func TestListReplacedWhileRead(t *testing.T) {
	t.Parallel()
	w := here(t)
	w.drop("vendors.csv", "code\nA\nB\nC\n")
	page, err := w.fetch("vendors", time.Time{}, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	w.drop("vendors.csv", "code\nA\nX\n")
	_, err = w.fetch("vendors", time.Time{}, page.Next, 1)
	refusal(t, "replaced", err, driver.TokenGone, "vendors.csv")
	if err := os.Remove(w.at("in/vendors.csv")); err != nil {
		t.Fatal(err)
	}
	_, err = w.fetch("vendors", time.Time{}, page.Next, 1)
	refusal(t, "taken away", err, driver.TokenGone, "vendors.csv")
}

// A file is left alone while it may still be written: by the server's clock, by a marker, or by its name.
func TestHalfWrittenFilesAreLeftAlone(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		w.drop("items-1.csv", "code\nA\n")
		w.drop("items-2.csv", "code\nB\n")
		w.drop("items-3.csv", "code\nC\n")
		old := time.Now().Add(-2 * time.Minute)
		for _, n := range []string{"1", "3"} {
			if err := os.Chtimes(w.at("in/items-"+n+".csv"), old, old); err != nil {
				t.Fatal(err)
			}
		}
		w.now = old // ours does not count
		got, cursor := w.read("items", time.Time{}, "code")
		same(t, "quiet, and nothing behind the one that is not", got, "A")
		_, _ = w.read("items", cursor)
		same(t, "not archived", w.in("in"), "items-2.csv", "items-3.csv")
	}, "complete", "quiet")
	t.Run("marker", func(t *testing.T) {
		t.Parallel()
		w := here(t, "complete", "marker")
		w.drop("items-1.csv", "code\nA\n")
		got, _ := w.read("items", time.Time{}, "code")
		same(t, "without its marker", got)
		w.drop("items-1.csv.done", "")
		got, cursor := w.read("items", time.Time{}, "code")
		same(t, "with its marker", got, "A")
		_, _ = w.read("items", cursor)
		same(t, "the marker goes with it", w.in("in"))
	})
}

// Rows of one order are one record; rows that stand apart, and bad ones, refuse the file.
func TestGroupsOfRows(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		w.drop("orders-1.csv", "number,ordered,line,item,quantity\nP1,2026-11-01,1,A,2\nP1,,2,B,3\nP2,2026-11-02,1,A,1\nP3,2026-11-03,,,\n")
		got, _ := w.read("purchase-orders", time.Time{}, "number", "ordered", "lines", "_line")
		same(t, "orders", got, `P1 2026-11-01 [{"item":"A","line":"1","quantity":"2"},{"item":"B","line":"2","quantity":"3"}] 2`,
			`P2 2026-11-02 [{"item":"A","line":"1","quantity":"1"}] 4`, `P3 2026-11-03 [] 5`)
	})
	for what, bad := range map[string][2]string{
		"rows apart":    {"number,line\nP1,1\nP2,1\nP1,2\n", "P1 stand in line 2 and again in line 4"},
		"a bad row":     {"number,line\nP1,1\nP1,2,3\n", "line 3"},
		"without a key": {"number,line\nP1,1\n,2\n", "line 3 has nothing in the column number"},
	} {
		w := here(t)
		w.drop("orders-1.csv", bad[0])
		_, err := w.fetch("purchase-orders", time.Time{}, nil, 1)
		refusal(t, what, err, driver.Invalid, bad[1])
	}
	w := here(t)
	w.drop("orders-1.csv", "number,ordered,line\nP1,2026-11-01,1\nP1,2026-11-02,2\nP2,2026-11-02,1\n")
	got, _ := w.read("purchase-orders", time.Time{}, "number", "_problem")
	same(t, "rows that do not agree", got, "null The rows of number P1 do not agree on ordered.", "P2 null")
}

// Texts, numbers and dates are read as the login says; what is written otherwise stays as it is.
func TestDialectsOfCSV(t *testing.T) {
	t.Parallel()
	w := here(t, "delimiter", ";", "encoding", "windows-1252", "decimal", ",", "dates", "DD.MM.YYYY")
	w.drop("items-1.csv", "code;name;cost;since\r\n007;M\xfcller \x80;1.234,50;29.11.2026\r\nB;\"a;\"\"b\"\"\nc\";12,5;2026-11-29\r\nC;;12.5;31.02.2026\r\n")
	got, _ := w.read("items", time.Time{}, "code", "name", "cost", "since", "_line")
	same(t, "rows", got, "007 Müller € 1234.50 2026-11-29 2", "B a;\"b\"\nc 12.5 2026-11-29 3", "C null 12.5 (with a decimal comma) 31.02.2026 5")

	w = here(t, "delimiter", "tab")
	w.drop("items-1.tsv", "\ufeffcode\tname\tcost\nA\tü\t1,234.5\nB\t\xfc\t3\n")
	page, err := w.fetch("items", time.Time{}, nil, 10)
	if err != nil || len(page.Records) != 2 {
		t.Fatalf("%v %v", page, err)
	}
	if got := show(t, page.Records[0], "code", "name", "cost"); got != "A ü 1234.5" {
		t.Errorf("with a mark of UTF-8: %s", got)
	}
	if _, err := w.mapped("items", page.Records[1]); err == nil {
		t.Errorf("bytes that are no UTF-8 were mapped: %q", page.Records[1])
	}
	w = here(t, "encoding", "windows-1252")
	w.drop("items-1.csv", "code,name\nA,\x81\n")
	if page, err = w.fetch("items", time.Time{}, nil, 10); err != nil {
		t.Fatal(err)
	}
	if _, err := w.mapped("items", page.Records[0]); err == nil {
		t.Errorf("a byte that is no character was mapped: %q", page.Records[0])
	}
	w.drop("items-1.csv", "\ufeffcode\nA\n")
	_, err = w.fetch("items", time.Time{}, nil, 10)
	refusal(t, "UTF-8 under another name", err, driver.Invalid, "another encoding")
}
