package keys_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/keys"
	"github.com/busbar-dev/busbar/internal/secret"
)

// A new key that went from the file again, because somebody wrote what was there before, wraps nothing: nobody could open it after the process ends.
func TestNothingIsWrappedByAKeyThatIsInNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := alone(t, dir)
	w.project()
	id := w.connect(1)
	before := w.file()
	w.must(w.keys.Rotate(somebody(t)))
	with := w.file()
	w.must(os.WriteFile(w.source.File, []byte(before), 0o600))
	for range 5 {
		w.must(w.keys.Tick(t.Context()))
		w.now = w.now.Add(time.Second)
	}
	if s := w.status(); s.Phase != keys.PhaseSpreading || s.Wrapped[s.From] != 2 || len(s.Waits) != 1 {
		t.Errorf("without the key in the file: %+v", s)
	}
	alone(t, freeze(t, dir)).opens("started with the file as it is", id)
	w.must(os.WriteFile(w.source.File, []byte(with), 0o600))
	w.run(t.Context())
	w.opens("at the end", id)
}

// Once keys are wrapped by the new key, its going from the file is told, and the old key stays where it is.
func TestAKeyThatGoesFromTheFileMeanwhileIsTold(t *testing.T) {
	t.Parallel()
	w := alone(t, t.TempDir())
	w.project()
	id := w.connect(1)
	before := w.file()
	w.must(w.keys.Rotate(somebody(t)))
	w.must(w.keys.Tick(t.Context()))
	with := w.file()
	w.must(os.WriteFile(w.source.File, []byte(before), 0o600))
	w.now = w.now.Add(time.Minute)
	for range 3 {
		if err := w.keys.Tick(t.Context()); err == nil || !strings.Contains(err.Error(), "put it back") {
			t.Errorf("the missing key is not told: %v", err)
		}
	}
	if s := w.status(); s.Phase != keys.PhaseRewrapping || s.Wrapped[s.From] != 2 {
		t.Errorf("without the key in the file: %+v", s)
	}
	w.must(os.WriteFile(w.source.File, []byte(with), 0o600))
	w.run(t.Context())
	w.opens("at the end", id)
}

// A process that stood still during a whole rotation seals with the new key from then on, and what it sealed with the old one meanwhile is wrapped anew.
func TestWhoMissedARotationFollows(t *testing.T) {
	t.Parallel()
	st := openStore(t, t.TempDir())
	source := secret.Source{Text: newKey(t) + "\n" + newKey(t)}
	a, err := process(t, st, source, "a", time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	b, err := process(t, st, source, "b", a.now)
	if err != nil {
		t.Fatal(err)
	}
	a.project()
	a.now = a.now.Add(time.Hour) // b is not seen any more
	a.must(a.keys.Rotate(somebody(t)))
	a.run(t.Context())
	a.now = a.now.Add(time.Hour)
	b.now = a.now
	late := b.connect(2)
	b.must(b.keys.Tick(t.Context()))
	if s := b.status(); b.keeper.Sealing() != s.To || s.Left() != 0 {
		t.Errorf("b seals with %s: %+v", b.keeper.Sealing(), s)
	}
	a.opens("at the end", late)
}
