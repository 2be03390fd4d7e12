package odata

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/busbar-dev/busbar/internal/driver"
)

// Probe implements driver.Client: it reads at most one record.
func (c *client) Probe(ctx context.Context) (driver.Probe, error) {
	o := c.options.Probe
	r := &reading{readOptions: readOptions{Service: o.Service, Set: o.Set, Protocol: o.Protocol}}
	if r.Protocol == "" {
		r.Protocol = c.options.Protocol
	}
	u := c.address(o.Service, url.PathEscape(o.Set), parameter{"$top", "1"})
	_, err := c.take(ctx, r, u)
	var e *driver.Error
	if errors.As(err, &e) && (e.Kind == driver.Torn && e.Status == http.StatusOK || e.Kind == driver.Invalid && e.Status == http.StatusNotFound) {
		return driver.Probe{}, &driver.Error{Kind: driver.NotSystem, Field: c.urlField, Status: e.Status, Detail: "Something answers at " + c.base.Host + ", but it is not this system, or the service " + o.Service + " is not active in it."}
	}
	return driver.Probe{Account: c.account()}, err
}

// account is the name that the login goes by; "" where it has none.
func (c *client) account() string {
	if c.options.Auth.Style != "basic" {
		return ""
	}
	return c.config.Quote(c.expand(c.options.Auth.Username), 200)
}
