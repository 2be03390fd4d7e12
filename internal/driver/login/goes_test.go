package login_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver/login"
)

func TestWhereASecretGoes(t *testing.T) {
	for name, tt := range map[string]struct {
		auth   string
		fields []string
		ok     bool
	}{
		"a fixed server":     {"style: oauth2\ntoken_url: https://login.example.com/{tenant}/token\nclient_id: '{id}'\nclient_secret: '{secret}'", nil, true},
		"the customer's own": {"style: oauth2\ntoken_url: '{url}/token'\nclient_id: '{id}'\nclient_secret: '{secret}'", []string{"url"}, true},
		"a part of the host": {"style: oauth2\ntoken_url: https://{tenant}.example.com/token\nclient_id: '{id}'\nclient_secret: '{secret}'", []string{"tenant"}, true},
		"no client's secret": {"style: oauth2\ntoken_url: https://login.example.com/token\nclient_id: '{id}'\nrefresh_token: '{secret}'", nil, false},
		"of each request":    {"style: bearer\ntoken: '{secret}'", nil, false},
	} {
		s := system(t, "auth:\n  "+strings.ReplaceAll(tt.auth, "\n", "\n  "))
		if fields, ok := (login.Browser{}).GoesTo(s, "basic", "secret"); ok != tt.ok || !slices.Equal(fields, tt.fields) {
			t.Errorf("%s: %v %v", name, fields, ok)
		}
	}
}
