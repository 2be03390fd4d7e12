package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Answer is what the browser brings back.
type Answer struct {
	State, Code string
	Issuer      string // the parameter iss; empty: none came
	Error       string // the parameter error; empty: none came
}

// Person is who logged in, as the server says.
type Person struct {
	Issuer, Subject string // name the person for good
	Email           string // empty: not said
	EmailVerified   bool
	Name            string
	ProvedAt        time.Time // when the person last proved it to the server; zero: not said
	For             string    // as Begin was told
}

// Finish takes the way back to the browser that began. A state is good once, whatever comes of it. Errors: *Error.
func (p *Provider) Finish(ctx context.Context, browser string, a Answer) (*Person, error) {
	begun, err := p.begun(ctx, browser, a.State)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, answers)
	defer cancel()
	d, err := p.discover(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case a.Issuer != p.Issuer && (a.Issuer != "" || d.namesIss):
		return nil, because(OtherServer, "the answer is not of the server that was asked")
	case a.Error != "":
		return nil, because(Denied, code(a.Error))
	case a.Code == "":
		return nil, because(Denied, "no code came back")
	}
	token, err := p.client(d).Exchange(p.with(ctx), a.Code, oauth2.VerifierOption(begun.Verifier))
	if err != nil {
		return nil, exchangeFailed(err)
	}
	return p.person(ctx, d, token, begun)
}

// begun gives the login that began in this browser with that state.
func (p *Provider) begun(ctx context.Context, browser, state string) (Attempt, error) {
	if state == "" || browser == "" {
		return Attempt{}, because(NotBegun, "no state or no cookie came back")
	}
	a, err := p.Attempts.Take(ctx, state, browser)
	switch {
	case errors.Is(err, ErrNoAttempt):
		return Attempt{}, &Error{NotBegun, err}
	case err != nil:
		return Attempt{}, fmt.Errorf("find the login that was begun: %w", err)
	case !p.Now().Before(a.Ends):
		return Attempt{}, because(NotBegun, "it began too long ago")
	}
	return a, nil
}

// exchangeFailed tells a server that says no from one that fails.
func exchangeFailed(err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.ErrorCode != "" && refused.Response.StatusCode < 500 {
		return failed(Denied, err)
	}
	return failed(Unavailable, err)
}

// claims are those that are read of an id token.
type claims struct {
	Party    string    `json:"azp"`
	Email    string    `json:"email"`
	Verified truth     `json:"email_verified"`
	Name     string    `json:"name"`
	AuthTime *unixTime `json:"auth_time"`
}

// truth is a boolean that some servers write as text; anything else is false.
type truth bool

// UnmarshalJSON implements json.Unmarshaler.
func (t *truth) UnmarshalJSON(raw []byte) error {
	*t = string(raw) == "true" || string(raw) == `"true"`
	return nil
}

// unixTime is a number of seconds.
type unixTime time.Time

// UnmarshalJSON implements json.Unmarshaler.
func (t *unixTime) UnmarshalJSON(raw []byte) error {
	var seconds float64
	if err := json.Unmarshal(raw, &seconds); err != nil {
		return err
	}
	*t = unixTime(time.Unix(int64(seconds), 0))
	return nil
}

// person reads the id token, whose signature, issuer, audience, end and nonce must be right.
func (p *Provider) person(ctx context.Context, d *discovered, token *oauth2.Token, begun Attempt) (*Person, error) {
	raw, _ := token.Extra("id_token").(string)
	id, err := d.VerifierContext(p.with(ctx), &oidc.Config{ClientID: p.ClientID, Now: p.Now}).Verify(p.with(ctx), raw)
	if err != nil {
		return nil, &Error{Unproved, errors.New("the id token does not hold")}
	}
	var c claims
	switch err := id.Claims(&c); {
	case err != nil, id.Subject == "":
		return nil, because(Unproved, "the id token names nobody")
	case id.Nonce != begun.Nonce:
		return nil, because(Unproved, "the nonce is of another login")
	case c.Party != "" && c.Party != p.ClientID, c.Party == "" && !slices.Equal(id.Audience, []string{p.ClientID}):
		return nil, because(Unproved, "the id token is for another client")
	}
	who := &Person{Issuer: id.Issuer, Subject: id.Subject, Email: c.Email, EmailVerified: bool(c.Verified), Name: c.Name, For: begun.For}
	if c.AuthTime != nil {
		who.ProvedAt = time.Time(*c.AuthTime)
	}
	if begun.Fresh && who.ProvedAt.Before(begun.Begun.Add(-skew)) {
		return nil, because(Stale, "it does not say when the person proved it last, or that was before this login")
	}
	return who, p.complete(ctx, d, token, who)
}

// complete asks for the address where the id token has none, as many servers keep it for those who ask.
func (p *Provider) complete(ctx context.Context, d *discovered, token *oauth2.Token, who *Person) error {
	if who.Email != "" || d.UserInfoEndpoint() == "" {
		return nil
	}
	info, err := d.UserInfo(p.with(ctx), oauth2.StaticTokenSource(token))
	if err != nil {
		return failed(Unavailable, err)
	}
	if info.Subject != who.Subject {
		return because(Unproved, "the server tells of another person")
	}
	who.Email, who.EmailVerified = info.Email, info.EmailVerified
	if who.Name == "" {
		var more struct {
			Name string `json:"name"`
		}
		if info.Claims(&more) == nil {
			who.Name = more.Name
		}
	}
	return nil
}
