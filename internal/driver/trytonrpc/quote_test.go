package trytonrpc_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/busbar-dev/busbar/internal/driver"
)

// What Tryton says is repeated without the password and the key of the session, whatever is cut off.
func TestAnErrorQuotesNoSecret(t *testing.T) {
	t.Parallel()
	var fault string
	c, e := answering(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintf(w, `{"id":1,"error":%s}`, fault) })
	token := base64.StdEncoding.EncodeToString([]byte("u:1:" + sessionKey))
	secrets := []string{password, sessionKey, token, base64.StdEncoding.EncodeToString([]byte(password)), `pass\"p` + "\u202e" + `-w0rd`}
	rapid.Check(t, func(r *rapid.T) {
		said := strings.Repeat("m", rapid.IntRange(0, 210).Draw(r, "before")) + " " + rapid.SampledFrom(secrets).Draw(r, "secret") + "\u0085 n"
		message, _ := json.Marshal(said)
		fault = fmt.Sprintf(rapid.SampledFrom([]string{`["UserError",[%[1]s,"",null]]`, `["UserWarning",[%[1]s,"",null]]`, `["ConcurrencyException",[%[1]s]]`,
			`[%[1]s,"Traceback"]`, `["'%[2]s'",""]`}).Draw(r, "fault"), message, strings.Trim(string(message), `"`))
		_, err := c.Fetch(t.Context(), driver.Request{Entity: e, Token: []byte(`{"after":0}`)})
		var found *driver.Error
		if !errors.As(err, &found) {
			r.Fatal(err)
		}
		shown := fmt.Sprint(found.Detail, found.Code, found.Err)
		for _, s := range append(secrets, "\u202e", "\u0085") {
			for i := range max(1, len(s)-5) {
				if run := s[i:min(len(s), i+6)]; strings.Contains(shown, run) {
					r.Fatalf("%q is in %q", run, shown)
				}
			}
		}
	})
}
