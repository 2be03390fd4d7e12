package secret_test

import (
	"bytes"
	"crypto/rand"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/secret"
)

func TestToken(t *testing.T) {
	t.Parallel()
	pattern := regexp.MustCompile(`^` + secret.TokenPattern + `$`)
	if text, err := os.ReadFile("../../SECURITY.md"); err != nil || !strings.Contains(string(text), secret.TokenPattern) {
		t.Errorf("SECURITY.md does not give the pattern to scanners (%v)", err)
	}
	for _, kind := range []secret.Kind{secret.ConnectionToken, secret.ProjectKey, secret.SessionSecret, secret.MemberLink, secret.LinkSecret, secret.LinkCode, secret.HookSecret} {
		text, err := secret.NewToken(kind, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := secret.ParseToken(text); !ok || got != kind || !pattern.MatchString(text) {
			t.Errorf("ParseToken(%s) = %s, %v", text, got, ok)
		}
		if !strings.HasSuffix(text, secret.Last4(text)) || len(secret.Last4(text)) != 4 {
			t.Errorf("Last4 = %q", secret.Last4(text))
		}
	}
}

// Any single mistyped character is found.
func TestMistypedToken(t *testing.T) {
	t.Parallel()
	text, _ := secret.NewToken(secret.ConnectionToken, rand.Reader)
	for i := range text {
		for _, c := range "aZ0_" {
			typo := text[:i] + string(c) + text[i+1:]
			if _, ok := secret.ParseToken(typo); ok && typo != text {
				t.Errorf("%s is taken for a token (typo at %d)", typo, i)
			}
		}
	}
	for _, bad := range []string{"", "bb_con_", text + "x", text[1:], " " + text, "bb_adm_" + text[7:], "bb_key_" + text[7:]} {
		if _, ok := secret.ParseToken(bad); ok {
			t.Errorf("%q is taken for a token", bad)
		}
	}
}

// Bytes from 248 on would favour the first characters, so they are not used.
func TestTokenFavoursNoCharacter(t *testing.T) {
	t.Parallel()
	source := bytes.NewReader(append(bytes.Repeat([]byte{255, 248}, 16), bytes.Repeat([]byte{247}, 32)...))
	text, err := secret.NewToken(secret.ConnectionToken, source)
	if err != nil || !strings.HasPrefix(text, "bb_con_"+strings.Repeat("z", 32)) {
		t.Errorf("NewToken = %s, %v", text, err)
	}
	if _, err := secret.NewToken(secret.ConnectionToken, bytes.NewReader(nil)); err == nil {
		t.Error("a token without randomness")
	}
}

func TestHashAndMACAreKeyedApart(t *testing.T) {
	t.Parallel()
	k := keeper(t)
	other, err := secret.FromText("//////////////////////////////////////////8=", "", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(k.Hash("x"), other.Hash("x")) || bytes.Equal(k.Hash("x"), k.MAC("", []byte("x"))) {
		t.Error("hashes are not keyed, or with the same key as codes")
	}
	code := k.MAC("cursor", []byte("abc"))
	switch {
	case !k.VerifyMAC("cursor", []byte("abc"), code):
		t.Error("the code is not accepted")
	case k.VerifyMAC("curso", []byte("rabc"), code), k.VerifyMAC("cursor", []byte("abd"), code), k.VerifyMAC("cursor", []byte("abc"), code[:31]), k.VerifyMAC("cursor", []byte("abc"), nil):
		t.Error("a code is accepted for something else")
	}
}
