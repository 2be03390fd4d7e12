// Package flowtest owns the flows of examples/flows: what they say, and what each does to the systems that it connects. It holds tests only: Busbar in this process, over real HTTP, against
// simulated systems and real ones.
package flowtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/flow/lang"
)

const examples = "../../examples/flows"

// Each example is a document without faults, called as its file is, and described on the page beside it.
func TestExamplesAreFlows(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(examples, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	page, err := os.ReadFile(filepath.Join(examples, "README.md"))
	if err != nil {
		t.Error(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		f, err := lang.Parse(filepath.Base(file), []byte(document(t, name)))
		if err != nil {
			t.Error(err)
			continue
		}
		if f.Name != name || f.Title == "" || f.Description == "" {
			t.Errorf("%s is called %q, %q, %q", file, f.Name, f.Title, f.Description)
		}
		if !strings.Contains(string(page), "## "+name+"\n") {
			t.Errorf("README.md says nothing of %s", name)
		}
		for _, r := range f.Connections {
			if r.Title == "" || !strings.Contains(string(page), "`"+r.Name+"`") {
				t.Errorf("%s: nobody says what %s is", name, r.Name)
			}
		}
		for _, p := range f.Parameters {
			if p.Title == "" || !strings.Contains(string(page), "`"+p.Name+"`") {
				t.Errorf("%s: nobody says what %s is", name, p.Name)
			}
		}
	}
}

// document gives an example's text.
func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(examples, name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
