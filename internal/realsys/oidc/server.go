// Package oidc runs a real OAuth 2.0 and OpenID Connect server for tests: the npm package oidc-provider, on a free port of loopback. It ends with the test process however that ends.
package oidc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/realsys"
)

// patience is how long a server may take to start.
const patience = 60 * time.Second

// Settings are what a server is started with. Refresh tokens are replaced with each use, and one that comes again ends what was granted.
type Settings struct {
	Clients      []Client       `json:"clients"`
	People       []Person       `json:"people"`
	Scopes       []string       `json:"scopes,omitempty"` // besides those of OpenID Connect
	TTL          map[string]int `json:"ttl,omitempty"`    // in seconds, by the names of oidc-provider: AccessToken, ClientCredentials, RefreshToken
	UserinfoOnly bool           `json:"userinfo_only"`    // the id token names the person and nothing else
}

// Client is a registration, in the members of OpenID Connect's.
type Client struct {
	ID           string   `json:"client_id"`
	Secret       string   `json:"client_secret,omitempty"`
	Grants       []string `json:"grant_types"`
	Responses    []string `json:"response_types"`
	Redirects    []string `json:"redirect_uris"`
	Auth         string   `json:"token_endpoint_auth_method,omitempty"` // client_secret_basic when empty; none, client_secret_post, private_key_jwt
	SigningAlg   string   `json:"token_endpoint_auth_signing_alg,omitempty"`
	Keys         *KeySet  `json:"jwks,omitempty"` // of private_key_jwt
	IDTokenAlg   string   `json:"id_token_signed_response_alg,omitempty"`
	DefaultScope string   `json:"scope,omitempty"`
}

// KeySet is a JWKS of public keys.
type KeySet struct {
	Keys []json.RawMessage `json:"keys"`
}

// Machine is a client that logs in by itself.
func Machine(id, secret string) Client {
	return Client{ID: id, Secret: secret, Grants: []string{"client_credentials"}, Responses: []string{}, Redirects: []string{}}
}

// Web is a client that people log in to; without a secret it is a public one.
func Web(id, secret string, redirects ...string) Client {
	c := Client{ID: id, Secret: secret, Grants: []string{"authorization_code", "refresh_token"}, Responses: []string{"code"}, Redirects: redirects}
	if secret == "" {
		c.Auth = "none"
	}
	return c
}

// Person may log in.
type Person struct {
	Subject  string `json:"sub"`
	Login    string `json:"login"`
	Password string `json:"password"`
	Email    string `json:"email"`
	Verified bool   `json:"email_verified"`
	Name     string `json:"name"`
}

// Server is a running server. Its methods end the test on errors.
type Server struct {
	Issuer string

	t   testing.TB
	dir string
	cmd *exec.Cmd
}

// Counts are the calls for tokens since the start, by grant; of those refused also by the server's words.
type Counts struct {
	Granted map[string]int `json:"granted"`
	Refused map[string]int `json:"refused"`
	Revoked int            `json:"revoked"` // what was granted by people and ended by the server
}

// Start gives a server of the test's own, stopped when the test ends. The test is skipped where Node.js or the package is not installed.
func Start(t testing.TB, s Settings) *Server {
	t.Helper()
	here := filepath.Join(realsys.Root(t), "internal", "realsys", "oidc")
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("Node.js is not installed; scripts/setup-test installs it as root")
	}
	if _, err := os.Stat(filepath.Join(here, "node_modules", "oidc-provider")); err != nil {
		t.Skip("the npm package oidc-provider is not installed; scripts/setup-test installs it")
	}
	port := realsys.FreePort(t)
	srv := &Server{Issuer: fmt.Sprintf("http://127.0.0.1:%d", port), t: t, dir: t.TempDir()}
	text, err := json.Marshal(struct {
		Settings
		Issuer string `json:"issuer"`
		Port   int    `json:"port"`
	}{s, srv.Issuer, port})
	if err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(srv.dir, "settings.json")
	if err := os.WriteFile(settings, text, 0o600); err != nil {
		t.Fatal(err)
	}
	srv.run(filepath.Join(here, "server.mjs"), settings)
	srv.await()
	return srv
}

// run starts the server in a process group of its own; it ends when its input does.
func (s *Server) run(program, settings string) {
	s.t.Helper()
	file, err := os.Create(s.log())
	if err != nil {
		s.t.Fatal(err)
	}
	defer file.Close()
	s.cmd = exec.Command("node", program, settings)
	s.cmd.Stdout, s.cmd.Stderr = file, file
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if _, err := s.cmd.StdinPipe(); err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatalf("start oidc-provider: %v", err)
	}
	s.t.Cleanup(func() {
		_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
		_ = s.cmd.Wait()
	})
}

func (s *Server) log() string { return filepath.Join(s.dir, "log") }

func (s *Server) await() {
	s.t.Helper()
	tick, end := time.NewTicker(50*time.Millisecond), time.NewTimer(patience)
	defer tick.Stop()
	defer end.Stop()
	for {
		resp, err := http.Get(s.Issuer + "/.well-known/openid-configuration")
		if err == nil {
			_ = resp.Body.Close()
			return
		}
		select {
		case <-tick.C:
		case <-end.C:
			said, _ := os.ReadFile(s.log())
			s.t.Fatalf("oidc-provider does not answer within %s:\n%s", patience, said)
		}
	}
}

// Counts gives the calls for tokens so far.
func (s *Server) Counts() (c Counts) {
	s.t.Helper()
	s.command("counts", struct{}{}, &c)
	return c
}

// Pass puts the server's clock forward.
func (s *Server) Pass(d time.Duration) {
	s.t.Helper()
	s.command("ahead", map[string]float64{"seconds": d.Seconds()}, nil)
}

// SetClient registers a client, in place of one with that id.
func (s *Server) SetClient(c Client) {
	s.t.Helper()
	s.command("client", c, nil)
}

// Revoke ends whatever a person has granted.
func (s *Server) Revoke(subject string) {
	s.t.Helper()
	s.command("revoke", map[string]string{"sub": subject}, nil)
}

// Forget ends all tokens of a kind, by the names of oidc-provider: AccessToken, ClientCredentials.
func (s *Server) Forget(kind string) {
	s.t.Helper()
	s.command("forget", map[string]string{"kind": kind}, nil)
}

func (s *Server) command(name string, body, into any) {
	s.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.Post(s.Issuer+"/test/"+name, "application/json", bytes.NewReader(text))
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: HTTP %d", name, resp.StatusCode)
	}
	if into != nil {
		if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
			s.t.Fatal(err)
		}
	}
}
