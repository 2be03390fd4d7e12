package connection

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/trust"
)

// Limits of a credential field, in bytes.
const (
	maxPlain  = 2 * 1024
	maxSecret = 32 * 1024
)

// method gives the named way to log in, the first when none is named; nil when there is no such way.
func (f *faults) method(sys *manifest.System, name string) *manifest.AuthMethod {
	var known []string
	for i := range sys.Auth {
		if name == "" || sys.Auth[i].Method == name {
			return &sys.Auth[i]
		}
		known = append(known, sys.Auth[i].Method)
	}
	f.at(problem.Unknown, unknown("way to log in to "+sys.Name, name, known), "auth_method")
	return nil
}

// credentials checks the values of a login form and fills in defaults.
func (f *faults) credentials(m *manifest.AuthMethod, values map[string]string) map[string]string {
	out := map[string]string{}
	known := make([]string, len(m.Fields))
	for i, field := range m.Fields {
		known[i] = field.Name
		if v := f.credential(field, values[field.Name]); v != "" {
			out[field.Name] = v
		}
	}
	var wrong *trust.FieldError
	if _, err := trust.Of(func(name string) string { return out[name] }).Config(nil); errors.As(err, &wrong) {
		f.at(problem.Invalid, wrong.Mend, "credentials", wrong.Field)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !slices.Contains(known, name) {
			f.at(problem.Unknown, unknown("field", name, known), "credentials", name)
		}
	}
	return out
}

// credential checks one value and takes off the white space around it, which a copy brings along; from here on it is used as it is.
// No detail repeats it.
func (f *faults) credential(field manifest.CredentialField, value string) string {
	value = cmp.Or(strings.TrimSpace(value), field.Default)
	if field.Type == "multiline" {
		value = strings.ReplaceAll(value, "\r\n", "\n")
	}
	if value == "" {
		if field.Required {
			f.at(problem.Required, fmt.Sprintf("%s must be given.", label(field)), "credentials", field.Name)
		}
		return ""
	}
	if code, detail := fault(field, value); code != "" {
		f.at(code, detail, "credentials", field.Name)
	}
	return value
}

// fault says what is wrong with a value that is not empty; code is "" when nothing is.
func fault(field manifest.CredentialField, value string) (code problem.Fault, detail string) {
	limit, text := maxPlain, value
	if isSecret(field) || field.Type == "multiline" {
		limit = maxSecret
	}
	if field.Type == "multiline" {
		text = strings.NewReplacer("\n", "", "\r", "", "\t", "").Replace(value)
	}
	switch {
	case len(value) > limit:
		return problem.OutOfRange, fmt.Sprintf("%s is too long.", label(field))
	case field.Type == "select" && !slices.ContainsFunc(field.Options, func(o manifest.CredentialOption) bool { return o.Value == value }):
		return problem.Invalid, fmt.Sprintf("%s must be one of: %s.", label(field), choices(field))
	case !plain(text):
		return problem.Invalid, fmt.Sprintf("%s holds characters that cannot be part of it.", label(field))
	case field.Type == "url":
		return urlFault(value)
	case field.Type == "integer":
		if _, err := strconv.ParseInt(value, 10, 64); err != nil {
			return problem.Invalid, fmt.Sprintf("%s must be a whole number.", label(field))
		}
	}
	return "", ""
}

func urlFault(value string) (code problem.Fault, detail string) {
	u, err := url.Parse(value)
	switch {
	case err != nil, u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "":
		return problem.Invalid, "Write the whole address, like https://erp.example.com."
	case u.User != nil:
		return problem.Invalid, "Write the address without user name and password; they have fields of their own."
	case u.RawQuery != "", u.Fragment != "", strings.ContainsAny(value, "?#"):
		return problem.Invalid, "Write the address without ? and #, as far as the system's own path."
	case u.Port() != "" && !isPort(u.Port()):
		return problem.Invalid, "The port in the address must be from 1 to 65535."
	}
	return "", ""
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0
}

func choices(field manifest.CredentialField) string {
	var values []string
	for _, o := range field.Options {
		values = append(values, o.Value)
	}
	return strings.Join(values, ", ")
}

func label(field manifest.CredentialField) string {
	if field.Label != "" {
		return field.Label
	}
	return field.Name
}

// public picks the values that are not secret.
func public(m *manifest.AuthMethod, values map[string]string) map[string]string {
	out := map[string]string{}
	for _, field := range m.Fields {
		if v := values[field.Name]; v != "" && !isSecret(field) {
			out[field.Name] = v
		}
	}
	return out
}

func isSecret(field manifest.CredentialField) bool { return field.Secret || field.Type == "password" }
