// Package pages owns the pages on which people set Busbar up, join, log in and look after their account. It asks package member for everything, and shows it. Pages that are only looked at
// change nothing: whoever checks a link in a mail uses nothing up.
package pages

import (
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/site"
	"github.com/busbar-dev/busbar/internal/store"
)

//go:embed html/*.html
var templates embed.FS

// Config is what the pages are built from.
type Config struct {
	Site    *site.Site
	Members *member.Service
	Other   string // address at which people log in by way of another server; empty: none
	Now     func() time.Time
	Log     *slog.Logger
}

// pages is what the handlers share.
type pages struct {
	Config
	show *site.Pages
}

// visit is one request.
type visit struct {
	*pages
	w       http.ResponseWriter
	r       *http.Request
	form    url.Values           // of a POST
	member  *store.Member        // where the page is for members
	session *store.MemberSession //
}

type page func(v *visit) error

// New gives the routes of the pages.
func New(c Config) ([]site.Route, error) {
	folder, err := fs.Sub(templates, "html")
	if err != nil {
		return nil, err
	}
	p := &pages{Config: c}
	if p.show, err = c.Site.Pages(folder); err != nil {
		return nil, err
	}
	var routes []site.Route
	for pattern, next := range map[string]page{
		"GET /setup/{secret}":     seeSetup,
		"POST /setup/{secret}":    setUp,
		"GET /invite/{secret}":    seeInvite,
		"POST /invite/{secret}":   join,
		"GET /password/{secret}":  seePassword,
		"POST /password/{secret}": choosePassword,
		"GET /login":              seeLogin,
		"POST /login":             login,
		"POST /logout":            logout,

		"GET /account":              own(account),
		"POST /account/prove":       own(prove),
		"POST /account/password":    own(changePassword),
		"POST /account/end-session": own(endSession),
		"POST /account/end-others":  own(endOthers),
		"POST /account/untie":       own(untie),
	} {
		routes = append(routes, site.Route{Pattern: pattern, Handler: p.visited(next)})
	}
	return routes, nil
}

// visited reads the form; a page gets none that is not ours.
func (p *pages) visited(next page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{pages: p, w: w, r: r}
		err := v.read()
		if err == nil {
			err = next(v)
		}
		if err != nil {
			v.fail(err)
		}
	})
}

func (v *visit) read() (err error) {
	switch {
	case v.r.Method == http.MethodPost:
		v.form, err = v.Site.Form(v.w, v.r)
	case !v.Site.Secure(v.r):
		err = &site.Refusal{Status: http.StatusForbidden, Code: "plain"}
	}
	return err
}

// own lets members in whose session goes on, and sends others to log in.
func own(next page) page {
	return func(v *visit) error {
		var err error
		v.member, v.session, err = v.Members.Authenticate(v.r.Context(), v.Site.Cookie(v.r, member.Cookie))
		if isCode(err, problem.InvalidToken) {
			back := "/login"
			if v.r.Method == http.MethodGet {
				back += "?next=" + url.QueryEscape(v.r.URL.Path)
			}
			return v.to(back)
		}
		if err != nil {
			return err
		}
		v.r = v.r.WithContext(v.Members.As(v.r.Context(), v.member, v.browser()))
		return next(v)
	}
}

// fail shows the page for what went wrong.
func (v *visit) fail(err error) {
	var refusal *site.Refusal
	switch {
	case errors.As(err, &refusal):
	case errors.Is(err, member.ErrLinkGone):
		v.page("gone", site.View{Status: http.StatusGone, Data: v.member != nil})
		return
	case isCode(err, problem.InvalidToken):
		http.Redirect(v.w, v.r, "/login", http.StatusSeeOther)
		return
	case isCode(err, problem.NotFound):
		refusal = &site.Refusal{Status: http.StatusNotFound, Code: "missing"}
	default:
		v.Log.ErrorContext(v.r.Context(), "a page of a member failed", "error", err, "request_id", v.browser().RequestID)
		refusal = &site.Refusal{Status: http.StatusInternalServerError, Code: "broken"}
	}
	v.show.Refuse(v.w, v.r, refusal, site.View{})
}

func isCode(err error, code problem.Code) bool {
	var p *problem.Error
	return errors.As(err, &p) && p.Code == code
}

func (v *visit) page(name string, view site.View) { v.show.Show(v.w, v.r, name, view) }

func (v *visit) words() site.Words { return v.show.Words(v.r, site.View{}) }

// to sends the browser to another page.
func (v *visit) to(address string) error {
	http.Redirect(v.w, v.r, address, http.StatusSeeOther)
	return nil
}

// browser is where the request comes from.
func (v *visit) browser() member.Browser {
	host, _, _ := net.SplitHostPort(v.r.RemoteAddr)
	address, _ := netip.ParseAddr(host)
	return member.Browser{Address: address, Agent: v.r.UserAgent(), RequestID: v.w.Header().Get("Request-Id")}
}

// enter gives the browser a new session, in place of the one that it had.
func (v *visit) enter(s member.Session, next string) error {
	if old, session, err := v.Members.Authenticate(v.r.Context(), v.Site.Cookie(v.r, member.Cookie)); err == nil && session.ID != s.ID {
		if err := v.Members.End(v.Members.As(v.r.Context(), old, v.browser()), old, session.ID); err != nil && !isCode(err, problem.NotFound) {
			return err
		}
	}
	v.Site.SetCookie(v.w, v.r, site.Cookie{Name: member.Cookie, Value: s.Plain})
	return v.to(next)
}
