package file_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/realsys/sshd"
)

const aMark = "bb-0192-mark"

func (w *world) order() driver.Command {
	return driver.Command{Entity: w.entity("purchase-orders"), Op: manifest.Create, Mark: aMark,
		Body: []byte(`{"ordered":"2026-11-29","notes":"a; \"b\"","lines":[{"item":"A","quantity":"2.5"},{"line":"2","item":"B","quantity":3}]}`)}
}

func (w *world) writer() driver.Writer { return w.client.(driver.Writer) }

// write sends a create whose sender may.
func (w *world) write(allowed func() error) (driver.Written, error) {
	return w.writer().Write(egress.AsWrite(w.t.Context(), egress.Sending{Allowed: allowed}), w.order())
}

func may() error { return nil }

// A create is a file that appears whole, and the record is the one that comes back with the mark.
func TestCreateComesBack(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		got, err := w.write(may)
		if err != nil || got.Job == "" || got.RemoteID != "" {
			t.Fatalf("%+v %v", got, err)
		}
		same(t, "out", w.in("out"), "orders-"+aMark+".csv")
		text, err := os.ReadFile(w.at("out/" + got.Job))
		if want := "reference;ordered;notes;line;item;quantity\n" + aMark + ";29.11.2026;\"a; \"\"b\"\"\";;A;2,5\n" + aMark + ";29.11.2026;\"a; \"\"b\"\"\";2;B;3\n"; err != nil || string(text) != want {
			t.Errorf("the file is %q (%v), want %q", text, err, want)
		}
		job, err := w.writer().Job(t.Context(), w.order(), got.Job)
		if err != nil || job.Over {
			t.Errorf("before it was taken: %+v %v", job, err)
		}
		if err := os.Remove(w.at("out/" + got.Job)); err != nil {
			t.Fatal(err)
		}
		w.drop("orders-1.csv", "number;reference;line;quantity\nP1;another;1;1\nP2;"+aMark+";1;2,5\n")
		_, cursor := w.read("purchase-orders", w.now.Add(-1))
		_, _ = w.read("purchase-orders", cursor)
		same(t, "archived meanwhile", w.in("in"))
		w.open()
		job, err = w.writer().Job(t.Context(), w.order(), got.Job)
		if err != nil || !job.Over || job.Err != nil || job.RemoteID != "P2" || show(t, job.Record, "number", "reference") != "P2 "+aMark {
			t.Errorf("when it has come back: %+v %v", job, err)
		}
		raw, err := w.writer().ReadOne(t.Context(), w.entity("purchase-orders"), "P1")
		if err != nil || raw == nil {
			t.Errorf("read one: %s %v", raw, err)
		}
		_, err = w.writer().ReadOne(t.Context(), w.entity("purchase-orders"), "P9")
		refusal(t, "a record of no file", err, driver.Torn, "cannot be told")
	}, "delimiter", ";", "decimal", ",", "dates", "DD.MM.YYYY")
}

// The same write sent again goes out once, wherever the first attempt broke off.
func TestSentAgain(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		public, hidden := "out/orders-"+aMark+".csv", "out/.orders-"+aMark+".csv.part"
		_, err := w.write(func() error { return errors.New("the lease is over") })
		if err == nil || !errors.Is(err, egress.ErrUnsent) && driver.FateOf(err) != driver.NotSent {
			t.Errorf("a sender that may not: %v", err)
		}
		same(t, "nothing is out", w.in("out"))
		if _, err := os.Stat(w.at(hidden)); err != nil {
			t.Fatal(err)
		}
		if got, err := w.write(may); err != nil || got.Job == "" {
			t.Fatalf("again: %v", err)
		}
		same(t, "out", w.in("out"), filepath.Base(public))
		if _, err := w.write(may); err != nil {
			t.Errorf("while it is out: %v", err)
		}
		same(t, "still one", w.in("out"), filepath.Base(public))
		if err := os.Remove(w.at(public)); err != nil {
			t.Fatal(err)
		}
		if got, err := w.write(may); err != nil || got.Job == "" {
			t.Errorf("when it was taken: %v", err)
		}
		same(t, "not out again", w.in("out"))
	})
}

