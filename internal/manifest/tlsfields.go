package manifest

import (
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/trust"
)

// GroupTLS is the group of the fields for networks with certificates of their own: a form shows them apart, under "TLS, if your network needs it".
const GroupTLS = "tls"

// tlsFields are what every login of a system that is reached over TLS has besides its own fields. No manifest writes them.
func tlsFields() []CredentialField {
	return []CredentialField{
		{Name: trust.FieldCA, Label: "Certificate authority", Type: "multiline", Group: GroupTLS, Help: "The certificate of the authority that signed the system's, where it is your own; or the system's certificate, where it signs itself. In PEM form."},
		{Name: trust.FieldPin, Label: "Fingerprint of the certificate", Type: "text", Group: GroupTLS, Example: "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
			Help: "SHA-256 of the system's certificate or of its public key: besides being signed by a trusted authority, it must be this one."},
		{Name: trust.FieldCertificate, Label: "Client certificate", Type: "multiline", Group: GroupTLS, Help: "The certificate that Busbar shows, where the system asks for one, with those that signed it behind it. In PEM form."},
		{Name: trust.FieldKey, Label: "Key of the client certificate", Type: "multiline", Secret: true, Group: GroupTLS, Help: "Its private key in PEM form, without a passphrase."},
	}
}

// isReserved tells a name that manifests may not give to a field.
func isReserved(name string) bool {
	return strings.HasPrefix(name, "tls_")
}

// offerTLS adds the fields to every way to log in.
func (s *System) offerTLS() {
	for i := range s.Auth {
		s.Auth[i].Fields = append(s.Auth[i].Fields, tlsFields()...)
	}
}

// overTLS tells whether logins have the fields.
func (s *System) overTLS() bool {
	return slices.ContainsFunc(s.Auth, func(m AuthMethod) bool {
		return slices.ContainsFunc(m.Fields, func(f CredentialField) bool { return f.Group == GroupTLS })
	})
}
