package rest

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// client implements driver.Client.
type client struct {
	options  *connectOptions
	readings map[string]*readOptions
	config   driver.Config

	base     *url.URL
	headers  http.Header
	secretly url.Values // parameters that carry the login
	urlField string     // credential field that the address comes from

	sentences []saying // of the error rules

	tokens tokenServer // of the style oauth2
	bearer bearer
}

// answer is a response, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// Close implements driver.Client: there is no session.
func (c *client) Close() error { return nil }

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
	c.login()
	return c.prepareTokens()
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

// login makes the headers or parameters that prove who asks.
func (c *client) login() {
	a := c.options.Auth
	switch a.Style {
	case "bearer":
		c.headers.Set("Authorization", "Bearer "+c.expand(a.Token))
	case "basic":
		r := http.Request{Header: c.headers}
		r.SetBasicAuth(c.expand(a.Username), c.expand(a.Password))
	case "header":
		c.headers.Set(a.Name, c.expand(a.Value))
	case "query":
		c.secretly = url.Values{a.Name: {c.expand(a.Value)}}
	}
}

// address gives the URL of a path below the base, with a query.
func (c *client) address(path string, query url.Values) *url.URL {
	u := *c.base
	u.Path = strings.TrimRight(u.Path, "/") + "/" + strings.TrimLeft(c.expand(path), "/")
	u.RawQuery = query.Encode()
	return &u
}

// ask sends a request that changes nothing and reads the whole answer. Only a 2xx in JSON that the error rules let pass is no error. A token that the system
// does not take any more is replaced once.
func (c *client) ask(ctx context.Context, method string, u *url.URL, body string) (*answer, error) {
	token, err := c.access(ctx)
	if err != nil {
		return nil, err
	}
	a, err := c.askWith(ctx, token, method, u, body)
	if driver.KindOf(err) != driver.Credentials || !c.refuse(token) {
		return a, err
	}
	if token, err = c.access(ctx); err != nil {
		return nil, err
	}
	return c.askWith(ctx, token, method, u, body)
}

func (c *client) askWith(ctx context.Context, token, method string, u *url.URL, body string) (*answer, error) {
	req, err := c.request(egress.AsRead(ctx), method, u, body)
	if err != nil {
		return nil, err
	}
	sign(req, token)
	resp, err := egress.Do(c.config.HTTP, req)
	if err != nil {
		return nil, c.answerer().Unanswered(err)
	}
	defer func() { _ = resp.Body.Close() }()
	a := &answer{status: resp.StatusCode, header: resp.Header}
	if a.body, err = web.ReadAll(resp); err != nil && resp.StatusCode < 300 {
		return nil, c.answerer().Broken(err)
	}
	return a, c.judge(a)
}

func (c *client) request(ctx context.Context, method string, u *url.URL, body string) (*http.Request, error) {
	full := *u
	if len(c.secretly) > 0 {
		query := full.Query()
		for name, values := range c.secretly {
			query[name] = values
		}
		full.RawQuery = query.Encode()
	}
	var payload io.Reader
	if body != "" {
		payload = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, full.String(), payload)
	if err != nil {
		return nil, &driver.Error{Kind: driver.Invalid, Detail: "The request cannot be written; the manifest's path or the address is wrong."}
	}
	req.Header = c.headers.Clone()
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}
