package odata

import (
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/model"
)

func TestLiteralsOfEachTypeAndVersion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, text, want2, want4 string }{
		{"string", "O'Brien & Söhne", "'O''Brien & Söhne'", "'O''Brien & Söhne'"},
		{"string", "", "''", "''"},
		{"datetime", "2026-02-01T00:19:00.5", "datetime'2026-02-01T00:19:00.5'", "2026-02-01T00:19:00.5"},
		{"datetime", "2026-02-01", "datetime'2026-02-01T00:00:00'", "2026-02-01T00:00:00"},
		{"date", "9999-12-31T00:00:00", "datetime'9999-12-31T00:00:00'", "9999-12-31"},
		{"datetimeoffset", "2026-02-01T00:19:00Z", "datetimeoffset'2026-02-01T00:19:00Z'", "2026-02-01T00:19:00Z"},
		{"guid", "00505601-0203-1ede-a5b4-123456789abc", "guid'00505601-0203-1ede-a5b4-123456789abc'", "00505601-0203-1ede-a5b4-123456789abc"},
		{"decimal", "1.50", "1.50M", "1.50"}, {"int64", "42", "42L", "42"}, {"int32", "-7", "-7", "-7"}, {"double", "1e3", "1e3d", "1e3"}, {"single", "2", "2f", "2"},
		{"time", "PT11H50M49S", "time'PT11H50M49S'", "PT11H50M49S"}, {"timeofday", "11:50:49", "11:50:49", "11:50:49"}, {"duration", "PT1H", "PT1H", "duration'PT1H'"},
		{"boolean", "true", "true", "true"}, {"binary", "00ff", "X'00ff'", "binary'00ff'"}, {"enum N.Color", "Red", "", "N.Color'Red'"},
		{"int32", "1 or true", "", ""}, {"guid", "x", "", ""}, {"boolean", "yes", "", ""}, {"decimal", "1,5", "", ""}, {"datetimeoffset", "2026-02-01", "", ""}, {"wrong", "x", "", ""},
	} {
		got2, _ := literal(v2, c.kind, c.text)
		got4, _ := literal(v4, c.kind, c.text)
		if got2 != c.want2 || got4 != c.want4 {
			t.Errorf("%s %q: %q and %q, want %q and %q", c.kind, c.text, got2, got4, c.want2, c.want4)
		}
	}
}

func TestTimesOfVersion2(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`"/Date(1769905140000+0000)/"`: `"2026-02-01T00:19:00Z"`, `"\/Date(1769905140123)\/"`: `"2026-02-01T00:19:00.123"`, `"/Date(1769905140000+0060)/"`: `"2026-02-01T01:19:00+01:00"`,
		`"/Date(-86400000)/"`: `"1969-12-31T00:00:00"`, `"/Date(x)/"`: "", `"Date"`: "", `null`: "", `12`: "", `"/Date(1)/ and more"`: "",
	} {
		if got, _ := (dialect{}).Scalar([]byte(raw)); string(got) != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
	for kind, want := range map[model.Kind][3]string{
		model.Date: {`"2026-02-01"`, `"/Date(1769904000000)/"`, `"2026-02-01"`}, model.Instant: {`"2026-02-01T00:19:00.5Z"`, `"/Date(1769905140500+0000)/"`, `"2026-02-01T00:19:00.5Z"`},
		model.String: {`"2026-02-01"`, `"2026-02-01"`, `"2026-02-01"`},
	} {
		wrapped := dialect{}.Wrap(kind, []byte(want[0]))
		if string(wrapped) != want[1] || string(plainly(wrapped)) != want[2] {
			t.Errorf("%v: %s, %s", kind, wrapped, plainly(wrapped))
		}
	}
}

func TestALocalClockIsNeverReadTooLate(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	// Clocks are set back on 2026-10-25 at 01:00 UTC, so that 02:00 to 03:00 comes twice.
	for at, want := range map[string]string{"2026-10-25T00:50:00Z": "01:50", "2026-10-25T01:10:00Z": "02:10", "2026-11-01T12:00:00Z": "13:00", "2026-07-01T12:00:00Z": "14:00"} {
		instant, _ := time.Parse(time.RFC3339, at)
		if got := earliestWall(instant, berlin).Format("15:04"); got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
		for later := time.Duration(0); later < 5*time.Hour; later += 10 * time.Minute {
			_, offset := instant.Add(later).In(berlin).Zone()
			if shown := instant.Add(later + time.Duration(offset)*time.Second); shown.Before(earliestWall(instant, berlin)) {
				t.Errorf("%s: a change %s later is stamped %s and would be lost", at, later, shown)
			}
		}
	}
	wall := time.Date(2026, 10, 25, 2, 30, 0, 0, time.UTC)
	if got := earliestInstant(wall, berlin); got.After(time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)) {
		t.Errorf("%s", got)
	}
}

func TestRecordsOfVersion2LookLikeThoseOf4(t *testing.T) {
	t.Parallel()
	r := &reading{readOptions: readOptions{Protocol: v2, Key: []string{"A", "B"}, Times: map[string][]string{"At": {"D", "T"}}}, ownKey: true}
	record := `{"__metadata":{"uri":"http://x/S('1')","etag":"W/\"1\""},"A":"a:b","B":"","D":"/Date(1769904000000)/","T":"PT11H05M09S","to_X":{"__deferred":{"uri":"x"}},` +
		`"to_Items":{"results":[{"__metadata":{"uri":"y"},"N":1.50,"to_S":{"results":[]}}]},"to_One":{"__metadata":{},"V":"ü"},"Null":null}`
	want := `{"@odata.etag":"W/\"1\"","A":"a:b","B":"","D":"/Date(1769904000000)/","T":"PT11H05M09S","to_Items":[{"N":1.50,"to_S":[]}],"to_One":{"V":"ü"},"Null":null,"At":"2026-02-01T11:05:09","@key":"a\\:b:"}`
	if got := string(r.shaped([]byte(record))); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if got := manifest.SplitID(`a\:b:`, 2); len(got) != 2 || got[0] != "a:b" || got[1] != "" {
		t.Errorf("%q", got)
	}
	for _, bad := range []string{`{"A":`, `{"A":1,"A":2}`} {
		if got := string((&reading{readOptions: readOptions{Protocol: v2}}).shaped([]byte(bad))); got != bad {
			t.Errorf("%s became %s", bad, got)
		}
	}
}
