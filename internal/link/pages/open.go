package pages

import (
	"net/http"
	"net/url"

	"github.com/busbar-dev/busbar/internal/link"
	"github.com/busbar-dev/busbar/internal/site"
)

// open welcomes who comes with a fresh link, and lets go on who has begun. It changes nothing, so that what previews links uses none up.
func (p *pages) open(v *visit) error {
	switch v.Standing {
	case link.Fresh:
		p.page(v, "welcome", site.View{Data: p.welcome(v)})
		return nil
	case link.Yours:
		return p.begin(v)
	}
	p.stands(v)
	return nil
}

// welcome is what the first page says.
type welcome struct {
	Path       string
	System     string // empty: to be chosen
	Connection string // whose login is renewed
	Plain      bool   // the line is not safe
}

func (p *pages) welcome(v *visit) welcome {
	data := welcome{Path: v.Path(), System: p.title(v.SystemName()), Plain: !p.Site.Secure(v.r)}
	if v.Renews() && v.Connection != nil {
		data.Connection = v.Connection.Name
	}
	return data
}

// title is what people call a connector.
func (p *pages) title(system string) string {
	if s := p.Links.Config.Systems.System(system); s != nil {
		return s.Name
	}
	return ""
}

// begin goes to the first page that has something to ask.
func (p *pages) begin(v *visit) error {
	switch held, err := p.Links.Held(v.r.Context(), v.Visit); {
	case err != nil:
		return err
	case held != nil:
		return v.to("/choose")
	case v.SystemName() != "":
		return v.to("/login")
	}
	return v.to("/system")
}

// goOn binds the link to the browser.
func (p *pages) goOn(v *visit) error {
	now, value, err := p.Links.Continue(v.r.Context(), v.r.PathValue("secret"), p.Site.Cookie(v.r, cookie))
	if err != nil {
		return err
	}
	if value != "" {
		p.Site.SetCookie(v.w, v.r, site.Cookie{Name: cookie, Value: value})
	}
	v.Visit = now
	if now.Standing != link.Yours {
		p.stands(v)
		return nil
	}
	return p.begin(v)
}

// mine lets a page be for the browser that the link is bound to only.
func (p *pages) mine(v *visit) (bool, error) {
	switch v.Standing {
	case link.Yours:
		return true, nil
	case link.Fresh:
		return false, v.to("")
	}
	p.stands(v)
	return false, nil
}

// picker is the list of systems.
type picker struct {
	Path, Query string
	Systems     []choice
	Nothing     bool // whatever is searched for
}

// choice is one system in the list.
type choice struct {
	Name, Title, Summary, Address string
	Simulated                     bool
}

// pick lets somebody choose a system.
func (p *pages) pick(v *visit) error {
	if ok, err := p.mine(v); !ok {
		return err
	}
	if v.SystemName() != "" {
		return v.to("/login")
	}
	words := v.r.URL.Query().Get("q")
	systems, err := p.Links.Systems(v.r.Context(), v.Visit, words)
	if err != nil {
		return err
	}
	data := picker{Path: v.Path(), Query: words}
	for _, s := range systems {
		data.Systems = append(data.Systems, choice{s.System.System, s.System.Name, s.System.Summary, v.Path() + "/login?system=" + url.QueryEscape(s.System.System), s.System.Simulated})
	}
	data.Nothing = len(systems) == 0 && words == ""
	p.page(v, "pick", site.View{Data: data})
	return nil
}

// cancel ends the link for somebody who does not want to connect.
func (p *pages) cancel(v *visit) error {
	if ok, err := p.mine(v); !ok {
		return err
	}
	done, err := p.Links.Cancel(v.r.Context(), v.Visit)
	if err != nil {
		return err
	}
	p.finish(v, done, "cancelled")
	return nil
}

// stray leads whoever comes to the address of a form, by reloading or by a choice of language, back to where the link stands.
func (p *pages) stray(v *visit) error {
	p.Site.KeepLanguage(v.w, v.r)
	return v.to("")
}

// unknown answers an address below the links' at which there is nothing.
func (p *pages) unknown(w http.ResponseWriter, r *http.Request) {
	p.page(&visit{w: w, r: r}, "standing", site.View{Status: http.StatusNotFound, Data: "unknown"})
}

// done shows the end of a link to its browser, and takes it back to the vendor.
func (p *pages) done(v *visit) error {
	if p.looks(v) {
		return nil
	}
	if v.Standing != link.Connected || !v.Here {
		if v.Standing == link.Fresh || v.Standing == link.Yours {
			return v.to("")
		}
		p.stands(v)
		return nil
	}
	done, err := p.Links.Result(v.r.Context(), v.Visit)
	if err != nil {
		return err
	}
	p.finish(v, done, "connected")
	return nil
}

// end is the last page.
type end struct {
	What     string // connected, cancelled
	Redirect string
	Framed   bool
	Code     string // for the page around the frame
	State    string
	Origins  []string
	System   string
	Renews   bool
}

// finish shows the last page. In a frame the page around it is told; elsewhere the browser goes on by itself.
func (p *pages) finish(v *visit, done *link.Done, what string) {
	data := end{What: what, Redirect: done.Redirect, Framed: site.Framed(v.r), Origins: v.brand.Origins, System: p.title(v.SystemName()), Renews: v.Renews()}
	if v.Connection != nil && data.System == "" {
		data.System = p.title(v.Connection.System)
	}
	view := site.View{}
	if back, err := url.Parse(done.Redirect); err == nil && done.Redirect != "" {
		data.Code, data.State = back.Query().Get("code"), back.Query().Get("state")
		if !data.Framed {
			view.Go = done.Redirect
		}
	}
	view.Data = data
	p.page(v, "done", view)
}

// serveEmbed serves the script for pages of others that show a link in a frame.
func serveEmbed(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("Cache-Control", "public, max-age=300")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	_, _ = w.Write(embedScript)
}
