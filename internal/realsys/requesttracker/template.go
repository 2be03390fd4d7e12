package requesttracker

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/busbar-dev/busbar/internal/realsys"
)

// Where Debian's packages put the server, and the database that they make: it is only copied.
const (
	program  = "/usr/share/request-tracker5/libexec/rt-server"
	setup    = "/usr/sbin/rt-setup-database-5"
	pristine = "/var/lib/dbconfig-common/sqlite3/request-tracker5/rtdb"
)

var (
	//go:embed sample.pl
	sample string
	//go:embed site.pm
	site string
)

// template gives the directory of a database with the sample, built once and kept in .cache.
func template(t testing.TB) string {
	t.Helper()
	for _, path := range []string{program, setup, pristine} {
		f, err := os.Open(path)
		if err != nil {
			t.Skipf("no real Request Tracker here (%v): run scripts/setup-test as root", err)
		}
		_ = f.Close()
	}
	cache := filepath.Join(realsys.Root(t), ".cache")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	lock, err := os.OpenFile(filepath.Join(cache, "request-tracker.lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	key := sha256.Sum256([]byte(sample + site + installed(t)))
	dir := filepath.Join(cache, "request-tracker-"+hex.EncodeToString(key[:6]))
	if _, err := os.Stat(dir); err != nil {
		build(t, dir)
	}
	return dir
}

// installed names the version that Debian's package has.
func installed(t testing.TB) string {
	t.Helper()
	version, err := exec.Command("dpkg-query", "-W", "-f", "${Version}", "request-tracker5").Output()
	if err != nil {
		t.Skipf("no Debian package request-tracker5 here: %v", err)
	}
	return string(version)
}

// build fills a copy of the packages' database with the sample, and moves it to its place when it is whole.
func build(t testing.TB, dir string) {
	t.Helper()
	half := dir + ".half"
	if err := os.RemoveAll(half); err != nil {
		t.Fatal(err)
	}
	copyFile(t, pristine, filepath.Join(half, "rtdb"))
	configure(t, half, 80)
	data := filepath.Join(half, "sample.pl")
	if err := os.WriteFile(data, []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(setup, "--action", "insert", "--skip-create", "--datafile", data)
	cmd.Dir, cmd.Env = half, environment(half)
	said, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(said), "Done inserting data") || strings.Contains(string(said), "[error]") || strings.Contains(string(said), "[critical]") {
		t.Fatalf("make the sample: %v\n%s", err, said)
	}
	if err := os.Rename(half, dir); err != nil {
		t.Fatal(err)
	}
}

// configure writes the configuration of a server into its directory.
func configure(t testing.TB, dir string, port int) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "site.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("%DIR%", dir, "%PORT%", strconv.Itoa(port)).Replace(site)
	if err := os.WriteFile(filepath.Join(dir, "site.pm"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// environment is all that Request Tracker's programs are given.
func environment(dir string) []string {
	return []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "TMPDIR=" + dir, "RT_SITE_CONFIG=" + filepath.Join(dir, "site.pm"), "RT_SITE_CONFIG_DIR=" + filepath.Join(dir, "site.d")}
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := io.Copy(out, in); err != nil {
		t.Fatalf("copy %s: %v", from, err)
	}
}
