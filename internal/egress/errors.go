package egress

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// What a client's errors wrap, beside those of package net.
var (
	ErrBlocked  = errors.New("blocked by the egress policy")                // no byte was sent
	ErrTooLarge = errors.New("the response is larger than allowed")         // or its compression is a bomb
	ErrStalled  = errors.New("the response stalled")                        // no byte for the idle time
	ErrDeadline = errors.New("the response took longer than allowed")       // headers and body together
	ErrEncoding = errors.New("the response's content encoding is not gzip") // or its gzip is damaged
)

// Do sends a request. Its errors name the host at most: never the URL's path, query or user.
func Do(client *http.Client, r *http.Request) (*http.Response, error) {
	resp, err := client.Do(r)
	return resp, Scrub(err)
}

// Scrub takes the URL out of an error of an http.Client, which prints it with its query.
func Scrub(err error) error {
	var u *url.Error
	if !errors.As(err, &u) {
		return err
	}
	parsed, perr := url.Parse(u.URL)
	if perr != nil {
		return fmt.Errorf("%s: %w", u.Op, u.Err)
	}
	return fmt.Errorf("%s %s: %w", u.Op, parsed.Host, u.Err)
}
