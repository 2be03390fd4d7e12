package pages

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/busbar-dev/busbar/internal/secret"
)

// keepFor is how long secrets may be on their way from page to page.
const keepFor = 30 * time.Minute

// kept are the secrets that were typed into the form of a link, and for which login.
type kept struct {
	System, Method string
	Values         map[string]string
	Until          time.Time
}

// seal hides secrets for the next page: only this server can open them, for this link alone, and not for long.
func (p *pages) seal(v *visit, k kept) (string, error) {
	if len(k.Values) == 0 {
		return "", nil
	}
	k.Until = p.Now().Add(keepFor)
	plain, err := json.Marshal(k)
	if err != nil {
		return "", err
	}
	sealed, err := p.Sealer.SealOwn(secret.FormPlace(v.Link.ID), plain)
	return base64.RawURLEncoding.EncodeToString(sealed), err
}

// unseal gives the secrets that the page before sealed for the same login; nothing when they are too old or not ours, so that they are asked for again.
func (p *pages) unseal(v *visit, system, method string) map[string]string {
	sealed, err := base64.RawURLEncoding.DecodeString(v.form.Get("kept"))
	if err != nil || len(sealed) == 0 {
		return nil
	}
	plain, err := p.Sealer.OpenOwn(secret.FormPlace(v.Link.ID), sealed)
	if err != nil {
		return nil
	}
	var k kept
	if json.Unmarshal(plain, &k) != nil || k.System != system || k.Method != method || !p.Now().Before(k.Until) {
		return nil
	}
	return k.Values
}
