package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"html/template"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// notations are the ways in which somebody might write a secret.
func notations(secret string) (forms []string) {
	quoted, _ := json.Marshal(secret)
	inJSON := strings.Trim(string(quoted), `"`)
	twice, _ := json.Marshal(inJSON)
	var lean bytes.Buffer
	writer := json.NewEncoder(&lean)
	writer.SetEscapeHTML(false)
	_ = writer.Encode(secret)
	forms = []string{
		secret, inJSON, strings.Trim(string(twice), `"`), strings.Trim(strings.TrimSpace(lean.String()), `"`), strings.Trim(fmt.Sprintf("%q", secret), `"`), strings.Trim(fmt.Sprintf("%+q", secret), `"`),
		html.EscapeString(secret), strings.ReplaceAll(template.HTMLEscapeString(secret), "+", "&#43;"), url.QueryEscape(secret), url.PathEscape(secret), strings.ToLower(url.QueryEscape(secret)),
		hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))),
	}
	for skip := range 3 { // base64 of a text that the secret stands in, at any place
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			whole := encoding.EncodeToString([]byte(strings.Repeat("x", skip) + secret))
			forms = append(forms, whole[(skip*8+5)/6:len(whole)-2])
		}
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}

// scan finds many secrets, in all notations, in one look at a place.
type scan struct {
	begins [1 << 16]bool // whether a notation begins with these two bytes
	forms  map[[start]byte][]notation
}

// start is how many bytes of a notation are looked up.
const start = 6

type notation struct{ name, text string }

func newScan(secrets map[string]string) *scan {
	s := &scan{forms: map[[start]byte][]notation{}}
	for name, secret := range secrets {
		for _, form := range notations(secret) {
			at := [start]byte([]byte(form))
			s.begins[int(at[0])<<8|int(at[1])] = true
			s.forms[at] = append(s.forms[at], notation{name, form})
		}
	}
	return s
}

// in counts the secrets in a place, by name.
func (s *scan) in(place []byte) map[string]int {
	found := map[string]int{}
	for i := 0; i+start <= len(place); i++ {
		if !s.begins[int(place[i])<<8|int(place[i+1])] {
			continue
		}
		for _, n := range s.forms[[start]byte(place[i:])] {
			if len(place)-i >= len(n.text) && string(place[i:i+len(n.text)]) == n.text {
				found[n.name]++
			}
		}
	}
	return found
}

// report looks for every secret in every place, in every notation, and prints what it found.
func report(t *testing.T, h *heard, secrets map[string]string, when string) {
	t.Helper()
	log := h.log.String()
	for _, link := range h.printed {
		log = strings.Replace(log, link, "(shown)", 1)
	}
	places, looked, finds := 0, 0, newScan(secrets)
	look := func(place string, text []byte) {
		places, looked = places+1, looked+len(text)
		for name, n := range finds.in(text) {
			t.Errorf("%s: the %s is in %s, %d times", when, name, place, n)
		}
	}
	look("the log", []byte(log))
	for asked, answer := range h.answers {
		look("the answer to "+asked, answer)
	}
	for command, text := range h.printouts {
		look("what is printed by "+command, text)
	}
	if h.database != nil {
		h.database(look)
	}
	eachFile(t, h.data, func(path string, text []byte) {
		if base := filepath.Base(path); !strings.HasPrefix(base, "master.key") && base != "busbar.env" { // which are meant to hold them
			look(path, text)
		}
	})
	t.Logf("%s: %d secrets were looked for in %d places of %d bytes: %s", when, len(secrets), places, looked, strings.Join(sorted(secrets), ", "))
}

// eachFile reads a folder with all folders in it. What goes away meanwhile is left out.
func eachFile(t *testing.T, folder string, look func(path string, text []byte)) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return gone(err)
		}
		text, err := os.ReadFile(path)
		look(path, text)
		return gone(err)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func sorted[V any](m map[string]V) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// What the scan looks for it finds, in each notation.
func TestTheScanFinds(t *testing.T) {
	t.Parallel()
	const secret = `canary-good"/+&<%41`
	finds := newScan(map[string]string{"login": secret, "other": "canary-other"})
	quoted, _ := json.Marshal(map[string]string{"key": secret})
	again, _ := json.Marshal(map[string]string{"body": string(quoted)})
	var page bytes.Buffer
	if err := template.Must(template.New("").Parse(`<input value="{{.}}"><p>{{.}}</p>`)).Execute(&page, secret); err != nil {
		t.Fatal(err)
	}
	for name, place := range map[string]string{
		"plain": "a " + secret + " b", "JSON": string(quoted), "JSON in JSON": string(again), "a query": "?key=" + url.QueryEscape(secret), "a path": "/" + url.PathEscape(secret), "hex": hex.EncodeToString([]byte("a" + secret)),
		"a Go literal": fmt.Sprintf("%q", secret), "base64": base64.StdEncoding.EncodeToString([]byte("user:" + secret)), "base64 again": base64.URLEncoding.EncodeToString([]byte("users:" + secret + ":")),
		"base64 at once": base64.StdEncoding.EncodeToString([]byte(secret)), "a page": page.String(), "the end": secret,
	} {
		if found := finds.in([]byte(place)); found["login"] == 0 || found["other"] != 0 {
			t.Errorf("not found in %s: %s", name, place)
		}
	}
	if found := finds.in([]byte("canary-bad canary-goo canary-othe")); len(found) != 0 {
		t.Error("found where it is not")
	}
}
