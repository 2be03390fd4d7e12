package pages

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/site"
	"github.com/busbar-dev/busbar/internal/store"
)

// accountPage is what the page of an account shows.
type accountPage struct {
	Member   *store.Member
	Sessions []sessionRow
	Others   bool   // there are other sessions
	Done     string // what was done a moment ago
	Trouble  string
	Recent   bool // the member proved who it is a short time ago
	Change   []site.Field
	Prove    []site.Field
	Wrong    []site.Field
	Other    string // address at which the member goes to the login server; empty: there is none
	Linked   bool   // the member logs in there
	Unlink   bool   // it can end that now
}

type sessionRow struct {
	ID, Browser, Address string
	Seen, Since          time.Time
	Current              bool
}

// done are the words for what was done a moment ago.
func done() []string { return []string{"password", "proved", "ended", "others", "untied"} }

func account(v *visit) error { return v.account(http.StatusOK, func(*accountPage) {}) }

// account shows the page of the account as it stands, and what fill adds.
func (v *visit) account(status int, fill func(*accountPage)) error {
	all, err := v.Members.Sessions(v.r.Context(), v.member)
	if err != nil {
		return err
	}
	a := accountPage{Member: v.member, Recent: v.Members.Recent(v.session), Others: len(all) > 1}
	for _, one := range all {
		a.Sessions = append(a.Sessions, sessionRow{one.ID, browserName(one.Agent), one.Address, one.SeenAt, one.CreatedAt, one.ID == v.session.ID})
	}
	a.Other, a.Linked = v.Other, member.Tied(v.member)
	a.Unlink = a.Linked && a.Recent && v.member.Password != ""
	if word := v.r.URL.Query().Get("done"); slices.Contains(done(), word) {
		a.Done = word
	}
	if v.member.Password != "" {
		a.Prove = []site.Field{v.field("proof", "password", "current-password")}
		a.Change = []site.Field{v.field("present", "password", "current-password")}
	}
	fresh := v.newPassword()
	fresh.Label = v.words().Say("member.field.new")
	a.Change = append(a.Change, fresh)
	fill(&a)
	for _, f := range slices.Concat(a.Prove, a.Change) {
		if f.Error != "" {
			a.Wrong = append(a.Wrong, f)
		}
	}
	v.page("account", site.View{Status: status, Data: a})
	return nil
}

// accountAgain shows the page with what is wrong with one of its forms.
func (v *visit) accountAgain(err error, form func(*accountPage) []site.Field, rename map[string]string) error {
	s, status := sheet{}, http.StatusUnprocessableEntity
	return v.account(status, func(a *accountPage) {
		s.Fields = form(a)
		for i, f := range s.Fields {
			if word := rename[f.Name]; word != "" {
				s.Fields[i].Name = word
			}
		}
		if v.blame(&s, err, &status) != nil {
			s.Trouble = v.words().Say("site.refused.broken.title")
		}
		for i, f := range s.Fields {
			for name, word := range rename {
				if f.Name == word {
					s.Fields[i].Name = name
				}
			}
		}
		a.Trouble = s.Trouble
	})
}

func prove(v *visit) error {
	s, err := v.Members.Reauthenticate(v.r.Context(), v.member, v.session, v.form.Get("proof"), v.browser())
	if err != nil {
		return v.accountAgain(err, func(a *accountPage) []site.Field { return a.Prove }, map[string]string{"proof": "password"})
	}
	v.Site.SetCookie(v.w, v.r, site.Cookie{Name: member.Cookie, Value: s.Plain})
	return v.to("/account?done=proved")
}

func changePassword(v *visit) error {
	s, err := v.Members.ChangePassword(v.r.Context(), v.member, v.session, v.form.Get("present"), v.form.Get("password"), v.browser())
	if err != nil {
		return v.accountAgain(err, func(a *accountPage) []site.Field { return a.Change }, nil)
	}
	v.Site.SetCookie(v.w, v.r, site.Cookie{Name: member.Cookie, Value: s.Plain})
	return v.to("/account?done=password")
}

func endSession(v *visit) error {
	err := v.Members.End(v.r.Context(), v.member, v.form.Get("session"))
	if err != nil && !isCode(err, problem.NotFound) {
		return err
	}
	return v.to("/account?done=ended")
}

func endOthers(v *visit) error {
	if _, err := v.Members.EndOthers(v.r.Context(), v.member, v.session.ID); err != nil {
		return err
	}
	return v.to("/account?done=others")
}

// untie ends that the member logs in at the login server. The page offers it to whom nothing stands in the way.
func untie(v *visit) error {
	if !v.Members.Recent(v.session) {
		return v.to("/account#prove")
	}
	if err := v.Members.UntieOwn(v.r.Context(), v.member, v.session); isCode(err, problem.Conflict) {
		return v.to("/account#elsewhere")
	} else if err != nil {
		return err
	}
	return v.to("/account?done=untied")
}

// browserName makes two words of what a browser says of itself; of one that says something else, that.
func browserName(agent string) string {
	name := first(agent, "Edg/", "Edge", "OPR/", "Opera", "Firefox/", "Firefox", "Chrome/", "Chrome", "Safari/", "Safari")
	system := first(agent, "Android", "Android", "iPhone", "iPhone", "iPad", "iPad", "Windows", "Windows", "Mac OS X", "macOS", "Linux", "Linux")
	switch {
	case name != "" && system != "":
		return name + " · " + system
	case name != "":
		return name
	}
	if agent = strings.TrimSpace(agent); len(agent) > 60 {
		agent = strings.ToValidUTF8(agent[:60], "") + "…"
	}
	return agent
}

// first gives the name for the first mark that a text has, of pairs of both.
func first(text string, pairs ...string) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		if strings.Contains(text, pairs[i]) {
			return pairs[i+1]
		}
	}
	return ""
}
