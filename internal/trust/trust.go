// Package trust owns what a connection brings of its own to TLS: whom it trusts besides the authorities that the machine knows, which certificate it insists on, and which one it shows. It opens no connection, and
// has no way to speak TLS without checking who answers.
package trust

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// Trust is what one connection brings. The zero value adds nothing. It prints as [redacted].
type Trust struct {
	CA          string // certificates in PEM, trusted besides those that everybody trusts
	Pin         string // SHA-256 of the system's certificate or of its public key: asked for besides the check of the certificate
	Certificate string // of this client, in PEM, with those that signed it behind it
	Key         string // of Certificate, in PEM; secret
}

// The fields of a login that make a Trust.
const (
	FieldCA          = "tls_ca"
	FieldPin         = "tls_pin"
	FieldCertificate = "tls_client_cert"
	FieldKey         = "tls_client_key"
)

// Of takes it out of a login.
func Of(get func(field string) string) Trust {
	return Trust{CA: get(FieldCA), Pin: get(FieldPin), Certificate: get(FieldCertificate), Key: get(FieldKey)}
}

// ErrPin says that the certificate is good, but is not the one that the connection is bound to.
var ErrPin = errors.New("the certificate is not the one that this connection is bound to")

// FieldError says which field of the login is to be mended, and how. Its text holds nothing of the value.
type FieldError struct{ Field, Mend string }

func (e *FieldError) Error() string { return e.Mend }

// Config makes the configuration of a client, which adds its ServerName; roots nil stands for the machine's own. An error is a *FieldError.
func (t Trust) Config(roots *x509.CertPool) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	if t.CA != "" {
		pool, err := withAuthorities(roots, t.CA)
		if err != nil {
			return nil, &FieldError{FieldCA, "There is no certificate in this text: paste it in PEM form, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----."}
		}
		c.RootCAs = pool
	}
	if t.Pin != "" {
		pin, err := pinOf(t.Pin)
		if err != nil {
			return nil, &FieldError{FieldPin, "This is not a SHA-256 fingerprint: write its 64 hexadecimal digits, or sha256// and 44 characters of base64."}
		}
		c.VerifyConnection = func(s tls.ConnectionState) error { return shows(s, pin) }
	}
	if t.Certificate == "" && t.Key == "" {
		return c, nil
	}
	own, err := t.own()
	if err != nil {
		return nil, err
	}
	c.Certificates = []tls.Certificate{own}
	return c, nil
}

// own reads the client's certificate; an error says nothing of the key.
func (t Trust) own() (tls.Certificate, error) {
	switch {
	case t.Key == "":
		return tls.Certificate{}, &FieldError{FieldKey, "A client certificate needs its private key: paste it in PEM form."}
	case t.Certificate == "":
		return tls.Certificate{}, &FieldError{FieldCertificate, "A private key needs its client certificate: paste it in PEM form."}
	}
	if block, _ := pem.Decode(PEM(t.Certificate)); block == nil || block.Type != "CERTIFICATE" {
		return tls.Certificate{}, &FieldError{FieldCertificate, "There is no certificate in this text: paste it in PEM form, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----."}
	}
	if block, _ := pem.Decode(PEM(t.Key)); block == nil || strings.Contains(block.Type, "ENCRYPTED") || block.Headers["DEK-Info"] != "" {
		return tls.Certificate{}, &FieldError{FieldKey, "There is no private key in this text that can be read: paste it in PEM form and without a passphrase (openssl pkey -in key.pem takes that off)."}
	}
	own, err := tls.X509KeyPair(PEM(t.Certificate), PEM(t.Key))
	if err != nil {
		return tls.Certificate{}, &FieldError{FieldKey, "This private key does not belong to the client certificate, or is of a kind that TLS does not know."}
	}
	return own, nil
}

// Print tells trusts apart without keeping them.
func (t Trust) Print() [sha256.Size]byte {
	h := sha256.New()
	for _, part := range []string{t.CA, t.Pin, t.Certificate, t.Key} {
		fmt.Fprintf(h, "%d %s", len(part), part)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// withAuthorities gives roots, or the machine's own, with the certificates of a text.
func withAuthorities(roots *x509.CertPool, text string) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if roots != nil {
		pool = roots.Clone()
	} else if system, err := x509.SystemCertPool(); err == nil {
		pool = system
	}
	found := false
	for rest := PEM(text); ; found = true {
		block, more := pem.Decode(rest)
		if block == nil {
			break
		}
		one, err := x509.ParseCertificate(block.Bytes)
		if block.Type != "CERTIFICATE" || err != nil {
			return nil, errors.New("not a certificate")
		}
		pool.AddCert(one)
		rest = more
	}
	if !found {
		return nil, errors.New("no certificate")
	}
	return pool, nil
}

// String keeps the key out of whatever prints a trust.
func (t Trust) String() string { return "[redacted]" }

// GoString does likewise.
func (t Trust) GoString() string { return "[redacted]" }

// Authorities gives the machine's own authorities and those in a file's text.
func Authorities(text []byte) (*x509.CertPool, error) { return withAuthorities(nil, string(text)) }

// PEM takes a PEM text as it is, or pasted into one line, with \n or a space for the ends of its lines.
func PEM(text string) []byte {
	text = strings.TrimSpace(strings.ReplaceAll(text, `\n`, "\n"))
	if strings.Contains(text, "\n") {
		return []byte(text + "\n")
	}
	parts := strings.Split(text, "-----")
	if len(parts)%4 != 1 {
		return []byte(text)
	}
	var b strings.Builder
	for ; len(parts) >= 5; parts = parts[4:] {
		fmt.Fprintf(&b, "-----%s-----\n%s\n-----%s-----\n", parts[1], strings.Join(strings.Fields(parts[2]), "\n"), parts[3])
	}
	return []byte(b.String())
}

// pinOf reads a fingerprint as openssl, browsers and curl write it.
func pinOf(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	for _, name := range []string{"sha256//", "sha256:", "sha256/", "sha256 fingerprint="} {
		if len(text) >= len(name) && strings.EqualFold(text[:len(name)], name) {
			text = text[len(name):]
			break
		}
	}
	digits := strings.NewReplacer(":", "", " ", "").Replace(text)
	if pin, err := hex.DecodeString(digits); err == nil && len(pin) == sha256.Size {
		return pin, nil
	}
	pin, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(pin) != sha256.Size {
		return nil, errors.New("not a fingerprint")
	}
	return pin, nil
}

// shows tells whether the system's own certificate, or its public key, is the one of the pin.
func shows(s tls.ConnectionState, pin []byte) error {
	if len(s.PeerCertificates) == 0 {
		return ErrPin
	}
	leaf := s.PeerCertificates[0]
	whole, key := sha256.Sum256(leaf.Raw), sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	if subtle.ConstantTimeCompare(whole[:], pin)|subtle.ConstantTimeCompare(key[:], pin) == 1 {
		return nil
	}
	return ErrPin
}
