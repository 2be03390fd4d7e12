package rest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
)

// tickets is a list that takes all its conditions in one parameter, as SQL, and knows no other way to go on.
const tickets = `{path: tickets, query: {query: "queue = 'a b'", sort: id}, records: items, joined: {param: query, with: " AND ", around: "({})"},
  paging: {style: keyset, param: query, key: id, text: "id > '{}'", from: "0", size: n}, changed_since: {param: query, format: local-sql, text: "changed >= '{}'"},
  newest: {query: {query: "newest", sort: changed}}}`

func TestConditionsStandInOneParameter(t *testing.T) {
	t.Parallel()
	w := start(t, plainConnect, tickets, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		_, from, _ := strings.Cut(strings.TrimSuffix(q.Get("query"), "')"), "id > '")
		ids := ""
		for _, id := range "abcde" {
			if string(id) > from && len(ids) < 2 && len(q["query"]) == 1 {
				ids += string(id)
			}
		}
		fmt.Fprintf(w, `{"items":%s}`, records(ids))
	})
	ids, err := w.drain(driver.Request{Limit: 2, Since: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)})
	if ids != "abcde" || err != nil {
		t.Errorf("%s %v", ids, err)
	}
	want := []string{"(queue = 'a b' AND newest)"}
	for _, from := range []string{"0", "b", "d", "e"} {
		want = append(want, "(queue = 'a b' AND changed >= '2026-11-01 13:00:00' AND id > '"+from+"')")
	}
	for i, request := range *w.requests {
		u, err := url.Parse(request)
		if err != nil || i >= len(want) || u.Query().Get("query") != want[i] {
			t.Errorf("request %d asks for %s", i, request)
		}
	}
	if len(*w.requests) != len(want) {
		t.Errorf("%d requests", len(*w.requests))
	}
}

// A record that the system still shows though it is gone, or that became part of another, is none; the version comes from the header.
func TestOneRecordSaysThatItIsGone(t *testing.T) {
	t.Parallel()
	w := start(t, plainConnect, `{path: v, paging: {style: none}, one: {path: "v/{id}", etag: _etag, gone: {status: [deleted, void]}, other: gone}}`, func(w http.ResponseWriter, r *http.Request) {
		id := strings.TrimPrefix(r.URL.Path, "/api/v/")
		w.Header().Set("ETag", `"7"`)
		switch id {
		case "2":
			fmt.Fprint(w, `{"id":"2","status":"void"}`)
		case "3":
			fmt.Fprint(w, `{"id":"1","status":"open"}`)
		case "4":
			fmt.Fprint(w, `{"status":"open"}`)
		case "5":
			fmt.Fprint(w, `{"id":"5","_etag":"own"}`)
		default:
			fmt.Fprintf(w, ` {"id":%q, "status":"open"} `, id)
		}
	})
	for id, want := range map[string]string{"1": `{"_etag":"\"7\"","id":"1", "status":"open"}`, "2": "", "3": "", "4": "error", "5": "error"} {
		got, err := w.client.(driver.Writer).ReadOne(t.Context(), w.entity, id)
		if err != nil {
			got = []byte("error")
		}
		if string(got) != want {
			t.Errorf("%s: %s, want %s (%v)", id, got, want, err)
		}
	}
}
