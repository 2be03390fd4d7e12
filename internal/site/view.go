package site

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed layout/*.html
var layoutFiles embed.FS

// View is one page as it is shown.
type View struct {
	Status    int // 0: 200
	Look      Look
	Who       string   // asks somebody to do something, as the page's sentences name it
	Language  string   // preset by whoever invited; empty: none
	Languages []string // that the page may be in; empty: all
	Support   string   // whom to ask when something fails; empty: nobody in particular
	Frames    []string // origins whose pages may frame this one
	Forms     []string // origins that a form on it leads to, besides this server
	Go        string   // address to go on to by itself
	Wide      bool     // two columns where there is room
	Data      any
}

// Pages are the pages of one package: its templates in every language.
type Pages struct {
	site *Site
	byID map[[2]string]*template.Template // by name and language
}

// frame is what a template gets.
type frame struct {
	View
	Words   Words
	Choices []string // languages
	Framed  bool
	Path    string
}

// Asking is whom to ask on a page that says that something failed.
func (f frame) Asking() string {
	if f.Status < http.StatusBadRequest {
		return ""
	}
	return f.Support
}

// Lang is the page's language.
func (f frame) Lang() string { return f.Words.Language }

// Pages reads a folder of templates. Each file is a page, called by its name without .html, that defines "title" and "content"; files whose names begin with _ define what the others share.
func (s *Site) Pages(folder fs.FS) (*Pages, error) {
	p := &Pages{site: s, byID: map[[2]string]*template.Template{}}
	names, err := fs.Glob(folder, "*.html")
	if err != nil {
		return nil, err
	}
	for _, lang := range s.Languages() {
		base, err := s.layout(lang, folder)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if strings.HasPrefix(name, "_") {
				continue
			}
			if err := p.add(base, folder, name, lang); err != nil {
				return nil, err
			}
		}
		if err := p.add(base, layoutFiles, "layout/refused.html", lang); err != nil {
			return nil, err
		}
		if err := p.add(base, layoutFiles, "layout/leave.html", lang); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *Pages) add(base *template.Template, folder fs.FS, file, lang string) error {
	t, err := base.Clone()
	if err != nil {
		return err
	}
	if t, err = t.ParseFS(folder, file); err != nil {
		return fmt.Errorf("read page %s: %w", file, err)
	}
	p.byID[[2]string{strings.TrimSuffix(path.Base(file), ".html"), lang}] = t
	return nil
}

// layout is what all pages of a folder share, in a language.
func (s *Site) layout(lang string, folder fs.FS) (*template.Template, error) {
	words := s.In(lang)
	t := template.New("").Funcs(template.FuncMap{
		"t": words.Say, "has": words.Has, "initials": Initials, "asset": s.address, "dict": dict,
		"language": func(name string) string { return s.In(name).Say("site.language") },
	})
	t, err := t.ParseFS(layoutFiles, "layout/_*.html")
	if err != nil {
		return nil, err
	}
	if shared, _ := fs.Glob(folder, "_*.html"); len(shared) > 0 {
		return t.ParseFS(folder, "_*.html")
	}
	return t, nil
}

// dict makes a map of pairs, for templates that take several values.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict takes pairs")
	}
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return m, nil
}

// Show writes a page.
func (p *Pages) Show(w http.ResponseWriter, r *http.Request, name string, v View) {
	s := p.site
	if v.Look.Name == "" {
		v.Look.Name = s.Look.Name
	}
	if v.Status == 0 {
		v.Status = http.StatusOK
	}
	words := s.Words(r, v.Language, v.Languages...)
	var page bytes.Buffer
	t := p.byID[[2]string{name, words.Language}]
	if t == nil {
		panic("there is no page " + name)
	}
	f := frame{View: v, Words: words, Choices: s.among(v.Languages), Framed: Framed(r), Path: r.URL.Path}
	if err := t.ExecuteTemplate(&page, "layout", f); err != nil {
		panic(fmt.Sprintf("page %s cannot be written: %v", name, err))
	}
	s.KeepLanguage(w, r)
	protect(w, v)
	if v.Go != "" {
		w.Header().Set("Refresh", "0; url="+v.Go)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", words.Language)
	w.Header().Add("Vary", "Accept-Language, Cookie, Sec-Fetch-Dest")
	w.WriteHeader(v.Status)
	_, _ = w.Write(page.Bytes())
}

// Refuse shows the page that says why a request is not taken. Texts are at site.refused.<code>.
func (p *Pages) Refuse(w http.ResponseWriter, r *http.Request, refusal *Refusal, v View) {
	v.Status, v.Data = refusal.Status, refusal
	p.Show(w, r, "refused", v)
}

// Leave shows a page that goes on to an address elsewhere by itself, and has a link to it. A form must not be answered with a redirect to another server: browsers hold that, and where
// it leads to, against form-action.
func (p *Pages) Leave(w http.ResponseWriter, r *http.Request, address string, v View) {
	v.Go, v.Data = address, address
	p.Show(w, r, "leave", v)
}

// Words gives the language that a view is shown in.
func (p *Pages) Words(r *http.Request, v View) Words {
	return p.site.Words(r, v.Language, v.Languages...)
}

// Site is what the pages stand on.
func (p *Pages) Site() *Site { return p.site }
