package link_test

import (
	"slices"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/link"
	"github.com/busbar-dev/busbar/internal/problem"
)

// A customer names the address of the system. A vendor's secret that a form is completed with must not go there.
func TestACustomerCannotSendTheVendorsSecretElsewhere(t *testing.T) {
	w := newWorld(t)
	secret := map[string]string{"client_id": "vendor", "client_secret": password}
	_, err := w.PutApp(w.vendor(), w.project, "plant", "oauth2", secret)
	w.refused(err, problem.ValidationFailed)
	_, err = w.PutApp(w.vendor(), w.project, "plant", "basic", map[string]string{"password": password})
	w.refused(err, problem.ValidationFailed)
	must(w.PutApp(w.vendor(), w.project, "plant", "oauth2", map[string]string{"client_id": "vendor"}))
	secret["url"] = "https://erp.example.com"
	must(w.PutApp(w.vendor(), w.project, "plant", "oauth2", secret))
}

// Whoever holds a link can have logins tried at addresses of their choice: not without end.
func TestALinkTriesSoManyLogins(t *testing.T) {
	w := newWorld(t)
	_, plain := w.make(session())
	v, _ := w.browse(plain)
	wrong := login()
	wrong.Values["password"] = "wrong"
	const many = 20
	for i := range many {
		if i%2 == 0 {
			must(w.Check(t.Context(), v, wrong))
			continue
		}
		_, err := w.Connect(t.Context(), v, wrong)
		w.refused(err, problem.ValidationFailed)
	}
	_, err := w.Check(t.Context(), v, wrong)
	w.refused(err, problem.RateLimited)
	_, err = w.Connect(t.Context(), v, login())
	w.refused(err, problem.RateLimited)
	oauth := link.Login{Method: "oauth2", Values: map[string]string{"url": "https://erp.example.com", "client_id": "c", "client_secret": "s"}}
	_, err = w.Begin(t.Context(), v, oauth)
	w.refused(err, problem.RateLimited)
	if w.driver.probes != many {
		t.Errorf("the system was called %d times", w.driver.probes)
	}
	_, other := w.make(session())
	someone, _ := w.browse(other)
	must(w.Check(t.Context(), someone, wrong))
	w.pass(15 * time.Second)
	must(w.Connect(t.Context(), v, login()))
}

// A link that renews a login calls no other instance than the one that is connected.
func TestARenewalCallsNoOtherInstance(t *testing.T) {
	w := newWorld(t)
	l, plain := w.make(session())
	v, _ := w.browse(plain)
	must(w.Connect(t.Context(), v, login()))
	_, plain = w.make(link.New{Purpose: link.PurposeReauthorize, ConnectionID: l.ConnectionID})
	v, _ = w.browse(plain)
	elsewhere, before := login(), w.driver.probes
	elsewhere.Values["url"] = "https://evil.example.com"
	_, err := w.Check(t.Context(), v, elsewhere)
	w.refused(err, problem.Conflict)
	_, err = w.Connect(t.Context(), v, elsewhere)
	w.refused(err, problem.Conflict)
	oauth := link.Login{Method: "oauth2", Values: map[string]string{"url": "https://evil.example.com", "client_id": "c", "client_secret": "s"}}
	_, err = w.Begin(t.Context(), v, oauth)
	w.refused(err, problem.Conflict)
	if w.driver.probes != before {
		t.Errorf("another instance was called %d times", w.driver.probes-before)
	}
	must(w.Check(t.Context(), v, login()))
	must(w.Connect(t.Context(), v, login()))
}

// A check of a renewal looks at what its connection reads, and at nothing else.
func TestARenewalChecksWhatIsRead(t *testing.T) {
	w := newWorld(t)
	l, plain := w.make(session())
	v, _ := w.browse(plain)
	some := login()
	some.Entities = []string{"vendors"}
	must(w.Connect(t.Context(), v, some))
	_, plain = w.make(link.New{Purpose: link.PurposeReauthorize, ConnectionID: l.ConnectionID})
	v, _ = w.browse(plain)
	var looked []string
	for _, f := range must(w.Check(t.Context(), v, login())) {
		if f.Entity != "" {
			looked = append(looked, f.Entity)
		}
	}
	if !slices.Equal(looked, some.Entities) {
		t.Errorf("looked at %v, want %v", looked, some.Entities)
	}
}
