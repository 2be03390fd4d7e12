// Package envelope owns what drivers share whose protocol posts a document to one address and gets one back: lists and their end, changes, one record, searches, and what an
// answer proves about a write. A Speaker turns answers into JSON; the package knows neither the documents nor a system.
package envelope

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/login"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// client implements driver.Client and driver.Writer.
type client struct {
	language   Language
	system     *manifest.System
	connection *Connection
	readings   map[string]*Reading
	config     driver.Config
	speaker    Speaker

	login    *login.Login
	url      *url.URL
	urlField string // credential field that the address comes from
	headers  http.Header
}

// Open makes a client. The error is a *driver.Error when the address is at fault.
func Open(l Language, s *manifest.System, config driver.Config) (driver.Client, error) {
	connection, problems := l.Connection(s.Options)
	c := &client{language: l, system: s, connection: connection, config: config, readings: map[string]*Reading{}}
	for _, e := range s.Entities {
		r, more := l.Reading(e)
		c.readings[e.Name], problems = r, append(problems, more...)
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("open a client for %s: %w", s.System, problems)
	}
	return c, c.prepare()
}

// prepare expands what the credentials decide once.
func (c *client) prepare() error {
	if names := manifest.Placeholders(c.connection.URL); len(names) > 0 {
		c.urlField = names[0]
	}
	u, err := url.Parse(c.expand(c.connection.URL))
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil {
		return &driver.Error{Kind: driver.Unreachable, Field: c.urlField, Detail: "The address is not one: write it like https://erp.example.com, without a login."}
	}
	c.url, c.headers = u, http.Header{}
	for name, text := range c.connection.Headers {
		c.headers.Set(name, c.expand(text))
	}
	c.speaker = c.connection.Speak(c.expand, c.config.Now)
	c.login, err = login.New(c.connection.Options, login.Host{System: c.system, Config: c.config})
	return err
}

// expand puts credential fields into a text; an address loses its last slashes.
func (c *client) expand(text string) string {
	for _, name := range manifest.Placeholders(text) {
		value := strings.TrimSpace(c.config.Credentials.Get(name))
		if name == c.urlField {
			value = strings.TrimRight(value, "/")
		}
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

// Close implements driver.Client.
func (c *client) Close() error { return c.login.Close() }

func (c *client) answerer() web.Answerer {
	return web.Answerer{Name: c.url.Hostname(), Field: c.urlField, Quote: c.login.Quote}
}

func (c *client) zone() *time.Location {
	if c.config.TimeZone == nil {
		return time.UTC
	}
	return c.config.TimeZone
}

// request makes the request of a call: fields of the login stand beside the given values.
func (c *client) request(ctx context.Context, call Call, v Values) (*http.Request, error) {
	all := Values{}
	for _, name := range call.Takes() {
		if value, ok := v[name]; ok {
			all[name] = value
		} else if !isReserved(name) {
			all[name] = c.config.Credentials.Get(name)
		}
	}
	m, err := c.speaker.Compose(call, all)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url.String(), bytes.NewReader(m.Body))
	if err != nil {
		return nil, unfit("The request cannot be written; the address is wrong.")
	}
	req.Header = c.headers.Clone()
	for name, values := range m.Header {
		req.Header[name] = values
	}
	return req, nil
}

// exchange posts a request that has its proof and reads the whole answer. Without an answer the error tells whether a byte went out.
func (c *client) exchange(req *http.Request) (*Answer, error) {
	resp, err := egress.Do(c.config.HTTP, req)
	if err != nil {
		return nil, c.answerer().Lost(err)
	}
	defer func() { _ = resp.Body.Close() }()
	a := &Answer{Status: resp.StatusCode, Header: resp.Header}
	if a.Body, err = web.ReadAll(resp); err != nil {
		return a, c.answerer().Broken(err)
	}
	return a, nil
}

// ask makes a call that changes nothing, and gives what the answer holds.
func (c *client) ask(ctx context.Context, call Call, v Values) ([]byte, error) {
	return login.Reading(ctx, c.login, func(p login.Proof) ([]byte, error) { return c.askWith(ctx, p, call, v) })
}

func (c *client) askWith(ctx context.Context, p login.Proof, call Call, v Values) ([]byte, error) {
	req, err := c.request(egress.AsRead(ctx), call, v)
	if err == nil {
		err = c.login.Sign(req, p)
	}
	if err != nil {
		return nil, err
	}
	a, err := c.exchange(req)
	if err != nil {
		e := web.As(err)
		e.Unsent = false
		return nil, e
	}
	if e := c.login.Turned(a.Status, a.Header, a.Body); e != nil {
		return nil, e
	}
	doc, refusal := c.read(a)
	if refusal != nil {
		return nil, c.explain(refusal, a)
	}
	return doc, nil
}

// Probe implements driver.Client.
func (c *client) Probe(ctx context.Context) (driver.Probe, error) {
	doc, err := c.ask(ctx, c.connection.Probe, nil)
	if err != nil {
		return driver.Probe{}, err
	}
	for path, want := range c.connection.Expect.Expect {
		if text(find(doc, strings.Split(path, "/"))) != want {
			return driver.Probe{}, c.another()
		}
	}
	quoted := func(at manifest.Path, limit int) string { return c.login.Quote(text(find(doc, at)), limit) }
	return driver.Probe{Version: quoted(c.connection.Version, 80), Account: quoted(c.connection.Account, 200)}, nil
}

func (c *client) another() error {
	return &driver.Error{Kind: driver.NotSystem, Field: c.urlField, Detail: "Something answers at " + c.url.Host + ", but it is not this system; check the address."}
}
