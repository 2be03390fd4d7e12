package site

import (
	"net/http"
	"time"
)

// Cookie is a cookie that only this host gets, over a safe line, out of reach of scripts.
type Cookie struct {
	Name, Value string
	Expires     time.Time // zero: when the browser is closed
	Strict      bool      // not even sent when a link on another site leads here
}

// hostPrefix makes browsers refuse the cookie where it is not bound to this host and a safe line.
const hostPrefix = "__Host-"

// Cookie gives the value of a cookie; empty when there is none, or several that differ. A browser sends the same one twice where a frame and a page of their own have it.
func (s *Site) Cookie(r *http.Request, name string) (value string) {
	for i, found := range r.CookiesNamed(hostPrefix + name) {
		if i > 0 && found.Value != value {
			return ""
		}
		value = found.Value
	}
	return value
}

// SetCookie sets a cookie. In a frame of another site it is kept apart for that site, as browsers want it. Only where Secure holds.
func (s *Site) SetCookie(w http.ResponseWriter, r *http.Request, c Cookie) {
	http.SetCookie(w, s.cookie(r, c))
}

// DropCookie takes a cookie away.
func (s *Site) DropCookie(w http.ResponseWriter, r *http.Request, name string) {
	c := s.cookie(r, Cookie{Name: name})
	c.MaxAge = -1
	http.SetCookie(w, c)
}

func (s *Site) cookie(r *http.Request, c Cookie) *http.Cookie {
	cookie := &http.Cookie{Name: hostPrefix + c.Name, Value: c.Value, Path: "/", Expires: c.Expires, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	switch {
	case Framed(r):
		cookie.SameSite, cookie.Partitioned = http.SameSiteNoneMode, true
	case c.Strict:
		cookie.SameSite = http.SameSiteStrictMode
	}
	return cookie
}
