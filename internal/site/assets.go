package site

import (
	"embed"
	"fmt"
	"mime"
	"net/http"
	"path"

	"github.com/zeebo/xxh3"
)

//go:embed assets
var assetFiles embed.FS

// asset is a fixed file. Its address changes with its content, so browsers may keep it.
type asset struct {
	kind, version string
	content       []byte
}

func loadAssets() (map[string]asset, error) {
	files, err := assetFiles.ReadDir("assets")
	if err != nil {
		return nil, err
	}
	all := map[string]asset{}
	for _, f := range files {
		content, err := assetFiles.ReadFile("assets/" + f.Name())
		if err != nil {
			return nil, err
		}
		all[f.Name()] = asset{mime.TypeByExtension(path.Ext(f.Name())), fmt.Sprintf("%016x", xxh3.Hash(content)), content}
	}
	return all, nil
}

// Routes are the files that pages load.
func (s *Site) Routes() []Route {
	routes := []Route{{"GET /site/colour/{file}", http.HandlerFunc(colourSheet)}}
	for name, a := range s.assets {
		routes = append(routes, Route{"GET /site/" + name, a})
	}
	return routes
}

func (a asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tag := `"` + a.version + `"`
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("ETag", tag)
	h.Set("Cache-Control", "no-cache")
	if r.URL.RawQuery == "v="+a.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(a.content)
}

// address gives the address of a file as pages load it.
func (s *Site) address(name string) (string, error) {
	a, ok := s.assets[name]
	if !ok {
		return "", fmt.Errorf("there is no file %s for pages", name)
	}
	return "/site/" + name + "?v=" + a.version, nil
}
