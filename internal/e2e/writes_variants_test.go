package e2e

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/busbar-dev/busbar/connectors"
)

// callForMany is what SimERP's manifest says of a call for many.
var callForMany = regexp.MustCompile(`(?s)\n +bulk: \{.*?\}\}\}`)

// variants is a folder of connectors that are SimERP's with changes: sim-single has no calls for many; sim-quick and sim-single-quick look for what became of a
// write without long waits.
func variants(t *testing.T) string {
	t.Helper()
	text, err := fs.ReadFile(connectors.FS, "sim-erp/manifest.yaml")
	if err != nil {
		t.Fatal(err)
	}
	single := callForMany.ReplaceAll(text, nil)
	if bytes.Contains(single, []byte("bulk:")) {
		t.Fatal("a call for many is left")
	}
	quick := func(text []byte) []byte { return bytes.ReplaceAll(text, []byte("settle: 5s"), []byte("settle: 200ms")) }
	dir := t.TempDir()
	for name, text := range map[string][]byte{"sim-single": single, "sim-quick": quick(text), "sim-single-quick": quick(single)} {
		writeConnector(t, filepath.Join(dir, name), bytes.Replace(text, []byte("system: sim-erp"), []byte("system: "+name), 1))
	}
	return dir
}

func writeConnector(t *testing.T, dir string, manifest []byte) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"manifest.yaml": manifest, "guide.md": []byte("# Connecting\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
