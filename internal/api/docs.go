package api

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/zeebo/xxh3"

	"github.com/busbar-dev/busbar/internal/problem"
)

//go:embed reference
var referenceFiles embed.FS

// The policies of the pages: they load from this server and call nothing else. The reference writes its own style elements.
const (
	pagePolicy      = "default-src 'none'; style-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
	referencePolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; " +
		"img-src 'self' data:; font-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)

// reference serves the OpenAPI document, the page that shows it, and a page for each problem.
type reference struct {
	server   *server
	problems *template.Template
}

func newReference(s *server) (*reference, error) {
	r := &reference{server: s}
	var err error
	if r.problems, err = template.ParseFS(referenceFiles, "reference/problems.html"); err != nil {
		return nil, fmt.Errorf("read the problem pages: %w", err)
	}
	return r, nil
}

func (r *reference) mount(mux *routes) {
	mux.HandleFunc("GET /openapi.json", r.written("application/openapi+json", func() ([]byte, error) { return json.Marshal(r.server.api.OpenAPI()) }))
	mux.HandleFunc("GET /openapi.yaml", r.written("application/openapi+yaml", func() ([]byte, error) { return YAML(r.server.Model) }))
	mux.HandleFunc("GET /docs", withPolicy(referencePolicy, fixed("text/html; charset=utf-8", r.page())))
	mux.Handle("GET /docs/{$}", http.RedirectHandler("/docs", http.StatusFound))
	mux.HandleFunc("GET /docs/page.js", r.file("text/javascript; charset=utf-8", "page.js"))
	mux.HandleFunc("GET /docs/scalar.js", r.compressed("text/javascript; charset=utf-8", "scalar.js.br"))
	mux.HandleFunc("GET /docs/problems.css", r.file("text/css; charset=utf-8", "problems.css"))
	mux.HandleFunc("GET /docs/problems/{$}", withPolicy(pagePolicy, r.listProblems))
	mux.HandleFunc("GET /docs/problems/{code}", withPolicy(pagePolicy, r.oneProblem))
}

func withPolicy(policy string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		next(w, r)
	}
}

// file serves an embedded file.
func (r *reference) file(kind, name string) http.HandlerFunc { return fixed(kind, r.read(name)) }

// page is the reference page, which names the program's version.
func (r *reference) page() []byte {
	return bytes.Replace(r.read("page.html"), []byte("{{version}}"), []byte(html.EscapeString(r.server.Version)), 1)
}

// read gives an embedded file.
func (r *reference) read(name string) []byte {
	content, err := referenceFiles.ReadFile("reference/" + name)
	if err != nil {
		panic(fmt.Sprintf("reference/%s, built into this program, cannot be read: %v", name, err))
	}
	return content
}

// fixed serves bytes that do not change while the program runs.
func fixed(kind string, content []byte) http.HandlerFunc {
	tag := fmt.Sprintf(`"%016x"`, xxh3.Hash(content))
	return func(w http.ResponseWriter, r *http.Request) {
		if !fresh(w, r, kind, tag) {
			_, _ = w.Write(content)
		}
	}
}

// written serves bytes that are written when somebody asks for them first: that takes as long as all the rest of a start.
func (r *reference) written(kind string, write func() ([]byte, error)) http.HandlerFunc {
	once := sync.OnceValues(func() (http.HandlerFunc, error) {
		content, err := write()
		return fixed(kind, content), err
	})
	return func(w http.ResponseWriter, req *http.Request) {
		serve, err := once()
		if err != nil {
			r.server.fail(w, req, fmt.Errorf("write the OpenAPI document: %w", err))
			return
		}
		serve(w, req)
	}
}

// compressed serves a Brotli file as it is to those who take it, unpacked to the others.
func (r *reference) compressed(kind, name string) http.HandlerFunc {
	packed := r.read(name)
	tag := fmt.Sprintf(`"%016x"`, xxh3.Hash(packed))
	unpacked := sync.OnceValue(func() []byte { return unpack(name, packed) })
	return func(w http.ResponseWriter, req *http.Request) {
		w.Header().Add("Vary", "Accept-Encoding")
		if fresh(w, req, kind, tag) {
			return
		}
		if accepts(req, "br") {
			w.Header().Set("Content-Encoding", "br")
			_, _ = w.Write(packed)
			return
		}
		_, _ = w.Write(unpacked())
	}
}

func unpack(name string, packed []byte) []byte {
	content, err := io.ReadAll(brotli.NewReader(bytes.NewReader(packed)))
	if err != nil {
		panic(fmt.Sprintf("reference/%s, built into this program, cannot be unpacked: %v", name, err))
	}
	return content
}

// fresh sets the headers of a fixed file and answers 304 to those who have it.
func fresh(w http.ResponseWriter, r *http.Request, kind, tag string) bool {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", tag)
	if header := r.Header.Get("If-None-Match"); header != "" && matches(header, tag) {
		w.WriteHeader(http.StatusNotModified)
		return true
	}
	return false
}

func accepts(r *http.Request, coding string) bool {
	for one := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, quality, _ := strings.Cut(strings.TrimSpace(one), ";")
		if strings.TrimSpace(name) == coding {
			return strings.Trim(strings.ReplaceAll(quality, " ", ""), "0.") != "q="
		}
	}
	return false
}

func (r *reference) listProblems(w http.ResponseWriter, req *http.Request) {
	r.render(w, req, "list", map[string]any{"Problems": problem.All(), "Faults": problem.Faults(), "Reasons": problem.Reasons()})
}

func (r *reference) oneProblem(w http.ResponseWriter, req *http.Request) {
	kind, ok := problem.Lookup(req.PathValue("code"))
	if !ok {
		r.server.fail(w, req, &problem.Error{Code: problem.NotFound, Detail: "There is no such problem. /docs/problems/ lists them all."})
		return
	}
	r.render(w, req, "one", kind)
}

func (r *reference) render(w http.ResponseWriter, req *http.Request, name string, data any) {
	var page bytes.Buffer
	if err := r.problems.ExecuteTemplate(&page, name, data); err != nil {
		r.server.fail(w, req, fmt.Errorf("write page %s: %w", name, err))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page.Bytes())
}
