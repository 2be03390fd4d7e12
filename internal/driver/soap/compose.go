package soap

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"sort"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/envelope"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// The names that the protocol stands on.
const (
	envelope11 = "http://schemas.xmlsoap.org/soap/envelope/"
	envelope12 = "http://www.w3.org/2003/05/soap-envelope"
	instance   = "http://www.w3.org/2001/XMLSchema-instance"
	wsse       = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	wsu        = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	profile    = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#"
	encoding   = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
)

// speaker implements envelope.Speaker.
type speaker struct {
	options *connectOptions
	expand  func(string) string
	now     func() time.Time
}

// Compose implements envelope.Speaker.
func (s *speaker) Compose(c envelope.Call, v envelope.Values) (envelope.Message, error) {
	options := &c.(*call).callOptions
	m := envelope.Message{Header: http.Header{"Content-Type": {"text/xml; charset=utf-8"}, "Soapaction": {`"` + options.Action + `"`}}}
	if s.options.Version == "1.2" {
		m.Header.Del("Soapaction")
		action := ""
		if options.Action != "" {
			action = `; action="` + options.Action + `"`
		}
		m.Header.Set("Content-Type", "application/soap+xml; charset=utf-8"+action)
	}
	for name, template := range options.Headers {
		if text, ok := v.Fill(template); ok {
			m.Header.Set(name, text)
		}
	}
	top, err := parse(options.Body)
	if err != nil {
		return m, &driver.Error{Kind: driver.Invalid, Detail: "The connector's template is not well-formed.", Err: err}
	}
	body, err := render(top, v, options)
	if err != nil {
		return m, err
	}
	header, err := s.header()
	if err != nil {
		return m, err
	}
	m.Body = []byte(`<?xml version="1.0" encoding="UTF-8"?>` + "<env:Envelope" + s.declared() + ">" + header + "<env:Body>" + body + "</env:Body></env:Envelope>")
	return m, nil
}

// render writes the elements of a template.
func render(top []any, v envelope.Values, options *callOptions) (string, error) {
	w := &writer{values: v, call: options, unfit: new(bool)}
	for _, child := range top {
		if n, ok := child.(*node); ok {
			if _, err := w.node(n, true); err != nil {
				return "", err
			}
		}
	}
	if *w.unfit {
		return "", &driver.Error{Kind: driver.Invalid, Detail: "What is to be sent holds a character that XML cannot carry."}
	}
	return w.String(), nil
}

// declared declares the prefixes that templates may use.
func (s *speaker) declared() string {
	name := envelope11
	if s.options.Version == "1.2" {
		name = envelope12
	}
	text := ` xmlns:env="` + name + `" xmlns:xsi="` + instance + `"`
	var prefixes []string
	for prefix := range s.options.Namespaces {
		prefixes = append(prefixes, prefix)
	}
	sort.Strings(prefixes)
	for _, prefix := range prefixes {
		text += " xmlns:" + prefix + `="` + escape(s.options.Namespaces[prefix]) + `"`
	}
	return text
}

// header makes the envelope's header; none where there is nothing in it.
func (s *speaker) header() (string, error) {
	top, err := parse(s.options.Header)
	if err != nil {
		return "", &driver.Error{Kind: driver.Invalid, Detail: "The connector's template of the header is not well-formed.", Err: err}
	}
	v := envelope.Values{}
	for _, name := range manifest.Placeholders(s.options.Header) {
		v[name] = s.expand("{" + name + "}")
	}
	text, err := render(top, v, &callOptions{})
	if text += s.token(); text == "" || err != nil {
		return "", err
	}
	return "<env:Header>" + text + "</env:Header>", nil
}

// token makes the UsernameToken of the login. A digest is never the same twice.
func (s *speaker) token() string {
	o := s.options.Security
	if o == nil {
		return ""
	}
	password, created := s.expand(o.Password), s.now().UTC().Format("2006-01-02T15:04:05.000Z")
	var b strings.Builder
	b.WriteString(`<wsse:Security env:mustUnderstand="1" xmlns:wsse="` + wsse + `" xmlns:wsu="` + wsu + `"><wsse:UsernameToken>`)
	b.WriteString("<wsse:Username>" + escape(s.expand(o.Username)) + "</wsse:Username>")
	if o.Style == "text" {
		b.WriteString(`<wsse:Password Type="` + profile + `PasswordText">` + escape(password) + "</wsse:Password>")
	} else {
		nonce := make([]byte, 16)
		_, _ = rand.Read(nonce)
		b.WriteString(`<wsse:Password Type="` + profile + `PasswordDigest">` + digest(nonce, created, password) + "</wsse:Password>")
		b.WriteString(`<wsse:Nonce EncodingType="` + encoding + `">` + base64.StdEncoding.EncodeToString(nonce) + "</wsse:Nonce><wsu:Created>" + created + "</wsu:Created>")
	}
	b.WriteString("</wsse:UsernameToken></wsse:Security>")
	return b.String()
}

// digest is the one that the profile of 2004 gives, which knows SHA-1 only.
func digest(nonce []byte, created, password string) string {
	sum := sha1.Sum([]byte(string(nonce) + created + password))
	return base64.StdEncoding.EncodeToString(sum[:])
}
