package file_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
)

// Files of changes are read in the order of their names, and archived only when the cursor proves that their records are stored.
func TestChangesAreReadOnceAndKept(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		w.drop("items-10.csv", "code,name\nB,second\nC,x\n")
		w.drop("items-9.csv", "code,name\nA,one\nB,first\n")
		w.drop("items-lines-1.csv", "code\nZ\n")
		got, cursor := w.read("items", time.Time{}, "code", "name", "_file", "_line")
		same(t, "everything, the newest first", got, "B second items-10.csv 2", "C x items-10.csv 3", "A one items-9.csv 2")
		if cursor.IsZero() {
			t.Fatal("no cursor")
		}
		same(t, "before proof", w.in("archive"))
		got, cursor = w.read("items", cursor.Add(-time.Microsecond), "code", "name")
		same(t, "what is new, in order", got, "A one", "B first", "B second", "C x")

		got, next := w.read("items", cursor, "code")
		same(t, "nothing new", got)
		if next != cursor {
			t.Errorf("the cursor moved from %s to %s without a file", cursor, next)
		}
		same(t, "left", w.in("in"), "items-lines-1.csv")
		kept := w.in("archive")
		if len(kept) != 2 || !strings.HasSuffix(kept[0], "-items-9.csv") || !strings.HasSuffix(kept[1], "-items-10.csv") {
			t.Errorf("archived %q", kept)
		}

		w.drop("items-9.csv", "code,name\nA,again\n")
		got, cursor = w.read("items", cursor, "code", "name")
		same(t, "the same name with new content", got, "A again")
		_, _ = w.read("items", cursor)
		if n := len(w.in("archive")); n != 3 {
			t.Errorf("%d files are archived, want 3", n)
		}
		got, _ = w.read("items", time.Time{}, "code", "name")
		same(t, "everything, of the archive too", got, "A again", "B second", "C x")
		got, _ = w.read("items", next, "code", "name")
		same(t, "behind a cursor that fell back", got, "A again")
	})
}

// A run that is not stored to its end proves nothing: its files stay and are read again, whatever the process remembers.
func TestWhatIsNotProvedIsReadAgain(t *testing.T) {
	t.Parallel()
	w := here(t)
	w.drop("items-1.csv", "code\nA\nB\nC\n")
	_, first := w.read("items", time.Time{}, "code")
	w.drop("items-2.csv", "code\nD\nE\nF\n")
	page, err := w.fetch("items", first.Add(-w.entity("items").Cursor.Lookback), nil, 2)
	if err != nil || page.Next == nil {
		t.Fatal(err)
	}
	if !page.HighWater.IsZero() {
		t.Error("a page before the last promises a high water")
	}
	w.open() // the process died before it stored the page
	got, second := w.read("items", first, "code")
	same(t, "read again", got, "D", "E", "F")
	got, _ = w.read("items", first, "code")
	same(t, "the cursor was not stored", got, "D", "E", "F")
	same(t, "proved by another run's cursor", w.in("in"), "items-2.csv")
	got, third := w.read("items", second, "code")
	same(t, "the receipt of the second is void", got, "D", "E", "F")
	got, _ = w.read("items", third, "code")
	same(t, "proved", got)
	same(t, "nothing is left", w.in("in"))
}

// A token leads on in another process; one whose file has changed starts the chain anew.
func TestTokensOutliveTheProcess(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		w.drop("items-1.csv", "code,name\nA,\"two\nlines\"\nB,x\nC,y\n")
		page, err := w.fetch("items", time.Time{}, nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		w.open()
		page, err = w.fetch("items", time.Time{}, page.Next, 1)
		if err != nil || show(t, page.Records[0], "code", "_line") != "B 4" {
			t.Fatalf("%v %v", page, err)
		}
		w.drop("items-1.csv", "code,name\nA,\"two\nlines\"\nB,x\nC,y\nD,z\n")
		_, err = w.fetch("items", time.Time{}, page.Next, 1)
		refusal(t, "a file that grew", err, driver.TokenGone, "items-1.csv")
		got, cursor := w.read("items", time.Time{}, "code")
		same(t, "anew", got, "A", "B", "C", "D")
		if err := os.Remove(w.at("in/items-1.csv")); err != nil {
			t.Fatal(err)
		}
		_, _ = w.read("items", cursor)
	})
}

// A file that is replaced after it was read is not archived unread.
func TestReplacedBeforeItWasArchived(t *testing.T) {
	t.Parallel()
	w := here(t)
	w.drop("items-1.csv", "code\nA\n")
	_, cursor := w.read("items", time.Time{}, "code")
	w.drop("items-1.csv", "code\nAnother\n")
	got, cursor := w.read("items", cursor, "code")
	same(t, "new content", got, "Another")
	_, _ = w.read("items", cursor)
	if n := len(w.in("archive")); n != 1 {
		t.Errorf("%d files are archived, want 1", n)
	}
}

