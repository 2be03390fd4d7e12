package pages

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/busbar-dev/busbar/internal/link"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/site"
)

// away sends the browser to the system's own login. No login server lets itself be framed: in a frame a link opens it in a window of its own, and the page waits for that.
func (p *pages) away(v *visit, e *entry) error {
	l := e.login()
	l.Framed = site.Framed(v.r)
	address, err := p.Links.Begin(v.r.Context(), v.Visit, l)
	if err != nil {
		return p.mend(v, e, err)
	}
	if !l.Framed {
		p.show.Leave(v.w, v.r, address, p.view(v, site.View{}))
		return nil
	}
	query := url.Values{"system": {e.system.System}, "method": {e.method.Method}}
	p.page(v, "away", site.View{Data: window{Path: v.Path(), Title: e.system.Name, Address: address, Again: v.Path() + "/login?" + query.Encode()}})
	return nil
}

// window is a login that goes on in a window of its own.
type window struct{ Path, Title, Address, Again string }

// callback is where login servers send the browser back to. Whoever only looks uses nothing up.
func (p *pages) callback(w http.ResponseWriter, r *http.Request) {
	v := &visit{w: w, r: r}
	switch {
	case p.looks(v):
		return
	case p.tries.Spent(r):
		p.show.Refuse(w, r, &site.Refusal{Status: http.StatusTooManyRequests, Code: "often"}, site.View{})
		return
	}
	q := r.URL.Query()
	returned, err := p.Links.Finish(r.Context(), p.Site.Cookie(r, cookie), link.Callback{
		State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss"), Error: q.Get("error"), Description: q.Get("error_description"), Framed: site.Framed(r),
	})
	if v.Visit = returned.Visit; v.Visit != nil {
		brand, failed := p.Links.Brand(r.Context(), v.Link.ProjectID)
		v.brand, err = brand, errors.Join(err, failed)
	}
	var known *problem.Error
	switch {
	case err == nil && returned.Window:
		p.page(v, "window", site.View{})
	case err == nil && returned.Done != nil:
		_ = v.to("/done")
	case err == nil:
		_ = v.to("/choose")
	case !errors.As(err, &known):
		p.fail(v, err)
	default:
		p.tries.Failed(r)
		data := failedLogin{Detail: known.Detail}
		if v.Visit != nil {
			data.Path = v.Path()
		}
		p.page(v, "returned", site.View{Status: http.StatusBadRequest, Data: data})
	}
}

// looks answers a request that only looks (HEAD) where a page does something when it is shown.
func (p *pages) looks(v *visit) bool {
	if v.r.Method != http.MethodHead {
		return false
	}
	v.w.Header().Set("Allow", http.MethodGet)
	p.show.Refuse(v.w, v.r, &site.Refusal{Status: http.StatusMethodNotAllowed, Code: "missing"}, p.view(v, site.View{}))
	return true
}

// failedLogin is a login at the system that came to nothing.
type failedLogin struct{ Path, Detail string }

// granted shows what a login in a browser may read.
func (p *pages) granted(v *visit) error {
	if p.looks(v) {
		return nil
	}
	if ok, err := p.mine(v); !ok {
		return err
	}
	l, err := p.Links.Held(v.r.Context(), v.Visit)
	if err != nil {
		return err
	}
	if l == nil {
		return p.begin(v)
	}
	e, err := p.entry(v, url.Values{"system": {l.System}, "method": {l.Method}})
	if err != nil {
		return err
	}
	if e == nil {
		return v.to("/system")
	}
	for name, value := range l.Values {
		e.values[name] = value
	}
	e.history, e.held = usualHistory, true
	return p.try(v, e, *l)
}

// taken is what was filled in, or the login that was made in a browser. A form that needs such a login and comes without is asked again.
func (p *pages) taken(v *visit, e *entry) (link.Login, error) {
	if !p.Links.Connections.InBrowser(e.system.System, e.method.Method) {
		return e.login(), nil
	}
	l, err := p.Links.Held(v.r.Context(), v.Visit)
	if err != nil {
		return link.Login{}, err
	}
	if l == nil || l.System != e.system.System || l.Method != e.method.Method {
		return link.Login{}, problem.New(problem.ValidationFailed, p.words(v).Say("link.choose.over", "system", e.system.Name))
	}
	l.History, e.held = e.history, true
	return *l, nil
}
