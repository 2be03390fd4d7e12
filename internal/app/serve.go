package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/config"
	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/trust"
)

// Program is what serve and demo run with besides their settings.
type Program struct {
	Out, Err io.Writer // for the person who started it; the log goes to Err
	Terminal config.Terminal
	Version  string
	Now      func() time.Time
}

// Serve runs Busbar until ctx ends.
func (p Program) Serve(ctx context.Context, c config.Serve) (err error) {
	log := newLog(p.Err, c.Log, p.Terminal.Err)
	allow, err := allow.ParseAll(c.Allow)
	if err != nil {
		return err
	}
	authorities, err := authoritiesIn(c.CAFile)
	if err != nil {
		return err
	}
	l, err := listen(ctx, c.Listen)
	if err != nil {
		return err
	}
	defer l.Close()
	a, err := Open(ctx, Options{
		Data: c.Data, Database: c.Database, Keys: secret.Source{Text: c.MasterKey, Command: c.MasterKeyCommand, File: c.MasterKeyPath()}, Connectors: ConnectorsIn(c.Connectors), Files: c.Files, Allow: allow, Forbid: own(l), Authorities: authorities, Proxies: c.Proxies(), Log: log, Now: p.Now, Version: p.Version,
		PublicURL: c.Public(l.Addr().String()), OIDC: c.OIDC, Mail: c.Mail, OpenLinks: c.OpenLinks, KeepRuns: time.Duration(c.KeepFlowRuns) * 24 * time.Hour,
	})
	if err != nil {
		return err
	}
	limit, cancel := outlive(ctx, stopWithin)
	defer cancel()
	defer func() { err = errors.Join(err, a.Close(limit)) }()
	url := c.Public(l.Addr().String())
	if err := p.firstKey(ctx, a, c, url); err != nil {
		return err
	}
	if err := a.Start(ctx); err != nil {
		return err
	}
	if err := p.entrance(ctx, a, url); err != nil {
		return err
	}
	fmt.Fprintf(p.Out, "Busbar answers on %s. Its API reference is at %s/docs.\n", url, url)
	return serveHTTP(ctx, limit, l, a, log)
}

// authoritiesIn gives the machine's own authorities and those in a file; nil when there is no file.
func authoritiesIn(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the file of --ca-file: %w", err)
	}
	pool, err := trust.Authorities(text)
	if err != nil {
		return nil, fmt.Errorf("%s (--ca-file) holds something other than certificates in PEM form: %w", file, err)
	}
	return pool, nil
}

// firstKey gives a fresh database a project key, and any database one more when c.NewKey asks for it, in a file that only its owner reads.
func (p Program) firstKey(ctx context.Context, a *App, c config.Serve, url string) error {
	file := filepath.Join(c.Data, "busbar.env")
	ctx = audit.By(ctx, audit.Actor{Kind: audit.Command, Name: "busbar serve", At: p.Now()})
	err := a.Store.Alone(ctx, func(ctx context.Context) error {
		_, err := a.Connections.EnsureFirstKey(ctx, c.NewKey, func(plain string) error {
			return writeEnvFile(file, []line{{"BUSBAR_URL", url}, {"BUSBAR_KEY", plain}})
		})
		return err
	})
	if err == nil && exists(file) {
		fmt.Fprintf(p.Out, "The project key is in %s (only you can read it). Try: busbar --env-file %s system list\n", file, file)
	}
	return err
}

// entrance prints where the dashboard is and, at every start until somebody owns it, a new link by which the first owner comes in.
func (p Program) entrance(ctx context.Context, a *App, url string) error {
	project, err := a.Store.FirstProject(ctx) // which the first key made
	if err != nil {
		return err
	}
	ctx = audit.By(ctx, audit.Actor{Kind: audit.Command, Name: "busbar serve", ProjectID: project, At: a.opts.Now()})
	l, ok, err := a.Members.SetupLink(ctx, project)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.Out, "The dashboard is at %s/app/\n", url)
	if ok {
		fmt.Fprintf(p.Out, "Nobody owns this Busbar yet. Open this link within %.0f minutes to set it up: %s\n", member.SetupWithin.Minutes(), url+l.Path())
	}
	return nil
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
