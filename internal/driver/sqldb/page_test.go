package sqldb_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/busbar-dev/busbar/internal/driver/sqldb"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/model"
)

// The example on the driver's page is a manifest without mistakes.
func TestPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/connectors/sql.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "```yaml\n")
	text, _, _ = strings.Cut(text, "```")
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	folder := fstest.MapFS{"acme-cmms/manifest.yaml": {Data: []byte(text)}, "acme-cmms/guide.md": {Data: []byte("# Acme\n")}}
	r, err := manifest.Load(folder, m, map[string]manifest.Checker{sqldb.Name: sqldb.New()})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range r.System("acme-cmms").Entities {
		if _, err := mapping.Compile(r.System("acme-cmms"), e, nil); err != nil {
			t.Error(err)
		}
	}
}
