package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
)

const speaking = `{url: "{url}", auth: {style: bearer, token: "{key}"}, probe: {path: ping}, errors: {message: message,
  sentences: [{like: "is not valid\\.$", means: invalid}, {like: "^Not allowed$", means: permission}, {like: "^T\\d+: \\w+ changed", means: done}]}}`

// TestSentences: an answer in sentences is definite when all of them say the same.
func TestSentences(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct {
		fate driver.Fate // "" for a write that was done
		says string
	}{
		`["T1: A changed from 'x' to 'y'"]`:                       {"", ""},
		` ["T1: A changed","T1: B changed"] `:                     {"", ""},
		`["T1: A changed to 'Not allowed'"]`:                      {"", ""},
		`{"id":"7"}`:                                              {"", ""},
		`["T1: 'z' is not valid."]`:                               {driver.Refused, "'z' is not valid."},
		`["Not allowed","T1: 'z' is not valid."]`:                 {driver.Refused, "Not allowed"},
		`["T1: A changed from 'x' to 'y'","T1: z is not valid."]`: {driver.Unknown, "only a part of it: T1: z is not valid."},
		`["T1: A changed","T1: Betreff geändert"]`:                {driver.Unknown, "do not tell"},
		`["Nicht erlaubt"]`:                                       {driver.Unknown, "do not tell"},
		`[null]`:                                                  {driver.Unknown, "do not tell"},
		`[]`:                                                      {driver.Unknown, "does not say that it did anything"},
		`[1]`:                                                     {driver.Unknown, "not the JSON"},
		`["T1: A changed`:                                         {driver.Unknown, "not the JSON"},
	} {
		w := startWriting(t, speaking, noPaging, answer(200, "", body), offer(manifest.Update, `{method: PUT, path: "vendors/{id}", answer: none}`))
		_, err := w.Write(t.Context(), w.command(manifest.Update))
		if (err == nil) != (want.fate == "") || err != nil && (driver.FateOf(err) != want.fate || !strings.Contains(err.Error(), want.says)) {
			t.Errorf("%s: %v", body, err)
		}
	}
	w := startWriting(t, speaking, noPaging, answer(400, "", `{"message":"No."}`), offer(manifest.Update, `{method: PUT, path: "vendors/{id}", answer: none}`))
	if _, err := w.Write(t.Context(), w.command(manifest.Update)); driver.FateOf(err) != driver.Refused {
		t.Errorf("a status goes before sentences: %v", err)
	}
}

// TestASearchIsBelieved: where nothing is found, it must be shown that something could be; a mark may be shown elsewhere than it is written.
func TestASearchIsBelieved(t *testing.T) {
	t.Parallel()
	const find = `{param: q, text: "ref = '{}'", shows: "fields/*/values/*", sure: {query: {q: "ref is set"}}}`
	for _, c := range []struct {
		name, found, sure, want string
	}{
		{"found", `[{"id":"1","fields":[{"values":[]},{"values":["other","bb1"]}]}]`, `[]`, "1"},
		{"another's", `[{"id":"1","fields":[{"values":["bb2"]}]}]`, `[{"id":"1"}]`, ""},
		{"none", `[]`, `[{"id":"1"}]`, ""},
		{"never any", `[]`, `[]`, "a search for one proves nothing"},
		{"not shown", `[{"id":"1","fields":[]}]`, `[{"id":"1"}]`, "does not show fields/*/values/*"},
	} {
		w := startWriting(t, plainConnect, `{path: vendors, query: {q: "all"}, joined: {param: q, with: " and "}, paging: {style: none}}`, func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Query().Get("q") {
			case "all and ref = 'bb1'":
				_, _ = w.Write([]byte(c.found))
			case "all and ref is set":
				_, _ = w.Write([]byte(c.sure))
			default:
				_, _ = w.Write([]byte(`{"id":"1","fields":[]}`))
			}
		})
		found, err := w.Search(t.Context(), driver.Search{Entity: w.entity, Rung: rung(t, manifest.W3, find), Value: "bb1"})
		got := ""
		if err != nil {
			got = err.Error()
		}
		for _, record := range found {
			got += member(t, record, "id")
		}
		if !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}
