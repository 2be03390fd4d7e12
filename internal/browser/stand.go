package browser

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/app"
	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/sim/erp"
	"github.com/busbar-dev/busbar/internal/store"
)

// Stand is a Busbar that answers on 127.0.0.1, with a project that has a key and a simulated ERP that it may connect. Nothing happens in the background: App.Step does it.
type Stand struct {
	*app.App
	URL     string
	Key     string
	Project string
	Data    string // the directory of its data
	ERP     *erp.Server
	Refuse  atomic.Value // string: the list of the ERP that the login may not read; empty: none
}

// NewStand starts one. The project has these settings.
func NewStand(t *testing.T, settings map[string]any) *Stand {
	t.Helper()
	return newStand(t, settings, nil, nil)
}

func newStand(t *testing.T, settings map[string]any, login *erp.OAuth, connectors []fs.FS) *Stand {
	t.Helper()
	s := &Stand{}
	s.Refuse.Store("")
	s.ERP = startERP(t, s, login)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	check(t, err)
	s.URL = "http://" + l.Addr().String()
	dir := t.TempDir()
	s.Data = dir
	rules, err := allow.ParseAll([]string{"127.0.0.1/32:*"})
	check(t, err)
	s.App, err = app.Open(t.Context(), app.Options{
		Data: dir, MasterKey: filepath.Join(dir, "master.key"), Allow: rules, Log: slog.New(slog.DiscardHandler), Now: time.Now, Version: "test", PublicURL: s.URL,
		Connectors: connectors, Demo: true,
	})
	check(t, err)
	server := &http.Server{Handler: s.Handler, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { check(t, errors.Join(server.Close(), s.Close(context.WithoutCancel(t.Context())))) })
	s.project(t, settings)
	return s
}

func startERP(t *testing.T, s *Stand, login *erp.OAuth) *erp.Server {
	t.Helper()
	e, err := erp.Open(erp.Options{OAuth: login, Counts: erp.Counts{Vendors: 20, Customers: 5, Items: 20, Stock: 20, Orders: 10, SalesOrders: 5, Requisitions: 5}, Fault: func(r *http.Request) *erp.Fault {
		if list := s.Refuse.Load().(string); list != "" && r.URL.Path == "/api/v1/"+list {
			return &erp.Fault{Status: http.StatusForbidden}
		}
		return nil
	}})
	check(t, err)
	check(t, e.Start(""))
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func (s *Stand) project(t *testing.T, settings map[string]any) {
	t.Helper()
	ctx := audit.By(t.Context(), audit.Actor{Kind: audit.Command, Name: "test", At: time.Now()})
	project, err := s.Connections.EnsureFirstKey(ctx, false, func(plain string) error { s.Key = plain; return nil })
	check(t, err)
	s.Project = project.ID
	text, err := json.Marshal(settings)
	check(t, err)
	check(t, s.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.SetProjectSettings(t.Context(), project.ID, text) }))
}

// Look lets a browser look at pages that need nothing but their address.
func (s *Stand) Look(t *testing.T, pages []Page) {
	t.Helper()
	Run(t, "look.mjs", map[string]any{"url": s.URL, "pages": pages}, nil)
}

// Page is a page to look at.
type Page struct {
	Name    string `json:"name"` // of its pictures
	Path    string `json:"path"`
	Status  int    `json:"status,omitempty"` // 0: 200
	Heading string `json:"heading"`
}

// Elsewhere starts a server of another site: its name is localhost, not 127.0.0.1.
func Elsewhere(t *testing.T, h http.Handler) (url string) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	check(t, err)
	return "http://localhost:" + port
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
