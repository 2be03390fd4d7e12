package cli

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"
)

func TestTable(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		make func() *table
		want string
	}{
		{"rows", func() *table {
			tb := newTable("none", "A", "NAME")
			tb.add("1", "one")
			tb.add("22", "")
			return tb
		}, "A   NAME\n1   one\n22  -\n"},
		{"no rows", func() *table { return newTable("Nothing here.", "A") }, "Nothing here.\n"},
		{"facts", func() *table { return facts("id", "1", "name", "one") }, "id:    1\nname:  one\n"},
		{"control characters of foreign data", func() *table {
			tb := newTable("", "NAME")
			tb.add("a\x1b[31mred\nline\u202e\u009b31m\x7f")
			return tb
		}, "NAME\na [31mred line  31m \n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			if err := tt.make().print(&b); err != nil {
				t.Fatal(err)
			}
			if b.String() != tt.want {
				t.Errorf("got\n%q, want\n%q", b.String(), tt.want)
			}
		})
	}
}

// TestJSONDoesNothingToATerminal: what a terminal obeys is escaped, and the value stays the same.
func TestJSONDoesNothingToATerminal(t *testing.T) {
	t.Parallel()
	const raw = `{"naïve":"a\u001b[31m` + "\u009b31m\x7f\u202eb\u2066c\u061c 😀\u0085" + `\n","n":[1.50,{}]}`
	var b bytes.Buffer
	if err := printJSON(&b, []byte(raw)); err != nil {
		t.Fatal(err)
	}
	for _, r := range b.String() {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			t.Errorf("%U is printed as it is: %q", r, b.String())
		}
	}
	before, after := jsontext.Value(raw), jsontext.Value(b.Bytes())
	if err := errors.Join(before.Canonicalize(), after.Canonicalize()); err != nil || !bytes.Equal(before, after) {
		t.Errorf("%v: got %s, want the value of %s", err, after, before)
	}
	if !strings.Contains(b.String(), `naïve`) || !strings.Contains(b.String(), "😀") {
		t.Errorf("plain letters are escaped too: %s", b.String())
	}
}

func TestTally(t *testing.T) {
	t.Parallel()
	expected := int64(100)
	known := syncRun{Entity: "vendors", State: "running", Counts: syncCounts{Fetched: 40}, Expected: &expected}
	unknown := syncRun{Entity: "items", State: "running"}
	done := syncRun{State: "complete", Counts: syncCounts{Fetched: 7}}
	if fetched, total, what := tally([]syncRun{done, known}); fetched != 47 || total != 107 || what != "1 of 2 runs  vendors" {
		t.Errorf("got %d of %d, %q", fetched, total, what)
	}
	if _, total, _ := tally([]syncRun{known, unknown, known}); total != -1 {
		t.Errorf("with an unknown part the whole is %d", total)
	}
}

func TestTablesKeepTheFirstSentenceOfAReason(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]*syncError{
		"":                         nil,
		"system-error: It said 5.": {Code: "system-error", Detail: "It said 5."},
		"deletions-held: 160 of 680 are gone; nothing was deleted.": {Code: "deletions-held", Detail: "160 of 680 are gone; nothing was deleted. Check the login."},
	} {
		if got := e.brief(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestWaitingSaysWhatItWaitsForAndWhatIsLeft(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	l := &lines{w: &b, said: map[string]bool{}}
	waits := syncRun{ID: "r1", Entity: "vendors", State: "queued", Error: &syncError{Code: "blackout", Detail: "Until 22:20 UTC."}}
	ended := syncRun{ID: "r1", Entity: "vendors", State: "complete", Counts: syncCounts{Fetched: 1, Quarantined: 1}}
	for _, r := range []syncRun{waits, waits, ended, ended} {
		l.show([]syncRun{r})
	}
	if want := "vendors: waits; blackout: Until 22:20 UTC.\nvendors: complete, 1 record fetched; 1 in quarantine: busbar sync quarantine r1\n"; b.String() != want {
		t.Errorf("said %q, want %q", b.String(), want)
	}
}
