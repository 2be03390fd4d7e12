package odata_test

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/sim/s4"
)

func distinct(ids []string) int {
	sorted := slices.Clone(ids)
	slices.Sort(sorted)
	return len(slices.Compact(sorted))
}

func TestEveryRecordIsReadWhateverTheServerGivesAtOnce(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, entity string) {
		_, c, e := world(t, entity, "", s4.Options{Counts: s4.Counts{Orders: 101}, Cap: 10})
		for _, limit := range []int{1, 4, 10, 25, 101, 5000} {
			var high time.Time
			pages := 0
			ids := read(t, c, driver.Request{Entity: e, Limit: limit}, func(p *driver.Page) {
				if pages++; pages == 1 {
					high = p.HighWater
					if p.Total != 101 {
						t.Errorf("limit %d: counted %d", limit, p.Total)
					}
				}
				if p.Unproved || p.Ordered {
					t.Errorf("limit %d: %+v", limit, p)
				}
			})
			if len(ids) != 101 || distinct(ids) != 101 || high.IsZero() {
				t.Errorf("limit %d: %d records, %d of them distinct, up to %s", limit, len(ids), distinct(ids), high)
			}
		}
	})
}

func TestRecordsThatMoveBetweenPagesAreNotLost(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, entity string) {
		sim, c, e := world(t, entity, "", s4.Options{Counts: s4.Counts{Orders: 40}})
		since := time.Now().AddDate(-1, 0, 0)
		var last time.Time
		pages := 0
		ids := read(t, c, driver.Request{Entity: e, Limit: 6, Since: since}, func(p *driver.Page) {
			if pages++; pages == 2 { // one that was read, one that was not, one that goes
				for _, id := range []string{"4500000001", "4500000030", "4500000031"} {
					if err := sim.Touch(t.Context(), "purchase-orders", id); err != nil {
						t.Fatal(err)
					}
				}
				_ = sim.Remove(t.Context(), "purchase-orders", "4500000005")
			}
			if !p.Ordered || len(p.Records) > 0 && (p.HighWater.IsZero() || p.HighWater.Before(last)) {
				t.Errorf("page %d: %v, up to %s after %s", pages, p.Ordered, p.HighWater, last)
			}
			last = p.HighWater
		})
		if distinct(ids) != 40 || ids[len(ids)-1] != "4500000031" {
			t.Errorf("%d of 40, the last %v", distinct(ids), ids[len(ids)-3:])
		}
	})
}

func TestHistoryIsAskedForByDay(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, entity string) {
		_, c, e := world(t, entity, "", s4.Options{})
		from := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -5)
		some := read(t, c, driver.Request{Entity: e, Limit: 50, HistoryFrom: from}, nil)
		all := read(t, c, driver.Request{Entity: e, Limit: 50, HistoryFrom: from.AddDate(-1, 0, 0)}, nil)
		if len(some) == 0 || len(some) >= len(all) || len(all) != 80 {
			t.Errorf("%d of %d", len(some), len(all))
		}
	})
}

func TestLinksAreFollowedAndProveNothingOfWhatMoves(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, entity string) {
		sim, c, e := world(t, entity, ", paging: {style: link}", s4.Options{Counts: s4.Counts{Orders: 35}, Cap: 10})
		pages := 0
		ids := read(t, c, driver.Request{Entity: e}, func(p *driver.Page) {
			if pages++; !p.Unproved || !p.HighWater.IsZero() {
				t.Errorf("page %d: %+v", pages, p)
			}
		})
		if distinct(ids) != 35 || pages != 4 {
			t.Errorf("%d in %d pages", distinct(ids), pages)
		}
		stable := system(t, entity, ", paging: {style: link}, stable: true")
		read(t, open(t, stable, sim.URL()), driver.Request{Entity: stable.Entities[0]}, func(p *driver.Page) {
			if p.Unproved {
				t.Errorf("%+v", p)
			}
		})
	})
}

func TestLinksThatLeadElsewhereAreNotFollowed(t *testing.T) {
	t.Parallel()
	for link, words := range map[string]string{
		"https://evil.example/x": "another host", "//evil.example/x": "another host", "http://u:p@HOST/x": "another host", "http://HOST//evil.example/x": "not one", "SAME": "never end", "::": "never end",
	} {
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			next := strings.ReplaceAll(strings.ReplaceAll(link, "HOST", r.Host), "SAME", r.URL.RequestURI())
			if link == "::" {
				next = r.URL.Path + "?again"
			}
			_, _ = fmt.Fprintf(w, `{"d":{"results":[{"PurchaseOrder":"1","LastChangeDateTime":"/Date(1769905140000+0000)/"}],"__next":%q}}`, next)
		})
		s := system(t, orders2, ", paging: {style: link}")
		c := open(t, s, url)
		r := driver.Request{Entity: s.Entities[0]}
		page, err := c.Fetch(t.Context(), r)
		if err == nil {
			r.Token = page.Next
			_, err = c.Fetch(t.Context(), r)
		}
		wants(t, err, driver.Torn, driver.Unknown, words)
	}
}

