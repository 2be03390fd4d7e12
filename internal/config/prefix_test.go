package config

import (
	"crypto/rand"
	"testing"

	"github.com/busbar-dev/busbar/internal/secret"
)

// The command line takes the keys and tokens that the server makes.
func TestPrefixesAreThoseOfTokens(t *testing.T) {
	t.Parallel()
	key, err := secret.NewToken(secret.ProjectKey, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	token, err := secret.NewToken(secret.ConnectionToken, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	expectKeys(t, Client{URL: "http://127.0.0.1:8080", Key: key, Token: token, Output: "table"}.Check(), nil)
	expectKeys(t, Client{URL: "http://127.0.0.1:8080", Key: token, Token: key, Output: "table"}.Check(), []string{"--key (BUSBAR_KEY)", "--token (BUSBAR_TOKEN)"})
}
