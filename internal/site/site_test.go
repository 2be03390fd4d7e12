package site_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/site"
)

const greeting = `{{define "title"}}Hello{{end}}{{define "content"}}<h1>{{.Data}}</h1>{{end}}`

func open(t *testing.T, public string) *site.Pages {
	t.Helper()
	s, err := site.New(site.Config{Public: public, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Pages(fstest.MapFS{"hello.html": {Data: []byte(greeting)}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func show(t *testing.T, p *site.Pages, r *http.Request, v site.View) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	p.Show(w, r, "hello", v)
	return w
}

func TestPagesProtectThemselves(t *testing.T) {
	t.Parallel()
	p := open(t, "http://127.0.0.1")
	closed := show(t, p, httptest.NewRequest("GET", "http://127.0.0.1/hello", nil), site.View{Data: `<script>alert(1)</script>`})
	want := map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
		"Cache-Control":           "no-store", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		"X-Content-Type-Options": "nosniff", "Content-Type": "text/html; charset=utf-8", "Content-Language": "en",
	}
	for name, value := range want {
		if got := closed.Header().Get(name); got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
	if body := closed.Body.String(); strings.Contains(body, "<script>alert") || !strings.Contains(body, "&lt;script&gt;alert") {
		t.Errorf("what came from elsewhere is not text: %s", body)
	}
	framed := show(t, p, httptest.NewRequest("GET", "http://127.0.0.1/hello", nil), site.View{Frames: []string{"https://shop.example"}, Forms: []string{"https://app.example"}})
	csp := framed.Header().Get("Content-Security-Policy")
	if !strings.Contains(csp, "frame-ancestors https://shop.example;") || !strings.HasSuffix(csp, "form-action 'self' https://app.example") {
		t.Errorf("the policy is %s", csp)
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	p := open(t, "https://busbar.example")
	for _, c := range []struct{ name, target, accept, cookie, preset, want string }{
		{"nothing", "/", "", "", "", "en"},
		{"what the browser prefers", "/", "fr;q=0.9, de-AT;q=0.8, en;q=0.1", "", "", "de"},
		{"one that is not there", "/", "fr", "", "", "en"},
		{"what whoever invited set", "/", "en", "", "de", "de"},
		{"what was chosen before", "/", "en", "de", "en", "de"},
		{"what is chosen", "/?lang=en", "de", "de", "de", "en"},
		{"what cannot be chosen", "/?lang=../x", "de", "", "", "de"},
		{"nonsense", "/", "\x00;;q=", "", "", "en"},
	} {
		r := httptest.NewRequest("GET", c.target, nil)
		r.Header.Set("Accept-Language", c.accept)
		if c.cookie != "" {
			r.AddCookie(&http.Cookie{Name: "__Host-busbar-language", Value: c.cookie})
		}
		w := show(t, p, r, site.View{Language: c.preset})
		if !strings.Contains(w.Body.String(), `<html lang="`+c.want+`">`) || w.Header().Get("Content-Language") != c.want {
			t.Errorf("%s: the page is in %q, want %q", c.name, w.Header().Get("Content-Language"), c.want)
		}
	}
}

func TestCookiesStayWithTheHost(t *testing.T) {
	t.Parallel()
	s := open(t, "https://busbar.example").Site()
	for _, c := range []struct{ name, dest, want string }{
		{"page", "document", "__Host-x=1; Path=/; HttpOnly; Secure; SameSite=Lax"},
		{"frame", "iframe", "__Host-x=1; Path=/; HttpOnly; Secure; SameSite=None; Partitioned"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Sec-Fetch-Dest", c.dest)
		w := httptest.NewRecorder()
		s.SetCookie(w, r, site.Cookie{Name: "x", Value: "1"})
		if got := w.Header().Get("Set-Cookie"); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestFormsOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	form := "application/x-www-form-urlencoded"
	for _, c := range []struct {
		name, public, host, site, origin, kind, body, want string
	}{
		{"ours", "https://b.example", "b.example", "same-origin", "null", form, "a=1", ""},
		{"ours, of an old browser", "https://b.example", "b.example", "", "https://b.example", form, "a=1", ""},
		{"on this machine", "http://127.0.0.1:1", "127.0.0.1:1", "same-origin", "", form, "a=1", ""},
		{"over a line that others read", "http://10.0.0.5", "10.0.0.5", "same-origin", "", form, "a=1", "plain"},
		{"of another site", "https://b.example", "b.example", "cross-site", "https://b.example", form, "a=1", "foreign"},
		{"of a sister", "https://b.example", "b.example", "same-site", "https://a.b.example", form, "a=1", "foreign"},
		{"of another origin", "https://b.example", "b.example", "", "https://evil.example", form, "a=1", "foreign"},
		{"from nowhere", "https://b.example", "b.example", "", "null", form, "a=1", "foreign"},
		{"of a program that says nothing", "https://b.example", "b.example", "", "", form, "a=1", "foreign"},
		{"of another type", "https://b.example", "b.example", "same-origin", "", "text/plain", "a=1", "form"},
		{"that is none", "https://b.example", "b.example", "same-origin", "", form, "a=%zz", "form"},
		{"too large", "https://b.example", "b.example", "same-origin", "", form, "a=" + strings.Repeat("x", 300<<10), "large"},
	} {
		s := open(t, c.public).Site()
		r := httptest.NewRequest("POST", "/", strings.NewReader(c.body))
		r.Host = c.host
		r.Header = http.Header{"Content-Type": {c.kind}}
		if c.site != "" {
			r.Header.Set("Sec-Fetch-Site", c.site)
		}
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		values, err := s.Form(httptest.NewRecorder(), r)
		got := ""
		if refusal, ok := err.(*site.Refusal); ok {
			got = refusal.Code
		}
		if got != c.want || c.want == "" && values.Encode() != "a=1" {
			t.Errorf("a form %s: refused with %q, want %q; holds %v", c.name, got, c.want, values)
		}
	}
}

func TestTriesOfAnAddressRunOut(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	tries := site.NewTries(func() time.Time { return now })
	one, other := httptest.NewRequest("GET", "/", nil), httptest.NewRequest("GET", "/", nil)
	one.RemoteAddr, other.RemoteAddr = "192.0.2.7:1000", "192.0.2.8:1000"
	for range 20 {
		if tries.Spent(one) {
			t.Fatal("an address is refused before it failed 20 times")
		}
		tries.Failed(one)
	}
	if !tries.Spent(one) || tries.Spent(other) {
		t.Error("20 failures must stop one address, and no other")
	}
	if now = now.Add(time.Minute); tries.Spent(one) {
		t.Error("a minute later the address may try again")
	}
}

// pageFolders hold templates and the code that fills them.
func pageFolders() []string {
	return []string{".", "../link/pages", "../member/pages", "../member/oidcpages"}
}

// TestTextsAreWholeInEveryLanguage holds the languages to the same keys and to the same names in braces, and finds texts that nothing says and texts that are not there.
func TestTextsAreWholeInEveryLanguage(t *testing.T) {
	t.Parallel()
	s := open(t, "").Site()
	keys := map[string]map[string]bool{}
	braces := regexp.MustCompile(`\{[a-z_]+\}`)
	for _, lang := range s.Languages() {
		keys[lang] = map[string]bool{}
		for key, text := range site.Texts(s, lang) {
			keys[lang][key] = true
			main := site.Texts(s, "en")[key]
			if main == "" {
				t.Errorf("%s has the text %s, English has not", lang, key)
			}
			a, b := braces.FindAllString(main, -1), braces.FindAllString(text, -1)
			if !sameNames(a, b) {
				t.Errorf("%s: %s names %v, English %v", lang, key, b, a)
			}
			if text == "" {
				t.Errorf("%s: %s is empty", lang, key)
			}
		}
		for key := range keys["en"] {
			if !keys[lang][key] {
				t.Errorf("%s lacks the text %s", lang, key)
			}
		}
	}
	said := saidKeys(t)
	for key := range keys["en"] {
		if !said.says(key) {
			t.Errorf("nothing says the text %s", key)
		}
	}
	faults := map[string]bool{"ok": true, "often": true, "another-instance": true, "login-over": true}
	for _, f := range problem.Faults() {
		faults[f.Code] = true
	}
	for key := range keys["en"] {
		for _, of := range []string{"link.fault.", "link.found.", "link.mend."} {
			if code := key[strings.LastIndex(key, ".")+1:]; strings.HasPrefix(key, of) && !faults[code] {
				t.Errorf("the text %s is of the fault %s, which is none", key, code)
			}
		}
	}
	for key := range said.whole {
		if !keys["en"][key] {
			t.Errorf("a page says the text %s, which is not there", key)
		}
	}
}

func sameNames(a, b []string) bool {
	set := func(list []string) string {
		m := map[string]bool{}
		for _, name := range list {
			m[name] = true
		}
		var names []string
		for name := range m {
			names = append(names, name)
		}
		slices.Sort(names)
		return strings.Join(names, " ")
	}
	return set(a) == set(b)
}

// keysSaid are the keys in templates and code: whole ones, and patterns of those that are put together.
type keysSaid struct {
	whole    map[string]bool
	patterns []*regexp.Regexp
}

func (k keysSaid) says(key string) bool {
	if k.whole[key] {
		return true
	}
	for _, p := range k.patterns {
		if p.MatchString(key) {
			return true
		}
	}
	return false
}

func saidKeys(t *testing.T) keysSaid {
	t.Helper()
	said := keysSaid{whole: map[string]bool{}}
	literal := regexp.MustCompile(`"((?:site|link|member|oidc)\.[a-z0-9_.%-]+)"`)
	for _, folder := range pageFolders() {
		err := filepath.WalkDir(folder, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(p, "_test.go") || !strings.HasSuffix(p, ".go") && !strings.HasSuffix(p, ".html") {
				return err
			}
			content, err := os.ReadFile(p)
			for _, m := range literal.FindAllStringSubmatch(string(content), -1) {
				if strings.HasSuffix(m[1], ".css") || strings.HasSuffix(m[1], ".js") {
					continue
				}
				if strings.ContainsAny(m[1], "%") || strings.HasSuffix(m[1], ".") {
					pattern := strings.ReplaceAll(regexp.QuoteMeta(m[1]), "%s", `[a-z0-9_-]+`)
					if strings.HasSuffix(m[1], ".") {
						pattern += `[A-Za-z0-9._-]+`
					}
					said.patterns = append(said.patterns, regexp.MustCompile("^"+pattern+"$"))
				} else {
					said.whole[m[1]] = true
				}
			}
			return err
		})
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	return said
}

// A frame and a page of their own have a cookie each, which a browser sends both where they are of one site.
func TestTheSameCookieTwiceIsOne(t *testing.T) {
	s, err := site.New(site.Config{Public: "https://busbar.example.com", Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	for sent, want := range map[string]string{"__Host-a=1; __Host-a=1": "1", "__Host-a=1; __Host-a=2": "", "__Host-a=1": "1", "a=1": ""} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", sent)
		if got := s.Cookie(r, "a"); got != want {
			t.Errorf("%s: %q, want %q", sent, got, want)
		}
	}
}

func TestOriginsOfFrames(t *testing.T) {
	for origin, want := range map[string]bool{
		"https://app.example.com": true, "http://localhost:3000": true, "https://a.example:8443": true, "http://[::1]:3000": true,
		"*": false, "https://*.example.com": false, "https://a.example;script-src *": false, "https://a.example https://b.example": false, "https://a.example/": false, "data:": false, "https:": false, "": false,
	} {
		if site.ValidOrigin(origin) != want {
			t.Errorf("%q: %v, want %v", origin, !want, want)
		}
	}
}
