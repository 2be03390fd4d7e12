package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func good() Serve {
	return Serve{Listen: "127.0.0.1:8080", Data: "./busbar-data", OpenLinks: 10_000, KeepFlowRuns: 30, Log: Log{LogLevel: "info", LogFormat: "auto"}}
}

func TestServeCheck(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		change func(*Serve)
		want   []string
	}{
		{"good", func(*Serve) {}, nil},
		{"listen without port", func(s *Serve) { s.Listen = "localhost" }, []string{"--listen (BUSBAR_LISTEN)"}},
		{"listen on a word", func(s *Serve) { s.Listen = "localhost:http" }, []string{"--listen (BUSBAR_LISTEN)"}},
		{"listen on every address", func(s *Serve) { s.Listen = ":8080" }, nil},
		{"public URL", func(s *Serve) { s.PublicURL = "https://busbar.example.com/api" }, nil},
		{"public URL with slash", func(s *Serve) { s.PublicURL = "https://busbar.example.com/" }, []string{"--public-url (BUSBAR_PUBLIC_URL)"}},
		{"public URL without scheme", func(s *Serve) { s.PublicURL = "busbar.example.com" }, []string{"--public-url (BUSBAR_PUBLIC_URL)"}},
		{"public URL with password", func(s *Serve) { s.PublicURL = "https://a:b@example.com" }, []string{"--public-url (BUSBAR_PUBLIC_URL)"}},
		{"data is a file", func(s *Serve) { s.Data = file }, []string{"--data (BUSBAR_DATA)"}},
		{"PostgreSQL", func(s *Serve) { s.Database = "postgres://busbar:x%40y@localhost/busbar" }, nil},
		{"PostgreSQL by its long name", func(s *Serve) { s.Database = "postgresql:///busbar?host=/run/postgresql" }, nil},
		{"PostgreSQL without a database", func(s *Serve) { s.Database = "postgres://localhost:5432/" }, []string{"--database (BUSBAR_DATABASE)"}},
		{"PostgreSQL with a broken password", func(s *Serve) { s.Database = "postgres://busbar:p%zz@localhost/busbar" }, []string{"--database (BUSBAR_DATABASE)"}},
		{"PostgreSQL with a password that is cut off", func(s *Serve) { s.Database = "postgres://busbar:p#z@localhost/busbar" }, []string{"--database (BUSBAR_DATABASE)"}},
		{"other database", func(s *Serve) { s.Database = "mysql://localhost" }, []string{"--database (BUSBAR_DATABASE)"}},
		{"no such connectors", func(s *Serve) { s.Connectors = filepath.Join(file, "no") }, []string{"--connectors (BUSBAR_CONNECTORS)"}},
		{"allow", func(s *Serve) {
			s.Allow = []string{"10.1.0.0/16:443", "[fd00::/8]:8069", "127.0.0.1/32:8000", "10.0.0.0/8:*"}
		}, nil},
		{"allow without port", func(s *Serve) { s.Allow = []string{"10.1.0.0/16"} }, []string{"--allow (BUSBAR_ALLOW)"}},
		{"allow port 0", func(s *Serve) { s.Allow = []string{"10.1.0.0/16:0"} }, []string{"--allow (BUSBAR_ALLOW)"}},
		{"allow a name", func(s *Serve) { s.Allow = []string{"erp.example.com:443"} }, []string{"--allow (BUSBAR_ALLOW)"}},
		{"allow beyond the prefix", func(s *Serve) { s.Allow = []string{"10.1.0.1/16:443"} }, []string{"--allow (BUSBAR_ALLOW)"}},
		{"log", func(s *Serve) { s.LogLevel, s.LogFormat = "loud", "xml" }, []string{"--log-level (BUSBAR_LOG_LEVEL)", "--log-format (BUSBAR_LOG_FORMAT)"}},
		{"no open links", func(s *Serve) { s.OpenLinks = 0 }, []string{"--open-links (BUSBAR_OPEN_LINKS)"}},
		{"runs that are not kept", func(s *Serve) { s.KeepFlowRuns = 0 }, []string{"--keep-flow-runs (BUSBAR_KEEP_FLOW_RUNS)"}},
		{"everything at once", func(s *Serve) { *s = Serve{Allow: []string{"a", "b"}, OpenLinks: 1, KeepFlowRuns: 1} }, []string{"--listen (BUSBAR_LISTEN)", "--data (BUSBAR_DATA)",
			"--allow (BUSBAR_ALLOW)", "--allow (BUSBAR_ALLOW)", "--log-level (BUSBAR_LOG_LEVEL)", "--log-format (BUSBAR_LOG_FORMAT)"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := good()
			tt.change(&s)
			expectKeys(t, s.Check(), tt.want)
		})
	}
}

// What is said of a database's address never repeats it: it may hold a password.
func TestDatabaseIsNotRepeated(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"mysql://u:geheim@h/d", "postgres://u:ge#geheim@h/d", "postgres://u:geheim@h", "postgres://u:geheim%zz@h/d", "postgres://u:geheim@h:port/d"} {
		s := good()
		s.Database = url
		if err := s.Check(); err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%v", err)
		}
	}
}

// Nor is a password or a query in an address of HTTP.
func TestPasswordsInAddressesAreNotRepeated(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"ftp://u:geheim@h", "http://u:geheim@h:port", "http://u:geheim@[h", "http://u:geheim@h/", "u:geheim@h", "http://u:ge#geheim@h", "http://u:ge@geheim@[h", "://u:geheim@h", "ftp://h?token=geheim", "http://h/?token=geheim"} {
		s := good()
		s.PublicURL, s.OIDC = url, OIDC{OIDCIssuer: url, OIDCClientID: "x"}
		for _, err := range []error{s.Check(), Client{URL: url, Output: "table"}.Check()} {
			if err == nil || strings.Contains(err.Error(), "geheim") {
				t.Errorf("%s: %v", url, err)
			}
		}
	}
}

func TestClientCheck(t *testing.T) {
	t.Parallel()
	expectKeys(t, Client{URL: "http://127.0.0.1:8080", Output: "table"}.Check(), nil)
	expectKeys(t, Client{URL: "localhost", Key: "bb_con_x", Token: "bb_key_x", Output: "xml"}.Check(),
		[]string{"--url (BUSBAR_URL)", "--key (BUSBAR_KEY)", "--token (BUSBAR_TOKEN)", "--output (BUSBAR_OUTPUT)"})
}

func TestDemoCheck(t *testing.T) {
	t.Parallel()
	expectKeys(t, Demo{Listen: "x", Data: "d", Database: "postgres://x", DemoLog: DemoLog(good().Log)}.Check(),
		[]string{"--listen (BUSBAR_LISTEN)", "--database (BUSBAR_DATABASE)"})
}

// expectKeys compares the keys of the problems, in order.
func expectKeys(t *testing.T, err error, want []string) {
	t.Helper()
	var problems Problems
	if err != nil && !errors.As(err, &problems) {
		t.Fatalf("not Problems: %v", err)
	}
	var keys []string
	for _, p := range problems {
		keys = append(keys, p.Key)
	}
	if len(keys) != len(want) {
		t.Fatalf("problems %v, want keys %v", problems, want)
	}
	for i := range want {
		if keys[i] != want[i] {
			t.Errorf("problem %d is about %s, want %s", i, keys[i], want[i])
		}
	}
}
