package manifest

import "slices"

// FieldsOf gives those of the names that are fields of a way to log in.
func (s *System) FieldsOf(method string, names ...string) (have []string) {
	for _, m := range s.Auth {
		for _, name := range names {
			if m.Method == method && slices.ContainsFunc(m.Fields, func(f CredentialField) bool { return f.Name == name }) {
				have = append(have, name)
			}
		}
	}
	return have
}
