package rest

import (
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// remoteID gives the key of a record as text, as package mapping writes it: parts are joined with ":", and a ":" or "\" within a part has a "\" before it. It is empty when a part is.
func remoteID(record []byte, paths []manifest.Path) string {
	parts := make([]string, len(paths))
	for i, path := range paths {
		raw := find(record, path)
		if parts[i] = text(raw); parts[i] == "" || raw[0] == '{' || raw[0] == '[' || parts[i] == "true" || parts[i] == "false" {
			return ""
		}
		if len(paths) > 1 {
			parts[i] = strings.NewReplacer(`\`, `\\`, `:`, `\:`).Replace(parts[i])
		}
	}
	return strings.Join(parts, ":")
}

// idParts takes a remote id of several parts apart.
func idParts(id string) []string {
	parts, escaped := []string{""}, false
	for _, r := range id {
		last := len(parts) - 1
		switch {
		case !escaped && r == '\\':
			escaped = true
			continue
		case !escaped && r == ':':
			parts = append(parts, "")
		default:
			parts[last] += string(r)
		}
		escaped = false
	}
	return parts
}
