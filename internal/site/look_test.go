package site

import (
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"pgregory.net/rapid"
)

// Texts gives the texts of a language to tests outside.
func Texts(s *Site, language string) map[string]string { return maps.Clone(s.texts[language]) }

func TestContrast(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want float64
	}{{"#000000", "#ffffff", 21}, {"#777777", "#ffffff", 4.48}, {"#ffffff", "#ffffff", 1}} {
		if got := contrast(parseColour(c.a), parseColour(c.b)); math.Abs(got-c.want) > 0.01 {
			t.Errorf("the contrast of %s and %s is %.2f, want %.2f", c.a, c.b, got, c.want)
		}
	}
}

// TestEveryColourCanBeRead asks the style sheet of any colour for its pairs of text and ground.
func TestEveryColourCanBeRead(t *testing.T) {
	t.Parallel()
	property := regexp.MustCompile(`--([a-z-]+):(#[0-9a-f]{6})`)
	rapid.Check(t, func(t *rapid.T) {
		c := colour{rapid.Byte().Draw(t, "red"), rapid.Byte().Draw(t, "green"), rapid.Byte().Draw(t, "blue")}
		for name, s := range map[string]scheme{"light": lightScheme(), "dark": darkScheme()} {
			p := map[string]colour{}
			for _, m := range property.FindAllStringSubmatch(c.rules(s), -1) {
				p[m[1]] = parseColour(m[2])
			}
			pairs := map[string][2]colour{
				"a button": {p["accent"], p["on-accent"]}, "a button under the mouse": {p["accent-hover"], p["on-accent"]}, "a link on the page": {p["ink"], s.page},
				"a link on a card": {p["ink"], s.surface}, "a badge": {p["ink"], p["accent-soft"]},
			}
			for what, pair := range pairs {
				if got := contrast(pair[0], pair[1]); got < 4.5 {
					t.Errorf("%s, %s: %s has a contrast of %.2f", c, name, what, got)
				}
			}
		}
	})
}

func TestColourSheetTakesColoursOnly(t *testing.T) {
	t.Parallel()
	s := &Site{}
	mux := http.NewServeMux()
	for _, r := range s.Routes() {
		mux.Handle(r.Pattern, r.Handler)
	}
	for file, want := range map[string]int{"ff8800.css": 200, "ff880.css": 404, "ff8800": 404, "red;}body{}.css": 404} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", "/site/colour/"+file, nil))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", file, w.Code, want)
		}
	}
}

func TestInitials(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"SAP S/4HANA": "SS", "Tryton": "Tr", "": "?", "<b>": "B", "Ünal Öz": "ÜÖ", "x": "X"} {
		if got := Initials(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestLogosAreImages(t *testing.T) {
	t.Parallel()
	for logo, want := range map[string]bool{"data:image/png;base64,AAAA": true, "https://x.example/logo.png": false, "data:text/html;base64,AAAA": false, "javascript:alert(1)": false, "data:image/png;base64,AA\" x": false} {
		if ValidLogo(logo) != want || (Look{Logo: logo}.Image() != "") != want {
			t.Errorf("%q: %v, want %v", logo, !want, want)
		}
	}
}
