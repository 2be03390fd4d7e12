package api

import (
	"net/http"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

func TestPreferences(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		header          []string
		wait            time.Duration
		finished, going string // Preference-Applied
	}{
		{nil, 30 * time.Second, "", ""},
		{[]string{"respond-async"}, 0, "", "respond-async"},
		{[]string{"wait=5"}, 5 * time.Second, "wait=5", "wait=5"},
		{[]string{"Wait=\"5\""}, 5 * time.Second, "wait=5", "wait=5"},
		{[]string{"wait=0"}, 0, "wait=0", "wait=0"},
		{[]string{"wait=3600"}, time.Minute, "wait=60", "wait=60"},
		{[]string{"respond-async, wait=5"}, 5 * time.Second, "wait=5", "respond-async, wait=5"},
		{[]string{"respond-async", "wait=5; x=y"}, 5 * time.Second, "wait=5", "respond-async, wait=5"},
		{[]string{"wait=5, wait=7"}, 5 * time.Second, "wait=5", "wait=5"},
		{[]string{`return=minimal, foo="a,wait=9", handling=strict`}, 30 * time.Second, "", ""},
		{[]string{""}, 30 * time.Second, "", ""},
	} {
		p, err := preferences(http.Header{"Prefer": tt.header})
		if err != nil || p.wait != tt.wait || p.told(true) != tt.finished || p.told(false) != tt.going {
			t.Errorf("%q: %v, applied %q and %q, %v", tt.header, p.wait, p.told(true), p.told(false), err)
		}
	}
	for _, bad := range []string{"wait", "wait=", "wait=x", "wait=-1", "wait=1.5"} {
		if _, err := preferences(http.Header{"Prefer": {bad}}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestIfMatch(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		`"a"`: `"a"`, `*`: "*", ` * `: "*", `"a","b"`: `"a", "b"`, ` "a" ,, "b,c" `: `"a", "b,c"`, `"1.13"`: `"1.13"`,
		`W/"a"`: "", `a`: "", `"a`: "", `"a" "b"`: "", `""`: `""`, ``: "", `,`: "", `*, "a"`: "", `"a b"`: "",
	} {
		got, err := ifMatch(http.Header{"If-Match": {header}})
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%s: %q %v", header, got, err)
		}
	}
	if got, err := ifMatch(http.Header{"If-Match": {`"a"`, `"b"`}}); got != `"a", "b"` || err != nil {
		t.Errorf("two lines: %q %v", got, err)
	}
	if got, err := ifMatch(nil); got != "" || err != nil {
		t.Errorf("none: %q %v", got, err)
	}
}

func TestWarningsFitAHeader(t *testing.T) {
	t.Parallel()
	list := `[{"pointer":"/ü😀\n","code":"unknown","detail":"x"}]`
	if got := warningsText([]byte(list)); got != `[{"pointer":"/\u00fc\ud83d\ude00\n","code":"unknown","detail":"x"}]` {
		t.Errorf("got %s", got)
	}
	many := []byte{'['}
	for range 1000 {
		many = append(many, `{"pointer":"/a","code":"unknown","detail":"x"},`...)
	}
	many[len(many)-1] = ']'
	if got := warningsText(many); len(got) > mostWarnings || len(got) < mostWarnings-100 || got[len(got)-1] != ']' {
		t.Errorf("%d bytes", len(got))
	}
	if warningsText(nil) != "" || warningsText([]byte("[]")) != "" {
		t.Error("none are some")
	}
}

func TestDelays(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"PT0S": 0, "PT2S": 2 * time.Second, "PT1M30S": 90 * time.Second, "PT0.25S": 250 * time.Millisecond, "PT1H": time.Hour, "PT2M": 2 * time.Minute} {
		if got, ok := parseDelay(text); !ok || got != want || delayOf(got) != text {
			t.Errorf("%s: %v %v, written %s", text, got, ok, delayOf(got))
		}
	}
	for _, bad := range []string{"", "PT", "P1D", "2s", "PT-1S", "PT61M", "PT1H1S", "pt1s", "PT1S "} {
		if _, ok := parseDelay(bad); ok {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestHarmlessCells(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\tx": "'\tx", "\rx": "'\rx", "\n=1": "'\n=1", "＝1+1": "'＝1+1", "＠SUM(A1)": "'＠SUM(A1)", "plain": "plain", "": "", " =1": " =1", "ü": "ü",
	} {
		if got := harmless(cell); got != want {
			t.Errorf("%q: %q", cell, got)
		}
	}
}

func TestRowsShowWarnings(t *testing.T) {
	t.Parallel()
	row := csvRow(store.Item{Status: store.ItemApplied, Warnings: []byte(`[{"pointer":"/status","code":"not-taken","detail":"The system refused it."}]`)})
	if len(row) != len(csvTitles) || row[len(row)-1] != "/status: The system refused it." {
		t.Errorf("got %q", row)
	}
}
