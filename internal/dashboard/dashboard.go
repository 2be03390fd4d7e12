// Package dashboard owns how the built dashboard is served: the files of web/, which `make dashboard` builds into dist/.
package dashboard

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/zeebo/xxh3"

	"github.com/busbar-dev/busbar/internal/site"
)

//go:embed all:dist
var dist embed.FS

// policy lets the dashboard load from this server, call nothing else, and be framed by nobody.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

const root = site.Home

// file is one of the build. Its name says nothing of its content, so that browsers ask each time whether they have it.
type file struct {
	kind, tag string
	plain     []byte
	packed    func() []byte // with gzip, when somebody first asks for it so; nil where that gains nothing
}

// Routes gives the routes of the dashboard: its files, its page at every other address below /app/, and the way there from the server's root.
func Routes() ([]site.Route, error) {
	files, err := built()
	if err != nil {
		return nil, fmt.Errorf("read the built dashboard: %w", err)
	}
	page := files["index.html"]
	if page == nil {
		return nil, fmt.Errorf("the dashboard is not built: `make dashboard` does that")
	}
	serve := func(w http.ResponseWriter, r *http.Request) {
		f := files[strings.TrimPrefix(r.URL.Path, root)]
		if f == nil {
			f = page
		}
		f.ServeHTTP(w, r)
	}
	return []site.Route{
		{Pattern: "GET " + root, Handler: http.HandlerFunc(serve)},
		{Pattern: "GET /{$}", Handler: http.RedirectHandler(root, http.StatusFound)},
		{Pattern: "GET " + strings.TrimSuffix(root, "/"), Handler: http.RedirectHandler(root, http.StatusFound)},
	}, nil
}

// built reads the files of the build, by their names.
var built = sync.OnceValues(func() (map[string]*file, error) {
	files := map[string]*file{}
	err := fs.WalkDir(dist, "dist", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := dist.ReadFile(name)
		if err != nil {
			return err
		}
		files[strings.TrimPrefix(name, "dist/")] = newFile(name, content)
		return nil
	})
	return files, err
})

func newFile(name string, content []byte) *file {
	return &file{
		kind: mime.TypeByExtension(path.Ext(name)), tag: fmt.Sprintf(`"%016x"`, xxh3.Hash(content)), plain: content,
		packed: sync.OnceValue(func() []byte { return pack(content) }),
	}
}

// pack gives content with gzip; nil where that gains nothing.
func pack(content []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := w.Write(content); err != nil || w.Close() != nil || b.Len() >= len(content) {
		return nil
	}
	return b.Bytes()
}

func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", f.tag)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if strings.Contains(r.Header.Get("If-None-Match"), f.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	content := f.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		if packed := f.packed(); packed != nil {
			h.Set("Content-Encoding", "gzip")
			content = packed
		}
	}
	_, _ = w.Write(content)
}
