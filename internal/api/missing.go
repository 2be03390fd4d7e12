package api

import (
	"fmt"
	"net/http"
	"path"
	"strings"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/spelling"
)

// route hands a request to its handler, and answers in our own words where there is none.
func (s *server) route() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect || !clean(r.URL.Path) {
			s.fail(w, r, noRoute(r))
			return
		}
		handler, pattern := s.mux.Handler(r)
		if pattern != "" {
			s.mux.ServeHTTP(w, r)
			return
		}
		if allow := allowed(handler, r); allow != "" {
			w.Header().Set("Allow", allow)
			s.fail(w, r, &problem.Error{Code: problem.MethodNotAllowed, Detail: fmt.Sprintf("%s takes %s.", withoutSecrets(r.URL.Path), allow)})
			return
		}
		s.fail(w, r, s.missing(r))
	})
}

// clean tells whether the path is written the one way we accept; the standard library would redirect.
func clean(p string) bool {
	return p != "" && (path.Clean(p) == p || path.Clean(p)+"/" == p)
}

// allowed asks the mux's own 405 handler which methods there are; "" when it is a 404.
func allowed(h http.Handler, r *http.Request) string {
	w := &discard{header: http.Header{}}
	h.ServeHTTP(w, r)
	return w.header.Get("Allow")
}

type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}

// missing says what is not there: an entity of that name, or the page.
func (s *server) missing(r *http.Request) error {
	rest, ok := strings.CutPrefix(r.URL.Path, "/v1/")
	parts := strings.Split(rest, "/")
	if !ok || len(parts) > 2 || parts[0] == "" || s.Model.Entity(parts[0]) != nil || s.isResource(parts[0]) {
		return noRoute(r)
	}
	return s.unknownEntity(parts[0])
}

func noRoute(r *http.Request) error {
	return &problem.Error{Code: problem.NotFound, Detail: fmt.Sprintf("There is nothing at %s. The reference is at /docs.", quote(r.URL.Path))}
}

// isResource tells whether a control-plane or other fixed route begins with that name.
func (s *server) isResource(name string) bool {
	for p := range s.api.OpenAPI().Paths {
		if first, _, _ := strings.Cut(strings.TrimPrefix(p, "/v1/"), "/"); first == name {
			return true
		}
	}
	return false
}

// unknownEntity names the entities that the caller may have meant.
func (s *server) unknownEntity(name string) *problem.Error {
	near := spelling.Near(name, s.Model.Names())
	detail := fmt.Sprintf("The model has no entity %s.", quote(name))
	if len(near) > 0 {
		detail += " Did you mean " + strings.Join(near, ", ") + "?"
	} else {
		detail += " GET /v1/capabilities lists those of your connection."
	}
	return &problem.Error{Code: problem.UnknownEntity, Detail: detail, Extra: map[string]any{"near": near}}
}
