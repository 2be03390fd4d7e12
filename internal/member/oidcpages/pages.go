// Package oidcpages owns the way to the server at which members log in, and the way back.
package oidcpages

import (
	"crypto/rand"
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/member/oidc"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/site"
)

//go:embed html/*.html
var templates embed.FS

// Addresses of the pages. At Login the way begins; Callback is the address that the server knows.
const (
	Login    = "/login/oidc"
	Callback = "/login/oidc/callback"
)

// browserCookie binds a login under way to the browser that began it.
const browserCookie = "busbar_oidc"

// Config is what the pages are built from.
type Config struct {
	Site   *site.Site
	OIDC   *member.OIDC
	Cookie string // of members' sessions
	Now    func() time.Time
	Log    *slog.Logger
}

type pages struct {
	Config
	show  *site.Pages
	tries *site.Tries
}

// New gives the routes of the pages.
func New(c Config) ([]site.Route, error) {
	folder, err := fs.Sub(templates, "html")
	if err != nil {
		return nil, err
	}
	p := &pages{Config: c, tries: site.NewTries(c.Now)}
	if p.show, err = c.Site.Pages(folder); err != nil {
		return nil, err
	}
	var routes []site.Route
	for pattern, next := range map[string]func(w http.ResponseWriter, r *http.Request) error{
		"GET " + Login:    p.logIn,
		"POST " + Login:   p.fromAccount,
		"GET " + Callback: p.callback,
	} {
		routes = append(routes, site.Route{Pattern: pattern, Handler: p.bounded(next)})
	}
	return routes, nil
}

// bounded serves what a safe line brings, within the bounds of what one address may try.
func (p *pages) bounded(next func(w http.ResponseWriter, r *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := error(nil)
		switch {
		case !p.Site.Secure(r):
			err = &site.Refusal{Status: http.StatusForbidden, Code: "plain"}
		case p.tries.Spent(r):
			err = &site.Refusal{Status: http.StatusTooManyRequests, Code: "often"}
		default:
			err = next(w, r)
		}
		if err != nil {
			p.tries.Failed(r)
			p.fail(w, r, err)
		}
	})
}

// logIn sends a browser that nobody is logged in with to the server.
func (p *pages) logIn(w http.ResponseWriter, r *http.Request) error {
	address, err := p.OIDC.Begin(r.Context(), p.browser(w, r), member.ToLogIn, local(r.URL.Query().Get("next")), nil)
	if err != nil {
		return err
	}
	p.tries.Failed(r) // what is begun has to be remembered, so that counts too
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// fromAccount takes the form by which a member proves anew who it is, or chooses to log in at the server from now on. It is a form so that no other site can send it.
func (p *pages) fromAccount(w http.ResponseWriter, r *http.Request) error {
	form, err := p.Site.Form(w, r)
	if err != nil {
		return err
	}
	what := form.Get("for")
	_, session, err := p.OIDC.Authenticate(r.Context(), p.Site.Cookie(r, p.Cookie))
	if err != nil {
		return err
	}
	if what != member.ToProve && what != member.ToConnect {
		return &site.Refusal{Status: http.StatusBadRequest, Code: "form"}
	}
	address, err := p.OIDC.Begin(r.Context(), p.browser(w, r), what, local(form.Get("next")), session)
	if err != nil {
		return err
	}
	p.show.Leave(w, r, address, site.View{})
	return nil
}

// browser gives the value of the cookie that this browser alone has; a browser that has none gets one.
func (p *pages) browser(w http.ResponseWriter, r *http.Request) string {
	value := p.Site.Cookie(r, browserCookie)
	if len(value) < 26 {
		value = rand.Text()
		p.Site.SetCookie(w, r, site.Cookie{Name: browserCookie, Value: value})
	}
	return value
}

// callback takes the way back.
func (p *pages) callback(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	for _, name := range []string{"state", "code", "iss", "error"} {
		if len(q[name]) > 1 {
			return &site.Refusal{Status: http.StatusBadRequest, Code: "form"}
		}
	}
	m, session, err := p.OIDC.Authenticate(r.Context(), p.Site.Cookie(r, p.Cookie))
	if err != nil && !isCode(err, problem.InvalidToken) {
		return err
	}
	back, err := p.OIDC.Finish(r.Context(), p.Site.Cookie(r, browserCookie), oidc.Answer{State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss"), Error: q.Get("error")}, m, session, from(w, r))
	if err != nil {
		return err
	}
	p.Site.DropCookie(w, r, browserCookie)
	if back.Session.Plain != "" {
		p.Site.SetCookie(w, r, site.Cookie{Name: p.Cookie, Value: back.Session.Plain})
	}
	http.Redirect(w, r, local(back.Next), http.StatusSeeOther)
	return nil
}

// fail shows why a login came to nothing.
func (p *pages) fail(w http.ResponseWriter, r *http.Request, err error) {
	var refusal *site.Refusal
	if errors.As(err, &refusal) {
		p.show.Refuse(w, r, refusal, site.View{})
		return
	}
	why, status := reason(err)
	p.Log.WarnContext(r.Context(), "a login at another server came to nothing", "reason", why, "error", err, "address", from(w, r).Address.String())
	p.show.Show(w, r, "failed", site.View{Status: status, Data: why})
}

// reason is the word by which the texts say why.
func reason(err error) (why string, status int) {
	var e *oidc.Error
	switch {
	case errors.As(err, &e) && e.Reason == oidc.Unavailable:
		return string(e.Reason), http.StatusBadGateway
	case errors.As(err, &e):
		return string(e.Reason), http.StatusForbidden
	case errors.Is(err, member.ErrOtherPerson):
		return "person", http.StatusForbidden
	case errors.Is(err, member.ErrStranger):
		return "stranger", http.StatusForbidden
	case isCode(err, problem.Conflict):
		return "taken", http.StatusConflict
	case isCode(err, problem.ReauthenticationRequired), isCode(err, problem.InvalidToken):
		return "over", http.StatusForbidden
	}
	return "broken", http.StatusInternalServerError
}

func isCode(err error, code problem.Code) bool {
	var p *problem.Error
	return errors.As(err, &p) && p.Code == code
}

// local gives an address on this server to go on to; whatever else is asked for leads to the dashboard.
func local(address string) string {
	if !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") || strings.ContainsAny(address, "\\\r\n\t") {
		return site.Home
	}
	return address
}

// from is where the request comes from.
func from(w http.ResponseWriter, r *http.Request) member.Browser {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	address, _ := netip.ParseAddr(host)
	return member.Browser{Address: address, Agent: r.UserAgent(), RequestID: w.Header().Get("Request-Id")}
}
