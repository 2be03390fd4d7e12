package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"github.com/go-json-experiment/json"

	"github.com/busbar-dev/busbar/internal/config"
)

// clientFlags gives a group of commands the settings of a client, and a client made from them.
type clientFlags struct{ config.Client }

// AfterApply binds the client for the Run methods.
func (f *clientFlags) AfterApply(k *kong.Context, p *Programs) error {
	if err := f.Check(); err != nil {
		return usage{err}
	}
	// Wide enough for a long poll of 30 s and for a live check of a slow system.
	k.Bind(&client{Client: f.Client, http: &http.Client{Timeout: 3 * time.Minute}, agent: "busbar/" + p.Version})
	return nil
}

// client asks the public API.
type client struct {
	config.Client
	http  *http.Client
	agent string
}

// request is one call of the API. Body, when not nil, is sent as JSON; stream, when not nil, as it is, however long that takes.
type request struct {
	method, path string
	query        url.Values
	headers      map[string]string
	body         any
	stream       io.Reader
	who          caller
}

// reply is a good answer.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// caller is who may make a call.
type caller int

const (
	aConnection caller = iota // a token, or a key with --connection
	aKey                      // a project key
	anyCredential
)

// call asks and gives the body of a good answer. Errors are *fault, unreachable or usage.
func (c *client) call(ctx context.Context, r request) ([]byte, error) {
	a, err := c.send(ctx, r)
	if err != nil {
		return nil, err
	}
	return a.body, nil
}

// send asks and gives a good answer.
func (c *client) send(ctx context.Context, r request) (*reply, error) {
	req, err := c.build(ctx, r)
	if err != nil {
		return nil, err
	}
	asker := c.http
	if r.stream != nil {
		patient := *c.http
		patient.Timeout, asker = 0, &patient
	}
	resp, err := asker.Do(req)
	if err != nil {
		return nil, c.noAnswer(ctx, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, c.noAnswer(ctx, err)
	}
	if resp.StatusCode >= 300 {
		return nil, newFault(resp, body)
	}
	return &reply{resp.StatusCode, resp.Header, body}, nil
}

func (c *client) build(ctx context.Context, r request) (*http.Request, error) {
	body := r.stream
	if r.body != nil {
		b, err := json.Marshal(r.body)
		if err != nil {
			return nil, fmt.Errorf("write the request: %w", err)
		}
		body = bytes.NewReader(b)
	}
	target := strings.TrimSuffix(c.URL, "/") + "/v1" + r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, body)
	if err != nil {
		return nil, usage{err}
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("User-Agent", c.agent)
	for name, value := range r.headers {
		req.Header.Set(name, value)
	}
	return req, c.authorize(req, r.who)
}

// authorize picks the credential: the key with a named connection, else the token, for one connection's data.
func (c *client) authorize(req *http.Request, who caller) error {
	secret := c.Token
	switch {
	case who == aKey && c.Key == "":
		return denied("this needs a project key: set BUSBAR_KEY, or give --env-file or --key")
	case who != aConnection && c.Key != "":
		secret = c.Key
	case c.Key != "" && c.Connection != "":
		secret = c.Key
		req.Header.Set("Busbar-Connection", c.Connection)
	case c.Token == "" && c.Key != "":
		return usage{errors.New("which connection? Give --connection ID (`busbar connection list` shows them)")}
	case c.Token == "":
		return denied("this needs a connection token or a project key: set BUSBAR_TOKEN or BUSBAR_KEY, or give --env-file")
	case c.Connection != "":
		req.Header.Set("Busbar-Connection", c.Connection) // refused when the token is another connection's
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	return nil
}

// get asks and decodes the answer; raw is the answer itself.
func get[T any](ctx context.Context, c *client, r request) (value T, raw []byte, err error) {
	raw, err = c.call(ctx, r)
	if err != nil || len(raw) == 0 {
		return value, raw, err
	}
	if err := json.Unmarshal(raw, &value); err != nil {
		return value, raw, fmt.Errorf("%s did not answer like Busbar; check --url: %w", c.URL, err)
	}
	return value, raw, nil
}

// list is the shape of every list of the API.
type list[T any] struct {
	Data []T     `json:"data"`
	Next *string `json:"next_cursor"`
}

func (c *client) noAnswer(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return unreachable{fmt.Errorf("no answer from %s: %w\nIs `busbar serve` (or `busbar demo`) running there? Set BUSBAR_URL or --url if it is elsewhere", c.URL, err)}
}
