package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"slices"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/config"
	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/store"
)

// demoTag marks the demo's own connections.
const demoTag = "busbar-demo"

// demoLabel is the label of the tokens and the key that the demo hands out.
const demoLabel = "demo"

// demo is a running Busbar connected to simulated systems.
type demo struct {
	Program
	log     *slog.Logger
	app     *App
	sims    []*simulated
	url     string // of Busbar
	envFile string
}

// Demo runs Busbar on a data directory of its own, connected to simulated systems that keep their state there too.
func (p Program) Demo(ctx context.Context, c config.Demo) (err error) {
	l, err := listen(ctx, c.Listen)
	if err != nil {
		return err
	}
	defer l.Close()
	d := &demo{Program: p, log: newLog(p.Err, config.Log(c.DemoLog), p.Terminal.Err), url: "http://" + l.Addr().String(), envFile: filepath.Join(c.Data, "demo.env"), sims: simulations()}
	limit, ended := outlive(ctx, stopWithin)
	defer ended()
	defer func() { err = errors.Join(err, d.close(limit)) }()
	if err := d.open(ctx, c, own(l)); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	served := make(chan error, 1)
	go func() { served <- serveHTTP(ctx, limit, l, d.app, d.log) }()
	if err := d.introduce(ctx); err != nil && ctx.Err() == nil {
		cancel()
		return errors.Join(err, <-served)
	}
	return <-served
}

// open takes the data directory (whose lock also guards the simulators' state), then starts the simulators.
func (d *demo) open(ctx context.Context, c config.Demo, forbid []allow.Rule) error {
	ctx = audit.Myself(ctx, "busbar demo", d.Now())
	env, err := readEnvFile(d.envFile)
	if err != nil {
		return err
	}
	var allowed []allow.Rule
	for _, s := range d.sims {
		if err := s.reserve(ctx, env); err != nil {
			return err
		}
		allowed = append(allowed, only(s.listener.Addr()))
	}
	d.app, err = Open(ctx, Options{
		Data: c.Data, MasterKey: DefaultMasterKey(c.Data), Allow: allowed, Forbid: forbid, Log: d.log, Now: d.Now, Version: d.Version, PublicURL: d.url,
		Demo: true,
	})
	if err != nil {
		return err
	}
	for _, s := range d.sims {
		if err := s.start(c.Data, d.Now); err != nil {
			return err
		}
	}
	return nil
}

// only allows exactly one loopback address.
func only(a net.Addr) allow.Rule {
	return allow.One(netip.MustParseAddrPort(a.String()))
}

// introduce connects the simulators, shows the initial sync and tells what to try.
func (d *demo) introduce(ctx context.Context) error {
	fmt.Fprintf(d.Out, "Busbar          %s\n", d.url)
	for _, s := range d.sims {
		fmt.Fprintf(d.Out, "%-15s %s\n", s.name, s.url)
	}
	fmt.Fprintln(d.Out)
	env, err := d.connect(ctx)
	if err != nil {
		return err
	}
	var conns []*store.Connection
	for _, s := range d.sims {
		conn, err := d.app.Store.ConnectionForWork(ctx, env[s.connection()])
		if err != nil {
			return err
		}
		conns = append(conns, conn)
	}
	if err := d.app.Start(ctx); err != nil {
		return err
	}
	if err := d.watchFirstSync(ctx, conns); err != nil {
		return err
	}
	if err := writeEnvFile(d.envFile, d.lines(env)); err != nil {
		return err
	}
	d.farewell(env)
	return d.entrance(ctx, d.app, d.url)
}

func (d *demo) lines(env map[string]string) []line {
	lines := []line{{"BUSBAR_URL", d.url}, {"BUSBAR_KEY", env["BUSBAR_KEY"]}}
	for _, s := range d.sims {
		lines = append(lines, line{s.token(), env[s.token()]}, line{s.connection(), env[s.connection()]}, line{s.prefix + "_URL", s.url}, line{s.prefix + "_KEY", s.key})
	}
	return lines
}

