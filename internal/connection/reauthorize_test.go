package connection_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// Ids of two instances are the same small numbers: records of another one would pass for those of the first.
func TestReauthorizeKeepsTheInstance(t *testing.T) {
	t.Parallel()
	other := newSystem(t).server.URL
	for name, tt := range map[string]struct {
		method, field, value string
		names                string // of the fields that the refusal names
	}{
		"another database":    {"", "database", "plant-copy", "(database)"},
		"another host":        {"", "url", other, "(url)"},
		"another path":        {"", "url", "/second", "(url)"},
		"another company":     {"", "company", "2", "(company)"},
		"no database at all":  {"api_key", "key", canary, "(database, company)"},
		"the default company": {"", "company", "1", ""},
		"a slash more":        {"", "url", "/", ""},
		"another user":        {"", "username", "bob", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.create().Connection
			before := w.stored(c)
			form := map[string]string{tt.field: tt.value}
			if tt.method == "" {
				form["password"] = canary
			}
			if strings.HasPrefix(tt.value, "/") {
				form["url"] = w.system.server.URL + tt.value
			}
			err := w.Reauthorize(acting(t.Context()), c, connection.Renewal{AuthMethod: tt.method, Credentials: form})
			if tt.names == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantProblem(t, err, problem.Conflict, "", "")
			if text := fmt.Sprint(err); !strings.Contains(text, tt.names) || !strings.Contains(text, "same_instance") {
				t.Errorf("the refusal does not say what to do: %v", err)
			}
			if now := w.stored(c); !maps.Equal(now.Public, before.Public) || string(now.Credentials) != string(before.Credentials) {
				t.Errorf("a refused login was stored: %v", now.Public)
			}
		})
	}
}

func TestReauthorizeMovedInstance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.create().Connection
	earlier := w.stored(c)
	moved := connection.Renewal{SameInstance: true, Credentials: map[string]string{"url": newSystem(t).server.URL, "password": canary}}
	if err := w.Reauthorize(acting(t.Context()), c, moved); err != nil {
		t.Fatal(err)
	}
	if got := w.stored(c).Public["url"]; got != moved.Credentials["url"] {
		t.Errorf("the address is %s", got)
	}
	wantProblem(t, w.Reauthorize(acting(t.Context()), earlier, connection.Renewal{Credentials: map[string]string{"password": canary}}), problem.Conflict, "", "")
}

// TestReauthorizeAsksForWhatEnded: what the refused login ended is asked for again as it was; everything else reads what changed.
func TestReauthorizeAsksForWhatEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.create().Connection
	w.finish(c, store.Finish{State: store.RunComplete, CursorAt: w.clock()})
	request := func(mode store.Mode, entities ...string) {
		t.Helper()
		err := w.store.Write(t.Context(), func(tx *store.Tx) error {
			_, err := w.Syncs.RequestTx(t.Context(), tx, w.stored(c), entities, mode, store.TriggerManual)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	request(store.Full, "vendors")
	request(store.Incremental, "items")
	w.finish(c, store.Finish{State: store.RunFailed, ReasonCode: problem.ReasonCredentialsRefused, ReasonDetail: "no"})
	if _, err := w.Report(t.Context(), w.stored(c), &driver.Error{Kind: driver.Credentials, Detail: "no"}); err != nil {
		t.Fatal(err)
	}
	w.wantState(c, store.ConnectionNeedsReauth)
	if err := w.Reauthorize(acting(t.Context()), w.stored(c), connection.Renewal{Credentials: w.login()}); err != nil {
		t.Fatal(err)
	}
	runs, err := w.store.RunnableRuns(t.Context(), c.Scope(), w.clock())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]store.Mode{}
	for _, run := range runs {
		got[run.Entity] = run.Mode
	}
	if want := (map[string]store.Mode{"vendors": store.Full, "items": store.Incremental, "purchase-orders": store.Incremental}); !maps.Equal(got, want) {
		t.Errorf("asked for are %v, want %v", got, want)
	}
}
