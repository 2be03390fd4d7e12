package odata

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/login"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// client implements driver.Client and driver.Writer.
type client struct {
	system   *manifest.System
	options  *connectOptions
	readings map[string]*reading
	config   driver.Config

	base     *url.URL
	headers  http.Header
	urlField string // credential field that the address comes from
	login    *login.Login

	mu       sync.Mutex
	sessions map[string]*session // by service: what its writes need
}

// answer is a response, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
	proof  login.Proof // that the request had
}

// Close implements driver.Client: the system forgets what its writes need by itself.
func (c *client) Close() error { return c.login.Close() }

// prepare expands what the credentials decide once.
func (c *client) prepare() error {
	if names := manifest.Placeholders(c.options.URL); len(names) > 0 {
		c.urlField = names[0]
	}
	base, err := url.Parse(c.expand(c.options.URL))
	if err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http") || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return &driver.Error{Kind: driver.Unreachable, Field: c.urlField, Detail: "The address is not one: write it like https://erp.example.com, without a login or a question mark."}
	}
	c.base = base
	c.headers = http.Header{"Accept": {"application/json"}}
	for name, text := range c.options.Headers {
		c.headers.Set(name, c.expand(text))
	}
	c.login, err = login.New(c.options.Options, login.Host{System: c.system, Config: c.config})
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

// filled puts credential fields into the texts of a body.
func (c *client) filled(body map[string]any) map[string]any {
	out := maps.Clone(body)
	for name, value := range out {
		if text, ok := value.(string); ok {
			out[name] = c.expand(text)
		}
	}
	return out
}

// parameter is one option of a query; its order is kept.
type parameter struct{ name, value string }

// address gives the URL of a resource below a service. The resource is escaped already; names of options keep their "$".
func (c *client) address(service, resource string, query ...parameter) *url.URL {
	u := *c.base
	path := strings.TrimRight(u.EscapedPath(), "/")
	for _, part := range []string{escapePath(strings.Trim(service, "/")), resource} {
		path += "/" + part
	}
	u.RawPath = strings.TrimSuffix(path, "/") + map[bool]string{true: "/"}[resource == ""]
	u.Path, _ = url.PathUnescape(u.RawPath)
	for _, name := range sortedKeys(c.options.Query) {
		query = append(query, parameter{name, c.expand(c.options.Query[name])})
	}
	u.RawQuery = encodeQuery(query)
	return &u
}

func escapePath(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/")
}

// encodeQuery writes options; a space is %20, which every server reads.
func encodeQuery(query []parameter) string {
	var all []string
	for _, p := range query {
		if p.value != "" {
			name := strings.ReplaceAll(url.QueryEscape(p.name), "%24", "$")
			all = append(all, name+"="+strings.ReplaceAll(url.QueryEscape(p.value), "+", "%20"))
		}
	}
	return strings.Join(all, "&")
}

// ask sends a request that changes nothing and reads the whole answer. Only a good one is no error.
func (c *client) ask(ctx context.Context, version string, u *url.URL) (*answer, error) {
	return login.Reading(ctx, c.login, func(p login.Proof) (*answer, error) {
		req, err := c.request(egress.AsRead(ctx), version, http.MethodGet, u, nil)
		if err != nil {
			return nil, err
		}
		a, err := c.exchange(req, p)
		if err != nil {
			return nil, err
		}
		return a, c.judge(a)
	})
}

// exchange sends a request that only reads.
func (c *client) exchange(req *http.Request, p login.Proof) (*answer, error) {
	if err := c.login.Sign(req, p); err != nil {
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
		return nil, e
	}
	return a, nil
}

// send sends a request that has an effect, once, and reads the whole answer.
func (c *client) send(req *http.Request) (*answer, error) {
	p, err := c.login.Writing(req)
	if err != nil {
		return nil, err
	}
	resp, err := egress.Do(c.config.HTTP, req)
	if err != nil {
		return nil, c.answerer().Lost(err)
	}
	defer func() { _ = resp.Body.Close() }()
	a := &answer{status: resp.StatusCode, header: resp.Header, proof: p}
	if a.body, err = web.ReadAll(resp); err != nil {
		return a, c.answerer().Broken(err)
	}
	return a, nil
}

func (c *client) request(ctx context.Context, version, method string, u *url.URL, body []byte) (*http.Request, error) {
	var payload io.Reader
	if body != nil {
		payload = strings.NewReader(string(body))
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), payload)
	if err != nil {
		return nil, &driver.Error{Kind: driver.Invalid, Detail: "The request cannot be written; the manifest's path or the address is wrong."}
	}
	req.Header = c.headers.Clone()
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if version == v2 {
		req.Header.Set("DataServiceVersion", "2.0")
		req.Header.Set("MaxDataServiceVersion", "2.0")
	} else {
		req.Header.Set("OData-Version", "4.0")
		req.Header.Set("OData-MaxVersion", "4.0")
	}
	return req, nil
}

// quote makes words of the system fit to be shown: see driver.Config.Quote.
func (c *client) quote(text string, limit int) string {
	return c.login.Quote(text, limit, c.secretsOfSessions()...)
}

// kept makes an answer fit for the ledger of its write: see driver.Config.Kept.
func (c *client) kept(answer []byte, good bool) []byte {
	return c.login.Kept(answer, good, c.secretsOfSessions()...)
}
