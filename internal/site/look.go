package site

import (
	"fmt"
	"html/template"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// Look is whose pages they are.
type Look struct {
	Name   string
	Logo   string // an image as a data: address; empty or of another form: the name's initials
	Own    bool   // the name is the project's
	Colour string // #rrggbb; empty or of another form: the site's own
}

var (
	imageData = regexp.MustCompile(`^data:image/(png|jpeg|webp|gif|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}$`)
	hexColour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
)

// ValidLogo tells whether pages show this logo.
func ValidLogo(logo string) bool { return imageData.MatchString(logo) }

// ValidColour tells whether pages take this colour.
func ValidColour(colour string) bool { return hexColour.MatchString(colour) }

// Image is the logo's address; empty when there is none.
func (l Look) Image() template.URL {
	if !ValidLogo(l.Logo) {
		return ""
	}
	return template.URL(l.Logo)
}

// Sheet is the address of the style sheet with the colour; empty when there is none.
func (l Look) Sheet() string {
	if !ValidColour(l.Colour) {
		return ""
	}
	return "/site/colour/" + strings.ToLower(l.Colour[1:]) + ".css"
}

// Initials stand for a name where there is no picture.
func Initials(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) == 0 {
		return "?"
	}
	first := []rune(words[0])
	if len(words) > 1 {
		return strings.ToUpper(string(first[:1]) + string([]rune(words[1])[:1]))
	}
	return strings.ToUpper(string(first[:1])) + string(first[1:min(2, len(first))])
}

// colour is red, green and blue.
type colour [3]uint8

func parseColour(hex string) (c colour) {
	n, _ := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 32)
	return colour{uint8(n >> 16), uint8(n >> 8), uint8(n)}
}

func (c colour) String() string { return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2]) }

// luminance is the relative luminance of WCAG 2.
func (c colour) luminance() float64 {
	linear := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

// contrast is the contrast ratio of WCAG 2, from 1 to 21.
func contrast(a, b colour) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// mixed goes part of the way, from 0 to 1, to another colour.
func (c colour) mixed(to colour, part float64) (out colour) {
	for i := range c {
		out[i] = uint8(math.Round(float64(c[i]) + (float64(to[i])-float64(c[i]))*part))
	}
	return out
}

// readable is the contrast that text needs, with a little to spare for rounding.
const readable = 4.6

// on gives the text colour for a ground: white where it can be read, else black.
func (c colour) on() colour {
	white, black := colour{255, 255, 255}, colour{}
	if contrast(c, white) >= readable {
		return white
	}
	return black
}

// ink is the colour moved towards another until it can be read on every ground.
func (c colour) ink(towards colour, grounds ...colour) colour {
	for part := 0.0; part < 1; part += 0.02 {
		try, ok := c.mixed(towards, part), true
		for _, ground := range grounds {
			ok = ok && contrast(try, ground) >= readable
		}
		if ok {
			return try
		}
	}
	return towards
}

// scheme is what a style sheet calls the grounds of a page, light or dark.
type scheme struct{ page, surface, towards colour }

func lightScheme() scheme {
	return scheme{parseColour("f5f6f8"), parseColour("ffffff"), colour{}}
}

func darkScheme() scheme {
	return scheme{parseColour("0f1217"), parseColour("181c23"), colour{255, 255, 255}}
}

// rules are the properties of a colour in a scheme.
func (c colour) rules(s scheme) string {
	hover := c.mixed(c.on(), 0.12)
	if contrast(hover, c.on()) < readable {
		hover = c.mixed(colour{255 - c.on()[0], 255 - c.on()[1], 255 - c.on()[2]}, 0.12)
	}
	soft := s.surface.mixed(c, 0.1)
	return fmt.Sprintf("--accent:%s;--on-accent:%s;--accent-hover:%s;--accent-soft:%s;--ink:%s", c, c.on(), hover, soft, c.ink(s.towards, s.page, s.surface, soft))
}

// colourSheet serves the style sheet of a colour.
func colourSheet(w http.ResponseWriter, r *http.Request) {
	hex, found := strings.CutSuffix(r.PathValue("file"), ".css")
	if !found || !ValidColour("#"+hex) {
		http.NotFound(w, r)
		return
	}
	c := parseColour(hex)
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	fmt.Fprintf(w, ":root{%s}\n@media (prefers-color-scheme:dark){:root{%s}}\n", c.rules(lightScheme()), c.rules(darkScheme()))
}
