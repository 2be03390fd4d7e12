package rest

import (
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// oauth2 is the style of a login whose tokens the system issues and renews (RFC 6749).
const oauth2 = "oauth2"

// What the tokens are asked for with.
const (
	byClient  = "client_credentials"
	byRefresh = "refresh_token"
)

// Where the client says who it is.
const (
	inHeader = "basic"
	inBody   = "body"
)

// oauthOptions are what `auth:` has for the style oauth2.
type oauthOptions struct {
	TokenURL     string `yaml:"token_url"`
	Grant        string `yaml:"grant" words:"client_credentials,refresh_token"`
	ClientID     string `yaml:"client_id"`
	ClientSecret string `yaml:"client_secret"` // a public client, which only refresh_token knows, has none
	RefreshToken string `yaml:"refresh_token"` // the first one; the system may replace it with each renewal
	Scope        string `yaml:"scope"`
	ClientAuth   string `yaml:"client_auth" words:"basic,body"` // default basic
}

// oauth checks what the style oauth2 needs, and that no other has it.
func (c *checker) oauth(o authOptions) {
	is := o.Style == oauth2
	for _, m := range []struct {
		name, text string
		need       bool
		secret     bool
	}{
		{"token_url", o.TokenURL, is, false}, {"grant", o.Grant, is, false}, {"client_id", o.ClientID, is, true},
		{"client_secret", o.ClientSecret, is && (o.Grant == byClient || o.ClientSecret != ""), true},
		{"refresh_token", o.RefreshToken, is && (o.Grant == byRefresh || o.Grant == "" && o.RefreshToken != ""), true},
		{"scope", o.Scope, is && o.Scope != "", true}, {"client_auth", o.ClientAuth, is && o.ClientAuth != "", false},
	} {
		style := "the style " + o.Style
		if m.name == "refresh_token" && is {
			style = "the grant " + o.Grant
		}
		c.needs(style, m.need, m.text != "", "auth", m.name)
		c.template(m.text, m.secret, "auth", m.name)
	}
	if !is {
		return
	}
	if o.TokenURL != "" && !strings.HasPrefix(o.TokenURL, "{") && !strings.HasPrefix(o.TokenURL, "https://") {
		c.wrong("is not an address", "begin with {url} (a credential field) or https://", "auth", "token_url")
	}
	for at, text := range map[string]string{"client_secret": o.ClientSecret, "refresh_token": o.RefreshToken} {
		for _, name := range manifest.Placeholders(text) {
			if known, secret := c.field(name); known && !secret {
				c.wrong("{"+name+"} is not secret and would be shown", "write secret: true at the field of the login", "auth", at)
			}
		}
	}
}
