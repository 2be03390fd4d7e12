package postgres

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/busbar-dev/busbar/internal/realsys"
)

// installed is where Debian keeps PostgreSQL's binaries, by version.
const installed = "/usr/lib/postgresql"

// binaries gives the folder of the newest PostgreSQL; where there is none the test is skipped.
func binaries(t testing.TB) string {
	t.Helper()
	newest, folder := 0, ""
	found, _ := filepath.Glob(filepath.Join(installed, "*", "bin", "initdb"))
	for _, path := range found {
		dir := filepath.Dir(path)
		if version, err := strconv.Atoi(filepath.Base(filepath.Dir(dir))); err == nil && version > newest {
			newest, folder = version, dir
		}
	}
	if folder == "" {
		t.Skipf("no PostgreSQL in %s: install Debian's package postgresql, or run scripts/setup-test as root", installed)
	}
	return folder
}

// owner is who the server runs as: PostgreSQL refuses root.
func owner(t testing.TB) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Skipf("PostgreSQL does not run as root, and there is no user for it: %v", err)
	}
	uid, _ := strconv.ParseUint(u.Uid, 10, 32)
	gid, _ := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// prepare fills the directory of its first argument with a new cluster. Its collation is not that of bytes, as in most databases out there.
const prepare = `set -e
"$2"/initdb -D "$1" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --locale-provider=icu --icu-locale=en-US --no-sync > /dev/null
printf 'host all guarded 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n' > "$1"/pg_hba.conf
echo 'create role busbar login createdb;' | "$2"/postgres --single -D "$1" postgres > /dev/null`

// template gives the directory of an empty cluster that was never started, built once and kept in .cache.
func template(t testing.TB, bin string, owner *syscall.Credential) string {
	t.Helper()
	cache := filepath.Join(realsys.Root(t), ".cache")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	unlock := lock(t, filepath.Join(cache, "postgres.lock"))
	defer unlock()
	key := sha256.Sum256([]byte(prepare + output(t, exec.Command(filepath.Join(bin, "postgres"), "--version"))))
	dir := filepath.Join(cache, "postgres-"+hex.EncodeToString(key[:6]))
	if _, err := os.Stat(dir); err != nil {
		build(t, dir, bin, owner)
	}
	return dir
}

// build makes the template where its owner can write, and moves it to its place when it is whole.
func build(t testing.TB, dir, bin string, owner *syscall.Credential) {
	t.Helper()
	work, err := os.MkdirTemp("", "busbar-postgres-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(work)
	if owner != nil {
		if err := os.Chown(work, int(owner.Uid), int(owner.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("/bin/sh", "-c", prepare, "prepare", filepath.Join(work, "data"), bin)
	cmd.Dir, cmd.SysProcAttr = work, &syscall.SysProcAttr{Credential: owner}
	output(t, cmd)
	half := dir + ".half"
	_ = os.RemoveAll(half)
	output(t, exec.Command("cp", "-a", filepath.Join(work, "data"), half))
	if err := os.Rename(half, dir); err != nil {
		t.Fatal(err)
	}
}

// lock keeps other test processes out until unlock.
func lock(t testing.TB, path string) (unlock func()) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatalf("lock %s: %v", path, err)
	}
	return func() { _ = f.Close() }
}

// output runs a command and gives what it wrote.
func output(t testing.TB, cmd *exec.Cmd) string {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, stderr.String())
	}
	return stdout.String()
}
