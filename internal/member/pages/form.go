package pages

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/site"
)

// sheet is a form as its page shows it.
type sheet struct {
	Kind    string // setup, invite, password, login: the texts are at member.<kind>
	Action  string
	Fields  []site.Field
	Wrong   []site.Field
	Trouble string // what is wrong with all of it
	Email   string // who it is for
	Role    string
	Next    string // where to go after that
	Other   string // another way in
}

// field makes an input of a form of people.
func (v *visit) field(name, kind, complete string) site.Field {
	w := v.words()
	f := site.Field{Name: name, Type: kind, Label: w.Say("member.field." + name), Autocomplete: complete}
	if help := "member.field." + name + "_help"; w.Has(help) {
		f.Help = w.Say(help)
	}
	if kind != "password" {
		f.Value = v.form.Get(name)
	}
	return f
}

func (v *visit) nameField() site.Field  { return v.field("name", "text", "name") }
func (v *visit) emailField() site.Field { return v.field("email", "email", "username") }

// newPassword asks for a password that is to be set.
func (v *visit) newPassword() site.Field {
	f := v.field("password", "password", "new-password")
	f.Help = v.words().Say("member.field.password_rules")
	return f
}

// again shows a form once more with what is wrong; errors that are none of the reader's are given back.
func (v *visit) again(s sheet, err error) error {
	status := http.StatusUnprocessableEntity
	if err := v.blame(&s, err, &status); err != nil {
		return err
	}
	focused := false
	for i := range s.Fields {
		if s.Fields[i].Error != "" {
			s.Wrong = append(s.Wrong, s.Fields[i])
			focused = true
		}
	}
	if s.Trouble != "" && !focused {
		s.Fields[len(s.Fields)-1].Focus = true
	}
	v.page("form", site.View{Status: status, Data: s})
	return nil
}

// blame writes into the form what is wrong with it.
func (v *visit) blame(s *sheet, err error, status *int) error {
	var invalid *member.Invalid
	var known *problem.Error
	switch {
	case errors.As(err, &invalid):
		for _, fault := range invalid.Faults {
			v.mark(s, fault)
		}
	case errors.As(err, &known) && known.Code == problem.RateLimited:
		*status = http.StatusTooManyRequests
		v.w.Header().Set("Retry-After", strconv.Itoa(known.RetryAfter))
		s.Trouble = v.words().Say("member.often", "seconds", known.RetryAfter)
	case errors.As(err, &known) && known.Code == problem.InvalidToken:
		s.Trouble = v.words().Say("member.wrong")
	default:
		return err
	}
	return nil
}

// mark puts a fault where its field is, or over all of the form.
func (v *visit) mark(s *sheet, fault member.Fault) {
	said := v.words().Say("member.fault." + fault.Word)
	for i := range s.Fields {
		if s.Fields[i].Name == fault.Field {
			s.Fields[i].Error = said
			return
		}
	}
	s.Trouble = said
}
