package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/alecthomas/kong"
)

type settings struct {
	Common
	Client
}

func parse(t *testing.T, file string, args ...string) (settings, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "busbar.env")
	if err := os.WriteFile(name, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	var s settings
	k, err := kong.New(&s)
	if err != nil {
		t.Fatal(err)
	}
	_, err = k.Parse(append([]string{"--env-file", name}, args...))
	return s, err
}

func TestEnvFile(t *testing.T) {
	t.Setenv("BUSBAR_TOKEN", "from-environment")
	s, err := parse(t, "# a comment\n\nBUSBAR_URL=http://file\nexport BUSBAR_KEY=\"quoted\"\nBUSBAR_TOKEN=from-file\nBUSBAR_CONNECTION='c=1'\nOTHER=1\n", "--url", "http://flag")
	if err != nil {
		t.Fatal(err)
	}
	want := Client{URL: "http://flag", Key: "quoted", Token: "from-environment", Connection: "c=1", Output: "table"}
	if s.Client != want {
		t.Errorf("got %+v, want %+v", s.Client, want)
	}
}

func TestEnvFileFaults(t *testing.T) {
	t.Parallel()
	if _, err := parse(t, "BUSBAR_URL\n"); err == nil {
		t.Error("a line without = is accepted")
	}
	if _, err := parse(t, "", "--env-file", "no-such-file"); err == nil {
		t.Error("a missing file is accepted")
	}
}
