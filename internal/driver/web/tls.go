package web

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/trust"
)

// untrusted explains an error of TLS: whoever answers is not trusted, or does not trust us. It is nil for any other error.
func (a Answerer) untrusted(err error) *driver.Error {
	e := &driver.Error{Kind: driver.Unreachable, Untrusted: true, Field: a.Field, Err: err}
	var wrong *trust.FieldError
	var check *tls.CertificateVerificationError
	switch {
	case errors.As(err, &wrong):
		e.Field, e.Detail = wrong.Field, wrong.Mend
	case errors.Is(err, trust.ErrPin):
		e.Field, e.Detail = trust.FieldPin, "The certificate of "+a.Name+" is trusted, but it is not the one of the fingerprint in tls_pin. Ask who runs the system whether it has a new certificate: if so, enter its fingerprint, and if not, somebody stands in between."
	case errors.As(err, &check):
		e.Field, e.Detail = a.certificate(check)
	default:
		e.Field, e.Detail = a.handshake(err)
	}
	if e.Detail == "" {
		return nil
	}
	return e
}

// certificate says what is wrong with the system's certificate, and which field could mend it.
func (a Answerer) certificate(err *tls.CertificateVerificationError) (field, detail string) {
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &host):
		return a.Field, "The certificate of " + a.Name + " is for another host" + a.namesOf(host.Certificate) + ". Write the address with a name that the certificate has, or let it be issued anew for this one."
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return a.Field, "The certificate of " + a.Name + " has expired, or is not valid yet. Let who runs the system renew it, and see that the clock of this machine is right."
	case slices.ContainsFunc(err.UnverifiedCertificates, weak):
		return a.Field, "The certificate of " + a.Name + " is signed with SHA-1 or MD5, which others can forge. Let it be issued anew, signed with SHA-256."
	case errors.As(err, &invalid):
		return a.Field, "The certificate of " + a.Name + " may not be used for this: " + a.Quote(invalid.Error(), 120) + ". Let it be issued anew, for a server."
	}
	return trust.FieldCA, "The certificate of " + a.Name + " is signed by nobody who is trusted here. Enter the certificate of the authority that signed it in tls_ca, or let an operator trust it for all connections (--ca-file)."
}

// namesOf lists the first names of a certificate.
func (a Answerer) namesOf(c *x509.Certificate) string {
	if c == nil || len(c.DNSNames) == 0 {
		return ""
	}
	names := a.Quote(strings.Join(c.DNSNames[:min(3, len(c.DNSNames))], ", "), 120)
	if names == "" { // whoever asks is not told
		return ""
	}
	return " (" + names + ")"
}

// weak tells a signature that others can forge.
func weak(c *x509.Certificate) bool {
	return slices.Contains([]x509.SignatureAlgorithm{x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1, x509.MD5WithRSA, x509.MD2WithRSA}, c.SignatureAlgorithm)
}

// handshake explains why TLS was not agreed on; detail is empty for errors of another kind.
func (a Answerer) handshake(err error) (field, detail string) {
	var plain tls.RecordHeaderError
	var op *net.OpError
	switch text := err.Error(); {
	case errors.As(err, &plain), errors.Is(err, http.ErrSchemeMismatch), strings.Contains(text, "server gave HTTP response to HTTPS client"):
		return a.Field, a.Name + " does not speak TLS on this port. Check the port; an address without TLS begins with http://."
	case strings.Contains(text, "unsupported protocol version"), strings.Contains(text, "protocol version not supported"):
		return a.Field, a.Name + " speaks only versions of TLS before 1.2, which others can read. Let who runs the system switch on TLS 1.2 or 1.3."
	case errors.As(err, &op) && op.Op == "remote error" && strings.Contains(text, "certificate"), errors.As(err, &op) && op.Op == "remote error" && strings.Contains(text, "unknown certificate authority"):
		return trust.FieldCertificate, a.Name + " asks for a client certificate, or refuses the one it was shown. Enter the one that was issued for Busbar in tls_client_cert, and its key in tls_client_key."
	case strings.Contains(text, "tls: handshake failure"), strings.Contains(text, "no cipher suite"):
		return a.Field, a.Name + " and Busbar have no way of TLS in common, or it asks for a client certificate (tls_client_cert). Let who runs the system look at its settings of TLS."
	}
	return "", ""
}
