package cli

import (
	"context"
	"fmt"

	"github.com/busbar-dev/busbar/internal/config"
)

type serveCmd struct{ config.Serve }

// Help ends the command's help with examples.
func (serveCmd) Help() string {
	return `Makes its data directory at the first start, with a project key in busbar.env there, and needs nothing else.

Examples:

  busbar serve
  busbar serve --listen 0.0.0.0:8080 --public-url https://busbar.example.com --allow 10.1.0.0/16:443`
}

// Run checks every setting, then serves until ctx ends.
func (c *serveCmd) Run(ctx context.Context, p *Programs) error {
	if err := c.Check(); err != nil {
		return usage{err}
	}
	return p.Serve(ctx, c.Serve)
}

type demoCmd struct{ config.Demo }

// Help ends the command's help with examples.
func (demoCmd) Help() string {
	return `Starts simulated systems, connects Busbar to them, loads their data and prints commands to try.

Examples:

  busbar demo
  busbar demo --listen 127.0.0.1:9090 --data /tmp/demo`
}

// Run checks every setting, then serves until ctx ends.
func (c *demoCmd) Run(ctx context.Context, p *Programs) error {
	if err := c.Check(); err != nil {
		return usage{err}
	}
	return p.Demo(ctx, c.Demo)
}

type openAPICmd struct{}

// Help ends the command's help with an example.
func (openAPICmd) Help() string {
	return `Needs no running Busbar. A running one serves the same document at /openapi.json.

Example:

  busbar openapi > openapi.json`
}

// Run prints the document.
func (openAPICmd) Run(s *Streams, p *Programs) error {
	doc, err := p.OpenAPI()
	if err != nil {
		return fmt.Errorf("make the OpenAPI document: %w", err)
	}
	_, err = s.Out.Write(append(doc, '\n'))
	return err
}

type versionCmd struct{}

// Help ends the command's help with an example.
func (versionCmd) Help() string { return "Example:\n\n  busbar version" }

// Run prints the version.
func (versionCmd) Run(s *Streams, p *Programs) error {
	_, err := fmt.Fprintln(s.Out, "busbar", p.Version)
	return err
}
