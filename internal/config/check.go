package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/busbar-dev/busbar/internal/allow"
)

// Problem is one thing wrong with a setting.
type Problem struct {
	Key     string // as written by people: "--listen (BUSBAR_LISTEN)"
	Message string // what is wrong, and what to write instead
}

// Problems is everything wrong with a set of settings, in the order of the settings. It is an error when it is not empty.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Key + ": " + p.Message
	}
	return strings.Join(lines, "\n")
}

// Check gives Problems, or nil.
func (s Serve) Check() error {
	var c checker
	c.listen(s.Listen)
	c.publicURL(s.PublicURL)
	c.data(s.Data)
	c.database(s.Database)
	c.masterKey(s)
	c.directory("connectors", s.Connectors)
	c.directory("files", s.Files)
	c.allow(s.Allow)
	c.file("ca-file", s.CAFile)
	c.atLeastOne("open-links", s.OpenLinks)
	c.atLeastOne("keep-flow-runs", s.KeepFlowRuns)
	c.ranges("trusted-proxy", s.TrustedProxy)
	c.oidc(s.OIDC)
	c.mail(s.Mail)
	c.log(s.Log)
	return c.err()
}

// Check gives Problems, or nil.
func (d Demo) Check() error {
	var c checker
	c.listen(d.Listen)
	c.data(d.Data)
	c.noDatabase(d.Database)
	c.log(Log(d.DemoLog))
	return c.err()
}

// Check gives Problems, or nil.
func (cl Client) Check() error {
	var c checker
	c.address("url", cl.URL)
	c.prefix("key", cl.Key, "bb_key_", "a project key")
	c.prefix("token", cl.Token, "bb_con_", "a connection token")
	c.oneOf("output", cl.Output, "table", "json")
	return c.err()
}

type checker struct{ problems Problems }

func (c *checker) err() error {
	if len(c.problems) == 0 {
		return nil
	}
	return c.problems
}

func (c *checker) add(name, format string, args ...any) {
	key := "--" + name + " (" + variable(name) + ")"
	c.problems = append(c.problems, Problem{Key: key, Message: fmt.Sprintf(format, args...)})
}

func (c *checker) listen(v string) {
	_, port, err := net.SplitHostPort(v)
	if err != nil {
		c.add("listen", "%q is not an address; write HOST:PORT, such as 127.0.0.1:8080", v)
		return
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		c.add("listen", "%q is not a port; write a number from 0 to 65535", port)
	}
}

func (c *checker) publicURL(v string) {
	if v == "" {
		return
	}
	c.address("public-url", v)
	if strings.HasSuffix(v, "/") {
		c.add("public-url", "%q ends with a slash; leave it out", public(v))
	}
}

func (c *checker) oidc(o OIDC) {
	switch {
	case o == OIDC{}:
	case o.OIDCIssuer == "":
		c.add("oidc-issuer", "is empty; write the address of the server, or leave out the other settings of it")
	case o.OIDCClientID == "":
		c.add("oidc-client-id", "is empty; write the client id that %s gave to Busbar", o.OIDCIssuer)
	default:
		c.address("oidc-issuer", o.OIDCIssuer)
	}
}

func (c *checker) atLeastOne(name string, v int) {
	if v < 1 {
		c.add(name, "%d is too few; write 1 or more", v)
	}
}

func (c *checker) address(name, v string) {
	u, err := url.Parse(v)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		c.add(name, "%q is not an address; write one such as https://busbar.example.com", public(v))
		return
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		c.add(name, "leave out the user, query and fragment; keep %s://%s%s", u.Scheme, u.Host, u.Path)
	}
}

// public leaves out of an address what may be a password: what stands before its host, and its query.
func public(address string) string {
	scheme, rest := "", address
	if before, after, ok := strings.Cut(address, "://"); ok {
		scheme, rest = before+"://", after
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = "…" + rest[at:]
	}
	if before, _, ok := strings.Cut(rest, "?"); ok {
		rest = before + "?…"
	}
	return scheme + rest
}

func (c *checker) data(v string) {
	if v == "" {
		c.add("data", "is empty; write a directory, such as ./busbar-data")
		return
	}
	if info, err := os.Stat(v); err == nil && !info.IsDir() {
		c.add("data", "%s is a file; write a directory", v)
	}
}

// database never shows the value: it may hold a password.
func (c *checker) database(v string) {
	if v == "" {
		return
	}
	u, err := url.Parse(v)
	switch {
	case !strings.HasPrefix(v, "postgres://") && !strings.HasPrefix(v, "postgresql://"):
		c.add("database", "not a database that Busbar knows; write postgres://USER:PASSWORD@HOST:5432/DATABASE, or leave this empty to keep data in an SQLite file in --data")
	case err != nil || u.Fragment != "":
		c.add("database", "not an address; write postgres://USER:PASSWORD@HOST:5432/DATABASE, and what is special in a user or password percent-encoded (@ is %%40, / is %%2F, : is %%3A, # is %%23)")
	case strings.Trim(u.Path, "/") == "" && !u.Query().Has("dbname"):
		c.add("database", "names no database; write postgres://USER:PASSWORD@HOST:5432/DATABASE")
	}
}

// masterKey wants one source at most. It never shows the value.
func (c *checker) masterKey(s Serve) {
	if s.MasterKey != "" && s.MasterKeyCommand != "" {
		c.add("master-key", "the master key is given twice; leave out this or --master-key-command")
	}
	if s.MasterKeyFile != "" && (s.MasterKey != "" || s.MasterKeyCommand != "") {
		c.add("master-key-file", "the master key is given twice; leave out this, or --master-key and --master-key-command")
	}
}

// noDatabase is for the demo, whose directory is all there is of it.
func (c *checker) noDatabase(v string) {
	if v != "" {
		c.add("database", "the demo keeps its data in an SQLite file in --data; leave this empty, or use busbar serve")
	}
}

func (c *checker) directory(name, v string) {
	if v == "" {
		return
	}
	if info, err := os.Stat(v); err != nil || !info.IsDir() {
		c.add(name, "there is no directory %s; make it, or leave this empty", v)
	}
}

func (c *checker) file(name, v string) {
	if v == "" {
		return
	}
	if info, err := os.Stat(v); err != nil || info.IsDir() {
		c.add(name, "there is no file %s; write the name of one, or leave this empty", v)
	}
}

func (c *checker) ranges(name string, texts []string) {
	for _, text := range texts {
		if p, err := netip.ParsePrefix(text); err != nil || p != p.Masked() || p.Bits() == 0 {
			c.add(name, "%q is not a range of addresses; write one such as 10.0.0.5/32", text)
		}
	}
}

func (c *checker) allow(rules []string) {
	for _, r := range rules {
		if _, err := allow.Parse(r); err != nil {
			c.add("allow", "%q: %v", r, err)
		}
	}
}

func (c *checker) log(l Log) {
	c.oneOf("log-level", l.LogLevel, "debug", "info", "warn", "error")
	c.oneOf("log-format", l.LogFormat, "auto", "text", "json")
}

func (c *checker) oneOf(name, v string, words ...string) {
	if !slices.Contains(words, v) {
		c.add(name, "%q is not one of %s", v, strings.Join(words, ", "))
	}
}

func (c *checker) prefix(name, v, prefix, what string) {
	if v != "" && !strings.HasPrefix(v, prefix) {
		c.add(name, "is not %s; those begin with %s", what, prefix)
	}
}
