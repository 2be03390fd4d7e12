package rest_test

import (
	"net/http"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
)

const fates = `{url: "{url}", auth: {style: bearer, token: "{key}"}, probe: {path: ping},
  errors: {failure: error, success: {path: status, value: ok}, code: error/code, message: error/message, kinds: {taken: duplicate, stale: conflict, busy: rate-limited, broken: fault, missing: gone}}}`

// TestFates: only what the system itself says, completely and validly, is definite.
func TestFates(t *testing.T) {
	t.Parallel()
	said := func(code string) string { return `{"error":{"code":"` + code + `","message":"No."}}` }
	const bare = `{url: "{url}", auth: {style: bearer, token: "{key}"}, probe: {path: ping}}`
	all := func(f driver.Fate) [3]driver.Fate { return [3]driver.Fate{f, f, f} }
	for _, c := range []struct {
		name, connect string
		handler       http.HandlerFunc
		want          [3]driver.Fate // create, update, delete
	}{
		{"400", fates, answer(400, "", said("x")), all(driver.Refused)},
		{"400 without the system's words", fates, answer(400, "", `{"message":"upstream"}`), all(driver.Unknown)},
		{"400 of a gateway", fates, answer(400, "", `Bad Request`), all(driver.Unknown)},
		{"400 as a page", fates, answer(400, "Content-Type: text/html", `<h1>Bad Request</h1>`), all(driver.Unknown)},
		{"400 without a body", fates, answer(400, "", ""), all(driver.Unknown)},
		{"400 cut off", fates, answer(400, "Content-Length: 200", said("x")), all(driver.Unknown)},
		{"400 of a system without words", bare, answer(400, "", ""), all(driver.Refused)},
		{"400 of a system with any words", bare, answer(400, "", `{"anything":1}`), all(driver.Refused)},
		{"401", fates, answer(401, "", said("x")), all(driver.NotSent)},
		{"401 without a body", fates, answer(401, "", ""), all(driver.NotSent)},
		{"401 as a page", fates, answer(401, "", "<html>"), all(driver.Unknown)},
		{"403", fates, answer(403, "", said("x")), all(driver.Refused)},
		{"403 as a page", fates, answer(403, "", "<html>"), all(driver.Unknown)},
		{"404", fates, answer(404, "", said("x")), [3]driver.Fate{driver.Refused, driver.Missing, driver.Missing}},
		{"404 as a page", fates, answer(404, "", "<html>"), all(driver.Unknown)},
		{"408", fates, answer(408, "", said("x")), all(driver.Unknown)},
		{"409", fates, answer(409, "", said("x")), [3]driver.Fate{driver.Doubled, driver.Conflicts, driver.Refused}},
		{"409 by its code", fates, answer(409, "", said("stale")), all(driver.Conflicts)},
		{"410", fates, answer(410, "", said("x")), [3]driver.Fate{driver.Refused, driver.Missing, driver.Missing}},
		{"412", fates, answer(412, "", ""), [3]driver.Fate{driver.Doubled, driver.Conflicts, driver.Conflicts}},
		{"413", fates, answer(413, "", said("x")), all(driver.Refused)},
		{"422 by its code", fates, answer(422, "", said("taken")), all(driver.Doubled)},
		{"422 gone by its code", fates, answer(422, "", said("missing")), all(driver.Missing)},
		{"429", fates, answer(429, "", said("x")), all(driver.NotSent)},
		{"429 without a body", fates, answer(429, "", ""), all(driver.NotSent)},
		{"429 as a page that says when", fates, answer(429, "Retry-After: 7", "<html>"), all(driver.Unknown)},
		{"429 as text that says when", fates, answer(429, "Retry-After: 7", "slow down"), all(driver.NotSent)},
		{"500", fates, answer(500, "", said("x")), all(driver.Unknown)},
		{"500 by its code", fates, answer(500, "", said("taken")), all(driver.Doubled)},
		{"503", fates, answer(503, "Retry-After: 7", said("x")), all(driver.Unknown)},
		{"503 by its code", fates, answer(503, "", said("busy")), all(driver.NotSent)},
		{"302", fates, answer(302, "Location: /login", said("x")), all(driver.Unknown)},
		{"307", fates, answer(307, "Location: /v2/vendors", said("x")), all(driver.Unknown)},
		{"error in a 200", fates, answer(200, "", said("x")), all(driver.Refused)},
		{"error in a 200 that left it open", fates, answer(200, "", said("broken")), all(driver.Unknown)},
		{"a 200 that denies success", fates, answer(200, "", `{"status":"no"}`), all(driver.Refused)},
		{"a 200 that says nothing of success", fates, answer(200, "", `{"id":"7"}`), all(driver.Unknown)},
		{"a cut error in a 200", fates, answer(200, "", said("x")[:20]), all(driver.Unknown)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := startWriting(t, c.connect, noPaging, c.handler, offer(manifest.Create, plainCreate), offer(manifest.Update, plainUpdate), offer(manifest.Delete, plainDelete))
			for i, op := range manifest.Ops() {
				_, err := w.Write(t.Context(), w.command(op))
				if err == nil || driver.FateOf(err) != c.want[i] || len(w.seen) != i+1 {
					t.Errorf("%s: %s, want %s; %v", op, driver.FateOf(err), c.want[i], err)
				}
			}
		})
	}
}
