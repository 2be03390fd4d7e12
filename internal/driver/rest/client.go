package rest

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/login"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// client implements driver.Client.
type client struct {
	system   *manifest.System
	options  *connectOptions
	readings map[string]*readOptions
	config   driver.Config

	base     *url.URL
	headers  http.Header
	urlField string // credential field that the address comes from
	login    *login.Login

	sentences []saying // of the error rules
}

// answer is a response, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
	proof  login.Proof // that the request had
}

// Close implements driver.Client.
func (c *client) Close() error { return c.login.Close() }

// prepare expands what the credentials decide once.
func (c *client) prepare() error {
	if names := manifest.Placeholders(c.options.URL); len(names) > 0 {
		c.urlField = names[0]
	}
	base, err := url.Parse(c.expand(c.options.URL))
	if err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http") || base.User != nil || base.RawQuery != "" {
		return &driver.Error{Kind: driver.Unreachable, Field: c.urlField, Detail: "The address is not one: write it like https://erp.example.com, without a login or a question mark."}
	}
	c.base = base
	if c.sentences, err = compileSentences(c.options.Errors.Sentences); err != nil {
		return err
	}
	c.headers = http.Header{"Accept": {"application/json"}}
	for name, text := range c.options.Headers {
		if value := c.expand(text); value != "" {
			c.headers.Set(name, value)
		}
	}
	c.login, err = login.New(c.options.Options, login.Host{System: c.system, Config: c.config, Wait: c.retryAfter})
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

// address gives the URL of a path below the base, with a query.
func (c *client) address(path string, query url.Values) *url.URL {
	u := *c.base
	u.Path = strings.TrimRight(u.Path, "/") + "/" + strings.TrimLeft(c.expand(path), "/")
	u.RawQuery = query.Encode()
	return &u
}

// ask sends a request that changes nothing and reads the whole answer. Only a 2xx in JSON that the error rules let pass is no error.
func (c *client) ask(ctx context.Context, method string, u *url.URL, body string) (*answer, error) {
	return login.Reading(ctx, c.login, func(p login.Proof) (*answer, error) { return c.askWith(ctx, p, method, u, body) })
}

func (c *client) askWith(ctx context.Context, p login.Proof, method string, u *url.URL, body string) (*answer, error) {
	req, err := c.request(egress.AsRead(ctx), method, u, body)
	if err == nil {
		err = c.login.Sign(req, p)
	}
	if err != nil {
		return nil, err
	}
	resp, err := egress.Do(c.config.HTTP, req)
	if err != nil {
		return nil, c.answerer().Unanswered(err)
	}
	defer func() { _ = resp.Body.Close() }()
	a := &answer{status: resp.StatusCode, header: resp.Header}
	if a.body, err = web.ReadAll(resp); err != nil && resp.StatusCode < 300 {
		return nil, c.answerer().Broken(err)
	}
	if e := c.login.Turned(a.status, a.header, a.body); e != nil {
		return a, e
	}
	return a, c.judge(a)
}

func (c *client) request(ctx context.Context, method string, u *url.URL, body string) (*http.Request, error) {
	var payload io.Reader
	if body != "" {
		payload = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), payload)
	if err != nil {
		return nil, &driver.Error{Kind: driver.Invalid, Detail: "The request cannot be written; the manifest's path or the address is wrong."}
	}
	req.Header = c.headers.Clone()
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// quote makes words of the system fit to be shown: see driver.Config.Quote.
func (c *client) quote(text string, limit int, also ...string) string {
	return c.login.Quote(text, limit, also...)
}

// kept makes an answer fit for the ledger of its write: see driver.Config.Kept.
func (c *client) kept(answer []byte, good bool) []byte { return c.login.Kept(answer, good) }
