package keys_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/keys"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/sqlite"
)

// world is one process on a database, with logins to look after.
type world struct {
	t      *testing.T
	store  *store.Store
	source secret.Source
	keeper *secret.Keeper
	keys   *keys.Service
	now    time.Time
	log    bytes.Buffer
	step   func(string)
}

// process is one more on a database.
func process(t *testing.T, st *store.Store, source secret.Source, id string, now time.Time) (*world, error) {
	t.Helper()
	w := &world{t: t, store: st, source: source, now: now}
	check, err := st.Meta(t.Context(), secret.CheckName)
	if err != nil {
		return nil, err
	}
	if w.keeper, err = source.Open(t.Context(), check, rand.Reader); err != nil {
		return nil, err
	}
	if check == "" {
		if err := st.SetMeta(t.Context(), secret.CheckName, w.keeper.Check()); err != nil {
			return nil, err
		}
	}
	w.keys = keys.New(keys.Config{
		Store: st, Keeper: w.keeper, Source: source, Alone: id == "alone", ID: id, Host: id, Now: func() time.Time { return w.now }, Rand: rand.Reader,
		Log: slog.New(slog.NewTextHandler(&w.log, nil)), Step: func(s string) {
			if w.step != nil {
				w.step(s)
			}
		},
	})
	return w, w.keys.Join(t.Context())
}

func openStore(t *testing.T, dir string) *store.Store {
	t.Helper()
	st, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return st
}

func alone(t *testing.T, dir string) *world {
	t.Helper()
	w, err := process(t, openStore(t, dir), secret.Source{File: filepath.Join(dir, "master.key")}, "alone", time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// connect stores a login with tokens.
func (w *world) connect(i int) string {
	w.t.Helper()
	id := fmt.Sprintf("0190b5a4-0000-7000-8000-%012d", i)
	c := &store.Connection{ID: id, ProjectID: "p", State: store.ConnectionActive, CreatedAt: w.now.Add(-time.Hour)}
	var err error
	c.DataKey, err = w.keeper.NewDataKey(id)
	w.must(err)
	c.Credentials, err = w.keeper.SealCredentials(c.DataKey, id, map[string]string{"password": "password of " + id})
	w.must(err)
	tokens, err := w.keeper.SealTokens(c.DataKey, id, map[string]string{secret.RefreshToken: "refresh of " + id})
	w.must(err)
	w.must(w.store.Write(w.t.Context(), func(tx *store.Tx) error {
		if err := tx.InsertConnection(w.t.Context(), c); err != nil {
			return err
		}
		return tx.SetLogin(w.t.Context(), c.Scope(), store.LoginTokens{Sealed: tokens})
	}))
	return id
}

// project stores a project with secrets of its own.
func (w *world) project() {
	w.t.Helper()
	_, _, err := w.store.EnsureProject(w.t.Context(), "p", "Acme", w.now)
	w.must(err)
	w.must(w.store.Write(w.t.Context(), func(tx *store.Tx) error {
		key, err := tx.EnsureProjectDataKey(w.t.Context(), "p", func() ([]byte, error) { return w.keeper.NewKey(secret.Owner{Project: "p"}) })
		if err != nil {
			return err
		}
		sealed, err := w.keeper.SealValues(key, secret.AppPlace("p", "odoo", "oauth2"), map[string]string{"client_secret": "secret of p"})
		if err != nil {
			return err
		}
		return tx.PutApp(w.t.Context(), store.App{ProjectID: "p", System: "odoo", AuthMethod: "oauth2", Sealed: sealed, CreatedAt: w.now, UpdatedAt: w.now})
	}))
}

// opens checks that everything that is stored opens.
func (w *world) opens(when string, ids ...string) {
	w.t.Helper()
	for _, id := range ids {
		c, err := w.store.ConnectionForWork(w.t.Context(), id)
		w.must(err)
		login, err := w.keeper.OpenCredentials(c.DataKey, id, c.Credentials)
		if err != nil || login.Get("password") != "password of "+id {
			w.t.Errorf("%s: the login of %s does not open: %v", when, id, err)
		}
		row, err := w.store.LoginTokens(w.t.Context(), c.Scope())
		w.must(err)
		tokens, err := w.keeper.OpenTokens(c.DataKey, id, row.Sealed)
		if err != nil || tokens.Get(secret.RefreshToken) != "refresh of "+id {
			w.t.Errorf("%s: the tokens of %s do not open: %v", when, id, err)
		}
	}
	key, err := w.store.ProjectDataKey(w.t.Context(), "p")
	w.must(err)
	apps, err := w.store.Apps(w.t.Context(), "p")
	w.must(err)
	values, err := w.keeper.OpenValues(key, secret.AppPlace("p", "odoo", "oauth2"), apps[0].Sealed)
	if err != nil || values.Get("client_secret") != "secret of p" {
		w.t.Errorf("%s: the secret of the project does not open: %v", when, err)
	}
}

func (w *world) status() keys.Status {
	w.t.Helper()
	st, err := w.keys.Status(w.t.Context())
	w.must(err)
	return st
}

// run ticks until the rotation of the master key is over.
func (w *world) run(ctx context.Context) {
	w.t.Helper()
	for range 100 {
		w.must(w.keys.Tick(ctx))
		if w.status().Phase == keys.PhaseDone {
			w.must(w.keys.Tick(ctx)) // what comes behind
			return
		}
		w.now = w.now.Add(time.Second)
	}
	w.t.Fatalf("the rotation does not end: %+v", w.status())
}

// freeze copies what a process that dies now would leave.
func freeze(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(to, 0o700); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if slices.Contains([]string{"busbar.lock", "busbar.db-shm"}, filepath.Base(f)) {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(f)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func (w *world) file() string {
	w.t.Helper()
	text, err := os.ReadFile(w.source.File)
	w.must(err)
	return string(text)
}
