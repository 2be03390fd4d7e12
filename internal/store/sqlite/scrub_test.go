package sqlite_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store"
)

// Nothing of a connection is left in the files once its data are deleted: not of what was there at the end, and not of what was there before.
func TestDeletedDataLeaveTheFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	fill := func(id, canary string) *store.Connection {
		c := &store.Connection{ID: id, ProjectID: "p", System: "sim-erp", State: store.ConnectionActive, Credentials: []byte(canary + " login"), DataKey: []byte(canary + " key"), CreatedAt: epoch}
		must(t, s.Write(t.Context(), func(tx *store.Tx) error {
			if err := tx.InsertConnection(t.Context(), c); err != nil {
				return err
			}
			if err := tx.SetLogin(t.Context(), c.Scope(), store.LoginTokens{Sealed: []byte(canary + " tokens")}); err != nil {
				return err
			}
			return tx.InsertStreams(t.Context(), c.Scope(), []store.Stream{{Entity: "items"}})
		}))
		run := begin(t, s, c.Scope())
		for version := range 3 { // the ones before are overwritten
			p := store.PageResult{Pages: 1, Fetched: 40, Expected: -1, Checkpoint: []byte(fmt.Sprint(version))}
			for i := range 40 {
				name := fmt.Sprintf("%s record %d version %d %s", canary, i, version, strings.Repeat("x", 900*version))
				p.Changes = append(p.Changes, store.Change{
					ID: uuid.NewSHA1(uuid.NameSpaceURL, []byte(id+fmt.Sprint(i))), RemoteID: fmt.Sprint(i), Raw: []byte(`{"raw":"` + name + `"}`), Fields: []byte(`{"name":"` + name + `"}`),
				})
			}
			must(t, s.ApplyPage(t.Context(), run, p, epoch))
		}
		return c
	}
	gone, stays := fill("gone", "canary-of-gone"), fill("stays", "canary-of-stays")
	if found(t, dir, "canary-of-gone") == 0 {
		t.Fatal("the canary cannot be found in the files at all")
	}
	must(t, s.Write(t.Context(), func(tx *store.Tx) error {
		if err := tx.Disconnect(t.Context(), gone.Scope(), epoch); err != nil {
			return err
		}
		return tx.AskDeleteData(t.Context(), gone.Scope(), epoch)
	}))
	now, err := s.ConnectionByScope(t.Context(), gone.Scope())
	if err != nil || now.Credentials != nil || now.DataKey != nil {
		t.Errorf("the login is there still: %v (%v)", now, err)
	}
	for done := false; !done; {
		done, err = s.DeleteDataStep(t.Context(), gone.Scope(), 50)
		must(t, err)
	}
	must(t, s.FinishDeletions(t.Context(), epoch.Add(time.Minute)))
	d, err := s.Deletion(t.Context(), "p", gone.ID)
	if err != nil || d.FinishedAt.IsZero() {
		t.Fatalf("%+v, %v", d, err)
	}
	if n := found(t, dir, "canary-of-gone"); n != 0 {
		t.Errorf("%d places of the files hold what was deleted", n)
	}
	if found(t, dir, "canary-of-stays") < 40 {
		t.Error("the data of the other connection are gone too")
	}
	_ = stays
}

// found counts a text in all files of a directory.
func found(t *testing.T, dir, text string) (n int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	must(t, err)
	for _, f := range files {
		raw, err := os.ReadFile(f)
		must(t, err)
		n += bytes.Count(raw, []byte(text))
	}
	return n
}