// The server keeps microseconds and shows milliseconds: all its records are behind the millisecond that it shows.
func TestStampsThatAreFinerThanShownEndAndLoseNothing(t *testing.T) {
	t.Parallel()
	for _, count := range []string{"", ", count: false"} {
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			top := 0
			_, _ = fmt.Sscan(r.URL.Query().Get("$top"), &top)
			var records []string
			for i := range min(top, 7) {
				records = append(records, fmt.Sprintf(`{"PurchaseOrder":"%d","LastChangeDateTime":"/Date(1769905140123+0000)/"}`, i))
			}
			counted := ""
			if r.URL.Query().Has("$inlinecount") {
				counted = `,"__count":"7"`
			}
			_, _ = fmt.Fprintf(w, `{"d":{"results":[%s]%s}}`, strings.Join(records, ","), counted)
		})
		s := system(t, orders2, count)
		ids := read(t, open(t, s, url), driver.Request{Entity: s.Entities[0], Limit: 3, Since: time.Unix(1, 0)}, nil)
		if distinct(ids) != 7 {
			t.Errorf("%d of 7", distinct(ids))
		}
	}
}

func TestAListThatIsCutSilentlyIsReadOn(t *testing.T) {
	t.Parallel()
	key := regexp.MustCompile(`PurchaseOrder gt '(\d+)'`)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		from, total := 0, 23
		if m := key.FindStringSubmatch(r.URL.Query().Get("$filter")); m != nil {
			_, _ = fmt.Sscan(m[1], &from)
		}
		var records []string
		for i := from + 1; i <= min(from+5, total); i++ { // never more than five, and no link
			records = append(records, fmt.Sprintf(`{"PurchaseOrder":"%02d","LastChangeDateTime":"/Date(1769905140123+0000)/"}`, i))
		}
		_, _ = fmt.Fprintf(w, `{"d":{"results":[%s],"__count":"%d"}}`, strings.Join(records, ","), total)
	})
	s := system(t, orders2, "")
	if ids := read(t, open(t, s, url), driver.Request{Entity: s.Entities[0], Limit: 100}, nil); distinct(ids) != 23 {
		t.Errorf("%d of 23", distinct(ids))
	}
}

// TestAListThatIsCutSilentlyWhileItGrowsIsReadOn: the count of before proves no end when a page is as long as those that were cut.
func TestAListThatIsCutSilentlyWhileItGrowsIsReadOn(t *testing.T) {
	t.Parallel()
	key := regexp.MustCompile(`PurchaseOrder gt '(\d+)'`)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		from, total := 0, 10
		if m := key.FindStringSubmatch(r.URL.Query().Get("$filter")); m != nil {
			_, _ = fmt.Sscan(m[1], &from)
			total++ // another one was made behind the first page
		}
		var records []string
		for i := from + 1; i <= min(from+5, total); i++ {
			records = append(records, fmt.Sprintf(`{"PurchaseOrder":"%02d","LastChangeDateTime":"/Date(1769905140123+0000)/"}`, i))
		}
		_, _ = fmt.Fprintf(w, `{"d":{"results":[%s],"__count":"%d"}}`, strings.Join(records, ","), total)
	})
	s := system(t, orders2, "")
	if ids := read(t, open(t, s, url), driver.Request{Entity: s.Entities[0], Limit: 100}, nil); distinct(ids) != 11 {
		t.Errorf("%d of 11", distinct(ids))
	}
}

func TestAPageThatIsShuffledIsNotBelieved(t *testing.T) {
	t.Parallel()
	for stamps, words := range map[string]string{
		"1 4 2 5": "order of modification", "1 none 3": "", "1 none": "does not say when", "3 none 1 4": "order of modification", "1 1 2 3": "",
	} {
		var records []string
		for i, stamp := range strings.Fields(stamps) {
			records = append(records, strings.ReplaceAll(fmt.Sprintf(`{"PurchaseOrder":"%d","LastChangeDateTime":"/Date(176990514012%s+0000)/"}`, i, stamp), `"/Date(176990514012none+0000)/"`, "null"))
		}
		s := system(t, orders2, "")
		_, err := open(t, s, serve(t, says(200, "application/json", `{"d":{"results":[`+strings.Join(records, ",")+`],"__count":"9"}}`))).
			Fetch(t.Context(), driver.Request{Entity: s.Entities[0], Since: time.Unix(1, 0)})
		if words == "" && err != nil {
			t.Errorf("%s: %v", stamps, err)
		} else if words != "" {
			wants(t, err, driver.Torn, driver.Unknown, words)
		}
	}
}

