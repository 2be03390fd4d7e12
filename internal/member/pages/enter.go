package pages

import (
	"errors"
	"net/http"
	"strings"

	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/site"
	"github.com/busbar-dev/busbar/internal/store"
)

// profile is what the form says.
func (v *visit) profile() member.Profile {
	return member.Profile{Name: v.form.Get("name"), Email: v.form.Get("email"), Password: v.form.Get("password")}
}

func (v *visit) secret() string { return v.r.PathValue("secret") }

func (v *visit) setupSheet() sheet {
	return sheet{Kind: "setup", Action: v.r.URL.Path, Fields: []site.Field{v.nameField(), v.emailField(), v.newPassword()}}
}

func seeSetup(v *visit) error {
	if _, err := v.Members.Look(v.r.Context(), v.secret(), store.LinkSetup); err != nil {
		return err
	}
	v.page("form", site.View{Data: v.setupSheet()})
	return nil
}

func setUp(v *visit) error {
	s, err := v.Members.SetUp(v.r.Context(), v.secret(), v.profile(), v.browser())
	if err != nil {
		return v.orAgain(v.setupSheet(), err)
	}
	return v.enter(s, site.Home)
}

// orAgain shows the form again, unless the link is gone.
func (v *visit) orAgain(s sheet, err error) error {
	if errors.Is(err, member.ErrLinkGone) {
		return err
	}
	return v.again(s, err)
}

func (v *visit) inviteSheet(l *store.MemberLink) sheet {
	return sheet{Kind: "invite", Action: v.r.URL.Path, Email: l.Email, Role: l.Role, Fields: []site.Field{v.nameField(), v.newPassword()}}
}

func seeInvite(v *visit) error {
	l, err := v.Members.Look(v.r.Context(), v.secret(), store.LinkInvite)
	if err != nil {
		return err
	}
	s := v.inviteSheet(l)
	s.Other = v.Other
	v.page("form", site.View{Data: s})
	return nil
}

func join(v *visit) error {
	l, err := v.Members.Look(v.r.Context(), v.secret(), store.LinkInvite)
	if err != nil {
		return err
	}
	s, err := v.Members.Join(v.r.Context(), v.secret(), v.profile(), v.browser())
	if err != nil {
		return v.orAgain(v.inviteSheet(l), err)
	}
	return v.enter(s, site.Home)
}

func (v *visit) passwordSheet(m *store.Member) sheet {
	return sheet{Kind: "password", Action: v.r.URL.Path, Email: m.Email, Fields: []site.Field{v.newPassword()}}
}

// ownerOf gives the member whom a link for a password is for.
func (v *visit) ownerOf() (*store.Member, error) {
	l, err := v.Members.Look(v.r.Context(), v.secret(), store.LinkPassword)
	if err != nil {
		return nil, err
	}
	return v.Members.Member(v.r.Context(), l.ProjectID, l.MemberID)
}

func seePassword(v *visit) error {
	m, err := v.ownerOf()
	if err != nil {
		return err
	}
	v.page("form", site.View{Data: v.passwordSheet(m)})
	return nil
}

func choosePassword(v *visit) error {
	m, err := v.ownerOf()
	if err != nil {
		return err
	}
	s, err := v.Members.ChoosePassword(v.r.Context(), v.secret(), v.form.Get("password"), v.browser())
	if err != nil {
		return v.orAgain(v.passwordSheet(m), err)
	}
	return v.enter(s, site.Home)
}

func (v *visit) loginSheet(next string) sheet {
	s := sheet{Kind: "login", Action: "/login", Next: local(next), Other: v.Other, Fields: []site.Field{v.emailField(), v.field("password", "password", "current-password")}}
	if v.r.Method == http.MethodGet {
		s.Fields[0].Focus = true
	}
	return s
}

// local gives an address on this server to go on to; whatever else is asked for leads to the dashboard.
func local(address string) string {
	if !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") || strings.ContainsAny(address, "\\\r\n\t") {
		return site.Home
	}
	return address
}

func seeLogin(v *visit) error {
	next := v.r.URL.Query().Get("next")
	if _, _, err := v.Members.Authenticate(v.r.Context(), v.Site.Cookie(v.r, member.Cookie)); err == nil {
		return v.to(local(next))
	} else if !isCode(err, problem.InvalidToken) {
		return err
	}
	v.page("form", site.View{Data: v.loginSheet(next)})
	return nil
}

func login(v *visit) error {
	if empty := v.empty("email", "password"); len(empty) > 0 {
		return v.again(v.loginSheet(v.form.Get("next")), &member.Invalid{Faults: empty})
	}
	s, err := v.Members.Login(v.r.Context(), v.form.Get("email"), v.form.Get("password"), v.browser())
	if err != nil {
		return v.again(v.loginSheet(v.form.Get("next")), err)
	}
	return v.enter(s, local(v.form.Get("next")))
}

// empty names the fields that nothing was typed in.
func (v *visit) empty(fields ...string) (faults []member.Fault) {
	for _, field := range fields {
		if strings.TrimSpace(v.form.Get(field)) == "" {
			faults = append(faults, member.Fault{Field: field, Word: member.Missing})
		}
	}
	return faults
}

func logout(v *visit) error {
	m, session, err := v.Members.Authenticate(v.r.Context(), v.Site.Cookie(v.r, member.Cookie))
	if err == nil {
		err = v.Members.End(v.Members.As(v.r.Context(), m, v.browser()), m, session.ID)
	}
	if err != nil && !isCode(err, problem.InvalidToken) && !isCode(err, problem.NotFound) {
		return err
	}
	v.Site.DropCookie(v.w, v.r, member.Cookie)
	v.page("bye", site.View{})
	return nil
}
