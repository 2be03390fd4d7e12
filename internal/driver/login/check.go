package login

import (
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// Check reports every problem in the options of a system's logins, which stand in its `connect:`.
func Check(s *manifest.System, o Options) (problems manifest.Problems) {
	used := map[string][]manifest.AuthMethod{}
	for _, m := range s.Auth {
		_, at := o.of(s, m.Method)
		used[strings.Join(at, ".")] = append(used[strings.Join(at, ".")], m)
	}
	check := func(a Auth, at ...string) {
		c := checker{options: s.Options, at: at, methods: used[strings.Join(at, ".")]}
		if len(c.methods) == 0 {
			c.wrong("is no way to log in that the manifest's auth has", "name one of its methods, or remove it")
			problems = append(problems, c.problems...)
			return
		}
		c.auth(a)
		problems = append(problems, c.problems...)
	}
	switch given := s.Options.Part("auth").Node != nil; {
	case given:
		check(o.Auth, "auth")
	case used["auth"] != nil || len(s.Auth) == 0:
		problems = append(problems, s.Options.Problem("is missing", "write auth: ...", "auth"))
	}
	for _, method := range sorted(o.Logins) {
		check(o.Logins[method], "logins", method)
	}
	return problems
}

// checker collects what is wrong with one login.
type checker struct {
	options  manifest.Options
	at       []string              // where it stands
	methods  []manifest.AuthMethod // that log in so
	problems manifest.Problems
}

func (c *checker) wrong(message, mend string, at ...string) {
	c.problems = append(c.problems, c.options.Problem(message, mend, slices.Concat(c.at, at)...))
}

// needs checks that an option that is needed is there, and one that nothing reads is not.
func (c *checker) needs(what string, need, may, given bool, name string, at ...string) {
	switch {
	case need && !given:
		c.wrong(what+" needs "+name, "write "+name+": ...", append(at, name)...)
	case !need && !may && given:
		c.wrong(what+" has no use for "+name, "remove it", append(at, name)...)
	}
}

// template checks that every {name} is a field of each form that logs in so, or one of more; secret ones only where they stay out of addresses.
func (c *checker) template(text string, secret bool, more []string, at ...string) {
	if strings.Count(text, "{") != len(manifest.Placeholders(text)) {
		c.wrong("has an open {", "write {name of a field of the login}", at...)
	}
	for _, name := range manifest.Placeholders(text) {
		known, isSecret := c.field(name)
		switch {
		case slices.Contains(more, name):
		case !known:
			c.wrong("{"+name+"} is not a field of the login", "name one of auth's fields", at...)
		case isSecret && !secret:
			c.wrong("{"+name+"} is secret and would be part of an address", "send it in a header", at...)
		}
	}
}

// templates checks texts by name.
func (c *checker) templates(texts map[string]string, secret bool, more []string, at ...string) {
	for _, name := range sorted(texts) {
		c.template(texts[name], secret, more, append(slices.Clone(at), name)...)
	}
}

// address checks a text that is a whole address.
func (c *checker) address(text string, at ...string) {
	c.template(text, false, nil, at...)
	if text != "" && !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "https://") {
		c.wrong("is not an address", "begin with {url} (a field of the login) or https://", at...)
	}
}

// field tells whether every form has a field, and whether it is secret in one of them.
func (c *checker) field(name string) (known, secret bool) {
	known = true
	for _, m := range c.methods {
		i := slices.IndexFunc(m.Fields, func(f manifest.CredentialField) bool { return f.Name == name })
		known = known && i >= 0
		secret = secret || i >= 0 && m.Fields[i].Secret
	}
	return known, secret
}

// hidden checks that what a text takes is not shown.
func (c *checker) hidden(text string, at ...string) {
	for _, name := range manifest.Placeholders(text) {
		if known, secret := c.field(name); known && !secret {
			c.wrong("{"+name+"} is not secret and would be shown", "write secret: true at the field of the login", at...)
		}
	}
}

func (c *checker) auth(a Auth) {
	what := "the style " + a.Style
	is := func(styles ...string) bool { return slices.Contains(styles, a.Style) }
	several := is(header) && len(a.Headers) > 0
	for _, m := range []struct {
		name, text string
		need, may  bool
	}{
		{"token", a.Token, is(bearer), false},
		{"username", a.Username, is(basic) || is(session) && a.Password != "", is(session)}, {"password", a.Password, is(basic) || is(session) && a.Username != "", is(session)},
		{"name", a.Name, is(query) || is(header) && !several, several}, {"value", a.Value, is(query) || is(header) && (!several || a.Name != ""), several},
	} {
		c.needs(what, m.need, m.may, m.text != "", m.name)
		c.template(m.text, true, nil, m.name)
	}
	c.needs(what, false, is(header), len(a.Headers) > 0, "headers")
	c.templates(a.Headers, true, nil, "headers")
	c.oauth(a)
	c.needs(what, is(session), false, a.Session != nil, "session")
	c.needs(what, is(signed), false, a.HMAC != nil, "hmac")
	if a.Session != nil {
		c.session(a.Session)
	}
	if a.HMAC != nil {
		c.signature(a.HMAC)
	}
}

