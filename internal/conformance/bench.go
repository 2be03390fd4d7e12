package conformance

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/app"
	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/egress"
)

// bench is one Busbar in this process, on a directory of its own, with one connection.
type bench struct {
	*suite
	ctx   context.Context
	dir   string
	pages map[string]int // size of an entity's pages; none: the manifest's
	tap   *tap
	log   *lockedBuffer
	app   *app.App
	key   string // of the project
	id    string // of the connection
	token string // of the connection
}

// lockedBuffer takes what several write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.b.Bytes())
}

// newBench opens a Busbar that is not connected yet.
func (s *suite) newBench(ctx context.Context, pages map[string]int) *bench {
	s.benches++
	b := &bench{suite: s, ctx: ctx, dir: filepath.Join(s.dir, fmt.Sprintf("busbar-%d", s.benches)), pages: pages, tap: &tap{}, log: &lockedBuffer{}}
	must(os.MkdirAll(b.dir, 0o700))
	b.open()
	_, err := b.app.Connections.EnsureFirstKey(audit.Myself(ctx, "connector test", time.Now()), false, func(plain string) error { b.key = plain; return nil })
	must(err)
	s.opened = append(s.opened, b)
	return b
}

func (b *bench) open() {
	reach := slices.Clone(b.Allow)
	if b.proxy != nil {
		reach = append(reach, b.proxy.rule())
	}
	if b.cutter != nil {
		reach = append(reach, b.cutter.rule())
	}
	a, err := app.Open(b.ctx, app.Options{
		Data: b.dir, MasterKey: app.DefaultMasterKey(b.dir), Connectors: []fs.FS{single{b.Folder, b.System}}, Allow: reach, Now: b.Clock.Now, Version: "conformance",
		Log: slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Calls: egress.ClientConfig{Attempts: 1},
		Bench: &app.Bench{Tune: b.tune, Around: func(d driver.Driver) driver.Driver { return tapped{d, b.tap} }},
	})
	must(err)
	b.app = a
}

func (b *bench) tune(s *system) {
	for _, e := range s.Entities {
		if n := b.pages[e.Name]; n > 0 {
			e.PageSize = n
		}
	}
}

func (b *bench) close() {
	if b.app != nil {
		_ = b.app.Close(context.WithoutCancel(b.ctx))
		b.app = nil
	}
}

// reopen is another process on the same data.
func (b *bench) reopen() {
	b.close()
	b.open()
	must(b.app.Store.ClearLeases(b.ctx))
}

// step lets Busbar do what is due now.
func (b *bench) step() { must(b.app.Step(b.ctx, b.id)) }

// entities are those that are looked at.
func (b *bench) entities() (names []string) {
	for _, e := range b.connector.Entities {
		if b.wants(e.Name) {
			names = append(names, e.Name)
		}
	}
	return names
}

// single shows one folder of connectors.
type single struct {
	fs.FS
	name string
}

// ReadDir hides the other folders at the top.
func (o single) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(o.FS, name)
	if name != "." {
		return entries, err
	}
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() != o.name }), err
}

// loopback lets the suite's own client reach this machine.
func loopback() []allow.Rule {
	return []allow.Rule{{Prefix: netip.MustParsePrefix("127.0.0.0/8")}, {Prefix: netip.MustParsePrefix("::1/128")}}
}
