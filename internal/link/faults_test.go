package link_test

import (
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/link"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// A redirect address is one of those that are registered, or none: whatever only looks like one is refused when the link is made.
func TestRedirectsThatOnlyLookRegistered(t *testing.T) {
	w := newWorld(t)
	const good = "https://app.example.com/a"
	for name, address := range map[string]string{
		"a path behind":          good + "/x",
		"a longer name":          good + "b",
		"a slash behind":         good + "/",
		"a point behind":         good + "/.",
		"up and down":            "https://app.example.com/x/../a",
		"another port":           "https://app.example.com:8443/a",
		"the port of the scheme": "https://app.example.com:443/a",
		"plain HTTP":             "http://app.example.com/a",
		"a login":                "https://user@app.example.com/a",
		"a login that is a host": "https://app.example.com@evil.example.com/a",
		"a fragment":             good + "#x",
		"an empty fragment":      good + "#",
		"a query":                good + "?x=1",
		"an empty query":         good + "?",
		"other letters":          "https://app.example.com/A",
		"another host's letters": "https://App.example.com/a",
		"another scheme's":       "HTTPS://app.example.com/a",
		"an encoded letter":      "https://app.example.com/%61",
		"an encoded slash":       "https://app.example.com%2fa",
		"a host below":           "https://x.app.example.com/a",
		"a host behind":          "https://app.example.com.evil.example.com/a",
		"a dot behind the host":  "https://app.example.com./a",
		"a backslash":            `https://app.example.com\a`,
		"a space":                good + " ",
		"a line end":             good + "\n",
		"no scheme":              "//app.example.com/a",
		"a script":               "javascript:alert(1)//" + good,
		"without its query":      "https://app.example.com/busbar/done",
		"with more query":        redirect + "&x=1",
	} {
		n := session()
		n.RedirectURI = address
		if _, _, err := w.Create(w.vendor(), w.project, n); !strings.Contains(w.refused(err, problem.ValidationFailed), "not valid") {
			t.Errorf("%s: %v", name, err)
		}
	}
	n := session()
	n.RedirectURI = good
	w.make(n)
}

// Customers are not shown simulators, but by a link that presets one, and in the demo.
func TestSimulatorsAreForTheDemo(t *testing.T) {
	w := newWorld(t)
	sys := plant()
	sys.Simulated = true
	n := session()
	n.System = ""
	_, open := w.make(n)
	_, preset := w.make(session())
	for _, demo := range []bool{false, true} {
		c := w.Config
		c.Systems, c.Simulators = systems{sys}, demo
		s := link.NewService(c)
		for plain, want := range map[string]bool{open: demo, preset: true} {
			if got := must(s.Systems(t.Context(), must(w.Open(t.Context(), plain, "")), "plant")); (len(got) == 1) != want {
				t.Errorf("demo %v: %d systems are shown, want %v", demo, len(got), want)
			}
		}
	}
}

// A project has so many open links, each with its pending connection; one that ends makes room.
func TestAProjectHasSoManyOpenLinks(t *testing.T) {
	w := newWorld(t)
	var first *store.LinkSession
	for i := range most {
		if l, _ := w.make(session()); i == 0 {
			first = l
		}
	}
	_, _, err := w.Create(w.vendor(), w.project, session())
	if says := w.refused(err, problem.Conflict); !strings.Contains(says, "--open-links") || !strings.Contains(says, "Revoke") {
		t.Error(says)
	}
	must(w.Revoke(w.vendor(), w.project, first.ID))
	w.make(session())
}
