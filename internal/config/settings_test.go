package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSettingsPage(t *testing.T) {
	t.Parallel()
	page := filepath.Join("..", "..", "docs", "settings.md")
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != Markdown() {
		t.Error("docs/settings.md is stale: run `make generate`")
	}
}

func TestEverySettingIsDescribed(t *testing.T) {
	t.Parallel()
	for _, g := range Groups() {
		for _, s := range g.Settings {
			switch {
			case s.Flag == "" || s.Help == "" || s.Placeholder == "":
				t.Errorf("%s: the setting %q needs name, help and placeholder", g.Title, s.Flag)
			case s.Variable != "" && s.Variable != variable(s.Flag):
				t.Errorf("%s: --%s has the variable %s, not %s", g.Title, s.Flag, s.Variable, variable(s.Flag))
			case !strings.HasSuffix(s.Help, "."):
				t.Errorf("%s: the help of --%s is not a sentence", g.Title, s.Flag)
			}
		}
	}
}