// A file that cannot be read stops the run at it, and nothing behind it is read.
func TestBadFilesStopTheRun(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]struct{ name, text, words string }{
		"empty":             {"items-2.csv", "", "it is empty"},
		"another header":    {"items-2.csv", "number;name\n1;x\n", "no column code"},
		"a header twice":    {"items-2.csv", "code,name,name\n1,x,y\n", "stands twice"},
		"a name of ours":    {"items-2.csv", "code,_line\n1,x\n", "begins with _"},
		"an open quotation": {"items-2.csv", "code,name\nA,\"open\nB,x\nC,y\n", "line 2 is not closed"},
		"a long quotation":  {"items-2.csv", "code,name\nA,\"open\n" + strings.Repeat("B,x\n", 5<<20), "is a quotation mark open"},
		"UTF-16":            {"items-2.csv", "\xff\xfec\x00o\x00", "UTF-16"},
		"NUL":               {"items-2.csv", "code,name\nA,\x00\x00\n", "NUL"},
		"a torn line":       {"items-2.jsonl", "{\"code\":\"A\"}\n{\"code\":", "breaks off in line 2"},
		"no workbook":       {"items-2.xlsx", "PK\x03\x04 cut off", "no workbook"},
		"a workbook":        {"items-2.csv", "PK\x03\x04", "workbook"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := here(t)
			w.drop("items-1.csv", "code\nfirst\n")
			w.drop(bad.name, bad.text)
			w.drop("items-3.csv", "code\nthird\n")
			since := time.Unix(0, 0)
			var token json.RawMessage
			var got []string
			for {
				page, err := w.fetch("items", since, token, 10)
				if err != nil {
					refusal(t, name, err, driver.Invalid, bad.words)
					refusal(t, name, err, driver.Invalid, bad.name)
					break
				}
				for _, r := range page.Records {
					got = append(got, show(t, r, "code"))
				}
				if token = page.Next; token == nil {
					t.Fatal("the run ended well")
				}
			}
			if len(got) == 0 || got[0] != "first" || got[len(got)-1] == "third" {
				t.Errorf("given: %q", got)
			}
			if len(w.in("in")) != 3 {
				t.Error("a file was moved")
			}
		})
	}
}

// A bad row is a record without an id, with the place and what is wrong; the others are read.
func TestBadRows(t *testing.T) {
	t.Parallel()
	w := here(t)
	w.drop("items-1.csv", "code,name\nA,x\nB,x,y\nC\n1\" pipe,z\n\"2\" pipe\",z\nD,w\n")
	got, _ := w.read("items", time.Time{}, "code", "_line", "_problem")
	same(t, "rows", got, "A 2 null", "null 3 The row has another number of values than the header.", "null 4 The row has another number of values than the header.",
		"null 5 A quotation mark stands within a value that does not begin with one.", "null 6 A quotation mark within a value is not doubled.", "D 7 null")
	w = here(t)
	w.drop("items-1.jsonl", "{\"code\":\"A\"}\n[1]\nnot json\n\n{\"code\":\"B\"}")
	got, _ = w.read("items", time.Time{}, "code", "_line", "_problem")
	same(t, "lines", got, "A 1 null", "null 2 The line is no JSON object.", "null 3 The line is not JSON.", "B 5 null")
}

// Of several records of one id in a file of changes the later one counts; the time of a record is that of its file, whatever else is read with it.
func TestLaterRowsCount(t *testing.T) {
	t.Parallel()
	w := here(t)
	at := time.Date(2026, 11, 29, 6, 0, 0, 0, time.UTC)
	w.drop("items-1.csv", "code,name\nA,one\nB,x\nA,two\n")
	w.drop("items-2.csv", "code,name\nB,y\n")
	for i, n := range []string{"1", "2"} {
		if err := os.Chtimes(w.at("in/items-"+n+".csv"), at.Add(time.Duration(i)*time.Hour), at.Add(time.Duration(i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	page, err := w.fetch("items", time.Unix(0, 0), nil, 10)
	if err != nil || len(page.Records) != 2 || show(t, page.Records[0], "code", "name", "_at") != "B x 2026-11-29T06:00:00.000000Z" || show(t, page.Records[1], "code", "name") != "A two" {
		t.Fatalf("%q %v", page.Records, err)
	}
	got, _ := w.read("items", time.Time{}, "code", "name", "_at")
	same(t, "everything, in pages of two", got, "B y 2026-11-29T07:00:00.000000Z", "A one 2026-11-29T06:00:00.000000Z", "A two 2026-11-29T06:00:00.000000Z")
}

// An unusable login is an error of each call, with the field to look at.
func TestUnusableLogins(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{"encoding": "ebcdic", "delimiter": "::", "dates": "yesterday", "complete": "maybe", "path": "../elsewhere"} {
		w := here(t)
		w.login[name] = value
		w.open()
		_, err := w.client.Probe(t.Context())
		var e *driver.Error
		if !errors.As(err, &e) || e.Kind != driver.Credentials || e.Field != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A file that was replaced right when it was moved to the archive goes back, and is read.
func TestReplacedWhileItWasArchived(t *testing.T) {
	t.Parallel()
	w := here(t)
	w.drop("items-1.csv", "code\nA\n")
	_, cursor := w.read("items", time.Time{}, "code")
	as := cursor.UTC().Format("20060102T150405.000000Z") + "-0000-items-1.csv"
	w.drop("items-1.csv", "code\nAnother\n")
	if err := os.Rename(w.at("in/items-1.csv"), w.at("archive/"+as)); err != nil {
		t.Fatal(err)
	}
	got, cursor := w.read("items", cursor, "code")
	same(t, "read", got, "Another")
	_, _ = w.read("items", cursor)
	if n := len(w.in("archive")); n != 1 || len(w.in("in")) != 0 {
		t.Errorf("%d archived, %q left", n, w.in("in"))
	}
}
