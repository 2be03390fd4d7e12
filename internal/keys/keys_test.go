package keys_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/keys"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// somebody is a context in which a person acts.
func somebody(t *testing.T) context.Context {
	return audit.By(t.Context(), audit.Actor{Kind: audit.Command, Name: "ann", At: time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)})
}

// A new master key takes the place of the old. Whoever dies at any step leaves data that open, and the next one goes on to the same end.
func TestRotateMasterKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := alone(t, dir)
	w.project()
	var ids []string
	for i := range 120 { // more than one step
		ids = append(ids, w.connect(i))
	}
	old, before := w.status().Sealing, w.file()
	images, order := map[string]string{}, []string{}
	w.step = func(done string) {
		if slices.Contains(order, done) && done != "rewrapped" {
			return
		}
		name := done + strings.Repeat("+", len(order))
		order = append(order, done)
		images[name] = freeze(t, dir)
		w.opens("after "+name, ids...)
	}
	w.must(w.keys.Rotate(somebody(t)))
	w.must(w.keys.Rotate(somebody(t))) // again is fine
	w.run(t.Context())
	w.step = nil
	if want := []string{"added", "started", "switched", "rewrapped", "rewrapped", "rewrapped", "finished", "retired"}; !slices.Equal(order, want) {
		t.Errorf("steps %q, want %q", order, want)
	}
	ended(t, w, old, before, ids)
	for name, image := range images {
		next := alone(t, image)
		next.now = w.now
		next.opens("started after "+name, ids...)
		if next.status().Phase == keys.PhaseNone { // it died before anything was begun
			next.must(next.keys.Rotate(somebody(t)))
		}
		next.run(t.Context())
		ended(t, next, old, before, ids)
	}
}

// ended checks that nothing needs the old key, which is out of the file and kept.
func ended(t *testing.T, w *world, old, before string, ids []string) {
	t.Helper()
	st := w.status()
	if st.Sealing == old || st.Left() != 0 || st.Wrapped[st.Sealing] != len(ids)+1 || st.From != old || len(st.Waits) != 0 {
		t.Errorf("at the end %+v", st)
	}
	if now, _ := secret.Names(w.file()); !slices.Equal(now, []string{st.Sealing}) {
		t.Errorf("the file has the keys %q", now)
	}
	key := strings.TrimSpace(before[strings.LastIndex(strings.TrimSpace(before), "\n"):])
	archived, err := os.ReadFile(w.source.Archive(old))
	if err != nil || !strings.Contains(string(archived), key) || strings.Contains(w.file(), key) {
		t.Errorf("the old key is not kept beside the file: %q, %v", archived, err)
	}
	if info, err := os.Stat(w.source.File); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	check, err := w.store.Meta(t.Context(), secret.CheckName)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := w.source.Open(t.Context(), check, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if string(fresh.Hash("x")) != string(w.keeper.Hash("x")) {
		t.Error("tokens have other hashes than before")
	}
	if _, err := secret.FromText(before, check, rand.Reader); err == nil {
		t.Error("the old key opens the present data")
	}
	w.keeper = fresh // which was never given the old key
	w.opens("at the end", ids...)
	if strings.Contains(w.log.String(), key) {
		t.Error("the log shows the key")
	}
}

// Logins get new data keys, one by one, and whoever dies goes on; what is being renewed waits.
func TestRotateDataKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := alone(t, dir)
	w.project()
	var ids []string
	for i := range 70 {
		ids = append(ids, w.connect(i))
	}
	renewing, err := w.store.ConnectionForWork(t.Context(), ids[3])
	w.must(err)
	_, err = w.store.ClaimLogin(t.Context(), renewing, 1, "somebody", w.now.Add(time.Minute), w.now)
	w.must(err)
	was := dataKeys(w, ids)
	var image string
	steps := 0
	w.step = func(string) {
		if steps++; steps == 5 {
			image = freeze(t, dir)
		}
		w.opens("meanwhile", ids...)
	}
	w.must(w.keys.RotateData(somebody(t)))
	w.must(w.keys.Tick(t.Context()))
	w.step = nil
	for range 3 {
		w.must(w.keys.Tick(t.Context()))
	}
	if st := w.status().Data; st.Done != 69 || !slices.Equal(st.Waiting, ids[3:4]) || !st.FinishedAt.IsZero() {
		t.Fatalf("with a renewal under way: %+v", st)
	}
	w.must(w.store.RenewLogin(t.Context(), renewing, store.LoginTokens{Version: 1}, store.LoginTokens{Sealed: sealedAgain(w, renewing)}))
	for range 3 {
		w.must(w.keys.Tick(t.Context()))
	}
	dataEnded(t, w, was, ids)

	next := alone(t, image)
	next.opens("after a death", ids...)
	if done := next.status().Data.Done; done == 0 || done > 5 {
		t.Errorf("%d done before the death", done)
	}
	next.now = next.now.Add(time.Hour) // the renewal's answer will not come any more
	for range 5 {
		next.must(next.keys.Tick(t.Context()))
	}
	dataEnded(t, next, was, ids)
}