// What the system puts aside is refused, in its own words; two records with the mark are for a person.
func TestRefusedAndTakenTwice(t *testing.T) {
	t.Parallel()
	w := here(t)
	got, err := w.write(may)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(w.at("out/"+got.Job), w.at("refused/"+got.Job)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.at("refused/"+got.Job+".txt"), []byte("item A is blocked\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	job, err := w.writer().Job(t.Context(), w.order(), got.Job)
	if err != nil || !job.Over || driver.FateOf(job.Err) != driver.Refused || !strings.Contains(job.Err.Error(), "item A is blocked") {
		t.Errorf("%+v %v", job, err)
	}
	if err := os.Remove(w.at("refused/" + got.Job)); err != nil {
		t.Fatal(err)
	}
	w.drop("orders-1.csv", "number,reference\nP1,"+aMark+"\nP2,"+aMark+"\n")
	job, err = w.writer().Job(t.Context(), w.order(), got.Job)
	if err != nil || !job.Over || driver.FateOf(job.Err) != driver.Unknown {
		t.Errorf("taken twice: %+v %v", job, err)
	}
	_, err = w.writer().Job(t.Context(), w.order(), "../in/orders-1.csv")
	refusal(t, "a path as a job", err, driver.Invalid, "no file of ours")
}

// A folder in which nothing may be written refuses the write; nothing was sent.
func TestNothingMayBeWritten(t *testing.T) {
	t.Parallel()
	w := here(t)
	if err := os.RemoveAll(w.at("out")); err != nil {
		t.Fatal(err)
	}
	_, err := w.write(may)
	if fate := driver.FateOf(err); fate != driver.Refused && fate != driver.NotSent {
		t.Errorf("without its folder: %v is %s", err, fate)
	}
	if os.Getuid() == 0 {
		return // root may write everywhere
	}
	w = here(t)
	if err := os.Chmod(w.at("out"), 0o500); err != nil {
		t.Fatal(err)
	}
	_, err = w.write(may)
	refusal(t, "read-only", err, driver.Permission, "does not allow")
}

// A full disk fails before anything is out; the connection that dies around the rename leaves a write that can be sent again.
func TestServerDiesAroundTheRename(t *testing.T) {
	t.Parallel()
	s := sshd.Start(t)
	w := there(t, s)
	_, err := w.write(func() error { s.Stop(); return nil })
	if err == nil || driver.FateOf(err) != driver.Unknown {
		t.Errorf("the server died at the rename: %v is %s", err, driver.FateOf(err))
	}
	_, err = w.write(may)
	if driver.FateOf(err) != driver.NotSent || driver.KindOf(err) != driver.Unreachable {
		t.Errorf("while it is away: %v is %s", err, driver.FateOf(err))
	}
	s.Run()
	if got, err := w.write(may); err != nil || got.Job == "" {
		t.Errorf("when it is back: %v", err)
	}
	same(t, "out once", w.in("out"), "orders-"+aMark+".csv")
}

// What cannot be written is refused before anything is sent.
func TestWhatCannotBeWritten(t *testing.T) {
	t.Parallel()
	w := here(t, "encoding", "windows-1252")
	for what, c := range map[string]struct{ body, mark string }{
		"a character that the encoding lacks": {`{"notes":"東京"}`, aMark},
		"a member without a column":           {`{"buyer":"x"}`, aMark},
		"an object":                           {`{"notes":{"a":1}}`, aMark},
		"a mark that leads elsewhere":         {`{}`, "../x"},
		"no mark":                             {`{}`, ""},
	} {
		cmd := w.order()
		cmd.Body, cmd.Mark = []byte(c.body), c.mark
		_, err := w.writer().Write(egress.AsWrite(context.Background(), egress.Sending{Allowed: may}), cmd)
		if driver.FateOf(err) != driver.Refused {
			t.Errorf("%s: %v", what, err)
		}
	}
	cmd := w.order()
	cmd.Op = manifest.Update
	if _, err := w.writer().Write(t.Context(), cmd); driver.FateOf(err) != driver.Refused {
		t.Errorf("an update: %v", err)
	}
	same(t, "out", w.in("out"))
}
