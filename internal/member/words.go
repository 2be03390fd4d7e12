package member

import (
	_ "embed"
	"fmt"
	"net/mail"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/busbar-dev/busbar/internal/problem"
)

// Limits of what people type.
const (
	maxName     = 100  // characters
	maxEmail    = 254  // bytes
	minPassword = 12   // characters
	maxPassword = 1024 // bytes
)

//go:embed common.txt
var common string

// The faults of what people type.
const (
	TooShort  = "too-short"
	TooLong   = "too-long"
	IsEmail   = "is-email"
	IsCommon  = "is-common"
	Missing   = "missing"
	NoEmail   = "no-email"
	NoLine    = "no-line"
	NoRole    = "no-role"
	WrongOne  = "wrong-password"
	TakenName = "taken"
)

// Fault is one thing wrong with what somebody typed: the field and a word for what it is, which pages say in the reader's language.
type Fault struct{ Field, Word string }

// Invalid is everything wrong with what somebody typed, and a *problem.Error.
type Invalid struct{ Faults []Fault }

func (e *Invalid) Error() string { return fmt.Sprintf("not valid: %v", e.Faults) }

// Unwrap gives the problem as the API tells it.
func (e *Invalid) Unwrap() error {
	p := problem.New(problem.ValidationFailed, "Something in the request is not valid; mend every entry of errors and send it again.")
	for _, f := range e.Faults {
		said := sentences()[f.Word]
		p.At("/"+f.Field, said.code, said.text)
	}
	return p
}

type sentence struct{ code, text string }

func sentences() map[string]sentence {
	return map[string]sentence{
		TooShort:  {problem.OutOfRange, fmt.Sprintf("It needs %d characters at least; a few words are good.", minPassword)},
		TooLong:   {problem.OutOfRange, "It is too long."},
		IsEmail:   {problem.Invalid, "It must not be the e-mail address."},
		IsCommon:  {problem.Invalid, "It is among the commonest passwords, which are tried first."},
		Missing:   {problem.Required, "It must not be empty."},
		NoEmail:   {problem.Invalid, "It must be an e-mail address, such as ada@example.com."},
		NoLine:    {problem.Invalid, "It must be one line of text without control characters."},
		NoRole:    {problem.Unknown, "It must be one of " + strings.Join(Roles(), ", ") + "."},
		WrongOne:  {problem.Invalid, "It is not the present password."},
		TakenName: {problem.Duplicate, "A member has this e-mail address already."},
	}
}

// form collects faults, so that all are named at once.
type form struct{ faults []Fault }

func (f *form) at(field, word string) { f.faults = append(f.faults, Fault{field, word}) }

func (f *form) err() error {
	if len(f.faults) == 0 {
		return nil
	}
	return &Invalid{f.faults}
}

func (f *form) name(text string) string {
	text = strings.TrimSpace(norm.NFC.String(text))
	switch {
	case text == "":
		f.at("name", Missing)
	case utf8.RuneCountInString(text) > maxName:
		f.at("name", TooLong)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }):
		f.at("name", NoLine)
	}
	return text
}

func (f *form) email(text string) (email, key string) {
	key, ok := fold(text)
	switch {
	case strings.TrimSpace(text) == "":
		f.at("email", Missing)
	case !ok:
		f.at("email", NoEmail)
	}
	return strings.TrimSpace(text), key
}

func (f *form) role(role string) string {
	if !slices.Contains(Roles(), role) {
		f.at("role", NoRole)
	}
	return role
}

// password asks for length and nothing else, except that it is not what others try first.
func (f *form) password(password, emailKey string) {
	plain := norm.NFC.String(password)
	folded := strings.ToLower(plain)
	local, _, _ := strings.Cut(emailKey, "@")
	switch {
	case utf8.RuneCountInString(plain) < minPassword:
		f.at("password", TooShort)
	case len(password) > maxPassword:
		f.at("password", TooLong)
	case strings.TrimSpace(folded) == emailKey || strings.TrimSpace(folded) == local:
		f.at("password", IsEmail)
	case slices.Contains(strings.Fields(common), strings.Join(strings.Fields(folded), "")):
		f.at("password", IsCommon)
	}
}

// fold gives an e-mail address as it is compared; of what is none, something that no member has.
func fold(text string) (key string, ok bool) {
	text = strings.TrimSpace(text)
	a, err := mail.ParseAddress(text)
	if err != nil || a.Address != text || len(text) > maxEmail || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return "", false
	}
	return strings.ToLower(norm.NFC.String(text)), true
}

// clip shortens what a browser says of itself.
func clip(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	if r := []rune(text); len(r) > most {
		return string(r[:most])
	}
	return text
}

func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.Unmap().String()
}
