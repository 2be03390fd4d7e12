package rest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/model"
)

// rung makes a way to find out.
func rung(t *testing.T, class manifest.Class, find string) *manifest.Rung {
	t.Helper()
	return &manifest.Rung{Class: class, Key: "code", Member: manifest.Path{"ref"}, Find: options(t, find, "entities.vendors.operations.create.reconcile.0.find")}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	type row struct {
		ID   string  `json:"id"`
		No   string  `json:"no"`
		Ref  *string `json:"ref,omitempty"`
		Made string  `json:"made"`
	}
	ref := func(s string) *string { return &s }
	many := make([]row, 60)
	for i := range many {
		many[i] = row{ID: fmt.Sprint("m", i), Ref: ref("bb1"), Made: "2026-11-20T09:00:00Z"}
	}
	own, other := row{ID: "1", No: "V-1", Ref: ref("bb1"), Made: "2026-11-20T09:00:00Z"}, row{ID: "2", No: "V-2", Ref: ref("bb2"), Made: "2026-11-19T09:00:00Z"}
	hidden := row{ID: "3", Made: "2026-11-20T09:30:00Z"}
	const byRef, byNo, since = `{param: ref}`, `{path: find, query: {f: "1"}, param: q, text: "no eq '{}'"}`, `{since: {param: from, format: rfc3339-s}}`
	for _, c := range []struct {
		name  string
		class manifest.Class
		find  string
		value string
		rows  []row
		line  string // of the first request
		want  string // ids, or an error's words
	}{
		{"mark", manifest.W3, byRef, "bb1", []row{own}, "/api/vendors?page=1&ref=bb1&size=40", "1"},
		{"none", manifest.W3, byRef, "bb1", []row{}, "", ""},
		{"the filter is not known", manifest.W3, byRef, "bb1", []row{other, own, other}, "", "1"},
		{"the list does not show the mark", manifest.W3, byRef, "bb1", []row{hidden}, "", "3"},
		{"nor does the record", manifest.W3, byRef, "bb1", []row{{ID: "4"}}, "", "does not show ref"},
		{"it is gone meanwhile", manifest.W3, byRef, "bb1", []row{{ID: "5"}}, "", ""},
		{"too many", manifest.W3, byRef, "bb1", many, "", "more than 50"},
		{"two pages", manifest.W3, byRef, "bb1", many[:45], "", "all 45"},
		{"key", manifest.W2, byNo, "v-1", []row{own, other}, "/api/find?f=1&page=1&q=no+eq+%27v-1%27&size=40", "1"},
		{"key with a quote", manifest.W2, byNo, "O'Neil {key}", []row{{ID: "6", No: "O'Neil {key}"}}, "/api/find?f=1&page=1&q=no+eq+%27O%27%27Neil+%7Bkey%7D%27&size=40", "6"},
		{"time", manifest.W4, since, "", []row{own, other, hidden}, "/api/vendors?from=2026-11-20T08%3A00%3A00Z&page=1&size=40", "1 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := startWriting(t, plainConnect, `{path: vendors, records: data, total: total, paging: {style: cursor, param: page, next: next, size: size, max: 40}}`, func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/api/vendors/3":
					_, _ = io.WriteString(w, `{"id":"3","ref":"bb1"}`)
				case "/api/vendors/4":
					_, _ = io.WriteString(w, `{"id":"4"}`)
				case "/api/vendors/5":
					answer(404, "", `{"error":{"code":"gone_for_good"}}`)(w, r)
				default:
					page := map[string]any{"data": c.rows[:min(40, len(c.rows))], "total": len(c.rows), "next": "2"}
					if r.FormValue("page") == "2" || len(c.rows) <= 40 {
						page["data"], page["next"] = c.rows[max(0, len(c.rows)-20):], ""
					}
					if r.FormValue("page") == "2" {
						page["data"] = c.rows[40:]
					}
					_ = json.NewEncoder(w).Encode(page)
				}
			})
			w.entity.Fields = []*manifest.FieldMap{{Field: &model.Field{Name: "code"}, From: []manifest.Path{{"no"}}}}
			found, err := w.Search(t.Context(), driver.Search{Entity: w.entity, Rung: rung(t, c.class, c.find), Value: c.value, Since: now.Add(-90 * time.Minute)})
			var ids []string
			for _, record := range found {
				var r row
				if err := json.Unmarshal(record, &r); err != nil {
					t.Fatal(err)
				}
				ids = append(ids, r.ID)
			}
			switch {
			case c.want == "all 45" && len(ids) != 45, c.want != "all 45" && err == nil && strings.Join(ids, " ") != c.want, err != nil && (c.want == "" || !strings.Contains(err.Error(), c.want)):
				t.Errorf("found %v, %v", ids, err)
			}
			if first := w.seen[0].line; c.line != "" && strings.TrimPrefix(first, "GET ") != strings.Replace(c.line, "page=1&", "", 1) {
				t.Errorf("asked %s", first)
			}
		})
	}
}
