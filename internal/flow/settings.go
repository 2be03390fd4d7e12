package flow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
)

// Settings are what a flow's document leaves open: they stand beside it, and a run is pinned to those of its beginning.
type Settings struct {
	Connections map[string]string          `json:"connections"` // ids by role
	Parameters  map[string]json.RawMessage `json:"parameters"`  // JSON by name; secret ones are not here
}

// SettingsOf gives what stands beside a flow's document, as it is stored with the flow or a run. There are no secrets in it.
func SettingsOf(text json.RawMessage) (Settings, error) {
	var s Settings
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("read the settings of a flow: %w", err)
	}
	return s, nil
}

// unset drops parameters that are null: they have the document's default.
func (s Settings) unset() {
	maps.DeleteFunc(s.Parameters, func(_ string, text json.RawMessage) bool { return isNull(text) })
}

func isNull(text json.RawMessage) bool { return string(bytes.TrimSpace(text)) == "null" }

// through gives the same settings with the values of parameters as do makes them.
func (s Settings) through(do func([]byte) []byte) Settings {
	out := Settings{Connections: s.Connections, Parameters: map[string]json.RawMessage{}}
	for name, text := range s.Parameters {
		out.Parameters[name] = do(text)
	}
	return out
}

// parameters gives the values that expressions see: those set, else the defaults of the document.
func (s Settings) parameters(f *lang.Flow, secrets secret.Credentials) (map[string]any, error) {
	out := map[string]any{}
	for _, p := range f.Parameters {
		out[p.Name] = p.Default
		if text, ok := s.Parameters[p.Name]; ok {
			v, err := lang.Decode(text)
			if err != nil {
				return nil, fmt.Errorf("read parameter %s: %w", p.Name, err)
			}
			out[p.Name] = v
		}
		if p.Type == lang.Secret {
			out[p.Name] = secrets.Get(p.Name)
		}
	}
	return out, nil
}

// check says what is missing or wrong in settings.
func (s Settings) check(f *lang.Flow, secrets secret.Credentials) error {
	p := problem.New(problem.ValidationFailed, "The flow's settings do not fit its document; see errors.")
	for _, role := range f.Connections {
		if s.Connections[role.Name] == "" {
			p.At("/connections/"+role.Name, problem.Required, fmt.Sprintf("Which connection is %s? Give the id of one.", role.Name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Connections)) {
		if f.Role(name) == nil {
			p.At("/connections/"+name, problem.Unknown, fmt.Sprintf("The flow has no connection called %s; %s.", name, known(roleNames(f))))
		}
	}
	for i := range f.Parameters {
		par := &f.Parameters[i]
		if fault := flaw(par, s.Parameters[par.Name], secrets); fault != "" {
			p.At("/parameters/"+par.Name, problem.Invalid, fault)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Parameters)) {
		if parameterOf(f, name) == nil {
			p.At("/parameters/"+name, problem.Unknown, fmt.Sprintf("The flow has no parameter called %s; %s.", name, known(parameterNames(f))))
		}
	}
	if len(p.Items) == 0 {
		return nil
	}
	return p
}

// known lists the names that there are.
func known(names []string) string {
	if len(names) == 0 {
		return "it has none"
	}
	return "it has " + strings.Join(names, ", ")
}

func roleNames(f *lang.Flow) (names []string) {
	for _, role := range f.Connections {
		names = append(names, role.Name)
	}
	return names
}

func parameterNames(f *lang.Flow) (names []string) {
	for _, p := range f.Parameters {
		names = append(names, p.Name)
	}
	return names
}

func parameterOf(f *lang.Flow, name string) *lang.Parameter {
	for i := range f.Parameters {
		if f.Parameters[i].Name == name {
			return &f.Parameters[i]
		}
	}
	return nil
}

// flaw says what is wrong with a parameter's value, as a sentence; "" for nothing.
func flaw(p *lang.Parameter, text json.RawMessage, secrets secret.Credentials) string {
	if p.Type == lang.Secret {
		switch {
		case len(text) > 0:
			return "It is secret: it is set when the flow is applied, and nowhere else."
		case p.Required && secrets.Get(p.Name) == "":
			return "It must be given."
		}
		return ""
	}
	if len(text) == 0 {
		if p.Required && p.Default == nil {
			return "It must be given."
		}
		return ""
	}
	v, err := lang.Decode(text)
	if err != nil {
		return "It is not JSON."
	}
	if lang.IsOfType(v, p.Type) {
		return ""
	}
	return fmt.Sprintf("It must be %s, and this is %s.", lang.TypeInWords(p.Type), lang.Describe(v))
}
