package rest_test

import (
	"net/http"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
)

func TestReadOne(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, read string
		handler    http.HandlerFunc
		line       string
		want       string
		kind       driver.Kind
	}{
		{"below the list", noPaging, answer(200, "", " "+seven), "GET /api/vendors/7", seven, ""},
		{"within", `{path: v, paging: {style: none}, one: {path: "v/one", query: {key: "{id}", expand: all}, record: data/0}}`, answer(200, "", `{"data":[`+seven+`]}`),
			"GET /api/v/one?expand=all&key=7", seven, ""},
		{"no element", `{path: v, paging: {style: none}, one: {path: "v/{id}", record: data/0}}`, answer(200, "", `{"data":[]}`), "GET /api/v/7", "", ""},
		{"nothing where the record is", `{path: v, paging: {style: none}, one: {path: "v/{id}", record: data}}`, answer(200, "", `{"data":null}`), "GET /api/v/7", "", ""},
		{"no such place", `{path: v, paging: {style: none}, one: {path: "v/{id}", record: data}}`, answer(200, "", seven), "GET /api/v/7", "", driver.Torn},
		{"404", noPaging, answer(404, "", `{"error":{"code":"not_found"}}`), "GET /api/vendors/7", "", ""},
		{"410", noPaging, answer(410, "", `{"error":{"code":"deleted"}}`), "GET /api/vendors/7", "", ""},
		{"404 of something else", noPaging, answer(404, "", `{"path":"/api"}`), "GET /api/vendors/7", "", driver.Invalid},
		{"404 as a page", noPaging, answer(404, "", `<html>`), "GET /api/vendors/7", "", driver.NotSystem},
		{"another record", noPaging, answer(200, "", `{"id":"8"}`), "GET /api/vendors/7", "", driver.Torn},
		{"cut", noPaging, answer(200, "", seven[:10]), "GET /api/vendors/7", "", driver.Torn},
		{"failed", noPaging, answer(500, "", `{}`), "GET /api/vendors/7", "", driver.Fault},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := startWriting(t, plainConnect, c.read, c.handler)
			got, err := w.ReadOne(t.Context(), w.entity, "7")
			if string(got) != c.want || driver.KindOf(err) != c.kind || w.last(t).line != c.line {
				t.Errorf("%s gave %s, %v", w.last(t).line, got, err)
			}
		})
	}
}