func sealedAgain(w *world, c *store.Connection) []byte {
	sealed, err := w.keeper.SealTokens(c.DataKey, c.ID, map[string]string{secret.RefreshToken: "refresh of " + c.ID})
	w.must(err)
	return sealed
}

// dataKeys gives which data key seals each login.
func dataKeys(w *world, ids []string) (names []string) {
	w.t.Helper()
	for _, id := range ids {
		c, err := w.store.ConnectionForWork(w.t.Context(), id)
		w.must(err)
		names = append(names, secret.SealedBy(c.Credentials))
	}
	return names
}

func dataEnded(t *testing.T, w *world, was, ids []string) {
	t.Helper()
	w.opens("at the end", ids...)
	if st := w.status().Data; st.Done != len(ids) || len(st.Waiting) != 0 || st.FinishedAt.IsZero() {
		t.Errorf("at the end %+v", st)
	}
	for i, name := range dataKeys(w, ids) {
		if name == was[i] {
			t.Errorf("the login of %s is sealed with the key of before", ids[i])
		}
	}
	log, _, err := w.store.AuditChain(t.Context(), 0, 100)
	w.must(err)
	var told []string
	for _, e := range log {
		told = append(told, e.Action)
	}
	if !slices.Equal(told, []string{"data-keys.rotation-started", "data-keys.rotated"}) {
		t.Errorf("the audit log tells %v", told)
	}
}

// Nothing is sealed with a new key before every process can open it; one that is gone is not waited for.
func TestEveryProcessCanOpenFirst(t *testing.T) {
	t.Parallel()
	st := openStore(t, t.TempDir())
	first, second := newKey(t), newKey(t)
	at := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	start := func(id, text string) (*world, error) { return process(t, st, secret.Source{Text: text}, id, at) }
	a, err := start("a", first+"\n"+second)
	if err != nil {
		t.Fatal(err)
	}
	b, err := start("b", first)
	if err != nil {
		t.Fatal(err)
	}
	a.project()
	id := a.connect(1)
	if err := b.keys.Rotate(somebody(t)); err == nil || !strings.Contains(err.Error(), "further line") {
		t.Errorf("rotated without a key to rotate to: %v", err)
	}
	a.must(a.keys.Rotate(somebody(t)))
	for range 10 {
		a.must(a.keys.Tick(t.Context()))
		b.must(b.keys.Tick(t.Context()))
		a.now, b.now = a.now.Add(time.Second), b.now.Add(time.Second)
	}
	if s := a.status(); s.Phase != keys.PhaseSpreading || s.Wrapped[s.From] != 2 || len(s.Waits) != 1 || !strings.Contains(s.Waits[0], "The Busbar on b cannot open") {
		t.Errorf("with a process that lacks the key: %+v", s)
	}
	a.must(b.keys.Leave(t.Context()))
	a.must(a.keys.Tick(t.Context()))
	if s := a.status(); s.Phase != keys.PhaseRewrapping {
		t.Errorf("once it has left: %+v", s)
	}
	if _, err := start("b", first); err == nil || !strings.Contains(err.Error(), "is being rotated to") {
		t.Errorf("a process without the new key started: %v", err)
	}
	at = a.now
	c, err := start("c", second+"\n"+first)
	if err != nil {
		t.Fatal(err)
	}
	if c.keeper.Sealing() != a.status().To {
		t.Error("one that comes later seals with the old key")
	}
	a.run(t.Context())
	a.opens("at the end", id)
	c.opens("at the end", id)
	if _, err := start("d", first); err == nil || !strings.Contains(err.Error(), "does not belong to these data") {
		t.Errorf("a process with the old key alone started: %v", err)
	}
	if err := a.keys.Rotate(somebody(t)); err == nil {
		t.Error("rotated back to the old key")
	}
}

// One that seals with the old key holds the end up.
func TestTheEndWaitsForWhoSealsWithTheOldKey(t *testing.T) {
	t.Parallel()
	st := openStore(t, t.TempDir())
	text, at := newKey(t)+"\n"+newKey(t), time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	var all []*world
	for _, id := range []string{"a", "b"} {
		w, err := process(t, st, secret.Source{Text: text}, id, at)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, w)
	}
	a, b := all[0], all[1]
	a.project()
	a.connect(1)
	a.must(a.keys.Rotate(somebody(t)))
	for range 20 {
		a.must(a.keys.Tick(t.Context()))
		a.now = a.now.Add(time.Second)
	}
	late := b.connect(2) // sealed by one that has not noticed yet
	if s := a.status(); s.Phase != keys.PhaseRewrapping || s.Left() != 1 {
		t.Errorf("while b seals with the old key: %+v", s)
	}
	b.now = a.now
	b.must(b.keys.Tick(t.Context()))
	a.run(t.Context())
	if s := a.status(); s.Left() != 0 {
		t.Errorf("at the end: %+v", s)
	}
	a.opens("at the end", late)
}

func newKey(t *testing.T) string {
	t.Helper()
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(raw)
}