// oauth checks what the style oauth2 needs, and that no other has it.
func (c *checker) oauth(a Auth) {
	is := a.Style == oauth2
	signs, code := is && a.ClientAuth == byKey, is && a.Grant == byCode
	style, grant, proves := "the style "+a.Style, "the style "+a.Style, "the style "+a.Style
	if is {
		grant = "the grant " + a.Grant
	}
	if signs {
		proves = "the proof " + byKey
	}
	for _, m := range []struct {
		what, name, text string
		need, may        bool
		secret           bool
	}{
		{style, "token_url", a.TokenURL, is, false, false}, {style, "grant", a.Grant, is, false, false}, {style, "client_id", a.ClientID, is, false, !code},
		{proves, "client_secret", a.ClientSecret, is && !signs && a.Grant == byClient, is && !signs, true},
		{grant, "refresh_token", a.RefreshToken, is && a.Grant == byRefresh, is && a.Grant == "", true},
		{style, "scope", a.Scope, false, is, !code}, {style, "client_auth", a.ClientAuth, false, is, false},
		{grant, "authorize_url", a.AuthorizeURL, code, false, false}, {grant, "issuer", a.Issuer, false, code, false},
	} {
		c.needs(m.what, m.need, m.may, m.text != "", m.name)
		c.template(m.text, m.secret, nil, m.name)
	}
	c.needs(style, false, is, len(a.TokenParams) > 0, "token_params")
	c.templates(a.TokenParams, true, nil, "token_params")
	c.needs(grant, false, code, len(a.AuthorizeParams) > 0, "authorize_params")
	c.templates(a.AuthorizeParams, false, nil, "authorize_params")
	c.needs(proves, signs, false, a.Assertion != nil, "assertion")
	if !is {
		return
	}
	for name, text := range map[string]string{"token_url": a.TokenURL, "authorize_url": a.AuthorizeURL} {
		if text != "" && !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "https://") {
			c.wrong("is not an address", "begin with {url} (a credential field) or https://", name)
		}
	}
	c.hidden(a.ClientSecret, "client_secret")
	c.hidden(a.RefreshToken, "refresh_token")
	if o := a.Assertion; o != nil {
		for name, text := range map[string]string{"key": o.Key, "certificate": o.Certificate, "key_id": o.KeyID, "audience": o.Audience} {
			c.template(text, true, nil, "assertion", name)
		}
		c.hidden(o.Key, "assertion", "key")
		c.templates(o.Claims, true, nil, "assertion", "claims")
	}
}

func (c *checker) session(o *Session) {
	c.address(o.URL, "session", "url")
	c.templates(o.Form, true, nil, "session", "form")
	c.templates(o.Headers, true, nil, "session", "headers")
	for _, text := range textsIn(o.Body) {
		c.template(text, true, nil, "session", "body")
	}
	if o.Form != nil && o.Body != nil {
		c.wrong("a login has one body", "write form or body", "session", "form")
	}
	if o.Method == "GET" && (o.Form != nil || o.Body != nil) {
		c.wrong("GET has no body", "write method: POST", "session", "method")
	}
	names := append(sorted(o.Take), sorted(o.TakeOf)...)
	if len(names) == 0 && !o.Cookies {
		c.wrong("nothing is taken from the answer", "write take, take_headers or cookies: true", "session", "take")
	}
	c.templates(o.Send, true, names, "session", "send")
	var sent []string
	for _, name := range sorted(o.Send) {
		sent = append(sent, manifest.Placeholders(o.Send[name])...)
	}
	for _, name := range names {
		if !slices.Contains(sent, name) {
			c.wrong("{"+name+"} is never sent", "write it in send, or remove it", "session", "send")
		}
	}
	if o.Life < 0 {
		c.wrong("is negative", "write how long a session is good", "session", "life")
	}
	if o.Logout != nil {
		c.address(o.Logout.URL, "session", "logout", "url")
	}
}

func (c *checker) signature(o *Signature) {
	c.template(o.Key, true, nil, "hmac", "key")
	c.hidden(o.Key, "hmac", "key")
	c.template(o.Sign, true, inSigned(), "hmac", "sign")
	c.templates(o.Query, true, inQuery(), "hmac", "query")
	c.templates(o.Headers, true, inHeaders(), "hmac", "headers")
	if !slices.ContainsFunc(sorted(o.Headers), func(name string) bool { return slices.Contains(manifest.Placeholders(o.Headers[name]), theSignature) }) {
		c.wrong("no header takes {"+theSignature+"}", "write {"+theSignature+"} where it goes", "hmac", "headers")
	}
}
