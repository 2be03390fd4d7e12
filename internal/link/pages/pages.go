// Package pages owns the pages by which customers connect their system: it asks package link for everything, and shows it. It stores nothing; what somebody typed goes from page to page with
// them, secrets sealed.
package pages

import (
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/busbar-dev/busbar/internal/link"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/site"
)

//go:embed html/*.html
var templates embed.FS

//go:embed embed.js
var embedScript []byte

// Sealer hides secrets that somebody typed on their way from one page to the next. Package secret has one.
type Sealer interface {
	SealOwn(p secret.Place, plaintext []byte) (sealed []byte, err error)
	OpenOwn(p secret.Place, sealed []byte) (plaintext []byte, err error)
}

// Config is what the pages are built from; every member is required.
type Config struct {
	Site   *site.Site
	Links  *link.Service
	Sealer Sealer
	Now    func() time.Time
	Log    *slog.Logger
}

// pages is what the handlers share.
type pages struct {
	Config
	show  *site.Pages
	tries *site.Tries
	guide guides
}

// New gives the routes of the pages.
func New(c Config) ([]site.Route, error) {
	folder, err := fs.Sub(templates, "html")
	if err != nil {
		return nil, err
	}
	p := &pages{Config: c, tries: site.NewTries(c.Now), guide: newGuides()}
	if p.show, err = c.Site.Pages(folder); err != nil {
		return nil, err
	}
	routes := []site.Route{
		{Pattern: "GET /link/embed.js", Handler: http.HandlerFunc(serveEmbed)},
		{Pattern: "GET /link/oauth/callback", Handler: http.HandlerFunc(p.callback)},
		{Pattern: "GET /link", Handler: http.HandlerFunc(p.unknown)},
		{Pattern: "GET /link/{rest...}", Handler: http.HandlerFunc(p.unknown)},
	}
	for pattern, page := range map[string]page{
		"GET /link/{secret}":           p.open,
		"POST /link/{secret}/continue": p.goOn,
		"GET /link/{secret}/system":    p.pick,
		"GET /link/{secret}/login":     p.login,
		"GET /link/{secret}/choose":    p.granted,
		"POST /link/{secret}/check":    p.check,
		"POST /link/{secret}/connect":  p.connect,
		"POST /link/{secret}/cancel":   p.cancel,
		"GET /link/{secret}/done":      p.done,
		"GET /link/{secret}/check":     p.stray,
		"GET /link/{secret}/connect":   p.stray,
		"GET /link/{secret}/continue":  p.stray,
		"GET /link/{secret}/cancel":    p.stray,
	} {
		routes = append(routes, site.Route{Pattern: pattern, Handler: p.visited(page)})
	}
	return routes, nil
}

// cookie keeps the browser that a link is bound to.
const cookie = "busbar-link"

// visit is one request for a page of a link.
type visit struct {
	*link.Visit
	w     http.ResponseWriter
	r     *http.Request
	brand link.Brand
	form  url.Values // of a POST
}

type page func(v *visit) error

// visited finds the link and reads the form; a page gets neither a link that is not there nor a form that is not ours.
func (p *pages) visited(next page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.tries.Spent(r) {
			p.show.Refuse(w, r, &site.Refusal{Status: http.StatusTooManyRequests, Code: "often"}, site.View{})
			return
		}
		v := &visit{w: w, r: r}
		if err := p.find(v); err != nil {
			p.fail(v, err)
			return
		}
		if err := next(v); err != nil {
			p.fail(v, err)
		}
	})
}

func (p *pages) find(v *visit) (err error) {
	if v.r.Method == http.MethodPost {
		if v.form, err = p.Site.Form(v.w, v.r); err != nil {
			return err
		}
	}
	v.Visit, err = p.Links.Open(v.r.Context(), v.r.PathValue("secret"), p.Site.Cookie(v.r, cookie))
	if err != nil {
		v.Visit = nil
		return err
	}
	v.brand, err = p.Links.Brand(v.r.Context(), v.Link.ProjectID)
	return err
}

// fail shows the page for what went wrong. A link that is not there and one that was mistyped look the same.
func (p *pages) fail(v *visit, err error) {
	var refusal *site.Refusal
	var known *problem.Error
	switch {
	case errors.As(err, &refusal):
	case errors.As(err, &known) && known.Code == problem.NotFound:
		p.tries.Failed(v.r)
		p.page(v, "standing", site.View{Status: http.StatusNotFound, Data: "unknown"})
		return
	case errors.As(err, &known) && known.Code == problem.Conflict && v.Visit != nil:
		p.stands(v)
		return
	default:
		p.Log.ErrorContext(v.r.Context(), "a page of a link failed", "error", err)
		refusal = &site.Refusal{Status: http.StatusInternalServerError, Code: "broken"}
	}
	p.show.Refuse(v.w, v.r, refusal, p.view(v, site.View{}))
}

// view adds to a view what every page of the link has.
func (p *pages) view(v *visit, view site.View) site.View {
	view.Look, view.Frames = site.Look{Name: v.brand.Name, Own: v.brand.Name != "", Logo: v.brand.Logo, Colour: v.brand.Colour}, v.brand.Origins
	view.Support, view.Languages = v.brand.Support, v.brand.Languages
	if v.Visit != nil {
		view.Language = v.Settings.Language
	}
	if view.Who = v.brand.Name; view.Who == "" {
		view.Who = p.show.Words(v.r, view).Say("link.somebody")
	}
	return view
}

func (p *pages) page(v *visit, name string, view site.View) {
	p.show.Show(v.w, v.r, name, p.view(v, view))
}

// words are those of the visit's language.
func (p *pages) words(v *visit) site.Words { return p.show.Words(v.r, p.view(v, site.View{})) }

// to sends the browser to another page of the link.
func (v *visit) to(page string) error {
	http.Redirect(v.w, v.r, v.Path()+page, http.StatusSeeOther)
	return nil
}

// stands shows why the link cannot be used by this browser, as it stands now.
func (p *pages) stands(v *visit) {
	now, err := p.Links.Open(v.r.Context(), v.r.PathValue("secret"), p.Site.Cookie(v.r, cookie))
	if err != nil {
		p.fail(v, err)
		return
	}
	if v.Visit = now; now.Standing == link.Connected && now.Here {
		_ = v.to("/done")
		return
	}
	status := http.StatusGone
	if now.Standing == link.Elsewhere {
		status = http.StatusForbidden
	}
	p.page(v, "standing", site.View{Status: status, Data: string(now.Standing)})
}
