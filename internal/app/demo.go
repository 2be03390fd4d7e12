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
	"strings"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/config"
	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/sim/erp"
	"github.com/busbar-dev/busbar/internal/store"
)

// demoTag marks the demo's own connection.
const demoTag = "busbar-demo"

// demoLabel is the label of the token and key that the demo hands out.
const demoLabel = "demo"

// demo is a running Busbar connected to a simulated ERP.
type demo struct {
	Program
	log     *slog.Logger
	app     *App
	sim     *erp.Server
	simURL  string
	url     string // of Busbar
	envFile string
}

// Demo runs Busbar on a data directory of its own, connected to a simulated ERP that keeps its state there too.
func (p Program) Demo(ctx context.Context, c config.Demo) (err error) {
	l, err := listen(ctx, c.Listen)
	if err != nil {
		return err
	}
	defer l.Close()
	d := &demo{Program: p, log: newLog(p.Err, config.Log(c.DemoLog), p.Terminal.Err), url: "http://" + l.Addr().String(), envFile: filepath.Join(c.Data, "demo.env")}
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

// open takes the data directory (whose lock also guards the simulator's state), then starts the simulator.
func (d *demo) open(ctx context.Context, c config.Demo, forbid []allow.Rule) (err error) {
	sim, err := d.reserveSim(ctx, c.Data)
	if err != nil {
		return err
	}
	d.app, err = Open(ctx, Options{
		Data: c.Data, MasterKey: DefaultMasterKey(c.Data), Allow: []allow.Rule{only(sim.Addr())}, Forbid: forbid, Log: d.log, Now: d.Now, Version: d.Version,
	})
	if err != nil {
		return errors.Join(err, sim.Close())
	}
	if d.sim, err = erp.Open(erp.Options{Dir: filepath.Join(c.Data, "sim-erp"), Now: d.Now}); err != nil {
		return errors.Join(err, sim.Close())
	}
	d.simURL = "http://" + sim.Addr().String()
	d.sim.Serve(sim)
	return nil
}

// reserveSim opens the simulator's address: the one of the last start where that is free, so that the connection needs no new address.
func (d *demo) reserveSim(ctx context.Context, data string) (net.Listener, error) {
	env, err := readEnvFile(d.envFile)
	if err != nil {
		return nil, err
	}
	if host := strings.TrimPrefix(env["SIM_ERP_URL"], "http://"); strings.HasPrefix(host, "127.0.0.1:") {
		if l, err := listen(ctx, host); err == nil {
			return l, nil
		}
	}
	return listen(ctx, "127.0.0.1:0")
}

// only allows exactly one loopback address.
func only(a net.Addr) allow.Rule {
	return allow.One(netip.MustParseAddrPort(a.String()))
}

// introduce connects the simulator, shows the initial sync and tells what to try.
func (d *demo) introduce(ctx context.Context) error {
	fmt.Fprintf(d.Out, "Busbar          %s\nSimulated ERP   %s\n\n", d.url, d.simURL)
	env, err := d.connect(ctx)
	if err != nil {
		return err
	}
	conn, err := d.app.Store.ConnectionForWork(ctx, env["BUSBAR_CONNECTION"])
	if err != nil {
		return err
	}
	if err := d.app.Start(ctx); err != nil {
		return err
	}
	if err := d.watchFirstSync(ctx, conn); err != nil {
		return err
	}
	if err := writeEnvFile(d.envFile, d.lines(env)); err != nil {
		return err
	}
	d.farewell(env)
	return nil
}

func (d *demo) lines(env map[string]string) []line {
	return []line{
		{"BUSBAR_URL", d.url}, {"BUSBAR_TOKEN", env["BUSBAR_TOKEN"]}, {"BUSBAR_KEY", env["BUSBAR_KEY"]},
		{"BUSBAR_CONNECTION", env["BUSBAR_CONNECTION"]}, {"SIM_ERP_URL", d.simURL}, {"SIM_ERP_KEY", erp.DefaultKey},
	}
}

// connect gives the demo's connection, token and key: those of demo.env while they are good, else new ones.
func (d *demo) connect(ctx context.Context) (map[string]string, error) {
	env, err := readEnvFile(d.envFile)
	if err != nil {
		return nil, err
	}
	project, _, err := d.app.Store.EnsureProject(ctx, uuid.NewString(), "demo", d.Now())
	if err != nil {
		return nil, err
	}
	if _, err := d.app.Connections.Authenticate(ctx, env["BUSBAR_KEY"]); err != nil {
		if env["BUSBAR_KEY"], _, err = d.app.Connections.IssueKey(ctx, project.ID, demoLabel); err != nil {
			return nil, err
		}
	}
	conn, err := d.existing(ctx, project.ID)
	if err != nil {
		return nil, err
	}
	if conn == nil {
		return d.connectAnew(ctx, project.ID, env)
	}
	return d.reuse(ctx, conn, env)
}

func (d *demo) connectAnew(ctx context.Context, project string, env map[string]string) (map[string]string, error) {
	made, err := d.app.Connections.Create(ctx, project, connection.New{
		System: "sim-erp", Name: "Simulated ERP", Tags: []string{demoTag}, TokenLabel: demoLabel, Credentials: d.credentials(),
	})
	if err != nil {
		return nil, fmt.Errorf("connect the simulated ERP: %w", err)
	}
	env["BUSBAR_CONNECTION"], env["BUSBAR_TOKEN"] = made.Connection.ID, made.Token.Plain
	return env, nil
}

// reuse goes on with a connection of an earlier start. A token that nobody has seen is replaced.
func (d *demo) reuse(ctx context.Context, conn *store.Connection, env map[string]string) (map[string]string, error) {
	if conn.Public["url"] != d.simURL {
		if err := d.app.Connections.Reauthorize(ctx, conn, connection.Renewal{Credentials: d.credentials(), SameInstance: true}); err != nil {
			return nil, fmt.Errorf("tell the connection the simulator's new address: %w", err)
		}
	}
	who, err := d.app.Connections.Authenticate(ctx, env["BUSBAR_TOKEN"])
	if err == nil && who.Connection != nil && who.Connection.ID == conn.ID {
		env["BUSBAR_CONNECTION"] = conn.ID
		return env, nil
	}
	token, err := d.app.Connections.IssueToken(ctx, conn, demoLabel, nil, nil)
	if err != nil {
		return nil, err
	}
	env["BUSBAR_CONNECTION"], env["BUSBAR_TOKEN"] = conn.ID, token.Plain
	return env, nil
}

func (d *demo) credentials() map[string]string {
	return map[string]string{"url": d.simURL, "api_key": erp.DefaultKey}
}

// existing gives the demo's connection, or nil.
func (d *demo) existing(ctx context.Context, project string) (*store.Connection, error) {
	conns, err := d.app.Store.Connections(ctx, project, store.ConnectionFilter{Tag: demoTag, System: "sim-erp", Limit: 100})
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
	token, url := env["BUSBAR_TOKEN"], d.url
	curl := func(path string) string {
		return fmt.Sprintf("  curl -s -H 'Authorization: Bearer %s' '%s%s'\n", token, url, path)
	}
	fmt.Fprintf(d.Out, "\nEverything is synced. The connection's token:\n\n  %s\n\nTry it (each line works as it stands):\n\n", token)
	fmt.Fprint(d.Out, curl("/v1/purchase-orders?limit=2"), curl("/v1/changes?entity=purchase-orders&limit=3"), curl("/v1/syncs"))
	fmt.Fprintf(d.Out, "\nWhere to go next\n  API reference    %s/docs\n  For scripts      %s\n  Simulated ERP    change something there and see it arrive, or write to it: docs/guides/demo.md\n\nStop with Ctrl-C; the same command goes on where it was.\n", url, d.envFile)
}

func (d *demo) close(ctx context.Context) error {
	var errs []error
	if d.app != nil {
		errs = append(errs, d.app.Close(ctx))
	}
	if d.sim != nil {
		errs = append(errs, d.sim.Close())
	}
	return errors.Join(errs...)
}
