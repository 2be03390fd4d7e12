package login

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // some systems know nothing else; HMAC with SHA-1 is not broken
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
)

// signable are the placeholders of what is signed; those besides the request's own stand in parameters, and with the signature in headers.
const (
	theMethod    = "method"
	theHost      = "host"
	thePath      = "path"
	theQuery     = "query"
	theBody      = "body"
	theBodyHash  = "body_hash"
	theTimestamp = "timestamp"
	theNonce     = "nonce"
	theSignature = "signature"
)

func inQuery() []string { return []string{theTimestamp, theNonce} }

func inSigned() []string {
	return append(inQuery(), theMethod, theHost, thePath, theQuery, theBody, theBodyHash)
}

func inHeaders() []string { return append(inQuery(), theBodyHash, theSignature) }

// prepareKey decodes the key.
func (l *Login) prepareKey() (err error) {
	o, text := l.auth.HMAC, l.fill(l.auth.HMAC.Key)
	switch o.KeyIs {
	case "hex":
		l.key, err = hex.DecodeString(text)
	case "base64":
		l.key, err = base64.StdEncoding.DecodeString(text)
	default:
		l.key = []byte(text)
	}
	if err != nil || len(l.key) == 0 {
		return &driver.Error{Kind: driver.Credentials, Field: fieldOf(o.Key), Unsent: true, Detail: "The key of the login is not written in " + orText(o.KeyIs) + ", or is empty."}
	}
	return nil
}

func orText(word string) string {
	if word == "" {
		return "text"
	}
	return word
}

// signature signs a request that is otherwise complete.
func (l *Login) signature(req *http.Request) error {
	o := l.auth.HMAC
	format := string(o.Time)
	if format == "" {
		format = web.Unix
	}
	body, err := bodyOf(req)
	if err != nil {
		return &driver.Error{Kind: driver.Fault, Detail: "The request could not be signed.", Err: err}
	}
	v := map[string]string{theTimestamp: web.WriteTime(format, l.host.Config.Now(), time.UTC), theNonce: rand.Text()}
	more := url.Values{}
	for name, text := range o.Query {
		more.Set(name, l.put(text, v))
	}
	if len(more) > 0 {
		addQuery(req.URL, more)
	}
	v[theMethod], v[theHost], v[thePath], v[theQuery] = req.Method, req.URL.Host, req.URL.EscapedPath(), req.URL.RawQuery
	digest := o.hash()()
	digest.Write(body)
	v[theBody], v[theBodyHash] = string(body), o.write(digest.Sum(nil))
	mac := hmac.New(o.hash(), l.key)
	mac.Write([]byte(l.put(o.Sign, v)))
	v[theSignature] = o.write(mac.Sum(nil))
	for name, text := range o.Headers {
		req.Header.Set(name, l.put(text, v))
	}
	return nil
}

// put puts values of the request, and fields of the login, into a text in one go: what a value holds is no placeholder.
func (l *Login) put(text string, values map[string]string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		name, after, closed := strings.Cut(rest, "}")
		out.WriteString(before)
		if !found || !closed {
			return out.String()
		}
		value, ok := values[name]
		if !ok {
			value = strings.TrimSpace(l.host.Config.Credentials.Get(name))
		}
		out.WriteString(value)
		text = after
	}
}

func bodyOf(req *http.Request) ([]byte, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return nil, nil
	}
	if req.GetBody == nil {
		return nil, errors.New("the body can be read only once")
	}
	r, err := req.GetBody()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	return io.ReadAll(r)
}

func (o *Signature) hash() func() hash.Hash {
	switch o.Algorithm {
	case "sha512":
		return sha512.New
	case "sha1":
		return sha1.New
	}
	return sha256.New
}

func (o *Signature) write(sum []byte) string {
	if o.Output == "base64" {
		return base64.StdEncoding.EncodeToString(sum)
	}
	return hex.EncodeToString(sum)
}
