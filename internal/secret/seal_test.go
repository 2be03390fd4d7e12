package secret_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"

	"github.com/busbar-dev/busbar/internal/secret"
)

const master = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

func keeper(t *testing.T) *secret.Keeper {
	t.Helper()
	k, err := secret.FromText(master, "", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func dataKey(t *testing.T, k *secret.Keeper, connection string) []byte {
	t.Helper()
	wrapped, err := k.NewDataKey(connection)
	if err != nil {
		t.Fatal(err)
	}
	return wrapped
}

// A sealed value opens where it was sealed and nowhere else.
func TestSwap(t *testing.T) {
	t.Parallel()
	k, home := keeper(t), secret.Place{Table: "t", Column: "c", Row: "r", Connection: "one"}
	key := dataKey(t, k, "one")
	sealed, err := k.Seal(key, home, []byte("hunter2"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := k.Open(key, home, sealed); err != nil || string(got) != "hunter2" {
		t.Fatalf("Open = %q, %v", got, err)
	}
	flipped := bytes.Clone(sealed)
	flipped[len(flipped)-1] ^= 1
	otherID := bytes.Clone(sealed)
	otherID[1] ^= 1
	otherFormat := bytes.Clone(sealed)
	otherFormat[0] = 2
	cases := map[string]struct {
		key    []byte
		place  secret.Place
		sealed []byte
	}{
		"other table":       {key, secret.Place{Table: "x", Column: "c", Row: "r", Connection: "one"}, sealed},
		"other column":      {key, secret.Place{Table: "t", Column: "x", Row: "r", Connection: "one"}, sealed},
		"other row":         {key, secret.Place{Table: "t", Column: "c", Row: "x", Connection: "one"}, sealed},
		"other connection":  {key, secret.Place{Table: "t", Column: "c", Row: "r", Connection: "two"}, sealed},
		"parts run over":    {key, secret.Place{Table: "tc", Column: "", Row: "r", Connection: "one"}, sealed},
		"other key":         {dataKey(t, k, "one"), home, sealed},
		"key of another":    {dataKey(t, k, "two"), home, sealed},
		"changed byte":      {key, home, flipped},
		"changed key id":    {key, home, otherID},
		"changed format":    {key, home, otherFormat},
		"cut off":           {key, home, sealed[:4]},
		"empty":             {key, home, nil},
		"data key cut off":  {key[:10], home, sealed},
		"data key for data": {sealed, home, key},
	}
	for name, c := range cases {
		if got, err := k.Open(c.key, c.place, c.sealed); !errors.Is(err, secret.ErrNotOpened) || got != nil {
			t.Errorf("%s: Open = %q, %v", name, got, err)
		}
	}
}

func TestSealedValuesDiffer(t *testing.T) {
	t.Parallel()
	k, key := keeper(t), dataKey(t, keeper(t), "one")
	a, err1 := k.SealCredentials(key, "one", map[string]string{"password": "same"})
	b, err2 := k.SealCredentials(key, "one", map[string]string{"password": "same"})
	if errors.Join(err1, err2) != nil || bytes.Equal(a, b) || bytes.Contains(a, []byte("same")) {
		t.Error("two sealings of one value are equal, or show it")
	}
}

func TestCredentialsRoundTrip(t *testing.T) {
	t.Parallel()
	k, key := keeper(t), dataKey(t, keeper(t), "one")
	sealed, err := k.SealCredentials(key, "one", map[string]string{"user": "ann", "password": "pä\"ss"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := k.OpenCredentials(key, "one", sealed)
	if err != nil || c.Get("password") != "pä\"ss" || c.Get("user") != "ann" || len(c.Names()) != 2 {
		t.Errorf("OpenCredentials = %v, %v", c.Names(), err)
	}
	if _, err := k.OpenCredentials(key, "two", sealed); !errors.Is(err, secret.ErrNotOpened) {
		t.Errorf("opened for another connection: %v", err)
	}
}

// A kept answer opens under its own key of its own owner, also after the program starts anew.
func TestAnswers(t *testing.T) {
	t.Parallel()
	k := keeper(t)
	sealed, err := k.SealAnswer("owner", "key", []byte("bb_con_x"))
	if err != nil || bytes.Contains(sealed, []byte("bb_con")) {
		t.Fatalf("%q, %v", sealed, err)
	}
	again, err := secret.FromText(master, k.Check(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.OpenAnswer("owner", "key", sealed); err != nil || string(got) != "bb_con_x" {
		t.Errorf("opened %q, %v", got, err)
	}
	flipped := bytes.Clone(sealed)
	flipped[len(flipped)-1] ^= 1
	for _, tt := range []struct {
		owner, name string
		sealed      []byte
	}{{"other", "key", sealed}, {"owner", "other", sealed}, {"ownerk", "ey", sealed}, {"owner", "key", flipped}, {"owner", "key", nil}} {
		if got, err := k.OpenAnswer(tt.owner, tt.name, tt.sealed); !errors.Is(err, secret.ErrNotOpened) || got != nil {
			t.Errorf("%s %s: opened %q, %v", tt.owner, tt.name, got, err)
		}
	}
}
