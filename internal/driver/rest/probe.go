package rest

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// Probe implements driver.Client.
func (c *client) Probe(ctx context.Context) (driver.Probe, error) {
	o := c.options.Probe
	a, err := c.ask(ctx, http.MethodGet, c.address(o.Path, c.parameters(o.Query)), "")
	if err != nil {
		return driver.Probe{}, c.strange(err)
	}
	if rawjson.Valid(a.body) != nil {
		return driver.Probe{}, c.another()
	}
	for path, want := range o.Expect {
		if value, _, _ := rawjson.Find(a.body, strings.Split(path, "/")...); text(value) != want {
			return driver.Probe{}, c.another()
		}
	}
	return driver.Probe{Version: c.quote(text(find(a.body, o.Version)), 80), Account: c.quote(text(find(a.body, o.Account)), 200)}, nil
}

// strange takes a probe that is not found, or answered in another language, for another system.
func (c *client) strange(err error) error {
	if e, ok := err.(*driver.Error); ok && e.Kind == driver.Invalid && e.Status == http.StatusNotFound {
		return c.another()
	}
	return err
}

func (c *client) another() error {
	return &driver.Error{Kind: driver.NotSystem, Field: c.urlField, Detail: "Something answers at " + c.base.Host + ", but it is not this system; check the address."}
}

// parameters expands a fixed query.
func (c *client) parameters(fixed map[string]string) url.Values {
	q := url.Values{}
	for name, value := range fixed {
		q.Set(name, c.expand(value))
	}
	return q
}
