package tryton

import (
	"errors"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/realsys"
)

const (
	sample  = "busbar" // name of the SQLite database
	missing = 77       // exit code of the script where Tryton can neither be found nor installed
)

// template builds the sample database unless it is cached and gives its directory.
func template(t testing.TB) string {
	t.Helper()
	return script(t, "template")
}

// restore fills a PostgreSQL database with the sample, and gives its name and the address that Tryton's configuration takes.
func restore(t testing.TB, database string) (uri, name string) {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	u.Scheme = "postgresql" // Tryton names its backend by it
	script(t, "restore", u.String())
	name, u.Path = strings.TrimPrefix(u.Path, "/"), "/"
	return u.String(), name
}

// script runs scripts/tryton.sh and gives what it prints.
func script(t testing.TB, args ...string) string {
	t.Helper()
	cmd := exec.Command("bash", append([]string{filepath.Join(realsys.Root(t), "scripts", "tryton.sh")}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == missing {
		t.Skipf("no real Tryton here: %s", stderr.String())
	}
	if err != nil {
		t.Fatalf("scripts/tryton.sh %s: %v\n%s", args[0], err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Close()); err != nil {
		t.Fatalf("copy the sample database: %v", err)
	}
}
