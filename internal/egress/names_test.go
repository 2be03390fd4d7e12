package egress_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/sim/dns"
)

// names is a name server, and two web servers on one port of which the first may be reached.
type names struct {
	*dns.Server
	port  string
	allow []allow.Rule
	good  atomic.Int32 // requests that the first got
	bad   atomic.Int32 // connections that the other got
}

const (
	reachable = "127.0.0.1"
	forbidden = "127.0.0.2"
)

func newNames(t *testing.T) *names {
	t.Helper()
	server, err := dns.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	n := &names{Server: server}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.good.Add(1)
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusFound)
		}
	}))
	t.Cleanup(web.Close)
	at := netip.MustParseAddrPort(web.Listener.Addr().String())
	_, n.port, _ = net.SplitHostPort(at.String())
	n.allow = []allow.Rule{allow.One(at)}
	trap, err := net.Listen("tcp", net.JoinHostPort(forbidden, n.port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = trap.Close() })
	go func() {
		for {
			conn, err := trap.Accept()
			if err != nil {
				return
			}
			n.bad.Add(1)
			_ = conn.Close()
		}
	}()
	return n
}

func (n *names) guard(t *testing.T) *egress.Guard {
	t.Helper()
	g := egress.New(egress.Options{Allow: n.allow, Resolver: n.Resolver()})
	t.Cleanup(g.Close)
	return g
}

// ask makes a call over a connection of its own, as a write does that finds none.
func (n *names) ask(t *testing.T, g *egress.Guard, url string) error {
	t.Helper()
	req, err := http.NewRequestWithContext(egress.AsWrite(t.Context(), egress.Sending{}), http.MethodPost, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	resp, err := egress.Do(g.Client(egress.ClientConfig{Attempts: 1}), req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// A name is judged by where it leads at each dial, whatever it led to before, and by the address that is dialled among several.
func TestNamesAreJudgedByWhereTheyLead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rounds []string // of addresses, one for each dial
		open   []bool   // whether the dial comes through
	}{
		"to one that may be reached":       {[]string{reachable}, []bool{true, true}},
		"to one that may not":              {[]string{forbidden}, []bool{false, false}},
		"to metadata":                      {[]string{"169.254.169.254"}, []bool{false}},
		"to metadata in IPv6":              {[]string{"fd00:ec2::254"}, []bool{false}},
		"to metadata within IPv6":          {[]string{"::ffff:169.254.169.254 64:ff9b::a9fe:a9fe"}, []bool{false}},
		"to nothing":                       {[]string{"0.0.0.0 ::"}, []bool{false}},
		"bound anew after the check":       {[]string{reachable, forbidden}, []bool{true, false, false}},
		"bound anew and back":              {[]string{reachable, "169.254.169.254", reachable}, []bool{true, false, true}},
		"to both, the forbidden one first": {[]string{forbidden + " " + reachable}, []bool{true, true}},
		"to both, the forbidden one last":  {[]string{reachable + " " + forbidden}, []bool{true, true}},
		"to many that may not":             {[]string{forbidden + " 10.0.0.1 169.254.169.254 fd00::1 ::1"}, []bool{false}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNames(t)
			var rounds [][]netip.Addr
			for _, r := range test.rounds {
				rounds = append(rounds, dns.Addresses(r))
			}
			n.Set("erp.example.com", rounds...)
			g := n.guard(t)
			for i, open := range test.open {
				err := n.ask(t, g, "http://erp.example.com:"+n.port+"/")
				if open && err != nil || !open && !errors.Is(err, egress.ErrBlocked) {
					t.Errorf("dial %d: %v", i, err)
				}
			}
			if n.bad.Load() > 0 {
				t.Error("the forbidden address was dialled")
			}
		})
	}
}

// Another name for a name is judged by where it ends.
func TestAliasesAreFollowedToTheirEnd(t *testing.T) {
	t.Parallel()
	n := newNames(t)
	n.Alias("a.example.com", "b.example.net")
	n.Alias("b.example.net", "c.example.org")
	n.Set("c.example.org", dns.Addresses(reachable), dns.Addresses(forbidden))
	g := n.guard(t)
	if err := n.ask(t, g, "http://a.example.com:"+n.port+"/"); err != nil {
		t.Error(err)
	}
	if err := n.ask(t, g, "http://a.example.com:"+n.port+"/"); !errors.Is(err, egress.ErrBlocked) || n.bad.Load() > 0 {
		t.Errorf("%v, %d connections to the forbidden address", err, n.bad.Load())
	}
}

