package login

import (
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// GoesTo implements driver.Addresser: the secret of a client goes to the server that gives tokens, and nowhere else.
func (Browser) GoesTo(s *manifest.System, method, field string) (fields []string, ok bool) {
	auth, _ := optionsOf(s).of(s, method)
	proofs := auth.ClientSecret
	if auth.Assertion != nil {
		proofs += auth.Assertion.Key
	}
	if auth.Style != oauth2 || !slices.Contains(manifest.Placeholders(proofs), field) {
		return nil, false
	}
	_, rest, whole := strings.Cut(auth.TokenURL, "://")
	if !whole {
		return manifest.Placeholders(auth.TokenURL), true
	}
	host, _, _ := strings.Cut(rest, "/")
	return manifest.Placeholders(host), true
}
