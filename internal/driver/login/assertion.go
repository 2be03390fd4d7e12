package login

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // x5t is the SHA-1 of a certificate by definition (RFC 7515, 4.1.7); it signs nothing
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
)

// assertedFor is how long an assertion is good.
const assertedFor = 5 * time.Minute

// The algorithms of assertions (RFC 7518).
const (
	rs256 = "RS256"
	ps256 = "PS256"
	es256 = "ES256"
)

// assertion is a fresh statement of who the client is, signed with its private key (RFC 7523).
func (l *Login) assertion() (string, error) {
	o := l.auth.Assertion
	key, err := privateKey(l.fill(o.Key))
	if err != nil {
		return "", l.badKey(o.Key, err.Error())
	}
	algorithm := o.Algorithm
	if algorithm == "" {
		algorithm = algorithmOf(key)
	}
	head := map[string]any{"alg": algorithm, "typ": "JWT"}
	if id := l.fill(o.KeyID); id != "" {
		head["kid"] = id
	}
	if text := l.fill(o.Certificate); text != "" {
		if err := nameCertificate(head, text, key); err != nil {
			return "", l.badKey(o.Certificate, err.Error())
		}
	}
	signed, err := signJWT(key, algorithm, head, l.claims(o))
	if err != nil {
		return "", l.badKey(o.Key, err.Error())
	}
	l.bearer.remember(signed)
	return signed, nil
}

func (l *Login) badKey(text, why string) error {
	return &driver.Error{Kind: driver.Credentials, Field: fieldOf(text), Unsent: true, Detail: "The login cannot be signed: " + why + "."}
}

func (l *Login) claims(o *Assertion) map[string]any {
	id, now := l.fill(l.auth.ClientID), l.host.Config.Now()
	claims := map[string]any{}
	for name, text := range o.Claims {
		claims[name] = l.fill(text)
	}
	claims["iss"], claims["sub"], claims["jti"] = id, id, rand.Text()
	claims["aud"] = l.tokens.url.String()
	if o.Audience != "" {
		claims["aud"] = l.fill(o.Audience)
	}
	claims["iat"], claims["exp"] = now.Unix(), now.Add(assertedFor).Unix()
	return claims
}

// signJWT makes a JSON Web Token in its compact form.
func signJWT(key crypto.Signer, algorithm string, head, claims map[string]any) (string, error) {
	var parts []string
	for _, part := range []map[string]any{head, claims} {
		text, err := json.Marshal(part)
		if err != nil {
			return "", err
		}
		parts = append(parts, base64.RawURLEncoding.EncodeToString(text))
	}
	text := strings.Join(parts, ".")
	hash := sha256.Sum256([]byte(text))
	signature, err := signHash(key, algorithm, hash[:])
	if err != nil {
		return "", err
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

func signHash(key crypto.Signer, algorithm string, hash []byte) ([]byte, error) {
	if algorithm != es256 {
		k, ok := key.(*rsa.PrivateKey)
		switch {
		case !ok:
			return nil, errors.New(algorithm + " needs an RSA key")
		case algorithm == ps256:
			return rsa.SignPSS(rand.Reader, k, crypto.SHA256, hash, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		}
		return rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, hash)
	}
	k, ok := key.(*ecdsa.PrivateKey)
	if !ok || k.Curve != elliptic.P256() {
		return nil, errors.New("ES256 needs a key on the curve P-256")
	}
	r, s, err := ecdsa.Sign(rand.Reader, k, hash)
	if err != nil {
		return nil, err
	}
	const half = 32
	signature := make([]byte, 2*half)
	r.FillBytes(signature[:half])
	s.FillBytes(signature[half:])
	return signature, nil
}

func algorithmOf(key crypto.Signer) string {
	if _, ok := key.(*ecdsa.PrivateKey); ok {
		return es256
	}
	return rs256
}

// privateKey reads a key in PEM: PKCS #8, PKCS #1 or SEC 1.
func privateKey(text string) (crypto.Signer, error) {
	block, err := pemBlock(text)
	if err != nil {
		return nil, err
	}
	if strings.Contains(block.Type, "ENCRYPTED") || block.Headers["Proc-Type"] != "" {
		return nil, errors.New("the key is encrypted; give it without a passphrase")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	signer, ok := key.(crypto.Signer)
	if err != nil || !ok {
		return nil, errors.New("this is not a private key in PEM")
	}
	return signer, nil
}

// nameCertificate puts the hashes of a certificate into the head of a token, which must be that of the key.
func nameCertificate(head map[string]any, text string, key crypto.Signer) error {
	block, err := pemBlock(text)
	if err != nil {
		return err
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return errors.New("this is not a certificate in PEM")
	}
	if public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(cert.PublicKey) {
		return errors.New("the certificate is that of another key")
	}
	old, hash := sha1.Sum(cert.Raw), sha256.Sum256(cert.Raw) //nolint:gosec // see the import
	head["x5t"] = base64.RawURLEncoding.EncodeToString(old[:])
	head["x5t#S256"] = base64.RawURLEncoding.EncodeToString(hash[:])
	return nil
}

// pemBlock reads the first block of a PEM text, whose line ends a form may have turned into spaces.
func pemBlock(text string) (*pem.Block, error) {
	const dashes = "-----"
	text = strings.TrimSpace(text)
	if !strings.Contains(text, "\n") {
		parts := strings.Split(text, dashes) // "", BEGIN X, body, END X, ""
		if len(parts) >= 5 {
			text = dashes + parts[1] + dashes + "\n" + strings.Join(strings.Fields(parts[2]), "\n") + "\n" + dashes + parts[3] + dashes + "\n"
		}
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("the text is not PEM, which begins with " + dashes + "BEGIN")
	}
	return block, nil
}
