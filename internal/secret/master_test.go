package secret_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/secret"
)

func TestMasterFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	first, err := secret.FromFile(path, "", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v; want 0600", info.Mode(), err)
	}
	again, err := secret.FromFile(path, first.Check(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if again.Check() != first.Check() || !bytes.Equal(again.Hash("x"), first.Hash("x")) {
		t.Error("the same master key gives another check or other hashes")
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".master-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Two processes that start on new data at once agree, whoever stores the check last.
func TestNewDataFromOneMaster(t *testing.T) {
	t.Parallel()
	a, b := keeper(t), keeper(t)
	c, err := secret.FromText(master, b.Check(), rand.Reader)
	if err != nil || !bytes.Equal(a.Hash("x"), b.Hash("x")) || !bytes.Equal(a.Hash("x"), c.Hash("x")) {
		t.Errorf("hashes differ: %v", err)
	}
}

func TestMasterIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	check := keeper(t).Check()
	other := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))
	cases := map[string]struct{ path, check, want string }{
		"other key":     {file("other", other, 0o600), check, "does not belong to these data"},
		"missing":       {filepath.Join(dir, "none"), check, "put it back"},
		"open to all":   {file("open", master, 0o644), check, "chmod 600"},
		"empty":         {file("empty", "", 0o600), "", "openssl rand -base64 32"},
		"short":         {file("short", "AAEC", 0o600), "", "openssl rand -base64 32"},
		"two on a line": {file("two", master+" "+master, 0o600), "", "on a line of its own"},
		"one is broken": {file("broken", master+"\nAAEC", 0o600), "", "on a line of its own"},
		"check damaged": {file("good", master, 0o600), "!!", "damaged"},
		"check cut off": {file("good2", master, 0o600), check[:20], "does not belong"},
	}
	for name, c := range cases {
		k, err := secret.FromFile(c.path, c.check, rand.Reader)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v", name, k, err)
		}
		if err != nil && strings.Contains(err.Error(), master) {
			t.Errorf("%s: the error shows the key", name)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "none")); err == nil {
		t.Error("a new master key was made for data that have one")
	}
}
