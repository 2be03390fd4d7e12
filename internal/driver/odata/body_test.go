package odata

import (
	"testing"
	"time"
)

func TestBodiesAreWrittenAsEachVersionDoes(t *testing.T) {
	t.Parallel()
	vienna, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	members := `{"A":"x","Day":"/Date(1769904000000)/","Lines":[{"N":"1.50","At":"/Date(1769905140000+0000)/"}],"Words":["a"],"Start":"/Date(1769905140000+0000)/","Asset":"7","@key":"k"}`
	for version, want := range map[string]string{
		v2: `{"A":"x","Day":"/Date(1769904000000)/","Kind":"E","Lines":{"results":[{"At":"/Date(1769905140000+0000)/","N":"1.50"}]},"Object":"7","StartDate":"/Date(1769904000000)/","StartTime":"PT01H19M00S","Type":"NB","Words":["a"]}`,
		v4: `{"A":"x","Day":"2026-02-01","Kind":"E","Lines":[{"At":"2026-02-01T00:19:00Z","N":"1.50"}],"Object":"7","StartDate":"2026-02-01","StartTime":"01:19:00","Type":"NB","Words":["a"]}`,
	} {
		r := &reading{readOptions: readOptions{Protocol: version, Times: map[string][]string{"Start": {"StartDate", "StartTime"}}, Picks: map[string]pick{"Asset": {"Object", map[string]string{"Kind": "E"}}}}}
		got, err := r.bodyOf([]byte(members), map[string]any{"Type": "NB"}, vienna)
		if err != nil || !sameJSON(t, string(got), want) {
			t.Errorf("%s: %s %v\nwant %s", version, got, err, want)
		}
		got, err = r.bodyOf([]byte(`{"Start":null,"Asset":null}`), nil, vienna)
		if err != nil || !sameJSON(t, string(got), `{"StartDate":null,"StartTime":null,"Object":null}`) {
			t.Errorf("%s: %s %v", version, got, err)
		}
	}
	if _, err := (&reading{}).bodyOf([]byte(`[]`), nil, vienna); err == nil {
		t.Error("a list was taken")
	}
}

func TestAPickWithinAList(t *testing.T) {
	t.Parallel()
	r := &reading{readOptions: readOptions{Protocol: v2, Picks: map[string]pick{"Lines/Each": {"Price", map[string]string{"Per": "1"}}}}}
	record := `{"Before":[{"Price":"5.00","Per":"1"},{"Price":"7.00","Per":"100"}],"Lines":{"results":[{"Price":"5.00","Per":"1"},{"Price":"7.00","Per":"100"}]},"Z":1}`
	if got := string(r.shaped([]byte(record))); got != `{"Before":[{"Price":"5.00","Per":"1"},{"Price":"7.00","Per":"100"}],"Lines":[{"Price":"5.00","Per":"1","Each":"5.00"},{"Price":"7.00","Per":"100","Each":null}],"Z":1}` {
		t.Error(got)
	}
	if got := string(r.shaped([]byte(`{"Lines":{"results":[]}}`))); got != `{"Lines":[]}` {
		t.Error(got)
	}
	got, err := r.bodyOf([]byte(`{"Lines":[{"Each":"5.00"},{"N":1}]}`), nil, time.UTC)
	if err != nil || !sameJSON(t, string(got), `{"Lines":{"results":[{"Price":"5.00","Per":"1"},{"N":1}]}}`) {
		t.Errorf("%s %v", got, err)
	}
}

func TestAPickShowsItsOwnSortOnly(t *testing.T) {
	t.Parallel()
	r := &reading{readOptions: readOptions{Protocol: v4, Picks: map[string]pick{"Asset": {"Object", map[string]string{"Kind": "E"}}}}}
	for record, want := range map[string]string{
		`{"Object":"7","Kind":"E"}`: `{"Object":"7","Kind":"E","Asset":"7"}`, `{"Object":"7","Kind":"F"}`: `{"Object":"7","Kind":"F","Asset":null}`, `{}`: `{"Asset":null}`, `{"Kind":"E"}`: `{"Kind":"E","Asset":null}`,
	} {
		if got := string(r.shaped([]byte(record))); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