// A connection that is kept leads where it led; the next one is judged anew, and so is each attempt of a read.
func TestKeptConnectionsStayWhereTheyLed(t *testing.T) {
	t.Parallel()
	n := newNames(t)
	n.Set("erp.example.com", dns.Addresses(reachable), dns.Addresses(forbidden))
	g := n.guard(t)
	client, url := g.Client(egress.ClientConfig{}), "http://erp.example.com:"+n.port+"/"
	for i := range 3 {
		if _, err := get(egress.AsRead(t.Context()), client, url); err != nil {
			t.Errorf("call %d on the kept connection: %v", i, err)
		}
	}
	g.Close()
	if _, err := get(egress.AsRead(t.Context()), client, url); !errors.Is(err, egress.ErrBlocked) {
		t.Error(err)
	}
	if n.good.Load() != 3 || n.bad.Load() > 0 {
		t.Errorf("%d requests, %d connections to the forbidden address", n.good.Load(), n.bad.Load())
	}
}

// A redirect is an answer: its target is not even looked up.
func TestRedirectsLeadNowhere(t *testing.T) {
	t.Parallel()
	n := newNames(t)
	n.Set("erp.example.com", dns.Addresses(reachable))
	for _, to := range []string{"http://" + forbidden + ":" + n.port + "/", "http://169.254.169.254/latest/meta-data/", "//[::1]/", "file:///etc/passwd", "gopher://127.0.0.1:1/_"} {
		if err := n.ask(t, n.guard(t), "http://erp.example.com:"+n.port+"/?to="+to); err != nil {
			t.Errorf("%s: %v", to, err)
		}
	}
	if n.bad.Load() > 0 {
		t.Error("the forbidden address was dialled")
	}
}

// notations write addresses of this machine, of its networks and of metadata services in other ways.
func notations() []string {
	return []string{
		"127.0.0.2", "2130706434", "0x7f000002", "0x7f.0.0.2", "0x7F.1", "017700000002", "0177.0.0.2", "0177.0.0.02", "127.2", "127.0.2", "127.0.0.2.", "127.000.000.002", "0", "0.0.0.0", "00", "0x0",
		"localhost", "localhost.", "LOCALHOST", "localhost.localdomain", "[::1]", "[::]", "[::ffff:127.0.0.2]", "[::ffff:7f00:2]", "[0:0:0:0:0:ffff:127.0.0.2]", "[::127.0.0.2]", "[64:ff9b::127.0.0.2]",
		"[64:ff9b:1::127.0.0.2]", "[2002:7f00:2::]", "[::ffff:0:127.0.0.2]", "[2001:0:1::]", "[fe80::1%25lo]", "[::1%25lo]", "[fe80::1]", "[fd00:ec2::254]",
		"１２７.０.０.２", "①②⑦.⓪.⓪.②", "127。0。0。2", "127．0．0．2", "ⓛocalhost", "169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "[::ffff:a9fe:a9fe]", "100.100.100.200",
		"erp.example.com@127.0.0.2", "erp.example.com:80@127.0.0.2", "erp.example.com%40127.0.0.2", "127.0.0.2%2f", "127.0.0.2%00.example.com", "127.0.0.2%09", "127.0.0.2\\@erp.example.com",
		"erp.example.com#@127.0.0.2", "255.255.255.255", "224.0.0.1", "metadata.google.internal", "127.0.0.2.nip.io",
	}
}

// Whatever notation leads to a forbidden address leads nowhere, over HTTP and on a line, also where a library reads it otherwise than we do.
func TestNotationsLeadNowhere(t *testing.T) {
	t.Parallel()
	n := newNames(t)
	for _, resolver := range []*net.Resolver{n.Resolver(), {PreferGo: false, Dial: n.Resolver().Dial}} {
		g := egress.New(egress.Options{Resolver: resolver})
		t.Cleanup(g.Close)
		line := g.Line(egress.ClientConfig{})
		for _, host := range notations() {
			if _, err := get(t.Context(), g.Client(egress.ClientConfig{Attempts: 1}), "http://"+host+":"+n.port+"/"); err == nil {
				t.Errorf("http://%s was answered", host)
			}
			plain := strings.Trim(strings.ReplaceAll(host, "%25", "%"), "[]")
			if conn, err := line.Dial(t.Context(), "tcp", net.JoinHostPort(plain, n.port)); err == nil {
				_ = conn.Close()
				t.Errorf("the line to %s is open", host)
			}
		}
	}
	if n.bad.Load() > 0 {
		t.Errorf("the forbidden address was dialled %d times", n.bad.Load())
	}
}

// Only TCP goes out, whatever a library asks for.
func TestOnlyTCPGoesOut(t *testing.T) {
	t.Parallel()
	n := newNames(t)
	line := n.guard(t).Line(egress.ClientConfig{})
	for network, address := range map[string]string{"unix": t.TempDir() + "/s", "udp": "127.0.0.1:" + n.port, "ip": "127.0.0.1", "tcp": ":" + n.port} {
		if conn, err := line.Dial(t.Context(), network, address); err == nil {
			_ = conn.Close()
			t.Errorf("%s %s is open", network, address)
		}
	}
	conn, err := line.Dial(context.Background(), "tcp", "127.0.0.1:"+n.port)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
}
