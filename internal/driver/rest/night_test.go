package rest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/rest"
	"github.com/busbar-dev/busbar/internal/secret"
)

// nightly is a source that stamps changes with the time on its wall, and filters and sorts by that text or by what happened first.
type nightly struct {
	zone    *time.Location
	now     time.Time
	byText  bool
	changes []time.Time
}

const onTheWall = "2006-01-02T15:04:05"

func (n *nightly) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var list []string
	for i, at := range n.changes {
		stamp := at.In(n.zone).Format(onTheWall)
		if !at.After(n.now) && stamp >= r.FormValue("since") {
			list = append(list, fmt.Sprintf(`{"changed":%q,"id":"%d"}`, stamp, i))
		}
	}
	if n.byText {
		slices.Sort(list)
	}
	_, _ = fmt.Fprint(w, "["+strings.Join(list, ",")+"]")
}

// Through the nights in which clocks are changed, a source whose stamps have no zone is read every 17 minutes: no change is skipped.
func TestNoChangeIsSkippedInTheNightInWhichClocksAreChanged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, from string }{
		{"Europe/Berlin", "2026-10-24T22:00:00Z"}, {"Europe/Berlin", "2026-03-28T23:00:00Z"}, {"America/New_York", "2026-11-01T03:00:00Z"}, {"America/New_York", "2026-03-08T04:00:00Z"},
	} {
		for _, byText := range []bool{false, true} {
			for _, every := range []time.Duration{7 * time.Minute, 17 * time.Minute, 61 * time.Minute} {
				t.Run(fmt.Sprint(c.zone, c.from[:10], byText, every), func(t *testing.T) {
					t.Parallel()
					zone, err := time.LoadLocation(c.zone)
					if err != nil {
						t.Fatal(err)
					}
					begin, _ := time.Parse(time.RFC3339, c.from)
					source := &nightly{zone: zone, byText: byText, now: begin}
					for at := begin; at.Before(begin.Add(7 * time.Hour)); at = at.Add(193 * time.Second) {
						source.changes = append(source.changes, at)
					}
					got := source.follow(t, every)
					for i, at := range source.changes {
						if !got[fmt.Sprint(i)] {
							t.Errorf("the change of %s, %s there, was skipped", at, at.In(zone).Format(onTheWall))
						}
					}
				})
			}
		}
	}
}

// follow reads the changes again and again, as runs do: from the cursor, less the lookback.
func (n *nightly) follow(t *testing.T, every time.Duration) map[string]bool {
	w := start(t, plainConnect, `{path: v, order: modified, changed_since: {param: since, format: local-s}, paging: {style: none}}`, n.ServeHTTP)
	s, e := system(t, plainConnect, `{path: v, order: modified, changed_since: {param: since, format: local-s}, paging: {style: none}}`)
	c, err := rest.New().Open(s, driver.Config{HTTP: http.DefaultClient, Now: func() time.Time { return n.now }, TimeZone: n.zone,
		Credentials: secret.NewCredentials(map[string]string{"url": w.server.URL, "key": key, "user": "ann"})})
	if err != nil {
		t.Fatal(err)
	}
	got, cursor := map[string]bool{}, time.Time{}
	for end := n.now.Add(9 * time.Hour); n.now.Before(end); n.now = n.now.Add(every) {
		r := driver.Request{Entity: e, Limit: 500}
		if !cursor.IsZero() {
			r.Since = cursor.Add(-15 * time.Minute)
		}
		page, err := c.Fetch(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		for _, record := range page.Records {
			_, id, _ := strings.Cut(string(record), `"id":"`)
			got[strings.TrimSuffix(id, `"}`)] = true
		}
		if page.HighWater.After(n.now) {
			t.Errorf("at %s the cursor moves to %s", n.now, page.HighWater)
		}
		cursor = page.HighWater
	}
	return got
}

// In the hour that comes twice stamps go back by an hour, within a page and across its edge, and the list is in order all the same.
func TestStampsGoBackInTheHourThatComesTwice(t *testing.T) {
	t.Parallel()
	read := `{path: v, order: modified, records: data, paging: {style: cursor, param: c, next: next}}`
	for _, c := range []struct {
		pages [2][2]string
		kind  driver.Kind
	}{
		{[2][2]string{{"02:50", "02:10"}, {"02:40", "03:00"}}, ""},
		{[2][2]string{{"02:40", "02:50"}, {"02:10", "03:00"}}, ""},
		{[2][2]string{{"03:50", "03:10"}, {"04:00", "05:00"}}, driver.Torn},
		{[2][2]string{{"03:00", "03:50"}, {"02:50", "05:00"}}, driver.Torn},
	} {
		w := start(t, plainConnect, read, func(w http.ResponseWriter, r *http.Request) {
			n, next := number(r, "c"), `"1"`
			if n == 1 {
				next = "null"
			}
			_, _ = fmt.Fprintf(w, `{"next":%s,"data":[{"id":"%d","changed":"2026-10-25T%s"},{"id":"%d","changed":"2026-10-25T%s"}]}`, next, n, c.pages[n][0], n+2, c.pages[n][1])
		})
		if got, err := w.drain(driver.Request{}); driver.KindOf(err) != c.kind {
			t.Errorf("%v: %q, %v; want %q", c.pages, got, err, c.kind)
		}
	}
}
