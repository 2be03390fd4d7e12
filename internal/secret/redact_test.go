package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/secret"
)

const canary = "CANARY-hunter2"

type holder struct {
	login  secret.Credentials // unexported: fmt cannot call its methods
	keeper *secret.Keeper
	Login  secret.Credentials
}

func TestNothingPrintsSecrets(t *testing.T) {
	t.Parallel()
	login := secret.NewCredentials(map[string]string{"password": canary})
	k := keeper(t)
	for _, v := range []any{login, &login, k, *k, holder{login, k, login}, &holder{login, k, login}, []any{login, k}, map[string]any{"a": login, "k": k}} {
		for _, text := range append(formats(v), encodings(t, v)...) {
			if strings.Contains(text, canary) {
				t.Errorf("%T shows its secret: %s", v, text)
			}
		}
	}
	if login.Get("password") != canary {
		t.Error("the driver does not get the password")
	}
	if (secret.Credentials{}).Get("password") != "" || len((secret.Credentials{}).Names()) != 0 {
		t.Error("no credentials are not empty")
	}
}

func formats(v any) (out []string) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%t"} {
		text := fmt.Sprintf(verb, v)
		out = append(out, text, strings.NewReplacer("%!d(string=", "", ")", "").Replace(text))
	}
	hex := fmt.Sprintf("%x", canary)
	for _, text := range out {
		if strings.Contains(strings.ToLower(text), hex) {
			out = append(out, canary)
		}
	}
	return out
}

func encodings(t *testing.T, v any) []string {
	t.Helper()
	j, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var text, structured bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("x", "v", v)
	slog.New(slog.NewJSONHandler(&structured, nil)).Info("x", "v", v)
	return []string{string(j), text.String(), structured.String()}
}