// connect gives the demo's key, and the connection and token of each simulator: those of demo.env while they are good, else new ones.
func (d *demo) connect(ctx context.Context) (map[string]string, error) {
	env, err := readEnvFile(d.envFile)
	if err != nil {
		return nil, err
	}
	project, _, err := d.app.Store.EnsureProject(ctx, uuid.NewString(), "demo", d.Now())
	if err != nil {
		return nil, err
	}
	ctx = audit.By(ctx, audit.Actor{Kind: audit.Command, Name: "busbar demo", ProjectID: project.ID, At: d.Now()})
	if _, err := d.app.Connections.Authenticate(ctx, env["BUSBAR_KEY"]); err != nil {
		key, err := d.app.Connections.IssueKey(ctx, project.ID, connection.NewKey{Label: demoLabel, Scopes: connection.Scopes()})
		if err != nil {
			return nil, err
		}
		env["BUSBAR_KEY"] = key.Plain
	}
	for _, s := range d.sims {
		if err := d.connectTo(ctx, s, project.ID, env); err != nil {
			return nil, err
		}
	}
	return env, nil
}

func (d *demo) connectTo(ctx context.Context, s *simulated, project string, env map[string]string) error {
	conn, err := d.existing(ctx, s, project)
	if err != nil {
		return err
	}
	if conn == nil {
		return d.connectAnew(ctx, s, project, env)
	}
	return d.reuse(ctx, s, conn, env)
}

func (d *demo) connectAnew(ctx context.Context, s *simulated, project string, env map[string]string) error {
	made, err := d.app.Connections.Create(ctx, project, connection.New{
		System: s.system, Name: s.name, Tags: []string{demoTag}, TokenLabel: demoLabel, Credentials: s.credentials(),
	})
	if err != nil {
		return fmt.Errorf("connect the %s: %w", s.name, err)
	}
	env[s.connection()], env[s.token()] = made.Connection.ID, made.Token.Plain
	return nil
}

// reuse goes on with a connection of an earlier start. A token that nobody has seen is replaced.
func (d *demo) reuse(ctx context.Context, s *simulated, conn *store.Connection, env map[string]string) error {
	if conn.Public["url"] != s.url {
		if err := d.app.Connections.Reauthorize(ctx, conn, connection.Renewal{Credentials: s.credentials(), SameInstance: true}); err != nil {
			return fmt.Errorf("tell the connection the simulator's new address: %w", err)
		}
	}
	env[s.connection()] = conn.ID
	who, err := d.app.Connections.Authenticate(ctx, env[s.token()])
	if err == nil && who.Connection != nil && who.Connection.ID == conn.ID {
		return nil
	}
	token, err := d.app.Connections.IssueToken(ctx, conn, demoLabel, nil, nil)
	if err != nil {
		return err
	}
	env[s.token()] = token.Plain
	return nil
}

// existing gives the demo's connection to a simulator, or nil.
func (d *demo) existing(ctx context.Context, s *simulated, project string) (*store.Connection, error) {
	conns, err := d.app.Store.Connections(ctx, project, store.ConnectionFilter{Tag: demoTag, System: s.system, Limit: 100})
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(conns, func(c *store.Connection) bool { return c.State != store.ConnectionDisconnected })
	if i < 0 {
		return nil, nil
	}
	return conns[i], nil
}

func (d *demo) farewell(env map[string]string) {
	erp, cmms := d.sims[0], d.sims[1]
	curl := func(s *simulated, path string) string {
		return fmt.Sprintf("  curl -s -H 'Authorization: Bearer %s' '%s%s'\n", env[s.token()], d.url, path)
	}
	fmt.Fprint(d.Out, "\nEverything is synced. A connection has its own token:\n\n")
	for _, s := range d.sims {
		fmt.Fprintf(d.Out, "  %-15s %s\n", s.name, env[s.token()])
	}
	fmt.Fprint(d.Out, "\nTry it (each line works as it stands):\n\n")
	fmt.Fprint(d.Out, curl(erp, "/v1/purchase-orders?limit=2"), curl(cmms, "/v1/work-orders?limit=2"), curl(erp, "/v1/changes?entity=purchase-orders&limit=3"), curl(erp, "/v1/syncs"))
	fmt.Fprintf(d.Out, "\nWhere to go next\n  API reference      %s/docs\n  For customers      they connect their own system by a link: docs/guides/link.md\n  For scripts        %s\n  Simulated systems  change something there and see it arrive, or write to them: docs/guides/demo.md\n\nStop with Ctrl-C; the same command goes on where it was.\n\n", d.url, d.envFile)
}

func (d *demo) close(ctx context.Context) error {
	var errs []error
	if d.app != nil {
		errs = append(errs, d.app.Close(ctx))
	}
	for _, s := range d.sims {
		errs = append(errs, s.close())
	}
	return errors.Join(errs...)
}
