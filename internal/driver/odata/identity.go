package odata

import (
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

func find(doc []byte, path ...string) []byte { return rawjson.At(doc, path...) }

func text(raw []byte) string { return rawjson.Text(raw) }

// plain gives a scalar in plain notation as text.
func plain(raw []byte) string {
	if value, ok := (dialect{}).Scalar(raw); ok {
		raw = value
	}
	return text(raw)
}

// keyOf gives the values of a record's key; ok is false when a member is missing, or no scalar.
func (r *reading) keyOf(record []byte) (key []string, ok bool) { return valuesAt(record, r.Key) }

func valuesAt(record []byte, names []string) (values []string, ok bool) {
	for _, name := range names {
		raw := find(record, strings.Split(name, "/")...)
		if len(raw) == 0 || raw[0] == '{' || raw[0] == '[' || string(raw) == "null" {
			return nil, false
		}
		values = append(values, plain(raw))
	}
	return values, len(values) > 0
}

// remoteID gives the id of a record, as package mapping makes it; "" where it has none.
func (r *reading) remoteID(record []byte) string {
	names := r.Key
	if r.found {
		names = r.idNames()
	}
	key, ok := valuesAt(record, names)
	if !ok || !r.ownKey && hasEmpty(key) {
		return ""
	}
	return manifest.JoinID(key...)
}

// idNames are the members of the id.
func (r *reading) idNames() (names []string) {
	for _, p := range r.entity.ID {
		names = append(names, p.String())
	}
	return names
}

func hasEmpty(parts []string) bool {
	for _, p := range parts {
		if p == "" {
			return true
		}
	}
	return false
}

// predicate writes the key of a record as an address has it: ('45') or (A='45',B='10'). current is the record where its id is no key.
func (r *reading) predicate(id string, current []byte, escape func(string) string) (string, error) {
	values := map[string]string{}
	for name, value := range r.Fixed {
		values[name] = value
	}
	parts := manifest.SplitID(id, len(r.Key))
	if r.found {
		parts, _ = r.keyOf(current)
	}
	if id == "" || len(parts) != len(r.Key) {
		return "", badID(id)
	}
	for i, name := range r.Key {
		values[name] = parts[i]
	}
	var out []string
	for _, name := range slices.Concat(r.Key, r.fixed) {
		value, ok := literal(r.Protocol, r.typeOf(name, typeString), values[name])
		if !ok {
			return "", badID(id)
		}
		if value = escape(value); len(values) > 1 {
			value = name + "=" + value
		}
		out = append(out, value)
	}
	return "(" + strings.Join(out, ",") + ")", nil
}

// are asks for the records of an id.
func (r *reading) are(id string) (string, error) {
	names := r.idNames()
	if r.ownKey {
		names = r.Key
	}
	parts := manifest.SplitID(id, len(names))
	if id == "" || len(parts) != len(names) {
		return "", badID(id)
	}
	var all []string
	for i, name := range names {
		value, ok := literal(r.Protocol, r.typeOf(name, typeString), parts[i])
		if !ok {
			return "", badID(id)
		}
		all = append(all, name+" eq "+value)
	}
	return allOf(all), nil
}

func badID(id string) error {
	return &driver.Error{Kind: driver.Invalid, Detail: "The id " + string(quote(id)) + " is not one of this kind of record."}
}

// stampPaths are the members that say when a record was changed, the first that is not empty counting.
func (r *reading) stampPaths() []manifest.Path { return r.entity.UpdatedAt }
