// Package hook owns how webhooks prove who sent them, by the rules of Standard Webhooks: the secrets, the signatures of those that go out, and the check of one that comes in to a flow's address. It makes no
// calls and stores nothing.
package hook

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Prefix begins a secret; its key follows in base64.
const Prefix = "whsec_"

// The lengths that a key may have, in bytes, and that of new ones.
const (
	minKey, maxKey = 24, 64
	newKey         = 32
)

// ErrSecret says that a secret is none.
var ErrSecret = fmt.Errorf("the secret of a webhook is %s and %d to %d bytes in base64", Prefix, minKey, maxKey)

// NewSecret makes a secret.
func NewSecret(random io.Reader) (string, error) {
	key := make([]byte, newKey)
	if _, err := io.ReadFull(random, key); err != nil {
		return "", fmt.Errorf("make the secret of a webhook: %w", err)
	}
	return Prefix + base64.StdEncoding.EncodeToString(key), nil
}

// Sign gives the headers of a webhook: its id, when it is sent, and its signature. An empty secret signs nothing. ErrSecret.
func Sign(secret, id string, at time.Time, body []byte) (http.Header, error) {
	h := http.Header{}
	h.Set(standardwebhooks.HeaderWebhookID, id)
	h.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	if secret == "" {
		return h, nil
	}
	signer, err := signerOf(secret)
	if err != nil {
		return nil, err
	}
	signature, err := signer.Sign(id, at, body)
	if err != nil {
		return nil, fmt.Errorf("sign a webhook: %w", err)
	}
	h.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return h, nil
}

// signerOf reads a secret strictly: the library takes an empty key, and with it everybody's signature.
func signerOf(secret string) (*standardwebhooks.Webhook, error) {
	text, ok := strings.CutPrefix(secret, Prefix)
	key, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(key) < minKey || len(key) > maxKey {
		return nil, ErrSecret
	}
	return standardwebhooks.NewWebhookRaw(key)
}

// verify checks the signature of a webhook, not its age.
func verify(secret string, h http.Header, body []byte) error {
	signer, err := signerOf(secret)
	if err != nil {
		return err
	}
	return signer.VerifyIgnoringTimestamp(body, h)
}

func missing(err error) bool { return errors.Is(err, standardwebhooks.ErrRequiredHeaders) }
