package site

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
)

// maxForm is what a form may hold: keys and certificates are a few kilobytes.
const maxForm = 256 << 10

// Refusal is why a request for a page is not taken. Its code names the page that says so.
type Refusal struct {
	Status int
	Code   string
}

func (r *Refusal) Error() string { return "refused: " + r.Code }

// Form reads a form that a page of this server sent. Whatever else comes is refused: other sites' forms, other types, or too much.
func (s *Site) Form(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if !s.Secure(r) {
		return nil, &Refusal{http.StatusForbidden, "plain"}
	}
	if !s.ours(r) {
		return nil, &Refusal{http.StatusForbidden, "foreign"}
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "application/x-www-form-urlencoded" {
		return nil, &Refusal{http.StatusUnsupportedMediaType, "form"}
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, &Refusal{http.StatusRequestEntityTooLarge, "large"}
		}
		return nil, &Refusal{http.StatusBadRequest, "form"}
	}
	return r.PostForm, nil
}

// ours tells whether a page of this server sent the request, by what browsers say of it. A request that says nothing comes from no browser that we trust.
func (s *Site) ours(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin"
	}
	origin, err := url.Parse(r.Header.Get("Origin"))
	return err == nil && origin.Host != "" && origin.Host == r.Host
}
