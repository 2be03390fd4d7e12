package hook_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/flow/hook"
	"github.com/busbar-dev/busbar/internal/problem"
)

const (
	secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	other  = "whsec_plJ3nmyCDGBKInavdOK15jsl5P8qIcAh"
	body   = `{"test": 2432232314}`
)

func instant() time.Time { return time.Date(2026, 11, 30, 6, 0, 0, 0, time.UTC) }

// signature is what a sender writes who has nothing but the rules.
func signature(secret, id string, at time.Time, body string) string {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		panic(err)
	}
	h := hmac.New(sha256.New, key)
	fmt.Fprintf(h, "%s.%d.%s", id, at.Unix(), body)
	return "v1," + base64.StdEncoding.EncodeToString(h.Sum(nil))
}

func call(id, signature string, at time.Time) http.Header {
	h := http.Header{}
	for name, v := range map[string]string{"Webhook-Id": id, "Webhook-Timestamp": fmt.Sprint(at.Unix()), "Webhook-Signature": signature, "Content-Type": "application/json"} {
		if v != "" {
			h.Set(name, v)
		}
	}
	return h
}

func TestSignedCalls(t *testing.T) {
	t.Parallel()
	good := signature(secret, "msg_1", instant(), body)
	wrong := signature(other, "msg_1", instant(), body)
	at := func(d time.Duration) http.Header {
		return call("msg_1", signature(secret, "msg_1", instant().Add(d), body), instant().Add(d))
	}
	without := func(name string) http.Header {
		h := call("msg_1", good, instant())
		h.Del(name)
		return h
	}
	for name, test := range map[string]struct {
		header http.Header
		body   string
		taken  bool
	}{
		"signed":                     {call("msg_1", good, instant()), body, true},
		"with the secret before too": {call("msg_1", wrong+" "+good, instant()), body, true},
		"with a secret to come too":  {call("msg_1", good+" "+wrong, instant()), body, true},
		"with another version too":   {call("msg_1", "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg== "+good, instant()), body, true},
		"five minutes old":           {at(-5 * time.Minute), body, true},
		"five minutes ahead":         {at(5 * time.Minute), body, true},
		"older":                      {at(-5*time.Minute - time.Second), body, false},
		"further ahead":              {at(5*time.Minute + time.Second), body, false},
		"by another secret":          {call("msg_1", wrong, instant()), body, false},
		"by two other secrets":       {call("msg_1", wrong+" "+wrong, instant()), body, false},
		"of another version":         {call("msg_1", strings.Replace(good, "v1,", "v2,", 1), instant()), body, false},
		"for another body":           {call("msg_1", good, instant()), strings.Replace(body, "2432", "2433", 1), false},
		"for the body and a space":   {call("msg_1", good, instant()), body + " ", false},
		"for another id":             {call("msg_2", good, instant()), body, false},
		"for another time":           {call("msg_1", good, instant().Add(time.Second)), body, false},
		"cut off":                    {call("msg_1", good[:len(good)-1], instant()), body, false},
		"empty":                      {call("msg_1", "v1,", instant()), body, false},
		"not at all":                 {without("Webhook-Signature"), body, false},
		"without an id":              {without("Webhook-Id"), body, false},
		"without a time":             {without("Webhook-Timestamp"), body, false},
		"at no time":                 {func() http.Header { h := call("msg_1", good, instant()); h.Set("Webhook-Timestamp", "now"); return h }(), body, false},
	} {
		input, id, p := hook.Take(secret, test.header, []byte(test.body), instant())
		switch {
		case test.taken && (p != nil || id != "msg_1" || string(input) != body):
			t.Errorf("%s: %q %s: %v", name, id, input, p)
		case !test.taken && (p == nil || p.Code != problem.InvalidSignature || input != nil || id != ""):
			t.Errorf("%s: %q %s: %v", name, id, input, p)
		}
	}
}

// A flow whose secret is damaged takes nothing: an empty key would let everybody sign.
func TestSecretsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"whsec_", "whsec_b3BlbnNlc2FtZQ==", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_%", " "} {
		if _, _, p := hook.Take(s, call("a", "v1,"+base64.StdEncoding.EncodeToString(hmac.New(sha256.New, nil).Sum(nil)), instant()), nil, instant()); p == nil || p.Code != problem.Internal {
			t.Errorf("%q: %v", s, p)
		}
		if _, err := hook.Sign(s, "a", instant(), nil); err == nil {
			t.Errorf("%q signs", s)
		}
	}
	fresh, err := hook.NewSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	again, err := hook.NewSecret(rand.Reader)
	if err != nil || again == fresh {
		t.Fatalf("%s twice: %v", fresh, err)
	}
	h, err := hook.Sign(fresh, "msg_1", instant(), []byte(body))
	if err != nil || h.Get("Webhook-Signature") != signature(fresh, "msg_1", instant(), body) {
		t.Errorf("%v: %v", h, err)
	}
}

func TestCallsOfAnAddressWithoutASecret(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		header    map[string]string
		body      string
		input, id string
		code      problem.Code
	}{
		"JSON":                        {map[string]string{"Content-Type": "application/json"}, ` {"a": 1} `, `{"a": 1}`, "", ""},
		"JSON that does not say so":   {nil, `[1]`, `[1]`, "", ""},
		"a text":                      {map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, `a=1&b=2`, `"a=1\u0026b=2"`, "", ""},
		"a text that is near to JSON": {nil, `1],[2`, `"1],[2"`, "", ""},
		"JSON with a name twice":      {map[string]string{"Content-Type": "application/json"}, `{"a":1,"a":2}`, ``, "", problem.MalformedRequest},
		"JSON that is too deep":       {map[string]string{"Content-Type": "application/json"}, strings.Repeat("[", 5000) + strings.Repeat("]", 5000), ``, "", problem.MalformedRequest},
		"nothing":                     {map[string]string{"Content-Type": "application/json"}, ``, `null`, "", ""},
		"an id":                       {map[string]string{"webhook-id": "w", "Idempotency-Key": "i"}, `1`, `1`, "w", ""},
		"a key":                       {map[string]string{"Idempotency-Key": "i"}, `1`, `1`, "i", ""},
		"a signature that nobody has": {map[string]string{"webhook-id": "w", "webhook-signature": "v1,x", "webhook-timestamp": "0"}, `1`, `1`, "w", ""},
		"JSON that is none":           {map[string]string{"Content-Type": "application/json"}, `{"a":`, ``, "", problem.MalformedRequest},
		"too much":                    {nil, strings.Repeat(" ", hook.MaxBody+1), ``, "", problem.PayloadTooLarge},
		"as much as may be":           {nil, strings.Repeat(" ", hook.MaxBody), `null`, "", ""},
		"an id that is too long":      {map[string]string{"webhook-id": strings.Repeat("i", 256)}, `1`, ``, "", problem.MalformedRequest},
		"an id that is no text":       {map[string]string{"Idempotency-Key": "\xff"}, `1`, ``, "", problem.MalformedRequest},
	} {
		h := http.Header{}
		for k, v := range test.header {
			h.Set(k, v)
		}
		input, id, p := hook.Take("", h, []byte(test.body), instant())
		code := problem.Code("")
		if p != nil {
			code = p.Code
		}
		if p != nil && strings.Contains(p.Detail, "json.RawMessage") {
			t.Errorf("%s: says %s", name, p.Detail)
		}
		if code != test.code || id != test.id || !bytes.Equal(input, []byte(test.input)) {
			t.Errorf("%s: %q %s %v", name, id, input, p)
		}
	}
}
