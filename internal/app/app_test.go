package app

import (
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/store"
)

func options(t *testing.T, data string) Options {
	return Options{Data: data, MasterKey: DefaultMasterKey(data), Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Now: time.Now, Version: "test"}
}

// What starts also stops, twice if need be, and leaves nothing behind.
func TestStartAndCloseLeaveNothing(t *testing.T) {
	before := goleak.IgnoreCurrent()
	data := t.TempDir()
	for range 2 {
		a, err := Open(t.Context(), options(t, data))
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := a.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	goleak.VerifyNone(t, before)
}

func TestOneProcessADataDirectory(t *testing.T) {
	data := t.TempDir()
	a, err := Open(t.Context(), options(t, data))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close(t.Context())
	if _, err := Open(t.Context(), options(t, data)); !errors.Is(err, store.ErrInUse) || !strings.Contains(err.Error(), data) {
		t.Errorf("a second start on the directory: %v; want a refusal that names it", err)
	}
}

// A database without the key that sealed it refuses to start: it could read none of its logins.
func TestForeignMasterKeyIsRefused(t *testing.T) {
	data, other := t.TempDir(), t.TempDir()
	for _, dir := range []string{data, other} {
		a, err := Open(t.Context(), options(t, dir))
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	o := options(t, data)
	o.MasterKey = DefaultMasterKey(other)
	if _, err := Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "master key") {
		t.Errorf("another deployment's key: %v", err)
	}
	if err := os.Remove(filepath.Join(data, "master.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), options(t, data)); err == nil || !strings.Contains(err.Error(), "master key") {
		t.Errorf("the key is gone: %v; want a refusal, not a new key", err)
	}
}

func TestConnectorsOfOnesOwn(t *testing.T) {
	folder := t.TempDir()
	o := options(t, t.TempDir())
	o.Connectors = ConnectorsIn(folder)
	write := func(name, manifest string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(folder, name), 0o700); err != nil {
			t.Fatal(err)
		}
		for file, text := range map[string]string{"manifest.yaml": manifest, "guide.md": "# Guide\n"} {
			if err := os.WriteFile(filepath.Join(folder, name, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	write("mine", "system: mine\nname: Mine\nsummery: typo\n")
	_, err := Open(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "mine/manifest.yaml:3:1: summery") || !strings.Contains(err.Error(), "summary") {
		t.Errorf("a manifest with a mistake: %v; want its file, line and mend", err)
	}
	if err := os.RemoveAll(filepath.Join(folder, "mine")); err != nil {
		t.Fatal(err)
	}
	write("tryton", "system: tryton\n")
	if _, err = Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), `"tryton" is there twice`) {
		t.Errorf("a built-in connector's name: %v", err)
	}
}

// A directory that others use is not taken over.
func TestForeignDirectoryIsRefused(t *testing.T) {
	data := t.TempDir()
	if err := os.Chmod(data, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "somebody's"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), options(t, data)); err == nil || !strings.Contains(err.Error(), data) {
		t.Errorf("a directory with other files: %v", err)
	}
	if info, err := os.Stat(data); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("the directory's mode is %v", info.Mode())
	}
}

// No connection leads to the listener itself.
func TestOwnAddresses(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "0.0.0.0:0", "[::]:0"} {
		l, err := listen(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		at := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(l.Addr().(*net.TCPAddr).Port))
		if !slices.ContainsFunc(own(l), func(r allow.Rule) bool { return r.Matches(at) }) {
			t.Errorf("%s: %v does not cover %s", address, own(l), at)
		}
	}
}
