// Package realsys holds what every real system that tests start takes; each system is a folder of it.
package realsys

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

// Root is the directory of go.mod above the test's.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs(".")
	for ; err == nil && dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	t.Fatalf("no go.mod above the test's directory (%v)", err)
	return ""
}

// FreePort gives a port of loopback that nobody listens on.
func FreePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
