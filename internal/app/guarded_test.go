package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/problem"
)

// A database (all dialects share the line), an SFTP server and an HTTP API at an address that may not be called are not dialled, and nobody is told more than of a closed port.
func TestDriversDialThroughTheGuard(t *testing.T) {
	t.Parallel()
	trap, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer trap.Close()
	var dialled atomic.Int32
	go func() {
		for conn, err := trap.Accept(); err == nil; conn, err = trap.Accept() {
			dialled.Add(1)
			_ = conn.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(trap.Addr().String())
	o := options(t, t.TempDir())
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := netip.MustParseAddrPort(closed.Addr().String())
	_ = closed.Close()
	o.Allow = []allow.Rule{allow.One(at)}
	a, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close(context.WithoutCancel(t.Context()))
	ctx := audit.By(t.Context(), audit.Actor{Kind: audit.Command, Name: "test", At: time.Now()})
	project, err := a.Connections.EnsureFirstKey(ctx, false, func(string) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	for system, fill := range map[string]func(host, port string) map[string]string{
		"sql-views": func(host, port string) map[string]string {
			return map[string]string{"kind": "postgresql", "host": host, "port": port, "database": "plant", "username": "busbar", "password": "CANARY-password", "tls": "off"}
		},
		"file-drop": func(host, port string) map[string]string {
			return map[string]string{"host": host, "port": port, "username": "busbar", "password": "CANARY-password", "host_key": "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8"}
		},
		"tryton": func(host, port string) map[string]string {
			return map[string]string{"url": "http://" + net.JoinHostPort(host, port), "database": "plant", "username": "busbar", "password": "CANARY-password"}
		},
	} {
		said := map[string]string{}
		for name, where := range map[string][2]string{"a closed port": {"127.0.0.1", fmt.Sprint(at.Port())}, "loopback": {"127.0.0.1", port}, "a name of loopback": {"localhost", port}, "metadata": {"169.254.169.254", "80"}} {
			_, err := a.Connections.Create(ctx, project.ID, connection.New{System: system, Credentials: maps.Clone(fill(where[0], where[1]))})
			var p *problem.Error
			if !errors.As(err, &p) || p.Code != problem.SystemUnreachable {
				t.Errorf("%s at %s: %v", system, name, err)
				continue
			}
			said[name] = fmt.Sprint(p.Detail, p.Items)
		}
		for name, words := range said {
			if words != said["a closed port"] {
				t.Errorf("%s: of %s is said %q, of a closed port %q", system, name, words, said["a closed port"])
			}
		}
	}
	if dialled.Load() > 0 {
		t.Errorf("the forbidden address was dialled %d times", dialled.Load())
	}
}
