package site

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// policy is what a page may load, call, send forms to, and be framed by.
func policy(frames, forms []string) string {
	ancestors := "'none'"
	if frames = slices.DeleteFunc(slices.Clone(frames), func(one string) bool { return !ValidOrigin(one) }); len(frames) > 0 {
		ancestors = strings.Join(frames, " ")
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors " + ancestors +
		"; base-uri 'none'; form-action " + strings.Join(append([]string{"'self'"}, forms...), " ")
}

var webOrigin = regexp.MustCompile(`(?i)^https?://(\[[0-9a-f:]+\]|[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?)(:[0-9]{1,5})?$`)

// ValidOrigin tells whether pages of this origin can be let frame a page: one host, as a browser writes it.
func ValidOrigin(origin string) bool { return webOrigin.MatchString(origin) }

// protect sets the headers of a page.
func protect(w http.ResponseWriter, v View) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy(v.Frames, v.Forms))
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	if len(v.Frames) > 0 { // or a window of theirs, which keeps its opener
		h.Set("Cross-Origin-Opener-Policy", "unsafe-none")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		return
	}
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}