func TestAnswersThatAreNoListAreNotBelieved(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status     int
		kind, body string
		want       driver.Kind
		words      string
	}{
		{200, "application/json", `{"value":[]}`, driver.Torn, "right version"},
		{200, "application/json", `{"d":{"results":[{"PurchaseOrder":"1"}`, driver.Torn, "cut off"},
		{200, "application/json", `{"d":{"results":[{"LastChangeDateTime":"/Date(1+0000)/"}]}}`, driver.Torn, "no key"},
		{200, "text/html", `<html>login</html>`, driver.NotSystem, "web page"},
		{302, "", ``, driver.NotSystem, "redirects"},
		{401, "text/html", `<html>401</html>`, driver.Credentials, "refuses the login"},
		{403, "application/json", `{"error":{"code":"/IWFND/MED/170","message":{"lang":"en","value":"No service found"}}}`, driver.Permission, "No service found"},
		{400, "application/json", `{"error":{"code":"X","message":"Bad filter","details":[{"message":"Bad filter"},{"message":"At position 3"}]}}`, driver.Invalid, "Bad filter At position 3"},
		{400, "application/xml", `<?xml version="1.0"?><error xmlns="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"><code>005</code><message xml:lang="en">Invalid property</message></error>`, driver.Invalid, "Invalid property"},
		{503, "text/html", `<html>down</html>`, driver.Fault, "failed"},
		{429, "application/json", ``, driver.RateLimited, "asks to wait"},
	} {
		s := system(t, orders2, "")
		_, err := open(t, s, serve(t, says(c.status, c.kind, c.body))).Fetch(t.Context(), driver.Request{Entity: s.Entities[0], Since: time.Unix(1, 0)})
		if driver.KindOf(err) != c.want || !strings.Contains(fmt.Sprint(err), c.words) || strings.Contains(fmt.Sprint(err), s4.DefaultPassword) {
			t.Errorf("%d %s: %v", c.status, c.body, err)
		}
	}
}

func TestListsWithinARecordAreReadToTheirEnd(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, entity string) {
		v2 := strings.Contains(entity, "protocol: v2")
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			item, first := `{"PurchaseOrderItem":"%s","OrderQuantity":"1"}`, r.URL.Query().Get("$skiptoken")
			items, next := fmt.Sprintf("["+item+"]", first+"1"), "Items?$skiptoken="+first+"1"
			if first == "11" {
				next = ""
			}
			switch {
			case first != "" && v2:
				_, _ = fmt.Fprintf(w, `{"d":{"results":%s,"__next":%q}}`, items, next)
			case first != "":
				_, _ = fmt.Fprintf(w, `{"value":%s,"@odata.nextLink":%q}`, items, next)
			case v2:
				_, _ = fmt.Fprintf(w, `{"d":{"results":[{"PurchaseOrder":"1","to_PurchaseOrderItem":{"results":%s,"__next":%q}}],"__count":"1"}}`, items, next)
			default:
				_, _ = fmt.Fprintf(w, `{"value":[{"PurchaseOrder":"1","_PurchaseOrderItem":%s,"_PurchaseOrderItem@odata.nextLink":%q}],"@odata.count":1}`, items, next)
			}
		})
		s := system(t, strings.Replace(entity, "cursor: {precision: 1ms}\n    history: PurchaseOrderDate", "deletions: sweep", 1), "")
		page, err := open(t, s, url).Fetch(t.Context(), driver.Request{Entity: s.Entities[0]})
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range []string{`"1"`, `"11"`, `"111"`} {
			if !strings.Contains(string(page.Records[0]), `"PurchaseOrderItem":`+item) {
				t.Errorf("%s lacks %s", page.Records[0], item)
			}
		}
	})
}

// TestAListWithinARecordThatNeverEndsFillsNoMemory: each of its pages is small enough, and leads on.
func TestAListWithinARecordThatNeverEndsFillsNoMemory(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("x", 7<<20)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		from := r.URL.Query().Get("$skiptoken")
		if from == "" {
			_, _ = io.WriteString(w, `{"d":{"results":[{"PurchaseOrder":"1","to_PurchaseOrderItem":{"results":[],"__next":"Items?$skiptoken=1"}}],"__count":"1"}}`)
			return
		}
		_, _ = fmt.Fprintf(w, `{"d":{"results":[{"PurchaseOrderItem":%q,"Text":%q}],"__next":"Items?$skiptoken=1%s"}}`, from, text, from)
	})
	s := system(t, strings.Replace(orders2, "cursor: {precision: 1ms}\n    history: PurchaseOrderDate", "deletions: sweep", 1), "")
	_, err := open(t, s, url).Fetch(t.Context(), driver.Request{Entity: s.Entities[0]})
	wants(t, err, driver.TooLarge, driver.Unknown, "larger than allowed")
}
