package trytonrpc_test

import (
	"io/fs"
	"testing"
	"testing/fstest"
	"time"

	"github.com/busbar-dev/busbar/connectors"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/trytonrpc"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/realsys/tryton"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/model"
)

// connector loads connectors/tryton alone.
func connector(t testing.TB) *manifest.System {
	t.Helper()
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	folder := fstest.MapFS{}
	for _, name := range []string{"tryton/manifest.yaml", "tryton/guide.md"} {
		text, err := fs.ReadFile(connectors.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		folder[name] = &fstest.MapFile{Data: text}
	}
	r, err := manifest.Load(folder, m, map[string]manifest.Checker{trytonrpc.Name: trytonrpc.New()})
	if err != nil {
		t.Fatal(err)
	}
	return r.System("tryton")
}

// TestLiveConnector reads every entity of the manifest to its end, in full and by changes.
func TestLiveConnector(t *testing.T) {
	t.Parallel()
	system := connector(t)
	s := tryton.Start(t)
	c, err := trytonrpc.New().Open(system, driver.Config{Credentials: secret.NewCredentials(admin(s)),
		HTTP: loopback(t, s.URL).Client(egress.ClientConfig{}), Now: time.Now, TimeZone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	for _, e := range system.Entities {
		t.Run(e.Name, func(t *testing.T) {
			records, pages := drain(t, c, driver.Request{Entity: e, Limit: 150, HistoryFrom: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)})
			if total := pages[0].Total; len(records) == 0 || total >= 0 && int(total) != len(records) {
				t.Errorf("%d records, the source counts %d", len(records), total)
			}
			if e.Cursor == nil {
				return
			}
			since := pages[0].HighWater
			if since.IsZero() {
				t.Fatal("no high water")
			}
			if changed, _ := drain(t, c, driver.Request{Entity: e, Since: since.Add(time.Microsecond)}); len(changed) != 0 {
				t.Errorf("nothing changed, yet these came: %v", ids(changed))
			}
		})
	}
}
